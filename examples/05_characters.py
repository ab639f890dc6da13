"""Lesson 5: a recurrent network on characters.

The network reads a text one character at a time and guesses the next; the loop over time is a Python loop. The text
is this file, so at the end it writes something like its own source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import weft as wf

TEXT = Path(__file__).read_text(encoding="utf-8")
CHARACTERS = sorted(set(TEXT))
NUMBER = {character: i for i, character in enumerate(CHARACTERS)}


class Writer(wf.nn.Module):
    """From characters so far to the scores of the next."""

    def __init__(self, units: int) -> None:
        self.embedding = wf.nn.Embedding(len(CHARACTERS), 32)
        self.cell = wf.nn.GRUCell(units)
        self.logits = wf.nn.Dense(len(CHARACTERS))
        self.units = units

    def call(self, characters: Any, state: Any) -> tuple[Any, Any]:
        """Scores after each character, and the state at the end.   Shapes: (n, t), (n, u) -> (n, t, c), (n, u)."""
        scores = []
        for t in range(characters.shape[1]):
            output, state = self.cell(self.embedding(characters[:, t]), state)
            scores.append(self.logits(output))
        return wf.stack(scores, axis=1), state

    def start(self, n: int) -> Any:
        """The state before anything was read."""
        return wf.zeros((n, self.units))


def excerpts(n: int, length: int) -> tuple[Any, Any]:
    """Random stretches of the text, and the same moved on by one.   Shapes: (n, length), (n, length)."""
    text = wf.tensor([NUMBER[character] for character in TEXT])
    starts = wf.random.integers((n, 1), 0, len(TEXT) - length - 1)
    positions = starts + wf.arange(length)
    return text[positions], text[positions + 1]


def train(model: Writer, steps: int) -> float:
    """The loss at the end, in nats for each character."""
    optimizer = wf.optim.Adam(wf.optim.schedules.Cosine(0.01, steps), clip_global_norm=1.0)
    value = float("inf")
    for step in range(steps):
        x, y = excerpts(16, 32)
        loss = optimizer.minimize(lambda: wf.softmax_cross_entropy(model(x, model.start(16))[0], y))  # noqa: B023
        value = float(loss)
        if step % max(steps // 8, 1) == 0:
            print(f"step {step:4}: loss {value:.3f}")
    return value


def write(model: Writer, beginning: str, length: int) -> str:
    """Go on from a beginning, each character drawn from what the model thinks comes next."""
    state, text, read = model.start(1), beginning, beginning
    for _ in range(length):
        scores, state = model(wf.tensor([[NUMBER[c] for c in read]]), state)
        read = CHARACTERS[int(wf.random.categorical(scores[0, -1] * 1.5))]
        text += read
    return text


def main(steps: int = 800) -> float:
    """The loss at the end, after printing what the network writes."""
    wf.seed(0)
    model = Writer(units=96)
    loss = train(model, steps)
    print(write(model, "def ", 200))
    return loss


if __name__ == "__main__":
    main()
