"""Programs of a GPU as they are shown: their CUDA C with the user's lines, and their steps with what these take.

What is shown is the program that a call runs, not a copy of it; timed, its steps run one by one, not as a recording.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...runtime.errors import BuildError
from ..backend.places import Unsupported
from ..backend.recording import Timing
from ..backend.steps import Step as Note
from ..explained import Limits, show_for
from ..graph.graph import Graph
from ..graph.parser import parse
from .execute import program_of
from .products import Multiply
from .program import Code, GpuProgram
from .steps import Clear, Effect, If, Move, OnHost, Run, Step, While
from .timer import elapsed, timed_run

HEAD = re.compile(r'^extern "C" __global__ .*\b(kernel\d+)\(')
ENOUGH = 1e-3  # seconds that a measurement takes at least, where sizes allow
SIDE = 256  # rows of the smallest product that is measured
LARGEST, WIDEST = 1 << 29, 8192  # bytes of a copy, and rows of a product, that are measured at most


class Shown:
    """The program of a graph on a GPU for some operands.

    Errors: BuildError where there is none, with the reason.
    """

    def __init__(self, graph: Graph, buffers: Sequence[Any], device: Any) -> None:
        self.device, self.buffers = device, buffers
        try:
            self.program: GpuProgram = program_of(graph, device, buffers)
        except Unsupported as reason:
            raise BuildError(f"the graph runs op by op: {reason}", "It has no program for these arguments.") from None

    @property
    def text(self) -> str:
        """The CUDA C of the kernels, and a list of the steps that run them."""
        return annotated(self.program.code)

    @property
    def order(self) -> list[Note]:
        """What is timed, in the order of the text."""
        return list(self.program.plan.notes.values())

    def timed(self) -> tuple[list[Timing], float]:
        """What the steps of a run took, and the seconds of a call as a whole."""
        timings = timed_run(self.program, self.buffers)[1]
        for _ in range(2):  # the second is recorded, where that can be, and the one below replayed
            self.program(self.buffers)
        self.device.card.synchronize()
        begin = time.perf_counter()
        self.program(self.buffers)
        self.device.card.synchronize()
        return timings, time.perf_counter() - begin

    def limits(self) -> Limits:
        """What the card does at most, measured once."""
        return limits(self.device)


# -- text


def annotated(code: Code) -> str:
    """The kernels, over each the lines of the user's program that it serves, and after them the steps."""
    said = lines_of_kernels(code.plan.steps, code.plan)
    lines = []
    for line in code.text.splitlines():
        if found := HEAD.match(line):
            lines += [f"// {where}" for where in said.get(found[1], ())]
        lines.append(line)
    return "\n".join([*lines, "", "// The steps:", *(f"// {step}" for step in listed(code.plan.steps, code.plan)), ""])


def lines_of_kernels(steps: Sequence[Step], plan: Any) -> dict[str, list[Any]]:
    """By the name of a kernel, the lines that it serves, in their order."""
    found: dict[str, dict[Any, None]] = {}
    for step, _ in every(steps, 0):
        if isinstance(step, Run) and (note := plan.notes.get(id(step))):
            found.setdefault(plan.kernels[step.kernel], {}).update(dict.fromkeys(note.lines))
    return {name: sorted(lines) for name, lines in found.items()}


def every(steps: Sequence[Step], depth: int) -> Iterator[tuple[Step, int]]:
    """Steps, those of loops and branches among them, with how deep they stand."""
    for step in steps:
        yield step, depth
        for inner in _inside(step):
            yield from every(inner, depth + 1)


def _inside(step: Step) -> tuple[tuple[Step, ...], ...]:
    match step:
        case While():
            return step.test, step.body
        case If():
            return step.then, step.other
        case _:
            return ()


def listed(steps: Sequence[Step], plan: Any) -> Iterator[str]:
    """A line for each step: what it runs, and the user's lines."""
    for step, depth in every(steps, 0):
        note = plan.notes.get(id(step))
        where = f"   {note.lines[0]}{' ...' if len(note.lines) > 1 else ''}" if note and note.lines else ""
        yield f"{'    ' * depth}{_named(step, plan)}{where}"


def _named(step: Step, plan: Any) -> str:
    match step:
        case Run(launch=launch):
            return f"{plan.kernels[step.kernel]}<<<{launch.grid}, {launch.block}, {launch.shared}>>>"
        case Multiply(plan=p):
            times = f"{p.batch} times " if p.batch > 1 else ""
            return f"cuBLASLt: {times}{p.m} x {p.k} by {p.k} x {p.n}, {p.dtype.name}{', tf32' if p.tf32 else ''}"
        case Move() | Clear():
            return f"{'copy' if isinstance(step, Move) else 'clear'} {step.nbytes} bytes"
        case While():
            return "while"
        case If():
            return "if"
        case OnHost() | Effect():
            return f"{step.node.op.name} on the CPU"
        case _:
            return type(step).__name__.lower()


# -- limits

_limits: dict[Any, Limits] = {}


def limits(device: Any) -> Limits:
    """What a card does at most, measured once: the speed of a copy, and of a product of matrices of float32."""
    if device not in _limits:
        _limits[device] = Limits(copied(device), multiplied(device, "f32"))
    return _limits[device]


def copied(device: Any) -> float:
    """Bytes a second, read and written, of a copy that is long enough to be measured."""
    nbytes, card = 1 << 20, device.card
    while True:
        source, target = (card.allocate(nbytes, "measuring") for _ in range(2))
        seconds = min(elapsed(card, lambda: card.copy(target.address, source.address, nbytes), 3) for _ in range(4))  # noqa: B023
        if seconds > ENOUGH / 4 or nbytes >= LARGEST:
            return 2 * nbytes / seconds
        nbytes *= 8


def multiplied(device: Any, dtype: str) -> float:
    """Operations a second of a product of square matrices that is long enough to be measured; `dtype` as in graphs."""
    n, block = SIDE, np.random.default_rng(0).normal(size=(SIDE, SIDE))  # zeros would be multiplied in less time
    while True:
        graph = parse(f"graph (x: {dtype}[{n}, {n}]) -> {dtype}[{n}, {n}] {{ y = matmul x x\n return y }}")
        x = device.from_numpy(np.tile(block, (n // SIDE, n // SIDE)).astype(graph.inputs[0].dtype))
        program = GpuProgram(graph, device)
        program([x])
        seconds = min(elapsed(device.card, lambda: program([x]), 3) for _ in range(4))  # noqa: B023
        if seconds > ENOUGH or n >= WIDEST:
            return 2 * n**3 / seconds
        n *= 2


show_for("cuda", Shown)
