"""How times, lengths, amounts and sizes are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from instruments.timespan import TimeSpan, at_wall, zone
from portal import clock as portal_clock
from portal import formats
from portal.formats import clock, day, duration, filesize, instant, money, number, partial_day, percent, wall, when, zone_name
from portal.language import in_language, init_language

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def span(first: str, last: str, tz: str = "Asia/Shanghai") -> TimeSpan:
    """Give a span from two wall-clock times, "2026-11-24 09:00"."""
    edges = [datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone(tz)) for text in (first, last)]
    return TimeSpan(*edges)


def both(write: object, *values: object, **options: object) -> tuple[str, str]:
    """Write a value for a Chinese and for an English reader."""
    written = []
    for language in ("zh", "en"):
        with in_language(language):
            written.append(write(*values, **options))  # type: ignore[operator]
    return written[0], written[1]


@pytest.fixture(autouse=True)
def _stopped_clock():
    with portal_clock.freeze(NOW):
        yield


class TestWhen:
    @pytest.mark.parametrize(
        ("first", "last", "zh", "en"),
        [
            ("2026-11-24 09:00", "2026-11-24 11:00", "11月24日 周二 09:00-11:00", "Tue 24 Nov, 09:00-11:00"),
            (
                "2026-11-24 22:00",
                "2026-11-25 06:00",
                "11月24日 周二 22:00 - 11月25日 周三 06:00",
                "Tue 24 Nov, 22:00 - Wed 25 Nov, 06:00",
            ),
            ("2026-11-24 22:00", "2026-11-25 00:00", "11月24日 周二 22:00-24:00", "Tue 24 Nov, 22:00-24:00"),
            ("2026-11-24 00:00", "2026-11-25 00:00", "11月24日 周二 00:00-24:00", "Tue 24 Nov, 00:00-24:00"),
            (
                "2026-11-24 00:00",
                "2026-11-26 00:00",
                "11月24日 周二 00:00 - 11月25日 周三 24:00",
                "Tue 24 Nov, 00:00 - Wed 25 Nov, 24:00",
            ),
            ("2027-01-05 09:00", "2027-01-05 11:00", "2027年1月5日 周二 09:00-11:00", "Tue 5 Jan 2027, 09:00-11:00"),
            (
                "2026-12-31 22:00",
                "2027-01-01 06:00",
                "12月31日 周四 22:00 - 2027年1月1日 周五 06:00",
                "Thu 31 Dec, 22:00 - Fri 1 Jan 2027, 06:00",
            ),
            (
                "2025-12-31 22:00",
                "2026-01-01 06:00",
                "2025年12月31日 周三 22:00 - 1月1日 周四 06:00",
                "Wed 31 Dec 2025, 22:00 - Thu 1 Jan, 06:00",
            ),
        ],
    )
    def test_a_span_is_written_as_people_say_it(self, first: str, last: str, zh: str, en: str) -> None:
        assert both(when, span(first, last)) == (zh, en)

    def test_an_instant_is_written_with_its_day(self) -> None:
        assert both(when, NOW) == ("11月23日 周一 09:00", "Mon 23 Nov, 09:00")

    def test_nothing_is_written_as_nothing(self) -> None:
        assert [write(None) for write in (when, day, clock, wall, instant, duration, money, number, filesize, partial_day)] == [""] * 10

    def test_a_time_is_the_instruments_and_names_its_zone_where_the_readers_clock_differs(self) -> None:
        one = TimeSpan(datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC))
        zh, en = both(when, one, "Europe/Berlin")
        assert zh == "11月24日 周二 02:00-04:00（中欧时间）"
        assert en == "Tue 24 Nov, 02:00-04:00 (Central European Time)"
        assert both(when, one, "Asia/Singapore")[1] == "Tue 24 Nov, 09:00-11:00"

    def test_a_year_that_has_begun_at_the_instrument_is_this_year_there(self) -> None:
        new_year = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
        assert both(when, new_year, now=new_year)[1] == "Fri 1 Jan, 01:00"
        assert both(when, new_year, now=new_year - timedelta(hours=2))[1] == "Fri 1 Jan 2027, 01:00"

    def test_an_hour_the_clock_repeats_tells_both_offsets(self) -> None:
        start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        with in_language("en"):
            text = when(TimeSpan(start, start + timedelta(hours=1)), "Europe/Berlin")
        assert text == "Sun 25 Oct, 02:30 UTC+2 - 02:30 UTC+1 (Central European Time)"

    def test_a_half_hour_offset_is_written_in_full(self) -> None:
        start = at_wall(date(2026, 4, 5), 60, zone("Australia/Lord_Howe"))
        with in_language("en"):
            assert "01:00 UTC+11 - 03:00 UTC+10:30" in when(TimeSpan(start, start + timedelta(hours=2.5)), "Australia/Lord_Howe")

    @pytest.mark.parametrize(
        ("cookie", "is_named"),
        [
            ("Asia/Shanghai", False),
            ("Europe/Berlin", True),
            ("Asia/Hong_Kong", False),
            ("../../etc/passwd", False),
            ("Nowhere/At_All", False),
            ("", False),
        ],
    )
    def test_the_readers_zone_is_what_the_browser_reports_and_rubbish_is_passed_over(self, cookie: str, is_named: bool) -> None:
        app = Flask("zones")
        init_language(app)
        with app.test_request_context(headers={"Cookie": f"zone={cookie}", "Accept-Language": "en"}):
            assert ("China Time" in when(span("2026-11-24 09:00", "2026-11-24 11:00"))) is is_named

    def test_a_letter_does_not_take_the_zone_of_whoever_caused_it(self) -> None:
        app = Flask("zones")
        init_language(app)
        with app.test_request_context(headers={"Cookie": "zone=Europe/Berlin"}), in_language("en"):
            assert when(NOW) == "Mon 23 Nov, 09:00"


class TestParts:
    def test_a_day(self) -> None:
        assert both(day, date(2026, 9, 1)) == ("9月1日 周二", "Tue 1 Sep")
        assert both(day, datetime(2026, 11, 23, 17, 0, tzinfo=UTC)) == ("11月24日 周二", "Tue 24 Nov")

    def test_a_time_of_day(self) -> None:
        assert clock(NOW) == "09:00"
        assert clock(NOW, "Europe/Berlin") == "02:00"
        assert clock(span("2026-11-24 22:00", "2026-11-25 00:00")) == "22:00-24:00"
        assert both(clock, span("2026-11-24 22:00", "2026-11-25 01:00"))[1] == "Tue 24 Nov, 22:00 - Wed 25 Nov, 01:00"

    def test_a_field_gets_wall_clock_and_an_address_utc(self) -> None:
        assert wall(NOW) == "2026-11-23T09:00"
        assert wall(NOW, "America/New_York") == "2026-11-22T20:00"
        assert instant(NOW.astimezone(zone("Asia/Shanghai"))) == "2026-11-23T01:00Z"

    def test_a_zone_has_a_name_for_readers(self) -> None:
        assert both(zone_name, "Asia/Shanghai") == ("中国时间", "China Time")
        assert both(zone_name, "UTC") == ("协调世界时", "UTC")

    @given(
        st.integers(0, 15 * 365 * 24 * 60),
        st.integers(1, 60 * 24 * 30),
        st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
    )
    def test_every_span_tells_its_first_and_last_minute(self, at: int, minutes: int, tz: str) -> None:
        start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=at)
        with in_language("en"):
            text = when(TimeSpan(start, start + timedelta(minutes=minutes)), tz, now=NOW)
        end = start + timedelta(minutes=minutes)
        assert clock(start, tz) in text
        assert clock(end, tz) in text or "24:00" in text


class TestLengths:
    @pytest.mark.parametrize(
        ("length", "zh", "en"),
        [
            (120, "2 小时", "2 h"),
            (90, "1 小时 30 分钟", "1 h 30 min"),
            (45, "45 分钟", "45 min"),
            (0, "0 分钟", "0 min"),
            (1440, "24 小时", "24 h"),
            (36 * 60, "36 小时", "36 h"),
            (2880, "2 天", "2 days"),
            (2880 + 270, "2 天 4 小时 30 分钟", "2 days 4 h 30 min"),
            (7 * 1440, "7 天", "7 days"),
            (-30, "-30 分钟", "-30 min"),
            (timedelta(hours=2), "2 小时", "2 h"),
            (timedelta(minutes=1, seconds=29), "1 分钟", "1 min"),
            (59.7, "1 小时", "1 h"),
            (span("2026-11-24 09:00", "2026-11-24 11:00"), "2 小时", "2 h"),
        ],
    )
    def test_a_length_is_written_in_hours_and_minutes_and_from_two_days_on_in_days(self, length: object, zh: str, en: str) -> None:
        assert both(duration, length) == (zh, en)


class TestAmounts:
    @pytest.mark.parametrize(
        ("amount", "text"),
        [
            (Decimal("120"), "¥120.00"),
            (Decimal("1234.5"), "¥1,234.50"),
            (Decimal("-0.1"), "-¥0.10"),
            (0, "¥0.00"),
            (Decimal("9999999999999.99"), "¥9,999,999,999,999.99"),
        ],
    )
    def test_money_has_two_places_in_both_languages(self, amount: Decimal, text: str) -> None:
        assert both(money, amount) == (text, text)

    @pytest.mark.parametrize(
        ("value", "places", "text"),
        [
            (1284, None, "1,284"),
            (16.94, 1, "16.9"),
            (2, 1, "2.0"),
            (2.5, 0, "2"),
            (Decimal("0.125"), None, "0.125"),
            (-3, None, "-3"),
            (0, 2, "0.00"),
        ],
    )
    def test_a_number_has_its_thousands_apart(self, value: float, places: int | None, text: str) -> None:
        assert both(number, value, places) == (text, text)

    def test_a_share_is_a_percentage_and_an_undefined_one_a_dash(self) -> None:
        assert percent(0.169) == "16.9 %"
        assert percent(Decimal("1")) == "100.0 %"
        assert percent(None) == "-"

    @pytest.mark.parametrize(
        ("size", "text"),
        [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (3_400_000, "3.4 MB"),
            (999_949, "999.9 kB"),
            (999_950, "1 MB"),
            (5_000_000_000_000, "5,000 GB"),
        ],
    )
    def test_a_file_has_a_size(self, size: int, text: str) -> None:
        assert both(filesize, size)[1] == text
        assert both(filesize, 812)[0] == "812 字节"


class TestPartialDates:
    @pytest.mark.parametrize(
        ("text", "zh", "en"),
        [
            ("2016", "2016年", "2016"),
            ("2016-10", "2016年10月", "Oct 2016"),
            ("2016-10-05", "2016年10月5日", "5 Oct 2016"),
            ("about 2016", "about 2016", "about 2016"),
            ("2016-13", "2016-13", "2016-13"),
            ("2016-02-30", "2016-02-30", "2016-02-30"),
            ("2016-10-05-01", "2016-10-05-01", "2016-10-05-01"),
            ("-", "-", "-"),
            ("", "", ""),
        ],
    )
    def test_only_the_known_part_is_written_and_other_text_stays(self, text: str, zh: str, en: str) -> None:
        assert both(partial_day, text) == (zh, en)


class TestInTemplates:
    def test_a_constant_is_written_anew_for_each_reader(self) -> None:
        app = Flask("filters")
        init_language(app)
        app.jinja_env.filters.update(formats.filters())
        template = app.jinja_env.from_string(
            '{{ 120 | duration }} {{ "2016-10" | partial_day }} {{ start | when("Europe/Berlin", now=start) }}'
        )
        with in_language("zh"):
            assert template.render(start=NOW) == "2 小时 2016年10月 11月23日 周一 02:00（中欧时间）"
        with in_language("en"):
            assert template.render(start=NOW) == "2 h Oct 2016 Mon 23 Nov, 02:00 (Central European Time)"
