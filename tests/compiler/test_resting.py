"""The collector of garbage rests while functions are compiled, and works again afterwards."""

from __future__ import annotations

import gc
import importlib
import threading
from typing import Any

import pytest

import weft as wf
from weft.compiler.resting import collector_resting

compiling = importlib.import_module("weft.compiler.compile")


@pytest.fixture(autouse=True)
def working() -> Any:
    gc.enable()
    yield
    gc.enable()


def test_the_collector_rests_inside_and_works_again_after_an_error() -> None:
    def fail() -> None:
        with collector_resting():
            with collector_resting():
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with collector_resting():
        pass
    assert not gc.isenabled()


def test_the_last_of_several_threads_lets_it_work_again() -> None:
    entered, leave = threading.Event(), threading.Event()

    def rest() -> None:
        with collector_resting():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=rest)
    thread.start()
    entered.wait(10)
    with collector_resting():
        pass
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_functions_are_traced_while_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, trace = [], compiling.trace

    def watched(*args: Any) -> Any:
        seen.append(gc.isenabled())
        return trace(*args)

    monkeypatch.setattr(compiling, "trace", watched)
    wf.compile(lambda x: x + 1.0)(wf.ones(3))
    assert seen == [False]
    assert gc.isenabled()
