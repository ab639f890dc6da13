"""Tensors of a GPU that a compiled function has around it."""

from __future__ import annotations

import pytest

import weft as wf
from weft.runtime.errors import DeviceError

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_function_on_the_gpu_uses_tensors_of_the_gpu_around_it(device: object) -> None:
    c = wf.tensor([1.0, 2.0, 3.0]).to("cuda:0")
    y = wf.compile(lambda x: x + c)(wf.tensor([1.0, 2.0, 3.0]).to("cuda:0"))
    assert y.device is device
    assert y.numpy().tolist() == [2.0, 4.0, 6.0]


def test_a_function_on_the_cpu_refuses_tensors_of_the_gpu_around_it(device: object) -> None:
    c = wf.tensor([1.0, 2.0, 3.0]).to(device)
    with pytest.raises(DeviceError, match="on cuda:0 from around it"):
        wf.compile(lambda x: x + c)(wf.tensor([1.0, 2.0, 3.0]))


def test_a_function_without_arguments_runs_where_it_is_called(device: object) -> None:
    c = wf.tensor([1.0, 2.0]).to(device)
    doubled = wf.compile(lambda: c * 2)
    with pytest.raises(DeviceError, match=r"with wf\.device"):
        doubled()
    with wf.device("cuda:0"):
        assert doubled().device is device
