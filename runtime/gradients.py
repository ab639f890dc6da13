"""Functions that differentiate functions.

Each runs the function under a tape of its own, on its arguments under names of their own: an op tells the outer
tapes where they come from, and the inner tape alone watches them, so that derivatives nest to any order without
confusing whose variable is whose. Arguments and results may be trees. Everything else is combined from `vjp`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import tree
from .custom_gradient import twin
from .dtypes import INEXACT
from .eager import home_of
from .errors import ArgumentError, GradientError
from .jacobians import jacobians
from .ops.identity import identity
from .spec import describe
from .tape import GradientTape
from .tensor import OPS, Tensor
from .variable import Variable

Argnums = int | str | Sequence[int | str]


class Trace(NamedTuple):
    """A function that was run under a tape: what went in, what came out, and the tape."""

    name: str
    tape: GradientTape
    sources: tuple[Any, ...]  # one tree for each chosen argument; None where a leaf takes no gradient
    value: Any
    aux: Any

    def pull(self, cotangents: Any = None, unconnected: Any = "zero") -> tuple[Any, ...]:
        """The cotangents of the sources; of a persistent tape again and again."""
        leaves, structure = tree.flatten(self.sources)
        wanted = [x for x in leaves if x is not None]
        targets = tree.leaves(self.value)
        weights = targets if cotangents is None else tree.leaves(cotangents)
        pairs = [(y, dy) for y, dy in zip(targets, weights, strict=True) if y is not None]
        seeds = None if cotangents is None else [dy for _, dy in pairs]
        grads = iter(self.tape.gradient([y for y, _ in pairs], wanted, seeds, unconnected))
        return tree.unflatten(structure, [None if x is None else next(grads) for x in leaves])


def trace(
    name: str,
    f: Callable[..., Any],
    which: Argnums | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    has_aux: bool = False,
    persistent: bool = False,
) -> Trace:
    """Run `f` on copies of the arguments chosen by `which` (None: all), under a new tape."""
    args, kwargs, numbers = _chosen(name, f, which, args, kwargs)
    named = {i: tree.map(functools.partial(_named, name, i), args[i]) for i in numbers}
    sources = tuple(tree.map(lambda x: x if isinstance(x, Tensor) else None, named[i]) for i in numbers)
    with GradientTape(persistent=persistent, watch_accessed_variables=False) as tape:
        tape.watch([x for x in tree.leaves(sources) if x is not None])
        given = {i: tree.map(twin, x) for i, x in named.items()}
        result = f(*(given.get(i, x) for i, x in enumerate(args)), **kwargs)
    value, aux = _without_aux(name, result) if has_aux else (result, None)
    if value is None:
        raise GradientError(f"{name}: the function returned None", "Return what is to be differentiated.")
    return Trace(name, tape, sources, tree.map(functools.partial(_result, name), value), aux)


def _named(name: str, i: int, x: Any) -> Any:
    """An argument's leaf under a name of its own; None stays None."""
    if x is None:
        return None
    y = x if isinstance(x, Tensor) else _lifted(name, i, x)
    if y.dtype not in INEXACT:
        shown = describe(x) if hasattr(x, "dtype") else repr(x)
        raise GradientError(
            f"{name}: argument {i} is {shown}, and integers and bools have no gradient",
            "Give it as floats (3.0 for 3), or choose other arguments to differentiate.",
        )
    return identity(y)


def _lifted(name: str, i: int, x: Any) -> Any:
    if isinstance(x, bool | int | float | complex) or hasattr(x, "__array__") or hasattr(x, "dtype"):
        return OPS["tensor"](x)
    raise GradientError(
        f"{name}: argument {i} has a {type(x).__name__} in it, which cannot be differentiated",
        "Differentiate tensors and numbers; a model's variables with wf.implicit_gradients or a wf.GradientTape.",
    )


def _result(name: str, y: Any) -> Any:
    """A leaf of the result as a tensor that can be differentiated; None in a tree stays None."""
    if y is None:
        return None
    y = y.read_value() if isinstance(y, Variable) else twin(y)
    if not isinstance(y, Tensor) and (isinstance(y, int | float | complex) or hasattr(y, "__array__")):
        y = OPS["tensor"](y)
    if not isinstance(y, Tensor) or y.dtype not in INEXACT:
        shown = describe(y) if isinstance(y, Tensor) else f"a {type(y).__name__}"
        raise GradientError(
            f"{name}: the function returned {shown}, which cannot be differentiated",
            "Return floating tensors; has_aux=True lets a function return (value, anything else).",
        )
    return y


def _without_aux(name: str, result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError(
            f"{name}: has_aux=True, but the function returned a {type(result).__name__}", "Return (value, aux)."
        )
    return result


def _chosen(
    name: str, f: Callable[..., Any], which: Argnums | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], list[int]]:
    """The arguments, keywords made positional where names are chosen, and the positions chosen."""
    if which is None:
        return args, kwargs, list(range(len(args)))
    chosen = (which,) if isinstance(which, int | str) else tuple(which)
    if any(isinstance(x, str) for x in chosen):
        parameters = list(inspect.signature(f).parameters)
        bound = inspect.signature(f).bind(*args, **kwargs)
        args, kwargs = bound.args, bound.kwargs
        unknown = [x for x in chosen if isinstance(x, str) and x not in parameters[: len(args)]]
        if unknown:
            raise ArgumentError(
                f"{name}: {unknown[0]!r} is not a positional argument of this call", f"There are {parameters}."
            )
        chosen = tuple(parameters.index(x) if isinstance(x, str) else x for x in chosen)
    for i in chosen:
        if not -len(args) <= int(i) < len(args):
            raise ArgumentError(
                f"{name}: no argument {i} in a call with {len(args)} positional arguments",
                "Pass the arguments to differentiate by position, or choose others with argnums.",
            )
    return args, kwargs, [int(i) % len(args) for i in chosen]


def _single(which: Argnums, grads: tuple[Any, ...]) -> Any:
    """One argument's result bare, those of several in a tuple."""
    return grads[0] if isinstance(which, int | str) else grads


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the value of `f` and its gradient by the arguments `argnums` (positions or names).

    The gradient has the structure of the argument; with several `argnums` it is a tuple. With `has_aux`, `f`
    returns (value, aux), and the result is ((value, aux), gradient).

    Errors: GradientError unless `f` returns a floating or complex scalar, and for integer arguments.

    Example:
        >>> import weft as wf
        >>> wf.value_and_grad(lambda x: x * x)(3.0)
        (Tensor(9., f32), Tensor(6., f32))
    """

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        run = trace("grad", f, argnums, args, kwargs, has_aux)
        if not isinstance(run.value, Tensor) or run.value.shape:
            shown = describe(run.value) if isinstance(run.value, Tensor) else f"a {type(run.value).__name__}"
            raise GradientError(
                f"grad: the function returned {shown}, not a scalar",
                "Sum or average it, or use wf.jacobian or wf.vjp for a function with many results.",
            )
        grads = _single(argnums, run.pull())
        return ((run.value, run.aux) if has_aux else run.value), grads

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of the scalar function `f` by the arguments `argnums`.

    As `value_and_grad`, without the value; with `has_aux` the result is (gradient, aux).

    Example:
        >>> import weft as wf
        >>> square = lambda x: x * x
        >>> wf.grad(square)(3.0), wf.grad(wf.grad(square))(3.0)
        (Tensor(6., f32), Tensor(2., f32))
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


def vjp(f: Callable[..., Any], *args: Any, has_aux: bool = False, **kwargs: Any) -> tuple[Any, ...]:
    """(value, pullback): the pullback carries a cotangent of the value to a tuple with one for each argument.

    It may be called any number of times. With `has_aux` the result is (value, pullback, aux).

    Example:
        >>> import weft as wf
        >>> y, pullback = wf.vjp(lambda x, y: x * y, 3.0, 4.0)
        >>> pullback(1.0)
        (Tensor(4., f32), Tensor(3., f32))
    """
    run = trace("vjp", f, None, args, kwargs, has_aux, persistent=True)

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        return run.pull(matched("vjp", "cotangents", cotangents, run.value))

    value = tree.map(twin, run.value)
    return (value, pullback, run.aux) if has_aux else (value, pullback)


def matched(name: str, what: str, values: Any, model: Any) -> Any:
    """Cotangents or tangents as tensors of the shapes and dtypes of what they belong to."""
    if tree.flatten(values)[1] != tree.flatten(model)[1]:
        raise ArgumentError(
            f"{name}: the {what} have structure {tree.flatten(values)[1]}, not {tree.flatten(model)[1]}",
            "Nest them as the values they belong to.",
        )
    return tree.map(functools.partial(_fitting, name, what), values, model)


def _fitting(name: str, what: str, dx: Any, x: Any) -> Any:
    if x is None:
        return None
    spec = x if hasattr(x, "dtype") else OPS["tensor"](x)
    if dx is None:
        return OPS["zeros"](spec.shape, dtype=spec.dtype, device=home_of(spec))
    y = dx if isinstance(dx, Tensor) else OPS["tensor"](dx, dtype=spec.dtype, device=home_of(spec))
    if y.shape != spec.shape:
        raise GradientError(f"{name}: {what} of {describe(y)} for {describe(spec)}", "Give it the same shape.")
    return y if y.dtype is spec.dtype else OPS["astype"](y, dtype=spec.dtype)


def linearize(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[..., Any]]:
    """(value, pushforward): the pushforward carries tangents of the arguments to the tangent of the value.

    `f` runs once; the pushforward may be called any number of times.

    Cost: the first call of `linearize` is two backward passes, each call of the pushforward one.
    Source: J. Townsend, "A new trick for calculating Jacobian vector products" (2017): the pullback is linear, so
    its own pullback is the pushforward.
    """
    value, pullback = vjp(f, *args)
    zero = tree.map(lambda y: None if y is None else OPS["zeros"](y.shape, dtype=y.dtype, device=home_of(y)), value)
    grads, transposed = vjp(pullback, zero)

    def pushforward(*tangents: Any) -> Any:
        return transposed(matched("jvp", "tangents", tuple(tangents), grads))[0]

    return value, pushforward


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """(value, tangent): the derivative of `f` at `primals` in the direction `tangents`.

    Both are tuples with one tree for each argument; a single argument may be given bare.

    Example:
        >>> import weft as wf
        >>> wf.jvp(lambda x: x * x, 3.0, 1.0)
        (Tensor(9., f32), Tensor(6., f32))
    """
    value, pushforward = linearize(f, *_arguments(primals))
    return value, pushforward(*_arguments(tangents))


def _arguments(values: Any) -> tuple[Any, ...]:
    return values if type(values) is tuple else (values,)


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The Hessian of the scalar function `f` at `primals` times `tangents`, without the Hessian.

    Both as in `jvp`; the result is like `primals`.

    Example:
        >>> import weft as wf
        >>> wf.hvp(lambda x: (x**3).sum(), wf.tensor([1.0, 2.0]), wf.tensor([1.0, 0.0]))
        Tensor([6., 0.], f32)
    """
    args = _arguments(primals)
    _, pullback = vjp(grad(f, argnums=tuple(range(len(args)))), *args)
    products = pullback(matched("hvp", "tangents", _arguments(tangents), args))
    return products if type(primals) is tuple else products[0]


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the derivative of every element of the result of `f` by every element of `argnums`.

    For trees the result is a tree like the value, of trees like the argument. A complex row is the gradient of
    its element, that is, conjugated.

    Shapes: y.shape + x.shape.
    Cost: one backward pass for each element of the value.

    Example:
        >>> import weft as wf
        >>> wf.jacobian(lambda x: x * x)(wf.tensor([1.0, 2.0]))
        Tensor([[2., 0.],
                [0., 4.]], f32)
    """

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        run = trace("jacobian", f, argnums, args, kwargs, has_aux, persistent=True)
        result = tree.map(lambda y: None if y is None else _single(argnums, _jacobian(run, y)), run.value)
        return (result, run.aux) if has_aux else result

    return call


def _jacobian(run: Trace, y: Any) -> tuple[Any, ...]:
    """The Jacobians of one leaf of the value, nested as the sources."""
    leaves, structure = tree.flatten(run.sources)
    xs = [x for x in leaves if x is not None]
    found = jacobians(lambda dy: run.tape.gradient(y, xs, dy), y, xs)
    rest = iter(
        OPS["zeros"]((*y.shape, *x.shape), dtype=x.dtype, device=home_of(x)) if j is None else j
        for j, x in zip(found, xs, strict=True)
    )
    return tree.unflatten(structure, [None if x is None else next(rest) for x in leaves])


def hessian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the second derivatives of the scalar function `f` by `argnums`.

    For trees, and for several `argnums`, the result is a tree like the argument, of trees like the argument.

    Shapes: x.shape + x.shape.
    Cost: one backward pass through the gradient for each element of the argument.

    Example:
        >>> import weft as wf
        >>> wf.hessian(lambda x: (x**3).sum())(wf.tensor([1.0, 2.0]))
        Tensor([[ 6.,  0.],
                [ 0., 12.]], f32)
    """
    return jacobian(grad(f, argnums, has_aux=has_aux), argnums, has_aux=has_aux)
