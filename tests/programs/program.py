"""Small programs with what plain Python makes of them, and how to run one with any compiler.

A program is a module text that defines `f`, or a `main` that calls it, with `@compile` on what is to be compiled and
`xp` for the tensors. A way of running must give the expected value, or raise where the program must, or refuse where
it may; another value is never right.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import weft as wf
from weft.compiler.staging.template import SideEffectError

PRELUDE = "import collections, contextlib, dataclasses, enum, functools, itertools, math, operator, typing\n"
KINDS: dict[type, str] = {
    NameError: "Undefined",
    AssertionError: "Assertion",
    IndexError: "Index",
    KeyError: "Index",
    NotImplementedError: "Unsupported",
    RecursionError: "Recursion",
    SyntaxError: "Unsupported",
    wf.errors.SourceError: "Unsupported Dynamic",
    SideEffectError: "SideEffect",
    AttributeError: "Attribute",
    TypeError: "Call Condition Dtype Structure Shape",
    ValueError: "Condition Shape Structure",
    Exception: "User",
}


@dataclass
class Program:
    """A program, its inputs, and what comes out: a value, an error of a kind that names `mention`, a printed text."""

    name: str
    source: str
    inputs: list[Any]
    expected: Any = None
    raises: str | None = None
    may_raise: str | None = None
    mention: tuple[str, ...] = ()
    stdout: str | None = None
    staged: bool = True  # do tensors drive its control flow?
    level: str = "core"
    about: str = ""
    rtol: float = 1e-5
    any_dtype: bool = False
    module: types.ModuleType = field(init=False)

    def run(self, compile: Callable[[Any], Any]) -> Any:
        """Run the program on tensors and give its result as arrays."""
        result = self.entry(compile)(*map(tensors, self.inputs))
        return arrays(asyncio.run(result) if inspect.iscoroutine(result) else result)

    def entry(self, compile: Callable[[Any], Any]) -> Callable[..., Any]:
        """Load the program as a module of its own, whose text is known to linecache."""
        text, path = PRELUDE + self.source, f"<program {self.name}>"
        linecache.cache[path] = (len(text), None, text.splitlines(True), path)
        self.module = types.ModuleType(f"program_{self.name}")
        self.module.__dict__.update(xp=xp, compile=compile)
        sys.modules[self.module.__name__] = self.module  # dataclasses look it up
        exec(builtins.compile(text, path, "exec", dont_inherit=True), self.module.__dict__)
        return getattr(self.module, "main", None) or self.module.f

    def check(self, compile: Callable[[Any], Any]) -> None:
        """Run the program and hold what happens against what is expected."""
        try:
            result = self.run(compile)
        except Exception as error:
            self.check_error(error)
            return
        assert self.raises is None, f"returned {result!r}"
        check_same(result, self.expected, self.rtol, not self.any_dtype)

    def check_error(self, error: Exception) -> None:
        wanted = self.raises or self.may_raise
        kinds = " ".join(text for kind, text in KINDS.items() if isinstance(error, kind))
        if wanted is None or wanted not in kinds.split():
            raise error
        for word in self.mention:
            assert word in str(error)


def F(value: Any) -> np.ndarray:
    """A float32 input."""
    return np.array(value, np.float32)


def I(value: Any) -> np.ndarray:
    """An int32 input."""
    return np.array(value, np.int32)


def B(value: Any) -> np.ndarray:
    """A bool input."""
    return np.array(value, bool)


def tensors(value: Any) -> Any:
    """The arrays in a value as tensors."""
    return changed(value, np.ndarray, wf.tensor)


def arrays(value: Any) -> Any:
    """The tensors in a value as arrays; a generator as the list of what it yields."""
    value = list(value) if isinstance(value, types.GeneratorType) else value
    return changed(value, wf.Tensor, lambda tensor: tensor.numpy())


def changed(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(changed(part, kind, change) for part in value))
    if isinstance(value, list | tuple):
        return type(value)(changed(part, kind, change) for part in value)
    if isinstance(value, dict):
        return {key: changed(part, kind, change) for key, part in value.items()}
    return value


def check_same(actual: Any, expected: Any, rtol: float, strict: bool) -> None:
    """Raise unless two results are the same: structure, shape, kind of dtype, values."""
    if expected is None or isinstance(expected, str):
        assert type(actual) is type(expected)
        assert actual == expected
    elif isinstance(expected, dict):
        assert isinstance(actual, dict)
        assert set(actual) == set(expected)
        for key in expected:
            check_same(actual[key], expected[key], rtol, strict)
    elif isinstance(expected, list | tuple):
        assert isinstance(actual, list | tuple | np.ndarray), actual
        assert len(actual) == len(expected), actual
        for one, other in zip(actual, expected, strict=True):
            check_same(one, other, rtol, strict)
    else:
        assert actual is not None
        check_array(np.asarray(actual), np.asarray(expected), rtol, strict)


def check_array(actual: np.ndarray, expected: np.ndarray, rtol: float, strict: bool) -> None:
    assert actual.shape == expected.shape
    if strict and expected.size:
        assert actual.dtype.kind.replace("u", "i") == expected.dtype.kind
    np.testing.assert_allclose(actual.astype(np.float64), expected.astype(np.float64), rtol, 1e-6)


class Tape:
    """A tape as the programs know it."""

    def __init__(self, persistent: bool = False) -> None:
        self.tape = wf.GradientTape(persistent=persistent)

    def __enter__(self) -> Tape:
        self.tape.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.tape.__exit__(*error)

    def watch(self, x: Any) -> Any:
        self.tape.watch(x)
        return x

    def gradient(self, y: Any, x: Any) -> Any:
        return self.tape.gradient(y, x, unconnected="zero")


SAME = [
    "arange",
    "zeros",
    "ones",
    "full",
    "zeros_like",
    "ones_like",
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "any",
    "all",
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sin",
    "cos",
    "abs",
    "square",
    "sign",
    "floor",
    "maximum",
    "minimum",
    "where",
    "equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "stack",
    "concat",
    "reshape",
    "matmul",
    "argmax",
    "stop_gradient",
    "grad",
    "value_and_grad",
    "custom_gradient",
    "asarray",
    "float32",
    "float64",
    "int32",
    "bool",
]
xp = types.SimpleNamespace(
    **{name: getattr(wf, name) for name in SAME},
    transpose=lambda x: x.transpose(),
    dot=wf.matmul,
    cast=wf.astype,
    cumsum=lambda x: wf.cumulative_sum(x, axis=0),
    tape=Tape,
    variable=wf.Variable,
    seed=wf.random.seed,
    rand=lambda shape=(): wf.random.uniform(shape),
)
