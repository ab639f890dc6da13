"""The arena of a GPU, over a driver that only counts: reuse, cutting, joining, limits, queues and what errors tell."""

from __future__ import annotations

import gc
import itertools
import random
import threading
from typing import Any

import pytest

from weft.kernels.cuda_memory import ALIGNMENT, SEGMENT, SMALL_SEGMENT, Arena, Block, ExhaustedError
from weft.runtime.errors import OutOfMemoryError

MIB = 1 << 20


class Driver:
    """Addresses that were handed out, and those that came back."""

    def __init__(self, total: int) -> None:
        self.total, self.next = total, 1 << 32
        self.taken: dict[int, int] = {}
        self.waits = 0

    def take(self, nbytes: int) -> tuple[int, Any]:
        if sum(self.taken.values()) + nbytes > self.total:
            raise ExhaustedError
        address, self.next = self.next, self.next + nbytes + MIB
        self.taken[address] = nbytes
        return address, address

    def give(self, keeper: Any) -> None:
        del self.taken[keeper]

    def rest(self) -> None:
        self.waits += 1

    def room(self) -> tuple[int, int]:
        return self.total - sum(self.taken.values()), self.total


def arena_of(total: int, limit: int | None = None) -> tuple[Driver, Arena]:
    driver = Driver(total)
    return driver, Arena("cuda:0", driver.take, driver.give, driver.rest, driver.room, limit)


def test_a_block_that_was_dropped_is_handed_out_again() -> None:
    driver, arena = arena_of(100 * MIB)
    block = arena.allocate(1000)
    address = block.address
    del block
    assert arena.allocate(900).address == address
    assert arena.stats().recycled == 1
    assert list(driver.taken.values()) == [SMALL_SEGMENT]


def test_blocks_are_aligned_and_small_ones_have_segments_of_their_own() -> None:
    driver, arena = arena_of(100 * MIB)
    blocks = [arena.allocate(n) for n in (1, 300, 5 * MIB, 0)]
    assert [block.nbytes for block in blocks] == [256, 512, 5 * MIB, 256]
    assert all(block.address % ALIGNMENT == 0 for block in blocks)
    assert sorted(driver.taken.values()) == [SMALL_SEGMENT, SEGMENT]


def test_neighbours_that_were_dropped_are_joined() -> None:
    driver, arena = arena_of(100 * MIB)
    parts = [arena.allocate(5 * MIB) for _ in range(4)]
    del parts
    whole = arena.allocate(SEGMENT)
    assert whole.nbytes == SEGMENT
    assert list(driver.taken.values()) == [SEGMENT]


def test_the_smallest_range_that_fits_is_cut() -> None:
    _, arena = arena_of(200 * MIB)
    first, between, second = arena.allocate(30 * MIB), arena.allocate(25 * MIB), arena.allocate(40 * MIB)
    address = first.address
    del first, second
    assert arena.allocate(28 * MIB).address == address
    assert between.nbytes == 25 * MIB


def test_statistics_count_what_is_in_use_kept_and_most() -> None:
    _, arena = arena_of(100 * MIB)
    x, y = arena.allocate(4 * MIB), arena.allocate(6 * MIB)
    del x
    found = arena.stats()
    assert (found.in_use, found.peak, found.held, found.spare) == (6 * MIB, 10 * MIB, SEGMENT, SEGMENT - 6 * MIB)
    assert (found.made, found.allocations, found.total, found.free) == (1, 2, 100 * MIB, 80 * MIB)
    assert y.nbytes == 6 * MIB


def test_trimming_gives_segments_back_in_which_nothing_lies() -> None:
    driver, arena = arena_of(200 * MIB)
    kept, dropped = arena.allocate(30 * MIB), arena.allocate(50 * MIB)
    del dropped
    arena.trim()
    assert list(driver.taken.values()) == [30 * MIB]
    assert arena.held == kept.nbytes
    arena.allocate(50 * MIB)
    arena.trim(100 * MIB)
    assert sorted(driver.taken.values()) == [30 * MIB, 50 * MIB]


def test_what_is_kept_is_given_up_before_memory_runs_out() -> None:
    driver, arena = arena_of(60 * MIB)
    del_me = arena.allocate(40 * MIB)
    del del_me
    assert arena.allocate(50 * MIB).nbytes == 50 * MIB
    assert list(driver.taken.values()) == [50 * MIB]


def test_segments_are_smaller_where_little_is_left() -> None:
    driver, arena = arena_of(10 * MIB)
    block = arena.allocate(4 * MIB)
    assert list(driver.taken.values()) == [block.nbytes]


def test_out_of_memory_says_who_holds_what_and_the_arena_goes_on() -> None:
    _, arena = arena_of(64 * MIB)
    kept = [arena.allocate(20 * MIB, "matmul"), arena.allocate(20 * MIB, "matmul"), arena.allocate(10 * MIB, "exp")]
    with pytest.raises(
        OutOfMemoryError,
        match=r"cuda:0: there is not enough memory for 30 MiB \(tanh\): of 64 MiB, weft uses 50 MiB and keeps 10 MiB, "
        r"4 MiB are free\nin use: matmul 40 MiB in 2; exp 10 MiB\n(.*\n)*Work in parts",
    ):
        arena.allocate(30 * MIB, "tanh")
    kept.pop()
    assert arena.allocate(20 * MIB).nbytes == 20 * MIB


def test_a_limit_holds_though_the_device_has_more() -> None:
    _, arena = arena_of(2048 * MIB, limit=50 * MIB)
    kept = arena.allocate(40 * MIB)
    with pytest.raises(OutOfMemoryError, match="of 2 GiB, of which weft may take 50 MiB"):
        arena.allocate(20 * MIB)
    assert kept.nbytes == 40 * MIB


def test_only_the_largest_holders_are_named() -> None:
    _, arena = arena_of(64 * MIB)
    kept = [arena.allocate(MIB * (i + 1), f"op{i}") for i in range(9)]
    with pytest.raises(OutOfMemoryError, match=r"in use: op8 9 MiB; .*; op3 4 MiB; 3 more"):
        arena.allocate(60 * MIB)
    assert len(kept) == 9


def test_blocks_dropped_in_other_threads_and_by_the_collector_come_back() -> None:
    _, arena = arena_of(100 * MIB)
    held: list[Any] = [[arena.allocate(MIB) for _ in range(10)]]
    held[0].append(held[0])  # a cycle, which only the collector finds
    thread = threading.Thread(target=lambda: (held.clear(), gc.collect()))
    thread.start()
    thread.join()
    assert len(arena.returned) == 10
    assert arena.stats().in_use == 0


def test_lent_memory_waits_for_the_device() -> None:
    driver, arena = arena_of(100 * MIB)
    block = arena.allocate(1000)
    block.lent = True
    del block
    arena.drain()
    assert driver.waits == 1


def test_nothing_comes_back_while_the_arena_is_paused() -> None:
    _, arena = arena_of(100 * MIB)
    block = arena.allocate(1000)
    address, arena.paused = block.address, True
    del block
    other = arena.allocate(1000)
    assert other.address != address
    arena.paused = False
    assert arena.allocate(1000).address == address


def test_blocks_in_use_never_overlap_whatever_comes_and_goes() -> None:
    driver, arena = arena_of(4000 * MIB)
    rng = random.Random(0)
    live: list[Block] = []
    for _ in range(3000):
        if live and rng.random() < 0.5:
            live.pop(rng.randrange(len(live)))
        else:
            live.append(arena.allocate(rng.choice([1, 1000, 70_000, 3 * MIB, rng.randrange(8 * MIB)])))
        if rng.random() < 0.01:
            arena.trim(rng.randrange(100 * MIB))
    spans = sorted((block.address, block.address + block.nbytes) for block in live)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert arena.stats().in_use == sum(block.nbytes for block in live)
    assert arena.held == sum(driver.taken.values())
    live.clear()
    arena.trim()
    assert driver.taken == {}


def test_threads_share_an_arena() -> None:
    _, arena = arena_of(1000 * MIB)
    wrong: list[str] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        mine: list[Block] = []
        for _ in range(300):
            mine.append(arena.allocate(rng.randrange(1, 3 * MIB)))
            if len(mine) > 5:
                mine.pop(0)
        if len({block.address for block in mine}) != len(mine):
            wrong.append(f"{seed}")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert arena.stats().in_use == 0
