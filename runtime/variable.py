"""Variable: a named, mutable cell that holds a tensor.

Reading it gives the tensor it holds, which itself never changes; assigning puts another tensor there. Tapes
watch the trainable variables that are read while they record, so a model needs no `watch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np

from . import observers, tree
from .device import Device
from .dtypes import DType
from .eager import EAGER, EagerTensor, as_array, lift, wrap
from .errors import DeviceError, DTypeError, ShapeError, SourceError
from .interop import HostValues
from .spec import SCALARS, Shape, describe
from .tensor import OPS, Tensor


class Tracer(Protocol):
    """Stands between variables and their values while a function is traced."""

    def read(self, variable: Variable) -> Any: ...
    def assign(self, variable: Variable, value: Any) -> None: ...


_tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
current_tracer = _tracer.get


@contextmanager
def traced_by(tracer: Tracer | None) -> Iterator[None]:
    """Let `tracer` answer for variables inside the `with` block; None lets them answer for themselves."""
    token = _tracer.set(tracer)
    try:
        yield
    finally:
        _tracer.reset(token)


class Variable(HostValues):
    """A mutable cell that holds a tensor of fixed shape and dtype; usable wherever a tensor is.

    Example:
        >>> import weft as wf
        >>> v = wf.Variable([1.0, 2.0], name="v")
        >>> v.assign_add([1.0, 1.0])
        Variable('v', [2., 3.], f32)
    """

    __slots__ = ("__weakref__", "held", "name", "trainable")
    context = EAGER
    key = 0  # the tensors read from it are what tapes know

    def __init__(
        self, value: Any, *, dtype: Any = None, name: str = "", trainable: bool = True, device: Any = None
    ) -> None:
        self.held: EagerTensor = detached(value, dtype, device)
        self.name, self.trainable = name, trainable

    @property
    def shape(self) -> Shape:
        return self.held.shape

    @property
    def dtype(self) -> DType:
        return self.held.dtype

    @property
    def device(self) -> Device:
        """Where the value lives."""
        return self.held.device

    @property
    def buffer(self) -> Any:
        """The memory of the value."""
        if _tracer.get() is not None:
            raise SourceError(
                f"the values of variable {self.name!r} are not known while a function is compiled",
                "Keep it a tensor inside the compiled function, or compute with its values outside.",
            )
        return self.held.buffer

    @property
    def value(self) -> EagerTensor:
        """What it holds now, as a constant: tapes do not see this."""
        tracer = _tracer.get()
        if tracer is not None:
            return OPS["stop_gradient"](tracer.read(self))
        return wrap(self.held.buffer)

    def read_value(self) -> EagerTensor:
        """What it holds now; tapes that record are told. Assigning to items of it does not change the variable."""
        tracer = _tracer.get()
        if tracer is not None:
            return tracer.read(self)
        if observers.watching.count:
            for observer in observers.current():
                observer.read(self, self.held)
        value = wrap(self.held.buffer)
        value.key = self.held.key
        return value

    def assign(self, value: Any) -> Variable:
        """Hold `value` from now on.

        Errors: ShapeError or DTypeError unless it fits; nothing is changed then.
        """
        tracer = _tracer.get()
        if tracer is not None:
            tracer.assign(self, value)
        else:
            self.held = wrap(value.buffer) if self._takes(value) else self._fitting(value)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Hold the sum of the present value and `value`."""
        return self.assign(OPS["add"](self.value, value))

    def assign_sub(self, value: Any) -> Variable:
        """Hold the present value minus `value`."""
        return self.assign(OPS["subtract"](self.value, value))

    def _takes(self, value: Any) -> bool:
        """Whether `value` is a tensor on the CPU that fits as it is: the common case, told apart quickly."""
        if type(value) is not EagerTensor:
            return False
        new, old = value.buffer, self.held.buffer
        return type(new) is type(old) is np.ndarray and new.dtype is old.dtype and new.shape == old.shape

    def _fitting(self, value: Any) -> EagerTensor:
        if type(value) in SCALARS:
            new = wrap(self.device.from_numpy(np.asarray(value, self.dtype)))
        else:
            new = detached(value, device=None if isinstance(value, Tensor) else self.device)
            if new.device != self.device:
                raise DeviceError(
                    f"assign: {describe(new)} lives on {new.device}, variable {self.name!r} on {self.device}",
                    "Move it with value.to(device); nothing moves unasked.",
                )
        if new.shape != self.shape:
            raise ShapeError(
                f"assign: {describe(new)} does not fit variable {self.name!r}, which is {describe(self)}",
                "A variable keeps its shape; make another variable for another shape.",
            )
        if new.dtype is not self.dtype:
            if isinstance(value, Tensor) or hasattr(value, "dtype"):
                raise DTypeError(
                    f"assign: {describe(new)} does not fit variable {self.name!r}, which is {describe(self)}",
                    f"Cast it with wf.astype(value, wf.{self.dtype}).",
                )
            new = wrap(self.device.from_numpy(as_array(value, self.dtype)))
        return new

    def __setitem__(self, index: Any, value: Any) -> None:
        self.assign(OPS["setitem"](self.value, value, index))

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, {repr(self.held).removeprefix('Tensor(')}"

    def __copy__(self) -> Variable:
        return Variable(self.held, name=self.name, trainable=self.trainable)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.held, self.name, self.trainable)


def _restore(value: EagerTensor, name: str, trainable: bool) -> Variable:
    return Variable(value, name=name, trainable=trainable)


def detached(value: Any, dtype: Any = None, device: Any = None) -> EagerTensor:
    """A tensor of the same values that no tape knows, sharing nothing that its maker could write to."""
    if not isinstance(value, Tensor):
        return OPS["tensor"](value, dtype=dtype, device=device)
    return OPS["asarray"](wrap(lift(value).buffer), dtype=dtype, device=device)


tree.register_leaf(EagerTensor)
tree.register_leaf(Variable)
