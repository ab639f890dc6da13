"""The GPU that the tests here run on: a real one, or else the stand-in driver, which is built at the first run.

Where neither can be had the tests skip, and say why. `WEFT_REQUIRE_GPU_TESTS=1` makes that a failure.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import processes
import pytest

import weft as wf
from weft.kernels import cuda, cuda_device, cuda_driver, nvrtc
from weft.kernels.cuda_memory import Arena
from weft.runtime.device import as_device

Kernel = Callable[[str, str], Any]


@pytest.fixture(scope="session")
def reason() -> str:
    """Why nothing can be run; empty if it can."""
    return processes.start() or ("" if cuda.found().number else cuda.found().missing)


@pytest.fixture(autouse=True)
def _needs_a_gpu(reason: str) -> None:
    if reason and os.environ.get("WEFT_REQUIRE_GPU_TESTS"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _forgetting(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the stand-in, memory that was given back holds nothing any more: whoever still reads it is found out."""
    if reason or not processes.is_standin():
        return
    drain, forget = Arena.drain, cuda_driver.library().standin_forget

    def drained(arena: Arena) -> None:
        taken = [] if arena.paused else [found for found, _ in arena.returned]
        drain(arena)
        for found in taken:
            forget(ctypes.c_void_p(found.address), ctypes.c_size_t(found.nbytes))

    monkeypatch.setattr(Arena, "drain", drained)


@pytest.fixture
def device(reason: str) -> cuda_device.CudaDevice:
    """The first GPU, with its kernels."""
    found = as_device("cuda:0")
    assert isinstance(found, cuda_device.CudaDevice)
    return found


@pytest.fixture
def card(device: cuda_device.CudaDevice) -> cuda.Card:
    """Its card."""
    return device.card


@pytest.fixture
def kernel(card: cuda.Card) -> Kernel:
    """A kernel by its text and name."""
    return lambda text, name: card.load(nvrtc.cubin(text, card.architecture)).function(name)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Ops without kernels run on the CPU without a word."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* has no kernel on the GPU")
        yield


@pytest.fixture
def on_gpu(quiet: None, reason: str) -> Iterator[Any]:
    """New tensors are made on the GPU."""
    with wf.device("/gpu:0") as found:
        yield found
