"""Long programs are compiled in several units, short ones in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels import units as parted
from weft.kernels.units import units

KERNEL = """// add
struct kernel{i} {{ const f32 *x1; f32 *y1; }};
static void kernel{i}(const void *given, i64 begin, i64 end) {{
    const struct kernel{i} *k = given;
{lines}
}}
"""


def program(kernels: int, lines: int, main: int, loop: bool = False) -> str:
    body = "\n".join(["    ;"] * lines)
    steps = ["    f32x1 t = splat_f32x1(1.0f);"] * main + ["    for (;;) { break; }"] * loop
    run = "int run(const struct wf_runtime *rt) {\n" + "\n".join(steps) + "\n}"
    return "".join(KERNEL.format(i=i, lines=body) for i in range(1, kernels + 1)) + run


def test_a_short_program_is_one_unit() -> None:
    (unit,) = units(program(3, 10, 10), "", 8)
    assert unit.flags == ()
    assert unit.text.count("static void kernel") == 3


@pytest.mark.parametrize(("most", "expected"), [(8, 8), (3, 3), (2, 2), (1, 1)])
def test_kernels_are_dealt_out_to_as_many_units_as_pay(most: int, expected: int) -> None:
    found = units(program(10, 200, 10), "// headers", most)
    assert len(found) == expected
    assert all("// headers" in unit.text for unit in found)
    for i in range(1, 11):
        assert sum(f"void kernel{i}(const void *given, i64 begin, i64 end) {{" in unit.text for unit in found) == 1
    assert found[0].text.count("int run(") == 1


def test_a_long_function_that_runs_through_once_is_compiled_quickly() -> None:
    main, kernels = units(program(2, 5, 1000), "", 4)
    assert main.flags == ("-O0",)
    assert kernels.flags == ()
    assert units(program(2, 5, 60_000), "", 4)[0].flags == ("-O1",)


def test_a_program_without_kernels_is_one_unit() -> None:
    assert [unit.flags for unit in units(program(0, 0, 10), "", 4)] == [()]
    assert [unit.flags for unit in units(program(0, 0, 1000), "", 4)] == [("-O0",)]


def test_a_long_function_with_a_loop_is_compiled_well() -> None:
    (unit,) = units(program(2, 5, 1000, loop=True), "", 4)
    assert unit.flags == ()


def test_units_take_what_they_use_of_the_prelude() -> None:
    main, kernels = units(program(2, 5, 1000), "", 4)
    assert "f32x1 splat_f32x1" in main.text
    assert "f32x1 splat_f32x1" not in kernels.text


def mixed(x: Any, w: Any) -> Any:
    for i in range(12):
        x = wf.tanh(x @ w + float(i)) - wf.mean(x[:, i:], axis=-1, keepdims=True) * wf.exp(x[i : i + 1])
    return x


def test_programs_in_units_give_what_they_give_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, w = wf.tensor(rng.normal(size=(20, 40)).astype("f")), wf.tensor(rng.normal(size=(40, 40)).astype("f") / 8)
    seen = []

    def watched(text: str, headers: str, most: int) -> Any:
        seen.append(units(text, headers, most))
        return seen[-1]

    monkeypatch.setattr("weft.kernels.native.units", watched)
    monkeypatch.setattr(parted, "LINES", 20)
    monkeypatch.setattr(parted, "LONG", 50)
    monkeypatch.setenv("WEFT_CACHE", "0")
    monkeypatch.setenv("WEFT_THREADS", "3")
    with wf.options(executor="interpreter"):
        expected = mixed(x, w)
    with wf.options(executor="native"):
        got = wf.compile(mixed)(x, w)
    assert [len(each) for each in seen] == [4]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
