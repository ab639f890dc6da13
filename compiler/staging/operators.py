"""The operators of rewritten code while it is traced: Python on plain values, a graph on symbolic ones.

Each asks whether what decides is symbolic. If not, it is the plain operator, which does just what Python does.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import functools
import inspect
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MappingProxyType
from typing import Any

from ...runtime.dim import Dim, sized
from ...runtime.eager import EagerTensor
from ...runtime.errors import ROOT, SourceError
from ...runtime.nn.module import Module
from ...runtime.tensor import OPS, Tensor, holds_numbers
from ..frontend import operators as plain
from ..frontend.calling import HIGHER_ORDER, Caller
from ..frontend.convert import is_rewritten
from ..frontend.operators import (  # noqa: F401  (what does not ask)
    captured,
    chain as plain_chain,
    instance,
    mapping,
    raise_ as plain_raise,
    read_free,
    sequence as plain_sequence,
    set,
    slice,
)
from ..frontend.users import OPAQUE, is_users, users_method
from ..graph.graph import SymbolicTensor, guarding
from .assigned import Assigned, is_assignable, is_assignment, makes_tensors
from .branches import as_number, is_none, staged_if, staged_value, truth
from .builtins import COPIES, STAGED, staged_builtin, staged_copy, staged_type
from .effects import Refused, frozen, symbols
from .growing import is_filled, item_of, of_grown, refuse_grown
from .grown import holds_grown, refusal
from .loops import staged_for, staged_while
from .maybe import UNBOUND, Maybe, MaybeValue, unbound
from .objects import compared_parts
from .operands import as_operands
from .raising import staged_raise
from .repeat import check_repeatable, is_log, silent, staged_log
from .sequences import is_staged, sequence as staged_sequence
from .state import Attribute, Contents, Item, cells_of, setter
from .statements import (
    in_region,
    is_symbolic,
    staged_and,
    staged_assert,
    staged_not,
    staged_or,
    staged_returned,
)
from .template import SideEffectError, Unsettled
from .text import TEXT_METHODS, LateText, late_call, late_field
from .tracer import active, put

Block = Callable[[], object]
Thunk = Callable[[], Any]
Names = tuple[str, ...]


def _nothing() -> None:
    """The branch that is not there."""


def truth_of(value: Any) -> Any:
    """What a condition asks of a value."""
    if holds_grown(value):
        return is_filled(value)
    return value if is_symbolic(value) else call.methods.truth(value)


def if_(test: Any, then: Block, otherwise: Block | None, names: Names) -> None:
    """`if test: then`, `else: otherwise`."""
    test = truth_of(test)
    if is_symbolic(test):
        active().label(then, otherwise)
        staged_if(test, then, otherwise or _nothing, cells_of(names, then, otherwise))
    else:
        plain.if_(test, then, otherwise, names)


def while_(test: Thunk, body: Block, names: Names) -> None:
    """`while test: body`: in Python until the condition is symbolic, the rest in the graph."""
    while True:
        go = truth_of(test())
        if is_symbolic(go):
            active().label(test, body)
            return staged_while(go, test, body, cells_of(names, test, body))
        if not go:
            return None
        body()


def for_(items: Iterable[Any], body: Callable[[Any], object], names: Names, go_on: Thunk | None = None) -> None:
    """`for item in items: body`; `go_on` says after each item whether there may be a further one."""
    if is_staged(items):
        found = staged_sequence(items)
        active().label(body)
        places = cells_of(names, body, go_on)
        try:
            return staged_for(found.length, found.item, body, go_on, places)
        except SourceError:
            if type(found.length) is not Dim or not found.length.is_hinted:
                raise
        found.length = int(found.length)  # it may do in Python, for the size of this call
        if isinstance(items, SymbolicTensor):
            return staged_for(found.length, found.item, body, go_on, places)
        items = found
    check_repeatable(next, (items,))
    go: Any = True
    for item in items.demand() if isinstance(items, Maybe) else call.methods.iterated(items):
        if is_symbolic(go):
            staged_if(go, lambda item=item: body(item), _nothing, cells_of(names, body, go_on))
        else:
            body(item)
        if go_on is not None:
            go = go_on()
            if not is_symbolic(go) and not go:
                break


def returned(flag: Any, result: Thunk) -> Any:
    """What a function gives: its result if it came to a `return`, else None."""
    if not is_symbolic(flag):
        return plain.returned(flag, result)
    try:
        value = result()
    except NameError:
        value = unbound
    return staged_returned(truth(flag), value)


def read(name: Thunk, text: str) -> Any:
    """The value of a name that may have none."""
    value = plain.read(name, text)
    return value.bound() if isinstance(value, Maybe) else value


def _check_handlers(what: str) -> None:
    if active().trying:
        raise SourceError(
            f"{what} that depends on a tensor stands in a `try`, whose handlers are chosen before the graph runs",
            "Use an `if` on the condition in place of the exception.",
        )


def assert_(test: Any, message: Thunk | None = None) -> None:
    """`assert test, message`."""
    test = truth_of(test)
    if is_symbolic(test):
        _check_handlers("an `assert`")
        if message is None:
            return staged_assert(test, message)
        told = lambda: raise_(AssertionError(message()))
        return staged_if(test, _nothing, told, cells_of((), message))
    else:
        plain.assert_(test, message)  # noqa: PT009


def raise_(error: Any, *cause: Any) -> None:
    """`raise error from cause`: at once, or when the graph gets here."""
    if in_region():
        _check_handlers("a `raise`")
        if error is StopIteration or isinstance(error, StopIteration):
            raise SourceError(
                "a StopIteration that depends on a tensor would end a loop of Python's, which is traced before",
                "Write the loop as a `while`, or over a range with a tensor as its bound.",
            )
        staged_raise(error, *cause)
    plain.raise_(error, *cause)


def and_(*operands: Thunk) -> Any:
    """`a and b`: the first false operand, or the last."""
    first, rest = operands[0](), operands[1:]
    if not rest:
        return first
    go = truth_of(first)
    if is_symbolic(go):
        return staged_and(go, lambda: and_(*rest), first)
    return and_(*rest) if go else first


def or_(*operands: Thunk) -> Any:
    """`a or b`: the first true operand, or the last."""
    first, rest = operands[0](), operands[1:]
    if not rest:
        return first
    go = truth_of(first)
    if is_symbolic(go):
        return staged_or(go, lambda: or_(*rest), first)
    return first if go else or_(*rest)


def both(*operands: Thunk) -> Any:
    """`a and b`, of which only the truth is asked."""
    first, rest = truth_of(operands[0]()), operands[1:]
    if not rest:
        return first
    if is_symbolic(first):
        return staged_value(first, lambda: _decided(both(*rest)), lambda: False, "a condition")
    return both(*rest) if first else False


def either(*operands: Thunk) -> Any:
    """`a or b`, of which only the truth is asked."""
    first, rest = truth_of(operands[0]()), operands[1:]
    if not rest:
        return first
    if is_symbolic(first):
        return staged_value(first, lambda: True, lambda: _decided(either(*rest)), "a condition")
    return True if first else either(*rest)


def _decided(value: Any) -> Any:
    return truth(value) if is_symbolic(value) else bool(value)


def not_(value: Any) -> Any:
    """`not value`."""
    value = truth_of(value)
    return staged_not(value) if is_symbolic(value) else not value


def if_exp(test: Any, then: Thunk, otherwise: Thunk) -> Any:
    """`then if test else otherwise`."""
    test = truth_of(test)
    if is_symbolic(test):
        return staged_value(test, then, otherwise, "the value of a conditional expression")
    return then() if test else otherwise()


def eq(a: Any, b: Any) -> Any:
    """`a == b`."""
    refuse_grown("==", a, b)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, MaybeValue):
            return if_exp(x.is_none(), lambda x=x, y=y: eq(None, y), lambda x=x, y=y: eq(x.value, y))
        if isinstance(x, SymbolicTensor) and not isinstance(y, Maybe) and not _is_like(x, y):
            return is_none(x) if y is None else call.methods.compare(a, "==", b) if _compares(y) else False
    parts = compared_parts(a, b) if symbols([a, b]) and not (_compares(a) or _compares(b)) else None
    return call.methods.compare(a, "==", b) if parts is None else _all_equal(parts)


def _is_like(x: SymbolicTensor, y: Any) -> bool:
    """Whether a tensor, or what stands for a Python number, is compared with such a thing by its value."""
    if x.weak is None:
        return holds_numbers(y)
    return isinstance(y, Tensor | Dim | bool | int | float | complex) or hasattr(y, "__array__")


def _all_equal(pairs: list[tuple[Any, Any]]) -> Any:
    """Whether all pairs are equal, asked from the first to the last."""
    equal: Any = True
    for x, y in pairs:
        if x is not y:
            equal = both(lambda equal=equal: equal, lambda x=x, y=y: eq(x, y))
    return as_number(truth(equal), bool) if is_symbolic(equal) else bool(equal)


def _compares(y: Any) -> bool:
    return users_method(type(y), "__eq__") is not None


def ne(a: Any, b: Any) -> Any:
    """`a != b`."""
    equal = eq(a, b)
    strong = isinstance(equal, SymbolicTensor) and equal.weak is None
    return OPS["logical_not"](equal) if strong else not_(equal)


def is_(a: Any, b: Any) -> Any:
    """`a is b`."""
    for x in (a, b):
        if isinstance(x, Unsettled):
            bool(x)
    if b is None:
        return is_none(a)
    if a is None:
        return is_none(b)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, SymbolicTensor) and isinstance(y, bool):
            return _is_bool(x, y)
    if a is not b and type(a) is type(b):
        active().settled(a)
        active().settled(b)
    return a is b


def _is_bool(x: SymbolicTensor, y: bool) -> Any:
    if x.weak is None and x.dtype.kind == "b":
        raise SourceError(
            f"a tensor {x.spec} is asked whether it is the object {y}, which depends on where it came from",
            f"Ask for its value: x == {y}, or just x.",
        )
    return eq(x, y) if x.weak is bool else False


def is_not(a: Any, b: Any) -> Any:
    """`a is not b`."""
    return not_(is_(a, b))


def in_(a: Any, b: Any) -> Any:
    """`a in b`."""
    refuse_grown("in", a, b)
    if isinstance(b, SymbolicTensor):
        equal = eq(b, a)
        return as_number(OPS["any"](equal), bool) if isinstance(equal, Tensor) else equal
    answer = call.methods.contains(b, a)
    if answer is not NotImplemented:
        return answer
    iterated = call.methods.iterated(b)
    b = b if iterated is b else list(iterated)
    if (is_symbolic(a) and isinstance(b, (list, tuple, range, dict, frozenset))) or (
        type(b) in (list, tuple) and any(map(is_symbolic, b))
    ):
        found: Any = False
        for x in b:
            found = either(lambda found=found: found, lambda x=x: a is x or eq(a, x))
        return as_number(truth(found), bool) if is_symbolic(found) else bool(found)
    return a in b


def not_in(a: Any, b: Any) -> Any:
    """`a not in b`."""
    return not_(in_(a, b))


def ordered(a: Any, sign: str, b: Any) -> Any:
    """One comparison of a chain."""
    refuse_grown(sign, a, b) if sign not in ("is", "is not") else None
    meant = {"==": eq, "!=": ne, "is": is_, "is not": is_not, "in": in_, "not in": not_in}.get(sign)
    return call.methods.compare(a, sign, b) if meant is None else meant(a, b)


def compare(a: Any, sign: str, b: Any) -> Any:
    """`a < b` and its like."""
    refuse_grown(sign, a, b)
    return active().is_made(call.methods.compare(a, sign, b), a, b)


def unpacked(value: Any, nested: bool = False) -> Any:
    """What is taken apart by `a, b = value` or `*value`; if `nested`, some of its items are, too."""
    if holds_grown(value) or nested:
        refuse_grown("unpacking", value)
    return value


def sequence(subject: Any, before: int, after: int | None) -> tuple[Any, ...] | None:
    """The parts of a sequence for a pattern."""
    refuse_grown("a pattern", subject)
    return plain_sequence(subject, before, after)


def unary(sign: str, a: Any) -> Any:
    """`-a` and its like."""
    return active().is_made(call.methods.unary(sign, a), a)


def binary(a: Any, sign: str, b: Any) -> Any:
    """`a + b` and its like."""
    if sign == "+" and type(b) is list:
        refuse_grown(sign, b)
    else:
        refuse_grown(sign, a, b)
    if sign == "%" and isinstance(a, str) and symbols([b]):
        return late_call(operator.mod, a, frozen(b))
    made = call.methods.binary(a, sign, b)
    return active().makes(made) if type(made) in (list, dict, set) else active().is_made(made, a, b)


def augmented(a: Any, sign: str, b: Any) -> Any:
    """What `a += b` and its like bind to the name of a; a list or a dict is changed itself."""
    if isinstance(a, (list, dict)):
        active().settled(a)
        active().note(Contents(a))
    return active().is_made(call.methods.augmented(a, sign, b), a, b)


def chain(left: Any, symbol: str, right: Any, *others: Any) -> Any:
    """`left < right <= ...`: each operand after the second is evaluated if all before it agree."""
    value = ordered(left, symbol, right)
    if not others:
        return value
    return and_(lambda: value, lambda: chain(right, others[0], others[1](), *others[2:]))


def known(value: Any) -> Any:
    """A value that is asked for now."""
    return value.demand() if isinstance(value, Maybe) else value


def field(value: Any, conversion: str, form: str) -> Any:
    """`{value!r:form}` in an f-string."""
    refuse_grown("a text", value)
    if is_symbolic(value) or symbols([value]) or sized(value):
        return late_field(frozen(known(value)), conversion, form)
    return plain.field(value, conversion, form)


def format(*parts: Any) -> Any:
    """An f-string; its text is made when the graph runs, if that is when its values are known."""
    return LateText(parts) if any(isinstance(part, LateText) for part in parts) else plain.format(*parts)


def get_item(container: Any, index: Any) -> Any:
    """`container[index]`."""
    if isinstance(container, Maybe):
        container = container.demand()
    if holds_grown(container):
        if isinstance(index, builtins.slice):
            raise refusal("a slice")
        return item_of(container, index)
    if is_symbolic(index) and isinstance(container, dict):
        raise SourceError(
            "an item of a dict is read by a key that is not known yet", "Make it a list, and the key an index."
        )
    if is_symbolic(index) and isinstance(container, (list, tuple)):
        return _chosen(container, index)
    if isinstance(container, Tensor):
        _check_index(index)
        return active().is_made(container[index], container)
    method = users_method(type(container), "__getitem__")
    if method is not None:
        return call(method, container, index)
    if isinstance(container, collections.defaultdict) and index not in container:
        active().note(Contents(container))
        return active().makes(container[index])
    return container[index]


def _check_index(index: Any) -> None:
    """Refuse indices that make a shape depend on values."""
    for part in index if isinstance(index, tuple) else (index,):
        bounds = (part.start, part.stop, part.step) if isinstance(part, builtins.slice) else ()
        if any(map(is_symbolic, bounds)):
            raise SourceError(
                "the bounds of a slice are tensors, so the shape of the result would depend on their values",
                "Slice by numbers, or keep the whole and use wf.where with a mask.",
            )
        if isinstance(part, SymbolicTensor) and part.ndim and part.dtype.kind == "b":
            raise SourceError(
                f"a mask {part.spec} chooses elements, so the shape of the result would depend on its values",
                "Use wf.where(mask, x, y), or multiply by the mask.",
            )


def _chosen(container: Any, index: Any) -> Any:
    """An item of a list by a symbolic index, its items being alike."""
    found = staged_sequence(container)
    k = OPS["astype"](OPS["reshape"](index, shape=()), dtype=int)
    chosen = found.item(OPS["where"](k < 0, k + len(container), k))
    active().blur(chosen)
    active().share_all(container)
    return chosen


def set_item(container: Any, index: Any, value: Any) -> Any:
    """`container[index] = value`; gives what the name of the container is bound to from now on."""
    if isinstance(container, Maybe):
        container = container.demand()
    refuse_grown("assigning an item", container)
    if is_assignable(container):
        return assign_item(container, index, value)
    if isinstance(container, (list, dict)):
        if is_symbolic(index):
            raise SourceError(
                "an item of a list is assigned by an index that is not known yet", "Make the list a tensor."
            )
        active().settled(container)
        known = not isinstance(index, builtins.slice) and (isinstance(container, list) or index in container)
        active().note(Item(container, index) if known else Contents(container))
    method = users_method(type(container), "__setitem__")
    if method is not None:
        call(method, container, index, value)
        return container
    return plain.set_item(container, index, value)


def assign_item(x: Any, index: Any, value: Any) -> Any:
    """`x[index] = value` of a tensor: all its names see it."""
    if getattr(x, "weak", None):
        raise TypeError(f"{x.weak.__name__!r} object does not support item assignment")
    active().settled(x)
    if type(x) is EagerTensor and not active().is_new(x):
        raise SideEffectError(
            f"items of a tensor {x.spec} that was made outside of the compiled function are assigned",
            "Give it as an argument, or assign to a copy: wf.asarray(x, copy=True).",
        )
    put(Assigned(x), OPS["setitem"](x, value, index))
    return x


def del_item(container: Any, index: Any) -> Any:
    """`del container[index]`; gives what the name of the container is bound to from now on."""
    refuse_grown("deleting an item", container)
    if isinstance(container, (list, dict)):
        active().settled(container)
        active().note(Contents(container))
    method = users_method(type(container), "__delitem__")
    if method is not None:
        call(method, container, index)
        return container
    return plain.del_item(container, index)


def put_item(container: Any, index: Any, old: Any, new: Any) -> Any:
    """Put back an item that was changed: if it is another object now, the container is told."""
    return container if new is old else set_item(container, index, new)


def get_attr(owner: Any, name: str) -> Any:
    """`owner.name`; the user's own properties are called like functions."""
    if isinstance(owner, Maybe) and not isinstance(owner, SymbolicTensor):
        owner = owner.demand()
    read = call.methods.getter(owner, name, set_plain_attr)
    if read is not None:
        return read()
    if isinstance(held := getattr(owner, "__dict__", None), (dict, MappingProxyType)) and name in held:
        active().reads(owner, name)
    value = getattr(owner, name)
    if isinstance(value, Maybe) and UNBOUND in value.absent:
        return value.found(AttributeError, f"{type(owner).__name__!r} object has no attribute {name!r}")
    return value


def has_attr(owner: Any, name: str) -> Any:
    """`hasattr(owner, name)`; symbolic where a branch sets or deletes it."""
    owner = known(owner)
    if call.methods.getter(owner, name, set_plain_attr) is not None:
        return _read_or(owner, name, unbound) is not unbound
    value = getattr(owner, name, unbound)
    return value.code != UNBOUND if isinstance(value, Maybe) and UNBOUND in value.absent else value is not unbound


def _read_or(owner: Any, name: str, default: Any) -> Any:
    try:
        return get_attr(owner, name)
    except AttributeError:
        return default


def get_attr_or(owner: Any, name: str, *default: Any) -> Any:
    """`getattr(owner, name, default)`."""
    if not default:
        return get_attr(owner, name)
    if call.methods.getter(known(owner), name, set_plain_attr) is not None:
        return _read_or(known(owner), name, default[0])
    return if_exp(has_attr(owner, name), lambda: get_attr(owner, name), lambda: default[0])


@contextlib.contextmanager
def trying() -> Iterator[None]:
    """Around the body of a `try` that has handlers: what is raised inside while the graph runs would pass them by."""
    trace = active()
    trace.trying += 1
    try:
        with guarding():
            yield
    except SourceError as error:
        trace.refused = trace.refused or error  # a bare `except:` may still swallow what is raised here
        raise Refused(error) from error
    finally:
        trace.trying -= 1


def made(value: Any) -> Any:
    """A list, dict or set that was just displayed: nobody else has it yet."""
    return active().makes(value)


def set_attr(owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    kind = type(owner)
    method = setter(kind)
    if method is not None:
        return call(method, owner, name, value)
    found = next((vars(parent)[name] for parent in kind.__mro__ if name in vars(parent)), None)
    if type(found) is property and isinstance(found.fset, FunctionType) and not isinstance(owner, Module):
        return call(found.fset, owner, value)
    method = users_method(type(found), "__set__")
    if method is not None:
        return call(method, found, owner, value)
    return set_plain_attr(owner, name, value)


def set_plain_attr(owner: Any, name: str, value: Any) -> None:
    """`object.__setattr__(owner, name, value)`."""
    active().settled(owner)
    active().reads(owner, name)
    put(Attribute(owner, name), value)


def del_attr(owner: Any, name: str) -> None:
    """`del owner.name`."""
    delete = call.methods.deleter(owner, name)
    if delete is not None:
        return delete()
    active().settled(owner)
    put(Attribute(owner, name), unbound)


REBINDING: dict[Any, Callable[..., Any]] = {
    builtins.getattr: get_attr_or,
    builtins.hasattr: has_attr,
    builtins.setattr: set_attr,
    builtins.delattr: del_attr,
    object.__setattr__: set_plain_attr,
    object.__delattr__: del_attr,
}


def put_attr(owner: Any, name: str, old: Any, new: Any) -> None:
    """Put back an attribute that was changed: if it is another object now, its owner is told."""
    if new is not old:
        set_attr(owner, name, new)


CACHED = type(functools.lru_cache(len))
CHANGES = {
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse",
    "update", "setdefault", "popitem", "add", "discard", "__setitem__", "__delitem__",
}  # fmt: skip


class StagingCaller(Caller):
    """Calls while tracing: built-in functions have a meaning for symbolic values, and changes of lists are noted."""

    def __call__(self, f: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(f, Module) and not hasattr(f, OPAQUE):
            if not f.built:
                f.prepare(*args, **kwargs)
            return self(f.call, *args, **kwargs)
        if (version := of_grown(f, args, kwargs)) is not None:
            return version(*args, **kwargs)
        args = as_operands(f, args)
        if type(f) is FunctionType and f in COPIES:
            f = staged_copy(f, args)
        if is_log(f):
            return staged_log(f, args, kwargs)
        if type(f) is CACHED and symbols([*args, *kwargs.values()]):
            return active().remembered(f, args, kwargs, lambda: self(inspect.unwrap(f), *args, **kwargs))
        check_repeatable(f, args)
        if type(f) is CACHED:
            return silent(f, lambda: f(*args, **kwargs))
        if getattr(f, "__name__", "") in ("setitem", "__setitem__") and is_assignment(f, args):
            set_item(*(args if f is operator.setitem else (f.__self__, *args)))
            return None
        found = super().__call__(f, *args, **kwargs)
        if type(found) is EagerTensor and makes_tensors(f):
            return active().makes_tensor(found, (args, kwargs))
        return active().makes(found) if hasattr(type(found), "__next__") else found

    def converted(self, f: Any, args: tuple[Any, ...] = ()) -> Callable[..., Any]:
        made = super().converted(f, args)
        if made is not f and is_users(f):
            active().enters(f)
        if made is not f or is_rewritten(f.__code__):
            active().rebinds(f)
        return made

    def lent(self, value: Any) -> Any:
        if isinstance(value, type | BuiltinFunctionType) and value in STAGED:
            return functools.partial(self, value)  # called by Python, on what may be symbolic
        return super().lent(value)

    def class_of(self, x: Any) -> type:
        return staged_type(x) if is_symbolic(x) else x.__class__

    def builtin(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if f in HIGHER_ORDER:
            args, kwargs = tuple(map(self.lent, args)), {name: self.lent(value) for name, value in kwargs.items()}
        staged = staged_builtin(f, args, kwargs) or REBINDING.get(f)
        if staged is not None:
            return staged(*args, **kwargs)
        owner = getattr(f, "__self__", None)
        if isinstance(owner, str) and f.__name__ in TEXT_METHODS and symbols([*args, *kwargs.values()]):
            return late_call(f, *frozen(list(args)), **frozen(kwargs))
        if isinstance(owner, (list, dict)) and getattr(f, "__name__", "") in CHANGES:
            active().settled(owner)
            active().note(Contents(owner))
        made = super().builtin(f, args, kwargs)
        return active().makes(made) if getattr(f, "__name__", "") == "__new__" else made

    def construct(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        staged = staged_builtin(f, args, kwargs)
        if staged is not None:
            return staged(*args, **kwargs)
        made = super().construct(f, args, kwargs)
        return made if isinstance(made, Tensor) else active().makes(made)


def generator(items: Any, generate: Callable[[Iterator[Any]], Any], listed: Callable[[Any], Any]) -> Any:
    """A generator expression over `items`; one over a tensor gives the list of the same elements."""
    if is_staged(items):
        return listed(items)
    return active().makes(plain.generator(items, generate, listed))


def entered(manager: Any) -> Any:
    """What a `with` statement enters: the user's own methods are compiled, and what is raised inside is for them."""
    enter, leave = (users_method(type(manager), name) for name in ("__enter__", "__exit__"))
    ours = type(manager).__module__.partition(".")[0] == ROOT or isinstance(manager, contextlib.nullcontext)
    return manager if ours else Entered(manager, enter, leave)


@dataclass
class Entered:
    """A context manager of the user's while tracing."""

    manager: Any
    enter: Any
    leave: Any

    def __enter__(self) -> Any:
        value = call(self.enter, self.manager) if self.enter else self.manager.__enter__()
        active().trying += 1
        return value

    def __exit__(self, *error: Any) -> Any:
        active().trying -= 1
        if error and isinstance(error[1], SourceError):
            raise Refused(error[1]) from error[1]
        return call(self.leave, self.manager, *error) if self.leave else self.manager.__exit__(*error)


call = StagingCaller(sys.modules[__name__])
