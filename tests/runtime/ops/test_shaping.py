"""Shaping and joining against NumPy, with gradients; views must never let a value change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf

X = np.random.default_rng(4).normal(size=(2, 3, 4))
Y = np.random.default_rng(5).normal(size=(3, 4))

# The same text for both libraries; `xp` is the library, x and y the operands.
CALLS = [
    "xp.reshape(x, (4, -1))", "xp.reshape(x, 24)", "xp.reshape(x, [2, 12])", "xp.permute_dims(x, (2, 0, 1))", "xp.transpose(x)",
    "xp.transpose(x, (1, 0, 2))", "xp.swapaxes(x, 0, -1)", "xp.moveaxis(x, 0, 1)", "xp.moveaxis(x, (0, 1), (-1, -2))",
    "xp.moveaxis(x, -1, 0)", "xp.expand_dims(x, (0, -1))", "xp.squeeze(x[:1])", "xp.squeeze(x[:1], axis=-3)",
    "xp.flip(x)", "xp.flip(x, axis=(0, -1))", "xp.roll(x, 5)", "xp.roll(x, (1, -2), axis=(0, 2))", "xp.roll(x, 1, axis=(0, 1))",
    "xp.roll(x, -7, axis=2)", "xp.repeat(x, 2)", "xp.repeat(x, 3, axis=1)", "xp.repeat(x, [2, 0, 1], axis=1)", "xp.repeat(y, 0, axis=0)",
    "xp.tile(x, 2)", "xp.tile(x, (2, 1))", "xp.tile(y, (2, 1, 2))", "xp.tile(y, (1, 0))", "xp.broadcast_to(y, (2, 3, 4))",
    "xp.concat([x, x], axis=1)", "xp.concat([x, y], axis=None)", "xp.concat([y, y[:0], y[:1]])", "xp.stack([y, y, y], axis=1)",
    "xp.stack([y, y], -1)", "xp.split(x, 3, axis=1)", "xp.split(x, [1, 3], axis=-1)", "xp.split(y, [2, 1, -1])", "xp.split(y, [5])",
    "xp.array_split(y, 2)", "xp.array_split(y, 5)", "xp.unstack(x, axis=1)", "xp.tril(x)", "xp.triu(y, k=1)", "xp.tril(y, k=-1)",
    "xp.pad(y, 1)", "xp.pad(y, (1, 2), constant_values=2.5)", "xp.pad(y, ((1, 0), (0, 3)), 'edge')", "xp.pad(y, ((2, 2), (3, 1)), 'reflect')",
    "xp.pad(y, 5, 'reflect')", "xp.pad(y, 7, 'symmetric')", "xp.pad(y, 9, 'wrap')", "xp.pad(y[:1], 2, 'reflect')", "xp.pad(x, 1, 'wrap')",
    "xp.meshgrid(y[0], y[:, 0])", "xp.meshgrid(y[0], y[1, :2], y[2], indexing='ij')", "xp.broadcast_arrays(x, y, y[:1])",
    "xp.diff(x)", "xp.diff(x, n=2, axis=1)", "xp.diff(x, n=9)", "xp.diff(y, prepend=0, append=y)",
]  # fmt: skip


def run(library: Any, text: str, x: Any, y: Any) -> list[Any]:
    result = eval(text, {"xp": library, "x": x, "y": y})
    return list(result) if isinstance(result, list | tuple) else [result]


@pytest.mark.parametrize("text", CALLS)
def test_result_agrees_with_numpy(text: str) -> None:
    ours, reference = run(wf, text, wf.asarray(X), wf.asarray(Y)), run(np, text, X, Y)
    assert [z.shape for z in ours] == [z.shape for z in reference]
    for z, wanted in zip(ours, reference, strict=True):
        np.testing.assert_array_equal(z.numpy(), wanted)


@pytest.mark.parametrize("text", CALLS)
def test_gradient_agrees_with_central_differences(text: str) -> None:
    wf.testing.check_grads(lambda x, y: [z * z for z in run(wf, text, x, y)], (X, Y), directions=1)


def test_lists_and_numbers_are_operands() -> None:
    numbers: Any = [1, 2, 3, 4]
    assert wf.reshape(numbers, (2, 2)).tolist() == [[1, 2], [3, 4]]
    assert wf.stack([1, 2.5]).tolist() == [1, 2.5]
    assert wf.concat([[1], [2.5]]).tolist() == [1, 2.5]
    assert wf.flatten(3).tolist() == [3]


def test_a_result_does_not_change_with_its_operand() -> None:
    x = wf.asarray([[1, 2], [3, 4]])
    results = [
        wf.reshape(x, (4,)),
        x.T,
        wf.flip(x),
        wf.squeeze(wf.expand_dims(x)),
        wf.unstack(x)[0],
        wf.broadcast_to(x, (1, 2, 2)),
    ]
    before = [y.tolist() for y in results]
    x[0, 0] = 9
    assert [y.tolist() for y in results] == before


def test_a_joined_cotangent_has_the_dtype_of_each_operand() -> None:
    x, y = wf.asarray([1.0]), wf.asarray([2.0 + 1j])
    dx, dy = wf.grad(lambda x, y: wf.sum(wf.real(wf.concat([x, y]) * 2)), argnums=(0, 1))(x, y)
    assert (dx.dtype, dy.dtype) == (wf.float32, wf.complex64)
    dx, dy = wf.grad(lambda x, y: wf.sum(wf.abs(wf.stack([x, y]))), argnums=(0, 1))(x, y)
    assert (dx.dtype, dy.dtype) == (wf.float32, wf.complex64)


def test_unused_parts_have_zero_gradient() -> None:
    x = wf.asarray([1.0, 2.0, 3.0])
    assert wf.grad(lambda x: wf.unstack(x)[1] ** 2)(x).tolist() == [0, 4, 0]
    assert wf.grad(lambda x: wf.sum(wf.split(x, [1])[0]))(x).tolist() == [1, 0, 0]
    assert wf.grad(lambda x: wf.sum(wf.split(x, 1)[0]))(x).tolist() == [1, 1, 1]


def test_astype_passes_gradients_between_floating_dtypes() -> None:
    x = wf.asarray([1.0, 2.0])
    dx = wf.grad(lambda x: wf.sum(wf.astype(x, wf.float64) ** 2))(x)
    assert (dx.dtype, dx.tolist()) == (wf.float32, [2, 4])
    assert wf.astype(x, wf.float32, copy=False) is x
    assert wf.astype(x, wf.float32) is not x
    assert wf.astype(wf.asarray([1 + 2j]), wf.float32).tolist() == [1]
    assert wf.astype(wf.asarray([2j, 0j]), wf.bool).tolist() == [True, False]


def test_asarray_of_tensors_in_lists_passes_gradients() -> None:
    x = wf.asarray([1.0, 2.0])
    assert wf.grad(lambda x: wf.sum(wf.asarray([[x[0], 3.0], [x[1], x[1]]]) ** 2))(x).tolist() == [2, 8]
    total: Any = wf.sum
    assert wf.grad(lambda x: total([x[0], x[0]]))(x).tolist() == [2, 0]
