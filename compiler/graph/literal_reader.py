"""Reading literals of graph text: attributes and numbers, back to the values that `literal.py` wrote."""

from __future__ import annotations

import base64
import binascii
import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.dim import Dim, named
from ...runtime.index import Range
from ...runtime.sizes import Sizes
from ...runtime.spec import Spec, size, stack_of
from .constants import Constant
from .literal import SHORT, WORDS, number
from .tokens import Cursor, Token, close_to

_LITERALS = (int, float, type(None), Dim)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
}  # fmt: skip


class LiteralReader(Cursor):
    """A cursor that reads literals."""

    def __init__(self, source: str, stored: Mapping[str, np.ndarray] | None = None) -> None:
        super().__init__(source)
        self.stored = stored or {}  # constants that are kept elsewhere
        self.sizes, self.least = Sizes(), 0  # of sizes that specs name

    def spec(self) -> Spec:
        token = self.name()
        if token.text == "stack":
            return stack_of(self.spec())
        if token.text not in SHORT:
            raise self.error(f"{token.text} is no dtype", token, close_to(token.text, SHORT))
        self.expect("[")
        return Spec(tuple(self.listed(self.length, "]")), SHORT[token.text])

    def length(self) -> Any:
        """A length of a shape: a number, or sizes, which may be named here first."""
        token = self.next
        self.declare()
        found = self.literal()
        if type(found) is not Dim and (type(found) is not int or found < 0):
            raise self.error(f"{token.text!r} is no length", token)
        return found

    def declare(self) -> None:
        """Take the names in the length that comes next for sizes."""
        i = self.i
        while self.tokens[i].kind in ("name", "number") or self.tokens[i].text in ("(", ")", *_SIGNS):
            name = self.tokens[i].text
            if self.tokens[i].kind == "name" and name not in self.sizes.least and name not in WORDS:
                self.sizes.add(name, least=self.least)
            i += 1

    def literal(self) -> Any:
        """An attribute or a weak number; a sum of sizes."""
        found = self.product(self.primary())
        while self.next.text in ("+", "-") and isinstance(found, int | Dim):
            found = _SIGNS[self.take().text](found, self.product(self.primary()))
        return found

    def product(self, found: Any) -> Any:
        """Sizes and numbers with signs of products between them, the first of which was read."""
        while self.next.text in ("*", "//", "%") and isinstance(found, int | Dim):
            token = self.take()
            try:
                found = _SIGNS[token.text](found, self.primary())
            except (TypeError, ZeroDivisionError) as error:
                raise self.error(str(error), token) from None
        return found

    def primary(self) -> Any:
        """A literal without signs around it."""
        token = self.next
        if token.kind == "refused":
            raise self.error(f"{token.text} has no text that could be read back", token, "Build this graph in Python.")
        if token.kind == "name":
            return self.named()
        self.take()
        if token.kind == "number":
            return WORDS[token.text] if token.text in WORDS else _number(token.text)
        if token.kind == "string":
            return json.loads(token.text)
        if token.text == "...":
            return ...
        if token.text == "[":
            return self.listed(self.literal, "]")
        if token.text == "{":
            return dict(self.listed(self.pair, "}"))
        if token.text == "-":
            return -self.product(self.primary())
        if token.text == "(":
            return self.tuple()
        raise self.error(f"a value is missing before {token.text.strip() or 'the end'!r}", token)

    def tuple(self) -> Any:
        """A tuple, or a sum of sizes in parentheses."""
        start = self.i
        items = self.listed(self.literal, ")")
        single = len(items) == 1 and self.tokens[self.i - 2].text != ","
        if single and type(items[0]) is not Dim:
            raise self.error("a tuple of one item has a comma after it", self.tokens[start])
        return items[0] if single else tuple(items)

    def pair(self) -> tuple[Any, Any]:
        key = self.literal()
        self.expect(":")
        return key, self.literal()

    def named(self) -> Any:
        """A literal that begins with a name: None, f32, f32[2], f32[2] [1, 2], slice(...), range(...)."""
        token = self.next
        if token.text in WORDS:
            return WORDS[self.take().text]
        if token.text in self.sizes.least:
            return named(self.take().text, self.sizes)
        if token.text in ("stack", *SHORT):
            if token.text in SHORT and self.tokens[self.i + 1].text != "[":
                return SHORT[self.take().text]
            spec = self.spec()
            return self.constant(spec) if self.has_elements() else spec
        self.take()
        if token.text == "type":
            kinds = {kind.__name__: kind for kind in dtypes.PYTHON}
            return kinds[self.one_of(kinds)]
        makers: dict[str, Callable[..., Any]] = {"slice": slice, "range": Range, "complex": complex}
        if token.text not in makers:
            raise self.error(f"{token.text} is no value", token)
        self.expect("(")
        given = self.listed(self.literal, ")")
        if len(given) != (2 if token.text == "complex" else 3) or not all(isinstance(x, _LITERALS) for x in given):
            raise self.error(f"{token.text} takes other values than these", token)
        return makers[token.text](*given)

    def one_of(self, names: Any) -> str:
        token = self.name()
        if token.text not in names:
            raise self.error(f"{token.text} is none of {', '.join(names)}", token)
        return token.text

    def has_elements(self) -> bool:
        """Whether an array's elements follow its spec."""
        token = self.next
        return token.text == "[" or token.kind in ("number", "string") or token.text in (*WORDS, "complex", "stored")

    def constant(self, spec: Spec) -> Constant:
        token = self.next
        if self.accept("stored"):
            return Constant(self.kept(spec))
        if token.kind == "string":
            self.take()
            return Constant(self.bytes(token, spec))
        flat = self.elements(spec, list(spec.shape))
        try:
            array = np.array([number(text, spec.dtype) for text in flat], spec.dtype)
        except (ValueError, OverflowError) as error:
            raise self.error(f"no elements of {spec}: {error}", token) from None
        return Constant(array.reshape(spec.shape))

    def kept(self, spec: Spec) -> np.ndarray:
        """An array that is kept elsewhere."""
        token = self.take()
        name = json.loads(token.text) if token.kind == "string" else ""
        array = self.stored.get(name)
        if array is None:
            raise self.error(f"no array is stored as {token.text}", token, close_to(name, self.stored))
        if Spec(array.shape, array.dtype) != spec:
            raise self.error(f"{token.text} is {Spec(array.shape, array.dtype)}, not {spec}", token)
        return array

    def elements(self, spec: Spec, shape: list[int]) -> list[str]:
        """The texts of the numbers in nested lists of this shape."""
        if not shape:
            return [self.element()]
        token = self.expect("[")
        rows = self.listed(lambda: self.elements(spec, shape[1:]), "]")
        if len(rows) != shape[0]:
            raise self.error(f"{len(rows)} rows where {spec} has {shape[0]}", token)
        return [text for row in rows for text in row]

    def element(self) -> str:
        start = self.next
        if start.text == "complex":
            value = self.literal()
            return f"complex({value.real!r}, {value.imag!r})"
        if start.kind != "number" and start.text not in WORDS:
            raise self.error(f"{start.text!r} is no number", start)
        return self.take().text

    def bytes(self, token: Token, spec: Spec) -> np.ndarray:
        """An array from base64."""
        try:
            data = base64.b64decode(json.loads(token.text), validate=True)
        except (ValueError, binascii.Error):
            raise self.error("the elements are no base64", token) from None
        if len(data) != size(spec.shape) * spec.dtype.itemsize:
            raise self.error(f"{len(data)} bytes are not those of {spec}", token)
        return np.frombuffer(data, spec.dtype).reshape(spec.shape)


def _number(text: str) -> int | float:
    if text in ("-nan", "nan"):
        return float(text)
    return int(text) if text.lstrip("-").isdigit() else float(text)
