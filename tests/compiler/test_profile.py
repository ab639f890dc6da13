"""`wf.profile`: eager ops, calls and their steps, with times, threads and lines."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

import weft as wf


@wf.compile
def settled(x: Any) -> Any:
    while wf.sum(x) > 1.0:
        x = wf.tanh(x) * 0.5
    return x


def test_eager_ops_are_events_with_lines_and_bytes() -> None:
    with wf.profile() as found:
        y = wf.exp(wf.ones((1000,)))
        z = y + 1.0
    names = [event.name for event in found.events]
    assert names[-2:] == ["exp", "add"]
    assert found.events[-1].bytes == 4000
    assert found.events[-1].line is not None
    assert str(found.events[-1].line).endswith("z = y + 1.0")
    assert all(event.begin <= event.end for event in found.events)
    assert z.shape == (1000,)


def test_a_compiled_call_is_an_event_around_its_steps() -> None:
    x = wf.ones((64, 64))
    with wf.options(executor="native"):
        settled(x)
        with wf.profile() as found:
            settled(x)
            settled(x)
    calls = [event for event in found.events if event.category == "call"]
    steps = [event for event in found.events if event.category == "step"]
    assert len(calls) == 2
    assert {event.name.split()[0] for event in steps} == {"while", "sum", "tanh"}
    assert all(any(call.begin <= step.begin and step.end <= call.end for call in calls) for step in steps)
    assert {str(step.line).split("   ")[1] for step in steps} == {"while wf.sum(x) > 1.0:"}


def test_results_are_the_same_while_recording() -> None:
    x = wf.random.normal((64, 64))
    with wf.options(executor="native"):
        expected = settled(x)
        with wf.profile():
            wf.testing.assert_close(settled(x), expected, rtol=0, atol=0)
        gradient = wf.grad(lambda x: wf.sum(settled(x)))(x)
        with wf.profile():
            wf.testing.assert_close(wf.grad(lambda x: wf.sum(settled(x)))(x), gradient, rtol=0, atol=0)


def test_other_threads_are_recorded_under_their_own_numbers() -> None:
    with wf.profile() as found:
        worker = threading.Thread(target=lambda: wf.exp(wf.ones((10,))))
        worker.start()
        worker.join()
        wf.exp(wf.ones((10,)))
    assert len({event.thread for event in found.events if event.name == "exp"}) == 2


def test_the_trace_is_chromes(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    with wf.profile(path):
        wf.exp(wf.ones((1000,)))
    events = json.loads(path.read_text())["traceEvents"]
    last = events[-1]
    assert last["name"] == "exp"
    assert last["ph"] == "X"
    assert last["dur"] >= 0
    assert {"ts", "pid", "tid", "cat", "args"} <= last.keys()
    assert [each.name for each in tmp_path.iterdir()] == ["trace.json"]


def test_the_table_names_the_dearest_first() -> None:
    with wf.profile() as found:
        wf.sum(wf.ones((500, 500)) @ wf.ones((500, 500)))
    lines = str(found).splitlines()
    assert lines[0].split() == ["ms", "count", "MiB", "what"]
    assert [float(line.split()[0]) for line in lines[1:]] == sorted(
        (float(line.split()[0]) for line in lines[1:]), reverse=True
    )


def test_one_profile_at_a_time() -> None:
    with wf.profile(), pytest.raises(RuntimeError, match="recording already"), wf.profile():
        pass
    with wf.profile():
        pass


def test_shortcuts_are_back_afterwards() -> None:
    with wf.profile() as found:
        wf.exp(wf.ones((3,)))
    count = len(found.events)
    wf.exp(wf.ones((3,)))
    assert len(found.events) == count
