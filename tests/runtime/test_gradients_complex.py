"""Gradients of complex numbers: conjugated derivatives, so that a step against the gradient descends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf

LOSSES: dict[str, Callable[[Any], Any]] = {
    "|z|": lambda z: wf.sum(wf.abs(z)),
    "|z^2 - 1|": lambda z: wf.sum(wf.abs(z * z - 1.0)),
    "real part of exp": lambda z: wf.sum(wf.real(wf.exp(z))),
    "imaginary part of a product": lambda z: wf.imag(wf.sum(z * (2.0 - 1.0j) * wf.conj(z) * z)),
    "norm of a product": lambda z: wf.sum(wf.abs(wf.matmul(z, z)) ** 2),
    "quotient": lambda z: wf.sum(wf.real(z / (z * z + 3.0))),
    "power": lambda z: wf.sum(wf.real(z**3) + wf.imag(z**2.0)),
    "real tensor in between": lambda z: wf.sum(wf.real(z) * wf.imag(z) * wf.real(z * z)),
    "indexing": lambda z: wf.abs(z[0, 0]) + wf.real(z[1, 1]) * wf.imag(z[0, 1]),
}


def partial_differences(f: Callable[[Any], Any], z: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """df/dx + i df/dy for z = x + iy: what gradient descent moves along."""
    found = np.zeros_like(z)
    for i in np.ndindex(z.shape):
        for unit in (1.0, 1.0j):
            step = np.zeros_like(z)
            step[i] = eps * unit
            slope = (f(wf.tensor(z + step)).item() - f(wf.tensor(z - step)).item()) / (2 * eps)
            found[i] += slope * unit
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_the_slope_along_both_parts(loss: str) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    found = wf.grad(LOSSES[loss])(z)
    assert found.dtype is wf.complex128
    np.testing.assert_allclose(found.numpy(), partial_differences(LOSSES[loss], z), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_right_to_second_order(loss: str) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    wf.testing.check_grads(LOSSES[loss], (z,))


def test_gradient_of_a_holomorphic_function_is_its_conjugate_derivative() -> None:
    z = 0.5 + 0.25j
    assert wf.grad(wf.exp)(wf.tensor(z)).item() == pytest.approx(np.conj(np.exp(z)), rel=1e-6)


def test_jvp_of_a_holomorphic_function_is_its_derivative() -> None:
    z, dz = 0.5 + 0.25j, 1.0 - 2.0j
    moved = wf.jvp(wf.exp, wf.tensor(z), wf.tensor(dz))[1]
    assert moved.item() == pytest.approx(np.exp(z) * dz, rel=1e-6)


def test_a_real_argument_has_a_real_gradient() -> None:
    found = wf.grad(lambda x: wf.abs(x * (3.0 + 4.0j)))(2.0)
    assert found.spec == wf.Spec((), wf.float32)
    assert found.item() == pytest.approx(5.0)


def test_a_step_against_the_gradient_descends() -> None:
    z = wf.tensor(2.0 - 1.0j)
    loss = LOSSES["|z^2 - 1|"]
    for _ in range(50):
        z = z - 0.05 * wf.grad(loss)(z)
    assert loss(z).item() < 0.2
