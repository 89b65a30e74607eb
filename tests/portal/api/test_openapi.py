"""The API is what its description says: every call, as each kind of person, with values that fit the description and values that do not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.auth import tokens

PEOPLE = ("anonymous", "owner", "manager", "province_admin")
CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, response_headers_conformance,
    negative_data_rejection,
)  # fmt: skip
# A call changes what the next one meets, so that a red case is not made smaller: it would be another case.
TRIES = settings(
    max_examples=max(20, settings.default.max_examples // 4),
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# What differs between the databases is tried call by call elsewhere; here it would double the time and find the same.
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
INSTRUMENTS = ("instrument", "busy", "asking", "trained", "draft", "instrument_elsewhere", "draft_elsewhere")
BOOKINGS = ("booking", "request", "running", "due_booking", "late_booking", "booking_elsewhere")
FIRST = ("1", "2", "3")  # for an id nobody has named: whatever was made first
# What the made-up calls must have come to, or they have tried nothing but refusals.
REACHED = {
    "anonymous": {("GET /instruments", 200), ("GET /instruments/{instrument_id}", 200), ("POST /bookings", 401)},
    "owner": {("POST /bookings", 201), ("POST /bookings", 422), ("POST /bookings/{booking_id}/cancel", 200), ("GET /bookings/{booking_id}", 200)},
    "manager": {("POST /bookings/{booking_id}/approve", 200), ("POST /bookings", 201), ("GET /bookings/{booking_id}", 200)},
    "province_admin": {("GET /bookings/{booking_id}", 200), ("POST /instruments/{instrument_id}/quote", 200), ("POST /me/tokens", 201)},
}  # fmt: skip


@pytest.fixture
def described(app, town):
    """The description as it is served."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.fixture
def ids(session, town, now):
    """Ids that stand for something, by the argument or field they are put in; a token to be revoked is never the one in use."""
    spare = []
    for role in PEOPLE[1:]:
        for _ in range(3):
            tokens.create(session, town.id(role), "spare", now=now)
        session.flush()
        spare += [str(one.id) for one in tokens.live_tokens(session, town.id(role), now)[:3]]
    session.commit()
    instruments = [str(town.id(name)) for name in INSTRUMENTS]
    return {
        "instrument_id": instruments, "instrument": instruments, "booking_id": [str(town.id(name)) for name in BOOKINGS],
        "token_id": spare, "group": [str(town.id("group"))], "facility": [str(town.id("facility"))],
    }  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("role", PEOPLE)
def test_calls_that_fit_the_description_are_answered_as_it_says(described, town, ids, now, role, subtests):
    seen = set()

    def ask(case, draw):
        _make_likely(case, draw, ids, now)
        answer = case.call(headers=_login(town, role))
        seen.add((case.operation.label, answer.status_code))
        case.validate_response(answer, checks=CHECKS)

    for operation in _operations(described):
        with subtests.test(operation.label):
            _try(operation, GenerationMode.POSITIVE, ask)
    assert seen >= REACHED[role]


@on_sqlite
@pytest.mark.parametrize("role", ["owner", "manager"])  # what is sent is read before it matters who sent it
def test_calls_that_do_not_fit_the_description_are_refused(described, town, ids, role, subtests):
    def ask(case, draw):
        _put_ids(case, draw, ids)
        # Where the login is what was made wrong, it is left as it is.
        is_login_kept = {} in case.operation.definition.raw["security"] or str((case.headers or {}).get("Authorization")).startswith(
            "Bearer"
        )
        case.call_and_validate(headers=_login(town, role) if is_login_kept else {}, checks=CHECKS)

    for operation in _operations(described):
        if operation.query or operation.body:  # in others nothing can be wrong but an id, which is just unknown then
            with subtests.test(operation.label):
                _try(operation, GenerationMode.NEGATIVE, ask)


def _operations(described):
    """All of them; what ends a booking comes last."""
    found = [one.ok() for one in described.get_all_operations()]
    return sorted(found, key=lambda one: one.label.startswith("PATCH") or one.label.endswith(("/cancel", "/decline")))


def _try(operation, mode, ask):
    """Ask with made-up values of a kind; the same ones on every run."""

    @TRIES
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def made_up(case, data):
        ask(case, data.draw)

    made_up()


def _login(town, role):
    return {"Authorization": f"Bearer {town.tokens[role]}"} if role in town.tokens else {}


def _make_likely(case, draw, ids, now):
    """Put ids that exist and times of these days into most calls: left to chance, they would all be 404 or years away."""
    start = now + timedelta(minutes=30 * draw(st.integers(-4, 200)))
    end = start + timedelta(minutes=30 * draw(st.integers(1, 8)))
    times = {"start": start, "from": start, "free_from": start, "end": end, "until": end, "free_until": end}
    if draw(st.integers(0, 9)):
        _put_ids(case, draw, ids)
    for values in (case.query, case.body):
        if isinstance(values, dict) and draw(st.integers(0, 9)):
            _settle(case, values, draw)
            values |= {name: draw(st.sampled_from(ids[name])) for name in values if name in ids}
            values |= {name: times[name].isoformat() for name in values if name in times and values[name] is not None}


def _put_ids(case, draw, ids):
    for name in case.path_parameters or {}:
        case.path_parameters[name] = draw(st.sampled_from(ids.get(name, FIRST)))


def _settle(case, values, draw):
    """Leave out of most bookings what they cannot have: two kinds of instrument, somebody else's group, an account."""
    if values is case.body and case.operation.label == "POST /bookings" and draw(st.integers(0, 3)):
        for name in ("instruments", "group", "account"):
            values.pop(name, None)
        values["instrument"] = ""


def test_every_operation_is_named_once_and_every_shape_it_names_is_there(client):
    document = client.get("/api/v1/openapi.json").json
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names))
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in document["components"]["schemas"]


def test_the_page_shows_every_call_of_the_description(client):
    document, page = client.get("/api/v1/openapi.json").json, client.get("/api/docs").text
    for path, entries in document["paths"].items():
        for method in entries:
            assert f"<code>{method.upper()} /api/v1{path}</code>" in page
    assert "https://" not in page.partition("<main")[2].partition("</main")[0].replace("https://localhost", "")
