// The product itself, in plain loops over doubles, with the epilogues.
#include "product.h"

#include <algorithm>
#include <vector>

#include "numbers.h"

extern "C" int standin_operand(const void *at, size_t size, int write);

static const double root = 0.7978845608028654, cubic = 0.044715; // of the tanh form of GELU

static double gelu(double x) { return 0.5 * x * (1 + tanh(root * (x + cubic * x * x * x))); }

static double gelu_gradient(double x) {
    double t = tanh(root * (x + cubic * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * cubic * x * x);
}

// Rows of op(A), and columns of op(B), each side by side.
static std::vector<double> gathered(const void *from, const Layout &l, int64_t batch, bool along_rows) {
    int64_t outer = along_rows ? l.rows : l.columns, inner = along_rows ? l.columns : l.rows;
    std::vector<double> to(outer * inner);
    for (int64_t i = 0; i < outer; i++)
        for (int64_t k = 0; k < inner; k++)
            to[i * inner + k] = load(from, l.format, batch * l.stride + (along_rows ? i + k * l.step : k + i * l.step));
    return to;
}

static double dot(const double *x, const double *y, int64_t n) {
    double sums[4] = {};
    int64_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (int j = 0; j < 4; j++) sums[j] += x[k + j] * y[k + j];
    for (; k < n; k++) sums[0] += x[k] * y[k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// What an epilogue makes of the element in row i and column j; the mask of a ReLU is a bit for each element.
struct Finish {
    const Product &product;
    int epilogue, bias_format, aux_format;
    const void *bias;
    char *aux;
    int64_t aux_step, batch;

    Finish(const Job &job, int64_t batch)
        : product(job.product), epilogue((int)product.get(EPILOGUE, DEFAULT)),
          bias_format((int)product.get(BIAS_FORMAT, job.d.format)),
          aux_format((int)product.get(AUX_FORMAT, job.d.format)), bias((const void *)product.get(BIAS)),
          aux((char *)product.get(AUX)), aux_step(product.get(AUX_STEP)), batch(batch) {}

    int64_t aux_at(int64_t i, int64_t j) const { return i + j * aux_step + batch * product.get(AUX_STRIDE); }

    double operator()(double x, int64_t i, int64_t j) const {
        int64_t at = aux_at(i, j);
        if (epilogue & ADD_BIAS) x += load(bias, bias_format, i + batch * product.get(BIAS_STRIDE));
        if (epilogue & GELU) {
            if (epilogue & WITH_AUX) store(aux, aux_format, at, x);
            return gelu(x);
        }
        if (epilogue & GELU_GRADIENT) return x * gelu_gradient(load(aux, aux_format, at));
        if (epilogue & RELU_GRADIENT) return aux[at / 8] >> at % 8 & 1 ? x : 0;
        if (!(epilogue & RELU)) return x;
        if (epilogue & WITH_AUX) aux[at / 8] = char((aux[at / 8] & ~(1 << at % 8)) | (x > 0) << at % 8);
        return x > 0 || x != x ? x : 0;
    }
};

// The gradient of a bias is the sum of a gradient along the other axis: of D, or of an operand.
static void sum_rows(const Job &job, const std::vector<double> &rows, int64_t count, int64_t n) {
    int format = (int)job.product.get(BIAS_FORMAT, job.d.format);
    void *to = (void *)job.product.get(BIAS);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t k = 0; k < n; k++) sum += rows[i * n + k];
        store(to, format, i, sum);
    }
    standin_operand(to, count * size_of(format), 1);
}

static void run_one(const Job &job, int64_t batch) {
    bool transposed_a = job.product.get(TRANSPOSE_A), transposed_b = job.product.get(TRANSPOSE_B);
    int64_t m = job.d.rows, n = job.d.columns, inner = transposed_a ? job.a.rows : job.a.columns;
    std::vector<double> a = gathered(job.A, job.a, batch, !transposed_a),
                        b = gathered(job.B, job.b, batch, transposed_b);
    std::vector<double> results(m * n);
    Finish finish(job, batch);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < m; i++) {
            double x = job.alpha * dot(&a[i * inner], &b[j * inner], inner);
            if (job.beta) x += job.beta * load(job.C, job.c.format, batch * job.c.stride + i + j * job.c.step);
            x = results[i * n + j] = finish(x, i, j);
            store(job.D, job.d.format, batch * job.d.stride + i + j * job.d.step, x);
        }
    if (finish.epilogue & BIAS_GRADIENT) sum_rows(job, results, m, n);
    if (finish.epilogue & GRADIENT_OF_A) sum_rows(job, a, m, inner);
    if (finish.epilogue & GRADIENT_OF_B) sum_rows(job, b, n, inner);
}

static bool reads(const void *at, const Layout &l) { return standin_operand(at, l.span() * size_of(l.format), 0); }

// What an epilogue reads and writes beside the matrices.
static bool epilogue_holds(const Job &job) {
    int64_t epilogue = job.product.get(EPILOGUE, DEFAULT);
    size_t element = size_of((int)job.product.get(BIAS_FORMAT, job.d.format));
    size_t masks = job.product.get(AUX_STEP) * (job.d.columns - 1) + job.d.rows;
    size_t aux = masks * size_of((int)job.product.get(AUX_FORMAT, job.d.format));
    bool bits = epilogue & (RELU | RELU_GRADIENT), needs_aux = epilogue & (WITH_AUX | GELU_GRADIENT);
    if (epilogue & ADD_BIAS && !standin_operand((void *)job.product.get(BIAS), job.d.rows * element, 0)) return false;
    return !needs_aux ||
           standin_operand((void *)job.product.get(AUX), bits ? (masks + 7) / 8 : aux, epilogue & (GELU | RELU));
}

int run(void *data) {
    const int illegal_address = 700;
    Job &job = *(Job *)data;
    if (!reads(job.A, job.a) || !reads(job.B, job.b) || (job.beta && !reads(job.C, job.c))) return illegal_address;
    if (!standin_operand(job.D, job.d.span() * size_of(job.d.format), 1)) return illegal_address;
    if (!epilogue_holds(job)) return illegal_address;
    for (int64_t batch = 0; batch < job.d.batch; batch++) run_one(job, batch);
    return 0;
}
