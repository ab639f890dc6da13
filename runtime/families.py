"""Families of elementwise ops: what a row of the op table leaves unsaid.

A family owns broadcasting, promotion, weak scalars, complex conjugation, and their inverses in the gradient:
summing a cotangent back to its operand's shape, casting it to its dtype. A row then only says what the op is:
its NumPy kernel, its scalar expression in C and CUDA (operands `{0}`, `{1}`...), its ONNX name, the domain that
generated tests draw from, and its derivative. `None` as derivative: constant almost everywhere.

Gradients of complex values follow TensorFlow and PyTorch: the cotangent is the conjugate of the derivative, so
that a step against it descends. A holomorphic op's rule is written as for reals; the family conjugates.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

from . import dtypes
from .dim import same_shape
from .dtypes import DType
from .errors import DTypeError
from .op import Node, Op, Rule
from .spec import Operand, Shaped, Spec, broadcast_shapes, describe, promoted
from .tensor import OPS, Tensor

Domain = tuple[float, float] | Callable[..., Any]


class Elementwise(Op[..., Tensor]):
    """An op that maps each element (of broadcast operands) by one scalar expression."""

    elementwise = True

    def __init__(
        self,
        name: str,
        rule: Callable[..., Any],
        kernel: Callable[..., Any],
        *,
        c: str,
        onnx: str | None,
        domain: Domain,
        takes: Iterable[DType],
        gives: Callable[[DType], DType] | None,
        holomorphic: bool = True,
    ) -> None:
        super().__init__(name, rule, kernel, c=c, onnx=onnx)
        self.rules: tuple[Rule | None, ...] | None  # pyright: ignore[reportIncompatibleVariableOverride]
        self.domain, self.takes, self.gives, self.holomorphic = domain, frozenset(takes), gives, holomorphic
        self.keeps_kind = gives in (None, dtypes.real_dtype)
        self.shortcut: Callable[..., Any] = super().__call__  # the eager context sets a quicker one

    def __call__(self, *args: Operand) -> Tensor:
        return self.shortcut(*args)

    def compute_dtype(self, *operands: Any) -> DType:
        """The dtype in which the expression is evaluated: the promoted one, floats for ints where it needs them.

        Errors: DTypeError for dtypes that the op does not take.
        """
        dtype = promoted(self.name, *operands)
        if dtype in self.takes:
            return dtype
        if dtype in dtypes.INTEGRAL and not self.takes & dtypes.INTEGERS and dtypes.default_float in self.takes:
            return dtypes.default_float
        if dtype is dtypes.bool_ and dtypes.default_int in self.takes and any(type(x) is not bool for x in operands):
            hint = "Cast it to a number with wf.astype(x, wf.int32), or use the logical functions (wf.logical_or, ...)."
        else:
            hint = "It takes " + ", ".join(d.name for d in dtypes.ALL if d in self.takes) + "."
        shown = " and ".join(describe(x) for x in operands)
        raise DTypeError(f"{self.name}: no {dtype} version, given {shown}", hint)

    def result(self, *operands: Any) -> Spec:
        """The shape rule of the whole family."""
        dtype = self.compute_dtype(*operands)
        shape = broadcast_shapes(self.name, *operands)
        return Spec(shape, self.gives(dtype) if self.gives else dtype)

    def operand_dtypes(self, dtype: DType) -> tuple[DType, ...]:
        """The dtypes that the operands are cast to before the kernel runs."""
        return (dtype,) * self.arity

    def pull(self, node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
        rules = self.rules
        if rules is None:
            return []
        _, inputs, _, outputs = node
        dy, y = dys[0], outputs[0]
        dtype = dy.dtype
        if dtype is not dtypes.float32 and dtype in dtypes.COMPLEX and self.holomorphic:
            return self.pull_complex(conj(dy), y, inputs, known)
        if self.gives is None and len(inputs) == 1:  # nothing to fit: the common case, without detours
            dx = rules[0](dy, y, inputs[0])  # pyright: ignore[reportOptionalCall]
            return [] if dx is None else [(inputs[0].key, dx)]
        pairs = []
        for i, x in enumerate(inputs):
            key = getattr(x, "key", 0)
            if key in known and (rule := rules[i]) is not None:
                dx = rule(dy, y, *inputs)
                if dx is None:  # constant for this dtype
                    continue
                pairs.append((key, dx if same_shape(dx.shape, x.shape) and dx.dtype is x.dtype else fit(dx, x)))
        return pairs

    def pull_complex(self, dy: Tensor, y: Tensor, inputs: Any, known: Container[int]) -> list[tuple[int, Any]]:
        """As `pull` for a complex result: the rule sees the conjugate of the cotangent, and so do we of its."""
        keys = [getattr(x, "key", 0) for x in inputs]
        wanted = [(x, key, rule) for x, key, rule in zip(inputs, keys, self.rules or (), strict=True) if key in known]
        return [(key, fit(conj(rule(dy, y, *inputs)), x)) for x, key, rule in wanted if rule is not None]


class Select(Elementwise):
    """An elementwise op whose first operand is a condition, which takes no part in promotion."""

    def compute_dtype(self, *operands: Any) -> DType:
        return promoted(self.name, *operands[1:])

    def operand_dtypes(self, dtype: DType) -> tuple[DType, ...]:
        return (dtypes.bool_, *(dtype,) * (self.arity - 1))


def conj(x: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own."""
    return OPS["conj"](x) if x.dtype in dtypes.COMPLEX else x


def fit(dx: Any, x: Shaped) -> Tensor:
    """A cotangent brought to the shape and dtype of the operand it belongs to: summed where that was broadcast."""
    if not same_shape(dx.shape, x.shape):
        dx = OPS["sum_to"](dx, shape=x.shape)
    if dx.dtype is not x.dtype:
        if dx.dtype in dtypes.COMPLEX and x.dtype not in dtypes.COMPLEX:
            dx = OPS["real"](dx)
        dx = OPS["astype"](dx, dtype=x.dtype)
    return dx


def _family(arity: int, name: str, kernel: Any, c: str, onnx: str | None, domain: Domain,
            rules: tuple[Rule | None, ...], takes: Iterable[DType], gives: Any, doc: str, holomorphic: bool,
            kind: type[Elementwise] = Elementwise) -> Elementwise:  # fmt: skip
    def of_one(x: Operand, /) -> Spec:
        return new.result(x)

    def of_two(x: Operand, y: Operand, /) -> Spec:
        return new.result(x, y)

    def of_three(x: Operand, y: Operand, z: Operand, /) -> Spec:
        return new.result(x, y, z)

    rule: Any = (of_one, of_two, of_three)[arity - 1]
    rule.__doc__ = doc
    new = kind(name, rule, kernel, c=c, onnx=onnx, domain=domain, takes=takes, gives=gives, holomorphic=holomorphic)
    new.gradient(*rules)
    return new


def unary(name: str, kernel: Any, c: str, onnx: str | None, domain: Domain, rule: Rule | None, doc: str, *,
          takes: Iterable[DType] = dtypes.INEXACT, gives: Any = None, holomorphic: bool = True) -> Elementwise:  # fmt: skip
    """An elementwise op of one operand; its gradient rule is (dy, y, x) -> dx."""
    return _family(1, name, kernel, c, onnx, domain, (rule,), takes, gives, doc, holomorphic)


def binary(name: str, kernel: Any, c: str, onnx: str | None, domain: Domain,
           rules: tuple[Rule | None, Rule | None] | None, doc: str, *,
           takes: Iterable[DType] = dtypes.NUMERIC, gives: Any = None, holomorphic: bool = True) -> Elementwise:  # fmt: skip
    """An elementwise op of two operands; its gradient rules are (dy, z, x, y) -> dx and -> dy, in order."""
    return _family(2, name, kernel, c, onnx, domain, rules or (None,), takes, gives, doc, holomorphic)


def ternary(name: str, kernel: Any, c: str, onnx: str | None, domain: Domain,
            rules: tuple[Rule | None, Rule | None, Rule | None] | None, doc: str, *,
            takes: Iterable[DType] = dtypes.NUMERIC, gives: Any = None) -> Elementwise:  # fmt: skip
    """An elementwise op of three operands; its gradient rules are (dy, r, x, y, z) -> d of each, in order."""
    return _family(3, name, kernel, c, onnx, domain, rules or (None,), takes, gives, doc, True)


def select(name: str, kernel: Any, c: str, onnx: str | None, domain: Domain,
           rules: tuple[None, Rule, Rule], doc: str) -> Elementwise:  # fmt: skip
    """An elementwise choice between two operands by a condition, the first."""
    return _family(3, name, kernel, c, onnx, domain, rules, dtypes.EVERY, None, doc, True, Select)


def compare(name: str, kernel: Any, c: str, onnx: str | None, domain: Domain, doc: str, *,
            takes: Iterable[DType] = dtypes.ORDERED) -> Elementwise:  # fmt: skip
    """An elementwise op of two operands that gives bools; constant almost everywhere."""
    return binary(name, kernel, c, onnx, domain, None, doc, takes=takes, gives=lambda _: dtypes.bool_)
