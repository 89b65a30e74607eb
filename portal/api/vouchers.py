"""Vouchers: those a caller may see, and applying for one on behalf of her own organisation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.voucher import VoucherIn, VoucherOut, VouchersAsked, VouchersOut
from portal.auth import viewer
from portal.idempotency import Answer
from portal.transactions import reading
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.claims import reserved_on
from scheduling.accounting.vouchers import Application, Voucher, apply_for, vouchers_of


@api.operation("GET", "/vouchers", "List vouchers I may see", tag="vouchers", query=VouchersAsked, answers={200: VouchersOut})
def list_vouchers(query: VouchersAsked) -> VouchersOut:
    """List my organisation's vouchers, or all of them to the province and its auditors, the newest first."""
    key = key_of(query.cursor, int)
    with reading() as session:
        rows = vouchers_of(session, viewer(), status=query.status or "", before=key[0] if key else None, limit=query.limit + 1)
        items = vouchers_out(session, rows[: query.limit])
    return VouchersOut(items=items, next=cursor_of(int(items[-1].id)) if len(rows) > query.limit else None)


@api.operation(
    "POST", "/vouchers", "Apply for a voucher", tag="vouchers", body=VoucherIn, answers={201: VoucherOut}, errors=(409,), headers=(KEY,)
)  # fmt: skip
def apply_for_voucher(body: VoucherIn) -> Answered:
    """Apply for my own organisation; a programme that takes no applications is 409, what its terms forbid 422 with every reason."""

    def do(session: Session) -> Answer:
        wanted = Application(body.year, Decimal(body.amount), body.plan)
        made = apply_for(session, read_id(body.programme), wanted, viewer=viewer(), now=clock.now())
        return Answer(201, vouchers_out(session, [made])[0].model_dump(mode="json"))

    payload, status, headers = answer_once("vouchers", body.model_dump(mode="json"), do)
    return payload, status, headers | ({"Location": url_for("vouchers.show", voucher_id=payload["id"])} if status == 201 else {})


def vouchers_out(session: Session, rows: Sequence[Voucher]) -> list[VoucherOut]:
    """Show vouchers to somebody who may see them; one statement more."""
    kept = reserved_on(session, [one.id for one in rows])
    return [_out(one, None if one.granted is None else one.granted - kept.get(one.id, NOTHING)) for one in rows]


def _out(one: Voucher, left: Decimal | None) -> VoucherOut:
    return VoucherOut(
        id=str(one.id), number=one.number, status=one.status, programme=_named(one.programme), organisation=_named(one.organisation),
        year=one.year, asked=str(one.asked), granted=None if one.granted is None else str(one.granted),
        left=str(left) if one.status == "granted" else None, currency="CNY", valid_until=one.valid_until, applied=one.applied_at,
        reason=one.reason,
    )  # fmt: skip


def _named(thing: Any) -> Named:
    return Named(id=str(thing.id), name_zh=thing.name_zh, name_en=thing.name_en)
