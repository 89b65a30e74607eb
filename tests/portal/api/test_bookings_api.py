"""Bookings over the API: the same rules as on the pages, every refusal at once, and a retry that never doubles."""

from __future__ import annotations

import pytest


def test_a_free_time_is_booked_and_has_an_address(an_api, a_person, an_instrument, a_wish):
    call = an_api(a_person())
    made = call("POST", "/bookings", a_wish(an_instrument()))
    assert made.status_code == 201, made.text
    assert made.json["status"] == "confirmed"
    shown = call("GET", made.headers["Location"].removeprefix("/api/v1"))
    assert shown.json["id"] == made.json["id"]
    assert shown.headers["ETag"] == f'"{made.json["id"]}-1"'


def test_a_taken_time_is_409_with_the_reason_and_times_that_would_work(an_api, a_person, an_instrument, a_wish):
    instrument = an_instrument()
    assert an_api(a_person())("POST", "/bookings", a_wish(instrument)).status_code == 201
    refused = an_api(a_person())("POST", "/bookings", a_wish(instrument))
    assert refused.status_code == 409
    assert refused.mimetype == "application/problem+json"
    assert [one["code"] for one in refused.json["refusals"]] == ["taken"]
    assert {"zh", "en"} == set(refused.json["refusals"][0]["message"])
    assert refused.json["alternatives"][0]["instrument"] == str(instrument.id)


def test_all_rules_refuse_at_once(an_api, a_person, an_instrument, a_wish):
    rules = [
        {"kind": "notice", "parameters": {"minutes": 600}},
        {"kind": "longest", "parameters": {"minutes": 60}},
        {"kind": "approval", "parameters": {}},
    ]
    refused = an_api(a_person())("POST", "/bookings", a_wish(an_instrument(rules=rules), hours=3))
    assert refused.status_code == 422
    assert {one["code"] for one in refused.json["refusals"]} == {"notice", "longest"}


def test_a_repeated_key_gives_the_first_answer(an_api, a_person, an_instrument, a_wish):
    call, wish = an_api(a_person()), a_wish(an_instrument())
    first = call("POST", "/bookings", wish, Idempotency_Key="k1")
    again = call("POST", "/bookings", wish, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert call("GET", "/bookings?mine=true").json["total"] == 1


def test_a_repeated_key_with_another_body_is_refused(an_api, a_person, an_instrument, a_wish):
    call, instrument = an_api(a_person()), an_instrument()
    call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k1")
    other = call("POST", "/bookings", a_wish(instrument, after_hours=9), Idempotency_Key="k1")
    assert (other.status_code, other.json["field"]) == (422, "Idempotency-Key")


def test_a_refusal_is_repeated_as_well(an_api, a_person, an_instrument, a_wish):
    instrument = an_instrument()
    an_api(a_person())("POST", "/bookings", a_wish(instrument))
    call = an_api(a_person())
    first = call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k2")
    assert call("POST", "/bookings", a_wish(instrument), Idempotency_Key="k2").json == first.json


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2026-11-24T09:00:00"},
        {"start": "2026-11-24"},
        {"start": 1780000000},
        {"start": None},
        {"end": "2026-11-23T02:00:00Z"},
        {"mode": "dance"},
        {"note": "x" * 501},
        {"note": "a\u0000b"},
        {"price": "0.01"},
        {"account": "mine"},
        {"instrument": 5},
        {"instruments": []},
    ],
)
def test_a_value_that_cannot_be_right_is_422_with_its_field(an_api, a_person, an_instrument, a_wish, change):
    refused = an_api(a_person())("POST", "/bookings", a_wish(an_instrument()) | change)
    assert refused.status_code == 422, refused.text
    assert refused.json["field"]


def test_an_unknown_instrument_and_a_draft_are_not_told_apart(an_api, a_person, an_instrument, a_wish):
    call, draft = an_api(a_person()), an_instrument(publication="draft")
    unknown = call("POST", "/bookings", a_wish(draft) | {"instrument": "987654"})
    hidden = call("POST", "/bookings", a_wish(draft))
    assert (unknown.status_code, hidden.status_code) == (404, 404)
    assert unknown.json["detail"] == hidden.json["detail"]


def test_a_foreign_booking_is_not_found(an_api, a_person, an_instrument, a_wish):
    made = an_api(a_person())("POST", "/bookings", a_wish(an_instrument())).json
    stranger = an_api(a_person())
    assert stranger("GET", f"/bookings/{made['id']}").status_code == 404
    assert stranger("POST", f"/bookings/{made['id']}/cancel", {}).status_code == 404
    assert stranger("PATCH", f"/bookings/{made['id']}", {"note": "mine now"}).status_code == 404


def test_a_move_is_a_new_version_linked_to_the_old(an_api, a_person, an_instrument, a_wish):
    call, instrument = an_api(a_person()), an_instrument()
    old = call("POST", "/bookings", a_wish(instrument)).json
    later = a_wish(instrument, after_hours=6)
    new = call("PATCH", f"/bookings/{old['id']}", {"start": later["start"], "end": later["end"]})
    assert new.status_code == 200, new.text
    assert new.json["previous"] == old["id"]
    assert call("GET", f"/bookings/{old['id']}").json["status"] == "moved"


def test_a_stale_if_match_is_told_and_changes_nothing(an_api, a_person, an_instrument, a_wish):
    call = an_api(a_person())
    made = call("POST", "/bookings", a_wish(an_instrument())).json
    call("PATCH", f"/bookings/{made['id']}", {"note": "first"})
    stale = call("PATCH", f"/bookings/{made['id']}", {"note": "second"}, If_Match=f'"{made["id"]}-1"')
    assert stale.status_code == 412
    assert call("GET", f"/bookings/{made['id']}").json["note"] == "first"


def test_a_step_out_of_order_is_409(an_api, a_person, an_instrument, a_wish):
    call = an_api(a_person())
    made = call("POST", "/bookings", a_wish(an_instrument())).json
    assert call("POST", f"/bookings/{made['id']}/finish", {}).status_code == 409
    assert call("POST", f"/bookings/{made['id']}/cancel", {}).json["status"] == "cancelled"
    assert call("POST", f"/bookings/{made['id']}/cancel", {}).status_code == 409


def test_several_instruments_are_booked_together_or_not_at_all(an_api, a_person, an_instrument, a_wish):
    call, first, second = an_api(a_person()), an_instrument(), an_instrument()
    wish = a_wish(first)
    together = {"instruments": [str(first.id), str(second.id)], "start": wish["start"], "end": wish["end"]}
    made = call("POST", "/bookings", together)
    assert len(made.json["bookings"]) == 2
    third = an_instrument()
    half_taken = together | {"instruments": [str(second.id), str(third.id)]}
    assert call("POST", "/bookings", half_taken).status_code == 409
    assert call("GET", "/bookings?mine=true").json["total"] == 2


@pytest.mark.parametrize("page", [None, "/login"])
def test_an_unsafe_call_without_a_token_is_401_whatever_page_was_seen_before(client, an_instrument, a_wish, page):
    if page:
        client.get(page)  # leaves a cookie without a login
    answer = client.post("/api/v1/bookings", json=a_wish(an_instrument()))
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_login_of_the_browser_alone_does_not_book(client, log_in, a_person, an_instrument, a_wish):
    answer = log_in(client, a_person()).post("/api/v1/bookings", json=a_wish(an_instrument()))
    assert answer.status_code == 400


def test_a_list_is_paged_by_key(an_api, a_person, an_instrument, a_wish):
    call, instrument = an_api(a_person()), an_instrument()
    for hours in range(2, 9):
        assert call("POST", "/bookings", a_wish(instrument, after_hours=hours)).status_code == 201
    first = call("GET", "/bookings?mine=true&limit=3").json
    rest = call("GET", f"/bookings?mine=true&limit=200&cursor={first['next']}").json
    assert (len(first["items"]), len(rest["items"]), rest["next"], first["total"]) == (3, 4, None, 7)
    assert call("GET", "/bookings?limit=1000000000").status_code == 422
    assert call("GET", "/bookings?cursor=rubbish").status_code == 422
