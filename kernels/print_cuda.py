"""Printing kernels as CUDA C: the expressions and statements of the kernel IR, with threads in the places of loops.

A map has a thread for a few neighbours; a row has a team, a warp or a block, whose threads take its elements in turn and
hold what is needed again in registers; a fold of columns has a block for some columns, whose threads take rows in
turn. What threads found is put together in an order that depends on nothing but the shapes, so results are the same every
time. Neighbours are read and written 16 bytes at a time where they lie so. Which kernel a group of nodes becomes is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..runtime import dtypes
from .alike import HOLE
from .kernel import (
    Add,
    Cast,
    Expr,
    Fold,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Parameter,
    Scratch,
    Statement,
    Store,
    Trips,
    Update,
    expressions,
    statements,
    walk,
)
from .print_expressions import ExpressionPrinter, Scope
from .spelling import COMBINE, carrier, literal, loaded, neutral, stored

Axis = tuple[str, int]
WORD = 16  # bytes that a thread reads or writes at once
THREADS = 256  # of a block of a map
WARP = 32
HELD = 32  # elements of a row that a thread holds in registers at most
COLUMNS, ROWS = 32, 8  # threads of a block that folds columns, along either


@dataclass(frozen=True)
class Launch:
    """A kernel as text, and how many blocks of how many threads run it; bytes of shared memory beside what it declares."""

    text: str
    grid: tuple[int, int]
    block: tuple[int, int]
    shared: int = 0


def spread(position: str, axes: Sequence[Axis], whole: str) -> list[str]:
    """Lines that give the variables of axes their values at a position of the index space."""
    lines, step = [], 1
    for i, (name, n) in reversed(list(enumerate(axes))):
        text = position if step == 1 else f"{position} / {step}"
        lines.insert(0, f"const {whole} {name} = {text if i == 0 else f'({text}) % {n}'};")
        step *= n
    return lines


def count(axes: Sequence[Axis]) -> int:
    """How many elements an index space has."""
    total = 1
    for _, n in axes:
        total *= n
    return total


def lies_along(index: Index, lane: str, v: int) -> bool:
    """Whether neighbours along an axis are `v` neighbours in memory that one access can read."""
    others = (c for name, c in index.terms if name != lane)
    return index.count(lane) == 1 and all(isinstance(c, int) and c % v == 0 for c in (*others, index.start))


def accesses(body: Sequence[Statement]) -> Iterator[Load | Store]:
    """Every load, and every store that is no update."""
    for s in statements(tuple(body)):
        if isinstance(s, Store) and not isinstance(s, Update):
            yield s
    for value in expressions(tuple(body)):
        yield from (x for x in walk(value) if isinstance(x, Load))


def width(body: Sequence[Statement], axis: Axis, private: frozenset[str] = frozenset()) -> int:
    """How many neighbours along an axis a thread takes: as many as 16 bytes hold, if they lie side by side everywhere."""
    lane, n = axis
    if any(isinstance(s, Trips) for s in body):
        return 1
    along = [x for x in accesses(body) if x.pointer not in private and x.index.count(lane) == 1]
    if not along:
        return 1
    v = WORD // max(min(carrier(dtype_of(x)).itemsize, WORD) for x in along)
    while v > 1 and (n % v or not all(lies_along(x.index, lane, v) for x in along)):
        v //= 2
    return v


def dtype_of(x: Load | Store) -> np.dtype:
    """The dtype of the element that is read or written."""
    return x.dtype if isinstance(x, Load) else x.value.dtype


class CudaPrinter(ExpressionPrinter):
    """Prints kernels for a device."""

    def __init__(self) -> None:
        super().__init__(0)
        self.vectors: dict[tuple[str, Index], str] = {}  # what was read at once: C arrays, by what they hold
        self.held: dict[str, str] = {}  # scratch memory that is in registers
        self.lane = ""
        self.ordinal = ""  # which neighbour of those that a thread takes

    # -- expressions

    def load(self, expr: Load, scope: Scope) -> str:
        if expr.pointer in self.held:
            return loaded(f"{self.held[expr.pointer]}[{self.ordinal}]", expr.dtype)
        found = self.vectors.get((expr.pointer, expr.index))
        if found is not None:
            return loaded(f"{found}[{self.ordinal}]", expr.dtype)
        return super().load(expr, scope)

    def combined(self, kind: str, dtype: np.dtype, x: str, y: str) -> str:
        """Two partial results of a fold together."""
        tag = "" if dtype is dtypes.bool_ else f"{self.tag(dtype)}x1"
        return COMBINE[kind].format(x, y, t=tag, n=1)

    # -- statements of one element

    def element(
        self, body: Sequence[Statement], scope: Scope, written: Mapping[int, str], sums: Mapping[str, str]
    ) -> None:
        """Print statements; `written`: the arrays that stores go to, by the store; `sums`: those of folds."""
        for s in body:
            match s:
                case Update():
                    raise AssertionError("places that are computed are written elsewhere")
                case Store() if id(s) in written:
                    scope.write(
                        f"{written[id(s)]}[{self.ordinal}] = {stored(self.value(s.value, scope), s.value.dtype)};"
                    )
                case Store():
                    place = self.spot(s.pointer, s.index)
                    scope.write(f"{self.name_of('store', s.value.dtype, 1)}({place}, {self.value(s.value, scope)});")
                case Add():
                    target = f"{sums[s.name]}[{self.ordinal}]"
                    scope.write(
                        f"{target} = {self.combined(self.kinds[s.name], s.value.dtype, target, self.value(s.value, scope))};"
                    )
                case Let():
                    scope.write(f"{self.kind(s.value.dtype, 1)} {s.name} = {self.value(s.value, scope)};")
                case Trips():
                    self.trips(s, scope)
                case _:
                    raise AssertionError(s)

    def trips(self, s: Trips, scope: Scope) -> None:
        """A loop that each thread runs by itself, until its own element is done."""
        for cell in s.cells:
            scope.write(f"{self.kind(cell.start.dtype, 1)} {cell.name} = {self.value(cell.start, scope)};")
        scope.write(f"m32x1 go = {self.value(s.go, scope)};")
        body = Scope(self, scope, 1)
        after = [self.value(x, body) for x in s.nexts]
        tests = [self.value(x, body) for x in s.tests]
        for cell, name in zip(s.cells, after, strict=True):
            body.write(f"{cell.name} = {name};")
        body.write(f"go = {' && '.join([*tests, s.mask])};")
        scope.write("while (go) {")
        scope.nested(body.lines)
        scope.write("}")

    kinds: Mapping[str, str] = {}

    def neighbours(
        self,
        body: Sequence[Statement],
        lane: str,
        v: int,
        outer: Scope,
        whole: str,
        *,
        sums: Mapping[str, str] | None = None,
        known: Mapping[tuple[str, Index], str] | None = None,
        held: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Lines for `v` neighbours along an axis: what is read at once, each element, what is written at once.

        `known` names what was read before; `held` the arrays that stand for scratch memory.
        """
        lines: list[str] = []
        self.vectors, self.held, self.ordinal, self.lane = dict(known or {}), dict(held or {}), "u", lane
        stores = {id(x): x for x in accesses(body) if isinstance(x, Store)}
        written: dict[int, str] = {key: self.held[x.pointer] for key, x in stores.items() if x.pointer in self.held}
        changed = {x.pointer for x in stores.values()}
        after: list[str] = []
        if v > 1:
            for x in accesses(body):
                if x.pointer in self.held or not lies_along(x.index, lane, v):
                    continue
                key, kind = (x.pointer, x.index), self.storage(dtype_of(x))
                if isinstance(x, Store):
                    name = written[id(x)] = self.fresh()
                    lines.append(f"{kind} {name}[{v}];")
                    after.append(f"wf_store({self.spot(x.pointer, x.index)}, {name});")
                elif key not in self.vectors and x.pointer not in changed:
                    name = self.vectors[key] = self.fresh()
                    lines += [f"{kind} {name}[{v}];", f"wf_load({name}, {self.spot(x.pointer, x.index)});"]
        inner = Scope(self, outer, 1)
        self.element(body, inner, written, sums or {})
        if v == 1:
            lines += ["{", "    const int u = 0;", *("    " + line for line in inner.lines), "}"]
        else:
            shift = [f"    const {whole} {lane}_first = {lane};", "    #pragma unroll", f"    for (int u = 0; u < {v}; u++) {{",
                     f"        const {whole} {lane} = {lane}_first + u;"]  # fmt: skip
            lines += ["{", *shift, *("        " + line for line in inner.lines), "    }", "}"]
        self.vectors, self.held = {}, {}
        return [*lines, *after]

    # -- kernels

    def kernel(self, parameters: Sequence[Parameter], lines: Sequence[str], threads: int) -> str:
        """The text of a kernel."""
        given = []
        for p in parameters:
            if not p.is_pointer:
                given.append(f"const {self.kind(p.dtype, 1)} {p.name}")
                continue
            const, once = ("", "") if p.is_written else ("const ", " __restrict__")
            given.append(f"{const}{self.storage(p.dtype)} *{once} {p.name}")
        head = f'extern "C" __global__ void __launch_bounds__({threads}) {HOLE}({", ".join(given)}) {{'
        return "\n".join([head, *("    " + line for line in lines), "}"])

    def map(
        self, parameters: Sequence[Parameter], axes: Sequence[Axis], body: Sequence[Statement], whole: str
    ) -> Launch:
        """A map: a thread for a few neighbours, or for one element where they do not lie side by side."""
        lane = axes[-1][0]
        v, total = width(body, axes[-1]), count(axes)
        scope = Scope(self, None, 1)
        threads = min(THREADS, -(-total // v // WARP) * WARP or WARP)
        start = f"((({whole})blockIdx.x) * {threads} + threadIdx.x)"
        lines = [f"const {whole} place = {start}{f' * {v}' if v > 1 else ''};", f"if (place >= {total}) return;"]
        lines += spread("place", axes, whole)
        lines += self.neighbours(body, lane, v, scope, whole)
        blocks = -(-total // (threads * v))
        return Launch(self.kernel(parameters, [*scope.lines, *lines], threads), (blocks, 1), (threads, 1))

    def rows(
        self,
        parameters: Sequence[Parameter],
        rows: Sequence[Axis],
        inner: Sequence[Axis],
        stages: Sequence[Statement],
        whole: str,
    ) -> Launch:
        """Stages that run over each row one after the other, by a team of threads."""
        total, n = count(rows), count(inner)
        private = frozenset(s.name for s in stages if isinstance(s, Scratch))
        body = [x for s in stages if not isinstance(s, Scratch) for x in stage_body(s)]
        v = width(body, inner[-1], private)
        team = team_of(n // v)
        lines, launch = self.teams(total, team, whole)
        lines += spread("row", rows, whole)
        lines += Team(self, inner, stages, whole, team, v).lines()
        return Launch(self.kernel(parameters, lines, launch[1]), (launch[0], 1), (launch[1], 1))

    def teams(self, total: int, team: int, whole: str) -> tuple[list[str], tuple[int, int]]:
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

    def fold_rows(
        self,
        parameters: Sequence[Parameter],
        kept: Sequence[Axis],
        folded: Sequence[Axis],
        fold: FoldOf,
        store: Store,
        whole: str,
        parts: int = 1,
    ) -> Launch:
        """A fold along the last axes in memory: a team for each part of a row; `part` says which part."""
        n, v = count(folded), width([Add(fold.name, fold.value)], folded[-1])
        length = -(-n // parts // v) * v if parts > 1 else n
        team = team_of(length // v)
        lines, launch = self.teams(count(kept) * parts, team, whole)
        lines += [f"const {whole} part = row % {parts};", f"const {whole} kept = row / {parts};"] if parts > 1 else []
        lines += spread("kept" if parts > 1 else "row", kept, whole)
        scope, sums = Scope(self, None, 1), self.sums(fold, v, lines)
        inner = self.neighbours([Add(fold.name, fold.value)], folded[-1][0], v, scope, whole, sums=sums)
        first, stop = f"thread * {v}", str(n)
        if parts > 1:
            lines.append(f"const {whole} stop = part * {length} + {length} < {n} ? part * {length} + {length} : {n};")
            first, stop = f"part * {length} + thread * {v}", "stop"
        lines += ["#pragma unroll 4", f"for ({whole} place = {first}; place < {stop}; place += {team * v}) {{"]
        lines += ["    " + line for line in (*spread("place", folded, whole), *scope.lines, *inner)]
        lines.append("}")
        lines += self.summed(fold, sums[fold.name], v, team)
        after = Scope(self, None, 1)
        self.element([store], after, {}, {})
        lines += ["if (thread == 0) {", *("    " + line for line in after.lines), "}"]
        return Launch(self.kernel(parameters, lines, launch[1]), (launch[0], 1), (launch[1], 1))

    def fold_columns(
        self,
        parameters: Sequence[Parameter],
        kept: Sequence[Axis],
        folded: Sequence[Axis],
        fold: FoldOf,
        store: Store,
        whole: str,
        parts: int = 1,
    ) -> Launch:
        """A fold that keeps the last axis in memory: a thread for a few columns and every so many rows of a part."""
        add = Add(fold.name, fold.value)
        v, total, lane = width([add, store], kept[-1]), count(kept), kept[-1][0]
        columns = COLUMNS
        while columns > 1 and columns * v >= 2 * total:
            columns //= 2
        rows = THREADS // columns
        lines = [f"const {whole} column = (({whole})blockIdx.x * {columns} + threadIdx.x){f' * {v}' if v > 1 else ''};",
                 f"const {whole} part = blockIdx.y;"]  # fmt: skip
        sums = self.sums(fold, v, lines)
        acc, c = sums[fold.name], self.kind(fold.dtype, 1)
        scope = Scope(self, None, 1)
        inner = self.neighbours([add], lane, v, scope, whole, sums=sums)
        walked = [*spread("column", kept, whole), "#pragma unroll 4",
                  f"for ({whole} place = part * {rows} + threadIdx.y; place < {count(folded)}; place += {rows * parts}) {{",
                  *("    " + line for line in (*spread("place", folded, whole), *scope.lines, *inner)), "}"]  # fmt: skip
        lines += [f"if (column < {total}) {{", *("    " + line for line in walked), "}"]
        state = self.fresh("state")
        lines += [
            f"__shared__ {c} {state}[{rows}][{columns}][{v}];",
            f"for (int u = 0; u < {v}; u++) {state}[threadIdx.y][threadIdx.x][u] = {acc}[u];",
            "__syncthreads();",
        ]
        after = Scope(self, None, 1)
        value = Local(fold.dtype, f"{acc}[u]")
        stored_ = self.neighbours([replaced(store, fold.name, value)], lane, v, after, whole)
        combine = self.combined(fold.kind, fold.dtype, f"{acc}[u]", f"{state}[y][threadIdx.x][u]")
        written = [f"for (int y = 1; y < {rows}; y++)", f"    for (int u = 0; u < {v}; u++) {acc}[u] = {combine};",
                   *spread("column", kept, whole), *after.lines, *stored_]  # fmt: skip
        lines += [f"if (threadIdx.y == 0 && column < {total}) {{", *("    " + line for line in written), "}"]
        grid = (-(-total // (columns * v)), parts)
        return Launch(self.kernel(parameters, lines, THREADS), grid, (columns, rows))

    def sums(self, fold: FoldOf, v: int, lines: list[str]) -> dict[str, str]:
        """What a thread folds in: an array, declared here."""
        name, self.kinds = self.fresh("acc"), {fold.name: fold.kind}
        starts = ", ".join([literal(neutral(fold.kind, fold.dtype), fold.dtype)] * v)
        lines.append(f"{self.kind(fold.dtype, 1)} {name}[{v}] = {{{starts}}};")
        return {fold.name: name}

    def summed(self, fold: FoldOf, array: str, v: int, team: int) -> list[str]:
        """Lines that combine what a team's threads folded, as a variable."""
        total = f"{array}[0]"
        for i in range(1, v):
            total = self.combined(fold.kind, fold.dtype, total, f"{array}[{i}]")
        return [
            f"{self.kind(fold.dtype, 1)} {fold.name} = {total};",
            *together(self, fold.name, fold.kind, fold.dtype, team),
        ]


@dataclass(frozen=True)
class FoldOf:
    """A fold: its name, its kind, and the element that it takes in."""

    name: str
    kind: str
    value: Expr

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype


def replaced(store: Store, name: str, value: Expr) -> Store:
    """A store with a local of this name given another."""

    def build(x: Expr) -> Expr:
        if isinstance(x, Local) and x.name == name:
            return value
        return replace(x, x=build(x.x)) if isinstance(x, Cast) else x

    return replace(store, value=build(store.value))


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
        sums: dict[str, str] = {}
        self.printer.kinds = {name: kind for name, (kind, _) in s.results.items()}
        for name, (kind, dtype) in s.results.items():
            sums[name] = self.printer.fresh("acc")
            start = literal(neutral(kind, dtype), dtype)
            starts = ", ".join([start] * self.v)
            self.scope.write(f"{self.printer.kind(dtype, 1)} {sums[name]}[{self.v}] = {{{starts}}};")
        self.scope.lines += self.loop(s.loop.body, sums)
        for name, (kind, dtype) in s.results.items():
            total = f"{sums[name]}[0]"
            for i in range(1, self.v):
                total = self.printer.combined(kind, dtype, total, f"{sums[name]}[{i}]")
            self.scope.write(f"{self.printer.kind(dtype, 1)} {name} = {total};")
            self.scope.lines += together(self.printer, name, kind, dtype, self.team)

    def once(self, s: Store) -> None:
        """What is one value of the row is written by one thread."""
        inner = Scope(self.printer, self.scope, 1)
        self.printer.element([s], inner, {}, {})
        self.scope.lines += ["if (thread == 0) {", *("    " + line for line in inner.lines), "}"]


def together(printer: CudaPrinter, name: str, kind: str, dtype: np.dtype, team: int) -> list[str]:
    """Lines that combine what each thread of a team has; all of them know the result."""
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
