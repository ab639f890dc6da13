"""What the tests generated from the op table run: every op, with its samples.

An op of the elementwise families gets its samples from its domain; every other op brings its own.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np

import weft as wf
from weft.runtime import dtypes
from weft.runtime.errors import DTypeError
from weft.runtime.families import Elementwise
from weft.runtime.op import Op
from weft.runtime.samples import Sample, sample
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS, Tensor

# Ops whose gradient is on purpose not the derivative of their value.
OVERRIDES = frozenset({"stop_gradient", "with_gradient"})

# Ops whose complex results are unique up to phases only: their own tests compare what does not depend on these.
UP_TO_PHASES = frozenset({"eig", "eigh", "svd"})

SHAPES = {
    1: [((2, 3),), ((),), ((0, 2),)],
    2: [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((2, 0), (1,)), ((), ()), ((2, 3), (2, 3))],
    3: [((2, 3), (3,), (1,)), ((), (2,), (2, 1)), ((0,), (1,), ()), ((), (), ()), ((2,), (2,), (2,))],
}

# The ops of the language; those of graphs, which other tests may have loaded, take regions and stacks.
ALL_OPS = [op for op in OPS.values() if isinstance(op, Op) and op.__module__.startswith("weft.runtime.")]
ELEMENTWISE = [op for op in ALL_OPS if isinstance(op, Elementwise)]


class Case(NamedTuple):
    """An op and one of its samples."""

    op: Any
    number: int
    sample: Sample

    def __str__(self) -> str:
        return f"{self.op.name}-{self.number}"

    def draw(self) -> list[Any]:
        """The operands as arrays, scalars or None: the same ones every time."""
        return self.sample.draw(generator(str(self)))

    def call(self, *operands: Any) -> Any:
        """The op of these operands with the sample's attributes."""
        return self.op(*operands, **self.sample.attrs)

    def attributes(self) -> dict[str, Any]:
        """The sample's attributes, defaults included."""
        return {**self.op.defaults, **self.sample.attrs}


def generator(name: str) -> np.random.Generator:
    """Random numbers that depend on the name alone."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def elementwise_operand(op: Any, i: int, dtype: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Operand i of an elementwise op, drawn from its domain."""
    dtype = op.operand_dtypes(dtype)[i]
    if dtype is dtypes.bool_:
        return rng.random(shape) < 0.5
    low, high = op.domain
    if dtype in dtypes.INTEGERS:
        smallest = 0 if dtype in dtypes.UNSIGNED else int(np.ceil(low))
        return rng.integers(smallest, max(smallest, int(np.floor(high))) + 1, shape).astype(dtype)
    values = np.asarray(rng.uniform(low, high, shape))
    if dtype in dtypes.COMPLEX:
        values = values + 1j * rng.uniform(0.1, 0.8, shape)
    return values.astype(dtype)


def elementwise_operands(op: Any, dtype: Any, shapes: tuple[tuple[int, ...], ...]) -> list[np.ndarray]:
    """All operands of an elementwise op."""
    rng = generator(f"{op.name} {dtype} {shapes}")
    return [elementwise_operand(op, i, dtype, shape, rng) for i, shape in enumerate(shapes)]


def _drawn(op: Any, i: int, dtype: Any, shape: tuple[int, ...]) -> Any:
    return lambda rng: elementwise_operand(op, i, dtype, shape, rng)


def _widest(op: Any) -> Any:
    wide = (dtypes.float64, dtypes.complex128, dtypes.int64, dtypes.bool_)
    return next(dtype for dtype in wide if dtype in op.takes)


def samples_of(op: Any) -> list[Sample]:
    """The samples of an op, made from its domain if it is elementwise."""
    if not isinstance(op, Elementwise):
        return list(op.samples or ())
    dtype = _widest(op)
    return [sample(*(_drawn(op, i, dtype, shape) for i, shape in enumerate(shapes))) for shapes in SHAPES[op.arity]]


CASES = [Case(op, i, one) for op in ALL_OPS for i, one in enumerate(samples_of(op))]


def is_floating(x: Any) -> bool:
    return isinstance(x, np.ndarray) and dtypes.as_dtype(x.dtype) in dtypes.INEXACT


def in_dtype(operands: list[Any], real: Any) -> list[Any]:
    """Floating operands in another precision, named by its real dtype."""
    wide = dtypes.complex_dtype(real) if real not in dtypes.HALVES else dtypes.complex64

    def cast(x: Any) -> Any:
        if not is_floating(x):
            return x
        return x.astype(wide if np.iscomplexobj(x) else real)

    return [cast(x) for x in operands]


def complexified(case: Case) -> list[Any] | None:
    """A real sample's operands with an imaginary part; None when the op takes no complex numbers."""
    operands, rng = case.draw(), generator(f"{case} imaginary")
    if case.op.name in UP_TO_PHASES:
        return None
    if not any(is_floating(x) for x in operands) or any(np.iscomplexobj(x) for x in operands):
        return None
    if isinstance(case.op, Elementwise):
        if dtypes.complex128 not in case.op.takes:
            return None
        return elementwise_operands(case.op, dtypes.complex128, tuple(np.shape(x) for x in operands))
    shifted = [x + 0.3j * rng.normal(size=x.shape) if is_floating(x) else x for x in operands]
    try:
        case.op.spec(*specs(shifted), **case.attributes())
    except DTypeError:
        return None
    return shifted


def specs(operands: list[Any]) -> list[Any]:
    """The operands as shape rules see them before there are values."""
    return [Spec(x.shape, dtypes.as_dtype(x.dtype)) if isinstance(x, np.ndarray) else x for x in operands]


def foretold(case: Case, operands: list[Any]) -> list[Spec]:
    """The specs of the results, as the shape rule says them."""
    found = case.op.spec(*specs(operands), **case.attributes())
    return [found] if isinstance(found, Spec) else list(found)


def lifted(operands: list[Any]) -> list[Any]:
    """The arrays as tensors; scalars and None as they are."""
    return [wf.tensor(x) if isinstance(x, np.ndarray) else x for x in operands]


def results(value: Any) -> list[Tensor]:
    """An op's results as a list."""
    return list(value) if isinstance(value, tuple) else [value]
