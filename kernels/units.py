"""Units: the pieces in which the C of a program is compiled, at the same time.

A compiler's time grows with the text, and faster than it in one function. So the kernels of a long program are dealt
out to several units. Where the function that calls them is long and runs through only once, it is a unit that is
compiled quickly: what it computes itself is little beside the kernels. This file reads C, and runs no compiler.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from . import prelude
from .build import Unit

LINES = 250  # of kernels that are worth a unit of their own
LONG = 800  # lines of a function that take long to compile well
ENORMOUS = 50_000  # lines whose variables would fill the stack if none shared its place
RUN = "int run("
KERNEL = re.compile(r"^struct (kernel\d+) .*\n^(?:static|__attribute__.*) void kernel\d+(\(.*\)) \{$", re.MULTILINE)
LOOP = re.compile(r"\bfor \(;;\)")
SHARED = '__attribute__((visibility("hidden"))) void'


def units(text: str, headers: str, most: int) -> list[Unit]:
    """The units of a program, each with what it needs of the prelude and with the headers; `most` for kernels."""
    kernels, main = _parted(text)
    count = min(most, len(kernels), sum(k.count("\n") for k in kernels) // LINES)
    flags = _flags(main)
    if count < 2 and not flags:
        return [_unit(text, headers)]
    parts = _dealt([k.replace("static void kernel", f"{SHARED} kernel", 1) for k in kernels], max(count, 1))
    beside = [] if flags else parts.pop()  # what is compiled like the function can stand with it
    declared = map(_declaration, itertools.chain(*parts))
    return [
        _unit("".join([*declared, *beside, main]), headers, flags),
        *(_unit("".join(part), headers) for part in parts if part),
    ]


def _parted(text: str) -> tuple[list[str], str]:
    """The kernels of a program, and what calls them."""
    end = text.index(RUN)
    starts = [found.start() for found in KERNEL.finditer(text, 0, end)]
    return [text[i:j] for i, j in itertools.pairwise([*starts, end])], text[end:]


def _flags(main: str) -> tuple[str, ...]:
    lines = main.count("\n")
    if lines < LONG or LOOP.search(main):
        return ()
    return ("-O0",) if lines < ENORMOUS else ("-O1",)


def _declaration(kernel: str) -> str:
    found = KERNEL.match(kernel)
    assert found is not None, f"no kernel: {kernel}"
    return f"{kernel[: kernel.index(chr(10))]}\n{SHARED} {found[1]}{found[2]};\n"


def _dealt(kernels: Sequence[str], count: int) -> list[list[str]]:
    """Kernels in parts of about the same length."""
    parts: list[list[str]] = [[] for _ in range(count)]
    lengths = [0] * count
    for kernel in sorted(kernels, key=len, reverse=True):
        shortest = lengths.index(min(lengths))
        parts[shortest].append(kernel)
        lengths[shortest] += len(kernel)
    return parts


def _unit(text: str, headers: str, flags: tuple[str, ...] = ()) -> Unit:
    return Unit("\n".join([prelude.text(text), headers, text]), flags)
