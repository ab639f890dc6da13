"""From a function to its rewritten twin: the passes, in the order in which they run.

Each pass has one thing to say about what it leaves behind, and relies on those before it. The twin has the user's
globals, cells, defaults, file and lines; its control flow is calls of operators. What was compiled is remembered as
long as the code of the user's function lives, and bound to the cells of each function anew: that costs little, and
a function that is made a thousand times is compiled once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from types import CodeType, FunctionType

from .branches import Branches
from .calls import Calls
from .comprehensions import Comprehensions
from .declarations import Declarations
from .exits import Exits
from .expressions import Expressions
from .items import Items
from .loops import Loops
from .matching import Matching
from .quote import OPERATORS
from .reads import Reads
from .rebuild import bind, code_of
from .rewriter import Rewriter
from .scope import Names, is_generator
from .source import definition
from .subset import check
from .supers import Supers
from .tree import Node, room_for

PASSES: tuple[type[Rewriter], ...] = (
    Declarations,  # global and nonlocal stand first; no annotations
    Supers,  # super() has its arguments
    Matching,  # no match
    Comprehensions,  # no comprehensions
    Exits,  # no jumps but a last return
    Items,  # only names are assigned to
    Reads,  # a name that may have no value is read by an operator
    Branches,  # no if
    Loops,  # no while, no for
    Expressions,  # no and, or, not, ternaries, f-strings, assert, raise
    Calls,  # no calls, attributes, items but of operators
)

IN_GENERATORS = tuple(step for step in PASSES if step.in_generators)  # what is refused there is refused by Python

_compiled: dict[int, tuple[weakref.ref[CodeType], CodeType]] = {}
_rewritten: dict[int, weakref.ref[CodeType]] = {}


def convert(function: FunctionType, operators: object) -> FunctionType:
    """The rewritten twin of a plain function, which calls `operators` for its control flow.

    A coroutine and what is rewritten already come back as they are.
    Errors: SourceError where there is no source, or a construct that cannot be compiled.
    """
    code = function.__code__
    if not is_convertible(code):
        return function
    return bind(function, _code(function), {OPERATORS: operators})


def is_convertible(code: CodeType) -> bool:
    """Whether code is that of a function or a generator as the user wrote it."""
    waits = 0x80 | 0x100 | 0x200  # coroutines, awaitable and asynchronous generators
    return not code.co_flags & waits and not is_rewritten(code)


def is_rewritten(code: CodeType) -> bool:
    """Whether code came out of the rewrites."""
    known = _rewritten.get(id(code))
    return known is not None and known() is code


def rewritten_tree(function: FunctionType) -> Node:
    """The tree of a function's rewritten twin."""
    found = definition(function)
    check(found)
    return rewrite(found.tree, function.__code__.co_freevars)


def rewrite(tree: Node, free: tuple[str, ...] = ()) -> Node:
    """A function's tree after all passes; `free` are the names that come from around it."""
    names = Names(tree, free)
    with room_for(tree):
        for step in IN_GENERATORS if is_generator(tree) else PASSES:
            tree = step(names).entry(tree)
    return tree


def _code(function: FunctionType) -> CodeType:
    code = function.__code__
    known = _compiled.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    made = code_of(rewritten_tree(function), code, {*code.co_freevars, OPERATORS})
    number = id(code)
    _compiled[number] = weakref.ref(code, lambda _: _compiled.pop(number, None)), made
    for part in _parts(made):
        _mark(part)
    return made


def _mark(code: CodeType) -> None:
    number = id(code)
    _rewritten[number] = weakref.ref(code, lambda _: _rewritten.pop(number, None))


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)
