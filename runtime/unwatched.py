"""The reverse pass when nobody watches: over arrays instead of tensors.

To make a tensor of each cotangent, ask about dtypes and tell who watches takes most of the time of a small gradient.
Where nobody watches, elementwise ops on arrays of one dtype are pulled back by their rules as functions of arrays
(rules.py). What these do not cover (operands that were broadcast or cast, halves, complex numbers, large arrays,
other ops, warnings turned into errors) takes the long way, node by node, with the same bits as result.

No array is written to: a rule may give one cotangent to two operands, and a seed may be the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence, Set
from typing import Any

import numpy as np
from numpy import asarray, ndarray

from . import backprop, dtypes
from .dtypes import DType
from .eager import EagerTensor, scalar, wrap
from .rules import Function, as_function

Node = tuple[Any, ...]
Pull = Callable[[ndarray, Node, dict[int, Any], Container[int]], bool]  # whether it did
WEAK = frozenset((int, float))
DTYPES = (dtypes.float32, dtypes.float64)
BIG = 1 << 16  # bytes from which making tensors costs little, and intermediate results are worth freeing early


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
                    done = pull(dy, node, cotangents, known)
                except Exception:  # nothing was added yet: what went wrong, if anything, the long way tells
                    done = False
                if done:
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


def _pull(op: Any, dtype: DType) -> Pull | None:
    """What adds the cotangents of the operands of `op`, all of one dtype; None where it takes the long way."""
    if not op.rules or dtype not in DTYPES or op.arity > 2:
        return None
    if op.arity == 1:
        rule = as_function(op.rules[0], dtype, "t")
        return rule and _unary(rule)
    rule_x, rule_y = op.rules
    beside_weak = as_function(rule_x, dtype, "tw"), as_function(rule_y, dtype, "wt")
    return _binary(as_function(rule_x, dtype, "tt"), as_function(rule_y, dtype, "tt"), *beside_weak)


def _unary(rule: Function) -> Pull:
    def pull(dy: ndarray, node: Node, cotangents: dict[int, Any], known: Container[int]) -> bool:
        _, (x,), _, (z,) = node
        a = x.buffer
        if a.dtype is not dy.dtype:
            return False
        dx = rule(dy, z.buffer, a)
        if dx is not None:
            key = x.key
            before = cotangents.get(key)
            cotangents[key] = dx if before is None else _total(before, dx)
        return True

    return pull


def _binary(
    tensors_x: Function | None, tensors_y: Function | None, weak_x: Function | None, weak_y: Function | None
) -> Pull:
    def pull(dy: ndarray, node: Node, cotangents: dict[int, Any], known: Container[int]) -> bool:
        _, (x, y), _, (z,) = node
        dtype, shape, z = dy.dtype, dy.shape, z.buffer
        if type(x) is type(y) or (type(x) not in WEAK and type(y) not in WEAK):
            a, b = x.buffer, y.buffer
            rule_x, rule_y = tensors_x, tensors_y
            for_x, for_y = x.key in known, y.key in known
        elif type(y) in WEAK:
            a, b = x.buffer, scalar(y, dtype)
            rule_x, rule_y = weak_x, None
            for_x, for_y = x.key in known, False
        else:
            a, b = scalar(x, dtype), y.buffer
            rule_x, rule_y = None, weak_y
            for_x, for_y = False, y.key in known
        if a.dtype is not dtype or b.dtype is not dtype:
            return False
        if (for_x and (rule_x is None or a.shape != shape)) or (for_y and (rule_y is None or b.shape != shape)):
            return False  # without a function, or broadcast: its cotangent is to be summed
        dx = rule_x(dy, z, a, b) if for_x else None  # pyright: ignore[reportOptionalCall]
        dw = rule_y(dy, z, a, b) if for_y else None  # pyright: ignore[reportOptionalCall]
        if dx is not None:
            key = x.key
            before = cotangents.get(key)
            cotangents[key] = dx if before is None else _total(before, dx)
        if dw is not None:
            key = y.key
            before = cotangents.get(key)
            cotangents[key] = dw if before is None else _total(before, dw)
        return True

    return pull
