"""Texts of values that are not known yet: f-strings whose text is made when the graph runs."""

from __future__ import annotations

from typing import Any


class LateText:
    """The parts of a text: strings, and fields to be filled in."""

    __slots__ = ("parts",)

    def __init__(self, parts: Any) -> None:
        self.parts = tuple(parts)

    def __add__(self, other: Any) -> LateText:
        return LateText((*self.parts, other))

    def __radd__(self, other: Any) -> LateText:
        return LateText((other, *self.parts))


class Field:
    """A value, and how it is shown."""

    __slots__ = ("conversion", "form", "value")

    def __init__(self, value: Any, conversion: str, form: str) -> None:
        self.value, self.conversion, self.form = value, conversion, form

    def text(self, value: Any) -> str:
        """The text for what the value turned out to be."""
        if self.conversion:
            value = {"r": repr, "s": str, "a": ascii}[self.conversion](value)
        return format(value, self.form)


def late_field(value: Any, conversion: str, form: str) -> LateText:
    """A field of an f-string whose value is symbolic."""
    return LateText((Field(value, conversion, form),))
