"""What compilers for real GPUs make of kernels: code for two generations, without a register spilled.

The stand-in's compiler says nothing of this. Another process looks for NVRTC or nvcc of this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from kernel_runs import Case, graph_of, op

from weft.compiler.backend.decompose import decompose
from weft.compiler.gpu.deferred import deferred
from weft.compiler.gpu.lower import GpuLowering
from weft.compiler.gpu.program import OPTIONS, QUIET
from weft.compiler.passes.erase import erase
from weft.compiler.passes.pipeline import optimize
from weft.kernels import prelude

ARCHITECTURES = ("sm_80", "sm_90")
NO_SPILLS = [f"--ptxas-options=-{word}" for word in ("warn-spills", "warn-lmem-usage", "Werror")]
COMPILE = """
import sys
from weft.kernels import nvrtc
from weft.runtime.errors import BuildError
try:
    made_by = nvrtc.maker()
except BuildError as reason:
    sys.exit(f"none: {reason}")
text, (architectures, *options) = sys.stdin.read(), sys.argv[1:]
for architecture in architectures.split():
    nvrtc.compiled(text, ("--std=c++17", "-default-device", f"-arch={architecture}", *options), made_by)
"""


def floats(*shape: int, dtype: str = "f") -> np.ndarray:
    return np.zeros(shape, dtype)


def places(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.int64)


FAMILIES: dict[str, list[Case]] = {
    "scatters": [
        (op("index_sum", shape=(1000, 64), axes=(0,)), floats(5000, 64), places(1, 5000)),
        (op("index_put", mode="set", axes=(0,)), floats(100, 64), places(1, 5000), floats(5000, 64)),
        (op("scatter_along", mode="max", axis=0), floats(90, 70), places(3, 70), floats(3, 70)),
    ],
    "scans": [
        (op("cumulative_sum", axis=1), floats(8, 100_000)),
        (op("cumulative_prod", axis=0), floats(10_000, 8)),
        (op("linear_recurrence", axis=1), floats(512, 4096), floats(512, 4096)),
    ],
    "sorts": [
        (op("sort"), floats(4, 10_000)),
        (op("argsort"), floats(4, 10_000, dtype="d")),
        (op("top_k", k=50), floats(4, 50_000)),
    ],
    "windows": [
        (op("conv", padding="same"), floats(64, 32, 32, 64), floats(3, 3, 64, 128)),
        (op("conv_dx", lengths=(32, 32), stride=2, padding="same"), floats(64, 16, 16, 64), floats(3, 3, 64, 64)),
        (op("conv_dw", kernel=(3, 3), padding="same"), floats(64, 32, 32, 64), floats(64, 32, 32, 128)),
        (op("conv", padding="same", groups=64), floats(8, 32, 32, 64), floats(3, 3, 1, 64)),
        (op("max_pool", window=(3, 3), stride=(2, 2), padding=((1, 1), (1, 1))), floats(8, 32, 32, 64)),
    ],
    "matrices": [
        (op("inv"), floats(3, 64, 64)),
        (op("solve"), floats(3, 3, 3, dtype="d"), floats(3, 3, 5, dtype="d")),
        (op("cholesky"), floats(3, 32, 32)),
        (op("slogdet"), floats(3, 16, 16)),
    ],
    "transposes": [
        (op("matrix_transpose"), floats(1024, 1024)),
        (op("permute_dims", axes=(2, 0, 1)), floats(64, 64, 64)),
    ],
}


def text_of(*cases: Case) -> str:
    """The kernels of a graph, with what they need of the prelude."""
    graph = optimize(deferred(optimize(decompose(erase(graph_of(*cases))))))
    text = GpuLowering(graph).run().text
    return f"{prelude.text(text, prelude.CUDA)}\n{text}"


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_compile_for_real_gpus_and_spill_nothing(family: str) -> None:
    text = text_of(*FAMILIES[family])
    real = {name: value for name, value in os.environ.items() if name not in ("WEFT_NVRTC", "LD_LIBRARY_PATH")}
    run = [sys.executable, "-c", COMPILE, " ".join(ARCHITECTURES), *OPTIONS, *QUIET, *NO_SPILLS]
    done = subprocess.run(run, input=text, env=real, capture_output=True, text=True, check=False)
    if done.stderr.startswith("none: "):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
