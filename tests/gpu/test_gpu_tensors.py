"""Tensors on a GPU: making, moving, showing, copying and saving them, ops without kernels, and where things meet."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels import cuda_device, fallbacks
from weft.kernels.cuda_array import CudaArray
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes
from weft.runtime.errors import DeviceError, ExchangeError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def no_kernels(monkeypatch: pytest.MonkeyPatch, quiet: None) -> None:
    """No op has a kernel."""
    monkeypatch.setattr(cuda_device, "_kernels", [])


@pytest.mark.parametrize("name", ["cuda:0", "gpu", "/gpu:0", "/device:GPU:0", "cuda"])
def test_a_gpu_has_several_names(device: CudaDevice, name: str) -> None:
    x = wf.tensor(X).to(name)
    assert x.device is device
    assert str(x.device) == "cuda:0"
    assert wf.zeros(2, device=name).device is device


def test_a_gpu_is_listed(device: CudaDevice) -> None:
    assert wf.num_gpus() >= 1
    assert device in wf.list_devices()
    assert repr(device).startswith("CudaDevice(cuda:0: ")
    assert pickle.loads(pickle.dumps(device)) is device


def test_a_tensor_says_where_it_is(device: CudaDevice) -> None:
    x = wf.tensor([1.0, 2.0], device="cuda")
    assert repr(x) == "Tensor([1., 2.], f32, cuda:0)"
    assert repr(wf.Variable([1.0], name="v", device="cuda")) == "Variable('v', [1.], f32, cuda:0)"


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_dtype_goes_there_and_back(device: CudaDevice, dtype: Any) -> None:
    x = (np.arange(7) % 2).astype(dtype)
    found = wf.tensor(x).to("cuda:0")
    assert found.dtype is dtype
    assert (found.numpy() == x).all()
    assert (found.to("cpu").numpy() == x).all()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3, 4)], ids=str)
def test_every_shape_goes_there_and_back(device: CudaDevice, shape: tuple[int, ...]) -> None:
    x = np.ones(shape, np.float32)
    assert wf.tensor(x, device="cuda").shape == shape
    assert wf.tensor(x, device="cuda").numpy().shape == shape


def test_an_array_that_does_not_lie_in_order_is_copied_in_order(device: CudaDevice) -> None:
    assert (wf.asarray(X.T, device="cuda").numpy() == X.T).all()
    assert (wf.asarray(X[:, ::2], device="cuda").numpy() == X[:, ::2]).all()


def test_what_is_made_inside_a_device_lives_there(on_gpu: CudaDevice) -> None:
    made = [wf.tensor(X), wf.asarray([1, 2]), wf.zeros((2, 2)), wf.ones(3, wf.bfloat16), wf.full((2,), 1.5, wf.complex128),
            wf.full((2, 3), [1, 2, 3]), wf.empty((4,)), wf.eye(3), wf.arange(5), wf.linspace(0.0, 1.0, 5),
            wf.random.normal((3,)), wf.random.uniform((2, 2)), wf.random.integers((4,), 0, 9), wf.random.permutation(4),
            wf.Variable([1.0])]  # fmt: skip
    assert all(x.device is on_gpu for x in made)


def test_filled_tensors_hold_what_was_asked_for(on_gpu: CudaDevice) -> None:
    assert wf.full((2, 3), 2.5).tolist() == [[2.5] * 3] * 2
    assert wf.full((3,), 7, dtype=wf.int64).tolist() == [7] * 3
    assert wf.full((3,), True).tolist() == [True] * 3
    assert wf.full((2,), 1 + 2j).tolist() == [1 + 2j] * 2
    assert wf.zeros((2,), wf.float64).tolist() == [0.0, 0.0]
    assert wf.ones_like(wf.zeros((2,), wf.float16)).tolist() == [1.0, 1.0]


def test_the_same_seed_gives_the_same_numbers_everywhere(on_gpu: CudaDevice) -> None:
    there = wf.random.normal((100,), generator=wf.random.Generator(3))
    here = wf.random.normal((100,), generator=wf.random.Generator(3), device="cpu")
    np.testing.assert_allclose(there.numpy(), here.numpy(), rtol=1e-5, atol=1e-6)


def test_numbers_lists_and_arrays_come_to_the_tensor_that_they_meet(device: CudaDevice, quiet: None) -> None:
    x = wf.tensor(X, device="cuda")
    for y in (2.0, [1.0, 2.0, 3.0], np.ones(3, np.float32)):
        assert ((x + y).numpy() == X + np.asarray(y, np.float32)).all()
        assert (x + y).device is (y + x).device is device


INDICES = [
    0,
    slice(1, None),
    (slice(None), 1),
    [1, 0],
    np.array([True, False]),
    (None, 1),
    (..., [0, 2]),
    ([0, 1], [2, 0]),
    True,
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_an_index_may_come_from_the_host(device: CudaDevice, quiet: None, index: Any) -> None:
    x = wf.tensor(X, device="cuda")
    assert (x[index].numpy() == X[index]).all()
    assert x[index].device is device
    x[index] = 9.0
    wanted = X.copy()
    wanted[index] = 9.0
    assert (x.numpy() == wanted).all()


def test_an_index_may_lie_on_the_gpu(device: CudaDevice, quiet: None) -> None:
    x, i = wf.tensor(X, device="cuda"), wf.tensor([1, 1, 0], device="cuda")
    assert (x[i].numpy() == X[[1, 1, 0]]).all()
    assert (x[x > 2.0].numpy() == X[X > 2]).all()


def test_tensors_on_different_devices_do_not_meet(device: CudaDevice) -> None:
    x, y = wf.tensor(X), wf.tensor(X, device="cuda")
    for f in (lambda: x + y, lambda: wf.matmul(y, wf.matrix_transpose(x)), lambda: wf.concat([x, y])):
        with pytest.raises(DeviceError, match=r"live on cpu and cuda:0\n(.*\n)*.*nothing moves unasked"):
            f()
    with pytest.raises(DeviceError, match="assign: "):
        wf.Variable(y).assign(x)


def test_an_array_of_a_gpu_is_never_taken_for_numbers(device: CudaDevice) -> None:
    buffer = wf.tensor(X, device="cuda").buffer
    assert type(buffer) is CudaArray
    with pytest.raises(TypeError):
        np.add(buffer, 1)
    with pytest.raises(ExchangeError, match=r"is no array of NumPy\n(.*\n)*Use x.numpy\(\)"):
        np.asarray(buffer)
    with pytest.raises(BufferError):
        np.asarray(wf.tensor(X, device="cuda"), copy=False)


def test_copies_and_pickles_stay_there(device: CudaDevice) -> None:
    x, v = wf.tensor(X, device="cuda"), wf.Variable(X, name="v", device="cuda")
    for y in (
        copy.copy(x),
        copy.deepcopy(x),
        pickle.loads(pickle.dumps(x)),
        copy.deepcopy(v),
        pickle.loads(pickle.dumps(v)),
    ):
        assert y.device is device
        assert (y.numpy() == X).all()


def test_a_copy_has_memory_of_its_own(device: CudaDevice) -> None:
    x = wf.tensor(X, device="cuda")
    assert wf.asarray(x).buffer.address == x.buffer.address
    assert wf.tensor(x).buffer.address != x.buffer.address
    assert (wf.tensor(x).numpy() == X).all()


def test_a_model_is_saved_and_loaded_where_it_lives(on_gpu: CudaDevice, tmp_path: Path) -> None:
    net = wf.nn.Dense(2)
    before = net(wf.tensor(X)).numpy()
    wf.save(tmp_path / "net", net)
    other = wf.nn.Dense(2)
    other(wf.tensor(X))
    wf.load(tmp_path / "net", into=other)
    assert all(v.device is on_gpu for v in other.trainable_variables)
    assert (other(wf.tensor(X)).numpy() == before).all()


def test_a_model_is_trained_there(on_gpu: CudaDevice) -> None:
    wf.seed(0)
    net, optimizer = wf.nn.Sequential(wf.nn.Dense(8), wf.tanh, wf.nn.Dense(1)), wf.optim.Adam(0.05)
    x = wf.tensor(X)
    y = wf.sum(x, axis=1, keepdims=True)
    losses = []
    for _ in range(20):
        with wf.GradientTape() as tape:
            loss = wf.mean_squared_error(net(x), y)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables, strict=True)
        )
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_gradients_flow_there_and_back(device: CudaDevice, quiet: None) -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        there = (x * 2).to("cuda:0")
        y = wf.sum(there * there).to("cpu")
    found = tape.gradient(y, x)
    assert found.tolist() == [8.0, 16.0]
    assert str(found.device) == "cpu"


def test_parts_of_an_array_share_its_memory(device: CudaDevice) -> None:
    whole = wf.tensor(X, device="cuda").buffer
    row, flat = whole.rows(1, 2), whole.reshape((6,))
    assert row.block is flat.block is whole.block
    assert device.to_numpy(row).tolist() == [[3.0, 4.0, 5.0]]
    assert device.to_numpy(flat).tolist() == X.reshape(-1).tolist()
    assert device.to_numpy(whole.view(dtypes.int32)).tolist() == X.view(np.int32).tolist()
    assert (whole.ndim, whole.size, whole.nbytes, str(whole.spec)) == (2, 6, 24, "f32[2, 3]")


def test_an_op_without_a_kernel_says_so_once_and_is_counted(
    device: CudaDevice, no_kernels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallbacks, "_counts", type(fallbacks._counts)())
    x = wf.tensor(X, device="cuda")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        results = [wf.cumsum(x, axis=0) for _ in range(3)]
    assert [str(each.message) for each in said] == [
        "cumulative_sum has no kernel on the GPU and runs on the CPU, which copies there and back; wf.gpu_fallbacks() counts how often"
    ]
    assert {each.filename for each in said} == {__file__}
    assert wf.gpu_fallbacks() == {"cumulative_sum": 3}
    assert all((y.numpy() == np.cumsum(X, axis=0)).all() and y.device is device for y in results)


def test_kernels_that_were_given_run_the_ops(device: CudaDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_device, "_kernels", [])
    asked = []

    def kernels(device: CudaDevice, op: Any, operands: Any, attrs: Any, specs: Any) -> Any:
        asked.append((op.name, len(operands), dict(attrs)))
        return [device.full(specs[0].shape, np.asarray(5.0, specs[0].dtype))]

    cuda_device.use(kernels)
    assert wf.sum(wf.tensor(X, device="cuda"), axis=1).tolist() == [5.0, 5.0]
    assert asked == [("sum", 1, {"axis": 1, "keepdims": False, "dtype": None})]


def test_memory_is_recycled_and_counted(device: CudaDevice) -> None:
    wf.trim_memory(device="cuda")
    before = wf.memory_stats("cuda:0")
    x = wf.zeros((1024, 1024), device="cuda")
    during = wf.memory_stats("cuda:0")
    del x
    after = wf.memory_stats("cuda:0")
    assert during.in_use - before.in_use == 4 * 1024**2
    assert after.in_use == before.in_use
    assert after.held == during.held
    assert during.peak >= during.in_use
    wf.trim_memory()
    assert wf.memory_stats("cuda:0").held <= before.held


A, B = np.linspace(0.1, 0.9, 12, dtype="f4").reshape(3, 4), np.array([2, 0, 1])
BESIDE = {  # functions of one tensor of a GPU; arrays and lists come to it
    "softmax_cross_entropy": lambda x: wf.softmax_cross_entropy(x, B),
    "with weights": lambda x: wf.softmax_cross_entropy(x, B, weights=[1.0, 2.0, 3.0]),
    "mean_squared_error": lambda x: wf.mean_squared_error(x, A),
    "matmul": lambda x: wf.matmul(x, A.T) + wf.matmul(A.T[:, :3], x)[:3, :3],
    "vecdot": lambda x: wf.vecdot(x, A),
    "take": lambda x: wf.take(x, [2, 0], axis=0),
    "gather": lambda x: wf.gather(x, [[0, 1], [1, 1], [2, 3]], axis=1, batch_dims=1),
    "segment_sum": lambda x: wf.segment_sum(x, [0, 0, 1]),
    "segment_mean": lambda x: wf.segment_mean(x, [0, 0, 1]),
    "segment_max": lambda x: wf.segment_max(x, [0, 0, 1]),
    "scatter_nd": lambda x: wf.scatter_nd([[1], [0], [1]], x, (4, 4)),
    "layer_norm": lambda x: wf.layer_norm(x, np.ones(4, np.float32), np.zeros(4, np.float32)),
    "attention": lambda x: wf.scaled_dot_product_attention(x, A, A, causal=True),
    "pad": lambda x: wf.pad(x, 2, mode="reflect"),
    "matrix_power": lambda x: wf.linalg.matrix_power(x[:3, :3], 0),
    "diff": lambda x: wf.diff(x, axis=0, prepend=0.0),
    "allclose": lambda x: wf.isclose(x, A),
    "concat": lambda x: wf.concat([x, x * 2], axis=0),
    "where": lambda x: wf.where(A > 0.5, x, 0.0),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_functions_make_themselves_is_made_beside_their_tensors(
    device: CudaDevice, quiet: None, name: str
) -> None:
    f = BESIDE[name]
    found = f(wf.tensor(A, device="cuda"))
    assert found.device is device
    np.testing.assert_allclose(found.numpy(), f(wf.tensor(A)).numpy(), rtol=1e-5, atol=1e-6)


def test_derivatives_of_every_kind_live_where_their_sources_do(device: CudaDevice, quiet: None) -> None:
    x, zero = wf.tensor([1.0, 2.0], device="cuda"), wf.tensor([3.0], device="cuda")

    def f(x: Any, y: Any) -> Any:
        return wf.sum(wf.sign(x) * x * x)

    assert [g.device for g in wf.grad(f, argnums=(0, 1))(x, zero)] == [device, device]
    assert wf.jacobian(lambda x: x * x)(x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert wf.hessian(lambda x: wf.sum(x * x))(x).device is device
    assert [y.device for y in wf.jvp(lambda x: x * x, (x,), (wf.ones_like(x),))] == [device, device]
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x, np.array([1.0, 2.0], np.float32)).tolist() == [2.0, 8.0]
