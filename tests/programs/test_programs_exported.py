"""Every program gives the same exported and loaded, run by the interpreter of graphs, or is refused."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from catalogue import PROGRAMS
from program import Program

import weft as wf
from weft.compiler.graph.graph import writing
from weft.runtime.errors import ExportError

# Where a file is meant to differ: it has variables of its own, and knows no named tuples.
OTHERWISE = {"obj_namedtuple_state", "variable_assign_in_loop", "variable_read_write_order", "grad_wrt_variable"}
REFUSED = re.compile("raises an exception|prints, raises or calls|is no spec")
EXPORTED = [program for program in PROGRAMS if program.name not in OTHERWISE]


def exported(path: Path) -> Callable[[Any], Any]:
    """A way of compiling: through a file. What a file cannot hold is compiled, once it was refused for that."""

    def compile(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if writing() is not None or kwargs:
                return wf.compile(function)(*args, **kwargs)
            try:
                wf.export(function, *args, path=path)
            except ExportError as error:
                if not REFUSED.search(error.message):
                    raise
                return wf.compile(function)(*args)
            return wf.load_bundle(path)(*args)

        return call

    return compile


@pytest.mark.parametrize("program", EXPORTED, ids=lambda program: program.name)
def test_program_gives_what_python_gives_when_it_comes_from_a_file(program: Program, tmp_path: Path) -> None:
    program.check(exported(tmp_path / "program.weft"))
