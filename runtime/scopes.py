"""Scopes: how many `with` blocks are open, in any thread, that change what a call means.

Options, devices, graphs being written. While there is none, code in a hurry need not ask each of them.
"""

from __future__ import annotations

import threading


class Scopes:
    """Their number."""

    __slots__ = ("_lock", "count")

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.count -= 1


scopes = Scopes()
