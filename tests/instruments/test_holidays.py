"""The holiday calendar: seeded from the library, corrected by an administrator, never overwritten."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from instruments.errors import Invalid
from instruments.holidays import Holiday, clear_day, seed_holidays, set_day, special_days
from instruments.publication import working_days

NATIONAL_DAY, MAKE_UP = date(2026, 10, 1), date(2026, 10, 10)


@pytest.fixture
def seeded(session):
    """The year 2026 as the library knows it."""
    count = seed_holidays(session, 2026, 2026)
    session.flush()
    return count


def read(session, day):
    session.flush()
    return special_days(session, day, day).get(day)


def test_holidays_and_make_up_workdays_come_from_the_library_with_both_names(session, seeded):
    assert seeded == session.scalar(select(func.count()).select_from(Holiday)) > 30
    assert not read(session, NATIONAL_DAY).is_working
    assert read(session, MAKE_UP).is_working
    day = session.get(Holiday, NATIONAL_DAY)
    assert (day.name_zh, day.name_en) == ("国庆节", "National Day")


def test_seeding_again_adds_nothing_and_changes_nothing(session, seeded):
    set_day(session, NATIONAL_DAY, is_workday=True, worked_as=3, name_zh="校内上班", name_en="")
    session.flush()
    assert seed_holidays(session, 2026, 2026) == 0
    assert read(session, NATIONAL_DAY).is_working


def test_a_day_made_ordinary_stays_so_after_seeding(session, seeded):
    for day in (NATIONAL_DAY, MAKE_UP):
        clear_day(session, day)
    session.flush()
    seed_holidays(session, 2026, 2026)
    thursday, saturday = read(session, NATIONAL_DAY), read(session, MAKE_UP)
    assert (thursday.is_workday, thursday.worked_as, thursday.is_working) == (True, 3, True)
    assert (saturday.is_workday, saturday.worked_as, saturday.is_working) == (True, 5, False)
    assert working_days(date(2026, 10, 9), MAKE_UP, {MAKE_UP: saturday}) == 0


def test_a_day_of_one_s_own_is_added_and_taken_away_again(session):
    day = date(2026, 11, 25)
    set_day(session, day, is_workday=False, worked_as=0, name_zh=" 校庆 ", name_en="Founders' day")
    assert not read(session, day).is_workday
    clear_day(session, day)
    assert read(session, day) is None
    clear_day(session, day)
    assert read(session, day) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name_zh": " "}, "name_zh"), ({"name_zh": "长" * 61}, "name_zh"), ({"name_en": "x" * 61}, "name_en"), ({"worked_as": 7}, "worked_as")],
)
def test_a_day_without_a_sensible_name_or_weekday_is_refused(session, changes, field):
    with pytest.raises(Invalid) as caught:
        set_day(session, NATIONAL_DAY, **{"is_workday": True, "worked_as": 0, "name_zh": "上班", "name_en": ""} | changes)
    assert caught.value.field == field


def test_only_the_days_asked_for_are_read(session, seeded):
    assert set(special_days(session, NATIONAL_DAY, date(2026, 10, 2))) == {NATIONAL_DAY, date(2026, 10, 2)}
