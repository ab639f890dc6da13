"""Written arguments: what a call looks at before its graph runs that assigns to items of the caller's tensors.

The trace took each tensor among the arguments for a tensor of its own. A call where that is not so is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..runtime import tree
from ..runtime.eager import EagerTensor
from .guards import SMALL, Guard
from .staging.paths import Path, follow, paths
from .staging.template import SideEffectError


def check_written(written: Iterable[tuple[str, Path]], arguments: Any, guards: Sequence[Guard]) -> None:
    """Refuse tensors that are arrays of others, or that the function knows under another name, too.

    Errors: SideEffectError.
    """
    leaves = tree.leaves(arguments)
    for name, path in written:
        x = follow(path, arguments)
        if type(x) is not EagerTensor:
            raise SideEffectError(
                f"items of argument {name} are assigned, and it is a {type(x).__name__}, not a tensor",
                f"Give a tensor: wf.asarray({name}, copy=True).",
            )
        twice = sum(leaf is x for leaf in leaves) > 1
        if twice or any(id(x) in paths(guard.read(), SMALL) for guard in guards):
            other = "it stands more than once in the arguments" if twice else "the function reads it elsewhere, too"
            raise SideEffectError(
                f"items of argument {name} are assigned, and {other}",
                "Give a copy in one of the places: wf.asarray(x, copy=True).",
            )
