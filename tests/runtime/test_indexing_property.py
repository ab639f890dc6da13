"""Random shapes and indices: values, gradients and assignment agree with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import weft as wf

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
COMMON = settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def basic(draw: Any) -> tuple[np.ndarray, Any]:
    """An array, and an index of positions, slices, dots and new axes."""
    shape = draw(SHAPES)
    index = draw(hnp.basic_indices(shape, min_dims=0, allow_newaxis=True, allow_ellipsis=True))
    return numbers(shape), index


@st.composite
def mixed(draw: Any) -> tuple[np.ndarray, Any]:
    """An array, and an index in which arrays stand between everything else."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    places = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    parts: list[Any] = []
    axis = 0
    while axis < len(shape) and draw(st.integers(0, 7)):
        if draw(st.integers(0, 5)) == 0:
            parts.append(None)
        part, used = draw(part_of(shape[axis:], places))
        parts.append(part)
        axis += used
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), ...)
        if parts[-1] is not ... and draw(st.booleans()):
            parts = [p for p in parts if p is not ...]
    return numbers(shape), fitting(shape, tuple(parts))


def fitting(shape: tuple[int, ...], parts: tuple[Any, ...]) -> Any:
    """The parts, without the dots if NumPy would not take them there."""
    try:
        np.zeros(shape)[parts]
    except IndexError:
        return tuple(part for part in parts if part is not ...)
    return parts


@st.composite
def part_of(draw: Any, lengths: tuple[int, ...], places: tuple[int, ...]) -> tuple[Any, int]:
    """A part of an index, and how many axes it stands for."""
    n = lengths[0]
    kind = draw(st.sampled_from(["array", "array", "list", "position", "slice", "mask"]))
    if kind == "position":
        return draw(st.integers(-n, n - 1)), 1
    if kind == "slice":
        return draw(st.slices(n)), 1
    if kind == "mask" and places == ():
        used = draw(st.integers(1, len(lengths)))
        mask = np.zeros(lengths[:used], bool)
        mask.flat[draw(st.integers(0, mask.size - 1))] = True  # one place: it broadcasts with the others
        return mask, used
    array = draw(hnp.arrays(draw(st.sampled_from(["int64", "int8"])), places, elements=st.integers(-n, n - 1)))
    return (array.tolist() if kind == "list" and places and array.size else array), 1


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)


def check(array: np.ndarray, index: Any) -> None:
    expected = array[index]
    x, weights = wf.tensor(array), np.asarray(numbers(expected.shape))
    np.testing.assert_array_equal(x[index].numpy(), expected, strict=True)

    dx = np.zeros_like(array)
    np.add.at(dx, index, weights)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = (x[index] * weights).sum()
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), dx, strict=True)

    changed = array.copy()
    changed[index] = -weights
    z = wf.tensor(array)
    z[index] = -weights
    np.testing.assert_array_equal(z.numpy(), changed, strict=True)
    check_assignment(array, index, weights, changed)


def check_assignment(array: np.ndarray, index: Any, weights: np.ndarray, changed: np.ndarray) -> None:
    """The recorded assignment: its value, and the gradients of both operands."""
    x, v = wf.tensor(array), wf.tensor(-weights)
    with wf.GradientTape() as tape:
        tape.watch(x, v)
        z = wf.asarray(x)
        z[index] = v
        y = (z * array).sum()
    np.testing.assert_array_equal(z.numpy(), changed, strict=True)
    dx, dv = tape.gradient(y, [x, v])
    kept = np.ones(array.shape, bool)
    kept[index] = False
    np.testing.assert_allclose(dx.numpy(), array * kept)
    stayed = changed[index] == -weights  # the values differ, so this tells whose value stayed
    np.testing.assert_allclose(dv.numpy(), array[index] * stayed)


@COMMON
@given(basic())
def test_basic_indices(case: tuple[np.ndarray, Any]) -> None:
    check(*case)


@COMMON
@given(mixed())
def test_mixed_indices(case: tuple[np.ndarray, Any]) -> None:
    check(*case)


@COMMON
@given(hnp.arrays(bool, SHAPES))
def test_masks(mask: np.ndarray) -> None:
    check(numbers(mask.shape), mask)
    check(numbers((*mask.shape, 2)), (mask, [1]) if mask.sum() == 1 else mask)


@COMMON
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_along_an_axis(data: st.DataObject, shape: tuple[int, ...]) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    places = list(shape)
    places[axis] = data.draw(st.integers(0, 3))
    n = shape[axis]
    indices = data.draw(hnp.arrays("int64", tuple(places), elements=st.integers(-n, n - 1)))
    x, values = numbers(shape), numbers(tuple(places))
    np.testing.assert_array_equal(
        wf.take_along_axis(x, indices, axis=axis).numpy(), np.take_along_axis(x, indices, axis)
    )
    expected = x.copy()
    np.put_along_axis(expected, indices, values, axis)
    np.testing.assert_array_equal(wf.put_along_axis(x, indices, values, axis=axis).numpy(), expected)
