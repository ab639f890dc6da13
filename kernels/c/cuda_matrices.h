// Small matrices: a block for each, which has it in shared memory, in rows of n + 1 elements; the columns of a right side
// are shared out among blocks where they are many. What cannot be done is remembered, and told when all is done.

FN f32 wf_size(f32 x) { return fabsf(x); }
FN f64 wf_size(f64 x) { return fabs(x); }
FN f32 wf_root_of(f32 x) { return sqrtf(x); }
FN f64 wf_root_of(f64 x) { return sqrt(x); }

// Call f(i, j) for rows from i0 to i1 and columns from j0 to j1, a warp for a row.
template <typename F> FN void wf_each_pair(int i0, int i1, int j0, int j1, F f) {
    for (int i = i0 + threadIdx.x / 32; i < i1; i += blockDim.x / 32)
        for (int j = j0 + threadIdx.x % 32; j < j1; j += 32) f(i, j);
}

// The row at or below the c-th in which the element of that column is largest: the first such.
template <typename T> FN int wf_pivot(const T *a, int n, int c) {
    const int s = n + 1;
    T most = -1;
    int best = c;
    for (int i = c + threadIdx.x % 32; i < n; i += 32) {
        T size = wf_size(a[i * s + c]);
        if (size > most) most = size, best = i;
    }
    for (int by = 16; by; by /= 2) {
        T size = __shfl_xor_sync(0xffffffffu, most, by);
        int other = __shfl_xor_sync(0xffffffffu, best, by);
        if (size > most || (size == most && other < best)) most = size, best = other;
    }
    T first = a[c * s + c];
    return first != first ? c : best;
}

// a becomes its factors, and b what solves with the lower one; how many rows changed places, or -1 for a singular matrix.
template <typename T> FN int wf_factor(T *a, T *b, int n, int k) {
    const int s = n + 1;
    int swaps = 0;
    bool is_singular = false;
    for (int c = 0; c < n; c++) {
        const int pivot = wf_pivot(a, n, c);
        __syncthreads();
        if (pivot != c) {
            for (int j = threadIdx.x; j < n + k; j += blockDim.x) {
                T *x = j < n ? a + c * s + j : b + c * k + j - n, *y = j < n ? a + pivot * s + j : b + pivot * k + j - n;
                T t = *x;
                *x = *y, *y = t;
            }
            swaps++;
        }
        __syncthreads();
        const T by = a[c * s + c];
        is_singular |= by == 0;
        if (by == 0) continue;
        for (int i = c + 1 + threadIdx.x; i < n; i += blockDim.x) a[i * s + c] /= by;
        __syncthreads();
        wf_each_pair(c + 1, n, c + 1, n + k, [&](int i, int j) {
            if (j < n) a[i * s + j] -= a[i * s + c] * a[c * s + j];
            else b[i * k + j - n] -= a[i * s + c] * b[c * k + j - n];
        });
        __syncthreads();
    }
    return is_singular ? -1 : swaps;
}

// b becomes x^-1 b for a triangle x; a zero on its diagonal is refused.
template <typename T> FN bool wf_triangle(const T *x, T *b, int n, int k, bool upper, bool unit) {
    const int s = n + 1;
    bool failed = false;
    for (int step = 0; step < n; step++) {
        const int i = upper ? n - 1 - step : step;
        if (!unit) {
            failed |= x[i * s + i] == 0;
            for (int j = threadIdx.x; j < k; j += blockDim.x) b[i * k + j] /= x[i * s + i];
            __syncthreads();
        }
        wf_each_pair(upper ? 0 : i + 1, upper ? i : n, 0, k, [&](int r, int j) { b[r * k + j] -= x[r * s + i] * b[i * k + j]; });
        __syncthreads();
    }
    return failed;
}

// The triangle whose square a is, a's two triangles taken together.
template <typename T> FN bool wf_root(T *a, int n) {
    const int s = n + 1;
    wf_each_pair(0, n, 0, n, [&](int i, int j) { if (j < i) a[i * s + j] = (a[i * s + j] + a[j * s + i]) / 2; });
    __syncthreads();
    for (int c = 0; c < n; c++) {
        const T square = a[c * s + c], root = wf_root_of(square);
        if (!(square > 0)) return true;
        __syncthreads();
        for (int i = c + threadIdx.x; i < n; i += blockDim.x) a[i * s + c] = i == c ? root : a[i * s + c] / root;
        __syncthreads();
        wf_each_pair(c + 1, n, c + 1, n, [&](int i, int j) { if (j <= i) a[i * s + j] -= a[i * s + c] * a[j * s + c]; });
        __syncthreads();
    }
    return false;
}

template <typename T> FN T *wf_read_matrix(const T *from, T *a, int n) {
    wf_each_pair(0, n, 0, n, [&](int i, int j) { a[i * (n + 1) + j] = from[i * n + j]; });
    __syncthreads();
    return a;
}

enum { WF_INVERSE, WF_SOLVE, WF_TRIANGLE };

// Columns of what solves with each matrix, or with its triangle, in place; of inverses, which begin as ones.
template <typename T>
FN void wf_solve_each(const T *x, T *y, int *failed, int kind, int n, int k, int most, bool upper, bool unit, void *room) {
    const int parts = (k + most - 1) / most, first = (int)(blockIdx.x % parts) * most, m = k - first < most ? k - first : most;
    const i64 matrix = blockIdx.x / parts;
    T *a = (T *)room, *b = a + n * (n + 1);
    wf_each_pair(0, n, 0, m, [&](int i, int j) {
        b[i * m + j] = kind == WF_INVERSE ? (T)(i == first + j) : y[(matrix * n + i) * k + first + j];
    });
    wf_read_matrix(x + matrix * n * n, a, n);
    bool is_wrong = kind != WF_TRIANGLE && wf_factor(a, b, n, m) < 0;
    if (kind != WF_TRIANGLE) upper = true, unit = false;
    is_wrong |= wf_triangle(a, b, n, m, upper, unit);
    wf_each_pair(0, n, 0, m, [&](int i, int j) { y[(matrix * n + i) * k + first + j] = b[i * m + j]; });
    if (is_wrong && threadIdx.x == 0) atomicOr(failed, 1);
}

template <typename T> FN void wf_root_each(const T *x, T *y, int *failed, int n, bool upper, void *room) {
    const i64 matrix = blockIdx.x;
    T *a = wf_read_matrix(x + matrix * n * n, (T *)room, n);
    const bool is_wrong = wf_root(a, n);
    wf_each_pair(0, n, 0, n, [&](int i, int j) {
        const int row = upper ? j : i, column = upper ? i : j;
        y[(matrix * n + i) * n + j] = column <= row ? a[row * (n + 1) + column] : 0;
    });
    if (is_wrong && threadIdx.x == 0) atomicOr(failed, 1);
}

// Determinants by themselves, or as their signs and logarithms.
template <typename T> FN void wf_measure_each(const T *x, T *y, T *logarithm, int n, void *room) {
    const i64 matrix = blockIdx.x;
    T *a = wf_read_matrix(x + matrix * n * n, (T *)room, n);
    const int swaps = wf_factor(a, a, n, 0);
    if (threadIdx.x) return;
    T sign = swaps & 1 ? -1 : 1, total = 0;
    for (int i = 0; i < n; i++) {
        T d = a[i * (n + 1) + i];
        if (!logarithm) sign *= d;
        else if (d < 0) sign = -sign, total += (T)log(-(f64)d);
        else total += (T)log((f64)d);
    }
    if (swaps < 0) sign = 0, total = -(T)__builtin_inf();
    y[matrix] = sign;
    if (logarithm) logarithm[matrix] = total;
}
