"""Modules: what they find in their attributes, and what is done to all of it at once."""

from __future__ import annotations

import copy
import pickle
import threading
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import CheckpointError

Pair = namedtuple("Pair", "left right")


class Scale(wf.nn.Module):
    """A variable of the input's last length."""

    def build(self, x: Any) -> None:
        self.weight = wf.Variable(wf.ones(x.shape[-1]), name="weight")

    def call(self, x: Any) -> Any:
        return x * self.weight


class Nest(wf.nn.Module):
    """Modules and variables in every kind of container."""

    def __init__(self) -> None:
        self.first = Scale()
        self.parts = [Scale(), {"deep": (Scale(), wf.Variable(1.0, name="bare"))}]
        self.pair = Pair(wf.Variable(2.0), None)
        self.fixed = wf.Variable([0.0, 0.0], trainable=False)
        self.settings = {"rate": 0.5, "names": ["a", "b"]}

    def call(self, x: Any) -> Any:
        return self.parts[1]["deep"][0](self.parts[0](self.first(x)))


def built() -> Nest:
    model = Nest()
    model(wf.ones((1, 3)))
    return model


NAMES = ["first.weight", "parts.0.weight", "parts.1.deep.0.weight", "parts.1.deep.1", "pair.0", "fixed"]


def test_variables_are_found_in_attributes_and_containers() -> None:
    model = built()
    assert [name for name, _ in model.named_variables()] == NAMES
    assert len(model.variables) == 6
    assert [v.shape for v in model.trainable_variables] == [(3,), (3,), (3,), (), ()]
    assert [name for name, _ in model.named_modules()] == ["", "first", "parts.0", "parts.1.deep.0"]


def test_a_model_needs_no_super_init_and_no_variables() -> None:
    class Plain(wf.nn.Module):
        def call(self, x: Any) -> Any:
            return x + 1

    assert Plain()(1) == 2
    assert Plain().variables == []
    with pytest.raises(NotImplementedError, match="Module has no `call` method"):
        wf.nn.Module()(1)


def test_a_dataclass_is_a_model_too() -> None:
    @dataclass
    class Affine(wf.nn.Module):
        scale: Any
        shift: Any = 0.0

        def call(self, x: Any) -> Any:
            return x * self.scale + self.shift

    model = Affine(wf.Variable(2.0))
    assert model(wf.tensor(3.0)).item() == 6.0
    assert [name for name, _ in model.named_variables()] == ["scale"]


def test_what_is_shared_counts_once() -> None:
    model = wf.nn.Module()
    shared = wf.nn.Dense(2)
    shared([[1.0]])
    model.a, model.b, model.again = shared, shared, shared.weight  # pyright: ignore
    assert [name for name, _ in model.named_variables()] == ["a.weight", "a.bias"]
    assert len(model.modules()) == 2


def test_cycles_end() -> None:
    parent, child = Scale(), Scale()
    parent.child, child.parent = child, parent  # pyright: ignore
    loop: list[Any] = [child]
    loop.append(loop)
    parent.loop = loop  # pyright: ignore
    parent(wf.ones(2))
    child(wf.ones(2))
    assert [name for name, _ in parent.named_variables()] == ["child.weight", "weight"]
    assert "Scale" in repr(parent)
    assert "Scale" in parent.summary()
    twin = copy.deepcopy(parent)
    assert twin.child.parent is twin  # pyright: ignore


def test_build_runs_once_even_when_threads_come_first_together() -> None:
    made = []

    class Counting(wf.nn.Module):
        def build(self, x: Any) -> None:
            made.append(threading.get_ident())

        def call(self, x: Any) -> Any:
            return x

    model, gate = Counting(), threading.Barrier(8)

    def first() -> None:
        gate.wait()
        model(1)

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_module_may_call_itself() -> None:
    class Tree(wf.nn.Module):
        def __init__(self) -> None:
            self.leaf, self.join = wf.nn.Dense(2), wf.nn.Dense(2)

        def call(self, node: Any) -> Any:
            if isinstance(node, tuple):
                return self.join(wf.concat([self(child) for child in node], axis=-1))
            return self.leaf(node)

    x = wf.ones((1, 3))
    model = Tree()
    assert model(((x, x), x)).shape == (1, 2)
    assert len(model.variables) == 4


def test_modes_reach_every_part() -> None:
    model = built()
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    model.train()
    assert all(module.training for module in model.modules())


def test_freezing_is_undone_by_unfreezing_and_spares_what_was_fixed() -> None:
    model = built()
    model.first.freeze()
    assert len(model.trainable_variables) == 4
    model.freeze().freeze()
    assert model.trainable_variables == []
    model.unfreeze()
    assert len(model.trainable_variables) == 5
    assert not model.fixed.trainable


def test_frozen_variables_do_not_move() -> None:
    model = wf.nn.Sequential(wf.nn.Dense(2), wf.nn.Dense(1))
    model(wf.ones((1, 3)))
    model[0].freeze()
    before = [v.tolist() for v in model.variables]
    wf.optim.SGD(0.1).minimize(lambda: model(wf.ones((1, 3))).sum())
    after = [v.tolist() for v in model.variables]
    assert before[:2] == after[:2]
    assert before[2] != after[2]


def test_apply_reaches_every_module() -> None:
    seen: list[str] = []
    built().apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Nest", "Scale", "Scale", "Scale"]


def test_to_casts_what_is_floating() -> None:
    model = wf.nn.Sequential(wf.nn.Dense(2))
    model.count = wf.Variable(3)  # pyright: ignore
    model(wf.ones((1, 2)))
    model.to(dtype="float64")
    assert [v.dtype for v in model.variables] == [wf.float64, wf.float64, wf.int64]
    assert model(wf.ones((1, 2), dtype="float64")).dtype == wf.float64
    assert model.to("cpu") is model


def test_copies_share_nothing_and_keep_what_is_shared_inside() -> None:
    model = built()
    model.again = model.first  # pyright: ignore
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [name for name, _ in twin.named_variables()] == NAMES
        assert twin.again is twin.first  # pyright: ignore
        twin.first.weight.assign([5.0, 5.0, 5.0])
        assert model.first.weight.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "layer",
    [
        wf.nn.Dense(2, activation="relu"), wf.nn.Dense(2, wf.tanh, weight_init=wf.nn.initializers.he_normal), wf.nn.BatchNorm(),
        wf.nn.Embedding(3, 2), wf.nn.Sequential(wf.nn.Dense(2), wf.exp), wf.nn.LSTM(2), wf.nn.MultiHeadAttention(2), wf.nn.Conv1D(2, 1),
        wf.nn.Dropout(0.5), wf.nn.TransformerBlock(2), wf.nn.Activation("gelu"),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_layers_can_be_pickled(layer: Any) -> None:
    x = wf.asarray(np.ones((2, 3, 2), np.int64 if isinstance(layer, wf.nn.Embedding) else np.float32))
    y = layer.eval()(x)
    twin = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(twin(x).numpy(), y.numpy())


# State


def test_state_goes_out_and_back() -> None:
    model, other = built(), built()
    model.first.weight.assign([1.0, 2.0, 3.0])
    state = model.state_dict()
    assert list(state) == NAMES
    model.first.weight.assign([0.0, 0.0, 0.0])
    assert state["first.weight"].tolist() == [1.0, 2.0, 3.0]
    other.load_state_dict(state)
    assert other.first.weight.tolist() == [1.0, 2.0, 3.0]


def test_state_may_be_plain_arrays() -> None:
    model = built()
    model.load_state_dict({name: np.full(v.shape, 7.0) for name, v in model.named_variables()})
    assert model.first.weight.tolist() == [7.0] * 3
    assert model.first.weight.dtype == wf.float32


def test_a_state_that_does_not_fit_is_listed_and_changes_nothing() -> None:
    model = built()
    state = model.state_dict()
    del state["fixed"]
    state |= {"extra": wf.tensor(1.0), "first.weight": wf.ones(4), "pair.0": wf.tensor(1), "parts.1.deep.1": "text"}
    state["parts.0.weight"] = wf.zeros(3)
    with pytest.raises(CheckpointError) as caught:
        model.load_state_dict(state)
    for part in ("5 problems with the state of Nest", "missing: fixed", "unexpected: extra", "pair.0 is i64[] in the state, f32[] here",
                 "first.weight is f32[4] in the state, f32[3] here", "parts.1.deep.1 is a str, not a tensor"):  # fmt: skip
        assert part in str(caught.value)
    assert model.parts[0].weight.tolist() == [1.0] * 3


def test_strict_false_allows_missing_and_unexpected_but_no_wrong_shapes() -> None:
    model = built()
    model.load_state_dict({"pair.0": wf.tensor(9.0), "extra": wf.tensor(1.0)}, strict=False)
    assert model.pair[0].item() == 9.0
    with pytest.raises(CheckpointError, match="1 problem"):
        model.load_state_dict({"pair.0": wf.ones(2)}, strict=False)


class Lazy(wf.nn.Module):
    """Parts of every kind: built at once, at the first call, and made by a build of its own."""

    def __init__(self) -> None:
        self.table = wf.nn.Embedding(4, 6)
        self.block = wf.nn.TransformerBlock(2)
        self.rest = [wf.nn.BatchNorm(), wf.nn.LSTM(3)]

    def build(self, ids: Any) -> None:
        self.last = wf.nn.Dense(2)
        self.scale = wf.Variable(2.0, name="scale")

    def call(self, ids: Any) -> Any:
        x = self.block(self.table(ids))
        for layer in self.rest:
            x = layer(x)
        return self.last(x) * self.scale


IDS = [[0, 1, 2], [3, 2, 1]]


def test_state_waits_for_the_first_call() -> None:
    model = Lazy().eval()
    y, state = model(IDS), model.state_dict()
    fresh = Lazy().eval()
    fresh.load_state_dict(state)
    assert fresh.state_dict().keys() == state.keys()  # also before the call
    assert fresh.table.weight.tolist() == model.table.weight.tolist()
    for twin in (copy.deepcopy(fresh), pickle.loads(pickle.dumps(fresh)), fresh):
        assert twin(IDS).tolist() == y.tolist()
        assert {name: x.tolist() for name, x in twin.state_dict().items()} == {
            name: x.tolist() for name, x in state.items()
        }


def test_parts_called_by_themselves_take_their_share() -> None:
    model = Lazy().eval()
    model(IDS)
    fresh = Lazy().eval()
    fresh.load_state_dict(model.state_dict())
    x = wf.ones((1, 2, 6))
    assert fresh.block(x).tolist() == model.block(x).tolist()
    assert fresh(IDS).tolist() == model(IDS).tolist()


def test_a_waiting_state_that_does_not_fit_is_refused_at_every_call() -> None:
    def loaded(state: dict[str, Any], strict: bool = True) -> Any:
        model = wf.nn.Sequential(wf.nn.Dense(2), wf.tanh)
        model.load_state_dict(state, strict)
        return model

    x = wf.ones((1, 3))
    for state, message in (
        ({"0.weight": wf.ones((4, 2)), "0.bias": wf.ones(2)}, r"weight is f32\[4, 2\] in the state, f32\[3, 2\] here"),
        ({"0.weight": wf.ones((3, 2))}, "missing: bias"),
        ({"0.weight": wf.ones((3, 2)), "0.bias": wf.ones(2), "0.other": wf.ones(2)}, "unexpected: other"),
        ({}, "missing: weight, bias"),
    ):
        model = loaded(state)
        for _ in range(2):
            with pytest.raises(CheckpointError, match=message):
                model(x)
    model = loaded({"0.bias": wf.full(2, 7.0), "0.other": wf.ones(2), "9.else": wf.ones(2)}, strict=False)
    model(x)
    assert model[0].bias.tolist() == [7.0, 7.0]
    with pytest.raises(CheckpointError, match=r"unexpected: 1\.weight"):
        loaded({"1.weight": wf.ones(2)})


# Looking


def test_summary_shows_layers_shapes_and_parameters() -> None:
    model = wf.nn.Sequential(
        wf.nn.Dense(32, "relu"), wf.nn.Dropout(0.5), wf.nn.Sequential(wf.nn.BatchNorm(), wf.nn.Dense(10))
    )
    assert "?" in model.summary()
    model(wf.ones((4, 64)))
    assert model.summary().splitlines() == [
        "layer             output   parameters",
        "Sequential        (4, 10)",
        "  0: Dense        (4, 32)       2,080",
        "  1: Dropout      (4, 32)",
        "  2: Sequential   (4, 10)",
        "    0: BatchNorm  (4, 32)         128",
        "    1: Dense      (4, 10)         330",
        "total                           2,538",
        "trainable                       2,474",
    ]


def test_repr_shows_how_a_model_was_made() -> None:
    model = wf.nn.Sequential(wf.nn.Dense(3, wf.tanh), wf.nn.Conv2D(4, (3, 3), padding="same"))
    assert repr(model).splitlines()[1:3] == [
        "  0: Dense(units=3, activation=tanh, use_bias=True)",
        "  1: Conv2D(filters=4, groups=1, window=(3, 3), stride=1, padding='same', dilation=1, layout='channels_last', use_bias=True)",
    ]
