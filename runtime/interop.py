"""HostValues: what a tensor that has values does with them outside weft.

Python numbers, NumPy arrays, buffers, DLPack, Arrow, pickles, copies and text are all read through `numpy()`: on
the CPU a read-only view, so nobody outside can change a value. A class that derives from this one has a `buffer`
on a `device`. This file knows nothing of ops and tapes; what makes tensors it finds in `OPS`.

Source: Python Array API standard 2024.12, "Array object"; DLPack 1.0; PEP 688 (`__buffer__`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from . import device as devices, display, dtypes
from .errors import ROOT, ArgumentError, DTypeError, ExchangeError, ShapeError, WeftError
from .spec import describe
from .tensor import OPS, Tensor

API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
_HOST = (1, 0)  # DLPack's name of the CPU: (kDLCPU, 0)
_GPU = (2, 13)  # kDLCUDA, kDLCUDAManaged


class HostValues(Tensor):
    """A tensor whose values can be read."""

    __slots__ = ()
    buffer: Any

    if TYPE_CHECKING:

        @property
        def device(self) -> devices.Device: ...

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array: on the CPU a read-only view, from another device a copy."""
        array = self.device.to_numpy(self.buffer)[...]
        array.flags.writeable = False
        return array

    def item(self) -> Any:
        """The single element as a Python number.

        Errors: ShapeError unless there is exactly one element.
        """
        array = self.device.to_numpy(self.buffer)
        if array.size != 1:
            raise ShapeError(f"item: {describe(self)} has {array.size} elements", "Index it first, or use .tolist().")
        return array.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers; a 0-d tensor gives a number."""
        return self.device.to_numpy(self.buffer).tolist()

    # Python numbers

    def __bool__(self) -> bool:
        array = self.device.to_numpy(self.buffer)
        if array.size != 1:
            raise ShapeError(
                f"the truth value of {describe(self)} is ambiguous",
                "Reduce it: wf.all(x) or wf.any(x); to ask for elements, x.size > 0.",
            )
        return bool(array.item())

    def __int__(self) -> int:
        return int(self._real("int"))

    def __float__(self) -> float:
        return float(self._real("float"))

    def __complex__(self) -> complex:
        return complex(self._single("complex"))

    def __index__(self) -> int:
        if self.shape or self.dtype not in dtypes.INTEGERS:
            raise DTypeError(f"{describe(self)} is no index", "An index is a single integer: a 0-d integer tensor.")
        return self.device.to_numpy(self.buffer).item()

    def _single(self, kind: str) -> bool | int | float | complex:
        if self.size != 1:
            raise ShapeError(
                f"{kind}() takes a single element, not {describe(self)}", "Index or reduce it first, or use .tolist()."
            )
        return self.device.to_numpy(self.buffer).item()

    def _real(self, kind: str) -> bool | int | float:
        value = self._single(kind)
        if isinstance(value, complex):
            raise DTypeError(f"{kind}() of {describe(self)}", "Take wf.real(x) or wf.abs(x) first, or complex(x).")
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        OPS["assign_item"](self, index, value)

    def __contains__(self, value: Any) -> bool:
        answer: Any = self == value
        return bool(answer.numpy().any()) if isinstance(answer, Tensor) else bool(answer)

    # NumPy, the Array API, buffers

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if copy is False and self.device.kind != "cpu":
            raise ExchangeError(f"__array__: {describe(self)} on {self.device} must be copied", "Allow it: copy=None.")
        return np.array(array, dtype, copy=copy)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        """The module `weft`, whose functions follow the Array API standard.

        Errors: ArgumentError for a version of the standard that it does not follow.
        """
        if api_version is not None and api_version not in API_VERSIONS:
            raise ArgumentError(
                f"__array_namespace__: version {api_version!r} of the Array API is not known here",
                f"Known are {', '.join(API_VERSIONS)}.",
            )
        return sys.modules[ROOT]

    def __buffer__(self, flags: int, /) -> memoryview:
        """For memoryview(x) on Python 3.12 and later; before that, use memoryview(x.numpy()).

        Errors: ExchangeError for bfloat16, which buffers do not know, and on other devices.
        """
        if self.dtype is dtypes.bfloat16 or self.device.kind != "cpu":
            raise ExchangeError(f"{describe(self)} on {self.device} has no buffer", "Use x.numpy().")
        view: Any = self.numpy()
        return memoryview(view)

    def __arrow_array__(self, type: Any = None) -> Any:
        """For pyarrow.array(x), of a vector."""
        import pyarrow  # pyright: ignore[reportMissingImports]

        if self.ndim != 1:
            raise ShapeError(f"pyarrow.array: {describe(self)} is no vector", "Flatten it: x.reshape(-1).")
        return pyarrow.array(self.numpy(), type=type)

    # DLPack

    def __dlpack_device__(self) -> tuple[int, int]:
        """The device in DLPack's terms: (kind, index)."""
        return _HOST if self.device.kind == "cpu" else (2, self.device.index)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule of the values, marked read-only.

        A consumer of DLPack before 1.0 cannot be told that it may only read, and gets a copy.

        Errors: ExchangeError for bfloat16, and when a copy is needed but refused.
        """
        here = self.__dlpack_device__()
        if (dl_device or here) not in (here, _HOST):
            raise ExchangeError(f"__dlpack__: cannot move to device {dl_device}", "Move it with x.to(device) first.")
        moves = (dl_device or here) != here
        if self.dtype is dtypes.bfloat16 and (moves or here == _HOST):
            raise ExchangeError(
                f"__dlpack__: {describe(self)} cannot leave by NumPy's DLPack", "Cast it: wf.astype(x, wf.float32)."
            )
        knows_readonly = max_version is not None and max_version[0] >= 1
        if copy is False and (moves or not knows_readonly):
            reason = "it must be moved to the CPU" if moves else "this consumer may write to what it gets"
            raise ExchangeError(f"__dlpack__: copy=False, but {describe(self)} must be copied: {reason}", "Allow it.")
        source = devices.cpu if moves else self.device
        buffer = self.numpy() if moves or source is devices.cpu else self.buffer
        shown = source.copied(buffer) if copy or moves or not knows_readonly else buffer
        return source.to_dlpack(shown, stream, max_version if knows_readonly else None)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """How CuPy, Numba and PyTorch read a tensor that is on a GPU, without a copy; others have it not."""
        if self.device.kind != "cuda":
            raise AttributeError(f"{describe(self)} on {self.device} is not on a GPU")
        return self.buffer.__cuda_array_interface__

    # Devices, copies, pickles

    def to(self, device: Any) -> Any:
        """The same values on another device, `"cpu"` or `"cuda:0"`; gradients flow through.

        Errors: DeviceError when the device is not there.
        """
        return OPS["to_device"](self, device)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """As `to`, under the name of the Array API standard."""
        return OPS["to_device"](self, device)

    def __copy__(self) -> Any:
        return OPS["alias"](self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return OPS["alias"](self)  # values never change under another name, so sharing them is a deep copy

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (self.device.to_numpy(self.buffer), str(self.device))

    # Text

    def __repr__(self) -> str:
        return display.text(self.numpy(), str(self.device))

    def __str__(self) -> str:
        return display.values(self.numpy())

    def __format__(self, pattern: str, /) -> str:
        return display.formatted(self.numpy(), pattern)

    def _repr_html_(self) -> str:
        return display.notebook(self.numpy(), str(self.device))


def restore(array: np.ndarray, device: str) -> Any:
    """A tensor again, from what its pickle holds."""
    return OPS["asarray"](array, device=device)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor of an array of any library that exports DLPack, sharing its memory where possible.

    Memory that is shared must not be written to while the tensor is in use; `copy=True` makes sure.

    Errors: ArgumentError for what exports no DLPack; ExchangeError when its dtype or device cannot be taken.

    Example:
        >>> import numpy as np, weft as wf
        >>> wf.from_dlpack(np.array([1.0, 2.0]))
        Tensor([1., 2.], f64)
    """
    if isinstance(x, Tensor):
        return OPS["asarray"](x, device=device, copy=copy)
    if not hasattr(x, "__dlpack__"):
        raise ArgumentError(f"from_dlpack: a {type(x).__name__} exports no DLPack", "Use wf.asarray(x).")
    if is_on_gpu(x):
        return adopted(x, device, copy)
    try:
        array = np.from_dlpack(x, device="cpu", copy=copy)
    except (BufferError, RuntimeError) as error:
        raise ExchangeError(f"from_dlpack: {error}", "Convert it in its own library first.") from error
    return OPS["asarray"](array, device=device)


def is_on_gpu(x: Any) -> bool:
    """Whether an array of another library says that it lies on a GPU."""
    named = getattr(x, "__dlpack_device__", None)
    return int(named()[0]) in _GPU if named is not None else hasattr(x, "__cuda_array_interface__")


def adopted(x: Any, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor on the GPU that an array of another library is on, sharing its memory.

    Errors: ExchangeError for a dtype that weft has not, and for elements that do not lie one after the other.
    """
    named = getattr(x, "__dlpack_device__", None)
    home = devices.as_device(f"cuda:{named()[1] if named is not None else 0}")
    try:
        buffer = home.adopted(x)
    except WeftError:
        raise
    except (BufferError, RuntimeError) as error:
        raise ExchangeError(f"from_dlpack: {error}", "Convert it in its own library first.") from error
    return OPS["to_device"](OPS["of_buffer"](home.copied(buffer) if copy else buffer), device or home)
