// Vectors of one type, and columns of matrices packed side by side. Included once for each REAL, with WF_NAME(x) giving
// functions their names.

typedef REAL WF_NAME(vector) __attribute__((vector_size(WF_WIDTH)));
typedef WHOLE WF_NAME(index) __attribute__((vector_size(WF_WIDTH)));
typedef REAL WF_NAME(loose) __attribute__((vector_size(WF_WIDTH), aligned(sizeof(REAL)), may_alias));

// All bits of the first `count` lanes.
static inline WF_NAME(index) WF_NAME(first)(i64 count) {
    WF_NAME(index) lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    return lane < (WHOLE)count;
}

// LANES x LANES elements of a matrix, transposed: each round deals the rows like two halves of a pack of cards. Rows
// behind the first `count` are zero.
static void WF_NAME(transpose)(REAL *restrict to, i64 to_row, const REAL *restrict from, i64 from_row, i64 count) {
#if defined(__GNUC__) && !defined(__clang__)
    VECTOR now[WF_WIDTH / sizeof(REAL)], then[WF_WIDTH / sizeof(REAL)];
    WF_NAME(index) low, high;
    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = low[i] + LANES / 2;
    }
    _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++) if (i < count) now[i] = LOAD(from + i * from_row); else now[i] = (VECTOR){};
    _Pragma("GCC unroll 4") for (int round = LANES; round > 1; round /= 2) {
        _Pragma("GCC unroll 8") for (int i = 0; i < LANES / 2; i++) {
            then[2 * i] = __builtin_shuffle(now[i], now[i + LANES / 2], low);
            then[2 * i + 1] = __builtin_shuffle(now[i], now[i + LANES / 2], high);
        }
        _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++) now[i] = then[i];
    }
    _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++) STORE(to + i * to_row, now[i]);
#else
    for (i64 j = 0; j < LANES; j++)
        for (i64 i = 0; i < LANES; i++) to[j * to_row + i] = i < count ? from[i * from_row + j] : 0;
#endif
}

// Columns of B, `columns` at a time, or so rows of A; what is missing of the last ones is zero. Whole vectors are
// written, beyond the columns too: the next row is written later, and the last has room behind it.
static void WF_NAME(pack)(REAL *restrict to, const REAL *restrict b, i64 row, i64 column, i64 k, i64 n, i64 columns) {
    for (i64 j = 0; j < n; j += columns, to += columns * k) {
        i64 count = n - j < columns ? n - j : columns, p = 0;
        if (count == columns && column == 1 && columns % LANES == 0) {
            for (; p < k; p++)
                for (i64 c = 0; c < columns; c += LANES) STORE(to + p * columns + c, LOAD(b + p * row + j + c));
        } else if (column == 1) {            // whole vectors, as long as what is read too much is elements of B
            for (; (k - 1 - p) * row >= columns + LANES - count; p++)
                for (i64 c = 0; c < columns; c += LANES) {
                    WF_NAME(index) there = WF_NAME(first)(count - c);
                    STORE(to + p * columns + c, (VECTOR)((WF_NAME(index))LOAD(b + p * row + j + c) & there));
                }
        } else if (row == 1) {
            for (; p + LANES <= k; p += LANES)
                for (i64 c = (columns - 1) / LANES * LANES; c >= 0; c -= LANES)
                    WF_NAME(transpose)(to + p * columns + c, columns, b + p + (j + c) * column, column, count - c);
        }
        for (; p < k; p++)
            for (i64 c = 0; c < columns; c++) to[p * columns + c] = c < count ? b[p * row + (j + c) * column] : 0;
    }
}
