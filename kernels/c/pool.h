// Pooling over windows of one type, and what its gradients are made of.
//
// An element of any result is made of elements of an operand at the same channel: for pooling those in its window, for
// cotangents those whose windows it is in. Channels are taken a vector at a time, those that are left in shorter
// vectors, of one element in the end: pool_lanes.h.

#define WF_BYTES WF_WIDTH
#define WF_LANED(x) WF_NAME(x##_wide)
#include "pool_lanes.h"
#undef WF_BYTES
#undef WF_LANED
#define WF_BYTES (4 * sizeof(REAL))
#define WF_LANED(x) WF_NAME(x##_four)
#include "pool_lanes.h"
#undef WF_BYTES
#undef WF_LANED
#define WF_BYTES (2 * sizeof(REAL))
#define WF_LANED(x) WF_NAME(x##_two)
#include "pool_lanes.h"
#undef WF_BYTES
#undef WF_LANED
#define WF_BYTES sizeof(REAL)
#define WF_LANED(x) WF_NAME(x##_one)
#include "pool_lanes.h"
#undef WF_BYTES
#undef WF_LANED

struct WF_NAME(pool_job) { const struct wf_pool *p; enum wf_pool_kind kind; };

static void WF_NAME(pool_rows)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(pool_job) *job = given;
    const struct wf_pool *p = job->p;
    const i64 *n = wf_goes_back(job->kind) ? p->at.length : p->at.count;
    i64 wide = p->channels / LANES, left = p->channels % LANES; // in vectors, and in shorter ones
    struct wf_seen *seen = wf_room(WF_FRAME, wf_taps(&p->at) * sizeof *seen);
    struct wf_span *along = wf_room(WF_PANELS, n[2] * sizeof *along);
    for (i64 i = 0; i < n[2]; i++) along[i] = wf_span(&p->at, 2, i, job->kind);
    for (i64 t = begin; t < end; t++) {
        i64 item = t / n[1] / n[0], place[3] = {t / n[1] % n[0], t % n[1], 0};
        struct wf_span span[3];
        for (int axis = 0; axis < 2; axis++) span[axis] = wf_span(&p->at, axis, place[axis], job->kind);
        for (i64 *i = place + 2; *i < n[2]; ++*i) {
            span[2] = along[*i];
            struct wf_pixel pixel = {p, (t * n[2] + *i) * p->channels, seen, wf_look(seen, p, job->kind, item, span)};
            if (job->kind == WF_MEAN) pixel.averaged = wf_averaged(p, place);
            i64 c = wide ? WF_NAME(pool_wide)(&pixel, job->kind, 0) : 0;
            if (left >= 4) c = WF_NAME(pool_four)(&pixel, job->kind, c);
            if (left & 2) c = WF_NAME(pool_two)(&pixel, job->kind, c);
            if (left & 1) WF_NAME(pool_one)(&pixel, job->kind, c);
        }
    }
}

void WF_NAME(wf_pool)(const void *request, enum wf_pool_kind kind) {
    const struct wf_pool *p = request;
    struct WF_NAME(pool_job) job = {p, kind};
    const i64 *n = wf_goes_back(kind) ? p->at.length : p->at.count;
    double ns = n[2] * (10.0 + p->channels * wf_taps(&p->at) / 8.0);
    if (n[2] && p->channels) wf_parallel(WF_NAME(pool_rows), &job, p->at.batch * n[0] * n[1], ns);
}
