// The state, how it is set up, and what the stand-in says of what it finds.
//
// Options come from the variable WEFT_STANDIN, as in "check,order=reverse,memory=64M", and later from standin_set.
#include "state.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace standin {

State state;
thread_local std::vector<Context *> contexts;

double now() {
    auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(since).count();
}

void say(const char *format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    state.message = text;
    fprintf(stderr, "stand-in: %s\n", text);
}

void trace(const char *format, ...) {
    if (!state.options.trace) return;
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
}

static long number(const std::string &text) {
    char *rest;
    long n = strtol(text.c_str(), &rest, 0);
    for (const char *unit = "KMG"; *unit; unit++)
        if (*rest == *unit) n <<= 10 * (unit - "KMG" + 1);
    return n;
}

static long order(const std::string &text) { return text == "reverse" ? -1 : text == "forward" ? 0 : number(text); }

static void set(const std::string &name, const std::string &text) {
    Options &o = state.options;
    bool on = text.empty() || text != "0";
    if (name == "check") o.check = on;
    else if (name == "lazy") o.lazy = on;
    else if (name == "guard") o.guard = on;
    else if (name == "trace") o.trace = on;
    else if (name == "order") o.order = order(text);
    else if (name == "memory") o.memory = number(text);
    else if (name == "devices") o.devices = (int)number(text);
    else if (name == "multiprocessors") o.multiprocessors = (int)number(text);
    else if (name == "driver") o.driver = (int)number(text);
    else say("there is no option %s", name.c_str());
}

void read_options(const std::string &text) {
    for (size_t at = 0; at < text.size();) {
        size_t end = std::min(text.find(',', at), text.size()), equals = text.find('=', at);
        if (equals >= end) set(text.substr(at, end - at), "");
        else set(text.substr(at, equals - at), text.substr(equals + 1, end - equals - 1));
        at = end + 1;
    }
}

} // namespace standin

using namespace standin;

API cuInit(unsigned) {
    ENTER;
    if (state.forked) return CUDA_ERROR_NOT_INITIALIZED;
    if (!state.started) {
        if (const char *text = getenv("WEFT_STANDIN")) read_options(text);
        state.used.assign(std::max(state.options.devices, 1), 0);
        pthread_atfork(nullptr, nullptr, [] { state.forked = state.started; });
    }
    if (!state.options.devices) return CUDA_ERROR_NO_DEVICE;
    state.started = true;
    return CUDA_SUCCESS;
}

API cuDriverGetVersion(int *version) {
    ENTER;
    if (!state.started)
        if (const char *text = getenv("WEFT_STANDIN")) read_options(text);
    *version = state.options.driver;
    return CUDA_SUCCESS;
}

// Other options from here on. Modules that were compiled before keep the checks that they have.
EXPORT void standin_set(const char *text) {
    ENTER;
    run_all();
    read_options(text);
}

EXPORT int standin_checks() {
    ENTER;
    if (!state.started)
        if (const char *text = getenv("WEFT_STANDIN")) read_options(text);
    return state.options.check;
}

struct Meaning {
    CUresult code;
    const char *name, *text;
};

#define MEANING(name, text) {CUDA_##name, "CUDA_" #name, text}
static const Meaning meanings[] = {
    MEANING(SUCCESS, "no error"),
    MEANING(ERROR_INVALID_VALUE, "invalid argument"),
    MEANING(ERROR_OUT_OF_MEMORY, "out of memory"),
    MEANING(ERROR_NOT_INITIALIZED, "initialization error"),
    MEANING(ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    MEANING(ERROR_INVALID_DEVICE, "invalid device ordinal"),
    MEANING(ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    MEANING(ERROR_INVALID_CONTEXT, "invalid device context"),
    MEANING(ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    MEANING(ERROR_FILE_NOT_FOUND, "file not found"),
    MEANING(ERROR_INVALID_HANDLE, "invalid resource handle"),
    MEANING(ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state"),
    MEANING(ERROR_NOT_FOUND, "named symbol not found"),
    MEANING(ERROR_NOT_READY, "device not ready"),
    MEANING(ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    MEANING(ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    MEANING(ERROR_ASSERT, "device-side assert triggered"),
    MEANING(ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    MEANING(ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    MEANING(ERROR_NOT_SUPPORTED, "operation not supported"),
    MEANING(ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"),
    MEANING(ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"),
    MEANING(ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
    MEANING(ERROR_STREAM_CAPTURE_IMPLICIT,
            "operation would make the legacy stream depend on a capturing blocking stream"),
};

static const Meaning *meaning(CUresult code) {
    for (const Meaning &m : meanings)
        if (m.code == code) return &m;
    return nullptr;
}

API cuGetErrorString(CUresult code, const char **to) {
    ENTER;
    static thread_local std::string text;
    const Meaning *m = meaning(code);
    text = m ? m->text : "error " + std::to_string((int)code);
    if (code && !state.message.empty()) text += " [stand-in: " + state.message + "]";
    *to = text.c_str();
    return CUDA_SUCCESS;
}

API cuGetErrorName(CUresult code, const char **to) {
    const Meaning *m = meaning(code);
    *to = m ? m->name : "CUDA_ERROR_UNKNOWN";
    return CUDA_SUCCESS;
}
