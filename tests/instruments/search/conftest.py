"""A small register to search in, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.codes import seed_codes
from instruments.search import Found, Query, find, index_instrument, seed_aliases

Adds = Callable[..., Instrument]


@pytest.fixture
def seeded(session: Session, categories: None) -> None:
    """The classification, the code lists and the words that mean the same."""
    seed_codes(session)
    seed_aliases(session)
    session.flush()


@pytest.fixture
def add(session: Session, seeded: None, an_instrument: Adds) -> Adds:
    """Register an instrument of which nothing is known but what is said, and index it."""

    def make(name_zh: str = "", *, aliases: tuple[str, ...] = (), **changes: object) -> Instrument:
        blank = {"name_en": "", "category_code": None, "manufacturer": "", "model": "", "hours": None}
        made = an_instrument(name_zh=name_zh, **blank | changes)
        made.aliases = [InstrumentAlias(text=text) for text in aliases]
        index_instrument(session, [made.id])
        return made

    return make


@pytest.fixture
def found(session: Session, seeded: None) -> Callable[..., Found]:
    """Search, saying only what matters."""

    def search(text: str = "", **what: object) -> Found:
        return find(session, Query(text=text, **what))

    return search


@pytest.fixture
def names(found: Callable[..., Found]) -> Callable[..., list[str]]:
    """Search and give the names, in order."""

    def search(text: str = "", **what: object) -> list[str]:
        return [one.name_zh or one.name_en for one in found(text, **what).instruments]

    return search
