"""Instruments over the API: finding them, one of them, its availability, and what a use of it would come to."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from instruments.search.index import rebuild_index
from scheduling.bookings import Booking


@pytest.fixture
def ask(client, session):
    """Ask for a list anonymously, with the search index as new: ask("/instruments", q="...")."""

    def call(path, **asked):
        rebuild_index(session)
        return client.get(f"/api/v1{path}?{urlencode(asked)}")

    return call


def _names(answer):
    assert answer.status_code == 200, answer.text
    return [one["name_en"] for one in answer.json["items"]]


def test_instruments_are_found_by_words_with_all_their_fields(ask, an_instrument):
    wanted = an_instrument(name_zh="质谱仪", name_en="Mass spectrometer", manufacturer="Thermo", model="Orbitrap")
    an_instrument()
    found = ask("/instruments", q="mass spectrometer").json
    (row,) = found["items"]
    assert (row["id"], row["inner_id"], row["name_zh"]) == (str(wanted.id), wanted.inner_id, "质谱仪")
    assert (row["manufacturer"], row["model"], row["status"], row["bookable"]) == ("Thermo", "Orbitrap", "published", True)
    assert row["organisation"]["code"] == wanted.organisation.code
    assert row["category"]["code"] == "010101"
    assert row["next_free"]


def test_facets_count_every_further_choice(ask, an_organisation, an_instrument):
    here, there = an_organisation(city="140100"), an_organisation(city="140200")
    for place, city in ((here, "140100"), (here, "140100"), (there, "140200")):
        an_instrument(organisation=place, city=city)
    facets = ask("/instruments").json["facets"]
    assert {one["value"]: one["count"] for one in facets["city"]} == {"140100": 2, "140200": 1}
    assert {one["value"]: one["count"] for one in facets["organisation"]} == {str(here.id): 2, str(there.id): 1}
    assert all(one["label"] for values in facets.values() for one in values)


def test_an_organisation_is_chosen_by_its_code_or_its_id_and_an_unknown_one_has_none(ask, an_organisation, an_instrument):
    place = an_organisation(code="ABC")
    an_instrument(organisation=place, name_en="Theirs")
    an_instrument(name_en="Another")
    assert _names(ask("/instruments", organisation="ABC")) == ["Theirs"]
    assert _names(ask("/instruments", organisation=str(place.id))) == ["Theirs"]
    assert _names(ask("/instruments", organisation="NOBODY")) == []


def test_drafts_are_not_found(ask, an_instrument):
    an_instrument(publication="draft")
    assert ask("/instruments").json["total"] == 0


def test_only_what_is_free_within_the_window_is_found(ask, an_instrument, a_booking, a_span, now):
    taken, free = an_instrument(name_en="Taken"), an_instrument(name_en="Free")
    a_booking(instrument=taken, span=a_span(2, 2))
    asked = {"free_from": (now + timedelta(hours=2)).isoformat(), "free_until": (now + timedelta(hours=4)).isoformat()}
    found = ask("/instruments", **asked, duration="PT1H")
    assert _names(found) == ["Free"]
    assert found.json["items"][0]["id"] == str(free.id)
    assert found.json["items"][0]["next_free"].startswith("2026-11-23T03:00:00")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"free_until": None}, "free_until"),
        ({"free_from": None}, "free_from"),
        ({"free_until": "2026-11-24T00:00:00Z"}, "free_until"),
        ({"free_until": "2027-11-24T00:00:00Z"}, "free_until"),
        ({"duration": "2h"}, "duration"),
        ({"duration": "PT0M"}, "duration"),
        ({"duration": "P9D"}, "duration"),
        ({"free_from": "2026-11-24T09:00:00"}, "free_from"),
        ({"sort": "price"}, "sort"),
        ({"audience": "friends"}, "audience"),
        ({"limit": "201"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "rubbish"}, "cursor"),
        ({"q": "x" * 201}, "q"),
    ],
)
def test_a_search_that_cannot_be_meant_is_422_with_its_field(ask, an_instrument, changes, field):
    an_instrument()
    asked = {"free_from": "2026-11-25T00:00:00Z", "free_until": "2026-11-26T00:00:00Z", "duration": "PT2H"} | changes
    refused = ask("/instruments", **{name: value for name, value in asked.items() if value is not None})
    assert (refused.status_code, refused.json.get("field")) == (422, field), refused.text
    assert {"zh", "en"} == set(refused.json["message"])


def test_the_order_is_by_name_or_by_the_next_free_time(ask, an_instrument, a_booking, a_span):
    for name in ("Charlie", "Alpha", "Bravo"):
        one = an_instrument(name_en=name, name_zh="")
        if name == "Alpha":
            a_booking(instrument=one, span=a_span(0, 30))
    assert _names(ask("/instruments", sort="name")) == ["Alpha", "Bravo", "Charlie"]
    assert _names(ask("/instruments", sort="next_free"))[-1] == "Alpha"


@pytest.mark.parametrize("sort", ["relevance", "name", "next_free"])
def test_pages_hold_every_instrument_once(ask, an_instrument, sort):
    made = {str(an_instrument(name_en=f"Number {number}").id) for number in range(7)}
    seen, cursor = [], ""
    for _ in range(3):
        page = ask("/instruments", sort=sort, limit=3, cursor=cursor).json
        assert page["total"] == 7
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert (len(seen), set(seen)) == (7, made)


def test_an_instrument_is_shown_with_its_rules_in_words_and_its_links(client, an_instrument):
    one = an_instrument(rules=[{"kind": "longest", "parameters": {"minutes": 60}}], fees="面议", city="140100")
    shown = client.get(f"/api/v1/instruments/{one.id}").json
    assert (shown["original_value"], shown["currency"], shown["fees"]) == ("2000000.00", "CNY", "面议")
    assert all(rule["zh"] and rule["en"] for rule in shown["rules"])
    assert any("1 h" in rule["en"] for rule in shown["rules"]), shown["rules"]
    assert shown["rates"] == []
    for name in ("self", "availability", "pidinst", "calendar"):
        assert shown["links"][name].startswith("/")
    assert shown["links"]["landing_page"].startswith("http")


@pytest.mark.parametrize("path", ["", "/availability?from=2026-11-24T00:00:00Z&until=2026-11-25T00:00:00Z"])
def test_a_draft_an_unknown_and_an_impossible_instrument_are_not_told_apart(client, an_instrument, path):
    answers = [client.get(f"/api/v1/instruments/{one}{path}") for one in (an_instrument(publication="draft").id, 987654, "x", "9" * 30)]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1


def test_its_manager_sees_a_draft(an_api, a_manager, an_instrument):
    draft = an_instrument(publication="draft")
    assert an_api(a_manager(draft))("GET", f"/instruments/{draft.id}").json["status"] == "draft"


def _window(client, instrument, start, end):
    return client.get(
        f"/api/v1/instruments/{instrument.id}/availability?{urlencode({'from': start.isoformat(), 'until': end.isoformat()})}"
    )


def test_availability_tells_open_busy_and_free_times_and_nobodys_name(client, an_instrument, a_booking, a_person, a_viewer, a_span, now):
    one, person = an_instrument(), a_person(name="赵敏")
    a_booking(instrument=one, viewer=a_viewer(person=person), span=a_span(2, 1), note="secret sample")
    answer = _window(client, one, now, now + timedelta(hours=6))
    assert answer.status_code == 200
    assert answer.json["time_zone"] == "Asia/Shanghai"
    assert answer.json["busy"] == [{"start": "2026-11-23T03:00:00+00:00", "end": "2026-11-23T04:00:00+00:00"}]
    assert [span["start"][11:16] for span in answer.json["free"]] == ["01:00", "04:00"]
    assert answer.json["open"] == [{"start": "2026-11-23T01:00:00+00:00", "end": "2026-11-23T07:00:00+00:00"}]
    assert set(answer.json) == {"time_zone", "open", "busy", "free"}
    for private in (person.name, person.email, "secret sample"):
        assert private not in answer.text


def test_a_window_of_92_days_is_answered_and_a_wider_one_is_not(client, an_instrument, now):
    one = an_instrument()
    assert _window(client, one, now, now + timedelta(days=92)).status_code == 200
    refused = _window(client, one, now, now + timedelta(days=92, minutes=1))
    assert (refused.status_code, refused.json["field"]) == (422, "until")
    backwards = _window(client, one, now, now)
    assert (backwards.status_code, backwards.json["field"]) == (422, "until")
    naive = client.get(f"/api/v1/instruments/{one.id}/availability?from=2026-11-24T09:00:00&until=2026-11-25T09:00:00Z")
    assert (naive.status_code, naive.json["field"]) == (422, "from")
    assert client.get(f"/api/v1/instruments/{one.id}/availability").json["field"] == "from"


@pytest.fixture
def quote(an_api, a_person, a_wish, session):
    """Ask for a quote in somebody's name, and see that nothing was written."""

    def ask_for(instrument, person=None, **more):
        wish = a_wish(instrument, **{name: more.pop(name) for name in ("after_hours", "hours") if name in more}) | more
        del wish["instrument"]
        call = an_api(person or a_person())
        before = session.scalar(select(func.count(Booking.id)))
        answer = call("POST", f"/instruments/{instrument.id}/quote", wish)
        session.expire_all()
        assert session.scalar(select(func.count(Booking.id))) == before
        return answer

    return ask_for


def test_a_use_nothing_speaks_against_has_no_refusals_and_no_price_without_rates(quote, an_instrument):
    answer = quote(an_instrument(), samples=3, items=["1"])
    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "lines": [], "total": None, "currency": "CNY", "refusals": [], "approvals": [], "warnings": [], "alternatives": [],
        "notes": [],
    }  # fmt: skip


def test_a_quote_tells_every_refusal_at_once_and_times_that_would_work(quote, an_instrument, a_booking, a_span):
    rules = [{"kind": "notice", "parameters": {"minutes": 600}}, {"kind": "longest", "parameters": {"minutes": 60}}]
    one = an_instrument(rules=rules)
    refused = quote(one, hours=3)
    assert {found["code"] for found in refused.json["refusals"]} == {"notice", "longest"}
    assert all(set(found["message"]) == {"zh", "en"} for found in refused.json["refusals"])
    assert refused.json["alternatives"]
    assert all(found["instrument"] == str(one.id) and found["total"] is None for found in refused.json["alternatives"])


def test_a_taken_time_is_a_refusal_of_a_quote_and_its_alternatives_can_be_booked(quote, an_api, a_person, an_instrument, a_booking, a_span):
    one = an_instrument()
    a_booking(instrument=one, span=a_span(2, 1))
    person = a_person()
    refused = quote(one, person)
    assert [found["code"] for found in refused.json["refusals"]] == ["taken"]
    offered = refused.json["alternatives"][0]
    made = an_api(person)("POST", "/bookings", {"instrument": offered["instrument"], "start": offered["start"], "end": offered["end"]})
    assert made.status_code == 201, made.text


def test_a_quote_says_when_approval_is_needed(quote, an_instrument):
    answer = quote(an_instrument(rules=[{"kind": "approval", "parameters": {}}])).json
    assert (answer["refusals"], [found["code"] for found in answer["approvals"]]) == ([], ["approval"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "7"}, "account"),
        ({"start": "2026-11-24T09:00:00"}, "start"),
        ({"end": "2026-11-23T02:00:00Z"}, "end"),
        ({"samples": -1}, "samples"),
        ({"samples": "3"}, "samples"),
        ({"rate": "1"}, "rate"),
    ],
)
def test_a_quote_that_cannot_be_meant_is_422_with_its_field(quote, an_instrument, change, field):
    refused = quote(an_instrument(), **change)
    assert (refused.status_code, refused.json["field"]) == (422, field)


def test_a_quote_is_for_people_with_a_token(client, an_instrument, a_wish):
    one = an_instrument()
    answer = client.post(f"/api/v1/instruments/{one.id}/quote", json={"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T10:00:00Z"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
