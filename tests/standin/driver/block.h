// The block that runs: its threads, what each waits for, and the shared memory that they have.
#pragma once
#include "state.h"

#include <setjmp.h>

#include <unordered_map>

namespace standin {

static const int most_threads = 1024, warp_size = 32;

enum Doing { FRESH, READY, AT_BARRIER, AT_EXCHANGE, RETURNED };

struct Fiber;

struct Thread {
    Doing doing;
    int line, value; // of the barrier or exchange where it waits, and what it came with
    unsigned mask;
    unsigned long given;
    const unsigned long *received;
    Fiber *fiber;
    uint3 place;
};

struct Warp {
    unsigned long slots[warp_size + 1][warp_size]; // of the exchanges whose results may still be read
    int next;
    uint32_t exchanges;
};

// What the lanes of a warp asked for by one instruction, the same time round: the sectors of 32 bytes it touches.
typedef std::vector<address> Request;

struct Block {
    Thread threads[most_threads];
    Warp warps[most_threads / warp_size];
    int count = 0, current = -1; // threads; the one that runs, -1 where no kernel does
    bool plain = false;          // threads run one after another, in a loop of the module
    const Function *function = nullptr;
    void **arguments = nullptr;
    int device = 0;
    uint3 place{};
    uint32_t number = 0, launch = 0, barriers = 0;
    bool acquired = false;     // an atomic access was made: other blocks may have been waited for
    int votes = 0;             // how many threads came to the last barrier with a value
    std::vector<char> dynamic; // shared memory
    size_t dynamic_size = 0;
    std::vector<Cell> cells; // of shared memory, with checks
    std::vector<uint8_t> defined;
    std::unordered_map<uint64_t, Request> requests[most_threads / warp_size];
    std::unordered_map<uint64_t, uint32_t> rounds[most_threads]; // how often a thread came by an instruction
    KernelCount *counted = nullptr;
    CUresult error = CUDA_SUCCESS;
    sigjmp_buf failed;

    standin_place &seen() const { return *function->module->table->place; }
};

extern Block block;

// Ends the kernel: what happened to the thread that runs, and where.
[[noreturn]] void fail(CUresult error, const std::string &what, void *instruction = nullptr);
[[noreturn]] void fail_at(int line, const std::string &what);

// fibers.cpp
Fiber *take_fiber();
void give_back(Fiber *fiber);
void abandon_fibers();               // after a fault: what they were doing is dropped
void switch_to_thread(Fiber *fiber); // from the scheduler, until somebody switches back
void switch_between(Fiber *from, Fiber *to);
void switch_to_scheduler(Fiber *from);
bool on_stacks(address at);
size_t stack_size();

// schedule.cpp
void run_threads();
void finish_thread(); // what a fiber does when its thread has returned
int at_barrier(int line, int value);
const unsigned long *at_exchange(int line, unsigned mask, const void *value, unsigned size);
unsigned active_lanes();

// checks.cpp
void check_access(const void *at, unsigned long size, int kind, void *instruction);
void forget_block(); // before the next one runs

// traffic.cpp
void count_traffic(address at, size_t size, bool write, void *instruction);

} // namespace standin
