"""Teams: the threads that share a row, a part of a warp, a warp or a block, and what they find together.

A team's threads take the elements of a row in turn, and hold in registers what is needed again. What they found is put
together in an order that depends on nothing but the shapes, so results are the same every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .kernel import Fold, Index, Load, Loop, Parameter, Scratch, Statement, Store
from .print_cuda import THREADS, WARP, Axis, CudaPrinter, Launch, accesses, count, lies_along, spread, width
from .print_expressions import Scope
from .spelling import literal, neutral

HELD = 32  # elements of a row that a thread holds in registers at most


@dataclass(frozen=True)
class FoldOf:
    """A fold: its name, its kind, and the dtype that it adds up in."""

    name: str
    kind: str
    dtype: np.dtype


def rows(
    printer: CudaPrinter,
    parameters: Sequence[Parameter],
    axes: Sequence[Axis],
    inner: Sequence[Axis],
    stages: Sequence[Statement],
    whole: str,
) -> Launch:
    """Stages that run over each row one after the other, by a team of threads."""
    total, n = count(axes), count(inner)
    private = frozenset(s.name for s in stages if isinstance(s, Scratch))
    body = [x for s in stages if not isinstance(s, Scratch) for x in stage_body(s)]
    v = width(body, inner[-1], private)
    team = team_of(n // v)
    lines, launch = teams(total, team, whole)
    lines += spread("row", axes, whole)
    lines += Team(printer, inner, stages, whole, team, v).lines()
    return Launch(printer.kernel(parameters, lines, launch[1]), (launch[0], 1), (launch[1], 1))


def stage_body(s: Statement) -> tuple[Statement, ...]:
    """The statements of one element of a stage."""
    if isinstance(s, Fold):
        return s.loop.body
    return s.body if isinstance(s, Loop) else (s,)


def team_of(steps: int) -> int:
    """How many threads run over a row of so many steps: a part of a warp, a warp, or a block."""
    team = 1
    while team < WARP and steps > team * 2:
        team *= 2
    while WARP <= team < 1024 and steps > team * 8:
        team *= 2
    return team


def teams(total: int, team: int, whole: str) -> tuple[list[str], tuple[int, int]]:
    """Lines that say which row a thread's team has, and which of the team it is; blocks, and threads of a block."""
    per_block = THREADS // team if team <= WARP else 1
    threads = team * per_block
    if per_block == 1:
        return [f"const {whole} row = blockIdx.x;", "const int thread = threadIdx.x;"], (total, threads)
    mates = "0xffffffffu" if team == WARP else f"{(1 << team) - 1}u << (threadIdx.x & {WARP - team})"
    lines = [
        f"const {whole} row = ({whole})blockIdx.x * {per_block} + threadIdx.x / {team};",
        f"const int thread = threadIdx.x % {team};",
        f"const u32 mates = {mates};",
        f"if (row >= {total}) return;",
    ]
    return lines, (-(-total // per_block), threads)


def begun(printer: CudaPrinter, folds: Sequence[FoldOf], v: int, lines: list[str]) -> dict[str, str]:
    """What a thread folds in, an array for each fold by its name, declared in these lines."""
    printer.kinds = {fold.name: fold.kind for fold in folds}
    names = {fold.name: printer.fresh("acc") for fold in folds}
    for fold in folds:
        starts = ", ".join([literal(neutral(fold.kind, fold.dtype), fold.dtype)] * v)
        lines.append(f"{printer.kind(fold.dtype, 1)} {names[fold.name]}[{v}] = {{{starts}}};")
    return names


def ended(printer: CudaPrinter, fold: FoldOf, array: str, v: int, team: int) -> list[str]:
    """Lines that combine what a team's threads folded, as a variable of the fold's name."""
    total = f"{array}[0]"
    for i in range(1, v):
        total = printer.combined(fold.kind, fold.dtype, total, f"{array}[{i}]")
    return [f"{printer.kind(fold.dtype, 1)} {fold.name} = {total};", *together(printer, fold, team)]


def together(printer: CudaPrinter, fold: FoldOf, team: int) -> list[str]:
    """Lines that combine what each thread of a team has; all of them know the result."""
    name, kind, dtype = fold.name, fold.kind, fold.dtype
    c, other = printer.kind(dtype, 1), printer.fresh()
    mates = "mates" if team <= WARP else "0xffffffffu"

    def among(threads: int) -> list[str]:
        step = f"{c} {other} = wf_across({name}, bits, {mates}); {name} = {printer.combined(kind, dtype, name, other)};"
        return ["#pragma unroll", f"for (int bits = {threads // 2}; bits; bits >>= 1) {{ {step} }}"]

    if team == 1:
        return []
    if team <= WARP:
        return among(team)
    shared, warps, none = printer.fresh("state"), team // WARP, literal(neutral(kind, dtype), dtype)
    return [
        *among(WARP),
        f"__shared__ {c} {shared}[{team // WARP}];",
        f"if ((threadIdx.x & 31) == 0) {shared}[threadIdx.x >> 5] = {name};",
        "__syncthreads();",
        f"{name} = (threadIdx.x & 31) < {warps} ? {shared}[threadIdx.x & 31] : {none};",
        *among(WARP),
    ]


class Team:
    """Prints the stages of a row that a team runs over; what one stage reads and another needs again is in registers."""

    def __init__(
        self, printer: CudaPrinter, inner: Sequence[Axis], stages: Sequence[Statement], whole: str, team: int, v: int
    ) -> None:
        self.printer, self.inner, self.stages, self.whole, self.team, self.v = printer, inner, stages, whole, team, v
        self.n = count(inner)
        self.trips = -(-self.n // (team * v))
        self.is_held = self.trips * v <= HELD
        self.scope = Scope(printer, None, 1)
        self.arrays: dict[tuple[str, Index], str] = {}  # what is kept of what was read
        self.read: set[str] = set()  # those that were filled

    def lines(self) -> list[str]:
        """All stages."""
        self.declare()
        for s in self.stages:
            if isinstance(s, Fold):
                self.fold(s)
            elif isinstance(s, Loop):
                self.scope.lines += self.loop(s.body, {})
            elif isinstance(s, Store):
                self.once(s)
            elif not isinstance(s, Scratch):
                raise AssertionError(s)
        return self.scope.lines

    def declare(self) -> None:
        """The registers that hold parts of the row."""
        seen: dict[tuple[str, Index], set[int]] = {}
        written = {x.pointer for s in self.stages for x in accesses((s,)) if isinstance(x, Store)}
        names = {name for name, _ in self.inner}
        self.scratch = {s.name: s for s in self.stages if isinstance(s, Scratch)}
        for i, s in enumerate(self.stages):
            for x in accesses((s,)):
                if isinstance(x, Load) and x.pointer not in written and names & {name for name, _ in x.index.terms}:
                    seen.setdefault((x.pointer, x.index), set()).add(i)
                    if len(seen[x.pointer, x.index]) > 1 and self.is_held and (x.pointer, x.index) not in self.arrays:
                        self.hold((x.pointer, x.index), x.dtype)
        for s in self.scratch.values():
            self.scope.write(f"{self.printer.storage(s.dtype)} {s.name}[{self.trips}][{self.v}];")

    def hold(self, key: tuple[str, Index], dtype: np.dtype) -> None:
        name = self.arrays[key] = self.printer.fresh()
        self.scope.write(f"{self.printer.storage(dtype)} {name}[{self.trips}][{self.v}];")

    def loop(self, body: Sequence[Statement], sums: Mapping[str, str]) -> list[str]:
        """The lines of a stage: each thread takes every so many neighbours."""
        lane = self.inner[-1][0]
        fills, known = [], {}
        for x in accesses(body):
            if isinstance(x, Load) and (x.pointer, x.index) in self.arrays:
                key = (x.pointer, x.index)
                name = self.arrays[key]
                known[key] = f"{name}[trip]"
                if name not in self.read:
                    self.read.add(name)
                    fills += self.filled(name, x, lane)
        held = {name: f"{name}[trip]" for name in self.scratch}
        inner = self.printer.neighbours(body, lane, self.v, self.scope, self.whole, sums=sums, known=known, held=held)
        step = f"(trip * {self.team} + thread){f' * {self.v}' if self.v > 1 else ''}"
        lines = [f"const {self.whole} place = {step};"]
        partial = self.n % (self.team * self.v)
        lines += [f"if (place < {self.n}) {{"] if partial else []
        lines += [*spread("place", self.inner, self.whole), *fills, *inner]
        lines += ["}"] if partial else []
        unroll = ["#pragma unroll"] if self.is_held else ["#pragma unroll 4"]
        return [*unroll, f"for (int trip = 0; trip < {self.trips}; trip++) {{", *("    " + line for line in lines), "}"]

    def filled(self, name: str, x: Load, lane: str) -> list[str]:
        """Lines that read a part of the row into registers."""
        spot = self.printer.spot(x.pointer, x.index)
        if self.v > 1 and lies_along(x.index, lane, self.v):
            return [f"wf_load({name}[trip], {spot});"]
        return ["#pragma unroll", f"for (int u = 0; u < {self.v}; u++) {name}[trip][u] = "
                f"*({spot} + u * {x.index.count(lane)});"]  # fmt: skip

    def fold(self, s: Fold) -> None:
        """A stage that folds: each thread its elements, then all threads."""
        folds = [FoldOf(name, kind, dtype) for name, (kind, dtype) in s.results.items()]
        sums = begun(self.printer, folds, self.v, self.scope.lines)
        self.scope.lines += self.loop(s.loop.body, sums)
        for fold in folds:
            self.scope.lines += ended(self.printer, fold, sums[fold.name], self.v, self.team)

    def once(self, s: Store) -> None:
        """What is one value of the row is written by one thread."""
        inner = Scope(self.printer, self.scope, 1)
        self.printer.element([s], inner, {}, {})
        self.scope.lines += ["if (thread == 0) {", *("    " + line for line in inner.lines), "}"]
