"""Lesson 2: a gradient of your own.

The gradient that follows from the operations is not always the one you want. First for stability: log(1 + exp(x)) is
harmless, but its derivative passes through inf / inf. Then for effect: rounding has no slope, and training through
it needs one anyway.
"""

from __future__ import annotations

from typing import Any

import weft as wf


def plain_log1pexp(x: Any) -> Any:
    """log(1 + exp(x)) as one writes it."""
    return wf.log(1.0 + wf.exp(x))


@wf.custom_gradient
def log1pexp(x: Any) -> Any:
    """The same values; the gradient in a form that does not overflow."""
    e = wf.exp(x)

    def gradient(dy: Any) -> Any:
        return dy * (1.0 - 1.0 / (1.0 + e))

    return wf.log(1.0 + e), gradient


@wf.custom_gradient
def round_straight_through(x: Any) -> Any:
    """x rounded, with the gradient of x itself."""
    return wf.round(x), lambda dy: dy


@wf.custom_gradient
def with_bounded_gradient(x: Any, bound: float) -> Any:
    """x itself; the gradient that flows back through here is cut at `bound`."""
    return x, lambda dy: (wf.clip(dy, -bound, bound), None)


def whole_number(target: float, steps: int) -> float:
    """The whole number whose square comes nearest to `target`, found by descent through the rounding."""
    x = wf.Variable(3.2)
    for _ in range(steps):
        with wf.GradientTape() as tape:
            loss = (round_straight_through(x) ** 2 - target) ** 2
        x.assign_sub(0.001 * wf.clip(tape.gradient(loss, x), -100.0, 100.0))
    return float(wf.round(x))


def main(steps: int = 200) -> tuple[float, float]:
    """The gradient at 100 that the plain function misses, and the number found through rounding."""
    at = wf.tensor([0.0, 100.0])
    print("plain: ", wf.grad(lambda x: wf.sum(plain_log1pexp(x)))(at))
    mended = wf.grad(lambda x: wf.sum(log1pexp(x)))(at)
    print("custom:", mended)
    print("second derivative:", wf.grad(wf.grad(log1pexp))(wf.tensor(0.0)))
    steep = wf.grad(lambda x: with_bounded_gradient(x, 1.0) ** 3)(wf.tensor(10.0))
    print("a slope of 300, bounded on its way:", steep)
    found = whole_number(50.0, steps)
    print("the square nearest to 50 is that of", found)
    return float(mended[1]), found


if __name__ == "__main__":
    main()
