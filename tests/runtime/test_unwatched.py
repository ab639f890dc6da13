"""Gradients that nobody watches, computed over arrays, are those of the rules, bit for bit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import dtypes, rules
from weft.runtime.families import Elementwise
from weft.runtime.tensor import OPS

ELEMENTWISE = [op for _, op in sorted(OPS.items()) if isinstance(op, Elementwise) and op.rules]
DTYPES = [dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.complex64]
SHAPES = [(7,), (3, 5), (), (0,), (40, 40)]
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan]


def draw(op: Any, shape: tuple[int, ...], dtype: Any, seed: int) -> wf.Tensor:
    """An operand of values in the op's domain, and some that are at the edge of it."""
    rng = np.random.default_rng(seed)
    low, high = op.domain if isinstance(op.domain, tuple) else (-2.0, 2.0)
    values = rng.uniform(low, high, shape)
    flat = values.reshape(-1)
    flat[: len(EDGES)] = rng.permutation(EDGES)[: flat.size] if flat.size > 20 else flat[: len(EDGES)]
    return wf.astype(wf.tensor(values), dtype)


def gradients(f: Callable[..., Any], operands: list[Any]) -> list[Any]:
    """The gradient of f by its tensors, weighted by something that is not one."""
    tensors = [x for x in operands if isinstance(x, wf.Tensor) and x.dtype in dtypes.INEXACT]
    with wf.GradientTape() as tape:
        tape.watch(tensors)
        y = f(*operands)
    weights = wf.astype(wf.reshape(wf.linspace(-1.0, 2.0, y.size), y.shape), y.dtype)
    return [
        dx if dx is None else (dx.dtype, dx.shape, dx.numpy().tobytes()) for dx in tape.gradient(y, tensors, weights)
    ]


def both(f: Callable[..., Any], operands: list[Any]) -> tuple[list[Any], list[Any]]:
    """The gradients when nobody watches, twice, for a first use differs; and while a tape around is open."""
    gradients(f, operands)
    free = gradients(f, operands)
    with wf.GradientTape():
        return free, gradients(f, operands)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_unwatched_gradient_is_the_watched_one_bit_for_bit(op: Elementwise, dtype: Any) -> None:
    if dtype not in op.takes:
        return
    for shape in SHAPES:
        operands = [draw(op, shape, dtype, i) for i in range(op.arity)]
        free, watched = both(op, operands)
        assert free == watched, shape


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64], ids=str)
@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if op.arity == 2], ids=lambda op: op.name)
def test_unwatched_gradient_beside_other_operands_is_the_watched_one(op: Elementwise, dtype: Any) -> None:
    x, row, single = (draw(op, shape, dtype, 3) for shape in [(4, 5), (5,), ()])
    other = draw(op, (4, 5), dtypes.float64 if dtype is dtypes.float32 else dtypes.float32, 4)
    partners = [row, single, other, 2, 3, 0.7, 0.0, -0.0, -1, 1e-30, 2.5, float("nan"), float("inf"), 10**400]
    for partner in partners:
        for operands in ([x, partner], [partner, x]):
            try:
                free, watched = both(op, operands)
            except (wf.WeftError, OverflowError):
                continue
            assert free == watched, operands


def test_rules_of_elementwise_ops_have_functions() -> None:
    without = {
        op.name
        for op in ELEMENTWISE
        if op.arity <= 2 and dtypes.float32 in op.takes
        for rule in op.rules or ()
        if rules.as_function(rule, dtypes.float32, "t" * op.arity) is None
    }
    assert without == {"digamma"}  # its rule has an op with an attribute


def chain(x: Any, w: Any) -> Any:
    h = wf.tanh(x * w + 2.0)
    return wf.sin(h * h) - wf.sum(x) / (wf.exp(h) + x)


def test_chain_with_shared_values_and_broken_broadcasts_agrees() -> None:
    for shapes in [((6,), (6,)), ((2, 6), (6,)), ((), (3,))]:
        free, watched = both(chain, [draw(OPS["tanh"], shape, dtypes.float32, 5) for shape in shapes])
        assert free == watched


@pytest.mark.parametrize("n", [40, 6000])
def test_large_values_agree(n: int) -> None:
    free, watched = both(chain, [draw(OPS["tanh"], (n, 60), dtypes.float32, i) for i in (1, 2)])
    assert free == watched


def test_warnings_turned_into_errors_do_not_stop_a_gradient() -> None:
    x = wf.tensor([0.0, 1e-30])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        free, watched = both(lambda x: wf.log(x) + wf.sqrt(x), [x])
    with np.errstate(all="raise"):
        assert both(lambda x: wf.log(x) + wf.sqrt(x), [x]) == (free, watched)
    assert free == watched


def test_output_gradients_are_not_written_to() -> None:
    x, dy = wf.tensor([1.0, 2.0]), wf.tensor([3.0, 4.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = (x + x) + x
    dx = tape.gradient(y, x, dy)
    assert dy.tolist() == [3.0, 4.0]
    assert dx.tolist() == [9.0, 12.0]


def test_gradient_of_a_source_within_reach_of_another_agrees() -> None:
    x = wf.tensor([0.5, 1.5])
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        h = wf.exp(x) * x
        y = h * x
    assert tape.gradient(y, h).tolist() == x.tolist()
    dx, dh = tape.gradient(y, [x, h])
    assert dh.tolist() == x.tolist()
    with wf.GradientTape():
        assert tape.gradient(y, x).tolist() == dx.tolist()


def test_a_rule_given_later_is_the_one_used(monkeypatch: pytest.MonkeyPatch) -> None:
    op: Any = OPS["expm1"]
    x = wf.tensor([1.0, 2.0])
    gradients(op, [x])
    monkeypatch.setattr(op, "saved", op.saved)
    monkeypatch.setattr(op, "rules", op.rules)
    monkeypatch.setattr(op, "functions", op.functions)
    op.gradient(lambda dy, _y, _x: dy * 3.0)
    free, watched = both(op, [x])
    assert free == watched
