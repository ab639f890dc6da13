"""Mixed precision: products of half as many bits, weights of all of them.

On a GPU products of float16 and bfloat16 run many times as fast as those of float32 and move half the bytes. What is
small beside what it is added to would be lost in them, so three things stay float32: the weights, their updates, and
the loss. bfloat16 reaches as far as float32, and needs no more than that. float16 does not: small gradients become
zero. So the loss is multiplied before the way back, and the gradients are divided after it; where one overflowed, the
step is left out and the factor halved.

    python examples/12_mixed_precision.py
    python examples/12_mixed_precision.py --device cuda
"""

import argparse
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import weft as wf

SIZES = (64, 128, 10)


class Scale:
    """The factor of the loss: twice as large after so many good steps, half as large after a bad one."""

    def __init__(self, first: float, patience: int = 100) -> None:
        self.factor, self.good = wf.Variable(first, name="scale"), wf.Variable(0, name="good")
        self.patience = patience

    def adjust(self, is_good: Any) -> None:
        """Take note of a step."""
        good = wf.where(is_good, self.good + 1, 0)
        grows = good >= self.patience
        self.factor.assign(wf.where(is_good, wf.where(grows, self.factor * 2.0, self.factor), self.factor * 0.5))
        self.good.assign(wf.where(grows, 0, good))


def scores(weights: list[Any], images: Any, dtype: Any) -> Any:
    """A network of two layers, computed in `dtype`: the weights are rounded where they are used, and stay what they are."""
    w1, b1, w2, b2 = (wf.astype(w, dtype) for w in weights)
    hidden = wf.relu(wf.astype(images, dtype) @ w1 + b1)
    return wf.astype(hidden @ w2 + b2, wf.float32)


def made() -> list[Any]:
    """Weights, float32 whatever they are used in."""
    found = []
    for n, m in pairwise(SIZES):
        found += [wf.Variable(wf.random.normal((n, m)) * (2.0 / n) ** 0.5), wf.Variable(wf.zeros((m,)))]
    return found


def step_of(weights: list[Any], dtype: Any, scale: Scale) -> Any:
    """A compiled training step; it gives the loss."""
    optimizer = wf.optim.SGD(0.05, momentum=0.9)

    @wf.compile
    def step(images: Any, labels: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.softmax_cross_entropy(scores(weights, images, dtype), labels)
            scaled = loss * scale.factor
        gradients = [dw / scale.factor for dw in tape.gradient(scaled, weights)]
        is_good = wf.all(wf.stack([wf.all(wf.isfinite(dw)) for dw in gradients]))
        if is_good:
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
        scale.adjust(is_good)
        return loss

    return step


def batches(images: Any, labels: Any, epochs: int) -> Iterator[tuple[Any, Any]]:
    """Fifty at a time, in the same order for all."""
    for _ in range(epochs):
        for i in range(0, len(labels) - 49, 50):
            yield images[i : i + 50], labels[i : i + 50]


def main(epochs: int = 15, device: str = "cpu") -> dict[str, float]:
    """The share that is read right of unseen digits, by what the products were computed in."""
    found = {}
    with wf.device(device):
        images, labels = (wf.asarray(x, device=device) for x in wf.data.digits())
        images = images.reshape(len(labels), -1) / 16.0
        for dtype in (wf.float32, wf.bfloat16, wf.float16):
            wf.seed(0)
            weights, scale = made(), Scale(2.0**20) if dtype is wf.float16 else Scale(1.0, patience=2**60)
            step = step_of(weights, dtype, scale)
            for x, y in batches(images[360:], labels[360:], epochs):
                step(x, y)
            right = wf.argmax(scores(weights, images[:360], dtype), axis=-1) == labels[:360]
            found[dtype.name] = float(wf.mean(wf.astype(right, wf.float32)))
            print(
                f"{dtype.name:8}: {found[dtype.name]:.1%} of unseen digits, the factor of the loss is {float(scale.factor):g}"
            )
    return found


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Train a network in float32, bfloat16 and float16.")
    arguments.add_argument("--epochs", type=int, default=15)
    arguments.add_argument("--device", default="cpu")
    options = arguments.parse_args()
    main(options.epochs, options.device)
