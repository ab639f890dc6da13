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
    int back = wf_goes_back(job->kind);
    const i64 *n = back ? job->p->at.length : job->p->at.count;
    struct wf_span *along = wf_room(WF_PANELS, n[2] * sizeof(struct wf_span));
    for (i64 i = 0; i < n[2]; i++) along[i] = wf_span(&job->p->at, 2, i, back);
    for (i64 t = begin; t < end; t++) {
        struct wf_pixel pixel = wf_row_of(job->p, t / n[1] / n[0], t / n[1] % n[0], t % n[1], back);
        for (i64 i = 0; i < n[2]; i++) {
            wf_see(&pixel, 2, i, along[i]);
            pixel.to = (t * n[2] + i) * job->p->channels;
            i64 c = WF_NAME(pool_wide)(&pixel, job->kind, 0);
            c = WF_NAME(pool_four)(&pixel, job->kind, c);
            c = WF_NAME(pool_two)(&pixel, job->kind, c);
            WF_NAME(pool_one)(&pixel, job->kind, c);
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
