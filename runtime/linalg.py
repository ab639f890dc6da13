"""The namespace `wf.linalg`: the linear algebra extension of the Array API standard, and a few more."""

from .ops.decompositions import cholesky, qr, svd, svdvals
from .ops.determinants import det, slogdet
from .ops.diagonals import diagonal, trace
from .ops.eigenvalues import eig, eigh, eigvals, eigvalsh
from .ops.einsum import multi_dot
from .ops.linear import cross, matmul, matrix_transpose, outer, tensordot, vecdot
from .ops.norms import cond, matrix_norm, matrix_rank, vector_norm
from .ops.powers import expm, matrix_power
from .ops.solving import inv, lstsq, pinv, solve, solve_triangular

__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "expm",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
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
