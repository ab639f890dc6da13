"""Functions under `lru_cache` run when their callers are traced: once, and in silence."""

from __future__ import annotations

import functools

import pytest

import weft as wf


def test_a_cached_function_that_prints_is_refused_until_it_has_run(capsys: pytest.CaptureFixture[str]) -> None:
    @functools.lru_cache
    def double(n):
        print("double", n)
        return n * 2

    def f(x):
        print("first")
        return x * double(3)

    compiled = wf.compile(f)
    for _ in range(2):
        with pytest.raises(wf.errors.SourceError, match=r"double\(\) is under a cache, .* prints 'double 3"):
            compiled(wf.tensor(1.0))
    assert double(3) == 6
    capsys.readouterr()
    assert float(compiled(wf.tensor(1.0))) == 6.0
    assert capsys.readouterr().out == "first\n"


def test_a_cached_function_computes_once() -> None:
    runs = []

    @functools.lru_cache
    def double(n):
        runs.append(n)
        return n * 2

    compiled = wf.compile(lambda x: x * double(3) + double(n=4))
    assert [float(compiled(wf.tensor(1.0))) for _ in range(3)] == [14.0, 14.0, 14.0]
    assert runs == [3, 4]
