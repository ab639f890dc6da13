// Stacks of small matrices, in rows, changed in place: triangles solved, factored with the largest element as pivot, and
// what follows from the factors. Included once for float and once for double.

// y += a x, along two rows
static inline void WF_NAME(wf_add_row)(REAL *y, const REAL *x, REAL a, i64 n) {
    typedef REAL vector __attribute__((vector_size(WF_WIDTH), aligned(sizeof(REAL))));
    const i64 wide = WF_WIDTH / sizeof(REAL);
    i64 j = 0;
    for (; j + wide <= n; j += wide) *(vector *)(y + j) += a * *(const vector *)(x + j);
    for (; j < n; j++) y[j] += a * x[j];
}

static inline void WF_NAME(wf_scale_row)(REAL *y, REAL a, i64 n) {
    for (i64 j = 0; j < n; j++) y[j] /= a;
}

// b becomes x^-1 b for a triangle x; a zero on its diagonal is refused.
static int WF_NAME(wf_triangle)(const REAL *x, REAL *b, i64 n, i64 k, int upper, int unit) {
    for (i64 step = 0; step < n; step++) {
        i64 i = upper ? n - 1 - step : step, begin = upper ? i + 1 : 0, end = upper ? n : i;
        for (i64 j = begin; j < end; j++) WF_NAME(wf_add_row)(b + i * k, b + j * k, -x[i * n + j], k);
        if (unit) continue;
        if (x[i * n + i] == 0) return 1;
        WF_NAME(wf_scale_row)(b + i * k, x[i * n + i], k);
    }
    return 0;
}

static inline void WF_NAME(wf_swap_rows)(REAL *x, REAL *y, i64 n) {
    for (i64 j = 0; j < n; j++) {
        REAL t = x[j];
        x[j] = y[j];
        y[j] = t;
    }
}

// a becomes its factors, and the rows of b change places with those of a; how many did, or -1 for a singular matrix.
static i64 WF_NAME(wf_factor)(REAL *a, REAL *b, i64 n, i64 k) {
    i64 swaps = 0, singular = 0;
    for (i64 c = 0; c < n; c++) {
        i64 pivot = c;
        for (i64 i = c + 1; i < n; i++) if (__builtin_fabs(a[i * n + c]) > __builtin_fabs(a[pivot * n + c])) pivot = i;
        if (pivot != c) {
            WF_NAME(wf_swap_rows)(a + c * n, a + pivot * n, n);
            WF_NAME(wf_swap_rows)(b + c * k, b + pivot * k, k);
            swaps++;
        }
        if (a[c * n + c] == 0) {
            singular = 1;
            continue;
        }
        for (i64 i = c + 1; i < n; i++) {
            REAL factor = a[i * n + c] /= a[c * n + c];
            WF_NAME(wf_add_row)(a + i * n + c + 1, a + c * n + c + 1, -factor, n - c - 1);
        }
    }
    return singular ? -1 : swaps;
}

static int WF_NAME(wf_solve)(REAL *a, REAL *b, i64 n, i64 k) {
    if (WF_NAME(wf_factor)(a, b, n, k) < 0) return 1;
    return WF_NAME(wf_triangle)(a, b, n, k, 0, 1) || WF_NAME(wf_triangle)(a, b, n, k, 1, 0);
}

// The triangle whose square a is, a's two triangles taken together.
static int WF_NAME(wf_root)(REAL *a, i64 n, int upper) {
    for (i64 i = 0; i < n; i++) for (i64 j = 0; j < i; j++) a[i * n + j] = (a[i * n + j] + a[j * n + i]) / 2;
    for (i64 i = 0; i < n; i++) {
        for (i64 j = 0; j <= i; j++) {
            REAL sum = a[i * n + j];
            for (i64 l = 0; l < j; l++) sum -= a[i * n + l] * a[j * n + l];
            if (j < i) a[i * n + j] = sum / a[j * n + j];
            else if (!(sum > 0)) return 1;
            else a[i * n + i] = (REAL)__builtin_sqrt((double)sum);
        }
    }
    for (i64 i = 0; i < n; i++) {
        for (i64 j = i + 1; j < n; j++) {
            if (upper) a[i * n + j] = a[j * n + i];
            a[upper ? j * n + i : i * n + j] = 0;
        }
    }
    return 0;
}

// The determinant as its sign and logarithm, or by itself.
static void WF_NAME(wf_measure)(REAL *a, i64 n, REAL *sign, REAL *logarithm) {
    i64 swaps = WF_NAME(wf_factor)(a, a, n, 0);
    REAL y = swaps & 1 ? -1 : 1, total = 0;
    for (i64 i = 0; i < n; i++) {
        REAL x = a[i * n + i];
        if (!logarithm) y *= x;
        else if (x < 0) y = -y, total += (REAL)__builtin_log(-(double)x);
        else total += (REAL)__builtin_log((double)x);
    }
    if (swaps < 0) y = 0, total = -(REAL)__builtin_inf();
    *sign = y;
    if (logarithm) *logarithm = total;
}

static void WF_NAME(wf_matrix_range)(const void *given, i64 begin, i64 end) {
    const struct wf_matrices *m = given;
    i64 n = m->n, k = m->k;
    int failed = 0;
    for (i64 i = begin; i < end; i++) {
        REAL *a = (REAL *)m->a + i * n * n, *b = (REAL *)m->b + i * n * k;
        switch (m->kind) {
        case WF_INVERSE:
            for (i64 j = 0; j < n * n; j++) b[j] = j % (n + 1) == 0;
            failed |= WF_NAME(wf_solve)(a, b, n, n);
            break;
        case WF_SOLVE: failed |= WF_NAME(wf_solve)(a, b, n, k); break;
        case WF_TRIANGLE: failed |= WF_NAME(wf_triangle)(a, b, n, k, m->upper, m->unit); break;
        case WF_ROOT: failed |= WF_NAME(wf_root)(a, n, m->upper); break;
        case WF_DETERMINANT: WF_NAME(wf_measure)(a, n, (REAL *)m->b + i, 0); break;
        case WF_LOGARITHM: WF_NAME(wf_measure)(a, n, (REAL *)m->b + i, (REAL *)m->logarithm + i); break;
        }
    }
    if (failed) __atomic_store_n(m->failed, 1, __ATOMIC_RELAXED);
}

int WF_NAME(wf_matrices)(const struct wf_matrices *m) {
    int failed = 0;
    struct wf_matrices own = *m;
    own.failed = &failed;
    wf_parallel(WF_NAME(wf_matrix_range), &own, m->batch, 1.0 * (double)(m->n * m->n * (m->n + m->k)));
    return failed;
}
