"""The timeline: many instruments, one page, a fixed number of statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from instruments.search.index import rebuild_index
from instruments.timespan import TimeSpan
from portal import clock


@pytest.fixture
def indexed(session):
    def index():
        rebuild_index(session)
        session.commit()

    return index


@pytest.mark.parametrize(
    "address", ["/timeline", "/timeline?day=2026-11-24&night=1", "/timeline?week=2026-W48", "/timeline?q=JSM&city=140100"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_and_a_week_are_shown_to_everybody(client, an_instrument, indexed, address, language):
    an_instrument()
    indexed()
    answer = client.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert answer.status_code == 200
    assert "JSM-7900F" in answer.text


def test_a_booking_is_busy_to_others_without_a_name_and_mine_to_me(
    client, a_browser, log_in, a_person, a_viewer, an_instrument, a_booking, indexed, now
):
    instrument, person = an_instrument(), a_person(name="王小明")
    a_booking(instrument=instrument, viewer=a_viewer(person=person), span=TimeSpan(now + timedelta(hours=2), now + timedelta(hours=4)))
    indexed()
    assert "王小明" not in client.get("/timeline?lang=en").text
    own = a_browser()
    log_in(own, person)
    assert "My booking" in own.get("/timeline?lang=en").text


def test_the_number_of_statements_does_not_grow_with_the_number_of_instruments(client, clean_engine, an_instrument, a_booking, indexed):
    counted = []

    def count(instruments):
        for _ in range(instruments):
            a_booking(instrument=an_instrument())
        indexed()
        client.get("/timeline")  # the search remembers its words after the first
        counted.clear()
        assert client.get("/timeline").status_code == 200
        return len(counted)

    event.listen(clean_engine, "before_cursor_execute", lambda *details: counted.append(details[2]))
    assert count(2) == count(20)


def test_pages_are_turned_by_key(client, an_instrument, indexed):
    for _ in range(53):
        an_instrument()
    indexed()
    first = client.get("/timeline?lang=en").text
    assert first.count('<th scope="row">') == 50
    cursor = first.partition("cursor=")[2].partition('"')[0].partition("&")[0]
    assert client.get(f"/timeline?lang=en&cursor={cursor}").text.count('<th scope="row">') == 3


def test_nothing_found_says_what_to_do(client, indexed):
    indexed()
    assert "clear the filters" in client.get("/timeline?lang=en&q=zzzzzz").text


@pytest.mark.parametrize("bad", ["day=2026-02-30", "week=2026-W99", "day=9999-12-31", "day=x", "cursor=x", "organisation=-1", "city=%00"])
def test_a_wrong_address_is_told_and_breaks_nothing(client, indexed, bad):
    indexed()
    assert client.get(f"/timeline?{bad}").status_code == 422


def test_a_manager_sees_only_her_own_where_asked_for(client, log_in, an_instrument, a_person, a_manager, indexed):
    mine, other = an_instrument(name_en="Mine indeed"), an_instrument(name_en="Somebody else's")
    manager = a_person(organisation=mine.organisation)
    a_manager(mine, person=manager)
    indexed()
    log_in(client, manager)
    page = client.get("/timeline?lang=en&managed=1").text
    assert "Mine indeed" in page
    assert other.name_en not in page


def test_a_free_time_leads_to_the_first_use_that_can_begin_there(client, an_instrument, indexed, now):
    instrument = an_instrument(step_minutes=60)
    indexed()
    with clock.freeze(now + timedelta(minutes=10)):
        page = client.get("/timeline?lang=en").text
    assert f"/instruments/{instrument.id}/book?start=2026-11-23T02:00Z&amp;end=2026-11-23T03:00Z" in page
