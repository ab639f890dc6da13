"""The eager benchmarks: small ops, a recorded chain, its gradient, large arrays, import time and size.

    python tests/benchmarks/eager.py [--write docs/benchmarks/eager.md]

Peers are whichever of NumPy, PyTorch, JAX, TensorFlow and HIPS autograd can be imported.
"""

from __future__ import annotations

import datetime
import importlib
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from compare import HEADER, Row, Run, measure, report_to, table

import weft as wf

RNG = np.random.default_rng(0)
X, W, B = (RNG.uniform(0.5, 1.5, 10).astype(np.float32) for _ in range(3))
OPS_IN_CHAIN = 10


def chain(tanh: Callable[[Any], Any], sin: Callable[[Any], Any], x: Any, w: Any, b: Any) -> Any:
    """Ten small operations, each depending on the one before."""
    h = tanh(x * w + b)
    h = sin(h * w - b)
    h = tanh(h * x + b)
    return h * w


def find(name: str) -> Any:
    """A peer's module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Weft:
    """Ours."""

    name = "weft"

    def __init__(self) -> None:
        self.x, self.w, self.b = map(wf.tensor, (X, W, B))

    def add(self) -> Any:
        return self.x + self.w

    def record(self) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(self.x)
            return chain(wf.tanh, wf.sin, self.x, self.w, self.b)

    def gradient(self) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(self.x)
            y = chain(wf.tanh, wf.sin, self.x, self.w, self.b)
        return tape.gradient(y, self.x)


class Torch:
    """PyTorch, eager."""

    name = "torch"

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.x, self.w, self.b = map(torch.tensor, (X, W, B))
        self.leaf = self.x.clone().requires_grad_()
        self.ones = torch.ones(10)

    def add(self) -> Any:
        return self.x + self.w

    def record(self) -> Any:
        return chain(self.torch.tanh, self.torch.sin, self.leaf, self.w, self.b).detach()

    def gradient(self) -> Any:
        y = chain(self.torch.tanh, self.torch.sin, self.leaf, self.w, self.b)
        return self.torch.autograd.grad(y, self.leaf, self.ones)[0]


class Jax:
    """JAX, op by op."""

    name = "jax"

    def __init__(self, jax: Any) -> None:
        self.jax, self.jnp = jax, jax.numpy
        self.x, self.w, self.b = map(jax.numpy.asarray, (X, W, B))

    def add(self) -> Any:
        return (self.x + self.w).block_until_ready()

    def _vjp(self) -> Any:
        return self.jax.vjp(lambda x: chain(self.jnp.tanh, self.jnp.sin, x, self.w, self.b), self.x)

    def record(self) -> Any:
        return self._vjp()[0].block_until_ready()

    def gradient(self) -> Any:
        y, pull = self._vjp()
        return pull(self.jnp.ones_like(y))[0].block_until_ready()


class TensorFlow:
    """TensorFlow, eager."""

    name = "tensorflow"

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.x, self.w, self.b = map(tf.constant, (X, W, B))

    def add(self) -> Any:
        return self.x + self.w

    def record(self) -> Any:
        with self.tf.GradientTape() as tape:
            tape.watch(self.x)
            return chain(self.tf.tanh, self.tf.sin, self.x, self.w, self.b)

    def gradient(self) -> Any:
        with self.tf.GradientTape() as tape:
            tape.watch(self.x)
            y = chain(self.tf.tanh, self.tf.sin, self.x, self.w, self.b)
        return tape.gradient(y, self.x)


class Autograd:
    """HIPS autograd."""

    name = "autograd"

    def __init__(self, autograd: Any) -> None:
        self.np, self.make_vjp = autograd.numpy, autograd.core.make_vjp

    def add(self) -> Any:
        return self.np.add(X, W)

    def _vjp(self) -> Any:
        return self.make_vjp(lambda x: chain(self.np.tanh, self.np.sin, x, W, B), X)

    def record(self) -> Any:
        return self._vjp()[1]

    def gradient(self) -> Any:
        pull, y = self._vjp()
        return pull(np.ones_like(y))


PEERS = {"torch": Torch, "jax": Jax, "tensorflow": TensorFlow, "autograd": Autograd}


def contestants() -> list[Any]:
    """Ours, then each peer that is installed."""
    found: list[Any] = [Weft()]
    for name, kind in PEERS.items():
        module = find(name)
        if module is not None:
            for part in {"jax": ["jax.numpy"], "autograd": ["autograd.numpy", "autograd.core"]}.get(name, []):
                find(part)
            found.append(kind(module))
    return found


def small_rows() -> list[Row]:
    """Rows a1 to a3: the cost of small operations."""
    peers = contestants()
    adds: dict[str, Run] = {p.name: p.add for p in peers}
    adds["numpy"] = lambda: X + W
    y = chain(np.tanh, np.sin, X, W, B)
    epsilon = 1e-6
    up, down = (chain(np.tanh, np.sin, X.astype(np.float64) + e, W, B) for e in (epsilon, -epsilon))
    return [
        Row("a1", "add two 10-vectors", adds, X + W),
        Row("a2", "chain of 10 ops, recorded; per op", {p.name: p.record for p in peers}, y, per_call=OPS_IN_CHAIN),
        Row("a3", "the same and its gradient; per op", {p.name: p.gradient for p in peers},
            (up - down) / (2 * epsilon), per_call=OPS_IN_CHAIN, rtol=1e-3),
    ]  # fmt: skip


def large_rows() -> list[Row]:
    """Elementwise ops on 4M elements and a matrix product, against NumPy and torch."""
    x, y = (RNG.normal(size=1 << 22).astype(np.float32) for _ in range(2))
    a, b = (RNG.normal(size=(1024, 1024)).astype(np.float32) for _ in range(2))
    wx, wy, wa, wb = map(wf.tensor, (x, y, a, b))
    runs: dict[str, dict[str, Run]] = {
        "add, 4M": {"weft": lambda: wx + wy, "numpy": lambda: x + y},
        "exp, 4M": {"weft": lambda: wf.exp(wx), "numpy": lambda: np.exp(x)},
        "multiply by a scalar, 4M": {"weft": lambda: wx * 2.0, "numpy": lambda: x * 2.0},
        "matmul, 1024 x 1024": {"weft": lambda: wa @ wb, "numpy": lambda: a @ b},
    }
    torch = find("torch")
    if torch is not None:
        tx, ty, ta, tb = map(torch.tensor, (x, y, a, b))
        runs["add, 4M"]["torch"] = lambda: tx + ty
        runs["exp, 4M"]["torch"] = lambda: torch.exp(tx)
        runs["multiply by a scalar, 4M"]["torch"] = lambda: tx * 2.0
        runs["matmul, 1024 x 1024"]["torch"] = lambda: ta @ tb
    return [
        Row("large", what, run, np.asarray(run["numpy"]()), unit="ms", rtol=1e-3, atol=1e-3)
        for what, run in runs.items()
    ]


def import_time(name: str, runs: int = 7) -> float:
    """The least seconds that `import name` takes in a fresh interpreter."""
    code = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
    root = str(Path(__file__).parents[2])
    return min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root).stdout)
        for _ in range(runs)
    )


def own_bytes() -> int:
    """The bytes of our own files."""
    root = Path(__file__).parents[2]
    files = [f for room in ("runtime", "kernels", "compiler", "weft") for f in (root / room).rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files if "__pycache__" not in f.parts and not _through_link(f, root))


def size_rows() -> list[str]:
    """Row n: seconds to import, and bytes of our own files."""
    lines = [f"Our own files: {own_bytes() / 1e6:.2f} MB.", ""]
    for name in ["weft", "numpy", *(n for n in PEERS if find(n) is not None)]:
        lines.append(f"- `import {name}`: {import_time(name):.3f} s")
    return lines


def _through_link(path: Path, root: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents if parent != root)


NOTES = """
## Against the targets

- a1, an eager add: no slower than PyTorch. a2, a recorded chain: no slower than PyTorch.
- a3, forward and backward: the target is half of PyTorch's time; it is missed: PyTorch takes 1.7 to 1.8 times as long
  (six runs). Of the 24 us that ten ops take, recording them takes 11 (NumPy's kernels 2, the eager ops around them
  3.3, the tape told of each 3.5, opening and closing it 2), the reverse pass 8 (14 calls of NumPy, a good 3; walking
  the nodes and finding what to call the rest), the call of `gradient` around it 2.7. Where nobody watches, the
  reverse pass runs rules as functions of arrays, traced once (`runtime/rules.py`): the reverse pass over ten ops went
  from 15.5 to 8 us. What was tried and gave nothing more that could be measured: the whole pull of a node as generated
  code, one loop without calls, results written into intermediate arrays (a tenth of a call). Tried before: plain
  tuples as nodes, integer keys in place of weak references, a shortcut for each op, cached scalars. What is left is
  the interpreter's own cost of a few dozen calls and look-ups, which only compiled code takes away.
- Large arrays: within 5 % of NumPy's own time where the rows say so; results live in recycled memory.
  PyTorch uses both cores and takes a third of the time to add and to scale, about as long for exp, 0.6 of it for matmul.
"""


def report(rounds: int) -> str:
    """The whole page."""
    versions = [f"{n} {find(n).__version__}" for n in ("numpy", "torch", "jax", "tensorflow") if find(n) is not None]
    lines = [
        "# Eager execution, measured", "",
        "Made by `python tests/benchmarks/eager.py --write docs/benchmarks/eager.md`. All libraries in one process, in",
        "turn, results checked first; the last column is the median over rounds of a library's time over weft's.", "",
        f"{datetime.date.today()}, {platform.processor() or platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(versions) + ".", "", *HEADER,
    ]  # fmt: skip
    for row in small_rows():
        lines += table(row, measure(row, rounds))
    for row in large_rows():
        lines += table(row, measure(row, rounds, seconds=0.05))
    return "\n".join([*lines, NOTES, "## Import time and size", "", *size_rows(), ""])


if __name__ == "__main__":
    report_to(report, __doc__, 15)
