"""Tensor: the one type that users see, with the operators and methods that eager and symbolic tensors share.

A method applies an op by its name: ops are defined in files above this one and enter `OPS` as they are made.
A tensor belongs to a context, which decides what applying an op means: the eager context runs it now, a graph
writes it down. What needs values (`numpy`, `item`, truth) is defined by the eager tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Number
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from . import spec
from .dtypes import DType
from .spec import Shape, Spec

if TYPE_CHECKING:
    import numpy as np

OPS: dict[str, Callable[..., Any]] = {}
REFLECTED = {
    "add": "__radd__", "subtract": "__rsub__", "multiply": "__rmul__", "divide": "__rtruediv__",
    "floor_divide": "__rfloordiv__", "remainder": "__rmod__", "pow": "__rpow__", "matmul": "__rmatmul__",
    "bitwise_and": "__rand__", "bitwise_or": "__ror__", "bitwise_xor": "__rxor__",
    "bitwise_left_shift": "__rlshift__", "bitwise_right_shift": "__rrshift__",
    "less": "__gt__", "less_equal": "__ge__", "greater": "__lt__", "greater_equal": "__le__",
}  # fmt: skip


class Tensor:
    """An n-dimensional array of one dtype on one device; values never change under another name.

    Make one with `wf.tensor`, `wf.asarray`, `wf.zeros`, ... or get one from an operation.
    """

    __slots__ = ()
    __array_priority__ = 1000
    __array_ufunc__ = None  # ndarray + tensor is a tensor
    context: ClassVar[Any]
    key: int  # identifies the value on tapes; 0 while nobody watches

    if TYPE_CHECKING:  # what each kind of tensor provides

        @property
        def shape(self) -> Shape: ...
        @property
        def dtype(self) -> DType: ...
        @property
        def device(self) -> Any: ...
        def numpy(self) -> np.ndarray: ...
        def item(self) -> Any: ...  # a number, whose kind follows the dtype
        def tolist(self) -> Any: ...
        def __bool__(self) -> bool: ...
        def __int__(self) -> int: ...
        def __float__(self) -> float: ...
        def __complex__(self) -> complex: ...
        def __index__(self) -> int: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __contains__(self, value: Any) -> bool: ...
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray: ...
        def __dlpack__(
            self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
        ) -> Any: ...
        def __dlpack_device__(self) -> tuple[int, int]: ...
        def to(self, device: Any) -> Tensor: ...
        def _repr_html_(self) -> str: ...

    @property
    def spec(self) -> Spec:
        """Shape and dtype together."""
        return Spec(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return spec.size(self.shape)

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix. For stacks of matrices use `mT`.

        Errors: ShapeError unless the tensor has two axes.
        """
        return OPS["transpose_2d"](self)

    @property
    def mT(self) -> Tensor:
        """Each matrix of the stack transposed.   Shapes: (..., m, n) -> (..., n, m)."""
        return OPS["matrix_transpose"](self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor: it has no axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("a 0-d tensor cannot be iterated: it holds a single element; use .item()")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Tensor:
        return OPS["getitem"](self, index)

    def __hash__(self) -> int:  # by identity: == is elementwise
        return object.__hash__(self)

    # fmt: off
    def __add__(self, other: Any) -> Tensor: return binary("add", self, other)
    def __radd__(self, other: Any) -> Tensor: return OPS["add"](other, self)
    def __sub__(self, other: Any) -> Tensor: return binary("subtract", self, other)
    def __rsub__(self, other: Any) -> Tensor: return OPS["subtract"](other, self)
    def __mul__(self, other: Any) -> Tensor: return binary("multiply", self, other)
    def __rmul__(self, other: Any) -> Tensor: return OPS["multiply"](other, self)
    def __truediv__(self, other: Any) -> Tensor: return binary("divide", self, other)
    def __rtruediv__(self, other: Any) -> Tensor: return OPS["divide"](other, self)
    def __floordiv__(self, other: Any) -> Tensor: return binary("floor_divide", self, other)
    def __rfloordiv__(self, other: Any) -> Tensor: return OPS["floor_divide"](other, self)
    def __mod__(self, other: Any) -> Tensor: return binary("remainder", self, other)
    def __rmod__(self, other: Any) -> Tensor: return OPS["remainder"](other, self)
    def __pow__(self, other: Any) -> Tensor: return binary("pow", self, other)
    def __rpow__(self, other: Any) -> Tensor: return OPS["pow"](other, self)
    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]: return NotImplemented if answers(other, "__rdivmod__") else (self // other, self % other)
    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]: return other // self, other % self
    def __matmul__(self, other: Any) -> Tensor: return binary("matmul", self, other)
    def __rmatmul__(self, other: Any) -> Tensor: return OPS["matmul"](other, self)
    def __and__(self, other: Any) -> Tensor: return binary("bitwise_and", self, other)
    def __rand__(self, other: Any) -> Tensor: return OPS["bitwise_and"](other, self)
    def __or__(self, other: Any) -> Tensor: return binary("bitwise_or", self, other)
    def __ror__(self, other: Any) -> Tensor: return OPS["bitwise_or"](other, self)
    def __xor__(self, other: Any) -> Tensor: return binary("bitwise_xor", self, other)
    def __rxor__(self, other: Any) -> Tensor: return OPS["bitwise_xor"](other, self)
    def __lshift__(self, other: Any) -> Tensor: return binary("bitwise_left_shift", self, other)
    def __rlshift__(self, other: Any) -> Tensor: return OPS["bitwise_left_shift"](other, self)
    def __rshift__(self, other: Any) -> Tensor: return binary("bitwise_right_shift", self, other)
    def __rrshift__(self, other: Any) -> Tensor: return OPS["bitwise_right_shift"](other, self)
    def __eq__(self, other: Any) -> Tensor: return compared("equal", self, other)  # pyright: ignore
    def __ne__(self, other: Any) -> Tensor: return compared("not_equal", self, other)  # pyright: ignore
    def __lt__(self, other: Any) -> Tensor: return binary("less", self, other)
    def __le__(self, other: Any) -> Tensor: return binary("less_equal", self, other)
    def __gt__(self, other: Any) -> Tensor: return binary("greater", self, other)
    def __ge__(self, other: Any) -> Tensor: return binary("greater_equal", self, other)
    def __neg__(self) -> Tensor: return OPS["negative"](self)
    def __pos__(self) -> Tensor: return OPS["positive"](self)
    def __abs__(self) -> Tensor: return OPS["abs"](self)
    def __invert__(self) -> Tensor: return OPS["bitwise_invert"](self)

    def __round__(self, digits: int = 0) -> Tensor: return OPS["round"](self) if not digits else OPS["round"](self * 10.0**digits) / 10.0**digits
    def __floor__(self) -> Tensor: return OPS["floor"](self)
    def __ceil__(self) -> Tensor: return OPS["ceil"](self)
    def __trunc__(self) -> Tensor: return OPS["trunc"](self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["sum"](self, axis=axis, keepdims=keepdims)
    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["mean"](self, axis=axis, keepdims=keepdims)
    def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["prod"](self, axis=axis, keepdims=keepdims)
    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["max"](self, axis=axis, keepdims=keepdims)
    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["min"](self, axis=axis, keepdims=keepdims)
    def any(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["any"](self, axis=axis, keepdims=keepdims)
    def all(self, axis: Any = None, keepdims: bool = False) -> Tensor: return OPS["all"](self, axis=axis, keepdims=keepdims)
    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Tensor: return OPS["argmax"](self, axis=axis, keepdims=keepdims)
    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Tensor: return OPS["argmin"](self, axis=axis, keepdims=keepdims)
    # fmt: on

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape; one length may be -1."""
        return OPS["reshape"](self, shape=shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order; reversed if none is given."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return OPS["permute_dims"](self, axes=tuple(order) or tuple(range(self.ndim))[::-1])

    def astype(self, dtype: Any) -> Tensor:
        """The same values in another dtype."""
        return OPS["astype"](self, dtype=dtype)


def as_tensor(x: Any, beside: Any = None) -> Any:
    """An operand that is asked for its shape: a tensor (or variable) itself, or one of a list, an array or a number.

    It is made on the device of the tensor beside which it is given, if there is one.
    """
    return x if isinstance(x, Tensor) else OPS["as_tensor"](x, beside)


def binary(name: str, x: Any, y: Any) -> Any:
    """What an operator gives; NotImplemented if the class of `y` has a method for what stands before it."""
    return NotImplemented if answers(y, REFLECTED[name]) else OPS[name](x, y)


def compared(name: str, x: Any, y: Any) -> Any:
    """What `==` and `!=` give: NotImplemented for what is neither a number nor holds any, so that Python answers."""
    return OPS[name](x, y) if holds_numbers(y) else NotImplemented


def answers(x: Any, method: str) -> bool:
    """Whether an operand has a method written in Python, and cannot be made a tensor."""
    kind = type(x)
    return (
        isinstance(getattr(kind, method, None), FunctionType) and not issubclass(kind, Tensor) and not _is_array(kind)
    )


def holds_numbers(x: Any) -> bool:
    """Whether an operand is a number, or could hold some."""
    if isinstance(x, Tensor | Number | Sequence):
        return not isinstance(x, str | bytes)
    return _is_array(type(x)) or hasattr(type(x), "__index__")


def _is_array(kind: type) -> bool:
    return any(hasattr(kind, name) for name in ("__array__", "__array_interface__", "__buffer__", "__dlpack__"))
