"""What each row must reach: so many times the speed of the best peer or of one, or so many microseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A bound for a row: `factor` times as fast as `peer` (any, where None), or `most` microseconds."""

    says: str
    factor: float = 1.0
    peer: str | None = None
    most: float | None = None


def _times(factor: float, peer: str | None = None) -> Target:
    return Target(f"{factor:g} x {peer or 'the best peer'}", factor, peer)


BEST = Target("the best peer")
TARGETS = {
    "b1": Target("2 us", most=2), "b2": Target("8 us", most=8),
    "c1": BEST, "c2": BEST, "c3": BEST, "d1": BEST, "d2": BEST, "d3": _times(1.5), "d4": _times(1.5),
    "e1": BEST, "e2": BEST,
    "f1": _times(2, "jax"), "f2": _times(5, "numba"), "f3": _times(4, "jax"), "f4": _times(2, "jax"),
    "f5": _times(3, "jax"),
    "g1": _times(1.5), "g2": _times(1.4), "g3": _times(1.5), "g4": _times(1.4), "h": _times(2),
    "i": BEST, "j": BEST, "k": BEST,
    "l1": Target("1.1 x the time of the best peer", 1 / 1.1),
    "l1g": Target("1.1 x the time of the best peer", 1 / 1.1), "l2": BEST,
}  # fmt: skip
