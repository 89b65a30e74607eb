"""Beginning and ending a use over the API: walking on, the booking that is due, what the rules say, and what only a manager may tell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.access import load_viewer
from instruments.roles import grant
from portal.qrmarks import mark_of
from scheduling.usepolicy import Policy, set_policy

HOUR = timedelta(hours=1)


def codes_of(refused):
    return [one["code"] for one in refused.json["refusals"]]


@pytest.fixture
def begin():
    """What is posted to begin: begin(instrument, project="alloy")."""

    def make(instrument, **more):
        return {"instrument": str(instrument.id), **more}

    return make


@pytest.fixture
def keeper(session, a_person, now):
    """The person who manages an instrument: keeper(instrument)."""

    def make(instrument):
        person = a_person(organisation=instrument.organisation)
        grant(session, person, "manager", instrument=instrument, now=now)
        return person

    return make


class TestWalkOn:
    def test_a_program_begins_and_ends_a_use_without_a_booking(self, an_api, a_person, an_instrument, begin, clock_at, now):
        person, instrument = a_person(), an_instrument()
        call = an_api(person)
        begun = call("POST", "/usage/begin", begin(instrument, project="alloy"))
        assert begun.status_code == 201, begun.text
        assert (begun.json["status"], begun.json["person"], begun.json["booking"]) == ("running", str(person.id), None)
        assert call("GET", begun.headers["Location"].removeprefix("/api/v1")).json == begun.json
        with clock_at(now + HOUR):
            told = {"samples": 3, "fault_minutes": 10, "outcome": "ok", "quantities": {"gas": "2.50"}}
            ended = call("POST", f"/usage/{begun.json['id']}/end", told)
        assert ended.status_code == 200, ended.text
        found = ended.json
        assert (found["status"], found["effective_minutes"], found["samples"], found["quantities"]) == ("recorded", 50, 3, {"gas": "2.5"})
        assert (found["project"], found["start_source"], found["end_source"]) == ("alloy", "web", "web")
        assert found["problems"] == ["outside_booking"]

    def test_with_the_mark_on_the_instrument_it_is_known_that_somebody_stood_there(
        self, app, an_api, a_person, an_instrument, begin, session
    ):
        instrument, other = an_instrument(), an_instrument()
        session.commit()
        with app.app_context():
            mark = mark_of(instrument.id)
        call = an_api(a_person())
        assert call("POST", "/usage/begin", begin(instrument, mark=mark)).json["start_source"] == "qr"
        assert call("POST", "/usage/begin", begin(other, mark=mark)).json["start_source"] == "web"

    def test_a_repeated_key_begins_one_use(self, an_api, a_person, an_instrument, begin):
        call, instrument = an_api(a_person()), an_instrument()
        first, again = (call("POST", "/usage/begin", begin(instrument), Idempotency_Key="k1") for _ in range(2))
        assert (first.status_code, first.json) == (again.status_code, again.json)
        assert call("GET", "/usage").json["total"] == 1

    def test_where_the_organisation_wants_bookings_it_is_refused(
        self, an_api, a_person, an_instrument, an_organisation_admin, begin, session, now
    ):
        instrument = an_instrument()
        admin = load_viewer(session, an_organisation_admin(instrument.organisation))
        set_policy(session, instrument.organisation_id, Policy(walk_on=False), viewer=admin, now=now)
        refused = an_api(a_person())("POST", "/usage/begin", begin(instrument))
        assert (refused.status_code, codes_of(refused)) == (422, ["book_first"])

    def test_the_rules_of_a_booking_hold_as_on_the_page(self, an_api, a_person, an_instrument, begin):
        call = an_api(a_person())
        refused = call("POST", "/usage/begin", begin(an_instrument(needs_qualification=True)))
        assert (refused.status_code, codes_of(refused)) == (422, ["qualification"])
        asking = an_instrument(rules=[{"kind": "approval", "parameters": {}}])
        assert codes_of(call("POST", "/usage/begin", begin(asking))) == ["ask_first"]

    def test_a_place_that_is_used_or_booked_is_409(self, an_api, a_person, an_instrument, a_booking, a_span, begin, clock_at, now):
        used, booked = an_instrument(), an_instrument()
        assert an_api(a_person())("POST", "/usage/begin", begin(used)).status_code == 201
        assert an_api(a_person())("POST", "/usage/begin", begin(used)).status_code == 409
        a_booking(instrument=booked, span=a_span(0, 2))
        with clock_at(now + HOUR):
            refused = an_api(a_person())("POST", "/usage/begin", begin(booked))
        assert (refused.status_code, codes_of(refused)) == (409, ["taken"])

    @pytest.mark.parametrize(
        "changes", [{"mode": "x"}, {"group": "999999"}, {"project": "a\x00b"}, {"mark": "x" * 41}, {"start": "2026-11-23T01:00Z"}]
    )
    def test_what_cannot_be_is_422(self, an_api, a_person, an_instrument, begin, changes):
        call = an_api(a_person())
        assert call("POST", "/usage/begin", begin(an_instrument(), **changes)).status_code == 422
        assert call("GET", "/usage").json["total"] == 0

    def test_what_nobody_may_see_is_not_there(self, an_api, a_person, an_instrument, begin, client):
        hidden = an_instrument(publication="draft")
        assert an_api(a_person())("POST", "/usage/begin", begin(hidden)).status_code == 404
        assert client.post("/api/v1/usage/begin", json=begin(hidden)).status_code == 401


class TestBooked:
    def test_the_booking_that_is_due_is_begun_and_ends_with_the_use(self, an_api, a_person, a_booking, a_viewer, begin, clock_at):
        person = a_person()
        booked = a_booking(viewer=a_viewer(person=person))
        call = an_api(person)
        with clock_at(booked.start_at):
            begun = call("POST", "/usage/begin", begin(booked.instrument))
            assert begun.json["booking"] == str(booked.id), begun.text
        with clock_at(booked.end_at):
            assert call("POST", f"/usage/{begun.json['id']}/end", {}).json["problems"] == []
            assert call("GET", f"/bookings/{booked.id}").json["status"] == "finished"

    def test_a_booking_of_another_instrument_is_refused(self, an_api, a_person, an_instrument, a_booking, a_viewer, begin, clock_at):
        person = a_person()
        booked = a_booking(viewer=a_viewer(person=person))
        with clock_at(booked.start_at):
            refused = an_api(person)("POST", "/usage/begin", begin(an_instrument(), booking=str(booked.id)))
        assert (refused.status_code, refused.json["field"]) == (422, "booking")


class TestByTheManager:
    def test_the_manager_begins_for_somebody_and_says_when_it_ended(self, an_api, a_person, an_instrument, keeper, begin, clock_at, now):
        instrument, user = an_instrument(), a_person()
        call = an_api(keeper(instrument))
        begun = call("POST", "/usage/begin", begin(instrument, person=user.email))
        assert (begun.json["person"], begun.json["start_source"]) == (str(user.id), "manager")
        with clock_at(now + 2 * HOUR):
            early = {"end": (now + HOUR).isoformat()}
            assert an_api(user)("POST", f"/usage/{begun.json['id']}/end", early).status_code == 403
            ended = call("POST", f"/usage/{begun.json['id']}/end", early)
            assert (ended.json["effective_minutes"], ended.json["end_source"]) == (60, "manager")
            assert call("POST", f"/usage/{begun.json['id']}/end", {}).status_code == 409

    def test_nobody_else_begins_for_others_or_learns_who_there_is(self, an_api, a_person, an_instrument, begin):
        call, instrument = an_api(a_person()), an_instrument()
        for email in (a_person().email, "nobody@example.org"):
            assert call("POST", "/usage/begin", begin(instrument, person=email)).status_code == 403

    def test_others_end_nothing(self, an_api, a_person, an_instrument, begin):
        begun = an_api(a_person())("POST", "/usage/begin", begin(an_instrument()))
        assert an_api(a_person())("POST", f"/usage/{begun.json['id']}/end", {}).status_code == 404
