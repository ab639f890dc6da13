"""Op: a name to which everything known about an operation is attached, and the one door `apply`.

An op holds its shape rule, its NumPy kernel, its gradient rules, its C/CUDA expression and its ONNX name, and
it is the public function: calling it applies it. `apply` asks the innermost context among the operands to run
it. A gradient rule is written in ops, so it serves eager, compiled and higher-order differentiation alike.

In a shape rule the operands stand before `/` and the attributes after it. A parameter of a gradient rule whose
name begins with `_` is used for its shape and dtype only, so the tape need not keep its values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping
from types import CodeType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, overload

from .errors import GradientError
from .spec import Spec
from .tensor import OPS, Tensor

P = ParamSpec("P")
R = TypeVar("R")
if TYPE_CHECKING:  # Python 3.13 can say that Op[...] means Op[..., Any]; checkers can say it already
    import typing_extensions

    R = typing_extensions.TypeVar("R", default=Any)
Rule = Callable[..., Any]


class Node(NamedTuple):
    """One applied op: what a tape and a graph are lists of."""

    op: Op[...]
    inputs: tuple[Any, ...]  # tensors, weak Python scalars, or None for an optional operand
    attrs: Mapping[str, Any]
    outputs: tuple[Tensor, ...]


class Context(Protocol):
    """Where tensors live, and what applying an op to them means."""

    depth: int

    def run(self, op: Op[...], args: tuple[Any, ...], attrs: dict[str, Any]) -> Any: ...


class Op(Generic[P, R]):
    """An operation: its public function and everything weft knows about it."""

    elementwise = False
    effect = False  # whether running it does something: it is kept, in order
    raises = False  # whether its kernel raises what a user's program raises: that is passed on as it is
    keeps_kind = False  # whether its one result is floating or complex whenever an operand is
    sees_unused = False  # whether its rule tells unused results apart: it is given None for them, not zeros
    refuses = ""  # what it means when its kernel raises a ValueError
    name: str
    spec: Callable[..., Any]  # the shape rule
    kernel: Callable[..., Any]
    c: Any
    onnx: str | None
    widen: bool
    samples: Any
    rules: tuple[Rule | None, ...] | Rule | None  # (): no rule; None: constant almost everywhere
    saved: frozenset[int] | None  # positions (0: output, 1..: operands) the rules read; None: all
    functions: dict[Any, Any]  # the rules as functions of arrays, by dtype; made when needed
    variadic: bool
    arity: int
    required: int
    attributes: tuple[str, ...]
    defaults: dict[str, Any]
    attribute_set: frozenset[str]
    mixes = False  # whether operands may live on several devices, one of which brings them together
    __name__: str

    def __init__(
        self,
        name: str,
        spec: Callable[..., Any],
        kernel: Callable[..., Any],
        *,
        c: Any = None,
        onnx: str | None = None,
        widen: bool = False,
        samples: Any = None,
    ) -> None:
        self.name, self.spec, self.kernel = name, spec, kernel
        self.c, self.onnx, self.widen, self.samples = c, onnx, widen, samples
        self.rules, self.saved, self.functions = (), None, {}
        self.read_signature()
        self.__name__, self.__doc__, self.__module__ = name, spec.__doc__, spec.__module__
        self.__wrapped__ = spec
        OPS[name] = self

    def read_signature(self) -> None:
        """Operands stand before `/` in the shape rule; what follows are attributes."""
        code, defaults = self.spec.__code__, self.spec.__defaults__ or ()
        positional, named = code.co_posonlyargcount, code.co_argcount + code.co_kwonlyargcount
        self.variadic = bool(code.co_flags & inspect.CO_VARARGS)
        self.arity = positional + self.variadic
        self.required = 0 if self.variadic else min(positional, code.co_argcount - len(defaults))
        self.attributes = code.co_varnames[positional:named]
        given = zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True)
        optional = {**dict(given), **(self.spec.__kwdefaults__ or {})}
        self.defaults = {name: optional[name] for name in self.attributes if name in optional}
        self.attribute_set = frozenset(self.attributes)

    def __call__(self, *args: P.args, **attrs: P.kwargs) -> R:
        return apply(self, *self.bind(args, attrs))

    def bind(self, args: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Operands and complete attributes of a call; attributes may come by position after the operands."""
        if not self.attributes and not attrs and len(args) == self.arity and not self.variadic:
            return args, attrs
        merged = {**self.defaults, **attrs}
        if not self.variadic and len(args) > self.arity:
            extra = dict(zip(self.attributes, args[self.arity :], strict=False))
            merged.update(extra)
            clash = len(extra) < len(args) - self.arity or extra.keys() & attrs.keys()
            args = args[: self.arity]
        else:
            clash = False
        if clash or len(args) < self.required or merged.keys() != self.attribute_set:
            raise TypeError(f"{self.name}() does not take these arguments; its signature is {self.signature()}")
        return args + (None,) * (0 if self.variadic else self.arity - len(args)), merged

    def signature(self) -> str:
        """`name(x, /, *, axis=None)`, as in the documentation."""
        parameters = inspect.signature(self.spec).parameters.values()
        bare = [p.replace(annotation=p.empty) for p in parameters]
        return f"{self.name}{inspect.Signature(bare)}"

    def __repr__(self) -> str:
        return f"<op {self.signature()}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return named, (self.name,)

    @overload
    def gradient(self, rule: Rule, /) -> Rule: ...
    @overload
    def gradient(self, rule: None, /) -> None: ...
    @overload
    def gradient(self, *rules: Rule | None) -> Rule | None: ...
    def gradient(self, *rules: Rule | None) -> Rule | None:
        """Attach the gradient: one rule that returns a cotangent for each operand, or one rule for each.

        A rule is called as rule(dy, y, *operands, **attributes). None says that the result is constant almost
        everywhere, as a whole or with respect to that operand.
        """
        if (len(rules) == 1 and self.arity != 1) or rules == (None,) or self.variadic:
            self.rules = rules[0]
        else:
            self.rules = rules
        self.saved, self.functions = _saved(rules), {}
        return rules[0]

    @property
    def differentiable(self) -> bool:
        """Whether some operand has a gradient rule."""
        return self.rules is not None and self.rules != ()

    def pull(self, node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
        """The cotangents of the operands in `known`, with their keys, from those of the outputs."""
        rules = self.rules
        if rules == ():
            raise _no_gradient(self.name)
        if rules is None:
            return []
        _, inputs, attrs, outputs = node
        dy, y = (dys[0], outputs[0]) if len(outputs) == 1 else (dys, outputs)
        keys = [getattr(x, "key", 0) for x in inputs]
        if isinstance(rules, tuple):
            dxs = [
                rule(dy, y, *inputs, **attrs) if rule is not None and key in known else None
                for rule, key in zip(rules, keys, strict=True)
            ]
        else:
            dxs = rules(dy, y, *inputs, **attrs)
            dxs = dxs if isinstance(dxs, (tuple, list)) else (dxs,)
        return [(key, dx) for key, dx in zip(keys, dxs, strict=True) if dx is not None and key in known]


def _no_gradient(name: str) -> GradientError:
    return GradientError(
        f"{name} has no gradient rule",
        "Keep it out of the differentiated path with wf.stop_gradient, or give it one with wf.custom_gradient.",
    )


def named(name: str) -> Any:
    """The op of that name: what a pickled op becomes again."""
    return OPS[name]


def _saved(rules: tuple[Rule | None, ...]) -> frozenset[int] | None:
    """The positions that the rules read, by the names of their parameters: 0 the output, 1... the operands."""
    positions: set[int] = set()
    for rule in rules:
        if rule is None:
            continue
        code = rule.__code__
        if code.co_flags & inspect.CO_VARARGS and not _varargs_name(code).startswith("_"):
            return None
        names = code.co_varnames[1 : code.co_argcount]
        positions.update(i for i, name in enumerate(names) if not name.startswith("_"))
    return frozenset(positions)


def _varargs_name(code: CodeType) -> str:
    """The name of the `*` parameter."""
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount]


class Definition(Protocol):
    """What `op(...)` gives: it makes an op of a shape rule. Where the rule gives specs, a call gives tensors."""

    @overload
    def __call__(self, rule: Callable[P, Spec], /) -> Op[P, Tensor]: ...
    @overload
    def __call__(self, rule: Callable[P, tuple[Spec, ...]], /) -> Op[P, tuple[Tensor, ...]]: ...
    @overload
    def __call__(self, rule: Callable[P, R], /) -> Op[P, R]: ...  # a named tuple of results


def op(
    kernel: Callable[..., Any],
    *,
    name: str | None = None,
    c: Any = None,
    onnx: str | None = None,
    widen: bool = False,
    samples: Any = None,
) -> Definition:
    """Define an op from its shape rule: the decorated function, whose signature and docstring become public.

    `kernel(*arrays, **attributes)` computes it with NumPy. `widen`: float16 and bfloat16 operands are computed
    in float32. `samples` gives the generated tests their inputs.
    """

    def define(rule: Callable[..., Any]) -> Op[...]:
        return Op(name or rule.__name__, rule, kernel, c=c, onnx=onnx, widen=widen, samples=samples)

    return define


_default: list[Context] = []


def set_default_context(context: Context) -> None:
    """Name the context of operands that have none: the eager one."""
    _default[:] = [context]


def apply(op: Op[...], args: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """Apply an op in the innermost context among its operands."""
    context = _default[0]
    for x in args:
        if isinstance(x, Tensor) and x.context.depth > context.depth:
            context = x.context
    return context.run(op, args, attrs)
