"""The C that small graphs become is recorded, for vectors of 32 bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.backend.decompose import decompose
from weft.compiler.backend.lower import Lowering
from weft.compiler.passes.pipeline import optimize

GOLDEN = Path(__file__).parents[2] / "golden"


def scaled(x: Any, b: Any) -> Any:
    return wf.tanh(x * 0.5 + b)


def rows(x: Any) -> Any:
    return wf.softmax(x)


def columns(x: Any) -> Any:
    return wf.sum(x, axis=0)


def whole(x: Any) -> Any:
    return wf.max(wf.abs(x))


def halved(x: Any, low: Any) -> Any:
    trips = 0
    while wf.max(x) > low:
        if trips < 3:
            x = x * 0.5
        else:
            x = x - low
            low = low + 1.0
        trips = trips + 1
    return x, trips


def spring(x: Any) -> Any:
    return x + 0.1 * wf.stack([x[1], -x[0]])


def escape(x: Any) -> Any:
    z, count = wf.zeros_like(x), wf.zeros(x.shape, dtype=wf.int32)
    active, trip = wf.ones(x.shape, dtype=wf.bool), wf.asarray(0)
    while trip < 50 and wf.any(active):
        z = wf.where(active, z * z + x, z)
        count = count + wf.astype(active, wf.int32)
        active = z < 4.0
        trip = trip + 1
    return count


def zeros(*shape: int) -> Any:
    return wf.tensor(np.zeros(shape, "f"))


PROGRAMS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "map": (scaled, [zeros(8, 100), zeros(100)]),
    "rows": (rows, [zeros(8, 100)]),
    "columns": (columns, [zeros(50, 100)]),
    "whole": (whole, [zeros(40000)]),
    "loop": (halved, [zeros(100), zeros()]),
    "small": (spring, [zeros(2)]),
    "lanes": (escape, [zeros(1000)]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_written_as_recorded(name: str, update_golden: bool) -> None:
    f, arguments = PROGRAMS[name]
    graph = optimize(decompose(optimize(wf.compile(f).graph(*arguments), last=True)))
    shown = Lowering(graph, 32).run().text + "\n"
    page = GOLDEN / f"program_{name}.c"
    if update_golden:
        page.write_text(shown)
    assert shown == page.read_text(), f"tests/golden/{page.name} differs: run with --update-golden if it should"
