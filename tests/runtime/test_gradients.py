"""Functions that differentiate functions: values, trees, nesting, and what they refuse."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, GradientError

Pair = namedtuple("Pair", "x y")


@dataclass
class Point:
    """A tree of two leaves."""

    x: Any
    y: Any


def cube(x: Any) -> Any:
    return x * x * x


def test_grad_of_a_number_is_a_tensor() -> None:
    assert wf.grad(cube)(2.0).item() == 12.0


@pytest.mark.parametrize(("order", "expected"), [(1, 12.0), (2, 12.0), (3, 6.0), (4, 0.0)])
def test_grad_nests_to_any_order(order: int, expected: float) -> None:
    f = cube
    for _ in range(order):
        f = wf.grad(f)
    assert f(2.0).item() == expected


def test_value_and_grad_gives_both() -> None:
    value, dx = wf.value_and_grad(cube)(2.0)
    assert (value.item(), dx.item()) == (8.0, 12.0)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 4.0), (1, 3.0), (-1, 3.0), ("y", 3.0), ((0, 1), (4.0, 3.0)), ((1, 0), (3.0, 4.0)), (["y"], (3.0,))],
)
def test_argnums_choose_arguments_by_position_and_name(argnums: Any, expected: Any) -> None:
    found = wf.grad(lambda x, y: x * y, argnums)(3.0, 4.0)
    assert (tuple(g.item() for g in found) if isinstance(found, tuple) else found.item()) == expected


def test_a_name_may_choose_an_argument_given_by_keyword() -> None:
    assert wf.grad(lambda x, y: x * y, "y")(3.0, y=4.0).item() == 3.0


def test_other_arguments_and_keywords_are_passed_on() -> None:
    assert wf.grad(lambda x, n, *, scale: x**n * scale)(2.0, 3, scale=10.0).item() == 120.0


@pytest.mark.parametrize(
    "make",
    [lambda a, b: (a, b), lambda a, b: [a, b], lambda a, b: {"p": a, "q": b}, Pair, Point],
    ids=["tuple", "list", "dict", "namedtuple", "dataclass"],
)
def test_gradient_has_the_structure_of_the_argument(make: Any) -> None:
    def f(tree: Any) -> Any:
        values = (
            tree if isinstance(tree, (tuple, list)) else list((tree if isinstance(tree, dict) else vars(tree)).values())
        )
        return wf.sum(values[0] * values[1] * values[1])

    found = wf.grad(f)(make(wf.tensor([1.0, 2.0]), wf.tensor(3.0)))
    expected = make(np.full(2, 9.0), np.array(18.0))
    assert type(found) is type(expected)
    wf.testing.assert_close(found, expected)


def test_none_in_an_argument_stays_none() -> None:
    found = wf.grad(lambda p: p["w"] * 2.0 if p["b"] is None else p["b"])({"w": 3.0, "b": None})
    assert found["b"] is None
    assert found["w"].item() == 2.0


def test_has_aux_carries_something_else_along() -> None:
    def f(x: Any) -> Any:
        return x * x, {"twice": 2 * x, "name": "f"}

    (value, aux), dx = wf.value_and_grad(f, has_aux=True)(3.0)
    assert (value.item(), aux["twice"].item(), aux["name"], dx.item()) == (9.0, 6.0, "f", 6.0)
    dx, aux = wf.grad(f, has_aux=True)(3.0)
    assert (dx.item(), aux["name"]) == (6.0, "f")
    _, pullback, aux = wf.vjp(f, 3.0, has_aux=True)
    assert (pullback(1.0)[0].item(), aux["name"]) == (6.0, "f")
    jacobian, aux = wf.jacobian(f, has_aux=True)(3.0)
    assert (jacobian.item(), aux["name"]) == (6.0, "f")
    hessian, aux = wf.hessian(f, has_aux=True)(3.0)
    assert (hessian.item(), aux["name"]) == (2.0, "f")


def test_gradient_of_an_unused_argument_is_zero() -> None:
    assert wf.grad(lambda x, y: x, 1)(1.0, wf.tensor([1.0, 2.0])).tolist() == [0.0, 0.0]


def test_gradient_of_a_constant_is_zero() -> None:
    assert wf.grad(lambda x: 3.0)(1.0).item() == 0.0


def test_gradient_of_the_argument_itself_is_one() -> None:
    assert wf.grad(lambda x: x)(5.0).item() == 1.0


def test_a_variable_as_argument_counts_as_its_value() -> None:
    v = wf.Variable(3.0)
    assert wf.grad(lambda x: x * x + v.value)(v).item() == 6.0


def test_arrays_keep_their_precision() -> None:
    assert wf.grad(lambda x: wf.sum(x * x))(np.ones(2)).dtype is wf.float64


def test_inner_and_outer_derivatives_do_not_mix() -> None:
    """d/dx of x * d/dy (x + y) is 1, not 2."""
    assert wf.grad(lambda x: x * wf.grad(lambda y: x + y)(1.0))(1.0).item() == 1.0
    assert wf.grad(lambda x: x * wf.grad(lambda y: x * y)(x))(3.0).item() == 6.0
    assert wf.grad(lambda x: wf.grad(lambda y: x * y * y)(x))(3.0).item() == 12.0


def test_the_same_value_may_be_watched_inside_and_outside() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape() as outer:
        outer.watch(x)
        with wf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        dy = inner.gradient(y, x)
        z = dy * wf.grad(lambda t: t * x)(x)
    assert outer.gradient(z, x).item() == 6 * 3.0 * 3.0 + 27.0


def test_gradients_flow_through_python_control_flow() -> None:
    def f(x: Any) -> Any:
        n = 0
        while x < 100.0:
            x = x * x if n % 2 else 3.0 * x
            n += 1
        return x

    # 2 -> 6 -> 36 -> 108: y = 3 (3x)^2, dy = 54 x
    assert wf.grad(f)(2.0).item() == 108.0


def test_gradients_flow_through_item_assignment() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0] = 10.0 * x[0] * x[1]
        return wf.sum(y)

    assert wf.grad(f)(wf.tensor([2.0, 3.0, 4.0])).tolist() == [30.0, 21.0, 1.0]


def test_assigning_to_items_of_an_argument_is_part_of_the_function() -> None:
    def f(x: Any) -> Any:
        y = x[0] * 2.0
        x[0] = 5.0 * y
        return wf.sum(x)

    x = wf.tensor([1.0, 2.0])
    assert wf.grad(f)(x).tolist() == [10.0, 1.0]
    assert x.tolist() == [1.0, 2.0]
    assert wf.jvp(f, x, wf.ones((2,)))[1].item() == 11.0


def test_assigning_to_items_of_a_value_leaves_its_pullback_alone() -> None:
    y, pullback = wf.vjp(lambda x: x * x, wf.tensor([1.0, 2.0]))
    y[0] = 100.0
    assert pullback(wf.ones((2,)))[0].tolist() == [2.0, 4.0]


def test_vjp_may_be_pulled_many_times() -> None:
    y, pullback = wf.vjp(lambda x, y: {"sum": x + y, "product": x * y}, 3.0, 4.0)
    assert (y["sum"].item(), y["product"].item()) == (7.0, 12.0)
    assert [g.item() for g in pullback({"sum": 1.0, "product": 0.0})] == [1.0, 1.0]
    assert [g.item() for g in pullback({"sum": 0.0, "product": 1.0})] == [4.0, 3.0]
    assert [g.item() for g in pullback({"sum": None, "product": 2.0})] == [8.0, 6.0]


def test_jvp_moves_the_value_along_a_direction() -> None:
    value, moved = wf.jvp(lambda x, y: x * x * y, (3.0, 4.0), (1.0, 10.0))
    assert (value.item(), moved.item()) == (36.0, 24.0 + 90.0)


def test_jvp_of_a_function_that_ignores_its_argument_is_zero() -> None:
    assert wf.jvp(lambda x: wf.tensor(2.0), 3.0, 1.0)[1].item() == 0.0


def test_jvp_nests_in_grad_and_the_other_way_round() -> None:
    assert wf.grad(lambda x: wf.jvp(cube, x, 1.0)[1])(2.0).item() == 12.0
    assert wf.jvp(wf.grad(cube), 2.0, 1.0)[1].item() == 12.0
    assert wf.jvp(lambda x: wf.jvp(cube, x, 1.0)[1], 2.0, 1.0)[1].item() == 12.0


def test_linearize_runs_the_function_once() -> None:
    runs = []

    def f(x: Any) -> Any:
        runs.append(x)
        return x * x

    value, pushforward = wf.linearize(f, 3.0)
    assert (value.item(), pushforward(1.0).item(), pushforward(2.0).item(), len(runs)) == (9.0, 6.0, 12.0, 1)


def test_hvp_is_the_hessian_times_a_vector() -> None:
    rng = np.random.default_rng(0)
    a, x, v = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)

    def f(x: Any) -> Any:
        return wf.sum(wf.sin(wf.matmul(a, x)) * x)

    hessian = wf.hessian(f)(x).numpy()
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    np.testing.assert_allclose(wf.hvp(f, x, v).numpy(), hessian @ v, atol=1e-12)


def test_hvp_of_several_arguments_is_a_tuple() -> None:
    found = wf.hvp(lambda x, y: x * x * y, (3.0, 4.0), (1.0, 0.0))
    assert [g.item() for g in found] == [8.0, 6.0]


def test_jacobian_has_a_row_for_each_result() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 3, 4))
    found = wf.jacobian(lambda x: wf.matmul(a, x))(rng.normal(size=4))
    np.testing.assert_allclose(found.numpy(), a)


def test_jacobian_of_trees_is_a_tree_of_trees() -> None:
    def f(p: Any) -> Any:
        return {"s": p[0] + p[1], "p": p[0] * p[1]}

    found = wf.jacobian(f)((2.0, wf.tensor([3.0, 4.0])))
    wf.testing.assert_close(
        found,
        {"s": ([1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]]), "p": ([3.0, 4.0], [[2.0, 0.0], [0.0, 2.0]])},
    )


def test_jacobian_of_several_arguments_is_a_tuple() -> None:
    found = wf.jacobian(lambda x, y: x * y, (0, 1))(2.0, 3.0)
    assert [j.item() for j in found] == [3.0, 2.0]


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (3, 0), (0, 0)])
def test_jacobian_of_nothing_is_empty(rows: int, columns: int) -> None:
    a = np.zeros((rows, columns), np.float32)
    assert wf.jacobian(lambda x: wf.matmul(a, x))(wf.zeros((columns,))).shape == (rows, columns)


def test_hessian_of_trees_is_a_tree_of_trees() -> None:
    found = wf.hessian(lambda p: p["x"] * p["x"] * p["y"])({"x": 3.0, "y": 4.0})
    wf.testing.assert_close(found, {"x": {"x": 8.0, "y": 6.0}, "y": {"x": 6.0, "y": 0.0}}, rtol=1e-6)


def test_jacobian_of_an_unused_argument_is_zero() -> None:
    assert wf.jacobian(lambda x, y: x * 2.0, 1)(wf.ones((2,)), wf.ones((3,))).tolist() == [[0.0] * 3] * 2


def test_functions_keep_their_names() -> None:
    assert wf.grad(cube).__name__ == "cube"


REFUSED = {
    "an integer": (lambda: wf.grad(cube)(3), "argument 0 is i64.*no gradient"),
    "an integer tensor": (lambda: wf.grad(cube)(wf.tensor([1, 2])), r"argument 0 is i64\[2\]"),
    "a string": (lambda: wf.grad(cube)("x"), "argument 0 has a str in it"),
    "a vector result": (lambda: wf.grad(lambda x: x)(wf.ones((2,))), r"returned f32\[2\], not a scalar"),
    "a result that is a tree": (lambda: wf.grad(lambda x: (x, x))(1.0), "returned a tuple, not a scalar"),
    "an integer result": (lambda: wf.grad(lambda x: wf.tensor(1))(1.0), r"returned i64\[\]"),
    "no result": (lambda: wf.grad(lambda x: None)(1.0), "returned None"),
    "a string result": (lambda: wf.vjp(lambda x: "y", 1.0), "returned a str"),
    "a cotangent of another shape": (lambda: wf.vjp(cube, 1.0)[1]([1.0, 2.0]), "structure"),
    "a cotangent tensor of another shape": (lambda: wf.vjp(cube, 1.0)[1](wf.ones((2,))), r"cotangents of f32\[2\]"),
    "a tangent of another shape": (lambda: wf.jvp(cube, 1.0, wf.ones((2,))), r"tangents of f32\[2\] for f32\[\]"),
    "a tangent too many": (lambda: wf.jvp(cube, 1.0, (1.0, 1.0)), "the tangents have structure"),
    "an argument that is not there": (lambda: wf.grad(cube, 1)(1.0), "no argument 1 in a call with 1"),
    "an argument of unknown name": (lambda: wf.grad(cube, "z")(1.0), "'z' is not a positional argument"),
    "no aux": (lambda: wf.grad(cube, has_aux=True)(1.0), "has_aux=True, but the function returned a"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_is_wrong(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises((GradientError, ArgumentError), match=message):
        call()


def test_gradients_function_gives_a_list_for_all_arguments() -> None:
    f = wf.gradients_function(lambda x, y: x * x * y)
    assert [g.item() for g in f(3.0, 4.0)] == [24.0, 9.0]
    assert [g.item() for g in f(3.0, 4.0, dy=2.0)] == [48.0, 18.0]


def test_gradients_function_takes_names_and_positions() -> None:
    assert [g.item() for g in wf.gradients_function(lambda x, y: x * y, ["y"])(3.0, 4.0)] == [3.0]
    assert [g.item() for g in wf.gradients_function(lambda x, y: x * y, [1, 0])(3.0, 4.0)] == [3.0, 4.0]


def test_gradients_function_sums_results_and_says_none_for_unused_arguments() -> None:
    dx, dy = wf.gradients_function(lambda x, y: x * x)(wf.tensor([1.0, 2.0]), 1.0)
    assert dx.tolist() == [2.0, 4.0]
    assert dy is None


def test_value_and_gradients_function_gives_both() -> None:
    value, grads = wf.value_and_gradients_function(cube)(2.0)
    assert (value.item(), [g.item() for g in grads]) == (8.0, [12.0])


def test_implicit_gradients_pair_gradients_with_the_variables_read() -> None:
    v, w, frozen = wf.Variable(3.0, name="v"), wf.Variable(4.0, name="w"), wf.Variable(5.0, trainable=False)
    value, pairs = wf.implicit_value_and_gradients(lambda x: v * v * w * x * frozen)(2.0)
    assert value.item() == 360.0
    assert [(g.item(), variable.name) for g, variable in pairs] == [(240.0, "v"), (90.0, "w")]
    assert pairs[0][1] is v


def test_implicit_gradients_of_no_variable_are_an_error() -> None:
    with pytest.raises(GradientError, match="read no trainable variable"):
        wf.implicit_gradients(lambda x: x)(1.0)


def test_implicit_gradients_nest_in_gradients_of_arguments() -> None:
    v = wf.Variable(3.0)
    found = wf.grad(lambda x: wf.implicit_gradients(lambda: v * v * x * x)()[0][0])(2.0)
    assert found.item() == 2 * 3.0 * 2 * 2.0


def test_stop_gradient_makes_a_constant() -> None:
    assert wf.grad(lambda x: x * wf.stop_gradient(x))(3.0).item() == 3.0
    assert wf.grad(wf.stop_gradient)(3.0).item() == 0.0
