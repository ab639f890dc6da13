// Barriers, and functions of a warp: what one thread gives and all get.
#pragma once

STANDIN_OWN int standin_vote(int line, bool value) { return standin_here.services->barrier(line, value); }
#define __syncthreads() ((void)standin_vote(__LINE__, false))
#define __syncthreads_count(p) standin_vote(__LINE__, (p) != 0)
#define __syncthreads_or(p) ((int)(standin_vote(__LINE__, (p) != 0) != 0))
#define __syncthreads_and(p) ((int)(standin_vote(__LINE__, (p) == 0) == 0))
#define __threadfence() ((void)0)
#define __threadfence_block() ((void)0)
#define __threadfence_system() ((void)0)
#define __nanosleep(n) ((void)(n))

STANDIN_OWN void standin_sync(int line, unsigned mask = ~0u) {
    standin_here.services->exchange(line, mask, nullptr, 0);
}
#define __syncwarp(...) standin_sync(__LINE__, ##__VA_ARGS__)
STANDIN_OWN unsigned __activemask() { return standin_here.services->active(); }

// A slot of 8 bytes for each lane, with what it gave; they stay until the warp's next exchange.
template <class T> STANDIN_OWN const unsigned long *standin_exchange(int line, unsigned mask, T value) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8, "a warp function takes 2, 4 or 8 bytes");
    return standin_here.services->exchange(line, mask, &value, sizeof value);
}

template <class T> STANDIN_OWN T standin_slot(const unsigned long *slots, int lane) {
    T value;
    __builtin_memcpy(&value, slots + lane, sizeof value);
    return value;
}

enum standin_way { STANDIN_FROM, STANDIN_UP, STANDIN_DOWN, STANDIN_XOR };

STANDIN_OWN int standin_source(standin_way way, int by, int width) {
    int lane = standin_here.lane, first = lane & ~(width - 1), beyond = first + width, source;
    switch (way) {
    case STANDIN_FROM: return first + (by & (width - 1));
    case STANDIN_UP: source = lane - by; return source < first ? lane : source;
    case STANDIN_DOWN: source = lane + by; return source >= beyond ? lane : source;
    default: source = lane ^ by; return source >= beyond ? lane : source;
    }
}

template <standin_way way, class T>
STANDIN_OWN T standin_shuffle(int line, unsigned mask, T value, int by, int width = 32) {
    int source = standin_source(way, by, width);
    const unsigned long *slots = standin_exchange(line, mask, value);
    if (!(mask >> source & 1)) standin_fault("a shuffle from a lane that its mask lacks,", line);
    return standin_slot<T>(slots, source);
}
#define __shfl_sync(...) standin_shuffle<STANDIN_FROM>(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) standin_shuffle<STANDIN_UP>(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) standin_shuffle<STANDIN_DOWN>(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) standin_shuffle<STANDIN_XOR>(__LINE__, __VA_ARGS__)

STANDIN_OWN unsigned standin_ballot(int line, unsigned mask, bool value) {
    const unsigned long *slots = standin_exchange(line, mask, (int)value);
    unsigned lanes = 0;
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1) lanes |= (unsigned)(standin_slot<int>(slots, i) == 1) << i;
    return lanes;
}
#define __ballot_sync(mask, p) standin_ballot(__LINE__, mask, (p) != 0)
#define __any_sync(mask, p) ((int)(standin_ballot(__LINE__, mask, (p) != 0) != 0))
#define __all_sync(mask, p) ((int)(standin_ballot(__LINE__, mask, (p) == 0) == 0))

template <class T> STANDIN_OWN unsigned standin_match(int line, unsigned mask, T value) {
    const unsigned long *slots = standin_exchange(line, mask, value);
    unsigned lanes = 0;
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1) lanes |= (unsigned)(standin_slot<T>(slots, i) == value) << i;
    return lanes;
}
#define __match_any_sync(mask, value) standin_match(__LINE__, mask, value)

template <class T, class F> STANDIN_OWN T standin_reduce(int line, unsigned mask, T value, F combine) {
    const unsigned long *slots = standin_exchange(line, mask, value);
    bool first = true;
    T result = value;
    for (int i = 0; i < 32; i++) {
        if (!(mask >> i & 1)) continue;
        T x = standin_slot<T>(slots, i);
        result = first ? x : combine(result, x);
        first = false;
    }
    return result;
}
#define STANDIN_REDUCE(mask, value, expression)                                                                        \
    standin_reduce(__LINE__, mask, value, [](auto a, auto b) { return expression; })
#define __reduce_add_sync(mask, value) STANDIN_REDUCE(mask, value, a + b)
#define __reduce_max_sync(mask, value) STANDIN_REDUCE(mask, value, a > b ? a : b)
#define __reduce_min_sync(mask, value) STANDIN_REDUCE(mask, value, a < b ? a : b)
#define __reduce_and_sync(mask, value) STANDIN_REDUCE(mask, value, a &b)
#define __reduce_or_sync(mask, value) STANDIN_REDUCE(mask, value, a | b)
#define __reduce_xor_sync(mask, value) STANDIN_REDUCE(mask, value, a ^ b)
