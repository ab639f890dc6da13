"""Train a classifier of real handwritten digits, save it, restore it, and draw what it got wrong.

The whole journey in one file: data, model, loop, checkpoint, picture. It uses weft as a user does, and its lesson to
read is examples/04_digits.py. This file must not know the insides of weft.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import weft as wf

GOAL = 0.97  # of the digits that training never saw
EPOCHS = 15
HELD_OUT = 360
BATCH = 32


class Classifier(wf.nn.Module):
    """Two convolutions and two dense layers; sizes follow from the first image."""

    def __init__(self) -> None:
        self.near = wf.nn.Conv2D(16, 3, padding="same", activation=wf.relu)
        self.far = wf.nn.Conv2D(32, 3, padding="same", activation=wf.relu)
        self.dropout = wf.nn.Dropout(0.3)
        self.hidden = wf.nn.Dense(64, activation=wf.relu)
        self.logits = wf.nn.Dense(10)

    def call(self, images: Any) -> Any:
        """Scores of the ten digits.   Shapes: (n, 8, 8, 1) -> (n, 10)."""
        x = wf.max_pool2d(self.far(self.near(images)), 2)
        return self.logits(self.dropout(self.hidden(x.reshape(x.shape[0], -1))))


@dataclass
class Digits:
    """Images and their labels.   Shapes: (n, 8, 8, 1), (n,)."""

    images: Any
    labels: Any

    def __len__(self) -> int:
        return len(self.labels)


@dataclass
class History:
    """What was measured after each epoch."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


def load(seed: int) -> tuple[Digits, Digits]:
    """The digits, cut at random into those to train on and those held out."""
    images, labels = wf.data.digits()
    both = wf.data.split((images[..., None] / 16.0, labels), HELD_OUT, seed=seed)
    return Digits(*both[0]), Digits(*both[1])


def loss_of(model: Classifier, images: Any, labels: Any) -> Any:
    """The mean cross entropy of a batch."""
    return wf.softmax_cross_entropy(model(images), labels)


def predict(model: Classifier, digits: Digits) -> Any:
    """The digit that the model reads in each image."""
    model.eval()
    predictions = wf.argmax(model(digits.images), axis=-1)
    model.train()
    return predictions


def accuracy_of(model: Classifier, digits: Digits) -> float:
    """The share of images that are read right."""
    return float(wf.mean(predict(model, digits) == digits.labels))


def step_of(model: Classifier, optimizer: Any) -> Any:
    """A training step, compiled: it takes a batch of images and labels."""
    return wf.compile(lambda images, labels: optimizer.minimize(lambda: loss_of(model, images, labels)))


def train(model: Classifier, digits: Digits, held_out: Digits, epochs: int, quiet: bool) -> tuple[Any, Any, History]:
    """Go over the digits `epochs` times, each time in another order.

    The step is compiled: the model, its gradient and the optimizer are one graph. Gives the optimizer, the graph, and
    what was measured.
    """
    model(digits.images[:1])  # makes the variables
    batches = wf.data.from_arrays((digits.images, digits.labels)).shuffle(seed=1).batch(BATCH)
    optimizer = wf.optim.Adam(wf.optim.schedules.Cosine(0.004, epochs * len(batches)))
    step = step_of(model, optimizer)
    history = History()
    with wf.data.progress(total=epochs * len(batches), hidden=quiet) as bar:
        for epoch in range(epochs):
            losses = []
            for images, labels in batches:
                losses.append(step(images, labels))
                bar.advance()
            history.loss.append(float(wf.mean(wf.stack(losses))))
            history.accuracy.append(accuracy_of(model, held_out))
            bar.say(f"epoch {epoch + 1}, loss {history.loss[-1]:.4f}, held out {history.accuracy[-1]:.1%}")
    return optimizer, step.graph(digits.images[:BATCH], digits.labels[:BATCH]), history


def restore(path: Path, like: Digits) -> Classifier:
    """The saved model, in variables of its own; the optimizer would go on where it stopped."""
    model, optimizer = Classifier(), wf.optim.Adam()
    model(like.images[:1])  # makes the variables
    wf.load(path, into={"model": model, "optimizer": optimizer})
    return model


def show_speed(model: Classifier, digits: Digits) -> None:
    """Say how long a training step takes, compiled and as plain Python; the model goes on learning meanwhile."""
    step, batch = step_of(model, wf.optim.Adam(0.001)), (digits.images[:BATCH], digits.labels[:BATCH])
    compiled = milliseconds(lambda: step(*batch))
    with wf.eagerly():
        eager = milliseconds(lambda: step(*batch))
    print(
        f"a training step takes {compiled:.2f} ms compiled and {eager:.2f} ms eagerly: {eager / compiled:.1f} times as long"
    )


def milliseconds(run: Callable[[], Any], repeats: int = 15) -> float:
    """The median time of a run, the first one left out."""
    times = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        float(run())
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times[1:])


def show_graph(graph: Any, path: Path) -> None:
    """Write the graph of a training step to a file, draw it beside that, and say how it begins."""
    path.with_suffix(".svg").write_text(graph.svg(), encoding="utf-8")
    lines = str(graph).splitlines()
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(f"a training step is a graph of {len(graph.nodes)} nodes, in {path} and drawn beside it; it begins")
    print("\n".join(f"  {line:.100}" for line in lines[1:7]))


def draw(path: Path, history: History, held_out: Digits, predictions: Any) -> bool:
    """Write the learning curve and the misread digits as a picture; False without matplotlib."""
    if find_spec("matplotlib") is None:
        return False
    from matplotlib.figure import Figure  # a second to import, so only when it is wanted

    figure = Figure(figsize=(10, 6), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[3, 2])
    curve, misread = parts
    draw_curve(curve.subplots(), history)
    draw_misread(misread, held_out, predictions)
    figure.savefig(path, dpi=100)
    return True


def draw_curve(axes: Any, history: History) -> None:
    """Loss and accuracy by epoch."""
    epochs = range(1, len(history.loss) + 1)
    axes.plot(epochs, history.loss, color="tab:blue", label="loss in training")
    axes.set(xlabel="epoch", ylabel="cross entropy", yscale="log")
    right = axes.twinx()
    right.plot(epochs, [100 * x for x in history.accuracy], color="tab:orange", label="held-out accuracy")
    right.set(ylabel="accuracy in %")
    axes.legend(handles=[*axes.lines, *right.lines], loc="center right")


def draw_misread(figure: Any, held_out: Digits, predictions: Any) -> None:
    """Up to ten digits that were read wrong, with what they are and what they were taken for."""
    wrong = [i for i in range(len(held_out)) if predictions[i] != held_out.labels[i]][:10]
    figure.suptitle("misread digits" if wrong else "no digit was misread")
    for axes, i in zip(figure.subplots(1, 10), wrong + [None] * (10 - len(wrong)), strict=True):
        axes.axis("off")
        if i is not None:
            axes.imshow(held_out.images[i, ..., 0].numpy(), cmap="gray_r")
            axes.set_title(f"{int(held_out.labels[i])} as {int(predictions[i])}", fontsize=10)


def run(folder: Path, *, epochs: int = EPOCHS, seed: int = 0, quiet: bool = False) -> float:
    """Do it all, say so, leave the files in `folder`; gives the held-out accuracy of the restored model."""
    start = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    wf.seed(seed)
    digits, held_out = load(seed)
    print(f"{len(digits)} handwritten digits to learn from, {len(held_out)} held out (UCI, 8 x 8 pixels)")
    model = Classifier()
    optimizer, graph, history = train(model, digits, held_out, epochs, quiet)
    count = sum(variable.size for variable in model.trainable_variables)
    print(f"trained {count} numbers in {epochs} epochs, {time.perf_counter() - start:.1f} s")
    print(f"held-out accuracy: {history.accuracy[-1]:.2%}")
    show_graph(graph, folder / "step.txt")
    checkpoint, picture = folder / "digits.safetensors", folder / "digits.png"
    wf.save(checkpoint, {"model": model, "optimizer": optimizer})
    restored = restore(checkpoint, digits)
    accuracy = accuracy_of(restored, held_out)
    print(
        f"restored from {checkpoint}: {accuracy:.2%}, {'the same' if accuracy == history.accuracy[-1] else 'NOT the same'}"
    )
    if draw(picture, history, held_out, predict(restored, held_out)):
        print(f"drawn in {picture}")
    else:
        print("no picture: matplotlib is not installed (pip install 'weft[plot]')")
    show_speed(restored, digits)
    return accuracy
