"""Times as people write them become the right instants, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Invalid
from portal.formats import wall
from portal.walltimes import ShownTwice, is_shown_twice, read_span, read_time, turn_of

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestReading:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-11-24T09:00", "2026-11-24T08:00"),
            ("2026-11-24 09:00", "2026-11-24T08:00"),
            (" 2026-07-01T09:00 ", "2026-07-01T07:00"),
            ("2026-11-24T09:00:00", "2026-11-24T08:00"),
            ("2026-11-24T01:00Z", "2026-11-24T01:00"),
            ("2026-11-24T09:00:00+08:00", "2026-11-24T01:00"),
            ("2026-11-24T09:00:00.000Z", "2026-11-24T09:00"),
        ],
    )
    def test_what_is_written_is_what_is_meant(self, text, expected):
        assert read_time(text, BERLIN, "start") == at(expected)

    @pytest.mark.parametrize(
        "text",
        ["", " ", "soon", "2026-11-24", "09:00", "2026-13-01T09:00", "2026-11-24T25:00", "2026-11-24T09:00:01", "1732438800",
         "２０２６-11-24T09:00", "9" * 9999],
    )  # fmt: skip
    def test_what_cannot_be_read_is_refused_with_its_field(self, text):
        with pytest.raises(Invalid) as caught:
            read_time(text, BERLIN, "end")
        assert caught.value.field == "end"

    def test_each_end_is_refused_under_its_own_name(self):
        for start, end, field in (("x", "2026-11-24T09:00", "start"), ("2026-11-24T09:00", "x", "end"), ("2026-11-24T09:00", "2026-11-24T09:00", "end")):
            with pytest.raises(Invalid) as caught:
                read_span(start, end, BERLIN)
            assert caught.value.field == field


class TestClockChanges:
    def test_an_hour_the_clocks_skip_is_refused(self):
        with pytest.raises(Invalid) as caught:
            read_time("2026-03-29T02:30", BERLIN, "start")
        assert "skip 02:30" in caught.value.sentence.en
        assert "拨快" in caught.value.sentence.zh

    def test_an_hour_they_show_twice_is_asked_about(self):
        with pytest.raises(ShownTwice):
            read_time("2026-10-25T02:30", BERLIN, "start")
        assert read_time("2026-10-25T02:30", BERLIN, "start", again="first") == at("2026-10-25T00:30")
        assert read_time("2026-10-25T02:30", BERLIN, "start", again="second") == at("2026-10-25T01:30")

    def test_who_says_which_where_there_is_but_one_is_understood_all_the_same(self):
        assert read_time("2026-11-24T09:00", BERLIN, "start", again="second") == at("2026-11-24T08:00")

    @given(zone=st.sampled_from(ZONES), minutes=st.integers(0, 4 * 366 * 1440))
    def test_every_instant_can_be_written_and_read_back(self, zone, minutes):
        tz, instant = ZoneInfo(zone), datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        written, turn = wall(instant, zone), turn_of(instant, tz)
        assert read_time(written, tz, "start", again=turn) == instant
        assert bool(turn) == is_shown_twice(instant, tz)
        if turn:
            with pytest.raises(ShownTwice):
                read_time(written, tz, "start")
