"""Programs with loops, branches and effects do natively what they do in Python; `WEFT_EXECUTOR=native` runs them all.

A part of them, in turn from each file: each is built by the C compiler.
"""

from __future__ import annotations

import branches
import effects
import exceptions
import for_loops
import gradients
import jumps
import pytest
import returns
import while_loops
from program import Program

import weft as wf

EACH = 6
FILES = (while_loops, for_loops, jumps, branches, returns, exceptions, effects, gradients)
STAGED = [[program for program in file.PROGRAMS if program.staged] for file in FILES]
PROGRAMS = [program for found in STAGED for program in found[:: max(len(found) // EACH, 1)][:EACH]]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_gives_natively_what_python_gives(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    with wf.options(executor="native"):
        program.check(wf.compile)
    if program.stdout is not None:
        assert capsys.readouterr().out == program.stdout
