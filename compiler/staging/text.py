"""Texts of values that are not known yet: f-strings whose text is made when the graph runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...runtime.errors import SourceError

TEXT_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "center",
        "expandtabs",
        "format",
        "format_map",
        "join",
        "ljust",
        "lower",
        "lstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "rjust",
        "rstrip",
        "strip",
        "swapcase",
        "title",
        "upper",
        "zfill",
    ]
)


class LateText:
    """The parts of a text: strings, and fields to be filled in."""

    __slots__ = ("parts",)

    def __init__(self, parts: Any) -> None:
        self.parts = tuple(parts)

    def __add__(self, other: Any) -> LateText:
        return LateText((*self.parts, other))

    def __radd__(self, other: Any) -> LateText:
        return LateText((other, *self.parts))

    def __mul__(self, times: int) -> LateText:
        return LateText(self.parts * times)

    __rmul__ = __mul__

    def __getattr__(self, name: str) -> Any:
        if name not in TEXT_METHODS:
            raise AttributeError(f"'str' object has no attribute {name!r}") if not hasattr(str, name) else _asked()
        return lambda *args, **options: late_call(getattr(str, name), self, *args, **options)

    def _refuse(self, *_: Any) -> Any:
        raise _asked()

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __bool__ = __len__ = __contains__ = _refuse
    __iter__ = __getitem__ = __int__ = __float__ = __index__ = _refuse


def _asked() -> SourceError:
    return SourceError(
        "a text is asked whose values are known only when the graph runs",
        "Ask the values themselves, or work on the text outside of the compiled function.",
    )


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


class Call(Field):
    """A text that a function of texts makes of values."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., str], value: Any) -> None:
        super().__init__(value, "", "")
        self.function = function

    def text(self, value: Any) -> str:
        args, options = value
        return self.function(*args, **options)


def late_call(function: Callable[..., str], *args: Any, **options: Any) -> LateText:
    """What a function of texts gives when its arguments are known."""
    return LateText((Call(function, [list(args), options]),))
