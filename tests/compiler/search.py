"""How many examples the property tests draw: few and always the same, or as many as asked for, and new ones.

    WEFT_EXAMPLES=20000 pytest tests/compiler/test_drawn_programs.py -s [--hypothesis-seed=1]

runs long, and says what came of all of them; a failure is shrunk, and printed with its seed.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = int(os.environ.get("WEFT_EXAMPLES", "0"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]


def examples(count: int) -> settings:
    """Settings for so many examples, unless another number is asked for."""
    return settings(
        max_examples=LONG or count, derandomize=not LONG, database=None, deadline=None, suppress_health_check=SLOW
    )
