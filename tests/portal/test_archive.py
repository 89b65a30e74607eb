"""Backup and restore: the same bytes from either database into either database, whole or not at all (promise 8)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments import audit
from instruments.errors import Invalid, OutOfOrder
from instruments.people import Person
from portal.archive.bundle import TABLES, back_up, restore
from portal.schema import upgrade
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.disputes import reverse_charge
from scheduling.bookings import Booking


@contextmanager
def other_database(databases, backend):
    database = databases.make(backend)
    yield database
    database.engine.dispose()


@pytest.fixture
def filled(session, clean_engine, an_instrument, a_booking, a_person, a_group, a_charge, an_account, a_manager, now, portal_settings):
    """A portal with something in every corner: bookings, groups, money on the books, changes in the log, a file; and its settings."""
    audit.watch(session, actor_id=None, now=now)
    a_group(a_person(name="王\u2028“五”\t\U0001f52c"), pi=a_person(phone="+86 351"))
    a_booking(instrument=an_instrument(raw={"b": None, "a": [1, {"z": 1.5}]}, commissioned="2016-10"))
    one = a_charge(accounts=[an_account()])
    manager = a_manager(one.instrument)
    confirm_charge(session, one.id, viewer=manager, now=now)
    finalise_due(session, now=now + timedelta(days=8))
    reverse_charge(session, one.id, "误收", viewer=manager, now=now + timedelta(days=9))
    session.commit()
    folder = portal_settings.data_dir / "files" / "ab"
    folder.mkdir(parents=True)
    (folder / "photo.webp").write_bytes(bytes(range(256)))
    (portal_settings.data_dir / "secret-key").write_text("k" * 64)
    return portal_settings


@pytest.fixture
def elsewhere(portal_settings, tmp_path):
    """Settings for an empty place."""
    settings = replace(portal_settings, data_dir=tmp_path / "elsewhere")
    settings.data_dir.mkdir()
    return settings


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_was_backed_up_comes_back_byte_for_byte(filled, elsewhere, clean_engine, databases, tmp_path, target):
    back_up(filled, clean_engine, tmp_path / "one")
    with other_database(databases, target) as database:
        rows = restore(elsewhere, database.engine, tmp_path / "one")
        back_up(elsewhere, database.engine, tmp_path / "two")
        first, second = ((tmp_path / name / TABLES).read_bytes() for name in ("one", "two"))
        assert first == second
        assert rows == first.count(b"\n[")
        assert (elsewhere.data_dir / "files" / "ab" / "photo.webp").read_bytes() == bytes(range(256))
        assert (elsewhere.data_dir / "secret-key").read_text() == "k" * 64


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restored_portal_numbers_on_and_keeps_its_promises(filled, elsewhere, clean_engine, databases, tmp_path, target, now):
    back_up(filled, clean_engine, tmp_path / "one")
    with other_database(databases, target) as database:
        restore(elsewhere, database.engine, tmp_path / "one")
        with Session(database.engine) as session:
            highest = session.scalar(select(func.max(Person.id)))
            organisation_id = session.scalar(select(Person.organisation_id).limit(1))
            newcomer = Person(email="new@example.org", name="New", organisation_id=organisation_id, created_at=now)
            session.add(newcomer)
            session.flush()
            assert newcomer.id > highest
            booking = session.scalars(select(Booking)).first()
            twin = {c.name: getattr(booking, c.key) for c in Booking.__table__.columns if c.name not in ("id", "uid")}
            session.add(Booking(**twin, **({"uid": "another"} if "uid" in Booking.__table__.columns else {})))
            with pytest.raises(Exception, match="booking_no_overlap"):
                session.flush()


def test_a_place_that_is_not_empty_is_left_alone(filled, elsewhere, clean_engine, tmp_path):
    back_up(filled, clean_engine, tmp_path / "one")
    with pytest.raises(OutOfOrder):
        back_up(filled, clean_engine, tmp_path / "one")
    with pytest.raises(OutOfOrder):
        restore(elsewhere, clean_engine, tmp_path / "one")
    (elsewhere.data_dir / "files").mkdir()
    (elsewhere.data_dir / "files" / "x").write_text("x")
    with pytest.raises(OutOfOrder):
        restore(elsewhere, clean_engine, tmp_path / "one")


def spoil_last_line(folder):
    lines = (folder / TABLES).read_text().splitlines(keepends=True)
    (folder / TABLES).write_text("".join(lines[:-1]))


def spoil_file(folder):
    (folder / "files" / "files" / "ab" / "photo.webp").write_bytes(b"other")


def lose_file(folder):
    (folder / "files" / "files" / "ab" / "photo.webp").unlink()


def lose_contents(folder):
    (folder / "contents.json").unlink()


@pytest.mark.parametrize("spoil", [spoil_last_line, spoil_file, lose_file, lose_contents])
def test_a_damaged_backup_is_refused_and_leaves_nothing(filled, elsewhere, clean_engine, databases, backend, tmp_path, spoil):
    back_up(filled, clean_engine, tmp_path / "one")
    spoil(tmp_path / "one")
    with other_database(databases, backend) as database:
        with pytest.raises(Invalid, match="damaged"):
            restore(elsewhere, database.engine, tmp_path / "one")
        upgrade(database.engine)
        with Session(database.engine) as session:
            assert session.scalar(select(func.count()).select_from(Person)) == 0
        assert list(elsewhere.data_dir.iterdir()) == []


def test_rows_that_do_not_come_back_as_they_were_are_noticed_before_the_commit(
    filled, elsewhere, clean_engine, databases, backend, tmp_path, monkeypatch
):
    back_up(filled, clean_engine, tmp_path / "one")
    from portal.archive import filling

    real = filling.from_json
    monkeypatch.setattr(filling, "from_json", lambda value: "changed on the way" if value == "+86 351" else real(value))
    with other_database(databases, backend) as database:
        with pytest.raises(Invalid, match="damaged"):
            restore(elsewhere, database.engine, tmp_path / "one")
        with Session(database.engine) as session:
            assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_backup_is_nobodys_but_its_owners(filled, clean_engine, tmp_path):
    back_up(filled, clean_engine, tmp_path / "one")
    assert (tmp_path / "one").stat().st_mode & 0o077 == 0
