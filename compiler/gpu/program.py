"""Programs of a GPU: a lowered graph with its kernels loaded, and how it is called.

A call takes memory for what is in between and for the results, and puts the steps into the card's stream one after the
other, without waiting for them. Memory may be given back at once, as the next who takes it comes later in the same stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels import nvrtc, prelude
from ...kernels.cuda_array import CudaArray
from ...kernels.cuda_graph import DECLARATION, has_conditions
from ...runtime.errors import DeviceError
from ...runtime.options import options
from ...runtime.spec import StackSpec
from ..backend.decompose import decompose
from ..graph.graph import Graph as ProgramGraph
from ..graph.stack import Cell
from ..passes.erase import erase
from ..passes.pipeline import optimize
from .deferred import acts, deferred
from .lower import FAULTS, GpuLowering
from .piles import on_device
from .products import has_library
from .recordings import Recordings
from .steps import Frame, If, While, run_all
from .timer import Timer
from .watcher import Watcher

OPTIONS = ("--device-int128", "--fmad=true")
QUIET = ("-diag-suppress=68,161,177,550,1097",)  # what the prelude's C is, and C++ need not be


CONDITIONS = """\
extern "C" __global__ void wf_if(cudaGraphConditionalHandle condition, const u8 *flag) {
    cudaGraphSetConditional(condition, *flag != 0);
}
extern "C" __global__ void wf_unless(cudaGraphConditionalHandle condition, const u8 *flag) {
    cudaGraphSetConditional(condition, *flag == 0);
}
"""


class Code:
    """A graph as steps on a device, with its kernels loaded."""

    def __init__(self, graph: ProgramGraph, device: Any, by_value: Sequence[bool]) -> None:
        self.device, self.card, self.graph = device, device.card, graph
        self.plan = GpuLowering(graph, by_value).run()
        self.conditions: list[Any] = []
        self.functions = self.loaded()
        self.constants = {name: device.from_numpy(array) for name, array in self.plan.constants.items()}
        if self.plan.is_checked:
            self.constants[FAULTS] = device.from_numpy(np.zeros((), np.bool_))
        self.fixed = {name: array.address for name, array in self.constants.items()}
        self.outputs = [(name, y.spec) for name, y in zip(self.plan.outputs, graph.outputs, strict=True)]
        self.is_recordable = len(self.plan.steps) > 1 and all(s.is_recordable for s in self.plan.steps)
        self.is_recordable = self.is_recordable and (has_conditions() or not self.is_conditional)
        self.recordings = Recordings()
        self.rooms: dict[str, Any] = {}  # of numbers that the CPU has

    @property
    def text(self) -> str:
        """The kernels, with what they need of the prelude."""
        text = f"{prelude.text(self.plan.text, prelude.CUDA)}\n{self.plan.text}"
        return f"{text}\n{DECLARATION}{CONDITIONS}" if self.is_conditional else text

    @property
    def is_conditional(self) -> bool:
        """Whether there are loops or branches."""
        return any(isinstance(step, While | If) for step in self.plan.steps)

    def loaded(self) -> list[Any]:
        """The kernels, by number."""
        if not self.plan.kernels and not self.is_conditional:
            return []
        # Kept as long as the kernels: it sees to it that they are dropped where the card's context is.
        self.module = self.card.load(nvrtc.cubin(self.text, self.card.architecture, (*OPTIONS, *QUIET)))
        if self.is_conditional:
            self.conditions = [self.module.function(name) for name in ("wf_if", "wf_unless")]
        return [self.module.function(name) for name in self.plan.kernels]

    def __call__(self, buffers: Sequence[Any], log: Timer | Watcher | None = None) -> list[Any] | None:
        """The results for these operands; None if a check failed. `log`: who notes what the steps take."""
        log = log or (Watcher(self.card) if options.sync else None)
        arena = self.card.allocate(self.plan.arena, "values in between") if self.plan.arena else None
        call = Call(self, buffers, arena.address if arena is not None else 0)
        recorded = self.recordings.find(call) if self.is_recordable and log is None else None
        if recorded is not None:
            recorded.launch()
        else:
            frame = call.frame()
            frame.log = log.begun(self.plan.notes) if log is not None else None
            run_all(self.plan.steps, frame)
        return None if self.plan.is_checked and self.failed() else call.results()

    def uploaded(self, name: str, x: np.ndarray) -> Any:
        """An operand of the CPU on the device; numbers always in the same place, so that recordings find them there."""
        if x.ndim:
            return self.device.from_numpy(x)
        if name not in self.rooms:
            self.rooms[name] = self.device.empty((), x.dtype, "numbers")
        self.device.card.upload(self.rooms[name].address, x)
        return self.rooms[name]

    def failed(self) -> bool:
        """Whether a check failed: this waits for the device."""
        flag = self.constants[FAULTS]
        failed = bool(self.device.to_numpy(flag))
        if failed:
            self.card.zero(flag.address, 1)
        return failed


class GpuProgram:
    """A graph on a device.

    Its checks are made while it runs, and asked for at the end. Where one failed, or where the graph does something that
    is seen from outside, each step waits for what it may raise.
    """

    def __init__(self, graph: ProgramGraph, device: Any, by_value: Sequence[bool] = ()) -> None:
        """`by_value`: which operands are numbers that kernels are handed.

        Errors: Unsupported, BuildError.
        """
        self.device, self.by_value = device, by_value
        of_halves = frozenset({"matmul"}) if has_library() else frozenset[str]()
        self.graph = optimize(decompose(erase(graph), of_halves))
        self.code = Code(self.graph if acts(self.graph) else optimize(deferred(self.graph)), device, by_value)
        self._exact: Code | None = None

    @property
    def plan(self) -> Any:
        """The steps."""
        return self.code.plan

    def __call__(self, buffers: Sequence[Any], log: Timer | Watcher | None = None) -> list[Any]:
        """The results for these operands; `log`: who notes what the steps take."""
        self.device.card.enter()
        with self.device.card.order:
            results = self.code(buffers, log)
            if results is None:
                self._exact = self._exact or Code(self.graph, self.device, self.by_value)
                results = self._exact(buffers, log)
        assert results is not None, "a check failed that does not fail"
        return results


ALIGN = 16  # bytes that kernels read at once


def aligned(x: CudaArray) -> CudaArray:
    """A copy of an array that begins where 16 bytes can be read at once."""
    made = x.device.empty(x.shape, x.dtype, "operands")
    if made.nbytes:
        x.device.card.copy(made.address, x.address, made.nbytes)
    return made


class Call:
    """One call: its operands, its results, and the addresses of both."""

    def __init__(self, program: Code, buffers: Sequence[Any], arena: int) -> None:
        self.program, self.arena = program, arena
        self.addresses: dict[str, int] = {}
        self.piles: dict[str, Any] = {}
        self.numbers: dict[str, Any] = {}
        self.kept = [self.given(name, x) for name, x in zip(program.plan.inputs, buffers, strict=True)]
        self.made = [self.room(name, spec) for name, spec in program.outputs]
        self.last: Frame | None = None

    @property
    def key(self) -> tuple[int, ...]:
        """What has to be the same for a recording to be the same."""
        return (self.arena, *self.addresses.values())

    def frame(self) -> Frame:
        """What the steps run in."""
        program, start = self.program, self.arena
        addresses = {**program.fixed, **self.addresses}
        for name, offset in program.plan.offsets.items():
            addresses[name] = start + offset
        self.last = Frame(program.device, program.card, program.functions, addresses, self.piles, self.numbers,
                          program.card.stream)  # fmt: skip
        return self.last

    def room(self, name: str, spec: Any) -> Any:
        """Memory for a result; a stack has its own."""
        if isinstance(spec, StackSpec):
            return None
        made = self.program.device.empty(spec.shape, spec.dtype, "results")
        self.addresses[name] = made.address
        return made

    def results(self) -> list[Any]:
        """The results, now that the steps are in the stream."""
        for i, name in self.program.plan.piles.items():
            assert self.last is not None, "stacks are not recorded"
            self.made[i] = self.last.piles[name]
        return self.made

    def given(self, name: str, x: Any) -> Any:
        """Note where an operand is; what has to live until the steps are in the stream."""
        device = self.program.device
        if type(x) is CudaArray:
            if x.device is not device:
                raise DeviceError(f"operands live on {device} and {x.device}", "Move one with x.to(device).")
            x = x if x.address % ALIGN == 0 else aligned(x)
            self.addresses[name] = x.address
        elif isinstance(x, Cell):
            self.piles[name] = on_device(device, x)
        elif isinstance(x, np.ndarray):
            if name in self.program.plan.numbers:
                self.numbers[name] = x.item()
            else:
                x = self.program.uploaded(name, x)
                self.addresses[name] = x.address
        else:
            raise AssertionError(f"{type(x).__name__} on a GPU")
        return x
