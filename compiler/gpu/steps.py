"""Steps: what a program of the GPU does, one thing after the other, and the frame in which it does so.

A value's memory has a name in the program and an address in the frame. Steps are made when a graph is lowered and are
never changed; a frame belongs to one call. Loops and branches are steps that hold steps. Most steps can be recorded
once and replayed by the driver; those that need Python, or addresses that only the run finds, say that they cannot.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...kernels.cuda_graph import IF, WHILE
from ...kernels.kernel import Index
from ...kernels.print_cuda import Launch
from ...runtime import dtypes, observers
from ...runtime.device import cpu
from ...runtime.errors import ArgumentError
from ...runtime.op import Node
from ..backend.places import Memory
from ..graph.plan import located

if TYPE_CHECKING:
    from .piles import DevicePile


@dataclass(frozen=True)
class Spot:
    """A place in memory: the name of what it lies in, and how many bytes further on."""

    name: str
    start: int = 0


def spot_of(place: Memory) -> Spot:
    """Where the first element of a value is."""
    start = place.start.start if isinstance(place.start, Index) else place.start
    assert not place.start.terms, f"a place that only the run finds: {place}"
    return Spot(place.pointer, start * place.dtype.itemsize)


@dataclass
class Frame:
    """One call of a program: where everything is."""

    device: Any
    card: Any
    functions: Sequence[Any]  # the kernels, loaded
    addresses: dict[str, int]
    piles: dict[str, DevicePile] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    stream: Any = None
    graph: Any = None  # what is being recorded, if anything is
    conditions: Any = None  # the kernels that set conditions of it: to a flag, and to its opposite
    log: Log | None = None  # who runs the steps instead, to tell what they take

    def at(self, spot: Spot) -> int:
        """The address of a place."""
        return self.addresses[spot.name] + spot.start


class Log(Protocol):
    """What runs steps in their order and notes what they take."""

    def run(self, steps: Sequence[Step], frame: Frame) -> None:
        """Do steps."""
        ...


class Step(Protocol):
    """Something that a program does."""

    @property
    def is_recordable(self) -> bool:
        """Whether the driver can replay it."""
        ...

    def run(self, frame: Frame) -> None:
        """Do it, or put it into the stream."""
        ...


@dataclass(frozen=True)
class Run:
    """Run a kernel with pointers, and with numbers after them, whose layout is a `struct` format."""

    kernel: int
    launch: Launch
    given: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    layout: str = ""

    @property
    def is_recordable(self) -> bool:
        return not self.numbers

    def run(self, frame: Frame) -> None:
        addresses = frame.addresses
        packed = struct.pack(
            f"{len(self.given)}Q{self.layout}",
            *[addresses[name] for name in self.given],
            *[frame.numbers[name] for name in self.numbers],
        )
        (gx, gy), (bx, by) = self.launch.grid, self.launch.block
        frame.functions[self.kernel].launch((gx, gy, 1), (bx, by, 1), packed, self.launch.shared, frame.stream)


@dataclass(frozen=True)
class Move:
    """Copy bytes."""

    target: Spot
    source: Spot
    nbytes: int
    is_recordable: bool = True

    def run(self, frame: Frame) -> None:
        frame.card.copy(frame.at(self.target), frame.at(self.source), self.nbytes, frame.stream)


@dataclass(frozen=True)
class Clear:
    """Fill bytes with zeros."""

    target: Spot
    nbytes: int
    is_recordable: bool = True

    def run(self, frame: Frame) -> None:
        frame.card.zero(frame.at(self.target), self.nbytes, frame.stream)


@dataclass(frozen=True)
class Turn:
    """Two pieces of memory of a loop's state: where it is, and where its next value was written."""

    now: str
    then: str
    nbytes: int

    def swap(self, frame: Frame) -> None:
        """Let the names change their places."""
        addresses = frame.addresses
        addresses[self.now], addresses[self.then] = addresses[self.then], addresses[self.now]


@dataclass(frozen=True)
class While:
    """Steps that say whether to go on, steps of a trip, and what takes turns after each."""

    test: tuple[Step, ...]
    flag: Spot
    body: tuple[Step, ...]
    turns: tuple[Turn, ...]
    node: Node
    most: int | None = None  # trips, where they are bounded

    @property
    def is_recordable(self) -> bool:
        return self.most is None and all(s.is_recordable for s in (*self.test, *self.body))

    def run(self, frame: Frame) -> None:
        if frame.graph is not None:
            return self.record(frame)
        trips = 0
        while True:
            run_all(self.test, frame)
            if not read_flag(frame, self.flag):
                return
            if trips == self.most:
                self.refuse()
            trips += 1
            run_all(self.body, frame)
            for turn in self.turns:
                turn.swap(frame)

    def record(self, frame: Frame) -> None:
        """The loop as a node of a graph: what takes turns is copied, as addresses stay what they are."""
        run_all(self.test, frame)
        condition = frame.graph.condition()
        set_condition(frame, condition, self.flag)
        with inside(frame, condition, WHILE):
            run_all(self.body, frame)
            for turn in self.turns:
                frame.card.copy(frame.addresses[turn.now], frame.addresses[turn.then], turn.nbytes, frame.stream)
            run_all(self.test, frame)
            set_condition(frame, condition, self.flag)

    def refuse(self) -> None:
        """Say that the loop makes too many trips."""
        most = self.node.attrs["max_trips"]
        with located(self.node):
            raise ArgumentError(
                f"while: the loop goes on after max_trips={most} trips", "Allow more with wf.loop_options."
            )


@dataclass(frozen=True)
class If:
    """Steps of one arm or the other."""

    flag: Spot
    then: tuple[Step, ...]
    other: tuple[Step, ...]

    @property
    def is_recordable(self) -> bool:
        return all(s.is_recordable for s in (*self.then, *self.other))

    def run(self, frame: Frame) -> None:
        if frame.graph is not None:
            return self.record(frame)
        run_all(self.then if read_flag(frame, self.flag) else self.other, frame)

    def record(self, frame: Frame) -> None:
        """Each arm as a node of a graph that runs on a condition of its own."""
        for arm, kernel in ((self.then, 0), (self.other, 1)):
            if arm:
                condition = frame.graph.condition()
                set_condition(frame, condition, self.flag, kernel)
                with inside(frame, condition, IF):
                    run_all(arm, frame)


def set_condition(frame: Frame, condition: int, flag: Spot, kernel: int = 0) -> None:
    """Have the device set a condition of the graph that is recorded, from a flag or from its opposite."""
    packed = struct.pack("2Q", condition, frame.at(flag))
    frame.conditions[kernel].launch((1, 1, 1), (1, 1, 1), packed, 0, frame.stream)


@contextmanager
def inside(frame: Frame, condition: int, kind: int) -> Iterator[None]:
    """Record what a condition decides about."""
    outer = frame.stream
    with frame.graph.body(condition, kind) as stream:
        frame.stream = stream
        try:
            yield
        finally:
            frame.stream = outer


@dataclass(frozen=True)
class OnHost:
    """A node that the CPU runs: its operands are copied there, and its results back."""

    node: Node
    operands: tuple[Memory | None, ...]
    results: tuple[Memory, ...]
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        given = [x if place is None else fetched(frame, place)
                 for x, place in zip(self.node.inputs, self.operands, strict=True)]  # fmt: skip
        with located(self.node), observers.hidden():
            results = cpu.run(self.node.op, given, self.node.attrs, [y.spec for y in self.node.outputs])
        for place, array in zip(self.results, results, strict=True):
            if array.size:
                assert place.is_contiguous
                frame.card.upload(frame.at(spot_of(place)), np.ascontiguousarray(array))


@dataclass(frozen=True)
class Effect:
    """A node that acts on the host, given copies of its operands, which stay on the device."""

    node: Node
    operands: tuple[Memory | None, ...]
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        given = [x if place is None else copied(frame, place)
                 for x, place in zip(self.node.inputs, self.operands, strict=True)]  # fmt: skip
        with located(self.node):
            self.node.op.kernel(*given, **self.node.attrs)


def copied(frame: Frame, place: Memory) -> Any:
    """A copy of a value, one element after the other, on the device."""
    made = frame.device.empty(place.shape, place.dtype, "operands of calls of Python")
    if made.nbytes:
        frame.card.copy(made.address, frame.at(spot_of(place)), made.nbytes)
    return made


def read_flag(frame: Frame, spot: Spot) -> bool:
    """A bool that the device has computed: this waits for it."""
    return bool(downloaded(frame, frame.at(spot), (), dtypes.bool_))


def downloaded(frame: Frame, address: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Elements that lie one after the other."""
    found = np.empty(shape, dtype)
    frame.card.download(address, found)
    return found


def fetched(frame: Frame, place: Memory) -> np.ndarray:
    """A value's elements on the CPU."""
    if not all(place.shape):
        return np.empty(place.shape, place.dtype)
    if place.is_contiguous:
        return downloaded(frame, frame.at(spot_of(place)), place.shape, place.dtype)
    low, high = span(place)
    start = spot_of(place)
    whole = downloaded(frame, frame.at(start) + low * place.dtype.itemsize, (high - low + 1,), place.dtype)
    strides = tuple(s * place.dtype.itemsize for s in place.strides)
    return np.lib.stride_tricks.as_strided(whole[-low:], place.shape, strides).copy()


def span(place: Memory) -> tuple[int, int]:
    """How far before and after its first element a value lies, in elements."""
    reach = [(n - 1) * s for n, s in zip(place.shape, place.strides, strict=True)]
    return sum(min(r, 0) for r in reach), sum(max(r, 0) for r in reach)


def run_all(steps: Sequence[Step], frame: Frame) -> None:
    """Do steps in their order."""
    if frame.log is not None:
        return frame.log.run(steps, frame)
    for step in steps:
        step.run(frame)
