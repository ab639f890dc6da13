// What a program asks of the runtime library beyond threads and memory, as structs: products of matrices, windows, sorting, small matrices.

// A right operand that a loop multiplies by in each trip, as products want it: they pack it once, into this memory.
struct wf_kept { void *memory; i64 uses; };

struct wf_gemm {                             // strides in elements; the columns of C are neighbours
    i64 batch, m, n, k;
    const void *a;
    i64 a_batch, a_row, a_column;
    const void *b;
    i64 b_batch, b_row, b_column;
    void *c;
    i64 c_batch, c_row;
    struct wf_kept *kept;                    // of b; 0 if it may be another one next time
    // What is done with each block of C as soon as it is there; 0 if nothing is. `ns` is what it costs an element.
    void (*after)(const void *given, i64 item, i64 row, i64 row_end, i64 column, i64 column_end);
    const void *given;
    double ns;
};

// Windows over images (batch, three axes, channels): window i of an axis looks at i * stride - before + k * dilation
// for each k < window, where that is in the image.
struct wf_windows { i64 batch, length[3], window[3], count[3], stride[3], dilation[3], before[3]; };

struct wf_conv {
    struct wf_windows at;
    i64 groups, in, out;                     // channels of a group
    const void *x;
    i64 x_pixel, x_channel;                  // strides; images and pixels lie one after the other
    const void *w;
    i64 w_group, w_axis[3], w_in, w_out;
    void *y;
    i64 y_batch, y_axis[3];                  // channels are neighbours
    int more;                                // add to what is there
};

struct wf_conv_dw {                          // all in order
    struct wf_windows at;
    i64 groups, in, out;
    const void *x, *dy;
    void *dw;
};

// The results of pooling, and their operands: x, or the cotangent of what is pooled; y, the largest; and the winners.
enum wf_pool_kind { WF_MAX, WF_MEAN, WF_MEAN_DX, WF_UNPOOL, WF_PICK, WF_WINNERS };

struct wf_pool {                             // all in order
    struct wf_windows at;
    i64 channels;
    int padding_counts;                      // for means
    i64 end[3];                              // where what counts ends
    const void *x, *y;
    const int *winners;
    void *result;
};

// Rows of n elements along an axis, `inner` apart: the k first in sorted order, and their places; either may be 0.
enum wf_sort_kind { WF_UNSIGNED, WF_SIGNED, WF_FLOAT };

struct wf_sort {                             // all in order
    i64 outer, n, inner, k;
    int size, kind, descending;              // bytes of an element
    unsigned long long infinity;             // the bits of infinity, for floats
    const void *x;
    void *values;
    i64 *places;
};

// Stacks of n x n matrices a and n x k matrices b, in rows; both are worked on in place.
enum wf_matrix_kind { WF_INVERSE, WF_SOLVE, WF_TRIANGLE, WF_ROOT, WF_DETERMINANT, WF_LOGARITHM };

struct wf_matrices {
    enum wf_matrix_kind kind;
    i64 batch, n, k;
    void *a, *b, *logarithm;                 // b: the results, of determinants too
    int upper, unit, *failed;
};
