"""Large results live in recycled memory that nobody else can still see."""

import os
import threading

import numpy as np
import pytest

import weft as wf
from weft.runtime import memory

N = memory.SMALLEST // 4
FLOAT = np.dtype("float32")


@pytest.fixture(autouse=True)
def _fresh():
    memory.trim()
    yield
    memory.trim()


def address(array):
    return array.ctypes.data


def test_a_block_is_used_again_once_no_array_lives_in_it():
    array = memory.empty((N,), FLOAT)
    where = address(array)
    del array
    assert address(memory.empty((N,), FLOAT)) == where


@pytest.mark.parametrize(
    "view", [lambda a: a, lambda a: a[3:][::2], lambda a: a.reshape(2, -1).T, lambda a: memoryview(a)]
)
def test_a_block_is_not_used_while_a_view_of_it_lives(view):
    array = memory.empty((N,), FLOAT)
    where = address(array)
    held = view(array)
    del array
    other = memory.empty((N,), FLOAT)
    assert address(other) != where
    del held
    assert address(memory.empty((N,), FLOAT)) == where


def test_small_arrays_are_left_to_numpy():
    made = memory.stats.made
    memory.empty((10,), FLOAT)
    assert memory.stats.made == made


def test_past_the_bound_numpy_allocates(monkeypatch):
    monkeypatch.setattr(memory.stats, "limit", memory.stats.held + 4 * N)
    first, second = memory.empty((N,), FLOAT), memory.empty((N,), FLOAT)
    assert memory.stats.held <= memory.stats.limit
    assert first.base is not None
    assert second.base is None


def test_trim_gives_back_free_blocks_only():
    free, used = memory.empty((N,), FLOAT), memory.empty((2 * N,), FLOAT)
    del free
    memory.trim()
    assert memory.stats.held == used.nbytes


def test_results_of_operations_never_share_memory():
    x = wf.ones((N,))
    results = [x + float(i) for i in range(5)]
    for i, y in enumerate(results):
        np.testing.assert_array_equal(y.numpy(), np.float32(1 + i))


def test_threads_never_get_the_same_block():
    wrong = []

    def work(mark):
        for _ in range(50):
            array = memory.empty((N,), FLOAT)
            array[:] = mark
            if not (array == mark).all():
                wrong.append(mark)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_write_into_its_parent():
    x = wf.ones((N,))
    y = x + 1.0
    pid = os.fork()
    if pid == 0:
        z = x + 5.0
        os._exit(0 if float(z.numpy()[0]) == 6.0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    np.testing.assert_array_equal(y.numpy(), np.float32(2))
