"""The page of the GPU benchmarks: what was measured there beside what must be reached.

It reads what gpu.py keeps, and measures nothing. The words around the tables are in gpu_notes.md.
"""

from __future__ import annotations

import datetime
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOT_YET = "Not yet measured: no GPU was at hand so far. The script is ready, and runs at tiny sizes in the tests."
COMPILED = "torch.compile"


@dataclass(frozen=True)
class Goal:
    """What a row must reach: a share of the copy's speed, microseconds at most, a time beside torch.compile's."""

    share: float | None = None
    most: float | None = None
    beside: float = 1.0  # times what torch.compile takes, at most

    def __str__(self) -> str:
        bounds = [f"{self.share:.0%} of the copy"] if self.share else []
        bounds += [f"{self.most:g} us"] if self.most else []
        return ", ".join([*bounds, f"{self.beside:g} x {COMPILED}'s time"])


NEAR_COPY, AS_FAST, NEAR = Goal(share=0.85), Goal(), Goal(beside=1.3)
GOALS = {
    "c1": NEAR_COPY, "c2": NEAR_COPY, "c3": NEAR_COPY, "d1": NEAR_COPY, "d2": NEAR_COPY, "d3": NEAR_COPY,
    "d4": NEAR_COPY, "e1": Goal(most=60), "e2": AS_FAST, "g1": AS_FAST, "g2": AS_FAST, "g3": AS_FAST, "g4": AS_FAST,
    "i": AS_FAST, "j": NEAR, "k": AS_FAST, "l1": NEAR, "l1g": NEAR, "l2": NEAR,
}  # fmt: skip
HEADER = [
    "| row | workload | weft, us (min - max) | torch eager | torch.compile | jax.jit | GB/s (of the copy) "
    "| TFLOP/s (of f32 products) | launches | host, us | peak, MB: weft, torch, jax | must reach | reached |",
    "|---" * 13 + "|",
]
PEERS = ("torch", COMPILED, "jax.jit")


def seconds_of(found: dict[str, Any], peer: str) -> float | None:
    """The median of a library, of its faster form where there are several; torch's is the eager one."""
    names = [name for name in found["seconds"] if name == peer or name.startswith(f"{peer} ")]
    return min((statistics.median(found["seconds"][name]) for name in names), default=None)


def bandwidth(found: dict[str, Any]) -> float | None:
    """Bytes a second that the arguments and results need at least, where that is what the work is."""
    ours = seconds_of(found, "weft")
    return found["moved"] / ours if found["moved"] and ours else None


def reached(name: str, found: dict[str, Any], copy: float | None) -> dict[str, bool]:
    """For each bound of the goal that can be judged, whether it is kept."""
    goal, ours, theirs = GOALS[name], seconds_of(found, "weft") or 0.0, seconds_of(found, COMPILED)
    rate, kept = bandwidth(found), {}
    if theirs is None:  # nothing to compile, or it did not come to an end
        theirs = seconds_of(found, "torch")
    if goal.share and copy and rate:
        kept["copy"] = rate >= goal.share * copy
    if goal.most:
        kept["us"] = ours * 1e6 <= goal.most
    if theirs is not None:
        kept["torch"] = ours <= goal.beside * theirs
    return kept


def line(name: str, found: dict[str, Any], machine: dict[str, Any]) -> str:
    """A row of the table."""
    if "wrong" in found:
        return f"| {name} | {found['wrong'].replace('|', '/')} |" + " |" * 11
    ours, copy = found["seconds"]["weft"], machine.get("copy")
    middle = statistics.median(ours)
    times = [seconds_of(found, peer) for peer in PEERS]
    rate, done = bandwidth(found), found["operations"] / middle
    most = machine.get("rates", {}).get("f32")
    moved = f"{rate / 1e9:.0f}{f' ({rate / copy:.0%})' if copy else ''}" if rate else ""
    flops = "" if rate else f"{done / 1e12:.3g}{f' ({done / most:.0%})' if most else ''}"
    peak = ", ".join(f"{found['peak'][k] / 1e6:.0f}" if k in found["peak"] else "-" for k in ("weft", "torch", "jax"))
    kept = reached(name, found, copy)
    judged = "yes" if kept and all(kept.values()) else ", ".join(f"**not {k}**" for k, v in kept.items() if not v)
    cells = [name, found["what"], f"{middle * 1e6:.1f} ({min(ours) * 1e6:.1f} - {max(ours) * 1e6:.1f})",
             *("-" if t is None else f"{t * 1e6:.1f}" for t in times), moved, flops, str(found["launches"]),
             f"{found['host'] * 1e6:.1f}", peak, str(GOALS[name]), judged]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def told(found: dict[str, Any], everything: dict[str, Any]) -> str:
    """What the script prints of a row as soon as it is measured."""
    if found["row"] == "machine":
        return found["wrong"] if "wrong" in found else "\n".join([head(found), *HEADER])
    failed = "".join(f"\n    {name}: {why}" for name, why in found.get("failed", {}).items())
    return line(found["row"], found, everything.get("machine", {})) + failed


def head(machine: dict[str, Any]) -> str:
    """Where, when, with what, and what the GPU does at most."""
    day = datetime.datetime.fromtimestamp(machine["when"]).date().isoformat()
    driver = f"{machine['driver'] // 1000}.{machine['driver'] % 1000 // 10}"
    rates = ", ".join(f"{name} {rate / 1e12:.4g}" for name, rate in machine["rates"].items())
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"Measured on {day}: {machine['device']}, compute capability {'.'.join(map(str, machine['capability']))}, "
        f"{machine['memory'] / 2**30:.0f} GiB, a driver for CUDA {driver}; {versions}. A copy moves "
        f"{machine['copy'] / 1e9:.0f} GB/s, read and written; products of matrices, TFLOP/s: {rates}."
    )


def parts(everything: dict[str, Any]) -> dict[str, str]:
    """What stands in the page in the places of its marks."""
    machine, rows = everything.get("machine", {}), [name for name in GOALS if name in everything]
    if "copy" not in machine:
        return {"measured": NOT_YET, "rows": ""}
    lines = [*HEADER, *(line(name, everything[name], machine) for name in rows)]
    failed = [f"- {name}, {peer}: {why}" for name in rows for peer, why in everything[name].get("failed", {}).items()]
    lines += ["", "What did not run, or gave another result:", "", *failed] if failed else []
    tested = f" The {everything['tests']}." if "tests" in everything else ""
    return {"measured": head(machine) + tested, "rows": "\n".join(lines)}


def page(everything: dict[str, Any]) -> str:
    """The text of the page."""
    text = (Path(__file__).parent / "gpu_notes.md").read_text()
    for name, part in parts(everything).items():
        text = text.replace(f"<!-- {name} -->\n\n", f"{part}\n\n" if part else "")
    return text


def write(path: Path, everything: dict[str, Any]) -> None:
    """Write the page."""
    path.write_text(page(everything))
