"""Entries on files of arrays: what `weft run` does. Arrays come from .npy and .npz files and go to one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ...runtime import tree
from ...runtime.errors import ArgumentError, DataError
from ..signature import Float, Plain
from .entry import Entry
from .inputs import Input


def read(given: Iterable[str], names: Iterable[str]) -> dict[str, np.ndarray]:
    """The arrays of files by the names of inputs: `x=x.npy`, an .npz with names, or .npy files in the order of inputs.

    Errors: DataError for a file that is none of these; the system's for one that cannot be opened.
    """
    found: dict[str, np.ndarray] = {}
    for one in given:
        name, _, path = one.rpartition("=")
        loaded = _loaded(path)
        if isinstance(loaded, np.ndarray):
            free = (known for known in names if known not in found)
            found[name or next(free, path)] = loaded
        else:
            found |= loaded
    return found


def _loaded(path: str) -> np.ndarray | dict[str, np.ndarray]:
    try:
        found = np.load(path, allow_pickle=False)
        return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except (ValueError, EOFError) as error:
        raise DataError(f"{path} holds no arrays: {error!s:.80}", "Write it with np.save or np.savez.") from None


def run(entry: Entry, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The results of an entry by their places, `result` if there is just one.

    Errors: ArgumentError for arrays that are no inputs, or inputs without one.
    """
    wanted = [one.name for one in entry.inputs if not isinstance(one.kind, Plain)]
    missing = [name for name in wanted if name not in arrays]
    odd = [name for name in arrays if name not in wanted]
    if missing or odd:
        problem = f"{', '.join(missing)} missing" if missing else f"{', '.join(odd)} unknown"
        raise ArgumentError(f"{entry.name}: {problem}", f"It takes {', '.join(map(str, entry.inputs))}.")
    arguments = tree.unflatten(entry.nesting, [_leaf(one, arrays) for one in entry.inputs])
    return {path or "result": x for path, x in tree.paths(entry(*arguments))}


def _leaf(one: Input, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(one.kind, Plain):
        return one.kind.value
    array = arrays[one.name]
    return array.item() if isinstance(one.kind, Float) and array.size == 1 else array


def write(path: str, results: Mapping[str, Any]) -> None:
    """Write results to an .npz file, or a single one to an .npy file."""
    arrays = {name: np.asarray(x) for name, x in results.items() if x is not None}
    if os.path.splitext(path)[1] != ".npy":
        np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
        return
    if len(arrays) != 1:
        raise ArgumentError(f"{path}: {len(arrays)} results do not go into one .npy file", "Write an .npz file.")
    (array,) = arrays.values()
    np.save(path, array)
