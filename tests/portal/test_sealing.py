"""The audit chain: sealed in the order of its numbers, whatever the order of the commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from instruments.audit import AuditEntry, first_broken
from portal import clock, sealing
from portal.auth.limits import Attempt
from portal.jobs import run_once
from portal.transactions import writing
from scheduling.bookings import Booking
from tests.fixtures.ticks import at_once


def test_entries_are_sealed_in_order_and_unbroken(app: Flask, session: Session, a_booking: Callable, clean_engine: Engine) -> None:
    booking_id = a_booking().id
    session.commit()
    with app.app_context():
        for _ in range(3):
            with writing() as writer:
                writer.add(Attempt(who="x", at=clock.now()))  # not audited
        with writing() as writer:
            writer.get_one(Booking, booking_id).note = "changed"
    at_once(app, "seal")
    with Session(clean_engine) as reader:
        entries = reader.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert entries
    assert all(entry.seal for entry in entries)
    assert first_broken(entries) is None


@pytest.mark.parametrize("backend", ["postgresql"])  # SQLite commits in the order of the numbers anyway
def test_an_entry_that_comes_late_with_a_lower_number_is_waited_for(
    app: Flask, session: Session, an_organisation: Callable, clean_engine: Engine, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    organisation = an_organisation()
    session.commit()
    monkeypatch.setattr(sealing, "PAUSE", 0.01)

    def entry(name: str) -> AuditEntry:
        return AuditEntry(at=now, action="update", noun="organisation", row_key=str(organisation.id), before={}, after={"name": name})

    with Session(clean_engine) as slow, Session(clean_engine) as quick:
        slow.add(entry("slow"))
        slow.flush()  # has the lower number, and is not committed yet
        quick.add(entry("quick"))
        quick.commit()
        run_once(app, "seal")
        assert quick.scalars(select(AuditEntry.seal)).all() == [None]
        quick.commit()
        slow.commit()
    run_once(app, "seal")
    with Session(clean_engine) as reader:
        entries = reader.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.after["name"] for entry in entries] == ["slow", "quick"]
    assert all(entry.seal for entry in entries)
    assert first_broken(entries) is None
