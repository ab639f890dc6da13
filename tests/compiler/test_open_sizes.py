"""Sizes that a trace leaves open: one trace for batches of any size, and never another result than in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from open_sizes import FUNCTIONS, grown, loss, mlp

import weft as wf
from weft.compiler.graph.parser import parse
from weft.compiler.graph.rewrite import same
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify

SIZES = (2, 3, 5, 7, 64, 1, 0)


def batch(n: int) -> Any:
    return wf.tensor(np.random.default_rng(n).uniform(0.0, 1.0, (n, 4)).astype("float32"))


def outcome(function: Callable[..., Any], n: int) -> Any:
    """What a function gives for a batch, or the kind of its error."""
    try:
        return function(batch(n))
    except Exception as error:
        return type(error)


def agree(x: Any, y: Any) -> bool:
    if isinstance(x, tuple | list):
        return type(x) is type(y) and len(x) == len(y) and all(map(agree, x, y))
    if isinstance(x, wf.Tensor):
        same_kind = isinstance(y, wf.Tensor) and x.shape == y.shape and x.dtype == y.dtype
        return same_kind and np.allclose(x.numpy(), y.numpy(), rtol=2e-4, atol=1e-5, equal_nan=True)
    return type(x) is type(y) and x == y


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_one_trace_serves_batches_of_any_size(function: Callable[..., Any]) -> None:
    compiled = wf.compile(function)
    for n in SIZES:
        wanted, found = outcome(function, n), outcome(compiled, n)
        assert agree(wanted, found), f"{n} rows: {found} in place of {wanted}"
    assert compiled.cache_info().misses == FUNCTIONS[function]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_graphs_with_open_sizes_are_graphs_and_come_back_from_their_text(function: Callable[..., Any]) -> None:
    compiled = wf.compile(function)
    compiled(batch(2))
    graph = verify(compiled.graph(batch(5)))
    back = verify(parse(text(graph)))
    assert text(back) == text(graph)
    assert same(back, graph)


def test_a_trace_serves_the_sizes_for_which_its_conditions_hold() -> None:
    @wf.compile
    def halves(x):
        return x.reshape(2, -1) if x.shape[0] % 2 == 0 else x

    assert [halves(batch(n)).shape for n in (2, 4, 6, 5, 7)] == [(2, 4), (2, 8), (2, 12), (5, 4), (7, 4)]
    assert halves.cache_info().misses == 3
    assert "where x_0 % 2 == 0" in str(halves.graph(batch(8))).replace("(x_0 % 2)", "x_0 % 2")


def test_why_a_function_was_traced_again_says_which_sizes_are_open_now() -> None:
    compiled = wf.compile(mlp)
    compiled(batch(2))
    compiled(batch(3))
    assert compiled.explain_retrace() == ("argument 0: it was f32[2, 4], it is f32[3, 4] (any size from now on: x_0)")
    compiled(batch(50))
    assert (compiled.cache_info().hits, compiled.cache_info().misses, compiled.cache_info().size) == (1, 2, 2)


def test_a_training_step_shares_its_trace_with_the_smaller_last_batch() -> None:
    wf.seed(0)
    model, optimizer = wf.nn.Dense(3), wf.optim.Adam(0.01)
    plain, plain_optimizer = wf.nn.Dense(3), wf.optim.Adam(0.01)
    model(batch(2))
    plain(batch(2))
    for x, y in zip(plain.variables, model.variables, strict=True):
        x.assign(y)

    def step(model, optimizer, x, y):
        with wf.GradientTape() as tape:
            loss = wf.mean((model(x) - y) ** 2.0)
        optimizer.apply_gradients(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    compiled = wf.compile(lambda x, y: step(model, optimizer, x, y))
    for n in (16, 16, 5, 16, 3, 7):
        y = wf.ones((n, 3))
        found, wanted = compiled(batch(n), y), step(plain, plain_optimizer, batch(n), y)
        assert np.allclose(found.numpy(), wanted.numpy(), rtol=1e-5)
    assert compiled.cache_info().misses == 2  # the batch as long as the model is wide among what one serves


def test_random_numbers_of_an_open_shape_are_those_of_eager_code() -> None:
    @wf.compile
    def noisy(x):
        return x + wf.random.normal(x.shape), wf.dropout(x, 0.5, training=True)

    for n in (2, 3, 5, 7):
        wf.seed(n)
        found = noisy(batch(n))
        wf.seed(n)
        assert agree(noisy.function(batch(n)), found)
    assert noisy.cache_info().misses == 2


def test_gradients_of_compiled_calls_serve_any_size() -> None:
    compiled = wf.compile(loss)
    for n in SIZES[:5]:
        assert agree(wf.grad(loss)(batch(n)), wf.grad(compiled)(batch(n)))
        again = [wf.grad(lambda x, f=f: wf.sum(wf.grad(f)(x) ** 2.0))(batch(n)) for f in (loss, compiled)]
        assert agree(*again)
    assert compiled.cache_info().misses == 2


def test_the_size_of_what_grows_is_open_and_named_in_the_text() -> None:
    graph = wf.compile(grown).graph(batch(2))
    assert re.search(r"y: f32\[size_0\w*, 4\] = x", str(graph))
    assert str(parse(str(graph))) == str(graph)


def test_state_that_changes_its_number_of_axes_is_refused_by_name() -> None:
    @wf.compile
    def deeper(x):
        y = x
        while wf.sum(y) < 10.0:
            y = wf.stack([y, y])
        return y

    with pytest.raises(wf.errors.ShapeError, match=r"'y' is .* on one path and .* on another") as caught:
        deeper(batch(2))
    assert "the same number of axes" in str(caught.value)


def test_a_question_that_only_the_run_can_answer_is_refused_with_the_size() -> None:
    @wf.compile
    def folded(x):
        y = x
        while wf.sum(y) < 10.0:
            y = wf.concat([y, x])
        return y.reshape(3, -1)

    with pytest.raises(wf.errors.SourceError, match=r"the size size_0\w* is known only when the graph runs"):
        folded(batch(2))


SIGNATURE = [wf.spec(["batch", 4], wf.float32), wf.spec(["batch"], wf.int64)]


def labelled(x, y):
    return wf.sum(x, axis=1) + y


def test_a_signature_leaves_sizes_open_from_the_first_call() -> None:
    compiled = wf.compile(labelled, signature=SIGNATURE)
    for n in (5, 2, 64):
        assert agree(labelled(batch(n), wf.arange(n)), compiled(batch(n), wf.arange(n)))
    assert compiled.cache_info().misses == 1
    assert str(compiled.graph(batch(5), wf.arange(5))).startswith(
        "graph (x: f32[batch, 4], y: i64[batch]) -> f32[batch]"
    )


@pytest.mark.parametrize(
    ("x", "y", "kind", "message"),
    [
        (batch(5), wf.arange(6), wf.errors.ShapeError, "argument y: batch is expected to be 5, as in x; 6 is given"),
        (wf.ones((5, 3)), wf.arange(5), wf.errors.ShapeError, "axis 1 is 3, not 4"),
        (wf.ones(5), wf.arange(5), wf.errors.ShapeError, r"f32\[batch, 4\] is expected, f32\[5\] is given"),
        (batch(5), wf.ones(5), wf.errors.DTypeError, r"argument y: i64\[batch\] is expected, f32\[5\] is given"),
        ([batch(5), batch(5)], wf.arange(5), wf.errors.ArgumentError, "argument x holds 2 values, the signature 1"),
    ],
)
def test_calls_that_do_not_fit_a_signature_are_refused_by_name(x: Any, y: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        wf.compile(labelled, signature=SIGNATURE)(x, y)


def test_a_function_that_needs_the_number_does_not_fit_a_signature_that_leaves_it_open() -> None:
    compiled = wf.compile(lambda x: x * float(np.sqrt(x.shape[0])), signature=[wf.spec(["batch", 4])])
    with pytest.raises(
        wf.errors.SourceError, match="the signature leaves batch open, and the function needs batch == 3"
    ):
        compiled(batch(3))


def test_signatures_are_made_of_lengths_and_names() -> None:
    with pytest.raises(wf.errors.ArgumentError, match="spec: -1 is no length"):
        wf.spec([-1, 3])
    with pytest.raises(wf.errors.ArgumentError, match="signature: 3 is no spec"):
        wf.compile(labelled, signature=[3])


def test_a_strict_zip_takes_equal_lengths() -> None:
    @wf.compile
    def products(x, y):
        total = wf.tensor(0.0)
        for a, b in zip(x, y, strict=True):
            total = total + wf.sum(a * b)
        return total

    for n in SIZES[:5]:
        assert agree(products.function(batch(n), batch(n)), products(batch(n), batch(n)))
    assert products.cache_info().misses == 2
    with pytest.raises(wf.errors.SourceError, match="not known to be equal"):
        products(batch(3), batch(4))


def test_broadcasting_and_its_gradient_tell_no_size_apart() -> None:
    @wf.compile
    def step(x):
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = wf.sum(x * wf.ones((4,)) + wf.ones((1, 4)))
        return tape.gradient(y, x)

    for n in (3, 5, 4):  # one of them as long as the other axis
        assert agree(step.function(batch(n)), step(batch(n)))
    assert step.cache_info().misses == 2


def test_a_size_that_is_not_zero_is_divided_by_without_a_check() -> None:
    divided = wf.compile(lambda x: wf.sum(x) * (1.0 / x.shape[0]), signature=[wf.spec(["n", 4])])
    assert "check_op" not in str(divided.graph(batch(3)))
    assert agree(divided.function(batch(3)), divided(batch(3)))
    off = wf.compile(lambda x: 1.0 / (x.shape[0] - 2), signature=[wf.spec(["n", 4])])
    with pytest.raises(ZeroDivisionError):
        off(batch(2))
