// Sorting along an axis. Elements become keys, whole numbers in their order, so that one sort serves every dtype. Where
// their places are asked for, a word is a key above a place: all words differ, so that the sort is stable.

enum { WF_BLOCK = 256, WF_FEW = 64, WF_MARGIN = 16, WF_BLOCKS = 8, WF_ALONE = 1 << 15, WF_PARTS = 64 };

#ifdef __clang__
#define ARRANGED(TYPE, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define ARRANGED(TYPE, a, b, ...) __builtin_shuffle(a, b, (TYPE){__VA_ARGS__})
#endif
#define PARTNER(i, by) ((i) ^ (by))
#define CHOSEN(i, by) ((i) & (by) ? (i) + LANES : (i))
#define DEALT(i, from) ((i) / 2 + (i) % 2 * LANES + (from))
#define LANES_2(f, by) f(0, by), f(1, by)
#define LANES_4(f, by) LANES_2(f, by), f(2, by), f(3, by)
#define LANES_8(f, by) LANES_4(f, by), f(4, by), f(5, by), f(6, by), f(7, by)
#define LANES_16(f, by) LANES_8(f, by), f(8, by), f(9, by), f(10, by), f(11, by), f(12, by), f(13, by), f(14, by), f(15, by)

// A mask of lanes, in a general register: gcc 12 may put one of eight bits on the stack and read 32 bits of it.
FN unsigned wf_settled_mask(unsigned mask) {
#ifndef __clang__
    __asm__("" : "+r"(mask));
#endif
    return mask;
}

#define WORD i32
#define WF_NAME(x) x##_i32
#if WF_WIDTH == 64
#define LANES 16
#define EACH_LANE LANES_16
#ifndef __clang__
#define LESSER(a, b) __builtin_ia32_pminsd512_mask(a, b, a, -1)
#define LESSER_AT(a, b, other, mask) __builtin_ia32_pminsd512_mask(a, b, other, mask)
#define GREATER(a, b) __builtin_ia32_pmaxsd512_mask(a, b, a, -1)
#define BELOW(a, b) (unsigned)(u16)__builtin_ia32_cmpd512_mask(a, b, 1, -1)
#define COMPRESSED(v, mask) __builtin_ia32_compresssi512_mask(v, v, mask)
#define READ(p, mask) __builtin_ia32_loaddqusi512_mask((const void *)(p), (WORDS){} + TOP, mask)
#define WRITE(p, v, mask) __builtin_ia32_storedqusi512_mask((void *)(p), v, mask)
#endif
#elif WF_WIDTH == 32
#define LANES 8
#define EACH_LANE LANES_8
#else
#define LANES 4
#define EACH_LANE LANES_4
#endif
#include "sort_words.h"
#undef WORD
#undef WF_NAME
#undef LANES
#undef EACH_LANE
#undef LESSER
#undef LESSER_AT
#undef GREATER
#undef BELOW
#undef COMPRESSED
#undef READ
#undef WRITE

#define WORD i64
#define WF_NAME(x) x##_i64
#if WF_WIDTH == 64
#define LANES 8
#define EACH_LANE LANES_8
#ifndef __clang__
#define LESSER(a, b) __builtin_ia32_pminsq512_mask(a, b, a, -1)
#define LESSER_AT(a, b, other, mask) __builtin_ia32_pminsq512_mask(a, b, other, mask)
#define GREATER(a, b) __builtin_ia32_pmaxsq512_mask(a, b, a, -1)
#define BELOW(a, b) (unsigned)(u8)__builtin_ia32_cmpq512_mask(a, b, 1, -1)
#define COMPRESSED(v, mask) __builtin_ia32_compressdi512_mask(v, v, mask)
#define READ(p, mask) __builtin_ia32_loaddqudi512_mask((const void *)(p), (WORDS){} + TOP, mask)
#define WRITE(p, v, mask) __builtin_ia32_storedqudi512_mask((void *)(p), v, mask)
#endif
#elif WF_WIDTH == 32
#define LANES 4
#define EACH_LANE LANES_4
#else
#define LANES 2
#define EACH_LANE LANES_2
#endif
#include "sort_words.h"
#undef WORD
#undef WF_NAME
#undef LANES
#undef EACH_LANE
#undef LESSER
#undef LESSER_AT
#undef GREATER
#undef BELOW
#undef COMPRESSED
#undef READ
#undef WRITE

// Where a row begins in an array whose rows have n elements, in elements.
FN i64 wf_start(const struct wf_sort *s, i64 row, i64 n) { return row / s->inner * n * s->inner + row % s->inner; }

// How far apart two arrays of n words are that lie well, with room for a vector more.
FN i64 wf_apart(i64 n) { return (n + 2 * WF_MARGIN - 1) / WF_MARGIN * WF_MARGIN; }

// Whether looking for the first ones costs less than sorting.
FN int wf_are_few(const struct wf_sort *s) { return s->k <= WF_FEW && 64 * s->k <= s->n; }

static u64 wf_bits(int size, const char *x) {
    switch (size) {
    case 1: return *(const u8 *)x;
    case 2: return *(const u16 *)x;
    case 4: return *(const u32 *)x;
    default: return *(const u64 *)x;
    }
}

static void wf_put(int size, char *y, u64 bits) {
    switch (size) {
    case 1: *(u8 *)y = (u8)bits; return;
    case 2: *(u16 *)y = (u16)bits; return;
    case 4: *(u32 *)y = (u32)bits; return;
    default: *(u64 *)y = bits;
    }
}

// n elements from one place to another, so many elements apart there and here.
static void wf_copy(int size, void *to, i64 to_step, const void *from, i64 step, i64 n) {
    for (i64 i = 0; i < n; i++) wf_put(size, (char *)to + i * to_step * size, wf_bits(size, (const char *)from + i * step * size));
}

// The zeros of a sorted row of floats, with their signs, in the order that they had.
static void wf_put_zeros(const struct wf_sort *s, i64 row) {
    i64 start = wf_start(s, row, s->n) * s->size, step = s->inner * s->size;
    u64 magnitude = (1ull << (8 * s->size - 1)) - 1;
    const char *x = (const char *)s->x + start;
    char *y = (char *)s->values + start;
    while (wf_bits(s->size, y) & magnitude) y += step;
    for (i64 i = 0; i < s->n; i++, x += step) {
        u64 bits = wf_bits(s->size, x);
        if (bits & magnitude) continue;
        wf_put(s->size, y, bits);
        y += step;
    }
}

#define WORD i32
#define WF_NAME(x) x##_i32
#include "sort_keys.h"
#undef WORD
#undef WF_NAME
#define WORD i64
#define WF_NAME(x) x##_i64
#include "sort_keys.h"
#undef WORD
#undef WF_NAME

#include "sort_places.h"

#define WORD i32
#define WF_NAME(x) x##_i32
#include "sort_long.h"
#undef WORD
#undef WF_NAME
#define WORD i64
#define WF_NAME(x) x##_i64
#include "sort_long.h"
#undef WORD
#undef WF_NAME

void wf_sort(const struct wf_sort *s) {
    i64 rows = s->outer * s->inner;
    int few = s->places && wf_are_few(s), wide = s->size > 4;
    if (s->n >= WF_ALONE && rows < wf_threads() && !few) {
        for (i64 row = 0; row < rows; row++) (wide || s->places ? sort_long_i64 : sort_long_i32)(s, row);
        return;
    }
    void (*alone)(const void *, i64, i64) = wide ? sort_values_i64 : sort_values_i32;
    wf_parallel(s->places ? wf_sort_places : alone, s, rows, 4.0 * (double)s->n);
}
