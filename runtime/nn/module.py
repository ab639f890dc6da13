"""Module: a model, or a part of one, that knows its variables.

A module is an ordinary object. The variables and modules that its attributes hold, directly or inside lists, tuples
and dicts, are its own: nothing is registered, the attributes are walked when somebody asks. A subclass writes `call`;
variables whose shape depends on the input are made in `build`, which runs once, just before the first call and with
its arguments. This file knows no particular layer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from .. import device as devices, dtypes, state
from ..creation import asarray
from ..spec import SCALARS, Shape
from ..tensor import Tensor
from ..variable import Variable, traced_by

M = TypeVar("M", bound="Module")
_building = threading.RLock()


class Module:
    """The base of models and layers: call it like a function, ask it for its variables.

    Example:
        >>> import weft as wf
        >>> class Classifier(wf.nn.Module):
        ...     def __init__(self):
        ...         self.hidden = wf.nn.Dense(32, activation=wf.tanh)
        ...         self.logits = wf.nn.Dense(10)
        ...     def call(self, x):
        ...         return self.logits(self.hidden(x))
        >>> model = Classifier()
        >>> model(wf.zeros((2, 64))).shape
        (2, 10)
        >>> [name for name, _ in model.named_variables()]
        ['hidden.weight', 'hidden.bias', 'logits.weight', 'logits.bias']
    """

    training = True  # see train() and eval()
    built = False  # whether `build` has run
    output_shape: Any = None  # of the first call, for summary()
    waiting: tuple[state.State, bool] | None = None  # a state loaded before `build`, and whether strictly

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Make the variables whose shape depends on the arguments of the first call, which are given."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses write it."""
        raise NotImplementedError(f"{type(self).__name__} has no `call` method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.built:
            return self._first_call(args, kwargs)
        return self.call(*args, **kwargs)

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Run `build` for a first call with these arguments, unless it has run; variables go where the input lives."""
        with _building, _device_of(args), traced_by(None):  # two threads may come first
            if not self.built:
                self._build(args, kwargs)

    def _build(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Run `build`, then load what waited for it. If that fails, all is as before."""
        attributes = dict(vars(self))
        before = self.state_dict() if self.waiting is not None else {}
        try:
            self.build(*args, **kwargs)
            self.built = True
            if self.waiting is not None:
                (found, strict), self.waiting = self.waiting, None
                self.load_state_dict({**before, **found}, strict)
        except Exception:
            vars(self).clear()
            vars(self).update(attributes)
            raise

    def _first_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.prepare(*args, **kwargs)
        result = self.call(*args, **kwargs)
        self.output_shape = shapes_of(result)
        return result

    # What it consists of

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """What may hold variables and modules, with the names they go by."""
        return iter(vars(self).items())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Every module in this one, itself (named "") included, with its path; each once."""
        return ((path, x) for path, x in _walk(self, "", set()) if isinstance(x, Module))

    def named_variables(self) -> Iterator[tuple[str, Variable]]:
        """Every variable with its path, as `layers.0.weight`; a shared one once, by its first path."""
        return ((path, x) for path, x in _walk(self, "", set()) if isinstance(x, Variable))

    def modules(self) -> list[Module]:
        """Every module in this one, itself included; each once."""
        return [module for _, module in self.named_modules()]

    @property
    def variables(self) -> list[Variable]:
        """Every variable, each once."""
        return [variable for _, variable in self.named_variables()]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return [variable for variable in self.variables if variable.trainable]

    # Changing all of it at once

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call `function` with every module in this one, itself included."""
        for module in self.modules():
            function(module)
        return self

    def train(self: M, mode: bool = True) -> M:
        """Let dropout drop and batch norm learn its statistics."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Let dropout pass everything and batch norm use the statistics it learned."""
        return self.train(False)

    def freeze(self: M) -> M:
        """Make no variable trainable, until `unfreeze`."""
        frozen = self.trainable_variables
        self._frozen = frozenset((*frozen, *getattr(self, "_frozen", ())))  # a set is not walked for variables
        for variable in frozen:
            variable.trainable = False
        return self

    def unfreeze(self: M) -> M:
        """Undo `freeze`, for this module and those in it; what was never trainable stays so."""
        for module in self.modules():
            for variable in vars(module).pop("_frozen", ()):
                variable.trainable = True
        return self

    def to(self: M, device: Any = None, dtype: Any = None) -> M:
        """Move the variables to a device; cast the floating ones to a dtype."""
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        for variable in self.variables:
            cast = wanted if wanted is not None and variable.dtype in dtypes.FLOATS else None
            variable.held = asarray(variable.value, cast, device=device)
        return self

    # State

    def state_dict(self) -> state.State:
        """The values of all variables by path. Later training does not change what was returned."""
        values: state.State = {path: variable.value for path, variable in self.named_variables()}
        for path, module in self.named_modules():
            values |= {_join(path, name): value for name, value in (module.waiting or ({},))[0].items()}
        return values

    def check_state(self, found: Mapping[str, Any], strict: bool = True) -> list[str]:
        """What keeps a state from being loaded; empty if nothing does that is known before the first call."""
        known = dict(self.named_variables())
        lazy = self._lazy_modules()
        now = {name: value for name, value in found.items() if name in known or _owner(name, lazy) is None}
        return state.mismatches(known, now, strict)

    def load_state_dict(self, found: Mapping[str, Any], strict: bool = True) -> None:
        """Take back what `state_dict` gave; `strict=False` allows missing and unexpected names.

        What belongs to parts that were never called waits for their first call, and is checked then.

        Errors: CheckpointError that lists every missing, unexpected or misshapen variable; nothing is changed then.
        """
        if problems := self.check_state(found, strict):
            raise state.refuse(problems, self)
        known = dict(self.named_variables())
        state.assign(known, found)
        lazy = self._lazy_modules()
        parts: dict[str, state.State] = {path: {} for path in lazy}
        for name, value in found.items():
            owner = None if name in known else _owner(name, lazy)
            if owner is not None:
                parts[owner][name.removeprefix(f"{owner}.")] = asarray(value)
        for path, module in lazy.items():
            module._wait_for(parts[path], strict)

    def _wait_for(self, found: state.State, strict: bool) -> None:
        """Keep a state until the first call; a strict one replaces what waited before."""
        if strict:
            self.waiting = (found, True)
        elif found:
            old, was_strict = self.waiting or ({}, False)
            self.waiting = ({**old, **found}, was_strict)

    def _lazy_modules(self) -> dict[str, Module]:
        """The modules that have yet to make variables, by path."""
        return {path: m for path, m in self.named_modules() if not m.built and type(m).build is not Module.build}

    # Looking at it

    def summary(self) -> str:
        """A table of the layers: the shape each gave at its first call, and its number of parameters.

        Example:
            >>> import weft as wf
            >>> model = wf.nn.Sequential(wf.nn.Dense(32), wf.nn.Dense(10))
            >>> _ = model(wf.zeros((1, 64)))
            >>> print(model.summary())
            layer       output   parameters
            Sequential  (1, 10)
              0: Dense  (1, 32)       2,080
              1: Dense  (1, 10)         330
            total                     2,410
            trainable                 2,410
        """
        rows = [("layer", "output", "parameters")]
        for path, module in self.named_modules():
            depth = path.count(".") + 1 if path else 0
            name = f"{path.rpartition('.')[2]}: " if path else ""
            rows.append(
                ("  " * depth + name + type(module).__name__, str(module.output_shape or "?"), _own_size(module))
            )
        rows.append(("total", "", f"{sum(v.size for v in self.variables):,}"))
        rows.append(("trainable", "", f"{sum(v.size for v in self.trainable_variables):,}"))
        return _table(rows)

    def __repr__(self) -> str:
        return _describe(self, set())


def _device_of(args: tuple[Any, ...]) -> AbstractContextManager[Any]:
    """The context that makes new variables where the first tensor lives."""
    device = next((getattr(x, "device", None) for x in args if isinstance(x, Tensor)), None)
    return nullcontext() if device is None else devices.device(device)


def _owner(name: Any, lazy: Mapping[str, Module]) -> str | None:
    """The path of the innermost lazy module that a name may belong to."""
    parts = str(name).split(".")
    prefixes = (".".join(parts[:i]) for i in range(len(parts) - 1, -1, -1))
    return next((prefix for prefix in prefixes if prefix in lazy), None)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _walk(x: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The modules and variables in `x`, each once, so that cycles end."""
    if id(x) in seen:
        return
    if isinstance(x, Module | Variable):
        yield path, x
    children = _children(x)
    if children or isinstance(x, Variable | Module):
        seen.add(id(x))
    for name, child in children:
        yield from _walk(child, _join(path, name), seen)


def _children(x: Any) -> list[tuple[str, Any]]:
    """What may hold variables: attributes of a module, elements of a list, tuple or dict."""
    if isinstance(x, Module):
        return list(x.attributes())
    if isinstance(x, dict):
        return [(str(name), child) for name, child in x.items()]
    return [(str(i), child) for i, child in enumerate(x)] if isinstance(x, list | tuple) else []


def _inner_modules(module: Module) -> Iterator[tuple[str, Module]]:
    """The modules that the attributes hold, without those inside them."""
    seen = {id(module)}
    todo = _children(module)[::-1]
    while todo:
        path, x = todo.pop()
        if id(x) in seen:
            continue
        if isinstance(x, Module):
            seen.add(id(x))
            yield path, x
        elif children := _children(x):
            seen.add(id(x))
            todo += [(f"{path}.{name}", child) for name, child in reversed(children)]


def shapes_of(result: Any) -> Shape | tuple[Any, ...] | None:
    """The shape of a tensor, the shapes of several, None for anything else."""
    if isinstance(result, tuple | list):
        return tuple(shapes_of(x) for x in result)
    return tuple(result.shape) if isinstance(result, Tensor) else None


def _describe(module: Module, above: set[int]) -> str:
    """A module with its options and the modules in it; one that contains itself is not opened twice."""
    kind = type(module).__name__
    if id(module) in above:
        return f"{kind}(...)"
    options = ", ".join(f"{name}={_shown(x)}" for name, x in vars(module).items() if _is_option(name, x))
    within = above | {id(module)}
    inner = [f"  {path}: {_describe(child, within)}".replace("\n", "\n  ") for path, child in _inner_modules(module)]
    return "\n".join([f"{kind}({options}", *inner, ")"]) if inner else f"{kind}({options})"


def _is_option(name: str, x: Any) -> bool:
    """Whether an attribute says how a layer was made."""
    if (
        name.startswith("_")
        or name in ("training", "built", "output_shape", "waiting")
        or isinstance(x, Tensor | Module)
    ):
        return False
    return isinstance(x, (*SCALARS, str)) or bool(getattr(x, "__name__", "")) or _is_shape(x)


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and bool(x) and all(isinstance(n, int) for n in x)


def _shown(x: Any) -> str:
    return repr(x) if isinstance(x, (*SCALARS, str, tuple)) else x.__name__


def _own_size(module: Module) -> str:
    """The number of parameters that a module holds itself, not by a module in it."""
    inner = {id(v) for _, child in _inner_modules(module) for v in child.variables}
    total = sum(v.size for v in module.variables if id(v) not in inner)
    return f"{total:,}" if total else ""


def _table(rows: list[tuple[str, str, str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows)
    return "\n".join(lines)
