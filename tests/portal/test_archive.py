"""Backup and restore: the same bytes from either database into either database, whole or not at all (promise 8)."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments import audit
from instruments.errors import Invalid, OutOfOrder
from instruments.people import Organisation, Person
from portal.archive.bundle import TABLES, back_up, restore
from portal.checks import findings
from portal.cli import main
from portal.schema import upgrade
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.claiming import refuse_claim, settle_claim, withdraw_claim
from scheduling.accounting.claims import Claim, ClaimDocument, VoucherUse
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.periods import close_period
from scheduling.accounting.settlements import Payment, Settlement, settle, take_back
from scheduling.accounting.statements import Statement, StatementLine, next_serial
from scheduling.accounting.vouchers import Voucher
from scheduling.bookings import Booking
from scheduling.returning.returns import ReturnRow
from tests.fixtures.closing import OCTOBER


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
def closed_books(filled, session, an_instrument, an_account, a_keeper, a_charge_of_october, closing, a_claim, province, buyer, now):
    """The same with a month closed and its statement settled, a mark taken back, and a claim at every stage; give its settings."""
    instrument = an_instrument()
    keeper = a_keeper(instrument.organisation)
    for account in (an_account(), an_account(kind="credit", organisation=instrument.organisation, balance="0")):
        a_charge_of_october(instrument=instrument, accounts=[account])
    for one in closing(instrument.organisation):
        paid = Payment(one.due, "transfer", f"2026-{one.serial}", date(2026, 11, 20))
        mark = settle(session, one.id, paid, viewer=keeper, now=now)
    take_back(session, mark.id, "登记有误", viewer=keeper, now=now)
    later = now + timedelta(hours=2)
    a_claim(until="draft")
    withdraw_claim(session, a_claim(until="submitted").id, viewer=buyer, now=later)
    refuse_claim(session, a_claim().id, "不符合", viewer=province, now=later)
    settle_claim(session, a_claim().id, "2026-99", viewer=province, now=later)
    session.commit()
    return filled


def what_is_wrong(engine):
    """Give what `run.py check` finds wrong, apart from how this server is set up."""
    return [one.name for one in findings(engine) if not one.is_right and not one.name.startswith(("postgresql ", "sqlite "))]


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
def test_closed_books_come_back_byte_for_byte_and_balance(closed_books, elsewhere, clean_engine, databases, tmp_path, target):
    back_up(closed_books, clean_engine, tmp_path / "one")
    with other_database(databases, target) as database:
        restore(elsewhere, database.engine, tmp_path / "one")
        back_up(elsewhere, database.engine, tmp_path / "two")
        assert (tmp_path / "one" / TABLES).read_bytes() == (tmp_path / "two" / TABLES).read_bytes()
        with Session(database.engine) as session:
            for table in (PeriodClose, Statement, StatementLine, Settlement, Voucher, Claim, VoucherUse, ClaimDocument):
                assert session.scalar(select(func.count()).select_from(table)), f"nothing of {table.__tablename__} was backed up"
        assert what_is_wrong(database.engine) == []
        if target == "sqlite":  # as it is run by hand; the server of the tests is not set up to outlive a power cut
            assert main(["check", "--database", database.url, "--data", str(elsewhere.data_dir)]) == 0


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_restored_books_are_kept_on_from_where_they_were(
    closed_books, elsewhere, clean_engine, databases, tmp_path, target, a_keeper, session, now
):
    closed = session.scalars(select(PeriodClose)).one()
    keeper, number = a_keeper(session.get_one(Organisation, closed.organisation_id)), closed.statements
    session.commit()
    back_up(closed_books, clean_engine, tmp_path / "one")
    with other_database(databases, target) as database:
        restore(elsewhere, database.engine, tmp_path / "one")
        with Session(database.engine) as own:
            again = close_period(own, closed.organisation_id, OCTOBER, viewer=keeper, now=now)
            assert (again.id, again.statements) == (closed.id, number)
            assert next_serial(own, closed.organisation_id, OCTOBER.year) == number + 1
            own.rollback()
            for change in ("UPDATE statement SET charged = 0", "DELETE FROM ledger_entry", "DELETE FROM period_close"):
                with pytest.raises(DBAPIError, match=r"never changed|append-only|stays closed"):
                    own.execute(text(change))
                own.rollback()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_signed_returns_come_back_with_their_rows_and_stay_as_they_were_signed(
    filled, session, an_instrument, a_quarter_use, a_return, elsewhere, clean_engine, databases, tmp_path, target
):
    instrument = an_instrument()
    a_quarter_use(instrument)
    a_return(instrument.organisation, signed=True)
    session.commit()
    back_up(filled, clean_engine, tmp_path / "one")
    with other_database(databases, target) as database:
        restore(elsewhere, database.engine, tmp_path / "one")
        back_up(elsewhere, database.engine, tmp_path / "two")
        assert (tmp_path / "one" / TABLES).read_bytes() == (tmp_path / "two" / TABLES).read_bytes()
        assert what_is_wrong(database.engine) == []
        with Session(database.engine) as own:
            assert own.scalar(select(func.count()).select_from(ReturnRow)) == 1
            with pytest.raises(DBAPIError):
                own.execute(text("DELETE FROM national_return_row"))


def test_a_backup_whose_books_were_touched_is_told_by_the_check(closed_books, elsewhere, clean_engine, databases, backend, tmp_path):
    """The negative control: sums that fit a changed backup let it in, and then the books say so."""
    back_up(closed_books, clean_engine, tmp_path / "one")
    lines = (tmp_path / "one" / TABLES).read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith('{"columns"') and '"table":"statement_line"' in line)
    lines[place + 1] = lines[place + 1].replace('{"n":"-120.00"}', '{"n":"-121.00"}')
    (tmp_path / "one" / TABLES).write_text("".join(lines))
    contents = tmp_path / "one" / "contents.json"
    sums = json.loads(contents.read_text()) | {TABLES: sha256("".join(lines).encode()).hexdigest()}
    contents.write_text(json.dumps(sums))
    with other_database(databases, backend) as database:
        restore(elsewhere, database.engine, tmp_path / "one")
        assert what_is_wrong(database.engine) == ["lines of statements", "statements in the ledger"]


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
