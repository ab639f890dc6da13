// Another runtime library: products of matrices, and what small ones are solved with, for programs whose results do not
// depend on the machine's vectors. It is given the table of the first library, whose threads it works with.

#include <pthread.h>
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
#include "products.h"
