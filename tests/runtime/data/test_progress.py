"""The progress bar: on a terminal only, with tqdm or without."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

import weft as wf
from weft.runtime.data.progress import Bar, clock_time


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def no_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_written_unless_there_is_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    assert list(wf.data.progress(range(3), file=file)) == [0, 1, 2]
    assert list(wf.data.progress(iter("ab"))) == ["a", "b"]
    with wf.data.progress(total=3, file=Terminal(), hidden=True) as bar:
        bar.advance()
        bar.say("hidden")
        assert bar.file.getvalue() == ""  # type: ignore[attr-defined]
    assert file.getvalue() == ""
    assert capfd.readouterr() == ("", "")


def test_a_bar_of_our_own_without_tqdm(no_tqdm: None) -> None:
    file = Terminal()
    for i in (steps := wf.data.progress(range(4), label="train", file=file)):
        steps.say(f"loss {i}")
    lines = file.getvalue().split("\r")
    assert lines[1].startswith("train [######..................] 1/4 0:00<0:00")
    assert lines[-1] == "train [########################] 4/4 0:00<0:00 loss 3\n"


def test_a_bar_is_advanced_by_hand(no_tqdm: None) -> None:
    file = Terminal()
    with wf.data.progress(total=10, file=file) as bar:
        bar.advance(4)
        bar.advance(6)
    assert file.getvalue().endswith("[########################] 10/10 0:00<0:00\n")


def test_a_bar_ends_its_line_when_something_fails(no_tqdm: None) -> None:
    file = Terminal()

    def fail() -> None:
        for _ in wf.data.progress(range(3), file=file):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert file.getvalue().endswith("0/3 0:00<0:00\n")


def test_tqdm_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    class Fake:
        def __init__(self, **options: Any) -> None:
            told.append(options)

        def update(self, n: int) -> None:
            told.append(n)

        def set_postfix_str(self, text: str) -> None:
            told.append(text)

        def close(self) -> None:
            told.append("closed")

    module = type(sys)("tqdm")
    module.tqdm = Fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tqdm", module)
    file = Terminal()
    with wf.data.progress(total=7, label="x", file=file) as bar:
        bar.advance(2)
        bar.say("hi")
    assert told == [{"total": 7, "desc": "x", "file": file, "dynamic_ncols": True}, 2, "hi", "closed"]


def test_the_bar_is_drawn_now_and_then_with_times() -> None:
    file, clock = Terminal(), Clock()
    bar = Bar(100, "", file, clock)
    for _ in range(50):
        clock.now += 1.5
        bar.update()
        bar.update(0)  # too soon to draw again
    assert file.getvalue().count("\r") == 50
    assert file.getvalue().endswith("[############............] 50/100 1:15<1:15")


def test_a_shorter_line_covers_the_longer_one() -> None:
    file, clock = Terminal(), Clock()
    bar = Bar(None, "", file, clock)
    bar.set_postfix_str("a long note")
    bar.draw(0.0)
    bar.set_postfix_str("")
    bar.draw(0.0)
    assert file.getvalue() == "\r0 0:00 a long note\r0 0:00            "


def test_lengths_are_known_where_the_items_know_theirs() -> None:
    assert len(wf.data.progress([1, 2])) == 2
    assert len(wf.data.progress(wf.data.from_arrays([1, 2, 3]))) == 3
    with pytest.raises(TypeError, match="not known"):
        len(wf.data.progress(iter([1])))
    assert len(wf.data.progress(iter([1]), total=1)) == 1


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.9, "1:05"), (7200, "2:00:00")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text
