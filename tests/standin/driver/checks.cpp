// The checks of each access to memory, in modules that were compiled with them: does it stay within an allocation, is
// its address a multiple of its size, was what it reads ever written, and could another thread come between?
//
// Two accesses are ordered where a barrier lies between them: one of the block, or one of the warp for threads of the
// same warp. Threads of different blocks are never ordered, except that a block which made an atomic access may have
// learned by it that others are done ("the last block adds up").
#include "block.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace standin {

// One access: which bytes of which memory, and what is known of them.
struct Access {
    address at;
    size_t size;
    int kind;
    void *instruction;
    bool shared;
    size_t offset; // in the memory
    Cell *cells;
    uint8_t *defined;
};

static std::string text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static std::string text(const char *format, ...) {
    char to[256];
    va_list values;
    va_start(values, format);
    vsnprintf(to, sizeof to, format, values);
    va_end(values);
    return to;
}

static const char *verb(const Access &a) { return a.kind == STANDIN_READ ? "read" : "write"; }

[[noreturn]] static void outside(const Access &a, const std::string &of) {
    fail(CUDA_ERROR_ILLEGAL_ADDRESS, text("%s of %zu bytes at offset %zu of %s", verb(a), a.size, a.offset, of.c_str()),
         a.instruction);
}

static size_t rounded(size_t size) { return (size + 15) & ~size_t(15); }

// Static shared memory comes first, range after range, and dynamic shared memory last.
static bool in_shared(Access &a) {
    size_t base = 0;
    for (const standin_range &r : block.function->shared) {
        size_t size = r.end - r.begin;
        a.offset = a.at - (address)r.begin;
        if (a.offset < size) {
            if (a.offset + a.size > size) outside(a, text("%zu bytes of shared memory", size));
            a.offset += base;
            return true;
        }
        base += rounded(size);
    }
    a.offset = a.at - (address)block.dynamic.data();
    if (block.dynamic.empty() || a.offset >= block.dynamic.size()) return false;
    if (a.offset + a.size > block.dynamic_size)
        outside(a, text("%zu bytes of dynamic shared memory", block.dynamic_size));
    a.offset += base;
    return true;
}

static bool in_global(Access &a) {
    Allocation *owner = find(a.at);
    if (!owner) return false;
    a.offset = a.at - owner->begin;
    if (a.offset + a.size > owner->size) outside(a, text("an allocation of %zu", owner->size));
    if (owner->kind == DEVICE && owner->device != block.device)
        fail(CUDA_ERROR_ILLEGAL_ADDRESS, text("%s of memory of device %d", verb(a), owner->device), a.instruction);
    if (owner->defined.empty()) owner->defined.assign(owner->size, 1);
    if (owner->cells.empty()) owner->cells.resize(owner->size / 4 + 1);
    a.cells = owner->cells.data();
    a.defined = owner->defined.data();
    return true;
}

[[noreturn]] static void astray(const Access &a) {
    std::string what = text("%s of %zu bytes at %#lx, no memory of the device", verb(a), a.size, a.at);
    if (Allocation *before = nearest(a.at))
        what += text(" (%zd bytes behind an allocation of %zu)", ssize_t(a.at - before->end()), before->size);
    fail(CUDA_ERROR_ILLEGAL_ADDRESS, what, a.instruction);
}

static void check_alignment(const Access &a) {
    bool whole = a.size == 2 || a.size == 4 || a.size == 8 || a.size == 16;
    if (whole && a.at % a.size)
        fail(CUDA_ERROR_MISALIGNED_ADDRESS, text("misaligned %s of %zu bytes at %#lx", verb(a), a.size, a.at),
             a.instruction);
}

static void check_defined(const Access &a) {
    uint8_t *marks = a.defined + a.offset;
    if (a.kind != STANDIN_WRITE)
        if (auto *hole = (uint8_t *)memchr(marks, 0, a.size))
            fail(CUDA_ERROR_LAUNCH_FAILED,
                 text("reads %s memory that was never written (offset %zu)", a.shared ? "shared" : "global",
                      size_t(hole - a.defined)),
                 a.instruction);
    if (a.kind != STANDIN_READ) memset(marks, 1, a.size);
}

// Was what that thread did at that moment done before what this thread does now?
static bool ordered(uint32_t other, Moment then, uint32_t me, Moment now) {
    if (other == me) return true;
    if (other / most_threads != me / most_threads) return block.acquired;
    if (then.barriers != now.barriers) return true;
    bool same_warp = other % most_threads / warp_size == me % most_threads / warp_size;
    return same_warp && then.exchanges != now.exchanges;
}

[[noreturn]] static void race(const Access &a, const char *what, uint32_t other) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         text("%s race in %s memory (offset %zu) with block %u thread %u: no barrier between", what,
              a.shared ? "shared" : "global", a.offset, other / most_threads, other % most_threads),
         a.instruction);
}

static void look_for_race(const Access &a, const Cell &c, uint8_t bytes, uint32_t me, Moment now) {
    bool writes = a.kind != STANDIN_READ, atomic = c.atomic && a.kind == STANDIN_ATOMIC;
    if (c.written_bytes & bytes && !atomic && !ordered(c.writer, c.written, me, now))
        race(a, writes ? "write-write" : "read-after-write", c.writer);
    for (int r = 0; writes && r < 2; r++)
        if (c.read_bytes[r] & bytes && !ordered(c.readers[r], c.read[r], me, now))
            race(a, "write-after-read", c.readers[r]);
}

// Which of the two readers to forget: this thread itself, or one that a barrier has put behind us; -1: neither.
static int place_of_reader(const Cell &c, uint32_t me, Moment now) {
    for (int r = 0; r < 2; r++)
        if (c.read_bytes[r] && c.readers[r] == me) return r;
    for (int r = 0; r < 2; r++)
        if (!c.read_bytes[r] || ordered(c.readers[r], c.read[r], me, now)) return r;
    return -1;
}

static void remember(const Access &a, Cell &c, uint8_t bytes, uint32_t me, Moment now) {
    if (a.kind != STANDIN_READ) {
        c.writer = me;
        c.written = now;
        c.written_bytes |= bytes;
        c.atomic = a.kind == STANDIN_ATOMIC;
        return;
    }
    int r = place_of_reader(c, me, now);
    if (r < 0) return;
    bool same = c.readers[r] == me && c.read[r].barriers == now.barriers && c.read[r].exchanges == now.exchanges;
    c.read_bytes[r] = same ? c.read_bytes[r] | bytes : bytes;
    c.readers[r] = me;
    c.read[r] = now;
}

static void check_races(const Access &a) {
    uint32_t me = block.number * most_threads + block.current;
    Moment now{block.barriers, block.warps[block.current / warp_size].exchanges};
    if (a.kind == STANDIN_ATOMIC) block.acquired = true;
    for (size_t at = a.offset; at < a.offset + a.size;) {
        size_t end = std::min(a.offset + a.size, (at / 4 + 1) * 4);
        uint8_t bytes = uint8_t(((1 << (end - at)) - 1) << at % 4);
        Cell &c = a.cells[at / 4];
        if (c.launch != block.launch) {
            c = Cell();
            c.launch = block.launch;
        }
        look_for_race(a, c, bytes, me, now);
        remember(a, c, bytes, me, now);
        at = end;
    }
}

// What is no business of a kernel's: its local variables, and the slots of exchanges, which the device header reads.
static bool own(address at) { return on_stacks(at) || at - (address)&block < sizeof block; }

// Nor is checked what a module has beside shared memory and the variables that the program knows.
void check_access(const void *at, unsigned long size, int kind, void *instruction) {
    Access a{(address)at, size, kind, instruction, true, 0, block.cells.data(), block.defined.data()};
    if (block.current < 0 || own(a.at)) return;
    if (!in_shared(a)) {
        a.shared = false;
        const Module &module = *block.function->module;
        if (!in_global(a)) {
            if (a.at >= module.begin && a.at < module.end) return;
            astray(a);
        }
    }
    check_alignment(a);
    check_defined(a);
    check_races(a);
    if (!a.shared) count_traffic(a.at, size, kind != STANDIN_READ, instruction);
}

void forget_block() {
    size_t size = block.dynamic_size;
    for (const standin_range &r : block.function->shared) size += rounded(r.end - r.begin);
    block.cells.assign(size / 4 + 2, Cell());
    block.defined.assign(size + 16, 0);
    for (auto &requests : block.requests) requests.clear();
    for (int i = 0; i < block.count; i++) block.rounds[i].clear();
}

} // namespace standin
