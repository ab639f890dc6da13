"""DLPack and Arrow: exchange with other libraries without copies where possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, ExchangeError


def address(x: Any) -> int:
    return x.numpy().__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", "complex64"])
def test_numpy_by_dlpack_both_ways_without_copies(dtype: str) -> None:
    x = wf.ones((2, 3), dtype=dtype)
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.buffer)
    assert not array.flags.writeable
    back = wf.from_dlpack(array)
    assert (back.dtype, address(back)) == (x.dtype, address(x))


def test_views_by_dlpack() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for view in (array[::2, ::-1], array.T, array[1:1], array[0, 0]):
        np.testing.assert_array_equal(wf.from_dlpack(np.asarray(view)).numpy(), view)
        np.testing.assert_array_equal(np.from_dlpack(wf.asarray(view)), view)


def test_copies_when_asked() -> None:
    array = np.arange(3.0)
    assert not np.shares_memory(wf.from_dlpack(array, copy=True).numpy(), array)
    assert np.shares_memory(wf.from_dlpack(array, copy=False, device="cpu").numpy(), array)
    x = wf.tensor([1.0])
    assert not np.shares_memory(np.from_dlpack(x, copy=True), x.buffer)
    assert wf.from_dlpack(x).tolist() == [1.0]


def test_a_consumer_that_cannot_be_told_to_read_only_gets_a_copy() -> None:
    class Old:
        """A producer's array as a consumer of DLPack 0.x asks for it."""

        def __init__(self, x: Any) -> None:
            self.x = x

        def __dlpack__(self, **_: Any) -> Any:
            return self.x.__dlpack__()

        def __dlpack_device__(self) -> Any:
            return self.x.__dlpack_device__()

    x = wf.tensor([1.0, 2.0])
    array = np.from_dlpack(Old(x))
    assert not np.shares_memory(array, x.buffer)
    assert array.tolist() == [1.0, 2.0]
    with pytest.raises(ExchangeError, match=r"__dlpack__: copy=False, but f32\[2\] must be copied"):
        x.__dlpack__(copy=False)


def test_the_device_of_dlpack() -> None:
    x = wf.tensor([1.0])
    assert x.__dlpack_device__() == (1, 0)
    assert x.__dlpack__(dl_device=(1, 0), max_version=(1, 0), stream=None) is not None
    with pytest.raises(BufferError, match="cannot move to device"):
        x.__dlpack__(dl_device=(2, 0))


def test_what_dlpack_cannot_carry_is_refused() -> None:
    half: Any = wf.ones(1, dtype="bfloat16")
    with pytest.raises(BufferError, match=r"__dlpack__: bf16\[1\] cannot leave"):
        np.from_dlpack(half)
    with pytest.raises(ArgumentError, match="from_dlpack: a list exports no DLPack"):
        wf.from_dlpack([1.0])
    with pytest.raises(ExchangeError, match="from_dlpack: "):
        wf.from_dlpack(np.array(["a"]))


def test_a_shared_array_outlives_its_tensor() -> None:
    x = wf.ones(1000) * 3
    array = np.from_dlpack(x)
    x[0] = 5.0
    del x
    assert (array == 3).all()


def test_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x = wf.tensor([[1.0, 2.0]])
    t = torch.from_dlpack(x)
    assert t.data_ptr() == address(x)
    x[0, 0] = 9.0
    assert t.tolist() == [[1.0, 2.0]]
    source = torch.arange(6.0).reshape(2, 3)
    for y in (wf.from_dlpack(source), wf.asarray(source)):
        assert address(y) == source.data_ptr()
    assert (wf.ones(3) + source).tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    with pytest.raises(ExchangeError, match="Convert it in its own library first"):
        wf.from_dlpack(torch.ones(2, dtype=torch.bfloat16))


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    source = jax.numpy.arange(3.0)
    assert wf.from_dlpack(source).tolist() == [0.0, 1.0, 2.0]
    assert jax.numpy.from_dlpack(wf.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_arrow() -> None:
    arrow = pytest.importorskip("pyarrow")
    assert arrow.array(wf.tensor([1.0, 2.0])).to_pylist() == [1.0, 2.0]
    assert arrow.array(wf.tensor([1, 2]), type=arrow.float64()).to_pylist() == [1.0, 2.0]
    assert wf.asarray(arrow.array([1, 2])).tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"pyarrow.array: f32\[2, 2\] is no vector"):
        arrow.array(wf.zeros((2, 2)))
