"""Programs whose expectation is Python itself: plain, rewritten and compiled they come to the same."""

from __future__ import annotations

import flow_nests
import numbers_and_builtins
import pytest
import user_classes
import variables_in_blocks
from against_python import Case, outcomes, rewritten, same

import weft as wf

FILES = (user_classes, variables_in_blocks, flow_nests, numbers_and_builtins)
PROGRAMS: list[Case] = [case for file in FILES for case in file.PROGRAMS]


def test_each_program_has_a_name_of_its_own() -> None:
    assert len({case.name for case in PROGRAMS}) == len(PROGRAMS)


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_the_rewritten_program_does_what_python_does(case: Case) -> None:
    for expected, actual in zip(outcomes(case, lambda f: f), outcomes(case, rewritten), strict=True):
        assert same(expected, actual), f"Python {expected}, rewritten {actual}"


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_the_compiled_program_does_what_python_does_or_is_refused(case: Case) -> None:
    for expected, actual in zip(outcomes(case, lambda f: f), outcomes(case, wf.compile), strict=True):
        if case.refused and actual[0] == "refused":
            assert case.refused in actual[1]
        else:
            assert same(expected, actual), f"Python {expected}, compiled {actual}"
