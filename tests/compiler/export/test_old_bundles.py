"""Every bundle that an earlier version wrote loads, and gives what it gave; in a process that knows no source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exported import classifier
from old_bundles import FOLDER, results

import weft as wf
from weft.runtime import tree

OLD = sorted(path.stem for path in FOLDER.glob("*.weft"))
ALONE = """
import sys, numpy as np, weft as wf
loaded = wf.load_bundle(sys.argv[1])
np.save(sys.argv[2], loaded(np.load(sys.argv[3])).numpy())
assert "exported" not in sys.modules
"""


def test_there_is_one_of_the_first_version() -> None:
    assert OLD[0] == "v1"


@pytest.mark.parametrize("executor", ["interpreter", "native"])
@pytest.mark.parametrize("name", OLD)
def test_old_bundles_give_what_they_gave(name: str, executor: str) -> None:
    with wf.options(executor=executor):
        found = results(wf.load_bundle(FOLDER / f"{name}.weft"))
    wanted = wf.load(FOLDER / f"{name}.safetensors")
    assert found.keys() == wanted.keys()
    for x, y in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-4, atol=1e-6)


def test_a_fresh_process_needs_no_source(tmp_path: Path) -> None:
    model, x = classifier(), np.ones((3, 4), np.float32)
    wf.export(model, wf.spec(["batch", 4]), path=tmp_path / "model.weft")
    np.save(tmp_path / "x.npy", x)
    files = [str(tmp_path / name) for name in ("model.weft", "y.npy", "x.npy")]
    done = subprocess.run([sys.executable, "-c", ALONE, *files], cwd=Path(wf.__file__).parents[1], capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model(x).numpy(), rtol=1e-5)
