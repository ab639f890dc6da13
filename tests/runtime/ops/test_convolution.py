"""Convolutions against sums written out, in every setting; layouts; gradients; refusals."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError
from weft.runtime.ops import convolution_kernels
from weft.runtime.ops.convolution import conv, conv_dx

CONVS: dict[int, Any] = {1: wf.conv1d, 2: wf.conv2d, 3: wf.conv3d}
TRANSPOSED = {1: wf.conv_transpose1d, 2: wf.conv_transpose2d, 3: wf.conv_transpose3d}


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def pairs_of(
    padding: Any, lengths: tuple[int, ...], reach: list[int], stride: tuple[int, ...]
) -> list[tuple[int, int]]:
    if padding == "valid":
        return [(0, 0)] * len(lengths)
    if padding == "same":
        totals = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(lengths, stride, reach, strict=True)]
        return [(t // 2, t - t // 2) for t in totals]
    if isinstance(padding, int):
        return [(padding, padding)] * len(lengths)
    return [(p, p) if isinstance(p, int) else tuple(p) for p in padding]


def written_out(x: np.ndarray, w: np.ndarray, stride: int, padding: Any, dilation: int, groups: int) -> np.ndarray:
    """A convolution as its definition says: a sum for each output element."""
    kernel, n = w.shape[:-2], w.ndim - 2
    strides = (stride,) * n
    reach = [(k - 1) * dilation + 1 for k in kernel]
    pads = pairs_of(padding, x.shape[1:-1], reach, strides)
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    out = [(m - r) // stride + 1 for m, r in zip(x.shape[1:-1], reach, strict=True)]
    y = np.zeros((x.shape[0], *out, w.shape[-1]), x.dtype)
    c, m = w.shape[-2], w.shape[-1] // groups
    for at in itertools.product(*map(range, out)):
        for k in itertools.product(*map(range, kernel)):
            place = tuple(i * stride + j * dilation for i, j in zip(at, k, strict=True))
            for g in range(groups):
                seen = x[(slice(None), *place, slice(g * c, (g + 1) * c))]
                y[(slice(None), *at, slice(g * m, (g + 1) * m))] += seen @ w[k][:, g * m : (g + 1) * m]
    return y


SETTINGS = [
    {},
    {"padding": "same"},
    {"padding": 1, "stride": 2},
    {"padding": "same", "stride": 2},
    {"padding": "same", "dilation": 2},
    {"stride": 3, "dilation": 2, "padding": 2},
    {"groups": 2},
    {"groups": 2, "stride": 2, "padding": "same"},
    {"groups": 4, "padding": 1},
]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_convolution_is_its_definition(n: int, settings: dict[str, Any]) -> None:
    every = {"stride": 1, "padding": "valid", "dilation": 1, "groups": 1, **settings}
    x = drawn(2, *(9, 7, 6)[:n], 4)
    w = drawn(*(3, 2, 3)[:n], 4 // every["groups"], 8, seed=1)
    wf.testing.assert_close(CONVS[n](x, w, **settings), written_out(x, w, **every))


@pytest.mark.parametrize("padding", [((1, 0), (2, 1)), (1, 2), ((0, 0), 1), [1, [0, 2]]])
def test_padding_may_differ_by_axis_and_side(padding: Any) -> None:
    x, w = drawn(1, 5, 6, 2), drawn(3, 3, 2, 3, seed=1)
    wf.testing.assert_close(wf.conv2d(x, w, padding=padding), written_out(x, w, 1, padding, 1, 1))


def test_a_depthwise_convolution_may_have_a_multiplier() -> None:
    x, w = drawn(2, 6, 5, 3), drawn(3, 2, 1, 6, seed=1)
    wf.testing.assert_close(wf.conv2d(x, w, groups=3, stride=2), written_out(x, w, 2, "valid", 1, 3))


def test_windows_of_one_element_are_a_product_of_matrices() -> None:
    x, w = drawn(2, 4, 3, 5), drawn(1, 1, 5, 2, seed=1)
    wf.testing.assert_close(wf.conv2d(x, w), x @ w[0, 0])
    wf.testing.assert_close(wf.conv2d(x, w, stride=2), x[:, ::2, ::2] @ w[0, 0])


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = drawn(3, 9, 8, 4), drawn(3, 3, 4, 4, seed=1)
    whole = wf.conv2d(x, w, padding="same"), wf.conv2d(x, w[:, :, :1], groups=4)
    grads = gradients(x, w, {"padding": "same"}), gradients(x, w, {"stride": 2})
    for limit in (1, 2000, 20_000):  # rows, some rows, an image
        monkeypatch.setattr(convolution_kernels, "BLOCK_BYTES", limit)
        monkeypatch.setattr(convolution_kernels, "CACHE_BYTES", limit)
        wf.testing.assert_close((wf.conv2d(x, w, padding="same"), wf.conv2d(x, w[:, :, :1], groups=4)), whole)
        wf.testing.assert_close((gradients(x, w, {"padding": "same"}), gradients(x, w, {"stride": 2})), grads)


def gradients(x: np.ndarray, w: np.ndarray, settings: dict[str, Any]) -> Any:
    a, b = wf.asarray(x), wf.asarray(w)
    with wf.GradientTape() as tape:
        tape.watch(a, b)
        y = wf.sum(wf.square(wf.conv2d(a, b, **settings)))
    return tape.gradient(y, (a, b))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_agree_with_differences_to_order_2(settings: dict[str, Any]) -> None:
    w = drawn(3, 2, 4 // settings.get("groups", 1), 4, seed=1)
    wf.testing.check_grads(lambda x, w: wf.conv2d(x, w, **settings), [drawn(2, 7, 6, 4), w])


@pytest.mark.parametrize("channels", [(4, 2), (2, 8)])  # back as a convolution, back by adding windows
def test_both_ways_back_to_the_input_agree_with_differences(channels: tuple[int, int]) -> None:
    convolve = lambda x, w: wf.conv2d(x, w, padding=((2, 0), (1, 3)), dilation=(1, 2))
    wf.testing.check_grads(convolve, [drawn(2, 4, 6, channels[0]), drawn(3, 2, *channels, seed=1)])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_channels_first_is_the_layout_of_pytorch(n: int) -> None:
    x, w, b = drawn(2, *(5, 6, 4)[:n], 4), drawn(*(3, 2, 2)[:n], 2, 6, seed=1), drawn(6, seed=2)
    last = CONVS[n](x, w, b, groups=2).numpy()
    first = CONVS[n](np.moveaxis(x, -1, 1), np.moveaxis(w, (-1, -2), (0, 1)), b, groups=2, layout="channels_first")
    wf.testing.assert_close(first, np.moveaxis(last, -1, 1))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("settings", [*SETTINGS, {"stride": 3, "output_padding": 1}], ids=str)
def test_transposed_convolution_carries_back_what_a_convolution_carries_forth(n: int, settings: dict[str, Any]) -> None:
    """<conv(a), x> is <a, conv_transpose(x)>, for every a."""
    forth = {key: value for key, value in settings.items() if key != "output_padding"}
    w = drawn(*(3, 2, 3)[:n], 4 // settings.get("groups", 1), 8, seed=1)
    x = drawn(2, *(4, 5, 3)[:n], 8)
    y = TRANSPOSED[n](x, w, **settings).numpy()
    a = drawn(*y.shape, seed=3)
    wf.testing.assert_close(np.sum(a * y), np.sum(CONVS[n](a, w, **forth).numpy() * x))


def test_transposed_lengths_follow_the_formula() -> None:
    x, w = wf.ones((1, 4, 2)), wf.ones((3, 5, 2))
    lengths = lambda **settings: wf.conv_transpose1d(x, w, **settings).shape[1]
    assert lengths() == 6
    assert lengths(stride=2) == 9
    assert lengths(stride=2, output_padding=1) == 10
    assert lengths(stride=2, padding=1, output_padding=1) == 8
    assert lengths(stride=2, padding="same") == 8
    assert lengths(dilation=2) == 8


def test_transposed_convolution_is_differentiable_to_order_2() -> None:
    transposed = lambda x, w: wf.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)
    wf.testing.check_grads(transposed, [drawn(2, 3, 3, 2), drawn(3, 3, 4, 2, seed=1)])


def test_transposed_channels_first_is_the_layout_of_pytorch() -> None:
    x, w, b = drawn(2, 4, 3, 6), drawn(2, 3, 5, 6, seed=1), drawn(5, seed=2)
    last = wf.conv_transpose2d(x, w, b, stride=2).numpy()
    first = wf.conv_transpose2d(np.moveaxis(x, -1, 1), w.transpose(3, 2, 0, 1), b, stride=2, layout="channels_first")
    wf.testing.assert_close(first, np.moveaxis(last, -1, 1))


def test_the_bias_is_added_to_each_channel() -> None:
    x, w, b = drawn(1, 4, 4, 2), drawn(3, 3, 2, 3, seed=1), np.array([1.0, 2.0, 3.0])
    wf.testing.assert_close(wf.conv2d(x, w, b), wf.conv2d(x, w).numpy() + b)


def test_halves_are_summed_in_float32() -> None:
    x = wf.full((1, 64, 64), 1.0, dtype="float16")
    assert wf.conv1d(x, wf.full((1, 64, 1), 40.0, dtype="float16"))[0, 0, 0].item() == 2560
    assert wf.conv1d(x, wf.ones((3, 64, 2), dtype="bfloat16")).dtype == np.float32


def test_integers_are_convolved_exactly() -> None:
    y = wf.conv1d(np.array([[[1], [2], [3]]], np.int32), np.array([[[1]], [[-1]]], np.int32))
    assert y.dtype == np.int32
    assert y.tolist() == [[[-1], [-1]]]


def test_complex_convolution_has_the_gradients_of_its_parts() -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=s) + 1j * rng.normal(size=s) for s in ((1, 4, 2), (2, 2, 3)))
    wf.testing.assert_close(wf.conv1d(x, w), written_out(x, w, 1, "valid", 1, 1))


def test_lists_and_arrays_of_any_memory_order_are_operands() -> None:
    x, w = drawn(1, 5, 5, 2), drawn(2, 2, 2, 3, seed=1)
    expected = wf.conv2d(x, w)
    wf.testing.assert_close(wf.conv2d(np.asfortranarray(x), w[::-1, ::-1][::-1, ::-1]), expected)
    wf.testing.assert_close(wf.conv2d(x.tolist(), w.tolist()), expected, rtol=1e-4)
    swapped = x.astype(">f8")
    swapped.setflags(write=False)
    wf.testing.assert_close(wf.conv2d(swapped, w), expected)


@pytest.mark.parametrize("shape", [(0, 5, 5, 2), (2, 5, 5, 0)])
def test_an_empty_batch_or_no_channels_give_their_shape(shape: tuple[int, ...]) -> None:
    w = wf.ones((3, 3, shape[-1], 4))
    assert wf.conv2d(wf.ones(shape), w).shape == (shape[0], 3, 3, 4)
    assert wf.conv2d(wf.ones(shape), w).numpy().sum() == 0


def test_nan_stays_in_the_windows_that_see_it() -> None:
    x = np.ones((1, 6, 1))
    x[0, 0] = np.nan
    assert np.isnan(wf.conv1d(x, np.ones((2, 1, 1))).numpy()[0, :, 0]).tolist() == [True, False, False, False, False]


IMAGE, WEIGHTS = wf.ones((2, 5, 5, 4)), wf.ones((3, 3, 4, 6))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.conv2d(wf.ones((5, 5, 4)), WEIGHTS), ShapeError, r"conv2d: the input is f32\[5, 5, 4\].*4 axes"),
        (lambda: wf.conv2d(wf.ones((5, 5, 4)), WEIGHTS, layout="channels_first"), ShapeError, r"\(batch, channels, height, width\)"),
        (lambda: wf.conv2d(IMAGE, wf.ones((3, 4, 6))), ShapeError, r"the weights are f32\[3, 4, 6\]"),
        (lambda: wf.conv2d(IMAGE, wf.ones((3, 3, 5, 6))), ShapeError, "the input has 4 channels, but weights .* take 5"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, groups=2), ShapeError, "has 4 channels, .* in 2 groups take 8"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, groups=4), ShapeError, "6 output channels cannot be split into 4 groups"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, groups=0), ShapeError, "into 0 groups"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, dilation=3), ShapeError, r"window of length 7 is larger than the input, which has lengths \(5, 5\)"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, stride=-1), ArgumentError, "stride is -1"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, stride=(1, 2, 3)), ArgumentError, r"stride is \(1, 2, 3\)"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, dilation=0), ArgumentError, "dilation is 0"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, padding="full"), ArgumentError, "padding is 'full'"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, padding=-1), ArgumentError, "padding is -1"),
        (lambda: CONVS[2](IMAGE, WEIGHTS, padding=1.5), ArgumentError, "padding is 1.5"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, layout="NHWC"), ArgumentError, "layout is 'NHWC'"),
        (lambda: wf.conv2d(IMAGE, WEIGHTS, wf.ones((5,))), ShapeError, r"the bias is f32\[5\].*\n.*\n.*each of 6 channels"),
        (lambda: wf.conv2d(IMAGE, wf.ones((0, 3, 4, 6))), ShapeError, "an empty window"),
        (lambda: wf.conv2d(IMAGE > 0, WEIGHTS), DTypeError, "has dtype bool, which conv does not take"),
        (lambda: conv(IMAGE, wf.ones((3, 4, 6))), ShapeError, r"the input is f32\[2, 5, 5, 4\], the weights are"),
        (lambda: wf.conv_transpose2d(IMAGE, WEIGHTS), ShapeError, "the input has 4 channels, but weights .* take 6"),
        (lambda: wf.conv_transpose2d(IMAGE, wf.ones((3, 3, 6, 4)), output_padding=1), ArgumentError, "is not less than stride"),
        (lambda: wf.conv_transpose2d(IMAGE, wf.ones((3, 3, 6, 4)), padding=4), ShapeError, "leaves an output of lengths"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=f"(?s){says}"):
        call()


def test_conv_dx_refuses_lengths_that_do_not_give_the_cotangent() -> None:
    with pytest.raises(ShapeError, match=r"conv_dx: .* is not what weights"):
        conv_dx(wf.ones((1, 3, 2)), wf.ones((3, 1, 2)), lengths=(9,))
