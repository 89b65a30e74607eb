"""Gateways report over the API: signed, once each, whoever else may try."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from instruments.access import Grant, Viewer
from portal.gatewaykeys import key_of
from scheduling.gateways import add_gateway, renew_key, set_active
from scheduling.readings import Reading
from scheduling.switchedon import SwitchedOn


@pytest.fixture
def keeper(an_organisation):
    return Viewer(person_id=1, grants=(Grant("organisation_admin", organisation_id=an_organisation().id),))


@pytest.fixture
def gateway(app, session, keeper, now):
    return add_gateway(session, keeper.administered_organisation_ids[0], "Basement", viewer=keeper, now=now)


@pytest.fixture
def send(app, client, gateway, now):
    """`send(batch="b2", watts=500.5)` sends one signed batch; key, signature and raw body may be others."""

    def post(batch="b1", watts=500.5, readings=None, key=None, signature=None, raw=None, **changes):
        one = {"kind": "power", "channel": "P1", "at": now.isoformat(), "watts": watts}
        body = {"gateway": str(gateway.id), "batch": batch, "sent_at": now.isoformat(), "readings": [one] if readings is None else readings}
        raw = json.dumps(body | changes).encode() if raw is None else raw
        with app.app_context():
            used = (key or key_of(gateway)).encode()
        headers = {"X-Signature": signature or hmac.new(used, raw, hashlib.sha256).hexdigest()}
        return client.post("/api/v1/readings", data=raw, content_type="application/json", headers=headers)

    return post


def kept(session):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Reading))


def test_a_signed_batch_is_taken_in(send, session):
    taken = send()
    assert (taken.status_code, taken.json) == (
        200, {"received": 1, "new": 1, "known": 0, "refused": 0, "drift_seconds": 0, "unassigned": ["P1"]},
    )  # fmt: skip
    assert session.scalars(select(Reading.value)).one() == 500_500


def test_a_repeat_is_answered_and_not_doubled(send, session):
    assert send().json == send().json
    assert kept(session) == 1


@pytest.mark.parametrize(
    "forged", [{"key": "another"}, {"signature": "0" * 64}, {"signature": "é"}, {"gateway": "99999"}, {"gateway": "x"}]
)
def test_a_forged_batch_is_refused_and_nothing_kept(send, session, forged):
    refused = send(**forged)
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert kept(session) == 0


def test_a_batch_changed_on_its_way_is_refused(app, send, session, gateway, now):
    signature = "f" * 64
    assert send(watts=9.0, signature=signature).status_code == 401
    assert kept(session) == 0


def test_a_replayed_name_with_other_content_is_refused(send):
    assert send().status_code == 200
    assert send(watts=1).status_code == 409


def test_the_old_key_is_worth_nothing_once_there_is_a_new_one(app, send, session, gateway, keeper):
    with app.app_context():
        old = key_of(gateway)
    renew_key(session, gateway.id, viewer=keeper)
    assert send(key=old).status_code == 401
    assert send().status_code == 200


def test_a_gateway_that_is_shut_out_is_refused(send, session, gateway, keeper):
    set_active(session, gateway.id, is_active=False, viewer=keeper)
    assert send().status_code == 401


@pytest.mark.parametrize(
    "reading",
    [
        {"watts": -1}, {"watts": 1e400}, {"watts": float("nan")}, {"watts": "many"}, {"at": "2026-11-23T09:00:00"}, {"kind": "heat"},
        {"channel": "通道"}, {"channel": "x" * 41}, {"channel": ""}, {"more": 1}, {"watts": None},
    ],
)  # fmt: skip
def test_a_reading_that_cannot_be_one_is_refused_in_words(send, session, now, reading):
    one = {"kind": "power", "channel": "P1", "at": now.isoformat(), "watts": 5} | reading
    refused = send(readings=[one])
    assert (refused.status_code, bool(refused.json["detail"])) == (422, True)
    assert kept(session) == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"gateway":1}', b"\xff\xfe", b"null"])
def test_a_body_that_is_none_is_refused(send, raw):
    assert send(raw=raw).status_code in (400, 422)


def test_too_many_readings_at_once_are_refused(send, now):
    one = {"kind": "power", "channel": "P1", "at": now.isoformat(), "watts": 5}
    assert send(readings=[one] * 1001).status_code == 422


def test_the_number_of_a_card_is_not_kept(app, send, session, now):
    card = {"kind": "card", "channel": "D1", "at": now.isoformat(), "card": "04A1B2C3", "event": "in"}
    assert send(readings=[card]).status_code == 200
    digest = session.scalars(select(Reading.card_digest)).one()
    assert len(digest) == 64
    assert hashlib.sha256(b"04A1B2C3").hexdigest() != digest


def test_what_was_sent_becomes_intervals_by_the_tick(app, send, session, now, tick):
    at = [now - timedelta(minutes=minutes) for minutes in (30, 25, 20)]
    readings = [
        {"kind": "power", "channel": "P1", "at": instant.isoformat(), "watts": watts}
        for instant, watts in zip(at, (500, 500, 0), strict=True)
    ]
    send(readings=readings)
    tick("readings", now)
    session.expire_all()
    assert [(one.start_at, one.end_at) for one in session.scalars(select(SwitchedOn))] == [(at[0], at[2])]
