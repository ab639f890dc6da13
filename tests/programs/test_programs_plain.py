"""Every program gives the same as plain Python on eager tensors, and rewritten with operators on eager tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from catalogue import PROGRAMS
from program import Program

from weft.compiler.frontend import operators


def rewritten(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call through the operators, so that the function and what it calls are rewritten."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return operators.call(function, *args, **kwargs)

    return functools.update_wrapper(run, function) if hasattr(function, "__name__") else run


def test_there_are_all_programs() -> None:
    assert len(PROGRAMS) >= 302
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
@pytest.mark.parametrize("compile", [lambda function: function, rewritten], ids=["python", "rewritten"])
def test_program_gives_what_python_gives(
    program: Program, compile: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    program.check(compile)
    if program.stdout is not None:
        assert capsys.readouterr().out == program.stdout
