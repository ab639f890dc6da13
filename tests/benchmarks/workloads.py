"""Workloads for every library that is installed: one function, written for each, bound to its own arrays.

A workload is registered under its name by `row`; the files `rows_*.py` hold them by kind, compiled.py runs them. The
variable `BENCHMARK_PEER` names the library that a process measures weft against, or several; without it all are. On a
GPU, which `BENCHMARK_DEVICE` names, results are not waited for here.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from compare import Row, leaf

import weft as wf

RNG = np.random.default_rng(0)
PEER = os.environ.get("BENCHMARK_PEER")
PEERS = PEER.split(",") if PEER is not None else None
DEVICE = os.environ.get("BENCHMARK_DEVICE", "cpu")
Make = Callable[[], Row]
ROWS: dict[str, Make] = {}


def find(name: str) -> Any:
    """A peer's module, or None where it is not installed, or not asked for."""
    if PEERS is not None and name not in {peer.partition(".")[0] for peer in PEERS}:
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax, numba, tf = find("torch"), find("jax"), find("numba"), find("tensorflow")
if jax:
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "float32")
if torch and DEVICE != "cpu":
    torch.set_default_device(DEVICE)
    torch.backends.cudnn.allow_tf32 = False
if tf:
    tf.experimental.numpy.experimental_enable_numpy_behavior()


def asked(peer: str) -> bool:
    """Whether this process measures a peer; torch.compile takes minutes, so only where it is named."""
    return peer != "torch.compile" if PEERS is None else peer in PEERS


def there(array: np.ndarray) -> Any:
    """PyTorch's tensor of an array, on the device that is measured."""
    return torch.from_numpy(array).to(DEVICE)


def delivered(x: Any) -> Any:
    """A result on the CPU; on a GPU as it is, to be waited for later."""
    return np.asarray(x) if DEVICE == "cpu" else x


def settled(x: Any) -> Any:
    """A result of JAX, which is there; on a GPU as it is, to be waited for later."""
    return jax.block_until_ready(x) if DEVICE == "cpu" else x


def reference(ours: Any, *arrays: np.ndarray) -> np.ndarray:
    """What the interpreter gives on the CPU, for what has no simpler answer."""
    with wf.device("cpu"), wf.options(executor="interpreter"):
        return leaf(ours(*map(wf.tensor, arrays)))


def row(make: Make) -> Make:
    """Register a workload under its name."""
    ROWS[make.__name__] = make
    return make


def normal(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def contestants(arrays: list[np.ndarray], ours: Any, theirs: dict[str, Any]) -> dict[str, Any]:
    """A function compiled by each library, bound to its own copies of the arguments; results are waited for, and are
    what the library gives.

    Of `theirs`, what is under "numba" and "onnxruntime" takes arrays as it is, the rest is compiled here.
    """
    given = [wf.tensor(a) for a in arrays]
    compiled = wf.compile(ours)
    found: dict[str, Any] = {"weft": lambda: compiled(*given)}
    for peer in ("numpy", "numba", "onnxruntime"):
        if peer in theirs and asked(peer):
            found[peer] = lambda f=theirs[peer]: f(*arrays)
    if torch and "torch" in theirs:
        found |= _torch_runs(theirs, [there(a) for a in arrays])
    if jax and "jax" in theirs:
        jitted, placed = jax.jit(theirs["jax"]), [jax.numpy.asarray(a) for a in arrays]
        found["jax.jit"] = lambda: settled(jitted(*placed))
    if tf and "tensorflow" in theirs:
        found |= tensorflow_runs(theirs["tensorflow"], arrays)
    return found


def _torch_runs(theirs: dict[str, Any], tensors: list[Any]) -> dict[str, Any]:
    """Eagerly or compiled, as asked; under "torch.compile" may be what is better written for that, under
    "torch, compiled" what is compiled in parts."""
    found: dict[str, Any] = {}
    if asked("torch"):
        found["torch eager"] = lambda: theirs["torch"](*tensors)
    if asked("torch.compile"):
        compiled = theirs.get("torch, compiled") or torch.compile(theirs.get("torch.compile", theirs["torch"]))
        found["torch.compile"] = lambda: compiled(*tensors)
    return found


def tensorflow_runs(f: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    """As a function, and through XLA; to look at a result is to wait for it."""
    placed = [tf.constant(a) for a in arrays]
    staged, translated = tf.function(f), tf.function(f, jit_compile=True)
    return {"tf.function": lambda: leaf(staged(*placed)), "TF XLA": lambda: leaf(translated(*placed))}


def simple(name: str, what: str, arrays: list[np.ndarray], write: Any, *, unit: str = "ms",
           names: str = "numpy torch jax tensorflow", expected: Any = None, rtol: float = 2e-4, atol: float = 2e-5,
           others: dict[str, Any] | None = None) -> Row:  # fmt: skip
    """A workload that reads the same in every library: `write(xp, *arrays)`."""
    modules = {"numpy": np, "torch": torch, "jax": jax and jax.numpy, "tensorflow": tf and tf.experimental.numpy}
    theirs = {n: (lambda m: lambda *a: write(m, *a))(modules[n]) for n in names.split() if modules[n]}
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in arrays]
    exact = leaf(write(np, *wide) if expected is None else expected(*wide))
    runs = contestants(arrays, lambda *a: write(wf, *a), theirs | (others or {}))
    moved = sum(a.nbytes for a in arrays) + exact.size * 4
    return Row(name, what, runs, exact, unit, rtol=rtol, atol=atol, moved=moved)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
