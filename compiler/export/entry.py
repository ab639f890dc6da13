"""Entries: the functions of a bundle, each a program with the names and kinds of what it takes.

An entry is what tracing left, without the Python that it was traced from: the same `Program` runs it, so it gives,
changes and differentiates what the compiled function would. This file knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...runtime import tree
from ...runtime.errors import ShapeError
from ...runtime.sizes import Sizes
from ...runtime.spec import Spec
from ...runtime.tree import Structure
from ...runtime.variable import Variable
from ..cache import Opening
from ..graph.graph import Graph
from ..graph.sizes import of_inputs
from ..results import Before, OneOf, Part, Shared, weakness
from ..signature import Plain, symbol_spec
from ..staging.paths import follow
from ..tracing import Program
from . import inputs as given, nesting
from .inputs import Input
from .nesting import UnreadableError

Found = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Entry:
    """A function of a bundle: call it with tensors, arrays and numbers that fit its signature."""

    name: str
    parameters: tuple[str, ...]
    nesting: Structure  # of the arguments, as a tuple
    inputs: tuple[Input, ...]
    program: Program

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = given.bound(self.name, self.parameters, args, kwargs)
        pairs = zip(self.parameters, self.nesting.children, arguments, strict=True)
        leaves = [leaf for name, wanted, x in pairs for leaf in given.leaves_of(self.name, wanted, x, name)]
        sizes: Found = {}
        data = [given.fitting(self.name, one, leaf, sizes) for one, leaf in zip(self.inputs, leaves, strict=True)]
        self._check({name: n for name, (n, _) in sizes.items()})
        return self.program([x for x in data if x is not None], (arguments, {}))

    def __repr__(self) -> str:
        return f"<entry {self}>"

    def __str__(self) -> str:
        shown = ", ".join(str(y.spec) for y in self.results)
        return f"{self.name}({', '.join(map(str, self.inputs))}) -> {shown or 'nothing'}"

    @property
    def results(self) -> Sequence[Any]:
        """The values of the graph that carry the result."""
        outputs = self.program.graph.outputs
        return outputs[: len(outputs) - len(self.program.assigned)]

    def _check(self, sizes: Mapping[str, int]) -> None:
        """Hold the sizes of a call against what the graph takes for granted.

        Errors: ShapeError, naming the size and the condition.
        """
        known = of_inputs(self.program.graph)
        shown = ", ".join(f"{name} is {n}" for name, n in sizes.items())
        for condition in conditions(known, sizes):
            raise ShapeError(
                f"{self.name}: {shown}; the graph holds for {condition} only",
                "Export another entry for such sizes.",
            )


def conditions(known: Sizes | None, sizes: Mapping[str, int]) -> list[str]:
    """What sizes do not meet of what is taken for granted of them."""
    least = [f"{name} >= 1" for name, n in sizes.items() if n < 1]
    return least or [str(one) for one in (known.conditions if known else ()) if not one.holds(sizes)]


# As JSON


def as_json(entry: Entry, graph: str, names: Mapping[Variable, str]) -> dict[str, Any]:
    """An entry as JSON, its graph and its variables by their names in the file."""
    program = entry.program
    return {
        "parameters": list(entry.parameters),
        "arguments": nesting.structure(entry.nesting, "an argument"),
        "inputs": [one.as_json() for one in entry.inputs],
        "result": nesting.structure(program.structure, "the result"),
        "parts": [nesting.part(one) for one in program.templates],
        "results": [str(y.spec) for y in entry.results],
        "variables": [names[v] for v in program.variables],
        "assigned": [names[v] for v in program.assigned],
        "graph": graph,
    }


def read_entry(name: str, found: Any, graph: Graph, variables: Mapping[str, Variable]) -> Entry:
    """The entry that JSON describes.

    Errors: UnreadableError for a description that means nothing, or does not fit the graph.
    """
    arguments = nesting.read_structure(found["arguments"])
    inputs = tuple(map(given.read_input, _listed(found["inputs"])))
    parameters = tuple(map(str, _listed(found["parameters"])))
    used, assigned = ([_variable(one, variables) for one in _listed(found[key])] for key in ("variables", "assigned"))
    structure = nesting.read_structure(found["result"])
    outputs = graph.outputs[: len(graph.outputs) - len(assigned)]
    parts = nesting.read_parts(found["parts"], outputs, structure.leaves)
    if arguments.kind is not tuple or len(parameters) != len(arguments.children) or arguments.leaves != len(inputs):
        raise UnreadableError(f"the arguments of {name} do not fit its inputs")
    _check_graph(name, graph, inputs, used, assigned)
    weak = [kind for one in parts for kind in weakness(one)]
    needs = _objects(structure, parts, tree.unflatten(arguments, inputs))
    opening = Opening((), Sizes(), {})
    program = Program(graph, opening, used, assigned, structure, parts, weak, needs=needs)
    return Entry(name, parameters, arguments, inputs, program)


def _listed(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise UnreadableError(f"{str(found)[:60]!r} stands where a list should be")
    return found


def _variable(name: Any, variables: Mapping[str, Variable]) -> Variable:
    if not isinstance(name, str) or name not in variables:
        raise UnreadableError(f"there is no variable {str(name)[:60]!r}")
    return variables[name]


def _check_graph(
    name: str, graph: Graph, inputs: Sequence[Input], used: Sequence[Variable], assigned: Sequence[Variable]
) -> None:
    """Hold a graph against what is to be passed to it, and what takes its last results."""
    kinds = [symbol_spec(one.kind) for one in inputs if not isinstance(one.kind, Plain)]
    wanted = [str(kind[0]) for kind in kinds if kind] + [str(_spec(v)) for v in used]
    if [str(x.spec) for x in graph.inputs] != wanted:
        raise UnreadableError(f"the graph of {name} takes other values than the entry")
    last = [str(y.spec) for y in graph.outputs[len(graph.outputs) - len(assigned) :]]
    if last != [str(_spec(v)) for v in assigned]:
        raise UnreadableError(f"the graph of {name} assigns other values than its variables hold")


def _spec(variable: Variable) -> Spec:
    return variable.held.spec


def _objects(structure: Structure, parts: Sequence[Part], arguments: Any) -> frozenset[Before]:
    """The objects of a call that come out of it, each of which is there."""
    objects = [part.object for part in parts if isinstance(part, Shared)]
    objects += [x for part in parts if isinstance(part, OneOf) for x in part.objects.values() if x is not None]
    for each in objects:
        if isinstance(each, int):
            if not 0 <= each < _nodes(structure):
                raise UnreadableError("a result is said to be an object that does not come out")
            continue
        try:
            follow(each.path, (arguments, {}))
        except (KeyError, IndexError, TypeError):
            raise UnreadableError("a result is said to be an argument that there is not") from None
    return frozenset(each for each in objects if isinstance(each, Before))


def _nodes(structure: Structure) -> int:
    return 1 + sum(map(_nodes, structure.children))
