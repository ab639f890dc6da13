"""The namespace `wf.linalg`: the linear algebra extension of the Array API standard, and a few more."""

from .ops.decompositions import cholesky, eigh, eigvalsh, qr, svd, svdvals
from .ops.determinants import det, slogdet
from .ops.diagonals import diagonal, trace
from .ops.linear import cross, matmul, matrix_transpose, outer, tensordot, vecdot
from .ops.norms import matrix_norm, matrix_rank, vector_norm
from .ops.powers import expm, matrix_power
from .ops.solving import inv, lstsq, pinv, solve, solve_triangular

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "expm",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
