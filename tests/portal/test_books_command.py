"""The books at the command line: a month closed in somebody's name, its journal as a file, progress on a terminal only."""

from __future__ import annotations

import csv
import sys

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from instruments.people import Person
from portal.cli import main
from portal.outbox import OutboxMessage
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.journal import COLUMNS
from scheduling.accounting.statements import Statement


@pytest.fixture
def run(clean_engine, tmp_path, monkeypatch, capsys):
    """`run("close", ...)` runs the command on the test's database, and gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_DATABASE_URL", clean_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))

    def command(*arguments):
        code = main(["books", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def books(session, an_instrument, an_organisation, a_group, a_person, an_account, a_charge_of_october, a_keeper):
    """An organisation with two charges of October on a group's account; give the address of its administrator."""
    instrument, person = an_instrument(organisation=an_organisation(code="FHU")), a_person()
    account = an_account(group=a_group(person, pi=a_person()))
    for _ in range(2):
        a_charge_of_october(instrument=instrument, person=person, accounts=[account])
    email = a_keeper(instrument.organisation).email
    session.commit()
    return email


def test_a_month_is_closed_in_somebodys_name_and_its_payers_are_told(run, books, session):
    assert run("close", "FHU", "2026-10", "--as", books) == (0, "2026-10: 1\n", "")
    closed = session.scalars(select(PeriodClose)).one()
    closed_id = closed.id
    assert session.get_one(Person, closed.closed_by).email == books
    assert session.scalars(select(Statement)).one().line_count == 2
    assert session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "statements-issued")).all()
    session.commit()
    assert run("close", "FHU", "2026-10", "--as", books)[0] == 0  # again changes nothing
    assert session.scalars(select(PeriodClose.id)).all() == [closed_id]


def test_who_does_not_administer_the_organisation_closes_nothing(run, books, a_person, session):
    other = a_person().email
    session.commit()
    for given in (["--as", other], ["--as", "nobody@example.org"], []):
        assert run("close", "FHU", "2026-10", *given)[0] == 1
    assert session.scalars(select(PeriodClose)).all() == []


def test_what_keeps_the_month_open_is_named(run, books, session, a_charge, an_instrument, october, a_keeper):
    instrument = an_instrument()
    a_charge(instrument=instrument, used_at=october())
    email, organisation = a_keeper(instrument.organisation).email, instrument.organisation.code
    session.commit()
    code, _, said = run("close", organisation, "2026-10", "--as", email)
    assert code == 1
    assert "Charges not confirmed yet: 1" in said or "尚未确认的收费：1" in said


def test_the_journal_is_the_same_as_csv_and_as_a_workbook(run, books, tmp_path):
    for name in ("journal.csv", "journal.xlsx"):
        code, said, _ = run("journal", "FHU", "2026-10", "--file", name)
        assert (code, said) == (0, f"{name}: 4\n")
    plain = list(csv.reader((tmp_path / "journal.csv").read_text(encoding="utf-8-sig").splitlines()))
    sheet = [["" if cell is None else str(cell) for cell in row] for row in load_workbook(tmp_path / "journal.xlsx").active.values]
    assert plain == sheet
    assert plain[0] == list(COLUMNS)
    assert run("journal", "FHU", "2026-10", "--file", "journal.pdf")[0] == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_progress_is_shown_on_a_terminal(run, books, monkeypatch, backend):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "\r2" in run("close", "FHU", "2026-10", "--as", books)[2]
