"""What all tests share: the options, and a hypothesis profile without a clock."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

collect_ignore = ["data", "cases"]  # scripts there make reference data with the peers installed

settings.register_profile(
    "gradcli",
    deadline=None,  # the machine may be busy; time is the benchmarks' business
    max_examples=60,
    derandomize=True,  # CI gives the same answer twice; raise max_examples by hand to search
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gradcli")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-cases",
        action="store_true",
        help="write the output that the commands give now into tests/cases",
    )
