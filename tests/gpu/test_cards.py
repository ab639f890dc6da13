"""Cards: what they tell of themselves, kernels, copies, events, threads; and the compiler of kernels on them."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from weft.kernels import cuda, cuda_staging, nvrtc
from weft.kernels.cuda import Card
from weft.runtime.errors import BuildError, DeviceError

ADD = """
extern "C" __global__ void add(float* x, float a, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] += a;
}
"""
SHARED = """
extern "C" __global__ void reversed(float* x, int n) {
  extern __shared__ float s[];
  for (int i = threadIdx.x; i < n; i += blockDim.x) s[i] = x[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) x[i] = s[n - 1 - i];
}
"""


def uploaded(card: Card, array: np.ndarray) -> Any:
    """A block that holds an array."""
    block = card.allocate(array.nbytes)
    card.upload(block.address, array)
    return block


def downloaded(card: Card, block: Any, like: np.ndarray) -> np.ndarray:
    """What a block holds, as an array like another."""
    array = np.empty_like(like)
    card.download(block.address, array)
    return array


def add(function: Any, card: Card, block: Any, a: float, n: int) -> None:
    function.launch((-(-n // 256), 1, 1), (256, 1, 1), struct.pack("Pfi", block.address, a, n), 0, card.stream)


def test_a_card_tells_what_it_is(card: Card) -> None:
    assert str(card) == "cuda:0"
    assert card.capability >= (7, 5)
    assert card.architecture == f"sm_{card.capability[0]}{card.capability[1]}"
    assert card.multiprocessors > 0
    assert 48 << 10 <= card.shared_per_block <= card.most_shared_per_block <= card.shared_per_multiprocessor
    assert card.threads_per_multiprocessor >= 1024
    assert card.memory > 0
    assert cuda.card(0) is card


def test_kernels_run_in_order_on_what_was_copied(card: Card, kernel: Callable[[str, str], Any]) -> None:
    x, function = np.arange(1000, dtype=np.float32), kernel(ADD, "add")
    block = uploaded(card, x)
    for a in (1.0, 2.0, 3.0):
        add(function, card, block, a, len(x))
    assert (downloaded(card, block, x) == x + 6).all()


def test_a_function_tells_what_it_needs(kernel: Callable[[str, str], Any]) -> None:
    function = kernel(ADD, "add")
    assert function.registers > 0
    assert (function.local_bytes, function.shared_bytes) == (0, 0)
    assert function.most_threads >= 256


def test_the_public_way_of_launching_does_the_same(card: Card, kernel: Callable[[str, str], Any]) -> None:
    x, function = np.arange(100, dtype=np.float32), kernel(ADD, "add")
    function.launch = function._prepared
    block = uploaded(card, x)
    add(function, card, block, 1.0, len(x))
    assert (downloaded(card, block, x) == x + 1).all()


def test_a_launch_may_ask_for_much_shared_memory(card: Card, kernel: Callable[[str, str], Any]) -> None:
    x, function = np.arange(15_000, dtype=np.float32), kernel(SHARED, "reversed")
    block = uploaded(card, x)
    function.allow_shared(x.nbytes)
    function.launch((1, 1, 1), (256, 1, 1), struct.pack("Pi", block.address, len(x)), x.nbytes, card.stream)
    assert (downloaded(card, block, x) == x[::-1]).all()


def test_a_module_gives_its_variables(card: Card) -> None:
    module = card.load(nvrtc.cubin("__device__ float table[4];\n" + ADD, card.architecture))
    address, nbytes = module.address("table")
    assert nbytes == 16
    assert address > 0
    with pytest.raises(DeviceError, match="cuda:0: the kernel gone: cuModuleGetFunction: named symbol not found"):
        module.function("gone")
    with pytest.raises(DeviceError, match="cuda:0: the variable gone: "):
        module.address("gone")


@pytest.mark.parametrize("nbytes", [1, 7, cuda_staging.SLOT, cuda_staging.SLOT + 1, 2 * cuda_staging.PIECE + 12345])
def test_copies_of_every_length_arrive(card: Card, nbytes: int) -> None:
    x = np.random.default_rng(nbytes).integers(0, 256, nbytes).astype(np.uint8)
    source, target = uploaded(card, x), card.allocate(nbytes)
    card.copy(target.address, source.address, nbytes)
    assert (downloaded(card, target, x) == x).all()


def test_what_is_uploaded_may_be_written_to_at_once(card: Card) -> None:
    x = np.zeros(1000, np.int64)
    blocks = []
    for i in range(50):  # more than there are slots
        x[:] = i
        blocks.append(uploaded(card, x))
    assert [int(downloaded(card, block, x)[-1]) for block in blocks] == list(range(50))


PATTERNS = [
    np.uint8(7),
    np.int16(-2),
    np.float32(1.5),
    np.float64(2.5),
    np.float64(0),
    np.int64(-1),
    np.complex128(1 + 2j),
]


@pytest.mark.parametrize("value", PATTERNS, ids=lambda v: f"{v.dtype}")
@pytest.mark.parametrize("count", [0, 1, 3, 1000])
def test_memory_is_filled_with_any_pattern(card: Card, value: Any, count: int) -> None:
    x = np.full(count + 1, 3, value.dtype)
    block = uploaded(card, x)
    card.fill(block.address, value.tobytes(), count)
    found = downloaded(card, block, x)
    assert (found[:count] == value).all()
    assert found[count] == 3


def test_events_tell_when_work_is_done(card: Card) -> None:
    start, stop = card.event(timed=True), card.event(timed=True)
    block = card.allocate(1 << 20)
    start.record(card.stream)
    card.fill(block.address, b"\1", 1 << 20)
    stop.record(card.stream)
    stop.synchronize()
    assert stop.time_since(start) >= 0


def test_any_thread_loads_launches_and_drops(card: Card) -> None:
    x, found = np.arange(100, dtype=np.float32), []

    def work() -> None:
        module = card.load(nvrtc.cubin(ADD, card.architecture))
        block = uploaded(card, x)
        card.enter()
        add(module.function("add"), card, block, 1.0, len(x))
        found.append(downloaded(card, block, x))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert all((y == x + 1).all() for y in found)
    card.enter()
    assert not card.dropped


def test_other_streams_wait_for_ours_and_ours_for_them(card: Card, kernel: Callable[[str, str], Any]) -> None:
    x, function, other = np.zeros(100, np.float32), kernel(ADD, "add"), card.another_stream()
    block = uploaded(card, x)
    card.precede(other.handle)
    function.launch((1, 1, 1), (256, 1, 1), struct.pack("Pfi", block.address, 1.0, 100), 0, other)
    card.follow(other.handle)
    add(function, card, block, 1.0, 100)
    assert (downloaded(card, block, x) == 2).all()
    card.dropped.append(other)


def test_a_launch_that_is_refused_is_said_in_our_words(card: Card, kernel: Callable[[str, str], Any]) -> None:
    function = kernel(ADD, "add")
    with pytest.raises(DeviceError, match="cuda:0: add: cuLaunchKernel: invalid argument"), card.told("add"):
        function.launch((1, 1, 1), (5000, 1, 1), struct.pack("Pfi", 0, 1.0, 0), 0, card.stream)
    card.synchronize()


def test_what_is_no_cubin_is_refused(card: Card) -> None:
    with pytest.raises(DeviceError, match="cuda:0: loading kernels: "):
        card.load(b"\x7fELF of another kind" * 100)
    card.synchronize()


def test_a_card_that_is_not_there_is_refused(card: Card) -> None:
    with pytest.raises(DeviceError, match=r"cuda:99: there (is|are) \d+ GPU"):
        cuda.card(99)


def test_a_mistake_in_a_kernel_is_shown_with_the_lines_around_it(card: Card) -> None:
    with pytest.raises(BuildError) as caught:
        nvrtc.cubin(ADD.replace("x[i]", "y[i]"), card.architecture)
    assert "refuses a kernel" in caught.value.message
    assert ">    4   if (i < n) y[i] += a;" in caught.value.message
    assert "     3   int i" in caught.value.message
