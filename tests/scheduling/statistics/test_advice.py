"""What would help: each thing seen with its figures, and nothing where nothing stands out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from instruments.closures import close
from instruments.timespan import TimeSpan
from scheduling.attempts import RefusedAttempt
from scheduling.bookings import Booking
from scheduling.statistics.advice import advise, band_words, refusals_by_rule
from scheduling.statistics.weekhours import Band, week_hours
from tests.portal.costs import counted

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
OFFICE = tuple((weekday, 540, 1020) for weekday in range(5))  # 09:00-17:00


@pytest.fixture
def seen(session, now):
    """`seen(instrument, weeks=10)` gives {code: what was seen, in English} for the weeks before now."""

    def make(*instruments, weeks=10):
        session.flush()
        window = TimeSpan(now - weeks * WEEK, now)
        hours = week_hours(session, [one.id for one in instruments], window)
        return {(one.instrument.id, one.code): one.seen.en for one in advise(session, instruments, hours, window, now=now)}

    return make


@pytest.fixture
def refused(session, now):
    def make(instrument, *codes, times=1, is_taken=False):
        for number in range(times):
            session.add(
                RefusedAttempt(
                    instrument_id=instrument.id, at=now - (number + 1) * HOUR, start_at=now, end_at=now + HOUR, codes=sorted(codes),
                    audience="other", is_taken=is_taken,
                )
            )  # fmt: skip
        session.flush()

    return make


@pytest.fixture
def booked(session, a_person):
    def make(instrument, start, hours, status="confirmed"):
        end = start + hours * HOUR
        session.add(
            Booking(
                instrument_id=instrument.id, person_id=a_person().id, start_at=start, end_at=end, occupied_from=start, occupied_until=end,
                holds=True, status=status, audience="other", created_at=start, changed_at=start,
            )
        )  # fmt: skip

    return make


def test_hours_offered_for_eight_weeks_that_nobody_uses(an_instrument, seen):
    one = an_instrument(hours=OFFICE)
    assert seen(one)[one.id, "unused"] == "Mon-Fri 09:00-17:00: 400 h offered in 10 weeks, 0 h used."
    assert (one.id, "unused") not in seen(one, weeks=7)


def test_a_rule_that_refuses_three_times(an_instrument, refused, seen):
    one = an_instrument(hours=OFFICE)
    refused(one, "horizon", "past", times=3)
    refused(one, "quota", times=2)
    found = seen(one)
    assert found[one.id, "refused_horizon"].endswith("refused 3 attempts.")
    assert (one.id, "refused_quota") not in found
    assert (one.id, "refused_past") not in found


def test_demand_that_finds_no_time(an_instrument, refused, seen):
    one = an_instrument(hours=OFFICE)
    refused(one, "taken", times=4, is_taken=True)
    assert seen(one)[one.id, "taken"] == "4 attempts met a time already taken."


def test_refusals_are_counted_rule_by_rule(session, an_instrument, refused, now):
    one = an_instrument()
    refused(one, "horizon", "notice", times=2)
    refused(one, "notice")
    window = TimeSpan(now - WEEK, now)
    assert refusals_by_rule(session, [one.id], window) == {one.id: {"horizon": 2, "notice": 3}}


def test_two_weeks_ahead_that_are_booked(an_instrument, booked, seen, now):
    one, half = an_instrument(hours=OFFICE), an_instrument(hours=OFFICE)
    monday = datetime(2026, 11, 23, 1, tzinfo=UTC)
    for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11):
        booked(one, monday + timedelta(days=day), 8)
        booked(half, monday + timedelta(days=day), 4)
    found = seen(one, half)
    assert found[one.id, "full"] == "100 % of the hours of the next 14 days are booked."
    assert (half.id, "full") not in found


def test_bookings_missed_in_one_part_of_the_week(an_instrument, booked, seen, now):
    one = an_instrument(hours=OFFICE)
    for week in range(1, 5):
        booked(one, now - week * WEEK, 2, "no_show" if week < 4 else "finished")
    assert seen(one)[one.id, "missed"] == "Mon 08:00-12:00: 3 of 4 bookings were missed."


def test_rates_and_long_closures(session, an_instrument, seen, now):
    one, other = an_instrument(hours=OFFICE), an_instrument(hours=OFFICE, accepts_bookings=False)
    for instrument, days in ((one, 14), (other, 13)):
        span = TimeSpan(now - timedelta(days=20), now - timedelta(days=20 - days))
        close(session, instrument, span, kind="fault", reason="磁体失超", time_zone="Asia/Shanghai", now=now, by=None)
    found = seen(one, other)
    assert found[one.id, "no_rates"] == "No rates are in force."
    assert found[one.id, "closure"] == "Closed for 14 days: 磁体失超"
    assert (other.id, "closure") not in found
    assert (other.id, "no_rates") not in found


def test_as_many_statements_for_many_as_for_one(session, an_instrument, now):
    many, window = [an_instrument(hours=OFFICE) for _ in range(8)], TimeSpan(now - 10 * WEEK, now)
    session.flush()
    counts = []
    for some in (many[:1], many):
        hours = week_hours(session, [one.id for one in some], window)
        with counted(session.get_bind()) as told:
            advise(session, some, hours, window, now=now)
        counts.append(len(told))
    assert counts[0] == counts[1] <= 13


@pytest.mark.parametrize(
    ("days", "words"), [((0, 1, 2, 3, 4), "Mon-Fri 18:00-22:00"), ((0, 2), "Mon, Wed 18:00-22:00"), ((5, 6), "Sat, Sun 18:00-22:00")]
)
def test_bands_have_short_names(days, words):
    assert band_words(Band(days, 18, 22, 0, 0)).en == words
