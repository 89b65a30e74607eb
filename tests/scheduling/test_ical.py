"""Calendars: what another program reads out of them is what was meant, whatever the texts and the clocks do."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from instruments.timespan import TimeSpan, at_wall, minus
from scheduling.ical import Entry, OpenPlan, busy_calendar, invitation, person_calendar, weekly_patterns
from scheduling.icalzones import time_zone_of

CHANGED = datetime(2026, 11, 20, 3, 4, 5, 678, tzinfo=UTC)
SHANGHAI, NEW_YORK, LORD_HOWE = "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"
HOSTILE = "质谱\r\nATTENDEE:mailto:evil@example.org\nBEGIN:VALARM\x00\x85\u2028\u202etxt.exe;,\\n " + "超长" * 200


def entry(**changes: object) -> Entry:
    span = TimeSpan(datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC))
    known = {"uid": "abc@portal", "span": span, "time_zone": SHANGHAI, "summary": "扫描电镜", "changed_at": CHANGED}
    return Entry(**(known | changes))  # type: ignore[arg-type]  # a builder takes anything


def only_event(written: bytes) -> object:
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    return event


def test_a_booking_is_read_back_as_it_was_written() -> None:
    booked = entry(
        sequence=3, status="TENTATIVE", location="理科楼 201", description="第一行\n第二行", url="https://portal.test/bookings/7"
    )  # fmt: skip
    written = person_calendar([booked], name="我的预约")
    event = only_event(written)
    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == ("abc@portal", 3, "TENTATIVE")
    assert (str(event["SUMMARY"]), str(event["LOCATION"]), str(event["DESCRIPTION"])) == ("扫描电镜", "理科楼 201", "第一行\n第二行")
    assert str(event["URL"]) == "https://portal.test/bookings/7"
    assert event["DTSTART"].dt == datetime(2026, 11, 24, 9, tzinfo=ZoneInfo(SHANGHAI))
    assert event["DTEND"].dt == datetime(2026, 11, 24, 11, tzinfo=ZoneInfo(SHANGHAI))
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == CHANGED.replace(microsecond=0)


def test_times_are_written_on_the_instruments_clock_with_its_zone() -> None:
    text = person_calendar([entry()], name="x").decode()
    assert "DTSTART;TZID=Asia/Shanghai:20261124T090000" in text
    assert text.index("BEGIN:VTIMEZONE") < text.index("BEGIN:VEVENT")


def test_the_same_state_gives_the_same_bytes() -> None:
    assert person_calendar([entry()], name="x") == person_calendar([entry()], name="x")


def test_lines_end_in_crlf_and_have_at_most_75_octets() -> None:
    written = person_calendar([entry(summary=HOSTILE, location=HOSTILE, description=HOSTILE)], name=HOSTILE)
    assert written.endswith(b"\r\n")
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert max(len(line) for line in written.split(b"\r\n")) <= 75
    for line in written.split(b"\r\n"):
        line.decode()  # no character is cut in two


@pytest.mark.parametrize("field", ["uid", "summary", "location", "description", "url", "organizer"])
def test_hostile_text_adds_no_property_and_no_component(field: str) -> None:
    plain, hostile = (invitation([entry(**{field: text})], method="PUBLISH") for text in ("harmless", HOSTILE))
    assert Calendar.from_ical(hostile).walk("VALARM") == []
    assert sorted(only_event(hostile)) == sorted(only_event(plain))
    for letter in "\x00\x85\u2028\u202e":
        assert letter not in hostile.decode()


def test_a_text_with_separators_comes_back_whole() -> None:
    assert str(only_event(person_calendar([entry(summary=r"a;b,c\n d:e")], name="x"))["SUMMARY"]) == r"a;b,c\n d:e"


def test_mail_says_its_method_and_a_feed_has_none() -> None:
    cancelled = Calendar.from_ical(invitation([entry(status="CANCELLED", organizer="portal@portal.test")], method="CANCEL"))
    assert str(cancelled["METHOD"]) == "CANCEL"
    assert str(cancelled.walk("VEVENT")[0]["ORGANIZER"]) == "mailto:portal@portal.test"
    assert "METHOD" not in Calendar.from_ical(person_calendar([entry()], name="x"))


def test_an_hour_the_clock_shows_twice_is_written_in_utc() -> None:
    second = TimeSpan(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC))  # 01:30 EST, after 01:30 EDT
    event = only_event(person_calendar([entry(span=second, time_zone=NEW_YORK)], name="x"))
    assert event["DTSTART"].dt.astimezone(UTC) == second.start
    assert event["DTEND"].dt.astimezone(UTC) == second.end


def opening(tz: str, first: date, days: int, minutes: list[tuple[int, int]], weekdays: set[int]) -> list[TimeSpan]:
    dates = [first + timedelta(days=n) for n in range(days)]
    zone = ZoneInfo(tz)
    return [TimeSpan(at_wall(day, a, zone), at_wall(day, b, zone)) for day in dates if day.weekday() in weekdays for a, b in minutes]


def expanded(written: bytes, window: TimeSpan) -> list[TimeSpan]:
    """Read AVAILABLE with another library's idea of recurrence."""
    read = Calendar.from_ical(written.replace(b":AVAILABLE", b":VEVENT"))
    found = recurring_ical_events.of(read).between(window.start - timedelta(days=1), window.end + timedelta(days=1))
    return sorted(TimeSpan(one["DTSTART"].dt, one["DTEND"].dt) for one in found)


@pytest.mark.parametrize("tz", [SHANGHAI, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("minutes", [[(540, 720), (840, 1080)], [(1320, 1800)], [(90, 150)]])
def test_opening_hours_expand_to_the_same_spans(tz: str, minutes: list[tuple[int, int]]) -> None:
    spans = opening(tz, date(2026, 1, 5), 400, minutes, {0, 1, 2, 4})
    holiday = TimeSpan(datetime(2026, 2, 14, tzinfo=UTC), datetime(2026, 2, 24, tzinfo=UTC))
    spans = minus(spans, [holiday])
    plan = OpenPlan("open-7@portal", TimeSpan(spans[0].start, spans[-1].end), spans, tz, "开放", CHANGED, 5)
    written = busy_calendar(plan, [], name="SEM")
    assert expanded(written, plan.window) == spans
    assert written.count(b"BEGIN:AVAILABLE") < 40


def test_weekdays_of_the_rule_are_those_of_the_wall_clock() -> None:
    monday_morning = opening(SHANGHAI, date(2026, 11, 2), 56, [(60, 300)], {0})  # Sunday in UTC
    plan = OpenPlan("x", TimeSpan(monday_morning[0].start, monday_morning[-1].end), monday_morning, SHANGHAI, "开放", CHANGED)
    text = busy_calendar(plan, [], name="SEM").decode()
    assert "DTSTART;TZID=Asia/Shanghai:20261102T010000" in text
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261220T170000Z;BYDAY=MO" in text


@given(
    days=st.sets(st.integers(0, 120), max_size=40),
    tz=st.sampled_from([SHANGHAI, NEW_YORK, LORD_HOWE]),
    start=st.integers(0, 1380),
    length=st.integers(15, 1440),
)
def test_patterns_lose_and_add_nothing(days: set[int], tz: str, start: int, length: int) -> None:
    zone = ZoneInfo(tz)
    starts = [at_wall(date(2026, 9, 1) + timedelta(days=n), start, zone) for n in sorted(days)]
    spans = [TimeSpan(at, at + timedelta(minutes=length)) for at in starts]
    found = []
    for pattern in weekly_patterns(spans, tz):
        local, until = pattern.first.start.astimezone(zone), pattern.last_start
        while local.astimezone(UTC) <= until:
            if local not in pattern.left_out:
                found.append(TimeSpan(local, local.astimezone(UTC) + pattern.first.duration))
            local += timedelta(weeks=1)
    assert sorted(found) == spans


def test_busy_times_stand_beside_the_opening_hours() -> None:
    spans = opening(SHANGHAI, date(2026, 11, 23), 14, [(540, 1080)], {0, 1, 2, 3, 4})
    plan = OpenPlan("open-7@portal", TimeSpan(spans[0].start, spans[-1].end), spans, SHANGHAI, "开放", CHANGED, 5)
    read = Calendar.from_ical(busy_calendar(plan, [entry(summary="已占用")], name="SEM"))
    (availability,) = read.walk("VAVAILABILITY")
    assert (availability["SEQUENCE"], str(availability["BUSYTYPE"])) == (5, "BUSY-UNAVAILABLE")
    assert len(availability.walk("AVAILABLE")) == 5
    assert [str(event["SUMMARY"]) for event in read.walk("VEVENT")] == ["已占用"]


@pytest.mark.parametrize("tz", [SHANGHAI, NEW_YORK, LORD_HOWE, "Europe/London", "Asia/Kathmandu", "America/Santiago"])
def test_a_written_zone_keeps_the_same_clock_as_the_zone_database(tz: str) -> None:
    described = b"BEGIN:VCALENDAR\r\n" + time_zone_of(tz, 2026, 2027).to_ical() + b"END:VCALENDAR\r\n"
    read = tzical(io.StringIO(described.decode())).get(tz)
    zone, first = ZoneInfo(tz), datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    for hour in range(2 * 365 * 24):
        local = (first + timedelta(hours=hour)).astimezone(zone)
        shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        if not shown_twice:
            assert local.replace(tzinfo=read).utcoffset() == local.utcoffset(), local


def test_the_clocks_go_forward_at_two_on_the_clock_as_it_was() -> None:
    assert b"DTSTART:20260308T020000\r\n" in time_zone_of(NEW_YORK, 2026, 2026).to_ical()
