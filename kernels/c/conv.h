// Convolutions with matrices at each position of the window, and the cotangents of their weights.
//
// An image is taken some rows of the output at a time. A register tile, a patch, of up to WF_TALL rows and two vectors
// of columns adds up products over all positions of the window: for a convolution its rows are neighbouring pixels of
// the output and its columns output channels; for the weights its rows are input channels, and it adds up over the
// pixels.

// -- patches

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

// -- convolutions

struct WF_NAME(conv_job) {
    const struct wf_conv *g;
    REAL *packed;                            // weights: panels of columns, for each group
    i64 panels, depth, rows;                 // of a group; products for each element; rows at once
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
                    WF_NAME(pack)(to, w + a * step[0] + b * step[1] + c * step[2], g->w_in, g->w_out, g->in,
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
        struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, x.channels, WF_IN_PLACE);
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
    i64 panels, size, rows, units, partials, parts;
};

// A share of the work: some panels of columns, and where their sums are; what their columns of dy are, packed.
struct WF_NAME(part) { i64 from, to; REAL *sums, *packed; };

static void WF_NAME(pack_cotangent)(const struct WF_NAME(weights_job) *job, const struct WF_NAME(part) *part,
                                    struct wf_rows rows) {
    const struct wf_conv_dw *g = job->g;
    const i64 *n = g->at.count;
    i64 breadth = g->groups * g->out, pixels = rows.count * n[2];
    const REAL *dy = (const REAL *)g->dy + ((rows.item * n[0] + rows.plane) * n[1] + rows.first) * n[2] * breadth;
    for (i64 p = part->from; p < part->to; p++) {
        i64 j = p % job->panels * COLUMNS, left = g->out - j, columns = WF_NAME(width)(left);
        WF_NAME(pack)(part->packed + (p - part->from) * pixels * COLUMNS, dy + p / job->panels * g->out + j, breadth,
                        1, pixels, left < columns ? left : columns, columns);
    }
}

// What rows from `first` on, `lines` of them, give to the sums.
static void WF_NAME(correlate_lines)(const struct WF_NAME(weights_job) *job, const struct WF_NAME(part) *part,
                                     const struct WF_NAME(frame) *f, i64 pixels, i64 first, i64 lines, int more) {
    const struct wf_conv_dw *g = job->g;
    const struct wf_windows *at = &g->at;
    i64 width = at->count[2], breadth = g->groups * g->out;
    i64 taps = at->dilation[2] == 1 && g->groups == 1 ? at->window[2] : 1; // positions whose channels are neighbours
    struct WF_NAME(walk) walk = {{1, 1, lines, width}, {0, 0, at->stride[1] * f->line, at->stride[2] * f->pixel}, 1};
    for (i64 k = 0; k < wf_taps(at); k += taps) {
        i64 c = k % at->window[2], b = k / at->window[2] % at->window[1], a = k / at->window[2] / at->window[1];
        const REAL *seen = f->start + a * f->plane + (b * at->dilation[1] + first * at->stride[1]) * f->line +
                           c * at->dilation[2] * f->pixel;
        for (i64 p = part->from; p < part->to; p++) {
            i64 group = p / job->panels, j = p % job->panels * COLUMNS, left = g->out - j;
            const REAL *dy = part->packed + (p - part->from) * pixels * COLUMNS + first * width * WF_NAME(width)(left);
            WF_NAME(strip)(&walk, taps * g->in, seen + group * g->in, dy,
                           part->sums + k * g->in * breadth + group * g->out + j, breadth,
                           left < COLUMNS ? left : COLUMNS, more);
        }
    }
}

// Some units of work for some columns of the weights, into the place of a partial sum.
static void WF_NAME(correlate)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(weights_job) *job = given;
    const struct wf_conv_dw *g = job->g;
    const struct WF_NAME(image) x = {g->x, g->groups * g->in, 1, g->groups * g->in, 1};
    i64 width = g->at.count[2], panels = g->groups * job->panels, few = width < 64 ? (64 + width - 1) / width : 1;
    for (i64 t = begin; t < end; t++) {
        i64 partial = t / job->parts, number = t % job->parts;
        struct WF_NAME(part) part = {panels * number / job->parts, panels * (number + 1) / job->parts,
                                     job->sums + partial * job->size};
        int more = 0;
        for (i64 u = job->units * partial / job->partials; u < job->units * (partial + 1) / job->partials; u++) {
            struct wf_rows rows = wf_rows(&g->at, job->rows, u);
            struct WF_NAME(frame) f = WF_NAME(frame)(&g->at, &x, rows, x.channels, WF_IN_PLACE);
            i64 pixels = rows.count * width;
            part.packed = wf_room(WF_PANELS, (part.to - part.from) * pixels * COLUMNS * sizeof(REAL));
            WF_NAME(pack_cotangent)(job, &part, rows);
            for (i64 i = 0; i < rows.count; i += few, more = 1)
                WF_NAME(correlate_lines)(job, &part, &f, pixels, i, rows.count - i < few ? rows.count - i : few, more);
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
