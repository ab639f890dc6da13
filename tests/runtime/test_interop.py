"""Values out of tensors and into them: numbers, NumPy, lists, pickles, copies, and mixed operands."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import device as devices
from weft.runtime.device import Device, DeviceKind
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError, WeftError

DTYPES = ["bool", "int8", "uint64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]


def test_numpy_is_a_read_only_view() -> None:
    x = wf.tensor([1.0, 2.0])
    array = x.numpy()
    assert np.shares_memory(array, x.buffer)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5.0
    assert type(wf.tensor(1.0).numpy()) is np.ndarray


@pytest.mark.parametrize("dtype", DTYPES)
def test_item_and_tolist_give_python_numbers(dtype: str) -> None:
    x = wf.ones((1, 2), dtype=dtype)
    kind = {"b": bool, "i": int, "u": int, "c": complex}.get(x.dtype.kind, float)
    assert x.tolist() == [[kind(1), kind(1)]]
    assert {type(x[0, 0].item()), type(x.tolist()[0][0]), type(x[0, :1].item())} == {kind}


def test_numbers_of_a_single_element() -> None:
    assert (int(wf.tensor(3.7)), float(wf.tensor([2])), complex(wf.tensor(1j)), bool(wf.tensor([[0.0]]))) == (
        3,
        2.0,
        1j,
        False,
    )
    assert ["a", "b"][wf.tensor(1)] == "b"
    assert hex(wf.tensor(255, dtype="uint8")) == "0xff"
    assert bool(wf.tensor(float("nan")))
    v = wf.Variable(3)
    assert (int(v), float(v), range(v)[-1], bool(v)) == (3, 3.0, 2, True)


NUMBER_ERRORS: list[tuple[Callable[[], Any], Any, str]] = [
    (
        lambda: bool(wf.zeros(3)),
        ValueError,
        r"the truth value of f32\[3\] is ambiguous(.|\n)*wf.all\(x\) or wf.any\(x\)",
    ),
    (lambda: bool(wf.zeros(0)), ShapeError, r"the truth value of f32\[0\] is ambiguous"),
    (lambda: 1 if wf.zeros(2) == wf.zeros(2) else 0, ValueError, r"bool\[2\] is ambiguous"),
    (lambda: wf.zeros(3).item(), ShapeError, r"item: f32\[3\] has 3 elements"),
    (lambda: float(wf.zeros(3)), ValueError, r"float\(\) takes a single element, not f32\[3\]"),
    (lambda: int(wf.zeros((0,))), ShapeError, r"int\(\) takes a single element"),
    (lambda: complex(wf.zeros(2)), ShapeError, r"complex\(\) takes"),
    (lambda: float(wf.tensor(1j)), TypeError, r"float\(\) of c64\[\]"),
    (lambda: int(wf.tensor(1j)), DTypeError, r"int\(\) of c64\[\]"),
    (lambda: [1, 2][wf.tensor(1.0)], TypeError, r"f32\[\] is no index"),
    (lambda: [1, 2][wf.tensor([1])], TypeError, r"i64\[1\] is no index"),
    (lambda: [1, 2][wf.tensor(True)], TypeError, r"bool\[\] is no index"),
    (lambda: int(wf.tensor(float("nan"))), ValueError, r"NaN"),
]


@pytest.mark.parametrize(("call", "error", "message"), NUMBER_ERRORS)
def test_what_is_no_number_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_numpy_takes_tensors() -> None:
    x = wf.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.buffer)
    assert np.asarray(x, copy=False) is not None
    assert not np.shares_memory(np.array(x), x.buffer)
    assert np.array(x).flags.writeable
    assert np.asarray(x, np.float64).dtype == np.float64
    assert np.sum(np.asarray(x)) == 3.0
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, np.float64, copy=False)
    np.testing.assert_array_equal(x, [1.0, 2.0])
    np.testing.assert_array_equal(np.asarray(wf.Variable([1, 2])), [1, 2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_takes_every_dtype_without_a_copy(dtype: str) -> None:
    x = wf.ones((2, 3), dtype=dtype)
    for y in (x, x.T, x[:, ::2]):
        array = np.asarray(y)
        assert (array.dtype, array.shape) == (y.dtype, y.shape)
        assert np.shares_memory(array, x.buffer)
        assert not array.flags.writeable
        assert wf.asarray(array).dtype is x.dtype


def test_asarray_shares_memory_where_it_can() -> None:
    array = np.arange(6.0)
    assert np.shares_memory(wf.asarray(array).numpy(), array)
    assert np.shares_memory(wf.asarray(array, copy=False).numpy(), array)
    assert np.shares_memory(wf.asarray(array[::2]).numpy(), array)
    assert not np.shares_memory(wf.asarray(array, copy=True).numpy(), array)
    assert not np.shares_memory(wf.tensor(array).numpy(), array)
    assert not np.shares_memory(wf.tensor(wf.asarray(array)).numpy(), array)
    assert not np.shares_memory(wf.asarray(wf.asarray(array), copy=True).numpy(), array)
    for refused in (lambda: wf.asarray([1.0], copy=False), lambda: wf.asarray(array, wf.float32, copy=False)):
        with pytest.raises(ArgumentError, match="copy=False"):
            refused()


def test_asarray_of_buffers() -> None:
    import array

    raw = array.array("f", [1.0, 2.0])
    x = wf.asarray(raw)
    assert (x.dtype, x.tolist()) == (wf.float32, [1.0, 2.0])
    assert wf.asarray(memoryview(b"ab")).tolist() == [97, 98]
    bare: Any = wf.tensor([1.0, 2.0]).numpy()
    assert memoryview(bare).tolist() == [1.0, 2.0]


@pytest.mark.skipif("sys.version_info < (3, 12)")
def test_the_buffer_protocol_of_python() -> None:
    view = memoryview(wf.tensor([1.0, 2.0]))  # type: ignore[arg-type]
    assert view.tolist() == [1.0, 2.0]
    assert view.readonly
    assert view.nbytes == 8
    with pytest.raises(BufferError, match=r"bf16\[1\] on cpu has no buffer"):
        memoryview(wf.ones(1, dtype="bfloat16"))  # type: ignore[arg-type]


ODD = {
    "big-endian": np.array([1.0, 2.0], ">f4"),
    "read-only": np.broadcast_to(np.array([1.0, 2.0], np.float32), (2,)),
    "backwards": np.array([2.0, 1.0], np.float32)[::-1],
    "strided": np.array([1.0, 9.0, 2.0, 9.0], np.float32)[::2],
    "unaligned": np.frombuffer(b"\0" + np.array([1.0, 2.0], np.float32).tobytes(), np.uint8)[1:].view(np.float32),
    "a record's field": np.array([(0, 1.0), (0, 2.0)], [("a", "i1"), ("b", "f4")])["b"],
    "a subclass": np.array([1.0, 2.0], np.float32).view(np.recarray),
    "tuples": (1.0, 2.0),
    "a mix of tensors and numbers": [wf.tensor(1.0), 2.0],
    "NumPy scalars": [np.float32(1.0), np.float32(2.0)],
    "Python's objects of floats": np.array([1.0, 2.0], object).astype(np.float32),
}


@pytest.mark.parametrize("values", ODD.values(), ids=ODD)
def test_odd_arrays_are_taken(values: Any) -> None:
    x = wf.asarray(values)
    assert (x.dtype, x.tolist(), (x * 2).tolist()) == (wf.float32, [1.0, 2.0], [2.0, 4.0])
    assert x.dtype.isnative


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "objects": (np.array([1.0, "a"], object), DTypeError, "not a dtype of weft"),
    "tensors among strings": ([wf.tensor(1.0), "a"], WeftError, "."),
    "strings": (["a", "b"], DTypeError, "not a dtype of weft"),
    "None": ([1.0, None], DTypeError, "holds numbers, not"),
    "ragged": ([[1.0], [1.0, 2.0]], ShapeError, "equal lengths"),
    "deeply ragged": ([[[1.0]], [[1.0, 2.0]]], ShapeError, "equal lengths"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), DTypeError, "not a dtype of weft"),
    "records": (np.zeros(2, [("a", "i1")]), DTypeError, "not a dtype of weft"),
    "huge integers": ([2**70], DTypeError, "."),
}


@pytest.mark.parametrize(("values", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_numbers_is_refused(values: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        wf.asarray(values)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
    "**": lambda x, y: x**y,
    "@": lambda x, y: x @ y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


@pytest.mark.parametrize("f", OPERATORS.values(), ids=OPERATORS)
def test_arrays_and_lists_are_operands_on_both_sides(f: Any) -> None:
    a, b = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 2.0])
    expected = f(a, b)
    for x, y in [
        (wf.tensor(a), b),
        (a, wf.tensor(b)),
        (wf.tensor(a), b.tolist()),
        (a.tolist(), wf.tensor(b)),
        (a, wf.Variable(b)),
    ]:
        z = f(x, y)
        assert isinstance(z, wf.Tensor)
        np.testing.assert_allclose(z.numpy(), expected)


def test_numpy_scalars_are_strong_and_python_numbers_weak() -> None:
    x = wf.tensor([1.0])
    assert {(x + 2.5).dtype, (2.5 + x).dtype, (x * 2).dtype} == {wf.float32}
    assert {(x + np.float64(2.5)).dtype, (np.float64(2.5) + x).dtype, (np.float64(2) * x).dtype} == {wf.float64}
    assert (np.float32(2) - x).dtype == wf.float32
    assert (x + np.array(1.0)).dtype == wf.float64
    assert isinstance(np.float64(1) < x, wf.Tensor)


def test_ufuncs_of_numpy_are_refused_rather_than_losing_the_gradient() -> None:
    with pytest.raises(TypeError):
        np.add(np.ones(2), wf.ones(2))  # type: ignore[call-overload]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_come_back(dtype: str, protocol: int) -> None:
    for x in (wf.ones((2, 3), dtype=dtype), wf.ones((4, 2), dtype=dtype)[::2].T, wf.ones((), dtype=dtype)):
        y = pickle.loads(pickle.dumps(x, protocol))
        assert y.dtype is x.dtype
        np.testing.assert_array_equal(y.numpy(), x.numpy(), strict=True)


def test_large_values_travel_beside_the_pickle() -> None:
    x, buffers = wf.ones(1000), []
    data = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 400
    y = pickle.loads(data, buffers=buffers)
    assert np.shares_memory(x.numpy(), y.numpy())
    y[0] = 5.0
    assert x[0].item() == 1.0


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda x: copy.deepcopy([x])[0], lambda x: x.to("cpu")])
def test_a_copy_is_a_tensor_of_its_own_and_carries_the_gradient(twin: Any) -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = twin(x)
        z = (y * y).sum()
    assert y is not x
    y[0] = 9.0
    assert x.tolist() == [1.0, 2.0]
    assert tape.gradient(z, x).tolist() == [2.0, 4.0]


def test_asarray_carries_the_gradient_and_tensor_does_not() -> None:
    x = wf.tensor([1.0, 2.0])
    for convert, connected in [
        (wf.asarray, True),
        (lambda x: wf.asarray(x, wf.float64), True),
        (lambda x: wf.asarray(x, copy=True), True),
        (wf.tensor, False),
    ]:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = convert(x).sum()
        assert (tape.gradient(y, x) is not None) == connected


def test_the_namespace_of_the_array_api() -> None:
    x = wf.zeros(1)
    assert x.__array_namespace__() is wf
    assert x.__array_namespace__(api_version="2024.12") is wf
    with pytest.raises(ValueError, match=r"version '1999\.1' of the Array API is not known here"):
        x.__array_namespace__(api_version="1999.1")


def test_devices() -> None:
    x = wf.zeros(2)
    assert (str(x.device), str(x.to_device(x.device).device), str(x.to("cpu:0").device)) == ("cpu", "cpu", "cpu")
    assert str(wf.Variable(1.0).to("cpu").device) == "cpu"
    with pytest.raises(WeftError):
        x.to("tpu")


class Elsewhere(Device):
    """A device with buffers of its own."""

    kind, index = "cuda", 0

    def __str__(self) -> str:
        return "cuda:0"

    def run(self, op: Any, operands: Any, attrs: Any, specs: Any) -> Any:
        raise NotImplementedError

    def from_numpy(self, array: np.ndarray) -> Any:
        return Far(array.copy())

    def to_numpy(self, buffer: Any) -> np.ndarray:
        return buffer.array.copy()


class Far:
    """A buffer of that device."""

    device: Any = Elsewhere()

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype, self.nbytes = array, array.shape, array.dtype, array.nbytes


def test_gradients_flow_between_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = DeviceKind(lambda: 1, lambda _: Far.device, lambda: "nothing is missing")
    monkeypatch.setitem(devices.kinds, "cuda", kind)
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        there = (x * 2).to("cuda:0")
        y = there.to("cpu") * 3
    assert repr(there) == "Tensor([2., 4.], f32, cuda:0)"
    assert there.tolist() == [2.0, 4.0]
    with pytest.raises(BufferError):
        np.asarray(there, copy=False)
    assert tape.gradient(y, x).tolist() == [6.0, 6.0]


X, ROWS = np.linspace(0.1, 0.9, 16, dtype="f4").reshape(4, 4), np.array([1, 2, 2, 3])
LEFT_ALONE = [  # f, an array operand, a parameter
    *((getattr(wf, name), X, X * 0.5) for name in ("multiply", "divide", "pow", "maximum", "atan2", "matmul")),
    *((lambda x, w, f=getattr(wf, name): f(w, x), X, X * 0.5) for name in ("mean_squared_error", "huber", "kl_divergence", "poisson_nll",
      "softmax_cross_entropy", "sigmoid_cross_entropy")),
    (lambda x, w: w * x, X, X), (lambda x, w: w**x, X, X), (lambda x, w: wf.where(x > 0.5, w, w * x), X, X),
    (lambda x, w: w * [x[0], x[1], x[2], x[3]], X, X), (lambda x, w: wf.einsum("ij,jk->ik", x, w), X, X),
    (lambda x, w: wf.matrix_transpose(x) * w, X, X), (lambda x, w: wf.reshape(x, (2, 8)) * wf.reshape(w, (2, 8)), X, X),
    (lambda x, w: wf.layer_norm(w, x[0], x[1]), X, X), (lambda x, w: wf.scaled_dot_product_attention(x, w, x), X, X),
    (lambda x, w: wf.linalg.multi_dot([x, w]), X, X), (lambda x, w: wf.nn.Flatten()(x) * w, X, X),
    (wf.checkpoint(lambda x, w: x * w), X, X),
    (wf.custom_gradient(lambda x, w: (x * w, lambda dy: (dy * w, dy * x))), X, X),
    (wf.conv1d, X[None], X[:, :, None]), (wf.conv2d, X[None, ..., None], X[:3, :3, None, None]),
    (lambda i, w: wf.square(wf.embedding(w, i)), ROWS, X), (lambda i, w: wf.square(wf.take(w, i, axis=0)), ROWS, X),
    (lambda i, w: wf.square(w[i]), ROWS, X), (lambda i, w: wf.square(wf.segment_sum(w, i)), ROWS, X),
    (lambda i, w: wf.square(w[i > 1]), ROWS, X),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "w"), LEFT_ALONE)
def test_an_array_may_be_written_to_while_a_tape_still_needs_it(f: Any, x: np.ndarray, w: np.ndarray) -> None:
    x, parameter = x.copy(), wf.Variable(w.copy())
    with wf.GradientTape() as tape:
        y = wf.sum(f(x, parameter))
    before = x.copy()
    x[...] = 0 if x.dtype.kind == "i" else 7.5
    changed = tape.gradient(y, parameter)
    with wf.GradientTape() as tape:
        y = wf.sum(f(before, parameter))
    assert np.array_equal(changed, tape.gradient(y, parameter))
