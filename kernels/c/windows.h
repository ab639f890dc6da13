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

// A piece of work: some rows of a plane of the output of an item of the batch.
struct wf_rows { i64 item, plane, first, count; };

// How many rows are done at once: what they see stays in the cache.
static i64 wf_rows_at_once(const struct wf_windows *g, i64 pixel) {
    i64 line = wf_reach(g, 2, g->count[2]) * pixel * (g->window[0] > 1 ? g->window[0] : 1) * g->stride[1];
    return wf_clamp(WF_CHUNK / (line > 1 ? line : 1), 1, g->count[1] > 1 ? g->count[1] : 1);
}

static struct wf_rows wf_rows(const struct wf_windows *g, i64 rows, i64 t) {
    i64 chunks = (g->count[1] + rows - 1) / rows, first = t % chunks * rows;
    return (struct wf_rows){t / chunks / g->count[0], t / chunks % g->count[0], first,
                            g->count[1] - first < rows ? g->count[1] - first : rows};
}

// -- pooling

// A pixel of a result: where it is, and of which pixels of the operand it is made. For each axis: how many, the first,
// and its position in the window, whose steps are `tap_step`. Those of cotangents come backwards: from the last window.
struct wf_pixel {
    const struct wf_pool *p;
    const i64 *from;                         // the lengths of the operand
    int back;
    i64 item, to, place[3], count[3], first[3], tap[3], tap_step[3];
};

static int wf_goes_back(enum wf_pool_kind kind) { return kind == WF_UNPOOL || kind == WF_MEAN_DX; }

static void wf_see(struct wf_pixel *s, int axis, i64 place) {
    const struct wf_windows *g = &s->p->at;
    i64 stride = g->stride[axis], window = g->window[axis], before = g->before[axis], first, last;
    if (s->back) {                           // positions in the window from `first` to `last`, `stride` apart
        i64 reach = place + before, end = (g->count[axis] - 1) * stride;
        first = reach > end ? reach - end : reach % stride;
        last = reach < window - 1 ? reach : window - 1;
        s->first[axis] = (reach - first) / stride;
        s->count[axis] = last < first ? 0 : (last - first) / stride + 1;
        s->tap_step[axis] = stride;
    } else {
        i64 start = place * stride - before, left = s->from[axis] - start;
        first = start < 0 ? -start : 0;
        s->first[axis] = start + first;
        s->count[axis] = wf_clamp((left < window ? left : window) - first, 0, window);
        s->tap_step[axis] = 1;
    }
    s->place[axis] = place;
    s->tap[axis] = first;
}

#define WF_EACH_SEEN(s, BODY)                                                                                         \
    for (i64 i = 0, step = s->back ? -1 : 1; i < s->count[0]; i++)                                                    \
        for (i64 j = 0; j < s->count[1]; j++)                                                                         \
            for (i64 k = 0; k < s->count[2]; k++) {                                                                   \
                const i64 at[3] = {s->first[0] + i * step, s->first[1] + j * step, s->first[2] + k * step};           \
                const i64 *n = s->from, *w = s->p->at.window;                                                         \
                i64 from = (((s->item * n[0] + at[0]) * n[1] + at[1]) * n[2] + at[2]) * s->p->channels;               \
                int tap = ((s->tap[0] + i * s->tap_step[0]) * w[1] + s->tap[1] + j * s->tap_step[1]) * w[2] +         \
                          s->tap[2] + k * s->tap_step[2];                                                             \
                BODY                                                                                                  \
            }

// The place of a position of a pixel's window in the operand, -1 for padding.
static i64 wf_from(const struct wf_pixel *s, i64 a, i64 b, i64 c) {
    i64 at[3] = {a, b, c}, from = s->item;
    for (int i = 0; i < 3; i++) {
        i64 x = s->place[i] * s->p->at.stride[i] - s->p->at.before[i] + at[i];
        if (x < 0 || x >= s->from[i]) return -1;
        from = from * s->from[i] + x;
    }
    return from * s->p->channels;
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
