"""The operators that rewritten code calls, known to it as `wf_`: on plain values each does exactly what Python does.

Where a condition, an iterable, a container or an operand is symbolic, an operator stages instead; the first lines
of each are the place to ask. `names` are those that the blocks of an operator bind; the cells are found in the
closures of the blocks. Operators know nothing of how code is rewritten.
"""

from __future__ import annotations

import builtins
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .calling import Caller
from .users import users_method

Block = Callable[[], object]
Thunk = Callable[[], Any]
Names = tuple[str, ...]

slice = builtins.slice
set = builtins.set

# --- control flow -------------------------------------------------------------------------------------------------


def if_(test: Any, then: Block, otherwise: Block | None, names: Names) -> None:
    """`if test: then`, `else: otherwise`."""
    if truth(test):
        then()
    elif otherwise is not None:
        otherwise()


def while_(test: Thunk, body: Block, names: Names) -> None:
    """`while test: body`."""
    while truth(test()):
        body()


def for_(items: Iterable[Any], body: Callable[[Any], object], names: Names, go_on: Thunk | None = None) -> None:
    """`for item in items: body`; `go_on` says after each item whether there may be a further one."""
    for item in iterated(items):
        body(item)
        if go_on is not None and not go_on():
            break


def returned(flag: Any, result: Thunk) -> Any:
    """What a function returns: its result if it came to a `return`, else None."""
    return result() if flag else None


def read(name: Thunk, text: str) -> Any:
    """The value of a name that may have none."""
    try:
        return name()
    except NameError:
        message = f"cannot access local variable '{text}' where it is not associated with a value"
    raise UnboundLocalError(message, name=text)


def read_free(name: Thunk, text: str) -> Any:
    """The value of a name of a function around that may have none."""
    return name()


def assert_(test: Any, message: Thunk | None = None) -> None:
    """`assert test, message`."""
    if not truth(test):
        raise AssertionError(message()) if message is not None else AssertionError


def raise_(error: Any, *cause: Any) -> None:
    """`raise error`, `raise error from cause`."""
    if cause:
        raise error from cause[0]
    raise error


# --- expressions --------------------------------------------------------------------------------------------------


def and_(*operands: Thunk) -> Any:
    """`a and b`: the first false operand, or the last."""
    value: Any = True
    for operand in operands[:-1]:
        value = operand()
        if not truth(value):
            return value
    return operands[-1]()


def or_(*operands: Thunk) -> Any:
    """`a or b`: the first true operand, or the last."""
    for operand in operands[:-1]:
        value = operand()
        if truth(value):
            return value
    return operands[-1]()


both, either = and_, or_  # where only the truth of the result is asked


def not_(value: Any) -> Any:
    """`not value`."""
    return not truth(value)


def if_exp(test: Any, then: Thunk, otherwise: Thunk) -> Any:
    """`then if test else otherwise`."""
    return then() if truth(test) else otherwise()


def binary(a: Any, sign: str, b: Any) -> Any:
    """`a + b` and its like."""
    return call.methods.binary(a, sign, b)


def augmented(a: Any, sign: str, b: Any) -> Any:
    """What `a += b` and its like bind to the name of a."""
    return call.methods.augmented(a, sign, b)


def unary(sign: str, a: Any) -> Any:
    """`-a` and its like."""
    return call.methods.unary(sign, a)


def compare(a: Any, sign: str, b: Any) -> Any:
    """`a < b` and its like."""
    return call.methods.compare(a, sign, b)


def truth(value: Any) -> Any:
    """What a condition asks of a value."""
    return call.methods.truth(value)


def iterated(items: Any) -> Any:
    """What a loop over `items` takes its items from."""
    return call.methods.iterated(items)


def eq(a: Any, b: Any) -> Any:
    """`a == b`."""
    return compare(a, "==", b)


def ne(a: Any, b: Any) -> Any:
    """`a != b`."""
    return compare(a, "!=", b)


def is_(a: Any, b: Any) -> Any:
    """`a is b`."""
    return a is b


def is_not(a: Any, b: Any) -> Any:
    """`a is not b`."""
    return a is not b


def in_(a: Any, b: Any) -> Any:
    """`a in b`."""
    found = call.methods.contains(b, a)
    return a in iterated(b) if found is NotImplemented else found


def not_in(a: Any, b: Any) -> Any:
    """`a not in b`."""
    return not_(in_(a, b))


IDENTITY = {"is": is_, "is not": is_not, "in": in_, "not in": not_in}


def compared(a: Any, sign: str, b: Any) -> Any:
    """One comparison of a chain."""
    return IDENTITY[sign](a, b) if sign in IDENTITY else compare(a, sign, b)


def chain(left: Any, symbol: str, right: Any, *others: Any) -> Any:
    """`left < right <= ...`: each operand after the second is evaluated if all before it agree."""
    value = compared(left, symbol, right)
    for symbol, operand in zip(others[::2], others[1::2], strict=True):
        if not truth(value):
            return value
        left, right = right, operand()
        value = compared(left, symbol, right)
    return value


def field(value: Any, conversion: str, form: str) -> str:
    """`{value!r:form}` in an f-string."""
    if conversion:
        value = {"r": repr, "s": str, "a": ascii}[conversion](value)
    return builtins.format(value, form)


def format(*parts: str) -> str:
    """An f-string."""
    return "".join(parts)


# --- places -------------------------------------------------------------------------------------------------------


def get_item(container: Any, index: Any) -> Any:
    """`container[index]`."""
    method = users_method(type(container), "__getitem__")
    return container[index] if method is None else call(method, container, index)


def set_item(container: Any, index: Any, value: Any) -> Any:
    """`container[index] = value`; gives what the name of the container is bound to from now on."""
    method = users_method(type(container), "__setitem__")
    if method is None:
        container[index] = value
    else:
        call(method, container, index, value)
    return container


def del_item(container: Any, index: Any) -> Any:
    """`del container[index]`; gives what the name of the container is bound to from now on."""
    method = users_method(type(container), "__delitem__")
    if method is None:
        del container[index]
    else:
        call(method, container, index)
    return container


def put_item(container: Any, index: Any, old: Any, new: Any) -> Any:
    """Put back an item that was changed: if it is another object now, the container is told."""
    return container if new is old else set_item(container, index, new)


def get_attr(owner: Any, name: str) -> Any:
    """`owner.name`; what runs the user's own Python is called like a function."""
    read = call.methods.getter(owner, name, keep)
    return getattr(owner, name) if read is None else read()


def keep(owner: Any, name: str, value: Any) -> None:
    """Keep what a cached property computed."""
    vars(owner)[name] = value


def set_attr(owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    put = call.methods.setter(owner, name)
    if put is None:
        setattr(owner, name, value)
    else:
        put(value)


def del_attr(owner: Any, name: str) -> None:
    """`del owner.name`."""
    delete = call.methods.deleter(owner, name)
    if delete is None:
        delattr(owner, name)
    else:
        delete()


def put_attr(owner: Any, name: str, old: Any, new: Any) -> None:
    """Put back an attribute that was changed: if it is another object now, its owner is told."""
    if new is not old:
        set_attr(owner, name, new)


def generator(items: Any, generate: Callable[[Iterator[Any]], Any], listed: Callable[[Any], Any]) -> Any:
    """A generator expression over `items`; `listed` makes the list of the same elements at once."""
    return generate(iter(iterated(items)))


def trying() -> contextlib.AbstractContextManager[None]:
    """Around the body of a `try` that has handlers."""
    return contextlib.nullcontext()


def entered(manager: Any) -> Any:
    """What a `with` statement enters."""
    return manager


def made(value: Any) -> Any:
    """A list, dict or set that was just displayed."""
    return value


def unpacked(value: Any, nested: bool = False) -> Any:
    """What is taken apart by `a, b = value` or `*value`; if `nested`, some of its items are, too."""
    return value


# --- patterns -----------------------------------------------------------------------------------------------------

ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, builtins.set, str, tuple)
MISSING = object()


def captured(*values: Any) -> bool:
    """True: the walruses among the arguments have bound what a pattern captures."""
    return True


def sequence(subject: Any, before: int, after: int | None) -> tuple[Any, ...] | None:
    """The parts of a sequence for a pattern; those between `before` and `after` in one list, if there is an `after`."""
    match subject:
        case [*items]:
            if after is None:
                return tuple(items) if len(items) == before else None
            last = len(items) - after
            return (*items[:before], items[before:last], *items[last:]) if last >= before else None
    return None


def mapping(subject: Any, keys: tuple[Any, ...], rest: bool) -> tuple[Any, ...] | None:
    """The values of a mapping under the keys of a pattern, and a dict of the others if it asks for one."""
    match subject:
        case {}:
            return _values(subject, keys, rest) if len(subject) >= len(keys) else None
    return None


def _values(subject: Any, keys: tuple[Any, ...], rest: bool) -> tuple[Any, ...] | None:
    values, seen = [], builtins.set[Any]()
    for key in keys:
        if key in seen:
            raise ValueError(f"mapping pattern checks duplicate key ({key!r})")
        seen.add(key)
        value = subject.get(key, MISSING)
        if value is MISSING:
            return None
        values.append(value)
    if rest:
        others = dict(subject)
        for key in keys:
            del others[key]
        values.append(others)
    return tuple(values)


def instance(subject: Any, kind: Any, count: int, names: Names) -> tuple[Any, ...] | None:
    """The attributes of an instance of a class that a pattern asks for, the positional ones first."""
    if not isinstance(kind, type):
        raise TypeError("called match pattern must be a class")
    if not isinstance(subject, kind):
        return None
    match_args = getattr(kind, "__match_args__", MISSING)
    if match_args is MISSING and count and issubclass(kind, ITSELF):
        _check_count(kind, 1, count)
        rest = _attributes(subject, names)
        return None if rest is None else (subject, *rest)
    return _attributes(subject, (*_positional(kind, match_args, count, names), *names))


def _positional(kind: type, match_args: Any, count: int, names: Names) -> Names:
    if not count:
        return ()
    known = () if match_args is MISSING else match_args
    if type(known) is not tuple:
        raise TypeError(f"{kind.__name__}.__match_args__ must be a tuple (got {type(known).__name__})")
    _check_count(kind, len(known), count)
    for name in known[:count]:
        if type(name) is not str:
            raise TypeError(f"__match_args__ elements must be strings (got {type(name).__name__})")
        if name in names:
            raise TypeError(f"{kind.__name__}() got multiple sub-patterns for attribute {name!r}")
    return known[:count]


def _check_count(kind: type, allowed: int, count: int) -> None:
    if count > allowed:
        plural = "" if allowed == 1 else "s"
        raise TypeError(f"{kind.__name__}() accepts {allowed} positional sub-pattern{plural} ({count} given)")


def _attributes(subject: Any, names: Names) -> tuple[Any, ...] | None:
    values = []
    for name in names:
        value = getattr(subject, name, MISSING)
        if value is MISSING:
            return None
        values.append(value)
    return tuple(values)


# --- calls --------------------------------------------------------------------------------------------------------

call = Caller(sys.modules[__name__])
