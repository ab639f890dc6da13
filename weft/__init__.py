"""weft: write a model as plain Python, debug it as plain Python, ship it as a small, fast graph.

This file is the list of public names, and nothing else.
"""

from .runtime import operators as _operators  # completes the eager context  # isort: skip

from .runtime import random
from .runtime.creation import asarray, full, ones, tensor, zeros
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
from .runtime.spec import Spec
from .runtime.tape import GradientTape
from .runtime.tensor import Tensor
from .runtime.variable import Variable


__version__ = "0.1.0"
