"""A loaded bundle is the function that was exported: results, gradients, state, on every executor."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import CASES, Pair, batch, classifier, custom, rows, there_and_back

import weft as wf
from weft.runtime import tree

EXECUTORS = ("interpreter", "native")


def plain(x: Any) -> Any:
    """A result as files give it: named tuples are dicts there."""
    if isinstance(x, Pair):
        return {name: plain(part) for name, part in x._asdict().items()}
    if isinstance(x, dict):
        return {name: plain(part) for name, part in x.items()}
    return [plain(part) for part in x] if isinstance(x, list) else tuple(map(plain, x)) if isinstance(x, tuple) else x


def assert_same(found: Any, wanted: Any) -> None:
    leaves, structure = tree.flatten(found)
    others, same = tree.flatten(plain(wanted))
    assert structure == same
    for x, y in zip(leaves, others, strict=True):
        if isinstance(y, wf.Tensor):
            assert (x.shape, x.dtype) == (y.shape, y.dtype)
            np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-5, atol=1e-6)
        else:
            assert type(x) is type(y)
            assert x == y


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", CASES)
def test_a_bundle_gives_what_the_function_gives(name: str, executor: str, tmp_path: Path) -> None:
    function, specs, given = CASES[name]
    loaded = there_and_back(tmp_path, function, *specs)
    tensors = tree.map(lambda x: wf.asarray(x) if isinstance(x, np.ndarray) else x, given)
    with wf.options(executor=executor):
        assert_same(loaded(*tensors), function(*tensors))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 192])
def test_open_batches_take_every_size(n: int, executor: str, tmp_path: Path) -> None:
    model = classifier()  # its layers are 3 and 8 wide: no size is told apart for that
    loaded = there_and_back(tmp_path, model, wf.spec(["batch", 4]))
    with wf.options(executor=executor):
        assert_same(loaded(batch(n)), model(batch(n)))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_gradients_are_those_of_the_model(executor: str, tmp_path: Path) -> None:
    model = classifier()
    loaded = there_and_back(tmp_path, model, wf.spec(["batch", 4]))
    found = []
    with wf.options(executor=executor):
        for one in (loaded, model):
            x = wf.tensor(batch(5))
            with wf.GradientTape() as tape:
                tape.watch(x)
                loss = wf.mean(wf.square(one(x)))
            found.append(tape.gradient(loss, [x, *one.trainable_variables]))
    assert len(found[0]) == 7
    for dx, dy in zip(*found, strict=True):
        np.testing.assert_allclose(dx.numpy(), dy.numpy(), rtol=1e-4, atol=1e-6)


def test_a_gradient_of_ones_own_survives(tmp_path: Path) -> None:
    loaded, x = there_and_back(tmp_path, custom, wf.spec(["n"])), wf.tensor([0.0, 1.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = loaded(x)
    assert tape.gradient(y, x).numpy().tolist() == [3.0, 3.0]


def training_step(model: wf.nn.Module) -> Any:
    def step(x: Any, y: Any, rate: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.square(model(x) - y))
        for v, dv in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
            v.assign_sub(dv * rate)
        return loss

    return step


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_training_step_trains_the_variables_that_entries_share(executor: str, tmp_path: Path) -> None:
    model = classifier()
    step = training_step(model)
    signature = (step, wf.spec(["batch", 4]), wf.spec(["batch", 3]), 0.1)
    loaded = there_and_back(tmp_path, model, wf.spec(["batch", 4]), step=signature)
    x, y = batch(6), batch(6, 3)
    with wf.options(executor=executor):
        for _ in range(3):
            assert_same(loaded["step"](x, y, rate=0.1), step(wf.tensor(x), wf.tensor(y), 0.1))
        assert_same(loaded(x), model(x))


def test_a_bundle_is_fine_tuned_like_a_model(tmp_path: Path) -> None:
    loaded = there_and_back(tmp_path, classifier(), wf.spec(["batch", 4]))
    optimizer, losses = wf.optim.Adam(0.05), []
    for _ in range(20):
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.square(loaded(batch(16)) - 1.0))
        optimizer.apply_gradients(tape.gradient(loss, loaded.trainable_variables), loaded.trainable_variables)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_states_go_from_model_to_bundle_and_back(tmp_path: Path) -> None:
    model, other = classifier(0), classifier(1)
    loaded = there_and_back(tmp_path, model, wf.spec(["batch", 4]))
    assert list(loaded.state_dict()) == list(model.state_dict())
    assert [v.trainable for v in loaded.variables] == [v.trainable for v in model.variables]
    loaded.load_state_dict(other.state_dict())
    assert_same(loaded(batch(3)), other(batch(3)))
    wf.save(tmp_path / "tuned.safetensors", loaded)
    wf.load(tmp_path / "tuned.safetensors", into=model)
    assert_same(model(batch(3)), other(batch(3)))


def test_random_draws_go_on_from_the_state_in_the_file(tmp_path: Path) -> None:
    generator = wf.random.Generator(7)

    def noisy(x: Any) -> Any:
        return x + wf.random.normal(x.shape, generator=generator)

    loaded = there_and_back(tmp_path, noisy, wf.spec(["n"]))
    for n in (3, 5, 3):
        assert_same(loaded(batch(n)[:, 0]), noisy(wf.tensor(batch(n)[:, 0])))


def test_a_bundle_can_be_compiled_into_something_else(tmp_path: Path) -> None:
    model = classifier()
    loaded = there_and_back(tmp_path, model, wf.spec(["batch", 4]))
    doubled = wf.compile(lambda x: loaded(x) * 2.0)
    assert_same(doubled(wf.tensor(batch(3))), model(batch(3)) * 2.0)


def test_the_same_model_gives_the_same_bytes_and_large_constants_stay_out_of_the_text(tmp_path: Path) -> None:
    for name in ("a.weft", "b.weft"):
        wf.export(
            classifier(), wf.spec(["n", 4]), path=tmp_path / name, signatures={"rows": (rows, wf.spec(["k"], wf.int64))}
        )
    first = (tmp_path / "a.weft").read_bytes()
    assert first == (tmp_path / "b.weft").read_bytes()
    assert b'constant value=f32[20, 3] stored "constants/0"' in first
    with zipfile.ZipFile(tmp_path / "a.weft") as found:
        starts = [first.index(found.read(name)) for name in found.namelist()]
    assert not any(start % 64 for start in starts)


def test_entries_are_found_by_name_and_shown(tmp_path: Path) -> None:
    loaded = there_and_back(tmp_path, None, rows=(rows, wf.spec(["k"], wf.int64)))
    assert str(loaded) == "Bundle(rows(indices: i64[k]) -> f32[k, 3])"
    with pytest.raises(wf.WeftError, match="bundle: there is no entry 'call'"):
        loaded(3)


def test_a_failed_export_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.weft"
    wf.export(rows, wf.spec(["k"], wf.int64), path=path)
    before = path.read_bytes()
    with pytest.raises(wf.WeftError):
        wf.export(lambda x: print(x), wf.spec(["n"]), path=path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.weft"]


def test_loading_a_bundle_as_a_checkpoint_says_how_to_load_it(tmp_path: Path) -> None:
    there_and_back(tmp_path, rows, wf.spec(["k"], wf.int64))
    with pytest.raises(wf.WeftError, match=r"a zip archive, no tensor file(.|\n)*wf\.load_bundle"):
        wf.load(tmp_path / "model.weft")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_whole_training_step_goes_on_where_the_model_was(executor: str, tmp_path: Path) -> None:
    wf.seed(0)
    parts = [wf.nn.Dense(8, activation=wf.tanh), wf.nn.BatchNorm(), wf.nn.Dropout(0.5), wf.nn.Dense(3)]
    model, optimizer = wf.nn.Sequential(parts), wf.optim.Adam(0.01)

    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.square(model(x) - y))
        optimizer.apply_gradients(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    step(wf.tensor(batch(4)), wf.tensor(batch(4, 3)))  # makes what the layers and Adam remember
    loaded = there_and_back(tmp_path, step, wf.spec(["batch", 4]), wf.spec(["batch", 3]))
    with wf.options(executor=executor):
        for n in (5, 3, 8):
            assert_same(loaded(batch(n), batch(n, 3)), step(wf.tensor(batch(n)), wf.tensor(batch(n, 3))))
    with pytest.raises(wf.WeftError, match="call: batch is 1; the graph holds for batch >= 2 only"):
        loaded(batch(1), batch(1, 3))
