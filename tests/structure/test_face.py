"""The public names of weft are pinned, and importing them is quick and light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from house import ROOT

import weft as wf

PINNED = Path(__file__).with_name("face.txt")
SECONDS = 0.15
HEAVY = (
    "asyncio",
    "unittest",
    "ssl",
    "safetensors",
    "matplotlib",
    "tqdm",
    "multiprocessing",
    "http",
    "gast",
    "astunparse",
)

NOT_OFFERED = ("runtime", "kernels", "compiler", "demo", "tf")  # parts of the package that are no names of wf


def public_names() -> list[str]:
    """The names that the face offers, and those of the parts it is made of."""
    names = [name for name in dir(wf) if not name.startswith("_") and name not in NOT_OFFERED]
    return [line for name in names for line in (name, *inside(name, getattr(wf, name)))]


def inside(name: str, part: object) -> list[str]:
    """The names of a part: those that it lists, else those that it defines; of its parts too."""
    if not isinstance(part, ModuleType):
        return []
    listed = getattr(part, "__all__", None)
    own = [n for n, x in vars(part).items() if getattr(x, "__module__", None) == part.__name__ and n[0] != "_"]
    found = []
    for inner in sorted(own if listed is None else listed):
        path = f"{name}.{inner}"
        found += [path, *inside(path, getattr(part, inner))]
    return found


def test_public_names_are_pinned(update_golden: bool) -> None:
    found = "\n".join(public_names()) + "\n"
    if update_golden:
        PINNED.write_text(found)
    assert found == PINNED.read_text(), "the face changed: if that is meant, run pytest tests/structure --update-golden"


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse((ROOT / "weft/__init__.py").read_text())
    given = [alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    hidden = [alias.name for alias in given if alias.asname is None and not alias.name.startswith("__")]
    assert not hidden, f"import these as themselves, or they are private in a typed package: {hidden}"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Python keeps what it compiled, as it does for users."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


def run_python(code: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_takes_less_than_a_blink(compiled: dict[str, str]) -> None:
    # processor time, which is the time on the clock unless other work is in the way, as it is among parallel tests
    code = "import time; t = time.process_time(); import weft; print(time.process_time() - t)"
    best = min(float(run_python(code, compiled)) for _ in range(8))  # the first only compiles
    assert best < SECONDS, f"import weft took {best:.3f} s at best"


def test_import_brings_nothing_heavy() -> None:
    loaded = set(run_python("import sys, weft; print(*sys.modules)").split())
    assert not loaded & set(HEAVY)


def test_compiler_and_kernels_wait_until_they_are_needed() -> None:
    loaded = run_python("import sys, weft; print(*sys.modules)").split()
    assert not [name for name in loaded if name.startswith(("weft.compiler.", "weft.kernels."))]
