"""The definition of a function: where it stands in the user's file, and its tree.

The whole file is parsed and the definition found in it, so that lines and columns are true and nothing has to be
dedented. What is found is compiled and held against the code that runs: a file that was edited since it was
imported is noticed, not compiled by mistake. Where Python keeps no text of a function, the error says what to do.
Nothing here knows about tensors or about what is done with the tree.
"""

from __future__ import annotations

import ast
import dis
import functools
import linecache
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from ...runtime.errors import SourceError
from .mangle import spell_out
from .rebuild import code_of
from .tree import Node, at, from_python, gast, same

LAMBDA = "lambda_"  # the name of a lambda's tree, which is that of a `def` with a single return
ALIKE = ("co_names", "co_varnames", "co_cellvars", "co_freevars")
PLAIN_LOADERS = ("_frozen_importlib_external", "importlib._bootstrap_external", "_frozen_importlib", "zipimport")


@dataclass(frozen=True)
class Definition:
    """A function, the text of its file, and its tree: a gast `FunctionDef` or `AsyncFunctionDef`.

    Positions in the tree are those in the file. Decorators are left out; private names are spelled out; a lambda
    appears as a function that returns its value.
    """

    function: FunctionType
    tree: Node
    text: str
    owner: str  # the class around it, in whose body private names are read; "" for none

    @property
    def path(self) -> str:
        """The file, as tracebacks name it."""
        return self.function.__code__.co_filename

    @property
    def is_lambda(self) -> bool:
        """Whether the user wrote a lambda."""
        return self.function.__code__.co_name == "<lambda>"

    def segment(self, node: Node) -> str:
        """The user's text of a node."""
        return ast.get_source_segment(self.text, node) or ""

    def where(self, node: Node) -> str:
        """A node's place as errors show it: `file.py:12   the line of code`."""
        lines = self.text.splitlines()
        code = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
        return f"{os.path.basename(self.path)}:{node.lineno}   {code}".rstrip()


@dataclass(frozen=True)
class _Found:
    node: Any  # ast.FunctionDef, ast.AsyncFunctionDef or ast.Lambda
    owner: str


def definition(function: FunctionType) -> Definition:
    """The definition of a plain function (see `callee` for other callables).

    Errors: SourceError where there is no source, or where it is not the source of the code that runs.
    """
    code, texts = function.__code__, list(_texts(function))
    if not texts:
        raise _no_source(function)
    for fits in (_is_code_of, _may_become) if _is_rewritten(function) else (_is_code_of,):
        for text in texts:
            found = next((found for found in _candidates(text, code) if fits(found, code)), None)
            if found is not None:
                return Definition(function, _tree_of(found), text, found.owner)
    raise SourceError(
        f"compile: the text of {code.co_qualname} in {code.co_filename} is not that of the code that runs",
        "The file was edited after it was imported, or something rewrote the code: import it again; or mark the "
        "function with wf.opaque.",
        f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}",
    )


def _texts(function: FunctionType) -> Iterator[str]:
    """The text of a function's file as it was read before, then as it stands now."""
    path, seen = function.__code__.co_filename, ""
    for check in (False, True):
        if check:
            linecache.checkcache(path)
        text = "".join(linecache.getlines(path, function.__globals__))
        if text and text != seen:
            yield text
        seen = text


@functools.lru_cache(maxsize=16)
def _definitions(text: str) -> tuple[_Found, ...]:
    """Every function and lambda in a text, with the class around it."""
    found: list[_Found] = []
    waiting: list[tuple[Any, str]] = [(_parsed(text), "")]
    while waiting:
        node, owner = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found.append(_Found(node, owner))
        body, inner = (set(node.body), node.name) if isinstance(node, ast.ClassDef) else ((), owner)
        waiting += [(part, inner if part in body else owner) for part in ast.iter_child_nodes(node)]
    return tuple(found)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever Python says of the user's code, it has said before
        try:
            return ast.parse(text)
        except SyntaxError:  # such as the cell of a notebook whose magic words were kept
            return ast.Module([], [])


def _no_source(function: FunctionType) -> SourceError:
    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno}"
    if code.co_filename.startswith("<stdin"):
        hint = "Python keeps no text of what is typed at this prompt: put the function in a file, or use IPython."
    elif code.co_filename.startswith("<frozen"):
        hint = "It is a part of Python itself: call it as it is."
    elif code.co_filename.startswith("<"):
        hint = (
            "For text given to exec or eval, compile it under a name of its own and say linecache.cache[name] = "
            "(len(text), None, text.splitlines(True), name); or put the function in a file."
        )
    else:
        hint = "Put the file where it was when it was imported; or mark the function with wf.opaque."
    return SourceError(f"compile: there is no source of {code.co_qualname}, which was defined at {place}", hint)


# --- finding the node ---------------------------------------------------------------------------------------------


def _candidates(text: str, code: CodeType) -> list[_Found]:
    """The definitions that may have become `code`, the likeliest first."""
    if code.co_name == "<lambda>":
        return _lambdas(text, code)
    return [found for found in _definitions(text) if _is_def(found.node, code)]


def _is_def(node: Any, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda) or node.name != code.co_name:
        return False
    return code.co_firstlineno == min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _lambdas(text: str, code: CodeType) -> list[_Found]:
    """The lambdas on the line of `code`, those around its columns first, the smallest of them before others.

    The others are there for code that has no columns: some constants, and all code under -X no_debug_ranges.
    """
    lambdas = [found for found in _definitions(text) if isinstance(found.node, ast.Lambda)]
    there = [found for found in lambdas if found.node.lineno == code.co_firstlineno]
    places = [place for place in code.co_positions() if _is_known(place)]

    def distance(found: _Found) -> tuple[int, int, int]:
        body = found.node.body
        outside = sum(not _holds(body, place) for place in places)
        return outside, body.end_lineno - body.lineno, body.end_col_offset - body.col_offset

    return sorted(there, key=distance)


def _is_known(place: tuple[int | None, ...]) -> bool:
    """Whether a place is that of an expression; the entry of a function stands at columns 0 to 0."""
    return None not in place and place[2:] != (0, 0)


def _holds(node: Any, place: tuple[int | None, ...]) -> bool:
    line, end_line, column, end_column = place
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return start <= (line, column) and (end_line, end_column) <= end


# --- its tree, held against the code ------------------------------------------------------------------------------


def _tree_of(found: _Found) -> Node:
    tree = from_python(found.node)
    if isinstance(found.node, ast.Lambda):
        value = at(tree.body, gast.Return(tree.body))
        tree = at(tree, gast.FunctionDef(LAMBDA, tree.args, [value], [], None, None, []))
    tree.decorator_list, tree.type_params = [], []
    name = tree.name
    spell_out(tree, found.owner)
    tree.name = name
    return tree


def _is_code_of(found: _Found, code: CodeType) -> bool:
    """Whether a definition, compiled, is the code that runs."""
    return _alike(code_of(_tree_of(found), code, code.co_freevars), code)


def _may_become(found: _Found, code: CodeType) -> bool:
    """Whether a `def` has the parameters of the code, which is all that is left of it where a loader changes code."""
    if isinstance(found.node, ast.Lambda):
        return False
    return _parameters(_tree_of(found)) == sorted(code.co_varnames[: _parameter_count(code)])


def _is_rewritten(function: FunctionType) -> bool:
    """Whether the loader of a function's module changes what it loads, as those of pytest and type checkers do."""
    loader = function.__globals__.get("__loader__")
    return loader is not None and type(loader).__module__ not in PLAIN_LOADERS and not isinstance(loader, type)


def _parameters(tree: Node) -> list[str]:
    given = tree.args
    rest = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    return sorted(argument.id for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest])


def _parameter_count(code: CodeType) -> int:
    stars = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # *args and **kwargs
    return code.co_argcount + code.co_kwonlyargcount + stars


def _alike(one: object, other: object) -> bool:
    """Whether two pieces of code do the same; what they are called inside classes may differ."""
    if not isinstance(one, CodeType) or not isinstance(other, CodeType):
        return type(one) is type(other) and (isinstance(one, str) or same(one, other))
    if any(getattr(one, part) != getattr(other, part) for part in ALIKE) or not _same_steps(one, other):
        return False
    return len(one.co_consts) == len(other.co_consts) and all(map(_alike, one.co_consts, other.co_consts))


def _same_steps(one: CodeType, other: CodeType) -> bool:
    """Whether the instructions do the same.

    Python loads methods of imported modules in another way where it sees the import in the same file, which a
    function alone has not; and a lambda that is laid out as a `def` may have a NOP for a line less.
    """
    return one.co_code == other.co_code or _steps(one) == _steps(other)


def _steps(code: CodeType) -> list[tuple[str, object]]:
    steps: list[tuple[str, object]] = []
    for step in dis.get_instructions(code):
        if step.opname in ("NOP", "PUSH_NULL", "EXTENDED_ARG"):
            continue
        told = step.opcode not in (*dis.hasjrel, *dis.hasjabs, *dis.hasconst)
        steps.append((step.opname.replace("LOAD_METHOD", "LOAD_ATTR"), step.argval if told else None))
    return steps
