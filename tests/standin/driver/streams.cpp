// Streams and events. Work is run as soon as it is handed in; or, with `lazy`, when something waits for it, and then no
// more than that: what a program forgot to wait for has not happened.
//
// Work is numbered in the order in which it was handed in, over all streams; the default stream waits for what blocking
// streams were given before, and they for it.
#include "state.h"

#include <algorithm>

using namespace standin;

namespace standin {

Stream *stream_of(CUstream handle) {
    bool is_default = !handle || handle == CU_STREAM_LEGACY || handle == CU_STREAM_PER_THREAD;
    return is_default ? &state.first : (Stream *)handle;
}

static void run_before(Stream *stream, const Item &item) {
    if (item.awaited) run_until(item.awaited, item.awaited_number);
    if (stream != &state.first) {
        if (stream->blocking) run_until(&state.first, item.number);
        return;
    }
    for (Stream *other : state.streams)
        if (other->blocking) run_until(other, item.number);
}

// Runs the work of a stream up to a number. After an error nothing more is run.
CUresult run_until(Stream *stream, uint64_t number) {
    while (!stream->items.empty() && stream->items.front().number <= number) {
        Item item = std::move(stream->items.front());
        stream->items.pop_front();
        run_before(stream, item);
        if (!item.work || state.lost) continue;
        if (CUresult error = item.work()) state.lost = error;
    }
    return state.lost;
}

CUresult run_all() {
    run_until(&state.first);
    for (Stream *stream : state.streams) run_until(stream);
    return state.lost;
}

CUresult run_default() {
    uint64_t number = state.numbers;
    run_until(&state.first, number);
    for (Stream *stream : state.streams)
        if (stream->blocking) run_until(stream, number);
    return state.lost;
}

// An error of work is told by a later call, as on a GPU.
CUresult submit(Stream *stream, Work work, Stream *awaited, uint64_t awaited_number) {
    if (stream->captured) {
        stream->joined = false;
        stream->captured->nodes.push_back(std::make_unique<Node>());
        stream->captured->nodes.back()->work = std::move(work);
        return CUDA_SUCCESS;
    }
    if (stream == &state.first && !state.captures.empty()) {
        say("work in the default stream while a stream is being captured");
        for (auto &graph : state.captures) graph->broken = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
    state.numbers++;
    if (state.options.lazy) stream->items.push_back({state.numbers, std::move(work), awaited, awaited_number});
    else if (work) state.lost = work();
    return CUDA_SUCCESS;
}

static bool recording(const std::shared_ptr<Graph> &graph) {
    return std::find(state.captures.begin(), state.captures.end(), graph) != state.captures.end();
}

} // namespace standin

API cuStreamCreate(CUstream *to, unsigned flags) {
    ENTER_READY;
    Stream *stream = new Stream;
    stream->blocking = !(flags & CU_STREAM_NON_BLOCKING);
    state.streams.push_back(stream);
    *to = (CUstream)stream;
    return CUDA_SUCCESS;
}

API cuStreamCreateWithPriority(CUstream *to, unsigned flags, int) { return cuStreamCreate(to, flags); }

// The stream itself is kept: events may still name it.
API cuStreamDestroy(CUstream handle) {
    ENTER;
    Stream *stream = (Stream *)handle;
    run_until(stream);
    state.streams.erase(std::remove(state.streams.begin(), state.streams.end(), stream), state.streams.end());
    return CUDA_SUCCESS;
}

API cuStreamSynchronize(CUstream handle) {
    ENTER_READY;
    Stream *stream = stream_of(handle);
    if (stream->captured || stream == &state.first)
        if (CUresult refused = outside_capture("waiting for a stream")) return refused;
    return stream == &state.first ? run_default() : run_until(stream);
}

// Answers "not yet" as often as it can, and lets the work go on by one step: a program that asks again gets there.
API cuStreamQuery(CUstream handle) {
    ENTER_READY;
    Stream *stream = stream_of(handle);
    if (stream->captured) return outside_capture("a question about a stream");
    if (stream->items.empty()) return CUDA_SUCCESS;
    run_until(stream, stream->items.front().number);
    return CUDA_ERROR_NOT_READY;
}

API cuStreamGetCtx(CUstream, CUcontext *to) {
    ENTER_READY;
    *to = (CUcontext)current();
    return CUDA_SUCCESS;
}

API cuStreamAttachMemAsync(CUstream, CUdeviceptr, size_t, unsigned) { return CUDA_SUCCESS; }

// In a capture the waiting stream becomes part of it, and the stream that recorded the event has found back.
API cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned) {
    ENTER_READY;
    Event *event = (Event *)event_handle;
    Stream *stream = stream_of(handle);
    if (event->captured) {
        if (!recording(event->captured)) return CUDA_ERROR_CAPTURED_EVENT;
        event->stream->joined = true;
        if (!stream->captured) stream->joined = false;
        stream->captured = event->captured;
        return CUDA_SUCCESS;
    }
    if (stream->captured) {
        say("a captured stream waits for an event from outside the capture");
        stream->captured->broken = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
    return event->recorded ? submit(stream, nullptr, event->stream, event->number) : CUDA_SUCCESS;
}

API cuLaunchHostFunc(CUstream stream, CUhostFn function, void *data) {
    ENTER_READY;
    return submit(stream_of(stream), [=] {
        function(data);
        return CUDA_SUCCESS;
    });
}

API cuEventCreate(CUevent *to, unsigned) {
    ENTER_READY;
    *to = (CUevent) new Event;
    return CUDA_SUCCESS;
}

API cuEventDestroy(CUevent handle) {
    ENTER;
    Event *event = (Event *)handle;
    if (!event->done) run_until(event->stream, event->number);
    delete event;
    return CUDA_SUCCESS;
}

API cuEventRecord(CUevent handle, CUstream stream_handle) {
    ENTER_READY;
    Event *event = (Event *)handle;
    Stream *stream = event->stream = stream_of(stream_handle);
    event->captured = stream->captured;
    if (event->captured) return CUDA_SUCCESS;
    event->recorded = true;
    event->done = false;
    CUresult error = submit(stream, [=] {
        event->time = now();
        event->done = true;
        return CUDA_SUCCESS;
    });
    event->number = state.numbers;
    return error;
}

API cuEventQuery(CUevent handle) {
    ENTER_READY;
    Event *event = (Event *)handle;
    if (event->captured) return outside_capture("a question about an event");
    if (event->done) return CUDA_SUCCESS;
    if (!event->stream->items.empty()) run_until(event->stream, event->stream->items.front().number);
    return CUDA_ERROR_NOT_READY;
}

API cuEventSynchronize(CUevent handle) {
    ENTER_READY;
    Event *event = (Event *)handle;
    if (event->captured) return outside_capture("waiting for an event");
    return event->done ? state.lost : run_until(event->stream, event->number);
}

API cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
    ENTER_READY;
    Event *a = (Event *)from, *b = (Event *)to;
    if (!a->recorded || !b->recorded) return CUDA_ERROR_INVALID_HANDLE;
    if (!a->done || !b->done) return CUDA_ERROR_NOT_READY;
    *milliseconds = float(b->time - a->time);
    return CUDA_SUCCESS;
}

// Other stand-in libraries put their work into a stream by this.
EXPORT int standin_submit(CUstream stream, int (*work)(void *), void *data, void (*drop)(void *)) {
    std::shared_ptr<void> kept(data, drop);
    ENTER_READY;
    return submit(stream_of(stream), [=] { return (CUresult)work(kept.get()); });
}

// Whether memory that a library reads or writes is the device's; what it writes is defined from then on.
EXPORT int standin_operand(const void *at, size_t size, int write) {
    ENTER;
    if (!holds((address)at, size, "operand of a library")) return 0;
    if (write) defined((address)at, size);
    return 1;
}
