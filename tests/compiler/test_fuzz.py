"""Random programs do the same compiled, or are refused; never anything else."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import compare
from random_programs import program

F, I, V = np.float32, np.int32, np.array([1.0, -2.0, 0.5], np.float32)
# Both ways out of most conditions, no trips and some; what was met before again, so that traces are used again.
CALLS = [(F(1), I(2), V), (F(-1.5), I(0), V * 2), (F(3), I(3), -V), (F(0.25), I(1), V), (F(-1.5), I(0), V * 2)]
GROUP, GROUPS = 20, 6
REFUSED = 0.5  # more than that of a group means that something common is refused


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_programs_agree_with_python(group: int) -> None:
    refusals = []
    for seed in range(group * GROUP, (group + 1) * GROUP):
        print(f"seed {seed}")
        refusals.append(compare(program(seed), CALLS))
    refused = [refusal for refusal in refusals if refusal is not None]
    assert len(refused) <= REFUSED * GROUP, "\n".join(refused)


def test_python_numbers_as_arguments_agree_too() -> None:
    calls = [(1.0, 2, V), (-1.5, 0, V), (3.0, 3, -V), (0.25, 2, V), (1, 2, V), (True, 1, V)]
    assert sum(compare(program(seed), calls) is None for seed in range(1000, 1015)) >= 8
