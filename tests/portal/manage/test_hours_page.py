"""Opening hours as a form: several spans a day, across midnight, filled by one press, previewed before they are published."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from instruments.holidays import set_day
from instruments.opening import Plan, plans_of, set_hours
from portal.manage.hoursform import form_of, read_span

OFFICE = {f"{edge}-{day}-0": text for day in range(5) for edge, text in (("start", "09:00"), ("end", "18:00"))}
WRONG = (
    ({"start-0-0": "09:00"}, "both a start and an end"), ({"start-0-0": "25:00", "end-0-0": "26:00"}, "Please give a time"),
    ({"start-0-0": "09:00", "end-0-0": "12:00", "start-0-1": "11:00", "end-0-1": "13:00"}, "must not overlap"),
    ({"valid_from": "2026-11-22"}, "cannot lie in the past"), ({"valid_from": ""}, "day from which it holds"),
    ({"valid_from": "9999-12-31"}, "next three years"), ({"on_holidays": "perhaps"}, "Please choose one"),
)  # fmt: skip
TOMORROW = {"valid_from": "2026-11-24", "on_holidays": "closed"}


@pytest.fixture
def address(instrument):
    return f"/instruments/{instrument.id}/hours"


@pytest.fixture
def plans(session, instrument):
    def read():
        session.expire_all()
        return plans_of(session, [instrument.id]).get(instrument.id, [])

    return read


def preview_of(page: str) -> dict[str, str]:
    """The two weeks of a page: {"Tue 24 Nov": "09:00-18:00"}."""
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>(.*?)</td>', page.partition('id="preview"')[2] or page, re.DOTALL)
    clean = [tuple(" ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in row) for row in rows]
    return dict(clean)


def test_a_plan_is_published_from_a_day_on(post, address, plans):
    assert post(address, publish="1", **OFFICE, **TOMORROW).status_code == 302
    assert plans()[-1] == Plan(date(2026, 11, 24), tuple((day, 540, 1080) for day in range(5)), "closed")


def test_several_spans_a_day_and_a_night_are_taken(post, address, plans):
    spans = {"start-0-0": "08:30", "end-0-0": "12:00", "start-0-1": "14:30", "end-0-1": "18:00", "start-4-3": "20:00", "end-4-3": "08:00"}
    assert post(address, publish="1", **spans, **TOMORROW).status_code == 302
    assert plans()[-1].weekly == ((0, 510, 720), (0, 870, 1080), (4, 1200, 1920))


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("00:00", "00:00", (0, 1440)), ("00:00", "24:00", (0, 1440)), ("9:00", "09:30", (540, 570)), ("22:00", "06:00", (1320, 1800)),
        ("12:00", "12:00", (720, 2160)), ("830", "1200", (510, 720)), ("8", "24", (480, 1440)), ("８：３０", "9.05", (510, 545)),
    ],
)  # fmt: skip
def test_an_end_no_later_than_the_start_is_the_next_day(start, end, minutes):
    assert read_span(start, end) == minutes


def test_the_form_of_a_plan_says_the_plan_again(post):
    weekly = ((0, 0, 1440), (1, 540, 720), (1, 780, 1080), (5, 1200, 1920))
    form = form_of(Plan(date(2026, 1, 1), weekly, "as_usual"), date(2026, 12, 1))
    assert form.plan() == Plan(date(2026, 12, 1), weekly, "as_usual")


def test_what_cannot_be_is_told_in_words_and_nothing_is_published(post, address, plans):
    before = plans()
    for fields, words in WRONG:
        answer = post(f"{address}?lang=en", publish="1", **TOMORROW | fields)
        assert answer.status_code == 422, fields
        assert words in html.unescape(answer.text), fields
    assert plans() == before


def test_a_press_fills_the_week_and_publishes_nothing(post, address, plans):
    before = plans()
    for how, first, count in (("clock", "00:00", 7), ("office", "08:30", 10), ("copy-workdays", "07:15", 5), ("copy-all", "07:15", 7), ("clear", "", 0)):
        page = post(address, fill=how, **{"start-0-0": "07:15", "end-0-0": "08:15"}, **TOMORROW).text
        starts = re.findall(r'name="start-\d-\d" value="(\d\d:\d\d)"', page)
        assert len(starts) == count, how
        assert starts[:1] == [first] * bool(count), how
    assert plans() == before


def test_the_preview_shows_two_weeks_with_holidays_and_closures(manager, post, address, session):
    set_day(session, date(2026, 11, 25), is_workday=False, worked_as=0, name_zh="校庆", name_en="Founders' day")
    shown = preview_of(post(f"{address}?lang=en", look="1", **OFFICE, **TOMORROW).text)
    assert shown["Tue 24 Nov"] == "09:00-18:00"
    assert shown["Wed 25 Nov Founders' day"] == "closed"
    assert shown["Sat 28 Nov"] == "closed"
    assert len(shown) == 14


def test_while_it_is_filled_in_the_preview_comes_alone_and_nothing_is_written(post, address, plans):
    before = plans()
    answer = post(f"{address}/preview?lang=en", **OFFICE, **TOMORROW)
    assert "<html" not in answer.text
    assert preview_of(answer.text)["Tue 24 Nov"] == "09:00-18:00"
    assert "once everything can be read" in post(f"{address}/preview?lang=en", **TOMORROW | {"start-0-0": "x", "end-0-0": "y"}).text
    assert plans() == before


def test_bookings_that_would_lie_outside_are_named(post, address, instrument, a_booking, a_span, a_person, a_viewer):
    late = a_viewer(person=a_person(name="夜猫子"))
    early = a_viewer(person=a_person(name="早起鸟"))
    a_booking(instrument=instrument, viewer=late, span=a_span(24 + 13, 2))  # Tuesday at ten in the evening
    a_booking(instrument=instrument, viewer=early, span=a_span(24 + 2, 2))
    page = post(address, look="1", **OFFICE, **TOMORROW).text
    assert "夜猫子" in page
    assert "早起鸟" not in page


def test_a_coming_plan_is_listed_and_taken_back(manager, post, address, plans, instrument, session, now):
    set_hours(session, instrument, [(0, 0, 60)], valid_from=date(2026, 12, 1), now=now, by=None)
    session.flush()
    take_back = re.search(r'action="/manage([^"]+take-back)"', manager.get(f"/manage{address}").text)[1]
    assert post(take_back).status_code == 302
    assert len(plans()) == 1
    assert post(take_back).status_code == 404


def test_without_hours_the_page_says_what_to_do(somebody_with, an_instrument, codes):
    bare = an_instrument(hours=None)
    page = somebody_with("manager", instrument=bare).get(f"/manage/instruments/{bare.id}/hours?lang=en").text
    assert "Until they are published, nobody can book" in page
    assert 'value="2026-11-23"' in page  # the first plan may begin today


def test_it_costs_the_same_however_long_the_history(manager, address, instrument, session, now, statements):
    counts = []
    for more in (0, 20):
        for number in range(more):
            set_hours(session, instrument, [(0, 0, 60)], valid_from=now.date() + timedelta(days=2 + number), now=now, by=None)
        session.commit()
        with statements() as seen:
            manager.get(f"/manage{address}")
        counts.append(len(seen))
    assert counts[0] == counts[1], seen
