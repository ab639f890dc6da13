// For tests: what was allocated, launched and moved, as JSON; and finding functions by their names.
#include "state.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstring>

using namespace standin;

namespace standin {

static std::string field(const char *name, double value) {
    char to[100];
    snprintf(to, sizeof to, "\"%s\": %.15g", name, value);
    return to;
}

static std::string fields(const char *prefix, const Traffic &traffic) {
    std::string p = prefix;
    return field((p + "_bytes").c_str(), double(traffic.bytes)) + ", " +
           field((p + "_requests").c_str(), double(traffic.requests)) + ", " +
           field((p + "_sectors").c_str(), double(traffic.sectors));
}

static std::string fields(const KernelCount &count) {
    return field("launches", double(count.launches)) + ", " + field("blocks", double(count.blocks)) + ", " +
           field("threads", double(count.threads)) + ", " + field("milliseconds", count.milliseconds) + ", " +
           fields("read", count.read) + ", " + fields("write", count.written);
}

static std::string live() {
    size_t count = 0, bytes = 0, pinned = 0;
    for (auto &[begin, a] : state.memory) {
        count += a.kind == DEVICE;
        bytes += a.kind == DEVICE ? a.size : 0;
        pinned += a.kind == PINNED;
    }
    return field("live_allocations", double(count)) + ", " + field("live_bytes", double(bytes)) + ", " +
           field("live_pinned", double(pinned)) + ", " + field("peak_bytes", double(state.most_used)) + ", " +
           field("allocations", double(state.allocations)) + ", " +
           field("live_streams", double(state.streams.size())) + ", " +
           field("live_graphs", double(state.graphs.size())) + ", " +
           field("live_modules", double(state.modules.size()));
}

} // namespace standin

EXPORT const char *standin_report() {
    ENTER;
    static std::string text;
    text = "{" + live() + ", \"kernels\": {";
    bool first = true;
    for (auto &[name, count] : state.counts) {
        text += (first ? "\"" : ", \"") + name + "\": {" + fields(count) + "}";
        first = false;
    }
    text += "}}";
    return text.c_str();
}

// What was said last; empty where nothing was since the last reset.
EXPORT const char *standin_message() {
    ENTER;
    static std::string text;
    text = state.message;
    return text.c_str();
}

// Counts begin anew; an error that would stay and a capture that goes on are forgotten: a GPU cannot do that, tests
// need it.
EXPORT void standin_reset() {
    ENTER;
    for (Stream *stream : state.streams) stream->captured = nullptr;
    state.captures.clear();
    state.lost = CUDA_SUCCESS;
    run_all();
    state.lost = CUDA_SUCCESS;
    state.counts.clear();
    state.allocations = state.most_used = 0;
    for (size_t used : state.used) state.most_used = std::max(state.most_used, used);
    state.message.clear();
}

// The newest version that the stand-in has of a function.
API cuGetProcAddress(const char *name, void **to, int, cuuint64_t, CUdriverProcAddressQueryResult *status) {
    Dl_info self;
    dladdr((void *)cuInit, &self);
    void *library = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    std::string base = strcmp(name, "cuGraphInstantiate") ? name : "cuGraphInstantiateWithFlags";
    *to = nullptr;
    for (const char *version : {"_v4", "_v3", "_v2", ""})
        if (!*to) *to = dlsym(library, (base + version).c_str());
    if (status) *status = *to ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    return *to ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
