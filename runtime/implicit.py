"""The gradient functions of 2017: by argument names, and by the variables a function reads.

As in the TensorFlow eager package of that time, results that are no scalars are summed, gradients come in lists,
and what the value does not depend on has None.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import tree
from .errors import GradientError
from .gradients import Argnums, matched, trace
from .tape import GradientTape


def value_and_gradients_function(f: Callable[..., Any], params: Argnums | None = None) -> Callable[..., Any]:
    """A function that gives (value of `f`, list of its gradients by `params`: positions or names, by default all).

    The new function takes `dy=`, the cotangent of the value, besides the arguments of `f`.

    Example:
        >>> import weft as wf
        >>> wf.value_and_gradients_function(lambda x, y: x * y)(3.0, 4.0)
        (Tensor(12., f32), [Tensor(4., f32), Tensor(3., f32)])
    """

    @functools.wraps(f, updated=())
    def call(*args: Any, dy: Any = None, **kwargs: Any) -> tuple[Any, list[Any]]:
        run = trace("gradients_function", f, params, args, kwargs)
        cotangents = None if dy is None else matched("gradients_function", "dy", dy, run.value)
        return run.value, list(run.pull(cotangents, "none"))

    return call


def gradients_function(f: Callable[..., Any], params: Argnums | None = None) -> Callable[..., list[Any]]:
    """A function that gives the list of the gradients of `f` by `params`: positions or names, by default all.

    Example:
        >>> import weft as wf
        >>> wf.gradients_function(lambda x: x * x)(3.0)
        [Tensor(6., f32)]
    """
    both = value_and_gradients_function(f, params)

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> list[Any]:
        return both(*args, **kwargs)[1]

    return call


def implicit_value_and_gradients(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives (value of `f`, list of (gradient, variable) for the trainable variables it reads).

    Errors: GradientError when `f` reads no trainable variable.

    Example:
        >>> import weft as wf
        >>> v = wf.Variable(3.0, name="v")
        >>> wf.implicit_value_and_gradients(lambda x: v * x)(2.0)
        (Tensor(6., f32), [(Tensor(2., f32), Variable('v', 3., f32))])
    """

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> tuple[Any, list[tuple[Any, Any]]]:
        with GradientTape() as tape:
            value = f(*args, **kwargs)
        variables = tape.watched_variables()
        if not variables:
            raise GradientError(
                "implicit_gradients: the function read no trainable variable",
                "Let it use the wf.Variables of a model, or use wf.grad for its arguments.",
            )
        targets = [y for y in tree.leaves(value) if y is not None]
        return value, list(zip(tape.gradient(targets, variables), variables, strict=True))

    return call


def implicit_gradients(f: Callable[..., Any]) -> Callable[..., list[tuple[Any, Any]]]:
    """A function that gives a list of (gradient, variable) for the trainable variables that `f` reads.

    It is what an optimizer's `apply_gradients` takes.

    Errors: GradientError when `f` reads no trainable variable.

    Example:
        >>> import weft as wf
        >>> v = wf.Variable(3.0, name="v")
        >>> wf.implicit_gradients(lambda x: v * x)(2.0)
        [(Tensor(2., f32), Variable('v', 3., f32))]
    """
    both = implicit_value_and_gradients(f)

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        return both(*args, **kwargs)[1]

    return call
