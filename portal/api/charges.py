"""Charges: the same verbs as the pages, done once per Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from instruments.money import yuan
from instruments.people import person_by_email
from portal import clock, objections
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named, Words
from portal.api.shapes.money import ChargeIn, ChargeLineOut, ChargeOut, ChargesAsked, ChargesOut, ChargeStepIn, LineIn, PayersIn, ShareOut
from portal.auth import viewer
from portal.idempotency import Answer
from portal.transactions import reading
from scheduling.accounting import charging, disputes
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.billing import charge_by_hand
from scheduling.accounting.chargelist import WantedCharges, page_of_charges
from scheduling.accounting.charges import Charge, ChargeLine, seen_charge


@api.operation("GET", "/charges", "List charges I may see", tag="money", query=ChargesAsked, answers={200: ChargesOut})
def list_charges(query: ChargesAsked) -> ChargesOut:
    """List charges, the newest first: my own, my groups', those of instruments I look after, those of my organisation's people."""
    before = key_of(query.cursor, int)
    wanted = WantedCharges(query.whose, (query.status,) if query.status else ())
    with reading() as session:
        page = page_of_charges(session, wanted, viewer=viewer(), limit=query.limit, before=before[0] if before else None)
        items = [charge_out(one) for one in page.charges]
    return ChargesOut(items=items, total=page.total, next=cursor_of(page.next) if page.next else None)


@api.operation("GET", "/charges/{charge_id}", "One charge with its lines", tag="money", answers={200: ChargeOut})
def show_charge(charge_id: int) -> ChargeOut:
    """Show a charge that is mine, my group's, my instrument's or of my organisation's people."""
    with reading() as session:
        return whole_charge_out(seen_charge(session, charge_id, viewer()))


@api.operation(
    "POST",
    "/charges",
    "Charge for something that is no use",
    tag="money",
    body=ChargeIn,
    answers={201: ChargeOut},
    errors=(403, 409),
    headers=(KEY,),
)
def make_charge(body: ChargeIn) -> Answered:
    """Make a draft with one reasoned line, as the instrument's manager."""

    def do(session: Session) -> Answer:
        person = person_by_email(session, body.person)
        if person is None or person.status != "active":
            raise Invalid("person", Sentence("没有使用该邮箱的有效账户。", "Nobody active has this address."))
        made = charge_by_hand(
            session, read_id(body.instrument), person, body.label, yuan(body.amount), reason=body.reason, viewer=viewer(), now=clock.now(),
            account_id=read_id(body.account) if body.account else None,
        )  # fmt: skip
        return Answer(201, whole_charge_out(made).model_dump(mode="json"))

    return answer_once("charges", body.model_dump(mode="json"), do)


def _step(name: str, path: str, summary: str, shape: Any, take: Callable[[Session, int, Any], Charge]) -> None:
    """Publish one step of a charge; a step out of order is 409."""

    def view(charge_id: int, body: Any) -> Answered:
        def do(session: Session) -> Answer:
            return Answer(200, whole_charge_out(take(session, charge_id, body)).model_dump(mode="json"))

        return answer_once(f"charges/{charge_id}/{path}", body.model_dump(mode="json"), do)

    view.__name__, view.__doc__ = name, summary
    api.operation(
        "POST", f"/charges/{{charge_id}}/{path}", summary, tag="money", body=shape, answers={200: ChargeOut}, errors=(403, 409), headers=(KEY,)
    )(view)  # fmt: skip


_step(
    "confirm_charge", "confirm", "Confirm a draft, as the manager", ChargeStepIn,
    lambda session, id_, body: charging.confirm_charge(session, id_, viewer=viewer(), now=clock.now()),
)  # fmt: skip
_step(
    "accept_charge", "accept", "Accept a charge", ChargeStepIn,
    lambda session, id_, body: charging.accept(session, id_, viewer=viewer(), now=clock.now()),
)  # fmt: skip
_step(
    "dispute_charge", "dispute", "Object to a charge, with a reason", ChargeStepIn,
    lambda session, id_, body: objections.dispute(session, id_, body.reason),
)  # fmt: skip
_step(
    "answer_charge", "answer", "Answer an objection: uphold, or adjust by an amount", ChargeStepIn,
    lambda session, id_, body: objections.answer(
        session, id_, body.reason, yuan(body.adjustment, "adjustment") if body.adjustment else NOTHING
    ),
)  # fmt: skip
_step(
    "reverse_charge", "reverse", "Take a charge back, with a reason; a posted one is answered by the charge that reverses it", ChargeStepIn,
    lambda session, id_, body: disputes.reverse_charge(session, id_, body.reason, viewer=viewer(), now=clock.now()),
)  # fmt: skip
_step(
    "add_charge_line", "lines", "Add a reasoned line to a draft, as the manager", LineIn,
    lambda session, id_, body: charging.add_manual_line(
        session, id_, body.label, yuan(body.amount), reason=body.reason, viewer=viewer(), now=clock.now()
    ),
)  # fmt: skip
_step(
    "set_charge_payers", "payers", "Say which accounts pay which percent", PayersIn,
    lambda session, id_, body: disputes.set_payers(
        session, id_, [(read_id(one.account), yuan(one.percent, "percent")) for one in body.shares], viewer=viewer(), now=clock.now()
    ),
)  # fmt: skip


def charge_out(one: Charge) -> ChargeOut:
    """Show a charge as it stands in a list."""
    return ChargeOut(
        id=str(one.id), kind=one.kind, status=one.status,
        instrument=Named(id=str(one.instrument_id), name_zh=one.instrument.name_zh, name_en=one.instrument.name_en), person=one.person.name,
        used_at=one.used_at, usage=_id(one.usage_id), booking=_id(one.booking_id), total=_text(one.total), quoted=_text(one.quote_total),
        currency=one.currency, review_until=one.review_until, final_at=one.final_at, reverses=_id(one.reverses_id), reason=one.reason,
    )  # fmt: skip


def whole_charge_out(one: Charge) -> ChargeOut:
    """Show a charge with its lines and who pays."""
    shown = charge_out(one)
    shown.lines = [_line_out(line) for line in one.lines]
    shown.shares = [ShareOut(account=str(each.account_id), percent=str(each.percent), amount=str(each.amount)) for each in one.shares]
    return shown


def _line_out(line: ChargeLine) -> ChargeLineOut:
    return ChargeLineOut(
        code=line.code, label=Words(zh=line.label_zh, en=line.label_en), quantity=line.quantity, unit=Words(zh=line.unit_zh, en=line.unit_en),
        rate=_text(line.rate), amount=str(line.amount), reason=line.reason,
    )  # fmt: skip


def _text(amount: Any) -> str | None:
    return None if amount is None else str(amount)


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
