"""Finding instruments by what they are and when they are free, in few statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from instruments.access import ANONYMOUS
from instruments.closures import close
from instruments.errors import Invalid
from instruments.search import Query, rebuild_index
from instruments.timespan import TimeSpan
from scheduling import finding
from scheduling.finding import FreeWish, find_instruments, next_uses

HOUR = timedelta(hours=1)
OFFICE = [(day, 480, 1080) for day in range(5)]


@pytest.fixture
def found(session, now):
    """`found(text="SEM", free=..., sort=...)` indexes what the builders made and gives a page; `at` is another now."""

    def find(*, free=None, sort="relevance", at=None, **query):
        rebuild_index(session)
        return find_instruments(session, Query(**query), free=free, sort=sort, now=at or now, viewer=ANONYMOUS)

    return find


@pytest.fixture
def names_of():
    return lambda page: [row.instrument.name_en for row in page.rows]


@pytest.fixture
def counted(session, now):
    """`counted(...)` finds a page and gives how many statements that took, the index and its memory being ready."""

    def count(**query):
        seen = []
        how = {key: query.pop(key) for key in ("free", "sort") if key in query}
        find_instruments(session, Query(**query), now=now, viewer=ANONYMOUS, **how)  # what is kept in memory is read now

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        find_instruments(session, Query(**query), now=now, viewer=ANONYMOUS, **how)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(seen)

    return count


class TestNextFree:
    def test_each_instrument_found_comes_with_its_next_free_time(self, found, an_instrument, a_booking, a_span):
        an_instrument(name_en="free")
        a_booking(instrument=an_instrument(name_en="busy"), span=a_span(0, 2))
        page = found()
        assert {row.instrument.name_en: row.free for row in page.rows} == {"free": a_span(0, 1), "busy": a_span(2, 1)}

    def test_one_that_takes_no_bookings_or_is_never_open_has_none(self, found, an_instrument):
        an_instrument(accepts_bookings=False)
        an_instrument(hours=None)
        assert [row.free for row in found().rows] == [None, None]

    def test_what_is_closed_for_weeks_is_found_free_after_them(self, session, found, an_instrument, a_span, now):
        instrument = an_instrument()
        close(session, instrument, a_span(-1, 24 * 14), kind="fault", reason="x", time_zone="Asia/Shanghai", now=now, by=None)
        assert found().rows[0].free == a_span(24 * 14 - 1, 1)

    def test_nothing_is_proposed_beyond_four_weeks(self, session, found, an_instrument, a_span, now):
        close(session, an_instrument(), a_span(-1, 24 * 40), kind="fault", reason="x", time_zone="Asia/Shanghai", now=now, by=None)
        assert found().rows[0].free is None

    def test_for_no_instrument_nothing_is_asked(self, session, now):
        assert next_uses(session, [], now) == {}


class TestFreeBetween:
    def test_only_what_is_free_for_so_long_is_found(self, found, names_of, an_instrument, a_booking, a_span):
        an_instrument(name_en="free")
        a_booking(instrument=an_instrument(name_en="cut"), span=a_span(2, 1))
        page = found(free=FreeWish(a_span(0, 5), 3 * HOUR))
        assert names_of(page) == ["free"]
        assert page.rows[0].free == a_span(0, 3)
        assert page.total == 1

    def test_facets_count_only_what_is_free(self, found, an_instrument, a_booking, a_span):
        an_instrument(city="140100")
        a_booking(instrument=an_instrument(city="140200"), span=a_span(0, 9))
        page = found(free=FreeWish(a_span(0, 5), HOUR))
        assert [(value.value, value.count) for value in page.facets["city"]] == [("140100", 1)]

    def test_one_that_takes_no_bookings_is_not_free(self, found, an_instrument, a_span):
        an_instrument(accepts_bookings=False)
        assert found(free=FreeWish(a_span(0, 5), HOUR)).total == 0

    def test_time_that_has_passed_does_not_count(self, found, an_instrument, a_span, now):
        an_instrument()
        page = found(free=FreeWish(a_span(-5, 7), 2 * HOUR))
        assert page.rows[0].free == a_span(0, 2)
        assert found(free=FreeWish(a_span(-5, 6), 2 * HOUR)).total == 0

    @pytest.mark.parametrize(
        ("after", "hours", "length", "field"),
        [(-5, 4, 1, "free_until"), (0, 93 * 24, 1, "free_until"), (0, 5, 6, "duration"), (0, 5, 0, "duration"), (0, 5, -1, "duration")],
    )
    def test_what_cannot_be_asked_is_refused(self, found, a_span, after, hours, length, field):
        with pytest.raises(Invalid) as refused:
            found(free=FreeWish(a_span(after, hours), length * HOUR))
        assert refused.value.field == field

    def test_where_there_are_too_many_the_first_are_looked_at_and_it_is_said(self, found, monkeypatch, an_instrument, a_span):
        for _ in range(4):
            an_instrument()
        monkeypatch.setattr(finding, "MOST_CANDIDATES", 3)
        page = found(free=FreeWish(a_span(0, 5), HOUR))
        assert (page.total, page.looked_at) == (3, 3)


class TestOrder:
    @pytest.fixture
    def four(self, an_instrument, a_booking, a_span):
        """Free at once, after an hour, after three, never."""
        an_instrument(name_en="B", name_zh="乙")
        a_booking(instrument=an_instrument(name_en="C", name_zh="丙"), span=a_span(0, 1))
        a_booking(instrument=an_instrument(name_en="A", name_zh="甲"), span=a_span(0, 3))
        an_instrument(name_en="D", name_zh="丁", hours=None)

    @pytest.mark.usefixtures("four")
    def test_what_is_free_soonest_comes_first_and_what_never_is_last(self, found, names_of):
        assert names_of(found(sort="next_free")) == ["B", "C", "A", "D"]

    @pytest.mark.usefixtures("four")
    def test_names_are_in_the_order_of_their_sounds(self, found, names_of):
        assert [row.instrument.name_zh for row in found(sort="name").rows] == ["丙", "丁", "甲", "乙"]

    @pytest.mark.usefixtures("four")
    @pytest.mark.parametrize("sort", ["relevance", "next_free", "name"])
    @pytest.mark.parametrize("is_wished", [False, True])
    def test_the_pages_together_hold_each_once_in_the_same_order(self, found, names_of, a_span, sort, is_wished):
        free = FreeWish(a_span(0, 9), 2 * HOUR) if is_wished else None
        whole, pages, cursor = names_of(found(sort=sort, free=free)), [], ""
        while cursor is not None:
            page = found(sort=sort, free=free, limit=1, cursor=cursor)
            assert page.total == len(whole)
            pages += names_of(page)
            cursor = page.next
        assert pages == whole
        assert len(whole) == (3 if is_wished else 4)

    @pytest.mark.usefixtures("four")
    def test_the_next_page_goes_on_where_the_first_was_read_though_time_passes(self, found, names_of, now):
        first = found(sort="next_free", limit=2)
        second = found(sort="next_free", limit=2, cursor=first.next, at=now + timedelta(minutes=50))
        assert names_of(first) + names_of(second) == ["B", "C", "A", "D"]

    @pytest.mark.usefixtures("four")
    def test_a_place_in_a_list_that_is_too_old_is_refused(self, found, now):
        cursor = found(sort="next_free", limit=2).next
        with pytest.raises(Invalid, match="first page"):
            found(sort="next_free", cursor=cursor, at=now + 2 * HOUR)

    @pytest.mark.parametrize(
        "cursor", ["x", "!!!", "WyJuZXh0X2ZyZWUiLCBudWxsLCAxLCAxXQ", "bnVsbA", "WyJuZXh0X2ZyZWUiLCAxZTQwMCwgMSwgMV0", "😀", "A" * 5000]
    )
    @pytest.mark.parametrize("sort", ["relevance", "next_free", "name"])
    def test_a_place_nobody_gave_out_is_refused(self, found, sort, cursor):
        with pytest.raises(Invalid) as refused:
            found(sort=sort, cursor=cursor)
        assert refused.value.field == "cursor"

    def test_an_unknown_order_is_refused(self, found):
        with pytest.raises(Invalid) as refused:
            found(sort="price")
        assert refused.value.field == "sort"


class TestStatements:
    @pytest.mark.parametrize("sort", ["relevance", "next_free", "name"])
    @pytest.mark.parametrize("hours", [0, 2])
    @pytest.mark.parametrize("text", ["", "电镜"])
    def test_their_number_does_not_grow_with_what_is_found(self, session, counted, an_instrument, a_booking, a_span, sort, hours, text):
        asked = {"sort": sort, "text": text, "free": FreeWish(a_span(0, 48), hours * HOUR) if hours else None, "limit": 50}
        numbers = []
        for more in (2, 20):
            for i in range(more):
                instrument = an_instrument(hours=OFFICE if i % 2 else [(0, 0, 1440)], name_zh=f"扫描电镜{i}")
                a_booking(instrument=instrument, span=a_span(1))
            rebuild_index(session)
            numbers.append(counted(**asked))
        assert numbers[0] == numbers[1]
        assert numbers[0] <= 32


def test_a_wish_reaches_no_further_than_it_says(found, an_instrument, a_span, now):
    an_instrument(hours=[(0, 540, 1080)])  # Mondays, 09:00-18:00
    page = found(free=FreeWish(TimeSpan(now + 8 * HOUR, now + 20 * HOUR), 2 * HOUR))
    assert page.total == 0
