"""The eager context: tensors that have values, and ops that run at once.

An EagerTensor holds a buffer of its device. `EAGER.run` is what `apply` means here: check with the shape rule,
run the device's kernel, wrap the results, tell the observers. `shortcut` is the same thing for the common case
of an elementwise op, small tensors on the CPU of one dtype, without the detours; whatever does not fit it goes
through `apply`.
"""

from __future__ import annotations

import functools
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import asarray, ndarray

from . import device as devices, dtypes, memory, observers
from .allocation import is_impossible, nbytes, no_room
from .device import Device
from .dim import Dim
from .dtypes import DType
from .errors import ArgumentError, DTypeError, ShapeError, WeftError
from .families import Elementwise
from .interop import HostValues
from .op import Op, apply, set_default_context
from .spec import SCALARS, Scalar, Spec, describe
from .tensor import OPS, Tensor, binary, compared

new = object.__new__
new_key = itertools.count(1).__next__


class EagerTensor(HostValues):
    """A tensor that has its values."""

    __slots__ = ("__weakref__", "buffer", "key")
    buffer: Any
    key: int

    def __init__(self) -> None:
        raise TypeError("tensors are made with wf.tensor(...), wf.asarray(...), wf.zeros(...), ...")

    if not TYPE_CHECKING:
        shape = property(attrgetter("buffer.shape"))  # an attrgetter is twice as quick as a method
        dtype = property(attrgetter("buffer.dtype"))

    @property
    def device(self) -> Device:
        """Where the values live."""
        return devices.cpu if type(self.buffer) is np.ndarray else self.buffer.device


def wrap(buffer: Any) -> EagerTensor:
    """The tensor of a buffer, which must not be written to afterwards."""
    x = new(EagerTensor)
    x.buffer, x.key = buffer, 0
    return x


def watch(x: Tensor) -> int:
    """The key that identifies a value on tapes, given now if it has none."""
    if not x.key:
        x.key = new_key()
    return x.key


def is_weak(x: Any) -> bool:
    """Whether an operand is a plain Python scalar, which takes the dtype of the tensor it meets."""
    return type(x) in SCALARS


def as_array(value: Any, dtype: DType | None = None) -> np.ndarray:
    """An ndarray of one of weft's dtypes, in native byte order, from whatever holds numbers.

    Python floats become the default float32, ints int64. No copy is made of an ndarray that is right already.
    Errors: ShapeError for ragged lists, DTypeError for objects, strings, dates.
    """
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        target = dtype or dtypes.as_dtype(array.dtype)
    else:
        array = _array_of(value)
        plain = not hasattr(value, "dtype") and not hasattr(value, "__array__") and not hasattr(value, "__buffer__")
        target = dtype or (_default_dtype(value, array) if plain else dtypes.as_dtype(array.dtype))
        if plain and array.dtype is not target:
            check_holds("a tensor", target, array)
        if plain and (dtype is None or dtype in dtypes.INTEGERS) and _went_float(value, array):
            raise _too_long()
    return array if array.dtype is target else _cast(array, target)


def check_holds(name: str, dtype: DType, array: np.ndarray) -> None:
    """Refuse Python numbers that a dtype does not hold: a cast would wrap them around without a word.

    Errors: DTypeError.
    """
    if array.dtype.kind == "c" and dtype not in dtypes.COMPLEX:
        raise DTypeError(f"{name}: complex numbers do not fit {dtype}", "Take their real parts first.")
    if not array.size or array.dtype.kind not in "iuf" or dtype not in dtypes.INTEGERS:
        return
    bounds = np.iinfo(dtype)
    for value in (array.min().item(), array.max().item()):
        if not bounds.min - 1 < value < bounds.max + 1:  # fractions are cut off; NaN is between no bounds
            raise DTypeError(f"{name}: {value} does not fit {dtype}", f"It holds {bounds.min} to {bounds.max}.")


def _cast(array: np.ndarray, target: DType) -> np.ndarray:
    if array.dtype == target:
        return array.view(target)  # the same dtype, but not the one object that stands for it here
    with np.errstate(all="ignore"):
        return array.astype(target)


def _array_of(value: Any) -> np.ndarray:
    """NumPy's idea of a nested sequence, with our errors."""
    if isinstance(value, list | tuple):
        value = [_plain(x) for x in value]
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            f"a tensor needs rows of equal lengths: {_ragged(value)}", "Pad the rows, or keep a list of tensors."
        ) from error
    except OverflowError as error:
        raise DTypeError(f"an integer does not fit any dtype: {error}", "Use floats.") from error
    if array.dtype == object:
        found = sorted({type(x).__name__ for x in array.flat})
        if {"int", "float", "complex", "bool"}.issuperset(found):  # NumPy keeps what is too long as objects
            raise _too_long()
        raise DTypeError(f"a tensor holds numbers, not {', '.join(found)}", "Convert the values to numbers first.")
    return array


def _too_long() -> DTypeError:
    return DTypeError("a tensor: no integer dtype holds integers as large as these", "Give them as floats.")


def _went_float(value: Any, array: np.ndarray) -> bool:
    """Whether NumPy made floats of integers because int64 holds some of them, and uint64 the others."""
    if array.dtype.kind != "f" or not isinstance(value, list | tuple) or not np.any(array >= 2.0**63):
        return False
    return all(type(x) is int for x in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    """The numbers of nested lists."""
    if isinstance(value, list | tuple):
        for x in value:
            yield from _leaves(x)
    else:
        yield value


def _plain(value: Any) -> Any:
    """Tensors inside nested lists, as arrays."""
    if isinstance(value, EagerTensor):
        return value.numpy()
    return [_plain(x) for x in value] if isinstance(value, list | tuple) else value


def _ragged(value: Any) -> str:
    lengths = sorted({len(x) if hasattr(x, "__len__") else 0 for x in value}) if hasattr(value, "__len__") else []
    return f"found lengths {', '.join(map(str, lengths))}" if len(lengths) > 1 else "deeper lists differ in length"


def _default_dtype(value: Any, array: np.ndarray) -> DType:
    """The dtype of nested Python numbers: the default of their kind, unless they came with dtypes of their own."""
    leaf = value
    while isinstance(leaf, list | tuple) and leaf:
        leaf = leaf[0]
    if hasattr(leaf, "dtype") or (not array.size and array.dtype.kind == "f"):
        return dtypes.default_float if not array.size else dtypes.as_dtype(array.dtype)
    defaults = {"b": dtypes.bool_, "i": dtypes.default_int, "u": dtypes.uint64,
                "f": dtypes.default_float, "c": dtypes.default_complex}  # fmt: skip
    return defaults[array.dtype.kind] if array.dtype.kind in defaults else dtypes.as_dtype(array.dtype)


def lift(x: Any, home: Device | None = None) -> Any:
    """An operand as the eager context takes it: a tensor, a weak Python scalar, or None.

    What is no tensor yet becomes one at `home`, the device of the operands that it meets, if there are any. While somebody watches, an array that its owner might write to later is copied.
    """
    if isinstance(x, EagerTensor) or x is None or type(x) in SCALARS:
        return x
    if hasattr(x, "read_value"):
        return x.read_value()
    if isinstance(x, Tensor):
        raise ArgumentError("a symbolic tensor has no value here", "Use it inside the compiled function that made it.")
    if isinstance(x, list | tuple):  # gradients flow to tensors inside
        return OPS["asarray"](x, device=None if any(isinstance(each, Tensor) for each in _leaves(x)) else home)
    if type(x) is Dim:
        return x.tensor()
    array = as_array(x)
    if observers.watching.count and isinstance(x, np.ndarray) and np.may_share_memory(array, x):
        array = array.copy()
    return wrap((home or devices.current()).from_numpy(array))


def home_of(*operands: Any) -> Device | None:
    """The device of the tensors with values among some operands; None where there are none.

    What is made to meet them is made there: with None, on the current device.
    """
    return next((x.device for x in operands if isinstance(x, HostValues)), None)


class Eager:
    """The context in which ops run now."""

    depth = 0

    def run(self, op: Op[...], args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """Check, run, wrap, tell. Gives a tensor, or a tuple of them for an op with several results."""
        inputs = tuple(
            [x if type(x) is EagerTensor or x is None or type(x) in SCALARS else lift(x, home_of(*args)) for x in args]
        )
        for x in inputs:
            if type(x) is not EagerTensor and isinstance(x, Tensor):  # a variable of a function being traced
                return apply(op, inputs, attrs)
        try:
            specs = op.spec(*inputs, **attrs)
        except AttributeError:  # a rule that asks a Python number for its shape shall have a tensor
            if not any(map(is_weak, inputs)):
                refuse_none(op.name, inputs)
                raise
            return self.run(op, [wrap(as_array(x)) if is_weak(x) else x for x in inputs], attrs)
        operands = [x.buffer if type(x) is EagerTensor else x for x in inputs]
        single = isinstance(specs, Spec)
        if single and Dim in map(type, specs.shape) and inputs:
            written = next(n for n in specs.shape if type(n) is Dim).sizes.write
            if written is not None:  # of a size that is not known yet: a value of the graph being traced
                return apply(op, (written(inputs[0]), *inputs[1:]), attrs)
        device = devices.foremost(operands) if op.mixes else devices.common(op.name, operands)
        try:
            buffers = device.run(op, operands, attrs, (specs,) if single else specs)
        except (OverflowError, ValueError, IndexError, MemoryError) as error:
            told = None if op.raises else _told(op, error, inputs, (specs,) if single else specs)
            if told is None:
                raise
            raise told from error
        outputs = tuple(map(wrap, buffers))
        if observers.watching.count:
            observers.tell(op, inputs, attrs, outputs)
        if single:
            return outputs[0]
        return specs._make(outputs) if hasattr(specs, "_make") else outputs  # a named tuple of specs names the results


def _told(op: Op[...], error: Exception, inputs: Sequence[Any], specs: Sequence[Spec]) -> WeftError | None:
    """What a kernel refused, in our words; None where the error has said it, or is none of ours."""
    if isinstance(error, WeftError) or not specs:
        return None
    largest = max(specs, key=nbytes)
    if isinstance(error, MemoryError) or is_impossible(largest):
        return no_room(op.name, largest)
    if isinstance(error, OverflowError):
        return DTypeError(f"{op.name}: {error}", "Use a dtype that holds the number.")
    if isinstance(error, IndexError):
        return None
    given = f"Given {', '.join(map(describe, inputs))}."
    return ArgumentError(f"{op.name}: {op.refuses or error}", given)


def refuse_none(name: str, inputs: Sequence[Any]) -> None:
    """Refuse None for an operand.

    Errors: DTypeError.
    """
    for i, x in enumerate(inputs):
        if x is None:
            hint = "Ask with `x is None`. A gradient is None where the target does not depend on its source."
            raise DTypeError(f"{name}: operand {i} is None, given {', '.join(map(describe, inputs))}", hint) from None


EAGER = Eager()
EagerTensor.context = EAGER
OPS["of_buffer"] = wrap
set_default_context(EAGER)

_NO_ATTRS: dict[str, Any] = {}

# The shortcuts let NumPy decide about NaN and inf, which are values here. Where the user's filters make errors of
# its warnings, the long way, which sets NumPy's own state, is taken.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=re.escape(__package__ or "") + r"\.")


_quick: list[set[DType]] = []  # the dtypes that shortcuts take


def _kept(taken: Iterable[DType]) -> set[DType]:
    _quick.append(set(taken))
    return _quick[-1]


@contextmanager
def no_shortcuts() -> Iterator[None]:
    """Have every op of eager code run by its device inside the `with` block, in all threads."""
    before = [set(taken) for taken in _quick]
    for taken in _quick:
        taken.clear()
    try:
        yield
    finally:
        for taken, kept in zip(_quick, before, strict=True):
            taken.update(kept)


def _unary_shortcut(op: Elementwise) -> Callable[..., Any]:
    kernel, takes, big, large = op.kernel, _quick_dtypes(op), memory.SMALLEST, _recycling(op)
    watching, current = observers.watching, observers.current

    def call(x: Any) -> Any:
        if type(x) is EagerTensor:
            a = x.buffer
            if a.dtype in takes:
                try:
                    c = kernel(a) if a.nbytes < big else large(a)
                except Exception:  # warnings turned into errors, buffers of a device: the long way tells
                    return apply(op, (x,), _NO_ATTRS)
                z = new(EagerTensor)
                z.buffer = c if type(c) is ndarray else asarray(c)
                z.key = 0
                if watching.count:
                    for observer in current():
                        observer.observe(op, (x,), _NO_ATTRS, (z,))
                return z
        return apply(op, (x,), _NO_ATTRS)

    call.__qualname__ = op.name  # what Python calls it when the arguments are too many
    return call


_scalars: dict[tuple[DType, Scalar], ndarray] = {}


def scalar(value: Any, dtype: DType) -> Any:
    """A weak scalar as a 0-d array, kept: NumPy takes twice as long over a Python number."""
    array = _scalars.get((dtype, value))
    if array is None:
        if len(_scalars) > 1000:
            _scalars.clear()
        array = asarray(value, dtype)
        if value and value == value:  # 0.0 and -0.0 are equal keys, NaN never is
            _scalars[dtype, value] = array
    return array


def _binary_shortcut(op: Elementwise, otherwise: Callable[[Any, Any], Any] | None = None) -> Callable[..., Any]:
    """A call of an op of two operands; what does not fit the shortcut goes `otherwise`, to the op if that is None."""
    kernel, takes, big, large = op.kernel, _quick_dtypes(op), memory.SMALLEST, _recycling(op)
    watching, current = observers.watching, observers.current
    weak = {kind: _kept(takes & dtypes.JOINS[kind]) for kind in (int, float)}
    never: frozenset[DType] = frozenset()
    otherwise = otherwise or (lambda x, y: apply(op, (x, y), _NO_ATTRS))

    def call(x: Any, y: Any) -> Any:
        if type(x) is EagerTensor:
            a = x.buffer
            dtype = a.dtype
            if type(y) is EagerTensor:
                b = y.buffer
                fits = dtype is b.dtype and dtype in takes
            else:
                b = None
                fits = dtype in weak.get(type(y), never)
        elif type(y) is EagerTensor:
            a, b = None, y.buffer
            dtype = b.dtype
            fits = dtype in weak.get(type(x), never)
        else:
            return otherwise(x, y)
        if fits:
            try:
                if b is None:
                    b = scalar(y, dtype)
                elif a is None:
                    a = scalar(x, dtype)
                c = kernel(a, b) if a.nbytes < big and b.nbytes < big else large(a, b)  # pyright: ignore[reportOptionalMemberAccess]
            except Exception:  # shapes that do not broadcast, warnings turned into errors: the long way tells
                on_cpu = type(a) is ndarray and type(b) is ndarray
                return otherwise(x, y) if on_cpu else apply(op, (x, y), _NO_ATTRS)
            z = new(EagerTensor)
            z.buffer = c if type(c) is ndarray else asarray(c)
            z.key = 0
            if watching.count:
                for observer in current():
                    observer.observe(op, (x, y), _NO_ATTRS, (z,))
            return z
        return otherwise(x, y)

    call.__qualname__ = op.name
    return call


def _recycling(op: Elementwise) -> Callable[..., Any]:
    """The kernel for arrays of one shape (or 0-d), which writes into recycled memory."""
    if op.gives is not None or not isinstance(op.kernel, np.ufunc):
        return _not_quick
    kernel = op.kernel

    def large(*arrays: ndarray) -> ndarray:
        a, b = arrays[0], arrays[-1]
        shape = a.shape or b.shape
        if a.shape != b.shape and a.shape and b.shape:
            return _not_quick()
        return kernel(*arrays, out=memory.empty(shape, a.dtype))

    return large


def _not_quick(*_: Any) -> Any:
    raise TypeError("the long way")


def _quick_dtypes(op: Elementwise) -> set[DType]:
    """The dtypes whose NumPy kernel gives just what the family promises, halves excepted."""
    return _kept(frozenset(op.takes) - dtypes.HALVES)


def install_shortcuts(operators: dict[str, str]) -> None:
    """Give the elementwise ops their shortcut, and the operators of eager tensors their ops' shortcuts."""
    for op in OPS.values():
        if isinstance(op, Elementwise) and op.arity <= 2 and (isinstance(op.kernel, np.ufunc) or op.gives is None):
            op.shortcut = (_unary_shortcut if op.arity == 1 else _binary_shortcut)(op)
    for method, name in operators.items():
        op = OPS[name]
        assert isinstance(op, Elementwise)
        call = op.shortcut
        if op.arity == 2:
            call = _binary_shortcut(op, functools.partial(compared if method in _EQUALITY else binary, name))
        setattr(EagerTensor, method, call)
        reflected = method.replace("__", "__r", 1)
        if method not in _ONE_SIDED and op.arity == 2:
            setattr(EagerTensor, reflected, lambda self, other, call=call: call(other, self))


_EQUALITY = {"__eq__", "__ne__"}
_ONE_SIDED = {*_EQUALITY, "__lt__", "__le__", "__gt__", "__ge__"}
