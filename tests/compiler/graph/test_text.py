"""Graph text keeps every value to the bit, and what is no graph is refused with line and column."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.constants import Constant
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.literal import SMALL, written
from weft.compiler.graph.literal_reader import LiteralReader
from weft.compiler.graph.parser import parse
from weft.compiler.graph.rewrite import same
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.pipeline import optimize
from weft.runtime import dtypes
from weft.runtime.errors import SourceError
from weft.runtime.index import Range
from weft.runtime.spec import Spec, stack_of

GOLDEN = Path(__file__).parents[2] / "golden"


def back(value: Any) -> Any:
    """A value written and read."""
    reader = LiteralReader(written(value))
    found = reader.literal()
    assert reader.next.kind == "end", written(value)
    return found


# -- attributes

ATTRIBUTES = [
    None, True, False, ..., 0, -3, 10**30, 0.0, -0.0, 0.1, -1e-300, 1e22, 5e-324, math.inf, -math.inf, 1j, -0.5 + 2j,
    "", "same", 'a "b"\\\n\tü', (), (1,), (1, (2, 3.5), None), [], [1, [2.0, "x"]], {}, {"a": (1, 2), 3: None},
    {"nested": {"k": [True]}}, slice(None), slice(1, None, -2), Range(2, 3, -1), (slice(0, 2, 1), ..., None, 4),
    Spec((), dtypes.float32), Spec((2, 0, 3), dtypes.int8), stack_of(Spec((2,), dtypes.float64)),
    stack_of(stack_of(Spec((), dtypes.bool_))), int, float, bool, complex, *dtypes.ALL,
]  # fmt: skip


@pytest.mark.parametrize("value", ATTRIBUTES, ids=[f"{i}" for i in range(len(ATTRIBUTES))])
def test_attributes_come_back_as_they_were(value: Any) -> None:
    found = back(value)
    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value)  # the sign of zero, too


def test_a_nan_comes_back() -> None:
    assert math.isnan(back(math.nan))
    assert math.isnan(back(complex(math.nan, 1)).real)


@pytest.mark.parametrize("value", [np.int32(3), np.float32(0.1), np.bool_(True), np.float64(-0.0)])
def test_numbers_of_numpy_come_back_equal(value: Any) -> None:
    assert back(value) == value
    assert math.copysign(1, back(value)) == math.copysign(1, value)


def filled(dtype: np.dtype, n: int) -> np.ndarray:
    """Some numbers of a dtype, from any bits."""
    bits = np.random.default_rng(n).integers(0, 2 if dtype is dtypes.bool_ else 256, n * dtype.itemsize, np.uint8)
    return bits.view(dtype)


@pytest.mark.parametrize("n", [0, 1, 6, SMALL, SMALL + 1, 1000])
@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_constants_come_back_bit_by_bit(dtype: np.dtype, n: int) -> None:
    value = Constant(filled(dtype, n))
    assert back(value) == value


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (2, 0, 2), (1, 1), (2, 3, 2), (5, 7)])
def test_constants_come_back_in_their_shape(shape: tuple[int, ...]) -> None:
    value = Constant(np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape))
    assert back(value) == value


@pytest.mark.parametrize("array", [
    np.array([math.nan, -math.nan, math.inf, -math.inf, -0.0]),
    np.array([0x7FF0000000000001, 0xFFF8000000000123], np.uint64).view(np.float64),  # NaNs with something in them
    np.array([complex(-0.0, math.inf), complex(math.nan, -0.0)]),
    np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max]),
    np.array([np.iinfo(np.uint64).max], np.uint64),
    np.arange(12.0).reshape(3, 4).T,
    np.broadcast_to(np.float32(3), (2, 2)),
])  # fmt: skip
def test_special_constants_come_back(array: np.ndarray) -> None:
    assert back(Constant(array)) == Constant(array)


def test_a_big_constant_is_short_text() -> None:
    graph = Graph()
    x = graph.input(Spec((100, 100), dtypes.float32), "x")
    graph.outputs = [x + wf.asarray(filled(dtypes.float32, 10_000).reshape(100, 100))]
    shown = text(graph)
    assert len(shown) < 10_000 * 6
    assert len(shown.splitlines()) == 5
    assert same(parse(shown), graph)


def test_what_has_no_text_is_shown_and_refused() -> None:
    @wf.custom_gradient
    def strange(x: Any) -> Any:
        def no_way_back(dy: Any) -> Any:
            raise ValueError

        return wf.sin(x), no_way_back

    graph = Graph()
    graph.outputs = [strange(graph.input(Spec((), dtypes.float32), "x"))]
    shown = text(graph)
    with pytest.raises(wf.errors.SourceError, match=r"graph text, line 3, column \d+: <pull> has no text that could be "
                                                    r"read back") as caught:  # fmt: skip
        parse(shown)
    assert "Build this graph in Python." in str(caught.value)


def test_a_gradient_of_ones_own_has_text() -> None:
    @wf.custom_gradient
    def clipped(x: Any, y: Any) -> Any:
        e = wf.exp(x)
        return e * y, lambda dy: (wf.clip(dy * e, -1.0, 1.0), None)

    graph = Graph()
    x, y = (graph.input(Spec((2,), dtypes.float64), name) for name in "xy")
    graph.outputs = [clipped(x, y)]
    read = verify(parse(text(graph)))
    assert same(read, graph)
    args = [wf.tensor([0.5, 1.0], dtype=wf.float64), wf.tensor([2.0, 3.0], dtype=wf.float64)]
    for a, b in zip(interpret(differentiate(graph), args), interpret(differentiate(read), args), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


# -- refusals

# fmt: off
MALFORMED = [
    ("",                                                      1, 1,  "'graph' is missing before 'the end'"),
    ("graf (x: f32[]) -> f32[] { return x }",                 1, 1,  "'graph' is missing before 'graf'"),
    ("graph x: f32[]",                                        1, 8,  "'(' is missing before ':'"),
    ("graph (x f32[]) -> f32[] { return x }",                 1, 10, "':' is missing before 'f32'"),
    ("graph (x: f33[]) -> f32[] { return x }",                1, 11, "f33 is no dtype"),
    ("graph (x: f32[-2]) -> f32[] { return x }",              1, 15, "'-2' is no length"),
    ("graph (x: f32[2.5]) -> f32[] { return x }",             1, 15, "'2.5' is no length"),
    ("graph (x: f32[], x: f32[]) -> f32[] { return x }",      1, 18, "x is defined twice"),
    ("graph (x: f32[]) { return x }",                         1, 18, "'->' is missing before '{'"),
    ("graph (x: f32[]) -> f64[] { return x }",                1, 21, "the graph returns f32[]"),
    ("graph (x: f32[]) -> f32[] { return y }",                1, 36, "y is not defined"),
    ("graph (x: f32[]) -> f32[] { return x } 3",              1, 40, "'3' stands after the graph"),
    ("graph (x: f32[]) -> f32[] { return x",                  1, 37, "'}' is missing before 'the end'"),
    ("graph (x: f32[]) -> f32[] {\n  y = exq x\n  return y\n}", 2, 7, "there is no op exq"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp z\n  return y\n}", 2, 11, "z is not defined"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp x x\n  return y\n}", 2, 7, "exp takes 1 operands, 2 are given"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp x k=1\n  return y\n}", 2, 7, "exp takes no attributes, not these: k"),
    ("graph (x: f32[]) -> f32[] {\n  y = sum x axis=0 axis=1\n  return y\n}", 2, 20, "axis is given twice"),
    ("graph (x: f32[]) -> f32[] {\n  y = sum x axis=\n  return y\n}", 2, 18, "a value is missing before"),
    ("graph (x: f32[]) -> f32[] {\n  y, z = exp x\n  return y\n}", 2, 10, "exp has 1 results, 2 are named"),
    ("graph (x: f32[]) -> f32[] {\n  x = exp x\n  return x\n}", 2, 3, "x is defined twice"),
    ("graph (x: f32[]) -> f32[] {\n  y: f64[] = exp x\n  return y\n}", 2, 3, "y is f32[], not f64[]"),
    ("graph (x: f32[3]) -> f32[] {\n  y = matmul x 2\n  return y\n}", 2, 7, "matmul"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp x )\n  return y\n}", 2, 13, "')' stands after the statement"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp x ~\n}",         2, 13, "'~' has no meaning here"),
    ("graph (x: f32[]) -> f32[] {\n  y = exp x k=<fn>\n}",    2, 15, "<fn> has no text that could be read back"),
    ("graph () -> f32[2] {\n  y = constant value=f32[2] [1]\n  return y\n}", 2, 29, "1 rows where f32[2] has 2"),
    ("graph () -> i8[1] {\n  y = constant value=i8[1] [300]\n  return y\n}", 2, 28, "no elements of i8[1]"),
    ("graph () -> f32[1] {\n  y = constant value=f32[1] [\"a\"]\n  return y\n}", 2, 30, "is no number"),
    ("graph () -> f32[1] {\n  y = constant value=f32[1] \"?\"\n  return y\n}", 2, 29, "the elements are no base64"),
    ("graph () -> f32[1] {\n  y = constant value=f32[1] \"AAA=\"\n  return y\n}", 2, 29, "2 bytes are not those of f32[1]"),
    ("graph () -> f32[] {\n  y = constant value=type str\n  return y\n}", 2, 27, "str is none of"),
    ("graph () -> f32[] {\n  y = constant value=slice(1)\n  return y\n}", 2, 22, "slice takes other values"),
    ("graph () -> f32[] {\n  y = constant value=banana\n  return y\n}", 2, 22, "banana is no value"),
    ("graph () -> f32[] {\n  y = constant value=3\n  return y\n}", 2, 7, "constant does not take these"),
    ("graph (p: f32[], x: f32[]) -> f32[] {\n  y = if p (x) { then { yield x } else { yield x } }\n  return y\n}",
                                                              2, 10, "the predicate is f32[], not bool[]"),
    ("graph (p: bool[], x: f32[]) -> f32[] {\n  y = if p (x) { then { yield x } else { yield } }\n  return y\n}",
                                                              2, 51, "the branches yield f32[] and nothing"),
    ("graph (p: bool[], x: f32[]) -> f32[] {\n  y = if p (x) { other { yield x } }\n  return y\n}",
                                                              2, 18, "'then' is missing before 'other'"),
    ("graph (p: bool[], x: f32[]) -> f32[] {\n  y = if p () { then { yield x } else { yield x } }\n  return y\n}",
                                                              2, 30, "x is not defined"),
    ("graph (x: f32[]) -> f32[] {\n  y = while (y: f32[] = x) { test { yield y } step { yield y } }\n  return y\n}",
                                                              2, 65, "a test yields one bool[]"),
    ("graph (x: f32[], p: bool[]) -> f32[] {\n  y = while (y: f32[] = x; p) { test { yield p } step { yield p } }\n"
     "  return y\n}",                                         2, 68, "the step yields bool[], the state is f32[]"),
    ("graph (x: f32[]) -> f32[] {\n  y = while (y: f64[] = x) { test { yield y } step { yield y } }\n  return y\n}",
                                                              2, 14, "y is f32[], not f64[]"),
]
# fmt: on


@pytest.mark.parametrize(("source", "line", "column", "message"), MALFORMED)
def test_malformed_text_is_refused_with_its_place(source: str, line: int, column: int, message: str) -> None:
    with pytest.raises(wf.errors.SourceError) as caught:
        parse(source)
    assert f"graph text, line {line}, column {column}: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(("source", "hint"), [
    ("graph (size: f32[]) -> f32[] { return sise }", "Did you mean size?"),
    ("graph (x: f32[]) -> f32[] { y = tanf x; return y }", "Did you mean"),
])  # fmt: skip
def test_a_misspelled_name_is_answered_with_the_one_meant(source: str, hint: str) -> None:
    with pytest.raises(wf.errors.SourceError, match=re.escape(hint)):
        parse(source)


def test_constants_kept_elsewhere_are_named_and_found_again() -> None:
    graph, kept = Graph(), dict[str, Any]()
    table = np.arange(40.0, dtype=np.float32).reshape(20, 2)
    graph.outputs = [graph.constant(table), graph.constant(np.arange(3))]

    def store(constant: Constant) -> str:
        kept["the table"] = constant.array
        return "the table"

    shown = text(graph, store=store)
    assert 'constant value=f32[20, 2] stored "the table"' in shown
    assert "i64[3] [0, 1, 2]" in shown
    assert same(parse(shown, kept), graph)
    with pytest.raises(SourceError, match='no array is stored as "the table"'):
        parse(shown)
    with pytest.raises(SourceError, match=r'"the table" is f32\[2\], not f32\[20, 2\]'):
        parse(shown, {"the table": table[0]})


def test_inputs_may_be_said_to_be_shorter_than_traces_take_them_for() -> None:
    source = "graph (x: f32[n]) -> f32[n] {\n  return x\n}"
    lengths: list[Any] = [parse(source).inputs[0].shape[0], parse(source, least=1).inputs[0].shape[0]]
    assert [n.sizes.least["n"] for n in lengths] == [2, 1]


def test_text_nested_without_end_is_refused() -> None:
    with pytest.raises(wf.errors.SourceError, match="nested too deeply"):
        parse("graph () -> f32[] { y = constant value=" + "(" * 100_000)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_text_is_refused_or_read_but_never_crashes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = (GOLDEN / "loop.txt").read_text()
    for _ in range(30):
        i, j = sorted(rng.integers(0, len(source), 2))
        damaged = source[:i] + source[min(j, i + 6) :]
        with contextlib.suppress(wf.errors.SourceError):
            verify(parse(damaged))


# -- golden files


def settle(x: Any, a: Any) -> Any:
    trips = 0
    while wf.max(x) > 0.3:
        x = wf.tanh(x) * a
        trips = trips + 1
    return x, trips


def fold(x: Any, low: Any) -> Any:
    if wf.sum(x) > low:
        y = x - low
        if low < 0.0:
            y = y * 2.0
    else:
        y = wf.exp(x)
    return y


def last_state(x: Any, a: Any) -> Any:
    while wf.max(x) > 0.3:
        x = wf.tanh(x) * a
    return wf.sum(x)


X, A = wf.tensor([0.5, 2.0, -1.0]), wf.tensor(0.75)


def graph_of(f: Callable[..., Any]) -> Graph:
    return wf.compile(f).graph(X, A)


GRAPHS: dict[str, Callable[[], Graph]] = {
    "loop": lambda: graph_of(settle),
    "branch": lambda: graph_of(fold),
    "loop_gradient": lambda: optimize(differentiate(graph_of(last_state)), last=True),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_written_as_recorded(name: str, update_golden: bool) -> None:
    graph = verify(GRAPHS[name]())
    page = GOLDEN / f"{name}.txt"
    shown = text(graph, name)
    if update_golden:
        page.write_text(shown)
    assert shown == page.read_text(), f"tests/golden/{name}.txt differs: run with --update-golden if it should"


@pytest.mark.parametrize("name", GRAPHS)
def test_recorded_graphs_are_read_back_and_compute_the_same(name: str) -> None:
    graph, read = GRAPHS[name](), verify(parse((GOLDEN / f"{name}.txt").read_text()))
    assert same(graph, read)
    for x, y in zip(interpret(graph, [X, A]), interpret(read, [X, A]), strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy())
