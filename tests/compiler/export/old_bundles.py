"""The bundles that earlier versions wrote, and how one is added: run this file when the format changes.

Each is a file of its version with the inputs and results of its entries beside it. They are never written again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from exported import batch, classifier, custom, repeated, rows, settle

import weft as wf

FOLDER = Path(__file__).with_name("bundles")


def write(name: str) -> None:
    """Write a bundle, and what it gives."""
    path = FOLDER / f"{name}.weft"
    model = classifier()

    def step(x: Any, y: Any, rate: float) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.square(model(x) - y))
        for v, dv in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
            v.assign_sub(dv * rate)
        return {"loss": loss}

    batches = wf.spec(["batch", 4])
    signatures = {
        "step": (step, batches, wf.spec(["batch", 3]), 0.1),
        "rows": (rows, wf.spec(["k"], wf.int64)),
        "repeated": (repeated, wf.spec(["steps", 3])),
        "custom": (custom, wf.spec(["n"])),
        "settle": (settle, wf.spec(["n"]), 0.9),
    }
    wf.export(model, batches, path=path, signatures=signatures)
    wf.save(FOLDER / f"{name}.safetensors", results(wf.load_bundle(path)))


def results(loaded: wf.Bundle) -> dict[str, Any]:
    """What the entries of a bundle give, the training step last."""
    x, vector = wf.tensor(batch(5)), wf.tensor([1.0, 2.0, -0.5])
    with wf.GradientTape() as tape:
        tape.watch(vector)
        y = loaded["custom"](vector)
    found = {
        "call": loaded(x),
        "rows": loaded["rows"](wf.tensor([3, 19, -1])),
        "repeated": loaded["repeated"](wf.tensor(batch(4, 3))),
        "gradient": tape.gradient(y, vector),
        "settle": loaded["settle"](vector, 0.8),
    }
    steps = [loaded["step"](x, batch(5, 3), 0.1) for _ in range(2)]
    return {**found, "steps": steps, "after": loaded(x)}


if __name__ == "__main__":
    write(sys.argv[1])
