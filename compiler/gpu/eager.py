"""Eager ops on a GPU: each is a graph of one node, whose program is kept for operands of the same specs.

Python numbers are handed to the kernels by value, so another number needs no other program.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...kernels.cuda_array import CudaArray
from ...runtime import device as devices, dtypes
from ...runtime.op import Op
from ...runtime.options import options
from ...runtime.spec import SCALARS, Spec, stack_of
from ...runtime.tensor import OPS
from ..backend.places import Unsupported
from ..graph.executors import execute
from ..graph.graph import Graph, write_apart
from ..graph.rewrite import frozen
from ..graph.stack import Cell
from .program import GpuProgram
from .timer import called

BUFFERS = CudaArray | Cell | np.ndarray
MOST = 4096  # programs that are kept
_programs: OrderedDict[Any, GpuProgram | None] = OrderedDict()


def run(
    device: Any, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]
) -> list[Any] | None:
    """The results of an op; None where the CPU has to run it."""
    if op.name == "call":
        return list(execute(attrs["body"], operands))
    numbers = _as_numbers(op, operands)
    key = (device, op, frozen(dict(attrs)), tuple(map(_key, numbers)), tuple(specs), options.tf32)
    program = _programs.get(key)
    if program is None:
        if key in _programs:
            return None
        try:
            with write_apart():
                program = _programs[key] = _made(device, op, numbers, attrs, specs)
        except Unsupported:
            with devices.device(device):  # a loop or a branch with sizes that only the run finds
                results = op.kernel(*operands, **attrs)
            return list(results) if isinstance(results, tuple) else [results]
        if len(_programs) > MOST:
            _programs.popitem(last=False)
        if program is None:
            return None
    return called(program, [x for x in numbers if isinstance(x, BUFFERS)])


def _as_numbers(op: Any, operands: Sequence[Any]) -> list[Any]:
    """The operands, Python numbers of elementwise ops being arrays of the dtype in which they are computed with."""
    if not op.elementwise or not any(type(x) in SCALARS for x in operands):
        return list(operands)
    dtype = op.compute_dtype(*operands)
    dtype = dtypes.float32 if dtype in dtypes.HALVES else dtype
    if dtype in dtypes.COMPLEX:
        return list(operands)
    wanted = op.operand_dtypes(dtype)
    return [np.asarray(x, d) if type(x) in SCALARS else x for x, d in zip(operands, wanted, strict=True)]


def _key(x: Any) -> Any:
    return type(x), spec_of(x) if isinstance(x, BUFFERS) else frozen(x)


def spec_of(x: Any) -> Spec:
    """The spec of a buffer."""
    return stack_of(x.element) if isinstance(x, Cell) else Spec(x.shape, x.dtype)


def _made(
    device: Any, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]
) -> GpuProgram | None:
    """The program of an op; None if all that it would do is to ask the CPU."""
    graph = Graph()
    given = [graph.input(spec_of(x)) if isinstance(x, BUFFERS) else x for x in operands]
    found = graph.run(op, given, dict(attrs))
    results = found if isinstance(found, tuple) else (found,)
    graph.outputs = [_of(graph, y, spec) for y, spec in zip(results, specs, strict=True)]
    by_value = [isinstance(x, np.ndarray) for x in operands if isinstance(x, BUFFERS)]
    program = GpuProgram(graph, device, by_value)
    return None if program.plan.on_host else program


def _of(graph: Graph, y: Any, spec: Spec) -> Any:
    """A result with the dtype that it is to have: numbers made it wider than halves are."""
    astype: Any = OPS["astype"]
    return y if y.dtype is spec.dtype else graph.run(astype, (y,), {"dtype": spec.dtype})
