"""Lesson 8: a model in the shape of its input.

Formulas of and, or, not are trees, and no two look alike. The model walks each tree as Python would: leaves become
vectors, an operation turns the vectors of its parts into one, and the vector at the root says whether the formula is
true. No padding, no masks: the tape records whatever tree came by.

Source: R. Socher et al., "Recursive Deep Models for Semantic Compositionality" (2013); S. Bowman et al., SPINN (2016).
"""

from __future__ import annotations

import random
from typing import Any

import weft as wf

Tree = bool | tuple[Any, ...]  # True, False, ("not", x), ("and", x, y), ("or", x, y)
WIDTH = 16


def grow(depth: int, chance: random.Random) -> Tree:
    """A random formula."""
    if depth == 0 or chance.random() < 0.1:
        return chance.random() < 0.5
    kind = chance.choice(["not", "and", "or"])
    return (kind, *(grow(depth - 1, chance) for _ in range(1 if kind == "not" else 2)))


def truth(tree: Tree) -> bool:
    """What the formula says."""
    if isinstance(tree, bool):
        return tree
    kind, *parts = tree
    return {"not": lambda x: not x, "and": lambda x, y: x and y, "or": lambda x, y: x or y}[kind](*map(truth, parts))


def show(tree: Tree) -> str:
    """The formula as text."""
    if isinstance(tree, bool):
        return "T" if tree else "F"
    kind, *parts = tree
    return f"not {show(parts[0])}" if kind == "not" else f"({show(parts[0])} {kind} {show(parts[1])})"


class Reader(wf.nn.Module):
    """Reads a formula from its leaves to its root."""

    def __init__(self) -> None:
        self.leaf = wf.nn.Embedding(2, WIDTH)
        self.operation = {kind: wf.nn.Dense(WIDTH, activation=wf.tanh) for kind in ("not", "and", "or")}
        self.logit = wf.nn.Dense(1)

    def vector(self, tree: Tree) -> Any:
        """What a part of the formula means.   Shapes: (width,)."""
        if isinstance(tree, bool):
            return self.leaf(wf.tensor(int(tree)))
        kind, *parts = tree
        return self.operation[kind](wf.concat([self.vector(part) for part in parts]))

    def call(self, tree: Tree) -> Any:
        """The score of the formula being true."""
        return self.logit(self.vector(tree))[0]


def loss_of(model: Reader, trees: list[Tree]) -> Any:
    """The mean cross entropy over formulas, each of a shape of its own."""
    scores = wf.stack([model(tree) for tree in trees])
    return wf.sigmoid_cross_entropy(scores, [float(truth(tree)) for tree in trees])


def accuracy_of(model: Reader, trees: list[Tree]) -> float:
    """The share of formulas that are read right."""
    return sum(bool(model(tree) > 0.0) == truth(tree) for tree in trees) / len(trees)


def main(steps: int = 300) -> float:
    """The accuracy on deeper formulas than any that were trained on."""
    wf.seed(0)
    chance = random.Random(0)
    model, optimizer = Reader(), wf.optim.Adam(0.01)
    for step in range(steps):
        trees = [grow(chance.randint(1, 4), chance) for _ in range(16)]
        loss = optimizer.minimize(lambda: loss_of(model, trees))  # noqa: B023
        if step % max(steps // 6, 1) == 0:
            print(f"step {step:4}: loss {float(loss):.4f}")
    deeper = [grow(6, chance) for _ in range(200)]
    accuracy = accuracy_of(model, deeper)
    shown = min((show(tree) for tree in deeper if not isinstance(tree, bool)), key=lambda text: abs(len(text) - 60))
    print(f"read right: {accuracy:.1%} of formulas like {shown}")
    return accuracy


if __name__ == "__main__":
    main()
