// Matrix products of one type, C = A B, for operands of any strides; C has rows in one piece. Included once for each
// REAL, after pack.h.
//
// Each thread owns a rectangle of C. It walks through K in pieces that fit the cache, packs what it needs of B, and of A
// where that does not lie well already, and lets a register tile of ROWS x 2 vectors run along K. What a program does with
// the elements of C it does with each block as soon as its sums are complete, while the block is in the cache.
//
// Source: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008.

struct WF_NAME(job) {
    const struct wf_gemm *g;
    i64 rows, row_block, column_block, column_blocks, blocks;
    const REAL *kept;                        // B packed, panels of COLUMNS as high as B
    i64 each;                                // rows of an item: those of all may be one product
    int turned, narrow;                      // whether rows are columns of what was asked for, and few
};

// The block of C that a thread works on.
struct WF_NAME(block) { i64 item, row, column, m, n; };

static inline void WF_NAME(complete)(const struct WF_NAME(job) *job, i64 item, i64 row, i64 m, i64 column, i64 n) {
    const struct wf_gemm *g = job->g;
    if (!g->after) return;
    i64 begin = job->turned ? column : row, end = begin + (job->turned ? n : m);
    i64 left = job->turned ? row : column, right = left + (job->turned ? m : n);
    for (i64 next; begin < end; begin = next) {
        i64 above = begin / job->each * job->each;
        next = end < above + job->each ? end : above + job->each;
        g->after(g->given, item + above / job->each, begin - above, next - above, left, right);
    }
}

// ROWS rows and VECTORS vectors of columns of C from k columns of A and k rows of B, added to what is there if `more`.
#define TILE(ROWS, VECTORS)                                                                                           \
    static __attribute__((noinline)) void WF_NAME(tile_##ROWS##_##VECTORS)(                                           \
        i64 k, const REAL *restrict a, i64 a_row, i64 a_column, const REAL *restrict b, i64 b_row, REAL *restrict c,  \
        i64 c_row, i64 m, i64 n, int more) {                                                                          \
        VECTOR sum[ROWS][VECTORS];                                                                                    \
        _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++)                                                       \
            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[i][v] = (VECTOR){0};                        \
        for (i64 p = 0; p < k; p++, a += a_column, b += b_row) {                                                      \
            VECTOR row[VECTORS];                                                                                      \
            _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) row[v] = LOAD(b + v * LANES);                   \
            _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++) {                                                 \
                REAL x = a[i * a_row];                                                                                \
                _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) sum[i][v] += x * row[v];                    \
            }                                                                                                         \
        }                                                                                                             \
        if (m == ROWS && n == VECTORS * LANES) {                                                                      \
            _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++) {                                                 \
                REAL *row = c + i * c_row;                                                                            \
                _Pragma("GCC unroll 2") for (int v = 0; v < VECTORS; v++) {                                           \
                    if (more) sum[i][v] += LOAD(row + v * LANES);                                                     \
                    STORE(row + v * LANES, sum[i][v]);                                                                \
                }                                                                                                     \
            }                                                                                                         \
            return;                                                                                                   \
        }                                                                                                             \
        REAL whole[ROWS][VECTORS * WF_WIDTH / sizeof(REAL)];                                                          \
        __builtin_memcpy(whole, sum, sizeof whole);                                                                   \
        for (i64 i = 0; i < m; i++)                                                                                   \
            for (i64 j = 0; j < n; j++) c[i * c_row + j] = (more ? c[i * c_row + j] : 0) + whole[i][j];               \
    }

TILE(12, 2)
TILE(8, 2)
TILE(4, 2)
TILE(1, 2)
TILE(12, 1)
TILE(8, 1)
TILE(4, 1)
TILE(1, 1)

typedef void (*WF_NAME(tile_function))(i64, const REAL *restrict, i64, i64, const REAL *restrict, i64, REAL *restrict,
                                       i64, i64, i64, int);

static WF_NAME(tile_function) WF_NAME(tile)(i64 rows, i64 vectors) {
    if (vectors == 1)
        return rows == 12 ? WF_NAME(tile_12_1) : rows == 8 ? WF_NAME(tile_8_1) : rows == 4 ? WF_NAME(tile_4_1) : WF_NAME(tile_1_1);
    return rows == 12 ? WF_NAME(tile_12_2) : rows == 8 ? WF_NAME(tile_8_2) : rows == 4 ? WF_NAME(tile_4_2) : WF_NAME(tile_1_2);
}

static void WF_NAME(rectangle)(const struct WF_NAME(job) *job, struct WF_NAME(block) at) {
    const struct wf_gemm *g = job->g;
    const REAL *a = (const REAL *)g->a + at.item * g->a_batch + at.row * g->a_row;
    const REAL *b = (const REAL *)g->b + at.item * g->b_batch + at.column * g->b_column;
    REAL *c = (REAL *)g->c + at.item * g->c_batch + at.row * g->c_row + at.column;
    i64 m = at.m, n = at.n, rows = job->rows, vectors = n <= LANES ? 1 : 2, columns = vectors * LANES;
    REAL *packed_a = wf_room(WF_PACKED_A, (WF_HEIGHT + 16) * WF_DEPTH * sizeof(double));
    REAL *packed_b = wf_room(WF_PACKED_B, (WF_BREADTH + 32) * WF_DEPTH * sizeof(double));
    WF_NAME(tile_function) tile = WF_NAME(tile)(rows, vectors);
    if (!g->k) {
        for (i64 i = 0; i < m; i++) __builtin_memset(c + i * g->c_row, 0, n * sizeof(REAL));
        WF_NAME(complete)(job, at.item, at.row, m, at.column, n);
    }
    for (i64 p = 0; p < g->k; p += WF_DEPTH) {
        i64 k = g->k - p < WF_DEPTH ? g->k - p : WF_DEPTH;
        for (i64 j0 = 0; j0 < n; j0 += WF_BREADTH) {
            i64 width = n - j0 < WF_BREADTH ? n - j0 : WF_BREADTH;
            i64 straight = !job->kept && g->b_column == 1 && m <= 4 * rows ? width / columns * columns : 0;
            const REAL *from = b + p * g->b_row + j0 * g->b_column;
            const REAL *panels = packed_b;                     // `columns` columns of B each, `panel` elements apart
            i64 panel = job->kept ? g->k * COLUMNS : k * columns;
            if (job->kept) panels = job->kept + (at.column + j0) * g->k + p * COLUMNS;
            else WF_NAME(pack)(packed_b, from + straight * g->b_column, g->b_row, g->b_column, k, width - straight, columns);
            for (i64 i0 = 0; i0 < m; i0 += WF_HEIGHT) {
                i64 height = m - i0 < WF_HEIGHT ? m - i0 : WF_HEIGHT;
                const REAL *above = a + i0 * g->a_row + p * g->a_column;
                int lies_well = g->a_row == 1 || (g->a_column == 1 && width <= 4 * columns);
                i64 as_is = lies_well ? height / rows * rows : 0;      // rows; the others are packed
                WF_NAME(pack)(packed_a, above + as_is * g->a_row, g->a_column, g->a_row, k, height - as_is, rows);
                for (i64 j = 0; j < width; j += columns) {
                    const REAL *right = j < straight ? from + j : panels + (j - straight) / columns * panel;
                    for (i64 i = 0; i < height; i += rows)
                        tile(k, i < as_is ? above + i * g->a_row : packed_a + (i - as_is) * k, i < as_is ? g->a_row : 1,
                             i < as_is ? g->a_column : rows, right, j < straight ? g->b_row : job->kept ? COLUMNS : columns,
                             c + (i0 + i) * g->c_row + j0 + j, g->c_row, height - i < rows ? height - i : rows,
                             width - j < columns ? width - j : columns, p > 0);
                }
                if (p + k == g->k) WF_NAME(complete)(job, at.item, at.row + i0, height, at.column + j0, width);
            }
        }
    }
}

// A block of the transposed product, whose few rows are the columns of C.
static void WF_NAME(turned)(const struct WF_NAME(job) *job, struct WF_NAME(block) at) {
    const struct wf_gemm *g = job->g;
    REAL *made = wf_room(WF_TURNED, WF_BREADTH * at.m * sizeof(REAL));
    struct wf_gemm part = *g;
    struct WF_NAME(job) inner = *job;
    part.c_row = WF_BREADTH, part.c_batch = 0, part.after = 0, inner.g = &part;
    for (i64 j0 = 0; j0 < at.n; j0 += WF_BREADTH) {
        i64 width = at.n - j0 < WF_BREADTH ? at.n - j0 : WF_BREADTH, column = at.column + j0;
        part.c = made - at.row * WF_BREADTH - column;
        WF_NAME(rectangle)(&inner, (struct WF_NAME(block)){at.item, at.row, column, at.m, width});
        REAL *c = (REAL *)g->c + at.item * g->c_batch + column * g->c_row + at.row;
        for (i64 j = 0; j < width; j++)
            for (i64 i = 0; i < at.m; i++) c[j * g->c_row + i] = made[i * WF_BREADTH + j];
        WF_NAME(complete)(job, at.item, at.row, at.m, column, width);
    }
}

static void WF_NAME(share)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(job) *job = given;
    const struct wf_gemm *g = job->g;
    for (i64 t = begin; t < end; t++) {
        i64 block = t % job->blocks, i = block / job->column_blocks * job->row_block;
        i64 j = block % job->column_blocks * job->column_block;
        i64 m = g->m - i < job->row_block ? g->m - i : job->row_block;
        i64 n = g->n - j < job->column_block ? g->n - j : job->column_block;
        (job->narrow ? WF_NAME(turned) : WF_NAME(rectangle))(job, (struct WF_NAME(block)){t / job->blocks, i, j, m, n});
    }
}

static void WF_NAME(keep_panels)(const void *given, i64 begin, i64 end) {
    const struct wf_gemm *g = given;
    for (i64 j = begin * COLUMNS; j < end * COLUMNS && j < g->n; j += COLUMNS)
        WF_NAME(pack)((REAL *)g->kept->memory + j * g->k, (const REAL *)g->b + j * g->b_column, g->b_row, g->b_column,
                        g->k, g->n - j < COLUMNS ? g->n - j : COLUMNS, COLUMNS);
}

// B as a loop keeps it, packed when it is multiplied by for the first time.
static const REAL *WF_NAME(kept)(const struct wf_gemm *g) {
    if (!g->kept || g->b_batch) return 0;
    if (!g->kept->uses++)
        wf_parallel(WF_NAME(keep_panels), g, (g->n + COLUMNS - 1) / COLUMNS, COLUMNS * g->k * sizeof(REAL) / 25.0);
    return g->kept->memory;
}

// The height of the tile that wastes least of the last rows; each is worth more the higher it is.
static i64 WF_NAME(rows)(i64 m) {
    static const i64 choices[] = {12, 8, 4};
    if (m < 3) return 1;
    i64 best = 12;
    double least = 1e30;
    for (int i = 0; i < 3; i++) {
        i64 r = choices[i];
        double work = (double)((m + r - 1) / r) * (r * 16.0 + (r == 12 ? 8 : r == 8 ? 14 : 34));
        if (work < least) least = work, best = r;
    }
    return best;
}

// One row of A times columns begin..end of B, which is read once, straight ahead.
static void WF_NAME(row_by_rows)(const struct wf_gemm *g, const REAL *a, const REAL *b, REAL *c, i64 begin, i64 end) {
    i64 j = begin;
    for (; j + 4 * LANES <= end; j += 4 * LANES) {
        VECTOR sum[4] = {};
        for (i64 p = 0; p < g->k; p++) {
            REAL x = a[p * g->a_column];
            const REAL *row = b + p * g->b_row + j;
            _Pragma("GCC unroll 4") for (int v = 0; v < 4; v++) sum[v] += x * LOAD(row + v * LANES);
        }
        _Pragma("GCC unroll 4") for (int v = 0; v < 4; v++) STORE(c + j + v * LANES, sum[v]);
    }
    for (; j < end; j++) {
        REAL sum = 0;
        for (i64 p = 0; p < g->k; p++) sum += a[p * g->a_column] * b[p * g->b_row + j];
        c[j] = sum;
    }
}

// The same where the columns of B, and the row of A, are each in one piece: sums of products.
static void WF_NAME(row_by_columns)(const struct wf_gemm *g, const REAL *a, const REAL *b, REAL *c, i64 begin, i64 end) {
    for (i64 j = begin; j < end; j++) {
        const REAL *column = b + j * g->b_column;
        ADDING sum[4] = {};
        i64 p = 0;
        for (; p + 4 * ADDED <= g->k; p += 4 * ADDED)
            _Pragma("GCC unroll 4") for (int v = 0; v < 4; v++)
                sum[v] += LOAD_ADDED(a + p + v * ADDED) * LOAD_ADDED(column + p + v * ADDED);
        for (; p + ADDED <= g->k; p += ADDED) sum[0] += LOAD_ADDED(a + p) * LOAD_ADDED(column + p);
        REAL total = WF_NAME(total)((sum[0] + sum[1]) + (sum[2] + sum[3]));
        for (; p < g->k; p++) total += a[p] * column[p];
        c[j] = total;
    }
}

enum { WF_NAME(columns_at_once) = 256 };

static int WF_NAME(is_by_rows)(const struct wf_gemm *g) { return g->b_column == 1; }

static int WF_NAME(is_by_columns)(const struct wf_gemm *g) { return g->b_row == 1 && g->a_column == 1; }

static void WF_NAME(share_row)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(job) *job = given;
    const struct wf_gemm *g = job->g;
    i64 parts = (g->n + WF_NAME(columns_at_once) - 1) / WF_NAME(columns_at_once);
    for (i64 t = begin; t < end; t++) {
        i64 item = t / parts / g->m, i = t / parts % g->m, from = t % parts * WF_NAME(columns_at_once);
        i64 to = from + WF_NAME(columns_at_once) < g->n ? from + WF_NAME(columns_at_once) : g->n;
        const REAL *a = (const REAL *)g->a + item * g->a_batch + i * g->a_row;
        const REAL *b = (const REAL *)g->b + item * g->b_batch;
        REAL *c = (REAL *)g->c + item * g->c_batch + i * g->c_row;
        (WF_NAME(is_by_rows)(g) ? WF_NAME(row_by_rows) : WF_NAME(row_by_columns))(g, a, b, c, from, to);
        WF_NAME(complete)(job, item, i, 1, from, to - from);
    }
}

// Rows of a product with few columns, four at a time.
static void WF_NAME(share_narrow)(const void *given, i64 begin, i64 end) {
    const struct WF_NAME(job) *job = given;
    const struct wf_gemm *g = job->g;
    i64 fours = (g->m + 3) / 4;
    for (i64 t = begin, next; t < end; t = next) {
        i64 item = t / fours, i = t % fours * 4, left = g->m - i;
        next = end < (item + 1) * fours ? end : (item + 1) * fours;
        i64 m = (next - t) * 4 < left ? (next - t) * 4 : left;
        WF_NAME(narrow)(g, (const REAL *)g->a + item * g->a_batch + i * g->a_row, (const REAL *)g->b + item * g->b_batch,
                        (REAL *)g->c + item * g->c_batch + i * g->c_row, m);
        WF_NAME(complete)(job, item, i, m, 0, g->n);
    }
}

// Whether it is the better product turned: a column becomes a row, and a few columns rows where A lies well for that.
static int WF_NAME(is_better_turned)(const struct wf_gemm *g) {
    if (g->n == 1) return g->m > 1 && g->c_row == 1;
    return g->n <= WF_NARROW && g->m >= COLUMNS && (g->a_row == 1 || g->n <= LANES / 4);
}

void WF_NAME(wf_gemm)(const void *request) {
    struct wf_gemm turned = *(const struct wf_gemm *)request;
    const struct wf_gemm *g = &turned;
    if (g->m <= 0 || g->n <= 0) return;
    struct WF_NAME(job) job = {.g = g, .each = g->m};
    if (!g->b_batch && g->a_batch == g->m * g->a_row && g->c_batch == g->m * g->c_row)
        turned.m *= turned.batch, turned.batch = 1; // rows of all items, one below the other, times the same matrix
    if (g->n > 1 && g->n <= WF_NARROW && g->m > 2 && g->a_column == 1 && g->k >= WF_LONG) {
        wf_parallel(WF_NAME(share_narrow), &job, g->batch * ((g->m + 3) / 4), g->n * (g->k / 20.0 + 4 * g->ns));
        return;
    }
    job.turned = WF_NAME(is_better_turned)(g), job.narrow = job.turned && g->n > 1;
    if (job.turned) {
        struct wf_gemm was = turned;
        turned = (struct wf_gemm){was.batch, was.n, was.m, was.k, was.b, was.b_batch, was.b_column, was.b_row,
                                  was.a, was.a_batch, was.a_column, was.a_row, was.c, was.c_batch, job.narrow ? was.c_row : was.m, 0,
                                  was.after, was.given, was.ns};
    }
    if (!job.narrow && g->m <= 2 && g->k && (WF_NAME(is_by_rows)(g) || WF_NAME(is_by_columns)(g))) {
        i64 parts = (g->n + WF_NAME(columns_at_once) - 1) / WF_NAME(columns_at_once);
        wf_parallel(WF_NAME(share_row), &job, g->batch * g->m * parts,
                    (double)g->n / parts * (g->k * sizeof(REAL) / 25.0 + g->ns));
        return;
    }
    job = (struct WF_NAME(job)){g, WF_NAME(rows)(g->m), g->m, g->n, 1, 1, WF_NAME(kept)(g), job.each, job.turned, job.narrow};
    double ns = g->m * g->n * (2.0 * (g->k + 4) / 90.0 + g->ns);
    i64 threads = ns * g->batch < 6000 ? 1 : wf_threads();
    for (i64 down = 1, across = 1; g->batch < threads && down * across < threads;) {
        double height = (double)g->m / down, breadth = (double)g->n / across;
        if (breadth >= 2 * COLUMNS && (breadth >= height * 0.9 || height < 2 * job.rows)) across *= 2;
        else if (height >= 2 * job.rows) down *= 2;
        else break;
        job.row_block = ((g->m + down - 1) / down + job.rows - 1) / job.rows * job.rows;
        job.column_block = ((g->n + across - 1) / across + COLUMNS - 1) / COLUMNS * COLUMNS;
    }
    job.column_blocks = (g->n + job.column_block - 1) / job.column_block;
    job.blocks = (g->m + job.row_block - 1) / job.row_block * job.column_blocks;
    wf_parallel(WF_NAME(share), &job, job.blocks * g->batch, ns / job.blocks);
}

#undef TILE
