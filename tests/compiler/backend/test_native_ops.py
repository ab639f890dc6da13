"""Every op of the table gives natively what the interpreter gives.

Ops of one dtype share a program, so that the whole table is a few builds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from op_graphs import FLOATS, OTHERS, REALS, Call, compare, elementwise, graph_of, sampled
from runs import build, interpreted


def agree(calls: Sequence[Call]) -> None:
    graph, arrays, names = graph_of(calls)
    compare(build(graph)(arrays), interpreted(graph, arrays), names)


@pytest.mark.parametrize("dtype", REALS, ids=lambda d: d.name)
def test_elementwise_ops_agree_with_their_numpy_kernels(dtype: Any) -> None:
    agree(elementwise(dtype))


@pytest.mark.parametrize("real", FLOATS, ids=str)
@pytest.mark.parametrize("part", range(8))
def test_other_ops_agree_with_their_numpy_kernels(part: int, real: np.dtype) -> None:
    agree(sampled(OTHERS[part::8], real))
