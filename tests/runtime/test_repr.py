"""Tensors as text and in notebooks."""

from __future__ import annotations

import numpy as np
import pytest

import weft as wf

REPRS = [
    (wf.tensor([1.0, 2.0]), "Tensor([1., 2.], f32)"),
    (wf.tensor(6.0), "Tensor(6., f32)"),
    (wf.tensor(6), "Tensor(6, i64)"),
    (wf.tensor(True), "Tensor(True, bool)"),
    (wf.tensor([True, False]), "Tensor([ True, False], bool)"),
    (wf.tensor([1 + 2j]), "Tensor([1.+2.j], c64)"),
    (wf.tensor([0.1, 1.0], dtype="bfloat16"), "Tensor([0.1, 1. ], bf16)"),
    (wf.tensor([0.1], dtype="float16"), "Tensor([0.1], f16)"),
    (wf.tensor([0.1], dtype="float64"), "Tensor([0.1], f64)"),
    (wf.tensor([1, 2], dtype="uint8"), "Tensor([1, 2], u8)"),
    (wf.zeros((0, 3)), "Tensor([], f32[0, 3])"),
    (wf.zeros(0, dtype="bool"), "Tensor([], bool[0])"),
    (wf.tensor([float("nan"), float("inf")]), "Tensor([nan, inf], f32)"),
    (wf.tensor([[1.0, 2.0], [3.0, 4.0]]), "Tensor([[1., 2.],\n        [3., 4.]], f32)"),
    (wf.arange(2000), "Tensor([   0,    1,    2, ..., 1997, 1998, 1999], i64[2000])"),
    (wf.Variable([1.0, 2.0], name="v"), "Variable('v', [1., 2.], f32)"),
]


@pytest.mark.parametrize(("x", "expected"), REPRS, ids=[expected for _, expected in REPRS])
def test_repr(x: object, expected: str) -> None:
    assert repr(x) == expected


def test_repr_of_a_wide_matrix_is_summarised() -> None:
    text = repr(wf.ones((100, 100)))
    assert text.count("\n") == 6
    assert text.endswith("f32[100, 100])")
    assert "..." in text


def test_repr_follows_the_print_options_of_numpy() -> None:
    with np.printoptions(precision=2):
        assert repr(wf.tensor([0.123456])) == "Tensor([0.12], f32)"


def test_str_shows_the_values_alone() -> None:
    assert str(wf.tensor([1.0, 2.0])) == "[1., 2.]"
    assert str(wf.tensor(6.0)) == "6."
    assert str(wf.Variable(3, name="n")) == "3"


def test_a_single_element_formats_as_a_number() -> None:
    loss = wf.tensor(0.12345)
    assert f"{loss:.3f}" == "0.123"
    assert f"{wf.tensor([7]):04d}" == "0007"
    assert f"{wf.tensor(2.0, dtype='bfloat16'):.1f}" == "2.0"
    assert f"{wf.tensor(2)}" == "2"
    assert f"{wf.tensor(0.5)}" == "0.5"
    assert f"{wf.tensor([1.0, 2.0])}" == "[1., 2.]"
    assert f"{wf.Variable(1.5):.2f}" == "1.50"
    with pytest.raises(TypeError, match=r"format '\.2f' is for a single element, not for f32\[2\]"):
        format(wf.tensor([1.0, 2.0]), ".2f")


def test_a_notebook_shows_a_small_table() -> None:
    html = wf.tensor([[1.0, 2.5], [3.0, 1e-9]])._repr_html_()
    assert "f32[2, 2]" in html
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 4
    assert "<td>2.5</td><" in html
    assert "1e-09" in html


def test_a_notebook_shows_the_ends_of_long_axes() -> None:
    html = wf.ones((100, 50))._repr_html_()
    assert html.count("<tr>") == 9
    assert '<td colspan="9">⋮</td>' in html
    assert html.count("…") == 8


@pytest.mark.parametrize("x", [wf.zeros((2, 2, 2)), wf.tensor(1j), wf.zeros((0, 2)), wf.tensor([True, 1 > 2])])
def test_a_notebook_shows_every_shape(x: wf.Tensor) -> None:
    html = x._repr_html_()
    assert html.startswith("<div")
    assert html.endswith("</div>")
    assert "cpu" in html


def test_html_is_escaped() -> None:
    from weft.runtime import display

    assert "<script>" not in display.notebook(np.zeros(2), "<script>")


def test_a_device_that_is_not_the_cpu_is_shown() -> None:
    from weft.runtime import display

    assert display.text(np.zeros(1, np.float32), "cuda:0") == "Tensor([0.], f32, cuda:0)"
