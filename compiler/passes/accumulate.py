"""Accumulate after the loop: a sum of products, one for each trip, becomes one product of all their rows.

The gradient of a weight that a loop uses is the sum over the trips of `x.T @ dy`, and that of its bias the sum of
the rows of `dy`. The loop pushes `x` and `dy` in place of adding, and one product after the loop sums them all.

It pays where a trip's addition moves more memory than the pushing does. The sum of shape (n, m) is read and
written, and so is the product: 4 n m elements. Pushing, and laying the rows of b examples side by side later, moves
2 b (n + m). The one product has long rows to work on besides. The stacks hold as much as the states that a way back
takes off its own, so only loops that pop are changed: others may count on little memory. A sum of rows moves less
than its pushing would, and comes along where the rows are pushed anyway. Only the order of the additions changes.

    >>> from weft.compiler.graph.parser import parse
    >>> print(accumulate(parse('''
    ... graph (xs: stack f32[4, 50], n: i64[], dy: f32[4, 20], dw: f32[50, 20]) -> f32[50, 20] {
    ...   s, k, total = while (s: stack f32[4, 50] = xs, k: i64[] = n, w: f32[50, 20] = dw; dy) {
    ...     test { a = greater k 0; yield a }
    ...     step { r, x = pop s; t = matrix_transpose x; p = matmul t dy; v = add w p; b = subtract k 1; yield r, b, v }
    ...   }
    ...   return total
    ... }''')))
    graph (xs: stack f32[4, 50], n: i64[], dy: f32[4, 20], dw: f32[50, 20]) -> f32[50, 20] {
      c = empty_stack element=f32[4, 50] capacity=32
      d = empty_stack element=f32[4, 20] capacity=32
      s, k, i, j = while (s: stack f32[4, 50] = xs, k: i64[] = n, e: stack f32[4, 50] = c, f: stack f32[4, 20] = d; dy) {
        test {
          a = greater k 0
          yield a
        }
        step {
          r, x = pop s
          b = subtract k 1
          g = push e x
          h = push f dy
          yield r, b, g, h
        }
      }
      l = stack_matmul i j
      total = add dw l
      return total
    }
    <BLANKLINE>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...runtime import dtypes
from ...runtime.dim import Dim, sized
from ...runtime.op import Node
from ...runtime.spec import StackSpec, stack_of
from ...runtime.tensor import OPS
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, copied, mapped, regions
from ..graph.stack import empty_stack, push, stack_matmul, stack_sum
from ..graph.symbolic import SymbolicTensor
from .dce import dce

TRANSPOSED = ("matrix_transpose", "transpose_2d")
LIKELY = 32  # rows where their number is a size that the run finds out, and trips where it is not known either


def accumulate(graph: Graph) -> Graph:
    """The graph with sums of products taken after their loops; itself, if there are none."""
    return dce(Rewriter(_visit).graph(graph)) if _sums_anywhere(graph) else graph


def pays(x: Any, y: Any) -> bool:
    """Whether to push operands of `x.T @ y`, rather than to add each product to a sum."""
    rows = LIKELY if type(x.shape[0]) is Dim else x.shape[0]
    n, m = x.shape[1], y.shape[1]
    return 4 * n * m > 2 * rows * (n + m)


class Sum(NamedTuple):
    """A state of a loop that only sums: the values of the step whose rows it sums products of, or one whose rows."""

    place: int
    operands: tuple[SymbolicTensor, ...]


def _sums_anywhere(graph: Graph) -> bool:
    return any(
        (node.op.name == "while" and _sums(node)) or any(map(_sums_anywhere, regions(node.attrs).values()))
        for node in graph.nodes
    )


def _sums(node: Node) -> list[Sum]:
    """The states of a loop that are to be summed after it."""
    test, step = node.attrs["test"], node.attrs["step"]
    if not any(one.op.name == "pop" for one in step.nodes):
        return []
    made = {y.key: one for one in step.nodes for y in one.outputs}
    uses = Counter(x.key for one in (*step.nodes, *test.nodes) for x in one.inputs if isinstance(x, SymbolicTensor))
    uses.update(y.key for y in step.outputs)
    added = {i: x for i in range(len(step.outputs)) if (x := _added(test, step, made, uses, i)) is not None}
    products = [Sum(i, found) for i, x in added.items() if (found := _product(made, x))]
    pushed = {x.key for one in products for x in one.operands}
    rows = [Sum(i, found) for i, x in added.items() if (found := _rows(made, x)) and found[0].key in pushed]
    return sorted(products + rows)


def _added(test: Graph, step: Graph, made: dict[int, Node], uses: Counter[int], i: int) -> Any:
    """What each trip adds to state i, if that is all that is done with it."""
    before, after = step.inputs[i], step.outputs[i]
    node = made.get(after.key)
    if (
        node is None
        or node.op.name != "add"
        or uses[before.key] != 1
        or uses[after.key] != 1
        or uses[test.inputs[i].key]
    ):
        return None
    terms = [x for x in node.inputs if x is not before]
    fits = len(terms) == 1 and isinstance(terms[0], SymbolicTensor) and uses[terms[0].key] == 1
    known = fits and not sized(before.shape) and not sized(terms[0].shape)
    return terms[0] if known and terms[0].spec == before.spec else None


def _product(made: dict[int, Node], x: Any) -> tuple[SymbolicTensor, ...]:
    """The operands a and b of a value `a.T @ b` for which it pays."""
    node = made.get(x.key)
    if node is None or node.op.name != "matmul" or x.dtype not in (dtypes.float32, dtypes.float64) or x.ndim != 2:
        return ()
    flipped: Any = made.get(node.inputs[0].key)
    if flipped is None or flipped.op.name not in TRANSPOSED:
        return ()
    a, b = flipped.inputs[0], node.inputs[1]
    return (a, b) if a.dtype is b.dtype is x.dtype and pays(a, b) else ()


def _rows(made: dict[int, Node], x: Any) -> tuple[SymbolicTensor, ...]:
    """The value of which a value is the sum of the rows."""
    node = made.get(x.key)
    if node is None or node.op.name not in ("sum_to", "sum"):
        return ()
    rest = node.inputs[0].shape[1:]
    if sized(rest) or rest != x.shape:
        return ()
    whole = node.op.name == "sum_to" or (node.attrs["axis"] in (0, (0,)) and not node.attrs["keepdims"])
    return (node.inputs[0],) if whole and node.inputs[0].ndim == 2 and node.inputs[0].dtype is x.dtype else ()


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    sums = _sums(node) if node.op.name == "while" else []
    if not sums:
        return None
    pushed = {x.key: x for one in sums for x in one.operands}
    gone = {one.place for one in sums}
    stay = [i for i in range(len(node.outputs)) if i not in gone]
    trips = node.attrs.get("max_trips") or LIKELY
    capacity = -(-trips // node.attrs.get("segment", 1))
    specs = [stack_of(x.spec) for x in pushed.values()]
    empties = [new.emit(empty_stack, (), {"element": s.element, "capacity": capacity}, [s])[0] for s in specs]
    test = _region(new, node.attrs["test"], len(node.outputs), gone, specs)[0]
    step, values, stacks = _region(new, node.attrs["step"], len(node.outputs), gone, specs)
    ends = [values[node.attrs["step"].outputs[i].key] for i in stay]
    ends += [step.emit(push, (s, values[key]), {}, [s.spec])[0] for s, key in zip(stacks, pushed, strict=True)]
    step.outputs = ends
    inputs = [*(node.inputs[i] for i in stay), *empties, *node.inputs[len(node.outputs) :]]
    outputs = new.emit(node.op, inputs, {**node.attrs, "test": test, "step": step}, [y.spec for y in ends])
    results = dict(zip(stay, outputs, strict=False))
    full = dict(zip(pushed, outputs[len(stay) :], strict=True))
    for one in sums:
        summed = (stack_matmul if len(one.operands) == 2 else stack_sum)(*[full[x.key] for x in one.operands])
        results[one.place] = new.run(OPS["add"], (node.inputs[one.place], summed), {})  # pyright: ignore
    for i, y in enumerate(node.outputs):
        results[i].name = y.name  # pyright: ignore
    return [results[i] for i in range(len(node.outputs))]


def _region(
    parent: Graph, region: Graph, n: int, gone: set[int], stacks: Sequence[StackSpec]
) -> tuple[Graph, dict[int, Any], list[SymbolicTensor]]:
    """A region without some of its state, and with stacks: its values by their former keys, and the stacks."""
    new, values = Graph(parent), dict[int, Any]()
    for i, x in enumerate(region.inputs[:n]):
        if i not in gone:
            values[x.key] = new.input(x.spec, x.name)
    added = [new.input(spec) for spec in stacks]
    values.update((x.key, new.input(x.spec, x.name)) for x in region.inputs[n:])
    for node in region.nodes:
        if all(x.key in values for x in node.inputs if isinstance(x, SymbolicTensor)):  # not the sums themselves
            results = copied(new, node, mapped(node, values), node.attrs)
            values.update(zip([y.key for y in node.outputs], results, strict=True))
    new.outputs = [values[y.key] for y in region.outputs if y.key in values]
    return new, values, added
