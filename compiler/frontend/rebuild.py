"""Back from a tree to a function: compiled under the user's file name, closed over the very same cells.

The tree itself is compiled, never its text, so that positions survive and tracebacks show the user's file. The
function is compiled inside a maker whose parameters are the names of its closure; its code is taken out of the
maker, which never runs. What was evaluated when the user's `def` ran (defaults, annotations) is taken over from
the user's function, not evaluated again.
"""

from __future__ import annotations
import __future__

import ast
import copy
import warnings
from collections.abc import Collection, Mapping
from types import CellType, CodeType, FunctionType
from typing import Any

from .tree import Node, room_for, to_python

FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag

KEPT = ("__defaults__", "__kwdefaults__", "__doc__", "__module__", "__qualname__", "__type_params__")


def rebuild(function: FunctionType, tree: Node, names: Mapping[str, object] | None = None) -> FunctionType:
    """A function that runs `tree` in the place of `function`: same globals, cells, defaults, annotations and names.

    `names` are further names that the tree may read, each held in a cell of its own. The tree is left as it is.
    """
    free = {*(names or {}), *function.__code__.co_freevars}
    return bind(function, code_of(tree, function.__code__, free), names)


def bind(function: FunctionType, code: CodeType, names: Mapping[str, object] | None = None) -> FunctionType:
    """A function that runs `code`, which came from a tree, in the place of `function`."""
    cells = {name: CellType(value) for name, value in (names or {}).items()}
    cells |= zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, function.__globals__, function.__name__, closure=closure)
    lazy = hasattr(function, "__annotate__")  # from Python 3.14 on annotations wait until somebody asks
    for name in (*KEPT, "__annotate__" if lazy else "__annotations__"):
        if hasattr(function, name):
            setattr(made, name, copy.copy(getattr(function, name)))
    made.__dict__.update(function.__dict__)
    return made


def code_of(tree: Node, like: CodeType, free: Collection[str]) -> CodeType:
    """The code of a function's tree, under the file, the name and the future statements of `like`.

    `free` are the names that come from around the function; all others are its own, or global.
    """
    definition = _bare(to_python(tree), like.co_qualname)
    maker = ast.Module([_maker(definition, free)], [])
    with room_for(maker), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever Python says of the user's code, it has said before
        module = compile(maker, like.co_filename, "exec", flags=like.co_flags & FUTURES, dont_inherit=True)
    code = _only_code(_only_code(module))
    return code.replace(co_name=like.co_name)


def _bare(definition: Any, name: str) -> Any:
    """A definition without what its `def` statement would evaluate, named by its whole path.

    Python builds the paths of inner functions and classes from it, so theirs come out right too.
    """
    definition.name, definition.decorator_list, definition.returns = name, [], None
    definition.type_params = []
    given = definition.args
    given.defaults, given.kw_defaults = [], [None for _ in given.kwonlyargs]
    for argument in ast.walk(given):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return definition


def _maker(definition: Any, free: Collection[str]) -> Any:
    """`def maker(free names): global f; def f...`: a global definition gets no prefix in its path."""
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    body = [ast.Global([definition.name]), definition]
    maker: Any = ast.FunctionDef("maker", arguments, body, [])
    return ast.fix_missing_locations(ast.copy_location(maker, definition))


def _only_code(outer: CodeType) -> CodeType:
    (inner,) = (constant for constant in outer.co_consts if isinstance(constant, CodeType))
    return inner
