"""The page of the compiled benchmarks: a table of what was measured beside what must be reached, and a plot of it.

It reads the results that compiled.py and cliffs.py keep, and measures nothing. The notes around the table, in
cpu_notes.md, are written by hand: they tell why a row falls short.
"""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import statistics
from pathlib import Path
from typing import Any

import cliffs
from targets import TARGETS, Target

Pairs = dict[str, dict[str, Any]]
Cliffs = dict[str, dict[str, Any]]
AXES = {"size": "elements", "trips": "trips", "length": "elements of the array"}
PEERS = {"numpy": "numpy", "torch": "torch", "torch.compile": "torch. compile", "jax": "jax.jit",
         "tensorflow": "TF, XLA", "numba": "numba", "onnxruntime": "onnx- runtime"}  # fmt: skip
HEADER = [
    "| row | workload | " + " | ".join(PEERS.values()) + " | weft | best peer / weft | must reach | reached |",
    "|---|---|" + "---|" * len(PEERS) + "---|---|---|---|",
]
SCALE = {"us": 1e6, "ms": 1e3}


def theirs(pair: dict[str, Any]) -> list[float]:
    """The seconds of the peer: of its fastest form, where there are several."""
    return min((s for name, s in pair["seconds"].items() if name != "weft"), key=statistics.median)


def ratio(pair: dict[str, Any]) -> tuple[float, float, float]:
    """The peer's median over ours, and where the middle half of the rounds' ratios lies."""
    ours = pair["seconds"]["weft"]
    each = sorted(a / b for a, b in zip(theirs(pair), ours, strict=True))
    quarters = statistics.quantiles(each, n=4)
    return statistics.median(theirs(pair)) / statistics.median(ours), quarters[0], quarters[2]


def timed(pairs: Pairs) -> Pairs:
    """The pairs that gave figures."""
    return {peer: pair for peer, pair in pairs.items() if "seconds" in pair}


def hardest(pairs: Pairs, target: Target) -> str:
    """The peer to be beaten."""
    if target.peer in timed(pairs):
        return target.peer
    return min(timed(pairs), key=lambda peer: ratio(pairs[peer])[0])


def reached(pairs: Pairs, target: Target) -> bool:
    if target.most is not None:
        return min(statistics.median(p["seconds"]["weft"]) for p in timed(pairs).values()) * 1e6 <= target.most
    return ratio(pairs[hardest(pairs, target)])[0] >= target.factor


def _cell(pair: dict[str, Any] | None, scale: float) -> str:
    if pair is None:
        return ""
    return f"{statistics.median(theirs(pair)) * scale:.3g}" if "seconds" in pair else "-"


def line(name: str, pairs: Pairs) -> str:
    """A row of the table."""
    if not timed(pairs):
        return f"| {name} | nothing measured |"
    target, some = TARGETS[name], next(iter(timed(pairs).values()))
    scale, peer = SCALE[some["unit"]], hardest(pairs, target)
    middle, low, high = ratio(pairs[peer])
    ours = statistics.median(pairs[peer]["seconds"]["weft"])
    cells = [_cell(pairs.get(p), scale) for p in PEERS]
    return (
        f"| {name} | {some['what']}, {some['unit']} | {' | '.join(cells)} | {ours * scale:.3g} "
        f"| {middle:.2f} ({low:.2f} - {high:.2f}, {peer}) | {target.says} | {'yes' if reached(pairs, target) else '**no**'} |"
    )


def _pyplot() -> Any:
    """Plots that are the same text for the same figures."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "weft", "svg.fonttype": "none"})
    return importlib.import_module("matplotlib.pyplot")


def plot_rows(path: Path, everything: dict[str, Pairs]) -> None:
    """Bars of the speed over the hardest peer, and marks where each must come."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 4))
    for at, (name, pairs) in enumerate(everything.items()):
        target = TARGETS[name]
        middle, low, high = ratio(pairs[hardest(pairs, target)])
        axes.bar(at, middle, color="#31708f" if reached(pairs, target) else "#c0763c", width=0.7)
        axes.plot([at, at], [low, high], color="black", linewidth=1)
        if target.most is None:
            axes.plot([at - 0.42, at + 0.42], [target.factor] * 2, color="black", linewidth=1.6)
    axes.set_yscale("log")
    axes.axhline(1.0, color="grey", linewidth=0.6)
    axes.set_xticks(range(len(everything)), list(everything))
    axes.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.set_ylabel("times as fast as the hardest peer")
    axes.set_title("weft, compiled, on two cores; dashes: what must be reached")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def plot_cliffs(path: Path, found: Cliffs) -> None:
    """Lines of what an element, and what a trip costs."""
    figure, panels = _pyplot().subplots(1, 3, figsize=(10, 3.4))
    for axes, kind, label, what in zip(panels, AXES, AXES.values(), ("element", "trip", "trip"), strict=True):
        for name, values in found[kind].items():
            axes.loglog(places_of(kind), values, marker=".", label=name, linestyle=":" if "numpy" in name else "-")
        axes.set_xlabel(label)
        axes.set_ylabel(f"ns per {what}")
        axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def places_of(kind: str) -> list[int]:
    """The sizes at which a kind is measured."""
    return {"size": cliffs.SIZES, "trips": cliffs.TRIPS, "length": cliffs.LENGTHS}[kind]


def cliff_tables(found: Cliffs) -> list[str]:
    """What was measured against sizes, on threads, and of memory."""
    lines: list[str] = []
    for kind, label in AXES.items():
        unit = "ns per element" if kind == "size" else "ns per trip"
        lines += [
            f"| {label} | {' | '.join(f'{name}, {unit}' for name in found[kind])} |",
            "|---" * (len(found[kind]) + 1) + "|",
        ]
        for i, n in enumerate(places_of(kind)):
            lines.append(f"| {n} | {' | '.join(f'{values[i]:.3g}' for values in found[kind].values())} |")
        lines.append("")
    lines += ["| workload | one thread, ms | two threads, ms | times as fast |", "|---|---|---|---|"]
    lines += [f"| {name} | {a:.3g} | {b:.3g} | {a / b:.2f} |" for name, (a, b) in found["threads"].items()]
    lines += ["", "| transformer block, with gradient | before, MB | at most, MB | more, MB |", "|---|---|---|---|"]
    for name in ("weft", "torch", "jax"):
        before, highest = found[f"memory {name}"]["before"], found[f"memory {name}"]["highest"]
        lines.append(f"| {name} | {before:.0f} | {highest:.0f} | {highest - before:.0f} |")
    return lines


def installed_table(found: Cliffs) -> list[str]:
    """Row n."""
    lines = ["| library | own files, MB | import, s |", "|---|---|---|"]
    return lines + [f"| {name} | {size:.3g} | {taken:.3g} |" for name, (size, taken) in found["installed"].items()]


def head(everything: dict[str, Pairs]) -> str:
    """Where, when and with what."""
    pairs = [p for row in everything.values() for p in timed(row).values()]
    peers = {peer.partition(".")[0]: p["version"] for row in everything.values() for peer, p in timed(row).items()}
    days = sorted({datetime.datetime.fromtimestamp(p["when"]).date().isoformat() for p in pairs})
    shares = sorted(p["others"] for p in pairs)
    return (
        f"Measured on {' and '.join(days)} by `python tests/benchmarks/compiled.py --write docs/benchmarks/cpu.md`, "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{', '.join(f'{k} {v}' for k, v in sorted(peers.items()))}; while a pair was timed, other processes took "
        f"{shares[0]:.0%} to {shares[-1]:.0%} of the cores, in the median {statistics.median(shares):.0%}."
    )


def write(path: Path, everything: dict[str, Pairs], found: Cliffs) -> None:
    """The page, and its plots beside it."""
    rows = {name: everything[name] for name in TARGETS if timed(everything.get(name, {}))}
    plot_rows(path.with_suffix(".svg"), rows)
    plot_cliffs(path.with_name("cpu_cliffs.svg"), found)
    table = [*HEADER, *(line(name, pairs) for name, pairs in rows.items())]
    parts = {
        "measured": head(rows),
        "rows": "\n".join(table),
        "installed": "\n".join(installed_table(found)),
        "cliffs": "\n".join(cliff_tables(found)),
    }
    text = (Path(__file__).parent / "cpu_notes.md").read_text()
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    path.write_text(text)
