"""Scaled dot-product attention, and dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(0)
Q, K, V = RNG.normal(size=(2, 3, 4, 5)), RNG.normal(size=(2, 3, 6, 5)), RNG.normal(size=(2, 3, 6, 2))


def written_out(q: np.ndarray, k: np.ndarray, v: np.ndarray, added: Any = 0.0) -> np.ndarray:
    logits = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]) + added
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def test_attention_is_its_formula() -> None:
    wf.testing.assert_close(wf.scaled_dot_product_attention(Q, K, V), written_out(Q, K, V))
    halved = wf.scaled_dot_product_attention(Q, K, V, scale=0.5 / math.sqrt(5))
    wf.testing.assert_close(halved, written_out(Q / 2, K, V))


def test_a_mask_of_bools_says_where_to_look_and_one_of_numbers_is_added() -> None:
    mask = RNG.random((4, 6)) < 0.6
    mask[:, 0] = True
    expected = written_out(Q, K, V, np.where(mask, 0, -1e30))
    wf.testing.assert_close(wf.scaled_dot_product_attention(Q, K, V, mask), expected)
    wf.testing.assert_close(wf.scaled_dot_product_attention(Q, K, V, np.where(mask, 0.0, -np.inf)), expected)
    bias = RNG.normal(size=(3, 4, 6))
    wf.testing.assert_close(wf.scaled_dot_product_attention(Q, K, V, bias), written_out(Q, K, V, bias))


def test_causal_attention_does_not_look_ahead() -> None:
    x = RNG.normal(size=(2, 5, 3))
    expected = written_out(x, x, x, np.where(np.tri(5, dtype=bool), 0, -1e30))
    wf.testing.assert_close(wf.scaled_dot_product_attention(x, x, x, causal=True), expected)
    last = wf.scaled_dot_product_attention(x[:, 3:], x, x, causal=True)  # the queries are the last ones
    wf.testing.assert_close(last, expected[:, 3:])
    assert wf.causal_mask(2, 3).tolist() == [[True, True, False], [True, True, True]]


def test_a_query_that_may_look_nowhere_gets_zeros_and_finite_gradients() -> None:
    mask = np.ones((4, 6), bool)
    mask[1] = False
    assert wf.scaled_dot_product_attention(Q, K, V, mask).numpy()[..., 1, :].tolist() == np.zeros((2, 3, 2)).tolist()
    dq = wf.grad(lambda q: wf.sum(wf.scaled_dot_product_attention(q, K, V, mask)))(Q)
    assert np.isfinite(dq.numpy()).all()


def test_leading_axes_broadcast() -> None:
    wf.testing.assert_close(
        wf.scaled_dot_product_attention(Q, K[:1, :1], V[:1, :1]), written_out(Q, K[:1, :1], V[:1, :1])
    )


def test_attention_is_differentiable_to_order_2() -> None:
    wf.testing.check_grads(lambda q, k, v: wf.scaled_dot_product_attention(q, k, v), [Q[0], K[0], V[0]])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wf.scaled_dot_product_attention(Q, K[..., :4], V), "widths of queries and keys differ: q is f64"),
        (lambda: wf.scaled_dot_product_attention(Q, K, V[..., :5, :]), "numbers of keys and values differ"),
        (lambda: wf.scaled_dot_product_attention(Q[0, 0, 0], K, V), r"q is f64\[5\]"),
    ],
)
def test_attention_refuses_what_does_not_fit(call: Any, says: str) -> None:
    with pytest.raises(ShapeError, match=f"scaled_dot_product_attention: .*{says}"):
        call()


def seeded() -> wf.random.Generator:
    return wf.random.Generator(3)


def test_dropout_keeps_the_mean_and_zeroes_the_share() -> None:
    y = wf.dropout(wf.ones((100_000,)), 0.3, generator=seeded()).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)


def test_dropout_passes_everything_when_not_training_or_at_rate_0() -> None:
    x = wf.ones((3,))
    for y in (wf.dropout(x, 0.9, training=False), wf.dropout(x, 0.0)):
        assert y.tolist() == x.tolist()
        assert y is not x  # assigning to what comes out never reaches what went in
    assert wf.dropout(x, 1.0).tolist() == [0, 0, 0]


def test_dropout_is_the_same_for_the_same_seed() -> None:
    x = wf.ones((50,))
    assert wf.dropout(x, generator=seeded()).tolist() == wf.dropout(x, generator=seeded()).tolist()


def test_a_noise_shape_drops_whole_channels() -> None:
    y = wf.dropout(wf.ones((4, 5, 5, 8)), 0.5, noise_shape=(4, 1, 1, 8), generator=seeded()).numpy()
    assert (y == y[:, :1, :1]).all()
    assert 0 < (y == 0).mean() < 1


def test_the_gradient_of_dropout_is_that_of_what_was_kept() -> None:
    x = wf.ones((20,))
    kept = wf.dropout(x, 0.5, generator=seeded()).tolist()
    assert wf.grad(lambda x: wf.sum(wf.dropout(x, 0.5, generator=seeded())))(x).tolist() == kept


def test_dropout_in_attention_draws_from_the_generator() -> None:
    first, second = (wf.scaled_dot_product_attention(Q, K, V, dropout_rate=0.5, generator=seeded()) for _ in range(2))
    wf.testing.assert_close(first, second)
    off = wf.scaled_dot_product_attention(Q, K, V, dropout_rate=0.5, training=False)
    wf.testing.assert_close(off, wf.scaled_dot_product_attention(Q, K, V))


@pytest.mark.parametrize("rate", [-0.1, 1.5, math.nan])
def test_dropout_refuses_a_rate_that_is_no_probability(rate: float) -> None:
    with pytest.raises(ArgumentError, match="dropout: the rate is"):
        wf.dropout(wf.ones((2,)), rate)


@pytest.mark.parametrize("lengths", [(float("nan"), 3), (2.5, 3), (3, "a")])
def test_causal_mask_takes_integers(lengths: tuple[Any, Any]) -> None:
    with pytest.raises(DTypeError, match=r"causal_mask: .* is not made of integers"):
        wf.causal_mask(*lengths)


def test_causal_mask_takes_no_negative_length() -> None:
    with pytest.raises(ShapeError, match=r"causal_mask: shape \(-1, 3\) has a negative length"):
        wf.causal_mask(-1, 3)
