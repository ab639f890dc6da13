"""Sources on disk: the C of a graph that was written before, here or by another process, is found, not written again.

What is kept is all that a program needs: its text, its memory, its constants. It is known by the digest of the graph
and by what else the writing depends on: weft itself, NumPy, which computes constants, and the vectors of the machine.
Nodes that Python runs are graphs of their own, as text. What has sizes that a call brings is written anew. Pages are
JSON, sealed by the cache, and hold no code of Python.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...kernels import build, compilers
from ...runtime import dtypes
from ...runtime.errors import WeftError
from ..graph.digest import Digest, digest
from ..graph.graph import Graph
from ..graph.parser import parse
from ..graph.rewrite import copied, mapped, symbols
from ..graph.text import text
from ..passes.erase import erase
from ..passes.pipeline import optimize
from .decompose import decompose
from .lower import HostCall, Lowering, Source
from .places import Memory
from .steps import Log

ROOMS = ("runtime", "kernels", "compiler")
LARGE = 1 << 20  # bytes of constants that no page holds
KINDS = {dtypes.short(dtype): dtype for dtype in dtypes.ALL}


def source_of(graph: Graph, width: int, order: int) -> tuple[Graph, Source]:
    """The C of a graph, and the graph that it was written from, or one that computes the same."""
    known = digest(graph) if build.cache_folder() is not None and weft_is() else None
    if known is None:
        return written(graph, width, order)
    name = f"graph-{_key(known, width, order)}.program"
    page = build.read(name)
    source = None if page is None else _source(page, known)
    if source is not None:
        return graph, source
    better, source = written(graph, width, order)
    page = _page(source, known)
    if page is not None:
        build.keep(name, page)
    return better, source


def written(
    graph: Graph, width: int, order: int, log: Log | None = None, names: Sequence[str] = ()
) -> tuple[Graph, Source]:
    """The C of a graph, written now, and the better graph that it was written from."""
    better = optimize(decompose(erase(graph)))
    return better, Lowering(better, width, log, order, names).run()


# -- the key


def _key(known: Digest, width: int, order: int) -> str:
    parts = ("1", known.name, width, order, weft_is(), np.__version__, sys.version, compilers.processor())
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


@cache
def weft_is() -> str:
    """What changes when a file of weft does; nothing if it is not made of files."""
    found = sorted(_files(str(Path(__file__).parents[2])))
    return hashlib.sha256(repr(found).encode()).hexdigest() if found else ""


def _files(root: str) -> Iterator[tuple[str, int, int]]:
    """The files of Python, and when they were written."""
    for room in ROOMS:
        for folder, _, _ in os.walk(os.path.join(root, room)):
            for each in os.scandir(folder):
                if each.name.endswith(".py"):
                    about = each.stat()
                    yield each.path, about.st_mtime_ns, about.st_size


# -- pages


def _page(source: Source, known: Digest) -> bytes | None:
    """A source as bytes; None for one that a page cannot hold."""
    constants = [_constant(array, known.arrays) for array in source.constants]
    try:
        hosts = [_host(call, known) for call in source.hosts]
    except (WeftError, ValueError):
        return None
    if type(source.arena) is not int or None in constants:
        return None
    return json.dumps({"text": source.text, "arena": source.arena, "constants": constants, "hosts": hosts}).encode()


def _source(page: bytes, known: Digest) -> Source | None:
    """The source that a page holds; None if it holds none."""
    try:
        held = json.loads(page)
        shown, arena = held["text"], held["arena"]
        constants = [known.arrays[x] if isinstance(x, int) else _array(*x) for x in held["constants"]]
        hosts = [_called(x, known) for x in held["hosts"]]
    except (WeftError, ValueError, TypeError, KeyError, IndexError):
        return None
    fits = isinstance(shown, str) and isinstance(arena, int)
    return Source(shown, None, constants, hosts, arena, [], None) if fits else None


def _constant(array: np.ndarray, arrays: Sequence[np.ndarray]) -> Any:
    """The place of an array among those of the graph; its content, if it is none of them; None if it is too large."""
    place = next((i for i, other in enumerate(arrays) if other is array), None)
    if place is not None:
        return place
    if array.nbytes > LARGE:
        return None
    return [dtypes.short(array.dtype), array.shape, base64.b64encode(array.tobytes()).decode()]


def _array(kind: str, shape: Sequence[int], content: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(content), KINDS[kind]).reshape(shape).copy()


def _host(call: HostCall, known: Digest) -> Any:
    """A node that Python runs: it as a graph, its line, and how its operands lie.

    Errors: ValueError or WeftError for one that a page cannot hold.
    """
    node = call.node
    graph, values = Graph(), dict[int, Any]()
    for x in symbols(node.inputs):
        values[x.key] = values.get(x.key) or graph.input(x.spec)
    graph.outputs = list(copied(graph, node, mapped(node, values), node.attrs))
    shown = text(graph)
    if call.operands is None or parse(shown).nodes[0].op is not node.op:
        raise ValueError("a node that does more than its op")
    for x, place in zip(node.inputs, call.operands, strict=True):
        if place is not None and place.spec != x.spec:
            raise ValueError("an operand of another spec")
    strides = [None if place is None else place.strides for place in call.operands]
    return shown, known.lines.index(getattr(node, "where", None)), strides, call.is_rare


def _called(host: Any, known: Digest) -> HostCall:
    shown, line, strides, is_rare = host
    node = parse(shown).nodes[0]
    node.where = known.lines[line]
    places = [None if s is None else Memory("", x.spec, tuple(s)) for x, s in zip(node.inputs, strides, strict=True)]
    return HostCall(node, places, is_rare)
