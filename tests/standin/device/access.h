// Loads and stores with hints for the cache, and in modules with checks the calls that tell of each access.
//
// g++ writes the calls for -fsanitize=thread; they are answered here, not by its library. It splits an access to a
// struct as it likes, so the functions with hints tell of theirs themselves: one for all 16 bytes, as the GPU makes it.
#pragma once

#ifdef __SANITIZE_THREAD__
#define STANDIN_CHECKED 1
#define STANDIN_TOLD __attribute__((no_sanitize("thread", "alignment"), noinline)) static
#else
#define STANDIN_CHECKED 0
#define STANDIN_TOLD static inline
#endif

STANDIN_OWN void standin_tell(const volatile void *at, unsigned long size, int kind, void *instruction) {
    if (standin_here.services) standin_here.services->access((const void *)at, size, kind, instruction);
}

template <class T> STANDIN_TOLD T standin_load(const T *from) {
    if (STANDIN_CHECKED) standin_tell(from, sizeof(T), STANDIN_READ, __builtin_return_address(0));
    return *from;
}

template <class T> STANDIN_TOLD void standin_store(T *to, T value) {
    if (STANDIN_CHECKED) standin_tell(to, sizeof(T), STANDIN_WRITE, __builtin_return_address(0));
    *to = value;
}

#define STANDIN_LOADS(name)                                                                                            \
    template <class T> __forceinline__ static T name(const T *from) { return standin_load(from); }
STANDIN_LOADS(__ldg)
STANDIN_LOADS(__ldca)
STANDIN_LOADS(__ldcg)
STANDIN_LOADS(__ldcs)
STANDIN_LOADS(__ldcv)
STANDIN_LOADS(__ldlu)

#define STANDIN_STORES(name)                                                                                           \
    template <class T> __forceinline__ static void name(T *to, typename standin_same<T>::type value) {                 \
        standin_store(to, value);                                                                                      \
    }
STANDIN_STORES(__stcg)
STANDIN_STORES(__stcs)
STANDIN_STORES(__stwb)
STANDIN_STORES(__stwt)

#if STANDIN_CHECKED
#define STANDIN_CALLED                                                                                                 \
    extern "C" __attribute__((no_sanitize("thread", "alignment"), visibility("hidden"), used, noinline))
#define STANDIN_ANSWERS(name, size, kind)                                                                              \
    STANDIN_CALLED void name(void *at) { standin_tell(at, size, kind, __builtin_return_address(0)); }
#define STANDIN_SIZED(size)                                                                                            \
    STANDIN_ANSWERS(__tsan_read##size, size, STANDIN_READ)                                                             \
    STANDIN_ANSWERS(__tsan_write##size, size, STANDIN_WRITE)                                                           \
    STANDIN_ANSWERS(__tsan_volatile_read##size, size, STANDIN_READ)                                                    \
    STANDIN_ANSWERS(__tsan_volatile_write##size, size, STANDIN_WRITE)                                                  \
    STANDIN_ANSWERS(__tsan_unaligned_read##size, size, STANDIN_READ)                                                   \
    STANDIN_ANSWERS(__tsan_unaligned_write##size, size, STANDIN_WRITE)
STANDIN_SIZED(1)
STANDIN_SIZED(2)
STANDIN_SIZED(4)
STANDIN_SIZED(8)
STANDIN_SIZED(16)

STANDIN_CALLED void __tsan_read_range(void *at, long size) {
    standin_tell(at, size, STANDIN_READ, __builtin_return_address(0));
}
STANDIN_CALLED void __tsan_write_range(void *at, long size) {
    standin_tell(at, size, STANDIN_WRITE, __builtin_return_address(0));
}
STANDIN_CALLED void __tsan_init() {}
STANDIN_CALLED void __tsan_func_entry(void *) {}
STANDIN_CALLED void __tsan_func_exit(void *) {}
STANDIN_CALLED void __tsan_vptr_update(void *, void *) {}

// -fsanitize=alignment: an access through a type to an address that the type does not allow.
struct standin_mismatch {
    const char *file;
    unsigned line, column;
    const void *type;
    unsigned char alignment_bits, kind;
};
STANDIN_CALLED void __ubsan_handle_type_mismatch_v1(void *data, void *at) {
    auto *mismatch = (standin_mismatch *)data;
    static char text[100];
    snprintf(text, sizeof text, "misaligned access: %p is no multiple of %d,", at, 1 << mismatch->alignment_bits);
    if (standin_here.services) standin_fault(text, (int)mismatch->line);
}
#endif
