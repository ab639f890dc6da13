"""What creation, shaping, reduction, scan, sorting and set functions refuse, and what they say."""

from __future__ import annotations

import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, ShapeError, WeftError
from weft.runtime.tensor import OPS

# fmt: off
REFUSED: list[tuple[str, type[WeftError], str]] = [
    ("wf.sum(x, axis=2)", AxisError, r"sum: axis 2 is out of range for 2 axes"),
    ("wf.sum(x, axis=(0, -2))", AxisError, r"sum: axes \(0, -2\) name an axis twice"),
    ("wf.sum(x, axis=1.5)", DTypeError, r"sum: axis 1.5 is no integer"),
    ("wf.sum(c, dtype=wf.float32)", DTypeError, r"sum: c64\[2, 3\] does not fit dtype float32"),
    ("wf.max(c)", DTypeError, r"max: c64\[2, 3\] has dtype complex64, which max does not take"),
    ("wf.max(none)", ShapeError, r"max: f32\[0, 3\] has no elements to choose from"),
    ("wf.argmin(none, axis=0)", ShapeError, r"argmin: f32\[0, 3\] has no elements to choose from"),
    ("wf.concat([x, i])", ShapeError, r"concat: f32\[2, 3\] and i64\[6\] cannot be joined along axis 0"),
    ("wf.concat([])", ArgumentError, r"concat: given no tensors"),
    ("wf.concat(3)", ArgumentError, r"concat: given one int, not a sequence of tensors"),
    ("wf.concat([x, x], axis=2)", AxisError, r"concat: axis 2 is out of range"),
    ("wf.stack([x, i])", ShapeError, r"stack: f32\[2, 3\] and i64\[6\] differ in shape"),
    ("wf.stack([x, x], axis=4)", AxisError, r"stack: axis 4 is out of range for 3 axes"),
    ("wf.unstack(wf.tensor(1.0))", AxisError, r"unstack: axis 0 is out of range for 0 axes"),
    ("wf.split(x, 2, axis=1)", ShapeError, r"split: axis 1 of f32\[2, 3\] does not divide into 2 equal parts"),
    ("wf.split(x, 0)", ShapeError, r"split: axis 0 of f32\[2, 3\] does not divide into 0 equal parts"),
    ("wf.array_split(x, 0)", ArgumentError, r"array_split: 0 parts"),
    ("OPS['split_lengths'](x, lengths=(1, 2), axis=0)", ShapeError, r"split: lengths \(1, 2\) of axis 0 of f32\[2, 3\]"),
    ("wf.reshape(x, (4, 2))", ShapeError, r"reshape: f32\[2, 3\] has 6 elements, which shape \(4, 2\) cannot hold"),
    ("wf.reshape(x, (-1, -1))", ShapeError, r"reshape: f32\[2, 3\] has 6 elements, which shape \(-1, -1\) cannot hold"),
    ("wf.reshape(x, (-2, -3))", ShapeError, r"reshape: f32\[2, 3\] has 6 elements, which shape \(-2, -3\) cannot hold"),
    ("wf.reshape(x, (0, -1))", ShapeError, r"reshape: f32\[2, 3\] has 6 elements"),
    ("wf.reshape(x, 6.5)", DTypeError, r"reshape: 6.5 is not made of integers"),
    ("wf.squeeze(x, 0)", ShapeError, r"squeeze: axis 0 of f32\[2, 3\] has length 2, not 1"),
    ("wf.expand_dims(x, axis=5)", AxisError, r"expand_dims: axis 5 is out of range for 3 axes"),
    ("wf.permute_dims(x, (0,))", ShapeError, r"permute_dims: 1 axes given for f32\[2, 3\]"),
    ("wf.permute_dims(x, (0, 0))", AxisError, r"permute_dims: axes \(0, 0\) name an axis twice"),
    ("wf.broadcast_to(x, (2, 2))", ShapeError, r"broadcast_to: f32\[2, 3\] does not broadcast to \(2, 2\)"),
    ("wf.broadcast_to(x, (3,))", ShapeError, r"broadcast_to: f32\[2, 3\] does not broadcast to \(3,\)"),
    ("wf.broadcast_arrays(x, i)", ShapeError, r"broadcast_arrays: shapes do not broadcast: f32\[2, 3\] and i64\[6\]"),
    ("wf.moveaxis(x, 0, 5)", AxisError, r"moveaxis: axis 5 is out of range"),
    ("wf.moveaxis(x, (0, 1), 0)", ShapeError, r"moveaxis: 2 axes and 1 places"),
    ("wf.swapaxes(x, 0, 2)", AxisError, r"swapaxes: axis 2 is out of range"),
    ("wf.flip(x, axis=2)", AxisError, r"flip: axis 2 is out of range"),
    ("wf.roll(x, (1, 2), axis=0)", ShapeError, r"roll: shifts \(1, 2\) for axis 0"),
    ("wf.repeat(x, -1)", ArgumentError, r"repeat: repeats is -1"),
    ("wf.repeat(x, 1.5)", ArgumentError, r"repeat: repeats is 1.5"),
    ("wf.repeat(x, [1, 2], axis=1)", ShapeError, r"repeat: 2 numbers of repeats for 3 elements along axis 1"),
    ("wf.tile(x, -1)", ShapeError, r"tile: shape \(-1,\) has a negative length"),
    ("wf.pad(x, (1, 2, 3))", ShapeError, r"pad: pad_width \(1, 2, 3\) for f32\[2, 3\]"),
    ("wf.pad(x, -1)", ShapeError, r"pad: pad_width -1 for f32\[2, 3\]"),
    ("wf.pad(x, 1, 'bounce')", ArgumentError, r"pad: mode is 'bounce'"),
    ("wf.pad(none, 1, 'edge')", ShapeError, r"pad: axis 0 of f32\[0, 3\] has no elements to repeat"),
    ("wf.tril(i)", ShapeError, r"tril: i64\[6\] is no matrix"),
    ("wf.triu(i)", ShapeError, r"triu: i64\[6\] is no matrix"),
    ("i.T", ShapeError, r"T: i64\[6\] is no matrix"),
    ("wf.arange(0, 5, 0)", ArgumentError, r"arange: the step from 0 to 5 is 0"),
    ("x[::0]", ArgumentError, r"index: a slice with step 0"),
    ("wf.diff(x, n=-1)", ArgumentError, r"diff: n is -1"),
    ("wf.fft.fftfreq(0)", ArgumentError, r"fftfreq: n is 0"),
    ("wf.scatter(x, [0], 1.0, mode='mean')", ArgumentError, r"scatter: there is no mode 'mean'"),
    ("OPS['index_sum'](x, wf.tensor([[0]]), shape=(4,), axes=(0,))", ShapeError, r"index_sum: f32\[2, 3\] for places of shape \(1,\)"),
    ("wf.tensor(['a'])", DTypeError, r"dtype\('<U1'\) is not a dtype of weft"),
    ("wf.tensor([object()])", DTypeError, r"a tensor holds numbers, not object"),
    ("wf.arange('a')", ArgumentError, r"arange: 'a' is no number"),
    ("wf.linspace(0, 1, -1)", ArgumentError, r"linspace: num is -1"),
    ("wf.eye(-1)", ShapeError, r"eye: shape \(-1, -1\) has a negative length"),
    ("wf.full(2, 300, dtype=wf.int8)", DTypeError, r"full: 300 does not fit int8"),
    ("wf.zeros((2, -1))", ShapeError, r"zeros: shape \(2, -1\) has a negative length"),
    ("wf.zeros(2.5)", DTypeError, r"zeros: 2.5 is not made of integers"),
    ("wf.zeros(2, dtype='float128')", DTypeError, r"'float128' is not a dtype of weft"),
    ("wf.asarray([1.0], copy=False)", ArgumentError, r"asarray: copy=False, but these values must be copied"),
    ("wf.cumulative_sum(x)", ShapeError, r"cumulative_sum: f32\[2, 3\] has 2 axes and none was named"),
    ("wf.cumulative_prod(x, axis=3)", AxisError, r"cumulative_prod: axis 3 is out of range"),
    ("wf.cumulative_max(c, axis=0)", DTypeError, r"cumulative_max: c64\[2, 3\] has dtype complex64"),
    ("OPS['linear_recurrence'](x, i)", ShapeError, r"linear_recurrence: a is f32\[2, 3\] and b i64\[6\]"),
    ("wf.diff(wf.tensor(1.0))", AxisError, r"diff: axis -1 is out of range for 0 axes"),
    ("wf.diff(x, n=-1)", ArgumentError, r"diff: n is -1"),
    ("wf.sort(c)", DTypeError, r"sort: c64\[2, 3\] has dtype complex64"),
    ("wf.argsort(wf.tensor(1.0))", AxisError, r"argsort: axis -1 is out of range for 0 axes"),
    ("wf.top_k(x, 4)", ShapeError, r"top_k: k is 4 for axis 1 of f32\[2, 3\]"),
    ("wf.searchsorted(x, i)", ShapeError, r"searchsorted: x1 is f32\[2, 3\]"),
    ("wf.searchsorted(i, x, side='up')", ArgumentError, r"searchsorted: side is 'up'"),
    ("wf.nonzero(wf.tensor(1.0))", ShapeError, r"nonzero: f32\[\] has no axes"),
    ("wf.quantile(x, 2)", ArgumentError, r"quantile: q is 2, which is not between 0 and 1"),
    ("wf.quantile(x, float('nan'))", ArgumentError, r"quantile: q is nan"),
    ("wf.median(none)", ShapeError, r"median: f32\[0, 3\] has no elements to choose from"),
    ("wf.bincount([-1])", ArgumentError, r"bincount: an element is -1"),
    ("wf.bincount([1.5])", DTypeError, r"bincount: f32\[1\] has dtype float32"),
    ("wf.bincount([1, 2], [1.0])", ShapeError, r"bincount: given i64\[2\] with weights f32\[1\]"),
    ("wf.meshgrid(x)", ShapeError, r"meshgrid: f32\[2, 3\] has 2 axes"),
    ("wf.meshgrid(i, indexing='yx')", ArgumentError, r"meshgrid: indexing is 'yx'"),
    ("wf.isdtype(wf.float32, 'floaty')", ArgumentError, r"isdtype: 'floaty' is not a kind of dtypes"),
    ("wf.finfo(wf.int32)", DTypeError, r"finfo: int32 is no floating dtype"),
    ("wf.iinfo(wf.float32)", DTypeError, r"iinfo: float32 is no integer dtype"),
    ("wf.tensor(300, wf.int8)", DTypeError, r"a tensor: 300 does not fit int8"),
    ("wf.tensor([[1, -1]], wf.uint8)", DTypeError, r"a tensor: -1 does not fit uint8"),
    ("wf.asarray([1.0, 1e10], dtype=wf.int32)", DTypeError, r"a tensor: 10000000000.0 does not fit int32"),
    ("wf.full(2, float('nan'), wf.int64)", DTypeError, r"full: nan does not fit int64"),
    ("wf.Variable(2**63, dtype=wf.int64)", DTypeError, r"a tensor: 9223372036854775808 does not fit int64"),
    ("wf.tensor(2**64)", DTypeError, r"a tensor: no integer dtype holds integers as large as these"),
    ("wf.tensor([-1, 2**63])", DTypeError, r"a tensor: no integer dtype holds integers as large as these"),
    ("wf.histogram(x, weights=i)", ShapeError, r"histogram: x is f32\[2, 3\], weights are i64\[6\]"),
    ("wf.histogram(x, 0)", ArgumentError, r"histogram: .*positive"),
    ("wf.histogram(x * wf.nan)", ArgumentError, r"histogram: .*not finite"),
    ("x + None", DTypeError, r"add: operand 1 is None, given f32\[2, 3\], None"),
    ("None * x", DTypeError, r"multiply: operand 0 is None, given None, f32\[2, 3\]"),
    ("x < None", DTypeError, r"less: operand 1 is None"),
    ("wf.sum(None)", DTypeError, r"sum: operand 0 is None"),
    ("wf.scatter(wf.zeros(3, wf.int8), [0], [300])", DTypeError, r"scatter: 300 does not fit int8"),
    ("wf.scatter(wf.zeros(3, wf.int8), [0], 300)", DTypeError, r"scatter: .*300 out of bounds for int8"),
    ("wf.scatter(x, [0], [1, 2])", ShapeError, r"scatter: value i64\[2\] does not broadcast"),
    ("wf.index_add(wf.zeros(3, wf.uint8), [0], [[-1]])", DTypeError, r"index_add: -1 does not fit uint8"),
    ("wf.index_add(wf.zeros(3, wf.bool), [0], [True])", DTypeError, r"index_add: bool\[3\] has dtype bool, which index_add does not"),
    ("wf.scatter_nd([[0]], [1.5, 2], (3,))", ShapeError, r"scatter_nd: value f32\[2\] does not broadcast"),
    ("wf.scatter_nd_update(x, [[0]], 1j)", DTypeError, r"scatter_nd_update: value 1j does not fit into f32"),
    ("wf.segment_max(c, [0, 0])", DTypeError, r"segment_max: .* which segment_max does not take"),
    ("wf.clip(x, wf.ones(2))", ShapeError, r"clip: shapes do not broadcast"),
    ("wf.clip(x, None, wf.ones(2))", ShapeError, r"clip: shapes do not broadcast"),
    ("wf.clip(c, 0, 1)", DTypeError, r"clip: no complex64 version"),
    ("wf.median(c)", DTypeError, r"median: c64\[2, 3\] has dtype complex64, which median does not take"),
    ("wf.median(x, axis=2)", AxisError, r"median: axis 2 is out of range"),
    ("wf.full(3, [1, 2])", ShapeError, r"full: i64\[2\] does not broadcast to shape \(3,\)"),
    ("wf.full(3, [300, 1, 2], wf.int8)", DTypeError, r"full: 300 does not fit int8"),
    ("wf.full(3, 1j, wf.float32)", DTypeError, r"full: complex numbers do not fit float32"),
    ("wf.tensor([1j], wf.float32)", DTypeError, r"a tensor: complex numbers do not fit float32"),
    ("wf.arange(float('nan'))", ArgumentError, r"arange: from 0 to nan by 1"),
    ("wf.arange(wf.inf)", ArgumentError, r"arange: from 0 to inf by 1"),
    ("wf.linspace(0, 1, float('nan'))", DTypeError, r"linspace: \[nan\] is not made of integers"),
    ("wf.tensor([2, 3]) ** -1", ArgumentError, r"pow: an integer to a negative power is no integer"),
    ("2 ** wf.tensor(-1)", ArgumentError, r"pow: an integer to a negative power is no integer"),
    ("wf.zeros((1,) * 70)", ShapeError, r"zeros: the result has 70 axes"),
    ("wf.reshape(1.0, (1,) * 70)", ShapeError, r"reshape: the result has 70 axes"),
    ("wf.ones((1,) * 64)[None]", ShapeError, r"index: the result has 65 axes"),
    ("wf.zeros((0, 10**30))", ShapeError, r"zeros: an axis of f32\[0, 10+\] is too long"),
    ("wf.astype(x, 'str')", DTypeError, r"'str' is not a dtype of weft"),
]
# fmt: on


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[call for call, _, _ in REFUSED])
def test_bad_call_is_refused(call: str, kind: type[WeftError], message: str) -> None:
    x, i, none = wf.ones((2, 3)), wf.arange(6), wf.zeros((0, 3))
    names = {"wf": wf, "x": x, "i": i, "none": none, "c": wf.astype(x, wf.complex64), "OPS": OPS}
    with pytest.raises(kind, match=message):
        eval(call, names)


def test_one_axis_is_one_integer() -> None:
    with pytest.raises(TypeError, match=r"argmax: axis is one integer or None, not \(0, 1\)"):
        OPS["argmax"](wf.ones((2, 3)), axis=(0, 1))


def test_unknown_argument_shows_the_signature() -> None:
    with pytest.raises(TypeError, match=r"its signature is sum\(x, /, \*, axis=None, keepdims=False, dtype=None\)"):
        OPS["sum"](wf.ones(2), axes=1)


def test_what_an_elementwise_op_does_not_take_is_refused_in_its_name() -> None:
    with pytest.raises(TypeError, match=r"^round\(\) takes 1 positional argument but 2 were given"):
        OPS["round"](wf.ones(2), 2)
    with pytest.raises(TypeError, match=r"^add\(\) missing 1 required positional argument"):
        OPS["add"](wf.ones(2))
