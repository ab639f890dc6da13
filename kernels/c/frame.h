// What some rows of a convolution's output see of an image: copied with its padding to where it lies close together, a
// frame, unless it can be read in place.

// The places of products in the first operand, as four loops: counts, and how far a step of each goes. The second
// operand is read straight ahead.
struct WF_NAME(walk) { i64 count[4], step[4], row; };

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

// The elements of a line, pixel by pixel, to where each channel has a line of its own.
static void WF_NAME(copy_apart)(REAL *restrict to, i64 line, const REAL *restrict from, const struct WF_NAME(image) *x,
                                i64 count) {
    i64 done = 0;
    if (x->channel == 1)
        for (; done + LANES <= count; done += LANES) {
            i64 c = 0;
            for (; c + LANES <= x->channels; c += LANES)
                WF_NAME(transpose)(to + c * line + done, line, from + done * x->pixel + c, x->pixel, LANES);
            for (; c < x->channels; c++)
                for (i64 i = done; i < done + LANES; i++) to[c * line + i] = from[i * x->pixel + c];
        }
    for (i64 c = 0; c < x->channels; c++)
        for (i64 i = done; i < count; i++) to[c * line + i] = from[i * x->pixel + c * x->channel];
}

// The frame of some rows of the output; its pixels have `room` elements, what is not there is zero. Copies may
// be read some vectors beyond their end. WF_APART: each channel of a line has a line of its own, whose distance is then
// the frame's `pixel`.
static struct WF_NAME(frame) WF_NAME(frame)(const struct wf_windows *g, const struct WF_NAME(image) *x, struct wf_rows at,
                                            i64 room, enum wf_frame_kind kind) {
    const i64 *n = g->length;
    const REAL *from = x->start + at.item * n[0] * n[1] * n[2] * x->pixel;
    i64 top = at.plane * g->stride[0] - g->before[0], first = at.first * g->stride[1] - g->before[1];
    if (!wf_taps(g)) return (struct WF_NAME(frame)){from, 0, 0, 0};
    if (wf_is_inside(g) && x->pixel == room && x->channel == 1 && x->repeat == 1 && kind == WF_IN_PLACE)
        return (struct WF_NAME(frame)){from + ((top * n[1] + first) * n[2] - g->before[2]) * room,
                                       g->dilation[0] * n[1] * n[2] * room, n[2] * room, room};
    i64 height = wf_reach(g, 1, at.count), width = wf_reach(g, 2, g->count[2]), line = width * room;
    i64 left = wf_clamp(g->before[2], 0, width), right = wf_clamp(n[2] + g->before[2], left, width);
    REAL *made = wf_room(WF_FRAME, (g->window[0] * height * line + COLUMNS) * sizeof(REAL)), *to = made;
    for (i64 k = 0; k < g->window[0]; k++)
        for (i64 i = 0; i < height; i++, to += line) {
            i64 z = top + k * g->dilation[0], h = first + i;
            if (z < 0 || z >= n[0] || h < 0 || h >= n[1]) {
                __builtin_memset(to, 0, line * sizeof(REAL));
                continue;
            }
            const REAL *seen = from + ((z * n[1] + h) * n[2] + left - g->before[2]) * x->pixel;
            if (kind == WF_APART) {
                if (left || right < width) __builtin_memset(to, 0, line * sizeof(REAL));
                WF_NAME(copy_apart)(to + left, width, seen, x, right - left);
                continue;
            }
            __builtin_memset(to, 0, left * room * sizeof(REAL));
            WF_NAME(copy_pixels)(to + left * room, room, seen, x, right - left);
            __builtin_memset(to + right * room, 0, (width - right) * room * sizeof(REAL));
        }
    return (struct WF_NAME(frame)){made, height * line, line, kind == WF_APART ? width : room};
}
