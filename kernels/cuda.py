"""The GPUs: which there are, and one `Card` for each, with its context, its stream, its kernels and its copies.

This is the only file that imports PyCUDA, and it does so when a GPU is first asked for. PyCUDA holds the primary
context, which PyTorch, CuPy and JAX use too, memory, modules and events; a thread comes to the context through
`Card.enter`, so objects of PyCUDA never depend on the thread that drops them. All work of a card goes through one
stream, in the order of the calls. This file knows neither arrays nor ops.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from ..runtime.errors import DeviceError, WeftError
from . import cuda_driver as driver
from .cuda_memory import Arena, Block, ExhaustedError
from .cuda_module import Function, Module
from .cuda_staging import Staging

INSTALL = 'Install it: pip install "weft[cuda]".'
FORKED = (
    "CUDA was in use before this process was forked from its parent, and the child cannot use it",
    'Start workers with multiprocessing\'s "spawn" or "forkserver", or use the GPU in the children alone.',
)


class Found(NamedTuple):
    """How many GPUs there are; if none, why, and what to do."""

    number: int
    missing: str = ""


_found: list[tuple[int, Found]] = []  # with the process that looked
_cards: dict[int, Card] = {}
_lock = threading.Lock()


def found() -> Found:
    """The GPUs of this machine; PyCUDA is imported and the driver started at the first call."""
    with _lock:
        if _found and _found[0][0] != os.getpid():
            return Found(0, ". ".join(FORKED))
        if _found:
            return _found[0][1]
        answer = _look()
        if answer.number:  # otherwise it may be mended while the process lives
            _found.append((os.getpid(), answer))
        return answer


def _look() -> Found:
    if find_spec("pycuda") is None:
        return Found(0, f"PyCUDA is not installed. {INSTALL}")
    wrong = driver.missing()
    if wrong:
        return Found(0, wrong)
    try:
        pycuda = importlib.import_module("pycuda.driver")
    except ImportError as error:
        said = str(error).splitlines()[0]
        hint = "Install a newer driver, or build PyCUDA with an older CUDA toolkit."
        return Found(0, f"PyCUDA does not fit the NVIDIA driver (which knows CUDA {_known()}): {said}. {hint}")
    return _started(pycuda)


def _known() -> str:
    return driver.shown(driver.version())


def _started(pycuda: Any) -> Found:
    try:
        pycuda.init()
        count = pycuda.Device.count()
    except pycuda.Error as error:
        hint = "Look whether `nvidia-smi` lists the GPU, and whether CUDA_VISIBLE_DEVICES hides it."
        return Found(0, f"the NVIDIA driver finds no GPU{driver.visible()}: {error}. {hint}")
    if not count:
        return Found(0, f"there is no GPU{driver.visible()}. Look whether `nvidia-smi` lists one.")
    return Found(count, f"there {'is' if count == 1 else 'are'} {count} GPU{'s' * (count > 1)}{driver.visible()}.")


def card(index: int = 0) -> Card:
    """The card of that number, the same object at every call.

    Errors: DeviceError when there is none.
    """
    number, missing = found()
    if not 0 <= index < number:
        raise DeviceError(f"cuda:{index}: {missing}", "Work on the CPU.")
    with _lock:
        if index not in _cards:
            _cards[index] = Card(index)
        return _cards[index]


class Card:
    """One GPU: what it is, its memory, its stream, and what can be asked of it from any thread."""

    def __init__(self, index: int) -> None:
        self._pycuda: Any = importlib.import_module("pycuda.driver")
        self.index, self.trouble = index, ""
        self.order = threading.RLock()  # of whoever puts several things into the stream that belong together
        self.dropped: deque[Any] = deque()  # objects of PyCUDA that nobody needs any more
        self._describe(self._pycuda.Device(index))
        with self.told("the start"), self.own():
            self.context_handle: int = self._context.handle
            self._context_pointer = ctypes.c_void_p(self.context_handle)
            self._make_current = driver.quick("cuCtxSetCurrent")
            self.stream: Any = self._pycuda.Stream(1)  # one that does not wait for the legacy default stream
            self.stream_handle: int = self.stream.handle
            self._fence = driver.event()
        limit = os.environ.get("WEFT_GPU_MEMORY_LIMIT")
        self.arena = Arena(
            str(self), self._take, self._give, self.synchronize, self.room, int(limit) if limit else None
        )
        self._staging = Staging(self)

    def _describe(self, device: Any) -> None:
        self._context = device.retain_primary_context()
        self.name: str = device.name()
        self.capability: tuple[int, int] = device.compute_capability()
        self.memory: int = device.total_memory()  # bytes
        ask, names = device.get_attribute, self._pycuda.device_attribute
        self.multiprocessors: int = ask(names.MULTIPROCESSOR_COUNT)
        self.shared_per_block: int = ask(names.MAX_SHARED_MEMORY_PER_BLOCK)
        self.most_shared_per_block: int = ask(names.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
        self.shared_per_multiprocessor: int = ask(names.MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)
        self.threads_per_multiprocessor: int = ask(names.MAX_THREADS_PER_MULTIPROCESSOR)
        self.second_level_cache: int = ask(names.L2_CACHE_SIZE)

    @property
    def architecture(self) -> str:
        """What kernels are compiled for: `sm_90`."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    def __str__(self) -> str:
        return f"cuda:{self.index}"

    # -- contexts and errors

    def enter(self) -> None:
        """Make this thread ready for the card: to be called before launches.

        Errors: DeviceError when the card was lost, or in a process that was forked.
        """
        if self.trouble:
            raise DeviceError(self.trouble, FORKED[1] if FORKED[0] in self.trouble else driver.RESTART)
        if self._make_current(self._context_pointer):
            driver.make_current(self.context_handle)  # which says what is wrong
        if self.dropped and not self.arena.paused:
            self._drop()

    def recording(self, begins: bool) -> None:
        """Put off everything that would wait for the card, which is refused while a graph is recorded."""
        self.arena.paused = begins

    def _drop(self) -> None:
        """Drop what nobody needs any more; what other libraries lent, when all work is done."""
        with (
            self.told("dropping what is not needed"),
            self.own(),
            contextlib.suppress(IndexError),
        ):  # another thread may be quicker
            while True:
                thing = self.dropped.popleft()
                if callable(thing):
                    self.stream.synchronize()
                    thing()
                del thing  # while PyCUDA can still drop it

    @contextmanager
    def own(self) -> Iterator[None]:
        """Let PyCUDA make and drop objects of this card in this thread."""
        self._context.push()
        try:
            yield
        finally:
            self._context.pop()

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Say errors of the driver inside the `with` block in our words."""
        try:
            yield
        except (self._pycuda.Error, driver.DriverError) as error:
            raise self.error(error, what) from None

    def error(self, error: Exception, what: str = "") -> WeftError:
        """The error of a call of PyCUDA or of the driver, in our words; the card is remembered as lost if it is."""
        routine, _, said = str(error).partition(" failed: ")
        if isinstance(error, driver.DriverError):
            code, routine, said = error.code, error.routine, driver.meaning(error.code)
        else:
            code = self._state() or driver.code_of(said)
        if code in driver.LOST:
            told = driver.told(str(self), code, routine, said)
            self.trouble = told.message
            return told
        return driver.told(f"{self}{f': {what}' if what else ''}", code, routine, said or str(error))

    def _state(self) -> int:
        """What the driver says of the stream: 0, or the error that a kernel left behind."""
        code = driver.library().cuStreamQuery(ctypes.c_void_p(self.stream_handle))
        return 0 if code == driver.NOT_READY else code

    def synchronize(self) -> None:
        """Wait until all work is done.

        Errors: DeviceError when a kernel failed.
        """
        self.enter()
        with self.order, self.told("the work so far"):
            self.stream.synchronize()

    # -- modules

    def load(self, cubin: bytes) -> Module:
        """The kernels of a cubin.

        Errors: DeviceError when the driver cannot load it.
        """
        self.enter()
        with self.told("loading kernels"), self.own():
            return Module(self, self._pycuda.module_from_buffer(cubin))

    def function_of(self, module: Any, name: str) -> Function:
        """The kernel of a module of PyCUDA."""
        with self.own():
            return Function(module.get_function(name), name, self._pycuda.function_attribute)

    # -- memory

    def allocate(self, nbytes: int, what: Any = "") -> Block:
        """A block of the arena, which is given back when it is dropped; `what` says in errors who holds it.

        Errors: OutOfMemoryError.
        """
        return self.arena.allocate(nbytes, what)

    def _take(self, nbytes: int) -> tuple[int, Any]:
        self.enter()
        with self.told("taking memory"), self.own():
            try:
                taken = self._pycuda.mem_alloc(nbytes)
            except self._pycuda.MemoryError:
                raise ExhaustedError from None
        return int(taken), taken

    def _give(self, taken: Any) -> None:
        with self.told("giving memory back"), self.own():
            taken.free()

    def room(self) -> tuple[int, int]:
        """The bytes that nobody holds, and all of the card."""
        self.enter()
        with self.told("asking for memory"), self.own():
            return self._pycuda.mem_get_info()

    def pinned(self, nbytes: int) -> np.ndarray:
        """Memory of the CPU that the card reaches by itself."""
        with self.told("taking memory of the CPU"), self.own():
            return self._pycuda.pagelocked_empty(nbytes, np.uint8)

    # -- copies: in the order of the stream, without waiting

    def upload(self, address: int, array: np.ndarray) -> None:
        """Copy an array, whose elements lie one after the other, to the card; it may be written to afterwards."""
        self.enter()
        with self.order, self.told("a copy to the GPU"):
            self._staging.upload(address, array)

    def download(self, address: int, array: np.ndarray) -> None:
        """Fill an array, whose elements lie one after the other, from the card: this waits."""
        self.enter()
        with self.order, self.told("a copy from the GPU"):
            self._staging.download(address, array)

    def copy(self, target: int, source: int, nbytes: int, stream: Any = None) -> None:
        """Copy from one place on the card to another; `stream`: that of a recording, instead of the card's."""
        self.enter()
        with self.order, self.told("a copy"):
            self._pycuda.memcpy_dtod_async(target, source, nbytes, stream or self.stream)

    def zero(self, address: int, nbytes: int, stream: Any = None) -> None:
        """Fill bytes with zeros; `stream` as in `copy`."""
        self.enter()
        with self.order, self.told("filling memory"):
            self._pycuda.memset_d8_async(address, 0, nbytes, stream or self.stream)

    def fill(self, address: int, pattern: bytes, count: int) -> None:
        """Repeat a pattern of 1, 2, 4, 8 or 16 bytes."""
        self.enter()
        with self.order, self.told("filling memory"):
            self._fill(address, pattern, count)

    def _fill(self, address: int, pattern: bytes, count: int) -> None:
        length = len(pattern)
        if length <= 4:
            setting = {1: "memset_d8_async", 2: "memset_d16_async", 4: "memset_d32_async"}[length]
            getattr(self._pycuda, setting)(address, int.from_bytes(pattern, "little"), count, self.stream)
        elif pattern == pattern[:4] * (length // 4):
            self._fill(address, pattern[:4], count * (length // 4))
        elif count:
            self._repeat(address, pattern, count)

    def _repeat(self, address: int, pattern: bytes, count: int) -> None:
        """Copy what is there already behind itself, twice as much each time."""
        done, total = len(pattern), len(pattern) * count
        self._staging.upload(address, np.frombuffer(pattern, np.uint8))
        while done < total:
            more = min(done, total - done)
            self._pycuda.memcpy_dtod_async(address + done, address, more, self.stream)
            done += more

    def copy_in(self, address: int, pinned: np.ndarray) -> None:
        """Copy from pinned memory, which must stay as it is until the copy is done."""
        self._pycuda.memcpy_htod_async(address, pinned, self.stream)

    def copy_out(self, address: int, pinned: np.ndarray) -> None:
        """Copy to pinned memory, which holds the values when the stream has come so far."""
        self._pycuda.memcpy_dtoh_async(pinned, address, self.stream)

    # -- events and other streams

    def event(self, timed: bool = False) -> Any:
        """An event of PyCUDA: `.record(stream)`, `.synchronize()`, and `.time_since(event)` if timed."""
        with self.told("an event"), self.own():
            return self._pycuda.Event(0 if timed else self._pycuda.event_flags.DISABLE_TIMING)

    def another_stream(self) -> Any:
        """A second stream of PyCUDA, for the body of a conditional node, say; it is dropped through `dropped`."""
        with self.told("a stream"), self.own():
            return self._pycuda.Stream(1)

    def precede(self, stream: int) -> None:
        """Let what another library puts into its stream from now on wait for our work so far."""
        self.enter()
        with self.told("waiting"):
            driver.record(self._fence, self.stream_handle)
            driver.wait_for(stream, self._fence)

    def follow(self, stream: int) -> None:
        """Let our work from now on wait for what another library has put into its stream."""
        self.enter()
        with self.told("waiting"):
            driver.record(self._fence, stream)
            driver.wait_for(self.stream_handle, self._fence)

    # -- the end

    def close(self) -> None:
        """Give everything back, at the end of the process; a card that was lost is left alone."""
        with contextlib.suppress(Exception):
            self.synchronize()
            self.arena.trim(0)
            return
        keep_for_ever(self)


def keep_for_ever(thing: Any) -> None:
    """Never drop an object, nor what it refers to: dropping it would call a driver that does not answer any more."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _close() -> None:
    for each in _cards.values():
        each.close()


def _after_fork() -> None:
    """Nothing of CUDA works in a child: say so, and drop nothing."""
    global _lock
    _lock = threading.Lock()
    for each in _cards.values():
        each.trouble = f"{each}: {FORKED[0]}"
        keep_for_ever(each)


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
