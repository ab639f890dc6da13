"""Memory of a GPU shared with other libraries, both ways: DLPack, versioned and older, and the CUDA Array Interface."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels import dlpack
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes
from weft.runtime.errors import ArgumentError, ExchangeError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


class Foreign:
    """An array of another library, which speaks DLPack 1.0 and says what it was asked for."""

    def __init__(self, x: Any) -> None:
        self.x, self.asked = x, {}

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.x.__dlpack_device__()

    def __dlpack__(self, **asked: Any) -> Any:
        self.asked = asked
        return self.x.__dlpack__(**asked)


class Older(Foreign):
    """One that speaks DLPack of before 1.0."""

    def __dlpack__(self, *, stream: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.x.__dlpack__(stream=stream)


class Interfaced:
    """One that has the CUDA Array Interface alone."""

    def __init__(self, x: Any, **changed: Any) -> None:
        self.x, self.__cuda_array_interface__ = x, {**x.__cuda_array_interface__, **changed}


@pytest.fixture
def x(device: CudaDevice) -> Any:
    return wf.tensor(X, device="cuda")


def test_a_tensor_is_shown_where_it_lies(x: Any) -> None:
    other = Foreign(x)
    y = wf.from_dlpack(other)
    assert y.__dlpack_device__() == (2, 0)
    assert y.buffer.address == x.buffer.address
    assert (y.numpy() == X).all()
    assert other.asked["stream"] == x.device.card.stream_handle


def test_a_consumer_that_could_write_gets_a_copy(x: Any) -> None:
    y = wf.from_dlpack(Older(x))
    assert y.buffer.address != x.buffer.address
    assert (y.numpy() == X).all()
    with pytest.raises(ExchangeError, match="this consumer may write to what it gets"):
        x.__dlpack__(copy=False)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_dtype_is_shown(device: CudaDevice, dtype: Any) -> None:
    x = wf.tensor((np.arange(5) % 2).astype(dtype), device="cuda")
    y = wf.asarray(Foreign(x))
    assert y.dtype is dtype
    assert (y.numpy() == x.numpy()).all()


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 3)], ids=str)
def test_every_shape_is_shown(device: CudaDevice, shape: tuple[int, ...]) -> None:
    assert wf.from_dlpack(Foreign(wf.zeros(shape, device="cuda"))).shape == shape
    assert wf.asarray(Interfaced(wf.zeros(shape, device="cuda"))).shape == shape


def test_what_is_shown_lives_as_long_as_it_is_looked_at(x: Any) -> None:
    shown = len(dlpack._shown)
    y = wf.from_dlpack(Foreign(x))
    assert len(dlpack._shown) == shown + 1
    device = x.device
    del x
    gc.collect()
    assert (y.numpy() == X).all()
    del y
    device.card.enter()
    assert len(dlpack._shown) == shown


def test_a_capsule_that_nobody_takes_is_let_go(x: Any) -> None:
    shown = len(dlpack._shown)
    capsules = [x.__dlpack__(max_version=(1, 0)), x.__dlpack__()]
    assert len(dlpack._shown) == shown + 2
    del capsules
    assert len(dlpack._shown) == shown


def test_a_capsule_is_taken_once(x: Any) -> None:
    class Again(Foreign):
        capsule = x.__dlpack__(max_version=(1, 0))

        def __dlpack__(self, **asked: Any) -> Any:
            return self.capsule

    wf.from_dlpack(Again(x))
    with pytest.raises(ExchangeError, match="the capsule was used before"):
        wf.from_dlpack(Again(x))


def test_the_streams_that_consumers_name_are_waited_for(x: Any) -> None:
    other = x.device.card.another_stream()
    for stream in (None, 1, -1, other.handle):
        assert x.__dlpack__(stream=stream, max_version=(1, 0)) is not None
    x.device.card.dropped.append(other)


def test_a_tensor_moves_to_the_cpu_if_it_is_asked_to(x: Any) -> None:
    assert (np.from_dlpack(Moved(x)) == X).all()
    with pytest.raises(ExchangeError, match="it must be moved to the CPU"):
        x.__dlpack__(dl_device=(1, 0), copy=False, max_version=(1, 0))
    with pytest.raises(ExchangeError, match="cannot move to device"):
        x.__dlpack__(dl_device=(10, 0))


class Moved:
    """A tensor of a GPU that asks for its values on the CPU."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **asked: Any) -> Any:
        return self.x.__dlpack__(**{**asked, "dl_device": (1, 0), "stream": None})


def test_a_copy_may_be_asked_for(x: Any) -> None:
    for y in (wf.from_dlpack(Foreign(x), copy=True), wf.asarray(Interfaced(x), copy=True), wf.tensor(Foreign(x))):
        assert y.buffer.address != x.buffer.address
        assert (y.numpy() == X).all()


def test_an_array_of_a_gpu_may_be_taken_to_the_cpu(x: Any) -> None:
    assert str(wf.from_dlpack(Foreign(x), device="cpu").device) == "cpu"
    assert wf.asarray(Foreign(x), dtype=wf.float64, device="cpu").tolist() == X.tolist()


def test_the_cuda_array_interface_shows_a_tensor(x: Any) -> None:
    told = x.__cuda_array_interface__
    assert (told["shape"], told["typestr"], told["version"]) == ((2, 3), "<f4", 3)
    assert told["data"] == (x.buffer.address, True)
    assert told["stream"] == x.device.card.stream_handle
    assert not hasattr(wf.tensor(X), "__cuda_array_interface__")


def test_the_cuda_array_interface_is_read(x: Any) -> None:
    for other in (Interfaced(x), Interfaced(x, stream=None), Interfaced(x, strides=(12, 4))):
        y = wf.asarray(other)
        assert y.buffer.address == x.buffer.address
        assert (y.numpy() == X).all()


def test_what_lies_in_another_order_is_refused(x: Any) -> None:
    with pytest.raises(ExchangeError, match=r"strides \(1, 2\), not \(3, 1\)\n(.*\n)*Make it contiguous"):
        wf.asarray(Interfaced(x, strides=(4, 8)))


def test_dtypes_that_weft_has_not_are_refused(x: Any) -> None:
    with pytest.raises(ExchangeError, match="weft takes no arrays of >i4"):
        wf.asarray(Interfaced(x, typestr=">i4"))


@pytest.mark.parametrize(("code", "bits"), [(4, 32), (0, 128), (3, 8)])
def test_dtypes_of_dlpack_that_weft_has_not_are_refused(
    x: Any, monkeypatch: pytest.MonkeyPatch, code: int, bits: int
) -> None:
    monkeypatch.setattr(dlpack, "code_of", lambda dtype: (code, bits))
    with pytest.raises(ExchangeError, match=f"weft has no dtype for DLPack's code {code} of {bits} bits"):
        wf.from_dlpack(Foreign(x))


def test_what_exports_no_dlpack_is_refused(x: Any) -> None:
    with pytest.raises(ArgumentError, match="exports no DLPack"):
        wf.from_dlpack(Interfaced(x))


def test_what_another_library_refuses_is_said(x: Any) -> None:
    class Refuses(Foreign):
        def __dlpack__(self, **asked: Any) -> Any:
            raise BufferError("it requires a gradient")

    with pytest.raises(ExchangeError, match="from_dlpack: it requires a gradient"):
        wf.from_dlpack(Refuses(x))


def test_memory_that_was_shown_is_used_again_only_when_the_gpu_has_rested(x: Any) -> None:
    assert not x.buffer.block.lent
    x.__cuda_array_interface__  # noqa: B018
    assert x.buffer.block.lent
