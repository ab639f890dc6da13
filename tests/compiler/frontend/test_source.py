"""The definition of any function is found, at its true place, and never that of another."""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import inspect
import itertools
import linecache
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from weft.compiler.frontend.callee import callee
from weft.compiler.frontend.rebuild import rebuild
from weft.compiler.frontend.source import LAMBDA, definition
from weft.compiler.frontend.unparse import unparse
from weft.runtime.errors import SourceError

COUNT = itertools.count()


def loaded(text: str, path: str = "") -> dict[str, Any]:
    """What a text defines, its lines known to linecache as a notebook makes them known."""
    path = path or f"<cell {next(COUNT)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    space: dict[str, Any] = {"__name__": "cell"}
    exec(compile(text, path, "exec", dont_inherit=True), space)
    return space


def body_text(f: Callable[..., object]) -> str:
    """The user's text of a function's first statement."""
    plain: Any = callee(f).function
    found = definition(plain)
    return found.segment(found.tree.body[0])


def decorated(f: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def wrapper(*args: object) -> object:
        return f(*args)

    return wrapper


def same(f: Any) -> Any:
    return f


class Model:
    @same
    @same
    def method(self, x: int) -> int: return x + 1  # fmt: skip

    @staticmethod
    def static(x: int) -> int: return x + 2  # fmt: skip

    @classmethod
    def of_class(cls, x: int) -> int: return x + 3  # fmt: skip

    @property
    def value(self) -> int: return 4  # fmt: skip

    def __call__(self) -> int: return 5  # fmt: skip

    class Inner:
        def deep(self) -> int: return 6  # fmt: skip

    made = lambda self: 7


@decorated
def outside() -> int: return 8  # fmt: skip


def maker(a: int) -> Callable[[], int]:
    def inner() -> int: return a + 9  # fmt: skip

    return inner


class TestPlaces:
    @pytest.mark.parametrize(("f", "text"), [
        (Model().method, "return x + 1"), (Model.static, "return x + 2"), (Model.of_class, "return x + 3"),
        (Model.value, "return 4"), (Model(), "return 5"), (Model.Inner().deep, "return 6"), (Model.made, "7"),
        (outside, "return f(*args)"), (vars(outside)["__wrapped__"], "return 8"), (maker(1), "return a + 9"),
        (functools.partial(Model.static, 1), "return x + 2"), (functools.lru_cache(maker), "def inner() -> int: return a + 9"),
    ])  # fmt: skip
    def test_every_kind_of_function_is_found(self, f: Any, text: str) -> None:
        assert body_text(f) == text

    def test_lines_and_columns_are_those_of_the_file(self) -> None:
        found = definition(Model.Inner.deep)
        line, start = inspect.getsourcelines(Model.Inner.deep)[1], "        def deep(self) -> int: "
        assert (found.tree.lineno, found.tree.col_offset) == (line, 8)
        assert (found.tree.body[0].lineno, found.tree.body[0].col_offset) == (line, len(start))
        assert (
            found.where(found.tree.body[0]) == f"test_source.py:{line}   def deep(self) -> int: return 6  # fmt: skip"
        )
        assert found.path == __file__

    def test_decorators_are_left_out(self) -> None:
        assert definition(Model.method).tree.decorator_list == []
        assert unparse(definition(Model.method).tree) == "def method(self, x: int) -> int:\n    return x + 1"


class TestLambdas:
    def test_lambdas_on_one_line_are_told_apart(self) -> None:
        a, b, c, d = (lambda x: x + 1), (lambda x: x + 2), (lambda y: lambda x: x + 3), (lambda x: x and 1 or 2)  # noqa: RUF021
        assert [body_text(f) for f in (a, b, c, c(1), d)] == [
            "x + 1", "x + 2", "lambda x: x + 3", "x + 3", "x and 1 or 2",
        ]  # fmt: skip

    def test_lambdas_of_constants_are_told_apart(self) -> None:
        fs = [lambda: 1, lambda: 2, lambda: None, lambda: "ä", lambda: -1.0]
        assert [body_text(f) for f in fs] == ["1", "2", "None", '"ä"', "-1.0"]

    def test_columns_count_bytes_as_python_does(self) -> None:
        space = loaded("s = 'äöü', (lambda x: x + 'ä'), (lambda x: x + 'ö')")
        assert [body_text(f) for f in space["s"][1:]] == ["x + 'ä'", "x + 'ö'"]

    def test_a_lambda_over_many_lines_is_found(self) -> None:
        f = loaded("f = list(map(\n  lambda x,\n         y=1: (x\n     + y), []\n)) or (lambda:\n 3)")["f"]
        assert body_text(f) == "3"

    def test_a_lambda_appears_as_a_function(self) -> None:
        f = lambda x, *, k=1: x * k
        tree = definition(f).tree
        assert unparse(tree) == f"def {LAMBDA}(x, *, k=1):\n    return x * k"
        assert definition(f).is_lambda
        assert not definition(maker).is_lambda

    def test_lambdas_are_found_where_python_keeps_no_columns(self, tmp_path: Path) -> None:
        (tmp_path / "shown.py").write_text(
            "from weft.compiler.frontend.source import definition\n"
            "k = 5\n"
            "for f in ((lambda x: x + 1), (lambda x: x + k), (lambda: 3), (lambda x: x + 1)):\n"
            "    found = definition(f)\n"
            "    print(found.segment(found.tree.body[0]))\n"
        )
        command = [sys.executable, "-X", "no_debug_ranges", str(tmp_path / "shown.py")]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == ["x + 1", "x + k", "3", "x + 1"]


class TestPrivateNames:
    def test_private_names_are_spelled_out(self) -> None:
        text = (
            "class _A:\n"
            "  def f(self, __p, *__q):\n"
            "    __v = self.__w + __p.__x__ + g(__k=1)\n"
            "    def __d(): nonlocal __v; __v = 2\n"
            "    class __I(__B): y = __v\n"
            "    import __m as n, __o\n"
            "    match __v:\n"
            "      case C(__k=[*__s]) | C(__s): pass\n"
            "      case {'a': 1, **__r}: pass\n"
            "      case __t: pass\n"
            "    for __i in (lambda __l: __l): pass\n"
        )
        spelled = unparse(definition(loaded(text)["_A"].f).tree)
        for name in ("p", "q", "v", "w", "d", "I", "B", "o", "s", "r", "t", "i", "l"):
            assert f"_A__{name}" in spelled
        for kept in ("__x__", "(__k=1)", "C(__k=", "= _I__v"):
            assert kept in spelled

    @pytest.mark.parametrize("owner", ["A", "_A", "__A", "_", "___"])
    def test_methods_run_with_their_private_names(self, owner: str) -> None:
        text = f"class {owner}:\n  __s = 4\n  def f(self, __a=1):\n    self.__n = __a\n    return self.__s + self.__n, vars(self)"
        kind = loaded(text)[owner]
        assert rebuild(kind.f, definition(kind.f).tree)(kind()) == kind().f()

    def test_functions_outside_classes_keep_their_names(self) -> None:
        assert "__x" in unparse(definition(loaded("def f(o): return o.__x")["f"]).tree)


class TestRefusals:
    def test_code_without_text_is_refused(self) -> None:
        space: dict[str, Any] = {}
        exec("def f(): pass", space)
        with pytest.raises(SourceError, match=r"no source of f, which was defined at <string>:1") as caught:
            definition(space["f"])
        assert "linecache.cache[name]" in caught.value.hint

    def test_code_from_a_prompt_is_refused(self) -> None:
        space: dict[str, Any] = {}
        exec(compile("f = lambda: 1", "<stdin>", "exec"), space)
        with pytest.raises(SourceError, match="no source of <lambda>") as caught:
            definition(space["f"])
        assert "prompt" in caught.value.hint

    def test_code_frozen_into_python_is_refused(self) -> None:
        frozen = importlib.import_module("importlib._bootstrap")
        f = next(
            f for f in vars(frozen).values() if isinstance(f, FunctionType) and "<frozen" in f.__code__.co_filename
        )
        with pytest.raises(SourceError, match="no source") as caught:
            definition(f)
        assert "part of Python" in caught.value.hint

    def test_a_file_that_is_gone_is_refused(self, tmp_path: Path) -> None:
        module = imported(tmp_path, "def f(): return 1\n")
        Path(str(module.__file__)).unlink()
        module.__dict__.pop("__loader__")
        with pytest.raises(SourceError, match="no source of f") as caught:
            definition(module.f)
        assert "Put the file where it was" in caught.value.hint

    @pytest.mark.parametrize("edit", [
        "def f(x): return x + 2\n", "def f(y): return y + 1\n", "\ndef f(x): return x + 1\n", "def g(x): return x + 1\n",
        "def f(x): return x + 1.0\n", "def f(x): return x - 1\n", "def f(:\n",
    ])  # fmt: skip
    def test_a_file_that_was_edited_since_is_refused(self, tmp_path: Path, edit: str) -> None:
        module = imported(tmp_path, "def f(x): return x + 1\n")
        Path(str(module.__file__)).write_text(edit)
        with pytest.raises(SourceError, match="not that of the code that runs") as caught:
            definition(module.f)
        assert "edited after it was imported" in caught.value.hint

    def test_an_edit_elsewhere_does_no_harm(self, tmp_path: Path) -> None:
        module = imported(tmp_path, "def f(x): return x + 1\n")
        with open(str(module.__file__), "a") as file:
            file.write("def g(): pass\n")
        assert body_text(module.f) == "return x + 1"

    def test_text_that_was_read_before_an_edit_still_serves(self, tmp_path: Path) -> None:
        module = imported(tmp_path, "def f(x): return x + 1\n")
        linecache.getlines(str(module.__file__))
        Path(str(module.__file__)).write_text("def f(x): return x + 2\n")
        assert body_text(module.f) == "return x + 1"


def imported(folder: Path, text: str) -> ModuleType:
    """A module of a text, from a file of its own."""
    name = f"edited_{next(COUNT)}"
    (folder / f"{name}.py").write_text(text)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


class TestSurroundings:
    def test_functions_of_rewritten_modules_are_found(self) -> None:
        def f(x: int) -> int:
            assert x > 0  # which pytest rewrites
            return x

        assert body_text(f) == "assert x > 0"

    def test_cells_of_notebooks_are_found(self) -> None:
        space = loaded("def f(x):\n    return x\n", "/tmp/ipykernel_1/2.py")
        assert body_text(space["f"]) == "return x"

    def test_a_cell_that_is_run_again_is_found_anew(self) -> None:
        first = loaded("def f(): return 1", "<again>")["f"]
        second = loaded("def f(): return 2", "<again>")["f"]
        assert body_text(second) == "return 2"
        with pytest.raises(SourceError):
            definition(first)

    def test_future_statements_are_kept(self) -> None:
        text = (
            "from __future__ import annotations\ndef f():\n  def g(x: nobody): return x\n  return g.__annotations__\n"
        )
        f = loaded(text)["f"]
        assert rebuild(f, definition(f).tree)() == f() == {"x": "nobody"}

    def test_warnings_about_the_users_code_are_not_given_again(self) -> None:
        text = "def f(x): return x, 1\n"
        f = loaded(text)["f"]
        linecache.cache[f.__code__.co_filename] = (0, None, [text, "s = '\\d'\n"], "")
        assert body_text(f) == "return x, 1"


def library() -> Iterator[FunctionType]:
    """Functions of the standard library that are loaded, some of each file."""
    by_file: dict[str, list[FunctionType]] = {}
    for f in gc.get_objects():
        path = f.__code__.co_filename if isinstance(f, FunctionType) else ""
        if path.startswith(os.path.dirname(ast.__file__)) and "site-packages" not in path:
            by_file.setdefault(path, []).append(f)
    for fs in by_file.values():
        fs.sort(key=lambda f: (f.__code__.co_firstlineno, f.__qualname__))
        yield from fs[:: max(len(fs) // 5, 1)]


def test_functions_of_the_library_are_found_and_made_again() -> None:
    found = 0
    for f in library():
        if f.__code__.co_name.startswith("<") and f.__code__.co_name != "<lambda>":
            continue  # the code of a comprehension
        tree = definition(f).tree
        again = rebuild(f, tree)
        assert again.__code__.co_qualname == f.__code__.co_qualname
        assert again.__code__.co_names == f.__code__.co_names
        found += 1
    assert found > 300
