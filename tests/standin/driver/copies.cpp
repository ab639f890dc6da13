// Copies and fills: between host and device, in one, two and three dimensions, now or in a stream.
//
// Whether a copy stays within its allocations is looked at when it is asked for, and again when it is done: in between
// memory may have been freed.
#include "state.h"

#include <algorithm>
#include <cstring>

using namespace standin;

namespace standin {

static void copy_definedness(address to, address from, size_t size) {
    Allocation *a = find(to), *b = find(from);
    if (!a || a->defined.empty()) return;
    uint8_t *marks = &a->defined[to - a->begin];
    if (b && !b->defined.empty()) memmove(marks, &b->defined[from - b->begin], size);
    else memset(marks, 1, size);
}

static CUresult copy(address to, address from, size_t size) {
    if (state.options.check && size) copy_definedness(to, from, size);
    memmove((void *)to, (void *)from, size);
    return CUDA_SUCCESS;
}

static bool pageable(const void *at) { return !find((address)at); }

// A copy that the host waits for.
static CUresult copy_now(address to, address from, size_t size) {
    if (CUresult refused = outside_capture("a copy that is waited for")) return refused;
    if (CUresult error = run_default()) return error;
    return copy(to, from, size);
}

// Pageable memory is read at once, or before the call returns: the caller may change it then.
static CUresult staged(CUdeviceptr to, const void *from, size_t size, Stream *stream) {
    if (stream->captured) return outside_capture("a copy from pageable memory (pin it)");
    auto bytes = std::make_shared<std::vector<char>>((const char *)from, (const char *)from + size);
    return submit(stream, [=] {
        if (!holds(to, size, "copy to the device")) return CUDA_ERROR_ILLEGAL_ADDRESS;
        return copy(to, (address)bytes->data(), size);
    });
}

static CUresult copy_later(address to, address from, size_t size, Stream *stream, bool to_device, bool from_device) {
    return submit(stream, [=] {
        if (to_device && !holds(to, size, "copy to the device")) return CUDA_ERROR_ILLEGAL_ADDRESS;
        if (from_device && !holds(from, size, "copy from the device")) return CUDA_ERROR_ILLEGAL_ADDRESS;
        return copy(to, from, size);
    });
}

static CUresult between(CUdeviceptr to, CUdeviceptr from, size_t size, Stream *stream) {
    if (!holds(to, size, "copy on the device")) return CUDA_ERROR_INVALID_VALUE;
    if (!holds(from, size, "copy on the device")) return CUDA_ERROR_INVALID_VALUE;
    return copy_later(to, from, size, stream, true, true);
}

template <class T>
static CUresult fill(CUdeviceptr to, T value, size_t pitch, size_t width, size_t height, Stream *stream) {
    size_t size = height ? (height - 1) * pitch + width * sizeof(T) : 0;
    if (to % sizeof(T) || !holds(to, size, "fill")) return CUDA_ERROR_INVALID_VALUE;
    return submit(stream, [=] {
        if (!holds(to, size, "fill")) return CUDA_ERROR_ILLEGAL_ADDRESS;
        for (size_t y = 0; y < height; y++) {
            std::fill_n((T *)(to + y * pitch), width, value);
            defined(to + y * pitch, width * sizeof(T));
        }
        return CUDA_SUCCESS;
    });
}

// One side of a copy of a box: where it begins, and how far rows and layers are apart.
struct Side {
    address begin;
    size_t row, layer;
    bool device;
};

static Side side(CUmemorytype type, const void *host, CUdeviceptr device, size_t pitch, size_t height, size_t x,
                 size_t y, size_t z, const CUDA_MEMCPY3D &box) {
    Side s{type == CU_MEMORYTYPE_HOST ? (address)host : (address)device, pitch ? pitch : box.WidthInBytes, 0,
           type != CU_MEMORYTYPE_HOST};
    s.layer = s.row * (height ? height : box.Height);
    if (type == CU_MEMORYTYPE_ARRAY) s.begin = 0;
    if (s.begin) s.begin += x + y * s.row + z * s.layer;
    return s;
}

static size_t extent(const Side &s, const CUDA_MEMCPY3D &box) {
    return (box.Depth - 1) * s.layer + (box.Height - 1) * s.row + box.WidthInBytes;
}

static CUresult copy_box(const CUDA_MEMCPY3D &box, Stream *stream) {
    if (!box.WidthInBytes || !box.Height || !box.Depth) return CUDA_SUCCESS;
    Side to = side(box.dstMemoryType, box.dstHost, box.dstDevice, box.dstPitch, box.dstHeight, box.dstXInBytes,
                   box.dstY, box.dstZ, box);
    Side from = side(box.srcMemoryType, box.srcHost, box.srcDevice, box.srcPitch, box.srcHeight, box.srcXInBytes,
                     box.srcY, box.srcZ, box);
    if (!to.begin || !from.begin) return CUDA_ERROR_NOT_SUPPORTED; // arrays of textures
    if (to.device && !holds(to.begin, extent(to, box), "copy of rows")) return CUDA_ERROR_INVALID_VALUE;
    if (from.device && !holds(from.begin, extent(from, box), "copy of rows")) return CUDA_ERROR_INVALID_VALUE;
    size_t width = box.WidthInBytes, height = box.Height, depth = box.Depth;
    return submit(stream, [=] {
        for (size_t z = 0; z < depth; z++)
            for (size_t y = 0; y < height; y++)
                copy(to.begin + z * to.layer + y * to.row, from.begin + z * from.layer + y * from.row, width);
        return CUDA_SUCCESS;
    });
}

static CUDA_MEMCPY3D deepened(const CUDA_MEMCPY2D &flat) {
    CUDA_MEMCPY3D box{};
#define SAME(field) box.field = flat.field
    SAME(srcXInBytes), SAME(srcY), SAME(srcMemoryType), SAME(srcHost), SAME(srcDevice), SAME(srcPitch);
    SAME(dstXInBytes), SAME(dstY), SAME(dstMemoryType), SAME(dstHost), SAME(dstDevice), SAME(dstPitch);
    SAME(WidthInBytes), SAME(Height);
    box.Depth = 1;
    return box;
}

} // namespace standin

API cuMemcpyHtoD(CUdeviceptr to, const void *from, size_t size) {
    ENTER_READY;
    if (!holds(to, size, "copy to the device")) return CUDA_ERROR_INVALID_VALUE;
    return copy_now(to, (address)from, size);
}

API cuMemcpyDtoH(void *to, CUdeviceptr from, size_t size) {
    ENTER_READY;
    if (!holds(from, size, "copy from the device")) return CUDA_ERROR_INVALID_VALUE;
    return copy_now((address)to, from, size);
}

API cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t size, CUstream handle) {
    ENTER_READY;
    Stream *stream = stream_of(handle);
    if (!holds(to, size, "copy to the device")) return CUDA_ERROR_INVALID_VALUE;
    if (pageable(from)) return staged(to, from, size, stream);
    return copy_later(to, (address)from, size, stream, true, true);
}

API cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t size, CUstream handle) {
    ENTER_READY;
    Stream *stream = stream_of(handle);
    if (!holds(from, size, "copy from the device")) return CUDA_ERROR_INVALID_VALUE;
    if (!pageable(to)) return copy_later((address)to, from, size, stream, true, true);
    if (stream->captured) return outside_capture("a copy to pageable memory (pin it)");
    if (CUresult error = run_until(stream)) return error;
    return copy((address)to, from, size);
}

API cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, size_t size) {
    ENTER_READY;
    return between(to, from, size, stream_of(nullptr));
}

API cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream) {
    ENTER_READY;
    return between(to, from, size, stream_of(stream));
}

API cuMemcpy2D(const CUDA_MEMCPY2D *box) {
    ENTER_READY;
    CUresult error = copy_box(deepened(*box), stream_of(nullptr));
    return error ? error : run_default();
}

API cuMemcpy2DUnaligned(const CUDA_MEMCPY2D *box) { return cuMemcpy2D(box); }

API cuMemcpy2DAsync(const CUDA_MEMCPY2D *box, CUstream stream) {
    ENTER_READY;
    return copy_box(deepened(*box), stream_of(stream));
}

API cuMemcpy3D(const CUDA_MEMCPY3D *box) {
    ENTER_READY;
    CUresult error = copy_box(*box, stream_of(nullptr));
    return error ? error : run_default();
}

API cuMemcpy3DAsync(const CUDA_MEMCPY3D *box, CUstream stream) {
    ENTER_READY;
    return copy_box(*box, stream_of(stream));
}

#define FILLS(bits, type)                                                                                              \
    API cuMemsetD##bits(CUdeviceptr to, type value, size_t count) {                                                    \
        ENTER_READY;                                                                                                   \
        return fill<type>(to, value, 0, count, 1, stream_of(nullptr));                                                 \
    }                                                                                                                  \
    API cuMemsetD##bits##Async(CUdeviceptr to, type value, size_t count, CUstream stream) {                            \
        ENTER_READY;                                                                                                   \
        return fill<type>(to, value, 0, count, 1, stream_of(stream));                                                  \
    }                                                                                                                  \
    API cuMemsetD2D##bits(CUdeviceptr to, size_t pitch, type value, size_t width, size_t height) {                     \
        ENTER_READY;                                                                                                   \
        return fill<type>(to, value, pitch, width, height, stream_of(nullptr));                                        \
    }                                                                                                                  \
    API cuMemsetD2D##bits##Async(CUdeviceptr to, size_t pitch, type value, size_t width, size_t height, CUstream s) {  \
        ENTER_READY;                                                                                                   \
        return fill<type>(to, value, pitch, width, height, stream_of(s));                                              \
    }
FILLS(8, unsigned char)
FILLS(16, unsigned short)
FILLS(32, unsigned)
