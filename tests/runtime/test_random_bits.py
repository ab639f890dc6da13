"""Philox and the generator: known answers, places of words, states."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import philox
from weft.runtime.errors import ArgumentError

ONES = 0xFFFFFFFF


# Random123, kat_vectors: counter, key, result
@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    low = np.array([counter[0] | counter[1] << 32], np.uint64)
    found = philox.blocks(key[0] | key[1] << 32, low, counter[2] | counter[3] << 32)
    assert tuple(found[0].tolist()) == words


def plain_philox(key: int, counter: int, stream: int = 0) -> list[int]:
    """One block in plain Python integers."""
    a, b, c, d = counter & ONES, counter >> 32, stream & ONES, stream >> 32
    k, m = key & ONES, key >> 32
    for _ in range(10):
        p, q = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (q >> 32) ^ b ^ k, q & ONES, (p >> 32) ^ d ^ m, p & ONES
        k, m = (k + 0x9E3779B9) & ONES, (m + 0xBB67AE85) & ONES
    return [a, b, c, d]


def plain_words(key: int, counter: int, n: int) -> list[int]:
    return [plain_philox(key, (counter + i // 4) % (1 << 64))[i % 4] for i in range(n)]


def generator(seed: int = 2026, counter: int = 0) -> wf.random.Generator:
    made = wf.random.Generator(seed)
    made.advance(counter)
    return made


def test_word_i_of_a_draw_is_word_i_mod_4_of_block_i_div_4() -> None:
    found = wf.random.bits((11,), generator=generator(9, 5)).numpy()
    assert found.tolist() == plain_words(9, 5, 11)


def test_a_draw_longer_than_a_chunk_has_no_seams() -> None:
    n = 4 * philox.BLOCKS
    long = wf.random.bits((2 * n + 3,), generator=generator()).numpy()
    rest = wf.random.bits((n + 3,), generator=generator(2026, n // 4)).numpy()
    assert np.array_equal(long[n:], rest)


def test_the_counter_goes_round_at_64_bits() -> None:
    assert philox.words(3, (1 << 64) - 1, 8).tolist() == plain_words(3, (1 << 64) - 1, 8)


def test_small_dtypes_take_the_top_bits_and_uint64_two_words() -> None:
    words = plain_words(2026, 0, 6)
    assert wf.random.bits((3,), dtype="uint8", generator=generator()).tolist() == [w >> 24 for w in words[:3]]
    assert wf.random.bits((3,), dtype="uint16", generator=generator()).tolist() == [w >> 16 for w in words[:3]]
    wide = [words[2 * i] | words[2 * i + 1] << 32 for i in range(3)]
    assert wf.random.bits((3,), dtype="uint64", generator=generator()).tolist() == wide


def test_bits_of_a_seed_are_pinned() -> None:
    found = wf.random.bits((6,), generator=generator(2026)).tolist()
    assert found == [0x6E5B28E3, 0x85B7BE5B, 0xB3CEB6B8, 0x4BE9BF2C, 0xFCFFF50E, 0x594F0D6A]


# shape, dtype, blocks that the draw uses up
@pytest.mark.parametrize(
    ("draw", "blocks"),
    [
        (lambda g: wf.random.uniform((5,), generator=g), 2),
        (lambda g: wf.random.uniform((5,), dtype="float64", generator=g), 3),
        (lambda g: wf.random.normal((2, 4), dtype="float16", generator=g), 2),
        (lambda g: wf.random.normal((0, 4), generator=g), 0),
        (lambda g: wf.random.truncated_normal((3,), generator=g), 2),
        (lambda g: wf.random.integers((5,), 0, 1 << 32, generator=g), 2),
        (lambda g: wf.random.integers((5,), 0, (1 << 32) + 1, generator=g), 3),
        (lambda g: wf.random.bernoulli((4,), generator=g), 1),
        (lambda g: wf.random.categorical([0.0, 0.0], (5,), generator=g), 3),
        (lambda g: wf.random.permutation(9, generator=g), 5),
        (lambda g: wf.random.gamma((3,), 2.0, generator=g), 3),
        (lambda g: wf.random.beta((3,), 2.0, 1.0, generator=g), 6),
        (lambda g: wf.random.poisson((3,), 2.0, generator=g), 3),
    ],
)
def test_a_draw_uses_up_the_documented_blocks(draw: Any, blocks: int) -> None:
    g = generator()
    draw(g)
    assert g.state.numpy().tolist() == [2026, blocks]


def test_two_draws_are_one_longer_draw() -> None:
    g = generator()
    parts = [wf.random.normal((8,), generator=g).numpy() for _ in range(2)]
    assert np.array_equal(np.concatenate(parts), wf.random.normal((16,), generator=generator()).numpy())


def test_seed_determines_the_default_generator() -> None:
    wf.seed(11)
    first = wf.random.uniform((4,)).tolist()
    wf.seed(11)
    assert wf.random.uniform((4,)).tolist() == first
    assert wf.random.uniform((4,), generator=wf.random.Generator(11)).tolist() == first
    assert wf.random.uniform((4,)).tolist() != first


def test_seed_none_takes_a_fresh_seed() -> None:
    wf.seed(None)
    first = wf.random.bits((4,)).tolist()
    wf.seed(None)
    assert wf.random.bits((4,)).tolist() != first
    assert wf.random.Generator().state.tolist() != wf.random.Generator().state.tolist()


@pytest.mark.parametrize("seed", [-1, 1 << 64])
def test_a_seed_has_64_bits(seed: int) -> None:
    with pytest.raises(ArgumentError, match=r"seed: .* is not between 0 and 2\*\*64 - 1"):
        wf.random.Generator(seed)


def test_a_seed_is_an_integer() -> None:
    with pytest.raises(ArgumentError, match=r"seed: 1\.5 is no integer"):
        wf.random.Generator(1.5)  # type: ignore[arg-type]


def test_a_saved_state_goes_on_where_it_was() -> None:
    g = generator(5, 3)
    saved = g.state_dict()
    expected = wf.random.normal((6,), generator=g).tolist()
    other = wf.random.Generator(0)
    other.load_state_dict(saved)
    assert wf.random.normal((6,), generator=other).tolist() == expected


def test_generators_are_copied_and_pickled() -> None:
    g = generator(5, 3)
    for other in (copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        assert other.state.tolist() == [5, 3]
        other.advance(1)
    assert g.state.tolist() == [5, 3]


def test_split_gives_generators_of_their_own() -> None:
    g = generator(5)
    children = g.split(3)
    assert g.state.tolist() == [5, 3]
    keys = [child.state.tolist()[0] for child in children]
    blocks = [plain_philox(5, i, ONES << 32 | ONES) for i in range(3)]
    assert keys == [block[0] | block[1] << 32 for block in blocks]
    assert keys[:2] == [child.state.tolist()[0] for child in wf.random.Generator(5).split()]


def test_threads_never_draw_the_same_numbers() -> None:
    g, found = generator(8), []

    def work() -> None:
        found.extend(wf.random.bits((1,), dtype="uint64", generator=g).tolist()[0] for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 200
    assert g.state.tolist() == [8, 200]


def test_a_generator_shows_its_state() -> None:
    assert repr(generator(5, 3)) == "Generator(key=5, counter=3)"
