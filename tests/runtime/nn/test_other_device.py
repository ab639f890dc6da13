"""Models, optimizers, metrics and checkpoints on another device: one that is the CPU in disguise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.device import Device, cpu
from weft.runtime.errors import DeviceError
from weft.runtime.op import Op
from weft.runtime.spec import Spec


class Disguised:
    """A buffer that is no ndarray."""

    __array_ufunc__ = None

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.device = array, DEVICE

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        return self.array.nbytes


class Other(Device):
    """A device whose buffers the CPU cannot read."""

    kind, index = "disguised", 0

    def __str__(self) -> str:
        return "disguised:0"

    def run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        arrays = [x.array if isinstance(x, Disguised) else x for x in operands]
        return [Disguised(y) for y in cpu.run(op, arrays, attrs, specs)]

    def from_numpy(self, array: np.ndarray) -> Disguised:
        return Disguised(array)

    def to_numpy(self, buffer: Disguised) -> np.ndarray:
        return buffer.array


DEVICE = Other()
X = np.random.default_rng(1).normal(size=(8, 4, 3)).astype(np.float32)


def model() -> Any:
    return wf.nn.Sequential(
        wf.nn.Conv1D(4, 2, padding="same"), wf.nn.BatchNorm(), wf.nn.LSTM(4, return_sequences=True), wf.nn.TransformerBlock(2),
        wf.nn.Flatten(), wf.nn.Dense(2), wf.nn.Dropout(0.0),
    )  # fmt: skip


def train(net: Any, optimizer: Any, x: Any) -> list[float]:
    wf.seed(4)  # the first weights are drawn at the first call
    return [optimizer.minimize(lambda: (net(x) ** 2).mean()).item() for _ in range(3)]


@pytest.mark.parametrize(
    "make", [wf.optim.Adam, wf.optim.SGD, wf.optim.RMSProp, wf.optim.Adagrad, wf.optim.AdamW, wf.optim.Lion]
)
def test_a_model_is_built_and_trained_where_its_input_lives(make: Any) -> None:
    here, there = model(), model()
    options = {"clip_global_norm": 1.0, "check_finite": True}
    expected = train(here, make(0.01, **options), wf.asarray(X))
    optimizer = make(0.01, **options)
    found = train(there, optimizer, wf.asarray(X, device=DEVICE))
    assert {str(v.device) for v in there.variables} == {"disguised:0"}
    assert {str(s.device) for slots in optimizer.slots.values() for s in slots.values()} <= {"disguised:0"}
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_metrics_take_values_from_another_device() -> None:
    mean, accuracy = wf.metrics.Mean(), wf.metrics.Accuracy()
    assert mean(wf.asarray([1.0, 3.0], device=DEVICE)).item() == 2.0
    scores, labels = np.eye(3, dtype=np.float32), [0, 1, 1]
    assert accuracy(wf.asarray(scores, device=DEVICE), wf.asarray(labels, device=DEVICE)).item() == pytest.approx(2 / 3)


def test_a_model_moves_and_loads_where_it_is(tmp_path: Path) -> None:
    net = model()
    net(wf.asarray(X))
    wf.save(tmp_path / "x", net)
    other = model().to(DEVICE)
    other(wf.asarray(X, device=DEVICE))
    wf.load(tmp_path / "x", into=other)
    assert {str(v.device) for v in other.variables} == {"disguised:0"}
    for x, y in zip(net.variables, other.to("cpu").variables, strict=True):
        assert x.tolist() == y.tolist()


def test_nothing_is_assigned_across_devices() -> None:
    variable = wf.Variable([1.0], name="v", device=DEVICE)
    with pytest.raises(DeviceError, match=r"assign: f32\[1\] lives on cpu, variable 'v' on disguised:0"):
        variable.assign(wf.tensor([2.0]))
    variable.assign([3.0])
    assert str(variable.device) == "disguised:0"
    assert variable.tolist() == [3.0]
