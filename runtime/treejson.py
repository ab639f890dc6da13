"""Trees as JSON: how a checkpoint writes what stands between its tensors, and reads it back.

Plain values are JSON values; everything else is an object with one tag: dict, list, tuple, state, tensor, float,
complex. A tensor stands as the name of an entry of the file. The decoder checks the form of every node, for the file may
come from anyone. This file knows nothing of what a tree is loaded into.
"""

from __future__ import annotations

import dataclasses
import json
import math
import zlib
from typing import Any

import numpy as np

from . import tensorfile
from .creation import asarray
from .dtypes import complex128
from .errors import ArgumentError
from .state import Stateful
from .tensor import Tensor
from .tensorfile import Reader
from .variable import Variable

KEY, CRC = "weft", "weft_crc32"  # the names in the metadata
VERSION = 1


class Encoder:
    """Turns a tree into JSON and a table of arrays."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._names: dict[int, tuple[str, Any]] = {}  # by id of the memory, which is kept so that the id stays its own

    def metadata(self, tree: Any) -> dict[str, str]:
        """The metadata that describe a tree; its tensors are in `arrays` then."""
        content = self.encode(tree, "")
        if tensorfile.deeper(content, tensorfile.DEEPEST - 2):
            raise RecursionError
        text = json.dumps({"version": VERSION, "tree": content, "checksums": self.checksums()}, allow_nan=False)
        return {KEY: text, CRC: f"{zlib.crc32(text.encode()):08x}"}

    def checksums(self) -> dict[str, str]:
        """The checksum of each array."""
        return {name: tensorfile.checksum(name, array) for name, array in self.arrays.items()}

    def encode(self, x: Any, path: str) -> Any:
        """The JSON of what stands at `path`."""
        if isinstance(x, Tensor | np.ndarray | np.generic):
            return self._tensor(x.value if isinstance(x, Variable) else x, path)
        if x is None or isinstance(x, str | bool | int):
            return _plain(x, path)
        if isinstance(x, float):
            return float(x) if math.isfinite(x) else {"float": repr(float(x))}
        if isinstance(x, complex):
            return {"complex": [repr(x.real), repr(x.imag)]}
        if isinstance(x, Stateful) and not isinstance(x, type):
            return {"state": self.encode(x.state_dict(), path)}
        return self._container(x, path)

    def _container(self, x: Any, path: str) -> Any:
        if isinstance(x, dict):
            return {"dict": [[_key(k, path), self.encode(v, join(path, k))] for k, v in x.items()]}
        if (fields := fields_of(x)) is not None:
            return {"dict": [[k, self.encode(v, join(path, k))] for k, v in fields.items()]}
        if isinstance(x, list | tuple):
            tag = "list" if isinstance(x, list) else "tuple"
            return {tag: [self.encode(child, join(path, i)) for i, child in enumerate(x)]}
        raise ArgumentError(
            f"save: {path or 'the tree'} is a {type(x).__name__}, which a checkpoint cannot hold",
            "Save tensors, variables, modules, optimizers, numbers, strings, None, and containers of them.",
        )

    def _tensor(self, x: Any, path: str) -> Any:
        x = asarray(x)
        if id(x.buffer) not in self._names:
            name = self._free_name(path or "tensor")
            self._names[id(x.buffer)], self.arrays[name] = (name, x), x.numpy()
        name = self._names[id(x.buffer)][0]
        return {"tensor": name} if self.arrays[name].dtype != complex128 else {"tensor": name, "dtype": "complex128"}

    def _free_name(self, path: str) -> str:
        name, n = path, 1
        while name in self.arrays or name == "__metadata__":
            name, n = f"{path}#{n + 1}", n + 1
        return name


def _plain(x: Any, path: str) -> Any:
    """A string, int, bool or None as JSON holds it; what subclasses add (an enum, say) is lost."""
    if isinstance(x, str):
        try:
            x.encode()
        except UnicodeEncodeError:
            raise ArgumentError(
                f"save: {path or 'the tree'} holds text that is no Unicode", "Repair it first."
            ) from None
        return str(x)
    if isinstance(x, int) and not isinstance(x, bool) and x.bit_length() > 10_000:
        raise ArgumentError(
            f"save: {path or 'the tree'} is an integer of {x.bit_length()} bits", "Save it as a string."
        )
    return int(x) if isinstance(x, int) and not isinstance(x, bool) else x


def _key(key: Any, path: str) -> Any:
    if isinstance(key, str | int):
        return _plain(key, path)
    raise ArgumentError(
        f"save: {path or 'the tree'} has a {type(key).__name__} as a key", "Keys are strings, integers or bools."
    )


def join(path: str, name: Any) -> str:
    """The path of a child."""
    return f"{path}.{name}" if path else str(name)


def fields_of(x: Any) -> dict[str, Any] | None:
    """The fields of a named tuple or a dataclass, by name."""
    if isinstance(x, tuple) and (names := getattr(x, "_fields", None)) is not None:
        return dict(zip(names, x, strict=True))
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return {f.name: getattr(x, f.name) for f in dataclasses.fields(x)}
    return None


class Decoder:
    """Turns the JSON and the tensors of a file back into a tree of plain containers."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.crcs: dict[str, str] = {}
        self.tree: Any = {"dict": [[name, {"tensor": name}] for name in reader.entries]}
        self._arrays: dict[str, np.ndarray] = {}
        if reader.metadata.keys() & {KEY, CRC}:
            self._read_metadata(reader.metadata.get(KEY, ""))

    def _read_metadata(self, text: str) -> None:
        if self.reader.metadata.get(CRC) != f"{zlib.crc32(text.encode(errors='replace')):08x}":
            raise self.reader.refuse("corrupt: the description of the tree does not match its checksum")
        parsed = self.reader.json(text, "the description of the tree")
        if not isinstance(parsed, dict) or parsed.keys() != {"version", "tree", "checksums"}:
            raise self.reader.refuse("the description of the tree lacks version, tree or checksums")
        if parsed["version"] != VERSION:
            raise self.reader.refuse(
                f"written in version {parsed['version']!r:.20} of the format; this is version {VERSION}", "Update weft."
            )
        crcs = parsed["checksums"]
        if not isinstance(crcs, dict) or crcs.keys() != self.reader.entries.keys():
            raise self.reader.refuse("the checksums do not name the tensors of the file")
        self.tree, self.crcs = parsed["tree"], crcs

    def array(self, node: dict[str, Any]) -> np.ndarray:
        """The array that a node names, read once."""
        name = node["tensor"]
        if not isinstance(name, str) or name not in self.reader.entries:
            raise self.reader.refuse(f"the tree names a tensor {name!r:.80} that the file has not")
        if name not in self._arrays:
            self._arrays[name] = self.reader.read(name, self.crcs.get(name))
        array = self._arrays[name]
        if "dtype" not in node:
            return array
        if node["dtype"] != "complex128" or array.dtype != np.float64 or array.shape[-1:] != (2,):
            raise self.reader.refuse(f"tensor {name[:80]!r} is said to be {node['dtype']!r:.20}, which it cannot be")
        return tensorfile.as_complex(array)

    def decode(self, node: Any) -> Any:
        """The value of a node, in plain containers."""
        if not isinstance(node, dict):
            return self._plain(node)
        tag, value = self.tag(node)
        if tag == "tensor":
            return asarray(self.array(node))
        if tag == "state":
            return self.decode(value)
        if tag == "dict":
            return {key: self.decode(child) for key, child in value}
        if tag in ("list", "tuple"):
            children = [self.decode(child) for child in value]
            return children if tag == "list" else tuple(children)
        return self._number(tag, value)

    def tag(self, node: Any) -> tuple[str, Any]:
        """What kind of node it is, and its content, whose form was checked."""
        tag = next(iter(node), "")
        value = node.get(tag)
        shapes = {
            "tensor": str,
            "state": dict,
            "dict": list,
            "list": list,
            "tuple": list,
            "float": str,
            "complex": list,
        }
        extra = node.keys() - {tag} - ({"dtype"} if tag == "tensor" else set())
        if extra or not isinstance(value, shapes.get(tag, ())):
            raise self.reader.refuse(f"the tree holds a node {str(node)[:60]!r} that means nothing")
        if tag == "dict" and not (all(_is_pair(pair) for pair in value) and len({k for k, _ in value}) == len(value)):
            raise self.reader.refuse("the tree holds a dict whose keys are not strings or integers, each once")
        return tag, value

    def _plain(self, node: Any) -> Any:
        if node is None or isinstance(node, bool | int | float | str):
            return node
        raise self.reader.refuse(f"the tree holds {str(node)[:60]!r} where a value should be")

    def _number(self, tag: str, value: Any) -> float | complex:
        try:
            return float(value) if tag == "float" else complex(*map(float, value))
        except (TypeError, ValueError):
            raise self.reader.refuse(f"the tree holds {value!r:.60}, which is no {tag} number") from None


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str | int)
