"""Export: functions traced once and written to a file, from which they are loaded without their source.

Every entry is traced as a compiled function is, for arguments of the specs that are given, and becomes a graph as
text, a description of what it takes and gives, and the variables and large constants that all entries share. What was
true while it was traced, globals and attributes say, stays so. What a graph in a file cannot do, run Python, is
refused by the line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...runtime import tensorfile
from ...runtime.dtypes import complex128
from ...runtime.errors import ExportError, SourceError
from ...runtime.nn.module import Module
from ...runtime.variable import Variable
from ...runtime.version import __version__
from ..graph.constants import Constant
from ..graph.graph import Graph, GraphNode
from ..graph.literal import written
from ..graph.parser import parse
from ..graph.rewrite import regions, same
from ..graph.text import text
from . import archive
from .bundle import CONSTANTS, MAIN, SIGNATURES, VARIABLES, WEIGHTS
from .entry import Entry, as_json
from .traced import traced

PYTHON = {
    "host": ("prints, raises or calls Python while it runs", "Do that outside of the exported function."),
    "check_op": ("raises an exception of Python that depends on values", "Check before the call, outside of it."),
}


def export(
    function: Callable[..., Any] | None = None,
    /,
    *specs: Any,
    path: str | os.PathLike[str],
    signatures: Mapping[str, Sequence[Any]] | None = None,
) -> None:
    """Write a function or a model to a file that runs without its source: a bundle.

    For each positional argument a `wf.spec`, nested as the argument is, in which lengths with names stay open; a float
    for any float; another plain value, True say, for that value alone. `signatures` adds entries by name, each a
    function and its specs; all share their variables.

    Errors: ExportError, with the line, for what a file cannot hold; SourceError for what cannot be compiled.

    Example:
        >>> import os, tempfile
        >>> import weft as wf
        >>> model = wf.nn.Dense(3)
        >>> path = os.path.join(tempfile.mkdtemp(), "model.weft")
        >>> wf.export(model, wf.spec(["batch", 4]), path=path)
        >>> wf.load_bundle(path)
        Bundle(call(x: f32[batch, 4]) -> f32[batch, 3])
    """
    wanted = {} if function is None else {MAIN: (function, *specs)}
    wanted |= {name: tuple(given) for name, given in (signatures or {}).items()}
    writer = _Writer()
    for name, given in wanted.items():
        _check_name(name, given)
        writer.add(traced(name, given[0], given[1:]), given[0])
    if not wanted:
        raise ExportError(
            "export: there is nothing to export", "Give a function, or signatures={name: (function, *specs)}."
        )
    archive.write(os.fspath(path), writer.pieces(), __version__)


def _check_name(name: Any, given: Sequence[Any]) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise ExportError(f"export: {name!r} is no name for an entry", "Take a name as functions have.")
    if not given or not callable(given[0]):
        raise ExportError(
            f"export: the signature {name} does not begin with a function",
            "Write signatures={name: (function, *specs)}.",
        )


class _Writer:
    """Collects what entries share, and the pieces of the file."""

    def __init__(self) -> None:
        self.names: dict[Variable, str] = {}
        self.constants: dict[Constant, str] = {}
        self.entries: dict[str, Any] = {}
        self.graphs: dict[str, bytes] = {}

    def add(self, entry: Entry, function: Callable[..., Any]) -> None:
        """Add an entry.

        Errors: ExportError for a graph that would not be read back.
        """
        self._name_variables(entry, function)
        graph = entry.program.graph
        refuse_python(entry.name, graph)
        shown = text(graph, entry.name, store=self._store)
        _check_text(entry.name, graph, shown, self.arrays())
        piece = f"graphs/{entry.name}.txt"
        self.graphs[piece] = shown.encode()
        self.entries[entry.name] = as_json(entry, piece, self.names)

    def _name_variables(self, entry: Entry, function: Callable[..., Any]) -> None:
        """Names for variables: their paths in the model, else those that they were given."""
        used = dict.fromkeys(entry.program.variables)  # hashed, for == compares their values
        paths = [(v, path) for model in _models(entry, function) for path, v in model.named_variables() if v in used]
        for variable, path in [*paths, *((v, v.name or "variable") for v in used)]:
            if variable not in self.names:
                self.names[variable] = self._free(path)

    def _free(self, wanted: str) -> str:
        name, i, taken = wanted, 0, set(self.names.values())
        while name in taken:
            i += 1
            name = f"{wanted}_{i}"
        return name

    def _store(self, constant: Constant) -> str:
        return self.constants.setdefault(constant, f"{CONSTANTS}{len(self.constants)}")

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the file."""
        found = {f"{VARIABLES}{name}": v.held.numpy() for v, name in self.names.items()}
        return found | {name: np.asarray(constant.array) for constant, name in self.constants.items()}

    def pieces(self) -> dict[str, bytes]:
        """The pieces of the file."""
        arrays = self.arrays()
        description = {
            "entries": self.entries,
            "variables": [{"name": name, "trainable": v.trainable} for v, name in self.names.items()],
            "complex": [name for name, array in arrays.items() if array.dtype == complex128],
        }
        weights = b"".join(tensorfile.parts(arrays, {}))
        return {SIGNATURES: archive.as_json(description), **self.graphs, WEIGHTS: weights}


def _models(entry: Entry, function: Any) -> Iterator[Module]:
    """The models that an entry may have its variables from."""
    for found in (function, getattr(function, "__self__", None), *(g.read() for g in entry.program.guards)):
        if isinstance(found, Module):
            yield found


def refuse_python(name: str, graph: Graph) -> None:
    """Refuse a graph that runs Python.

    Errors: ExportError with the line.
    """
    for node in graph.nodes:
        if node.op.name in PYTHON:
            what, hint = PYTHON[node.op.name]
            raise ExportError(f"export: {name} {what}, which a file cannot hold", hint, _line(node))
        for attribute, value in node.attrs.items():
            if not isinstance(value, Graph | str) and written(value).startswith("<"):
                raise ExportError(
                    f"export: {node.op.name} in {name} has a {type(value).__name__} for {attribute}, which a file cannot hold",
                    "Compute that outside of the exported function.",
                    _line(node),
                )
        for region in regions(node.attrs).values():
            refuse_python(name, region)


def _line(node: GraphNode) -> str | None:
    return None if node.where is None else str(node.where)


def _check_text(name: str, graph: Graph, shown: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Read a graph back, before anything is written: what would not be the same graph is refused."""
    try:
        back = parse(shown, arrays, least=1)
    except SourceError as error:
        raise ExportError(
            f"export: the graph of {name} cannot be read back: {error.message}", "Please report this function."
        ) from error
    heads = [text(one, name).partition("\n")[0] for one in (back, graph)]  # with what is taken for granted of sizes
    if heads[0] != heads[1] or not same(back, graph):
        raise ExportError(f"export: the graph of {name} is read back as another one", "Please report this function.")
