// Products of one type with few columns, for an A whose rows are each in one piece: every element is a sum of products
// along K, where a row of A is read straight ahead and no lane is idle. Included once for each REAL, after pack.h.

typedef REAL WF_NAME(adding) __attribute__((vector_size(WF_ORDER)));
typedef REAL WF_NAME(adding_loose) __attribute__((vector_size(WF_ORDER), aligned(sizeof(REAL)), may_alias));
typedef WHOLE WF_NAME(adding_index) __attribute__((vector_size(WF_ORDER)));
typedef REAL WF_NAME(quarter) __attribute__((vector_size(16)));

#define ADDING WF_NAME(adding)
#define ADDED ((i64)(WF_ORDER / sizeof(REAL)))
#define LOAD_ADDED(p) (*(const WF_NAME(adding_loose) *)(p))

// The sum of all lanes, the upper half added to the lower until one is left.
static inline REAL WF_NAME(total)(ADDING x) {
    enum { most = 16 / sizeof(REAL) };
    WF_NAME(quarter) part[WF_ORDER / 16];
    __builtin_memcpy(part, &x, sizeof x);
    _Pragma("GCC unroll 4") for (int n = WF_ORDER / 32; n; n /= 2)
        _Pragma("GCC unroll 4") for (int i = 0; i < n; i++) part[i] += part[i + n];
    WF_NAME(quarter) y = part[0];
    if (most == 4) y += (WF_NAME(quarter)){y[2 % most], y[3 % most]};
    return y[0] + y[1];
}

// x without its first lanes: the last vector of a row begins before what is left, and takes only that in.
static inline ADDING WF_NAME(last)(ADDING x, i64 count) {
    WF_NAME(adding_index) lane;
    for (int i = 0; i < ADDED; i++) lane[i] = i;
    return (ADDING)((WF_NAME(adding_index))x & (lane >= (WHOLE)(ADDED - count)));
}

// Four rows of A, of no less than a vector, which need not differ, times COUNT columns of B; added to what is there if `more`.
#define SUMS(COUNT)                                                                                                   \
    static __attribute__((noinline)) void WF_NAME(sums_##COUNT)(i64 k, const REAL *const *a, const REAL *b,           \
                                                                i64 b_column, REAL *const *c, int more) {             \
        ADDING sum[4][COUNT];                                                                                         \
        _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)                                                           \
            _Pragma("GCC unroll 8") for (int j = 0; j < COUNT; j++) sum[i][j] = (ADDING){0};                          \
        const REAL *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3];                                                    \
        i64 p = 0;                                                                                                    \
        for (; p + ADDED <= k; p += ADDED) {                                                                          \
            ADDING x[4] = {LOAD_ADDED(a0 + p), LOAD_ADDED(a1 + p), LOAD_ADDED(a2 + p), LOAD_ADDED(a3 + p)};           \
            _Pragma("GCC unroll 8") for (int j = 0; j < COUNT; j++) {                                                 \
                ADDING y = LOAD_ADDED(b + j * b_column + p);                                                          \
                _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) sum[i][j] += x[i] * y;                            \
            }                                                                                                         \
        }                                                                                                             \
        if (p < k) {                                                                                                  \
            i64 q = k - ADDED;                                                                                        \
            ADDING x[4] = {LOAD_ADDED(a0 + q), LOAD_ADDED(a1 + q), LOAD_ADDED(a2 + q), LOAD_ADDED(a3 + q)};           \
            _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) x[i] = WF_NAME(last)(x[i], k - p);                    \
            _Pragma("GCC unroll 8") for (int j = 0; j < COUNT; j++) {                                                 \
                ADDING y = WF_NAME(last)(LOAD_ADDED(b + j * b_column + q), k - p);                                    \
                _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) sum[i][j] += x[i] * y;                            \
            }                                                                                                         \
        }                                                                                                             \
        _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)                                                           \
            _Pragma("GCC unroll 8") for (int j = 0; j < COUNT; j++) {                                                 \
                REAL all = WF_NAME(total)(sum[i][j]);                                                                 \
                c[i][j] = more ? c[i][j] + all : all;                                                                 \
            }                                                                                                         \
    }

SUMS(6)
SUMS(4)
SUMS(2)
SUMS(1)

// Columns of B side by side: each in one piece, `line` elements long.
static void WF_NAME(columns)(REAL *restrict to, i64 line, const REAL *restrict b, i64 row, i64 column, i64 k, i64 n) {
    i64 p = 0;
    if (row == 1) {
        for (i64 j = 0; j < n; j++) __builtin_memcpy(to + j * line, b + j * column, k * sizeof(REAL));
        return;
    }
    if (column == 1 && n <= LANES)           // whole vectors, as long as what is read too much is elements of B
        for (; (k - p - LANES) * row >= LANES - n && p + LANES <= k; p += LANES)
            WF_NAME(transpose)(to + p, line, b + p * row, row, LANES);
    for (i64 j = 0; j < n; j++)
        for (i64 q = p; q < k; q++) to[j * line + q] = b[q * row + j * column];
}

static void WF_NAME(four_rows)(const struct wf_gemm *g, const REAL *a, const REAL *b, i64 b_column, REAL *c, i64 p, i64 k,
                               i64 rows) {
    REAL *y[4], spare[WF_NARROW] = {};       // what is missing of the rows is the last again, which goes nowhere
    const REAL *x[4];
    for (i64 i = 0; i < 4; i++) {
        x[i] = a + (i < rows ? i : rows - 1) * g->a_row + p;
        y[i] = i < rows ? c + i * g->c_row : spare;
    }
    for (i64 j = 0, count; j < g->n; j += count) {
        i64 left = g->n - j;
        count = WF_WIDTH < 64 && left > 1 ? 2 : left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        (count == 6 ? WF_NAME(sums_6) : count == 4 ? WF_NAME(sums_4) : count == 2 ? WF_NAME(sums_2) : WF_NAME(sums_1))(
            k, x, b + j * b_column, b_column, y, p > 0);
        for (i64 i = 0; i < 4; i++) y[i] += count;
    }
}

static void WF_NAME(narrow)(const struct wf_gemm *g, const REAL *a, const REAL *b, REAL *c, i64 m) {
    int in_pieces = g->b_row == 1 && m < 32;         // more rows are worth columns that begin where vectors do
    i64 line = in_pieces ? g->b_column : WF_FAR + ADDED;
    REAL *packed = in_pieces ? 0 : wf_room(WF_PACKED_B, line * (LANES + WF_NARROW) * sizeof(REAL));
    for (i64 p = 0, k; p < g->k; p += k) {
        k = g->k - p < WF_FAR + ADDED ? g->k - p : WF_FAR;             // the last piece is no shorter than a vector
        if (!in_pieces) WF_NAME(columns)(packed, line, b + p * g->b_row, g->b_row, g->b_column, k, g->n);
        for (i64 i = 0; i < m; i += 4)
            WF_NAME(four_rows)(g, a + i * g->a_row, in_pieces ? b + p : packed, line, c + i * g->c_row, p, k,
                               m - i < 4 ? m - i : 4);
    }
}

#undef SUMS
