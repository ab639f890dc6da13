// Convolutions that make few channels, fewer than a vector holds: here the pixels of a line are what vectors hold.
//
// The frame has the lines of each channel apart. A patch is a row for each output channel and up to two vectors of
// pixels.

// What ROWS output channels are at neighbouring pixels. The first operand, the weights, is read straight ahead.
#define FLAT(ROWS, VECTORS)                                                                                           \
    static __attribute__((noinline)) void WF_NAME(flat_##ROWS##_##VECTORS)(                                           \
        const struct WF_NAME(walk) *walk, const REAL *restrict a, const REAL *restrict b, REAL *restrict c,           \
        i64 c_pixel, i64 n, int more) {                                                                               \
        VECTOR sum[ROWS][VECTORS];                                                                                    \
        _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++)                                                        \
            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[r][v] = (VECTOR){0};                        \
        i64 step = walk->step[3];                                                                                     \
        for (i64 i = 0; i < walk->count[0]; i++)                                                                      \
            for (i64 j = 0; j < walk->count[1]; j++)                                                                  \
                for (i64 k = 0; k < walk->count[2]; k++) {                                                            \
                    const REAL *at = b + i * walk->step[0] + j * walk->step[1] + k * walk->step[2];                   \
                    for (i64 left = walk->count[3]; left > 0; left--, at += step, a += ROWS) {                        \
                        VECTOR pixels[VECTORS];                                                                       \
                        _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) pixels[v] = LOAD(at + v * LANES);   \
                        _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++)                                        \
                            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[r][v] += a[r] * pixels[v];  \
                    }                                                                                                 \
                }                                                                                                     \
        REAL whole[ROWS][VECTORS * WF_WIDTH / sizeof(REAL)];                                                          \
        __builtin_memcpy(whole, sum, sizeof whole);                                                                   \
        for (i64 p = 0; p < n; p++, c += c_pixel)                                                                     \
            _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) c[r] = (more ? c[r] : 0) + whole[r][p];            \
    }

#define EACH_FLAT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define BOTH_FLAT(ROWS) FLAT(ROWS, 1) FLAT(ROWS, 2)
#define FLAT_NAMES(ROWS) {WF_NAME(flat_##ROWS##_1), WF_NAME(flat_##ROWS##_2)},

EACH_FLAT(BOTH_FLAT)

static const WF_NAME(patch) WF_NAME(flats)[][2] = {{0, 0}, EACH_FLAT(FLAT_NAMES)};

// Whether more of the lanes are used so.
static int WF_NAME(is_flat)(const struct wf_conv *g) {
    const i64 vector = WF_ORDER / sizeof(REAL);
    i64 n = g->at.count[2], lanes = (n + vector - 1) / vector * vector;
    return g->out <= 8 && g->at.stride[2] == 1 && n * vector > g->out * lanes;
}

static void WF_NAME(pack_flat)(const struct wf_conv *g, REAL *to) {
    const i64 *window = g->at.window, *step = g->w_axis;
    for (i64 group = 0; group < g->groups; group++)
        for (i64 a = 0; a < window[0]; a++)
            for (i64 b = 0; b < window[1]; b++)
                for (i64 c = 0; c < window[2]; c++) {
                    const REAL *w = (const REAL *)g->w + group * g->w_group + a * step[0] + b * step[1] + c * step[2];
                    for (i64 i = 0; i < g->in; i++)
                        for (i64 o = 0; o < g->out; o++) *to++ = w[i * g->w_in + o * g->w_out];
                }
}

static void WF_NAME(convolve_flat)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(conv_job) *job = given;
    const struct wf_conv *g = job->g;
    const struct wf_windows *at = &g->at;
    const struct WF_NAME(image) x = {g->x, g->groups * g->in, 1, g->x_pixel, g->x_channel};
    for (i64 t = begin; t < end; t++) {
        struct wf_rows rows = wf_rows(at, job->rows, t);
        struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, x.channels, WF_APART);
        struct WF_NAME(walk) walk = {{at->window[0], at->window[1], at->window[2], g->in},
                                     {f.plane, at->dilation[1] * f.line, at->dilation[2], f.pixel}};
        if (g->in == 1) walk.count[2] = 1, walk.count[3] = at->window[2], walk.step[3] = at->dilation[2];
        REAL *y = (REAL *)g->y + rows.item * g->y_batch + rows.plane * g->y_axis[0] + rows.first * g->y_axis[1];
        for (i64 group = 0; group < g->groups; group++)
            for (i64 i = 0; i < rows.count; i++)
                for (i64 j = 0; j < at->count[2]; j += COLUMNS) {
                    i64 n = at->count[2] - j < COLUMNS ? at->count[2] - j : COLUMNS;
                    WF_NAME(flats)[g->out][n > LANES](
                        &walk, job->packed + group * job->depth * g->out,
                        f.start + i * at->stride[1] * f.line + group * g->in * f.pixel + j,
                        y + i * g->y_axis[1] + j * g->y_axis[2] + group * g->out, g->y_axis[2], n, g->more);
                }
    }
}
