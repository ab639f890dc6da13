"""Workloads for every library that is installed: one function, written for each, bound to its own arrays.

A workload is registered under its name by `row`; the files `rows_*.py` hold them by kind, compiled.py runs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from compare import Row

import weft as wf

RNG = np.random.default_rng(0)
Make = Callable[[], Row]
ROWS: dict[str, Make] = {}


def find(name: str) -> Any:
    """A peer's module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax = find("torch"), find("jax")


def row(make: Make) -> Make:
    """Register a workload under its name."""
    ROWS[make.__name__] = make
    return make


def normal(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def leaf(x: Any) -> np.ndarray:
    """The first array of a result."""
    while isinstance(x, (tuple, list)):
        x = x[0]
    return np.asarray(x)


def contestants(arrays: list[np.ndarray], ours: Any, theirs: dict[str, Any]) -> dict[str, Any]:
    """A function compiled by each library, bound to its own copies of the arguments; results are waited for."""
    given = [wf.tensor(a) for a in arrays]
    compiled = wf.compile(ours)
    found: dict[str, Any] = {"weft": lambda: leaf(compiled(*given))}
    if "numpy" in theirs:
        found["numpy"] = lambda: leaf(theirs["numpy"](*arrays))
    if torch and "torch" in theirs:
        tensors = [torch.from_numpy(a) for a in arrays]

        def run_torch() -> np.ndarray:
            return leaf(theirs["torch"](*tensors))

        found["torch eager"] = run_torch
    if jax and "jax" in theirs:
        jitted, placed = jax.jit(theirs["jax"]), [jax.numpy.asarray(a) for a in arrays]
        found["jax.jit"] = lambda: leaf(jax.block_until_ready(jitted(*placed)))
    return found


def simple(name: str, what: str, arrays: list[np.ndarray], write: Any, *, unit: str = "ms", names: str = "numpy torch jax",
           expected: Any = None, rtol: float = 2e-4, atol: float = 2e-5) -> Row:  # fmt: skip
    """A workload that reads the same in every library: `write(xp, *arrays)`."""
    modules = {"numpy": np, "torch": torch, "jax": jax and jax.numpy}
    theirs = {n: (lambda m: lambda *a: write(m, *a))(modules[n]) for n in names.split() if modules[n]}
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in arrays]
    exact = leaf(write(np, *wide) if expected is None else expected(*wide))
    runs = contestants(arrays, lambda *a: write(wf, *a), theirs)
    return Row(name, what, runs, exact, unit, rtol=rtol, atol=atol)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
