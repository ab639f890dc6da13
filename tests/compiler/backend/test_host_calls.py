"""Which ops a native program has Python run, by name and with the reason: all others have kernels.

The list is made by writing a program for every op of the table, with the samples of the op and every real dtype that
it takes, and looking at what the program calls. Complex numbers are Python's altogether. An op that loses its kernel,
or a new one without, fails here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from op_cases import ALL_OPS, ELEMENTWISE, Case, elementwise_operands, in_dtype, samples_of

from weft.compiler.backend.decompose import decompose
from weft.compiler.backend.lower import Lowering
from weft.compiler.graph.graph import Graph
from weft.compiler.passes.pipeline import optimize
from weft.runtime import dtypes
from weft.runtime.errors import WeftError
from weft.runtime.families import Elementwise
from weft.runtime.spec import Spec

FACTORS = "NumPy's library of linear algebra: the factors of a matrix are found by iteration"
TERMS = "a series with as many terms as the value needs"
TRIES = "each number is tried for until one is accepted"
COMPLEX = "the results or what leads to them are complex"
WHOLE = "of whole numbers; windows are for floats"
HOST_CALLS = {
    **dict.fromkeys(("cofactor", "cofactor_change", "eigh", "eigvalsh", "expm", "matrix_rank", "pinv", "qr", "svd", "svdvals"), FACTORS),
    **dict.fromkeys(("gamma_slope", "polygamma"), TERMS),
    **dict.fromkeys(("random_gamma", "random_poisson"), TRIES),
    **dict.fromkeys(("eig", "eigvals", "fft", "ifft", "rfft", "irfft"), COMPLEX),
    **dict.fromkeys(("conv", "conv_dx", "conv_dw", "max_pool", "max_pool_winners", "pick", "unpool", "double_inside"), WHOLE),
}  # fmt: skip
REALS = [d for d in dtypes.ALL if d not in dtypes.COMPLEX]
PAGE = Path(__file__).parents[3] / "docs" / "generated_code.md"


def called(op: Any, operands: list[Any], attrs: dict[str, Any]) -> set[str]:
    """The ops that a program of one op has Python run in every call."""
    graph = Graph()
    inputs = [
        graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) if isinstance(x, np.ndarray) else x for x in operands
    ]
    found = graph.run(op, *op.bind(tuple(inputs), attrs))
    graph.outputs = list(found) if isinstance(found, tuple) else [found]
    if any(y.dtype in dtypes.COMPLEX for y in graph.outputs) and op.name not in HOST_CALLS:
        return set()
    hosts = Lowering(optimize(decompose(optimize(graph, last=True))), 32).run().hosts
    return {call.node.op.name for call in hosts if not call.is_rare}


@cache
def host_calls() -> dict[str, set[Any]]:
    """The ops that Python runs, and for which dtypes."""
    found: dict[str, set[Any]] = {}
    for op in ALL_OPS:
        for dtype in REALS:
            for operands, attrs in _calls(op, dtype):
                try:
                    names = called(op, operands, attrs)
                except WeftError:  # the op does not take this dtype
                    continue
                for name in names:
                    found.setdefault(name, set()).add(dtype)
    return found


def _calls(op: Any, dtype: Any) -> list[tuple[list[Any], dict[str, Any]]]:
    if isinstance(op, Elementwise):
        return [(elementwise_operands(op, dtype, ((5, 37),) * op.arity), {})] if dtype in op.takes else []
    cases = [Case(op, i, one) for i, one in enumerate(samples_of(op)) if op.name != "with_gradient"]
    drawn = [(in_dtype(case.draw(), dtype), case.attributes()) for case in cases]
    return [(operands, attrs) for operands, attrs in drawn if not any(map(np.iscomplexobj, operands))]


def test_python_runs_these_ops_and_no_others() -> None:
    assert len(ELEMENTWISE) > 50
    assert sorted(host_calls()) == sorted(HOST_CALLS)


@pytest.mark.parametrize("name", sorted(HOST_CALLS))
def test_the_reason_holds(name: str) -> None:
    floats = {dtypes.float32, dtypes.float64}
    assert (not floats & host_calls()[name]) == (HOST_CALLS[name] == WHOLE)


def test_the_page_on_generated_code_names_them_with_the_reasons() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    named = {name.strip("`"): reason for names, reason in rows for name in names.split(", ")}
    assert named == HOST_CALLS
