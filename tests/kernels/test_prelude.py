"""The prelude of generated C: it has what the op table names, and computes as NumPy does, in every number of lanes."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

from weft.kernels import build, prelude
from weft.runtime import dtypes
from weft.runtime.errors import BuildError
from weft.runtime.families import Elementwise
from weft.runtime.tensor import OPS

mp: Any = mpmath.mp  # a context made when it is imported, which checkers do not see into

FLOATS = ("f32", "f64")
INTEGERS = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")
HALVES = {"f16": dtypes.float16, "bf16": dtypes.bfloat16}
LANES = (1, 16)
TABLE = {name: op for name, op in OPS.items() if isinstance(op, Elementwise)}


def numpy_type(tag: str) -> np.dtype:
    """The NumPy dtype of a tag."""
    if tag in HALVES or tag == "bool":
        return HALVES.get(tag, np.dtype(bool))
    return np.dtype({"f": "float", "i": "int", "u": "uint"}[tag[0]] + tag[1:])


# -- what there is


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_function_that_the_op_table_names_is_there(name: str) -> None:
    op = TABLE[name]
    for dtype in op.takes - dtypes.COMPLEX:
        tag = "f32" if dtype in dtypes.HALVES else dtypes.short(dtype)
        for function in re.findall(r"(\w+)\(", op.c or ""):
            for lanes in (1, 2, 4, 8, 16, 32):
                assert prelude.definition(f"{function}_{tag}x{lanes}"), f"{function}_{tag}x{lanes} is not defined"


def test_only_what_a_program_names_is_given() -> None:
    text = prelude.text("y = wf_max_f32x16(a, b);")
    assert "FN f32x16 wf_max_f32x16(" in text
    assert "pick_f32x16(" in text
    assert "exp_f32x16" not in text
    assert "x8" not in text


def test_names_of_others_are_left_alone() -> None:
    assert prelude.names("my_x1 exp_f32x4 exp_f32x4 exp_f99x4 x2 t_3") == ["exp_f32x4"]


def test_every_name_in_the_prelude_is_defined() -> None:
    known = {name for name, _ in prelude.definitions()}
    for (name, single), found in prelude.definitions().items():
        lanes = 1 if single else 16
        for used in re.findall(r"\b(\w+_(?:[fiumbo]+\d*l?x)\d+)\(", found.of(lanes)):
            assert prelude.definition(used), f"{name} calls {used}"
    assert "exp_f32xN" in known


# -- what it computes


def loop(name: str, result: str, operands: Iterable[str], expression: str, lanes: int) -> str:
    """A C function that evaluates an expression of {0}, {1}... over arrays."""
    stored = lambda tag: {"bool": "u8", "f16": "u16", "bf16": "u16"}.get(tag, tag)
    operands = list(operands)
    loads = [f"load_part_{tag}x{lanes}(x{i} + i, n - i)" for i, tag in enumerate(operands)]
    parameters = "".join(f", const {stored(tag)} *x{i}" for i, tag in enumerate(operands))
    body = expression.format(*loads, n=lanes)
    return (
        f"void {name}({stored(result)} *y{parameters}, i64 n) {{ for (i64 i = 0; i < n; i += {lanes}) "
        f"store_part_{result}x{lanes}(y + i, {body}, n - i); }}"
    )


UNARY = ["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "wf_sigmoid", "wf_softplus", "erf", "erfc", "wf_erfinv", "lgamma", "wf_digamma"]  # fmt: skip
EXACT = {
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "wf_round": np.rint,
    "wf_sign": np.sign,
    "wf_abs": np.abs,
}
EXACT_TWO = {"wf_max": np.maximum, "wf_min": np.minimum, "copysign": np.copysign, "nextafter": np.nextafter,
             "wf_mod": np.remainder, "wf_floor_div": np.floor_divide}  # fmt: skip
TWO = ("wf_pow", "atan2", "hypot")
WHOLE = {"wf_floor_div": np.floor_divide, "wf_mod": np.remainder, "wf_shl": np.left_shift, "wf_shr": np.right_shift,
         "wf_max": np.maximum, "wf_min": np.minimum, "wf_pow": np.power}  # fmt: skip
CASTS = [(a, b) for a in (*FLOATS, *INTEGERS, "bool", *HALVES) for b in (*FLOATS, *INTEGERS, "bool", *HALVES)]


def cast_name(source: str, target: str) -> str:
    lane = lambda tag: {"bool": "m32", "f16": "f32", "bf16": "f32"}.get(tag, tag)
    return f"cast_f64_{target}" if source == "f64" and target in HALVES else f"cast_{lane(source)}_{lane(target)}"


def program() -> str:
    lines = []
    for n in LANES:
        for t in FLOATS:
            for f in (*UNARY, *EXACT):
                lines.append(loop(f"{f}_{t}_{n}", t, [t], f"{f}_{t}x{{n}}({{0}})", n))
            for f in (*TWO, *EXACT_TWO):
                lines.append(loop(f"{f}_{t}_{n}", t, [t, t], f"{f}_{t}x{{n}}({{0}}, {{1}})", n))
        for t in INTEGERS:
            for f in WHOLE:
                lines.append(loop(f"{f}_{t}_{n}", t, [t, t], f"{f}_{t}x{{n}}({{0}}, {{1}})", n))
        for a, b in CASTS:
            lines.append(loop(f"cast_{a}_{b}_{n}", b, [a], f"{cast_name(a, b)}x{{n}}({{0}})", n))
        for t in (*FLOATS, *INTEGERS):
            folds = [f"y[{i}] = {f}_{t}x{n}(load_{t}x{n}(x));" for i, f in enumerate(("sum", "prod", "max", "min"))]
            moves = (f"store_{t}x{n}(y + 4, load_strided_{t}x{n}(x, 2)); "
                     f"store_{t}x{n}(y + 4 + {n}, gather_{t}x{n}(x, iota_i64x{n}() * 3));")  # fmt: skip
            lines.append(f"void moved_{t}_{n}({t} *y, const {t} *x, i64 count) {{ {' '.join(folds)} {moves} }}")
    whole = "\n".join(lines)
    return f"{prelude.text(whole)}\n{whole}"


@cache
def library() -> ctypes.CDLL:
    """Everything above, compiled once."""
    try:
        build.compiler()
    except BuildError as error:
        pytest.skip(f"no C compiler: {error}")
    return build.library(program(), ("-O1",), name="prelude")


def called(name: str, result: np.ndarray, *operands: np.ndarray, count: int | None = None) -> np.ndarray:
    pointers = [ctypes.c_void_p(np.ascontiguousarray(x).ctypes.data) for x in (result, *operands)]
    getattr(library(), name)(*pointers, ctypes.c_int64(result.size if count is None else count))
    return result


def same(found: np.ndarray, wanted: np.ndarray, *operands: np.ndarray) -> None:
    """Equal, NaN as NaN, and zeros with their sign."""
    with np.errstate(invalid="ignore"):
        equal = (found == wanted) | ((found != found) & (wanted != wanted))
    if found.dtype.kind == "f":
        equal &= (np.signbit(found) == np.signbit(wanted)) | (found != found)
    at = np.flatnonzero(~equal)
    assert not at.size, [(*(x[i] for x in operands), found[i], wanted[i]) for i in at[:5]]


SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.0, -2.0, 2.5, 3.0, -3.0, math.nan, math.inf, -math.inf, 1e-40, -1e-310, 5e-324,
           100.0, -100.0, 88.72, 88.73, 89.5, -103.9, 709.7, 710.5, -745.2, 8193.0, 1e6, 3e9, 1e17, 1e30, -1e300)  # fmt: skip


def floats(tag: str, count: int, seed: int = 0) -> np.ndarray:
    """Special values, any bit patterns, and ordinary numbers."""
    rng, dtype = np.random.default_rng(seed), numpy_type(tag)
    bits = rng.integers(0, 1 << 8 * dtype.itemsize, count, dtype=np.uint64).astype(f"u{dtype.itemsize}")
    ordinary = [
        rng.normal(size=count) * 3,
        rng.normal(size=count) * 30,
        rng.uniform(-1, 1, count),
        1 + rng.normal(size=count) / 100,
    ]
    with np.errstate(all="ignore"):
        return np.concatenate([np.array(SPECIAL).astype(dtype), bits.view(dtype), *(x.astype(dtype) for x in ordinary)])


LIMIT = {"wf_erfinv": 4.0, "lgamma": 4.0, "wf_digamma": 8.0}  # ulp; others 2.5
TRUTH = {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "wf_sigmoid": lambda x: 1 / (1 + np.exp(-x)), "wf_softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "wf_pow": np.power, "atan2": np.arctan2, "hypot": np.hypot,
}  # fmt: skip
SPECIAL_TRUTH = {
    "erf": mp.erf, "erfc": mp.erfc, "wf_erfinv": mp.erfinv, "wf_digamma": mp.digamma,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
}  # fmt: skip
SPECIAL_RANGE = {
    "erf": (-7, 7),
    "erfc": (-5, 26),
    "wf_erfinv": (-1, 1),
    "lgamma": (0.001, 30),
    "wf_digamma": (0.001, 30),
}


def check_ulp(name: str, found: np.ndarray, wanted: np.ndarray, *operands: np.ndarray) -> None:
    """Within the limit of units in the last place; what is not finite, and zeros, exactly."""
    with np.errstate(all="ignore"):
        nearest = wanted.astype(found.dtype)
        finite = np.isfinite(nearest) & (nearest != 0)
        same(found[~finite], nearest[~finite], *(x[~finite] for x in operands))
        unit = np.spacing(np.maximum(np.abs(nearest[finite]), np.finfo(found.dtype).tiny))
        error = np.abs(found[finite].astype(np.longdouble) - wanted[finite]) / unit
    error = np.where(np.isnan(error), np.inf, error)
    worst = int(error.argmax())
    assert error[worst] <= LIMIT.get(name, 2.5), (error[worst], *(x[finite][worst] for x in operands))


def extended() -> type:
    """A float with more digits than float64 has."""
    if np.finfo(np.longdouble).nmant <= 52:
        pytest.skip("long double is no longer than double here")
    return np.longdouble


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("tag", FLOATS)
@pytest.mark.parametrize("name", [f for f in UNARY if f not in SPECIAL_TRUTH])
def test_a_function_is_accurate_and_meets_special_values(name: str, tag: str, lanes: int) -> None:
    x = floats(tag, 20000)
    with np.errstate(all="ignore"):
        wanted = TRUTH.get(name, getattr(np, name, None))(x.astype(extended()))  # pyright: ignore[reportOptionalCall]
    check_ulp(name, called(f"{name}_{tag}_{lanes}", np.empty_like(x), x), wanted, x)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("tag", FLOATS)
@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_is_accurate_and_meets_special_values(name: str, tag: str, lanes: int) -> None:
    special = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        pairs = np.stack(np.meshgrid(special, special)).reshape(2, -1).astype(numpy_type(tag))
    x, y = (np.concatenate([floats(tag, 8000, i), pairs[i]]) for i in (0, 1))
    with np.errstate(all="ignore"):
        wanted = TRUTH[name](x.astype(extended()), y.astype(extended()))
    check_ulp(name, called(f"{name}_{tag}_{lanes}", np.empty_like(x), x, y), wanted, x, y)


@pytest.mark.parametrize("tag", FLOATS)
@pytest.mark.parametrize("name", SPECIAL_TRUTH)
def test_a_special_function_is_accurate(name: str, tag: str) -> None:
    low, high = SPECIAL_RANGE[name]
    x = np.random.default_rng(3).uniform(low, high, 400).astype(numpy_type(tag))
    with mp.workdps(30):
        wanted = np.array([np.longdouble(str(SPECIAL_TRUTH[name](mp.mpf(float(v))))) for v in x])
    for lanes in LANES:
        check_ulp(name, called(f"{name}_{tag}_{lanes}", np.empty_like(x), x), wanted, x)


@pytest.mark.parametrize("tag", FLOATS)
@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "lgamma", "digamma"])
def test_a_special_function_meets_special_values_as_eager_does(name: str, tag: str) -> None:
    x = np.array([0.0, -0.0, 1.0, -1.0, -2.0, 2.0, math.nan, math.inf, -math.inf, 40.0]).astype(numpy_type(tag))
    function = re.findall(r"(\w+)\(", TABLE[name].c or "")[0]
    with np.errstate(all="ignore"):
        wanted = TABLE[name].kernel(x)
    for lanes in LANES:
        found = called(f"{function}_{tag}_{lanes}", np.empty_like(x), x)
        plain = np.isfinite(wanted)
        same(found[~plain], wanted[~plain], x[~plain])
        np.testing.assert_allclose(found[plain], wanted[plain], rtol=1e-6, atol=1e-7 if tag == "f32" else 1e-15)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("tag", FLOATS)
@pytest.mark.parametrize("name", [*EXACT, *EXACT_TWO])
def test_rounding_and_remainders_are_numpys_to_the_bit(name: str, tag: str, lanes: int) -> None:
    x, y = floats(tag, 3000, 1), np.random.default_rng(5).permutation(floats(tag, 3000, 2))
    operands = (x,) if name in EXACT else (x, y)
    with np.errstate(all="ignore"):
        wanted = (EXACT | EXACT_TWO)[name](*operands)
    if name in ("wf_max", "wf_min"):  # of two zeros NumPy gives either
        wanted = np.where((x == 0) & (y == 0), y, wanted)
    same(called(f"{name}_{tag}_{lanes}", np.empty_like(x), *operands), wanted, *operands)


def integers(tag: str, seed: int) -> np.ndarray:
    info, rng = np.iinfo(numpy_type(tag)), np.random.default_rng(seed)
    edges = np.array([0, 1, 2, 3, 7, info.min, info.max, info.max - 1, info.min + 1], info.dtype)
    drawn = rng.integers(info.min, info.max, 2000, info.dtype, endpoint=True)
    return rng.permutation(np.concatenate([edges, edges, drawn, rng.integers(0, 9, 2000).astype(info.dtype)]))


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("tag", INTEGERS)
@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_numpys(name: str, tag: str, lanes: int) -> None:
    x, y = integers(tag, 1), integers(tag, 2)
    if name == "wf_pow":
        y = (np.where(y < 0, 0, y) % 20).astype(y.dtype)
    with np.errstate(all="ignore"):
        wanted = WHOLE[name](x, y)
    same(called(f"{name}_{tag}_{lanes}", np.empty_like(x), x, y), wanted, x, y)


def fits(x: np.ndarray, target: str) -> np.ndarray:
    """Where NumPy gives a float the same integer on every path: u32 keeps it within bounds only."""
    with np.errstate(all="ignore"):
        return (x > -1) & (x < 2.0**32) if target == "u32" else np.ones(x.shape, bool)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(("source", "target"), CASTS)
def test_casts_are_numpys(source: str, target: str, lanes: int) -> None:
    x = (
        integers(source, 3)
        if source in INTEGERS
        else floats(source, 2000, 4)
        if source != "bool"
        else integers("u8", 3) > 99
    )
    if source in (*FLOATS, *HALVES):
        edges = [
            127.5,
            128,
            -129,
            255.9,
            256,
            65504,
            65519,
            65520,
            2.0**31,
            2.0**32,
            2.0**63,
            -(2.0**63),
            6e-8,
            2.98e-8,
            1e-7,
        ]
        with np.errstate(all="ignore"):
            x = np.concatenate([x, np.array(edges).astype(x.dtype)])
            x = x[fits(x.astype(np.float64), target)]
    with np.errstate(all="ignore"):
        wanted = x.astype(numpy_type(target))
    same(called(f"cast_{source}_{target}_{lanes}", np.empty(x.shape, wanted.dtype), x), wanted, x)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("tag", [*FLOATS, *INTEGERS])
def test_lanes_fold_and_gather(tag: str, lanes: int) -> None:
    x = (np.arange(48) % 3 + 1).astype(numpy_type(tag))
    y = called(f"moved_{tag}_{lanes}", np.empty(4 + 2 * lanes, x.dtype), x)
    part = x[:lanes]
    folds = [part.sum(dtype=x.dtype), part.prod(dtype=x.dtype), part.max(), part.min()]
    same(y, np.concatenate([np.array(folds, x.dtype), x[: 2 * lanes : 2], x[: 3 * lanes : 3]]))


def test_tails_touch_no_memory_beyond_them() -> None:
    for count in range(1, 17):
        x, y = np.arange(16, dtype=np.float32), np.full(17, -1, np.float32)
        called("wf_abs_f32_16", y, x, count=count)
        assert np.array_equal(y[:count], x[:count])
        assert (y[count:] == -1).all()
