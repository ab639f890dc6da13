"""Building in the background: the interpreter runs a graph until its program is there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.backend import execute
from weft.compiler.backend.background import Background, background
from weft.compiler.backend.program import Program
from weft.runtime.errors import BuildError
from weft.runtime.options import options

SOON = 60.0  # seconds that a test waits at most


class Held:
    """Stands for `Program`: building waits until the test lets it, and may fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.begun, self.go, self.error, self.built, self.calls = threading.Event(), threading.Event(), error, 0, 0
        held = self

        class Counted(Program):
            def __init__(self, *arguments: Any) -> None:
                held.begun.set()
                assert held.go.wait(SOON)
                if held.error is not None:
                    raise held.error
                super().__init__(*arguments)
                held.built += 1

            def __call__(self, buffers: list[Any]) -> list[Any] | None:
                held.calls += 1
                return super().__call__(buffers)

        monkeypatch.setattr(execute, "Program", Counted)

    def finish(self) -> None:
        self.go.set()
        assert background.wait(SOON)


@pytest.fixture(autouse=True)
def in_background() -> Iterator[None]:
    with wf.options(executor="native", background=True):
        yield
    assert background.wait(SOON)


def test_the_interpreter_runs_until_the_program_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    held, x = Held(monkeypatch), wf.tensor([1.0, 2.0])
    f = wf.compile(lambda x: wf.tanh(x) * 2.0)
    first = f(x)
    assert held.begun.wait(SOON)
    np.testing.assert_array_equal(f(x), first)
    assert (held.built, held.calls) == (0, 0)
    held.finish()
    np.testing.assert_allclose(f(x), first, rtol=1e-6)
    assert (held.built, held.calls) == (1, 1)
    f(x)
    assert (held.built, held.calls) == (1, 2)


def test_each_graph_is_built_once_however_many_threads_call(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    f, results = wf.compile(lambda x: x * 3.0 + 1.0), []
    threads = [threading.Thread(target=lambda: results.append(f(wf.ones(5)))) for _ in range(4)]

    def start() -> None:
        with wf.options(executor="native", background=True):
            results.append(f(wf.ones(5)))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held.finish()
    assert held.built == 1
    for y in [*results, f(wf.ones(5))]:
        np.testing.assert_array_equal(y, np.full(5, 4.0))


@pytest.mark.parametrize("error", [BuildError("cc is broken", "Mend it."), KeyError("unforeseen")], ids=["cc", "bug"])
def test_what_fails_is_said_once_and_the_interpreter_goes_on(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(execute, "_warned", set())
    held, x = Held(monkeypatch, error), wf.tensor([1.0, 2.0])
    f = wf.compile(lambda x: x - 4.0)
    first = f(x)
    held.finish()
    with pytest.warns(RuntimeWarning, match="graphs are interpreted: .*(cc is broken|unforeseen)"):
        again = f(x)
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(f(x), first)  # without another warning, which would be an error
    assert held.calls == 0


def test_a_call_that_does_not_want_the_background_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    held.go.set()
    f = wf.compile(lambda x: x * 5.0)
    with wf.options(background=False):
        f(wf.ones(3))
    assert (held.built, held.calls) == (1, 1)


def test_calls_that_want_the_same_bits_everywhere_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    held.go.set()
    f = wf.compile(lambda x: x * 6.0)
    with wf.options(reproducible=True):  # the interpreter's bits are others
        f(wf.ones(3))
    assert (held.built, held.calls) == (1, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes fork on POSIX only")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork with threads is what is tested
def test_a_child_of_fork_builds_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    held, x = Held(monkeypatch), wf.ones(4)
    f = wf.compile(lambda x: x * 7.0)
    f(x)
    assert held.begun.wait(SOON)  # the thread is building, and holds its locks
    child = os.fork()
    if child == 0:
        held.go.set()
        f(x)
        background.wait(SOON)
        good = held.built == 1 and float(np.asarray(f(x))[0]) == 7.0 and held.calls == 1
        os._exit(0 if good else 1)
    held.finish()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_process_that_ends_ends_the_compiler_it_waits_for(tmp_path: Path) -> None:
    script, begun = tmp_path / "slow-cc", tmp_path / "begun"
    script.write_text(f'#!/bin/sh\ncase "$*" in *graph*) touch {begun}; sleep 600;; esac\nexec cc "$@"\n')
    script.chmod(0o755)
    program = (
        "import weft as wf, os\n"
        "f = wf.compile(lambda x: x * 8.0)\n"
        "print(f(wf.ones(2)).numpy().tolist())\n"
        f"while not os.path.exists({str(begun)!r}): f(wf.ones(2))\n"
    )
    given = {"WEFT_CC": str(script), "WEFT_CACHE": str(tmp_path / "cache"), "WEFT_BACKGROUND": "1"}
    environment = {**os.environ, **given, "WEFT_EXECUTOR": "native"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=SOON, check=True
    )
    assert done.stdout.strip() == "[8.0, 8.0]"
    assert done.stderr == ""
    assert not list((tmp_path / "cache").glob("building-*"))


def test_jobs_see_the_options_of_their_callers() -> None:
    jobs, seen = Background(), []
    with wf.options(executor="interpreter"):
        jobs.ask("job", lambda: seen.append(options.executor))
    assert jobs.wait(SOON)
    assert seen == ["interpreter"]


def test_jobs_are_done_in_turn_and_each_once() -> None:
    jobs, done, go = Background(), [], threading.Event()
    jobs.ask("first", lambda: (go.wait(SOON), done.append("first")))  # pyright: ignore[reportArgumentType]
    jobs.ask("second", lambda: done.append("second"))
    jobs.ask("second", lambda: done.append("twice"))
    assert not jobs.wait(0)
    go.set()
    assert jobs.wait(SOON)
    assert done == ["first", "second"]
    jobs.end()
    jobs.ask("late", lambda: done.append("late"))
    assert done == ["first", "second"]
