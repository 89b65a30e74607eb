"""Uses over the API: who sees which, the page and the CSV, and what a manager may record."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from instruments.roles import grant
from scheduling.usageproblems import open_problem

HOUR = timedelta(hours=1)
FIELDS = {
    "id", "instrument", "organisation", "user_organisation", "start", "end", "effective_minutes", "external", "audience", "mode", "purpose",
    "provenance", "samples", "charged", "currency", "booking",
}  # fmt: skip


@pytest.fixture
def keeper(session, a_person, an_instrument, now):
    """A manager and her instrument."""
    instrument = an_instrument()
    person = a_person(organisation=instrument.organisation)
    grant(session, person, "manager", instrument=instrument, now=now)
    return person, instrument


@pytest.fixture
def an_entry(now, a_person):
    """What is posted to /usage."""

    def make(instrument, **changes):
        values = {
            "instrument": str(instrument.id), "person": a_person().email, "start": (now - 3 * HOUR).isoformat(), "end": (now - HOUR).isoformat(),
        }  # fmt: skip
        return values | changes

    return make


class TestList:
    def test_a_row_has_what_was_promised(self, an_api, a_person, a_usage, an_organisation):
        person = a_person(organisation=an_organisation(kind="enterprise"))
        record = a_usage(person=person, samples=3, startup_minutes=10)
        found = an_api(person)("GET", "/usage").json
        (row,) = found["items"]
        assert set(row) >= FIELDS
        assert (row["external"], row["audience"], row["effective_minutes"], row["samples"]) == (True, "enterprise", 70, 3)
        assert (row["provenance"], row["charged"], row["currency"], row["booking"]) == ("manager", None, "CNY", None)
        assert row["user_organisation"]["id"] == str(record.organisation_id)
        assert row["start"].endswith("+00:00")
        assert (found["total"], found["next"]) == (1, None)

    def test_everybody_sees_her_own_only(self, an_api, a_person, a_usage, keeper, a_group):
        keeper_person, instrument = keeper
        one, other, pi = a_person(), a_person(), a_person()
        group = a_group(one, pi=pi)
        a_usage(instrument=instrument, person=one, group_id=group.id)
        for person, seen in ((one, 1), (other, 0), (pi, 1), (keeper_person, 1)):
            assert an_api(person)("GET", "/usage").json["total"] == seen
        assert an_api(keeper_person)("GET", "/usage?mine=true").json["total"] == 0

    def test_it_is_narrowed_by_window_instrument_and_status(self, an_api, a_person, a_usage, an_instrument, a_past_span, now):
        person, instrument = a_person(), an_instrument()
        a_usage(person=person, instrument=instrument, span=a_past_span(10, 1))
        a_usage(person=person, span=a_past_span(4, 1), confirmed=True)
        call = an_api(person)
        moment = (now - 5 * HOUR).isoformat().replace("+", "%2B")
        assert call("GET", f"/usage?from={moment}").json["total"] == 1
        assert call("GET", f"/usage?until={moment}").json["total"] == 1
        assert call("GET", f"/usage?instrument={instrument.id}").json["total"] == 1
        assert call("GET", "/usage?status=confirmed").json["total"] == 1
        assert call("GET", "/usage?status=lost").status_code == 422

    def test_pages_by_key_give_every_row_once(self, an_api, a_person, a_usage, an_instrument, a_manager, a_past_span):
        person, instrument = a_person(), an_instrument()
        manager = a_manager(instrument)
        for number in range(5):
            a_usage(person=person, instrument=instrument, manager=manager, span=a_past_span(2 * number + 2, 1))
        call, seen, cursor = an_api(person), [], ""
        while cursor is not None:
            page = call("GET", f"/usage?limit=2&cursor={cursor}").json
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
        assert len(seen) == len(set(seen)) == page["total"] == 5

    def test_all_of_them_come_as_csv(self, an_api, a_person, a_usage, an_instrument):
        person, instrument = a_person(), an_instrument(name_zh="=1+1")
        a_usage(person=person, instrument=instrument)
        answer = an_api(person)("GET", "/usage?format=csv")
        assert answer.mimetype == "text/csv"
        header, row = csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
        told = dict(zip(header, row, strict=True))
        assert set(header) >= FIELDS
        assert (told["effective_minutes"], told["external"], told["instrument_name_zh"]) == ("60", "true", "'=1+1")

    def test_nobody_else_learns_of_a_use(self, an_api, a_person, a_usage, client):
        record = a_usage()
        assert an_api(a_person())("GET", f"/usage/{record.id}").status_code == 404
        assert client.get("/api/v1/usage").status_code == 401


class TestRecord:
    def test_a_manager_records_a_use(self, an_api, keeper, an_entry):
        person, instrument = keeper
        made = an_api(person)("POST", "/usage", an_entry(instrument, quantities={"gas": "2.50"}, content="XRD"))
        assert made.status_code == 201, made.text
        assert (made.json["status"], made.json["effective_minutes"], made.json["quantities"]) == ("recorded", 120, {"gas": "2.5"})
        assert an_api(person)("GET", made.headers["Location"].removeprefix("/api/v1")).json == made.json

    def test_a_repeated_key_gives_the_first_answer(self, an_api, keeper, an_entry):
        person, instrument = keeper
        entry, call = an_entry(instrument), an_api(person)
        first, again = (call("POST", "/usage", entry, Idempotency_Key="k1") for _ in range(2))
        assert (first.status_code, first.json) == (again.status_code, again.json)
        assert call("GET", "/usage").json["total"] == 1

    def test_an_overlap_is_409(self, an_api, keeper, an_entry):
        person, instrument = keeper
        call = an_api(person)
        call("POST", "/usage", an_entry(instrument))
        refused = call("POST", "/usage", an_entry(instrument))
        assert (refused.status_code, refused.json["refusals"][0]["code"]) == (409, "use_overlap")

    @pytest.mark.parametrize(
        "changes",
        [
            {"end": "2026-11-22T00:00:00+08:00"}, {"end": "2027-01-01T00:00:00Z"}, {"start": "2026-01-01T00:00:00Z"}, {"start": "2026-11-23T05:00"},
            {"person": "nobody@example.org"}, {"mode": "x"}, {"samples": -1}, {"samples": 1.5}, {"effective_minutes": 999}, {"quantities": {"gas": "NaN"}},
            {"quantities": {"gas": "1e400"}}, {"price": "1.00"}, {"charged": "1.00"}, {"group": "999999"}, {"content": "a\x00b"},
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_422(self, an_api, keeper, an_entry, changes):
        person, instrument = keeper
        refused = an_api(person)("POST", "/usage", an_entry(instrument, **changes))
        assert refused.status_code == 422, refused.text
        assert an_api(person)("GET", "/usage").json["total"] == 0

    def test_who_does_not_manage_it_learns_nothing_of_the_people_named(self, an_api, a_person, an_instrument, an_entry):
        instrument, call = an_instrument(), an_api(a_person())
        for email in (a_person().email, "nobody@example.org"):
            assert call("POST", "/usage", an_entry(instrument, person=email)).status_code == 403
        hidden = an_instrument(publication="draft")
        assert call("POST", "/usage", an_entry(hidden)).status_code == 404


class TestConfirm:
    def test_a_use_is_confirmed_and_a_problem_is_in_the_way(self, an_api, keeper, a_usage, session, now):
        person, instrument = keeper
        record = a_usage(instrument=instrument)
        problem = open_problem(session, "clock", instrument_id=instrument.id, usage_id=record.id, now=now)
        call = an_api(person)
        refused = call("POST", f"/usage/{record.id}/confirm")
        assert (refused.status_code, call("GET", f"/usage/{record.id}").json["problems"]) == (409, ["clock"])
        problem.resolved_at, problem.resolution, problem.reason = now, "accepted", "x"
        for _ in range(2):
            assert call("POST", f"/usage/{record.id}/confirm").json["status"] == "confirmed"
        assert an_api(record.person)("POST", f"/usage/{record.id}/confirm").status_code == 403
