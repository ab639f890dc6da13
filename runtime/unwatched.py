"""The reverse pass when nobody watches: over arrays instead of tensors.

To make a tensor of each cotangent, ask about dtypes and tell who watches takes most of the time of a small gradient.
Where nobody watches, elementwise ops on arrays of one dtype are pulled back by their rules as functions of arrays
(rules.py). What these do not cover (operands that were broadcast or cast, halves, complex numbers, large arrays,
other ops, warnings turned into errors) takes the long way, node by node, with the same bits as result.

No array is written to: a rule may give one cotangent to two operands, and a seed may be the user's.
"""

from __future__ import annotations

from collections.abc import Container, Sequence, Set
from typing import Any

import numpy as np
from numpy import asarray, ndarray

from . import backprop, dtypes, memory
from .dtypes import DType
from .eager import EagerTensor, scalar, wrap
from .families import Elementwise
from .rules import Function, UnforeseenError, as_function

Node = tuple[Any, ...]
WEAK = frozenset((int, float))
DTYPES = (dtypes.float32, dtypes.float64)
BIG = memory.SMALLEST  # bytes from which results are written into recycled memory, as the ops do


def backpropagate(nodes: Sequence[Node], cotangents: dict[int, Any], known: Container[int], sources: Set[int]) -> None:
    """As `backprop.backpropagate`, of eager tensors that no tape and no callback watches."""
    for key, dy in cotangents.items():
        cotangents[key] = _bare(dy)
    for node in reversed(nodes):
        op, _, _, outputs = node
        key = outputs[0].key
        dy = cotangents.get(key)
        if type(dy) is ndarray:
            pull = op.functions.get(dy.dtype)
            if pull is not None and dy.nbytes < BIG:
                try:
                    pull(dy, node, cotangents, known)
                except Exception:  # nothing was added yet: what went wrong, if anything, the long way tells
                    pass
                else:
                    if key not in sources:
                        del cotangents[key]
                    continue
            elif op.elementwise and dy.dtype not in op.functions:
                op.functions[dy.dtype] = _pull(op, dy.dtype)
        elif dy is None and len(outputs) == 1:
            continue
        _long_way(node, cotangents, known, sources)
    for key in sources:
        if key in cotangents:
            cotangents[key] = _tensor(cotangents[key])


def _long_way(node: Node, cotangents: dict[int, Any], known: Container[int], sources: Set[int]) -> None:
    """One node by its rule itself."""
    keys = {getattr(x, "key", 0) for x in (*node[1], *node[3])} & cotangents.keys()
    for key in keys:
        cotangents[key] = _tensor(cotangents[key])
    backprop.backpropagate((node,), cotangents, known, sources)
    for x in node[1]:
        key = getattr(x, "key", 0)
        if key in cotangents:
            cotangents[key] = _bare(cotangents[key])


def _bare(dx: Any) -> Any:
    """The array of a tensor that lives on the CPU; anything else itself."""
    return dx.buffer if type(dx) is EagerTensor and type(dx.buffer) is ndarray else dx


def _tensor(dx: Any) -> Any:
    return wrap(dx) if type(dx) is ndarray else dx


def _total(before: Any, dx: ndarray) -> Any:
    """What `before + dx` gives, which never fails."""
    if type(before) is ndarray and before.dtype is dx.dtype and dx.nbytes < BIG:
        try:
            return asarray(np.add(before, dx))
        except Exception:  # warnings turned into errors
            pass
    return _bare(_tensor(before) + wrap(dx))


def _weak(x: Any, dtype: DType) -> ndarray:
    if type(x) not in WEAK:
        raise UnforeseenError
    return scalar(x, dtype)


def _pull(op: Elementwise, dtype: DType) -> Function | None:
    """What adds the cotangents of the operands of `op`, all of one dtype; None where it takes the long way."""
    if not op.rules or dtype not in DTYPES or op.arity > 2:
        return None
    if op.arity == 1:
        return _unary(as_function(op.rules[0], dtype, "t"))
    rule_x, rule_y = op.rules
    beside_weak = as_function(rule_x, dtype, "tw"), as_function(rule_y, dtype, "wt")
    return _binary(as_function(rule_x, dtype, "tt"), as_function(rule_y, dtype, "tt"), *beside_weak)


def _unary(rule: Function) -> Function:
    def pull(dy: ndarray, node: Node, cotangents: dict[int, Any], known: Container[int]) -> None:
        _, (x,), _, (z,) = node
        a = x.buffer
        if a.dtype is not dy.dtype:
            raise UnforeseenError
        dx = rule(dy, z.buffer, a)
        if dx is not None:
            key = x.key
            before = cotangents.get(key)
            cotangents[key] = dx if before is None else _total(before, dx)

    return pull


def _binary(rule_x: Function, rule_y: Function, rule_x_beside_weak: Function, rule_y_beside_weak: Function) -> Function:
    def pull(dy: ndarray, node: Node, cotangents: dict[int, Any], known: Container[int]) -> None:
        _, (x, y), _, (z,) = node
        dtype, z, dx, dw = dy.dtype, z.buffer, None, None
        if type(x) is EagerTensor and type(y) is EagerTensor:
            a, b = x.buffer, y.buffer
            if x.key in known:
                dx = rule_x(dy, z, a, b)
            if y.key in known:
                dw = rule_y(dy, z, a, b)
        elif type(x) is EagerTensor:
            a, b = x.buffer, _weak(y, dtype)
            if x.key in known:
                dx = rule_x_beside_weak(dy, z, a, b)
        else:
            a, b = _weak(x, dtype), y.buffer
            if y.key in known:
                dw = rule_y_beside_weak(dy, z, a, b)
        if a.dtype is not dtype or b.dtype is not dtype:
            raise UnforeseenError
        if (dx is not None and a.shape != dy.shape) or (dw is not None and b.shape != dy.shape):
            raise UnforeseenError  # it was broadcast: the cotangent is to be summed
        if dx is not None:
            key = x.key
            before = cotangents.get(key)
            cotangents[key] = dx if before is None else _total(before, dx)
        if dw is not None:
            key = y.key
            before = cotangents.get(key)
            cotangents[key] = dw if before is None else _total(before, dw)

    return pull
