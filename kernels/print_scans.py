"""Printing scans as CUDA C: a value that is carried along an axis, each element combining it with one of the operand.

Along the last axis in memory a team of threads takes a piece of the row at a time: each scans its few neighbours, the warp
what its threads have, the block what its warps have. Across another axis a thread walks along it for a column. A row or
a column that would leave the device idle is cut into parts: kernels find the total of each, scan those, and go on in each
part from where the one before ends. The order in which elements are combined depends on nothing but the shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .kernel import Cast, Expr, Index, Load, Local, Parameter, Store
from .print_cuda import THREADS, WARP, Axis, CudaPrinter, Launch, count, spread, width
from .print_expressions import Scope
from .print_teams import team_of, teams
from .spelling import literal, unit

MOST = 256  # threads of a team
PAGE = "cuda_scan.h"  # what lines call


@dataclass(frozen=True)
class ScanOf:
    """A scan: its kind, what it takes in (for a line a factor as well), and where what comes of it goes."""

    kind: str
    value: Expr
    factor: Expr | None
    store: Store

    @property
    def dtype(self) -> np.dtype:
        """What is carried."""
        return self.value.dtype


@dataclass(frozen=True)
class Part:
    """What a kernel does of a scan: all of it; the totals of parts, written to memory; or parts, from where others end."""

    count: int = 1
    totals: tuple[str, ...] = ()
    ends: str = ""

    @property
    def is_of_totals(self) -> bool:
        return bool(self.totals)


class _Carried:
    """What a scan carries as C: a value, and for a line the factor that takes what was before it there."""

    def __init__(self, printer: CudaPrinter, scan: ScanOf) -> None:
        self.printer, self.scan = printer, scan
        self.kind = printer.kind(scan.dtype, 1)
        self.is_line = scan.factor is not None
        self.parts = ("x", "a") if self.is_line else ("x",)
        none = literal(unit(scan.kind, scan.dtype), scan.dtype)
        self.none = {"x": none, "a": "1"}

    def declared(self, name: str, text: str = "{none}") -> str:
        """A line that declares what is carried, each part of it being a text."""
        each = (f"{name}_{p} = {text.format(none=self.none[p], p=p)}" for p in self.parts)
        return f"{self.kind} {', '.join(each)};"

    def then(self, target: str, first: str, second: str) -> str:
        """A line that carries on one after the other; texts have `{p}` for the part."""
        x, y = first.format(p="x"), second.format(p="x")
        if not self.is_line:
            return f"{target.format(p='x')} = {self.printer.combined(self.scan.kind, self.scan.dtype, x, y)};"
        a, b = first.format(p="a"), second.format(p="a")
        return f"{target.format(p='x')} = {y} + wf_along({b}, {x}); {target.format(p='a')} = wf_factors({a}, {b});"


def items(scan: ScanOf) -> list[Store]:
    """Stores of what a thread takes in, into registers."""
    given = [Store("items_x", scan.store.index, scan.value)]
    return given if scan.factor is None else [*given, Store("items_a", scan.store.index, scan.factor)]


def finished(scan: ScanOf, value: Expr) -> Store:
    """What writes a value that was carried to an element."""
    dtype = scan.store.value.dtype
    return Store(scan.store.pointer, scan.store.index, value if dtype is scan.dtype else Cast(dtype, value))


def by_rows(
    printer: CudaPrinter,
    parameters: Sequence[Parameter],
    rows: Sequence[Axis],
    axis: Axis,
    scan: ScanOf,
    whole: str,
    part: Part,
) -> Launch:
    """A scan along the last axis in memory, by a team for each row, or each part of one."""
    (name, n), c = axis, _Carried(printer, scan)
    taken, held = items(scan), {"items_x": "items_x", "items_a": "items_a"}
    v = width([*taken, finished(scan, scan.value)], axis, frozenset(held))
    length = -(-n // part.count // v) * v
    team = min(team_of(length // v), MOST)
    lines, (blocks, threads) = teams(count(rows) * part.count, team, whole)
    lines += [f"const {whole} part = row % {part.count};", f"const {whole} kept = row / {part.count};"]
    lines += spread("kept", rows, whole)
    lines += [f"const {whole} first = part * {length}, stop = first + {length} < {n} ? first + {length} : {n};"]
    lines += [c.declared("carry"), *_start(part, printer, scan, "row - 1")]
    scope = Scope(printer, None, 1)
    into = printer.neighbours(taken, name, v, scope, whole, held=held)
    loaded = [*spread("place", [axis], whole), *scope.lines, *into]
    inner = [
        f"const {whole} place = start + thread * {v};",
        *(f"{c.kind} items_{p}[{v}];" for p in c.parts),
        f"for (int u = 0; u < {v}; u++) {{ {' '.join(f'items_{p}[u] = {c.none[p]};' for p in c.parts)} }}",
        "if (place < stop) {", *("    " + line for line in loaded), "}",
        f"for (int u = 1; u < {v}; u++) {{ {c.then('items_{p}[u]', 'items_{p}[u - 1]', 'items_{p}[u]')} }}",
        *_among(c, team, v),
    ]  # fmt: skip
    if not part.is_of_totals:
        value = Load(scan.dtype, "items_x", scan.store.index)
        after = Scope(printer, None, 1)
        out = printer.neighbours([finished(scan, value)], name, v, after, whole, held={"items_x": "items_x"})
        inner += [
            f"for (int u = 0; u < {v}; u++) {{ {c.then('items_{p}[u]', 'before_{p}', 'items_{p}[u]')} }}",
            "if (place < stop) {",
            *("    " + line for line in (*spread("place", [axis], whole), *after.lines, *out)),
            "}",
        ]
    lines += [f"for ({whole} start = first; start < stop; start += {team * v}) {{", *("    " + x for x in inner), "}"]
    if part.is_of_totals:
        lines += ["if (thread == 0) {", *_totals(part, printer, scan, "row"), "}"]
    return Launch(printer.kernel(parameters, lines, threads), (blocks, 1), (threads, 1))


def _among(c: _Carried, team: int, v: int) -> list[str]:
    """Lines that find what comes before a thread's neighbours, `before`, and carry on what all threads have."""
    warp = min(team, WARP)
    mates = "mates" if team <= WARP else "0xffffffffu"
    lines = [c.declared("all", f"items_{{p}}[{v - 1}]")]
    if team > 1:
        lines += [
            "#pragma unroll",
            f"for (int by = 1; by < {warp}; by *= 2) {{",
            "    " + c.declared("below", f"__shfl_up_sync({mates}, all_{{p}}, by, {warp})"),
            f"    if ((thread & {warp - 1}) >= by) {{ {c.then('all_{p}', 'below_{p}', 'all_{p}')} }}",
            "}",
            c.declared("left", f"__shfl_up_sync({mates}, all_{{p}}, 1, {warp})"),
        ]
    lines.append(c.declared("before", "carry_{p}"))
    if team > WARP:
        ends = {p: c.printer.fresh("state") for p in c.parts}
        lines += [f"__shared__ {c.kind} {ends[p]}[{team // WARP}];" for p in c.parts]
        shared = ", ".join(f"warp_{p} = {ends[p]}[w]" for p in c.parts)
        lines += [
            "if ((thread & 31) == 31) {", *(f"    {ends[p]}[thread >> 5] = all_{p};" for p in c.parts), "}",
            "__syncthreads();",
            "#pragma unroll",
            f"for (int w = 0; w < {team // WARP}; w++) {{",
            f"    const {c.kind} {shared};",
            f"    if (w < (thread >> 5)) {{ {c.then('before_{p}', 'before_{p}', 'warp_{p}')} }}",
            f"    {c.then('carry_{p}', 'carry_{p}', 'warp_{p}')}",
            "}",
            "__syncthreads();",
        ]  # fmt: skip
    elif team > 1:
        lines += [
            c.declared("last", f"__shfl_sync({mates}, all_{{p}}, {team - 1}, {team})"),
            c.then("carry_{p}", "carry_{p}", "last_{p}"),
        ]
    else:
        lines.append(c.then("carry_{p}", "carry_{p}", "all_{p}"))
    if team > 1:
        lines.append(f"if (thread & {warp - 1}) {{ {c.then('before_{p}', 'before_{p}', 'left_{p}')} }}")
    return lines


def by_columns(
    printer: CudaPrinter,
    parameters: Sequence[Parameter],
    columns: Sequence[Axis],
    axis: Axis,
    scan: ScanOf,
    whole: str,
    part: Part,
) -> Launch:
    """A scan across the last axis in memory, by a thread for each column, or each part of one."""
    (name, n), c, total = axis, _Carried(printer, scan), count(columns)
    length = -(-n // part.count)
    scope = Scope(printer, None, 1)
    value = printer.value(scan.value, scope)
    factor = printer.value(scan.factor, scope) if scan.factor is not None else "1"
    lines = [
        f"const {whole} thing = ({whole})blockIdx.x * {THREADS} + threadIdx.x;",
        f"if (thing >= {total * part.count}) return;",
        f"const {whole} part = thing / {total}, column = thing % {total};",
        *spread("column", columns, whole),
        f"const {whole} first = part * {length}, stop = first + {length} < {n} ? first + {length} : {n};",
        c.declared("carry"),
        *_start(part, printer, scan, f"thing - {total}"),
    ]
    inner = list(scope.lines)
    if part.is_of_totals:
        inner += [c.declared("item", "{none}"), f"item_x = {value};"]
        inner += [f"item_a = {factor};"] if c.is_line else []
        inner.append(c.then("carry_{p}", "carry_{p}", "item_{p}"))
    else:
        step = (
            f"{value} + {factor} * carry_x" if c.is_line else printer.combined(scan.kind, scan.dtype, "carry_x", value)
        )
        inner.append(f"carry_x = {step};")
        after = Scope(printer, None, 1)
        printer.element([finished(scan, Local(scan.dtype, "carry_x"))], after, {}, {})
        inner += after.lines
    lines += ["#pragma unroll 4", f"for ({whole} {name} = first; {name} < stop; {name}++) {{",
              *("    " + line for line in inner), "}"]  # fmt: skip
    lines += _totals(part, printer, scan, "thing") if part.is_of_totals else []
    return Launch(printer.kernel(parameters, lines, THREADS), (-(-total * part.count // THREADS), 1), (THREADS, 1))


def _start(part: Part, printer: CudaPrinter, scan: ScanOf, before: str) -> list[str]:
    """Lines that begin where the part before ends."""
    if not part.ends:
        return []
    load = printer.name_of("load", scan.dtype, 1)
    return [f"if (part) carry_x = {load}({part.ends} + {before});"]


def _totals(part: Part, printer: CudaPrinter, scan: ScanOf, place: str) -> list[str]:
    """Lines that write what a part carries on."""
    store = printer.name_of("store", scan.dtype, 1)
    return [f"{store}({name} + {place}, carry_{p});" for name, p in zip(part.totals, "xa", strict=False)]


def again(scan: ScanOf, totals: Sequence[str], index: Index, ends: str) -> ScanOf:
    """The scan of totals."""
    value, *factor = (Load(scan.dtype, name, index) for name in totals)
    store = Store(ends, index, Local(scan.dtype, "run"))
    return ScanOf(scan.kind, value, factor[0] if factor else None, store)
