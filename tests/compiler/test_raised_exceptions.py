"""An exception that depends on a tensor is the one that Python raises: a new one each time, or the very one that was there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from agreement import defined

import weft as wf


class OwnError(Exception):
    def __init__(self, x: Any = 0, y: int = 1) -> None:
        super().__init__("own", x)
        self.x, self.y = x, [y]


class SlottedError(ValueError):
    __slots__ = ("held",)


THERE, CAUSE = KeyError("there"), ValueError("cause")


def with_a_value(x):
    if x > 0.0:
        raise ValueError("a", x)
    return x


def from_one_that_was_there(x):
    if x > 0.0:
        raise OwnError(x) from CAUSE
    return x


def from_a_new_one(x):
    if x > 0.0:
        raise OwnError(x * 2.0, 5) from IndexError(x)
    return x


def with_a_note_and_an_attribute(x):
    if x > 0.0:
        error = ValueError("v")
        error.add_note("a note")
        error.held = x  # pyright: ignore[reportAttributeAccessIssue]
        raise error from None
    return x


def with_a_slot(x):
    error = SlottedError("s")
    error.held = x
    if x > 0.0:
        raise error
    return x


def of_a_module(x):
    if x > 0.0:
        raise ImportError("m", name="n", path="p")
    return x


def of_the_system(x):
    if x > 0.0:
        raise FileNotFoundError(2, "no", "file")
    return x


def in_a_handler(x):
    try:
        {}["k"]
    except KeyError:
        if x > 0.0:
            raise RuntimeError("handled")  # noqa: B904
    return x


def by_python(x):
    return {}["k"] if x > 0.0 else x


def a_class(x):
    if x > 0.0:
        raise OwnError
    return x


def no_exception(x):
    if x > 0.0:
        raise 5  # noqa: B016  # pyright: ignore
    return x


def from_no_exception(x):
    if x > 0.0:
        raise ValueError from 5  # pyright: ignore
    return x


def leaving_with_a_value(x):
    if x > 0.0:
        raise SystemExit(x)
    return x


def whatever_comes(x):
    raise OwnError(x, 3)


def noted_later(x):
    error = ValueError("r", x)
    if x > 0.0:
        raise error
    error.add_note("later")
    if x < -1.0:
        raise error
    return x


def noted_on_the_way(x):
    if x > 0.0:
        error = ValueError("r", x)
        error.add_note("one")
        error.add_note("two")
        raise error
    return x


def one_that_was_there(x):
    if x > 0.0:
        raise THERE
    return x


def one_that_was_there_from_a_new_one(x):
    if x > 0.0:
        raise THERE from ValueError(x)
    return x


NEW = (with_a_value, from_one_that_was_there, from_a_new_one, with_a_note_and_an_attribute, with_a_slot, of_a_module,
       of_the_system, in_a_handler, by_python, a_class, no_exception, from_no_exception, leaving_with_a_value,
       whatever_comes, noted_later, noted_on_the_way)  # fmt: skip
OLD = (one_that_was_there, one_that_was_there_from_a_new_one)


def told(error: BaseException | None) -> Any:
    """All that an exception says, and those that it comes from."""
    if error is None:
        return None
    held = {name: str(x) for name, x in vars(error).items()}
    of_classes = [str(getattr(error, name, None)) for name in ("errno", "filename", "name", "path", "code", "held")]
    links = error.__suppress_context__, told(error.__cause__), told(error.__context__)
    return type(error), str(error.args), held, of_classes, error.__cause__ is CAUSE, error is THERE, links


def raised(f: Callable[..., Any], x: float) -> BaseException | None:
    THERE.__cause__ = THERE.__context__ = None
    THERE.__suppress_context__ = False
    try:
        f(wf.tensor(x))
    except BaseException as error:
        return error
    return None


@pytest.mark.parametrize("executor", ["interpreter", "native"])
@pytest.mark.parametrize("f", NEW + OLD, ids=lambda f: f.__name__)
def test_an_exception_says_what_it_says_in_python(f: Callable[..., Any], executor: str) -> None:
    compiled = wf.compile(f)
    with wf.options(executor=executor):
        for x in (1.0, -3.0, 2.0):
            assert told(raised(compiled, x)) == told(raised(f, x))


@pytest.mark.parametrize("f", NEW, ids=lambda f: f.__name__)
def test_each_call_raises_an_exception_of_its_own(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    first, second = raised(compiled, 1.0), raised(compiled, 2.0)
    assert first is not second
    assert told(first) == told(raised(f, 1.0))  # the second call left it alone


@pytest.mark.parametrize("change", ["error.held = x", "error.add_note('n')", "error.args = (None, x)"])
def test_an_exception_that_holds_something_on_some_paths_only_is_refused(change: str) -> None:
    text = f"""
def f(x):
    error = ValueError(x)
    if x > 0.0:
        {change}
    if x < 9.0:
        raise error
    return x
"""
    with pytest.raises(wf.errors.SourceError, match=r"on a tensor|on one path"):
        wf.compile(defined(text)["f"])(wf.tensor(1.0))


def test_an_exception_among_the_arguments_is_the_very_one() -> None:
    @wf.compile
    def f(x, error):
        if x > 0.0:
            raise error
        return x

    given = ValueError("given")
    for _ in range(2):
        with pytest.raises(ValueError, match="given") as found:
            f(wf.tensor(1.0), given)
        assert found.value is given


def test_threads_do_not_share_an_exception() -> None:
    compiled, found = wf.compile(with_a_value), dict[float, Any]()
    raised(compiled, 100.0)

    def work(x: float) -> None:
        found[x] = [raised(compiled, x) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(x,)) for x in (1.0, 2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(float(error.args[1]) == x for x, errors in found.items() for error in errors)


def test_what_the_caller_handles_is_where_an_exception_comes_from() -> None:
    compiled = wf.compile(with_a_value)
    for _ in range(2):
        try:
            raise KeyError("outside")
        except KeyError as error:
            outside, found = error, raised(compiled, 1.0)
        assert found is not None
        assert found.__context__ is outside
    last = raised(compiled, 1.0)
    assert last is not None
    assert last.__context__ is None
