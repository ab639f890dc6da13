"""The GPU as a device of the runtime: `cuda:0`, whose buffers are CudaArrays.

It makes buffers, copies them, and runs ops by the kernels that were given to `use`. An op without one runs on the CPU,
which is said and counted. This file knows ops as the runtime does, and neither graphs nor how kernels are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..runtime import memory
from ..runtime.device import Device, DeviceKind, cpu
from ..runtime.dtypes import DType
from ..runtime.errors import DeviceError, OutOfMemoryError
from ..runtime.op import Op
from ..runtime.options import options
from ..runtime.spec import Shape, Spec, size
from . import cuda, dlpack, fallbacks
from .cuda_array import CudaArray
from .launch import in_order

Kernels = Callable[["CudaDevice", Any, Sequence[Any], Mapping[str, Any], Sequence[Spec]], "list[Any] | None"]
_kernels: list[Kernels] = []
NO_WAITING, LEGACY_STREAM = -1, 1  # how a consumer names streams


def use(kernels: Kernels) -> None:
    """Let ops run by these kernels from now on: `kernels(device, op, operands, attrs, specs)` gives buffers, or None for an op that it has none for."""
    _kernels[:] = [kernels]


class CudaDevice:
    """A GPU. There is one object for each: devices are compared by identity."""

    kind = "cuda"

    def __init__(self, index: int) -> None:
        self.index = index
        self.card = cuda.card(index)

    def __str__(self) -> str:
        return f"cuda:{self.index}"

    def __repr__(self) -> str:
        return f"CudaDevice({self}: {self.card.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.index,)

    # -- buffers

    def empty(self, shape: Shape, dtype: DType, what: Any = "") -> CudaArray:
        """A buffer with whatever its memory held before; `what`, the name of an op say, is for errors.

        Errors: OutOfMemoryError.
        """
        block = self.card.allocate(size(shape) * dtype.itemsize, what)
        return CudaArray(shape, dtype, self, block.address, block)

    def from_numpy(self, array: np.ndarray) -> CudaArray:
        """A copy of an array, which may be written to afterwards."""
        made = self.empty(array.shape, array.dtype, "copies of arrays")
        if made.nbytes:
            self.card.upload(made.address, in_order(array))
        return made

    def to_numpy(self, buffer: CudaArray) -> np.ndarray:
        """A copy of a buffer: this waits for the GPU."""
        array = memory.empty(buffer.shape, buffer.dtype)
        if buffer.nbytes:
            self.card.download(buffer.address, array)
        return array

    def copied(self, buffer: CudaArray) -> CudaArray:
        """A buffer of the same values in memory of its own."""
        made = self.empty(buffer.shape, buffer.dtype, "copies")
        if made.nbytes:
            self.card.copy(made.address, buffer.address, made.nbytes)
        return made

    def received(self, buffer: Any, source: Device) -> CudaArray:
        """A buffer of the values of another device's; from another GPU they come straight."""
        if not isinstance(source, CudaDevice):
            return self.from_numpy(source.to_numpy(buffer))
        source.card.precede(self.card.stream_handle)
        made = self.copied(buffer)
        self.card.precede(source.card.stream_handle)
        return made

    def full(self, shape: Shape, value: np.ndarray) -> CudaArray:
        """A buffer filled with a value of no axes."""
        made = self.empty(shape, value.dtype, "full")
        if made.nbytes:
            self.card.fill(made.address, value.tobytes(), made.size)
        return made

    def to_dlpack(self, buffer: CudaArray, stream: Any, max_version: tuple[int, int] | None) -> Any:
        """A DLPack capsule that shows a buffer; what its consumer puts into its stream waits for ours.

        Source: DLPack 1.0; Python Array API standard 2024.12, `__dlpack__`.
        """
        if stream != NO_WAITING:
            self.card.precede(LEGACY_STREAM if stream is None else stream)
        return dlpack.exported(buffer, self.index, versioned=max_version is not None)

    def adopted(self, x: Any) -> CudaArray:
        """The buffer that an array of another library lies in, without a copy.

        Errors: ExchangeError for a dtype that weft has not, and for elements that do not lie one after the other.
        """
        if hasattr(x, "__dlpack__"):
            lent = dlpack.imported(x, self.card.stream_handle)
        else:
            lent, stream = dlpack.described(x)
            if stream is not None:
                self.card.follow(stream)
        return CudaArray(lent.shape, lent.dtype, self, lent.address, Borrowed(self.card, lent))

    # -- memory

    def memory_stats(self) -> memory.MemoryStats:
        """What the arena holds."""
        return self.card.arena.stats()

    def trim_memory(self, keep: int) -> None:
        """Give free segments back to the driver until at most `keep` bytes are held."""
        self.card.synchronize()
        self.card.arena.trim(keep)

    # -- running

    def run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        """Run an op by its kernel, without waiting for it; on the CPU if it has none.

        Errors: OutOfMemoryError; DeviceError when a kernel failed, which is noticed later unless `wf.options(sync=True)`.
        """
        try:
            if options.sync:
                return self._settled(op, operands, attrs, specs)
            return self._run(op, operands, attrs, specs)
        except OutOfMemoryError as error:
            raise OutOfMemoryError(f"{op.name}: {error.message}", error.hint) from None

    def _settled(
        self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]
    ) -> list[Any]:
        """Run an op and wait for it, so that if it fails it is known by its name."""
        try:
            found = self._run(op, operands, attrs, specs)
            self.card.synchronize()
        except DeviceError as error:
            raise DeviceError(f"{op.name}: {error.message}", error.hint) from None
        return found

    def _run(self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]) -> list[Any]:
        self.card.enter()
        found = _kernels[0](self, op, operands, attrs, specs) if _kernels else None
        return self._on_cpu(op, operands, attrs, specs) if found is None else found

    def _on_cpu(
        self, op: Op[...], operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Spec]
    ) -> list[Any]:
        fallbacks.count(op.name)
        arrays = [self.to_numpy(x) if type(x) is CudaArray else x for x in operands]
        results = cpu.run(op, arrays, attrs, specs)
        return [self.from_numpy(y) if type(y) is np.ndarray else y for y in results]


class Borrowed:
    """Memory that another library lent: it is given back when the GPU has done with it."""

    __slots__ = ("_card", "_lent", "lent")

    def __init__(self, card: cuda.Card, lent: dlpack.Lent) -> None:
        self._card, self._lent, self.lent = card, lent, True

    def __del__(self) -> None:
        self._card.dropped.append(self._lent.release)


_devices: dict[int, CudaDevice] = {}


def device(index: int) -> CudaDevice:
    """The device of that number, the same object at every call.

    Errors: DeviceError when there is none.
    """
    if index not in _devices:
        _devices.setdefault(index, CudaDevice(index))
    return _devices[index]


def count() -> int:
    """The number of GPUs."""
    return cuda.found().number


def missing() -> str:
    """Why there is no GPU of a number, and what to do."""
    return cuda.found().missing


KIND = DeviceKind(count, device, missing, lambda: list(_devices.values()))
