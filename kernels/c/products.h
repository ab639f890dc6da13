// Products of matrices and small matrices, of floats and of doubles.

// What a thread packs of the operands: so much of K, of the columns of B and of the rows of A at a time.
enum { WF_DEPTH = 256, WF_BREADTH = 512, WF_HEIGHT = 144 };

#define REAL float
#define WHOLE int
#define WF_NAME(x) x##_f32
#include "pack.h"
#include "gemm.h"
#include "matrix.h"
#undef REAL
#undef WHOLE
#undef WF_NAME
#define REAL double
#define WHOLE i64
#define WF_NAME(x) x##_f64
#include "pack.h"
#include "gemm.h"
#include "matrix.h"
