"""Lesson 4: handwritten digits.

A model as a class, a pipeline of batches, a training loop, a checkpoint. Give it a folder with MNIST's own four files
to train on those; without one it takes the small digits that ship with weft.

    python examples/04_digits.py
    python examples/04_digits.py --mnist ~/data/mnist
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import weft as wf


class Classifier(wf.nn.Module):
    """Images to the scores of ten digits. The layers take their sizes from the first image."""

    def __init__(self) -> None:
        self.hidden = wf.nn.Dense(128, activation=wf.relu)
        self.dropout = wf.nn.Dropout(0.2)
        self.logits = wf.nn.Dense(10)

    def call(self, images: Any) -> Any:
        """Shapes: (n, h, w) -> (n, 10)."""
        return self.logits(self.dropout(self.hidden(images.reshape(len(images), -1))))


def load(folder: Path | None) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """What to train on, and what to test on: images of numbers from 0 to 1, and labels."""
    if folder is not None:
        (images, labels), (unseen, truth) = wf.data.mnist(folder)
        return (images / 255.0, labels), (unseen / 255.0, truth)
    images, labels = wf.data.digits()
    return wf.data.split((images / 16.0, labels), 360, seed=0)


def loss_of(model: Classifier, images: Any, labels: Any) -> Any:
    """The mean cross entropy of a batch."""
    return wf.softmax_cross_entropy(model(images), labels)


def accuracy_of(model: Classifier, images: Any, labels: Any) -> float:
    """The share that is read right, without dropout."""
    model.eval()
    right = wf.argmax(model(images), axis=-1) == labels
    model.train()
    return float(wf.mean(wf.astype(right, wf.float32)))


def train(model: Classifier, images: Any, labels: Any, epochs: int) -> None:
    """Adam on batches of 32, in another order each time."""
    optimizer = wf.optim.Adam(0.003)
    batches = wf.data.from_arrays((images, labels)).shuffle(seed=0).batch(32)
    for epoch in range(epochs):
        loss = wf.metrics.Mean()
        for x, y in batches:
            with wf.GradientTape() as tape:
                value = loss_of(model, x, y)
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
            loss.update(value)
        print(f"epoch {epoch + 1:2}: loss {float(loss.result()):.4f}")


def main(epochs: int = 12, folder: Path | None = None) -> float:
    """The accuracy on images that training never saw."""
    wf.seed(0)
    seen, unseen = load(folder)
    model = Classifier()
    train(model, *seen, epochs)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "digits.safetensors"
        wf.save(path, model)
        restored = Classifier()
        restored(seen[0][:1])  # the first image makes its variables
        wf.load(path, into=restored)
    accuracy = accuracy_of(restored, *unseen)
    print(f"read right: {accuracy:.1%} of {len(unseen[1])} unseen digits")
    return accuracy


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Train a classifier of handwritten digits.")
    arguments.add_argument("--epochs", type=int, default=12)
    arguments.add_argument("--mnist", type=Path, metavar="FOLDER", help="a folder with MNIST's four IDX files")
    options = arguments.parse_args()
    main(options.epochs, options.mnist)
