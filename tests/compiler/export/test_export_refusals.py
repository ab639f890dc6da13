"""What a file cannot hold is refused when it is exported; a call that does not fit, when it is made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import TABLE, batch, there_and_back

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ExportError, ShapeError

N = wf.spec(["n"])
HELD = {"table": TABLE}


class Counter:
    count = 0


counter = Counter()


def prints(x: Any) -> Any:
    print("x is", x)
    return x


def raises(x: Any) -> Any:
    if wf.sum(x) > 0.0:
        raise ValueError("too large")
    return x


def counts(x: Any) -> Any:
    counter.count += 1
    return x


def fills(x: Any) -> Any:
    x[0] = 1.0
    return x


def three(x: Any) -> Any:
    return x + np.zeros(x.shape[0], np.float32)


def gives_a_function(x: Any) -> Any:
    return x, wf.exp


def gives_what_is_outside(x: Any) -> Any:
    return x, HELD


REFUSED = {
    "printing": (prints, (N,), r'call prints, raises or calls Python while it runs(.|\n)*py:\d+   print\("x is", x\)'),
    "raising": (raises, (N,), r"(?s)call prints, raises or calls.*py:\d+   (if wf.sum|raise ValueError)"),
    "Python objects that change": (counts, (N,), "call changes Counter.count, a Python object"),
    "arguments that change": (fills, (N,), "call changes x, a Python object"),
    "sizes that are numbers": (three, (N,), r"leaves n open, and the function needs n == 192(.|\n)*np.zeros\(x.shape"),
    "functions as results": (gives_a_function, (N,), "a part of the result is a Elementwise, which a bundle cannot hold"),
    "objects from outside": (gives_what_is_outside, (N,), "gives back an object that was made outside of it"),
    "arguments that are no specs": (prints, ({1, 2},), "call: argument x: a set is no spec"),
    "too few specs": (lambda x, y: x, (N,), "call: argument y has no spec"),
    "too many specs": (prints, (N, N), "call takes 1 arguments, 2 specs are given"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_file_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    function, specs, message = REFUSED[name]
    with pytest.raises(ExportError, match=message):
        wf.export(function, *specs, path=tmp_path / "model.weft")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("signatures", "message"),
    [
        ({}, "there is nothing to export"),
        ({"a b": (abs, N)}, "'a b' is no name for an entry"),
        ({"step": (N,)}, "the signature step does not begin with a function"),
    ],
)
def test_signatures_are_checked(signatures: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        wf.export(path=tmp_path / "model.weft", signatures=signatures)


def scaled(x: Any, options: Any, rate: float, double: bool) -> Any:
    return x * options["w"] * rate * (2.0 if double else 1.0)


X, W = batch(3, 2), batch(2, 2)[0]
CALLS = {
    "another length": ((X[:, :1], {"w": W}, 0.5, True), ShapeError, "argument x: f32[n, 2] is expected, f32[3, 1] is given; axis 1 is 1, not 2"),
    "fewer axes": ((W, {"w": W}, 0.5, True), ShapeError, "argument x: f32[n, 2] is expected, f32[2] is given"),
    "another dtype": ((X.astype(np.float64), {"w": W}, 0.5, True), DTypeError, "argument x: f32[n, 2] is expected, f64[3, 2] is given"),
    "a list": (([1.0], {"w": W}, 0.5, True), ArgumentError, "argument x: f32[n, 2] is expected, a list of 1 is given"),
    "another nesting": ((X, {"v": W}, 0.5, True), ArgumentError, "argument options: a dict of 'w' is expected, a dict of 'v' is given"),
    "a tensor for a number": ((X, {"w": W}, X, True), ArgumentError, "argument rate: a float is expected, f32[3, 2] is given"),
    "another fixed value": ((X, {"w": W}, 0.5, False), ArgumentError, "argument double: True is expected, False is given"),
    "no rows": ((X[:0], {"w": W}, 0.5, True), ShapeError, "n is 0; the graph holds for n >= 1 only"),
    "too few": ((X, {"w": W}), ArgumentError, "rate, double are missing"),
    "too many": ((X, {"w": W}, 0.5, True, 3), ArgumentError, "5 arguments are given"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_does_not_fit_is_refused_by_name(name: str, tmp_path: Path) -> None:
    given, kind, message = CALLS[name]
    loaded = there_and_back(tmp_path, scaled, wf.spec(["n", 2]), {"w": wf.spec([2])}, 0.1, True)
    with pytest.raises(kind, match=f"^call: .*{re.escape(message)}"):
        loaded(*given)


def test_arguments_by_keyword_are_bound_to_names(tmp_path: Path) -> None:
    loaded = there_and_back(tmp_path, scaled, wf.spec(["n", 2]), {"w": wf.spec([2])}, 0.1, True)
    assert np.allclose(loaded(X, double=True, rate=0.5, options={"w": W}).numpy(), X * W)
    with pytest.raises(ArgumentError, match="call: x is given twice"):
        loaded(X, {"w": W}, 0.5, x=X)
    with pytest.raises(ArgumentError, match="call: speed is no argument"):
        loaded(X, {"w": W}, 0.5, speed=1)


def test_one_name_is_one_size(tmp_path: Path) -> None:
    loaded = there_and_back(tmp_path, lambda x, y: x + y, N, N)
    with pytest.raises(ShapeError, match=r"argument y: f32\[n\] is expected, f32\[3\] is given; n is 2 in x, 3 here"):
        loaded(X[0], X[:, 0])


def test_what_a_graph_asked_of_sizes_holds_in_calls(tmp_path: Path) -> None:
    def halves(x: Any) -> Any:
        return wf.reshape(x, (2, -1)) if x.shape[0] % 2 == 0 else x

    loaded = there_and_back(tmp_path, halves, N)
    assert loaded(batch(2, 2)[0]).shape == (2, 1)
    with pytest.raises(ShapeError, match=r"call: n is 3; the graph holds for .* only"):
        loaded(X[:, 0])


def test_a_model_that_builds_itself_in_a_branch_is_called_first(tmp_path: Path) -> None:
    layer = wf.nn.Dense(3)

    def late(x: Any) -> Any:
        return layer(x) if wf.sum(x) > 0.0 else wf.zeros((2, 3))

    with pytest.raises(ExportError, match="its Dense makes its variables at its first call"):
        wf.export(late, wf.spec([2, 4]), path=tmp_path / "model.weft")
