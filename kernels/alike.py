"""Kernels that are alike: the same text but for the names, which is printed once and called with other memory.

Layers that a program repeats become kernels that differ in nothing but the pointers they are given. A kernel's names
are therefore its own, numbered in the order in which they stand in it: `x` is memory that it reads, `y` memory that it
writes, `a` a number, `n` a whole number of indices, `t` a step. This file reads C as words, and knows nothing of graphs.
"""

from __future__ import annotations

import re

from .kernel import Kernel

WORD = re.compile(r"\b[A-Za-z]\w*")
NUMBERED = re.compile(r"(t|acc|sum|state)\d+")
HOLE = "kernel"  # what stands for the kernel's own name


def canonical(text: str, kernel: Kernel) -> str:
    """The text of a kernel with names of its own."""
    stems = {p.name: ("y" if p.is_written else "x") if p.is_pointer else "a" for p in kernel.parameters}
    stems |= dict.fromkeys(kernel.integers, "n")
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def renamed(found: re.Match[str]) -> str:
        word = found[0]
        if word not in names:
            numbered = NUMBERED.fullmatch(word)
            stem = stems.get(word) or (numbered[1] if numbered else "")
            counts[stem] = counts.get(stem, 0) + 1
            names[word] = f"{stem}{counts[stem]}" if stem else word
        return names[word]

    return WORD.sub(renamed, text)


class Kernels:
    """The kernels of a program, each printed once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # of kernels, by their text
        self.texts: list[str] = []

    def name(self, kernel: Kernel, text: str) -> str:
        """The name under which a kernel that was printed can be called."""
        own = canonical(text, kernel)
        name = self.names.get(own)
        if name is None:
            name = self.names[own] = f"kernel{len(self.names) + 1}"
            notes = f"// {kernel.notes}\n" if kernel.notes else ""
            self.texts.append(notes + re.sub(rf"\b{HOLE}\b", name, own))
        return name
