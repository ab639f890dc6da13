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

// A pixel of a result: where it is, where the first pixel is that it sees, and the way to the others, in elements and in
// positions of the window. Those of cotangents come backwards, from the last window on.
struct wf_pixel {
    const struct wf_pool *p;
    i64 start, to, place[3], count[3], first[3];
    i64 from[3], tap[3];                     // the sums up to each axis: the last is the pixel's
    i64 stride[3], position[3], step[3], tap_step[3];
    int whole[3];                            // whether the window has no padding, up to each axis
};

static int wf_goes_back(enum wf_pool_kind kind) { return kind == WF_UNPOOL || kind == WF_MEAN_DX; }

static struct wf_span wf_span(const struct wf_windows *g, int axis, i64 place, int back) {
    i64 stride = g->stride[axis], window = g->window[axis], start = place * stride - g->before[axis];
    if (back) {                              // positions in the window from `first` to `last`, `stride` apart
        i64 reach = place + g->before[axis], end = (g->count[axis] - 1) * stride;
        i64 first = reach > end ? reach - end : reach % stride, last = reach < window - 1 ? reach : window - 1;
        return (struct wf_span){last < first ? 0 : (last - first) / stride + 1, (reach - first) / stride, first};
    }
    i64 left = g->length[axis] - start, first = start < 0 ? -start : 0;
    return (struct wf_span){wf_clamp((left < window ? left : window) - first, 0, window), start + first, first};
}

static void wf_see(struct wf_pixel *s, int axis, i64 place, struct wf_span span) {
    s->place[axis] = place;
    s->count[axis] = span.count;
    s->first[axis] = span.first;
    s->from[axis] = (axis ? s->from[axis - 1] : s->start) + span.first * s->stride[axis];
    s->tap[axis] = (axis ? s->tap[axis - 1] : 0) + span.tap * s->position[axis];
    s->whole[axis] = (axis ? s->whole[axis - 1] : 1) & (span.count == s->p->at.window[axis]);
}

// The first pixel of a row, but for its last axis.
static struct wf_pixel wf_row_of(const struct wf_pool *p, i64 item, i64 plane, i64 row, int back) {
    const i64 *n = back ? p->at.count : p->at.length, *window = p->at.window;
    struct wf_pixel s = {p, .start = item * n[0] * n[1] * n[2] * p->channels,
                         .stride = {n[1] * n[2] * p->channels, n[2] * p->channels, p->channels},
                         .position = {window[1] * window[2], window[2], 1}};
    for (int i = 0; i < 3; i++) {
        s.step[i] = back ? -s.stride[i] : s.stride[i];
        s.tap_step[i] = s.position[i] * (back ? p->at.stride[i] : 1);
    }
    wf_see(&s, 0, plane, wf_span(&p->at, 0, plane, back));
    wf_see(&s, 1, row, wf_span(&p->at, 1, row, back));
    return s;
}

// BODY for each element that a pixel sees: its place `from` in the operand, its position `tap` in the window.
#define WF_EACH_SEEN(s, BODY)                                                                                         \
    for (i64 i = 0; i < s->count[0]; i++)                                                                             \
        for (i64 j = 0; j < s->count[1]; j++) {                                                                       \
            i64 from = s->from[2] + i * s->step[0] + j * s->step[1];                                                  \
            int tap = s->tap[2] + i * s->tap_step[0] + j * s->tap_step[1];                                            \
            for (i64 k = 0; k < s->count[2]; k++, from += s->step[2], tap += s->tap_step[2]) BODY                     \
        }

// BODY for each position of the window, `from` being -1 for padding.
#define WF_EACH_POSITION(s, BODY)                                                                                     \
    if (s->whole[2]) {                                                                                                \
        WF_EACH_SEEN(s, BODY)                                                                                         \
    } else {                                                                                                          \
        const i64 *window = s->p->at.window;                                                                          \
        for (int tap = 0; tap < wf_taps(&s->p->at); tap++) {                                                          \
            i64 from = wf_from(s, tap / window[2] / window[1], tap / window[2] % window[1], tap % window[2]);         \
            BODY                                                                                                      \
        }                                                                                                             \
    }

// The place of a position of a pixel's window in the operand, -1 for padding.
static i64 wf_from(const struct wf_pixel *s, i64 a, i64 b, i64 c) {
    i64 at[3] = {a, b, c}, from = s->from[2];
    for (int i = 0; i < 3; i++) {
        i64 x = s->place[i] * s->p->at.stride[i] - s->p->at.before[i] + at[i];
        if (x < 0 || x >= s->p->at.length[i]) return -1;
        from += (x - s->first[i]) * s->stride[i];
    }
    return from;
}

// How many elements a window is the mean of.
static double wf_averaged(const struct wf_pool *p, i64 a, i64 b, i64 c) {
    i64 place[3] = {a, b, c};
    double all = 1;
    for (int i = 0; i < 3; i++) {
        i64 start = place[i] * p->at.stride[i] - p->at.before[i], low = p->padding_counts ? -p->at.before[i] : 0;
        i64 end = start + p->at.window[i] < p->end[i] ? start + p->at.window[i] : p->end[i];
        all *= (double)(end - (start > low ? start : low));
    }
    return all > 1 ? all : 1;
}
