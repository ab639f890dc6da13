"""The functions of the Python Array API standard 2024.12, with their signatures, and a call of each.

A call is the text between the parentheses. It is evaluated for weft and for NumPy with the same values by name;
`xp` is the library. Functions whose results NumPy has no counterpart for are compared in tests of their own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128",
)  # fmt: skip


class Function(NamedTuple):
    """A function of the standard: where it is, its name, its signature, and calls of it."""

    space: str
    name: str
    signature: str
    calls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.space}.{self.name}".lstrip(".")


def _one(names: str, call: str = "x") -> list[Function]:
    return [Function("", name, "x, /", (call,)) for name in names.split()]


def _two(names: str, call: str = "x, y") -> list[Function]:
    return [Function("", name, "x1, x2, /", (call,)) for name in names.split()]


def _main(name: str, signature: str, *calls: str) -> Function:
    return Function("", name, signature, calls)


def _linalg(name: str, signature: str, *calls: str) -> Function:
    return Function("linalg", name, signature, calls)


def _fft(name: str, signature: str, *calls: str) -> Function:
    return Function("fft", name, signature, calls)


REDUCE = "x, /, *, axis=None, keepdims=False"
SUMS = "x, /, *, axis=None, dtype=None, keepdims=False"
SCAN = "x, /, *, axis=None, dtype=None, include_initial=False"
SPREAD = "x, /, *, axis=None, correction=0.0, keepdims=False"
SORT = "x, /, *, axis=-1, descending=False, stable=True"
TRANSFORM = "x, /, *, n=None, axis=-1, norm='backward'"
TRANSFORM_N = "x, /, *, s=None, axes=None, norm='backward'"
LIKE = "x, /, *, dtype=None, device=None"

# fmt: off
FUNCTIONS: list[Function] = [
    _main("arange", "start, /, stop=None, step=1, *, dtype=None, device=None", "5", "1, 7, 2", "1, stop=7, step=2, dtype=xp.float64", "5, 0, -1"),
    _main("asarray", "obj, /, *, dtype=None, device=None, copy=None", "[[1, 2], [3, 4]]", "x, dtype=xp.float32, copy=True"),
    _main("empty", "shape, *, dtype=None, device=None", "(2, 0), dtype=xp.float64"),
    _main("empty_like", LIKE, "z, dtype=xp.float32"),
    _main("eye", "n_rows, n_cols=None, /, *, k=0, dtype=None, device=None", "3, dtype=xp.float64", "3, 4, k=-1, dtype=xp.int8"),
    _main("from_dlpack", "x, /, *, device=None, copy=None", "a"),
    _main("full", "shape, fill_value, *, dtype=None, device=None", "(2, 3), 7", "shape=2, fill_value=1, dtype=xp.int16"),
    _main("full_like", "x, /, fill_value, *, dtype=None, device=None", "x, 7", "x, fill_value=2, dtype=xp.int8"),
    _main("linspace", "start, stop, /, num, *, dtype=None, device=None, endpoint=True", "0, 1, 5, dtype=xp.float64", "0.0, 1.0, num=5, endpoint=False, dtype=xp.float64"),
    _main("meshgrid", "*arrays, indexing='xy'", "v, w", "v, w, v, indexing='ij'"),
    _main("ones", "shape, *, dtype=None, device=None", "(2, 3), dtype=xp.float64", "3, dtype=xp.bool"),
    _main("ones_like", LIKE, "x", "x, dtype=xp.int8"),
    _main("tril", "x, /, *, k=0", "x", "x, k=-1"),
    _main("triu", "x, /, *, k=0", "x", "x, k=1"),
    _main("zeros", "shape, *, dtype=None, device=None", "(2, 3), dtype=xp.float64", "shape=(), dtype=xp.int8"),
    _main("zeros_like", LIKE, "x", "x, dtype=xp.int8"),

    _main("astype", "x, dtype, /, *, copy=True, device=None", "x, xp.int32", "x, xp.float32, copy=False"),
    _main("can_cast", "from_, to, /"),
    _main("finfo", "type, /"),
    _main("iinfo", "type, /"),
    _main("isdtype", "dtype, kind"),
    _main("result_type", "*arrays_and_dtypes"),
    _main("__array_namespace_info__", ""),

    *_one("abs ceil conj cos cosh exp expm1 floor isfinite isinf isnan negative positive real round sign signbit sin sinh square tan tanh trunc asinh atan"),
    *_one("acosh log log1p log2 log10 reciprocal sqrt", "p + 1"),
    *_one("acos asin atanh", "p / 4"),
    *_one("imag conj real", "c"),
    *_one("bitwise_invert logical_not", "b"),
    *_two("add atan2 copysign divide equal greater greater_equal hypot less less_equal logaddexp maximum minimum multiply nextafter not_equal subtract"),
    *_two("floor_divide remainder", "x, p"),
    *_two("pow", "p, y"),
    *_two("bitwise_and bitwise_or bitwise_xor", "i, j"),
    *_two("bitwise_left_shift bitwise_right_shift", "i, 2"),
    *_two("logical_and logical_or logical_xor", "b, b[::-1]"),
    _main("clip", "x, /, min=None, max=None", "x, -0.5, 0.5", "x, min=0.0", "x, max=y"),

    _main("take", "x, indices, /, *, axis=None", "x, k, axis=1", "v, k"),
    _main("take_along_axis", "x, indices, /, *, axis=-1", "x, order", "x, order[:1], axis=0"),

    _main("matmul", "x1, x2, /", "x, y.T"),
    _main("matrix_transpose", "x, /", "x"),
    _main("tensordot", "x1, x2, /, *, axes=2", "x, y", "x, y, axes=((1,), (1,))"),
    _main("vecdot", "x1, x2, /, *, axis=-1", "x, y", "c, c, axis=0"),

    _main("broadcast_arrays", "*arrays", "x, v"),
    _main("broadcast_to", "x, /, shape", "v, (2, 3, 4)", "v, shape=(3, 4)"),
    _main("concat", "arrays, /, *, axis=0", "(x, y)", "[x, y], axis=1", "[x, y], axis=None"),
    _main("expand_dims", "x, /, *, axis=0", "x, axis=1", "x, axis=-1"),
    _main("flip", "x, /, *, axis=None", "x", "x, axis=(0, 1)", "x, axis=-1"),
    _main("moveaxis", "x, source, destination, /", "x, 0, -1", "x, (0, 1), (1, 0)"),
    _main("permute_dims", "x, /, axes", "x, (1, 0)", "x, axes=(1, 0)"),
    _main("repeat", "x, repeats, /, *, axis=None", "x, 2", "x, k[:3], axis=0"),
    _main("reshape", "x, /, shape, *, copy=None", "x, (4, 3)", "x, shape=(-1, 2), copy=True"),
    _main("roll", "x, /, shift, *, axis=None", "x, 2", "x, shift=(1, -1), axis=(0, 1)"),
    _main("squeeze", "x, /, axis", "x[:1], 0", "x[:1, :1], axis=(0, 1)"),
    _main("stack", "arrays, /, *, axis=0", "(x, y)", "[x, y], axis=-1"),
    _main("tile", "x, repetitions, /", "x, (2, 1)", "x, (2, 1, 2)"),
    _main("unstack", "x, /, *, axis=0", "x", "x, axis=1"),

    _main("argmax", REDUCE, "x", "x, axis=1, keepdims=True"),
    _main("argmin", REDUCE, "x", "x, axis=0"),
    _main("count_nonzero", REDUCE, "i", "i, axis=1, keepdims=True"),
    _main("nonzero", "x, /", "b"),
    _main("searchsorted", "x1, x2, /, *, side='left', sorter=None", "v, w, side='right'", "w, v, sorter=order_of_w"),
    _main("where", "condition, x1, x2, /", "x > 0, x, y"),

    _main("unique_all", "x, /", "i"), _main("unique_counts", "x, /", "i"),
    _main("unique_inverse", "x, /", "i"), _main("unique_values", "x, /"),

    _main("argsort", SORT, "x", "x, axis=0, stable=True"),
    _main("sort", SORT, "x", "x, axis=0, stable=True"),

    _main("cumulative_prod", SCAN, "v", "x, axis=1, include_initial=True"),
    _main("cumulative_sum", SCAN, "v, dtype=xp.float32", "x, axis=0, include_initial=True"),
    _main("max", REDUCE, "x", "x, axis=(0, 1), keepdims=True"),
    _main("min", REDUCE, "x", "x, axis=-1"),
    _main("mean", REDUCE, "x", "x, axis=0, keepdims=True"),
    _main("prod", SUMS, "x", "i, axis=1", "x, axis=0, dtype=xp.complex128"),
    _main("sum", SUMS, "x", "i, axis=(0, 1), keepdims=True", "b, dtype=xp.float64"),
    _main("std", SPREAD, "x", "x, axis=0, correction=1", "x, axis=1, keepdims=True"),
    _main("var", SPREAD, "x", "x, axis=0, correction=1.5", "x, axis=(0, 1), keepdims=True"),

    _main("all", REDUCE, "b", "b, axis=0, keepdims=True"),
    _main("any", REDUCE, "b", "b, axis=1"),
    _main("diff", "x, /, *, axis=-1, n=1, prepend=None, append=None", "x", "x, axis=0, n=2", "x, prepend=y, append=y"),

    _linalg("cholesky", "x, /, *, upper=False", "s", "s, upper=True"),
    _linalg("cross", "x1, x2, /, *, axis=-1", "s, q"),
    _linalg("det", "x, /", "s"),
    _linalg("diagonal", "x, /, *, offset=0", "x", "x, offset=1"),
    _linalg("eigh", "x, /"),
    _linalg("eigvalsh", "x, /", "s"),
    _linalg("inv", "x, /", "s"),
    _linalg("matmul", "x1, x2, /", "x, y.T"),
    _linalg("matrix_norm", "x, /, *, keepdims=False, ord='fro'", "x", "x, keepdims=True, ord='nuc'", "x, ord=2", "x, ord=-1"),
    _linalg("matrix_power", "x, n, /", "s, 3", "s, -1"),
    _linalg("matrix_rank", "x, /, *, rtol=None", "x", "s, rtol=0.5"),
    _linalg("matrix_transpose", "x, /", "x"),
    _linalg("outer", "x1, x2, /", "v, w"),
    _linalg("pinv", "x, /, *, rtol=None", "x", "x, rtol=0.01"),
    _linalg("qr", "x, /, *, mode='reduced'"),
    _linalg("slogdet", "x, /", "s"),
    _linalg("solve", "x1, x2, /", "s, q", "s, v[:3]"),
    _linalg("svd", "x, /, *, full_matrices=True"),
    _linalg("svdvals", "x, /", "x"),
    _linalg("tensordot", "x1, x2, /, *, axes=2", "x, y"),
    _linalg("trace", "x, /, *, offset=0, dtype=None", "x", "x, offset=1, dtype=xp.complex128"),
    _linalg("vecdot", "x1, x2, /, *, axis=-1", "x, y"),
    _linalg("vector_norm", "x, /, *, axis=None, keepdims=False, ord=2", "x", "x, axis=1, keepdims=True, ord=1", "x, axis=0, ord=xp.inf"),

    *(_fft(name, TRANSFORM, "c", "c, n=3, axis=0, norm='ortho'") for name in ("fft", "ifft")),
    *(_fft(name, TRANSFORM_N, "c", "c, s=(2, 3), axes=(0, 1), norm='forward'") for name in ("fftn", "ifftn")),
    _fft("rfft", TRANSFORM, "x", "x, n=5, axis=0"), _fft("irfft", TRANSFORM, "c", "c, n=5, axis=0"),
    _fft("rfftn", TRANSFORM_N, "x", "x, axes=(0,)"), _fft("irfftn", TRANSFORM_N, "c", "c, s=(3, 4), axes=(0, 1)"),
    _fft("hfft", TRANSFORM, "c", "c, n=5"), _fft("ihfft", TRANSFORM, "x", "x, n=3"),
    _fft("fftfreq", "n, /, *, d=1.0, dtype=None, device=None", "5, dtype=xp.float64", "5, d=2.0, dtype=xp.float64"),
    _fft("rfftfreq", "n, /, *, d=1.0, dtype=None, device=None", "5, dtype=xp.float64", "6, d=2.0, dtype=xp.float64"),
    _fft("fftshift", "x, /, *, axes=None", "x", "x, axes=1"), _fft("ifftshift", "x, /, *, axes=None", "x", "x, axes=0"),
]
# fmt: on


def function_of(library: Any, function: Function) -> Any:
    """The function itself, in a library."""
    space = getattr(library, function.space) if function.space else library
    return getattr(space, function.name)
