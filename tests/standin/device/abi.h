// What a compiled kernel module and the stand-in driver know of one another.
//
// A module is a shared object that g++ made of CUDA C. The driver hands it services, writes into it the place of the
// thread that is to run, and calls its kernels; the module calls back for all that needs other threads.
#pragma once
#include <vector_types.h>

enum standin_access { STANDIN_READ, STANDIN_WRITE, STANDIN_ATOMIC };
enum standin_barrier { STANDIN_PLAIN, STANDIN_COUNT, STANDIN_ALL };

// What the driver does for a module.
struct standin_services {
    int (*barrier)(int line, int value); // waits for the block; how many threads came with a value
    const unsigned long *(*exchange)(int line, unsigned mask, const void *value,
                                unsigned size); // waits for lanes of the warp
    unsigned (*active)();                       // lanes of the warp that have not returned
    void (*fault)(const char *what, int line);  // ends the kernel
    void (*access)(const void *at, unsigned long size, int kind, void *instruction); // in modules with checks
    void (*condition)(unsigned long long handle, unsigned value);                    // of a conditional node of a graph
};

// Where a thread is. One for each module, written by the driver before a thread runs.
struct standin_place {
    uint3 thread, block;
    dim3 threads, blocks; // how many there are
    int lane;
    void *dynamic; // dynamic shared memory
    const standin_services *services;
};

// The shared memory of one function.
struct standin_range {
    char *begin, *end;
};

struct standin_kernel {
    const char *name;
    void (*one)(void **arguments);   // runs the current thread
    void (*block)(void **arguments); // runs all threads of a block, one after another
    int arguments;
    const unsigned *sizes, *alignments;
    int waits;                   // whether a thread may wait for others
    int most_threads;            // of a block, as its __launch_bounds__ say
    const standin_range *shared; // shared memory it may use
    int ranges;
};

// What a module exports, as `standin_module`.
struct standin_module_table {
    const char *stamp; // which stand-in it was compiled for
    int checked;
    standin_place *place;
    const standin_kernel *kernels; // ends with one without a name
};
