"""Which op each operator of a tensor applies; importing this file completes the eager context.

The operators of `Tensor` find their op by name. Those of eager tensors are the ops' shortcuts themselves.
"""

from __future__ import annotations

from . import ranges  # noqa: F401
from .eager import install_shortcuts
from .ops import (  # noqa: F401  (the op table)
    activation,
    along,
    closeness,
    convolution,
    decompositions,
    determinants,
    diagonals,
    eigenvalues,
    einsum,
    elementwise,
    embedding,
    fourier,
    gathering,
    identity,
    image,
    indexing,
    joining,
    linear,
    loss,
    normalization,
    norms,
    pooling,
    powers,
    random,
    reduction,
    rejection,
    scans,
    scattering,
    sets,
    shaping,
    slicing,
    solving,
    sorting,
    special,
    statistics,
    transfer,
)

OPERATORS = {
    "__add__": "add", "__sub__": "subtract", "__mul__": "multiply", "__truediv__": "divide",
    "__floordiv__": "floor_divide", "__mod__": "remainder", "__pow__": "pow",
    "__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor",
    "__lshift__": "bitwise_left_shift", "__rshift__": "bitwise_right_shift",
    "__eq__": "equal", "__ne__": "not_equal",
    "__lt__": "less", "__le__": "less_equal", "__gt__": "greater", "__ge__": "greater_equal",
    "__neg__": "negative", "__pos__": "positive", "__abs__": "abs", "__invert__": "bitwise_invert",
}  # fmt: skip

install_shortcuts(OPERATORS)
