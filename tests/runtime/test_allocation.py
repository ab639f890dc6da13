"""Results that no memory holds are refused at once, with the function, the shape and the size."""

import pickle
from typing import Any

import pytest

import weft as wf
from weft.runtime import allocation
from weft.runtime.errors import OutOfMemoryError, WeftError

HUGE = 10**8  # squared, it is past every address space

CALLS = [
    ("wf.zeros((n, n))", "zeros: there is not enough memory: the result f32[100000000, 100000000] takes 35.5 PiB"),
    ("wf.zeros((10**6, 10**6, 10**6))", "zeros: there is not enough memory: the result f32[1000000, 1000000, 1000000]"),
    ("wf.zeros(10**30)", "zeros: there is not enough memory"),
    ("wf.ones((n, n))", "ones: there is not enough memory"),
    ("wf.empty((n, n))", "empty: there is not enough memory"),
    ("wf.full((n, n), 1)", "full: there is not enough memory: the result i64[100000000, 100000000]"),
    ("wf.eye(n)", "eye: there is not enough memory"),
    ("wf.arange(n * n)", "arange: there is not enough memory: the result i64[10000000000000000] takes 71.1 PiB"),
    ("wf.linspace(0, 1, n * n)", "linspace: there is not enough memory"),
    ("wide + 1", "add: there is not enough memory"),
    ("wf.zeros_like(wide)", "zeros: there is not enough memory"),
    ("wf.broadcast_to(x, (n, n, n, n))", "broadcast_to: there is not enough memory"),
    ("wf.pad(x, ((0, n * n),))", "pad: there is not enough memory"),
    ("wf.tile([1.0, 2.0], (n * n,))", "tile: there is not enough memory"),
    ("wf.repeat([1.0, 2.0], n * n)", "repeat: there is not enough memory"),
    ("wf.random.normal((n, n))", "normal: there is not enough memory"),
    ("wf.random.normal((n, n, n))", "normal: there is not enough memory"),
    ("wf.random.permutation(n * n)", "permutation: there is not enough memory"),
    ("wf.random.multinomial(n**3, probs=[0.5, 0.5])", "multinomial: there is not enough memory for so many numbers"),
    ("wf.resize(wf.ones((1, 4, 4, 3)), (n, n))", "resize: there is not enough memory: the result f32[1, 100000000, "),
]


@pytest.mark.parametrize(("call", "message"), CALLS, ids=[call for call, _ in CALLS])
def test_what_no_memory_holds_is_refused_at_once(call: str, message: str) -> None:
    x = wf.ones(1)
    names: dict[str, Any] = {"wf": wf, "n": HUGE, "x": x, "wide": wf.broadcast_to(x, (HUGE, HUGE))}
    with pytest.raises(OutOfMemoryError) as caught:
        eval(call, names)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, MemoryError)
    assert isinstance(caught.value, WeftError)


def test_the_error_shows_the_users_line_and_survives_pickling() -> None:
    with pytest.raises(MemoryError) as caught:
        wf.zeros((HUGE, HUGE))
    assert "test_allocation.py:" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 bytes"), (1023, "1.02e+03 bytes"), (1536, "1.5 KiB"), (2**63, "8 EiB")]
)
def test_numbers_of_bytes_are_readable(number: int, shown: str) -> None:
    assert allocation.readable(number) == shown
