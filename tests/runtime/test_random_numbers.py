"""Distributions: the numbers of a seed, their statistics, parameters, gradients, and what is refused."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import quantile
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, GradientError, ShapeError
from weft.runtime.ops.implicit_gamma import gamma_slope
from weft.runtime.ops.random import random_bits

N = 100_000
r = wf.random
NORMAL = statistics.NormalDist()


def seeded(seed: int = 5) -> wf.random.Generator:
    return wf.random.Generator(seed)


def drawn(name: str, *args: Any, **kwargs: Any) -> np.ndarray:
    return getattr(wf.random, name)(*args, generator=seeded(), **kwargs).numpy()


# --- the numbers of a seed ---------------------------------------------------------------------------------------


def test_uniform_floats_are_the_top_bits_of_their_words() -> None:
    words = drawn("bits", (101,)).astype(np.uint64)
    assert np.array_equal(drawn("uniform", (101,)), ((words >> 8) * 2.0**-24).astype(np.float32))
    assert np.array_equal(drawn("uniform", (101,), dtype="float16"), ((words >> 21) * 2.0**-11).astype(np.float16))
    assert np.array_equal(drawn("uniform", (101,), dtype="bfloat16").astype(float), (words >> 24) * 2.0**-8)
    wide = drawn("bits", (101,), dtype="uint64")
    assert np.array_equal(drawn("uniform", (101,), dtype="float64"), (wide >> 11) * 2.0**-53)


def exact_normal(words: np.ndarray, bits: int) -> np.ndarray:
    """By inversion with Python's own quantile: the top bit is the sign, the others the tail."""
    top = 1 << (bits - 1)
    shift = 0 if bits == 32 else 11
    tails = [((int(w) % top >> shift) + 0.5) * 2.0 ** (shift - bits) for w in words]
    return np.array([-NORMAL.inv_cdf(p) * (-1 if int(w) >= top else 1) for w, p in zip(words, tails, strict=True)])


def test_normal_numbers_are_quantiles_of_their_words() -> None:
    narrow = drawn("bits", (2000,))
    np.testing.assert_allclose(drawn("normal", (2000,)), exact_normal(narrow, 32), rtol=2e-6, atol=2e-7)
    wide = drawn("bits", (2000,), dtype="uint64")
    np.testing.assert_allclose(drawn("normal", (2000,), dtype="float64"), exact_normal(wide, 64), rtol=1e-13)


def test_normal_numbers_reach_far_and_stay_finite() -> None:
    words = np.array([0, 1, 2, 500, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1], np.uint32)
    np.testing.assert_allclose(quantile.normal32(words), exact_normal(words, 32), rtol=2e-6, atol=1e-7)
    wide = np.array([0, 1 << 11, (1 << 63) - 1, 1 << 63, (1 << 64) - 1], np.uint64)
    np.testing.assert_allclose(quantile.normal64(wide), exact_normal(wide, 64), rtol=1e-13)


@pytest.mark.parametrize("p", [1e-300, 1e-17, 1e-9, 0.01, 0.075, 0.3, 0.5, 0.9, 0.925, 1 - 1e-9])
def test_the_normal_quantile_agrees_with_pythons(p: float) -> None:
    assert quantile.normal_quantile(np.array([p]))[0] == pytest.approx(NORMAL.inv_cdf(p), rel=1e-14, abs=1e-15)


# fmt: off
PINNED = [
    ("uniform",          ((3,),),                          {},                    [0.7659821510314941, 0.0697069764137268, 0.9837367534637451]),
    ("normal",           ((4,),),                          {},                    [-0.62501037, 1.4779767, -0.040777206, -0.086015612]),
    ("normal",           ((2,),),                          {"dtype": "float64"},  [1.4779766729282477, -0.08601562087008814]),
    ("truncated_normal", ((3,),),                          {"dtype": "float64"},  [-1.3451682366226334, 1.594038539447589, -0.9470415923786573]),
    ("integers",         ((8,), 0, 100),                   {},                    [76, 6, 98, 96, 34, 15, 57, 11]),
    ("integers",         ((2,), -(2**62), 2**62 + 5),      {},                    [-3968752321926810610, -2790485803327018997]),
    ("permutation",      (8,),                             {},                    [0, 3, 2, 5, 4, 6, 7, 1]),
    ("categorical",      (np.log([0.2, 0.3, 0.5]), (10,)), {},                    [0, 2, 0, 0, 2, 0, 2, 2, 0, 2]),
    ("poisson",          ((6,), 3.0),                      {},                    [2, 6, 2, 3, 1, 2]),
    ("poisson",          ((6,), 300.0),                    {},                    [291, 335, 285, 304, 280, 289]),
    ("gamma",            ((2,), 0.5),                      {"dtype": "float64"},  [0.008349757765286363, 0.024580181378676763]),
    ("gamma",            ((2,), 5.0),                      {"dtype": "float64"},  [5.699088996351085, 4.341418417615175]),
]
# fmt: on


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), PINNED)
def test_numbers_of_a_seed_are_pinned(name: str, args: Any, kwargs: Any, expected: list[float]) -> None:
    tolerance = 1e-12 if kwargs else 1e-6
    np.testing.assert_allclose(drawn(name, *args, **kwargs), expected, rtol=tolerance)


def test_element_numbers_do_not_depend_on_how_many_are_drawn() -> None:
    for name, args in [("gamma", (0.7,)), ("poisson", (40.0,)), ("integers", (0, 3 << 30)), ("truncated_normal", ())]:
        assert np.array_equal(drawn(name, (9,), *args), drawn(name, (40_000,), *args)[:9])


# --- statistics --------------------------------------------------------------------------------------------------


def phi(x: np.ndarray) -> np.ndarray:
    return np.array([NORMAL.cdf(v) for v in x])


# fmt: off
CONTINUOUS: list[tuple[str, tuple[Any, ...], Callable[[np.ndarray], np.ndarray]]] = [
    ("uniform",          (),          lambda x: x),
    ("uniform",          (-3.0, 5.0), lambda x: (x + 3.0) / 8.0),
    ("normal",           (),          phi),
    ("normal",           (2.0, 3.0),  lambda x: phi((x - 2.0) / 3.0)),
    ("truncated_normal", (),          lambda x: (phi(x) - phi(np.array([-2.0]))) / (phi(np.array([2.0])) - phi(np.array([-2.0])))),
    ("exponential",      (2.0,),      lambda x: 1.0 - np.exp(-2.0 * x)),
    ("gumbel",           (1.0, 2.0),  lambda x: np.exp(-np.exp(-(x - 1.0) / 2.0))),
    ("laplace",          (0.0, 2.0),  lambda x: np.where(x < 0, 0.5 * np.exp(x / 2.0), 1.0 - 0.5 * np.exp(-x / 2.0))),
    ("gamma",            (1.0,),      lambda x: 1.0 - np.exp(-x)),
    ("gamma",            (3.0, 2.0),  lambda x: 1.0 - np.exp(-2 * x) * (1 + 2 * x + 2 * x * x)),
    ("gamma",            (0.5,),      lambda x: np.array([math.erf(math.sqrt(v)) for v in x])),
    ("beta",             (2.0, 1.0),  lambda x: x * x),
    ("beta",             (2.0, 3.0),  lambda x: x * x * (6 - 8 * x + 3 * x * x)),
    ("beta",             (0.5, 0.5),  lambda x: 2 / np.pi * np.arcsin(np.sqrt(x))),
]
# fmt: on


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args", "cdf"), CONTINUOUS)
def test_numbers_follow_their_distribution(name: str, args: Any, cdf: Any, dtype: str) -> None:
    """Kolmogorov-Smirnov, at a level of about 1 in 1000."""
    n = 20_000
    heights = cdf(np.sort(drawn(name, (n,), *args, dtype=dtype).astype(np.float64)))
    steps = np.arange(n + 1) / n
    distance = max(np.max(heights - steps[:-1]), np.max(steps[1:] - heights))
    assert distance * math.sqrt(n) < 1.95


# mean and variance
MOMENTS = [
    ("normal", (), 0.0, 1.0), ("gumbel", (), 0.5772157, math.pi**2 / 6), ("gamma", (0.1,), 0.1, 0.1),
    ("gamma", (50.0, 5.0), 10.0, 2.0), ("poisson", (0.2,), 0.2, 0.2), ("poisson", (9.9,), 9.9, 9.9),
    ("poisson", (10.0,), 10.0, 10.0), ("poisson", (25.0,), 25.0, 25.0), ("poisson", (1e6,), 1e6, 1e6),
    ("bernoulli", (0.3,), 0.3, 0.21), ("integers", (-5, 6), 0.0, 10.0), ("integers", (0, 1 << 62), 2.0**61, 2.0**124 / 12),
    ("integers", (0, 3 << 30), 1.5 * 2.0**30, 9 * 2.0**60 / 12),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "mean", "variance"), MOMENTS)
def test_moments_are_right(name: str, args: Any, mean: float, variance: float) -> None:
    x = drawn(name, (N,), *args).astype(np.float64)
    assert abs(x.mean() - mean) < 4.5 * math.sqrt(variance / N)
    assert x.var() == pytest.approx(variance, rel=0.06)


@pytest.mark.parametrize("rate", [0.5, 3.0, 9.5, 12.0, 60.0])
def test_poisson_numbers_are_as_frequent_as_they_should_be(rate: float) -> None:
    counts = np.bincount(drawn("poisson", (N,), rate))
    for k in np.flatnonzero(counts > 100):
        p = math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))
        assert abs(counts[k] - N * p) < 5 * math.sqrt(N * p)


@pytest.mark.parametrize(("low", "high"), [(0, 7), (-3, 3), (250, 256)])
def test_integers_are_equally_likely(low: int, high: int) -> None:
    counts = np.bincount(drawn("integers", (N,), low, high) - low)
    expected = N / (high - low)
    assert len(counts) == high - low
    assert np.abs(counts - expected).max() < 4.5 * math.sqrt(expected)


def test_every_permutation_is_as_likely() -> None:
    g = seeded()
    codes = [int("".join(map(str, wf.random.permutation(4, generator=g).tolist()))) for _ in range(4800)]
    counts = np.unique(codes, return_counts=True)[1]
    assert len(counts) == 24
    assert ((counts - 200) ** 2 / 200).sum() < 49.7  # chi-square, 23 degrees of freedom, 1 in 1000


def test_categories_are_as_frequent_as_their_probabilities() -> None:
    p = np.array([0.1, 0.0, 0.6, 0.3, 0.0])
    counts = np.bincount(drawn("categorical", None, (N,), probs=p * 7), minlength=5)
    assert counts[1] == counts[4] == 0
    assert np.abs(counts - N * p).max() < 4.5 * math.sqrt(N * 0.25)
    assert np.array_equal(drawn("multinomial", N, probs=p * 7), counts)


def test_rows_of_logits_have_their_own_draws() -> None:
    logits = np.log(np.array([[1e-30, 1.0, 1e-30], [1.0, 1e-30, 1e-30]]))
    assert drawn("categorical", logits).tolist() == [1, 0]
    assert (drawn("categorical", logits, (50, 2)) == [1, 0]).all()
    assert drawn("multinomial", 4, logits, (3, 2)).tolist() == [[[0, 4, 0], [4, 0, 0]]] * 3
    many = np.tile(logits, (30, 1))
    assert drawn("categorical", many, (2, 60)).tolist() == [[1, 0] * 30] * 2


def test_categories_of_no_rows_and_no_draws() -> None:
    assert wf.random.categorical(wf.zeros((0, 3))).shape == (0,)
    assert wf.random.categorical(wf.zeros((2, 3)), (0, 2)).shape == (0, 2)
    assert wf.random.multinomial(5, wf.zeros((0, 3))).shape == (0, 3)
    assert wf.random.multinomial(0, wf.zeros((2, 3))).tolist() == [[0, 0, 0]] * 2


def test_dirichlet_rows_add_up_to_one_and_have_their_mean() -> None:
    x = drawn("dirichlet", [1.0, 2.0, 5.0], (20_000,), dtype="float64")
    np.testing.assert_allclose(x.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(x.mean(axis=0), np.array([1, 2, 5]) / 8, atol=0.01)
    assert np.isfinite(drawn("dirichlet", [1e-3, 1e-3], (1000,))).all()


def test_small_concentrations_do_not_become_nan() -> None:
    assert np.isfinite(drawn("beta", (1000,), 1e-3, 1e-3)).all()


# --- parameters, shapes, dtypes ----------------------------------------------------------------------------------

FLOATING = ["uniform", "normal", "truncated_normal", "exponential", "gumbel", "laplace", "gamma", "beta"]


@pytest.mark.parametrize("name", FLOATING)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (3, 4), 5])
def test_shape_and_dtype_are_what_was_asked_for(name: str, dtype: str, shape: Any) -> None:
    x = getattr(wf.random, name)(shape, dtype=dtype, generator=seeded())
    assert x.shape == ((5,) if shape == 5 else shape)
    assert x.dtype.name == dtype
    assert np.isfinite(x.numpy().astype(np.float64)).all()


@pytest.mark.parametrize("name", FLOATING)
def test_floats_are_float32_scalars_by_default(name: str) -> None:
    assert getattr(wf.random, name)(generator=seeded()).spec == wf.Spec((), np.dtype("float32"))


def test_parameters_broadcast_and_determine_shape_and_dtype() -> None:
    x = wf.random.normal(None, wf.zeros((3, 1), dtype="float64"), [1.0, 2.0], generator=seeded())
    assert x.spec == wf.Spec((3, 2), np.dtype("float64"))
    assert wf.random.poisson(rate=[1.0, 100.0]).shape == (2,)
    assert wf.random.gamma((4, 2), [1.0, 100.0]).shape == (4, 2)
    assert wf.random.bernoulli(p=wf.tensor([0.0, 1.0])).tolist() == [False, True]


def test_parameters_scale_and_shift() -> None:
    z = drawn("normal", (5,))
    np.testing.assert_allclose(drawn("normal", (5,), 3.0, 2.0), z * 2 + 3, rtol=1e-6)
    np.testing.assert_allclose(drawn("normal", (5,), [1.0, 2.0, 3.0, 4.0, 5.0]), z + np.arange(1, 6), rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.5), (1.0, 3.0), (5.0, 6.0), (-40.0, -38.0), (0.0, math.inf)])
def test_truncated_normals_stay_between_their_bounds(low: float, high: float) -> None:
    x = drawn("truncated_normal", (1000,), low=low, high=high, dtype="float64")
    assert low <= x.min() < x.max() <= high
    assert np.isfinite(x).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "int64", "uint64"])
def test_integers_fill_their_dtype(dtype: str) -> None:
    info = np.iinfo(dtype)
    x = drawn("integers", (20_000,), int(info.min), int(info.max) + 1, dtype=dtype)
    assert x.dtype == dtype
    span = float(info.max) - float(info.min)
    assert x.min() < info.min + span * 0.01
    assert x.max() > info.max - span * 0.01


def test_bernoulli_gives_other_dtypes_too() -> None:
    x = wf.random.bernoulli((10,), 1.0, dtype="float32")
    assert x.dtype.name == "float32"
    assert x.tolist() == [1.0] * 10


def test_halves_never_reach_one() -> None:
    for dtype in ("float16", "bfloat16", "float32"):
        assert drawn("uniform", (N,), dtype=dtype).max() < 1
        assert np.isfinite(drawn("gumbel", (N,), dtype=dtype).astype(float)).all()


# --- permutation, shuffle, choice --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_permutation_holds_every_number_once(n: int) -> None:
    x = wf.random.permutation(n, generator=seeded())
    assert x.dtype.name == "int64"
    assert sorted(x.tolist()) == list(range(n))


def test_shuffle_permutes_slices_along_an_axis() -> None:
    x = np.arange(12).reshape(3, 4)
    order = drawn("permutation", 4)
    assert drawn("shuffle", x, axis=1).tolist() == x[:, order].tolist()
    assert sorted(drawn("shuffle", wf.tensor(x)).tolist()) == x.tolist()
    assert drawn("permutation", x, axis=-1).tolist() == x[:, order].tolist()


def test_choice_with_and_without_replacement() -> None:
    assert set(drawn("choice", 3, (100,)).tolist()) == {0, 1, 2}
    assert sorted(drawn("choice", 5, (5,), replace=False).tolist()) == [0, 1, 2, 3, 4]
    assert drawn("choice", [[1, 2], [3, 4]], (3, 2), axis=1).shape == (2, 3, 2)
    assert drawn("choice", 4, (), p=[0, 0, 1, 0]).tolist() == 2
    assert sorted(drawn("choice", 3, (3,), p=[1, 2, 3], replace=False).tolist()) == [0, 1, 2]
    assert drawn("choice", [7.0], ()).tolist() == 7.0
    assert drawn("choice", wf.zeros((0, 2)), (0,)).shape == (0, 2)
    assert sorted(drawn("choice", 4, (2,), p=[0, 0.1, 3, 0], replace=False).tolist()) == [1, 2]
    picked = drawn("choice", wf.tensor([10.0, 20.0, 30.0]), (2, 2))
    assert picked.shape == (2, 2)
    assert set(picked.ravel()) <= {10.0, 20.0, 30.0}


def test_weighted_choice_without_replacement_prefers_heavy_elements() -> None:
    g = seeded()
    first = [wf.random.choice(3, (2,), p=[0.7, 0.2, 0.1], replace=False, generator=g).tolist()[0] for _ in range(600)]
    assert abs(np.bincount(first)[0] / 600 - 0.7) < 0.08


# --- gradients ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("normal", (1.0, 2.0)), ("uniform", (1.0, 2.0)), ("truncated_normal", (1.0, 2.0)), ("gumbel", (1.0, 2.0)),
     ("laplace", (1.0, 2.0)), ("exponential", (2.0,))],
)  # fmt: skip
def test_gradients_reach_parameters_through_the_numbers(name: str, parameters: tuple[float, ...]) -> None:
    values = [wf.tensor(p, dtype="float64") for p in parameters]

    def total(*given: Any) -> Any:
        return (getattr(wf.random, name)((4,), *given, generator=seeded()) ** 2).sum()

    with wf.GradientTape() as tape:
        tape.watch(values)
        y = total(*values)
    for i, dx in enumerate(tape.gradient(y, values)):
        ends = [total(*[p + (h if i == j else 0) for j, p in enumerate(values)]).item() for h in (-1e-5, 1e-5)]
        assert dx.item() == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-6)


def gamma_probability(a: float, z: float) -> float:
    """The regularized incomplete gamma function P(a, z), by its series."""
    term = total = 1.0
    k = 0
    while term > 1e-18 * total:
        k += 1
        term *= z / (a + k)
        total += term
    return math.exp(a * math.log(z) - z - math.lgamma(a + 1)) * total


def log_gamma_quantile(a: float, p: float) -> float:
    low, high = -60.0, 8.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if gamma_probability(a, math.exp(middle)) < p else (low, middle)
    return low


@pytest.mark.parametrize(
    ("a", "z"), [(0.1, -8.0), (0.1, 0.5), (1.0, 1.0), (3.0, 2.0), (3.0, 0.0), (50.0, 4.0), (200.0, 5.2)]
)
def test_a_gamma_number_moves_with_its_quantile(a: float, z: float) -> None:
    p, h = gamma_probability(a, math.exp(z)), 1e-4 * a
    expected = (log_gamma_quantile(a + h, p) - log_gamma_quantile(a - h, p)) / (2 * h)
    found = gamma_slope(wf.tensor(a, dtype="float64"), wf.tensor(z, dtype="float64"))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_gradients_of_means_are_those_of_the_distribution() -> None:
    a, b = wf.tensor(0.7, dtype="float64"), wf.tensor(2.0, dtype="float64")
    c = wf.tensor([1.0, 2.0, 3.0], dtype="float64")
    with wf.GradientTape(persistent=True) as tape:
        tape.watch([a, b, c])
        gamma = r.gamma((N,), a, b, generator=seeded()).mean()  # a / b
        beta = r.beta((N,), a, b, generator=seeded()).mean()  # a / (a + b)
        first = r.dirichlet(c, (N,), generator=seeded()).mean(axis=0)[0]  # c[0] / sum(c)
    np.testing.assert_allclose([g.item() for g in tape.gradient(gamma, [a, b])], [1 / 2, -0.7 / 4], rtol=0.02)
    np.testing.assert_allclose([g.item() for g in tape.gradient(beta, [a, b])], [2 / 2.7**2, -0.7 / 2.7**2], rtol=0.02)
    np.testing.assert_allclose(tape.gradient(first, c).numpy(), [5 / 36, -1 / 36, -1 / 36], rtol=0.03)


def test_numbers_that_underflow_have_a_finite_gradient() -> None:
    a = wf.tensor(1e-4)
    with wf.GradientTape() as tape:
        tape.watch(a)
        y = r.gamma((50,), a, generator=seeded())
    assert (y.numpy() == 0).any()
    assert np.isfinite(tape.gradient(y, a).item())


def test_the_second_derivative_of_a_gamma_number_is_refused() -> None:
    a = wf.tensor(2.0)
    with wf.GradientTape() as outer:
        outer.watch(a)
        with wf.GradientTape() as inner:
            inner.watch(a)
            y = r.gamma((), a)
        dy = inner.gradient(y, a)
    with pytest.raises(GradientError, match="gamma_slope has no gradient rule"):
        outer.gradient(dy, a)


def test_bernoulli_numbers_are_constant_in_their_probability() -> None:
    p = wf.tensor(0.5)
    with wf.GradientTape() as tape:
        tape.watch(p)
        y = wf.random.bernoulli((), p, dtype="float32") * 2.0
    assert tape.gradient(y, p) is None


# --- what is refused ---------------------------------------------------------------------------------------------

REFUSED = [
    (lambda: r.normal((2,), 0.0, -1.0), ArgumentError, "normal: stddev is -1.0"),
    (lambda: r.normal((2,), 0.0, [1.0, math.nan]), ArgumentError, "normal: stddev is nan"),
    (lambda: r.normal((2,), wf.zeros(3)), ShapeError, r"normal: shapes do not broadcast"),
    (lambda: r.normal((3,), wf.zeros((2, 1))), ShapeError, r"normal: f32\[2, 1\] and 1.0 do not broadcast to shape \(3,\)"),
    (lambda: r.normal((-1,)), ShapeError, r"normal: shape \(-1,\) has a negative length"),
    (lambda: r.normal((2,), dtype="int32"), DTypeError, "normal: the numbers are floats, not int32"),
    (lambda: r.uniform((2,), 1.0, 1.0), ArgumentError, "uniform: low is 1.0, high is 1.0"),
    (lambda: r.uniform((2,), 0.0, [2.0, -1.0]), ArgumentError, "uniform: low is 0.0, high is -1.0"),
    (lambda: r.truncated_normal((2,), low=1.0, high=-1.0), ArgumentError, "truncated_normal: low 1.0 is not below high -1.0"),
    (lambda: r.truncated_normal((2,), 0.0, -1.0), ArgumentError, "truncated_normal: stddev is -1.0"),
    (lambda: r.bernoulli((2,), 1.5), ArgumentError, "bernoulli: probability is 1.5"),
    (lambda: r.bernoulli((2,), wf.tensor([0.5, math.nan])), ArgumentError, "bernoulli: probability is nan"),
    (lambda: r.exponential((2,), 0.0), ArgumentError, "exponential: rate is 0.0"),
    (lambda: r.gumbel((2,), 0.0, -2.0), ArgumentError, "gumbel: scale is -2.0"),
    (lambda: r.laplace((2,), 0.0, -2.0), ArgumentError, "laplace: scale is -2.0"),
    (lambda: r.gamma((2,), 0.0), ArgumentError, "gamma: concentration is 0.0"),
    (lambda: r.gamma((2,), 1.0, -1.0), ArgumentError, "gamma: rate is -1.0"),
    (lambda: r.beta((2,), 1.0, -1.0), ArgumentError, "beta: concentration is -1.0"),
    (lambda: r.dirichlet(1.0), ShapeError, "dirichlet: the concentration is 0-d"),
    (lambda: r.poisson((2,), -1.0), ArgumentError, "poisson: rate is -1.0"),
    (lambda: r.poisson((2,), math.inf), ArgumentError, "poisson: rate is inf"),
    (lambda: r.integers((2,), 3, 3), ArgumentError, "integers: low 3 is not below high 3"),
    (lambda: r.integers((2,), 0, 300, dtype="uint8"), ArgumentError, "integers: 0 to 299 do not fit uint8"),
    (lambda: r.integers((2,), 0, 3, dtype="float32"), DTypeError, "integers: float32 is no integer dtype"),
    (lambda: r.bits((2,), dtype="int32"), DTypeError, "random_bits: no int32 version"),
    (lambda: r.categorical(), ArgumentError, "categorical: give logits or probs"),
    (lambda: r.categorical([0.0], probs=[1.0]), ArgumentError, "categorical: give logits or probs"),
    (lambda: r.categorical(probs=[0.5, -0.5]), ArgumentError, "categorical: probability is -0.5"),
    (lambda: r.categorical(probs=[0.0, 0.0]), ArgumentError, "categorical: a row has no category that is possible"),
    (lambda: r.categorical([0.0, math.nan]), ArgumentError, "categorical: a row has no category that is possible"),
    (lambda: r.categorical(1.0), ShapeError, r"categorical: f32\[\] has no categories"),
    (lambda: r.categorical(wf.zeros((2, 0))), ShapeError, r"categorical: f32\[2, 0\] has no categories"),
    (lambda: r.categorical(wf.zeros((2, 3)), (4,)), ShapeError, r"categorical: shape \(4,\) does not end with \(2,\)"),
    (lambda: r.categorical([1, 2]), DTypeError, "categorical: i64.2. has dtype int64"),
    (lambda: r.multinomial(-1, [0.0]), ArgumentError, "multinomial: number of draws is -1"),
    (lambda: r.permutation(-1), ArgumentError, "permutation: -1 is negative"),
    (lambda: r.permutation(wf.zeros((2, 3)), axis=2), AxisError, "permutation: axis 2 is out of range"),
    (lambda: r.shuffle(wf.zeros(())), AxisError, "permutation: axis 0 is out of range"),
    (lambda: r.choice(3, (4,), replace=False), ArgumentError, "choice: 4 of 3 without replacement"),
    (lambda: r.choice(3, (2,), replace=False, p=[0, 0, 1]), ArgumentError, "choice: 2 of 1 without replacement"),
    (lambda: r.choice(0, (1,)), ArgumentError, "choice: nothing to choose from"),
    (lambda: r.choice(3, (1,), p=[1.0]), ShapeError, r"choice: p is f32\[1\] for 3 elements"),
    (lambda: r.choice(2, (1,), p=[1.0, -1.0]), ArgumentError, "choice: weight is -1.0"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_wrong_arguments_are_refused(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_state_must_be_a_state() -> None:
    with pytest.raises(ShapeError, match=r"random_bits: f32\[2\] is not the state of a generator"):
        random_bits(wf.zeros(2), shape=(3,))


@pytest.mark.parametrize("name", ["normal", "uniform", "gamma", "poisson", "bernoulli", "bits", "truncated_normal"])
def test_a_seed_is_no_generator(name: str) -> None:
    with pytest.raises(
        DTypeError, match=rf"{name}: generator is 42, which is no generator(.|\n)*Pass wf.random.Generator\(42\)"
    ):
        getattr(wf.random, name)((2,), generator=42)


@pytest.mark.parametrize(("name", "draw"), [
    ("permutation", lambda g: wf.random.permutation(3, generator=g)), ("choice", lambda g: wf.random.choice(3, generator=g)),
    ("shuffle", lambda g: wf.random.shuffle([1, 2], generator=g)), ("integers", lambda g: wf.random.integers(3, 0, 2, generator=g)),
    ("categorical", lambda g: wf.random.categorical([0.0], generator=g)), ("dropout", lambda g: wf.dropout(wf.ones(3), generator=g)),
    ("multinomial", lambda g: wf.random.multinomial(1, [0.0], generator=g))])  # fmt: skip
def test_the_error_names_the_function_that_was_given_a_seed(name: str, draw: Any) -> None:
    with pytest.raises(DTypeError, match=f"^{name}: generator is "):
        draw(np.random.default_rng(0))


@pytest.mark.parametrize("n", ["a", 2.5, [1, 2], float("nan"), None])
def test_multinomial_takes_a_whole_number_of_draws(n: Any) -> None:
    with pytest.raises(DTypeError, match=r"multinomial: .* is not made of integers"):
        wf.random.multinomial(n, probs=[0.5, 0.5])
