"""Checkpoints: what is saved comes back, and what does not fit changes nothing."""

from __future__ import annotations

import dataclasses
import os
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import dtypes
from weft.runtime.errors import ArgumentError, CheckpointError

Pair = namedtuple("Pair", "x y")


@dataclasses.dataclass
class Settings:
    """A dataclass in a tree."""

    rate: float
    weight: Any


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.safetensors")


def same(x: Any, y: Any) -> bool:
    """Whether two trees are equal, types, dtypes and NaN included."""
    if isinstance(x, wf.Tensor):
        a, b = x.numpy(), y.numpy()
        return isinstance(y, wf.Tensor) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(x) is not type(y):
        return False
    if isinstance(x, dict):
        return list(x) == list(y) and all(same(x[k], y[k]) for k in x)
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(map(same, x, y))
    return repr(x) == repr(y)


TREES = [
    None, True, 3, 2**70, -2.5, 1e-310, float("nan"), float("-inf"), -0.0, 1 - 2j, complex("nan+infj"), "", "käse\n\u2028",
    [], (), {}, [[], ({},)], {"a": {"b.c": 1}, "a.b": {"c": 2}}, {1: "int", "1": "text"}, ["tensor", {"tensor": "x", "dict": []}],
    wf.tensor(2.0), {"__metadata__": wf.tensor([1, 2])}, {"a": {"b": wf.tensor(1)}, "a.b": wf.tensor(2)},
    [wf.zeros((0, 3)), wf.zeros(()), wf.ones((2, 1, 3), dtype=wf.float16)],
]  # fmt: skip


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: repr(tree)[:40])
def test_a_tree_comes_back_as_it_was(path: str, tree: Any) -> None:
    wf.save(path, tree)
    assert same(wf.load(path), tree)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: repr(tree)[:40])
def test_a_tree_loads_into_its_own_kind(path: str, tree: Any) -> None:
    wf.save(path, tree)
    assert same(wf.load(path, into=tree), tree)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_dtype_comes_back_bit_by_bit(path: str, dtype: Any) -> None:
    values = np.array([[0, 1, 3], [1, 0, 2]]).astype(dtype)
    wf.save(path, wf.asarray(values))
    assert same(wf.load(path), wf.asarray(values))


def test_other_programs_read_the_tensors(path: str) -> None:
    from safetensors.numpy import load_file

    wf.save(path, {"layer": {"weight": wf.tensor([[1.0, 2.0]])}, "n": 3, "ok": wf.tensor([True, False])})
    found = load_file(path)
    assert found["layer.weight"].tolist() == [[1.0, 2.0]]
    assert found["ok"].tolist() == [True, False]


def test_files_of_other_programs_load_as_a_dict(path: str) -> None:
    from safetensors.numpy import save_file

    save_file({"b": np.arange(3.0), "a.c": np.ones((2, 2), np.float32)}, path, metadata={"format": "np"})
    assert {name: x.tolist() for name, x in wf.load(path).items()} == {"b": [0.0, 1.0, 2.0], "a.c": [[1.0, 1.0]] * 2}
    variable = wf.Variable(np.zeros(3))
    wf.load(path, into={"b": variable, "a.c": wf.zeros((2, 2))})
    assert variable.tolist() == [0.0, 1.0, 2.0]


def test_variables_arrays_and_records_become_plain_without_into(path: str) -> None:
    wf.save(
        path,
        {"v": wf.Variable([1.0]), "a": np.arange(2), "p": Pair(1, wf.tensor(2.0)), "s": Settings(0.1, np.float64(2))},
    )
    found = wf.load(path)
    assert same(found["v"], wf.tensor([1.0]))
    assert same(found["a"], wf.tensor([0, 1]))
    assert same(found["p"], {"x": 1, "y": wf.tensor(2.0)})
    assert found["s"]["rate"] == 0.1
    assert found["s"]["weight"].dtype == wf.float64


def test_into_fills_variables_in_place_and_keeps_the_containers(path: str) -> None:
    def fresh(n: float) -> Any:
        return {"v": wf.Variable([n]), "p": Pair(n, wf.tensor(n)), "s": [Settings(n, np.full(2, n))], "none": None}

    wf.save(path, {**fresh(5.0), "none": "now text"})
    target = fresh(0.0)
    found = wf.load(path, into=target)
    assert found["v"] is target["v"]
    assert target["v"].tolist() == [5.0]
    assert isinstance(found["p"], Pair)
    assert found["p"].x == 5.0
    assert isinstance(found["s"][0], Settings)
    assert found["s"][0].weight.tolist() == [5.0, 5.0]
    assert found["none"] == "now text"


def test_a_shared_variable_is_stored_once(path: str) -> None:
    variable = wf.Variable(np.zeros(1000))
    wf.save(path, [variable, variable])
    assert os.path.getsize(path) < 2 * variable.numpy().nbytes


def test_what_does_not_fit_is_listed_and_changes_nothing(path: str) -> None:
    wf.save(path, {"a": wf.tensor([1.0]), "b": wf.tensor([1.0, 2.0]), "c": wf.tensor([1]), "d": 3, "e": [1, 2]})
    target = {
        "a": wf.Variable([0.0]),
        "b": wf.Variable([0.0]),
        "c": wf.Variable([0.0]),
        "f": wf.Variable(1.0),
        "d": "x",
        "e": [1],
    }
    with pytest.raises(CheckpointError) as caught:
        wf.load(path, into=target)
    message = str(caught.value)
    for part in ("5 differences", "missing: f", "b is f32[2] in the file, f32[1] here", "c is i64[1] in the file, f32[1] here",
                 "d is a int in the file, a str here", "e has length 2 in the file, 1 here"):  # fmt: skip
        assert part in message
    assert target["a"].tolist() == [0.0]


def test_floats_are_cast_to_the_dtype_of_the_variable(path: str) -> None:
    wf.save(path, wf.tensor([1.5], wf.float64))
    variable = wf.Variable([0.0])
    wf.load(path, into=variable)
    assert variable.tolist() == [1.5]
    assert variable.dtype == wf.float32


def loop() -> list[Any]:
    """A list that contains itself."""
    result: list[Any] = []
    result.append(result)
    return result


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"x": [object()]}, "save: x.0 is a object, which a checkpoint cannot hold"),
        ({"x": b"bytes"}, "x is a bytes"),
        ({(1, 2): 3}, "has a tuple as a key"),
        (loop(), "nested too deeply, or contains itself"),
        ("\ud800", "text that is no Unicode"),
        (1 << 20_000, "an integer of 20001 bits"),
        (wf.nn.Module, "the tree is a type"),
        (print, "which a checkpoint cannot hold"),
    ],
    ids=["object", "bytes", "key", "loop", "text", "integer", "class", "function"],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(path: str, tree: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        wf.save(path, tree)
    assert os.listdir(os.path.dirname(path)) == []


def test_models_and_optimizers_resume_where_they_stopped(path: str) -> None:
    def train(model: Any, optimizer: Any, steps: int) -> None:
        x = wf.asarray(np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2))
        for _ in range(steps):
            optimizer.minimize(lambda: ((model(x) - 1.0) ** 2).mean())

    def fresh() -> Any:
        model = wf.nn.Sequential(wf.nn.Dense(3, activation="tanh"), wf.nn.Dense(1))
        model(wf.zeros((1, 2)))
        return {"model": model, "optimizer": wf.optim.Adam(0.1), "epoch": 0}

    first = fresh()
    train(first["model"], first["optimizer"], 3)
    wf.save(path, {**first, "epoch": 3})
    second = wf.load(path, into=fresh())
    assert second["epoch"] == 3
    for state in (first, second):
        train(state["model"], state["optimizer"], 3)
    for x, y in zip(first["model"].variables, second["model"].variables, strict=True):
        assert x.tolist() == y.tolist()


def test_a_model_that_saw_no_input_is_filled_at_its_first_call(path: str) -> None:
    model = wf.nn.Dense(2)
    y = model(wf.ones((1, 3)))
    wf.save(path, model)
    fresh = wf.load(path, into=wf.nn.Dense(2))
    assert fresh(wf.ones((1, 3))).tolist() == y.tolist()


def test_a_model_saves_under_its_own_names(path: str) -> None:
    model = wf.nn.Dense(2)
    model(wf.zeros((1, 3)))
    wf.save(path, model)
    assert list(wf.load(path)) == ["weight", "bias"]


def test_saver_keeps_the_last_ones(tmp_path: Path) -> None:
    saver = wf.Saver(tmp_path / "run", keep=2)
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        saver.load()
    for step in (1, 5, 30):
        saver.save({"step": step}, step)
    assert saver.steps() == [5, 30]
    assert saver.load() == {"step": 30}
    assert saver.load(step=5) == {"step": 5}
    with pytest.raises(FileNotFoundError):
        saver.load(step=1)
    with pytest.raises(ArgumentError, match="would keep nothing"):
        wf.Saver(tmp_path, keep=0)


def test_a_missing_file_is_the_system_s_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        wf.load(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        wf.save(tmp_path / "no folder" / "x", 1)


def test_generators_save_with_the_rest(path: str) -> None:
    generator = wf.random.Generator(5)
    wf.random.uniform((3,), generator=generator)
    wf.save(path, {"random": generator})
    expected = wf.random.uniform((3,), generator=generator).tolist()
    other = wf.random.Generator(6)
    wf.load(path, into={"random": other})
    assert wf.random.uniform((3,), generator=other).tolist() == expected


class Progress:
    """An object of a user's own with state, plain values in it."""

    def __init__(self, epoch: int) -> None:
        self.epoch, self.losses = epoch, [0.5] * epoch

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "losses": self.losses}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if state["epoch"] < 0:
            raise ValueError("no such epoch")
        self.epoch, self.losses = state["epoch"], state["losses"]


def test_objects_with_state_of_their_own_take_part(path: str) -> None:
    wf.save(path, {"progress": Progress(3), "x": wf.Variable(2.0)})
    target = {"progress": Progress(0), "x": wf.Variable(0.0)}
    wf.load(path, into=target)
    assert (target["progress"].epoch, target["progress"].losses, target["x"].item()) == (3, [0.5] * 3, 2.0)
    wf.save(path, {"progress": {"epoch": -1, "losses": []}, "x": wf.Variable(7.0)})
    with pytest.raises(ValueError, match="no such epoch"):
        wf.load(path, into=target)
    assert target["x"].item() == 2.0
    wf.save(path, {"progress": {"epoch": 1}, "x": wf.Variable(7.0)})
    with pytest.raises(CheckpointError, match="progress: missing: losses"):
        wf.load(path, into=target)
