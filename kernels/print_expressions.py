"""Printing expressions as C: typed calls of the prelude, each value with a name.

An expression that does not change along the lanes is computed once, as a scalar before the loop over them. A scope
holds the lines of a block and the names of what was computed there, so that nothing is computed twice where it is
known. Statements and loops are printed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..runtime import dtypes
from .kernel import Apply, Cast, Expr, Gather, Index, Load, Local, Number, Position, Word, is_zero, walk
from .spelling import COMPARE, ON_MASKS, TAGS, carrier, count_text, index_text, literal, nearest, tag


class Scope:
    """Lines being written, and the names of what was computed in them."""

    def __init__(
        self, printer: ExpressionPrinter, outer: Scope | None, lanes: int, lane: str = "", part: str = ""
    ) -> None:
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


def is_among(x: Expr, dtype: np.dtype) -> bool:
    """Whether a value is one of a dtype's already, which is then the same in a lane: a half that was only moved, say."""
    if dtype not in dtypes.HALVES:
        return True
    match x:
        case Cast():
            return x.x.dtype is dtype
        case Number():
            return nearest(x.value, dtype) == x.value
        case Apply(symbol="?:"):
            return all(is_among(part, dtype) for part in x.args[1:])
        case Apply(symbol="-", args=(_,)) | Apply(symbol="wf_max" | "wf_min" | "wf_abs"):
            return all(is_among(part, dtype) for part in x.args)
    return x.dtype is dtype


class ExpressionPrinter:
    """Prints expressions; `width` is that of a vector in bytes."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.dropped: frozenset[str] = frozenset()  # variables that others run in place of
        self.varying: set[str] = set()  # locals that differ from lane to lane
        self.carried: dict[str, int] = {}  # in how many lanes scans carry their values, by name
        self.starts: dict[str, int] = {}  # where in memory pointers that a kernel was given stand
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
        return tag(dtype)

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
        if isinstance(expr, Cast) and tag(expr.dtype) == tag(expr.x.dtype) and is_among(expr.x, expr.dtype):
            return self.value(expr.x, scope)
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
            case Word():
                return self.words(expr, scope)
            case Position():
                return self.position(expr, scope)
            case Load():
                return self.load(expr, scope)
            case Gather():
                return self.gather(expr, scope)
            case Cast():
                x = self.value(expr.x, scope)
                target = "m32" if expr.dtype is dtypes.bool_ else TAGS[expr.dtype]
                return f"cast_{tag(expr.x.dtype)}_{target}x{n}({x})"
            case Apply():
                return self.apply(expr.symbol, expr, [self.value(x, scope) for x in expr.args], n)
        raise AssertionError(expr)

    def position(self, expr: Position, scope: Scope) -> str:
        step = expr.index.count(scope.lane) if scope.lane else 0
        start = index_text(expr.index, self.dropped)
        if is_zero(step) or scope.lanes == 1:
            return f"({start})"
        kind = self.kind(expr.dtype, scope.lanes)
        return f"splat_{kind}({start}) + iota_{kind}() * {count_text(step)}"

    def words(self, expr: Word, scope: Scope) -> str:
        """Random bits: of neighbours where the elements are."""
        n, step = scope.lanes, expr.index.count(scope.lane) if scope.lane else 0
        given = ", ".join([self.place_at(x, scope) for x in expr.parts])
        start = index_text(expr.index, self.dropped)
        if n == 1 or step == 1:
            return f"{self.name_of('words', expr.dtype, n)}({given}, {start})"
        at = f"splat_i64x{n}({start}) + iota_i64x{n}() * {count_text(step)}"
        return f"{self.name_of('words_at', expr.dtype, n)}({given}, {at}, 0)"

    def spot(self, pointer: str, index: Index) -> str:
        """The C text of a place in memory."""
        start = self.starts.get(pointer, 0)
        return f"{pointer} + {index_text(index + -start if start else index, self.dropped)}"

    def load(self, expr: Load, scope: Scope) -> str:
        n, start = scope.lanes, self.spot(expr.pointer, expr.index)
        step = expr.index.count(scope.lane) if scope.lane else 0
        if n == 1 or is_zero(step):
            return f"{self.name_of('load', expr.dtype, n)}({start})"
        if step == -1 and not scope.part and expr.dtype is not dtypes.bool_:
            load = self.name_of("load", expr.dtype, n)
            return f"reversed_{self.kind(expr.dtype, n)}({load}({start} - {n - 1}))"
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
            at = Index(((self.place_at(expr.at, scope), 1),))
            return self.load(Load(expr.dtype, expr.pointer, expr.index + at), scope)
        step = expr.index.count(lane) if lane else 0
        at = self.value(expr.at, scope)
        if n > 1 and not is_zero(step):
            at = f"{at} + iota_i64x{n}() * {count_text(step)}"
        place = self.spot(expr.pointer, expr.index)
        if scope.part and n > 1:
            return f"{self.name_of('gather_part', expr.dtype, n)}({place}, {at}, {scope.part})"
        return f"{self.name_of('gather', expr.dtype, n)}({place}, {at})"

    def place_at(self, at: Expr, scope: Scope) -> str:
        """A computed place that is the same for all lanes: one number."""
        target = scope.outer if scope.is_lane_loop and scope.outer is not None else scope
        inner = Scope(self, target, 1)
        text = self.scalar(at, inner)
        target.lines += inner.lines
        target.names.update(inner.names)
        target.kept += [*inner.kept, at]
        return text

    def apply(self, symbol: str, expr: Apply, args: list[str], n: int) -> str:
        dtype = expr.args[-1].dtype
        dtype = dtypes.float32 if dtype in dtypes.HALVES else dtype
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
