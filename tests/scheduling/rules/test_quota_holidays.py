"""A quota that leaves holidays out looks back over a month: holidays of all that time are minded, not only those around the wish."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from instruments.errors import Refused
from instruments.holidays import set_day
from instruments.timespan import TimeSpan

TWO_HOURS_A_MONTH_OF_WORKDAYS = {
    "kind": "quota",
    "parameters": {"most": 2, "of": "hours", "per": "person", "period": "month"},
    "when": {"holidays": "not"},
}
THREE_WEEKS_AGO = datetime(2026, 11, 4, 2, tzinfo=UTC)


@pytest.fixture
def two_hours_three_weeks_ago(an_instrument, a_viewer, a_booking):
    instrument, viewer = an_instrument(rules=[TWO_HOURS_A_MONTH_OF_WORKDAYS]), a_viewer()
    span = TimeSpan(THREE_WEEKS_AGO, THREE_WEEKS_AGO + timedelta(hours=2))
    a_booking(instrument=instrument, viewer=viewer, span=span, at=THREE_WEEKS_AGO - timedelta(days=1))
    return instrument, viewer


def test_hours_on_a_holiday_weeks_ago_do_not_count(session, two_hours_three_weeks_ago, a_booking, a_span):
    instrument, viewer = two_hours_three_weeks_ago
    set_day(session, date(2026, 11, 4), is_workday=False, worked_as=0, name_zh="校庆", name_en="Anniversary")
    session.flush()
    assert a_booking(instrument=instrument, viewer=viewer, span=a_span(24, 2)).status == "confirmed"


def test_hours_on_a_working_day_weeks_ago_count(two_hours_three_weeks_ago, a_booking, a_span):
    instrument, viewer = two_hours_three_weeks_ago
    with pytest.raises(Refused) as refused:
        a_booking(instrument=instrument, viewer=viewer, span=a_span(24, 2))
    assert [one.code for one in refused.value.refusals] == ["quota"]
