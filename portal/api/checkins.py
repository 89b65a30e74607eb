"""Beginning and ending a use beside the instrument, by a program: with the booking that is due or without one, by the rules of the page."""

from __future__ import annotations

from decimal import Decimal

from flask import url_for
from sqlalchemy.orm import Session

from instruments.catalogue import instrument
from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.shapes.usage import UsageOut, UseBegun, UseEnded
from portal.api.usage import person_named, usages_out
from portal.auth import viewer
from portal.idempotency import Answer
from portal.qrmarks import source_of
from scheduling.checkin import WalkOn, check_in, check_out
from scheduling.particulars import Particulars
from scheduling.recording import check_recorder
from scheduling.usage import UsageRecord, seen_use


@api.operation(
    "POST", "/usage/begin", "Begin a use, with a booking or without", tag="usage", body=UseBegun, answers={201: UsageOut}, errors=(403, 409),
    headers=(KEY,),
)  # fmt: skip
def begin_usage(body: UseBegun) -> Answered:
    """Begin the use of the booking that is due, or walk on; 409 while somebody uses or has booked the place, 422 when a rule says no."""

    def do(session: Session) -> Answer:
        instrument_id = read_id(body.instrument)
        person_id = None
        if body.person:
            check_recorder(instrument(session, instrument_id), viewer())  # before anything is said about the person named
            person_id = person_named(session, "person", body.person)
        walk_on = WalkOn(person_id, body.mode, body.purpose, read_id(body.group) if body.group else None, body.project)
        booking_id = read_id(body.booking) if body.booking else None
        known = {"source": source_of(instrument_id, body.mark), "booking_id": booking_id, "walk_on": walk_on}
        return _kept(session, check_in(session, instrument_id, viewer=viewer(), now=clock.now(), **known), 201)

    payload, status, headers = answer_once("usage/begin", body.model_dump(mode="json"), do)
    return payload, status, headers | ({"Location": url_for("api.show_usage", usage_id=payload["id"])} if status == 201 else {})


@api.operation(
    "POST", "/usage/{usage_id}/end", "End a use", tag="usage", body=UseEnded, answers={200: UsageOut}, errors=(403, 409), headers=(KEY,)
)  # fmt: skip
def end_usage(usage_id: int, body: UseEnded) -> Answered:
    """End one's own running use, or as its manager anybody's, who alone may say that it ended earlier; its booking ends with it."""

    def do(session: Session) -> Answer:
        source = source_of(seen_use(session, usage_id, viewer()).instrument_id, body.mark)
        known = {"ended_at": body.end, "known": _particulars(body)}
        return _kept(session, check_out(session, usage_id, viewer=viewer(), source=source, now=clock.now(), **known), 200)

    return answer_once(f"usage/{usage_id}/end", body.model_dump(mode="json"), do)


def _particulars(body: UseEnded) -> Particulars:
    quantities = tuple((code, Decimal(amount)) for code, amount in body.quantities.items())
    return Particulars(
        body.startup_minutes, body.post_minutes, body.fault_minutes, None, body.samples, body.runs, quantities, tuple(body.options),
        body.content, body.project, body.outcome,
    )  # fmt: skip


def _kept(session: Session, record: UsageRecord, status: int) -> Answer:
    session.flush()
    return Answer(status, usages_out(session, [record])[0].model_dump(mode="json"))
