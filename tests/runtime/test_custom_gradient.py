"""custom_gradient: a function's own gradient, of any structure and to any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import GradientError


@wf.custom_gradient
def log1pexp(x: Any) -> Any:
    e = wf.exp(x)
    return wf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))


def test_value_is_the_functions() -> None:
    assert log1pexp(0.0).item() == pytest.approx(np.log(2.0))


def test_gradient_is_the_one_given() -> None:
    assert wf.grad(log1pexp)(100.0).item() == 1.0
    assert wf.grad(lambda x: log1pexp(2 * x))(0.0).item() == 1.0


def test_gradient_function_is_differentiated_in_its_turn() -> None:
    s = 1 / (1 + np.exp(-0.3))
    assert wf.grad(wf.grad(log1pexp))(0.3).item() == pytest.approx(s * (1 - s), rel=1e-5)
    wf.testing.check_grads(log1pexp, ([0.3, -2.0],), order=3)


def test_gradient_function_may_be_wrong_on_purpose() -> None:
    reverse = wf.custom_gradient(lambda x: (x, lambda dy: -dy))
    assert wf.grad(lambda x: reverse(x) * 3.0)(1.0).item() == -3.0


def test_several_arguments_have_a_cotangent_each() -> None:
    @wf.custom_gradient
    def f(x: Any, y: Any) -> Any:
        return x * y, lambda dy: (dy * 10.0, dy * 20.0)

    assert [g.item() for g in wf.gradients_function(f)(3.0, 4.0)] == [10.0, 20.0]
    assert wf.grad(lambda y: f(3.0, y))(4.0).item() == 20.0


def test_arguments_without_tensors_may_be_left_out_or_be_none() -> None:
    for returned in (lambda dx: dx, lambda dx: (dx, None), lambda dx: [dx]):

        @wf.custom_gradient
        def power(x: Any, n: int, returned: Any = returned) -> Any:
            return x**n, lambda dy: returned(dy * n * x ** (n - 1))

        assert wf.grad(lambda x, power=power: power(x, 3))(2.0).item() == 12.0


def test_keywords_find_their_position() -> None:
    @wf.custom_gradient
    def f(x: Any, y: Any, *, scale: float = 1.0) -> Any:
        return x * y * scale, lambda dy: (dy * y * scale, dy * x * scale)

    assert wf.grad(lambda y: f(y=y, x=3.0, scale=2.0))(4.0).item() == 6.0


def test_none_for_an_argument_means_no_gradient() -> None:
    f = wf.custom_gradient(lambda x, y: (x * y, lambda dy: (dy, None)))
    dx, dy = wf.gradients_function(f)(3.0, 4.0)
    assert dx.item() == 1.0
    assert dy is None


def test_arguments_and_results_may_be_trees() -> None:
    @wf.custom_gradient
    def f(p: Any, q: Any) -> Any:
        def gradient(d: Any) -> Any:
            return {"a": d["sum"], "b": d["sum"] + d["product"] * q[0]}, [d["product"] * p["b"]]

        return {"sum": p["a"] + p["b"], "product": p["b"] * q[0], "name": "f"}, gradient

    def total(p: Any, q: Any) -> Any:
        y = f(p, q)
        assert y["name"] == "f"
        return y["sum"] + 10.0 * y["product"]

    wf.testing.check_grads(total, ({"a": 2.0, "b": 3.0}, [wf.tensor(4.0)]))


def test_cotangents_of_a_tuple_come_as_one_or_as_several() -> None:
    for gradient in (lambda d: d[0] + 2 * d[1], lambda a, b: a + 2 * b, lambda *d: d[0] + 2 * d[1]):
        f = wf.custom_gradient(lambda x, gradient=gradient: ((x, x), gradient))
        assert wf.grad(lambda x, f=f: 3.0 * f(x)[0] + 5.0 * f(x)[1])(1.0).item() == 13.0
        assert wf.grad(lambda x, f=f: f(x)[1])(1.0).item() == 2.0


def test_integer_results_have_no_cotangent() -> None:
    seen = []

    @wf.custom_gradient
    def f(x: Any) -> Any:
        def gradient(dy: Any, dn: Any) -> Any:
            seen.append(dn)
            return dy

        return (x * 2.0, wf.astype(x, wf.int64)), gradient

    assert wf.grad(lambda x: f(x)[0])(3.0).item() == 1.0
    assert seen == [None]


def test_variables_read_inside_get_their_gradient() -> None:
    v = wf.Variable(3.0, name="v")

    @wf.custom_gradient
    def f(x: Any) -> Any:
        def gradient(dy: Any, variables: Any) -> Any:
            assert variables == [v] or variables[0] is v
            return dy * v, [dy * x * 100.0]

        return x * v, gradient

    with wf.GradientTape() as tape:
        x = wf.tensor(2.0)
        tape.watch(x)
        y = f(x)
    dx, dv = tape.gradient(y, [x, v])
    assert (dx.item(), dv.item()) == (3.0, 200.0)


def test_variables_read_inside_without_a_place_for_them_are_an_error() -> None:
    v = wf.Variable(3.0, name="v")
    f = wf.custom_gradient(lambda x: (x * v, lambda dy: dy))
    with pytest.raises(GradientError, match="reads the variables 'v', but its gradient function has no place"):
        wf.grad(f)(1.0)
    assert f(2.0).item() == 6.0, "without a tape nobody minds"


def test_variables_may_be_arguments() -> None:
    v = wf.Variable(3.0)
    f = wf.custom_gradient(lambda x: (x * x, lambda dy: dy * 7.0))
    [(dv, _)] = wf.implicit_gradients(lambda: f(v))()
    assert dv.item() == 7.0


def test_methods_may_have_their_own_gradient() -> None:
    class Layer:
        @wf.custom_gradient
        def call(self, x: Any) -> Any:
            return x * 2.0, lambda dy: dy * 9.0

    assert wf.grad(Layer().call)(1.0).item() == 9.0


def test_complex_gradients_are_taken_as_given() -> None:
    square = wf.custom_gradient(lambda z: (z * z, lambda dy: dy * wf.conj(2 * z)))
    wf.testing.check_grads(square, (wf.tensor(1.0 + 2.0j),))


def test_real_arguments_get_the_real_part_of_a_complex_cotangent() -> None:
    f = wf.custom_gradient(lambda x: (x * 1j, lambda dy: dy * (1.0 + 2.0j)))
    assert wf.grad(lambda x: wf.real(f(x)))(1.0).spec == wf.Spec((), wf.float32)


MISFITS = {
    "no pair": (lambda x: x, "returned a EagerTensor, not"),
    "no function": (lambda x: (x, x), "returned a tuple, not"),
    "another shape": (lambda x: (x, lambda dy: wf.ones((3,))), r"f32\[3\] for f32\[\]"),
    "another structure": (lambda x: (x, lambda dy: {"dx": dy}), r"dict\(\*\) for an argument of \*"),
    "too many": (lambda x: (x, lambda dy: (dy, dy)), r"structure tuple\(\*, \*\)"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_misfits_are_errors_that_name_the_function(case: str) -> None:
    f, message = MISFITS[case]
    with pytest.raises(GradientError, match=f"custom_gradient: .*lambda.*{message}"):
        wf.grad(wf.custom_gradient(f))(1.0)


def test_too_few_cotangents_are_an_error() -> None:
    f = wf.custom_gradient(lambda x, y: (x * y, lambda dy: dy))
    with pytest.raises(GradientError, match="returned 1 cotangent for 2 arguments"):
        wf.grad(f, (0, 1))(1.0, 2.0)


def test_a_tape_records_one_node_that_stands_for_the_function() -> None:
    x = wf.tensor(1.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = log1pexp(x)
    assert tape.explain(y, x) == "There is a gradient: it flows through with_gradient."
