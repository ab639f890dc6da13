// The bytes of a vector of this machine.

#if defined(__AVX512F__)
#define WF_WIDTH 64
#elif defined(__AVX__)
#define WF_WIDTH 32
#else
#define WF_WIDTH 16
#endif
