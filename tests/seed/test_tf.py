"""The programs of the 2017 post run unchanged but for their import lines, and say what the post says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import post_programs as post
import pytest

import weft as wf
import weft.tf as tf
from weft.runtime import device as devices
from weft.runtime.errors import DeviceError, NumericsError

tfe = tf.contrib.eager


class CPUAsGPU:
    """A stand-in for a GPU: its only device is the CPU."""

    def count(self) -> int:
        return 1

    def get(self, index: int) -> Any:
        return devices.cpu

    def missing(self) -> str:
        return ""


def dataset() -> Any:
    """Twelve images of 28 x 28 with labels, in batches of four."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 784)).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 12)]
    return wf.data.from_arrays((x, y)).batch(4)


def run(program: str, names: dict[str, Any]) -> list[Any]:
    """What a program prints, as the values that it gives to print."""
    printed: list[Any] = []
    names.update(print=printed.append)
    exec(compile(program, "<the post>", "exec"), names)
    return printed


@pytest.fixture
def names() -> dict[str, Any]:
    """A namespace after the import lines."""
    found: dict[str, Any] = {"dataset": dataset()}
    exec(post.IMPORTS, found)
    return found


@pytest.mark.parametrize(
    "program", [post.MATMUL, post.COLLATZ, post.SQUARE, post.ABS, post.LOG1PEXP, post.CUSTOM, post.MODEL]
)
def test_program_prints_what_the_post_says(program: str, names: dict[str, Any]) -> None:
    wf.testing.assert_close(run(program, names), post.EXPECTED[program])


def test_the_model_trains(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run(post.MODEL, names)
    model = names["model"]
    assert [v.shape for v in model.variables] == [(784, 10), (10,), (10, 10), (10,)]
    losses = []

    def loss() -> float:
        return sum(float(wf.sum(names["loss_function"](model, x, y))) for x, y in names["dataset"])

    run(post.TRAINING, names)
    losses.append(loss())
    monkeypatch.setitem(devices.kinds, "cuda", CPUAsGPU())
    for _ in range(10):
        run(post.DEVICE, names)
    losses.append(loss())
    assert losses[1] < losses[0]


def test_the_device_program_says_what_is_missing_without_a_gpu(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    none = devices.DeviceKind(lambda: 0, lambda _: devices.cpu, lambda: "there is no GPU here")
    monkeypatch.setitem(devices.kinds, "cuda", none)
    run(post.MODEL, names)
    run(post.TRAINING, names)
    with pytest.raises(DeviceError, match=r"/gpu:0.*there is no GPU here"):
        run(post.DEVICE, names)


def test_all_programs_run_one_after_the_other(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices.kinds, "cuda", CPUAsGPU())
    for program, expected in post.EXPECTED.items():
        wf.testing.assert_close(run(program, names), expected)


def test_every_name_of_the_package_is_there() -> None:
    listed = """enable_eager_execution gradients_function value_and_gradients_function implicit_gradients
        implicit_value_and_gradients custom_gradient GradientTape Variable Network Sequential Iterator Saver Checkpoint
        metrics list_devices num_gpus py_func seterr add_execution_callback clear_execution_callbacks inf_nan_callback"""
    assert [name for name in listed.split() if not hasattr(tfe, name)] == []


def test_reductions_and_shapes_take_the_arguments_of_that_time() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert tf.reduce_sum(x, axis=1, keep_dims=True).tolist() == [[3.0], [7.0]]
    assert tf.reduce_mean(x).item() == 2.5
    assert tf.transpose(x).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert tf.transpose(x, perm=[1, 0]).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert tf.gather(x, [1]).tolist() == [[3.0, 4.0]]
    assert [part.tolist() for part in tf.split(tf.constant([1.0, 2.0, 3.0]), [1, 2])] == [[1.0], [2.0, 3.0]]
    assert [part.shape for part in tf.split(x, 2, axis=1)] == [(2, 1), (2, 1)]
    assert tf.constant(1.0, shape=[2, 2]).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert tf.constant([1, 2, 3, 4], shape=[2, 2]).tolist() == [[1, 2], [3, 4]]
    assert tf.zeros([2], tf.int32).dtype is tf.ones([2], dtype=tf.int32).dtype is wf.int32
    assert tf.cast(tf.constant(1.7), tf.int32).item() == 1


def test_random_numbers_of_a_seed_are_the_same_every_time() -> None:
    for draw in (tf.random_normal, tf.random_uniform, tf.truncated_normal):
        assert draw([3], seed=1).tolist() == draw([3], seed=1).tolist() != draw([3], seed=2).tolist()


def test_losses_take_labels_and_logits_by_name() -> None:
    logits = tf.constant([[0.0, 0.0], [0.0, 0.0]])
    dense = tf.nn.softmax_cross_entropy_with_logits(labels=[[1.0, 0.0], [0.0, 1.0]], logits=logits)
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=logits)
    binary = tf.nn.sigmoid_cross_entropy_with_logits(labels=[[1.0, 0.0], [0.0, 1.0]], logits=logits)
    wf.testing.assert_close([dense, sparse, binary], [[np.log(2)] * 2, [np.log(2)] * 2, [[np.log(2)] * 2] * 2])


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.train.MomentumOptimizer(0.1, 0.9),
        lambda: tf.train.AdamOptimizer(0.1),
        lambda: tf.train.AdagradOptimizer(0.1),
        lambda: tf.train.RMSPropOptimizer(0.1),
    ],
)
def test_optimizers_minimize(make: Any) -> None:
    v = tfe.Variable(3.0)
    optimizer = make()
    for _ in range(3):
        optimizer.minimize(lambda: v * v)
    assert v.item() < 3.0


def test_saver_and_checkpoint_bring_variables_back(tmp_path: Path) -> None:
    v, w = tfe.Variable(1.0), tfe.Variable([2.0])
    saver, checkpoint = tfe.Saver([v, w]), tfe.Checkpoint(v=v, w=w)
    first, second = saver.save(str(tmp_path / "model"), global_step=7), checkpoint.save(str(tmp_path / "other"))
    assert first.endswith("model-7")
    for restore, path in ((saver.restore, first), (checkpoint.restore, second)):
        v.assign(0.0)
        restore(path)
        assert v.item() == 1.0


def test_iterator_gives_one_element_after_the_other() -> None:
    iterator = tfe.Iterator(dataset())
    assert iterator.next()[0].shape == (4, 784)
    assert len(list(iterator)) == 2


def test_datasets_are_made_of_slices() -> None:
    found = [x.item() for x in tf.data.Dataset.from_tensor_slices(np.arange(3.0))]
    assert found == [0.0, 1.0, 2.0]


def test_layers_kept_in_no_attribute_are_tracked() -> None:
    class Model(tfe.Network):
        def __init__(self) -> None:
            super().__init__(name="model")
            self.stack = [self.track_layer(tf.layers.Dense(3)) for _ in range(2)]
            self.track_layer(tf.layers.Dense(1))

        def call(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    model = Model()
    assert model(tf.ones([2, 5])).shape == (2, 1)
    assert len(model.variables) == 6


def test_py_func_calls_python() -> None:
    assert tfe.py_func(lambda x: float(x) + 1, [tf.constant(1.0)], tf.float32).item() == 2.0
    a, b = tfe.py_func(lambda x: (x, 2 * x), [1], [tf.float32, tf.int64])
    assert (a.dtype, b.dtype) == (wf.float32, wf.int64)


def test_callbacks_see_every_operation() -> None:
    seen = []
    tfe.add_execution_callback(
        lambda op_type, op_name, attrs, inputs, outputs: seen.append((op_type, outputs[0].item()))
    )
    try:
        tf.sqrt(tf.constant(4.0))
    finally:
        tfe.clear_execution_callbacks()
    tf.sqrt(tf.constant(9.0))
    assert seen == [("sqrt", 2.0)]


def test_nan_callback_and_seterr_raise() -> None:
    nan = tf.constant(-1.0)
    with pytest.raises(NumericsError, match="log: the result holds a NaN"):
        tfe.inf_nan_callback("log", None, {}, [nan], [tf.log(nan)])
    tfe.seterr(inf_or_nan="raise")
    try:
        with pytest.raises(NumericsError):
            tf.log(nan)
    finally:
        tfe.seterr(inf_or_nan="ignore")
    assert np.isnan(tf.log(nan).item())
