"""The collector of garbage rests while a graph is made.

A graph is many objects that all stay. Python's collector looks at all of them again and again as they grow in number,
and finds nothing: for large graphs it takes more time than what makes them. This file knows nothing of graphs.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_resting = [0, False]  # how many want it to rest, and whether it worked before


@contextmanager
def collector_resting() -> Iterator[None]:
    """No collections of garbage inside the `with` block, unless somebody asks for one."""
    with _lock:
        if not _resting[0]:
            _resting[1] = gc.isenabled()
            gc.disable()
        _resting[0] += 1
    try:
        yield
    finally:
        with _lock:
            _resting[0] -= 1
            if not _resting[0] and _resting[1]:
                gc.enable()


def _after_fork() -> None:
    """A child has none of the threads for which it rested."""
    global _lock
    _lock = threading.Lock()
    if _resting[0] and _resting[1]:
        gc.enable()
    _resting[0] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
