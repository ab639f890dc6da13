// What every CUDA kernel begins with, behind the types and in place of base.h: the compiler's own functions by the names
// that the prelude calls them by in C.
#define FN static __device__ __forceinline__
#define METHOD __device__ __forceinline__
#define SLOW static __device__ __noinline__
#define TABLE static __device__ const
#ifndef WF_REPRODUCIBLE
#define HAS_FMA 1
#endif
#define HAS_MASKS 0
#define BY_WORDS(element, vector) 0
#define __builtin_memcpy memcpy
#define __builtin_fma fma
#define __builtin_fmaf fmaf
#define __builtin_sqrtf sqrtf
#define __builtin_sqrt sqrt
#define __builtin_inff() __int_as_float(0x7f800000)
#define __builtin_inf() __longlong_as_double(0x7ff0000000000000ll)
#define __builtin_nanf(text) __int_as_float(0x7fc00000)
#define __builtin_nan(text) __longlong_as_double(0x7ff8000000000000ll)

// Neighbours in memory, read and written at once: 16 bytes, or fewer. What is read once need not stay in the cache.
template <int bytes> struct wf_word;
template <> struct wf_word<1> { typedef unsigned char type; };
template <> struct wf_word<2> { typedef unsigned short type; };
template <> struct wf_word<4> { typedef unsigned int type; };
template <> struct wf_word<8> { typedef uint2 type; };
template <> struct wf_word<16> { typedef uint4 type; };

template <typename T, int V> FN void wf_load(T (&to)[V], const T *from) {
    typedef typename wf_word<sizeof(T) * V>::type word;
    word w = __ldcs((const word *)from);
    memcpy(to, &w, sizeof w);
}

template <typename T, int V> FN void wf_store(T *to, const T (&from)[V]) {
    typedef typename wf_word<sizeof(T) * V>::type word;
    word w;
    memcpy(&w, from, sizeof w);
    __stcs((word *)to, w);
}

// The value of the thread whose number in the warp differs in these bits, among those of a team.
template <typename T> FN T wf_across(T x, int bits, u32 mates) {
    if constexpr (sizeof(T) < 4) return (T)__shfl_xor_sync(mates, (int)x, bits);
    else return __shfl_xor_sync(mates, x, bits);
}
