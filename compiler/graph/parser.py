"""The parser of graph text: the same graph that `text` wrote, or an error with line and column.

Ops are looked up by name, attributes are literals, and every node is checked by its shape rule: nothing in a text
is ever executed. A type beside a name is checked, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.dim import terms_of
from ...runtime.errors import SourceError, WeftError
from ...runtime.op import Op
from ...runtime.sizes import LEAST_KNOWN, Condition
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from . import control as _control  # noqa: F401  (so that the ops with regions are in the table)
from .graph import Graph
from .literal import WORDS
from .literal_reader import LiteralReader
from .sizes import takes
from .symbolic import SymbolicTensor
from .text import CONTROL
from .tokens import Token, close_to


def parse(source: str, stored: Mapping[str, np.ndarray] | None = None, *, least: int = LEAST_KNOWN) -> Graph:
    """The graph that a text describes, with the constants that it says are stored elsewhere.

    Sizes of its inputs are `least` or more.

    Errors: SourceError, with line and column, for what is no graph.
    """
    try:
        return _Parser(source, stored, least).whole()
    except RecursionError:
        raise SourceError("graph text: nested too deeply", "Write graph text by printing a graph.") from None


class _Parser(LiteralReader):
    """Reads statements and writes nodes."""

    def __init__(self, source: str, stored: Mapping[str, np.ndarray] | None, least: int) -> None:
        super().__init__(source, stored)
        self.least_of_inputs = least

    def whole(self) -> Graph:
        self.lines()
        self.expect("graph")
        if self.next.kind == "name":
            self.take()
        graph = self.graph(None)
        self.lines()
        if self.next.kind != "end":
            raise self.error(f"{self.next.text!r} stands after the graph")
        return graph

    def graph(self, parent: Graph | None) -> Graph:
        """Inputs, result specs and block."""
        graph, names = Graph(parent), dict[str, Any]()
        self.expect("(")
        self.least = self.least_of_inputs
        for token, spec in self.listed(self.typed, ")"):
            self.define(names, token, graph.input(spec, token.text))
        self.least = 0
        self.expect("->")
        at = self.next
        if self.accept("("):
            self.expect(")")
            specs = []
        else:
            specs = [self.spec()]
            while self.accept(","):
                specs.append(self.spec())
        if self.accept("where"):
            self.conditions()
        self.block(graph, names, "return")
        if [y.spec for y in graph.outputs] != specs:
            raise self.error(f"the graph returns {', '.join(str(y.spec) for y in graph.outputs) or '()'}", at)
        return graph

    def conditions(self) -> None:
        """What is taken for granted of sizes: `n >= 3, n == m`."""
        while True:
            left, token = self.literal(), self.take()
            if token.text not in ("==", "!=", ">="):
                raise self.error(f"{token.text!r} compares no sizes", token)
            terms = terms_of(left - self.literal())
            self.sizes.require(Condition(terms or (), token.text))
            if not self.accept(","):
                break

    def typed(self) -> tuple[Token, Spec]:
        """`name: spec`."""
        token = self.name()
        self.expect(":")
        return token, self.spec()

    def define(self, names: dict[str, Any], token: Token, value: SymbolicTensor) -> None:
        if token.text in names:
            raise self.error(f"{token.text} is defined twice", token)
        value.name = token.text
        names[token.text] = value

    def value(self, names: dict[str, Any]) -> Any:
        """A value by its name."""
        token = self.name()
        if token.text not in names:
            raise self.error(f"{token.text} is not defined", token, close_to(token.text, names))
        return names[token.text]

    def block(self, graph: Graph, names: dict[str, Any], last: str) -> None:
        """Statements in braces; the last one says what comes out."""
        self.expect("{")
        self.lines()
        while not self.accept(last):
            self.statement(graph, names)
            if self.next.kind != "newline" and self.next.text != last:
                raise self.error(f"{self.next.text!r} stands after the statement")
            self.lines()
        while self.next.kind == "name":
            graph.outputs.append(self.value(names))
            if not self.accept(","):
                break
        self.lines()
        self.expect("}")

    def statement(self, graph: Graph, names: dict[str, Any]) -> None:
        results = self.results() if self.tokens[self.i + 1].text in ("=", ",", ":") else []
        token = self.name()
        op = OPS.get(token.text)
        if not isinstance(op, Op):
            raise self.error(f"there is no op {token.text}", token, close_to(token.text, OPS))
        if token.text in CONTROL:
            inputs, attrs = self.control(graph, names, token.text)
        else:
            inputs, attrs = self.operands(names), self.attributes(graph, op.name == "stacked")
        specs = self.checked(op, inputs, attrs, token)
        if len(specs) != len(results):
            raise self.error(f"{op.name} has {len(specs)} results, {len(results)} are named", token)
        outputs = graph.emit(op, inputs, attrs, specs)
        for (result, spec), y in zip(results, outputs, strict=True):
            if spec is not None and spec != y.spec:
                raise self.error(f"{result.text} is {y.spec}, not {spec}", result)
            self.define(names, result, y)

    def results(self) -> list[tuple[Token, Spec | None]]:
        """`name, name: spec =`."""
        found = []
        while True:
            token = self.name()
            found.append((token, self.spec() if self.accept(":") else None))
            if not self.accept(","):
                break
        self.expect("=")
        return found

    def operands(self, names: dict[str, Any]) -> list[Any]:
        found = []
        while self.next.kind in ("name", "number") and self.tokens[self.i + 1].text != "=":
            plain = self.next.kind == "number" or self.next.text in WORDS or self.next.text == "complex"
            found.append(self.literal() if plain else self.value(names))
        return found

    def attributes(self, graph: Graph, names_size: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.next.kind == "name":
            token = self.name()
            self.expect("=")
            if token.text in found:
                raise self.error(f"{token.text} is given twice", token)
            if names_size and self.next.kind == "name" and self.next.text not in self.sizes.least:
                self.sizes.add(self.next.text, least=0)  # what finds a size may be the first to name it
            found[token.text] = self.graph(graph) if self.accept("graph") else self.literal()
        return found

    def checked(self, op: Op[..., Any], inputs: list[Any], attrs: dict[str, Any], token: Token) -> tuple[Spec, ...]:
        """The specs of an op's results; its defaults are filled in, but for control flow, which is written without."""
        for name, value in op.defaults.items() if op.name not in CONTROL else ():
            attrs.setdefault(name, value)
        odd = (attrs.keys() | op.defaults.keys()) ^ op.attribute_set
        if odd:
            raise self.error(f"{op.name} takes {', '.join(op.attributes) or 'no attributes'}, not these: "
                             f"{', '.join(attrs) or 'none'}", token)  # fmt: skip
        if not op.variadic and len(inputs) != op.arity:
            raise self.error(f"{op.name} takes {op.arity} operands, {len(inputs)} are given", token)
        try:
            specs = op.spec(*inputs, **attrs)
        except WeftError as error:
            raise self.error(error.message, token, error.hint) from error
        except (TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            raise self.error(f"{op.name} does not take these: {error}", token) from error
        return (specs,) if isinstance(specs, Spec) else tuple(specs)

    # -- control flow

    def control(self, graph: Graph, names: dict[str, Any], kind: str) -> tuple[list[Any], dict[str, Any]]:
        """Operands in parentheses, then attributes, then regions in braces."""
        at = self.next
        inputs = [self.value(names)] if kind == "if" else []
        if inputs and inputs[0].spec != Spec((), dtypes.bool_):
            raise self.error(f"the predicate is {inputs[0].spec}, not bool[]", at)
        given = self.passed(names)
        regions = {}
        attrs = self.attributes(graph)
        self.expect("{")
        for part in CONTROL[kind]:
            self.lines()
            self.expect("else" if part == "other" else part)
            region, inner = Graph(graph), dict[str, Any]()
            for token, spec, x in given:
                self.define(inner, token, region.input(x.spec if spec is None else spec))
            self.block(region, inner, "yield")
            regions[part] = region
        self.lines()
        self.expect("}")
        self.check_regions(kind, given, regions)
        return [*inputs, *[x for _, _, x in given]], {**attrs, **regions}

    def passed(self, names: dict[str, Any]) -> list[tuple[Token, Spec | None, Any]]:
        """What goes into a region: its name there, its spec there if it is state, and the value."""
        found = []
        self.expect("(")
        self.accept(";")  # a loop may have no state
        while not self.accept(")"):
            token, spec = self.name(), None
            if self.accept(":"):
                spec = self.spec()
                self.expect("=")
                value = self.value(names)
                if not takes(spec, value.spec):
                    raise self.error(f"{token.text} is {value.spec}, not {spec}", token)
            elif self.accept("="):
                value = self.value(names)
            else:
                self.i -= 1
                value = self.value(names)
            found.append((token, spec, value))
            if not (self.accept(",") or self.accept(";")):
                self.expect(")")
                break
        return found

    def check_regions(self, kind: str, given: list[Any], regions: dict[str, Graph]) -> None:
        """What goes round a loop keeps its spec, a test gives one bool, branches give the same."""
        specs = [[y.spec for y in region.outputs] for region in regions.values()]
        if kind == "while":
            state = [spec for _, spec, _ in given if spec is not None]
            if specs[0] != [Spec((), dtypes.bool_)]:
                raise self.error("a test yields one bool[]")
            if len(specs[1]) != len(state) or not all(map(takes, state, specs[1])):
                raise self.error(f"the step yields {_shown(specs[1])}, the state is {_shown(state)}")
        elif kind == "if" and specs[0] != specs[1]:
            raise self.error(f"the branches yield {_shown(specs[0])} and {_shown(specs[1])}")


def _shown(specs: list[Spec]) -> str:
    return ", ".join(map(str, specs)) or "nothing"
