"""What processes of their own run on a stand-in that checks each access to memory: a fault ends them.

processes.run("import checked_runs; checked_runs.table()", "check")
"""

from __future__ import annotations

import gc
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("table", "standin")]

import loading
import numpy as np
from op_graphs import OTHERS, elementwise, sampled
from op_runs import agree, in_turn, seen

import weft as wf
from weft.kernels.cublaslt import WORKSPACE
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import device as devices, dtypes, tree

ROWS, COLUMNS = 64, 1024


def device() -> CudaDevice:
    """The first GPU."""
    found = devices.as_device("cuda:0")
    assert isinstance(found, CudaDevice)
    return found


def table(part: int = 0, parts: int = 1) -> None:
    """Run the op table, or every so many calls of it, and leave nothing behind."""
    warnings.simplefilter("ignore")
    for dtype in (dtypes.float32, dtypes.bfloat16, dtypes.int32):
        agree(device(), [*elementwise(dtype), *in_turn(dtype), *seen(dtype)][part::parts])
    agree(device(), sampled(OTHERS[part::parts], dtypes.float32))
    gc.collect()
    wf.trim_memory(device="cuda:0")
    kept = wf.memory_stats("cuda:0").in_use
    assert kept in (0, WORKSPACE), kept
    assert loading.report().live_bytes == wf.memory_stats("cuda:0").held == kept
    assert loading.report().live_pinned <= 3  # through which arrays and results are copied
    print("all ran")


# -- traffic: functions, with the shapes of their operands


def softmax(x: Any) -> Any:
    return wf.softmax(x)


def layer_norm(x: Any, scale: Any, shift: Any) -> Any:
    return wf.layer_norm(x, scale, shift)


def gelu_chain(x: Any) -> Any:
    return wf.gelu(x * 0.5 + 1.0) * wf.tanh(x)


def column_sums(x: Any) -> Any:
    return wf.sum(x, axis=0)


def row_sums(x: Any) -> Any:
    return wf.sum(x * x, axis=1)


def total(x: Any) -> Any:
    return wf.sum(x)


def cross_entropy(x: Any, labels: Any) -> Any:
    return wf.value_and_grad(lambda logits: wf.mean(wf.softmax_cross_entropy(logits, labels)))(x)


def adam(p: Any, g: Any, m: Any, v: Any) -> Any:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return p - 0.01 * m / (wf.sqrt(v) + 1e-8), m, v


MATRIX, ROW = (ROWS, COLUMNS), (COLUMNS,)
MEASURED: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "softmax": (softmax, [MATRIX]),
    "layer_norm": (layer_norm, [MATRIX, ROW, ROW]),
    "gelu_chain": (gelu_chain, [MATRIX]),
    "column_sums": (column_sums, [MATRIX]),
    "row_sums": (row_sums, [MATRIX]),
    "total": (total, [MATRIX]),
    "cross_entropy": (cross_entropy, [MATRIX, (ROWS,)]),
    "adam": (adam, [MATRIX] * 4),
}


def traffic() -> None:
    """Print what the kernels of each function read and write, as JSON: by function, a list of numbers for each kernel."""
    found = {}
    for name, (f, shapes) in MEASURED.items():
        rng = np.random.default_rng(0)
        arrays: list[Any] = [rng.uniform(0.1, 1.0, shape).astype(np.float32) for shape in shapes]
        if f is cross_entropy:
            arrays[1] = rng.integers(0, COLUMNS, ROWS)
        given, compiled = [wf.tensor(x, device="cuda") for x in arrays], wf.compile(f)
        wf.testing.assert_close(flat(compiled(*given)), flat(f(*map(wf.tensor, arrays))), rtol=1e-5, atol=1e-5)
        loading.reset()
        flat(compiled(*given))
        found[name] = {
            kernel: [
                counts.launches,
                *(
                    getattr(way, what)
                    for way in (counts.read, counts.written)
                    for what in ("bytes", "requests", "sectors")
                ),
            ]
            for kernel, counts in loading.report().kernels.items()
        }
    print(json.dumps(found))


def flat(results: Any) -> list[np.ndarray]:
    """The results as arrays."""
    return [np.asarray(y) for y in tree.leaves(results)]


# -- loops


def settled(x: Any, w: Any) -> Any:
    """A loop with a branch, which asks the device whether to go on."""
    i = 0
    while wf.mean(x * x) > 0.1 and i < 20:
        x = wf.tanh(x) * 0.5 + w
        x = x - 0.01 if wf.mean(x) > 0 else x + 0.02
        i = i + 1
    return wf.softmax(x), i


def loops() -> None:
    """Print whether a loop, and its gradients, give the same as on the CPU, call after call."""
    compiled, same = wf.compile(settled), []

    def loss(x: Any, w: Any) -> Any:
        return wf.sum(settled(x, w)[0] ** 2)

    gradients = wf.compile(wf.grad(loss, argnums=(0, 1)))
    for seed in range(4):
        rng = np.random.default_rng(seed)
        arrays = [rng.standard_normal((8, 33)).astype(np.float32), rng.standard_normal(33).astype(np.float32) * 0.01]
        here, there = ([wf.tensor(x, device=where) for x in arrays] for where in ("cpu", "cuda"))
        found, wanted = ([*flat(compiled(*given)), *flat(gradients(*given))] for given in (there, here))
        same += [np.allclose(x, y, rtol=1e-4, atol=1e-5) for x, y in zip(found, wanted, strict=True)]
    print(all(same))
