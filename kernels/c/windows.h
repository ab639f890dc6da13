// Windows over images, whatever the type: lengths, and how the work is cut.

enum { WF_CHUNK = 1 << 18, WF_PARTIAL = 1 << 22, WF_SHARE = 1 << 12 };

#if defined(__AVX512F__) || defined(__aarch64__)
#define WF_TALL 14                           // rows of two vectors that the registers hold
#else
#define WF_TALL 6
#endif

static i64 wf_clamp(i64 x, i64 low, i64 high) { return x > high ? high : x < low ? low : x; }

static i64 wf_taps(const struct wf_windows *g) { return g->window[0] * g->window[1] * g->window[2]; }

// How many elements of an axis so many windows see, from the first to the last.
static i64 wf_reach(const struct wf_windows *g, int axis, i64 count) {
    return (count - 1) * g->stride[axis] + (g->window[axis] - 1) * g->dilation[axis] + 1;
}

// Whether no window looks beyond the image.
static int wf_is_inside(const struct wf_windows *g) {
    for (int i = 0; i < 3; i++)
        if (g->before[i] > 0 || wf_reach(g, i, g->count[i]) - g->before[i] > g->length[i]) return 0;
    return 1;
}

// Frames are read in place if that can be, or copied.
enum wf_frame_kind { WF_IN_PLACE, WF_COPIED, WF_APART };

// A piece of work: some rows of a plane of the output of an item of the batch.
struct wf_rows { i64 item, plane, first, count; };

// How many rows are done at once: what they see stays in the cache.
static i64 wf_rows_at_once(const struct wf_windows *g, i64 pixel) {
    i64 line = wf_reach(g, 2, g->count[2]) * pixel * (g->window[0] > 1 ? g->window[0] : 1) * g->stride[1];
    return wf_clamp(WF_CHUNK / (line > 1 ? line : 1), 1, g->count[1] > 1 ? g->count[1] : 1);
}

static i64 wf_chunks(const struct wf_windows *g, i64 rows) { return (g->count[1] + rows - 1) / rows; }

static struct wf_rows wf_rows(const struct wf_windows *g, i64 rows, i64 t) {
    i64 chunks = wf_chunks(g, rows), first = t % chunks * rows;
    return (struct wf_rows){t / chunks / g->count[0], t / chunks % g->count[0], first,
                            g->count[1] - first < rows ? g->count[1] - first : rows};
}

// -- pooling

// What is seen of an axis from a place of the result: how many elements of the operand, the first, and its position in
// the window.
struct wf_span { i64 count, first, tap; };

// An element of the operand that a pixel of the result is made of: its place, -1 for padding; its position in the
// window; and of how many its window is the mean.
struct wf_seen { i64 from; int tap; double averaged; };

struct wf_pixel {
    const struct wf_pool *p;
    i64 to;                                  // its place in the result
    const struct wf_seen *seen, *end;
    double averaged;
};

static int wf_goes_back(enum wf_pool_kind kind) { return kind == WF_UNPOOL || kind == WF_MEAN_DX; }

static struct wf_span wf_span(const struct wf_windows *g, int axis, i64 place, enum wf_pool_kind kind) {
    i64 stride = g->stride[axis], window = g->window[axis], start = place * stride - g->before[axis];
    if (kind == WF_WINNERS) return (struct wf_span){window, start, 0};
    if (wf_goes_back(kind)) {                // positions in the window from `first` to `last`, `stride` apart
        i64 reach = place + g->before[axis], end = (g->count[axis] - 1) * stride;
        i64 first = reach > end ? reach - end : reach % stride, last = reach < window - 1 ? reach : window - 1;
        return (struct wf_span){last < first ? 0 : (last - first) / stride + 1, (reach - first) / stride, first};
    }
    i64 left = g->length[axis] - start, first = start < 0 ? -start : 0;
    return (struct wf_span){wf_clamp((left < window ? left : window) - first, 0, window), start + first, first};
}

// How many elements a window is the mean of.
static double wf_averaged(const struct wf_pool *p, const i64 *place) {
    double all = 1;
    for (int i = 0; i < 3; i++) {
        i64 start = place[i] * p->at.stride[i] - p->at.before[i], low = p->padding_counts ? -p->at.before[i] : 0;
        i64 end = start + p->at.window[i] < p->end[i] ? start + p->at.window[i] : p->end[i];
        all *= (double)(end - (start > low ? start : low));
    }
    return all > 1 ? all : 1;
}

// What is seen of an item, and where it ends. Windows that see the same element come backwards, from the last one on.
static const struct wf_seen *wf_look(struct wf_seen *to, const struct wf_pool *p, enum wf_pool_kind kind, i64 item,
                                     const struct wf_span *span) {
    int back = wf_goes_back(kind);
    const i64 *n = back ? p->at.count : p->at.length, *window = p->at.window, one[3] = {1, 1, 1};
    const i64 *step = back ? p->at.stride : one, way = back ? -1 : 1;
    for (i64 i = 0; i < span[0].count; i++)
        for (i64 j = 0; j < span[1].count; j++) {
            i64 at[3] = {span[0].first + way * i, span[1].first + way * j, span[2].first};
            i64 from = (((item * n[0] + at[0]) * n[1] + at[1]) * n[2] + at[2]) * p->channels;
            i64 tap = ((span[0].tap + i * step[0]) * window[1] + span[1].tap + j * step[1]) * window[2] + span[2].tap;
            int inside = at[0] >= 0 && at[0] < n[0] && at[1] >= 0 && at[1] < n[1];
            for (i64 k = 0; k < span[2].count; k++, to++, at[2] += way, from += way * p->channels, tap += step[2]) {
                to->from = inside && at[2] >= 0 && at[2] < n[2] ? from : -1;
                to->tap = tap;
                if (kind == WF_MEAN_DX) to->averaged = wf_averaged(p, at);
            }
        }
    return to;
}
