"""Sizes of the workloads: those of the CPU's benchmarks, those for a GPU, and those that only have to be seen to work."""

from __future__ import annotations

import os
from typing import Any

SIZES = os.environ.get("BENCHMARK_SIZES", "cpu")


def sized(cpu: Any, gpu: Any, small: Any) -> Any:
    """The one of these that is asked for."""
    return {"cpu": cpu, "gpu": gpu, "small": small}[SIZES]
