"""State: named tensors that a module, an optimizer or a metric saves and takes back.

What has state has `state_dict()`, which gives a table of names and tensors, and `load_state_dict(state)`, which assigns
it all or raises. Ours have `check_state(state)` too, which lists what would not fit: everything is checked before
anything is assigned, so nothing is ever half loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from . import dtypes
from .creation import asarray
from .dtypes import DType
from .errors import CheckpointError
from .spec import describe, plural
from .variable import Variable

State = dict[str, Any]


@runtime_checkable
class Stateful(Protocol):
    """What a checkpoint can save as a whole and load into."""

    def state_dict(self) -> Any: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


def mismatches(variables: Mapping[str, Any], state: Mapping[str, Any], strict: bool = True) -> list[str]:
    """What keeps `state` from being assigned to `variables`, one line for each kind; empty if nothing does."""
    missing = [str(name) for name in variables if name not in state] if strict else []
    unexpected = [str(name) for name in state if name not in variables] if strict else []
    found = [f"missing: {', '.join(missing)}"] if missing else []
    found += [f"unexpected: {', '.join(unexpected)}"] if unexpected else []
    pairs = ((name, v, state[name]) for name, v in variables.items() if name in state)
    return found + [problem for pair in pairs if (problem := misfit(*pair))]


def problems_of(owner: Stateful, state: Mapping[str, Any]) -> list[str]:
    """What keeps `state` from being loaded into `owner`: as it says itself, else by comparison with its present state."""
    check = getattr(owner, "check_state", None)
    if check is not None:
        return check(state)
    now = owner.state_dict()
    comparable = {name: value for name, value in now.items() if hasattr(value, "dtype") or name not in state}
    return mismatches(
        comparable, {name: value for name, value in state.items() if name in comparable or name not in now}
    )


def misfit(name: str, variable: Any, value: Any) -> str | None:
    """Why `value` cannot be held by `variable`, or None if it can."""
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return f"{name} is a {type(value).__name__}, not a tensor"
    if tuple(value.shape) != tuple(variable.shape) or not casts(value.dtype, variable.dtype):
        return f"{name} is {describe(value)} in the state, {describe(variable)} here"
    return None


def casts(found: DType, wanted: DType) -> bool:
    """Whether values of one dtype are loaded as another: between floats always, else only if none can change."""
    kinds = (dtypes.FLOATS, dtypes.COMPLEX)
    return any(found in kind and wanted in kind for kind in kinds) or np.can_cast(found, wanted, "equiv")


def refuse(problems: list[str], owner: object, hint: str = "") -> CheckpointError:
    """The error for a state that does not fit `owner`."""
    shown = "; ".join(problems)
    return CheckpointError(
        f"load_state_dict: {plural(len(problems), 'problem')} with the state of {type(owner).__name__}: {shown}",
        hint or "Load it into an object made the same way as the one that was saved.",
    )


def assign(variables: Mapping[str, Variable], state: Mapping[str, Any]) -> None:
    """Put the values of a checked state into the variables that it names."""
    for name, variable in variables.items():
        if name in state:
            variable.assign(asarray(state[name], variable.dtype, device=variable.device))
