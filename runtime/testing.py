"""Checks for tests: gradients against central differences, and values that should be close.

A gradient is compared along random directions in float64, as numbers <w, dy/dx v>; order 2 checks the gradient as
a function of its own. What differs is told with the argument, the direction and both numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from . import dtypes, tree
from .gradients import linearize, vjp
from .tensor import OPS, Tensor

__all__ = ["assert_close", "check_grads"]

Arrays = list[np.ndarray]

TOLERANCE = {dtypes.float16: 2e-3, dtypes.bfloat16: 2e-2, dtypes.float32: 1e-5, dtypes.complex64: 1e-5,
             dtypes.float64: 1e-10, dtypes.complex128: 1e-10}  # fmt: skip


def assert_close(actual: Any, expected: Any, *, rtol: float | None = None, atol: float | None = None) -> None:
    """Fail unless two trees of tensors, arrays or numbers are close; NaN is close to NaN.

    Both tolerances default to what the coarser dtype of the two deserves (float32: 1e-5); 0 for integers.

    Errors: AssertionError that names the leaf, the worst element and both numbers.

    Example:
        >>> import weft as wf
        >>> wf.testing.assert_close({"x": wf.tensor([1.0, 2.0])}, {"x": [1.0, 2.0]})
    """
    for path, x, y in _pairs(actual, expected, ""):
        _compare(path or "value", x, y, rtol, atol)


def _pairs(x: Any, y: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The leaves that stand against each other; a nested list may stand for an array."""
    first, second = _children(x), _children(y)
    if first is None or second is None:
        yield path, x, y
        return
    if list(first) != list(second):
        raise AssertionError(f"{path or 'value'}: a tree of {list(first)} and one of {list(second)}")
    for name in first:
        yield from _pairs(first[name], second[name], f"{path}.{name}" if path else name)


def _children(x: Any) -> dict[str, Any] | None:
    if isinstance(x, dict):
        return {str(name): value for name, value in x.items()}
    if isinstance(x, list | tuple):
        return {str(i): value for i, value in enumerate(x)}
    if is_dataclass(x) and not isinstance(x, type):
        return {field.name: getattr(x, field.name) for field in fields(x)}
    return None


def _compare(place: str, x: Any, y: Any, rtol: float | None, atol: float | None) -> None:
    if x is None or y is None:
        if x is not y:
            raise AssertionError(f"{place}: {x!r} and {y!r}")
        return
    a, b = _array(x), _array(y)
    if a.shape != b.shape:
        raise AssertionError(f"{place}: shape {a.shape} and {b.shape}")
    given = [v for v in (x, y) if hasattr(v, "dtype")]
    usual = max((TOLERANCE.get(v.dtype, 0.0) for v in given), default=1e-10)
    relative, absolute = usual if rtol is None else rtol, usual if atol is None else atol
    with np.errstate(all="ignore"):
        off = np.abs(a - b) - absolute - relative * np.abs(b)
    off = np.where((a == b) | (np.isnan(a) & np.isnan(b)), -1, np.where(np.isnan(off), np.inf, off))
    if off.size and off.max() > 0:
        i = np.unravel_index(int(off.argmax()), off.shape)
        raise AssertionError(
            f"{place}: {int((off > 0).sum())} of {off.size} elements differ; the worst is {tuple(map(int, i))}: "
            f"{a[i]} and {b[i]}, difference {abs(a[i] - b[i]):.3g} (rtol {relative:g}, atol {absolute:g})"
        )


def _array(x: Any) -> np.ndarray:
    """The values wide enough to be subtracted."""
    array = np.asarray(x.numpy() if isinstance(x, Tensor) else x)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def check_grads(
    f: Callable[..., Any],
    args: Any,
    *,
    order: int = 2,
    modes: Sequence[str] = ("reverse", "forward"),
    rtol: float = 1e-5,
    atol: float = 1e-6,
    eps: float = 1e-5,
    directions: int = 2,
    seed: int = 0,
) -> None:
    """Fail unless the gradients of `f` at `args` agree with central differences, up to `order`.

    Floating and complex leaves of `args` are cast to float64 and complex128 and perturbed one by one in random
    directions; other leaves are passed on as they are. `modes` are "reverse" (vjp) and "forward" (jvp).

    Errors: AssertionError that names the order, the mode, the argument, the direction, and both numbers.

    Example:
        >>> import weft as wf
        >>> wf.testing.check_grads(lambda x, y: wf.sum(x * y), ([1.0, 2.0], [3.0, 4.0]))
    """
    if isinstance(args, Tensor | np.ndarray) or not isinstance(args, Sequence):
        args = (args,)
    args = tuple(OPS["tensor"](x) if _is_numbers(x) else x for x in args)
    check = _Check(f, args, rtol, atol, eps, directions, np.random.default_rng(seed))
    _check(check, check.function, check.points(), list(modes), 1, order)


def _is_numbers(x: Any) -> bool:
    """Whether an argument is a nested list of floats, which stands for a tensor."""
    found = tree.leaves(x)
    return isinstance(x, list | float | complex) and bool(found) and all(isinstance(v, float | complex) for v in found)


@dataclass
class _Check:
    """What is checked: a function of the floating leaves of its arguments, all else held fixed."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    rtol: float
    atol: float
    eps: float
    directions: int
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.leaves, self.structure = tree.flatten(self.args)
        self.places = [i for i, x in enumerate(self.leaves) if _dtype(x) in dtypes.INEXACT]
        self.names = [path for path, _ in tree.paths(self.args)]

    def points(self) -> list[Tensor]:
        """The leaves that are perturbed, in double precision."""
        return [_double(self.leaves[i]) for i in self.places]

    def function(self, *points: Any) -> list[Any]:
        """`f` of the points, as the list of the leaves of its value that carry a gradient."""
        leaves = list(self.leaves)
        for i, x in zip(self.places, points, strict=True):
            leaves[i] = x
        value = self.f(*tree.unflatten(self.structure, leaves))
        return [y for y in tree.leaves(value) if _dtype(y) in dtypes.INEXACT]

    def draw(self, like: Sequence[Any]) -> Arrays:
        """A random array for each of the given ones."""
        return [_normal(self.rng, x) for x in like]


def _dtype(x: Any) -> Any:
    if type(x) in (float, complex):
        return dtypes.PYTHON[type(x)]
    return dtypes.as_dtype(x.dtype) if hasattr(x, "dtype") else None


def _double(x: Any) -> Tensor:
    wide = dtypes.complex128 if _dtype(x) in dtypes.COMPLEX else dtypes.float64
    return OPS["tensor"](np.array(x.numpy() if isinstance(x, Tensor) else x).astype(wide))


def _normal(rng: np.random.Generator, x: Any) -> np.ndarray:
    real = rng.normal(size=x.shape)
    return real + 1j * rng.normal(size=x.shape) if x.dtype in dtypes.COMPLEX else np.asarray(real)


def _inner(ws: Sequence[Any], ys: Sequence[Any]) -> float:
    """The real inner product of two lists; complex numbers count as pairs of reals."""
    return float(sum(np.vdot(_array(w), _array(y)).real for w, y in zip(ws, ys, strict=True) if y is not None))


def _check(check: _Check, f: Callable[..., Any], points: list[Tensor], modes: list[str], order: int, last: int) -> None:
    """Check one order of `f`, then its gradient as a function."""
    value, pullback = vjp(f, *points)
    weights = check.draw(value)
    grads = pullback([OPS["tensor"](w) for w in weights])
    push = linearize(f, *points)[1] if "forward" in modes else None
    for i, x in enumerate(points):
        for k in range(check.directions):
            v = _normal(check.rng, x)
            wanted = _difference(check, f, points, i, v, weights)
            where = f"argument {check.names[check.places[i]]}, direction {k}, order {order}"
            if "reverse" in modes:
                _agree(check, f"{where}, reverse mode", _inner([v], [grads[i]]), wanted)
            if push is not None:
                tangents = [np.zeros(p.shape, p.dtype) for p in points]
                tangents[i] = v
                moved = push(*(OPS["tensor"](t) for t in tangents))
                _agree(check, f"{where}, forward mode", _inner(weights, moved), wanted)
    if order < last:
        cotangents = [OPS["tensor"](w) for w in weights]
        _check(check, lambda *xs: list(vjp(f, *xs)[1](cotangents)), points, modes, order + 1, last)


def _difference(
    check: _Check, f: Callable[..., Any], points: list[Tensor], i: int, v: np.ndarray, weights: Arrays
) -> float:
    """The central difference of <weights, f> along `v` in argument i."""
    values = []
    for step in (check.eps, -check.eps):
        moved = list(points)
        moved[i] = OPS["tensor"](points[i].numpy() + step * v)
        values.append(_inner(weights, f(*moved)))
    return (values[0] - values[1]) / (2 * check.eps)


def _agree(check: _Check, where: str, found: float, wanted: float) -> None:
    if np.isnan(found) and np.isnan(wanted):
        return
    allowed = check.atol + check.rtol * abs(wanted)
    if not abs(found - wanted) <= allowed:
        raise AssertionError(
            f"check_grads: {where}: the gradient says {found:.9g}, central differences say {wanted:.9g}; "
            f"they differ by {abs(found - wanted):.3g}, allowed is {allowed:.3g}"
        )
