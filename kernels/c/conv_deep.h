// Convolutions that have a group for each channel, and the cotangents of their weights: there are no matrices, and work
// goes over a vector of channels at a time.

// Sums of products for ROWS places of the first operand and a vector of channels, of which the first n count.
#define DEEP(ROWS)                                                                                                    \
    static __attribute__((noinline)) void WF_NAME(deep_##ROWS)(const struct WF_NAME(walk) *walk, const REAL *a,       \
                                                               const REAL *b, i64 b_step, REAL *c, i64 c_row, i64 n,  \
                                                               int more) {                                            \
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
        if (n >= LANES) {                                                                                             \
            _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) {                                                  \
                if (more) sum[r] += LOAD(c + r * c_row);                                                              \
                STORE(c + r * c_row, sum[r]);                                                                         \
            }                                                                                                         \
            return;                                                                                                   \
        }                                                                                                             \
        REAL whole[ROWS][WF_WIDTH / sizeof(REAL)];                                                                    \
        __builtin_memcpy(whole, sum, sizeof whole);                                                                   \
        for (i64 r = 0; r < ROWS; r++, c += c_row)                                                                    \
            for (i64 i = 0; i < n; i++) c[i] = (more ? c[i] : 0) + whole[r][i];                                       \
    }

#define EACH_DEPTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define DEEP_NAME(ROWS) WF_NAME(deep_##ROWS),

EACH_DEPTH(DEEP)

static void (*const WF_NAME(deep)[])(const struct WF_NAME(walk) *, const REAL *, const REAL *, i64, REAL *, i64, i64,
                                     int) = {0, EACH_DEPTH(DEEP_NAME)};

// The same for any number of places, and all channels. The operands may be read up to a vector beyond the channels.
static void WF_NAME(deep_strip)(const struct WF_NAME(walk) *walk, i64 rows, const REAL *a, const REAL *b, i64 b_step,
                                REAL *c, i64 c_row, i64 channels, int more) {
    i64 parts = (rows + 7) / 8;
    for (i64 i = 0; i < channels; i += LANES)
        for (i64 t = 0; t < parts; t++) {
            i64 begin = rows * t / parts, end = rows * (t + 1) / parts;
            WF_NAME(deep)[end - begin](walk, a + begin * walk->row + i, b + i, b_step, c + begin * c_row + i, c_row,
                                       channels - i, more);
        }
}

static void WF_NAME(pack_deep)(const struct wf_conv *g, REAL *to) {
    i64 channels = g->groups * g->out;
    const i64 *window = g->at.window, *step = g->w_axis;
    for (i64 a = 0; a < window[0]; a++)
        for (i64 b = 0; b < window[1]; b++)
            for (i64 c = 0; c < window[2]; c++, to += channels) {
                const REAL *w = (const REAL *)g->w + a * step[0] + b * step[1] + c * step[2];
                for (i64 i = 0; i < channels; i++) to[i] = w[i / g->out * g->w_group + i % g->out * g->w_out];
            }
}

static void WF_NAME(convolve_deep)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(conv_job) *job = given;
    const struct wf_conv *g = job->g;
    const struct wf_windows *at = &g->at;
    const struct WF_NAME(image) x = {g->x, g->groups, g->out, g->x_pixel, g->x_channel};
    i64 channels = g->groups * g->out;
    for (i64 t = begin; t < end; t++) {
        struct wf_rows rows = wf_rows(at, job->rows, t);
        struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, channels, channels % LANES ? WF_COPIED : WF_IN_PLACE);
        struct WF_NAME(walk) walk = {{1, at->window[0], at->window[1], at->window[2]},
                                     {0, f.plane, at->dilation[1] * f.line, at->dilation[2] * f.pixel},
                                     at->stride[2] * f.pixel};
        REAL *y = (REAL *)g->y + rows.item * g->y_batch + rows.plane * g->y_axis[0] + rows.first * g->y_axis[1];
        for (i64 i = 0; i < rows.count; i++)
            WF_NAME(deep_strip)(&walk, at->count[2], f.start + i * at->stride[1] * f.line, job->packed, channels,
                                y + i * g->y_axis[1], g->y_axis[2], channels, g->more);
    }
}

static void WF_NAME(correlate_deep)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(weights_job) *job = given;
    const struct wf_conv_dw *g = job->g;
    const struct wf_windows *at = &g->at;
    i64 channels = g->groups * g->out, width = at->count[2];
    const struct WF_NAME(image) x = {g->x, g->groups, g->out, g->groups, 1};
    for (i64 t = begin; t < end; t++) {
        REAL *sums = job->sums + t * job->size;
        int more = 0;
        for (i64 u = job->units * t / job->partials; u < job->units * (t + 1) / job->partials; u++, more = 1) {
            struct wf_rows rows = wf_rows(at, job->rows, u);
            struct WF_NAME(frame) f = WF_NAME(frame)(at, &x, rows, channels, channels % LANES ? WF_COPIED : WF_IN_PLACE);
            i64 first = (rows.item * at->count[0] + rows.plane) * at->count[1] + rows.first;
            const REAL *ahead = (const REAL *)g->dy + first * width * channels;
            if (channels % LANES) {
                REAL *copied = wf_room(WF_PANELS, (rows.count * width * channels + LANES) * sizeof(REAL));
                ahead = __builtin_memcpy(copied, ahead, rows.count * width * channels * sizeof(REAL));
            }
            struct WF_NAME(walk) walk = {{1, 1, rows.count, width},
                                         {0, 0, at->stride[1] * f.line, at->stride[2] * f.pixel},
                                         at->dilation[2] * f.pixel};
            for (i64 k = 0; k < at->window[0] * at->window[1]; k++)
                WF_NAME(deep_strip)(&walk, at->window[2], f.start + k / at->window[1] * f.plane +
                                    k % at->window[1] * at->dilation[1] * f.line, ahead, channels,
                                    sums + k * at->window[2] * channels, channels, channels, more);
        }
    }
}
