"""x[index] = value: nobody else sees the change, gradients flow to x and to the value, memory is written in place."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.assignment import is_sole
from weft.runtime.errors import DTypeError
from weft.runtime.testing import check_grads

POINT = [1.0, 2.0, 3.0, 4.0]


def address(x: Any) -> int:
    return x.buffer.__array_interface__["data"][0]


OTHERS: dict[str, Callable[[Any], Any]] = {
    "another tensor": wf.asarray,
    "a copy": copy.copy,
    "a deep copy": copy.deepcopy,
    "a slice": lambda x: x[0:2],
    "the whole": lambda x: x[...],
    "a reshaped view": lambda x: x.reshape(2, -1),
    "a view of a view": lambda x: x.reshape(2, -1)[0],
    "a NumPy array": lambda x: x.numpy(),
    "an element of one": lambda x: x.numpy()[0:1],
    "NumPy's asarray": np.asarray,
    "a memoryview": lambda x: memoryview(x.numpy()),
    "NumPy by DLPack": np.from_dlpack,
    "a capsule": lambda x: np.from_dlpack(Capsule(x)),
    "a variable": wf.Variable,
    "a list of elements": lambda x: [x[0], x[-1]],
}


class Capsule:
    """A producer of one capsule made beforehand."""

    def __init__(self, x: Any) -> None:
        self.capsule = x.__dlpack__(max_version=(1, 0))

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


INDEX = pytest.mark.parametrize("index", [0, slice(1, None), [0, 1], True], ids=repr)


@INDEX
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("size", [4, 1 << 20])
def test_nobody_else_sees_the_change(other: Any, index: Any, size: int) -> None:
    x = wf.ones(size) * 2
    seen = other(x)
    x[index] = 9.0
    assert 9.0 in x
    for values in seen if isinstance(seen, list) else [seen]:
        assert not (np.asarray(values) == 9.0).any()


@INDEX
@pytest.mark.parametrize("name", ["another tensor", "a slice", "the whole", "a reshaped view", "a view of a view"])
def test_a_change_of_a_view_stays_in_the_view(name: str, index: Any) -> None:
    x = wf.ones(4) * 2
    y = OTHERS[name](x)
    y[index] = 9.0
    assert 9.0 in y
    assert 9.0 not in x


def test_an_array_that_was_shared_is_never_written_to() -> None:
    array = np.zeros(4)
    x = wf.asarray(array)
    x[0] = 1.0
    assert array[0] == 0.0
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    y = wf.asarray(frozen)
    del frozen
    y[0] = 1.0
    raw = bytearray(32)
    z = wf.asarray(np.frombuffer(raw).reshape(2, 2))
    z[0] = 1.0
    assert raw == bytearray(32)


@pytest.mark.parametrize("make", [lambda: wf.tensor([1.0] * 4), lambda: wf.ones((1 << 19,)) + 1])
def test_memory_is_written_in_place_when_nobody_else_looks(make: Any) -> None:
    x = make()
    before = address(x)
    x[0] = 5.0
    x[1:] = wf.tensor(6.0)
    x[[2, 3]] = 7.0
    x[x > 6.5] = 8.0
    x[0] += 1.0
    assert address(x) == before
    assert x[:4].tolist() == [6.0, 6.0, 8.0, 8.0]
    view = x.numpy()
    x[0] = 0.0
    assert address(x) != before
    del view


def test_a_tensor_is_sole_until_somebody_looks_and_after() -> None:
    x = wf.tensor([1.0, 2.0])
    assert is_sole(x)
    y: Any = x[0:1]
    assert not is_sole(x)
    assert not is_sole(y)
    del y
    assert is_sole(x)


def test_a_tape_keeps_a_tensor_until_it_is_gone() -> None:
    x = wf.tensor(POINT)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = (x * x).sum()
    assert not is_sole(x)
    tape.gradient(y, x)
    assert is_sole(x)


def loop(x: Any) -> Any:
    y = wf.zeros(4, dtype=wf.float64)
    for i in range(4):
        y[i] = x[i] * x[i - 1] + (y[i - 1] if i else 0.0)
    return (y * y).sum()


def into_what_is_watched(x: Any) -> Any:
    x = wf.asarray(x)
    x[1:3] = x[0] * 2
    x[0] += x[1] * x[3]
    return (x**3).sum()


def duplicates(x: Any) -> Any:
    y = x * x
    y[[0, 0, 1]] = x[1:] * x[:3]
    y[[2, 2]] += x[:2]
    return (y * y * x).sum()


def masks(x: Any) -> Any:
    y = x * x
    y[x > 2.5] = x[:2] ** 2
    z = y[y > 3.5]
    return (z**2).sum()


def matrix(x: Any) -> Any:
    y = wf.zeros((3, 4), dtype=wf.float64)
    y[1] = x
    y[:, 1] = x[:3] * x[0]
    y[0, [0, 2]] = x[2] * x[1]
    y[..., -1:] *= x[1]
    y[[0, 1], [1, 1]] += x[:2]
    return (y @ x).sum()


def broadcast_value(x: Any) -> Any:
    y = wf.ones((2, 4), dtype=wf.float64)
    y[:] = x
    y[:, 2:] = x[0]
    y[True, 0] = x[1:2] * x[2]
    return (y * y).sum()


@pytest.mark.parametrize(
    "f", [loop, into_what_is_watched, duplicates, masks, matrix, broadcast_value], ids=lambda f: f.__name__
)
def test_gradients_flow_through_assignment(f: Any) -> None:
    check_grads(f, [POINT])


def test_what_was_recorded_before_an_assignment_stays_true() -> None:
    w, c = wf.tensor(2.0), wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(w)
        y = (w * c).sum()
        c[0] = 100.0
    assert tape.gradient(y, w).item() == 3.0


@pytest.mark.parametrize(
    "wrapped", [wf.checkpoint, lambda f: wf.custom_gradient(lambda x: (f(x), lambda dy: dy * 2 * x))]
)
def test_what_a_gradient_function_has_kept_stays_true(wrapped: Any) -> None:
    x = wf.tensor([3.0, 4.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wrapped(lambda x: x * x)(x).sum()
    x[0] = 100.0
    assert tape.gradient(y, x).tolist() == [6.0, 8.0]


def test_what_was_recorded_stays_true_when_the_tape_is_closed() -> None:
    w, c = wf.tensor(2.0), wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(w)
        y = (w * c).sum()
    c[0] = 100.0
    w[...] = 50.0
    y[...] = 7.0
    assert tape.gradient(y, w) is None  # y holds another value now, which no tape knows
    with wf.GradientTape() as tape:
        tape.watch(c)
        z = (c * c).sum()
    c[0] = 0.0
    assert tape.gradient(z, c).tolist() == [200.0, 4.0]


def test_the_gradient_is_by_what_was_watched_even_after_an_assignment() -> None:
    x = wf.tensor([1.0, 2.0, 3.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        x[1] = x[0] * 2
        y = (x * x).sum()
    assert tape.gradient(y, x).tolist() == [10.0, 0.0, 6.0]
    with wf.GradientTape() as tape:
        tape.watch(x)
        x[0] = 5.0
        tape.watch(x)
        y = (x * x).sum()
    assert tape.gradient(y, x).tolist() == [10.0, 4.0, 6.0]


def test_the_gradient_reaches_the_value_of_a_variable() -> None:
    v = wf.Variable([1.0, 2.0])
    with wf.GradientTape() as tape:
        x = wf.zeros(3)
        x[1:] = v
        x[0] = v[0] * v[1]
        y = (x * x).sum()
    assert tape.gradient(y, v).tolist() == [2 * 2 * 2 + 2.0, 2 * 2 * 1 + 4.0]


def test_every_tape_remembers() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with wf.GradientTape() as inner:
            inner.watch(x)
            y = wf.asarray(x)
            y[0] = x[1] ** 2
            z = (y * y * x).sum()
            y[1] = -1.0
        dx = inner.gradient(z, x)
        total = dx.sum()
    # z = x1**4 * x0 + x1**3
    assert dx.tolist() == [16.0, 4 * 8 + 3 * 4]
    assert outer.gradient(z, x).tolist() == [16.0, 44.0]
    assert outer.gradient(total, x).tolist() == [32.0, 32 + 48 + 12.0]


def test_a_loop_of_assignments_stays_linear() -> None:
    """A node looked at a second time would show in the number of steps."""
    looks = 0

    class Counting(list[Any]):
        def __getitem__(self, i: Any) -> Any:
            nonlocal looks
            looks += 1
            return super().__getitem__(i)

    w = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        tape.watch(w)
        tape._tape.nodes = Counting()  # type: ignore[union-attr]
        x = wf.zeros(100)
        for i in range(100):
            x[i] = w * w
        y = x.sum()
    assert looks < 500
    assert tape.gradient(y, w).item() == 400.0


def test_assignments_leak_nothing() -> None:
    x = wf.tensor(POINT)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.asarray(x)
        for i in range(3):
            y[i] = y[i + 1] * 2
        z = y.sum()
    gone = weakref.ref(y)
    tape.gradient(z, x)
    del y, z, tape
    assert gone() is None


@pytest.mark.parametrize(
    "unchanged",
    [
        lambda x: wf.dropout(x, 0.5, training=False),
        lambda x: wf.dropout(x, 0.0),
        lambda x: wf.diff(x, n=0),
        lambda x: wf.linalg.matrix_power(x, 1),
    ],
    ids=["dropout at rest", "dropout of nothing", "no difference", "first power"],
)
def test_what_a_function_hands_on_unchanged_is_another_tensor(unchanged: Any) -> None:
    x = wf.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = unchanged(x)
    y[0, 0] = 7.0
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    x[1, 1] = 9.0
    assert y.tolist() == [[7.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("index", [slice(0, 2), [0, 1], (slice(None, 2),)])
@pytest.mark.parametrize("shared", [False, True])
def test_numbers_in_lists_must_fit_the_dtype_they_are_assigned_to(index: Any, shared: bool) -> None:
    x = wf.zeros(3, wf.int8)
    other = x[:] if shared else None
    with pytest.raises(DTypeError, match=r"x\[index\] = value: 300 does not fit int8"):
        x[index] = [300, 1]
    x[index] = [127, -128]
    assert x.tolist() == [127, -128, 0]
    assert other is None or other.tolist() == [0, 0, 0]


def test_errors_of_assignment_speak_of_assignment() -> None:
    x = wf.zeros(3, wf.int8)
    other = x[:]
    with pytest.raises(DTypeError, match=r"x\[index\] = value: .*300 out of bounds"):
        x[0] = 300
    assert other.tolist() == x.tolist()
