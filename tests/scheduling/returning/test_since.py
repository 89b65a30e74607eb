"""What became of signed returns since: rows changed, come and gone, and figures that differ; at a cost that goes by the return, not by their number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from scheduling.accounting.disputes import reverse_charge
from scheduling.confirming import reopen_use
from scheduling.correcting import void_use
from scheduling.returning import since
from scheduling.returning.generating import generate
from scheduling.returning.periods import Period
from scheduling.returning.since import Since, changed_since
from scheduling.returning.steps import sign
from scheduling.statistics.keeping import work_off
from tests.fixtures.returns import THIRD_QUARTER, in_the_quarter

YEAR = Period("year", date(2026, 1, 1))
SCHOOL_YEAR = Period("school_year", date(2025, 9, 1))
AFTER = datetime(2027, 1, 5, tzinfo=UTC)
KINDS = [("running", THIRD_QUARTER), ("yearly", YEAR), ("sj3", SCHOOL_YEAR), ("service_records", THIRD_QUARTER)]
# What a use of two hours makes of a figure: minutes or hours.
TWO_HOURS = {"running": 120, "yearly": 2, "sj3": 2, "service_records": 2}


@pytest.fixture
def session(clean_engine):
    """The builders' session, over the engine whose statements are counted."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(inner_id="SEM-1", original_value=Decimal(900_000))


@pytest.fixture
def keep_up(session):
    """Bring the statistics up to date."""

    def keep():
        session.flush()
        while work_off(session, now=AFTER):
            session.flush()

    return keep


@pytest.fixture
def signed(session, lists, a_keeper, instrument, keep_up, monkeypatch):
    """A signed return of the instrument's organisation, whatever it may lack."""
    monkeypatch.setattr("scheduling.returning.generating.problems_of", lambda *_, **__: [])

    def make(kind, period):
        keeper = a_keeper(instrument.organisation)
        one = generate(session, instrument.organisation_id, kind, period, viewer=keeper, now=AFTER)
        sign(session, one.id, digest=one.digest, viewer=keeper, now=AFTER, nothing_to_report=one.row_count == 0)
        keep_up()
        return one

    return make


def by_of(found):
    return {one.label.zh: one.by for one in found.differences}


@pytest.mark.parametrize(("kind", "period"), KINDS)
class TestEveryKind:
    def test_nothing_has_changed_at_first(self, session, signed, instrument, a_quarter_use, kind, period):
        a_quarter_use(instrument)
        assert changed_since(session, signed(kind, period)) == Since()

    def test_a_use_that_is_added_or_taken_back_is_told_with_what_it_makes_of_the_figures(
        self, session, signed, instrument, a_quarter_use, a_manager, keep_up, now, kind, period
    ):
        use = a_quarter_use(instrument)
        one = signed(kind, period)
        added = a_quarter_use(instrument, span=in_the_quarter(25))
        keep_up()
        found = changed_since(session, one)
        assert (found.added, found.corrected) == ((1, 0) if kind == "service_records" else (0, 1))
        assert TWO_HOURS[kind] in by_of(found).values()
        for each in (use, added):
            reopen_use(session, each.id, viewer=a_manager(instrument), now=now, reason="误记")
            void_use(session, each.id, viewer=a_manager(instrument), now=now, reason="误记")
        keep_up()
        found = changed_since(session, one)
        assert (found.added, found.vanished, found.corrected) == ((0, 1, 0) if kind == "service_records" else (0, 0, 1))
        assert -TWO_HOURS[kind] in by_of(found).values()

    def test_it_costs_the_same_with_many_returns_beside_it(self, session, signed, instrument, a_quarter_use, statements, kind, period):
        a_quarter_use(instrument)
        one = signed(kind, period)
        with statements() as few:
            changed_since(session, one)
        for other in KINDS:
            if other[0] != kind:
                signed(*other)
        session.flush()
        with statements() as many:
            changed_since(session, one)
        assert len(many) == len(few)


class TestFigures:
    def test_instruments_come_and_go(self, session, signed, instrument, an_instrument, a_quarter_use, keep_up):
        a_quarter_use(instrument)
        gone = an_instrument(inner_id="OLD", organisation=instrument.organisation)
        one = signed("yearly", YEAR)
        gone.publication = "retired"
        an_instrument(inner_id="NEW", organisation=instrument.organisation)
        keep_up()
        found = changed_since(session, one)
        assert (found.added, found.vanished, found.corrected) == (1, 1, 0)

    def test_notes_that_wait_are_said(self, session, signed, instrument, a_quarter_use):
        one = signed("running", THIRD_QUARTER)
        assert not changed_since(session, one).is_waiting
        a_quarter_use(instrument)
        session.flush()
        assert changed_since(session, one).is_waiting

    def test_only_so_many_are_compared_and_it_is_said(self, session, signed, instrument, an_instrument, a_quarter_use, keep_up, monkeypatch):
        for number in range(3):
            an_instrument(inner_id=f"X{number}", organisation=instrument.organisation)
        one = signed("yearly", YEAR)
        a_quarter_use(instrument)
        keep_up()
        monkeypatch.setattr(since, "MOST", 2)
        found = changed_since(session, one)
        assert (found.more, found.added, found.vanished, found.corrected) == (True, 0, 0, 1)


class TestUses:
    def test_a_charge_made_since_is_told(self, session, signed, instrument, a_quarter_use, a_charge):
        use = a_quarter_use(instrument)
        one = signed("service_records", THIRD_QUARTER)
        made = a_charge(instrument=instrument, amount="80.00", kind="use", usage=use, used_at=use.start_at)
        made.made_at = AFTER + timedelta(days=1)
        session.flush()
        found = changed_since(session, one)
        assert (found.corrected, list(by_of(found).values())) == (1, [Decimal("80.00")])

    def test_a_charge_taken_back_since_is_told_also_where_nothing_is_charged_instead(
        self, session, signed, instrument, a_quarter_use, a_charge, a_manager
    ):
        use = a_quarter_use(instrument)
        made = a_charge(instrument=instrument, amount="80.00", kind="use", usage=use, used_at=use.start_at)
        one = signed("service_records", THIRD_QUARTER)
        assert changed_since(session, one) == Since()
        reverse_charge(session, made.id, "重复收费", viewer=a_manager(instrument), now=AFTER + timedelta(days=1))
        found = changed_since(session, one)
        assert (found.corrected, list(by_of(found).values())) == (1, [Decimal("-80.00")])

    def test_samples_and_hours_are_told_apart(self, session, signed, instrument, a_quarter_use):
        one = signed("service_records", THIRD_QUARTER)
        a_quarter_use(instrument, mode="sample", samples=7)
        a_quarter_use(instrument, span=in_the_quarter(25))
        assert by_of(changed_since(session, one)) == {"样品数": Decimal(7), "服务机时": Decimal(2)}
