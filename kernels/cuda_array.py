"""CudaArray: the buffer of a tensor on a GPU, a shape and a dtype over memory of the card's arena.

Elements lie one after the other in C's order. Several arrays may show parts of one block, which lives as long as one of
them. An array is no ndarray and refuses to be taken for one: NumPy would read addresses for values. This file knows
layouts, not ops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..runtime.dtypes import DType
from ..runtime.errors import ExchangeError
from ..runtime.spec import Shape, Spec, size

if TYPE_CHECKING:
    from .cuda_device import CudaDevice

HINT = 'Use x.numpy(), which copies, or x.to("cpu").'


class CudaArray:
    """Values on a GPU. `block` keeps the memory: a block of the arena, or what another library lent."""

    __slots__ = ("__weakref__", "address", "block", "device", "dtype", "nbytes", "shape")
    __array_ufunc__ = None  # ufuncs of NumPy refuse it

    def __init__(self, shape: Shape, dtype: DType, device: CudaDevice, address: int, block: Any) -> None:
        self.shape, self.dtype, self.device, self.address, self.block = shape, dtype, device, address, block
        self.nbytes = size(shape) * dtype.itemsize

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return size(self.shape)

    @property
    def spec(self) -> Spec:
        """Shape and dtype together."""
        return Spec(self.shape, self.dtype)

    def reshape(self, shape: Shape) -> CudaArray:
        """The same memory in another shape with as many elements."""
        assert size(shape) == self.size, f"{self.shape} -> {shape}"
        return CudaArray(shape, self.dtype, self.device, self.address, self.block)

    def rows(self, start: int, stop: int) -> CudaArray:
        """The same memory, from one place of the first axis to another."""
        shape = (stop - start, *self.shape[1:])
        offset = start * size(self.shape[1:]) * self.dtype.itemsize
        return CudaArray(shape, self.dtype, self.device, self.address + offset, self.block)

    def view(self, dtype: DType) -> CudaArray:
        """The same memory, read as another dtype of as many bytes."""
        assert dtype.itemsize == self.dtype.itemsize, f"{self.dtype} -> {dtype}"
        return CudaArray(self.shape, dtype, self.device, self.address, self.block)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The description by which CuPy, Numba and PyTorch read the memory; it may not be written to.

        Source: CUDA Array Interface, version 3.
        """
        self.block.lent = True
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address if self.nbytes else 0, True),
            "strides": None,
            "stream": self.device.card.stream_handle,
            "version": 3,
        }

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise ExchangeError(f"an array of {self.spec} on {self.device} is no array of NumPy", HINT)

    def __bool__(self) -> bool:
        """Whether the one element is not zero: this waits for it."""
        return bool(self.device.to_numpy(self))

    def __repr__(self) -> str:
        return f"CudaArray({self.spec} on {self.device}, at {self.address:#x})"
