// The runtime library of generated programs: threads and memory. Built once per machine and compiler.
//
// Threads wait for work spinning for a moment, then sleeping. A range of work belongs to the same thread each time, so
// that what a thread wrote it finds in its own cache; but whoever is done takes what its owner has not begun, so a
// thread that the system lets wait delays nobody. A call that finds the threads busy runs its work itself; a child of
// fork starts threads of its own.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
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
    _Atomic int done, sleepers, core;        // the core of the caller
    work_function work;
    const void *context;
    i64 count;
    int threads, started;
    pid_t owner;
    pthread_mutex_t busy;
#ifdef __linux__
    cpu_set_t allowed;                       // the cores that the process may use
#endif
} pool = {.threads = 1, .busy = PTHREAD_MUTEX_INITIALIZER};

static struct { _Atomic unsigned round; char apart[60]; } taken[MOST]; // the last round in which a range was begun

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Run the range of thread `id` in a round, unless somebody began it: then the round, or a later one, was taken. The pool
// is read only after that is decided: as long as a range is not done, no other round begins.
static void share(int id, unsigned round) {
    unsigned before = atomic_load_explicit(&taken[id].round, memory_order_relaxed);
    if ((int)(before - round) >= 0 || !atomic_compare_exchange_strong(&taken[id].round, &before, round)) return;
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

static int core(void) {
#ifdef __linux__
    return sched_getcpu();
#else
    return -1;
#endif
}

// Leave the core of the caller: a thread that the system wakes there, and leaves there, would work after it, not beside.
static void keep_apart(void) {
#ifdef __linux__
    int taken_core = atomic_load_explicit(&pool.core, memory_order_relaxed);
    if (taken_core < 0 || core() != taken_core) return;
    cpu_set_t others = pool.allowed;
    CPU_CLR(taken_core, &others);
    if (CPU_COUNT(&others)) sched_setaffinity(0, sizeof others, &others);
#endif
}

static void *helper(void *argument) {
    int id = (int)((size_t)argument & 0xff);
    unsigned seen = (unsigned)((size_t)argument >> 8);
    for (;;) {
        seen = wait_for_round(seen);
        keep_apart();
        share(id, seen);
    }
    return 0;
}

static void start(void) {
    pool.owner = getpid();
    pool.started = 1;
    atomic_store(&pool.sleepers, 0);
#ifdef __linux__
    if (sched_getaffinity(0, sizeof pool.allowed, &pool.allowed)) CPU_ZERO(&pool.allowed);
#endif
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
    atomic_store_explicit(&pool.core, core(), memory_order_relaxed);
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

// Memory of 64-byte aligned blocks. Large ones are kept when they are released, for the next of the same size: the first
// touch of fresh pages costs more than most kernels. A block begins 64 bytes after its size.
enum { KEPT = 64, LARGE = 1 << 18, HUGE = 1 << 21 };
static const i64 MOST_KEPT = 1ll << 28;       // bytes

static struct { pthread_mutex_t busy; i64 bytes; int count; char *blocks[KEPT]; } spare = {PTHREAD_MUTEX_INITIALIZER};

static i64 *size_of_block(void *memory) { return (i64 *)((char *)memory - 64); }

static void *take_spare(i64 size) {
    void *found = 0;
    pthread_mutex_lock(&spare.busy);
    for (int i = spare.count - 1; i >= 0 && !found; i--)
        if (*size_of_block(spare.blocks[i]) == size) {
            found = spare.blocks[i];
            spare.blocks[i] = spare.blocks[--spare.count];
            spare.bytes -= size;
        }
    pthread_mutex_unlock(&spare.busy);
    return found;
}

static int keep_spare(void *memory) {
    i64 size = *size_of_block(memory);
    pthread_mutex_lock(&spare.busy);
    int kept = spare.count < KEPT && spare.bytes + size <= MOST_KEPT;
    if (kept) {
        spare.blocks[spare.count++] = memory;
        spare.bytes += size;
    }
    pthread_mutex_unlock(&spare.busy);
    return kept;
}

// None if there is not enough.
void *wf_allocate(i64 bytes) {
    if (bytes < 0 || bytes > (1ll << 62)) return 0;
    i64 size = bytes < 64 ? 64 : (bytes + 63) / 64 * 64;
    void *start = size >= LARGE ? take_spare(size) : 0;
    if (start) return start;
    if (posix_memalign(&start, size >= HUGE ? HUGE : 64, (size_t)size + 64)) return 0;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (size >= HUGE) madvise(start, (size_t)size + 64, MADV_HUGEPAGE);
#endif
    *(i64 *)start = size;
    return (char *)start + 64;
}

void wf_release(void *memory) {
    if (!memory || (*size_of_block(memory) >= LARGE && keep_spare(memory))) return;
    free(size_of_block(memory));
}

// The bytes of the blocks that are kept; they are given back to the system unless so many may stay.
i64 wf_spare(i64 most) {
    pthread_mutex_lock(&spare.busy);
    while (spare.count && spare.bytes > most) {
        char *memory = spare.blocks[--spare.count];
        spare.bytes -= *size_of_block(memory);
        free(size_of_block(memory));
    }
    i64 bytes = spare.bytes;
    pthread_mutex_unlock(&spare.busy);
    return bytes;
}

void wf_after_fork(void) {
    pthread_mutex_init(&pool.busy, 0);
    pthread_mutex_init(&spare.busy, 0);
    pool.started = 0;
}

struct link { struct link *next; void *memory; };

// Release a list, and the memory that each of its links has.
void wf_release_chain(struct link *link) {
    while (link) {
        struct link *next = link->next;
        wf_release(link->memory);
        wf_release(link);
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

#include "calls.h"
