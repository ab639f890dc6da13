"""Ops that hand their operand on unchanged and differ in what they do to gradients.

`identity` gives a value a second name, `stop_gradient` makes it a constant, and `with_gradient` puts a gradient
function in the place of the derivative: custom gradients and recomputation are made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..op import op
from ..samples import sample
from ..spec import Operand, Spec, like


@op(lambda x: x, onnx="Identity", samples=[sample((2, 3)), sample(())])
def identity(x: Operand, /) -> Spec:
    """`x` under another name: the same values, another place on tapes.   Shapes: any -> the same."""
    return like(x)


@identity.gradient
def _(dy: Any, _y: Any, _x: Any) -> Any:
    return dy


@op(lambda x: x, onnx="Identity", samples=[sample((2, 3)), sample(())])
def stop_gradient(x: Operand, /) -> Spec:
    """`x` as a constant: no gradient flows through it.   Shapes: any -> the same.

    Example:
        >>> import weft as wf
        >>> wf.grad(lambda x: x * wf.stop_gradient(x))(3.0)
        Tensor(3., f32)
    """
    return like(x)


stop_gradient.gradient(None)


def _halved_and_dropped(dy: Any) -> list[Any]:
    return [dy * 0.5, None]


@op(lambda *arrays, count, pullback, label: arrays[:count],
    samples=[sample((2, 3), (2, 3), (4,), count=1, pullback=_halved_and_dropped, label="half")])  # fmt: skip
def with_gradient(*operands: Operand, count: int, pullback: Callable[..., Any], label: str) -> tuple[Spec, ...]:
    """The first `count` operands; their gradient is `pullback`'s, and goes to the other operands.

    `pullback` takes a cotangent for each result and returns a list with one for each of the other operands.
    `label` names it where the gradient is explained.
    """
    return tuple(like(x) for x in operands[:count])


@with_gradient.gradient
def _(dy: Any, _y: Any, *_operands: Any, count: int, pullback: Callable[..., Any], label: str) -> Any:
    return [None] * count + pullback(*((dy,) if count == 1 else dy))


with_gradient.saved = frozenset()  # what the backward pass needs, the function has kept itself
