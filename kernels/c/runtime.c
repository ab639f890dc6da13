// The runtime library of generated programs: threads and memory. Built once per machine and compiler.
//
// Threads wait for work spinning for a moment, then sleeping. A range of work belongs to the same thread each time, so
// that what a thread wrote it finds in its own cache; but whoever is done takes what its owner has not begun, so a
// thread that the system lets wait delays nobody. A call that finds the threads busy runs its work itself; a child of
// fork starts threads of its own.

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#endif

typedef long long i64;
typedef void (*work_function)(const void *, i64, i64);

enum { SPIN = 4000, MOST = 64 };
static const double WORTH = 4000.0;          // nanoseconds of work that pay for waking a thread

static struct {
    _Atomic unsigned round;
    _Atomic int done, sleepers;
    work_function work;
    const void *context;
    i64 count;
    int threads, started;
    pid_t owner;
    pthread_mutex_t busy;
} pool = {.threads = 1, .busy = PTHREAD_MUTEX_INITIALIZER};

static struct { _Atomic unsigned round; char apart[60]; } taken[MOST]; // the last round in which a range was begun

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Run the range of thread `id` in a round, unless somebody began it. The pool is read only after that is decided.
static void share(int id, unsigned round) {
    unsigned before = atomic_load_explicit(&taken[id].round, memory_order_relaxed);
    if (before == round || !atomic_compare_exchange_strong(&taken[id].round, &before, round)) return;
    i64 begin = pool.count * id / pool.threads, end = pool.count * (id + 1) / pool.threads;
    if (begin < end) pool.work(pool.context, begin, end);
    atomic_fetch_add_explicit(&pool.done, 1, memory_order_release);
}

static unsigned wait_for_round(unsigned seen) {
    unsigned round;
    for (int i = 0; i < SPIN; i++) {
        round = atomic_load_explicit(&pool.round, memory_order_acquire);
        if (round != seen) return round;
        relax();
    }
    while ((round = atomic_load_explicit(&pool.round, memory_order_acquire)) == seen) {
        atomic_fetch_add(&pool.sleepers, 1);
#ifdef __linux__
        syscall(SYS_futex, &pool.round, FUTEX_WAIT_PRIVATE, seen, 0, 0, 0);
#else
        usleep(50);
#endif
        atomic_fetch_sub(&pool.sleepers, 1);
    }
    return round;
}

static void *helper(void *argument) {
    int id = (int)((size_t)argument & 0xff);
    unsigned seen = (unsigned)((size_t)argument >> 8);
    for (;;) {
        seen = wait_for_round(seen);
        share(id, seen);
    }
    return 0;
}

static void start(void) {
    pool.owner = getpid();
    pool.started = 1;
    atomic_store(&pool.sleepers, 0);
    unsigned round = atomic_load(&pool.round);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (int i = 1; i < pool.threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &detached, helper, (void *)((size_t)round << 8 | (size_t)i))) {
            pool.threads = i;
            break;
        }
    }
    pthread_attr_destroy(&detached);
}

void wf_parallel(work_function work, const void *context, i64 count, double ns) {
    if (count <= 1 || pool.threads < 2 || ns * (double)count < WORTH || pthread_mutex_trylock(&pool.busy)) {
        work(context, 0, count);
        return;
    }
    if (!pool.started || pool.owner != getpid()) start();
    pool.work = work;
    pool.context = context;
    pool.count = count;
    atomic_store(&pool.done, 0);
    unsigned round = atomic_fetch_add(&pool.round, 1) + 1;
#ifdef __linux__
    if (atomic_load(&pool.sleepers)) syscall(SYS_futex, &pool.round, FUTEX_WAKE_PRIVATE, MOST, 0, 0, 0);
#endif
    for (int id = 0; id < pool.threads; id++) share(id, round);
    for (int i = 0; atomic_load_explicit(&pool.done, memory_order_acquire) < pool.threads; i++)
        if (i < 20 * SPIN) relax(); else usleep(10);
    pthread_mutex_unlock(&pool.busy);
}

// Call before any work runs, or between.
void wf_set_threads(int threads) {
    pthread_mutex_lock(&pool.busy);
    if (!pool.started || threads <= pool.threads) {
        if (!pool.started) pool.threads = threads < 1 ? 1 : threads > MOST ? MOST : threads;
    }
    pthread_mutex_unlock(&pool.busy);
}

int wf_threads(void) { return pool.threads; }

void wf_after_fork(void) {
    pthread_mutex_init(&pool.busy, 0);
    pool.started = 0;
}

void *wf_allocate(i64 bytes) {
    void *memory = 0;
    size_t size = bytes < 64 ? 64 : ((size_t)bytes + 63) / 64 * 64;
    if (posix_memalign(&memory, size >= 1 << 21 ? 1 << 21 : 64, size)) abort();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (size >= 1 << 21) madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memory;
}

void wf_release(void *memory) { free(memory); }

struct link { struct link *next; void *memory; };

// Release a list, and the memory that each of its links has.
void wf_release_chain(struct link *link) {
    while (link) {
        struct link *next = link->next;
        free(link->memory);
        free(link);
        link = next;
    }
}

// The nanoseconds of Python's performance counter.
i64 wf_now(void) {
    struct timespec t;
#ifdef __APPLE__
    clock_gettime(CLOCK_UPTIME_RAW, &t);
#else
    clock_gettime(CLOCK_MONOTONIC, &t);
#endif
    return (i64)t.tv_sec * 1000000000 + t.tv_nsec;
}

// -- calls from Python

// The parts of Python's and NumPy's objects that a call reads. They have lain so in every CPython 3 and NumPy 2 that has
// a global lock; native.py takes a slower way in the others.
struct list { i64 references; void *type; i64 count; void **items; };
struct array { i64 references; void *type; char *data; int axes; i64 *shape, *strides; void *base, *dtype; int flags; };
enum { IN_ORDER_AND_ALIGNED = 0x101 };

extern void *PyEval_SaveThread(void);
extern void PyEval_RestoreThread(void *);
extern int PyGILState_Ensure(void);
extern void PyGILState_Release(int);
extern int PyErr_CheckSignals(void);

// Let Python see to its signals; not 0 when one raised, Ctrl-C say: the exception waits for the program to return.
int wf_poll(void) {
    int held = PyGILState_Ensure(), raised = PyErr_CheckSignals();
    PyGILState_Release(held);
    return raised;
}

// Whether an operand is what the program was written for: `expected` has its class, dtype, axes and lengths.
static int fits(const struct array *a, const i64 **expected) {
    const i64 *e = *expected;
    *expected = e + 3 + e[2];
    if ((i64)a->type != e[0] || (i64)a->dtype != e[1] || a->axes != e[2]) return 0;
    for (int i = 0; i < a->axes; i++) if (a->shape[i] != e[3 + i]) return 0;
    return 1;
}

// Run a program on lists of arrays, without Python's lock; -1 if an array does not lie in order, -2 if it is another.
int wf_launch(int (*run)(const void *, void *, void *const *, void *const *, char *), const void *table, void *token,
              const struct list *operands, const i64 *expected, void *const *constants, i64 more,
              const struct list *results, char *memory) {
    void *in[operands->count + more + 1], *out[results->count + 1];
    for (i64 i = 0; i < operands->count; i++) {
        const struct array *a = operands->items[i];
        if (!fits(a, &expected)) return -2;
        if ((a->flags & IN_ORDER_AND_ALIGNED) != IN_ORDER_AND_ALIGNED) return -1;
        in[i] = a->data;
    }
    for (i64 i = 0; i < more; i++) in[operands->count + i] = constants[i];
    for (i64 i = 0; i < results->count; i++) out[i] = ((const struct array *)results->items[i])->data;
    void *state = PyEval_SaveThread();
    int failed = run(table, token, in, out, memory);
    PyEval_RestoreThread(state);
    return failed;
}

// -- matrix products

#if defined(__AVX512F__)
#define WF_WIDTH 64
#elif defined(__AVX__)
#define WF_WIDTH 32
#else
#define WF_WIDTH 16
#endif

// What a thread packs of the operands: so much of K, of the columns of B and of the rows of A at a time.
enum { WF_DEPTH = 256, WF_BREADTH = 512, WF_HEIGHT = 144 };

#include "requests.h"

// Memory that a thread keeps from call to call, by what it is for; it grows, and is freed with the thread.
enum { WF_PACKED_A, WF_PACKED_B, WF_WEIGHTS, WF_FRAME, WF_PANELS, WF_WORDS, WF_KEYS, WF_ROOMS };

struct wf_room { void *memory; i64 size; };

static __thread struct wf_room rooms[WF_ROOMS];
static pthread_key_t ending;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_rooms(void *given) {
    struct wf_room *room = given;
    for (int i = 0; i < WF_ROOMS; i++) free(room[i].memory), room[i] = (struct wf_room){0};
}

static void know_ending(void) { pthread_key_create(&ending, free_rooms); }

static void *wf_room(int purpose, i64 size) {
    struct wf_room *room = rooms + purpose;
    if (room->size < size) {
        pthread_once(&once, know_ending);
        pthread_setspecific(ending, rooms);
        free(room->memory);
        *room = (struct wf_room){wf_allocate(size), size};
    }
    return room->memory;
}

#include "windows.h"
#include "sort.h"

#define REAL float
#define WHOLE int
#define WF_NAME(x) x##_f32
#include "gemm.h"
#include "conv.h"
#include "pool.h"
#include "matrix.h"
#undef REAL
#undef WHOLE
#undef WF_NAME
#define REAL double
#define WHOLE i64
#define WF_NAME(x) x##_f64
#include "gemm.h"
#include "conv.h"
#include "pool.h"
#include "matrix.h"
