// What a product of matrices is: descriptions of the product and of each matrix, as cuBLASLt has them.
#pragma once
#include <cstdint>
#include <map>

// A matrix in column order: the element (i, j) lies at i + j * step. Batches lie `stride` elements apart.
struct Layout {
    int format, order;
    int64_t rows, columns, step;
    int64_t batch, stride;

    int64_t span() const { return (batch - 1) * stride + (columns - 1) * step + rows; }
};

// Attributes of a product that are read here, by cuBLASLt's numbers.
enum Attribute {
    TRANSPOSE_A = 3,
    TRANSPOSE_B = 4,
    EPILOGUE = 7,
    BIAS = 8,
    BIAS_STRIDE = 10,
    AUX = 11,
    AUX_STEP = 12,
    AUX_STRIDE = 13,
    AUX_FORMAT = 22,
    BIAS_FORMAT = 26,
};

// Epilogues are sums of these.
enum Epilogue {
    DEFAULT = 1,
    RELU = 2,
    ADD_BIAS = 4,
    BIAS_GRADIENT = 16,
    GELU = 32,
    GELU_GRADIENT = 64,
    WITH_AUX = 128,
    GRADIENT_OF_A = 256,
    GRADIENT_OF_B = 512,
    RELU_GRADIENT = 8
};

struct Product {
    int compute, scale; // how sums are made, and the format of alpha and beta
    std::map<int, uint64_t> attributes;

    int64_t get(Attribute which, int64_t otherwise = 0) const {
        auto it = attributes.find(which);
        return it == attributes.end() ? otherwise : (int64_t)it->second;
    }
};

// A product with everything that a call of it gives.
struct Job {
    Product product;
    Layout a, b, c, d;
    double alpha, beta;
    const void *A, *B, *C;
    void *D;
};

// D = epilogue(alpha * op(A) op(B) + beta * C). Runs when its stream gets to it; 0, or an error of the driver.
int run(void *job);
