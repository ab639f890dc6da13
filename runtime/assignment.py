"""Names and values: a second tensor of one value, another value under one tensor, and `x[i] = v`.

A value never changes where somebody else looks: not another tensor, a view, an array made by `numpy()`, nor a
tape. So assigning to an item makes a new value, and lets `x` hold that; only where the buffer shows that `x` alone
looks is it written in place, which nobody can tell from a new value.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import memory, observers
from .dtypes import INTEGERS
from .eager import EagerTensor, check_holds, lift, wrap
from .spec import SCALARS
from .tensor import OPS, Tensor


def alias(x: EagerTensor) -> EagerTensor:
    """Another tensor of the same value, which tapes take for the same."""
    y = wrap(x.buffer)
    y.key = x.key
    return y


def rebind(x: EagerTensor, value: EagerTensor) -> None:
    """Let the tensor object `x` hold `value` from now on; what was recorded of its old value stays true."""
    keepers = observers.keepers()
    if keepers:
        old = alias(x)
        for keeper in keepers:
            keeper.rename(x, old)
    x.buffer, x.key = value.buffer, value.key


def as_value(name: str, value: Any, x: Any) -> Any:
    """What is put into places of `x`: a tensor, or a weak Python scalar. Python numbers in lists fit, or are refused.

    Errors: DTypeError for a number that the dtype does not hold.
    """
    if type(value) in SCALARS or isinstance(value, Tensor):
        return value
    found = lift(value)
    if isinstance(value, list | tuple) and isinstance(found, EagerTensor) and found.dtype in INTEGERS:
        check_holds(name, x.dtype, found.numpy())
    return found


def assign_item(x: EagerTensor, index: Any, value: Any) -> None:
    """What `x[index] = value` does."""
    quick = not observers.watching.count and not _mentions(x, index, value) and is_sole(x)
    if quick and OPS["write_item"](x, index, value):
        x.key = 0  # a new value, though in the old place
    else:
        rebind(x, OPS["setitem"](x, value, index))


def _mentions(x: EagerTensor, index: Any, value: Any) -> bool:
    """Whether `x` itself is the value or indexes itself, so that it would be read while it is written to."""
    return value is x or index is x or (type(index) is tuple and any(part is x for part in index))


def is_sole(x: EagerTensor) -> bool:
    """Whether nobody but `x` could tell if its buffer were written to."""
    array = x.buffer
    if type(array) is not np.ndarray or not array.flags.writeable or any(k.keeps(x) for k in observers.keepers()):
        return False
    del array
    return _holders(x) == _SOLE and _owns(x.buffer)


def _holders(x: Any) -> int:
    return sys.getrefcount(x.buffer)


def _owns(array: np.ndarray) -> bool:
    """Whether an array's memory is its own, or a recycled block's that no other array shows."""
    if array.flags.owndata:
        return True
    base = array.base
    if type(base) is not np.ndarray or type(base.base) is not memoryview or not memory.is_block(base.base.obj):
        return False
    del base
    return _base_holders(array) == _SOLE_BASE


def _base_holders(array: Any) -> int:
    return sys.getrefcount(array.base)


class _Probe:
    __slots__ = ("buffer",)


def _calibrated() -> tuple[int, int]:
    """What the two counts are when nobody else looks; -1 where counting does not tell."""
    probe: Any = _Probe()
    probe.buffer = np.frombuffer(bytearray(8), np.uint8).reshape(2, 4)
    sole, base = _holders(probe), _base_holders(probe.buffer)
    other = probe.buffer
    view = probe.buffer[1:]
    tells = _holders(probe) > sole and _base_holders(probe.buffer) > base
    del other, view
    return (sole, base) if tells else (-1, -1)


_SOLE, _SOLE_BASE = _calibrated()

OPS.update(alias=alias, assign_item=assign_item)
