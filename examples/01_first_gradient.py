"""Lesson 1: a first gradient.

A function of ordinary Python, its gradient by a tape and by `wf.grad`, and what a gradient is good for: walking
downhill until there is nothing lower.
"""

from __future__ import annotations

from typing import Any

import weft as wf


def height(p: Any) -> Any:
    """A valley, narrow and bent, whose floor falls slowly to (1, 1), where the height is 0."""
    x, y = p
    return (1.0 - x) ** 2 + 10.0 * (y - x * x) ** 2


def by_tape(p: Any) -> Any:
    """The slope at p: record what runs, then play it backwards."""
    with wf.GradientTape() as tape:
        tape.watch(p)
        z = height(p)
    return tape.gradient(z, p)


def walk(p: Any, steps: int, length: float) -> Any:
    """Follow the slope downhill, a little at a time."""
    slope = wf.grad(height)
    for step in range(steps):
        p = p - length * slope(p)
        if step % (steps // 5) == 0:
            print(f"step {step:5}: at ({float(p[0]):+.4f}, {float(p[1]):+.4f}), height {float(height(p)):.6f}")
    return p


def leap(p: Any, steps: int) -> Any:
    """Newton's way: the second derivatives say how far the slope holds, so a few leaps suffice."""
    slope, curvature = wf.grad(height), wf.hessian(height)
    for _ in range(steps):
        p = p - wf.linalg.solve(curvature(p), slope(p))
    return p


def main(steps: int = 3000) -> tuple[Any, Any]:
    """Where walking and leaping end."""
    start = wf.tensor([-1.0, 2.0])
    print("the slope at the start:", by_tape(start))
    walked, leapt = walk(start, steps, 0.01), leap(start, 8)
    print(f"after {steps} steps: {walked}; after 8 leaps: {leapt}")
    return walked, leapt


if __name__ == "__main__":
    main()
