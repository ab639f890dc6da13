// A second runtime library: convolutions and pooling of one type, REAL, built once a program needs them. It is given the
// table of the first, whose threads it works with.

#include <pthread.h>
#include <stdlib.h>
#include "base.h"
#include "program.h"

static const struct wf_runtime *runtime;

void wf_join(const struct wf_runtime *given) { runtime = given; }

#define wf_parallel runtime->parallel
#define wf_allocate runtime->allocate
#define wf_release runtime->release

#include "rooms.h"
#include "vectors.h"
#include "windows.h"
#include "pack.h"
#include "frame.h"
#include "conv.h"
#include "conv_deep.h"
#include "conv_flat.h"
#include "conv_requests.h"
#include "pool.h"
