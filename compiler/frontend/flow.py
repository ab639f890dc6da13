"""Where control can go: which statements jump, and which always do. Questions only, asked of the user's own text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .scope import SCOPES
from .tree import Node, gast

LOOPS = (gast.While, gast.For)


def repeats_forever(node: Node) -> bool:
    """Whether a loop is a `while True`."""
    return isinstance(node, gast.While) and isinstance(node.test, gast.Constant) and bool(node.test.value)


def loop_jumps(node: Node) -> tuple[bool, bool]:
    """Whether a loop's own body breaks it, and whether it continues it."""
    kinds = {type(jump) for jump in jumps(node.body) if not isinstance(jump, gast.Return)}
    return gast.Break in kinds, gast.Continue in kinds


def has_jump(statements: Sequence[Node], returns: bool = True) -> bool:
    """Whether statements contain a jump that leaves them."""
    return any(returns or not isinstance(jump, gast.Return) for jump in jumps(statements))


def jumps(statements: Iterable[Node]) -> list[Node]:
    """The jumps that leave these statements."""
    found: list[Node] = []
    for node in statements:
        if isinstance(node, (gast.Return, gast.Break, gast.Continue)):
            found.append(node)
        elif isinstance(node, LOOPS):
            found += [jump for jump in jumps(node.body) if isinstance(jump, gast.Return)]
            found += jumps(node.orelse)
        elif not isinstance(node, SCOPES):
            for block in ("body", "orelse", "finalbody", "handlers"):
                held = getattr(node, block, None)
                found += jumps(held) if isinstance(held, list) else []
    return found


def leaves(statements: Sequence[Node]) -> bool:
    """Whether every way through these statements that ends at all ends in a jump."""
    return any(_leaves(statement) for statement in statements)


def _leaves(node: Node) -> bool:
    if isinstance(node, (gast.Return, gast.Break, gast.Continue)):
        return True
    if isinstance(node, gast.If):
        return leaves(node.body) and leaves(node.orelse)
    if isinstance(node, LOOPS):
        return repeats_forever(node) and not loop_jumps(node)[0]
    if isinstance(node, (gast.Try, gast.TryStar)):
        handled = all(leaves(handler.body) for handler in node.handlers)
        return leaves(node.finalbody) or (handled and (leaves(node.body) or leaves(node.orelse)))
    return False
