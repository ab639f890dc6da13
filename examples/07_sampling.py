"""Lesson 7: Hamiltonian Monte Carlo.

Gradients without any training: samples of a distribution of which only the log density is known, up to a constant.
A sample is given a random push and slides over the landscape -log p like a ball without friction; where it is after
a while is the next sample, taken or refused by how well the energy was kept. Many chains run at once, as a batch.

Source: R. Neal, "MCMC using Hamiltonian dynamics", Handbook of Markov Chain Monte Carlo (2011), chapter 5.
"""

from __future__ import annotations

from typing import Any

import weft as wf

BEND = 0.5


def log_density(x: Any) -> Any:
    """A bent ridge: a normal in two dimensions, folded along a parabola.   Shapes: (n, 2) -> (n,)."""
    u, v = x[:, 0], x[:, 1]
    return -0.5 * (u * u / 4.0 + (v - BEND * (u * u - 4.0)) ** 2)


def energy(x: Any) -> Any:
    """The height of the landscape, summed over chains: their gradients do not mix."""
    return -wf.sum(log_density(x))


force = wf.grad(energy)


def slide(x: Any, push: Any, steps: int, size: float) -> tuple[Any, Any]:
    """The leapfrog: half a push, then positions and pushes in turn, then half a push."""
    push = push - 0.5 * size * force(x)
    for step in range(steps):
        x = x + size * push
        push = push - (size if step < steps - 1 else 0.5 * size) * force(x)
    return x, push


def transition(x: Any, steps: int, size: float) -> tuple[Any, Any]:
    """The next state of every chain, and which of them moved."""
    push = wf.random.normal(x.shape)
    proposal, after = slide(x, push, steps, size)
    before = log_density(x) - 0.5 * wf.sum(push * push, axis=1)
    log_ratio = log_density(proposal) - 0.5 * wf.sum(after * after, axis=1) - before
    taken = wf.log(wf.random.uniform((len(x),))) < log_ratio
    return wf.where(taken[:, None], proposal, x), taken


def sample(chains: int, length: int, warm_up: int) -> tuple[Any, float]:
    """Samples after the warm-up, and the share of proposals taken.   Shapes: (length - warm_up, chains, 2)."""
    x, kept, moved = wf.random.normal((chains, 2)), [], 0.0
    for step in range(length):
        x, taken = transition(x, steps=12, size=0.2)
        moved += float(wf.mean(wf.astype(taken, wf.float32))) / length
        if step >= warm_up:
            kept.append(x)
    return wf.stack(kept), moved


def main(steps: int = 500) -> dict[str, float]:
    """Moments of the samples beside the true ones."""
    wf.seed(0)
    samples, moved = sample(chains=100, length=steps, warm_up=steps // 5)
    u, v = samples[..., 0], samples[..., 1]
    found = {"mean u": wf.mean(u), "var u": wf.var(u), "mean v": wf.mean(v), "var v": wf.var(v)}
    truth = {"mean u": 0.0, "var u": 4.0, "mean v": 0.0, "var v": 1.0 + BEND**2 * 2 * 4.0**2}
    print(f"{moved:.0%} of the proposals were taken")
    for name, value in found.items():
        print(f"{name}: {float(value):+.3f}, truly {truth[name]:+.3f}")
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    main()
