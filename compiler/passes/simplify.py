"""Simplification by algebra, only where every bit of the result stays: NaN, infinities and -0.0 included.

So x + 0.0 stays (it turns -0.0 into 0.0), while x - 0.0, x * 1 and integer x + 0 go. Chains of reshapes,
transposes, broadcasts and casts become one.

    >>> from weft.compiler.graph.parser import parse
    >>> print(simplify(parse('''
    ... graph (x: f32[2, 3]) -> f32[2, 3], f32[2, 3] {
    ...   a = multiply x 1
    ...   b = transpose_2d a
    ...   c = transpose_2d b
    ...   d = add x 0.0
    ...   return c, d
    ... }''')))
    graph (x: f32[2, 3]) -> f32[2, 3], f32[2, 3] {
      b = transpose_2d x
      d = add x 0.0
      return x, d
    }
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...runtime import dtypes
from ...runtime.errors import ShapeError
from ...runtime.index import Range
from ...runtime.op import Node
from ...runtime.sizes import SizeError
from ...runtime.spec import normalize_axes
from ...runtime.tensor import OPS, Tensor
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, filled

Rule = Callable[["_Here"], Any]
SHAPING = ("reshape", "expand_dims", "squeeze")


def simplify(graph: Graph) -> Graph:
    """The graph with what algebra makes shorter."""
    return Rewriter(_visit).changed(graph)


class _Here:
    """A node that a rule looks at."""

    def __init__(self, rewriter: Rewriter, graph: Graph, node: Node) -> None:
        self.rewriter, self.graph, self.node = rewriter, graph, node
        self.inputs, self.attrs, self.spec = node.inputs, node.attrs, node.outputs[0].spec

    def fits(self, x: Any) -> bool:
        """Whether a value may stand for the result."""
        return isinstance(x, Tensor) and x.spec == self.spec and type(x.spec) is type(self.spec)

    def number(self, i: int) -> Any:
        """The one number that operand i is known to be."""
        return self.rewriter.number(self.inputs[i])

    def inner(self, *names: str) -> Node | None:
        """The node that gives the first operand, if its op is one of these."""
        return self.rewriter.made_by(self.inputs[0], *names)

    @property
    def exact(self) -> bool:
        """Whether the result is made of integers or bools."""
        return self.spec.dtype in dtypes.INTEGRAL

    def apply(self, name: str, *operands: Any, **attrs: Any) -> Any:
        """Another op in the place of the node."""
        return self.graph.run(OPS[name], operands, attrs)  # pyright: ignore[reportArgumentType]


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name == "pop":
        pushed = rewriter.made_by(node.inputs[0], "push")
        return pushed.inputs if pushed else None
    rules = RULES.get(node.op.name, ())
    if len(node.outputs) != 1 or not (rules or node.op.elementwise):
        return None
    here = _Here(rewriter, new, node)
    for rule in rules:
        try:
            found = rule(here)
        except (ShapeError, SizeError):  # what was asked of sizes is not known
            continue
        if found is not None and here.fits(found):
            return [found]
    return _without_broadcasts(here) if node.op.elementwise else None


# -- arithmetic. Complex numbers are left alone: their products mix parts.


def _operand_if(i: int, holds: Callable[[_Here, Any], bool]) -> Rule:
    """The operand at i, if the other one is a number for which something holds."""

    def rule(here: _Here) -> Any:
        number = here.number(1 - i)
        plain = number is not None and not isinstance(number, complex) and here.spec.dtype not in dtypes.COMPLEX
        return here.inputs[i] if plain and holds(here, number) else None

    return rule


def _adds_nothing(here: _Here, number: Any) -> bool:
    return number == 0 and (here.exact or (isinstance(number, float) and math.copysign(1, number) < 0))


def _takes_nothing(here: _Here, number: Any) -> bool:
    return number == 0 and (here.exact or math.copysign(1, number) > 0)


def _is_one(_: _Here, number: Any) -> bool:
    return number == 1


def _is_true(here: _Here, number: Any) -> bool:
    return here.spec.dtype is dtypes.bool_ and number is True


def _is_false(here: _Here, number: Any) -> bool:
    return here.spec.dtype is dtypes.bool_ and number is False


def _zero(here: _Here) -> Any:
    """Nought times an integer."""
    known = 0 in (here.number(0), here.number(1))
    return filled(here.graph, 0, here.spec) if here.spec.dtype in dtypes.INTEGERS and known else None


def _settled(value: bool) -> Rule:
    """False and anything, true or anything."""

    def rule(here: _Here) -> Any:
        known = any(number is value for number in (here.number(0), here.number(1)))
        return filled(here.graph, value, here.spec) if known and here.spec.dtype is dtypes.bool_ else None

    return rule


def _if_same(here: _Here) -> Any:
    """The operand, if both are the same."""
    return here.inputs[-1] if here.inputs[-1] is here.inputs[-2] else None


def _chosen(here: _Here) -> Any:
    """What a known condition chooses."""
    condition = here.number(0)
    return None if condition is None else here.inputs[1 if condition else 2]


def _twice(*names: str) -> Rule:
    """What undoes itself."""

    def rule(here: _Here) -> Any:
        inner = here.inner(*names)
        return inner.inputs[0] if inner else None

    return rule


def _first(here: _Here) -> Any:
    return here.inputs[0]


def _first_if_real(here: _Here) -> Any:
    return here.inputs[0] if here.spec.dtype not in dtypes.COMPLEX else None


# -- shapes and dtypes


def _reshaped(here: _Here) -> Any:
    """One reshape of what went through several."""
    inner = here.inner(*SHAPING)
    if inner is None:
        return None
    x = inner.inputs[0]
    return x if here.fits(x) else here.apply("reshape", x, shape=here.spec.shape, copy=None)


def _permuted(here: _Here) -> Any:
    axes = normalize_axes("permute_dims", tuple(here.attrs["axes"]), len(here.spec.shape))
    if axes == tuple(range(len(axes))):
        return here.inputs[0]
    inner = here.inner("permute_dims")
    if inner is None:
        return None
    before = normalize_axes("permute_dims", tuple(inner.attrs["axes"]), len(axes))
    both = tuple(before[i] for i in axes)
    return (
        inner.inputs[0] if both == tuple(range(len(both))) else here.apply("permute_dims", inner.inputs[0], axes=both)
    )


def _broadcast(here: _Here) -> Any:
    inner = here.inner("broadcast_to")
    return here.apply("broadcast_to", inner.inputs[0], shape=here.spec.shape) if inner else None


def _cast(here: _Here) -> Any:
    """One cast in the place of two, if the first one loses nothing."""
    inner = here.inner("astype")
    if inner is None or not _holds(inner.inputs[0].dtype, inner.outputs[0].dtype):
        return None
    x = inner.inputs[0]
    return x if here.fits(x) else here.apply("astype", x, dtype=here.spec.dtype)


def _holds(small: Any, large: Any) -> bool:
    """Whether every value of a dtype is one of the other, of the same kind."""
    for kind in (dtypes.FLOATS, dtypes.SIGNED, dtypes.UNSIGNED, dtypes.COMPLEX):
        if small in kind and large in kind:
            return dtypes.PROMOTION[small, large] is large
    return False


def _whole(here: _Here) -> Any:
    """A slice of everything."""
    lengths = here.inputs[0].shape
    return here.inputs[0] if tuple(here.attrs["index"]) == tuple(Range(0, n, 1) for n in lengths) else None


def _without_broadcasts(here: _Here) -> Sequence[Any] | None:
    """Elementwise ops broadcast by themselves: an operand need not be, if another has the whole shape."""
    if len(here.inputs) < 2 or not any(here.rewriter.made_by(x, "broadcast_to") for x in here.inputs):
        return None
    whole = [i for i, x in enumerate(here.inputs) if isinstance(x, Tensor) and x.shape == here.spec.shape]
    kept = next((i for i in whole if not here.rewriter.made_by(here.inputs[i], "broadcast_to")), None)
    if kept is None:
        return None
    inputs = list(here.inputs)
    for i, x in enumerate(inputs):
        made = here.rewriter.made_by(x, "broadcast_to")
        if made and i != kept:
            inputs[i] = made.inputs[0]
    return here.graph.emit(here.node.op, inputs, dict(here.attrs), [here.spec]) if inputs != here.inputs else None


# fmt: off
RULES: dict[str, tuple[Rule, ...]] = {
    "alias":            (_first,),
    "identity":         (_first,),
    "positive":         (_first,),
    "add":              (_operand_if(0, _adds_nothing), _operand_if(1, _adds_nothing)),
    "subtract":         (_operand_if(0, _takes_nothing),),
    "multiply":         (_operand_if(0, _is_one), _operand_if(1, _is_one), _zero),
    "divide":           (_operand_if(0, _is_one),),
    "pow":              (_operand_if(0, _is_one),),
    "bitwise_and":      (_if_same, _operand_if(0, _is_true), _operand_if(1, _is_true), _settled(False)),
    "bitwise_or":       (_if_same, _operand_if(0, _is_false), _operand_if(1, _is_false), _settled(True)),
    "logical_and":      (_if_same, _operand_if(0, _is_true), _operand_if(1, _is_true), _settled(False)),
    "logical_or":       (_if_same, _operand_if(0, _is_false), _operand_if(1, _is_false), _settled(True)),
    "logical_not":      (_twice("logical_not", "bitwise_invert"),),
    "bitwise_invert":   (_twice("bitwise_invert", "logical_not"),),
    "negative":         (_twice("negative"),),
    "conj":             (_first_if_real, _twice("conj")),
    "real":             (_first_if_real,),
    "maximum":          (_if_same,),
    "minimum":          (_if_same,),
    "where":            (_chosen, _if_same),
    "reshape":          (_first, _reshaped),
    "expand_dims":      (_reshaped,),
    "squeeze":          (_first, _reshaped),
    "permute_dims":     (_permuted,),
    "transpose_2d":     (_twice("transpose_2d", "matrix_transpose"),),
    "matrix_transpose": (_twice("matrix_transpose", "transpose_2d"),),
    "broadcast_to":     (_first, _broadcast),
    "sum_to":           (_first,),
    "with_sizes":       (_first,),
    "astype":           (_first, _cast),
    "strided_slice":    (_whole,),
}
# fmt: on
