"""`run.py check`: finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from instruments import audit
from portal.checks import findings
from portal.schema import upgrade
from scheduling.accounting.accounts import Account
from scheduling.bookings import Booking


@pytest.fixture
def clean_engine(empty_database):
    """A database of the test's own: what is switched off in it must not stay off for the others."""
    upgrade(empty_database.engine)
    return empty_database.engine


def wrong(engine):
    # The tests' own PostgreSQL runs without fsync on purpose, for speed.
    return {finding.name for finding in findings(engine) if not finding.is_right} - {
        "postgresql fsync",
        "postgresql full_page_writes",
        "postgresql synchronous_commit",
    }


def test_a_sound_portal_has_nothing_wrong(session, clean_engine, a_booking, now):
    audit.watch(session, actor_id=None, now=now)
    a_booking()
    session.flush()
    audit.seal(session)
    session.commit()
    assert wrong(clean_engine) == set()


def test_settings_that_risk_committed_work_are_found(clean_engine, backend):
    names = {finding.name: finding.is_right for finding in findings(clean_engine)}
    if backend == "sqlite":
        assert names["sqlite journal_mode"]
        assert names["sqlite synchronous"]
    else:
        assert not names["postgresql fsync"]
        assert not names["postgresql synchronous_commit"]


def test_overlapping_bookings_are_found_where_the_database_was_kept_from_refusing_them(session, clean_engine, a_booking, backend):
    booking = a_booking()
    values = {c.name: getattr(booking, c.key) for c in Booking.__table__.columns if c.name not in ("id", "uid")}
    session.commit()
    off = {
        "sqlite": ["DROP TRIGGER booking_no_overlap_insert"],
        "postgresql": ["ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"],
    }[backend]
    with Session(clean_engine) as own:
        for statement in off:
            own.execute(text(statement))
        own.add(Booking(**values, **({"uid": "another"} if "uid" in Booking.__table__.columns else {})))
        own.commit()
    assert wrong(clean_engine) == {"overlapping bookings"}


def test_an_audit_log_that_was_tampered_with_is_found(session, clean_engine, a_person, now, backend):
    audit.watch(session, actor_id=None, now=now)
    a_person()
    session.flush()
    audit.seal(session)
    session.commit()
    first = session.scalar(select(audit.AuditEntry.id).order_by(audit.AuditEntry.id).limit(1))
    session.commit()
    off = {"sqlite": "DROP TRIGGER audit_entry_keep", "postgresql": "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_keep"}[backend]
    with Session(clean_engine) as own:
        own.execute(text(off))
        own.execute(update(audit.AuditEntry).where(audit.AuditEntry.id == first).values(action="delete"))
        own.commit()
    assert wrong(clean_engine) == {"audit log"}


def test_a_database_without_the_schema_is_wrong(empty_database):
    assert wrong(empty_database.engine) == {"schema"}


def test_books_that_were_tampered_with_are_found(session, clean_engine, an_account):
    number = an_account().id
    session.commit()
    with Session(clean_engine) as own:
        own.execute(update(Account).where(Account.id == number).values(balance=Account.balance + 1))
        own.commit()
    details = {finding.name: finding.detail for finding in findings(clean_engine) if not finding.is_right}
    assert details["account balances"].endswith(f"account {number}")


def test_a_signed_return_whose_rows_were_touched_is_found(session, clean_engine, an_instrument, a_quarter_use, a_return, backend):
    instrument = an_instrument()
    a_quarter_use(instrument)
    a_return(instrument.organisation, signed=True)
    session.commit()
    assert "signed returns" not in wrong(clean_engine)
    off = {
        "sqlite": "DROP TRIGGER national_return_row_update",
        "postgresql": "ALTER TABLE national_return_row DISABLE TRIGGER national_return_row_keep",
    }[backend]
    with Session(clean_engine) as own:
        own.execute(text(off))
        changed = "replace(CAST(data AS text), '2.00', '9.00')"
        cast = changed if backend == "sqlite" else f"CAST({changed} AS json)"
        own.execute(text(f"UPDATE national_return_row SET data = {cast}"))
        own.commit()
    assert "signed returns" in wrong(clean_engine)
