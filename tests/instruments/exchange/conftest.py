"""What tests of lists share: the messy list, read or carried out against a database."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from instruments import audit
from instruments.catalogue import Instrument
from instruments.classification import seed_categories
from instruments.codes import seed_codes
from instruments.exchange.headers import guess
from instruments.exchange.importing import batches, carry_out
from instruments.exchange.owners import Whose, read_owners
from instruments.exchange.planning import Outcome, Planner
from instruments.exchange.rows import Columns
from instruments.exchange.tables import Layout, open_table
from instruments.exchange.values import Surroundings
from instruments.exchange.vocabulary import read_vocabulary

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 11, 23)
NUMBERS = count(1)
ANYBODY = Whose(may_create=True)


@dataclass
class Imported:
    """What became of a list."""

    outcomes: list[Outcome]

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(outcome.action for outcome in self.outcomes))

    def reasons(self, row: int, field: str | None = None) -> list[str]:
        notes = [note for outcome in self.outcomes if outcome.row == row for note in outcome.notes]
        return [note.reason.en for note in notes if field in (None, note.field)]


@pytest.fixture
def words(session):
    """The classification and the code lists, as lists may name them."""
    seed_categories(session)
    seed_codes(session)
    session.flush()
    return read_vocabulary(session)


@pytest.fixture
def a_file(tmp_path):
    """Write a list: rows of cells as CSV or, with xlsx=True, as a workbook; or bytes as they are."""

    def make(rows, *, encoding="utf-8", xlsx=False):
        path = tmp_path / f"list{next(NUMBERS)}"
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        elif xlsx:
            with xlsxwriter.Workbook(str(path)) as book:
                sheet = book.add_worksheet()
                for at, row in enumerate(rows):
                    sheet.write_row(at, 0, row)
        else:
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            path.write_bytes(text.getvalue().encode(encoding))
        return path

    return make


@pytest.fixture
def do_import(session, words, a_file, now):
    """Import rows or a file into the test's session, as the background work does; dry=True only plans."""

    def run(source, *, whose=ANYBODY, dry=False, targets=None, layout=None, batch=500, done=0):
        table = open_table(source if isinstance(source, Path) else a_file(source), layout or Layout())
        samples = [line.cells for line in table.first_lines]
        columns = Columns(table.headers, tuple(targets or guess(table.headers, samples)), table.kind == "csv")
        planner = Planner(columns, Surroundings(words, TODAY), whose, read_owners(session))
        outcomes = []
        audit.watch(session, actor_id=None, now=now)
        for lines in batches(table.rows(), batch):
            planned = planner.plan(session, planner.read(lines))
            if not dry:
                carry_out(session, planned, now=now)
            outcomes += planned
        session.expire_all()
        return Imported(outcomes)

    return run


@pytest.fixture
def the_instrument(session):
    """Find an instrument by what it is."""

    def find(**what):
        return session.scalars(select(Instrument).filter_by(**what)).one()

    return find


@pytest.fixture
def messy_rows():
    with (DATA / "messy-list.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
