"""Who is late, and by how many days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from instruments.errors import Forbidden, Invalid
from scheduling.returning.lateness import count_standings, deadlines, due_on, set_deadline, standing_of, standings
from scheduling.returning.periods import Period, check_over, last_over, read_period
from scheduling.returning.steps import send_back, sign
from tests.fixtures.returns import THIRD_QUARTER


def at(month, day, hour=4):
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def owner(an_instrument):
    return an_instrument().organisation


def test_a_return_is_due_so_many_days_after_the_period(session, the_province, now):
    assert due_on(THIRD_QUARTER, deadlines(session)["service_records"]) == date(2026, 10, 30)
    set_deadline(session, "service_records", 10, viewer=the_province, now=now)
    assert due_on(THIRD_QUARTER, deadlines(session)["service_records"]) == date(2026, 10, 10)
    assert deadlines(session)["running"] == 30


def test_only_the_province_sets_deadlines_within_bounds(session, owner, a_keeper, the_province, now):
    with pytest.raises(Forbidden):
        set_deadline(session, "yearly", 10, viewer=a_keeper(owner), now=now)
    for kind, days in (("yearly", 0), ("yearly", 367), ("nothing", 10)):
        with pytest.raises(Invalid):
            set_deadline(session, kind, days, viewer=the_province, now=now)


class TestStanding:
    @pytest.mark.parametrize(("now_is", "late"), [(at(10, 30), 0), (at(10, 30, 15), 0), (at(10, 30, 16), 1), (at(11, 9), 10)])
    def test_missing_is_late_from_midnight_after_the_last_day_on(self, session, owner, now_is, late):
        found = standing_of(session, owner, "service_records", THIRD_QUARTER, now=now_is)
        assert (found.state, found.late) == ("missing", late)

    def test_what_came_late_stays_late_by_as_much(self, session, owner, a_return, a_keeper):
        one = a_return(owner)
        sign(session, one.id, digest=one.digest, viewer=a_keeper(owner), now=at(11, 4), nothing_to_report=True)
        found = standing_of(session, owner, "service_records", THIRD_QUARTER, now=at(11, 20))
        assert (found.state, found.late, found.handed_in) == ("signed", 5, at(11, 4))

    def test_what_was_sent_back_is_late_until_it_comes_again_and_then_was_in_time(self, session, owner, a_return, a_keeper, the_province):
        keeper, one = a_keeper(owner), a_return(owner)
        sign(session, one.id, digest=one.digest, viewer=keeper, now=at(10, 20), nothing_to_report=True)
        send_back(session, one.id, "请补充", viewer=the_province, now=at(10, 25))
        found = standing_of(session, owner, "service_records", THIRD_QUARTER, now=at(11, 4))
        assert (found.state, found.late) == ("sent_back", 5)
        again = a_return(owner)
        assert standing_of(session, owner, "service_records", THIRD_QUARTER, now=at(11, 4)).state == "sent_back"
        sign(session, again.id, digest=again.digest, viewer=keeper, now=at(11, 5), nothing_to_report=True)
        assert standing_of(session, owner, "service_records", THIRD_QUARTER, now=at(11, 20)).late == 0

    def test_those_have_to_report_that_have_an_instrument_on_the_network(self, session, an_instrument, an_organisation, a_return, now):
        an_organisation(code="A-NONE")
        an_instrument(organisation=an_organisation(code="B-DRAFT"), publication="draft")
        away = an_organisation(code="C-AWAY", is_active=False)
        an_instrument(organisation=away)
        owners = [an_instrument(organisation=an_organisation(code=code)).organisation for code in ("D", "E", "F")]
        a_return(owners[1], signed=True)
        first, more = standings(session, "service_records", THIRD_QUARTER, now=now, limit=2)
        rest, end = standings(session, "service_records", THIRD_QUARTER, now=now, limit=2, after=more)
        assert [(one.organisation.code, one.state) for one in (*first, *rest)] == [("D", "missing"), ("E", "signed"), ("F", "missing")]
        assert (more, end) == ("E", None)
        assert count_standings(session, "service_records", THIRD_QUARTER) == (3, 1)

    def test_sj3_is_asked_of_universities_alone(self, session, an_instrument, an_organisation, now):
        an_instrument(organisation=an_organisation(code="D", kind="university"))
        an_instrument(organisation=an_organisation(code="E", kind="institute"))
        rows, _ = standings(session, "sj3", Period("school_year", date(2025, 9, 1)), now=now)
        assert [one.organisation.code for one in rows] == ["D"]


class TestPeriods:
    @pytest.mark.parametrize(
        ("kind", "text", "start", "end"),
        [
            ("quarter", "2026-Q4", date(2026, 10, 1), date(2027, 1, 1)), ("year", "2026", date(2026, 1, 1), date(2027, 1, 1)),
            ("school_year", "2025-2026", date(2025, 9, 1), date(2026, 9, 1)),
        ],
    )  # fmt: skip
    def test_a_period_is_read_as_it_is_written(self, kind, text, start, end):
        found = read_period(kind, text)
        assert (found.start, found.end, found.code) == (start, end, text)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [("quarter", "2026-Q5"), ("quarter", "2026"), ("year", "20２6"), ("year", "1999"), ("year", "99999"), ("school_year", "2025-2027"), ("year", "")],
    )
    def test_what_is_no_period_is_refused(self, kind, text):
        with pytest.raises(Invalid):
            read_period(kind, text)

    @pytest.mark.parametrize(
        ("kind", "now_is", "code"),
        [
            ("quarter", at(9, 30), "2026-Q2"), ("quarter", at(9, 30, 16), "2026-Q3"), ("year", at(12, 31), "2025"),
            ("school_year", at(8, 31), "2024-2025"), ("school_year", at(9, 1), "2025-2026"),
        ],
    )  # fmt: skip
    def test_the_last_one_that_is_over_changes_at_local_midnight(self, kind, now_is, code):
        found = last_over(kind, now_is, "Asia/Shanghai")
        assert found.code == code
        check_over(found, now_is, "Asia/Shanghai")

    def test_periods_follow_one_another_without_a_gap(self):
        one = Period("quarter", date(2026, 1, 1))
        assert one.before.end == one.start
        assert one.span("Asia/Shanghai").start - one.before.span("Asia/Shanghai").end == timedelta(0)
