"""The prelude of generated C: of all functions that kernels may call, the text of those that a program names.

The files of c/ are C with holes. A line `// for N > 1, T/M in f32/m32 f64/m64` says, until the next such line, for how
many lanes N the paragraphs below it hold, and for which element types: `wf_max_TxN` then stands for `wf_max_f32x16`
and all others. A program is read for the names it uses, those are given with what they use in turn, and nothing else
has to be compiled: that is what keeps compile times small. This file knows no compiler, and nothing of kernels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "c"
BASE = "base.h"
FILES = ("lanes.h", "memory.h", "cast.h", "fold.h", "polynomials.h", "exponential.h")

RULE = re.compile(r"// for (all N|N == 1|N > 1)(?:, ([\w/]+) in ([\w/ ]+))?$")
DEFINED = re.compile(r"^(?:FN .*?|typedef \w+ |static const .*?)(\w+)(?:\(|\[|;| __attribute__)")
NAME = re.compile(r"\b[A-Za-z]\w*[x_]\d+\b")
LANES = re.compile(r"(?<=x)N(?![A-Za-z0-9])|(?<![A-Za-z0-9])N(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Definition:
    """One function or type of the prelude; its text still has the number of lanes as a hole."""

    file: str
    text: str

    def of(self, lanes: int) -> str:
        """The text for a number of lanes."""
        return LANES.sub(str(lanes), self.text)


def _filled(text: str, holes: list[str], types: list[str]) -> str:
    for hole, name in zip(holes, types, strict=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){hole}(?=x[N\d]|[^A-Za-z0-9]|$)", name, text)
    return text


def _paragraphs(file: str) -> Iterator[tuple[str, str]]:
    """Each paragraph of a file for each of its types, and the lanes it is for."""
    lanes, holes, types = "all N", [], [[]]
    for paragraph in (FOLDER / file).read_text().split("\n\n"):
        first, _, rest = paragraph.strip().partition("\n")
        if rule := RULE.match(first):
            lanes, holes = rule[1], rule[2].split("/") if rule[2] else []
            types = [each.split("/") for each in rule[3].split()] if rule[3] else [[]]
            paragraph = rest
        body = "\n".join(line for line in paragraph.strip().splitlines() if not line.startswith("//"))
        if body:
            yield from ((lanes, _filled(body, holes, each)) for each in types)


@cache
def definitions() -> dict[tuple[str, bool], Definition]:
    """All there is: by name, with the number of lanes as a hole, and whether it is for one lane."""
    found = {}
    for file in FILES:
        for lanes, text in _paragraphs(file):
            name = DEFINED.match(text)
            if name is None:
                raise AssertionError(f"{file}: a paragraph that defines nothing: {text}")
            for single in (True, False):
                if lanes in ("all N", "N == 1" if single else "N > 1"):
                    found[name[1], single] = Definition(file, text)
    return found


@cache
def definition(name: str) -> str | None:
    """The text that defines a name, `exp_f32x16` say; None for a name that is not the prelude's."""
    stem, lanes = re.fullmatch(r"(.*?)(\d+)", name).groups()  # pyright: ignore[reportOptionalMemberAccess]
    found = definitions().get((f"{stem}N", lanes == "1"))
    return found.of(int(lanes)) if found else None


def names(text: str) -> list[str]:
    """The names of the prelude that a text uses, in order, each once."""
    return [name for name in dict.fromkeys(NAME.findall(text)) if definition(name) is not None]


def text(program: str) -> str:
    """What a program needs of the prelude, each definition after what it uses itself."""
    chosen: dict[str, str] = {}

    def take(name: str) -> None:
        body = definition(name)
        if name in chosen or body is None:
            return
        for other in names(body):
            if other != name:
                take(other)
        chosen[name] = body

    for name in names(program):
        take(name)
    return "\n".join([(FOLDER / BASE).read_text(), *chosen.values()])
