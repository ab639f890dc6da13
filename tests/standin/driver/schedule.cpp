// Running the threads of a block: each until it waits, in the order asked for, and on when all that it waits for came.
//
// A block barrier lets go when every thread that has not returned stands at the same one; an exchange of a warp, when
// all lanes of its mask stand at the same line with the same mask. What can never happen is an error.
#include "block.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace standin {

static void enter(int thread) {
    Thread &t = block.threads[thread];
    block.current = thread;
    standin_place &seen = block.seen();
    seen.thread = t.place;
    seen.lane = thread % warp_size;
    if (t.doing == FRESH) t.fiber = take_fiber();
    t.doing = READY;
}

static bool may_run(const Thread &t) { return t.doing == FRESH || t.doing == READY; }

static void resume(int thread) {
    enter(thread);
    switch_to_thread(block.threads[thread].fiber);
    Thread &back = block.threads[block.current]; // another one, if threads switched among themselves
    if (back.doing != RETURNED) return;
    give_back(back.fiber);
    back.fiber = nullptr;
}

void finish_thread() {
    Thread &t = block.threads[block.current];
    t.doing = RETURNED;
    switch_to_scheduler(t.fiber);
}

// On to the next lane of the warp without a detour, where lanes run in order.
static void wait() {
    Fiber *from = block.threads[block.current].fiber;
    int next = block.current + 1;
    bool direct = !state.options.order && next % warp_size && next < block.count && may_run(block.threads[next]);
    if (!direct) return switch_to_scheduler(from);
    enter(next);
    switch_between(from, block.threads[next].fiber);
}

int at_barrier(int line, int value) {
    Thread &t = block.threads[block.current];
    t.doing = AT_BARRIER;
    t.line = line;
    t.value = value;
    wait();
    return block.votes;
}

const unsigned long *at_exchange(int line, unsigned mask, const void *value, unsigned size) {
    Thread &t = block.threads[block.current];
    if (!(mask >> block.current % warp_size & 1)) fail_at(line, "a warp function whose mask lacks the calling lane");
    t.doing = AT_EXCHANGE;
    t.line = line;
    t.mask = mask;
    t.given = ~0ul;
    if (size) memcpy(&t.given, value, size);
    wait();
    return t.received;
}

unsigned active_lanes() {
    if (block.plain) return ~0u;
    unsigned mask = 0;
    int first = block.current / warp_size * warp_size;
    for (int i = first; i < std::min(first + warp_size, block.count); i++)
        if (block.threads[i].doing != RETURNED) mask |= 1u << (i - first);
    return mask;
}

static bool together(const Thread &t, const Thread &other) {
    return other.doing == AT_EXCHANGE && other.mask == t.mask && other.line == t.line;
}

// Lets the lanes of one mask go on, each with what all of them gave.
static void exchange(int warp, unsigned lanes) {
    Warp &w = block.warps[warp];
    unsigned long *slots = w.slots[w.next];
    w.next = (w.next + 1) % (warp_size + 1);
    w.exchanges++;
    memset(slots, 0xff, sizeof w.slots[0]);
    for (int j = 0; j < warp_size; j++) {
        if (!(lanes >> j & 1)) continue;
        Thread &t = block.threads[warp * warp_size + j];
        slots[j] = t.given;
        t.received = slots;
        t.doing = READY;
    }
}

static bool release_warp(int warp) {
    int first = warp * warp_size, n = std::min(warp_size, block.count - first);
    unsigned present = n == warp_size ? ~0u : (1u << n) - 1;
    bool any = false;
    for (int i = 0; i < n; i++) {
        const Thread &t = block.threads[first + i];
        if (t.doing != AT_EXCHANGE) continue;
        unsigned lanes = t.mask & present;
        bool all = true;
        for (int j = 0; j < n; j++) all = all && (!(lanes >> j & 1) || together(t, block.threads[first + j]));
        if (all) exchange(warp, lanes);
        any = any || all;
    }
    return any;
}

// Which lane of a warp comes at place `i`, and which warp at place `k`.
static int lane_at(int i, int n, int warp) {
    long order = state.options.order;
    if (order == 0) return i;
    if (order < 0) return n - 1 - i;
    static thread_local std::vector<int> shuffled;
    if (i == 0) {
        shuffled.resize(n);
        for (int j = 0; j < n; j++) shuffled[j] = j;
        std::mt19937 random(uint32_t(order + warp + 97 * block.barriers + 31 * block.number));
        std::shuffle(shuffled.begin(), shuffled.end(), random);
    }
    return shuffled[i];
}

static int warp_at(int k, int n) {
    long order = state.options.order;
    if (order < 0) return n - 1 - k;
    return order ? int((k + order + block.barriers) % n) : k;
}

// Each warp until all of its lanes have returned or stand at a block barrier.
static void run_warps() {
    int warps = (block.count + warp_size - 1) / warp_size;
    for (int k = 0; k < warps; k++) {
        int warp = warp_at(k, warps), first = warp * warp_size, n = std::min(warp_size, block.count - first);
        do
            for (int i = 0; i < n; i++) {
                int thread = first + lane_at(i, n, warp);
                if (may_run(block.threads[thread])) resume(thread);
            }
        while (release_warp(warp));
    }
}

[[noreturn]] static void fail_for(int thread, const std::string &what) {
    block.current = thread;
    block.seen().thread = block.threads[thread].place;
    fail(CUDA_ERROR_LAUNCH_FAILED, what);
}

// Where the threads stand; a thread that waits at the barrier, or -1 where all have returned.
static int gathered(int *returned, int *votes) {
    int waiting = -1;
    for (int i = 0; i < block.count; i++) {
        const Thread &t = block.threads[i];
        std::string line = std::to_string(t.line);
        if (t.doing == RETURNED) ++*returned;
        if (t.doing == AT_EXCHANGE)
            fail_for(i, "waits for ever at the warp function of line " + line + ": lanes of its mask are elsewhere");
        if (t.doing != AT_BARRIER) continue;
        if (waiting < 0) waiting = i;
        const Thread &other = block.threads[waiting];
        if (other.line != t.line)
            fail_for(i, "waits at the barrier of line " + line + ", and thread " + std::to_string(waiting) +
                            " of its block at the one of line " + std::to_string(other.line));
        *votes += t.value;
    }
    return waiting;
}

void run_threads() {
    for (;;) {
        run_warps();
        int returned = 0, votes = 0, waiting = gathered(&returned, &votes);
        if (waiting < 0) return;
        if (returned && state.options.check)
            fail_for(waiting, "waits at the barrier of line " + std::to_string(block.threads[waiting].line) + ", but " +
                                  std::to_string(returned) + " threads of its block have returned");
        block.votes = votes;
        block.barriers++;
        for (int i = 0; i < block.count; i++)
            if (block.threads[i].doing == AT_BARRIER) block.threads[i].doing = READY;
    }
}

} // namespace standin
