// Fibers: a stack for each thread of a block that waits for others, and the switch from one to another.
//
// A thread gets its fiber when it begins, and one that never waits gives it to the next; so a kernel without barriers
// uses one. Only the registers that a call keeps are saved, so a switch takes a few nanoseconds.
#include "block.h"

#include <sys/mman.h>

namespace standin {

struct Fiber {
    void *stack; // where it goes on
    int number;
};

static const size_t size = 64 << 10, guard = 4096;
static char *stacks = nullptr;
static std::vector<Fiber *> fibers, idle;
static void *scheduler;

// void standin_switch(void **save, void *load): saves this stack and goes on with another. The jump is one to an
// address in a register: a `ret` would be foretold wrongly each time.
extern "C" void standin_switch(void **save, void *load);
asm(R"(
    .text
    .globl standin_switch
    .hidden standin_switch
    .type standin_switch, @function
standin_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
    .size standin_switch, .-standin_switch
)");

static void run() {
    for (;;) {
        block.function->kernel->one(block.arguments);
        finish_thread();
    }
}

// A stack as standin_switch leaves it, with the address of `run` where it goes on. Tops are staggered, so that they do
// not share sets of the cache.
static void prepare(Fiber *fiber) {
    address top = (address)stacks + (fiber->number + 1) * size - (fiber->number & 63) * 64;
    void **to = (void **)(top & ~address(15));
    *--to = nullptr;
    *--to = (void *)run;
    for (int saved = 0; saved < 6; saved++) *--to = nullptr;
    fiber->stack = to;
}

static void map_stacks() {
    stacks = (char *)mmap(nullptr, most_threads * size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (int i = 0; i < most_threads; i++) mprotect(stacks + i * size, guard, PROT_NONE);
}

Fiber *take_fiber() {
    if (!stacks) map_stacks();
    if (idle.empty()) {
        idle.push_back(new Fiber{nullptr, (int)fibers.size()});
        fibers.push_back(idle.back());
        prepare(idle.back());
    }
    Fiber *fiber = idle.back();
    idle.pop_back();
    return fiber;
}

void give_back(Fiber *fiber) { idle.push_back(fiber); }

void abandon_fibers() {
    for (Fiber *fiber : fibers) prepare(fiber);
    idle = fibers;
}

void switch_to_thread(Fiber *fiber) { standin_switch(&scheduler, fiber->stack); }
void switch_between(Fiber *from, Fiber *to) { standin_switch(&from->stack, to->stack); }
void switch_to_scheduler(Fiber *from) { standin_switch(&from->stack, scheduler); }
bool on_stacks(address at) { return stacks && at - (address)stacks < most_threads * size; }
size_t stack_size() { return size; }

} // namespace standin
