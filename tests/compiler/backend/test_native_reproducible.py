"""`wf.options(reproducible=True)`: the same bits whatever the machine's vectors and the number of threads."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels import build, compilers

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "table"
MACHINES = {"sse2": ("x86-64", 16, 1), "avx2": ("haswell", 32, 2)}  # as a compiler knows it, its vectors, threads

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other machines have one width")


def digests(machine: str, threads: int) -> dict[str, str]:
    """What reproduced.py gives when it is built for a machine."""
    command = [word for word in build.compiler().command if not word.startswith("-march")]
    environment = {**os.environ, "WEFT_CC": " ".join([*command, f"-march={machine}"]), "WEFT_THREADS": str(threads),
                   "PYTHONPATH": os.pathsep.join([str(TABLE), os.environ.get("PYTHONPATH", "")])}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", HERE / "reproduced.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    """The digests of this machine."""
    return digests("native", 3)


@pytest.mark.parametrize("machine", MACHINES)
def test_programs_give_the_same_bits_on_other_machines_and_with_other_threads(
    machine: str, here: dict[str, str]
) -> None:
    name, width, threads = MACHINES[machine]
    if build.compiler().width < width:
        pytest.skip(f"this machine has no {machine}")
    there = digests(name, threads)
    assert len(here) > 100
    assert [name for name in here if here[name] != there[name]] == []


def test_the_machine_that_a_compiler_is_given_stays() -> None:
    command = [word for word in build.compiler().command if not word.startswith("-march")]
    found = compilers.known((*command, "-march=x86-64"), None)
    assert found.width == 16
    assert not found.target


def test_each_call_is_answered_as_the_option_says() -> None:
    x = wf.asarray(np.random.default_rng(0).normal(size=(40, 300)).astype("f"))
    compiled = wf.compile(lambda x: x @ x.T)
    for _ in range(2):  # the second time the quick way is tried
        results: list[Any] = []
        for chosen in (
            {"executor": "native"},
            {"executor": "native", "reproducible": True},
            {"executor": "interpreter"},
        ):
            with wf.options(**chosen):
                results += [compiled(x).numpy() for _ in range(2)]
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[2], results[3])
        assert (results[1] != results[2]).any() or "fma" not in Path("/proc/cpuinfo").read_text()
        np.testing.assert_allclose(results[2], results[4], rtol=1e-4, atol=1e-4)


def test_the_environment_can_ask_for_the_same_bits() -> None:
    code = "import weft as wf; print(wf.options.reproducible)"
    for word, printed in (("1", "True"), ("0", "False")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "WEFT_REPRODUCIBLE": word},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == printed
