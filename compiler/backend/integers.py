"""Python's integers as C: arithmetic that says where it overflows, and then has Python raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...runtime import dtypes
from ...runtime.op import Node

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]
LEAST = "(-9223372036854775807ll - 1)"
FARTHEST = "0x1p63"

# What is written for operands {0} and {1}: whether the result does not fit, and the result, which may be in {y} by then
EXACT = {
    "add_integers": ("__builtin_add_overflow({0}, {1}, &{y})", "{y}"),
    "subtract_integers": ("__builtin_sub_overflow({0}, {1}, &{y})", "{y}"),
    "multiply_integers": ("__builtin_mul_overflow({0}, {1}, &{y})", "{y}"),
    "negate_integer": ("__builtin_sub_overflow(0ll, {0}, &{y})", "{y}"),
    "absolute_integer": ("{0} == " + LEAST, "{0} < 0 ? -{0} : {0}"),
    "divide_integers": ("{1} == 0 || ({1} == -1 && {0} == " + LEAST + ")", "wf_floor_div_i64x1({0}, {1})"),
    "raise_integers": ("power_leaves_i64x1({0}, {1}, &{y})", "{y}"),
    "shift_integers": ("{1} < 0 || {1} > 62 || {0} << {1} >> {1} != {0}", "{0} << {1}"),
}


def _exact(doubt: str, result: str) -> Write:
    def write(region: Region, node: Node) -> bool:
        names = [f"(i64){region.number(x)}" for x in node.inputs]
        return _written(region, node, doubt, result, names)

    return write


def _written(region: Region, node: Node, doubt: str, result: str, names: list[str]) -> bool:
    """A result in a variable, once it is known to fit; Python does what does not, and raises."""
    y = node.outputs[0]
    made = region.variable(y, "0")
    region.lines.append(f"if (__builtin_expect({doubt.format(*names, y=made.name)}, 0)) {{")
    region.host(node, is_rare=True)
    region.lines += [
        f"    {made.name} = {region.number(y)};",
        "} else {",
        f"    {made.name} = {result.format(*names, y=made.name)};",
        "}",
    ]
    region.places[y.key] = made
    return True


def write_integer_of(region: Region, node: Node) -> bool:
    """A number cut off towards zero."""
    x = node.inputs[0]
    name = region.number(x)
    if x.dtype in dtypes.FLOATS and x.dtype not in dtypes.HALVES:
        return _written(region, node, f"!({{0}} > -{FARTHEST} && {{0}} < {FARTHEST})", "(i64){0}", [name])
    if x.dtype in dtypes.INTEGRAL and x.dtype is not dtypes.uint64:
        region.places[node.outputs[0].key] = region.variable(node.outputs[0], name)
        return True
    return False


WRITES: dict[str, Write] = {name: _exact(*texts) for name, texts in EXACT.items()}
WRITES["integer_of"] = write_integer_of
