// Pooling: a thread for each element of the result, channels being neighbours; windows are those of convolutions.
struct wf_pool {
    wf_windows at;
    int channels;
    bool padding_counts;                     // for means
    int end[3];                              // where what counts ends
};

FN i64 wf_pixels(const wf_windows &g, const int (&n)[3]) { return (i64)g.batch * n[0] * n[1] * n[2]; }

// What a thread computes: the place in the result, its channel, and its number; false if there is nothing left to do.
struct wf_task { i64 number; int channel; wf_place place; };

FN bool wf_begin(const wf_pool &p, const int (&n)[3], wf_task &t) {
    t.number = (i64)blockIdx.x * 256 + threadIdx.x;
    if (t.number >= wf_pixels(p.at, n) * p.channels) return false;
    t.channel = (int)(t.number % p.channels);
    t.place = wf_place_of((int)(t.number / p.channels), n);
    return true;
}

// How many elements a window is the mean of.
FN int wf_averaged(const wf_pool &p, const wf_place &place) {
    int all = 1;
#pragma unroll
    for (int i = 0; i < 3; i++) {
        int start = place.at[i] * p.at.stride[i] - p.at.before[i], low = p.padding_counts ? -p.at.before[i] : 0;
        int end = start + p.at.window[i] < p.end[i] ? start + p.at.window[i] : p.end[i];
        all *= end - (start > low ? start : low);
    }
    return all > 1 ? all : 1;
}

// Call f(pixel, position) for each position of a window; the pixel is -1 beyond the image.
template <typename F> FN void wf_each_seen(const wf_windows &g, const wf_place &place, F f) {
    const int taps = g.window[0] * g.window[1] * g.window[2];
#pragma unroll 9
    for (int t = 0; t < taps; t++) f(wf_seen(g, place, wf_place_of(t, g.window)), t);
}

// Call f(window, its place, position) for each window that sees a place, the last window first.
template <typename F> FN void wf_each_window(const wf_windows &g, const wf_place &place, F f) {
    int last[3];
    for (int i = 0; i < 3; i++) {
        int window = (place.at[i] + g.before[i]) / g.stride[i];
        last[i] = window < g.count[i] ? window : g.count[i] - 1;
    }
    const int reach[3] = {place.at[0] + g.before[0], place.at[1] + g.before[1], place.at[2] + g.before[2]};
    for (int a = last[0]; a >= 0 && reach[0] - a * g.stride[0] < g.window[0]; a--)
        for (int b = last[1]; b >= 0 && reach[1] - b * g.stride[1] < g.window[1]; b--)
            for (int c = last[2]; c >= 0 && reach[2] - c * g.stride[2] < g.window[2]; c--) {
                const wf_place seen = {place.item, {a, b, c}};
                int tap = ((reach[0] - a * g.stride[0]) * g.window[1] + reach[1] - b * g.stride[1]) * g.window[2] +
                          reach[2] - c * g.stride[2];
                f((((i64)place.item * g.count[0] + a) * g.count[1] + b) * g.count[2] + c, seen, tap);
            }
}

template <typename T> FN T wf_lowest() { return -(T)__builtin_inf(); }

template <typename T> FN void wf_pool_max(const wf_pool &p, const T *x, T *y) {
    wf_task t;
    if (!wf_begin(p, p.at.count, t)) return;
    T most = wf_lowest<T>();
    wf_each_seen(p.at, t.place, [&](i64 pixel, int) {
        if (pixel < 0) return;
        T value = x[pixel * p.channels + t.channel];
        if (value > most || value != value) most = value;
    });
    y[t.number] = most;
}

// The first position of the largest element, or of NaN. Padding counts as -inf: it may come first where all is that.
template <typename T> FN void wf_pool_winners(const wf_pool &p, const T *x, const T *y, int *winners) {
    wf_task t;
    if (!wf_begin(p, p.at.count, t)) return;
    const T most = y[t.number];
    int winner = -1;
    wf_each_seen(p.at, t.place, [&](i64 pixel, int tap) {
        T value = pixel < 0 ? wf_lowest<T>() : x[pixel * p.channels + t.channel];
        if (winner < 0 && (value == most || value != value)) winner = tap;
    });
    winners[t.number] = winner < 0 ? 0 : winner;
}

template <typename T> FN void wf_pool_pick(const wf_pool &p, const T *x, const int *winners, T *y) {
    wf_task t;
    if (!wf_begin(p, p.at.count, t)) return;
    i64 pixel = wf_seen(p.at, t.place, wf_place_of(winners[t.number], p.at.window));
    y[t.number] = pixel < 0 ? (T)0 : x[pixel * p.channels + t.channel];
}

template <typename T> FN void wf_pool_mean(const wf_pool &p, const T *x, T *y) {
    wf_task t;
    if (!wf_begin(p, p.at.count, t)) return;
    T sum = 0;
    wf_each_seen(p.at, t.place, [&](i64 pixel, int) {
        if (pixel >= 0) sum += x[pixel * p.channels + t.channel];
    });
    y[t.number] = sum / (T)wf_averaged(p, t.place);
}

template <typename T> FN void wf_pool_unpool(const wf_pool &p, const T *x, const int *winners, T *y) {
    wf_task t;
    if (!wf_begin(p, p.at.length, t)) return;
    T sum = 0;
    wf_each_window(p.at, t.place, [&](i64 window, const wf_place &, int tap) {
        i64 from = window * p.channels + t.channel;
        if (winners[from] == tap) sum += x[from];
    });
    y[t.number] = sum;
}

template <typename T> FN void wf_pool_mean_dx(const wf_pool &p, const T *x, T *y) {
    wf_task t;
    if (!wf_begin(p, p.at.length, t)) return;
    T sum = 0;
    wf_each_window(p.at, t.place, [&](i64 window, const wf_place &seen, int) {
        sum += x[window * p.channels + t.channel] / (T)wf_averaged(p, seen);
    });
    y[t.number] = sum;
}
