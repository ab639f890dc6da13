// Sorting along an axis: rows of elements become words, a key above the element's position. Keys are unsigned and in
// the order of the elements, so that one sort serves every dtype; positions make all words differ, so that every sort is
// stable. A NaN is the largest number, and both zeros are one.

enum { WF_DIGIT = 11, WF_RUN = 16, WF_SHORT = 192, WF_LONG = 8192, WF_TOP = 64 };

// The key of an element whose bits are given.
static inline unsigned long long wf_key(struct wf_sort s, unsigned long long bits) {
    unsigned long long sign = 1ull << (8 * s.size - 1), all = sign | (sign - 1), key = bits;
    if (s.kind == WF_SIGNED) key = bits ^ sign;
    if (s.kind == WF_FLOAT) {
        unsigned long long magnitude = bits & ~sign;
        key = magnitude > s.infinity ? all : !magnitude ? sign : bits & sign ? ~bits & all : bits | sign;
    }
    return s.descending ? ~key & all : key;
}

// The bits of the element whose key is given; of a NaN, those of one.
static inline unsigned long long wf_element(struct wf_sort s, unsigned long long key) {
    unsigned long long sign = 1ull << (8 * s.size - 1), all = sign | (sign - 1);
    if (s.descending) key = ~key & all;
    if (s.kind == WF_UNSIGNED) return key;
    if (s.kind == WF_SIGNED) return key ^ sign;
    return key == all ? s.infinity | s.infinity >> 1 : key & sign ? key ^ sign : ~key & all;
}

static inline unsigned long long wf_bits(int size, const char *x) {
    switch (size) {
    case 1: return *(const unsigned char *)x;
    case 2: return *(const unsigned short *)x;
    case 4: return *(const unsigned *)x;
    default: return *(const unsigned long long *)x;
    }
}

static inline void wf_put(int size, char *y, unsigned long long bits) {
    switch (size) {
    case 1: *(unsigned char *)y = (unsigned char)bits; return;
    case 2: *(unsigned short *)y = (unsigned short)bits; return;
    case 4: *(unsigned *)y = (unsigned)bits; return;
    default: *(unsigned long long *)y = bits;
    }
}

#define WORD unsigned long long
#define HIGH 32
#define WF_NAME(x) x##_32
#include "sort_words.h"
#undef WORD
#undef HIGH
#undef WF_NAME
#define WORD unsigned __int128
#define HIGH 64
#define WF_NAME(x) x##_64
#include "sort_words.h"
#undef WORD
#undef HIGH
#undef WF_NAME

static void wf_sort_with_places(const void *given, i64 begin, i64 end) {
    (((const struct wf_sort *)given)->size > 4 ? wf_sort_rows_64 : wf_sort_rows_32)(given, begin, end);
}

#define WORD unsigned
#define HIGH 0
#define WF_NAME(x) x##_32_alone
#include "sort_words.h"
#undef WORD
#undef HIGH
#undef WF_NAME
#define WORD unsigned long long
#define HIGH 0
#define WF_NAME(x) x##_64_alone
#include "sort_words.h"
#undef WORD
#undef HIGH
#undef WF_NAME

void wf_sort(const struct wf_sort *s) {
    void (*alone)(const void *, i64, i64) = s->size > 4 ? wf_sort_rows_64_alone : wf_sort_rows_32_alone;
    wf_parallel(s->places ? wf_sort_with_places : alone, s, s->outer * s->inner, 10.0 * (double)s->n);
}
