"""A manager's figures: of her instruments only, by year, quarter and month, with what would help and where to change it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.attempts import RefusedAttempt
from scheduling.statistics.keeping import work_off

HOUR = timedelta(hours=1)


@pytest.fixture
def mine(an_instrument, a_usage, a_manager, session, now):
    """An instrument with a use of two hours last week, rated, and four attempts its horizon refused."""
    one = an_instrument(name_en="Mine")
    span = TimeSpan(now - 100 * HOUR, now - 98 * HOUR)
    used = a_usage(instrument=one, manager=a_manager(one), span=span)
    used.rating, used.comment, used.rated_at = "satisfied", "安静 <b>bold</b>", now
    for number in range(4):
        session.add(
            RefusedAttempt(
                instrument_id=one.id, at=now - (number + 1) * HOUR, start_at=now, end_at=now + HOUR, codes=["horizon", "notice"], audience="other",
                is_taken=False,
            )
        )  # fmt: skip
    session.flush()
    while work_off(session, now=now):
        session.flush()
    return one


@pytest.fixture
def manager(client, log_in, a_manager, mine, session):
    log_in(client, session.get(Person, a_manager(mine).person_id))
    return client


def test_she_sees_hours_comments_and_what_would_help(manager, mine):
    page = manager.get("/manage/figures?lang=en").text
    assert "2 h used" in page
    assert "安静 &lt;b&gt;bold&lt;/b&gt;" in page
    assert "refused 4 attempts" in page
    assert f"/manage/instruments/{mine.id}/rules" in page
    assert f"/manage/instruments/{mine.id}/hours" in page  # open around the clock, used for two hours
    assert "No rates are in force" in page


def test_a_part_of_the_year_is_that_part(manager):
    assert "2 h used" in manager.get("/manage/figures?part=m11&lang=en").text
    assert "2 h used" in manager.get("/manage/figures?part=q4&lang=en").text
    assert "0 h used" in manager.get("/manage/figures?part=q1&lang=en").text


@pytest.mark.parametrize("part", ["q5", "m13", "m0", "x", "q", "q²", "m1.5"])
def test_a_part_that_is_none_is_refused(manager, part):
    assert manager.get("/manage/figures", query_string={"part": part}).status_code == 422


def test_anothers_instrument_is_not_found(manager, an_instrument):
    assert manager.get(f"/manage/figures?instrument={an_instrument().id}").status_code == 404
    assert manager.get("/manage/figures?instrument=x").status_code == 404


def test_the_page_costs_as_many_statements_for_ten_instruments_as_for_one(
    app, client, log_in, a_manager, an_instrument, mine, session, statements
):
    counts = []
    for many in ([mine], [mine, *(an_instrument() for _ in range(9))]):
        log_in(client, session.get(Person, a_manager(*many).person_id))
        client.get("/manage/figures")
        with statements() as seen:
            assert client.get("/manage/figures").status_code == 200
        counts.append(len([one for one in seen if one.startswith(("SELECT", "WITH"))]))
    assert counts[0] == counts[1] <= 45
