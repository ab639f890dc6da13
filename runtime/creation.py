"""Making tensors: from Python numbers and arrays, and filled ones.

`tensor` always copies; `asarray` shares memory where it can, as the Array API standard asks. New tensors go to
the device chosen by `with wf.device(...)`, or named by `device=`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import device as devices
from . import dtypes, memory
from .assignment import alias
from .eager import EagerTensor, as_array, lift, wrap
from .errors import ArgumentError
from .spec import as_shape
from .tensor import OPS, Tensor


def _place(device: Any) -> devices.Device:
    return devices.current() if device is None else devices.as_device(device)


def _dtype(dtype: Any) -> dtypes.DType | None:
    return None if dtype is None else dtypes.as_dtype(dtype)


def tensor(value: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A new tensor with a copy of the values of a number, a nested list, an array, or another tensor.

    Python floats become float32, ints int64; arrays keep their dtype. It is a constant: no gradient flows to
    another tensor that the values came from.

    Errors: ShapeError for ragged lists; DTypeError for what holds no numbers.

    Example:
        >>> import weft as wf
        >>> wf.tensor([[1.0, 2.0]])
        Tensor([[1., 2.]], f32)
    """
    if isinstance(value, Tensor):
        value = wrap(lift(value).buffer)
    return asarray(value, dtype, device=device, copy=True)


def asarray(value: Any, /, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> EagerTensor:
    """A tensor of what holds numbers, sharing its memory where possible.

    `copy=True` always copies, `copy=False` refuses to. An array that is shared must not be written to while the
    tensor is in use.

    Errors: ShapeError for ragged lists; DTypeError for what holds no numbers; ArgumentError when `copy=False`
    but a copy is needed.
    """
    wanted = _dtype(dtype)
    if isinstance(value, Tensor):
        x = alias(lift(value))  # values never change, so sharing them is as good as a copy
        if device is not None:
            x = OPS["to_device"](x, device)
        return x if wanted is None or wanted is x.dtype else OPS["astype"](x, dtype=wanted)
    array = as_array(value, wanted)
    shared = hasattr(value, "__array__") or hasattr(value, "__buffer__")
    if copy is False and not (shared and np.may_share_memory(array, np.asarray(value))):
        raise ArgumentError("asarray: copy=False, but these values must be copied", "Allow the copy: copy=None.")
    if copy and shared:
        array = np.array(array, order="C", copy=True)
    return wrap(_place(device).from_numpy(array))


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> EagerTensor:
    """A tensor of `shape` in which every element is `fill_value`."""
    value = as_array(fill_value, _dtype(dtype))
    array = memory.empty(as_shape("full", shape), value.dtype)
    array[...] = value
    return wrap(_place(device).from_numpy(array))


def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> EagerTensor:
    """A tensor of zeros (float32 by default)."""
    array = np.zeros(as_shape("zeros", shape), _dtype(dtype) or dtypes.default_float)
    return wrap(_place(device).from_numpy(array))


def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> EagerTensor:
    """A tensor of ones (float32 by default)."""
    return full(shape, 1, dtype=dtype or dtypes.default_float, device=device)


OPS.update(tensor=tensor, asarray=asarray, full=full, zeros=zeros, ones=ones)
