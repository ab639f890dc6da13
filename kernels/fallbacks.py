"""Ops that run on the CPU for want of a kernel on the GPU: said once for each, and counted.

Their operands are copied to the CPU and their results back, which waits for the GPU: a program that does it often is
slow for a reason that should be known. This file counts, and knows no devices.
"""

from __future__ import annotations

import threading
import warnings
from collections import Counter

from ..runtime.errors import user_position

_counts: Counter[str] = Counter()
_lock = threading.Lock()


def count(name: str) -> None:
    """Note that an op runs on the CPU, and say so if it is the first time."""
    with _lock:
        _counts[name] += 1
        is_first = _counts[name] == 1
    if is_first:
        path, line = user_position() or ("weft", 1)
        text = f"{name} has no kernel on the GPU and runs on the CPU, which copies there and back"
        warnings.warn_explicit(f"{text}; wf.gpu_fallbacks() counts how often", RuntimeWarning, path, line)


def gpu_fallbacks() -> dict[str, int]:
    """How often each op of tensors on a GPU ran on the CPU so far, for want of a kernel.

    Example:
        >>> import weft as wf
        >>> before = wf.gpu_fallbacks()
        >>> y = wf.exp(wf.ones(3))  # on the CPU from the start
        >>> wf.gpu_fallbacks() == before
        True
    """
    with _lock:
        return dict(_counts)
