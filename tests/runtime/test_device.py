"""Devices are named, chosen, and never mixed."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import device as devices
from weft.runtime.eager import wrap
from weft.runtime.errors import DeviceError


@pytest.mark.parametrize("name", ["cpu", "CPU", "/cpu:0", "cpu:0", "/device:CPU:0", devices.cpu])
def test_the_cpu_has_many_names(name):
    assert devices.as_device(name) is devices.cpu


@pytest.fixture
def no_gpu(monkeypatch):
    """No other device, whatever this machine has, or a test before has made of it."""
    monkeypatch.setattr(devices, "_kind", lambda name: None)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["gpu", "/gpu:0", "cuda:0", "cuda", "/device:GPU:1"])
def test_a_gpu_that_is_not_there_is_refused_with_what_is_missing(name):
    with pytest.raises(DeviceError, match="this installation of weft has no GPU support"), wf.device(name):
        pass


@pytest.mark.parametrize("name", ["tpu", "cpu:1", "", 3, None])
def test_other_names_are_refused(name):
    with pytest.raises(DeviceError):
        devices.as_device(name)


@pytest.mark.usefixtures("no_gpu")
def test_the_devices_are_listed():
    assert [str(d) for d in wf.list_devices()] == ["cpu"]
    assert wf.num_gpus() == 0


@dataclass(frozen=True)
class Pretend:
    """A device that holds ndarrays but is not the CPU."""

    kind = "cuda"
    index: int = 0

    def __str__(self):
        return f"cuda:{self.index}"

    def from_numpy(self, array):
        return Remote(array, self)

    def to_numpy(self, buffer):
        return buffer.array


class Remote:
    """A buffer of the pretended device."""

    __array_ufunc__ = None

    def __init__(self, array, device):
        self.array, self.device, self.shape, self.dtype, self.nbytes = (
            array,
            device,
            array.shape,
            array.dtype,
            array.nbytes,
        )


@pytest.fixture
def gpu(monkeypatch):
    one: Any = Pretend()  # it runs nothing
    monkeypatch.setitem(devices.kinds, "cuda", devices.DeviceKind(lambda: 1, lambda i: one, lambda: "there is one GPU"))
    return one


def test_a_registered_device_is_chosen_by_with(gpu):
    with wf.device("/gpu:0"):
        x = wf.tensor([1.0])
    assert x.device is gpu
    assert wf.num_gpus() == 1


def test_a_device_number_that_is_not_there_is_refused(gpu):
    with pytest.raises(DeviceError, match=r"'cuda:1': there is one GPU\n.*\nDevices here: cpu, cuda:0"):
        devices.as_device("cuda:1")


def test_operands_on_different_devices_are_refused(gpu):
    x = wrap(gpu.from_numpy(np.ones(3, np.float32)))
    with pytest.raises(DeviceError, match="add: the operands live on cpu and cuda:0"):
        wf.tensor([1.0, 2.0, 3.0]) + x


def test_who_asks_for_no_gpu_loads_nothing_of_one() -> None:
    program = (
        "import sys, weft as wf\n"
        "wf.ones(3) + 1\n"
        "with wf.device('cpu'): wf.memory_stats()\n"
        "wf.trim_memory()\n"
        "print([name for name in sys.modules if 'cuda' in name or name.startswith('weft.compiler.gpu')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
