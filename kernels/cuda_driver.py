"""The CUDA driver by ctypes: whether it is there, what its errors mean, and the functions that PyCUDA has not.

Handles of contexts and streams are plain integers, the same ones as PyCUDA's. This file knows neither PyCUDA nor
memory; what it says of errors is said by it alone, whoever met them.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Any

from ..runtime.errors import DeviceError, OutOfMemoryError, WeftError

OLDEST = 12000  # the version of the driver's interface below which nothing is tried
NAMES = ("libcuda.so.1", "libcuda.so", "nvcuda.dll")
INSTALL_DRIVER = "Install NVIDIA's driver 580 or later, and look whether `nvidia-smi` lists the GPU."

OUT_OF_MEMORY, NO_DEVICE, UNSUPPORTED, OLD_PTX, NO_IMAGE = 2, 100, 801, 222, 209
NOT_FOUND, NOT_READY, SYSTEM_MISMATCH = 500, 600, 803
# After these the driver answers every call with the same error, for as long as the process lives.
LOST = {
    214: "memory of the GPU failed (an error that its ECC could not correct)",
    700: "a kernel read or wrote memory that is not its own",
    702: "a kernel took longer than the system allows",
    710: "an assertion in a kernel failed",
    714: "the stack of a kernel was overrun",
    715: "a kernel met an instruction that there is not",
    716: "a kernel read or wrote at an address that is not aligned",
    717: "a kernel read or wrote in the wrong kind of memory",
    718: "a kernel ran into what is no program",
    719: "a kernel failed",
}
RESTART = "Save what is on the CPU, and start the process anew; wf.options(sync=True) finds the op that fails."


class DriverError(Exception):
    """The driver refused: a number, and what it says of it."""

    def __init__(self, routine: str, code: int) -> None:
        self.routine, self.code = routine, code
        super().__init__(f"{routine}: {meaning(code)}")


_opened: list[Any] = []


def handle() -> Any:
    """The driver's library; None where there is none."""
    for name in () if _opened else NAMES:
        with suppress(OSError):
            _opened.append(ctypes.CDLL(name))
            break
    return _opened[0] if _opened else None


def library() -> Any:
    """The driver's library.

    Errors: DeviceError where there is none.
    """
    found = handle()
    if found is None:
        raise DeviceError("there is no NVIDIA driver on this machine", INSTALL_DRIVER)
    return found


def has(*names: str) -> bool:
    """Whether the driver has these functions."""
    found = handle()
    return found is not None and all(hasattr(found, name) for name in names)


def version() -> int:
    """The driver's version: 13000 for 13.0; 0 where there is none."""
    found, number = handle(), ctypes.c_int()
    if found is None or found.cuDriverGetVersion(ctypes.byref(number)):
        return 0
    return number.value


def shown(number: int) -> str:
    """A version as `13.0`."""
    return f"{number // 1000}.{number % 1000 // 10}"


def missing() -> str:
    """What is wrong with the driver, with what to do; empty where nothing is."""
    if handle() is None:
        return f"there is no NVIDIA driver on this machine. {INSTALL_DRIVER}"
    found = version()
    if found < OLDEST:
        return (
            f"the NVIDIA driver is too old: it knows CUDA {shown(found)}, needed is {shown(OLDEST)}. {INSTALL_DRIVER}"
        )
    return ""


def visible() -> str:
    """What CUDA_VISIBLE_DEVICES hides, as a part of a sentence; empty where it is not set."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if chosen is None else f" (CUDA_VISIBLE_DEVICES is {chosen!r})"


def meaning(code: int) -> str:
    """What the driver says of an error's number."""
    found, text = handle(), ctypes.c_char_p()
    if found is None or found.cuGetErrorString(code, ctypes.byref(text)) or not text.value:
        return f"error {code} of the driver"
    return f"{text.value.decode()} (error {code} of the driver)"


def told(name: str, code: int, routine: str, said: str = "") -> WeftError:
    """The error of the driver on a device, in our words."""
    text = said or meaning(code)
    if code in LOST:
        return DeviceError(
            f"{name} is lost: {LOST[code]}; nothing on it can be used any more\n{routine}: {text}", RESTART
        )
    if code == OUT_OF_MEMORY:
        return OutOfMemoryError(f"{name}: {routine}: {text}", "Drop what is not needed and call wf.trim_memory().")
    if code in (OLD_PTX, NO_IMAGE, SYSTEM_MISMATCH):
        hint = (
            "The driver is older than the compiler of kernels: install a newer driver, or an older nvidia-cuda-nvrtc."
        )
        return DeviceError(f"{name}: {routine}: {text}", hint)
    return DeviceError(f"{name}: {routine}: {text}", "If it comes again, report it with the program that shows it.")


def code_of(said: str) -> int:
    """The number of an error from what the driver says of it, if it is one that we say otherwise; else 0."""
    known = (OUT_OF_MEMORY, NO_IMAGE, OLD_PTX, SYSTEM_MISMATCH, *LOST)
    return next((code for code in known if said.startswith(meaning(code).partition(" (")[0].partition(" [")[0])), 0)


def call(routine: str, *arguments: Any) -> None:
    """Call a function of the driver.

    Errors: DriverError when it refuses.
    """
    code = getattr(library(), routine)(*arguments)
    if code:
        raise DriverError(routine, code)


def quick(routine: str) -> Any:
    """A function of the driver that returns at once, so that other threads need not be let in meanwhile."""
    return getattr(ctypes.PyDLL(library()._name), routine)


POINTER, INTEGER, SIZE = ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t


def make_current(context: int) -> None:
    """Let a context be that of this thread."""
    call("cuCtxSetCurrent", POINTER(context))


def event() -> int:
    """An event that tells no time, in the context of this thread."""
    made = POINTER()
    call("cuEventCreate", ctypes.byref(made), INTEGER(2))
    return made.value or 0


def wait_for(waiting: int, event: int) -> None:
    """Let what is put into a stream from now on wait for an event."""
    call("cuStreamWaitEvent", POINTER(waiting), POINTER(event), INTEGER(0))


def record(event: int, stream: int) -> None:
    """Let an event happen when what is in a stream by now is done."""
    call("cuEventRecord", POINTER(event), POINTER(stream))
