"""What gateways report. They do not log in: each batch is signed with the gateway's key, over the whole body."""

from __future__ import annotations

import hashlib

from flask import request
from sqlalchemy.orm import Session

from instruments.errors import Sentence
from portal import clock
from portal.api.openapi import api, read_id
from portal.api.shapes.reading import BatchIn, BatchOut, CardIn, PowerIn
from portal.errors import LoginNeeded
from portal.gatewaykeys import card_digest, is_signed
from portal.transactions import reading, writing
from scheduling.gateways import Gateway
from scheduling.readings import Sample, take_batch

SIGNATURE = "X-Signature"
FORGED = Sentence("签名不正确，或网关已停用。", "The signature is wrong, or the gateway is shut out.")


@api.operation(
    "POST", "/readings", "Report what meters and card readers saw", tag="readings", body=BatchIn, answers={200: BatchOut}, errors=(409,),
    public=True, headers=(SIGNATURE,),
)  # fmt: skip
def take_readings(body: BatchIn) -> BatchOut:
    """Take a batch in, once: a repeat gets the first answer. A batch that is not signed by its gateway is 401, another of its name 409."""
    raw = request.get_data(cache=True)
    with reading() as session:
        _signed_by(session, body.gateway, raw)  # a forged batch must not keep those waiting who write
    with writing() as session:
        gateway = _signed_by(session, body.gateway, raw)
        taken = take_batch(
            session, gateway, body.batch, hashlib.sha256(raw).hexdigest(), [_sample_of(one) for one in body.readings],
            sent_at=body.sent_at, now=clock.now(),
        )  # fmt: skip
    return BatchOut(
        received=taken.received, new=taken.new, known=taken.known, refused=taken.refused, drift_seconds=taken.drift_seconds,
        unassigned=list(taken.unassigned),
    )  # fmt: skip


def _signed_by(session: Session, gateway_id: str, raw: bytes) -> Gateway:
    found = session.get(Gateway, read_id(gateway_id)) if gateway_id.isdigit() else None
    if found is None or not found.is_active or not is_signed(found, raw, request.headers.get(SIGNATURE, "")):
        raise LoginNeeded(FORGED)
    return found


def _sample_of(one: PowerIn | CardIn) -> Sample:
    if isinstance(one, PowerIn):
        return Sample(one.channel, "power", one.at, round(one.watts * 1000))
    return Sample(one.channel, "card", one.at, int(one.event == "in"), card_digest(one.card))
