"""What every test run shares: a flag that rewrites recorded files, and settings that keep runs repeatable."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("WEFT_EXECUTOR", "interpreter")  # a build for each graph would take hours; native tests choose
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin while they wait, and tests share the cores

settings.register_profile("weft", deadline=None, derandomize=True)
settings.load_profile("weft")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite recorded files (face.txt, docs/ops.md, ...) instead of comparing",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether recorded files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))
