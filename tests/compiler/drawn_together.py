"""Drawn graphs on an executor, held against the interpreter, several in one program at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agreement import Outcome  # pyright: ignore[reportMissingImports]
from drawn_graphs import Drawn  # pyright: ignore[reportMissingImports]
from meaning import meaning, near  # pyright: ignore[reportMissingImports]

from weft.compiler.graph.control import apply_control, call
from weft.compiler.graph.graph import Graph


def joined(several: list[Drawn]) -> Drawn:
    """One graph that does what several do."""
    whole, data = Graph(), list[Any]()
    for graph, given in several:
        inputs = [whole.input(x.spec) for x in graph.inputs]
        whole.outputs += apply_control(whole, call, inputs, {"body": graph})
        data += given
    return Drawn(whole, data)


def agree(drawn: list[Drawn], outcomes: Callable[[Drawn], list[Outcome]], together: int) -> None:
    """Hold graphs that give something against the interpreter, `together` at once; one by one to name one that differs.

    `outcomes` tells what a graph does in calls one after the other.
    """
    giving = [one for one in drawn if meaning(*one).how == "gives"]
    assert giving
    for start in range(0, len(giving), together):
        several = giving[start : start + together]
        whole = joined(several)
        expected = meaning(*whole).what
        if all(near(found.what, expected) for found in outcomes(whole)):
            continue
        for one in several:
            expected = meaning(*one)
            for found in outcomes(one):
                assert near(found.what, expected.what), f"{one}\ngives {expected}, here {found}"
        raise AssertionError(f"only together these differ:\n{whole}")
