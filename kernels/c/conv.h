// Convolutions of one type, and the cotangents of their weights. Included once for each REAL, after gemm.h.
//
// An image is taken some rows of the output at a time. What their windows see is copied with its padding to where it
// lies close together, a frame, unless it can be read in place. A register tile, a patch, of up to TALL rows and two
// vectors of columns then adds up products over all positions of the window: for a convolution its rows are neighbouring
// pixels of the output and its columns output channels; for the weights its rows are input channels, and it adds up
// over the pixels.

#define VECTOR WF_NAME(vector)
#define LANES ((i64)(WF_WIDTH / sizeof(REAL)))
#define COLUMNS (2 * LANES)
#define LOAD(p) (*(const WF_NAME(loose) *)(p))
#define STORE(p, v) (*(WF_NAME(loose) *)(p) = (v))

// -- patches

// The places of products in the first operand, as four loops: counts, and how far a step of each goes. The second
// operand is read straight ahead.
struct WF_NAME(walk) { i64 count[4], step[4], row; };

#define PATCH(ROWS, VECTORS)                                                                                          \
    static __attribute__((noinline)) void WF_NAME(patch_##ROWS##_##VECTORS)(                                          \
        const struct WF_NAME(walk) *walk, const REAL *restrict a, const REAL *restrict b, REAL *restrict c, i64 c_row,\
        i64 n, int more) {                                                                                            \
        VECTOR sum[ROWS][VECTORS];                                                                                    \
        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++)                                                       \
            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[r][v] = (VECTOR){0};                        \
        i64 row = walk->row, step = walk->step[3];                                                                    \
        for (i64 i = 0; i < walk->count[0]; i++)                                                                      \
            for (i64 j = 0; j < walk->count[1]; j++)                                                                  \
                for (i64 k = 0; k < walk->count[2]; k++) {                                                            \
                    const REAL *at = a + i * walk->step[0] + j * walk->step[1] + k * walk->step[2];                   \
                    for (i64 left = walk->count[3]; left > 0; left--, at += step, b += VECTORS * LANES) {             \
                        VECTOR column[VECTORS];                                                                       \
                        _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) column[v] = LOAD(b + v * LANES);    \
                        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++) {                                     \
                            REAL x = at[r * row];                                                                     \
                            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[r][v] += x * column[v];     \
                        }                                                                                             \
                    }                                                                                                 \
                }                                                                                                     \
        if (n == VECTORS * LANES) {                                                                                   \
            _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; r++, c += c_row)                                       \
                _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) {                                           \
                    if (more) sum[r][v] += LOAD(c + v * LANES);                                                       \
                    STORE(c + v * LANES, sum[r][v]);                                                                  \
                }                                                                                                     \
            return;                                                                                                   \
        }                                                                                                             \
        REAL whole[ROWS][VECTORS * WF_WIDTH / sizeof(REAL)];                                                          \
        __builtin_memcpy(whole, sum, sizeof whole);                                                                   \
        for (i64 r = 0; r < ROWS; r++, c += c_row)                                                                    \
            for (i64 j = 0; j < n; j++) c[j] = (more ? c[j] : 0) + whole[r][j];                                       \
    }

#if WF_TALL == 14                            // heights up to what the registers hold
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#else
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif
#define BOTH(ROWS) PATCH(ROWS, 1) PATCH(ROWS, 2)
#define NAMES(ROWS) {WF_NAME(patch_##ROWS##_1), WF_NAME(patch_##ROWS##_2)},

EACH_HEIGHT(BOTH)

typedef void (*WF_NAME(patch))(const struct WF_NAME(walk) *, const REAL *restrict, const REAL *restrict,
                               REAL *restrict, i64, i64, int);

static const WF_NAME(patch) WF_NAME(patches)[WF_TALL + 1][2] = {{0, 0}, EACH_HEIGHT(NAMES)};

// `rows` rows of n columns, cut into patches of about the same height.
static void WF_NAME(strip)(const struct WF_NAME(walk) *walk, i64 rows, const REAL *a, const REAL *b, REAL *c, i64 c_row,
                           i64 n, int more) {
    i64 parts = (rows + WF_TALL - 1) / WF_TALL;
    for (i64 t = 0; t < parts; t++) {
        i64 begin = rows * t / parts, end = rows * (t + 1) / parts;
        WF_NAME(patches)[end - begin][n > LANES](walk, a + begin * walk->row, b, c + begin * c_row, c_row, n, more);
    }
}

// -- frames

// What some windows see: a pointer to the first element of the first one, and strides between planes of the window,
// lines and pixels.
struct WF_NAME(frame) { const REAL *start; i64 plane, line, pixel; };

// Where the elements of images lie: so many channels for a pixel, each `repeat` times; strides of pixels and channels.
struct WF_NAME(image) { const REAL *start; i64 channels, repeat, pixel, channel; };

static void WF_NAME(copy_pixels)(REAL *restrict to, i64 to_pixel, const REAL *restrict from,
                                 const struct WF_NAME(image) *x, i64 count) {
    if (x->channel == 1 && x->repeat == 1 && x->pixel == to_pixel && x->channels == to_pixel) {
        __builtin_memcpy(to, from, count * to_pixel * sizeof(REAL));
        return;
    }
    for (; count > 0; count--, to += to_pixel, from += x->pixel) {
        i64 c = 0;
        for (i64 k = 0; k < x->channels; k++)
            for (i64 r = 0; r < x->repeat; r++) to[c++] = from[k * x->channel];
        for (; c < to_pixel; c++) to[c] = 0;
    }
}

// The frame of `rows` rows of the output; its pixels have `room` elements, what is not there is zero.
static struct WF_NAME(frame) WF_NAME(frame)(const struct wf_windows *g, const struct WF_NAME(image) *x, struct wf_rows at,
                                            i64 room) {
    const i64 *n = g->length;
    const REAL *from = x->start + at.item * n[0] * n[1] * n[2] * x->pixel;
    i64 top = at.plane * g->stride[0] - g->before[0], first = at.first * g->stride[1] - g->before[1];
    if (!g->window[0] || !g->window[1] || !g->window[2]) return (struct WF_NAME(frame)){from, 0, 0, 0};
    if (wf_is_inside(g) && x->pixel == room && x->channel == 1 && x->repeat == 1)
        return (struct WF_NAME(frame)){from + ((top * n[1] + first) * n[2] - g->before[2]) * room,
                                       g->dilation[0] * n[1] * n[2] * room, n[2] * room, room};
    i64 height = wf_reach(g, 1, at.count), width = wf_reach(g, 2, g->count[2]);
    i64 left = wf_clamp(g->before[2], 0, width), right = wf_clamp(n[2] + g->before[2], left, width);
    REAL *made = wf_room(WF_FRAME, g->window[0] * height * width * room * sizeof(REAL)), *to = made;
    for (i64 k = 0; k < g->window[0]; k++)
        for (i64 i = 0; i < height; i++, to += width * room) {
            i64 z = top + k * g->dilation[0], h = first + i;
            if (z < 0 || z >= n[0] || h < 0 || h >= n[1]) {
                __builtin_memset(to, 0, width * room * sizeof(REAL));
                continue;
            }
            const REAL *line = from + ((z * n[1] + h) * n[2] + left - g->before[2]) * x->pixel;
            __builtin_memset(to, 0, left * room * sizeof(REAL));
            WF_NAME(copy_pixels)(to + left * room, room, line, x, right - left);
            __builtin_memset(to + right * room, 0, (width - right) * room * sizeof(REAL));
        }
    return (struct WF_NAME(frame)){made, height * width * room, width * room, room};
}

// -- convolutions

struct WF_NAME(conv_job) {
    const struct wf_conv *g;
    REAL *packed;                            // weights: panels of columns, for each group
    i64 panels, depth, rows, chunks;         // of a group; products for each element; rows of a chunk; chunks of a plane
};

static i64 WF_NAME(width)(i64 left) { return left > LANES ? COLUMNS : LANES; }

static void WF_NAME(pack_weights)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(conv_job) *job = given;
    const struct wf_conv *g = job->g;
    const i64 *window = g->at.window, *step = g->w_axis;
    for (i64 t = begin; t < end; t++) {
        i64 group = t / job->panels, j = t % job->panels * COLUMNS;
        i64 left = g->out - j, columns = WF_NAME(width)(left);
        const REAL *w = (const REAL *)g->w + group * g->w_group + j * g->w_out;
        REAL *to = job->packed + t * job->depth * COLUMNS;
        for (i64 a = 0; a < window[0]; a++)
            for (i64 b = 0; b < window[1]; b++)
                for (i64 c = 0; c < window[2]; c++, to += g->in * columns)
                    WF_NAME(pack_b)(to, w + a * step[0] + b * step[1] + c * step[2], g->w_in, g->w_out, g->in,
                                    left < columns ? left : columns, columns);
    }
}

static void WF_NAME(convolve)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(conv_job) *job = given;
    const struct wf_conv *g = job->g;
    const struct wf_windows *at = &g->at;
    const struct WF_NAME(image) x = {g->x, g->groups * g->in, 1, g->x_pixel, g->x_channel};
    for (i64 t = begin; t < end; t++) {
        struct wf_rows rows = wf_rows(at, job->rows, t);
        struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, x.channels);
        struct WF_NAME(walk) walk = {{at->window[0], at->window[1], at->window[2], g->in},
                                     {f.plane, at->dilation[1] * f.line, at->dilation[2] * f.pixel, 1},
                                     at->stride[2] * f.pixel};
        if (at->dilation[2] == 1 && g->groups == 1) walk.count[3] *= at->window[2], walk.count[2] = 1;
        REAL *y = (REAL *)g->y + rows.item * g->y_batch + rows.plane * g->y_axis[0] + rows.first * g->y_axis[1];
        for (i64 p = 0; p < g->groups * job->panels; p++) {
            i64 group = p / job->panels, j = p % job->panels * COLUMNS;
            i64 columns = g->out - j < COLUMNS ? g->out - j : COLUMNS;
            for (i64 i = 0; i < rows.count; i++)
                WF_NAME(strip)(&walk, at->count[2], f.start + i * at->stride[1] * f.line + group * g->in,
                               job->packed + p * job->depth * COLUMNS, y + i * g->y_axis[1] + group * g->out + j,
                               g->y_axis[2], columns, g->more);
        }
    }
}

// -- the cotangent of weights

struct WF_NAME(weights_job) {
    const struct wf_conv_dw *g;
    REAL *sums;                              // `partials` times the weights, added up in the end
    i64 panels, size, rows, chunks, units, partials, parts;
};

// Some units of work for some columns of the weights, into the place of a partial sum.
static void WF_NAME(correlate)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(weights_job) *job = given;
    const struct wf_conv_dw *g = job->g;
    const struct wf_windows *at = &g->at;
    const struct WF_NAME(image) x = {g->x, g->groups * g->in, 1, g->groups * g->in, 1};
    i64 width = at->count[2], breadth = g->groups * g->out, panels = g->groups * job->panels;
    int merged = at->dilation[2] == 1 && g->groups == 1;
    for (i64 t = begin; t < end; t++) {
        i64 partial = t / job->parts, part = t % job->parts;
        i64 from = panels * part / job->parts, to = panels * (part + 1) / job->parts;
        REAL *sums = job->sums + partial * job->size;
        int more = 0;
        for (i64 u = job->units * partial / job->partials; u < job->units * (partial + 1) / job->partials; u++) {
            struct wf_rows rows = wf_rows(at, job->rows, u);
            struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, x.channels);
            i64 pixels = rows.count * width, few = width < 64 ? (64 + width - 1) / width : 1;
            const REAL *dy = (const REAL *)g->dy + ((rows.item * at->count[0] + rows.plane) * at->count[1] + rows.first) * width * breadth;
            REAL *packed = wf_room(WF_PANELS, (to - from) * pixels * COLUMNS * sizeof(REAL));
            for (i64 p = from; p < to; p++) {
                i64 j = p % job->panels * COLUMNS, left = g->out - j, columns = WF_NAME(width)(left);
                WF_NAME(pack_b)(packed + (p - from) * pixels * COLUMNS, dy + p / job->panels * g->out + j, breadth, 1,
                                pixels, left < columns ? left : columns, columns);
            }
            for (i64 i = 0; i < rows.count; i += few, more = 1) {
                i64 lines = rows.count - i < few ? rows.count - i : few;
                struct WF_NAME(walk) walk = {{1, 1, lines, width},
                                             {0, 0, at->stride[1] * f.line, at->stride[2] * f.pixel}, 1};
                for (i64 k = 0; k < wf_taps(at); k += merged ? at->window[2] : 1) {
                    i64 c = k % at->window[2], b = k / at->window[2] % at->window[1], a = k / at->window[2] / at->window[1];
                    const REAL *seen = f.start + a * f.plane + (b * at->dilation[1] + i * at->stride[1]) * f.line +
                                       c * at->dilation[2] * f.pixel;
                    for (i64 p = from; p < to; p++) {
                        i64 group = p / job->panels, j = p % job->panels * COLUMNS, left = g->out - j;
                        WF_NAME(strip)(&walk, merged ? at->window[2] * g->in : g->in, seen + group * g->in,
                                       packed + (p - from) * pixels * COLUMNS + i * width * WF_NAME(width)(left),
                                       sums + k * g->in * breadth + group * g->out + j, breadth,
                                       left < COLUMNS ? left : COLUMNS, more);
                    }
                }
            }
        }
    }
}

struct WF_NAME(sum_job) { const REAL *parts; REAL *y; i64 size, count; };

static void WF_NAME(sum_parts)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(sum_job) *job = given;
    for (i64 t = begin; t < end; t++)
        for (i64 i = t * WF_SHARE; i < (t + 1) * WF_SHARE && i < job->size; i++) {
            REAL sum = job->parts[i];
            for (i64 p = 1; p < job->count; p++) sum += job->parts[p * job->size + i];
            job->y[i] = sum;
        }
}

// -- a group for each channel

// Sums of products for ROWS places of the first operand and a vector of channels.
#define DEEP(ROWS)                                                                                                    \
    static __attribute__((noinline)) void WF_NAME(deep_##ROWS)(const struct WF_NAME(walk) *walk, const REAL *a,       \
                                                               const REAL *b, i64 b_step, VECTOR *result) {           \
        VECTOR sum[ROWS] = {};                                                                                        \
        i64 row = walk->row, step = walk->step[3];                                                                    \
        for (i64 i = 0; i < walk->count[1]; i++)                                                                      \
            for (i64 j = 0; j < walk->count[2]; j++) {                                                                \
                const REAL *at = a + i * walk->step[1] + j * walk->step[2];                                           \
                for (i64 left = walk->count[3]; left > 0; left--, at += step, b += b_step) {                          \
                    VECTOR y = LOAD(b);                                                                               \
                    _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) sum[r] += y * LOAD(at + r * row);          \
                }                                                                                                     \
            }                                                                                                         \
        _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) result[r] = sum[r];                                    \
    }

#define EACH_DEPTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define DEEP_NAME(ROWS) WF_NAME(deep_##ROWS),

EACH_DEPTH(DEEP)

static void (*const WF_NAME(deep)[])(const struct WF_NAME(walk) *, const REAL *, const REAL *, i64, VECTOR *) = {
    0, EACH_DEPTH(DEEP_NAME)};

static void WF_NAME(put)(REAL *to, VECTOR v, i64 count, int more) {
    if (count >= LANES) {
        if (more) v += LOAD(to);
        STORE(to, v);
        return;
    }
    for (i64 i = 0; i < count; i++) to[i] = (more ? to[i] : 0) + v[i];
}

// The same for any number of places, and all channels.
static void WF_NAME(deep_strip)(const struct WF_NAME(walk) *walk, i64 rows, const REAL *a, const REAL *b, i64 b_step,
                                REAL *c, i64 c_row, i64 channels, int more) {
    i64 parts = (rows + 7) / 8;
    for (i64 i = 0; i < channels; i += LANES)
        for (i64 t = 0; t < parts; t++) {
            i64 begin = rows * t / parts, end = rows * (t + 1) / parts;
            VECTOR sum[8];
            WF_NAME(deep)[end - begin](walk, a + begin * walk->row + i, b + i, b_step, sum);
            for (i64 r = begin; r < end; r++) WF_NAME(put)(c + r * c_row + i, sum[r - begin], channels - i, more);
        }
}

static i64 WF_NAME(padded)(i64 channels) { return (channels + LANES - 1) / LANES * LANES; }

static void WF_NAME(pack_deep)(const struct wf_conv *g, REAL *to, i64 room) {
    const i64 *window = g->at.window, *step = g->w_axis;
    for (i64 a = 0; a < window[0]; a++)
        for (i64 b = 0; b < window[1]; b++)
            for (i64 c = 0; c < window[2]; c++, to += room) {
                const REAL *w = (const REAL *)g->w + a * step[0] + b * step[1] + c * step[2];
                for (i64 i = 0; i < room; i++)
                    to[i] = i < g->groups * g->out ? w[i / g->out * g->w_group + i % g->out * g->w_out] : 0;
            }
}

static void WF_NAME(convolve_deep)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(conv_job) *job = given;
    const struct wf_conv *g = job->g;
    const struct wf_windows *at = &g->at;
    const struct WF_NAME(image) x = {g->x, g->groups, g->out, g->x_pixel, g->x_channel};
    i64 channels = g->groups * g->out, room = WF_NAME(padded)(channels);
    for (i64 t = begin; t < end; t++) {
        struct wf_rows rows = wf_rows(at, job->rows, t);
        struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, room);
        struct WF_NAME(walk) walk = {{1, at->window[0], at->window[1], at->window[2]},
                                     {0, f.plane, at->dilation[1] * f.line, at->dilation[2] * f.pixel},
                                     at->stride[2] * f.pixel};
        REAL *y = (REAL *)g->y + rows.item * g->y_batch + rows.plane * g->y_axis[0] + rows.first * g->y_axis[1];
        for (i64 i = 0; i < rows.count; i++)
            WF_NAME(deep_strip)(&walk, at->count[2], f.start + i * at->stride[1] * f.line, job->packed, room,
                                y + i * g->y_axis[1], g->y_axis[2], channels, g->more);
    }
}

static void WF_NAME(correlate_deep)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(weights_job) *job = given;
    const struct wf_conv_dw *g = job->g;
    const struct wf_windows *at = &g->at;
    i64 channels = g->groups * g->out, room = WF_NAME(padded)(channels), width = at->count[2];
    const struct WF_NAME(image) x = {g->x, g->groups, g->out, g->groups, 1}, dy = {g->dy, channels, 1, channels, 1};
    for (i64 t = begin; t < end; t++) {
        REAL *sums = job->sums + t * job->size;
        int more = 0;
        for (i64 u = job->units * t / job->partials; u < job->units * (t + 1) / job->partials; u++, more = 1) {
            struct wf_rows rows = wf_rows(at, job->rows, u);
            struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, room);
            i64 first = (rows.item * at->count[0] + rows.plane) * at->count[1] + rows.first;
            const REAL *ahead = dy.start + first * width * channels;
            if (room != channels) {
                REAL *copied = wf_room(WF_PANELS, rows.count * width * room * sizeof(REAL));
                WF_NAME(copy_pixels)(copied, room, ahead, &dy, rows.count * width);
                ahead = copied;
            }
            struct WF_NAME(walk) walk = {{1, 1, rows.count, width},
                                         {0, 0, at->stride[1] * f.line, at->stride[2] * f.pixel},
                                         at->dilation[2] * f.pixel};
            for (i64 k = 0; k < at->window[0] * at->window[1]; k++)
                WF_NAME(deep_strip)(&walk, at->window[2], f.start + k / at->window[1] * f.plane +
                                    k % at->window[1] * at->dilation[1] * f.line, ahead, room,
                                    sums + k * at->window[2] * channels, channels, channels, more);
        }
    }
}

// -- what a program calls

void WF_NAME(wf_conv)(const void *request) {
    const struct wf_conv *g = request;
    const struct wf_windows *at = &g->at;
    i64 breadth = g->groups * g->out, taps = wf_taps(at);
    int deep = g->in == 1 && g->groups > 1;
    if (!breadth || !at->count[0] || !at->count[1] || !at->count[2] || !at->batch) return;
    struct WF_NAME(conv_job) job = {g, 0, (g->out + COLUMNS - 1) / COLUMNS, taps * g->in};
    i64 pixel = deep ? WF_NAME(padded)(breadth) : g->groups * g->in;
    job.rows = wf_rows_at_once(at, pixel * sizeof(REAL));
    job.chunks = (at->count[1] + job.rows - 1) / job.rows;
    job.packed = wf_room(WF_WEIGHTS, (deep ? taps * pixel : g->groups * job.panels * job.depth * COLUMNS) * sizeof(REAL));
    if (deep) WF_NAME(pack_deep)(g, job.packed, pixel);
    else wf_parallel(WF_NAME(pack_weights), &job, g->groups * job.panels, job.depth * COLUMNS / 8.0);
    double ns = (double)job.rows * at->count[2] * (2 * job.depth + 8) * breadth / (deep ? 30 : 120);
    wf_parallel(deep ? WF_NAME(convolve_deep) : WF_NAME(convolve), &job, at->batch * at->count[0] * job.chunks, ns);
}

// The order of additions depends on the lengths alone: each of a number of partial sums is one thread's work.
void WF_NAME(wf_conv_dw)(const void *request) {
    const struct wf_conv_dw *g = request;
    const struct wf_windows *at = &g->at;
    i64 taps = wf_taps(at), breadth = g->groups * g->out, size = taps * g->in * breadth;
    int deep = g->in == 1 && g->groups > 1;
    if (!size) return;
    struct WF_NAME(weights_job) job = {g, g->dw, (g->out + COLUMNS - 1) / COLUMNS, size};
    job.rows = wf_rows_at_once(at, (deep ? WF_NAME(padded)(breadth) : g->groups * g->in) * sizeof(REAL));
    job.chunks = (at->count[1] + job.rows - 1) / job.rows;
    job.units = at->batch * at->count[0] * job.chunks;
    if (!job.units || !at->count[2]) {
        __builtin_memset(g->dw, 0, size * sizeof(REAL));
        return;
    }
    job.partials = wf_clamp(WF_PARTIAL / (size * (i64)sizeof(REAL)), 1, job.units < 32 ? job.units : 32);
    job.parts = deep ? 1 : wf_clamp(32 / job.partials, 1, g->groups * job.panels);
    if (job.partials > 1) job.sums = wf_room(WF_WEIGHTS, job.partials * size * sizeof(REAL));
    double ns = 2.0 * size * at->batch * at->count[0] * at->count[1] * at->count[2] / (deep ? 30 : 120);
    wf_parallel(deep ? WF_NAME(correlate_deep) : WF_NAME(correlate), &job, job.partials * job.parts,
                ns / (double)(job.partials * job.parts));
    if (job.partials == 1) return;
    struct WF_NAME(sum_job) sum = {job.sums, g->dw, size, job.partials};
    wf_parallel(WF_NAME(sum_parts), &sum, (size + WF_SHARE - 1) / WF_SHARE, WF_SHARE * job.partials / 4.0);
}

#undef VECTOR
#undef LANES
#undef COLUMNS
#undef LOAD
#undef STORE
#undef PATCH
#undef EACH_HEIGHT
#undef BOTH
#undef NAMES
#undef DEEP
#undef EACH_DEPTH
#undef DEEP_NAME
