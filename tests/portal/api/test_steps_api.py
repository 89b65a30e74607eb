"""The steps of a booking over the API: in order, by whom they are for, once per key, and of the version that was seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

APPROVAL = [{"kind": "approval", "parameters": {}}]


@pytest.fixture
def asked(an_api, a_person, a_manager, an_instrument, a_wish):
    """A request that waits: (what the person calls with, what the manager calls with, the request)."""
    instrument = an_instrument(rules=APPROVAL)
    own, manager = an_api(a_person()), an_api(a_manager(instrument))
    return own, manager, own("POST", "/bookings", a_wish(instrument)).json


@pytest.fixture
def booked(an_api, a_person, a_manager, an_instrument, a_wish):
    """A booking in two hours: (what the person calls with, what the manager calls with, the booking)."""
    instrument = an_instrument()
    own, manager = an_api(a_person()), an_api(a_manager(instrument))
    return own, manager, own("POST", "/bookings", a_wish(instrument)).json


def test_a_request_is_approved_by_the_manager_and_by_nobody_else(asked):
    own, manager, request = asked
    assert request["status"] == "requested"
    assert request["expires"]
    assert own("POST", f"/bookings/{request['id']}/approve", {}).status_code == 403
    approved = manager("POST", f"/bookings/{request['id']}/approve", {"note": "好的"})
    assert (approved.status_code, approved.json["status"], approved.json["reason"]) == (200, "confirmed", "好的")
    assert manager("POST", f"/bookings/{request['id']}/approve", {}).status_code == 409


def test_a_request_is_declined_with_a_reason(asked):
    own, manager, request = asked
    refused = manager("POST", f"/bookings/{request['id']}/decline", {})
    assert (refused.status_code, refused.json["field"]) == (422, "reason")
    declined = manager("POST", f"/bookings/{request['id']}/decline", {"reason": "维修"})
    assert (declined.json["status"], declined.json["reason"]) == ("declined", "维修")
    assert own("GET", f"/bookings/{request['id']}").json["status"] == "declined"


def test_use_is_started_and_finished_in_its_time(booked, clock_at, now):
    own, _, made = booked
    assert own("POST", f"/bookings/{made['id']}/start", {}).status_code == 409
    with clock_at(now + timedelta(hours=2)):
        started = own("POST", f"/bookings/{made['id']}/start", {})
    assert (started.status_code, started.json["status"], started.json["started"]) == (200, "running", "2026-11-23T03:00:00+00:00")
    with clock_at(now + timedelta(hours=2, minutes=40)):
        finished = own("POST", f"/bookings/{made['id']}/finish", {})
    assert (finished.json["status"], finished.json["ended"]) == ("finished", "2026-11-23T03:40:00+00:00")


def test_only_the_manager_marks_that_nobody_came_and_not_before_the_time(booked, clock_at, now):
    own, manager, made = booked
    assert manager("POST", f"/bookings/{made['id']}/no-show", {}).status_code == 409
    with clock_at(now + timedelta(hours=2, minutes=30)):
        assert own("POST", f"/bookings/{made['id']}/no-show", {}).status_code == 403
        assert manager("POST", f"/bookings/{made['id']}/no-show", {}).json["status"] == "no_show"


def test_a_manager_cancels_with_a_reason(booked):
    _, manager, made = booked
    assert manager("POST", f"/bookings/{made['id']}/cancel", {}).status_code == 422
    assert manager("POST", f"/bookings/{made['id']}/cancel", {"reason": "停电"}).json["status"] == "cancelled"


def test_a_step_of_another_version_is_412_and_of_this_one_is_taken(booked):
    own, _, made = booked
    own("PATCH", f"/bookings/{made['id']}", {"note": "two samples"})
    stale = own("POST", f"/bookings/{made['id']}/cancel", {}, If_Match=f'"{made["id"]}-1"')
    assert (stale.status_code, stale.json["changes"]["status"]["theirs"]) == (412, "confirmed")
    newest = own("GET", f"/bookings/{made['id']}").headers["ETag"]
    done = own("POST", f"/bookings/{made['id']}/cancel", {}, If_Match=f'"7-7", {newest}')
    assert (done.status_code, done.json["status"]) == (200, "cancelled")
    assert done.headers["ETag"] == f'"{made["id"]}-{done.json["version"]}"'


@pytest.mark.parametrize("kind", ["cancel", "PATCH"])
def test_a_repeated_key_gives_the_first_answer_to_a_step_and_a_move(booked, a_wish, an_instrument, kind):
    own, _, made = booked
    later = a_wish(an_instrument(), after_hours=6)
    body = {"reason": "ill"} if kind == "cancel" else {"start": later["start"], "end": later["end"]}
    call = ("POST", f"/bookings/{made['id']}/cancel") if kind == "cancel" else ("PATCH", f"/bookings/{made['id']}")
    first, again = (own(*call, body, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json, first.headers["ETag"]) == (again.json, again.headers["ETag"])
    assert own(*call, body).status_code == 409
    other = own(*call, body | ({"note": "more"} if kind == "PATCH" else {"reason": "well"}), Idempotency_Key="k1")
    assert (other.status_code, other.json["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é"])
def test_a_key_that_cannot_be_one_is_refused(booked, key):
    own, _, made = booked
    refused = own("POST", f"/bookings/{made['id']}/cancel", {}, Idempotency_Key=key)
    assert (refused.status_code, refused.json["field"]) == (422, "Idempotency-Key")


def test_a_move_to_a_taken_time_tells_the_times_that_would_work(an_api, a_person, an_instrument, a_wish):
    instrument = an_instrument()
    own, other = an_api(a_person()), an_api(a_person())
    made = own("POST", "/bookings", a_wish(instrument)).json
    other("POST", "/bookings", a_wish(instrument, after_hours=6))
    taken = a_wish(instrument, after_hours=6)
    refused = own("PATCH", f"/bookings/{made['id']}", {"start": taken["start"], "end": taken["end"]})
    assert (refused.status_code, [one["code"] for one in refused.json["refusals"]]) == (409, ["taken"])
    offered = refused.json["alternatives"][0]
    assert own("PATCH", f"/bookings/{made['id']}", {"start": offered["start"], "end": offered["end"]}).status_code == 200


def test_what_a_change_leaves_out_stays(booked):
    own, _, made = booked
    own("PATCH", f"/bookings/{made['id']}", {"note": "two samples"})
    unchanged = own("PATCH", f"/bookings/{made['id']}", {})
    assert (unchanged.status_code, unchanged.json["note"], unchanged.json["start"]) == (200, "two samples", made["start"])
    assert own("PATCH", f"/bookings/{made['id']}", {"note": ""}).json["note"] == ""


def test_a_naive_time_is_422_in_a_move_and_in_a_list(booked):
    own, _, made = booked
    assert own("PATCH", f"/bookings/{made['id']}", {"start": "2026-11-24T09:00:00"}).json["field"] == "start"
    refused = own("GET", "/bookings?from=2026-11-24T09:00:00")
    assert (refused.status_code, refused.json["field"]) == (422, "from")


def test_a_list_is_narrowed_by_time_state_and_instrument(an_api, a_person, an_instrument, a_wish):
    own, first, second = an_api(a_person()), an_instrument(), an_instrument()
    early = own("POST", "/bookings", a_wish(first, after_hours=2)).json
    late = own("POST", "/bookings", a_wish(second, after_hours=9)).json
    own("POST", f"/bookings/{late['id']}/cancel", {})

    def ids(asked):
        return [one["id"] for one in own("GET", f"/bookings?mine=true&{asked}").json["items"]]

    assert ids("") == [early["id"], late["id"]]
    assert ids("until=2026-11-23T05:00:00Z") == [early["id"]]
    assert ids("from=2026-11-23T05:00:00Z") == [late["id"]]
    assert ids("status=cancelled") == [late["id"]]
    assert ids(f"instrument={first.id}") == [early["id"]]


def test_an_unsafe_call_wants_json(booked, client):
    own, _, made = booked
    assert own("POST", f"/bookings/{made['id']}/cancel").status_code == 415
    assert own("DELETE", f"/bookings/{made['id']}").status_code == 405
