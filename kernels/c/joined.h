// What every runtime library but the first begins with: it is given the table of the first, and works with its threads
// and its memory.

#include <pthread.h>
#include <stdlib.h>
#include "types.h"
#include "base.h"
#include "program.h"

static const struct wf_runtime *runtime;

void wf_join(const struct wf_runtime *given) { runtime = given; }

#define wf_parallel runtime->parallel
#define wf_allocate runtime->allocate
#define wf_release runtime->release
#define wf_threads runtime->threads
