"""Shuffling: a random order that its seed and the number of the epoch determine.

A buffer holds the next elements; each that leaves is a random one of them. The end of the data leaves in a random
order, so a buffer that holds everything gives a uniform permutation. This file knows orders, not elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np

from ..generator import Generator
from ..random import integers, permutation

T = TypeVar("T")
_AHEAD = 1024  # how many random places are drawn at a time


def epoch_generator(seed: int, epoch: int) -> Generator:
    """The generator of one epoch: a child of the seed's."""
    parent = Generator(seed)
    parent.advance(epoch)
    return parent.split(1)[0]


def shuffled(items: Iterable[T], buffer: int, generator: Generator) -> Iterator[T]:
    """The items in random order, at most `buffer` of them held at a time."""
    rest = iter(items)
    held = list(islice(rest, buffer))
    places: list[int] = []
    for item in rest:
        if not places:
            places = integers((_AHEAD,), 0, buffer, generator=generator, device="cpu").tolist()
        i = places.pop()
        held[i], chosen = item, held[i]
        yield chosen
    for i in permutation(len(held), generator=generator, device="cpu").tolist():
        yield held[i]


def shuffled_order(n: int, buffer: int, generator: Generator) -> np.ndarray:
    """The order in which `shuffled` would give 0 ... n-1."""
    if buffer >= n:
        return permutation(n, generator=generator, device="cpu").numpy()
    return np.fromiter(shuffled(range(n), buffer, generator), np.int64, n)
