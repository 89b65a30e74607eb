"""Tests of the portal commit: what the builders make must be seen by the portal, which has connections of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session. The browser commits it before each request; whoever else lets the portal work commits it first."""
    with Session(clean_engine) as session:
        yield session
