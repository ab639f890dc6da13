// Sorting rows: elements become words, a key above the element's position. Keys are unsigned and in the order of the
// elements, so that one sort serves every dtype; positions make all words differ, so that it is stable. A NaN is the
// largest number, and both zeros are one. Tiles are sorted in shared memory; sorted runs are merged through memory.
typedef unsigned __int128 u128;

template <typename B> struct wf_sorted { typedef u64 word; };
template <> struct wf_sorted<u64> { typedef u128 word; };

// What a row is: where it begins, and how far its elements lie apart; `inner` rows begin side by side.
struct wf_rows { i64 count; int n, inner; };

FN i64 wf_row(wf_rows g, i64 row, int n) { return row / g.inner * g.inner * n + row % g.inner; }

// The order of elements: of unsigned integers, signed ones, or floats whose infinity has these bits; or the other way.
struct wf_order { bool is_signed, is_float, descending; u64 infinity; };

template <typename B> FN typename wf_sorted<B>::word wf_word_of(B bits, u32 place, wf_order o) {
    const B sign = (B)((B)1 << (8 * sizeof(B) - 1)), all = (B)~(B)0;
    B key = bits;
    if (o.is_signed) key = bits ^ sign;
    if (o.is_float) {
        B magnitude = bits & (B)~sign;
        key = magnitude > (B)o.infinity ? all : !magnitude ? sign : (B)(bits & sign ? ~bits : bits | sign);
    }
    if (o.descending) key = ~key;
    return (typename wf_sorted<B>::word)key << 32 | place;
}

// Where the elements of a tile come from: rows of a tensor, or words that were sorted in parts.
template <typename B> struct wf_elements {
    typedef typename wf_sorted<B>::word word;
    const B *x;
    wf_rows rows;
    wf_order order;
    METHOD word get(i64 row, int i) const {
        return wf_word_of<B>(x[wf_row(rows, row, rows.n) + (i64)i * rows.inner], (u32)i, order);
    }
};

template <typename W> struct wf_words {
    typedef W word;
    const W *x;
    int n;
    METHOD W get(i64 row, int i) const { return x[row * n + i]; }
};

// Where they go: the elements that words stand for, and their positions; or words.
template <typename B, typename W> struct wf_results {
    const B *x;
    B *values;
    i64 *places;
    wf_rows rows;
    int k;
    METHOD void put(i64 row, int i, W word) const {
        if (i >= k) return;
        i64 at = wf_row(rows, row, k) + (i64)i * rows.inner;
        u32 place = (u32)word;
        if (values) values[at] = x[wf_row(rows, row, rows.n) + (i64)place * rows.inner];
        if (places) places[at] = (i64)place;
    }
};

template <typename W> struct wf_written {
    W *y;
    int n;
    METHOD void put(i64 row, int i, W word) const { y[row * n + i] = word; }
};

// Sort each row of N words of a tile of M: a bitonic network, whose steps are alike for all rows.
template <typename W> FN void wf_sort_tile(W *tile, int N, int M, int threads) {
    for (int size = 2; size <= N; size *= 2)
        for (int step = size / 2; step; step /= 2) {
            __syncthreads();
            for (int t = threadIdx.x; t < M / 2; t += threads) {
                int i = 2 * t - (t & (step - 1)), j = i + step;
                W a = tile[i], b = tile[j];
                if ((a > b) == !(i & (N - 1) & size)) tile[i] = b, tile[j] = a;
            }
        }
    __syncthreads();
}

// Tiles of N elements of rows of n, `rows` rows in a block where one tile is a row. The first k of each tile go side by
// side into rows that end at a limit.
template <typename F, typename T>
FN void wf_sort_tiles(F from, T to, typename F::word *tile, i64 count, int n, int N, int rows, int k, int limit,
                      int inner, int threads) {
    typedef typename F::word W;
    const int tiles = (n + N - 1) / N;
    const i64 first = (i64)blockIdx.x / tiles * rows;
    const int part = (int)(blockIdx.x % tiles), start = part * N;
    for (int t = threadIdx.x; t < N * rows; t += threads) {
        int row = inner > 1 ? t % rows : t / N, i = inner > 1 ? t / rows : t % N;
        bool inside = first + row < count && start + i < n;
        tile[row * N + i] = inside ? from.get(first + row, start + i) : (W)~(W)0;
    }
    wf_sort_tile(tile, N, N * rows, threads);
    for (int t = threadIdx.x; t < k * rows; t += threads) {
        int row = inner > 1 ? t % rows : t / k, i = inner > 1 ? t / rows : t % k;
        if (first + row < count && part * k + i < limit) to.put(first + row, part * k + i, tile[row * N + i]);
    }
}

// How many of the first `d` words of two runs together are of the run `a`.
template <typename W> FN int wf_split(const W *a, int m, const W *b, int n, int d) {
    int low = d > n ? d - n : 0, high = d < m ? d : m;
    while (low < high) {
        int middle = (low + high) / 2;
        if (a[middle] < b[d - 1 - middle]) low = middle + 1;
        else high = middle;
    }
    return low;
}

// Two runs of a row merged into one: a block finds which parts of them make its N words, and each word its place there.
template <typename W, typename T>
FN void wf_merge(const W *x, T to, W *tile, int n, int width, int N, int threads) {
    W *merged = tile + N;
    int *ends = (int *)(merged + N);
    const int blocks = (n + N - 1) / N, start = (int)(blockIdx.x % blocks) * N, base = start / (2 * width) * (2 * width);
    const i64 row = (i64)blockIdx.x / blocks;
    const int m = n - base < width ? n - base : width, rest = n - base - m, l = rest < width ? rest : width;
    const W *a = x + row * n + base, *b = a + m;
    const int d = start - base, e = d + N < m + l ? d + N : m + l;
    if (threadIdx.x < 2) ends[threadIdx.x] = wf_split(a, m, b, l, threadIdx.x ? e : d);
    __syncthreads();
    const int i = ends[0], p = ends[1] - i, j = d - i, q = e - d - p;
    for (int t = threadIdx.x; t < p + q; t += threads) tile[t] = t < p ? a[i + t] : b[j + t - p];
    __syncthreads();
    for (int t = threadIdx.x; t < p + q; t += threads) {
        const W word = tile[t], *other = t < p ? tile + p : tile;
        int low = 0, high = t < p ? q : p;
        while (low < high) {
            int middle = (low + high) / 2;
            if (other[middle] < word) low = middle + 1;
            else high = middle;
        }
        merged[(t < p ? t : t - p) + low] = word;
    }
    __syncthreads();
#pragma unroll 2
    for (int t = threadIdx.x; t < p + q; t += threads) to.put(row, start + t, merged[t]);
}
