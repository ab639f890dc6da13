"""Functions that are exported, and the way there and back."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np

import weft as wf

Pair = namedtuple("Pair", "first second")
TABLE = wf.tensor(np.arange(60.0, dtype=np.float32).reshape(20, 3))


def there_and_back(path: Path, function: Any, *specs: Any, **signatures: Any) -> wf.Bundle:
    """A function exported and loaded."""
    wf.export(function, *specs, path=path / "model.weft", signatures=signatures)
    return wf.load_bundle(path / "model.weft")


def classifier(seed: int = 0) -> wf.nn.Module:
    """A built model of every kind of variable."""
    wf.seed(seed)
    model = wf.nn.Sequential([wf.nn.Dense(8, activation=wf.tanh), wf.nn.BatchNorm(), wf.nn.Dense(3)])
    model(batch(4))
    return model.eval()


def batch(n: int, columns: int = 4) -> np.ndarray:
    """A batch of n rows."""
    return np.random.default_rng(n).normal(size=(n, columns)).astype(np.float32)


def settle(x: Any, a: float) -> Any:
    trips = 0
    while wf.max(x) > 0.3:
        x = wf.tanh(x) * a
        trips += 1
    return x, trips


def positive(x: Any) -> Any:
    return x if wf.sum(x) > 0 else None


def nested(tree: Any, scale: Any) -> Any:
    return {"sum": tree["a"] + tree["b"][0], "pair": Pair(tree["a"] * scale, [scale, "text", None, 1.5, (True, 2)])}


def rows(indices: Any) -> Any:
    return TABLE[indices]


def repeated(xs: Any) -> Any:
    state = wf.zeros((3,))
    for x in xs:
        state = wf.tanh(state @ TABLE[:3] * 0.01 + x)
    return state


@wf.custom_gradient
def steep(x: Any) -> Any:
    return wf.exp(x), lambda dy: dy * 3.0


def custom(x: Any) -> Any:
    return wf.sum(steep(x))


def collected(x: Any) -> Any:
    return [x[i] * 2.0 for i in range(x.shape[0])]


def complex_parts(z: Any) -> Any:
    return wf.real(z * 1j), wf.imag(z), 2j


def same_twice(x: Any) -> Any:
    y = wf.exp(x)
    return y, y


def shapes(x: Any) -> Any:
    return x.shape, wf.reshape(x, (-1,)), wf.concat([x, x])


F32 = np.float32
N = wf.spec(["n"])
VECTOR = np.array([1.0, 2.0, -0.5], F32)
# name: function, specs, arguments of a call
CASES: dict[str, tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = {
    "a loop and a number": (settle, (N, 0.9), (VECTOR, 0.8)),
    "an absent result": (positive, (N,), (-VECTOR,)),
    "a result that was there before": (positive, (N,), (VECTOR,)),
    "nested arguments and results": (nested, ({"a": N, "b": (N,)}, 2.0), ({"a": VECTOR, "b": (VECTOR,)}, 0.5)),
    "a constant kept apart": (rows, (wf.spec(["k"], wf.int64),), (np.array([3, 19, -1]),)),
    "a loop over rows": (repeated, (wf.spec(["steps", 3]),), (batch(5, 3),)),
    "a gradient of one's own": (custom, (N,), (VECTOR,)),
    "a list as long as the input": (collected, (N,), (VECTOR,)),
    "complex numbers": (complex_parts, (wf.spec(["n"], wf.complex128),), (VECTOR.astype(np.complex128),)),
    "one tensor twice": (same_twice, (N,), (VECTOR,)),
    "open sizes as values": (shapes, (wf.spec(["n", 4]),), (batch(3),)),
    "a fixed value": (lambda x, double: x * 2.0 if double else x, (N, True), (VECTOR, True)),
}
