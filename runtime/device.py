"""Devices: where buffers live and kernels run. This file has the protocol, the CPU, and how devices are named.

On the CPU a buffer is an ndarray. Other kinds of device register from above with `register`, so that this room
needs nothing but NumPy. `with device("cpu")` chooses where new tensors are made; an op runs where its operands
live, and nothing moves unasked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from . import dtypes, memory
from .dim import sized
from .errors import DeviceError
from .op import Op
from .scopes import scopes
from .spec import Spec, StackSpec


class Device(Protocol):
    """What runs ops over buffers of its own."""

    @property
    def kind(self) -> str: ...
    @property
    def index(self) -> int: ...

    def run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        """The outputs of an op, whose specs are known."""
        ...

    def from_numpy(self, array: np.ndarray) -> Any: ...
    def to_numpy(self, buffer: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class CPU:
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


kinds: dict[str, DeviceKind] = {}
_current: ContextVar[Device] = ContextVar("device", default=cpu)
current = _current.get

_NAME = re.compile(r"/?(?:device:)?(cpu|gpu|cuda)(?::(\d+))?", re.IGNORECASE)


def register(kind: str, provider: DeviceKind) -> None:
    """Provide a kind of device, `cuda` say."""
    kinds[kind] = provider


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
    if kind not in kinds:
        raise DeviceError(
            f"{name!r}: this installation of weft has no GPU support",
            "Work on the CPU: leave the device out, or name it cpu.",
        )
    provider = kinds[kind]
    if index >= provider.count():
        raise DeviceError(f"{name!r}: {provider.missing()}", "Devices here: " + ", ".join(map(str, list_devices())))
    return provider.get(index)


def list_devices() -> list[Device]:
    """Every device at hand, the CPU first."""
    return [cpu, *(kind.get(i) for kind in kinds.values() for i in range(kind.count()))]


def num_gpus() -> int:
    """The number of GPUs at hand."""
    return sum(device.kind == "cuda" for device in list_devices())


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
