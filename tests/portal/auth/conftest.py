"""Hashing costs time on purpose; what the tests look at does not depend on how much."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from portal.auth import credentials

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
NOBODYS_QUICK_HASH = QUICK.hash("nobody's password")


@pytest.fixture(autouse=True)
def quick_hashing(request, monkeypatch):
    """Hash quickly, unless a test asks for the true cost."""
    if "true_cost" not in request.fixturenames:
        monkeypatch.setattr(credentials, "hasher", QUICK)
        monkeypatch.setattr(credentials, "NOBODYS_HASH", NOBODYS_QUICK_HASH)


@pytest.fixture
def true_cost():
    """Ask for this to hash as the portal does."""
