// Memory: allocations of host memory that stand for memory of a device, and for pinned memory of the host.
//
// Fresh memory is full of ones: a NaN as any float, -1 as any integer. With `guard` what lies behind an allocation is
// not mapped; with `check` it is known which bytes were written.
#include "state.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

using namespace standin;

namespace standin {

static const size_t page = 4096, apart = 256; // bytes between allocations: what runs over its end is seen
static Allocation *last_found = nullptr;

Allocation *nearest(address at) {
    auto it = state.memory.upper_bound(at);
    return it == state.memory.begin() ? nullptr : &(--it)->second;
}

Allocation *find(address at) {
    if (last_found && at - last_found->begin < last_found->size) return last_found;
    Allocation *a = nearest(at);
    return a && at - a->begin < a->size ? last_found = a : nullptr;
}

static void keep(Allocation &&a) {
    last_found = nullptr;
    state.memory[a.begin] = std::move(a);
}

static bool map_guarded(Allocation &a) {
    size_t body = (a.size + page - 1) & ~(page - 1);
    a.mapped = body + page;
    a.mapping = mmap(nullptr, a.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a.mapping == MAP_FAILED) return false;
    mprotect((char *)a.mapping + body, page, PROT_NONE);
    size_t alignment = a.size % 256 == 0 ? 256 : 16; // what vectors need: the rest lies open
    a.begin = ((address)a.mapping + body - a.size) & ~(alignment - 1);
    return true;
}

CUresult allocate(address *to, size_t size, Kind kind) {
    if (!size) return CUDA_ERROR_INVALID_VALUE;
    Allocation a{};
    a.size = size;
    a.kind = kind;
    a.device = current()->device;
    size_t &used = state.used[a.device];
    if (used + size > state.options.memory) return CUDA_ERROR_OUT_OF_MEMORY;
    if (state.options.guard) {
        if (!map_guarded(a)) return CUDA_ERROR_OUT_OF_MEMORY;
    } else if (posix_memalign((void **)&a.begin, 256, size + apart)) return CUDA_ERROR_OUT_OF_MEMORY;
    memset((void *)a.begin, 0xff, size);
    used += size;
    state.most_used = std::max(state.most_used, used);
    state.allocations += kind == DEVICE;
    if (state.options.check) a.defined.assign(size, kind != DEVICE);
    *to = a.begin;
    keep(std::move(a));
    return CUDA_SUCCESS;
}

CUresult release(address at) {
    auto it = state.memory.find(at);
    if (it == state.memory.end() || it->second.kind == GLOBAL || it->second.kind == REGISTERED) {
        say("free of %#lx, where no allocation begins", at);
        return CUDA_ERROR_INVALID_VALUE;
    }
    Allocation &a = it->second;
    state.used[a.device] -= a.size;
    if (a.mapping) munmap(a.mapping, a.mapped);
    else free((void *)a.begin);
    state.memory.erase(it);
    last_found = nullptr;
    return CUDA_SUCCESS;
}

bool holds(address at, size_t size, const char *what) {
    if (!size) return true;
    Allocation *a = find(at);
    if (a && at + size <= a->end()) return true;
    if (a) say("%s: %zu bytes at offset %zu of an allocation of %zu", what, size, size_t(at - a->begin), a->size);
    else say("%s: %#lx is no memory of a device", what, at);
    return false;
}

void defined(address at, size_t size) {
    Allocation *a = size ? find(at) : nullptr;
    if (a && !a->defined.empty()) memset(&a->defined[at - a->begin], 1, size);
}

} // namespace standin

API cuMemGetInfo(size_t *unused, size_t *total) {
    ENTER_READY;
    *total = state.options.memory;
    *unused = *total - state.used[current()->device];
    return CUDA_SUCCESS;
}

API cuMemAlloc(CUdeviceptr *to, size_t size) {
    ENTER_READY;
    if (CUresult refused = outside_capture("an allocation")) return refused;
    return allocate((address *)to, size, DEVICE);
}

API cuMemAllocPitch(CUdeviceptr *to, size_t *pitch, size_t width, size_t height, unsigned) {
    ENTER_READY;
    *pitch = (width + 511) & ~size_t(511);
    return allocate((address *)to, *pitch * height, DEVICE);
}

API cuMemAllocManaged(CUdeviceptr *to, size_t size, unsigned) {
    ENTER_READY;
    return allocate((address *)to, size, MANAGED);
}

// A free waits for what is going on, as the driver's does.
API cuMemFree(CUdeviceptr at) {
    ENTER;
    if (state.forked) return CUDA_ERROR_NOT_INITIALIZED;
    if (!current()) return CUDA_ERROR_INVALID_CONTEXT;
    if (!at) return CUDA_SUCCESS;
    if (CUresult refused = outside_capture("a free")) return refused;
    run_all();
    return release(at);
}

API cuMemAllocAsync(CUdeviceptr *to, size_t size, CUstream handle) {
    ENTER_READY;
    if (stream_of(handle)->captured) return outside_capture("an allocation");
    return allocate((address *)to, size, DEVICE);
}

API cuMemFreeAsync(CUdeviceptr at, CUstream handle) {
    ENTER_READY;
    return submit(stream_of(handle), [=] { return release(at); });
}

API cuMemHostAlloc(void **to, size_t size, unsigned) {
    ENTER_READY;
    if (CUresult refused = outside_capture("an allocation")) return refused;
    return allocate((address *)to, size, PINNED);
}

API cuMemAllocHost(void **to, size_t size) { return cuMemHostAlloc(to, size, 0); }

API cuMemFreeHost(void *at) {
    ENTER;
    if (state.forked) return CUDA_ERROR_NOT_INITIALIZED;
    run_all();
    return release((address)at);
}

API cuMemHostGetDevicePointer(CUdeviceptr *to, void *at, unsigned) {
    *to = (CUdeviceptr)at;
    return CUDA_SUCCESS;
}

API cuMemHostGetFlags(unsigned *flags, void *) {
    *flags = 0;
    return CUDA_SUCCESS;
}

API cuMemHostRegister(void *at, size_t size, unsigned) {
    ENTER_READY;
    Allocation a{};
    a.begin = (address)at;
    a.size = size;
    a.kind = REGISTERED;
    a.device = current()->device;
    keep(std::move(a));
    return CUDA_SUCCESS;
}

API cuMemHostUnregister(void *at) {
    ENTER;
    run_all();
    last_found = nullptr;
    return state.memory.erase((address)at) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

API cuMemGetAddressRange(CUdeviceptr *begin, size_t *size, CUdeviceptr at) {
    ENTER_READY;
    Allocation *a = find(at);
    if (!a) return CUDA_ERROR_NOT_FOUND;
    if (begin) *begin = a->begin;
    if (size) *size = a->size;
    return CUDA_SUCCESS;
}

API cuPointerGetAttribute(void *to, CUpointer_attribute attribute, CUdeviceptr at) {
    ENTER_READY;
    Allocation *a = find(at);
    if (!a) return CUDA_ERROR_INVALID_VALUE;
    bool host = a->kind == PINNED || a->kind == REGISTERED;
    switch (attribute) {
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: *(int *)to = a->device; break;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE: *(unsigned *)to = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE; break;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: *(CUdeviceptr *)to = at; break;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR: *(CUdeviceptr *)to = a->begin; break;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE: *(size_t *)to = a->size; break;
    default: return CUDA_ERROR_NOT_SUPPORTED;
    }
    return CUDA_SUCCESS;
}

// An allocator of the program took memory back: what it held is gone, as in fresh memory.
EXPORT void standin_forget(void *at, size_t size) {
    ENTER;
    run_all();
    Allocation *a = find((address)at);
    if (!a || (address)at + size > a->end()) return;
    memset(at, 0xff, size);
    if (!a->defined.empty()) memset(&a->defined[(address)at - a->begin], 0, size);
}
