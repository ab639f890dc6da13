"""What happens to a program that has no luck with its machine; the stand-in plays the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import loading
import numpy as np
import pytest
from card import Array

BEGIN = """
import sys
import numpy as np
import loading, card
loading.start()
import pycuda.driver as drv
"""


def output(program: str, options: str) -> str:
    """What a program prints, started with options; the last line of its errors where it fails."""
    variables = dict(os.environ, WEFT_STANDIN=options, PYTHONPATH=str(Path(loading.__file__).parent))
    done = subprocess.run([sys.executable, "-c", BEGIN + program], capture_output=True, text=True, env=variables)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_there_may_be_no_device(card: Any) -> None:
    assert "no CUDA-capable device is detected" in output("drv.init()", "devices=0")


def test_the_driver_may_be_old(card: Any) -> None:
    assert output("print(drv.get_driver_version())", "driver=11040") == "11040"


def test_there_may_be_two_devices_with_memory_of_their_own(card: Any) -> None:
    program = """
drv.init()
print(drv.Device.count())
contexts = [drv.Device(i).retain_primary_context() for i in range(2)]
contexts[0].push()
x = card.Array(np.ones(1000, np.float32))
before = drv.mem_get_info()
contexts[1].push()
after = drv.mem_get_info()
print(before[1] - before[0], after[1] - after[0])
try:
    card.kernel('extern "C" __global__ void k(float *x) { x[0] = 1; }')(1, 1, x)
    card.synchronize()
except drv.Error as error:
    print(error)
sys.stdout.flush()
import os
os._exit(0)
"""
    lines = output(program, "devices=2,check").splitlines()
    assert lines[:2] == ["2", "4000 0"]
    assert "write of memory of device 0" in lines[2]


def test_a_child_of_fork_cannot_use_the_card(card: Any) -> None:
    program = """
import os
drv.init()
context = drv.Device(0).retain_primary_context()
context.push()
if not os.fork():
    try:
        drv.mem_alloc(16)
    except drv.Error as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
context.pop()
"""
    assert "initialization error" in output(program, "")


def test_memory_runs_out_and_comes_back(card: Any) -> None:
    free, total = card.mem_get_info()
    with loading.options(f"memory={total - free + 1_000_000}"):
        held = card.mem_alloc(600_000)
        with pytest.raises(card.MemoryError, match="out of memory"):
            card.mem_alloc(600_000)
        assert card.mem_get_info() == (400_000, total - free + 1_000_000)
        held.free()
        card.mem_alloc(600_000).free()


def test_a_pointer_tells_what_it_is(card: Any) -> None:
    x = Array(np.ones(4, np.float32))
    assert card.from_device(x.memory, (4,), np.float32).tolist() == [1, 1, 1, 1]
    assert card.mem_get_address_range(int(x) + 4) == (int(x), 16)


def test_an_option_that_there_is_not_is_told(card: Any, capfd: pytest.CaptureFixture[str]) -> None:
    loading.set_options("chekc")
    assert capfd.readouterr().err == "stand-in: there is no option chekc\n"


def test_calls_are_traced(card: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with loading.options("trace"):
        card.mem_alloc(16).free()
    assert capfd.readouterr().err.split() == ["cuMemAlloc_v2", "cuMemFree_v2", "standin_set"]


def test_the_reason_is_told_where_there_is_no_compiler(card: Any) -> None:
    program = """
import os, building
os.environ["CXX"] = "no-such-compiler"
building.built.cache_clear()
loading.reason.cache_clear()
print(loading.reason())
"""
    assert output(program, "") == "the stand-in for a GPU is compiled by no-such-compiler, which is not here"
