"""Permutations and categories natively: the draws of the NumPy kernels, from the same state."""

from __future__ import annotations

import numpy as np
import pytest
from native_calls import Call, agree

STATE = np.array([12345, 678], np.uint64)


@pytest.mark.parametrize("n", [1, 2, 3, 16, 100, 3000])
def test_permutations_are_the_same(n: int) -> None:
    ((got, _),) = agree([("random_permutation", [STATE], {"n": n})])
    assert sorted(got) == list(range(n))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("k", [1, 2, 17, 1000])
def test_categories_are_the_same_for_few_draws_and_many(k: int, dtype: str) -> None:
    logits = np.random.default_rng(k).normal(size=(2, 3, k)).astype(dtype)
    logits[0, 0, k // 2 :] = -np.inf if k > 1 else 0
    shapes = [(2, 3), (7, 2, 3), (500, 2, 3)]
    calls: list[Call] = [("random_categorical", [STATE, logits], {"shape": shape}) for shape in shapes]
    calls += [("random_categorical", [STATE, logits[0, 1]], {"shape": shape}) for shape in ((), (9,), (400,))]
    pairs = agree(calls)
    assert all((got[..., 0, 0] < max(k // 2, 1)).all() for got, _ in pairs[:3])


def test_counts_of_categories_are_the_same() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    agree([("random_multinomial", [STATE, logits], {"n": n, "shape": (4, 3)}) for n in (0, 1, 60)])
    agree([("random_multinomial", [STATE, logits[0]], {"n": 50, "shape": ()})])
