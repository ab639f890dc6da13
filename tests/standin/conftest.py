"""The card of these tests: the stand-in, with PyCUDA's context current and nothing left of the test before."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import loading
import pytest
from headers import MissingError


@cache
def context() -> Any:
    """The primary context, pushed for this thread until the process ends."""
    drv = loading.pycuda_driver()
    drv.init()
    made = drv.Device(0).retain_primary_context()
    made.push()
    atexit.register(made.pop)
    return made


@pytest.fixture
def card() -> Iterator[Any]:
    """PyCUDA's driver module, on the stand-in; where that cannot be had the test is skipped, and says why."""
    try:
        loading.start()
    except MissingError as error:
        give_up = pytest.fail if os.environ.get("WEFT_REQUIRE_GPU_TESTS") else pytest.skip
        give_up(f"no stand-in for a GPU: {error}")
    context()
    loading.reset()
    yield loading.pycuda_driver()
    loading.reset()
