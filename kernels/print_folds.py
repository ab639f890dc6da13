"""Printing folds as CUDA C: along the last axes in memory by teams, across rows by blocks of columns.

A fold that has few results is cut into parts, each with a result of its own; the same functions fold these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .kernel import Add, Cast, Expr, Local, Parameter, Store
from .print_cuda import THREADS, Axis, CudaPrinter, Launch, count, spread, width
from .print_expressions import Scope
from .print_teams import FoldOf, begun, ended, team_of, teams

COLUMNS = 32  # that a block folds side by side


def fold_rows(
    printer: CudaPrinter,
    parameters: Sequence[Parameter],
    kept: Sequence[Axis],
    folded: Sequence[Axis],
    fold: FoldOf,
    value: Expr,
    store: Store,
    whole: str,
    parts: int = 1,
) -> Launch:
    """A fold along the last axes in memory: a team for each part of a row; `part` says which part."""
    n, v = count(folded), width([Add(fold.name, value)], folded[-1])
    length = -(-n // parts // v) * v if parts > 1 else n
    team = team_of(length // v)
    lines, launch = teams(count(kept) * parts, team, whole)
    lines += [f"const {whole} part = row % {parts};", f"const {whole} kept = row / {parts};"] if parts > 1 else []
    lines += spread("kept" if parts > 1 else "row", kept, whole)
    scope, sums = Scope(printer, None, 1), begun(printer, [fold], v, lines)
    inner = printer.neighbours([Add(fold.name, value)], folded[-1][0], v, scope, whole, sums=sums)
    first, stop = f"thread * {v}", str(n)
    if parts > 1:
        lines.append(f"const {whole} stop = part * {length} + {length} < {n} ? part * {length} + {length} : {n};")
        first, stop = f"part * {length} + thread * {v}", "stop"
    lines += ["#pragma unroll 4", f"for ({whole} place = {first}; place < {stop}; place += {team * v}) {{"]
    lines += ["    " + line for line in (*spread("place", folded, whole), *scope.lines, *inner)]
    lines.append("}")
    lines += ended(printer, fold, sums[fold.name], v, team)
    after = Scope(printer, None, 1)
    printer.element([store], after, {}, {})
    lines += ["if (thread == 0) {", *("    " + line for line in after.lines), "}"]
    return Launch(printer.kernel(parameters, lines, launch[1]), (launch[0], 1), (launch[1], 1))


def fold_columns(
    printer: CudaPrinter,
    parameters: Sequence[Parameter],
    kept: Sequence[Axis],
    folded: Sequence[Axis],
    fold: FoldOf,
    value: Expr,
    store: Store,
    whole: str,
    parts: int = 1,
) -> Launch:
    """A fold that keeps the last axis in memory: a thread for a few columns and every so many rows of a part."""
    add = Add(fold.name, value)
    v, total, lane = width([add, store], kept[-1]), count(kept), kept[-1][0]
    columns = COLUMNS
    while columns > 1 and columns * v >= 2 * total:
        columns //= 2
    rows = THREADS // columns
    lines = [f"const {whole} column = (({whole})blockIdx.x * {columns} + threadIdx.x){f' * {v}' if v > 1 else ''};",
             f"const {whole} part = blockIdx.y;"]  # fmt: skip
    sums = begun(printer, [fold], v, lines)
    acc, c = sums[fold.name], printer.kind(fold.dtype, 1)
    scope = Scope(printer, None, 1)
    inner = printer.neighbours([add], lane, v, scope, whole, sums=sums)
    walked = [*spread("column", kept, whole), "#pragma unroll 4",
              f"for ({whole} place = part * {rows} + threadIdx.y; place < {count(folded)}; place += {rows * parts}) {{",
              *("    " + line for line in (*spread("place", folded, whole), *scope.lines, *inner)), "}"]  # fmt: skip
    lines += [f"if (column < {total}) {{", *("    " + line for line in walked), "}"]
    state = printer.fresh("state")
    lines += [
        f"__shared__ {c} {state}[{rows}][{columns}][{v}];",
        f"for (int u = 0; u < {v}; u++) {state}[threadIdx.y][threadIdx.x][u] = {acc}[u];",
        "__syncthreads();",
    ]
    after = Scope(printer, None, 1)
    own = replaced(store, fold.name, Local(fold.dtype, f"{acc}[u]"))
    stores = printer.neighbours([own], lane, v, after, whole)
    combine = printer.combined(fold.kind, fold.dtype, f"{acc}[u]", f"{state}[y][threadIdx.x][u]")
    written = [f"for (int y = 1; y < {rows}; y++)", f"    for (int u = 0; u < {v}; u++) {acc}[u] = {combine};",
               *spread("column", kept, whole), *after.lines, *stores]  # fmt: skip
    lines += [f"if (threadIdx.y == 0 && column < {total}) {{", *("    " + line for line in written), "}"]
    grid = (-(-total // (columns * v)), parts)
    return Launch(printer.kernel(parameters, lines, THREADS), grid, (columns, rows))


def replaced(store: Store, name: str, value: Expr) -> Store:
    """A store with a local of this name given another."""

    def build(x: Expr) -> Expr:
        if isinstance(x, Local) and x.name == name:
            return value
        return replace(x, x=build(x.x)) if isinstance(x, Cast) else x

    return replace(store, value=build(store.value))
