"""Options: how weft works where there is a choice, for the whole program or inside a `with` block.

Each option has a default that an environment variable may set. This file holds the choices, not what they mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .errors import ArgumentError
from .scopes import scopes

EXECUTORS = ("native", "interpreter")
CHOICES: dict[str, tuple[Any, ...]] = {
    "executor": EXECUTORS,
    "reproducible": (False, True),
    "background": (False, True),
    "sync": (False, True),
    "tf32": (False, True),
}
SWITCHES = {"0": False, "1": True}  # as environment variables say them


class Options:
    """The options in force: those of the innermost `with` block, else the program's."""

    def __init__(self) -> None:
        self._program: dict[str, Any] = {
            "executor": os.environ.get("WEFT_EXECUTOR", "native"),
            "reproducible": switch("WEFT_REPRODUCIBLE"),
            "background": switch("WEFT_BACKGROUND"),
            "sync": switch("WEFT_SYNC"),
            "tf32": switch("WEFT_TF32"),
        }
        self._here: ContextVar[dict[str, Any]] = ContextVar("options")
        check(self._program)

    @property
    def executor(self) -> str:
        """What runs compiled functions: `native` programs where they can be built, or the `interpreter`."""
        return self._here.get(self._program)["executor"]

    @property
    def reproducible(self) -> bool:
        """Whether native programs give the same bits whatever the vectors of the machine."""
        return self._here.get(self._program)["reproducible"]

    @property
    def background(self) -> bool:
        """Whether native programs are built in the background, while the interpreter runs their graphs."""
        return self._here.get(self._program)["background"]

    @property
    def sync(self) -> bool:
        """Whether each op on a GPU is waited for, so that one that fails is known by its name and line."""
        return self._here.get(self._program)["sync"]

    @property
    def tf32(self) -> bool:
        """Whether products of float32 on a GPU may round their operands to 10 bits, for speed: TensorFloat-32."""
        return self._here.get(self._program)["tf32"]

    @property
    def chosen(self) -> Mapping[str, Any]:
        """All options, by name."""
        return self._here.get(self._program)

    @contextmanager
    def __call__(self, **chosen: Any) -> Iterator[None]:
        """Choose inside the `with` block: `executor="native"` or `"interpreter"`, `reproducible=True`, `background=True`, `sync=True`.

        Native programs give the same bits at every call, whatever the number of threads. With `reproducible=True` they
        give the same bits on machines with other vectors too (SSE2, AVX2, AVX-512): multiplications and additions are
        rounded one by one, with or without an FMA unit, and sums are added in one order. That costs time where programs
        compute more than they move. What is computed by a call of NumPy is as reproducible as NumPy.

        With `background=True` nobody waits for the C compiler: a graph is interpreted until its program is built.

        With `sync=True` each op on a GPU is waited for: slow, but an error of a kernel names its op and your line.

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
            with scopes:
                yield
        finally:
            self._here.reset(token)


def switch(variable: str) -> Any:
    """What an environment variable says of an option that is on or off."""
    said = os.environ.get(variable, "0")
    return SWITCHES.get(said, said)


def check(chosen: dict[str, Any]) -> None:
    """Refuse unknown options and choices."""
    for name, value in chosen.items():
        if name not in CHOICES:
            raise ArgumentError(f"options: there is no option {name!r}", f"Options are {', '.join(CHOICES)}.")
        if value not in CHOICES[name]:
            known = ", ".join(map(repr, CHOICES[name]))
            raise ArgumentError(f"options: {name} is {value!r}", f"Choose one of {known}.")


options = Options()
