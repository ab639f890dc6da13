// What a module exports: its kernels, each with a function that runs one thread and one that runs a block of threads.
//
// The translation writes the table at the end of a source, with STANDIN_KERNEL for each kernel.
#pragma once

template <int... places> struct standin_places {};
template <int n, int... places> struct standin_count : standin_count<n - 1, n - 1, places...> {};
template <int... places> struct standin_count<0, places...> {
    typedef standin_places<places...> type;
};

template <class T> struct standin_plain {
    typedef T type;
};
template <class T> struct standin_plain<const T> {
    typedef T type;
};

template <class F> struct standin_signature;
template <class... A> struct standin_signature<void (*)(A...)> {
    static constexpr int count = sizeof...(A);
    typedef typename standin_count<count>::type places;
    static constexpr unsigned sizes[count + 1] = {sizeof(A)..., 0}, alignments[count + 1] = {alignof(A)..., 0};

    template <void (*kernel)(A...), int... i> STANDIN_OWN void one(void **arguments, standin_places<i...>) {
        kernel(*(typename standin_plain<A>::type *)arguments[i]...);
    }

    // The kernel is inlined into the loop over threads: a kernel that waits for nobody costs no more than C.
    template <void (*kernel)(A...), int... i> STANDIN_OWN void block(void **arguments, standin_places<i...> places) {
        dim3 n = standin_here.threads;
        for (unsigned z = 0; z < n.z; z++)
            for (unsigned y = 0; y < n.y; y++)
                for (unsigned x = 0; x < n.x; x++) {
                    standin_here.thread.x = x;
                    standin_here.thread.y = y;
                    standin_here.thread.z = z;
                    standin_here.lane = int((x + n.x * (y + n.y * z)) & 31);
                    one<kernel>(arguments, places);
                }
    }
};

#define STANDIN_RUNS(name)                                                                                             \
    STANDIN_OWN void standin_one_##name(void **arguments) {                                                            \
        typedef standin_signature<decltype(&name)> signature;                                                          \
        signature::one<&name>(arguments, signature::places());                                                         \
    }                                                                                                                  \
    STANDIN_OWN void standin_block_##name(void **arguments) {                                                          \
        typedef standin_signature<decltype(&name)> signature;                                                          \
        signature::block<&name>(arguments, signature::places());                                                       \
    }

#define STANDIN_KERNEL(name, waits, most, shared, ranges)                                                              \
    {#name,                                                                                                            \
     standin_one_##name,                                                                                               \
     standin_block_##name,                                                                                             \
     standin_signature<decltype(&name)>::count,                                                                        \
     standin_signature<decltype(&name)>::sizes,                                                                        \
     standin_signature<decltype(&name)>::alignments,                                                                   \
     waits,                                                                                                            \
     most,                                                                                                             \
     shared,                                                                                                           \
     ranges}

// The bounds of a section of shared memory, which the linker knows; none where nothing of it was used.
#define STANDIN_BOUNDS(function)                                                                                       \
    extern char __start_standin_shared_##function[] __attribute__((weak, visibility("hidden")));                       \
    extern char __stop_standin_shared_##function[] __attribute__((weak, visibility("hidden")));
#define STANDIN_RANGE(function) {__start_standin_shared_##function, __stop_standin_shared_##function}

#define STANDIN_TABLE(kernels)                                                                                         \
    extern "C" __attribute__((visibility("default"), used))                                                            \
    const standin_module_table standin_module = {STANDIN_STAMP, STANDIN_CHECKED, &standin_here, kernels};
