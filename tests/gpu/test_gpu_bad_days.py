"""Bad days: no driver, an old one, no GPU, no memory, kernels that fail, forks, and more than one GPU."""

from __future__ import annotations

import ctypes
import importlib
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import processes
import pytest

import weft as wf
from weft.kernels import cuda, cuda_driver
from weft.kernels.cuda_device import CudaDevice
from weft.runtime.errors import DeviceError, OutOfMemoryError

BAD = """
import struct
from weft.kernels import cuda, cuda_device, nvrtc
card = cuda.card(0)
text = 'extern "C" __global__ void bad(float* x) { *x = 1.0f; }'
bad = card.load(nvrtc.cubin(text, card.architecture)).function("bad")
def fail():
    bad.launch((1, 1, 1), (1, 1, 1), struct.pack("P", 8), 0, card.stream)
def said(f):
    try:
        print(f())
    except wf.WeftError as error:
        print(type(error).__name__, "|", error)
"""


def looked(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> str:
    """Why there is no GPU, with a driver that has these functions."""
    driver = SimpleNamespace(**changed) if changed else None
    monkeypatch.setattr(cuda_driver, "handle", lambda: driver)
    return cuda._look().missing


def version(number: int) -> Any:
    def ask(found: Any) -> int:
        ctypes.cast(found, ctypes.POINTER(ctypes.c_int))[0] = number
        return 0

    return ask


def test_pycuda_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    assert cuda._look().missing == 'PyCUDA is not installed. Install it: pip install "weft[cuda]".'


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch).startswith("there is no NVIDIA driver on this machine. Install NVIDIA's driver")
    with pytest.raises(DeviceError, match="there is no NVIDIA driver"):
        cuda_driver.library()
    assert (cuda_driver.version(), cuda_driver.has("cuInit")) == (0, False)
    assert cuda_driver.meaning(700) == "error 700 of the driver"


def test_an_old_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    said = looked(monkeypatch, cuDriverGetVersion=version(11080))
    assert said.startswith("the NVIDIA driver is too old: it knows CUDA 11.8, needed is 12.0. Install")


def test_pycuda_that_was_built_for_a_newer_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Any:
        raise ImportError("libcuda.so.1: undefined symbol: cuCtxCreate_v4")

    monkeypatch.setattr(importlib, "import_module", fail)
    said = looked(monkeypatch, cuDriverGetVersion=version(12040))
    assert said.startswith("PyCUDA does not fit the NVIDIA driver (which knows CUDA 12.4): libcuda.so.1: undefined")


class RefusedError(Exception):
    """What a pretended PyCUDA raises."""


@pytest.mark.parametrize("visible", [None, "", "7"])
def test_no_gpu(monkeypatch: pytest.MonkeyPatch, visible: str | None) -> None:
    def fail() -> None:
        raise RefusedError("cuInit failed: no CUDA-capable device is detected")

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible) if visible is not None else monkeypatch.delenv(
        "CUDA_VISIBLE_DEVICES", raising=False
    )
    hidden = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is {visible!r})"
    said = cuda._started(SimpleNamespace(init=fail, Error=RefusedError)).missing
    assert said.startswith(f"the NVIDIA driver finds no GPU{hidden}: cuInit failed: no CUDA-capable device")
    none = SimpleNamespace(init=lambda: None, Error=RefusedError, Device=SimpleNamespace(count=lambda: 0))
    assert cuda._started(none).missing == f"there is no GPU{hidden}. Look whether `nvidia-smi` lists one."


ASKS = """
print(wf.list_devices(), wf.num_gpus(), wf.ones(2) + 1)
try:
    wf.zeros(2, device="cuda")
except wf.WeftError as error:
    print(error.message)
"""


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        (
            "devices=0",
            "the NVIDIA driver finds no GPU (CUDA_VISIBLE_DEVICES is '3'): cuInit failed: no CUDA-capable device",
        ),
        ("driver=11080", "the NVIDIA driver is too old: it knows CUDA 11.8, needed is 12.0. Install"),
    ],
)
def test_without_a_gpu_the_cpu_works_on(reason: str, driver: str, said: str) -> None:
    if not processes.is_standin():
        pytest.skip("this machine's driver is what it is")
    printed = processes.run(ASKS, standin=driver, CUDA_VISIBLE_DEVICES="3")
    assert printed.startswith(f"[CPU()] 0 [2., 2.]\n'cuda': {said}")


def test_a_number_that_there_is_not(device: CudaDevice) -> None:
    with pytest.raises(DeviceError, match=r"'cuda:99': there (is|are) \d+ GPU.*\n(.*\n)*Devices here: cpu, cuda:0"):
        wf.zeros(3, device="cuda:99")


def test_out_of_memory_says_who_holds_it_and_work_goes_on(device: CudaDevice, quiet: None) -> None:
    wf.trim_memory(device="cuda")
    arena = device.card.arena
    before, arena.limit = arena.limit, arena.held + (30 << 20)
    try:
        kept = [wf.zeros((1024, 1024), device="cuda") for _ in range(4)]
        with pytest.raises(OutOfMemoryError, match=r"cuda:0: there is not enough memory for 16 MiB \(full\)") as caught:
            wf.zeros((2048, 2048), device="cuda")
        assert "full 16 MiB in 4" in str(caught.value)
        assert "test_gpu_bad_days.py" in str(caught.value)
        with pytest.raises(MemoryError, match="broadcast_to: cuda:0: there is not enough memory for 16 MiB"):
            wf.broadcast_to(kept[0], (4, 1024, 1024))
        del kept
        assert wf.zeros((2048, 2048), device="cuda").shape == (2048, 2048)
    finally:
        arena.limit = before
        wf.trim_memory(device="cuda")


def test_a_limit_is_taken_from_the_environment(reason: str) -> None:
    said = processes.run("print(wf.memory_stats('cuda').limit)", WEFT_GPU_MEMORY_LIMIT="123456789")
    assert said == "123456789\n"


def test_a_kernel_that_fails_loses_the_gpu_and_says_so(reason: str) -> None:
    said = processes.run(
        BAD
        + "x = wf.ones(3, device='cuda')\nx.numpy()\nfail()\nfor f in (x.numpy, lambda: x + 1, lambda: wf.ones(3, device='cuda')): said(f)\nprint(wf.ones(2) + 1)\n"
    )
    lost = "DeviceError | cuda:0 is lost: a kernel read or wrote memory that is not its own; nothing on it can be used any more"
    assert said.count(lost) == 3
    assert said.count("Save what is on the CPU, and start the process anew; wf.options(sync=True) finds") == 3
    assert said.endswith("[2., 2.]\n")


def test_an_op_that_fails_is_named_if_each_is_waited_for(reason: str) -> None:
    program = BAD + (
        "def kernels(device, op, operands, attrs, specs):\n"
        "    if op.name == 'exp': fail()\n"
        "    return [device.full(s.shape, np.zeros((), s.dtype)) for s in specs]\n"
        "import numpy as np\n"
        "x = wf.ones(3, device='cuda')\n"
        "cuda_device.use(kernels)\n"
        "def work():\n"
        "    with wf.options(sync=True):\n"
        "        y = wf.tanh(x)\n"
        "        return wf.exp(y)\n"
        "said(work)\n"
    )
    assert "DeviceError | exp: cuda:0 is lost: " in processes.run(program)


def test_a_step_of_a_compiled_function_that_fails_is_named_with_its_line(reason: str, tmp_path: Path) -> None:
    lines = ["import weft as wf", "", "def work(x):", "    y = wf.cumulative_sum(x)", "    return wf.sort(y)", ""]
    (tmp_path / "model.py").write_text("\n".join(lines))
    program = BAD + (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import model\n"
        "from weft.compiler.gpu.steps import Run\n"
        "x, run, work = wf.ones(3, device='cuda'), Run.run, wf.compile(model.work)\n"
        "work(x)\n"
        "def failing(step, frame):\n"
        "    run(step, frame)\n"
        "    if step.kernel == 1: fail()\n"
        "Run.run = failing\n"
        "with wf.options(sync=True): said(lambda: work(x))\n"
    )
    said = processes.run(program)
    assert "DeviceError | sort: cuda:0 is lost: " in said
    assert "model.py:5" in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_that_was_forked_is_told_what_to_do(reason: str) -> None:
    program = BAD + (
        "import os\n"
        "x = wf.ones(3, device='cuda')\n"
        "if not os.fork():\n"
        "    for f in (x.numpy, lambda: x + 1, lambda: wf.zeros(2, device='cuda'), wf.num_gpus): said(f)\n"
        "    print(wf.ones(2) + 1)\n"
        "    raise SystemExit(3)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "print(x + 1)\n"
    )
    said = processes.run(program)
    assert (
        said.count("CUDA was in use before this process was forked from its parent, and the child cannot use it") == 3
    )
    assert said.count('Start workers with multiprocessing\'s "spawn" or "forkserver"') == 3
    assert said.endswith("0\n[2., 2.]\n3\n[2., 2., 2.]\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_children_may_use_a_gpu_that_their_parent_did_not(reason: str) -> None:
    program = (
        "import os\nif not os.fork():\n    print(wf.ones(2, device='cuda') + 1)\nelse:\n    assert not os.wait()[1]\n"
    )
    assert processes.run(program) == "[2., 2.]\n"


def test_a_process_ends_quietly_whatever_is_left(reason: str) -> None:
    program = BAD + (
        "import threading\n"
        "x = wf.ones(3, device='cuda')\n"
        "graph = x.__dlpack__(max_version=(1, 0))\n"
        "thread = threading.Thread(target=lambda: globals().update(y=wf.ones(5, device='cuda'), m=cuda.card(0).load(nvrtc.cubin(text, card.architecture))))\n"
        "thread.start()\nthread.join()\n"
        "print('done')\n"
    )
    assert processes.run(program) == "done\n"


def test_two_gpus_have_memory_and_work_of_their_own(reason: str) -> None:
    if cuda.found().number > 1 or not processes.is_standin():
        pytest.skip("this machine's GPUs are what they are")
    program = (
        "x, y = wf.ones(3, device='cuda:0'), wf.ones(3, device='cuda:1')\n"
        "print(wf.num_gpus(), x.device, (x + 1).device, (y + 1).device, (y + 1).tolist(), x.to('cuda:1') + y)\n"
        "print([((x + i).to('cuda:1') + y).sum().item() for i in range(3)])\n"
        "z = wf.zeros((512, 1024), device='cuda:1')\n"
        "print(wf.memory_stats('cuda:0').in_use < 1e6 < wf.memory_stats('cuda:1').in_use)\n"
        "try:\n    x + y\nexcept wf.WeftError as error:\n    print(error.message)\n"
        "wf.trim_memory()\n"
    )
    assert processes.run(program, standin="devices=2") == (
        "2 cuda:0 cuda:0 cuda:1 [2.0, 2.0, 2.0] [2., 2., 2.]\n[6.0, 9.0, 12.0]\nTrue\nadd: the operands live on cuda:0 and cuda:1\n"
    )


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (2, "wf.trim_memory"),
        (209, "The driver is older than"),
        (222, "The driver is older than"),
        (1, "If it comes again"),
    ],
)
def test_errors_of_the_driver_say_what_to_do(code: int, hint: str) -> None:
    error = cuda_driver.told("cuda:0", code, "cuLaunchKernel", "it failed")
    assert error.message == "cuda:0: cuLaunchKernel: it failed"
    assert hint in error.hint


def test_contexts_of_others_do_not_come_between(reason: str) -> None:
    program = (
        "import pycuda.driver as drv\n"
        "x = wf.ones(3, device='cuda')\n"
        "other = drv.Device(0).make_context()\n"
        "y = x + 1\n"
        "print(y, wf.ones(2, device='cuda') + y[:2])\n"
        "other.pop()\n"
        "print(x + y)\n"
    )
    assert processes.run(program) == "[2., 2., 2.] [3., 3.]\n[3., 3., 3.]\n"


COPIES = """
import numpy as np
from weft.kernels import cuda_staging
from weft.kernels.cuda_device import device
card = device(0).card
x = np.zeros(20_000, np.float32)
held = []
for i in range(40):
    x[:] = i
    held.append(wf.asarray(x, device="cuda"))
long = np.arange(3 * cuda_staging.PIECE // 4 + 5, dtype=np.int32)
there = wf.asarray(long, device="cuda")
again = device(0).copied(there.buffer)
del there
filled = wf.full((1000,), 2.5, wf.float64, device="cuda")
long += 1
print(all((y.numpy() == i).all() for i, y in enumerate(held)), (device(0).to_numpy(again) + 1 == long).all(), filled.numpy().sum())
"""


@pytest.mark.parametrize("mode", ["lazy", "check", "order=reverse", "guard", "lazy,check"])
def test_copies_are_right_however_late_the_gpu_works(reason: str, mode: str) -> None:
    if not processes.is_standin():
        pytest.skip("a GPU works when it likes")
    assert processes.run(COPIES, standin=f"{mode},memory=256M") == "True True 2500.0\n"
