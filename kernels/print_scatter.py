"""Printing scatters as CUDA C: elements that go to places that are computed, with the same result in every run.

Threads run at the same time, so where elements meet at a place, their order has to come from elsewhere. Either one thread
walks through all elements that may meet; or the last of those that are set has claimed the place before; or keys, which
are the places as numbers, were sorted, and threads combine runs of equal keys, a chunk of the sorted words each. A run
that spans chunks is put together from what each has of it, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .kernel import Index, Parameter, Update, variable
from .print_cuda import THREADS, Axis, CudaPrinter, Launch, count, spread
from .print_expressions import Scope


@dataclass(frozen=True)
class Scattering:
    """A scatter: the axes that positions walk along and the others, and the axes that keys number."""

    update: Update
    together: tuple[Axis, ...]
    apart: tuple[Axis, ...]
    keyed: tuple[tuple[str, int, int], ...]  # a name, a length, and the stride in the target
    whole: str

    def line(self, text: str, place: str, axes: Sequence[Axis]) -> list[str]:
        """Lines that give a place its number, and its axes theirs."""
        return [f"const {self.whole} {place} = {text};", *spread(place, axes, self.whole)]

    @property
    def columns(self) -> int:
        return count(self.apart)

    def at_key(self) -> Index:
        """The place that a key stands for."""
        index = self.update.index
        for name, _, stride in self.keyed:
            index = index + variable(name) * stride
        return index

    @property
    def key_axes(self) -> list[Axis]:
        return [(name, n) for name, n, _ in self.keyed]


def put(printer: CudaPrinter, s: Scattering, kind: str, place: str, value: str) -> str:
    """A line that combines a value with what is at a place."""
    dtype = s.update.value.dtype
    store = printer.name_of("store", dtype, 1)
    if kind != "set":
        there = printer.fresh()
        load = f"{printer.kind(dtype, 1)} {there} = {printer.name_of('load', dtype, 1)}({place});"
        return f"{{ {load} {store}({place}, {printer.combined(kind, dtype, there, value)}); }}"
    return f"{store}({place}, {value});"


def launch(
    printer: CudaPrinter, parameters: Sequence[Parameter], lines: Sequence[str], total: int, whole: str
) -> Launch:
    """A kernel with a thread for each of so many things; `thing` is its number."""
    head = [f"const {whole} thing = ({whole})blockIdx.x * {THREADS} + threadIdx.x;", f"if (thing >= {total}) return;"]
    return Launch(printer.kernel(parameters, [*head, *lines], THREADS), (-(-total // THREADS), 1), (THREADS, 1))


def walked(printer: CudaPrinter, s: Scattering, parameters: Sequence[Parameter]) -> Launch:
    """One thread for each of the other axes' places, which takes the elements in order."""
    scope = Scope(printer, None, 1)
    at, value = printer.value(s.update.at, scope), printer.value(s.update.value, scope)
    place = f"{printer.spot(s.update.pointer, s.update.index)} + {at}"
    inner = [*spread("step", s.together, s.whole), *scope.lines, put(printer, s, s.update.kind, place, value)]
    lines = [*spread("thing", s.apart, s.whole), f"for ({s.whole} step = 0; step < {count(s.together)}; step++) {{",
             *("    " + line for line in inner), "}"]  # fmt: skip
    return launch(printer, parameters, lines, s.columns, s.whole)


def claim(printer: CudaPrinter, s: Scattering, parameters: Sequence[Parameter], keys: str, claims: str) -> Launch:
    """Let the last element of each key claim it."""
    lines = [f"atomicMax({claims} + {keys}[thing], (u32)thing + 1);"]
    return launch(printer, parameters, lines, count(s.together), s.whole)


def set_claimed(printer: CudaPrinter, s: Scattering, parameters: Sequence[Parameter], keys: str, claims: str) -> Launch:
    """Write the elements that have claimed their places."""
    scope = Scope(printer, None, 1)
    value = printer.value(s.update.value, scope)
    place = printer.spot(s.update.pointer, s.at_key())
    lines = [
        *s.line(f"thing / {s.columns}", "element", s.together),
        *s.line(f"thing % {s.columns}", "column", s.apart),
        f"const {s.whole} key = {keys}[element];",
        f"if ({claims}[key] != (u32)element + 1) return;",
        *spread("key", s.key_axes, s.whole),
        *scope.lines,
        put(printer, s, "set", place, value),
    ]
    return launch(printer, parameters, lines, count(s.together) * s.columns, s.whole)


@dataclass(frozen=True)
class Runs:
    """Sorted words, how many, and how many of them are a chunk; what chunks have of runs that begin before or end after."""

    words: str
    kind: str  # the C type of a word
    n: int
    chunk: int
    heads: str
    tails: str

    @property
    def chunks(self) -> int:
        return -(-self.n // self.chunk)

    def bounds(self, whole: str) -> list[str]:
        """Lines that say which words are a chunk's, and its last key."""
        return [
            f"const {self.kind} *words = (const {self.kind} *){self.words};",
            f"const {whole} first = chunk * {self.chunk};",
            f"const {whole} stop = first + {self.chunk} < {self.n} ? first + {self.chunk} : {self.n};",
        ]


def runs(printer: CudaPrinter, s: Scattering, parameters: Sequence[Parameter], r: Runs) -> Launch:
    """Combine the runs of each chunk; those that lie inside of it are done with."""
    dtype, scope = s.update.value.dtype, Scope(printer, None, 1)
    value, c, kept = printer.value(s.update.value, scope), printer.kind(dtype, 1), printer.storage(dtype)
    store = printer.name_of("store", dtype, 1)
    target = printer.spot(s.update.pointer, s.at_key())
    ended = [
        *spread("key", s.key_axes, s.whole),
        f"if (is_open) {store}(({kept} *){r.heads} + thing, run);",
        f"else {put(printer, s, s.update.kind, target, 'run')}",
    ]
    lines = [
        *s.line(f"thing / {s.columns}", "chunk", ()),
        *s.line(f"thing % {s.columns}", "column", s.apart),
        *r.bounds(s.whole),
        f"{s.whole} key = (i64)(words[first] >> 32);",
        "bool is_open = first && (i64)(words[first - 1] >> 32) == key, is_new = true;",
        f"{c} run = 0;",
        "#pragma unroll 4",
        f"for ({s.whole} place = first; place < stop; place++) {{",
        *(f"    {line}" for line in [
            f"const {r.kind} word = words[place];",
            f"const {s.whole} next = (i64)(word >> 32);",
            "if (next != key) {",
            *(f"    {line}" for line in ended),
            "    key = next, is_open = false, is_new = true;",
            "}",
            *s.line("(u32)word", "element", s.together),
            *scope.lines,
            f"run = is_new ? {value} : {printer.combined(s.update.kind, dtype, 'run', value)};",
            "is_new = false;",
        ]),
        "}",
        f"if (stop < {r.n} && !is_open && (i64)(words[stop] >> 32) == key) {{",
        f"    {store}(({kept} *){r.tails} + thing, run);",
        "    return;",
        "}",
        *ended,
    ]  # fmt: skip
    return launch(printer, parameters, lines, r.chunks * s.columns, s.whole)


def spanning(printer: CudaPrinter, s: Scattering, parameters: Sequence[Parameter], r: Runs) -> Launch:
    """Put runs together that span chunks: a thread for the chunk in which a run begins."""
    dtype = s.update.value.dtype
    kept, c, load = printer.storage(dtype), printer.kind(dtype, 1), printer.name_of("load", dtype, 1)
    target = printer.spot(s.update.pointer, s.at_key())
    lines = [
        *s.line(f"thing / {s.columns}", "chunk", ()),
        *s.line(f"thing % {s.columns}", "column", s.apart),
        *r.bounds(s.whole),
        f"const {s.whole} key = (i64)(words[stop - 1] >> 32);",
        f"if (stop == {r.n} || (i64)(words[stop] >> 32) != key || (first && (i64)(words[first - 1] >> 32) == key)) return;",
        f"{s.whole} low = stop, high = {r.n};",
        "while (low < high) {",
        f"    const {s.whole} middle = low + (high - low) / 2;",
        "    if ((i64)(words[middle] >> 32) == key) low = middle + 1;",
        "    else high = middle;",
        "}",
        f"{c} run = {load}((const {kept} *){r.tails} + thing);",
        "#pragma unroll 8",
        f"for ({s.whole} other = chunk + 1; other <= (low - 1) / {r.chunk}; other++) {{",
        f"    const {c} more = {load}((const {kept} *){r.heads} + other * {s.columns} + column);",
        f"    run = {printer.combined(s.update.kind, dtype, 'run', 'more')};",
        "}",
        *spread("key", s.key_axes, s.whole),
        put(printer, s, s.update.kind, target, "run"),
    ]
    return launch(printer, parameters, lines, r.chunks * s.columns, s.whole)
