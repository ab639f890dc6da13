"""Printing kernels as CUDA C: the expressions and statements of the kernel IR, with threads in the places of loops.

A map has a thread for a few neighbours, which are read and written 16 bytes at a time where they lie so. Kernels of rows
(print_teams.py), folds (print_folds.py), scans, scatters and transposes are made of the same elements. Which kernel a
group of nodes becomes is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime import dtypes
from .alike import HOLE
from .kernel import (
    Add,
    Index,
    Let,
    Load,
    Parameter,
    Statement,
    Store,
    Trips,
    Update,
    expressions,
    statements,
    walk,
)
from .print_expressions import ExpressionPrinter, Scope
from .spelling import COMBINE, carrier, loaded, stored

Axis = tuple[str, int]
WORD = 16  # bytes that a thread reads or writes at once
THREADS = 256  # of a block of a map
WARP = 32


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
        self.kinds: Mapping[str, str] = {}  # of the folds that elements are added to, by name
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
        self.vectors, self.held, self.ordinal = dict(known or {}), dict(held or {}), "u"
        stores = {id(x): x for x in accesses(body) if isinstance(x, Store)}
        written: dict[int, str] = {key: self.held[x.pointer] for key, x in stores.items() if x.pointer in self.held}
        changed = {(x.pointer, x.index) for x in stores.values()}
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
                elif key not in self.vectors and all(at == x.index for name, at in changed if name == x.pointer):
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
