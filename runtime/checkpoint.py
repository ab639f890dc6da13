"""Checkpoints: trees of tensors, variables, modules and plain values in one safetensors file.

The tensors are ordinary entries of the file, named by their path, so other programs read them. How they are nested,
and the plain values between them, stand as JSON in the metadata, with a checksum of everything. Nothing in a file is
ever executed, and loading checks the whole file and everything it is loaded into before it assigns the first value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import tensorfile
from .creation import asarray
from .errors import ArgumentError, CheckpointError
from .spec import SCALARS, plural
from .state import Stateful, misfit, problems_of
from .tensor import Tensor
from .tensorfile import Reader
from .treejson import Decoder, Encoder, fields_of, join
from .variable import Variable

Path = str | os.PathLike[str]


def save(path: Path, tree: Any) -> None:
    """Save a tree: dicts, lists, tuples and dataclasses of tensors, variables, arrays, modules, optimizers, numbers and strings.

    At any moment, whatever happens, `path` holds its old content or all of the new.

    Errors: ArgumentError for what a checkpoint cannot hold; nothing is written then.

    Example:
        >>> import os, tempfile
        >>> import weft as wf
        >>> path = os.path.join(tempfile.mkdtemp(), "state.safetensors")
        >>> wf.save(path, {"weight": wf.Variable([1.0, 2.0]), "epoch": 3})
        >>> wf.load(path)
        {'weight': Tensor([1., 2.], f32), 'epoch': 3}
    """
    encoder = Encoder()
    try:
        metadata = encoder.metadata(tree)
    except RecursionError:
        raise ArgumentError("save: the tree is nested too deeply, or contains itself", "Save a flatter tree.") from None
    tensorfile.write(os.fspath(path), encoder.arrays, metadata)


def load(path: Path, into: Any = None) -> Any:
    """The tree that was saved, or `into` with the saved values.

    Without `into`: tensors for what were variables and arrays, a dict of tensors by name for each module or
    optimizer, dicts for dataclasses and named tuples. With `into`, a tree like the saved one: its variables, modules and
    optimizers take the values, and the tree is returned with other leaves replaced. Any safetensors file can be
    loaded: one without our metadata is a dict of its tensors.

    Errors: CheckpointError for a file that is truncated, corrupt or hostile, and for one that does not match `into`,
    listing every difference; nothing is changed then. FileNotFoundError and the like from the system.
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        reader = Reader(name, file)
        try:
            decoder = Decoder(reader)
            if into is None:
                return decoder.decode(decoder.tree)
            matcher = _Matcher(decoder)
            result = matcher.match(decoder.tree, into, "")
        except RecursionError:
            raise reader.refuse("the saved tree is nested too deeply") from None
    matcher.assign()
    return result


class _Matcher:
    """Compares a saved tree with one to load into; collects what differs, and what is to be assigned."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.problems: list[str] = []
        self.variables: list[tuple[Variable, np.ndarray]] = []
        self.owners: list[tuple[Stateful, Mapping[str, Any]]] = []

    def assign(self) -> None:
        """Assign everything, or raise the error that lists what differs."""
        if self.problems:
            raise self.decoder.reader.refuse(
                f"{plural(len(self.problems), 'difference')} from what it is loaded into: {'; '.join(self.problems)}",
                "Load into a tree made the same way as the one that was saved.",
            )
        self.owners.sort(key=lambda pair: hasattr(pair[0], "check_state"))  # first those that may still refuse
        for owner, found in self.owners:
            owner.load_state_dict(found)
        for variable, array in self.variables:
            variable.assign(asarray(array, variable.dtype, device=variable.device))

    def match(self, node: Any, into: Any, path: str) -> Any:
        """The value that takes the place of `into`."""
        tag = self.decoder.tag(node)[0] if isinstance(node, dict) else ""
        if isinstance(into, Variable):
            return self._variable(node, tag, into, path)
        if isinstance(into, Tensor | np.ndarray):
            return self._tensor(node, tag, into, path)
        if into is None or isinstance(into, (*SCALARS, str)):
            return self._scalar(node, into, path)
        if isinstance(into, Stateful):
            return self._owner(node, tag, into, path)
        return self._container(node, tag, into, path)

    def _differs(self, path: str, node: Any, into: Any) -> Any:
        found = next(iter(node)) if isinstance(node, dict) else type(node).__name__
        self.problems.append(f"{path or 'the tree'} is a {found} in the file, a {type(into).__name__} here")
        return into

    def _variable(self, node: Any, tag: str, into: Variable, path: str) -> Any:
        if tag != "tensor":
            return self._differs(path, node, into)
        array = self.decoder.array(node)
        if problem := misfit(path or into.name or "the variable", into, array):
            self.problems.append(problem.replace("in the state", "in the file"))
        self.variables.append((into, array))
        return into

    def _tensor(self, node: Any, tag: str, into: Any, path: str) -> Any:
        if tag != "tensor":
            return self._differs(path, node, into)
        array = self.decoder.array(node)
        if problem := misfit(path or "the tensor", into, array):
            self.problems.append(problem.replace("in the state", "in the file"))
            return into
        array = array.astype(into.dtype)
        return array if isinstance(into, np.ndarray) else asarray(array, device=getattr(into, "device", None))

    def _scalar(self, node: Any, into: Any, path: str) -> Any:
        value = self.decoder.decode(node)
        fits = into is None or value is None or isinstance(value, type(into)) or _numbers(value, into)
        return value if fits else self._differs(path, node, into)

    def _owner(self, node: Any, tag: str, into: Stateful, path: str) -> Any:
        if tag not in ("state", "dict"):
            return self._differs(path, node, into)
        found = self.decoder.decode(node)
        if not isinstance(found, dict):
            return self._differs(path, node, into)
        prefix = f"{path}: " if path else ""
        self.problems += [
            prefix + problem.replace("in the state", "in the file") for problem in problems_of(into, found)
        ]
        self.owners.append((into, found))
        return into

    def _container(self, node: Any, tag: str, into: Any, path: str) -> Any:
        if isinstance(into, dict):
            return self._dict(node, tag, into, path)
        if (fields := fields_of(into)) is not None:
            return _rebuilt(into, self._dict(node, tag, fields, path))
        if not isinstance(into, list | tuple):
            raise ArgumentError(f"load: {path or 'the tree'} is a {type(into).__name__}", "Load into what was saved.")
        children = node[tag] if tag in ("list", "tuple") else None
        if children is None or tag != ("list" if isinstance(into, list) else "tuple"):
            return self._differs(path, node, into)
        if len(children) != len(into):
            self.problems.append(f"{path or 'the tree'} has length {len(children)} in the file, {len(into)} here")
        pairs = zip(children, into, strict=False)
        return type(into)([self.match(child, x, join(path, i)) for i, (child, x) in enumerate(pairs)])

    def _dict(self, node: Any, tag: str, into: dict[Any, Any], path: str) -> Any:
        if tag == "state":
            node = node["state"]
            tag = self.decoder.tag(node)[0]
        if tag != "dict":
            return self._differs(path, node, into)
        children = dict(node["dict"])
        for kind, names in (("missing", into.keys() - children.keys()), ("unexpected", children.keys() - into.keys())):
            if names:
                shown = ", ".join(sorted(join(path, name) for name in names))
                self.problems.append(f"{kind}: {shown}")
        return {k: self.match(children[k], x, join(path, k)) if k in children else x for k, x in into.items()}


def _numbers(value: Any, into: Any) -> bool:
    return all(isinstance(x, SCALARS) and not isinstance(x, bool) for x in (value, into))


def _rebuilt(into: Any, fields: dict[str, Any]) -> Any:
    """A named tuple or dataclass like `into` with other values."""
    if isinstance(into, tuple):
        return type(into)(**fields)
    result = object.__new__(type(into))
    for name, value in {**getattr(into, "__dict__", {}), **fields}.items():
        object.__setattr__(result, name, value)
    return result


class Saver:
    """A folder of numbered checkpoints, of which the last few are kept.

    Example:
        >>> import tempfile
        >>> import weft as wf
        >>> saver = wf.Saver(tempfile.mkdtemp(), keep=2)
        >>> for step in (10, 20, 30):
        ...     _ = saver.save({"x": step}, step)
        >>> saver.steps()
        [20, 30]
        >>> saver.load()
        {'x': 30}
    """

    def __init__(self, folder: Path, keep: int | None = 5) -> None:
        if keep is not None and keep < 1:
            raise ArgumentError(f"Saver: keep={keep} would keep nothing", "Keep at least 1; None keeps all.")
        self.folder, self.keep = os.fspath(folder), keep

    def path(self, step: int) -> str:
        """Where the checkpoint of a step is."""
        return os.path.join(self.folder, f"step-{step:09d}.safetensors")

    def steps(self) -> list[int]:
        """The steps of which there are checkpoints, in order."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        matches = (re.fullmatch(r"step-(\d{9,})\.safetensors", name) for name in names)
        return sorted(int(match[1]) for match in matches if match)

    def save(self, tree: Any, step: int) -> str:
        """Save a tree as that step's, then remove the oldest beyond `keep`; gives the path."""
        os.makedirs(self.folder, exist_ok=True)
        save(self.path(step), tree)
        for old in self.steps()[: -self.keep] if self.keep else []:
            if old != step:
                os.unlink(self.path(old))
        return self.path(step)

    def load(self, into: Any = None, step: int | None = None) -> Any:
        """Load a step's checkpoint, the last one by default.

        Errors: CheckpointError when there is none; otherwise as `wf.load`.
        """
        steps = self.steps()
        if step is None and not steps:
            raise CheckpointError(f"load: no checkpoint in {self.folder!r}", "Save one first, or check the folder.")
        return load(self.path(steps[-1] if step is None else step), into)
