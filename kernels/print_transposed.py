"""Printing maps that read along one axis and write along another: tiles that change hands in shared memory.

Neighbours in memory are to be read at once, and written at once. Where those that are read are not those that are written,
a block reads a square tile along the one axis, and computes and writes it along the other. Rows of the tile are one
element longer than the tile is wide, so that columns lie in different banks.
"""

from __future__ import annotations

from collections.abc import Sequence

from .kernel import Load, Parameter, Statement, Store
from .print_cuda import THREADS, WORD, Axis, CudaPrinter, Launch, accesses, count, dtype_of, lies_along, spread, width
from .print_expressions import Scope
from .spelling import carrier

LEAST = 16  # elements along either axis that are worth it
MOST = 48 << 10  # bytes of shared memory
SIDES = (64, 32)


def crossing(axes: Sequence[Axis], body: Sequence[Statement]) -> tuple[Axis, list[Load]] | None:
    """The axis along which a map reads that writes along its last, and what it reads so; None if there is none."""
    if len(axes) < 2 or axes[-1][1] < LEAST:
        return None
    lane, found, across = axes[-1][0], dict[tuple[object, ...], Load](), set[Axis]()
    for x in accesses(body):
        if isinstance(x, Store):
            if x.index.count(lane) != 1:
                return None
        elif x.index.count(lane) not in (0, 1):
            along = [axis for axis in axes[:-1] if x.index.count(axis[0]) == 1]
            if along:
                found.setdefault((x.pointer, x.index), x)
                across.update(along)
    if len(across) != 1 or next(iter(across))[1] < LEAST:
        return None
    return next(iter(across)), list(found.values())


def transposed(
    printer: CudaPrinter, parameters: Sequence[Parameter], axes: Sequence[Axis], body: Sequence[Statement], whole: str
) -> Launch | None:
    """A map by tiles; None if it reads as it writes, or does not fit."""
    found = crossing(axes, body)
    if found is None:
        return None
    (across, m), reads = found
    lane, n = axes[-1]
    row = sum(carrier(x.dtype).itemsize for x in reads)
    side = next((s for s in SIDES if s * (s + 1) * row <= MOST), 0)
    if not side:
        return None
    rest = [axis for axis in axes[:-1] if axis[0] != across]
    wide, high = -(-n // side), -(-m // side)
    lines = [
        "extern __shared__ __align__(16) unsigned char room[];",
        f"const {whole} tile = blockIdx.x, rest = tile / {wide * high};",
        f"const {whole} left = tile % {wide} * {side}, top = tile / {wide} % {high} * {side};",
        *spread("rest", rest, whole),
    ]
    start, tiles, known = 0, list[str](), dict[tuple[str, object], str]()
    for i, x in enumerate(reads):
        kind = printer.storage(x.dtype)
        tiles.append(f"{kind} (*tile{i})[{side + 1}] = ({kind} (*)[{side + 1}])(room + {start});")
        start += side * (side + 1) * carrier(x.dtype).itemsize
        known[x.pointer, x.index] = f"crossed{i}"
    lines += tiles
    for i, x in enumerate(reads):
        lines += _read(printer, x, f"tile{i}", (across, m), (lane, n), side, whole)
    lines.append("__syncthreads();")
    lines += _written(printer, body, reads, known, (across, m), (lane, n), side, whole)
    return Launch(printer.kernel(parameters, lines, THREADS), (count(rest) * wide * high, 1), (THREADS, 1), start)


def _each(
    side: int, v: int, fast: Axis, slow: Axis, starts: tuple[str, str], whole: str, body: Sequence[str]
) -> list[str]:
    """Lines that take the places of a tile in turn, `v` at once along the fast axis."""
    per_row = side // v
    inside = [
        f"const {whole} {fast[0]} = {starts[0]} + i % {per_row}{f' * {v}' if v > 1 else ''};",
        f"const {whole} {slow[0]} = {starts[1]} + i / {per_row};",
        f"if ({fast[0]} < {fast[1]} && {slow[0]} < {slow[1]}) {{", *("    " + line for line in body), "}",
    ]  # fmt: skip
    return [
        "#pragma unroll",
        f"for (int i = threadIdx.x; i < {side * per_row}; i += {THREADS}) {{", *("    " + line for line in inside), "}",
    ]  # fmt: skip


def _read(printer: CudaPrinter, x: Load, tile: str, across: Axis, lane: Axis, side: int, whole: str) -> list[str]:
    """Lines that bring a tile into shared memory, neighbours being read at once."""
    v = WORD // min(carrier(x.dtype).itemsize, WORD)
    while v > 1 and (across[1] % v or not lies_along(x.index, across[0], v)):
        v //= 2
    spot, at = printer.spot(x.pointer, x.index), f"{tile}[{lane[0]} - left][{across[0]} - top"
    if v == 1:
        body = [f"{at}] = *({spot});"]
    else:
        body = [
            f"{printer.storage(x.dtype)} read[{v}];",
            f"wf_load(read, {spot});",
            f"for (int u = 0; u < {v}; u++) {at} + u] = read[u];",
        ]
    return _each(side, v, across, lane, ("top", "left"), whole, body)


def _written(
    printer: CudaPrinter,
    body: Sequence[Statement],
    reads: Sequence[Load],
    known: dict[tuple[str, object], str],
    across: Axis,
    lane: Axis,
    side: int,
    whole: str,
) -> list[str]:
    """Lines that compute and write a tile."""
    v, scope = width(body, lane), Scope(printer, None, 1)
    filled: list[str] = []
    for i, x in enumerate(reads):
        filled.append(f"{printer.storage(dtype_of(x))} crossed{i}[{v}];")
        place = f"tile{i}[{lane[0]} - left + u][{across[0]} - top]"
        filled.append(f"for (int u = 0; u < {v}; u++) crossed{i}[u] = {place};")
    made = printer.neighbours(body, lane[0], v, scope, whole, known=known)  # pyright: ignore[reportArgumentType]
    return _each(side, v, lane, across, ("left", "top"), whole, [*filled, *scope.lines, *made])
