"""A compiled cell in an eager model: only the part that runs often becomes a graph; the rest stays plain Python.

The loop over time, the data and the training are eager, open to prints and debuggers. The cell is compiled: a call is
one node on the tape, and its gradient is a graph too.
"""

import time
from typing import Any

import weft as wf

LENGTH, BATCH, UNITS = 20, 16, 32


class Model(wf.nn.Module):
    """Reads a sequence of numbers and guesses their sum."""

    def __init__(self, compiled: bool) -> None:
        self.cell = wf.nn.GRUCell(UNITS)
        self.out = wf.nn.Dense(1)
        self.step = wf.compile(self.advance) if compiled else self.advance

    def advance(self, x: Any, state: Any) -> Any:
        """The state after one more number.   Shapes: (n, 1), (n, u) -> (n, u)."""
        return self.cell(x, state)[1]

    def call(self, x: Any) -> Any:
        """Shapes: (t, n, 1) -> (n,)."""
        state = wf.zeros((x.shape[1], UNITS))
        for t in range(x.shape[0]):  # an eager loop
            state = self.step(x[t], state)
        return self.out(state)[:, 0]


def train(compiled: bool, steps: int) -> tuple[list[float], float]:
    """The losses, and the seconds that all steps but the first took."""
    wf.seed(0)
    model, optimizer = Model(compiled), wf.optim.Adam(0.01)
    x = wf.random.uniform((LENGTH, BATCH, 1))
    model.cell(x[0], wf.zeros((BATCH, UNITS)))  # makes the variables
    losses, start = [], 0.0
    for i in range(steps):
        start = time.perf_counter() if i == 1 else start
        losses.append(float(optimizer.minimize(lambda: wf.mean((model(x) - wf.sum(x, axis=0)[:, 0]) ** 2))))
    return losses, time.perf_counter() - start


def main(steps: int = 30) -> tuple[list[float], list[float]]:
    """Train the same model both ways: the losses agree."""
    eager, slow = train(compiled=False, steps=steps)
    compiled, quick = train(compiled=True, steps=steps)
    print(f"loss from {eager[0]:.3f} to {eager[-1]:.3f}; compiled: {compiled[-1]:.3f}")
    print(f"largest difference on the way: {max(abs(a - b) for a, b in zip(eager, compiled, strict=True)):.1e}")
    print(f"eager {slow:.2f} s, with a compiled cell {quick:.2f} s")
    return eager, compiled


if __name__ == "__main__":
    main()
