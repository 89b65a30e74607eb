"""What all tests share. The fixtures live in tests/fixtures, one file per matter."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

# They import one another, whichever is read first.
pytest.register_assert_rewrite("tests.fixtures")
pytest_plugins = [f"tests.fixtures.{file.stem}" for file in sorted((Path(__file__).parent / "fixtures").glob("*.py"))]

# The same cases on every run, so that a red test is red for everybody; the torture runs look further.
settings.register_profile("everyday", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("torture", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


@pytest.fixture
def now() -> datetime:
    """Monday, 23 November 2026, 09:00 in Shanghai."""
    return datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "open_page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
