"""Lesson 3: linear regression.

Variables, a loss, and a loop that you can read. The data are made up, so that the answer is known; the closed form
checks it.
"""

from __future__ import annotations

from typing import Any

import weft as wf

SLOPES, OFFSET, NOISE = [3.0, -2.0, 0.5], 1.5, 0.1


def made_up(n: int) -> tuple[Any, Any]:
    """Points x and what a noisy line says of them.   Shapes: (n, 3), (n,)."""
    x = wf.random.normal((n, 3))
    return x, x @ wf.tensor(SLOPES) + OFFSET + NOISE * wf.random.normal((n,))


def fit(x: Any, y: Any, steps: int, rate: float = 0.1) -> tuple[Any, Any]:
    """Slopes and offset by gradient descent on the mean squared error."""
    slopes, offset = wf.Variable(wf.zeros(3), name="slopes"), wf.Variable(0.0, name="offset")
    for step in range(steps):
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.square(x @ slopes + offset - y))
        for variable, gradient in zip((slopes, offset), tape.gradient(loss, (slopes, offset)), strict=True):
            variable.assign_sub(rate * gradient)
        if step % (steps // 5) == 0:
            print(f"step {step:4}: loss {float(loss):.5f}")
    return slopes.read_value(), offset.read_value()


def closed_form(x: Any, y: Any) -> Any:
    """The same from the normal equations: three slopes, then the offset."""
    columns = wf.concat([x, wf.ones((len(x), 1))], axis=1)
    return wf.linalg.solve(columns.T @ columns, columns.T @ y)


def main(steps: int = 200) -> float:
    """How far descent ends from the closed form."""
    wf.seed(0)
    x, y = made_up(500)
    slopes, offset = fit(x, y, steps)
    exact = closed_form(x, y)
    print(f"found  {slopes} and {float(offset):.4f}")
    print(f"exact  {exact[:3]} and {float(exact[3]):.4f}")
    print(f"truth  {SLOPES} and {OFFSET}")
    return float(wf.max(wf.abs(wf.concat([slopes, offset.reshape(1)]) - exact)))


if __name__ == "__main__":
    main()
