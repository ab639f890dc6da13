// Devices and contexts. A device has a primary context, which its users share; threads have stacks of contexts.
#include "state.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace standin;

namespace standin {

Context *current() { return contexts.empty() ? nullptr : contexts.back(); }

CUresult ready() {
    if (!state.started || state.forked) return CUDA_ERROR_NOT_INITIALIZED;
    if (!current()) return CUDA_ERROR_INVALID_CONTEXT;
    return state.lost;
}

static Context *known(CUcontext handle) {
    for (auto &c : state.contexts)
        if ((CUcontext)c.get() == handle) return c.get();
    return nullptr;
}

static Context *primary(int device) {
    for (auto &c : state.contexts)
        if (c->primary && c->device == device) return c.get();
    return nullptr;
}

static Context *make(int device, bool is_primary) {
    state.contexts.push_back(std::make_unique<Context>(Context{device, 0, is_primary}));
    return state.contexts.back().get();
}

// Contexts of a device share one pool of memory here, so what was allocated goes with the last of them.
static void destroy(Context *gone) {
    run_all();
    int device = gone->device;
    contexts.erase(std::remove(contexts.begin(), contexts.end(), gone), contexts.end());
    auto is_gone = [=](auto &c) { return c.get() == gone; };
    state.contexts.erase(std::find_if(state.contexts.begin(), state.contexts.end(), is_gone));
    state.lost = CUDA_SUCCESS;
    for (auto &c : state.contexts)
        if (c->device == device) return;
    for (auto it = state.memory.begin(); it != state.memory.end();) {
        Allocation &a = (it++)->second;
        if (a.device == device && (a.kind == DEVICE || a.kind == PINNED || a.kind == MANAGED)) release(a.begin);
    }
}

static CUresult known_device(int device) {
    if (!state.started || state.forked) return CUDA_ERROR_NOT_INITIALIZED;
    return device >= 0 && device < state.options.devices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

} // namespace standin

#define ENTER_DEVICE(device)                                                                                           \
    ENTER;                                                                                                             \
    if (CUresult unknown = known_device(device)) return unknown

API cuDeviceGetCount(int *count) {
    ENTER_DEVICE(0);
    *count = state.options.devices;
    return CUDA_SUCCESS;
}

API cuDeviceGet(CUdevice *device, int number) {
    ENTER_DEVICE(number);
    *device = number;
    return CUDA_SUCCESS;
}

API cuDeviceGetName(char *to, int size, CUdevice device) {
    ENTER_DEVICE(device);
    snprintf(to, size, "stand-in for an NVIDIA GPU (runs on the CPU)");
    return CUDA_SUCCESS;
}

API cuDeviceGetUuid(CUuuid *to, CUdevice device) {
    ENTER_DEVICE(device);
    memset(to, 0x50 + device, sizeof *to);
    return CUDA_SUCCESS;
}

API cuDeviceTotalMem(size_t *size, CUdevice device) {
    ENTER_DEVICE(device);
    *size = state.options.memory;
    return CUDA_SUCCESS;
}

API cuDeviceComputeCapability(int *major, int *minor, CUdevice device) {
    ENTER_DEVICE(device);
    *major = 9;
    *minor = 0;
    return CUDA_SUCCESS;
}

API cuDeviceGetPCIBusId(char *to, int size, CUdevice device) {
    ENTER_DEVICE(device);
    snprintf(to, size, "0000:%02x:00.0", device);
    return CUDA_SUCCESS;
}

API cuDeviceGetByPCIBusId(CUdevice *device, const char *id) {
    ENTER_DEVICE(0);
    unsigned bus = 0;
    if (sscanf(id, "%*x:%x", &bus) != 1) return CUDA_ERROR_INVALID_VALUE;
    *device = (int)bus;
    return known_device(*device);
}

API cuDeviceCanAccessPeer(int *can, CUdevice, CUdevice) {
    ENTER_DEVICE(0);
    *can = 0;
    return CUDA_SUCCESS;
}

// What an H200 answers.
API cuDeviceGetAttribute(int *to, CUdevice_attribute attribute, CUdevice device) {
    ENTER_DEVICE(device);
    switch (attribute) {
#define IS(name, value)                                                                                                \
    case CU_DEVICE_ATTRIBUTE_##name: *to = value; break
        IS(MAX_THREADS_PER_BLOCK, 1024);
        IS(MAX_BLOCK_DIM_X, 1024);
        IS(MAX_BLOCK_DIM_Y, 1024);
        IS(MAX_BLOCK_DIM_Z, 64);
        IS(MAX_GRID_DIM_X, 2147483647);
        IS(MAX_GRID_DIM_Y, 65535);
        IS(MAX_GRID_DIM_Z, 65535);
        IS(MAX_SHARED_MEMORY_PER_BLOCK, 49152);
        IS(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 232448);
        IS(MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 233472);
        IS(RESERVED_SHARED_MEMORY_PER_BLOCK, 1024);
        IS(TOTAL_CONSTANT_MEMORY, 65536);
        IS(WARP_SIZE, 32);
        IS(MAX_PITCH, 2147483647);
        IS(MAX_REGISTERS_PER_BLOCK, 65536);
        IS(MAX_REGISTERS_PER_MULTIPROCESSOR, 65536);
        IS(MULTIPROCESSOR_COUNT, state.options.multiprocessors);
        IS(MAX_THREADS_PER_MULTIPROCESSOR, 2048);
        IS(MAX_BLOCKS_PER_MULTIPROCESSOR, 32);
        IS(CLOCK_RATE, 1980000);
        IS(MEMORY_CLOCK_RATE, 3201000);
        IS(GLOBAL_MEMORY_BUS_WIDTH, 6144);
        IS(L2_CACHE_SIZE, 62914560);
        IS(COMPUTE_CAPABILITY_MAJOR, 9);
        IS(COMPUTE_CAPABILITY_MINOR, 0);
        IS(UNIFIED_ADDRESSING, 1);
        IS(CONCURRENT_KERNELS, 1);
        IS(CAN_MAP_HOST_MEMORY, 1);
        IS(MANAGED_MEMORY, 1);
        IS(ASYNC_ENGINE_COUNT, 3);
        IS(TEXTURE_ALIGNMENT, 512);
        IS(MEMORY_POOLS_SUPPORTED, 1);
        IS(PCI_BUS_ID, device);
    default: *to = 0;
    }
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxRetain(CUcontext *to, CUdevice device) {
    ENTER_DEVICE(device);
    Context *c = primary(device);
    if (!c) c = make(device, true);
    c->users++;
    *to = (CUcontext)c;
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxRelease(CUdevice device) {
    ENTER_DEVICE(device);
    Context *c = primary(device);
    if (!c) return CUDA_ERROR_INVALID_CONTEXT;
    if (!--c->users) destroy(c);
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
    ENTER_DEVICE(device);
    *flags = 0;
    *active = primary(device) != nullptr;
    return CUDA_SUCCESS;
}

API cuCtxCreate(CUcontext *to, CUctxCreateParams *, unsigned, CUdevice device) {
    ENTER_DEVICE(device);
    Context *c = make(device, false);
    c->users = 1;
    contexts.push_back(c);
    *to = (CUcontext)c;
    return CUDA_SUCCESS;
}

API cuCtxDestroy(CUcontext handle) {
    ENTER;
    Context *c = known(handle);
    if (!c) return CUDA_ERROR_INVALID_CONTEXT;
    destroy(c);
    return CUDA_SUCCESS;
}

API cuCtxAttach(CUcontext *to, unsigned) {
    ENTER;
    if (!current()) return CUDA_ERROR_INVALID_CONTEXT;
    current()->users++;
    *to = (CUcontext)current();
    return CUDA_SUCCESS;
}

API cuCtxDetach(CUcontext handle) {
    ENTER;
    Context *c = known(handle);
    if (!c) return CUDA_ERROR_INVALID_CONTEXT;
    if (!--c->users) destroy(c);
    return CUDA_SUCCESS;
}

API cuCtxPushCurrent(CUcontext handle) {
    ENTER;
    if (!known(handle)) return CUDA_ERROR_INVALID_CONTEXT;
    contexts.push_back((Context *)handle);
    return CUDA_SUCCESS;
}

API cuCtxPopCurrent(CUcontext *to) {
    ENTER;
    if (!current()) return CUDA_ERROR_INVALID_CONTEXT;
    if (to) *to = (CUcontext)current();
    contexts.pop_back();
    return CUDA_SUCCESS;
}

API cuCtxGetCurrent(CUcontext *to) {
    ENTER;
    *to = (CUcontext)current();
    return CUDA_SUCCESS;
}

API cuCtxSetCurrent(CUcontext handle) {
    ENTER;
    if (handle && !known(handle)) return CUDA_ERROR_INVALID_CONTEXT;
    if (!contexts.empty()) contexts.pop_back();
    if (handle) contexts.push_back((Context *)handle);
    return CUDA_SUCCESS;
}

API cuCtxGetDevice(CUdevice *to) {
    ENTER;
    if (!current()) return CUDA_ERROR_INVALID_CONTEXT;
    *to = current()->device;
    return CUDA_SUCCESS;
}

API cuCtxSynchronize() {
    ENTER_READY;
    if (CUresult refused = outside_capture("waiting for the device")) return refused;
    return run_all();
}

API cuCtxGetApiVersion(CUcontext, unsigned *version) {
    *version = 3020;
    return CUDA_SUCCESS;
}

API cuCtxGetStreamPriorityRange(int *least, int *greatest) {
    *least = 0;
    *greatest = -5;
    return CUDA_SUCCESS;
}

API cuCtxGetLimit(size_t *value, CUlimit) {
    *value = 1024;
    return CUDA_SUCCESS;
}

API cuCtxSetLimit(CUlimit, size_t) { return CUDA_SUCCESS; }

API cuCtxGetCacheConfig(CUfunc_cache *to) {
    *to = CU_FUNC_CACHE_PREFER_NONE;
    return CUDA_SUCCESS;
}

API cuCtxSetCacheConfig(CUfunc_cache) { return CUDA_SUCCESS; }

API cuCtxGetSharedMemConfig(CUsharedconfig *to) {
    *to = CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE;
    return CUDA_SUCCESS;
}

API cuCtxSetSharedMemConfig(CUsharedconfig) { return CUDA_SUCCESS; }
