"""Making tensors: from Python numbers and arrays, and filled ones.

`tensor` always copies; `asarray` shares memory where it can, as the Array API standard asks. New tensors go to
the device chosen by `with wf.device(...)`, or named by `device=`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import device as devices, dtypes
from .allocation import allocate
from .assignment import alias
from .dim import Dim, sized
from .eager import EagerTensor, as_array, home_of, lift, wrap
from .errors import ArgumentError, ShapeError, speaking_as
from .interop import adopted, is_on_gpu
from .spec import Shape, as_shape, describe
from .tensor import OPS, Tensor, as_tensor


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
    return _from_values(value, dtype, device, True)


def asarray(value: Any, /, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> EagerTensor:
    """A tensor of what holds numbers, sharing its memory where possible.

    `copy=True` always copies, `copy=False` refuses to. An array that is shared must not be written to while the
    tensor is in use. Gradients flow to tensors, also to those inside lists.

    Errors: ShapeError for ragged lists; DTypeError for what holds no numbers; ArgumentError when `copy=False`
    but a copy is needed.
    """
    if isinstance(value, list | tuple) and _holds_tensors(value) and copy is not False:
        value = OPS["stack"](*[asarray(x) for x in value])
    if not isinstance(value, Tensor):
        return _from_values(value, dtype, device, copy)
    x, wanted = alias(lift(value)), _dtype(dtype)
    if copy:  # values never change, but their memory may be an array's that its owner writes to
        x.buffer = x.device.copied(x.buffer)
    if device is not None:
        x = OPS["to_device"](x, device)
    return x if wanted is None or wanted is x.dtype else OPS["astype"](x, dtype=wanted)


def _as_tensor(x: Any, beside: Any = None) -> Any:
    """What `as_tensor` makes of a list, an array or a number: as for any op, safe from who writes to the array later."""
    found = lift(x, home_of(beside))
    return found if isinstance(found, Tensor) else asarray(x, device=home_of(beside))


def _holds_tensors(values: Any) -> bool:
    return any(isinstance(x, Tensor) or (isinstance(x, list | tuple) and _holds_tensors(x)) for x in values)


def _from_values(value: Any, dtype: Any, device: Any, copy: bool | None) -> EagerTensor:
    """A tensor of what is no tensor yet."""
    if is_on_gpu(value):
        found = adopted(value, device, copy)
        return found if dtype is None else OPS["astype"](found, dtype=_dtype(dtype))
    array = as_array(value, _dtype(dtype))
    shared = hasattr(value, "__array__") or hasattr(value, "__buffer__")
    if copy is False and not (shared and np.may_share_memory(array, np.asarray(value))):
        raise ArgumentError("asarray: copy=False, but these values must be copied", "Allow the copy: copy=None.")
    if copy and shared:
        array = np.array(array, order="C", copy=True)
    return wrap(_place(device).from_numpy(array))


def full(shape: Any, fill_value: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of `shape` in which every element is `fill_value`, in the dtype that a tensor of it would have.

    Errors: DTypeError for an integer that the dtype does not hold.

    Example:
        >>> import weft as wf
        >>> wf.full((2, 2), 7)
        Tensor([[7, 7],
                [7, 7]], i64)
    """
    lengths, wanted = as_shape("full", shape), _dtype(dtype)
    if sized(lengths):
        return opened(asarray(fill_value, wanted, device=device), lengths)
    if isinstance(fill_value, Tensor):
        return OPS["broadcast_to"](asarray(fill_value, wanted, device=device), shape=lengths)
    value, place = _filling(lengths, fill_value, wanted), _place(device)
    if not value.shape:
        return wrap(allocate("full", lengths, value.dtype, lambda *_: place.full(lengths, value)))
    array = allocate("full", lengths, value.dtype)
    array[...] = value
    return wrap(place.from_numpy(array))


def opened(x: Any, shape: Shape) -> Any:
    """`x` repeated until it has a shape with sizes that are not known yet: a value of the graph being written."""
    size = next(n for n in (*shape,) if type(n) is Dim)
    return OPS["broadcast_to"](size.sizes.write(x) if size.sizes.write else x, shape=shape)


def _filling(shape: Shape, value: Any, dtype: dtypes.DType | None) -> np.ndarray:
    """What to fill with, which fits the shape and the dtype."""
    with speaking_as("full", "a tensor"):
        array = as_array(value, dtype)
    lengths = array.shape
    if len(lengths) > len(shape) or any(n not in (1, m) for n, m in zip(lengths[::-1], shape[::-1], strict=False)):
        raise ShapeError(
            f"full: {describe(array)} does not broadcast to shape {shape}",
            "Fill with a number, or a part that repeats.",
        )
    return array


def empty(shape: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of `shape` (float32 by default) with whatever values its memory held before."""
    lengths = as_shape("empty", shape)
    if sized(lengths):
        return zeros(lengths, dtype, device=device)
    found, place = _dtype(dtype) or dtypes.default_float, _place(device)
    if place is devices.cpu:
        return wrap(allocate("empty", lengths, found))
    return wrap(place.empty(lengths, found))


def zeros(shape: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of zeros (float32 by default)."""
    lengths = as_shape("zeros", shape)
    if sized(lengths):
        return full(lengths, 0, dtype=dtype or dtypes.default_float, device=device)
    found, place = _dtype(dtype) or dtypes.default_float, _place(device)
    if place is devices.cpu:
        return wrap(allocate("zeros", lengths, found, np.zeros))
    return wrap(place.full(lengths, np.zeros((), found)))


def ones(shape: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of ones (float32 by default)."""
    with speaking_as("ones", "full"):
        return full(shape, 1, dtype=dtype or dtypes.default_float, device=device)


def _template(x: Any, dtype: Any, device: Any) -> tuple[Any, Any, Any]:
    """The shape, dtype and device of a tensor like `x`, which may be anything that has a shape and a dtype."""
    x = x if hasattr(x, "shape") and hasattr(x, "dtype") else as_tensor(x)
    return x.shape, dtype or x.dtype, device or (getattr(x, "device", None) if isinstance(x, Tensor) else None)


def full_like(x: Any, /, fill_value: Any, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor with the shape, dtype and device of `x` in which every element is `fill_value`."""
    shape, dtype, device = _template(x, dtype, device)
    return full(shape, fill_value, dtype=dtype, device=device)


def empty_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor with the shape, dtype and device of `x`, with whatever values its memory held before."""
    shape, dtype, device = _template(x, dtype, device)
    return empty(shape, dtype=dtype, device=device)


def zeros_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of zeros with the shape, dtype and device of `x`."""
    shape, dtype, device = _template(x, dtype, device)
    return zeros(shape, dtype=dtype, device=device)


def ones_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> EagerTensor:
    """A tensor of ones with the shape, dtype and device of `x`."""
    shape, dtype, device = _template(x, dtype, device)
    return ones(shape, dtype=dtype, device=device)


OPS.update(
    as_tensor=_as_tensor, tensor=tensor, asarray=asarray, full=full, empty=empty, zeros=zeros, ones=ones,
    full_like=full_like, empty_like=empty_like, zeros_like=zeros_like, ones_like=ones_like,
)  # fmt: skip
