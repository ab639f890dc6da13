// What a generated program may ask of the runtime libraries (runtime.c and those that it brings in), and what it is made of.

typedef struct { f64 real, imaginary; } c128;

#include "requests.h"

struct wf_runtime {
    // Run work(context, begin, end) over ranges that together are 0..count; ns is the cost of one, in nanoseconds.
    void (*parallel)(void (*work)(const void *, i64, i64), const void *context, i64 count, double ns);
    void *(*allocate)(i64 bytes);            // 64-byte aligned
    void (*release)(void *memory);
    // Have Python run a node of the program on buffers; nonzero when it raised.
    int (*host)(void *call, i64 node, void *const *buffers);
    int (*poll)(void);                       // nonzero when the user interrupts, which Python raises then
    void (*gemm_f32)(const struct wf_gemm *);
    void (*gemm_f64)(const struct wf_gemm *);
    void (*conv_f32)(const struct wf_conv *);
    void (*conv_f64)(const struct wf_conv *);
    void (*conv_dw_f32)(const struct wf_conv_dw *);
    void (*conv_dw_f64)(const struct wf_conv_dw *);
    void (*pool_f32)(const struct wf_pool *, enum wf_pool_kind);
    void (*pool_f64)(const struct wf_pool *, enum wf_pool_kind);
    void (*sort)(const struct wf_sort *);
    int (*matrices_f32)(const struct wf_matrices *); // nonzero when one is singular
    int (*matrices_f64)(const struct wf_matrices *);
    int (*threads)(void);                    // how many may work
};

struct wf_call {
    const struct wf_runtime *rt;
    void *token;                             // what Python knows the call by
    struct wf_pile *piles;                   // every pile of the call, released at its end
    int exhausted;                           // whether memory was not enough
};
