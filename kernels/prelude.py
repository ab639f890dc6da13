"""The prelude of generated C: of all functions that kernels may call, the text of those that a program names.

The files of c/ are C with holes. A line `// for N > 1, T in f32 f64` says, until the next such line, for how many
lanes N the paragraphs below it hold, and for which types: `wf_max_TxN` then stands for `wf_max_f32x16` and all
others. T brings M along, the masks of its size, and I and W, its signed and unsigned integers; H is half of N,
Q a quarter, D the double. A later paragraph replaces an earlier one of the same name. A program is read for the names
it uses, and those are given with what they use in turn: what it does not use costs no compile time. This file knows no
compiler, and nothing of kernels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

FOLDER = Path(__file__).parent / "c"
TYPES = "types.h"
BASE = "base.h"
CUDA = "cuda.h"
FILES = ("lanes.h", "memory.h", "half.h", "bits.h", "cast.h", "fold.h", "rounding.h", "integer.h", "exact.h",
         "polynomials.h", "exponential.h", "logarithm.h", "power.h", "hyperbolic.h", "trigonometric.h", "inverse.h",
         "error.h", "gamma.h", "remainder.h", "halves.h", "random.h", "range.h",
         "scan.h")  # fmt: skip
SETS = {
    "FLOATS": "f32 f64",
    "SIGNED": "i8 i16 i32 i64",
    "UNSIGNED": "u8 u16 u32 u64",
    "INTEGERS": "i8 i16 i32 i64 u8 u16 u32 u64",
    "TYPES": "f32 f64 i8 i16 i32 i64 u8 u16 u32 u64",
}
COMPANIONS = {"M": "m", "I": "i", "W": "u"}  # of T: names of the same size

RULE = re.compile(r"// for (all N|N == 1|N > 1)((?:, [\w/]+ in [\w/ ]+)*)$")
DEFINED = re.compile(r"(?:(?:FN|SLOW) .*?|typedef \w+ |TABLE .*?)(\w+)(?:\(|\[|;| __attribute__)")
NAME = re.compile(r"\b[A-Za-z]\w*[x_]\d+\b")
LANES = re.compile(r"(?:(?<=x)|(?<![A-Za-z0-9]))([NHQD])(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Definition:
    """One function, type or table of the prelude; its text still has the number of lanes as a hole."""

    file: str
    text: str

    def of(self, lanes: int) -> str:
        """The text for a number of lanes."""
        counts = {"N": lanes, "H": lanes // 2, "Q": max(lanes // 4, 1), "D": lanes * 2}
        return LANES.sub(lambda found: str(counts[found[0]]), self.text)


def _choices(clauses: str) -> Iterator[dict[str, str]]:
    """What the holes of a rule stand for, in each of its cases: the product of its clauses."""
    cases = []
    for clause in filter(None, clauses.split(", ")):
        holes, _, values = clause.partition(" in ")
        words = " ".join(SETS.get(word, word) for word in values.split()).split()
        cases.append([dict(zip(holes.split("/"), word.split("/"), strict=True)) for word in words])
    for case in product(*cases):
        chosen = {hole: value for part in case for hole, value in part.items()}
        size = chosen.get("T", "").lstrip("fiu")
        yield {hole: kind + size for hole, kind in COMPANIONS.items() if size} | chosen


def _filled(text: str, chosen: dict[str, str]) -> str:
    for hole, value in chosen.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){hole}(?=x[NHQD\d]|[^A-Za-z0-9]|$)", value, text)
    return text


def _paragraphs(file: str) -> Iterator[tuple[str, str]]:
    """Each paragraph of a file for each of its types, and the lanes it is for."""
    lanes, cases = "all N", [{}]
    for paragraph in (FOLDER / file).read_text().split("\n\n"):
        lines = paragraph.strip().splitlines()
        for rule in filter(None, map(RULE.match, lines)):
            lanes, cases = rule[1], list(_choices(rule[2]))
        body = "\n".join(line for line in lines if not line.startswith("//"))
        if body:
            yield from ((lanes, _filled(body, case)) for case in cases)


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
def fingerprint() -> str:
    """What changes when a file of c/ does: what a program needs of them need not be put together to know it."""
    pages = (page.read_bytes() for page in sorted(FOLDER.iterdir()) if page.is_file())
    return hashlib.sha256(b"\0".join(pages)).hexdigest()


@cache
def definition(name: str) -> str | None:
    """The text that defines a name, `exp_f32x16` say; None for a name that is not the prelude's."""
    stem, lanes = re.fullmatch(r"(.*?)(\d+)", name).groups()  # pyright: ignore[reportOptionalMemberAccess]
    found = definitions().get((f"{stem}N", lanes == "1"))
    return found.of(int(lanes)) if found else None


def page(file: str) -> str:
    """The text of a file that is taken as a whole, or not at all."""
    return (FOLDER / file).read_text()


def names(text: str) -> list[str]:
    """The names of the prelude that a text uses, in order, each once."""
    return [name for name in dict.fromkeys(NAME.findall(text)) if definition(name) is not None]


def text(program: str, base: str = BASE) -> str:
    """What a program needs of the prelude, each definition after what it uses itself.

    A program for CUDA begins with another file, and knows one lane only.
    """
    chosen: dict[str, str] = {}
    one_lane = base != BASE

    def take(name: str) -> None:
        body = definition(name)
        if name in chosen or body is None or (one_lane and not name.endswith(("x1", "_1"))):
            return
        for other in names(body):
            if other != name:
                take(other)
        chosen[name] = body

    for name in names(program):
        take(name)
    return "\n".join([*((FOLDER / page).read_text() for page in (TYPES, base)), *chosen.values()])
