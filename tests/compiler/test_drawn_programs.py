"""Drawn programs do the same compiled, or are refused; their graphs keep their meaning, and gradients are gradients."""

from __future__ import annotations

from collections import Counter

import numpy as np
from agreement import compare
from drawn_programs import Program, programs
from hypothesis import given
from meaning import gradients_agree, traced_graphs_keep_their_meaning
from search import examples

REFUSED = 0.4  # more than that of the programs means that something common is refused


def test_drawn_programs_agree_with_python() -> None:
    tally: Counter[str] = Counter()

    @examples(120)
    @given(programs())
    def check(program: Program) -> None:
        refusal = compare(program.text, program.calls, writing=True)
        tally["agree" if refusal is None else refusal.partition("\n")[0]] += 1

    check()
    print(*tally.most_common(20), sep="\n")
    assert tally["agree"] >= (1 - REFUSED) * tally.total(), tally


@examples(50)
@given(programs())
def test_passes_and_text_keep_the_meaning_of_traced_programs(program: Program) -> None:
    traced_graphs_keep_their_meaning(program.text, program.calls)


def test_gradients_of_drawn_programs_agree_with_eager_ones_and_with_differences() -> None:
    compared = 0

    @examples(60)
    @given(programs((np.float64, np.float32)))
    def check(program: Program) -> None:
        nonlocal compared
        compared += gradients_agree(program.text, program.calls)

    check()
    assert compared >= 20  # examples that have a slope to compare with
