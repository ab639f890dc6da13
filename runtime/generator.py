"""Generators of random numbers: a key and a counter, held in a variable.

A draw takes the state and advances the counter by the blocks that it uses up, an amount that depends on shape and
dtype alone. The state is an ordinary variable, so whatever handles variables (checkpoints, the compiler) handles
generators. This file knows states, not distributions.
"""

from __future__ import annotations

import os
import threading

import numpy as np

from . import philox
from .creation import asarray
from .dim import Dim
from .dtypes import uint64
from .eager import EagerTensor
from .errors import ArgumentError
from .tensor import OPS, Tensor
from .variable import Variable

_lock = threading.Lock()


def _state(seed: int | None) -> np.ndarray:
    """The state of a fresh generator.

    Errors: ArgumentError for a seed that is no integer of 64 bits.
    """
    if seed is not None and not hasattr(seed, "__index__"):
        raise ArgumentError(f"seed: {seed!r} is no integer", "Take an integer from 0 to 2**64 - 1.")
    key = int.from_bytes(os.urandom(8), "little") if seed is None else seed.__index__()
    if not 0 <= key <= philox.WRAP:
        raise ArgumentError(f"seed: {key} is not between 0 and 2**64 - 1", "Take a non-negative integer.")
    return np.array([key, 0], np.uint64)


def _numbers(state: EagerTensor) -> tuple[int, int]:
    key, counter = state.numpy().tolist()
    return key, counter


class Generator:
    """A stream of random numbers that its seed determines; without a seed, one from the operating system.

    Example:
        >>> import weft as wf
        >>> wf.random.integers((4,), 0, 10, generator=wf.random.Generator(7))
        Tensor([9, 7, 1, 0], i64)
    """

    def __init__(self, seed: int | None = None) -> None:
        self.state = Variable(_state(seed), name="generator", trainable=False, device="cpu")

    def seed(self, seed: int | None) -> None:
        """Start again, from this seed."""
        self.state.assign(_state(seed))

    def advance(self, blocks: int | Dim) -> EagerTensor:
        """The state for a draw that uses up so many blocks of four words; the next draw starts after them."""
        with _lock:
            state = self.state.read_value()
            if type(blocks) is Dim:  # known when the graph runs
                used = OPS["astype"](blocks.tensor(), dtype=uint64) * asarray(np.array([0, 1], np.uint64))
            else:
                used = asarray(np.array([0, blocks], np.uint64), device=state.device)
            self.state.assign(state + used)
        return state

    def split(self, n: int = 2) -> list[Generator]:
        """n new generators, whose keys are drawn from this one: for workers, layers, or chains of their own."""
        key, counter = _numbers(self.advance(n))
        blocks = philox.blocks(key, philox.counters(counter, n), philox.KEY_STREAM)
        return [Generator(int(child)) for child in philox.wide(blocks[:, :2].reshape(-1))]

    def state_dict(self) -> dict[str, Tensor]:
        """The state, to be saved."""
        return {"state": self.state.read_value()}

    def load_state_dict(self, saved: dict[str, Tensor]) -> None:
        """Go on from a saved state.

        Errors: ShapeError or DTypeError when it is none.
        """
        self.state.assign(saved["state"])

    def __repr__(self) -> str:
        key, counter = _numbers(self.state.value)
        return f"Generator(key={key}, counter={counter})"


_default: list[Generator] = []


def default_generator() -> Generator:
    """The generator of draws that name none."""
    with _lock:
        if not _default:
            _default.append(Generator())
        return _default[0]


def seed(seed: int | None) -> None:
    """Seed the default generator, so that the numbers drawn from now on are determined; None takes a fresh seed."""
    default_generator().seed(seed)
