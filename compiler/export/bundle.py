"""Bundles: exported functions loaded from a file, with the variables that they share.

A bundle is a module: it can be called, trained, saved, frozen and loaded into like the model that it was made of, whose
source it does not need. Everything in the file is checked before the first function can be called: checksums, the text
of graphs by the parser and the verifier, descriptions against graphs and variables. Nothing in a file is executed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...runtime import tensorfile
from ...runtime.dtypes import complex128
from ...runtime.eager import wrap
from ...runtime.errors import ArgumentError, SourceError, WeftError
from ...runtime.nn.module import Module
from ...runtime.variable import Variable
from ..graph.graph import Graph
from ..graph.parser import parse
from ..graph.verify import verify
from .archive import Archive
from .entry import Entry, read_entry
from .nesting import UnreadableError

SIGNATURES, WEIGHTS = "signatures.json", "weights.safetensors"
VARIABLES, CONSTANTS = "variables/", "constants/"  # how the names of arrays begin
MAIN = "call"  # the entry that the bundle itself is


class Bundle(Module):
    """Exported functions and their variables: `bundle(x)` calls the main entry, `bundle["name"](x)` another one."""

    built = True

    def __init__(self, entries: Mapping[str, Entry], variables: Mapping[str, Variable], producer: str) -> None:
        self.entries, self.producer = dict(entries), producer
        self._variables = dict(variables)

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """The variables, by the names that they had in the model."""
        return iter(self._variables.items())

    def __getitem__(self, name: str) -> Entry:
        if name not in self.entries:
            raise ArgumentError(f"bundle: there is no entry {name!r}", f"There are {', '.join(self.entries)}.")
        return self.entries[name]

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self[MAIN](*args, **kwargs)

    def __repr__(self) -> str:
        return f"Bundle({'; '.join(map(str, self.entries.values()))})"


def load_bundle(path: str | os.PathLike[str]) -> Bundle:
    """The functions of a bundle that `wf.export` wrote, with their variables; none of the source is needed.

    Errors: CheckpointError for a file that is damaged, hostile, or of a newer version; the system's for one that
    cannot be opened.

    Example:
        >>> import os, tempfile
        >>> import weft as wf
        >>> path = os.path.join(tempfile.mkdtemp(), "model.weft")
        >>> wf.export(lambda x: wf.tanh(x) * 2.0, wf.spec(["n"]), path=path)
        >>> wf.load_bundle(path)(wf.tensor([0.0, 1.0]))
        Tensor([0.       , 1.5231884], f32)
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        archive = Archive(name, file)
        try:
            return _Loader(archive).bundle()
        except UnreadableError as error:
            raise archive.refuse(str(error)) from None
        except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if isinstance(error, WeftError):
                raise
            raise archive.refuse(f"its descriptions lack something: {error!r:.80}") from None
        except RecursionError:
            raise archive.refuse("its descriptions are nested too deeply") from None


class _Loader:
    """Reads the pieces of a bundle."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.description = archive.json(SIGNATURES)
        self.arrays = self._arrays(set(self.description["complex"]))
        self.constants = {name: x for name, x in self.arrays.items() if name.startswith(CONSTANTS)}
        self.graphs: dict[str, Graph] = {}

    def _arrays(self, pairs: set[str]) -> dict[str, np.ndarray]:
        """The arrays of the file; those that stand in it as pairs of numbers become complex."""
        reader = tensorfile.Reader(f"{self.archive.path}: {WEIGHTS}", io.BytesIO(self.archive.read(WEIGHTS)))
        found = {name: reader.read(name) for name in reader.entries}
        for name in pairs & found.keys():
            if found[name].dtype != np.float64 or found[name].shape[-1:] != (2,):
                raise UnreadableError(f"{name[:80]!r} is said to be {complex128}, which it cannot be")
            found[name] = tensorfile.as_complex(found[name])
        return found

    def bundle(self) -> Bundle:
        """The whole."""
        variables = {one["name"]: self._variable(one) for one in self.description["variables"]}
        entries = {}
        for name, found in self.description["entries"].items():
            entries[name] = read_entry(name, found, self._graph(found["graph"]), variables)
        return Bundle(entries, variables, str(self.archive.manifest.get("producer")))

    def _variable(self, found: Mapping[str, Any]) -> Variable:
        name, trainable = found["name"], found["trainable"]
        array = self.arrays.get(f"{VARIABLES}{name}")
        if array is None or type(trainable) is not bool:
            raise UnreadableError(f"variable {str(name)[:60]!r} has no value")
        return Variable(wrap(array), name=name, trainable=trainable)

    def _graph(self, name: str) -> Graph:
        """A graph, read and verified."""
        if name not in self.graphs:
            piece = self.archive.read(name)
            try:
                self.graphs[name] = verify(parse(piece.decode(), self.constants, least=1))
            except Exception as error:  # whatever a hostile text leads to
                said = error.message if isinstance(error, SourceError) else f"it is no graph: {str(error)[:80]}"
                raise self.archive.refuse(f"{name}: {said}") from None
        return self.graphs[name]
