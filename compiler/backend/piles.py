"""Stacks as C: a stack is a beginning of a pile, whose elements lie one after the other.

So the elements of a stack of matrices are the rows of one tall matrix, and what is done with all of them is one
product. A pile grows by moving; stacks that share one go on separately once both were pushed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...kernels.spelling import index_text, loaded, stored
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, size
from . import flow
from .places import Memory, Pile, Unsupported, bytes_of, contiguous
from .writer import EXHAUSTED

if TYPE_CHECKING:
    from .region import Region


def element_of(x: Any) -> Spec:
    """The spec of the elements of a stack of tensors.

    Errors: Unsupported for stacks of stacks.
    """
    spec = x.spec.element
    if isinstance(spec, StackSpec):
        raise Unsupported("arithmetic with stacks of stacks")
    return spec


def write_empty_stack(region: Region, node: Node) -> bool:
    """A pile that has nothing in it."""
    element = node.attrs["element"]
    nbytes = "sizeof(struct wf_stack)" if isinstance(element, StackSpec) else bytes_of(element)
    region.pile(node.outputs[0], f"wf_empty(&call, {nbytes})")
    return True


def write_push(region: Region, node: Node) -> bool:
    """A place at the top of the pile, and the value written there."""
    below, x = region.stack(node.inputs[0]), node.inputs[1]
    element = node.inputs[0].spec.element
    made = region.pile(node.outputs[0], below.name)
    top = region.printer.fresh("v")
    region.lines += [f"void *{top} = wf_push(&call, &{made.name});", EXHAUSTED]
    if isinstance(element, StackSpec):
        region.lines.append(f"*(struct wf_stack *){top} = {region.stack(x).name};")
    elif not element.shape:
        kind, value = region.printer.storage(element.dtype), stored(region.number(x), element.dtype)
        region.lines.append(f"*({kind} *){top} = {value};")
    else:
        region.place(x)
        flow.deliver(region, x, contiguous(region.pointer(element.dtype, top), element))
    return True


def write_pop(region: Region, node: Node) -> bool:
    """The top of a pile is memory of the pile."""
    stack, top = node.outputs
    made = region.pile(stack, region.stack(node.inputs[0]).name)
    if isinstance(top.spec, StackSpec):
        region.pile(top, f"*(struct wf_stack *)wf_pop(&{made.name})")
    else:
        region.settle_one(top, contiguous(region.pointer(top.dtype, f"wf_pop(&{made.name})"), top.spec))
    return True


def _data(region: Region, stack: Pile, spec: Spec) -> str:
    """A pointer to the first element of a stack."""
    return region.pointer(spec.dtype, f"(void *){stack.name}.pile->data")


def _alike(region: Region, y: Any, stack: Pile, spec: Spec) -> str:
    """A new stack, as deep as another: a pointer to its elements, which are to be written."""
    made = region.pile(y, f"wf_pile(&call, {bytes_of(spec)}, {stack.name}.count)")
    return _data(region, made, spec)


def write_zero_stack(region: Region, node: Node) -> bool:
    """A pile as deep, of zeros."""
    x, y = node.inputs[0], node.outputs[0]
    stack, spec = region.stack(x), element_of(x)
    data = _alike(region, y, stack, spec)
    region.lines.append(f"if ({stack.name}.count) __builtin_memset({data}, 0, {stack.name}.count * {bytes_of(spec)});")
    return True


def write_add_stacks(region: Region, node: Node) -> bool:
    """The sums of the elements of two stacks."""
    first, second = (region.stack(x) for x in node.inputs)
    spec = element_of(node.inputs[0])
    if spec.dtype not in dtypes.FLOATS:
        raise Unsupported(f"sums of stacks of {spec}")
    a, b = (_data(region, stack, spec) for stack in (first, second))
    c = _alike(region, node.outputs[0], first, spec)
    total = stored(" + ".join(loaded(f"{x}[i]", spec.dtype) for x in (a, b)), spec.dtype)
    region.lines.append(f"for (i64 i = 0; i < {first.name}.count * {size(spec.shape)}; i++) {c}[i] = {total};")
    return True


def _gemm(region: Region, kind: str, sizes: tuple[Any, Any, Any], a: str, b: str, c: str) -> None:
    """A product; an operand is a pointer and its strides by rows and columns."""
    m, n, k = sizes
    region.lines.append(f"{{ struct wf_gemm g = {{1, {m}, {n}, {k}, {a}, {b}, {c}}}; rt->gemm_{kind}(&g); }}")


def _kind(spec: Spec) -> str:
    if spec.dtype not in (dtypes.float32, dtypes.float64):
        raise Unsupported(f"products of stacks of {spec}")
    return "f32" if spec.dtype is dtypes.float32 else "f64"


def write_stack_matmul(region: Region, node: Node) -> bool:
    """The sum of x.T @ y over the elements: one product of all their rows."""
    xs, ys = node.inputs
    first, second, x, y = region.stack(xs), region.stack(ys), element_of(xs), element_of(ys)
    (rows, n), m = x.shape, y.shape[1]
    target = region.target(node.outputs[0])
    a, b = _data(region, first, x), _data(region, second, y)
    depth = f"{first.name}.count * {rows}"
    _gemm(region, _kind(x), (n, m, depth), f"{a}, 0, 1, {n}", f"{b}, 0, {m}, 1", _into(target, m))
    region.settle_one(node.outputs[0], target)
    return True


def _into(target: Memory, row: int) -> str:
    return f"{target.pointer}, 0, {row}"


def write_each_matmul(region: Region, node: Node) -> bool:
    """The stack of x @ y: the product of all rows."""
    xs, matrix = node.inputs
    stack, x, z = region.stack(xs), element_of(xs), element_of(node.outputs[0])
    right, (rows, k), m = region.as_memory(matrix), x.shape, z.shape[1]
    a, c = _data(region, stack, x), _alike(region, node.outputs[0], stack, z)
    b = f"{right.pointer} + {index_text(right.start)}, 0, {right.strides[0]}, {right.strides[1]}"
    _gemm(region, _kind(x), (f"{stack.name}.count * {rows}", m, k), f"{a}, 0, {k}, 1", b, f"{c}, 0, {m}")
    return True


def write_stack_sum(region: Region, node: Node) -> bool:
    """The sum of all rows: their product with ones."""
    xs = node.inputs[0]
    stack, x = region.stack(xs), element_of(xs)
    width, target = size(x.shape[1:]), region.target(node.outputs[0])
    kind, data = _kind(x), _data(region, stack, x)
    region.lines.append(f"static const {kind} one_{target.pointer} = 1;")
    depth = f"{stack.name}.count * {x.shape[0]}"
    _gemm(
        region,
        kind,
        (1, width, depth),
        f"&one_{target.pointer}, 0, 0, 0",
        f"{data}, 0, {width}, 1",
        _into(target, width),
    )
    region.settle_one(node.outputs[0], target)
    return True


def write_each_filled(region: Region, node: Node) -> bool:
    """A stack as deep, every row of its elements the same."""
    xs, row = node.inputs
    stack, x = region.stack(xs), element_of(xs)
    data = _alike(region, node.outputs[0], stack, x)
    filled = region.fresh(Spec(x.shape[1:], x.dtype), region.taken.setdefault(node.outputs[0].key, []))
    region.write(filled, row)
    nbytes, width = bytes_of(filled.spec), size(x.shape[1:])
    count = f"{stack.name}.count * {x.shape[0]}"
    region.lines.append(
        f"for (i64 i = 0; i < {count}; i++) __builtin_memcpy({data} + i * {width}, {filled.pointer}, {nbytes});"
    )
    return True


WRITES = {
    "empty_stack": write_empty_stack,
    "push": write_push,
    "pop": write_pop,
    "zero_stack": write_zero_stack,
    "add_stacks": write_add_stacks,
    "stack_matmul": write_stack_matmul,
    "each_matmul": write_each_matmul,
    "stack_sum": write_stack_sum,
    "each_filled": write_each_filled,
}
