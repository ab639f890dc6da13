"""Measure the maths of the kernels' prelude and write docs/accuracy.md: the largest errors, and the times.

    python tests/accuracy/measure_accuracy.py [step] [name...]

float32 functions of one operand are tried at every `step`-th bit pattern, so at all of them with a step of 1, which
takes some twenty minutes on two cores; all others at 10^7 random arguments, half of them of any bit pattern. References
are the C library's, in double for float32 and in long double for float64; for what it lacks, the prelude's own
float64, which the tests hold against mpmath. The C library must be glibc 2.35 or later, and the compiler gcc: its vector
functions say where to look closer.
"""

from __future__ import annotations

import ctypes
import datetime
import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from weft.kernels import build, prelude

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "accuracy.md"
RANDOM = 10_000_000
TURNS = 400
KINDS = {"f32": np.float32, "f64": np.float64}
FLAGS = ("-O3", "-mprefer-vector-width=512", "-Wl,--no-as-needed,-lmvec,-lm")
SIGMOID = "1 / (1 + exp{l}(-v))"
SOFTPLUS = "(v > 0 ? v : 0) + log1p{l}(exp{l}(-fabs{l}(v)))"


class Function(NamedTuple):
    """What to measure: its name in the prelude, the true value as C (`{l}` says long double), arguments for the time."""

    name: str
    want: str
    low: float
    high: float


# fmt: off
UNARY = (
    Function("exp", "exp{l}(v)", -10, 10), Function("exp2", "exp2{l}(v)", -10, 10), Function("expm1", "expm1{l}(v)", -5, 5),
    Function("log", "log{l}(v)", 0, 10), Function("log2", "log2{l}(v)", 0, 10), Function("log10", "log10{l}(v)", 0, 10),
    Function("log1p", "log1p{l}(v)", 0, 10), Function("sqrt", "sqrt{l}(v)", 0, 10),
    Function("sin", "sin{l}(v)", -30, 30), Function("cos", "cos{l}(v)", -30, 30), Function("tan", "tan{l}(v)", -30, 30),
    Function("asin", "asin{l}(v)", -1, 1), Function("acos", "acos{l}(v)", -1, 1), Function("atan", "atan{l}(v)", -5, 5),
    Function("sinh", "sinh{l}(v)", -5, 5), Function("cosh", "cosh{l}(v)", -5, 5), Function("tanh", "tanh{l}(v)", -5, 5),
    Function("asinh", "asinh{l}(v)", -5, 5), Function("acosh", "acosh{l}(v)", 1, 5), Function("atanh", "atanh{l}(v)", -1, 1),
    Function("wf_sigmoid", SIGMOID, -10, 10), Function("wf_softplus", SOFTPLUS, -10, 10),
    Function("erf", "erf{l}(v)", -3, 3), Function("erfc", "erfc{l}(v)", -3, 3),
    Function("wf_erfinv", "", -1, 1), Function("lgamma", "log_gamma{l}(v)", 0, 10), Function("wf_digamma", "", 0, 10),
)
BINARY = (
    Function("wf_pow", "pow{l}(v, u)", 0, 10), Function("atan2", "atan2{l}(v, u)", -5, 5),
    Function("hypot", "hypot{l}(v, u)", -5, 5), Function("wf_mod", "floored{l}(v, u)", 1, 10),
)
# fmt: on
GLUE = """
static double log_gamma(double v) { int s; return isinf(v) ? INFINITY : lgamma_r(v, &s); }
static long double log_gammal(long double v) { int s; return isinf(v) ? INFINITY : lgammal_r(v, &s); }
static double floored(double v, double u) {
    double r = fmod(v, u);
    return r != 0 && (r < 0) != (u < 0) ? r + u : copysign(r, r == 0 ? u : r);
}
static long double flooredl(long double v, long double u) {
    long double r = fmodl(v, u);
    return r != 0 && (r < 0) != (u < 0) ? (double)r + (double)u : copysignl(r, r == 0 ? u : r);
}
"""


class Worst(ctypes.Structure):
    """What a sweep found."""

    _fields_ = (("ulp", ctypes.c_double), ("x", ctypes.c_double), ("y", ctypes.c_double), ("wrong", ctypes.c_int64))


def program(functions: list[Function], width: int) -> str:
    """The C that measures these functions."""
    lanes = {"f32": width // 4, "f64": width // 8}
    lines = []
    for f in functions:
        two = f in BINARY
        for kind, ctype, digits, least, real in (
            ("f32", "float", 24, -125, "double"),
            ("f64", "double", 53, -1021, "long double"),
        ):
            want = f.want.format(l="" if kind == "f32" else "l") or (
                f"{f.name}_f64x1(v)" if kind == "f32" else "(long double)y[i]"
            )
            many = f"EACH({want})" if f.want else f"OWN({f.name})"
            if two:
                lines.append(f"SWEEP2({f.name}, {f.name}, {want}, {kind}, {ctype}, {digits}, {least}, {real})")
            elif kind == "f32":
                lines.append(f"SWEEP_f32({f.name}, {f.name}, {many}, {want})")
            else:
                lines.append(f"SWEEP_f64({f.name}, {f.name}, {want})")
    used = [f"{name}_{k}x{n}" for k, n in lanes.items() for name in ("load", "store", *(f.name for f in functions))]
    used += [f"{f.name}_f64x1" for f in functions if not f.want]
    names = " ".join(used)
    macros = [f"#define LANES_{k} {n}\n#define NAMED_{k}(f) f##_{k}x{n}" for k, n in lanes.items()]
    macros.append("#define VECTOR(f, T) NAMED_##T(f)")
    return "\n".join([prelude.text(names), *macros, (HERE / "sweep.h").read_text(), GLUE, *lines])


def swept(library: ctypes.CDLL, name: str, stop: int, step: int) -> Worst:
    """The worst of all arguments, on all cores."""
    threads = os.cpu_count() or 1
    parts = [Worst() for _ in range(threads)]
    run = getattr(library, f"sweep_{name}")

    def part(i: int) -> None:
        bounds = [stop * (i + k) // threads // 1024 * 1024 for k in (0, 1)]
        run(*map(ctypes.c_uint64, (*bounds, step, 88172645463325252 + i)), ctypes.byref(parts[i]))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, range(threads)))
    total = max(parts, key=lambda w: (w.wrong, w.ulp))
    return total


def timed(library: ctypes.CDLL, functions: Sequence[Function]) -> dict[tuple[str, str], float]:
    """Nanoseconds per element, on one thread, with arguments that lie in the second cache.

    All take turns, many times: the smallest time of each is one that nothing else on the machine delayed.
    """
    best: dict[tuple[str, str], float] = {}
    drawn = {f.name: np.random.default_rng(1).uniform(f.low, f.high, 16384) for f in functions}
    arrays = {(f.name, kind): drawn[f.name].astype(dtype) for f in functions for kind, dtype in KINDS.items()}
    for _ in range(TURNS):
        for (name, kind), x in arrays.items():
            y, run = np.empty_like(x), getattr(library, f"time_{name}_{kind}")
            operands = ctypes.c_void_p(y.ctypes.data), ctypes.c_void_p(x.ctypes.data)
            start = time.perf_counter_ns()
            run(*operands, ctypes.c_int64(x.size), ctypes.c_int64(4))
            spent = (time.perf_counter_ns() - start) / (4 * x.size)
            best[name, kind] = min(spent, best.get((name, kind), spent))
    return best


def errors(library: ctypes.CDLL, f: Function, step: int) -> dict[str, list[str]]:
    """The worst error of a function and where it is, for each type."""
    found = {}
    for kind in KINDS:
        every = kind == "f32" and f in UNARY
        if kind == "f64" and not f.want:
            found[kind] = ["see the tests", ""]
        else:
            w = swept(library, f"{f.name}_{kind}", 2**32 if every else RANDOM, step if every else 1)
            at = f"{w.x:.9g}" + (f", {w.y:.9g}" if f in BINARY else "")
            found[kind] = [f"{w.ulp:.2f}" if not w.wrong else f"{w.wrong} wrong", at]
        print(f.name, kind, *found[kind], flush=True)
    return found


def processor() -> str:
    """What the machine calls its processor."""
    with open("/proc/cpuinfo") as info:
        return next(
            (line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.processor()
        )


def main(step: int = 16, *names: str) -> None:
    """Measure, and write the page."""
    functions = [f for f in (*UNARY, *BINARY) if not names or f.name in names]
    compiler = build.compiler()
    library = build.library(program(functions, compiler.width), FLAGS, name="accuracy")
    found = {f.name: errors(library, f, int(step)) for f in functions}
    spent = timed(library, functions)
    cells = [
        [f"`{f.name}`", *(c for k in KINDS for c in (*found[f.name][k], f"{spent[f.name, k]:.2f}"))] for f in functions
    ]
    rows = ["| " + " | ".join(line) + " |" for line in cells]
    print(*rows, sep="\n")
    if names:
        return
    which = (
        "all bit patterns"
        if int(step) == 1
        else f"one bit pattern, drawn at random, of every {step} neighbours ({2**32 // int(step):,} in all)"
    )
    PAGE.write_text(
        PAGE_TEXT.format(
            date=datetime.date.today(), processor=processor(), compiler=compiler.version, width=compiler.width * 8,
            which=which, rows="\n".join(rows), turns=TURNS,
        )
    )  # fmt: skip


PAGE_TEXT = """# Accuracy and speed of the native functions

Written by `tests/accuracy/measure_accuracy.py` on {date}; {processor}, vectors of {width} bits, {compiler}.

An error of 0.5 ulp (units in the last place) is that of the correctly rounded result. float32 functions of one operand
were tried at {which}; those of two operands, and float64, at 10^7 random arguments, half of them of any bit pattern,
half between 2^-15 and 2^8. NaN, infinities and results that overflow count as right only when they are met exactly; subnormal
results are counted in units of the smallest subnormal. References: glibc in double for float32, in long double for float64.
Near its zeros among negative numbers `lgamma`, and near those `digamma`, have small absolute errors, not relative ones;
`wf_mod` is exact up to the rounding of its last sum. Times are the smallest of {turns}, one thread,
16384 elements (in the second cache), the function inlined into its loop.

| function | float32: max ulp | at | ns per element | float64: max ulp | at | ns per element |
|---|---|---|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    main(*map(lambda a: int(a) if a.isdigit() else a, sys.argv[1:]))  # type: ignore[arg-type]
