"""Optimizer: what all of them share; each adds the one rule by which a variable moves.

A rule is written in ops on tensors, so it runs eagerly, on any device, and compiles. What an optimizer remembers of
a variable (its slots: velocities, mean squares) is held in variables too, made when it first meets it. Numbers that
change from step to step are 0-d float64 tensors, cast to the dtype of each variable. This file knows no particular rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypedDict, Unpack

from .. import device as devices, dtypes, observers, state
from ..creation import asarray, zeros
from ..dtypes import DType
from ..errors import ArgumentError, CheckpointError, DTypeError, GradientError, NumericsError, ShapeError
from ..ops.elementwise import abs, isfinite, square
from ..ops.shaping import astype
from ..spec import describe
from ..tape import GradientTape
from ..tensor import Tensor
from ..variable import Variable
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from .schedules import as_float64

Rate = float | Tensor | Callable[[Any], Any]
Slots = dict[str, Any]


class Options(TypedDict, total=False):
    """What every optimizer takes beside its own settings."""

    weight_decay: float
    decays: Callable[[Variable], bool]
    clip_value: float
    clip_norm: float
    clip_global_norm: float
    check_finite: bool


class Optimizer:
    """The base of optimizers: `apply_gradients` moves variables by their gradients, `minimize` computes those too.

    `learning_rate` is a number, or a function of the number of steps done so far (see `wf.optim.schedules`).
    `weight_decay` pulls towards zero the variables for which `decays` holds (all by default). Gradients are clipped to
    `[-clip_value, clip_value]`, each to the norm `clip_norm`, all together to the norm `clip_global_norm`. With
    `check_finite`, a NaN or an infinity in a gradient is an error and changes nothing.
    """

    slot_names: tuple[str, ...] = ()  # what is remembered of each variable
    decoupled: ClassVar[bool] = False  # whether decay bypasses the gradient, and so the slots

    def __init__(self, learning_rate: Rate, **options: Unpack[Options]) -> None:
        if unknown := options.keys() - Options.__optional_keys__:
            raise TypeError(f"{type(self).__name__}() takes no {', '.join(sorted(unknown))}")
        self.learning_rate, self.options = learning_rate, options
        self.step = Variable(0, name="step", trainable=False, device="cpu")
        self.slots: dict[Variable, dict[str, Variable]] = {}
        self._pending: dict[str, Any] = {}  # loaded slots of variables not met yet
        _require_at_least(0, type(self).__name__, "weight_decay", options.get("weight_decay", 0.0))
        if not callable(learning_rate) and not isinstance(learning_rate, Tensor):
            _require_at_least(0, type(self).__name__, "learning_rate", learning_rate)

    # What a rule provides

    def factors(self, rate: Tensor, step: Tensor) -> tuple[Tensor, ...]:
        """The numbers that `update` needs at this step (the first is 1), from the learning rate."""
        return (rate,)

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        """The next value of a variable and its next slots."""
        raise NotImplementedError

    def first_slot(self, name: str, x: Tensor, dtype: DType) -> Tensor:
        """What a slot holds before the first step."""
        return zeros(x.shape, dtype=dtype)

    # Steps

    def minimize(self, loss: Callable[[], Any], variables: Iterable[Variable] | None = None) -> Any:
        """Take a step against the gradient of `loss()`, and give the loss as it was before.

        Without `variables`, those trainable that the loss reads are moved. A loss that is no scalar is summed.

        Errors: GradientError when no gradient reaches any variable.
        """
        if not callable(loss):
            raise ArgumentError(
                f"minimize: the loss is a {type(loss).__name__}", "Pass a function: lambda: loss(model(x), y)."
            )
        given = None if variables is None else list(variables)
        with GradientTape(watch_accessed_variables=given is None) as tape:
            tape.watch(given or [])
            result = loss()
        found = list(tape.watched_variables()) if given is None else given
        if not found:
            raise GradientError(
                "minimize: the loss reads no trainable variable", "Compute it from a model inside `loss`."
            )
        self.apply_gradients(tape.gradient(result, found), found)
        return result

    def apply_gradients(self, grads: Iterable[Any], variables: Iterable[Variable] | None = None) -> None:
        """Take a step: (gradient, variable) pairs, or gradients and their variables. None gradients are skipped.

        Errors: ShapeError, DTypeError or GradientError for gradients that do not fit; nothing is changed then.
        """
        with observers.hidden():
            pairs = [(_fitting(dx, variable), variable) for dx, variable in _pairs(grads, variables)]
            for _, variable in pairs:
                self._slots_of(variable)
            pairs = [(dx, variable) for dx, variable in pairs if dx is not None]
            if not pairs:
                raise GradientError(
                    "apply_gradients: every gradient is None", "Check that the loss depends on the variables."
                )
            self._apply(self._prepared([dx for dx, _ in pairs], pairs), [variable for _, variable in pairs])

    def _prepared(self, grads: list[Any], pairs: list[Any]) -> list[Any]:
        """The gradients checked and clipped."""
        options = self.options
        if options.get("check_finite"):
            for dx, variable in pairs:
                _require_finite(dx, variable)
        if (limit := options.get("clip_value")) is not None:
            grads = clip_by_value(grads, -limit, limit)
        if (limit := options.get("clip_norm")) is not None:
            grads = clip_by_norm(grads, limit)
        if (limit := options.get("clip_global_norm")) is not None:
            grads = clip_by_global_norm(grads, limit)
        return grads

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        with devices.device("cpu"):
            rate = _placed(self.rate(), dtypes.float64, devices.cpu)
            numbers = (rate, *self.factors(rate, as_float64(self.step.read_value()) + 1.0))
        placed: dict[Any, list[Any]] = {}
        for dx, variable in zip(grads, variables, strict=True):
            place = (_number_dtype(variable.dtype), variable.device)
            if place not in placed:
                placed[place] = [_placed(n, *place) for n in numbers]
            self._move(variable, dx, *placed[place])
        self.step.assign_add(1)

    def rate(self) -> Tensor:
        """The learning rate of the next step."""
        rate = self.learning_rate
        return as_float64(rate(self.step.read_value()) if callable(rate) else rate)

    def _move(self, variable: Variable, dx: Any, rate: Any, *factors: Any) -> None:
        slots = self.slots[variable]
        dtype = _slot_dtype(variable.dtype)
        x = _cast(variable.read_value(), dtype)
        dx = _cast(dx, dtype)
        if decay := self._decay_of(variable):
            x, dx = (x * (1.0 - rate * decay), dx) if self.decoupled else (x, dx + decay * x)
        y, after = self.update(x, dx, {name: slot.read_value() for name, slot in slots.items()}, *factors)
        for name, value in after.items():
            slots[name].assign(value)
        variable.assign(_cast(y, variable.dtype))

    def _decay_of(self, variable: Variable) -> float:
        decays = self.options.get("decays")
        return self.options.get("weight_decay", 0.0) if decays is None or decays(variable) else 0.0

    # Slots and state

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots of these variables now, in this order, which is the order in which they are saved."""
        for variable in variables:
            self._slots_of(variable)

    def _slots_of(self, variable: Variable) -> dict[str, Variable]:
        found = self.slots.get(variable)
        if found is None:
            found = {name: self._new_slot(name, variable) for name in self.slot_names}
            self._adopt(len(self.slots), variable, found)
            self.slots[variable] = found
        return found

    def _new_slot(self, name: str, variable: Variable) -> Variable:
        dtype = _slot_dtype(variable.dtype)
        dtype = dtypes.real_dtype(dtype) if name == "square" else dtype
        return Variable(
            self.first_slot(name, variable.value, dtype),
            name=f"{variable.name}.{name}",
            trainable=False,
            device=variable.device,
        )

    def _adopt(self, index: int, variable: Variable, slots: dict[str, Variable]) -> None:
        """Give a variable that is met for the first time the slots that were loaded for it."""
        waiting = {name: x for name, x in self._pending.items() if name.startswith(f"{index}.")}
        if waiting:
            named = {f"{index}.{variable.name}.{name}": slot for name, slot in slots.items()}
            if problems := state.mismatches(named, waiting):
                raise CheckpointError(
                    f"{type(self).__name__}: the loaded state is not of variable {variable.name!r}: {'; '.join(problems)}",
                    "Variables must come in the order in which they came when it was saved; see build().",
                )
            state.assign(named, waiting)
            self._pending = {name: x for name, x in self._pending.items() if name not in waiting}

    def _named(self) -> dict[str, Variable]:
        named = {"step": self.step}
        for i, (variable, slots) in enumerate(self.slots.items()):
            named |= {f"{i}.{variable.name}.{name}": slot for name, slot in slots.items()}
        return named

    def state_dict(self) -> state.State:
        """The step and all slots, named by the number and the name of their variable."""
        return {name: variable.value for name, variable in self._named().items()} | self._pending

    def check_state(self, found: Mapping[str, Any]) -> list[str]:
        """What keeps a state from being loaded; empty if nothing does."""
        later = {name for name in found if self._is_later(name)}
        return state.mismatches(self._named(), {name: x for name, x in found.items() if name not in later})

    def _is_later(self, name: str) -> bool:
        """Whether a name is that of a slot of a variable not met yet."""
        match = re.fullmatch(r"(\d{1,9})\..*?\.?([^.]+)", str(name), re.DOTALL)
        return bool(match) and int(match[1]) >= len(self.slots) and match[2] in self.slot_names

    def load_state_dict(self, found: Mapping[str, Any]) -> None:
        """Take back what `state_dict` gave, also for variables that this optimizer has yet to meet.

        Errors: CheckpointError that lists everything that does not fit; nothing is changed then.
        """
        if problems := self.check_state(found):
            raise state.refuse(problems, self)
        named = self._named()
        state.assign(named, found)
        self._pending = {name: asarray(x) for name, x in found.items() if name not in named}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(learning_rate={self.learning_rate}, step={self.step.item()})"


def _pairs(grads: Iterable[Any], variables: Iterable[Variable] | None) -> list[tuple[Any, Variable]]:
    """Gradients with their variables, whichever way they were given."""
    given: Sequence[Any] = list(grads)
    if variables is not None:
        targets = list(variables)
        if len(given) != len(targets):
            raise ArgumentError(
                f"apply_gradients: {len(given)} gradients for {len(targets)} variables",
                "Give one gradient, or None, for each.",
            )
        given = list(zip(given, targets, strict=True))
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[1], Variable):
            shown = describe(pair) if isinstance(pair, Tensor) else f"a {type(pair).__name__}"
            raise ArgumentError(
                f"apply_gradients: {shown} is no pair of a gradient and a variable",
                "Give (gradient, variable) pairs, or gradients and variables: apply_gradients(grads, model.trainable_variables).",
            )
    if len({id(variable) for _, variable in given}) != len(given):
        raise ArgumentError("apply_gradients: a variable is given twice", "Add up its gradients first.")
    return [(dx, variable) for dx, variable in given]


def _fitting(dx: Any, variable: Variable) -> Any:
    """The gradient as a tensor, checked against its variable."""
    if dx is None:
        return None
    dx = dx.read_value() if isinstance(dx, Variable) else dx
    dx = dx if isinstance(dx, Tensor) else asarray(dx, device=variable.device)
    if dx.shape != variable.shape:
        raise ShapeError(
            f"apply_gradients: gradient {describe(dx)} for variable {variable.name!r}, which is {describe(variable)}",
            "A gradient has the shape of its variable.",
        )
    if variable.dtype not in dtypes.INEXACT or (dx.dtype in dtypes.COMPLEX and variable.dtype not in dtypes.COMPLEX):
        raise DTypeError(
            f"apply_gradients: variable {variable.name!r} is {describe(variable)}, its gradient {describe(dx)}",
            "Only floating and complex variables move; a real one takes a real gradient.",
        )
    return dx


def _require_finite(dx: Any, variable: Variable) -> None:
    if not bool(isfinite(dx).all()):
        raise NumericsError(
            f"apply_gradients: the gradient of variable {variable.name!r} ({describe(variable)}) is not finite",
            "Lower the learning rate, clip gradients, or look for the cause with wf.debug.check_numerics().",
        )


def _require_at_least(least: float, owner: str, name: str, value: Any) -> None:
    if not value >= least:
        raise ArgumentError(f"{owner}: {name} is {value!r}", f"Give a number of {least} or more.")


def require_fraction(owner: str, **values: float) -> None:
    """Refuse settings that are not in [0, 1)."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise ArgumentError(f"{owner}: {name} is {value!r}", "Give a number from 0 to below 1.")


def _slot_dtype(dtype: DType) -> DType:
    """Slots of halves are float32: a mean square would not survive their rounding."""
    return dtypes.float32 if dtype in dtypes.HALVES else dtype


def _number_dtype(dtype: DType) -> DType:
    return dtypes.real_dtype(_slot_dtype(dtype))


def _placed(n: Tensor, dtype: DType, device: devices.Device) -> Tensor:
    """A number in the dtype, and on the device, of a variable."""
    n = _cast(n, dtype)
    return n if getattr(n, "device", device) == device else n.to(device)


def _cast(x: Any, dtype: DType) -> Any:
    return x if x.dtype is dtype else astype(x, dtype=dtype)


def abs_square(x: Any) -> Any:
    """The squared magnitude of each element."""
    return square(x if x.dtype not in dtypes.COMPLEX else abs(x))
