"""Printing kernels as C: expressions as typed calls of the prelude, loops over lanes as vectors.

An expression that does not change along the lanes is computed once, as a scalar before the loop over them. A loop
over lanes is printed twice: for full vectors, and for what is left over, where loads and stores are partial and folds
see only the lanes that count. Every value gets a name, so that the text reads like a list of steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..runtime import dtypes
from .kernel import (
    Add,
    Apply,
    Cast,
    Expr,
    Extent,
    Fold,
    Gather,
    Index,
    Kernel,
    Let,
    Load,
    Local,
    Loop,
    Number,
    Position,
    Scratch,
    Statement,
    Store,
    Trips,
    Whole,
    expressions,
    is_zero,
    walk,
)

TAGS = {np.dtype(name): tag for name, tag in (
    ("float32", "f32"), ("float64", "f64"), ("int8", "i8"), ("int16", "i16"), ("int32", "i32"), ("int64", "i64"),
    ("uint8", "u8"), ("uint16", "u16"), ("uint32", "u32"), ("uint64", "u64"), ("bool", "bool"))}  # fmt: skip
COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
ON_MASKS = {"&&": "and_m", "||": "or_m", "&": "and_m", "|": "or_m", "^": "xor_m", "==": "eqv_m", "!=": "xor_m"}
COMBINE = {"sum": "{0} + {1}", "prod": "{0} * {1}", "max": "wf_max_{t}({0}, {1})", "min": "wf_min_{t}({0}, {1})",
           "any": "or_m_{n}({0}, {1})", "all": "and_m_{n}({0}, {1})"}  # fmt: skip
UNROLL = 4


# What elements that kernels only move are moved as.
CARRIERS = {
    dtypes.float16: np.dtype("uint16"),
    dtypes.bfloat16: np.dtype("uint16"),
    dtypes.complex64: np.dtype("uint64"),
}


def carrier(dtype: np.dtype) -> np.dtype:
    """The dtype as which kernels move elements."""
    return CARRIERS.get(dtype, dtype)


def supported(dtype: np.dtype) -> bool:
    """Whether kernels compute with elements of a dtype."""
    return dtype in TAGS


def neutral(kind: str, dtype: np.dtype) -> Any:
    """What a fold starts from."""
    if kind in ("sum", "any"):
        return 0
    if kind in ("prod", "all"):
        return 1
    lowest = kind == "max"
    if dtype in dtypes.FLOATS:
        return -math.inf if lowest else math.inf
    info = np.iinfo(dtype)
    return int(info.min if lowest else info.max)


def count_text(extent: Extent) -> str:
    """An extent as C."""
    return str(extent) if isinstance(extent, int) else f"({extent})"


def index_text(index: Index, dropped: frozenset[str] = frozenset()) -> str:
    """An index as C."""
    terms = [
        name if count == 1 else f"{name} * {count_text(count)}" for name, count in index.terms if name not in dropped
    ]
    start = [] if is_zero(index.start) and terms else [count_text(index.start)]
    return " + ".join([*terms, *start])


def literal(value: Any, dtype: np.dtype) -> str:
    """A number as C, exactly."""
    if dtype in dtypes.FLOATS:
        suffix, value = ("f", float(np.float32(value))) if dtype is dtypes.float32 else ("", float(value))
        if value != value or value in (math.inf, -math.inf):
            kind = "nan" if value != value else "inf"
            call = f"__builtin_{kind}{suffix}({chr(34) * 2 if kind == 'nan' else ''})"
            return f"-{call}" if value == -math.inf else call
        text = value.hex() if value != int(value) or abs(value) > 1e15 else repr(value)
        return f"({text}{suffix})" if math.copysign(1.0, value) < 0 else f"{text}{suffix}"
    value = int(value)
    if dtype is dtypes.bool_:
        return str(int(bool(value)))
    if value == -(2**63):
        return "(-9223372036854775807ll - 1)"
    text = f"{value}{'ull' if dtype is dtypes.uint64 else 'll' if abs(value) > 2**31 - 1 else ''}"
    return f"({text})" if value < 0 else text


def innermost(loop: Loop) -> Loop:
    """The loop inside loops."""
    return next((innermost(s) for s in loop.body if isinstance(s, Loop)), loop)


class Scope:
    """Lines being written, and the names of what was computed in them."""

    def __init__(self, printer: Printer, outer: Scope | None, lanes: int, lane: str = "", part: str = "") -> None:
        self.printer, self.outer, self.lanes, self.lane, self.part = printer, outer, lanes, lane, part
        self.lines: list[str] = []
        self.names: dict[tuple[int, int], str] = {}
        self.kept: list[Expr] = []
        self.is_lane_loop = False

    def find(self, key: tuple[int, int]) -> str | None:
        """The name of what was computed here or around."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.names:
                return scope.names[key]
            scope = scope.outer
        return None

    def write(self, line: str) -> None:
        self.lines.append(line)

    def let(self, key: tuple[int, int], kind: str, text: str) -> str:
        """Give a computed value a name."""
        name = self.printer.fresh()
        self.write(f"{kind} {name} = {text};")
        self.names[key] = name
        return name

    def nested(self, lines: Sequence[str]) -> None:
        """Take in the lines of a block."""
        self.lines += ["    " + line for line in lines]


class Printer:
    """Prints expressions and statements; `width` is that of a vector in bytes."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.dropped: frozenset[str] = frozenset()  # variables that others run in place of
        self.varying: set[str] = set()  # locals that differ from lane to lane
        self._number = 0

    def fresh(self, stem: str = "t") -> str:
        """A name that was not used."""
        self._number += 1
        return f"{stem}{self._number}"

    # -- types

    def kind(self, dtype: np.dtype, lanes: int) -> str:
        """The C type of a value."""
        return f"{self.tag(dtype)}x{lanes}"

    def tag(self, dtype: np.dtype) -> str:
        """The short name of what a value of a dtype is in a kernel."""
        return "m32" if dtype is dtypes.bool_ else TAGS[dtype]

    def storage(self, dtype: np.dtype) -> str:
        """The C type of an element in memory."""
        dtype = carrier(dtype)
        return "u8" if dtype is dtypes.bool_ else "c128" if dtype is dtypes.complex128 else TAGS[dtype]

    def name_of(self, function: str, dtype: np.dtype, lanes: int) -> str:
        """The prelude's function for a dtype."""
        return f"{function}_{TAGS[dtype]}x{lanes}"

    # -- expressions

    def varies(self, expr: Expr, lane: str) -> bool:
        """Whether an expression differs from lane to lane."""
        if not lane:
            return False
        for x in walk(expr):
            if isinstance(x, Load | Position | Gather) and not is_zero(x.index.count(lane)):
                return True
            if isinstance(x, Local) and x.name in self.varying:
                return True
        return False

    def value(self, expr: Expr, scope: Scope) -> str:
        """The C name of an expression's value in a scope, as a vector where the scope has lanes."""
        if isinstance(expr, Number):
            text = literal(expr.value, expr.dtype)
            return text if scope.lanes == 1 else f"splat_{self.tag(expr.dtype)}x{scope.lanes}({text})"
        found = scope.find((id(expr), scope.lanes))
        if found is not None:
            return found
        scope.kept.append(expr)
        if scope.lanes > 1 and not self.varies(expr, scope.lane):
            return self.splat(expr, scope)
        return scope.let((id(expr), scope.lanes), self.kind(expr.dtype, scope.lanes), self.text(expr, scope))

    def splat(self, expr: Expr, scope: Scope) -> str:
        """A scalar in all lanes, made before the loop over them."""
        target = scope
        if scope.is_lane_loop and scope.outer is not None:
            target = scope.outer
        lanes = scope.lanes
        target.kept.append(expr)
        inner = Scope(self, target, 1)
        scalar = self.scalar(expr, inner)
        target.lines += inner.lines
        target.names.update(inner.names)
        target.kept += inner.kept
        tag = self.tag(expr.dtype)
        return target.let((id(expr), lanes), self.kind(expr.dtype, lanes), f"splat_{tag}x{lanes}({scalar})")

    def scalar(self, expr: Expr, scope: Scope) -> str:
        found = scope.find((id(expr), 1))
        return found if found is not None else self.value(expr, scope)

    def text(self, expr: Expr, scope: Scope) -> str:
        """The C text that computes an expression from its parts."""
        n = scope.lanes
        match expr:
            case Number():
                return literal(expr.value, expr.dtype)
            case Local():
                return expr.name
            case Position():
                return self.position(expr, scope)
            case Load():
                return self.load(expr, scope)
            case Gather():
                return self.gather(expr, scope)
            case Cast():
                x = self.value(expr.x, scope)
                source, target = ("m32" if d is dtypes.bool_ else TAGS[d] for d in (expr.x.dtype, expr.dtype))
                return f"cast_{source}_{target}x{n}({x})"
            case Apply():
                return self.apply(expr.symbol, expr, [self.value(x, scope) for x in expr.args], n)
        raise AssertionError(expr)

    def position(self, expr: Position, scope: Scope) -> str:
        step = expr.index.count(scope.lane) if scope.lane else 0
        start = index_text(expr.index, self.dropped)
        if is_zero(step) or scope.lanes == 1:
            return f"({start})"
        return f"splat_i64x{scope.lanes}({start}) + iota_i64x{scope.lanes}() * {count_text(step)}"

    def load(self, expr: Load, scope: Scope) -> str:
        n, start = scope.lanes, f"{expr.pointer} + {index_text(expr.index, self.dropped)}"
        step = expr.index.count(scope.lane) if scope.lane else 0
        if n == 1 or is_zero(step):
            return f"{self.name_of('load', expr.dtype, n)}({start})"
        if step != 1:
            if scope.part:
                return f"{self.name_of('load_strided_part', expr.dtype, n)}({start}, {count_text(step)}, {scope.part})"
            return f"{self.name_of('load_strided', expr.dtype, n)}({start}, {count_text(step)})"
        if scope.part:
            return f"{self.name_of('load_part', expr.dtype, n)}({start}, {scope.part})"
        return f"{self.name_of('load', expr.dtype, n)}({start})"

    def gather(self, expr: Gather, scope: Scope) -> str:
        """A load at a computed place: of neighbours where the place is the same for all lanes."""
        n, lane = scope.lanes, scope.lane
        if n > 1 and not self.varies(expr.at, lane):
            return self.load(Load(expr.dtype, f"{expr.pointer} + {self.names_at(expr, scope)}", expr.index), scope)
        step = expr.index.count(lane) if lane else 0
        at = self.value(expr.at, scope)
        if n > 1 and not is_zero(step):
            at = f"{at} + iota_i64x{n}() * {count_text(step)}"
        return f"{self.name_of('gather', expr.dtype, n)}({expr.pointer} + {index_text(expr.index, self.dropped)}, {at})"

    def names_at(self, expr: Gather, scope: Scope) -> str:
        """The computed place, one number."""
        target = scope.outer if scope.is_lane_loop and scope.outer is not None else scope
        inner = Scope(self, target, 1)
        text = self.scalar(expr.at, inner)
        target.lines += inner.lines
        target.names.update(inner.names)
        target.kept += [*inner.kept, expr.at]
        return text

    def apply(self, symbol: str, expr: Apply, args: list[str], n: int) -> str:
        dtype = expr.args[-1].dtype
        if dtype is dtypes.bool_ and symbol in ON_MASKS:
            return f"{ON_MASKS[symbol]}_{n}({args[0]}, {args[1]})"
        if symbol == "!":
            return f"not_m_{n}({args[0]})"
        if symbol in ("&&", "||"):
            return f"{ON_MASKS[symbol]}_{n}({args[0]}, {args[1]})"
        if symbol in COMPARE:
            return f"{self.name_of(COMPARE[symbol], dtype, n)}({args[0]}, {args[1]})"
        if symbol == "?:":
            tag = self.tag(expr.dtype)
            return f"select_{tag}x{n}({', '.join(args)})"
        if symbol == "wf_invert" and dtype is dtypes.bool_:
            return f"not_m_{n}({args[0]})"
        if len(symbol) == 1 and not symbol.isalpha():
            return f"{symbol}{args[0]}" if len(args) == 1 else f"{args[0]} {symbol} {args[1]}"
        return f"{self.name_of(symbol, dtype, n)}({', '.join(args)})"

    # -- statements

    def statement(self, s: Statement, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]]) -> None:
        match s:
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
            case Trips():
                self.trips(s, scope)

    def store(self, s: Store, scope: Scope) -> None:
        value, n, dtype = self.value(s.value, scope), scope.lanes, s.value.dtype
        start = f"{s.pointer} + {index_text(s.index, self.dropped)}"
        step = s.index.count(scope.lane) if scope.lane else 0
        if n > 1 and step != 1:
            raise AssertionError(f"a store along lanes that are not neighbours: {s}")
        name = "store_part" if scope.part and n > 1 else "store"
        count = f", {scope.part}" if scope.part and n > 1 else ""
        scope.write(f"{self.name_of(name, dtype, n)}({start}, {value}{count});")

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

    def loop(self, s: Loop, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]], unroll: int = 1) -> None:
        if s.lanes:
            block = Scope(self, scope, scope.lanes, scope.lane, scope.part)
            self.lane_loop(s, block, folds, unroll)
            scope.write("{")
            scope.nested(block.lines)
            scope.write("}")
            return
        inner = Scope(self, scope, scope.lanes, scope.lane, scope.part)
        for part in s.body:
            if isinstance(part, Loop):
                self.loop(part, inner, folds, unroll)
            else:
                self.statement(part, inner, folds)
        first, stop = s.bounds or ("0", count_text(s.extent))
        scope.write(f"for (i64 {s.variable} = {first}; {s.variable} < {stop}; {s.variable}++) {{")
        scope.nested(inner.lines)
        scope.write("}")

    def lane_loop(self, s: Loop, scope: Scope, folds: dict[str, tuple[str, str, np.dtype]], unroll: int) -> None:
        """Print full vectors, `unroll` at a time, then the rest."""
        n, v = self.lanes_of(s), s.variable
        first, extent = s.bounds or ("0", count_text(s.extent))
        known = isinstance(s.extent, int) and s.bounds is None
        scope.write(f"i64 {v} = {first};")
        step = n * unroll
        if not known or s.extent >= step:
            lines = self.lane_body(s, scope, self.at(folds, "u" if unroll > 1 else "0"), n, "")
            scope.write(f"for (; {v} + {step} <= {extent}; {v} += {step}) {{")
            if unroll > 1:
                lines = ["#pragma GCC unroll 4", f"for (i64 u = 0; u < {unroll}; u++) {{",
                         *("    " + line for line in self.shifted(lines, v, n)), "}"]  # fmt: skip
            scope.nested(lines)
            scope.write("}")
        if not known or s.extent % step:
            rest = f"{v}_left"
            lines = self.lane_body(s, scope, self.at(folds, "0"), n, rest)
            scope.write(f"for (; {v} < {extent}; {v} += {n}) {{")
            scope.write(f"    i64 {rest} = {extent} - {v} < {n} ? {extent} - {v} : {n};")
            scope.nested(lines)
            scope.write("}")

    def shifted(self, lines: list[str], v: str, n: int) -> list[str]:
        """Lines of one vector of several, `u` saying which."""
        return [f"i64 {v}_start = {v};", "{", f"    i64 {v} = {v}_start + u * {n};", *("    " + x for x in lines), "}"]

    def at(self, folds: dict[str, tuple[str, str, np.dtype]], i: str) -> dict[str, tuple[str, str, np.dtype]]:
        return {name: (f"{target}[{i}]" if target.startswith("acc") else target, kind, dtype)
                for name, (target, kind, dtype) in folds.items()}  # fmt: skip

    def lane_body(self, s: Loop, scope: Scope, folds: Any, n: int, part: str) -> list[str]:
        inner = Scope(self, scope, n, s.variable, part)
        inner.is_lane_loop = True
        for each in s.body:
            self.statement(each, inner, folds)
        return inner.lines

    def lanes_of(self, s: Loop) -> int:
        """How many elements a vector holds: as many as fit of the widest, but not twice as many as there are."""
        sizes = [4]
        for value in expressions(s.body):
            sizes += [x.dtype.itemsize for x in walk(value) if self.varies(x, s.variable)]
            sizes.append(value.dtype.itemsize)
        n = self.width // max(sizes)
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
        unroll = UNROLL if inner.lanes and self.is_long(inner) else 1
        folds = {name: self.accumulator(kind, dtype, n, unroll, inner.lanes, scope)
                 for name, (kind, dtype) in s.results.items()}  # fmt: skip
        block = Scope(self, scope, scope.lanes, scope.lane, scope.part)
        if s.loop is inner and inner.lanes:
            self.lane_loop(inner, block, folds, unroll)
        else:
            self.loop(s.loop, block, folds, unroll)
        scope.write("{")
        scope.nested(block.lines)
        scope.write("}")
        for name, (target, kind, dtype) in folds.items():
            if inner.lanes:
                self.finish(name, target, kind, dtype, n, unroll, scope)
            else:
                scope.write(f"{self.kind(dtype, n)} {name} = {target};")
                if n > 1:
                    self.varying.add(name)

    def is_long(self, loop: Loop) -> bool:
        """Whether a loop runs often enough for several accumulators."""
        return not isinstance(loop.extent, int) or loop.extent >= 2 * UNROLL * self.lanes_of(loop)

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

    def finish(self, name: str, target: str, kind: str, dtype: np.dtype, n: int, unroll: int, scope: Scope) -> None:
        """One value of the lanes of all accumulators."""
        whole = f"{target}[0]"
        for i in range(1, unroll):
            whole = self.combined(kind, dtype, n, f"{target}[{i}]", whole)
        if dtype is dtypes.bool_:
            text = f"{kind}_m32x{n}({whole})"
        else:
            text = f"{self.name_of({'max': 'max', 'min': 'min'}.get(kind, kind), dtype, n)}({whole})"
        scope.write(f"{self.kind(dtype, 1)} {name} = {text};")

    # -- kernels

    def kernel(self, kernel: Kernel) -> str:
        """A kernel as C: a struct of what it is given, and a function over a range of its grid."""
        self.dropped = kernel.dropped
        inner = Scope(self, None, 1)
        for s in kernel.grid.body:
            self.statement(s, inner, {})
        fields, locals_ = [], []
        for p in kernel.parameters:
            tag = TAGS[p.dtype] if p.dtype is not dtypes.bool_ or p.is_pointer else "m32x1"
            base = "u8" if p.dtype is dtypes.bool_ and p.is_pointer else tag
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
        grid = kernel.grid.variable
        lines = [
            *([f"// {kernel.notes}"] if kernel.notes else []),
            f"struct {kernel.name} {{ {' '.join(fields)} }};",
            f"static void {kernel.name}(const void *given, i64 begin, i64 end) {{",
            f"    const struct {kernel.name} *k = given;",
            *("    " + line for line in locals_),
            *([f"    for (i64 {grid} = begin; {grid} < end; {grid}++) {{"] if grid else ["    {"]),
            *("        " + line for line in inner.lines),
            "    }",
            "}",
        ]
        return "\n".join(lines)
