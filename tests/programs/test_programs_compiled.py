"""Every program gives the same compiled, run by the interpreter of graphs, or is refused where it may be."""

from __future__ import annotations

import pytest
from catalogue import PROGRAMS
from program import Program

import weft as wf


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_gives_what_python_gives_when_it_is_compiled(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    program.check(wf.compile)
    if program.stdout is not None:
        assert capsys.readouterr().out == program.stdout
