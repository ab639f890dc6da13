// A runtime library of one type, REAL, built once a program needs it: products of matrices, and what small ones are solved
// with. It is given the table of the first, whose threads it works with.

#include <pthread.h>
#include <stdlib.h>
#include "base.h"
#include "program.h"

static const struct wf_runtime *runtime;

void wf_join(const struct wf_runtime *given) { runtime = given; }

#define wf_parallel runtime->parallel
#define wf_allocate runtime->allocate
#define wf_release runtime->release
#define wf_threads runtime->threads

#include "rooms.h"
#include "vectors.h"

// What a thread packs of the operands: so much of K, of the columns of B and of the rows of A at a time.
enum { WF_DEPTH = 256, WF_BREADTH = 512, WF_HEIGHT = 144 };

#include "pack.h"
#include "gemm.h"
#include "matrix.h"
