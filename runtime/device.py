"""Devices: where buffers live and kernels run. This file has the protocol, the CPU, and how devices are named.

On the CPU a buffer is an ndarray. Other kinds of device register from above with `register`, so that this room
needs nothing but NumPy. `with device("cpu")` chooses where new tensors are made; an op runs where its operands
live, and nothing moves unasked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from . import dtypes, memory
from .dim import sized
from .dtypes import DType
from .errors import DeviceError
from .op import Op
from .scopes import scopes
from .spec import Shape, Spec, StackSpec


class Device(Protocol):
    """What runs ops over buffers of its own; a class that derives from this one needs no more than the first methods."""

    kind: str
    index: int

    def run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        """The outputs of an op, whose specs are known."""
        ...

    def from_numpy(self, array: np.ndarray) -> Any: ...
    def to_numpy(self, buffer: Any) -> np.ndarray: ...

    def empty(self, shape: Shape, dtype: DType) -> Any:
        """A new buffer with whatever its memory held before."""
        return self.from_numpy(memory.empty(shape, dtype))

    def full(self, shape: Shape, value: np.ndarray) -> Any:
        """A new buffer filled with a value of no axes."""
        array = memory.empty(shape, value.dtype)
        array[...] = value
        return self.from_numpy(array)

    def copied(self, buffer: Any) -> Any:
        """A buffer of the same values in memory of its own."""
        return self.from_numpy(np.array(self.to_numpy(buffer)))

    def received(self, buffer: Any, source: Device) -> Any:
        """A buffer of the values of another device's."""
        return self.from_numpy(source.to_numpy(buffer))

    def to_dlpack(self, buffer: Any, stream: Any, max_version: tuple[int, int] | None) -> Any:
        """A DLPack capsule that shows a buffer, whose consumer knows this version, or is older than 1.0."""
        array = self.to_numpy(buffer)
        return array.__dlpack__(max_version=max_version) if max_version else array.__dlpack__()

    def adopted(self, x: Any) -> Any:
        """The buffer that an array of another library, which lies on this device, shows by DLPack."""
        return self.from_numpy(np.from_dlpack(x))

    def memory_stats(self) -> memory.MemoryStats:
        """What it holds of memory."""
        return memory.MemoryStats()

    def trim_memory(self, keep: int) -> None:
        """Give back what exceeds so many bytes and is not in use."""


@dataclass(frozen=True)
class CPU(Device):
    """The CPU: buffers are ndarrays, kernels are NumPy's."""

    kind = "cpu"
    index = 0

    def __str__(self) -> str:
        return "cpu"

    def run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        """Run the NumPy kernel; large results of ufuncs are written into recycled memory."""
        with np.errstate(all="ignore"):  # NaN and inf are values; see debug.check_numerics
            if op.elementwise:
                return [_elementwise(op, operands, attrs, specs[0])]
            arrays = [_widen(x) for x in operands] if op.widen else operands
            results = op.kernel(*arrays, **attrs)
            if not isinstance(results, tuple):
                results = (results,)
            return [_as_spec(y, spec) for y, spec in zip(results, specs, strict=True)]

    def from_numpy(self, array: np.ndarray) -> np.ndarray:
        return array

    def to_numpy(self, buffer: np.ndarray) -> np.ndarray:
        return buffer

    def memory_stats(self) -> memory.MemoryStats:
        return memory.memory_stats()

    def trim_memory(self, keep: int) -> None:
        memory.trim(keep)


def _as_spec(y: Any, spec: Spec) -> Any:
    if type(spec) is StackSpec:
        return y
    if type(y) is not np.ndarray or y.dtype is not spec.dtype:
        y = np.asarray(y, dtype=spec.dtype)
    if y.shape != spec.shape and not sized(spec.shape):  # sizes are those that the run finds
        raise AssertionError(f"a kernel gave shape {y.shape} where the shape rule said {spec}")
    return y


def _widen(x: Any) -> Any:
    return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype in dtypes.HALVES else x


def _arrays(op: Any, operands: Sequence[Any]) -> list[np.ndarray]:
    """The operands in the dtypes that an elementwise kernel computes in."""
    dtype = op.compute_dtype(*operands)
    if dtype in dtypes.HALVES:
        dtype = dtypes.float32
    wanted = op.operand_dtypes(dtype)
    return [x if getattr(x, "dtype", None) is d else np.asarray(x, d) for x, d in zip(operands, wanted, strict=True)]


def _elementwise(op: Any, operands: Sequence[Any], attrs: Mapping[str, Any], spec: Spec) -> np.ndarray:
    arrays = _arrays(op, operands)
    if isinstance(op.kernel, np.ufunc) and spec.dtype is arrays[-1].dtype:
        return op.kernel(*arrays, out=memory.empty(spec.shape, spec.dtype), **attrs)
    return np.asarray(op.kernel(*arrays, **attrs), dtype=spec.dtype)


cpu = CPU()


@dataclass
class DeviceKind:
    """A kind of device that a layer above provides."""

    count: Callable[[], int]
    get: Callable[[int], Device]
    missing: Callable[[], str]  # why there is none, and what to do
    used: Callable[[], Sequence[Device]] = tuple  # those that something may live on


kinds: dict[str, DeviceKind] = {}
_providers: dict[str, Callable[[], DeviceKind]] = {}
_current: ContextVar[Device] = ContextVar("device", default=cpu)
current = _current.get

_NAME = re.compile(r"/?(?:device:)?(cpu|gpu|cuda)(?::(\d+))?", re.IGNORECASE)


def register(kind: str, provider: DeviceKind) -> None:
    """Provide a kind of device, `cuda` say."""
    kinds[kind] = provider


def provide(kind: str, provider: Callable[[], DeviceKind]) -> None:
    """Provide a kind of device by what is called when one is first asked for."""
    _providers[kind] = provider


def _kind(name: str) -> DeviceKind | None:
    if name not in kinds and name in _providers:
        register(name, _providers[name]())
    return kinds.get(name)


def as_device(name: Any) -> Device:
    """The device named `cpu`, `cuda:0`, `gpu`, `/gpu:0`, `/device:GPU:1`, or a device itself.

    Errors: DeviceError for an unknown name, and for a device that is not there, saying what is missing.
    """
    if not isinstance(name, str):
        if hasattr(name, "from_numpy"):
            return name
        raise DeviceError(f"{name!r} is not a device", 'Name one like "cpu" or "cuda:0".')
    match = _NAME.fullmatch(name)
    if not match:
        raise DeviceError(f"{name!r} is not the name of a device", 'Name one like "cpu" or "cuda:0".')
    kind, index = match[1].lower().replace("gpu", "cuda"), int(match[2] or 0)
    if kind == "cpu":
        if index:
            raise DeviceError(f"{name!r}: there is one cpu, number 0", 'Use "cpu".')
        return cpu
    provider = _kind(kind)
    if provider is None:
        raise DeviceError(
            f"{name!r}: this installation of weft has no GPU support",
            "Work on the CPU: leave the device out, or name it cpu.",
        )
    if index >= provider.count():
        raise DeviceError(f"{name!r}: {provider.missing()}", "Devices here: " + ", ".join(map(str, list_devices())))
    return provider.get(index)


def list_devices() -> list[Device]:
    """Every device at hand, the CPU first."""
    found = [_kind(name) for name in {**_providers, **kinds}]
    return [cpu, *(kind.get(i) for kind in found if kind for i in range(kind.count()))]


def num_gpus() -> int:
    """The number of GPUs at hand."""
    return sum(device.kind == "cuda" for device in list_devices())


def memory_stats(device: Any = "cpu") -> memory.MemoryStats:
    """What a device holds of memory: bytes in use, bytes kept for what comes next, and how often they were recycled.

    Units: bytes. On the CPU that is the recycled memory of large results, which eager and compiled code share; `WEFT_MEMORY_LIMIT`
    bounds it, 1 GiB by default, and past that plain NumPy memory serves. On a GPU it is all of it, with the peak, and
    `WEFT_GPU_MEMORY_LIMIT` bounds it.

    Errors: DeviceError as in `as_device`.

    Example:
        >>> import weft as wf
        >>> x = wf.ones((1024, 1024)) * 2.0
        >>> found = wf.memory_stats()
        >>> found.in_use >= 4 * 1024**2, found.held >= found.in_use
        (True, True)
    """
    return as_device(device).memory_stats()


def trim_memory(keep: int = 0, device: Any = None) -> None:
    """Give memory that nothing lives in back until a device, or each of them, holds at most `keep` bytes.

    Units: bytes.
    Errors: DeviceError as in `as_device`.

    Example:
        >>> import weft as wf
        >>> wf.trim_memory()
        >>> wf.memory_stats().spare
        0
    """
    used = itertools.chain([cpu], *(kind.used() for kind in kinds.values()))
    for each in used if device is None else [as_device(device)]:
        each.trim_memory(keep)


@contextmanager
def device(name: Any) -> Iterator[Device]:
    """Make new tensors on the named device inside the `with` block.

    Errors: DeviceError as in `as_device`.
    """
    found = as_device(name)
    token = _current.set(found)
    try:
        with scopes:
            yield found
    finally:
        _current.reset(token)


def foremost(buffers: Sequence[Any]) -> Device:
    """The device of the first operand that is not on the CPU; the current one where there is none."""
    for buffer in buffers:
        device = getattr(buffer, "device", cpu)
        if type(buffer) is not np.ndarray and device is not cpu:
            return device
    return current()


def common(name: str, buffers: Sequence[Any]) -> Device:
    """The one device of an op's operands, the current one where there are none.

    Errors: DeviceError when they live on different ones.
    """
    found: Device | None = None
    for buffer in buffers:
        if type(buffer) is np.ndarray:
            device: Device = cpu
        elif hasattr(buffer, "device"):
            device = buffer.device
        else:
            continue  # a weak scalar, or no operand
        if found is None:
            found = device
        elif found is not device:
            shown = " and ".join(sorted((str(found), str(device))))
            raise DeviceError(
                f"{name}: the operands live on {shown}", "Move one with x.to(device); nothing moves unasked."
            )
    return found or current()
