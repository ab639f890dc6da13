// Launching kernels: what the driver looks at before, the blocks one after another, and what becomes of a fault.
#include "block.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace standin;

namespace standin {

Block block;

void fail(CUresult error, const std::string &what, void *instruction) {
    uint3 t = block.seen().thread, b = block.place;
    say("kernel %s, block (%u,%u,%u), thread (%u,%u,%u): %s%s", block.function->kernel->name, b.x, b.y, b.z, t.x, t.y,
        t.z, what.c_str(), source_line(instruction).c_str());
    block.error = error;
    siglongjmp(block.failed, 1);
}

void fail_at(int line, const std::string &what) {
    fail(CUDA_ERROR_LAUNCH_FAILED, what + " at line " + std::to_string(line));
}

static int barrier(int line, int value) {
    if (block.plain) fail_at(line, "a barrier in a kernel that was taken to have none,");
    return at_barrier(line, value);
}

static const unsigned long *exchange(int line, unsigned mask, const void *value, unsigned size) {
    if (block.plain) fail_at(line, "a warp function in a kernel that was taken to have none,");
    return at_exchange(line, mask, value, size);
}

static void fault(const char *what, int line) { fail_at(line, what); }

static void set_condition(unsigned long long handle, unsigned value) {
    if (handle - 1 >= state.conditions.size()) fail(CUDA_ERROR_LAUNCH_FAILED, "the handle of no condition");
    state.conditions[handle - 1].value = value;
}

static const standin_services services = {barrier, exchange, active_lanes, fault, check_access, set_condition};

static std::string describe(int signal, address at) {
    char to[200];
    Allocation *before = nearest(at);
    if (signal == SIGFPE) return "division of an integer by zero";
    if (on_stacks(at)) snprintf(to, sizeof to, "a thread has more than %zu bytes of local memory", stack_size());
    else if (before)
        snprintf(to, sizeof to, "access to %#lx, %zd bytes behind an allocation of %zu", at,
                 ssize_t(at - before->end()), before->size);
    else snprintf(to, sizeof to, "access to %#lx, no memory of the device", at);
    return to;
}

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};

static void on_fault(int number, siginfo_t *info, void *) {
    if (block.current < 0) {
        signal(number, SIG_DFL);
        return;
    }
    sigset_t this_one;
    sigemptyset(&this_one);
    sigaddset(&this_one, number);
    sigprocmask(SIG_UNBLOCK, &this_one, nullptr);
    CUresult error = number == SIGFPE ? CUDA_ERROR_LAUNCH_FAILED : CUDA_ERROR_ILLEGAL_ADDRESS;
    fail(error, describe(number, (address)info->si_addr));
}

// Catches faults of kernels for as long as it lives, on a stack of its own.
struct FaultsCaught {
    struct sigaction before[3];
    stack_t stack_before;

    FaultsCaught() {
        static char stack[64 << 10];
        stack_t own{};
        own.ss_sp = stack;
        own.ss_size = sizeof stack;
        sigaltstack(&own, &stack_before);
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        for (int i = 0; i < 3; i++) sigaction(faults[i], &action, &before[i]);
    }
    ~FaultsCaught() {
        for (int i = 0; i < 3; i++) sigaction(faults[i], &before[i], nullptr);
        sigaltstack(&stack_before, nullptr);
    }
};

static const size_t usual_shared = 48 << 10, most_shared = 227 << 10;

static uint64_t volume(dim3 d) { return uint64_t(d.x) * d.y * d.z; }

// Which block comes at place `k`: shuffled by a step that has no divisor in common with their number.
static uint64_t block_at(uint64_t k, uint64_t count) {
    long order = state.options.order;
    if (order == 0) return k;
    if (order < 0) return count - 1 - k;
    for (uint64_t step : {7919, 104729, 1299709})
        if (count % step) return (k * step + order) % count;
    return k;
}

static uint3 place_in(uint64_t number, dim3 extent) {
    uint3 place;
    place.x = unsigned(number % extent.x);
    place.y = unsigned(number / extent.x % extent.y);
    place.z = unsigned(number / extent.x / extent.y);
    return place;
}

static void begin_threads() {
    for (int i = 0; i < block.count; i++) {
        block.threads[i].doing = FRESH;
        block.threads[i].value = 0;
    }
    for (Warp &warp : block.warps) warp.exchanges = 0;
    block.barriers = 0;
    block.acquired = false;
    if (state.options.check) forget_block();
}

static void run_block(uint64_t number, dim3 blocks) {
    block.number = uint32_t(number);
    block.current = 0;
    block.place = block.seen().block = place_in(number, blocks);
    for (const standin_range &r : block.function->shared) memset(r.begin, 0xff, r.end - r.begin);
    memset(block.dynamic.data(), 0xff, block.dynamic_size);
    if (block.plain) return block.function->kernel->block(block.arguments);
    begin_threads();
    run_threads();
}

static void set_up(const Function &function, dim3 blocks, dim3 threads, size_t dynamic, void **arguments, int device) {
    block.function = &function;
    block.device = device;
    block.arguments = arguments;
    block.count = (int)volume(threads);
    for (int i = 0; i < block.count; i++) block.threads[i].place = place_in(i, threads);
    block.plain = !function.kernel->waits && !state.options.check && !state.options.order;
    block.error = CUDA_SUCCESS;
    block.launch++;
    block.dynamic_size = dynamic;
    block.dynamic.resize(most_shared + 4096); // what runs over the end of what a launch asked for is seen
    block.counted = &state.counts[function.kernel->name];
    block.counted->launches++;
    block.counted->blocks += volume(blocks);
    block.counted->threads += volume(blocks) * block.count;
    standin_place &seen = block.seen();
    seen.services = &services;
    seen.threads = threads;
    seen.blocks = blocks;
    seen.dynamic = block.dynamic.data();
}

static CUresult run_kernel(const Function &function, dim3 blocks, dim3 threads, size_t dynamic, void **arguments,
                           int device) {
    if (!function.module->loaded) {
        say("a kernel of a module that was unloaded");
        return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    double begun = now();
    set_up(function, blocks, threads, dynamic, arguments, device);
    FaultsCaught caught;
    if (sigsetjmp(block.failed, 0) == 0) {
        uint64_t count = volume(blocks);
        for (uint64_t k = 0; k < count; k++) run_block(block_at(k, count), blocks);
    } else abandon_fibers();
    block.current = -1;
    block.counted->milliseconds += now() - begun;
    return block.error;
}

static CUresult check_launch(const Function &f, dim3 blocks, dim3 threads, unsigned dynamic) {
    bool grid = blocks.x && blocks.y && blocks.z && blocks.x <= 2147483647u && blocks.y <= 65535 && blocks.z <= 65535;
    bool fits = volume(threads) >= 1 && volume(threads) <= most_threads && threads.z <= 64;
    if (!grid || !fits) {
        say("launch of %s: a grid of (%u,%u,%u) blocks of (%u,%u,%u) threads", f.kernel->name, blocks.x, blocks.y,
            blocks.z, threads.x, threads.y, threads.z);
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (volume(threads) > uint64_t(f.kernel->most_threads)) {
        say("launch of %s: blocks of %u threads; its __launch_bounds__ allow %d", f.kernel->name,
            (unsigned)volume(threads), f.kernel->most_threads);
        return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    }
    size_t limit = f.most_dynamic > usual_shared ? most_shared : usual_shared;
    if (dynamic <= f.most_dynamic && f.static_shared + dynamic <= limit) return CUDA_SUCCESS;
    say("launch of %s: %u bytes of dynamic and %zu of static shared memory; %zu are allowed", f.kernel->name, dynamic,
        f.static_shared, f.most_dynamic);
    return CUDA_ERROR_INVALID_VALUE;
}

// The arguments of a launch, copied: each at a multiple of its alignment, as in the buffer that a launch may hand over.
struct Arguments {
    std::vector<uint64_t> words;
    std::vector<size_t> offsets;
    size_t size = 0;

    explicit Arguments(const standin_kernel &kernel) {
        for (int i = 0; i < kernel.arguments; i++) {
            size = (size + kernel.alignments[i] - 1) & ~size_t(kernel.alignments[i] - 1);
            offsets.push_back(size);
            size += kernel.sizes[i];
        }
        words.resize(size / 8 + 3);
    }
    char *at(size_t offset) { return (char *)(((address)words.data() + 15) & ~address(15)) + offset; }

    CUresult take_pointers(const standin_kernel &kernel, void **from) {
        for (int i = 0; i < kernel.arguments; i++) memcpy(at(offsets[i]), from[i], kernel.sizes[i]);
        return CUDA_SUCCESS;
    }

    CUresult take_buffer(const standin_kernel &kernel, void **extra) {
        const void *from = nullptr;
        size_t given = 0;
        for (; extra && *extra != CU_LAUNCH_PARAM_END; extra += 2) {
            if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) from = extra[1];
            if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) given = *(size_t *)extra[1];
        }
        if (given != size) {
            say("launch of %s: its arguments take %zu bytes, %zu were given", kernel.name, size, given);
            return CUDA_ERROR_INVALID_VALUE;
        }
        memcpy(at(0), from, size);
        return CUDA_SUCCESS;
    }
};

} // namespace standin

API cuLaunchKernel(CUfunction handle, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z, unsigned threads_x,
                   unsigned threads_y, unsigned threads_z, unsigned dynamic, CUstream stream, void **pointers,
                   void **extra) {
    ENTER_READY;
    Function *f = (Function *)handle;
    dim3 blocks(blocks_x, blocks_y, blocks_z), threads(threads_x, threads_y, threads_z);
    trace("  %s, blocks %u %u %u, threads %u %u %u", f->kernel->name, blocks.x, blocks.y, blocks.z, threads.x,
          threads.y, threads.z);
    if (CUresult error = check_launch(*f, blocks, threads, dynamic)) return error;
    auto arguments = std::make_shared<Arguments>(*f->kernel);
    CUresult error =
        pointers ? arguments->take_pointers(*f->kernel, pointers) : arguments->take_buffer(*f->kernel, extra);
    if (error) return error;
    return submit(stream_of(stream), [function = *f, blocks, threads, dynamic, arguments, device = current()->device] {
        std::vector<void *> places;
        for (size_t offset : arguments->offsets) places.push_back(arguments->at(offset));
        return run_kernel(function, blocks, threads, dynamic, places.data(), device);
    });
}
