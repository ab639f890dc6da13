"""Drawn graphs and drawn programs do natively what the interpreter does with them.

    WEFT_EXAMPLES=5000 pytest tests/compiler/backend/test_native_drawn.py -s [--hypothesis-seed=1]

runs long. Several graphs share a program, because a build takes longer than all its runs.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from runs import build

sys.path.insert(0, str(Path(__file__).parents[1]))
from agreement import Outcome, defined, lifted, outcome  # pyright: ignore[reportMissingImports]
from drawn_graphs import Drawn, graphs  # pyright: ignore[reportMissingImports]
from drawn_programs import Program, programs  # pyright: ignore[reportMissingImports]
from drawn_together import agree  # pyright: ignore[reportMissingImports]
from meaning import near  # pyright: ignore[reportMissingImports]
from search import examples  # pyright: ignore[reportMissingImports]

import weft as wf
from weft.compiler.passes.differentiate import differentiate
from weft.runtime import dtypes
from weft.runtime.eager import wrap
from weft.runtime.errors import GradientError

TOGETHER = 8  # graphs in one program


def natively(drawn: Drawn) -> Outcome:
    """What the native program of a graph does."""
    program = build(drawn.graph)

    def run() -> list[Any]:
        results = program([x.buffer for x in drawn.data])
        assert results is not None, "the program did not take its operands"
        return [wrap(y) for y in results]

    return outcome(run)[0]


def check_drawn(drawn: list[Drawn]) -> None:
    agree(drawn, lambda one: [natively(one)], TOGETHER)


def test_drawn_graphs_give_natively_what_the_interpreter_gives() -> None:
    found: list[Drawn] = []

    @examples(24)
    @given(graphs())
    def keep(drawn: Drawn) -> None:
        found.append(drawn)

    keep()
    check_drawn(found)


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_drawn_graphs_are_the_same_natively(order: int) -> None:
    found: list[Drawn] = []

    @examples(16)
    @given(graphs(smooth=True))
    def derive(drawn: Drawn) -> None:
        graph, data = drawn
        wanted = [i for i, x in enumerate(graph.inputs) if x.dtype in dtypes.FLOATS]
        try:
            for _ in range(order):
                graph = differentiate(graph, wanted)
        except GradientError:  # an op without a rule
            return
        found.append(Drawn(graph, data))

    derive()
    check_drawn(found)


def test_drawn_programs_do_natively_what_the_interpreter_does() -> None:
    tally: Counter[str] = Counter()

    @examples(30)
    @given(programs())
    def check(program: Program) -> None:
        interpreted, native = (wf.compile(defined(program.text)["f"]) for _ in range(2))
        for arguments in program.calls[:2]:
            with wf.options(executor="interpreter"):
                expected, _ = outcome(interpreted, lifted(list(arguments)))
            with wf.options(executor="native"):
                found, _ = outcome(native, lifted(list(arguments)))
            assert alike(found, expected), f"{program.text}\nof {arguments}:\n{expected}\nnatively {found}"
            tally[expected.how] += 1

    check()
    assert tally["gives"] >= 15, tally


def alike(found: Outcome, expected: Outcome) -> bool:
    """Whether two ways to run a program came to the same, but for rounding."""
    if (found.how, found.printed) != (expected.how, expected.printed):
        return False
    if found.how == "refused":  # names its file, which each of the two has of its own
        return True
    if found.how != "raises":
        return near(found.what, expected.what)
    (one, left), (two, kept) = found.what, expected.what
    return type(one) is type(two) and str(one) == str(two) and near(left, kept)
