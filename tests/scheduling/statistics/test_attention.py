"""What deserves attention: each kind marks what it says, leaves alone what it does not, and all of it takes a fixed number of statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import true

from instruments.access import Grant, Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound
from instruments.tariffs import found_tariff, publish_tariff, use_tariff
from instruments.timespan import TimeSpan
from scheduling.statistics.attention import all_marked, count_marked, kind_of, look_at, page_of_marked
from scheduling.statistics.figures import MonthFigure, YearFigure
from scheduling.statistics.thresholds import Thresholds, set_thresholds, thresholds_of
from scheduling.usageproblems import open_problem, open_problems_of, resolve_problem
from scheduling.usepolicy import UsePolicy
from tests.portal.costs import counted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROVINCE = Viewer(person_id=0, grants=(Grant("province_admin"),))


@pytest.fixture
def worked(session):
    """`worked(instrument, date(2026, 3, 1), effective=100, external=10)`: hours of a month."""

    def make(instrument, month, effective=0, external=0):
        session.add(MonthFigure(instrument_id=instrument.id, starts_on=month, effective=effective * 60, external=external * 60))
        of_year = session.get(YearFigure, (month.replace(month=1), instrument.id))
        if of_year is None:
            of_year = YearFigure(instrument_id=instrument.id, starts_on=month.replace(month=1), effective=0, external=0)
            session.add(of_year)
        of_year.effective, of_year.external = of_year.effective + effective * 60, of_year.external + external * 60
        session.flush()

    return make


@pytest.fixture
def marked(session, now):
    """`marked("idle")` gives {id: words in English} of all instruments marked with a kind."""

    def make(code, mine=None, year=None, at=None):
        look = look_at(session, true() if mine is None else mine, now=at or now, year=year)
        return {row.instrument.id: row.words.en for row in page_of_marked(session, kind_of(code), look).rows}

    return make


class TestIdle:
    def test_no_hour_in_the_twelve_months_that_are_over(self, an_instrument, worked, marked):
        never, long_ago, lately = an_instrument(), an_instrument(), an_instrument()
        worked(long_ago, date(2025, 10, 1), effective=5)
        worked(lately, date(2025, 11, 1), effective=1)
        assert marked("idle") == {never.id: "No effective hour ever", long_ago.id: "Last worked in 2025-10"}

    def test_what_is_new_out_of_service_or_small_is_left_alone(self, an_instrument, marked, now):
        an_instrument(published_at=now - 300 * DAY)
        an_instrument(publication="retired")
        an_instrument(original_value=Decimal("499999.99"))
        assert marked("idle") == {}


class TestBelowQuota:
    def test_the_quota_is_that_of_the_months_that_are_over(self, an_instrument, worked, marked):
        enough, little, dedicated = an_instrument(), an_instrument(), an_instrument(category_code="040101")
        worked(enough, date(2026, 5, 1), effective=1167)  # 1,400 x 10 / 12 = 1,166.7
        worked(little, date(2026, 5, 1), effective=1166)
        worked(dedicated, date(2026, 5, 1), effective=667)
        assert marked("below_quota") == {little.id: "1,166 h of 1,166.7 h"}

    def test_hours_of_the_month_that_runs_do_not_count_yet(self, an_instrument, worked, marked):
        one = an_instrument()
        worked(one, date(2026, 11, 1), effective=5000)
        assert marked("below_quota") == {one.id: "0 h of 1,166.7 h"}

    def test_a_new_instrument_owes_the_whole_months_since_it_came(self, an_instrument, marked):
        one = an_instrument(published_at=datetime(2026, 8, 15, tzinfo=UTC))
        assert marked("below_quota") == {one.id: "0 h of 233.3 h"}
        assert marked("below_quota", Instrument.published_at > datetime(2026, 10, 1, tzinfo=UTC)) == {}

    def test_a_year_that_is_over_is_looked_at_whole(self, an_instrument, worked, marked):
        one = an_instrument()
        worked(one, date(2025, 12, 1), effective=1399)
        assert marked("below_quota", year=2025) == {one.id: "1,399 h of 1,400 h"}


class TestLittleShared:
    def test_under_a_tenth_is_little(self, an_instrument, worked, marked):
        little, enough, idle, inside = an_instrument(), an_instrument(), an_instrument(), an_instrument(sharing_mode="internal")
        worked(little, date(2026, 3, 1), effective=1000, external=99)
        worked(enough, date(2026, 3, 1), effective=1000, external=100)
        worked(inside, date(2026, 3, 1), effective=1000)
        assert marked("little_shared") == {little.id: "9.9 % (99 h external of 1,000 h)"}
        assert idle.id not in marked("little_shared")


class TestLate:
    def test_by_how_many_working_days(self, an_instrument, marked, now):
        waits = an_instrument(publication="draft", published_at=None, accepted_on=date(2026, 9, 1))
        came_late = an_instrument(accepted_on=date(2026, 3, 2), published_at=datetime(2026, 4, 15, tzinfo=UTC))
        an_instrument(accepted_on=date(2026, 3, 2), published_at=datetime(2026, 4, 10, tzinfo=UTC))
        an_instrument(publication="draft", accepted_on=date(2026, 9, 1), published_at=None, is_exempt=True)
        assert marked("late") == {waits.id: "Not reported yet, 29 working days late", came_late.id: "2 working days late"}

    def test_those_of_another_year_are_listed_in_theirs(self, an_instrument, marked):
        one = an_instrument(accepted_on=date(2025, 3, 3), published_at=datetime(2025, 6, 2, tzinfo=UTC))
        assert marked("late") == {}
        assert list(marked("late", year=2025)) == [one.id]


class TestNoRates:
    def test_published_without_rates_in_force(self, session, an_instrument, marked, now):
        without, with_rates, to_come = an_instrument(), an_instrument(), an_instrument()
        an_instrument(accepts_bookings=False)
        an_instrument(publication="suspended")
        spec = {"items": [{"code": "time", "unit": "hour", "prices": [{"price": "100"}]}]}
        for one, begins in ((with_rates, now - DAY), (to_come, now + DAY)):
            tariff = found_tariff(session, one.organisation, "收费", "", now=now)
            session.flush()
            publish_tariff(session, tariff, spec, valid_from=begins, by=None, now=begins - HOUR)
            use_tariff(session, one, tariff, valid_from=begins, by=None, now=begins - HOUR)
        session.flush()
        assert set(marked("no_rates")) == {without.id, to_come.id}


class TestByHand:
    def test_uses_without_a_reading_where_readings_are_required(self, session, an_instrument, a_usage, marked, now):
        required, small = an_instrument(), an_instrument(original_value=Decimal(400_000))
        elsewhere = an_instrument()
        for one in (required, small):
            session.add(
                UsePolicy(
                    organisation_id=one.organisation_id, backfill_days=92, tolerance_minutes=15, longest_hours=24, walk_on=True,
                    automatic_from_value=Decimal(500_000), changed_at=now,
                )
            )  # fmt: skip
        made = a_usage(instrument=required)
        resolve_all(session, made, now)
        by_meter = a_usage(instrument=required, span=TimeSpan(now - 9 * HOUR, now - 8 * HOUR))
        resolve_all(session, by_meter, now)
        by_meter.start_source = by_meter.end_source = "meter"
        for one in (small, elsewhere):
            a_usage(instrument=one)
        session.flush()
        assert marked("by_hand") == {required.id: "1 of 2 uses"}


def resolve_all(session, usage, now):
    session.flush()
    for problem in open_problems_of(session, [usage.id]).get(usage.id, []):
        problem.resolved_at, problem.resolution, problem.reason = now, "accepted", "核对无误"
    session.flush()


class TestProblems:
    def test_open_for_long_or_more_opened_than_resolved(self, session, an_instrument, a_manager, marked, now):
        old, growing, kept_up = an_instrument(), an_instrument(), an_instrument()
        keeper = a_manager(kept_up)
        open_problem(session, "unmatched", instrument_id=old.id, now=now - 40 * DAY)
        open_problem(session, "unmatched", instrument_id=growing.id, now=now - DAY)
        done = open_problem(session, "unmatched", instrument_id=kept_up.id, now=now - DAY)
        resolve_problem(session, done.id, viewer=keeper, now=now, resolution="accepted", reason="核对无误")
        session.flush()
        assert marked("problems") == {
            old.id: "1 open too long; 0 opened and 0 resolved in four weeks",
            growing.id: "0 open too long; 1 opened and 0 resolved in four weeks",
        }


class TestLimits:
    def test_they_hold_from_their_year_on(self, session, now):
        set_thresholds(session, 2026, Thresholds(sharing_percent=20), viewer=PROVINCE, now=now)
        session.flush()
        assert [thresholds_of(session, year).sharing_percent for year in (2025, 2026, 2030)] == [10, 20, 20]

    def test_only_the_province_sets_them_and_within_bounds(self, session, now, a_viewer):
        with pytest.raises(Forbidden):
            set_thresholds(session, 2026, Thresholds(), viewer=a_viewer(), now=now)
        with pytest.raises(Invalid):
            set_thresholds(session, 2026, Thresholds(sharing_percent=101), viewer=PROVINCE, now=now)
        with pytest.raises(Invalid):
            set_thresholds(session, 2026, Thresholds(least_value=Decimal(-1)), viewer=PROVINCE, now=now)

    def test_a_changed_limit_changes_what_is_marked(self, session, an_instrument, worked, marked, now):
        one = an_instrument()
        worked(one, date(2026, 3, 1), effective=1000, external=150)
        assert marked("little_shared") == {}
        set_thresholds(session, 2026, Thresholds(sharing_percent=20), viewer=PROVINCE, now=now)
        session.flush()
        assert set(marked("little_shared")) == {one.id}


class TestLists:
    def test_counts_are_the_lengths_of_the_lists(self, session, an_instrument, now):
        for _ in range(3):
            an_instrument()
        look = look_at(session, true(), now=now)
        lists = list(all_marked(session, [one.kind for one in count_marked(session, look)], look, at_once=2))
        for one in count_marked(session, look):
            assert one.count == sum(kind is one.kind for kind, _ in lists)
        assert len(lists) == 9  # idle, below quota, no rates: three each

    def test_pages_follow_one_another(self, session, an_instrument, now):
        made = {an_instrument().id for _ in range(5)}
        look, cursor, seen = look_at(session, true(), now=now), "", []
        while cursor is not None:
            page = page_of_marked(session, kind_of("idle"), look, cursor=cursor, limit=2)
            seen += [row.instrument.id for row in page.rows]
            cursor = page.next
            assert page.total == 5
        assert set(seen) == made
        assert len(seen) == 5

    @pytest.mark.parametrize("cursor", ["x", "1", "1-x", "1-2-3", "9" * 30 + "-1"])
    def test_a_forged_place_is_refused(self, session, now, cursor):
        with pytest.raises(Invalid):
            page_of_marked(session, kind_of("idle"), look_at(session, true(), now=now), cursor=cursor)

    def test_there_is_no_other_kind_and_no_year_to_come(self, session, now):
        with pytest.raises(NotFound):
            kind_of("none")
        with pytest.raises(Invalid):
            look_at(session, true(), now=now, year=2027)

    def test_in_january_no_month_is_over_and_nothing_is_below(self, session, an_instrument, marked):
        an_instrument()
        assert marked("below_quota", at=datetime(2026, 1, 20, tzinfo=UTC)) == {}

    def test_counting_takes_as_many_statements_for_many_as_for_few(self, session, an_instrument, now):
        counts = []
        for number in (1, 6):
            for _ in range(number):
                an_instrument(accepted_on=date(2026, 3, 2), publication="draft")
            session.flush()
            look = look_at(session, true(), now=now)
            with counted(session.get_bind()) as seen:
                count_marked(session, look)
                page_of_marked(session, kind_of("idle"), look)
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 6
