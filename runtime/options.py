"""Options: how weft works where there is a choice, for the whole program or inside a `with` block.

Each option has a default that an environment variable may set. This file holds the choices, not what they mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .errors import ArgumentError

EXECUTORS = ("native", "interpreter")
CHOICES: dict[str, tuple[Any, ...]] = {"executor": EXECUTORS}


class Options:
    """The options in force: those of the innermost `with` block, else the program's."""

    def __init__(self) -> None:
        self._program: dict[str, Any] = {"executor": os.environ.get("WEFT_EXECUTOR", "native")}
        self._here: ContextVar[dict[str, Any]] = ContextVar("options")
        check(self._program)

    @property
    def executor(self) -> str:
        """What runs compiled functions: `native` programs where they can be built, or the `interpreter`."""
        return self._here.get(self._program)["executor"]

    @contextmanager
    def __call__(self, **chosen: Any) -> Iterator[None]:
        """Choose inside the `with` block: `executor="native"` or `"interpreter"`.

        Errors: ArgumentError for an unknown option or choice.

        Example:
            >>> import weft as wf
            >>> double = wf.compile(lambda x: x * 2.0)
            >>> with wf.options(executor="interpreter"):
            ...     double(wf.tensor([1.0, 2.0]))
            Tensor([2., 4.], f32)
        """
        check(chosen)
        token = self._here.set({**self._here.get(self._program), **chosen})
        try:
            yield
        finally:
            self._here.reset(token)


def check(chosen: dict[str, Any]) -> None:
    """Refuse unknown options and choices."""
    for name, value in chosen.items():
        if name not in CHOICES:
            raise ArgumentError(f"options: there is no option {name!r}", f"Options are {', '.join(CHOICES)}.")
        if value not in CHOICES[name]:
            known = ", ".join(map(repr, CHOICES[name]))
            raise ArgumentError(f"options: {name} is {value!r}", f"Choose one of {known}.")


options = Options()
