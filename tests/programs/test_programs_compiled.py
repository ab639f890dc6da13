"""Every program gives the same compiled, run by the interpreter of graphs, or is refused where it may be."""

from __future__ import annotations

import pytest
from catalogue import PROGRAMS
from program import Program

import weft as wf

# What Python runs and weft does not compile yet: refused by name, never another result.
REFUSED = {"list_append_tensor_range_stack": "'out' is a list of 0 on one path and a list of 1 on another"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_gives_what_python_gives_when_it_is_compiled(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    if program.name in REFUSED:
        with pytest.raises(wf.errors.SourceError) as caught:
            program.run(wf.compile)
        assert REFUSED[program.name] in str(caught.value)
        return
    program.check(wf.compile)
    if program.stdout is not None:
        assert capsys.readouterr().out == program.stdout
