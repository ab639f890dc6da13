"""Printing kernels as C: statements, loops over lanes as vectors, folds with their accumulators.

A loop over lanes is printed twice: for full vectors, and for what is left over, where loads and stores are partial and
folds see only the lanes that count. Every value gets a name, so that the text reads like a list of steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import dtypes
from .kernel import (
    Add,
    Expr,
    Fold,
    Kernel,
    Let,
    Loop,
    Scan,
    Scratch,
    Statement,
    Step,
    Store,
    Trips,
    Update,
    Whole,
    expressions,
    walk,
)
from .print_expressions import ExpressionPrinter, Scope
from .spelling import COMBINE, TAGS, count_text, literal, neutral, unit

UNROLL = 4  # vectors that a long fold adds up side by side


def innermost(loop: Loop) -> Loop:
    """The loop inside loops."""
    return next((innermost(s) for s in loop.body if isinstance(s, Loop)), loop)


class Printer(ExpressionPrinter):
    """Prints statements and kernels.

    `order` is the width of the vectors in whose order folds add up, in bytes. Where the machine's are shorter, several
    together are one of those: element by element the same is added to the same.
    """

    def __init__(self, width: int, order: int = 0) -> None:
        super().__init__(width)
        self.order = max(width, order)

    def statement(self, s: Statement, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]]) -> None:
        match s:
            case Update():
                self.update(s, scope)
            case Store():
                self.store(s, scope)
            case Let():
                name = self.value(s.value, scope)
                scope.write(f"{self.kind(s.value.dtype, scope.lanes)} {s.name} = {name};")
                if scope.lanes > 1:
                    self.varying.add(s.name)
            case Add():
                self.add(s, scope, folds)
            case Whole():
                scope.write(f"i64 {s.name} = {s.text};")
            case Scratch():
                scope.write(f"{self.storage(s.dtype)} {s.name}[{s.count}] __attribute__((aligned(64)));")
            case Loop():
                self.loop(s, scope, folds)
            case Fold():
                self.fold(s, scope)
            case Scan():
                self.scan(s, scope)
            case Step():
                self.step(s, scope)
            case Trips():
                self.trips(s, scope)

    def store(self, s: Store, scope: Scope) -> None:
        value, n, dtype = self.value(s.value, scope), scope.lanes, s.value.dtype
        start = self.spot(s.pointer, s.index)
        step = s.index.count(scope.lane) if scope.lane else 0
        if n > 1 and step != 1:
            raise AssertionError(f"a store along lanes that are not neighbours: {s}")
        name = "store_part" if scope.part and n > 1 else "store"
        count = f", {scope.part}" if scope.part and n > 1 else ""
        scope.write(f"{self.name_of(name, dtype, n)}({start}, {value}{count});")

    def update(self, s: Update, scope: Scope) -> None:
        """Combine an element with what is at a computed place, which is the same for all lanes."""
        n, dtype = scope.lanes, s.value.dtype
        value, at = self.value(s.value, scope), self.place_at(s.at, scope)
        place = f"{self.spot(s.pointer, s.index)} + {at}"
        suffix, count = ("_part", f", {scope.part}") if scope.part and n > 1 else ("", "")
        if s.kind != "set":
            before = f"{self.name_of('load' + suffix, dtype, n)}({place}{count})"
            value = self.combined(s.kind, dtype, n, before, value)
        scope.write(f"{self.name_of('store' + suffix, dtype, n)}({place}, {value}{count});")

    def add(self, s: Add, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]]) -> None:
        target, kind, dtype = folds[s.name]
        value = self.value(s.value, scope)
        n = scope.lanes
        if scope.part:
            tag = self.tag(dtype)
            start = f"splat_{tag}x{n}({literal(neutral(kind, dtype), dtype)})"
            value = f"select_{tag}x{n}(first_m_{n}({scope.part}), {value}, {start})"
        scope.write(f"{target} = {self.combined(kind, dtype, n, target, value)};")

    def combined(self, kind: str, dtype: np.dtype, n: int, x: str, y: str) -> str:
        """Two partial results of a fold together."""
        tag = f"{TAGS[dtype]}x{n}" if dtype is not dtypes.bool_ else ""
        return COMBINE[kind].format(x, y, t=tag, n=n)

    def loop(
        self, s: Loop, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]], unroll: int = 1, parts: int = 1
    ) -> None:
        if s.lanes:
            block = Scope(self, scope, scope.lanes, scope.lane, scope.part)
            self.lane_loop(s, block, folds, unroll, parts)
            scope.write("{")
            scope.nested(block.lines)
            scope.write("}")
            return
        inner = Scope(self, scope, scope.lanes, scope.lane, scope.part)
        for part in s.body:
            if isinstance(part, Loop):
                self.loop(part, inner, folds, unroll, parts)
            else:
                self.statement(part, inner, folds)
        first, stop = s.bounds or ("0", count_text(s.extent))
        scope.write(f"for (i64 {s.variable} = {first}; {s.variable} < {stop}; {s.variable}++) {{")
        scope.nested(inner.lines)
        scope.write("}")

    def lane_loop(
        self, s: Loop, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]], unroll: int, parts: int
    ) -> None:
        """Print full vectors, `unroll` at a time, then the rest, `parts` at a time."""
        n, v = self.lanes_of(s), s.variable
        first, extent = s.bounds or ("0", count_text(s.extent))
        known = isinstance(s.extent, int) and s.bounds is None
        scope.write(f"i64 {v} = {first};")
        step = n * unroll
        if not known or s.extent >= step:
            lines = self.lane_body(s, scope, self.at(folds, "u" if unroll > 1 else "0"), n, "")
            scope.write(f"for (; {v} + {step} <= {extent}; {v} += {step}) {{")
            scope.nested(self.abreast(lines, v, n, unroll))
            scope.write("}")
        if not known or s.extent % step:
            rest = f"{v}_left"
            lines = self.lane_body(s, scope, self.at(folds, "u" if parts > 1 else "0"), n, rest)
            lines = [f"i64 {rest} = {extent} - {v} < {n} ? {extent} - {v} : {n};", *lines]
            if parts > 1:
                lines = [f"if ({v} < {extent}) {{", *("    " + line for line in lines), "}"]
            scope.write(f"for (; {v} < {extent}; {v} += {n * parts}) {{")
            scope.nested(self.abreast(lines, v, n, parts))
            scope.write("}")

    def abreast(self, lines: list[str], v: str, n: int, count: int) -> list[str]:
        """Lines of one vector as those of several, `u` saying which."""
        if count == 1:
            return lines
        shifted = [
            f"i64 {v}_start = {v};",
            "{",
            f"    i64 {v} = {v}_start + u * {n};",
            *("    " + x for x in lines),
            "}",
        ]
        return [f"#pragma GCC unroll {count}", f"for (i64 u = 0; u < {count}; u++) {{",
                *("    " + line for line in shifted), "}"]  # fmt: skip

    def at(self, folds: dict[str, tuple[str, str, np.dtype]], i: str) -> dict[str, tuple[str, str, np.dtype]]:
        return {name: (f"{target}[{i}]" if target.startswith("acc") else target, kind, dtype)
                for name, (target, kind, dtype) in folds.items()}  # fmt: skip

    def lane_body(self, s: Loop, scope: Scope, folds: Any, n: int, part: str) -> list[str]:
        inner = Scope(self, scope, n, s.variable, part)
        inner.is_lane_loop = True
        for each in s.body:
            self.statement(each, inner, folds)
        return inner.lines

    def lanes_of(self, s: Loop, ordered: bool = False) -> int:
        """How many elements a vector holds: as many as fit of the widest, but not twice as many as there are.

        Those in whose order folds add up, if `ordered`; running sums add up within a vector, and have no others.
        """
        sizes, apart = [4], {id(x) for each in s.body if isinstance(each, Trips) for x in each.apart()}
        for value in expressions(s.body):
            sizes += [x.dtype.itemsize for x in walk(value) if self.varies(x, s.variable)]
            if id(value) not in apart:
                sizes.append(value.dtype.itemsize)
        is_scan = any(isinstance(each, Step) for each in s.body)
        n = (self.order if ordered or is_scan else self.width) // max(sizes)
        while n > 1 and isinstance(s.extent, int) and n // 2 >= s.extent:
            n //= 2
        return n * s.vectors

    def trips(self, s: Trips, scope: Scope) -> None:
        """Print a loop of the lanes."""
        n = scope.lanes
        valid = f"first_m_{n}({scope.part})" if scope.part else ""
        for cell in s.cells:
            lanes = n if cell.per_lane else 1
            start = self.value(cell.start, scope) if cell.per_lane else self.at_once(cell.start, scope)
            if cell.name == s.mask and valid:
                start = f"and_m_{n}({start}, {valid})"
            scope.write(f"{self.kind(cell.start.dtype, lanes)} {cell.name} = {start};")
            if cell.per_lane:
                self.varying.add(cell.name)
        scope.write(f"m32x1 go = {self.at_once(s.go, scope)};")
        body = Scope(self, scope, n, scope.lane, scope.part)
        after = [self.value(x, body) if cell.per_lane else self.at_once(x, body)
                 for cell, x in zip(s.cells, s.nexts, strict=True)]  # fmt: skip
        tests = [self.at_once(x, body) for x in s.tests]
        for cell, name in zip(s.cells, after, strict=True):
            if cell.name == s.mask and valid:
                name = f"and_m_{n}({name}, {valid})"
            body.write(f"{cell.name} = {name};")
        body.write(f"go = {' && '.join([*tests, f'any_m32x{n}({s.mask})'])};")
        scope.write("while (go) {")
        scope.nested(body.lines)
        scope.write("}")

    def at_once(self, expr: Expr, scope: Scope) -> str:
        """A value that is the same for all lanes, as a scalar."""
        inner = Scope(self, scope, 1)
        text = self.scalar(expr, inner)
        scope.lines += inner.lines
        scope.names.update(inner.names)
        scope.kept += inner.kept
        return text

    def fold(self, s: Fold, scope: Scope) -> None:
        """Print a fold: its accumulators, the loop, and what comes of them."""
        inner = innermost(s.loop)
        n = self.lanes_of(inner) if inner.lanes else scope.lanes
        parts = self.lanes_of(inner, ordered=True) // n if inner.lanes else 1
        unroll = parts * (UNROLL if inner.lanes and self.is_long(inner) else 1)
        folds = {name: self.accumulator(kind, dtype, n, unroll, inner.lanes, scope)
                 for name, (kind, dtype) in s.results.items()}  # fmt: skip
        block = Scope(self, scope, scope.lanes, scope.lane, scope.part)
        if s.loop is inner and inner.lanes:
            self.lane_loop(inner, block, folds, unroll, parts)
        else:
            self.loop(s.loop, block, folds, unroll, parts)
        scope.write("{")
        scope.nested(block.lines)
        scope.write("}")
        for name, (target, kind, dtype) in folds.items():
            if inner.lanes:
                wholes = self.wholes([f"{target}[{i}]" for i in range(unroll)], parts, kind, dtype, n)
                self.finish(name, wholes, kind, dtype, n, scope)
            else:
                scope.write(f"{self.kind(dtype, n)} {name} = {target};")
                if n > 1:
                    self.varying.add(name)

    def scan(self, s: Scan, scope: Scope) -> None:
        """Print a scan: what it carries, and the loop."""
        lanes = 1 if s.loop.lanes else scope.lanes
        block = Scope(self, scope, scope.lanes, scope.lane, scope.part)
        block.write(f"{self.kind(s.start.dtype, lanes)} {s.name}_carried = {self.value(s.start, block)};")
        self.carried[s.name] = lanes
        self.loop(s.loop, block, {})
        scope.write("{")
        scope.nested(block.lines)
        scope.write("}")

    def step(self, s: Step, scope: Scope) -> None:
        """Print a step of a scan; the lanes of a vector are combined with each other first, if it runs along them."""
        n, dtype, carried = scope.lanes, s.value.dtype, f"{s.name}_carried"
        value, last = self.value(s.value, scope), s.name
        if n > self.carried[s.name]:
            none = f"splat_{self.tag(dtype)}x{n}({literal(unit(s.kind, dtype), dtype)})"
            value = f"{self.name_of(f'running_{s.kind}', dtype, n)}({value}, {none})"
            before, last = f"splat_{self.tag(dtype)}x{n}({carried})", f"{s.name}[{n - 1}]"
            text = self.combined(s.kind, dtype, n, before, value)
        elif s.factor is not None:
            text = f"{value} + {self.value(s.factor, scope)} * {carried}"
        else:
            text = self.combined(s.kind, dtype, n, carried, value)
        scope.write(f"{self.kind(dtype, n)} {s.name} = {text};")
        scope.write(f"{carried} = {last};")
        if n > 1:
            self.varying.add(s.name)

    def is_long(self, loop: Loop) -> bool:
        """Whether a loop runs often enough for several accumulators."""
        return not isinstance(loop.extent, int) or loop.extent >= 2 * UNROLL * self.lanes_of(loop, ordered=True)

    def accumulator(
        self, kind: str, dtype: np.dtype, n: int, unroll: int, lanes: bool, scope: Scope
    ) -> tuple[str, str, np.dtype]:
        """Declare what a fold adds up in."""
        target = self.fresh("acc" if lanes else "sum")
        tag = self.tag(dtype)
        start = f"splat_{tag}x{n}({literal(neutral(kind, dtype), dtype)})"
        many = f"[{unroll}] = {{{', '.join([start] * unroll)}}}" if lanes else f" = {start}"
        scope.write(f"{self.kind(dtype, n)} {target}{many};")
        return target, kind, dtype

    def wholes(self, accumulators: list[str], parts: int, kind: str, dtype: np.dtype, n: int) -> str:
        """One vector of all accumulators, `parts` of which are one: those one by one, then the upper half on the lower."""
        found = accumulators[:parts]
        for i in range(parts, len(accumulators), parts):
            pairs = zip(accumulators[i : i + parts], found, strict=True)
            found = [self.combined(kind, dtype, n, x, y) for x, y in pairs]
        while len(found) > 1:
            half = len(found) // 2
            pairs = zip(found[:half], found[half:], strict=True)
            found = [self.combined(kind, dtype, n, f"({x})", f"({y})") for x, y in pairs]
        return found[0]

    def finish(self, name: str, whole: str, kind: str, dtype: np.dtype, n: int, scope: Scope) -> None:
        """One value of the lanes of a vector."""
        if dtype is dtypes.bool_:
            text = f"{kind}_m32x{n}({whole})"
        else:
            text = f"{self.name_of('max' if kind == 'peak' else kind, dtype, n)}({whole})"
        scope.write(f"{self.kind(dtype, 1)} {name} = {text};")

    # -- kernels

    def kernel(self, kernel: Kernel) -> str:
        """A kernel as C: a struct of what it is given, and a function over a range of its grid."""
        self.dropped = kernel.dropped
        self.starts = {p.name: p.start for p in kernel.parameters}
        inner = Scope(self, None, 1)
        for s in kernel.grid.body:
            self.statement(s, inner, {})
        self.starts = {}
        fields, locals_ = [], []
        for p in kernel.parameters:
            base = self.storage(p.dtype) if p.is_pointer else self.kind(p.dtype, 1)
            if p.is_pointer:
                const = "" if p.is_written else "const "
                fields.append(f"{const}{base} *{p.name};")
                locals_.append(f"{const}{base} *{p.name} = k->{p.name};")
            else:
                fields.append(f"{base} {p.name};")
                locals_.append(f"{base} {p.name} = k->{p.name};")
        for name in kernel.integers:
            fields.append(f"i64 {name};")
            locals_.append(f"i64 {name} = k->{name};")
        grid, bounds = kernel.grid.variable, ", ".join(f"i64 {name}" for name in kernel.bounds)
        lines = [
            f"struct {kernel.name} {{ {' '.join(fields)} }};",
            f"static void {kernel.name}(const void *given, {bounds}) {{",
            f"    const struct {kernel.name} *k = given;",
            *("    " + line for line in locals_),
            *([f"    for (i64 {grid} = begin; {grid} < end; {grid}++) {{"] if grid else ["    {"]),
            *("        " + line for line in inner.lines),
            "    }",
            "}",
        ]
        return "\n".join(lines)
