"""Modules that make their variables at the first call make them where plain Python does: the same numbers are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import weft as wf


class Model(wf.nn.Module):
    def __init__(self) -> None:
        self.first, self.second, self.dropout = wf.nn.Dense(3), wf.nn.Dense(2), wf.nn.Dropout(0.5)
        self.calls = wf.Variable(0.0, trainable=False)


def dropout_between(model, x):
    return model.second(model.dropout(model.first(x)))


def noise_before(model, x):
    return model.first(x + wf.random.normal(x.shape))


def counted_before(model, x):
    model.calls.assign(model.calls + 1.0)
    return model.first(x) * model.calls


def in_a_branch(model, x):
    if wf.sum(x) > 0.0:
        return model.second(x)
    return wf.sum(model.first(x), axis=-1, keepdims=True) + wf.random.uniform((1, 2))


def in_a_loop(model, x):
    for _ in range(wf.astype(x[0, 0], wf.int64)):
        x = model.second(x) + wf.random.normal((2,))
    return x


def inside_a_compiled_function(model, x):
    y = wf.random.normal(x.shape)
    return wf.compile(lambda x: model.second(model.first(x) + 1.0))(x + y)


def without_a_difference(model, x):
    return model.dropout(model.second(model.first(x)))


BUILDING = (dropout_between, noise_before, counted_before, in_a_branch, in_a_loop, inside_a_compiled_function,
            without_a_difference)  # fmt: skip


def numbers(f: Callable[..., Any]) -> list[Any]:
    """What calls give, the gradients of one among them, and the state that they leave."""
    wf.seed(3)
    model = Model()
    found = []
    for x in (1.0, 2.0, -1.0, 1.0):
        with wf.GradientTape() as tape:
            y = wf.sum(f(model, wf.full((1, 2), x)))
        found += [y, *tape.gradient(y, model.trainable_variables, unconnected="zero")]
    values = [(name, v.numpy().tolist()) for name, v in sorted(model.named_variables())]
    return [*(x.numpy().tolist() for x in found), values, wf.random.uniform((2,)).numpy().tolist()]


@pytest.mark.parametrize("f", BUILDING, ids=lambda f: f.__name__)
def test_the_numbers_drawn_are_those_of_plain_python(f: Callable[..., Any]) -> None:
    expected = numbers(f)
    wf.testing.assert_close(flat(numbers(wf.compile(f))), flat(expected))


def flat(x: Any) -> list[float]:
    return [y for part in x for y in flat(part)] if isinstance(x, list | tuple) else [] if isinstance(x, str) else [x]


def test_calls_are_compiled_once_everything_is_built() -> None:
    compiled, model = wf.compile(dropout_between), Model()
    for _ in range(3):
        compiled(model, wf.ones((1, 2)))
    assert compiled.cache_info().size == 1
    assert compiled.cache_info().hits == 1


def test_a_module_in_a_branch_that_does_not_run_stays_unbuilt() -> None:
    compiled, model = wf.compile(in_a_branch), Model()
    for _ in range(3):
        compiled(model, wf.ones((1, 2)))
    assert model.second.built
    assert not model.first.built


def test_there_is_no_graph_before_the_first_call() -> None:
    compiled, model = wf.compile(dropout_between), Model()
    with pytest.raises(wf.errors.SourceError, match="Dense makes its variables at its first call"):
        compiled.graph(model, wf.ones((1, 2)))
    compiled(model, wf.ones((1, 2)))
    assert "random_uniform" in str(compiled.graph(model, wf.ones((1, 2))))


def test_arrays_are_tensors_in_a_first_call_too() -> None:
    compiled, model = wf.compile(lambda model, x: [model.second(model.dropout(x)), x * 2.0]), Model()
    x = wf.ones((1, 2)).numpy()
    assert [type(y) for y in compiled(model, x)] == [type(y) for y in compiled(model, x)]
