"""Attributes and numbers as graph text: what is written here, the parser reads back to the same value.

Numbers are written so that they come back bit by bit. Small arrays are nested lists, the others base64, or the name
under which they are kept elsewhere, `f32[100] stored "weights"`. What has
no text (a function, a device) is shown as <name>, which the parser refuses.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.dim import Dim
from ...runtime.index import Range
from ...runtime.spec import Spec
from .constants import Constant

SMALL = 16  # elements that are written out
WORDS = {"None": None, "True": True, "False": False, "nan": float("nan"), "inf": float("inf"), "-inf": -float("inf")}
SHORT = {dtypes.short(dtype): dtype for dtype in dtypes.ALL}


def written(value: Any) -> str:
    """A value as text."""
    if value is None or value is ... or isinstance(value, bool | int | np.integer | np.bool_):
        return "..." if value is ... else str(value)
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return f"<{getattr(value, '__name__', None) or type(value).__name__}>"


def _complex(value: complex) -> str:
    return f"complex({float(value.real)!r}, {float(value.imag)!r})"


def _range(value: Range) -> str:
    return f"range({', '.join(map(written, value))})"


def _slice(value: slice) -> str:
    return f"slice({written(value.start)}, {written(value.stop)}, {written(value.step)})"


def _tuple(value: tuple[Any, ...]) -> str:
    return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"


def _list(value: list[Any]) -> str:
    return f"[{', '.join(map(written, value))}]"


def _dict(value: dict[Any, Any]) -> str:
    return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"


def _dtype(value: np.dtype) -> str:
    return dtypes.short(value) if value in dtypes.ALL else f"<{value}>"


def _type(value: type) -> str:
    return f"type {value.__name__}" if value in dtypes.PYTHON else f"<{value.__name__}>"


def _constant(value: Constant) -> str:
    array = np.asarray(value.array)
    spec = str(Spec(array.shape, array.dtype))
    if array.size <= SMALL:
        nested = _nested(array)
        if nested is not None:
            return f"{spec} {nested}"
    return f'{spec} "{base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}"'


def stored(value: Constant, name: str) -> str:
    """A constant that is kept elsewhere, as text."""
    return f"{Spec(value.array.shape, value.array.dtype)} stored {json.dumps(name, ensure_ascii=False)}"


def _nested(array: np.ndarray) -> str | None:
    """An array as nested lists of numbers; None if they would not give back every bit."""
    texts = [_element(x) for x in array.reshape(-1)]
    back = np.array([number(text, array.dtype) for text in texts], array.dtype)
    if back.tobytes() != array.tobytes():
        return None
    if not array.ndim:
        return texts[0]
    return _rows(texts, array.shape)


def _rows(texts: list[str], shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"[{', '.join(texts)}]"
    step = len(texts) // shape[0] if shape[0] else 0
    return f"[{', '.join(_rows(texts[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0]))}]"


def _element(x: Any) -> str:
    """A number of an array: the shortest text that gives it back in its dtype."""
    if isinstance(x, np.complexfloating):
        return _complex(complex(x))
    if isinstance(x, np.bool_ | np.integer):
        return str(x)
    short = str(x)
    return short if number(short, x.dtype) == x or x != x else repr(float(x))


def number(text: str, dtype: np.dtype) -> Any:
    """The number of a dtype that a text from `written` stands for."""
    if text.startswith("complex("):
        real, imag = text[len("complex(") : -1].split(",")
        return dtype.type(complex(float(real), float(imag)))
    if dtype is dtypes.bool_:
        return text == "True"
    return int(text) if dtype in dtypes.INTEGERS else dtype.type(float(text))


_WRITERS: list[tuple[Any, Any]] = [
    (Dim, lambda x: x.text),
    (float | np.floating, lambda x: repr(float(x))),
    (complex | np.complexfloating, _complex),
    (str, lambda x: json.dumps(x, ensure_ascii=False)),
    (Range, _range),
    (slice, _slice),
    (tuple, _tuple),
    (list, _list),
    (dict, _dict),
    (np.dtype, _dtype),
    (Spec, str),
    (Constant, _constant),
    (type, _type),
]
