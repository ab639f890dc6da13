// A stand-in for libcublasLt.so.13: the functions by which a program describes and calls a product of matrices.
//
// Matrices are in column order, as most programs use them; what cuBLASLt would refuse, and what it has and this has
// not, is refused with its own codes.
#include <cstddef>
#include <cstring>

#include "numbers.h"
#include "product.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" int standin_submit(void *stream, int (*work)(void *), void *data, void (*drop)(void *));

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };

enum LayoutAttribute { TYPE, ORDER, ROWS, COLUMNS, STEP, BATCH, STRIDE };

struct Handle {};
struct Preference {
    uint64_t workspace;
};

// A number of any of the widths that attributes have.
static uint64_t number(const void *from, size_t size) {
    uint64_t value = 0;
    memcpy(&value, from, size < sizeof value ? size : sizeof value);
    return value;
}

EXPORT Status cublasLtCreate(Handle **to) {
    *to = new Handle;
    return SUCCESS;
}

EXPORT Status cublasLtDestroy(Handle *handle) {
    delete handle;
    return SUCCESS;
}

EXPORT size_t cublasLtGetVersion() { return 130000; }

EXPORT const char *cublasLtGetStatusName(Status status) {
    switch (status) {
    case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    }
    return "unknown";
}

EXPORT const char *cublasLtGetStatusString(Status status) {
    switch (status) {
    case SUCCESS: return "success";
    case INVALID_VALUE: return "an unsupported value or parameter was passed to the function";
    case NOT_SUPPORTED: return "the functionality requested is not supported";
    default: return "the product could not be run";
    }
}

EXPORT Status cublasLtMatmulDescCreate(Product **to, int compute, int scale) {
    *to = new Product{compute, scale, {}};
    return SUCCESS;
}

EXPORT Status cublasLtMatmulDescDestroy(Product *product) {
    delete product;
    return SUCCESS;
}

EXPORT Status cublasLtMatmulDescSetAttribute(Product *product, int attribute, const void *value, size_t size) {
    if (!value || size > 8) return INVALID_VALUE;
    product->attributes[attribute] = number(value, size);
    return SUCCESS;
}

EXPORT Status cublasLtMatrixLayoutCreate(Layout **to, int format, uint64_t rows, uint64_t columns, int64_t step) {
    *to = new Layout{format, 0, (int64_t)rows, (int64_t)columns, step, 1, 0};
    return SUCCESS;
}

EXPORT Status cublasLtMatrixLayoutDestroy(Layout *layout) {
    delete layout;
    return SUCCESS;
}

EXPORT Status cublasLtMatrixLayoutSetAttribute(Layout *layout, int attribute, const void *value, size_t size) {
    int64_t n = (int64_t)number(value, size);
    switch (attribute) {
    case TYPE: layout->format = (int)n; break;
    case ORDER: layout->order = (int)n; break;
    case ROWS: layout->rows = n; break;
    case COLUMNS: layout->columns = n; break;
    case STEP: layout->step = n; break;
    case BATCH: layout->batch = n; break;
    case STRIDE: layout->stride = n; break;
    default: return NOT_SUPPORTED;
    }
    return SUCCESS;
}

EXPORT Status cublasLtMatmulPreferenceCreate(Preference **to) {
    *to = new Preference{};
    return SUCCESS;
}

EXPORT Status cublasLtMatmulPreferenceDestroy(Preference *preference) {
    delete preference;
    return SUCCESS;
}

EXPORT Status cublasLtMatmulPreferenceSetAttribute(Preference *preference, int, const void *value, size_t size) {
    preference->workspace = number(value, size);
    return SUCCESS;
}

static Status check_layout(const Layout &l, int64_t rows, int64_t columns, int64_t batch) {
    if (l.order || !known(l.format)) return NOT_SUPPORTED;
    bool fits = l.rows == rows && l.columns == columns && l.batch == batch && l.step >= l.rows;
    return fits && rows > 0 && columns > 0 ? SUCCESS : INVALID_VALUE;
}

// GELU is for the 16-bit and 32-bit formats; f64 has only sums. Auxiliary matrices want columns at multiples of 8.
static Status check_epilogue(const Product &p, const Layout &d) {
    int64_t epilogue = p.get(EPILOGUE, DEFAULT);
    bool needs_bias = epilogue & (ADD_BIAS | BIAS_GRADIENT | GRADIENT_OF_A | GRADIENT_OF_B);
    bool needs_aux = epilogue & (WITH_AUX | GELU_GRADIENT | RELU_GRADIENT);
    if (d.format == F64 && epilogue != DEFAULT) return NOT_SUPPORTED;
    if (needs_bias && !p.get(BIAS)) return INVALID_VALUE;
    if (needs_aux && (!p.get(AUX) || p.get(AUX_STEP) < d.rows)) return INVALID_VALUE;
    return SUCCESS;
}

static Status check(const Product &p, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
    bool ta = p.get(TRANSPOSE_A), tb = p.get(TRANSPOSE_B);
    int64_t inner = ta ? a.rows : a.columns;
    Status found = check_epilogue(p, d);
    if (!found) found = check_layout(a, ta ? inner : d.rows, ta ? d.rows : inner, d.batch);
    if (!found) found = check_layout(b, tb ? d.columns : inner, tb ? inner : d.columns, d.batch);
    if (!found) found = check_layout(c, d.rows, d.columns, d.batch);
    if (!found) found = check_layout(d, d.rows, d.columns, d.batch);
    if (!found && (a.format != b.format || p.scale != (d.format == F64 ? F64 : F32))) found = NOT_SUPPORTED;
    return found;
}

// The one way that there is, as 96 bytes of nothing: a program keeps them, and hands the first 64 back.
EXPORT Status cublasLtMatmulAlgoGetHeuristic(Handle *, Product *product, Layout *a, Layout *b, Layout *c, Layout *d,
                                             Preference *, int wanted, char *results, int *found) {
    *found = 0;
    if (Status status = check(*product, *a, *b, *c, *d)) return status;
    if (wanted < 1) return INVALID_VALUE;
    memset(results, 0, 96);
    *found = 1;
    return SUCCESS;
}

EXPORT Status cublasLtMatmul(Handle *handle, Product *product, const void *alpha, const void *A, Layout *a,
                             const void *B, Layout *b, const void *beta, const void *C, Layout *c, void *D, Layout *d,
                             const void *, void *, size_t, void *stream) {
    if (!handle) return NOT_INITIALIZED;
    if (Status status = check(*product, *a, *b, *c, *d)) return status;
    double scale = load(alpha, product->scale, 0), kept = load(beta, product->scale, 0);
    Job *job = new Job{*product, *a, *b, *c, *d, scale, kept, A, B, C, D};
    return standin_submit(stream, run, job, [](void *data) { delete (Job *)data; }) ? EXECUTION_FAILED : SUCCESS;
}
