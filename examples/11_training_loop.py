"""A whole training loop in the graph: data, shuffling, gradient, update and early stopping in one compiled function.

Nothing of Python runs between the first step and the last. The same function without `wf.compile` is an eager loop, and
finds the same weights.
"""

import time
from typing import Any

import weft as wf

BATCH = 50


def loss_of(w: Any, b: Any, images: Any, labels: Any) -> Any:
    """The mean cross entropy of a linear classifier."""
    return wf.softmax_cross_entropy(images @ w + b, labels)


def train(images: Any, labels: Any, w: Any, b: Any, steps: int, target: float) -> tuple[Any, Any, int, Any]:
    """Descend on random batches until the smoothed loss is below the target: weights, steps taken, the loss."""
    count, smooth = 0, wf.tensor(3.0)
    while count < steps and smooth > target:
        chosen = wf.random.integers((BATCH,), 0, images.shape[0])
        x, y = images[chosen], labels[chosen]
        loss, (dw, db) = wf.value_and_grad(loss_of, argnums=(0, 1))(w, b, x, y)
        w, b = w - 0.5 * dw, b - 0.5 * db
        smooth = 0.9 * smooth + 0.1 * loss
        count = count + 1
    return w, b, count, smooth


def main(steps: int = 300, target: float = 0.25) -> tuple[float, float]:
    """Run the loop both ways on the digits; the held-out accuracy of each."""
    images, labels = wf.data.digits()
    images = wf.reshape(images, (images.shape[0], -1)) / 16.0
    held_out, seen = slice(0, 360), slice(360, None)
    found = []
    for name, run in (("eager", train), ("one graph", wf.compile(train))):
        w, b = wf.zeros((64, 10)), wf.zeros((10,))
        wf.seed(1)
        run(images[seen], labels[seen], w, b, steps, target)  # traces and builds; the time below is of running
        wf.seed(1)
        start = time.perf_counter()
        w, b, count, loss = run(images[seen], labels[seen], w, b, steps, target)
        seconds = time.perf_counter() - start
        right = wf.mean(wf.argmax(images[held_out] @ w + b, axis=-1) == labels[held_out])
        print(f"{name}: {count} steps, loss {float(loss):.3f}, held out {float(right):.1%}, {1000 * seconds:.0f} ms")
        found.append(float(right))
    return found[0], found[1]


if __name__ == "__main__":
    main()
