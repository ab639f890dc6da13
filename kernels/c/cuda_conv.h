// Convolutions over three axes, channels last, as products of tiles: the rows of one operand are what windows see. Neither
// is ever written out: a block reads what it needs of the image into shared memory, zeros where a window looks beyond it.
// Sizes are constants of the kernel that calls, so divisions and tests are those of constants.

// Window i of an axis looks at i * stride - before + k * dilation for each k < window, where that is in the image.
struct wf_windows { int batch, length[3], window[3], count[3], stride[3], dilation[3], before[3]; };

struct wf_conv {
    wf_windows at;
    int groups, in, out;                     // channels of a group
    i64 x_pixel, x_channel;                  // strides; images and pixels lie one after the other
    i64 w_group, w_axis[3], w_in, w_out;
    i64 y_batch, y_axis[3];                  // channels are neighbours
    bool more;                               // add to what is there
};

struct wf_place { int item, at[3]; };

// The place that a number stands for, the last axis running fastest.
FN wf_place wf_place_of(int i, const int (&n)[3]) {
    return {i / (n[0] * n[1] * n[2]), {i / (n[1] * n[2]) % n[0], i / n[2] % n[1], i % n[2]}};
}

// The number of the pixel that a window sees at a position; -1 beyond the image.
FN i64 wf_seen(const wf_windows &g, const wf_place &p, const wf_place &tap) {
    i64 pixel = p.item;
#pragma unroll
    for (int i = 0; i < 3; i++) {
        int at = p.at[i] * g.stride[i] - g.before[i] + tap.at[i] * g.dilation[i];
        if (at < 0 || at >= g.length[i]) return -1;
        pixel = pixel * g.length[i] + at;
    }
    return pixel;
}

// Neighbours of memory, read at once if there are several.
template <int V, typename T> FN void wf_get(T *to, const T *from) {
    typedef typename wf_word<sizeof(T) * V>::type word;
    word w = *(const word *)from;
    memcpy(to, &w, sizeof w);
}

// -- operands: `first` is what an element needs to know of its row or column, `get` reads V neighbours

// What windows see: a row for each of them, a column for each position and channel.
template <typename T, int V> struct wf_image {
    static const int width = V;
    static const bool is_deep = true;        // neighbours lie along the sum
    wf_conv g;
    const T *x;
    int group, rows, depth;
    typedef wf_place At;
    METHOD At first(int m) const { return wf_place_of(m, g.at.count); }
    METHOD void get(T *to, const At &p, int m, int k) const {
        for (int v = 0; v < V; v++) to[v] = 0;
        if (m >= rows || k >= depth) return;
        i64 pixel = wf_seen(g.at, p, wf_place_of(k / g.in, g.at.window));
        if (pixel >= 0) wf_get<V>(to, x + pixel * g.x_pixel + (group * g.in + k % g.in) * g.x_channel);
    }
};

// Weights: a row for each position and channel, a column for each channel that is made.
template <typename T, int V, bool D> struct wf_weights {
    static const int width = V;
    static const bool is_deep = D;
    wf_conv g;
    const T *w;
    int group, columns, depth;
    typedef int At;
    METHOD At first(int n) const { return n; }
    METHOD void get(T *to, At, int n, int k) const {
        for (int v = 0; v < V; v++) to[v] = 0;
        if (n >= columns || k >= depth) return;
        wf_place tap = wf_place_of(k / g.in, g.at.window);
        i64 step = tap.at[0] * g.w_axis[0] + tap.at[1] * g.w_axis[1] + tap.at[2] * g.w_axis[2];
        wf_get<V>(to, w + group * g.w_group + step + k % g.in * g.w_in + n * g.w_out);
    }
};

// What windows see, the other way round: a row for each position and channel, a sum over the windows.
template <typename T, int V> struct wf_image_across {
    static const int width = V;
    static const bool is_deep = false;
    wf_conv g;
    const T *x;
    int group, rows, depth;
    typedef wf_place At;
    METHOD At first(int m) const { return wf_place_of(m / g.in, g.at.window); }
    METHOD void get(T *to, const At &tap, int m, int k) const {
        for (int v = 0; v < V; v++) to[v] = 0;
        if (m >= rows || k >= depth) return;
        i64 pixel = wf_seen(g.at, wf_place_of(k, g.at.count), tap);
        if (pixel >= 0) wf_get<V>(to, x + pixel * g.x_pixel + group * g.in + m % g.in);
    }
};

// The cotangent of what windows made: a row for each window, a column for each channel.
template <typename T, int V> struct wf_made {
    static const int width = V;
    static const bool is_deep = false;
    wf_conv g;
    const T *dy;
    int group, columns, depth;
    typedef int At;
    METHOD At first(int n) const { return n; }
    METHOD void get(T *to, At, int n, int k) const {
        for (int v = 0; v < V; v++) to[v] = 0;
        if (n < columns && k < depth) wf_get<V>(to, dy + (i64)k * g.groups * g.out + group * g.out + n);
    }
};

// -- results

template <typename T> struct wf_convolved {
    wf_conv g;
    T *y;
    int group, rows, columns;
    METHOD void put(int m, int n, T value) const {
        if (m >= rows || n >= columns) return;
        wf_place p = wf_place_of(m, g.at.count);
        T *to = y + p.item * g.y_batch + p.at[0] * g.y_axis[0] + p.at[1] * g.y_axis[1] + p.at[2] * g.y_axis[2] +
                group * g.out + n;
        *to = g.more ? *to + value : value;
    }
};

// The cotangent of weights, or a part of it.
template <typename T> struct wf_correlated {
    wf_conv g;
    T *dw;
    int group, rows, columns;
    METHOD void put(int m, int n, T value) const {
        if (m < rows && n < columns) dw[(i64)m * g.groups * g.out + group * g.out + n] = value;
    }
};

// -- tiles

enum { WF_DEEP = 16, WF_SIDE = 16 };         // products that a tile adds up; threads along either side of a block

// What a thread reads of a tile of an operand, and where it puts it: in shared memory the sum runs along rows.
template <typename T, typename X, int B> struct wf_reader {
    static const int V = X::width, words = B * WF_DEEP / V, threads = WF_SIDE * WF_SIDE;
    static const int R = (words + threads - 1) / threads;
    typename X::At at[R];
    T kept[R][V];
    METHOD static int column(int r) {
        int word = threadIdx.x + r * threads;
        return X::is_deep ? word / (WF_DEEP / V) : word % (B / V) * V;
    }
    METHOD static int row(int r) {
        int word = threadIdx.x + r * threads;
        return X::is_deep ? word % (WF_DEEP / V) * V : word / (B / V);
    }
    METHOD static bool has(int r) { return words % threads == 0 || threadIdx.x + r * threads < words; }
    METHOD void first(const X &x, int start) {
#pragma unroll
        for (int r = 0; r < R; r++) at[r] = x.first(start + column(r));
    }
    METHOD void read(const X &x, int start, int k) {
#pragma unroll
        for (int r = 0; r < R; r++)
            if (has(r)) x.get(kept[r], at[r], start + column(r), k + row(r));
    }
    METHOD void write(T (*tile)[B + 4]) const {
#pragma unroll
        for (int r = 0; r < R; r++)
            if (has(r))
#pragma unroll
                for (int v = 0; v < V; v++) {
                    if (X::is_deep) tile[row(r) + v][column(r)] = kept[r][v];
                    else tile[row(r)][column(r) + v] = kept[r][v];
                }
    }
};

// A block's tile of a product: each thread has TM x TN elements, and reads the next tiles while it multiplies these.
template <typename T, int TM, int TN, typename X, typename Y, typename Z>
FN void wf_multiply(const X &x, const Y &y, const Z &z, int first_row, int first_column, int begin, int end, void *room) {
    const int M = WF_SIDE * TM, N = WF_SIDE * TN;
    typedef T Left[WF_DEEP][M + 4];
    typedef T Right[WF_DEEP][N + 4];
    Left *left = (Left *)room;
    Right *right = (Right *)(left + 2);
    wf_reader<T, X, M> a;
    wf_reader<T, Y, N> b;
    const int row = threadIdx.x / WF_SIDE * TM, column = threadIdx.x % WF_SIDE * TN;
    T sum[TM][TN] = {};
    a.first(x, first_row), b.first(y, first_column);
    if (begin < end) {
        a.read(x, first_row, begin), b.read(y, first_column, begin);
        a.write(left[0]), b.write(right[0]);
    }
    __syncthreads();
    for (int k = begin, now = 0; k < end; k += WF_DEEP, now ^= 1) {
        const bool more = k + WF_DEEP < end;
        if (more) a.read(x, first_row, k + WF_DEEP), b.read(y, first_column, k + WF_DEEP);
#pragma unroll
        for (int d = 0; d < WF_DEEP; d++) {
            T p[TM], q[TN];
#pragma unroll
            for (int i = 0; i < TM; i++) p[i] = left[now][d][row + i];
#pragma unroll
            for (int j = 0; j < TN; j++) q[j] = right[now][d][column + j];
#pragma unroll
            for (int i = 0; i < TM; i++)
#pragma unroll
                for (int j = 0; j < TN; j++) sum[i][j] += p[i] * q[j];
        }
        if (more) a.write(left[now ^ 1]), b.write(right[now ^ 1]);
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < TM; i++)
#pragma unroll
        for (int j = 0; j < TN; j++) z.put(first_row + row + i, first_column + column + j, sum[i][j]);
}

// A convolution: tiles of pixels and channels in the grid's x, groups in its y.
template <typename T, int TM, int TN, int VX, int VW, bool D>
FN void wf_convolve(const wf_conv &g, const T *x, const T *w, T *y, void *room) {
    const int rows = g.at.batch * g.at.count[0] * g.at.count[1] * g.at.count[2];
    const int depth = g.at.window[0] * g.at.window[1] * g.at.window[2] * g.in;
    const int across = (g.out + WF_SIDE * TN - 1) / (WF_SIDE * TN), group = (int)blockIdx.y;
    const wf_image<T, VX> image = {g, x, group, rows, depth};
    const wf_weights<T, VW, D> weights = {g, w, group, g.out, depth};
    const wf_convolved<T> result = {g, y, group, rows, g.out};
    wf_multiply<T, TM, TN>(image, weights, result, (int)(blockIdx.x / across) * WF_SIDE * TM,
                           (int)(blockIdx.x % across) * WF_SIDE * TN, 0, depth, room);
}

// The cotangent of weights: the windows are cut into parts, each of which has a sum of its own.
template <typename T, int TM, int TN, int VX, int VY>
FN void wf_correlate(const wf_conv &g, const T *x, const T *dy, T *dw, int parts, void *room) {
    const int depth = g.at.batch * g.at.count[0] * g.at.count[1] * g.at.count[2];
    const int rows = g.at.window[0] * g.at.window[1] * g.at.window[2] * g.in;
    const int across = (g.out + WF_SIDE * TN - 1) / (WF_SIDE * TN);
    const int group = (int)blockIdx.y / parts, part = (int)blockIdx.y % parts;
    const int length = ((depth + parts - 1) / parts + WF_DEEP - 1) / WF_DEEP * WF_DEEP, begin = part * length;
    const int end = begin + length < depth ? begin + length : depth;
    const wf_image_across<T, VX> image = {g, x, group, rows, end};
    const wf_made<T, VY> made = {g, dy, group, g.out, end};
    const wf_correlated<T> result = {g, dw + (i64)part * rows * g.groups * g.out, group, rows, g.out};
    wf_multiply<T, TM, TN>(image, made, result, (int)(blockIdx.x / across) * WF_SIDE * TM,
                           (int)(blockIdx.x % across) * WF_SIDE * TN, begin, end, room);
}

// -- groups of one channel: a thread for each element that is made

template <typename T> FN void wf_convolve_each(const wf_conv &g, const T *x, const T *w, T *y) {
    const int breadth = g.groups * g.out, pixels = g.at.batch * g.at.count[0] * g.at.count[1] * g.at.count[2];
    const i64 place = (i64)blockIdx.x * 256 + threadIdx.x;
    if (place >= (i64)pixels * breadth) return;
    const int c = (int)(place % breadth), group = c / g.out;
    const wf_place p = wf_place_of((int)(place / breadth), g.at.count);
    const int taps = g.at.window[0] * g.at.window[1] * g.at.window[2];
    T sum = 0;
#pragma unroll 9
    for (int t = 0; t < taps; t++) {
        wf_place tap = wf_place_of(t, g.at.window);
        i64 pixel = wf_seen(g.at, p, tap);
        i64 step = tap.at[0] * g.w_axis[0] + tap.at[1] * g.w_axis[1] + tap.at[2] * g.w_axis[2];
        if (pixel >= 0) sum += x[pixel * g.x_pixel + group * g.x_channel] * w[group * g.w_group + step + c % g.out * g.w_out];
    }
    T *to = y + p.item * g.y_batch + p.at[0] * g.y_axis[0] + p.at[1] * g.y_axis[1] + p.at[2] * g.y_axis[2] + c;
    *to = g.more ? *to + sum : sum;
}

// The cotangent of weights of which each belongs to one channel: 32 channels and 8 pixels at a time in a block.
template <typename T> FN void wf_correlate_each(const wf_conv &g, const T *x, const T *dy, T *dw, int parts, void *room) {
    const int breadth = g.groups * g.out, pixels = g.at.batch * g.at.count[0] * g.at.count[1] * g.at.count[2];
    const int taps = g.at.window[0] * g.at.window[1] * g.at.window[2], t = (int)blockIdx.y / parts, part = (int)blockIdx.y % parts;
    const int lane = threadIdx.x % 32, line = threadIdx.x / 32, c = (int)blockIdx.x * 32 + lane, group = c / g.out;
    const wf_place tap = wf_place_of(t, g.at.window);
    T sum = 0, (*sums)[32] = (T (*)[32])room;
    if (c < breadth)
#pragma unroll 4
        for (int i = part * 8 + line; i < pixels; i += 8 * parts) {
            i64 pixel = wf_seen(g.at, wf_place_of(i, g.at.count), tap);
            if (pixel >= 0) sum += x[pixel * g.groups + group] * dy[(i64)i * breadth + c];
        }
    sums[line][lane] = sum;
    __syncthreads();
    if (line || c >= breadth) return;
    for (int i = 1; i < 8; i++) sum += sums[i][lane];
    dw[((i64)part * taps + t) * breadth + c] = sum;
}

// Parts that were summed up apart.
template <typename T> FN void wf_add_parts(const T *parts, T *y, int count, i64 n) {
    const i64 place = (i64)blockIdx.x * 256 + threadIdx.x;
    if (place >= n) return;
    T sum = 0;
#pragma unroll 8
    for (int i = 0; i < count; i++) sum += parts[i * n + place];
    y[place] = sum;
}
