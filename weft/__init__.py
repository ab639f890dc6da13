"""weft: write a model as plain Python, debug it as plain Python, ship it as a small, fast graph.

This file is the list of public names, and nothing else.
"""

from .runtime import operators as _operators  # completes the eager context  # isort: skip

from .runtime import fft, linalg, random, testing
from .runtime.creation import asarray, full, ones, tensor, zeros
from .runtime.custom_gradient import custom_gradient
from .runtime.device import device, list_devices, num_gpus
from .runtime.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .runtime.dtypes import bool_ as bool
from .runtime.generator import seed
from .runtime.gradients import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp
from .runtime.implicit import (
    gradients_function,
    implicit_gradients,
    implicit_value_and_gradients,
    value_and_gradients_function,
)
from .runtime.ops.diagonals import diag, diagonal, trace
from .runtime.ops.einsum import einsum
from .runtime.ops.identity import identity, stop_gradient
from .runtime.ops.linear import cross, kron, matmul, matrix_transpose, outer, tensordot, vecdot
from .runtime.recompute import checkpoint
from .runtime.spec import Spec
from .runtime.tape import GradientTape
from .runtime.tensor import Tensor
from .runtime.variable import Variable

__version__ = "0.1.0"
