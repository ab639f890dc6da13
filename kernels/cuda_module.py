"""Modules: kernels that were loaded on a card, what they need, and the quickest way to launch them.

This file works with what PyCUDA made and imports nothing of it; objects of PyCUDA that are not needed any more are the
card's to drop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cuda import Card

Dims = tuple[int, int, int]
Launch = Callable[[Dims, Dims, Any, int, Any], None]


class Function:
    """A kernel of a module. `launch(grid, block, parameters, shared, stream)` costs least, with a ready buffer of bytes.

    `parameters` holds the arguments as C lays them out in a struct; `stream` is the card's, or that of a capture.
    """

    def __init__(self, found: Any, name: str, attributes: Any) -> None:
        self.name, self._found, self._attributes = name, found, attributes
        self.launch: Launch = getattr(found, "_launch_kernel", None) or self._prepared

    def _prepared(self, grid: Dims, block: Dims, parameters: Any, shared: int, stream: Any) -> None:
        """What `launch` is where PyCUDA keeps its own quick way under another name."""
        self._found.prepare(f"{len(parameters)}s")
        self._found.prepared_async_call(grid, block, stream, bytes(parameters), shared_size=shared)

    def _attribute(self, name: str) -> int:
        return self._found.get_attribute(getattr(self._attributes, name))

    @cached_property
    def registers(self) -> int:
        """Registers of a thread."""
        return self._attribute("NUM_REGS")

    @cached_property
    def local_bytes(self) -> int:
        """Memory of a thread for what does not fit its registers: 0 unless it spills."""
        return self._attribute("LOCAL_SIZE_BYTES")

    @cached_property
    def shared_bytes(self) -> int:
        """Shared memory of a block, beside what a launch asks for."""
        return self._attribute("SHARED_SIZE_BYTES")

    @cached_property
    def most_threads(self) -> int:
        """The largest block that can be launched."""
        return self._attribute("MAX_THREADS_PER_BLOCK")

    def allow_shared(self, nbytes: int) -> None:
        """Let launches ask for so many bytes of shared memory, more than the 48 KiB that are always allowed."""
        self._found.set_attribute(self._attributes.MAX_DYNAMIC_SHARED_SIZE_BYTES, nbytes)


class Module:
    """Kernels that were loaded together."""

    def __init__(self, card: Card, found: Any) -> None:
        self._card, self._found = card, found
        self._functions: dict[str, Function] = {}

    def function(self, name: str) -> Function:
        """The kernel of that name.

        Errors: DeviceError when there is none.
        """
        if name not in self._functions:
            with self._card.told(f"the kernel {name}"):
                self._functions[name] = self._card.function_of(self._found, name)
        return self._functions[name]

    def address(self, name: str) -> tuple[int, int]:
        """Where a `__device__` or `__constant__` variable lies, and its bytes."""
        with self._card.told(f"the variable {name}"):
            address, nbytes = self._found.get_global(name)
        return int(address), nbytes

    def __del__(self) -> None:
        self._card.dropped.append((self._found, self._functions))
