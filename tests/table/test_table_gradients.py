"""Every op's gradient is its derivative: against central differences in double precision, to order 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_cases import CASES, OVERRIDES, Case, complexified, foretold, in_dtype, is_floating, lifted, results

import weft as wf
from weft.runtime import dtypes, tape
from weft.runtime.errors import DTypeError, GradientError


def floats(case: Case) -> bool:
    """Whether the sample has floating operands and results."""
    operands = case.draw()
    return any(map(is_floating, operands)) and any(y.dtype in dtypes.INEXACT for y in foretold(case, operands))


FLOATING = [case for case in CASES if case.op.name not in OVERRIDES and floats(case)]
DIFFERENTIABLE = [case for case in FLOATING if case.op.differentiable]
CONSTANT = [case for case in FLOATING if case.op.rules is None]
WITHOUT_RULE = [case for case in FLOATING if case.op.rules == ()]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_gradient_agrees_with_central_differences(case: Case) -> None:
    wf.testing.check_grads(case.call, case.draw(), order=2)


# Ops whose complex results are determined up to phases, which central differences would see jump.
PHASES = frozenset({"eigh", "svd"})


def without_phase(case: Case) -> Any:
    """The op with its results made independent of phases."""
    return lambda *xs: [wf.abs(y) * wf.abs(y) for y in results(case.call(*xs))]


COMPLEX = [(case, operands) for case in DIFFERENTIABLE if (operands := complexified(case)) is not None]


@pytest.mark.parametrize(("case", "operands"), COMPLEX, ids=[str(case) for case, _ in COMPLEX])
def test_complex_gradient_agrees_with_differences_of_both_parts(case: Case, operands: list[Any]) -> None:
    f = without_phase(case) if case.op.name in PHASES else case.call
    wf.testing.check_grads(f, operands, order=2)


@pytest.mark.parametrize("case", CONSTANT, ids=str)
def test_op_without_a_gradient_is_constant_almost_everywhere(case: Case) -> None:
    operands = case.draw()
    moved = [x + 1e-9 if is_floating(x) else x for x in operands]
    for y, z in zip(results(case.call(*lifted(operands))), results(case.call(*lifted(moved))), strict=True):
        np.testing.assert_array_equal(y.numpy(), z.numpy())


@pytest.mark.parametrize("case", WITHOUT_RULE, ids=str)
def test_op_without_a_rule_refuses_a_gradient(case: Case) -> None:
    with pytest.raises(GradientError, match=f"{case.op.name} has no gradient rule"):
        gradients(case)


def gradients(case: Case) -> list[np.ndarray]:
    """First derivatives of the floating results, and second ones of their squares."""
    operands = lifted(case.draw())
    sources = [x for x in operands if isinstance(x, wf.Tensor) and x.dtype in dtypes.INEXACT]
    with wf.GradientTape() as outer:
        outer.watch(sources)
        with wf.GradientTape() as inner:
            inner.watch(sources)
            targets = [y * y for y in results(case.call(*operands)) if y.dtype in dtypes.INEXACT]
        first = inner.gradient(targets, sources, unconnected="zero")
        total = [g * g for g in first]
    second = outer.gradient(total, sources, unconnected="zero")
    return [g.numpy() for g in [*first, *second]]


@pytest.mark.parametrize("case", [c for c in CASES if c.op.differentiable and floats(c)], ids=str)
def test_rules_read_no_value_that_the_tape_has_dropped(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "GHOST_BYTES", 1 << 60)
    whole = gradients(case)
    monkeypatch.setattr(tape, "GHOST_BYTES", 0)
    for x, y in zip(gradients(case), whole, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float16, dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_gradient_has_the_shape_and_dtype_of_its_operand(case: Case, dtype: Any) -> None:
    operands = in_dtype(case.draw(), dtype)
    try:
        foretold(case, operands)
    except DTypeError:
        return
    tensors = lifted(operands)
    sources = [x for x in tensors if isinstance(x, wf.Tensor) and x.dtype in dtypes.INEXACT]
    with wf.GradientTape() as recorded:
        recorded.watch(sources)
        targets = [y for y in results(case.call(*tensors)) if y.dtype in dtypes.INEXACT]
    for x, dx in zip(sources, recorded.gradient(targets, sources), strict=True):
        assert dx is None or dx.spec == x.spec
