// What every program for a CPU begins with, behind the types: how functions are defined, and parts of vectors.
#define FN static inline __attribute__((always_inline))
#define SLOW static __attribute__((noinline, cold, unused))
#define TABLE static const
#if !defined(WF_REPRODUCIBLE) && (defined(__FMA__) || defined(__aarch64__))
#define HAS_FMA 1
#endif

// Copy a part of a vector of `size` bytes, so many words of four bytes: by a mask where the processor has them.
#if defined(__AVX512F__) && defined(__AVX512VL__)
#define HAS_MASKS 1
typedef f32 words16 __attribute__((vector_size(64)));
typedef f32 words8 __attribute__((vector_size(32)));
typedef f32 words4 __attribute__((vector_size(16)));

FN void load_words(void *to, i64 size, const void *from, i64 words) {
    u16 mask = words >= size / 4 ? 0xffff : (1u << words) - 1;
    words16 all = {};
    words8 half = {};
    words4 quarter = {};
    if (size == 64) all = __builtin_ia32_loadups512_mask(from, all, mask), __builtin_memcpy(to, &all, 64);
    if (size == 32) half = __builtin_ia32_loadups256_mask(from, half, mask), __builtin_memcpy(to, &half, 32);
    if (size == 16) quarter = __builtin_ia32_loadups128_mask(from, quarter, mask), __builtin_memcpy(to, &quarter, 16);
}

FN void store_words(void *to, i64 size, const void *from, i64 words) {
    u16 mask = words >= size / 4 ? 0xffff : (1u << words) - 1;
    words16 all = {};
    words8 half = {};
    words4 quarter = {};
    if (size == 64) __builtin_memcpy(&all, from, 64), __builtin_ia32_storeups512_mask(to, all, mask);
    if (size == 32) __builtin_memcpy(&half, from, 32), __builtin_ia32_storeups256_mask(to, half, mask);
    if (size == 16) __builtin_memcpy(&quarter, from, 16), __builtin_ia32_storeups128_mask(to, quarter, mask);
}
#else
#define HAS_MASKS 0
FN void load_words(void *to, i64 size, const void *from, i64 words) {}

FN void store_words(void *to, i64 size, const void *from, i64 words) {}
#endif
#define BY_WORDS(element, vector) \
    (HAS_MASKS && element >= 4 && (vector == 16 || vector == 32 || vector == 64)) // whether they can
