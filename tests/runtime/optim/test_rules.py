"""Optimizers: each rule against its formula written in NumPy, and what all of them share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, CheckpointError, DTypeError, GradientError, NumericsError, ShapeError

Array = Any
START = np.array([[1.0, -2.0], [0.5, 3.0]])
GRADS = [np.array([[0.1, -0.2], [0.3, 0.0]]) * (1 + k) * (-1) ** (k // 2) for k in range(6)]


def sgd(
    x: Array, grads: list[Array], rate: float, momentum: float = 0.0, nesterov: bool = False, decay: float = 0.0
) -> Array:
    velocity = 0.0
    for g in grads:
        g = g + decay * x
        velocity = momentum * velocity + g
        x = x - rate * (g + momentum * velocity if nesterov else velocity)
    return x


def adam(x: Array, grads: list[Array], rate: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, decay: float = 0.0,
         decoupled: bool = False) -> Array:  # fmt: skip
    m = v = 0.0
    for t, g in enumerate(grads, 1):
        if decoupled:
            x = x * (1 - rate * decay)
        else:
            g = g + decay * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        x = x - rate / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + eps)
    return x


def rmsprop(x: Array, grads: list[Array], rate: float, a: float = 0.99, eps: float = 1e-8, momentum: float = 0.0,
            centered: bool = False) -> Array:  # fmt: skip
    v = m = velocity = 0.0
    for g in grads:
        v, m = a * v + (1 - a) * g * g, a * m + (1 - a) * g
        velocity = momentum * velocity + g / (np.sqrt(v - m * m if centered else v) + eps)
        x = x - rate * velocity
    return x


def adagrad(x: Array, grads: list[Array], rate: float, initial: float = 0.0) -> Array:
    total = initial
    for g in grads:
        total = total + g * g
        x = x - rate * g / (np.sqrt(total) + 1e-10)
    return x


def lion(x: Array, grads: list[Array], rate: float, b1: float = 0.9, b2: float = 0.99, decay: float = 0.0) -> Array:
    m = 0.0
    for g in grads:
        x = x * (1 - rate * decay) - rate * np.sign(b1 * m + (1 - b1) * g)
        m = b2 * m + (1 - b2) * g
    return x


RULES: dict[str, tuple[Callable[[], Any], Callable[[Array, list[Array]], Array]]] = {
    "SGD": (lambda: wf.optim.SGD(0.1), lambda x, g: sgd(x, g, 0.1)),
    "SGD momentum": (lambda: wf.optim.SGD(0.1, momentum=0.9), lambda x, g: sgd(x, g, 0.1, 0.9)),
    "SGD nesterov": (lambda: wf.optim.SGD(0.1, 0.9, nesterov=True), lambda x, g: sgd(x, g, 0.1, 0.9, True)),
    "SGD decay": (lambda: wf.optim.SGD(0.1, 0.9, weight_decay=0.2), lambda x, g: sgd(x, g, 0.1, 0.9, decay=0.2)),
    "RMSProp": (lambda: wf.optim.RMSProp(0.1), lambda x, g: rmsprop(x, g, 0.1)),
    "RMSProp momentum": (lambda: wf.optim.RMSProp(0.1, momentum=0.9), lambda x, g: rmsprop(x, g, 0.1, momentum=0.9)),
    "RMSProp centered": (lambda: wf.optim.RMSProp(0.1, 0.9, centered=True), lambda x, g: rmsprop(x, g, 0.1, 0.9, centered=True)),
    "Adagrad": (lambda: wf.optim.Adagrad(0.1), lambda x, g: adagrad(x, g, 0.1)),
    "Adagrad initial": (lambda: wf.optim.Adagrad(0.1, initial=0.5), lambda x, g: adagrad(x, g, 0.1, 0.5)),
    "Adam": (lambda: wf.optim.Adam(0.1), lambda x, g: adam(x, g, 0.1)),
    "Adam decay": (lambda: wf.optim.Adam(0.1, 0.8, 0.99, 1e-3, weight_decay=0.2), lambda x, g: adam(x, g, 0.1, 0.8, 0.99, 1e-3, 0.2)),
    "AdamW": (lambda: wf.optim.AdamW(0.1), lambda x, g: adam(x, g, 0.1, decay=0.01, decoupled=True)),
    "AdamW decay": (lambda: wf.optim.AdamW(0.1, weight_decay=0.3), lambda x, g: adam(x, g, 0.1, decay=0.3, decoupled=True)),
    "Lion": (lambda: wf.optim.Lion(0.1), lambda x, g: lion(x, g, 0.1)),
    "Lion decay": (lambda: wf.optim.Lion(0.1, weight_decay=0.3), lambda x, g: lion(x, g, 0.1, decay=0.3)),
}  # fmt: skip
OPTIMIZERS = [make for name, (make, _) in RULES.items()]


@pytest.mark.parametrize(("make", "formula"), RULES.values(), ids=RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)])
def test_steps_follow_the_formula(make: Any, formula: Any, dtype: str, tolerance: float) -> None:
    variable, optimizer = wf.Variable(START, dtype=dtype), make()
    for g in GRADS:
        optimizer.apply_gradients([(wf.asarray(g, dtype), variable)])
    assert variable.dtype == wf.asarray(0, dtype).dtype
    np.testing.assert_allclose(
        variable.numpy().astype(np.float64), formula(START, GRADS), atol=tolerance, rtol=tolerance
    )


@pytest.mark.parametrize("make", [wf.optim.Adam, wf.optim.AdamW, wf.optim.Lion])
def test_the_first_step_is_as_long_as_the_rate_whatever_the_gradient(make: Any) -> None:
    for size in (1e-3, 1.0, 1e3):
        x = wf.Variable(np.zeros(2))
        make(0.25).apply_gradients([(np.array([size, -size]), x)])
        np.testing.assert_allclose(x.numpy(), [-0.25, 0.25], rtol=1e-4)


@pytest.mark.parametrize("make", OPTIMIZERS, ids=list(RULES))
def test_a_valley_is_descended(make: Any) -> None:
    x = wf.Variable([3.0, -2.0])
    optimizer = make()
    losses = [optimizer.minimize(lambda: (x * x).sum()).item() for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert optimizer.step.item() == 30


@pytest.mark.parametrize("make", [wf.optim.Adam, wf.optim.SGD, wf.optim.RMSProp, wf.optim.Adagrad, wf.optim.Lion])
def test_complex_variables_descend(make: Any) -> None:
    z = wf.Variable(np.array([1 + 2j, -1j]), dtype="complex64")
    optimizer = make(0.05)
    before = wf.abs(z).sum().item()
    for _ in range(10):
        optimizer.minimize(lambda: (wf.abs(z) ** 2).sum())
    assert z.dtype == wf.complex64
    assert wf.abs(z).sum().item() < before


def test_slots_of_halves_are_kept_in_float32() -> None:
    x = wf.Variable([1.0], dtype="bfloat16")
    optimizer = wf.optim.Adam(0.1)
    optimizer.apply_gradients([(wf.tensor([1.0], "bfloat16"), x)])
    assert {slot.dtype for slot in optimizer.slots[x].values()} == {wf.float32}


def test_none_gradients_are_skipped() -> None:
    x, y = wf.Variable(1.0), wf.Variable(2.0)
    optimizer = wf.optim.Adam(0.1)
    optimizer.apply_gradients([(None, x), (wf.tensor(1.0), y)])
    assert x.item() == 1.0
    assert float(y) < 2.0


def test_gradients_come_as_pairs_or_beside_their_variables() -> None:
    x, y = wf.Variable([1.0]), wf.Variable([1.0])
    wf.optim.SGD(0.5).apply_gradients([wf.tensor([1.0])], [x])
    wf.optim.SGD(0.5).apply_gradients(wf.implicit_gradients(lambda: (y * y).sum())())
    assert x.tolist() == [0.5]
    assert y.tolist() == [0.0]


def test_minimize_moves_what_the_loss_reads_or_what_it_is_told() -> None:
    x, y, frozen = wf.Variable(1.0), wf.Variable(1.0), wf.Variable(1.0, trainable=False)
    loss = wf.optim.SGD(0.25).minimize(lambda: x * x + y * y + frozen * frozen)
    assert (loss.item(), x.item(), y.item(), frozen.item()) == (3.0, 0.5, 0.5, 1.0)
    wf.optim.SGD(0.25).minimize(lambda: x * y + frozen, [x, frozen])
    assert (x.item(), y.item(), frozen.item()) == (0.375, 0.5, 0.75)


def test_a_loss_that_is_no_scalar_is_summed() -> None:
    x = wf.Variable([1.0, 2.0])
    loss = wf.optim.SGD(0.1).minimize(lambda: x * x)
    assert loss.tolist() == [1.0, 4.0]
    np.testing.assert_allclose(x.numpy(), [0.8, 1.6], rtol=1e-6)


def test_an_optimizer_records_nothing_on_tapes_around_it() -> None:
    x = wf.Variable(1.0)
    with wf.GradientTape() as tape:
        wf.optim.Adam(0.1).apply_gradients([(wf.tensor(1.0), x)])
    assert tape.watched_variables() == ()


def test_weight_decay_reaches_whom_it_should() -> None:
    weight, bias = wf.Variable([1.0], name="weight"), wf.Variable([1.0], name="bias")
    optimizer = wf.optim.AdamW(0.1, weight_decay=0.5, decays=lambda v: v.name != "bias")
    optimizer.apply_gradients([(wf.zeros(1), weight), (wf.zeros(1), bias)])
    np.testing.assert_allclose(weight.numpy(), [0.95], rtol=1e-6)
    assert bias.tolist() == [1.0]


def test_gradients_are_clipped_before_they_are_used() -> None:
    def moved(**options: Any) -> list[float]:
        x, y = wf.Variable([0.0, 0.0]), wf.Variable([0.0])
        wf.optim.SGD(1.0, **options).apply_gradients([([3.0, 4.0], x), ([12.0], y)])
        return [*(-x).tolist(), *(-y).tolist()]

    np.testing.assert_allclose(moved(clip_value=3.5), [3, 3.5, 3.5])
    np.testing.assert_allclose(moved(clip_norm=1.0), [0.6, 0.8, 1.0], rtol=1e-6)
    np.testing.assert_allclose(moved(clip_global_norm=6.5), [1.5, 2, 6], rtol=1e-6)
    np.testing.assert_allclose(moved(clip_global_norm=100.0), [3, 4, 12])


def test_a_gradient_that_is_not_finite_can_be_refused() -> None:
    x, y = wf.Variable(1.0, name="fine"), wf.Variable(1.0, name="bad")
    optimizer = wf.optim.Adam(0.1, check_finite=True)
    with pytest.raises(NumericsError, match="gradient of variable 'bad'"):
        optimizer.apply_gradients([(wf.tensor(1.0), x), (wf.tensor(float("nan")), y)])
    assert (x.item(), optimizer.step.item()) == (1.0, 0)


def test_the_rate_may_be_a_schedule_or_change() -> None:
    x = wf.Variable(0.0)
    optimizer = wf.optim.SGD(wf.optim.schedules.Piecewise([1], [1.0, 0.5]))
    for _ in range(2):
        optimizer.apply_gradients([(wf.tensor(1.0), x)])
    assert x.item() == -1.5
    optimizer.learning_rate = 0.25
    assert optimizer.rate().item() == 0.25
    optimizer.learning_rate = lambda step: 0.125 if step < 3 else 0.0
    for _ in range(3):
        optimizer.apply_gradients([(wf.tensor(1.0), x)])
    assert x.item() == -1.625


BAD: dict[str, tuple[Callable[[Any, Any], Any], type[Exception], str]] = {
    "shape": (lambda o, x: o.apply_gradients([(wf.zeros(3), x)]), ShapeError, r"gradient f32\[3\] for variable 'x', which is f32\[2\]"),
    "complex": (lambda o, x: o.apply_gradients([(wf.zeros(2, dtype="complex64"), x)]), DTypeError, r"its gradient c64\[2\]"),
    "integers": (lambda o, x: o.apply_gradients([(1, wf.Variable(1, name="n"))]), DTypeError, r"variable 'n' is i64\[\]"),
    "count": (lambda o, x: o.apply_gradients([wf.zeros(2)] * 2, [x]), ArgumentError, "2 gradients for 1 variables"),
    "no pair": (lambda o, x: o.apply_gradients([wf.zeros(2)]), ArgumentError, r"f32\[2\] is no pair"),
    "swapped": (lambda o, x: o.apply_gradients([(x, wf.zeros(2))]), ArgumentError, "a tuple is no pair"),
    "twice": (lambda o, x: o.apply_gradients([(wf.zeros(2), x)] * 2), ArgumentError, "a variable is given twice"),
    "all None": (lambda o, x: o.apply_gradients([(None, x)]), GradientError, "every gradient is None"),
    "no function": (lambda o, x: o.minimize(x * x), ArgumentError, "minimize: the loss is a EagerTensor"),
    "no variable": (lambda o, x: o.minimize(lambda: wf.tensor(1.0)), GradientError, "reads no trainable variable"),
    "unconnected": (lambda o, x: o.minimize(lambda: wf.tensor(1.0), [x]), GradientError, "every gradient is None"),
    "rate": (lambda o, x: wf.optim.SGD(-1.0), ArgumentError, "learning_rate is -1.0"),
    "NaN rate": (lambda o, x: wf.optim.SGD(float("nan")), ArgumentError, "learning_rate is nan"),
    "decay": (lambda o, x: wf.optim.SGD(1.0, weight_decay=-1), ArgumentError, "weight_decay is -1"),
    "momentum": (lambda o, x: wf.optim.SGD(1.0, momentum=1.0), ArgumentError, "momentum is 1.0"),
    "beta": (lambda o, x: wf.optim.AdamW(1.0, beta2=1.5), ArgumentError, "AdamW: beta2 is 1.5"),
    "option": (lambda o, x: wf.optim.Adam(1.0, weigth_decay=1.0), TypeError, r"Adam\(\) takes no weigth_decay"),  # pyright: ignore
}  # fmt: skip


@pytest.mark.parametrize(("action", "error", "message"), BAD.values(), ids=BAD)
def test_a_bad_step_is_refused_and_changes_nothing(action: Any, error: Any, message: str) -> None:
    x, optimizer = wf.Variable([1.0, 2.0], name="x"), wf.optim.SGD(0.1, momentum=0.9)
    with pytest.raises(error, match=message):
        action(optimizer, x)
    assert x.tolist() == [1.0, 2.0]
    assert optimizer.step.item() == 0


# State


def steps(optimizer: Any, variables: list[Any], n: int) -> None:
    for _ in range(n):
        optimizer.minimize(lambda: sum(((v - 0.3) ** 2).sum() for v in variables))


@pytest.mark.parametrize("make", OPTIMIZERS, ids=list(RULES))
def test_training_resumes_from_saved_state(make: Any) -> None:
    def fresh() -> list[Any]:
        return [wf.Variable([1.0, 2.0], name="a"), wf.Variable([[3.0]], name="b")]

    variables, optimizer = fresh(), make()
    steps(optimizer, variables, 3)
    saved = optimizer.state_dict()
    others, resumed = fresh(), make()
    for x, y in zip(others, variables, strict=True):
        x.assign(y)
    resumed.load_state_dict(saved)
    again = resumed.state_dict()
    assert {name: x.tolist() for name, x in again.items()} == {name: x.tolist() for name, x in saved.items()}
    steps(optimizer, variables, 3)
    steps(resumed, others, 3)
    for x, y in zip(others, variables, strict=True):
        assert x.tolist() == y.tolist()


def test_state_goes_back_into_the_optimizer_it_came_from() -> None:
    x, optimizer = wf.Variable([1.0]), wf.optim.Adam(0.1)
    steps(optimizer, [x], 2)
    saved = optimizer.state_dict()
    steps(optimizer, [x], 2)
    optimizer.load_state_dict(saved)
    assert optimizer.step.item() == 2


def test_state_of_other_variables_is_refused() -> None:
    optimizer = wf.optim.Adam(0.1)
    steps(optimizer, [wf.Variable([1.0, 2.0], name="a")], 1)
    saved = optimizer.state_dict()
    used = wf.optim.Adam(0.1)
    steps(used, [wf.Variable([1.0], name="a")], 1)
    with pytest.raises(CheckpointError, match=r"0.a.mean is f32\[2\] in the state, f32\[1\] here"):
        used.load_state_dict(saved)
    fresh = wf.optim.Adam(0.1)
    fresh.load_state_dict(saved)
    with pytest.raises(CheckpointError, match=r"the loaded state is not of variable 'b': missing: 0.b.mean"):
        steps(fresh, [wf.Variable([1.0, 2.0], name="b")], 1)
    with pytest.raises(CheckpointError, match=r"unexpected: 0\.a\.mean, 0\.a\.square"):
        wf.optim.SGD(0.1).load_state_dict(saved)
    with pytest.raises(CheckpointError, match="missing: step"):
        wf.optim.SGD(0.1).load_state_dict({})


def test_build_fixes_the_order_of_slots() -> None:
    a, b = wf.Variable(1.0, name="a"), wf.Variable(1.0, name="b")
    optimizer = wf.optim.SGD(0.1, 0.9)
    optimizer.build([b, a])
    steps(optimizer, [a, b], 1)
    assert list(optimizer.state_dict()) == ["step", "0.b.velocity", "1.a.velocity"]


def test_a_copy_of_model_and_optimizer_trains_alike() -> None:
    x, optimizer = wf.Variable([1.0]), wf.optim.Adam(0.1)
    steps(optimizer, [x], 2)
    y, twin = copy.deepcopy((x, optimizer))
    steps(twin, [y], 2)
    steps(optimizer, [x], 2)
    assert x.tolist() == y.tolist()
    assert twin.step.item() == 4
