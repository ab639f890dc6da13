"""A card for the tests of the stand-in: arrays, kernels and launches through PyCUDA, in a few words.

Arguments of kernels are packed by their types: int is `int`, float is `float`, an array its address.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import loading
import numpy as np


class Array:
    """Memory of the card, with the shape and dtype of what was put there."""

    def __init__(self, values: Any, *, empty: bool = False) -> None:
        drv = loading.pycuda_driver()
        self.host = np.ascontiguousarray(values)
        self.memory = drv.mem_alloc(self.host.nbytes)
        if not empty:
            drv.memcpy_htod(self.memory, self.host)

    def __int__(self) -> int:
        return int(self.memory)

    def get(self) -> Any:
        """What it holds now."""
        values = np.empty_like(self.host)
        loading.pycuda_driver().memcpy_dtoh(values, self.memory)
        return values


def packed(arguments: Sequence[Any]) -> bytes:
    """Arguments as a launch takes them, each at a multiple of its size."""
    kinds = {int: "i", float: "f", np.float64: "d", np.int64: "q"}
    letters = "".join(kinds.get(type(a), "P") for a in arguments)
    return struct.pack(
        "@" + letters, *(int(a) if kind == "P" else a for a, kind in zip(arguments, letters, strict=True))
    )


def three(n: int | tuple[int, ...]) -> tuple[int, ...]:
    """A size in three dimensions."""
    return (*n, 1, 1)[:3] if isinstance(n, tuple) else (n, 1, 1)


def module(source: str, *flags: str) -> Any:
    """The module of CUDA C, compiled with the options that hold now."""
    return loading.pycuda_driver().module_from_buffer(loading.compile_kernels(source, *flags))


class Kernel:
    """A kernel that is launched by `kernel(blocks, threads, *arguments, shared=, stream=)`."""

    def __init__(self, held: Any, name: str) -> None:
        self.held = held
        self.launch = held.get_function(name)._launch_kernel

    def __call__(self, blocks: Any, threads: Any, *arguments: Any, shared: int = 0, stream: Any = None) -> None:
        self.launch(three(blocks), three(threads), packed(arguments), shared, stream)


def kernel(source: str, name: str = "k") -> Kernel:
    """A kernel of CUDA C."""
    return Kernel(module(source), name)


def synchronize() -> None:
    """Wait for the card; an error of a kernel is raised here."""
    loading.pycuda_driver().Context.synchronize()
