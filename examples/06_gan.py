"""Lesson 6: a generative adversarial network.

Two networks against each other: a forger that turns noise into points, and a judge that tells them from real ones.
Each has an optimizer and variables of its own, so each step names what it trains. The real points lie in eight
clusters on a circle.

Source: I. Goodfellow et al., "Generative Adversarial Nets" (2014).
"""

from __future__ import annotations

import math
from typing import Any

import weft as wf

CLUSTERS, SPREAD = 8, 0.15


def centres() -> Any:
    """The middles of the clusters.   Shapes: (8, 2)."""
    angles = wf.arange(CLUSTERS) * (2.0 * math.pi / CLUSTERS)
    return wf.stack([wf.cos(angles), wf.sin(angles)], axis=1) * 2.0


def real(n: int) -> Any:
    """Points as they truly are.   Shapes: (n, 2)."""
    return centres()[wf.random.integers((n,), 0, CLUSTERS)] + SPREAD * wf.random.normal((n, 2))


def network(outputs: int) -> wf.nn.Sequential:
    """Two hidden layers."""
    return wf.nn.Sequential(
        wf.nn.Dense(64, activation=wf.leaky_relu), wf.nn.Dense(64, activation=wf.leaky_relu), wf.nn.Dense(outputs)
    )


class Game:
    """The two networks and their optimizers."""

    def __init__(self) -> None:
        self.forger, self.judge = network(2), network(1)
        self.forging, self.judging = (wf.optim.Adam(0.001, beta1=0.5) for _ in range(2))
        self.judge(self.forge(1))  # makes the variables of both

    def forge(self, n: int) -> Any:
        """Points that were never seen.   Shapes: (n, 2)."""
        return self.forger(wf.random.normal((n, 8)))

    def says(self, points: Any, truth: float) -> Any:
        """How far the judge is from calling the points true (1) or false (0)."""
        scores = self.judge(points)
        return wf.sigmoid_cross_entropy(scores, truth * wf.ones_like(scores))

    def judge_step(self, n: int) -> Any:
        """Teach the judge. The forged points are constants here."""
        true, forged = real(n), wf.stop_gradient(self.forge(n))
        return self.judging.minimize(
            lambda: self.says(true, 0.9) + self.says(forged, 0.0), self.judge.trainable_variables
        )

    def forge_step(self, n: int) -> Any:
        """Teach the forger to be called true."""
        return self.forging.minimize(lambda: self.says(self.forge(n), 1.0), self.forger.trainable_variables)


def quality(points: Any) -> tuple[float, int]:
    """The share of points that lie in a cluster, and how many clusters are hit."""
    distances = wf.linalg.vector_norm(points[:, None] - centres(), axis=-1)
    inside = wf.min(distances, axis=1) < 4.0 * SPREAD
    hit = wf.unique_values(wf.argmin(distances, axis=1)[inside])
    return float(wf.mean(wf.astype(inside, wf.float32))), len(hit)


def main(steps: int = 4000) -> tuple[float, int]:
    """The quality of 1,000 forged points."""
    wf.seed(0)
    game = Game()
    for step in range(steps):
        judged, forged = game.judge_step(128), game.forge_step(128)
        if step % max(steps // 8, 1) == 0:
            print(f"step {step:5}: judge {float(judged):.3f}, forger {float(forged):.3f}")
    share, hit = quality(game.forge(1000))
    print(f"{share:.0%} of the forged points lie in a cluster; {hit} of {CLUSTERS} clusters are hit")
    return share, hit


if __name__ == "__main__":
    main()
