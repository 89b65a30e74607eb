"""Uses: listed to whoever may see them, as JSON a page at a time or as CSV all at once; and recorded by the instrument's manager."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Response, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import instrument
from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import neutralise
from instruments.people import person_by_email
from instruments.timespan import TimeSpan
from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.usage import UsageAsked, UsageIn, UsageOut, UsagesOut
from portal.auth import viewer
from portal.exports import CSV, csv_attachment
from portal.idempotency import Answer
from portal.language import t
from portal.transactions import reading
from portal.useconfirming import confirm
from scheduling.accounting.charges import Charge
from scheduling.particulars import Particulars
from scheduling.recording import UseEntry, check_recorder, record_use
from scheduling.statistics.gathering import does_count
from scheduling.usage import UsageRecord, seen_use
from scheduling.usageproblems import open_problems_of
from scheduling.uselist import LIVE, Key, WantedUses, all_uses, page_of_uses

COLUMNS = (
    "id", "status", "instrument", "instrument_name_zh", "instrument_name_en", "organisation", "user_organisation", "start", "end",
    "effective_minutes", "external", "audience", "mode", "purpose", "provenance", "samples", "runs", "charged", "currency", "booking", "counted",
)  # fmt: skip
NOBODY = Sentence("没有使用该邮箱的人。", "There is nobody with this address.")


@api.operation("GET", "/usage", "List uses I may see", tag="usage", query=UsageAsked, answers={200: UsagesOut}, files=(CSV,))
def list_usage(query: UsageAsked) -> UsagesOut | Response:
    """List my own uses, and those of groups and instruments I answer for, by start; with format=csv all of them as a file."""
    wanted = WantedUses(
        "mine" if query.mine else "all", read_id(query.instrument) if query.instrument else None, query.from_, query.until,
        (query.status,) if query.status else LIVE,
    )  # fmt: skip
    if query.format == "csv":
        with reading() as session:
            return csv_attachment(_csv(session, wanted), t("使用记录.csv", "usage.csv"), "usage.csv")
    with reading() as session:
        found = page_of_uses(session, wanted, viewer=viewer(), limit=query.limit, after=_after(query.cursor))
        items = usages_out(session, found.uses)
    return UsagesOut(items=items, total=found.total, next=cursor_of(found.next[0].isoformat(), found.next[1]) if found.next else None)


def _after(cursor: str | None) -> Key | None:
    key = key_of(cursor, str, int)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
    except ValueError as error:
        raise _unknown() from error
    if at.tzinfo is None:
        raise _unknown()
    return at, key[1]


def _unknown() -> Invalid:
    return Invalid(
        "cursor", Sentence("cursor 无效，请从第一页重新开始。", "cursor: this is none of ours; start again from the first page.")
    )


@api.operation(
    "POST", "/usage", "Record a use that is over", tag="usage", body=UsageIn, answers={201: UsageOut}, errors=(403, 409), headers=(KEY,)
)  # fmt: skip
def record_usage(body: UsageIn) -> Answered:
    """Record a use or a sample service as its instrument's manager; over another use 409, in the future or too long ago 422."""

    def do(session: Session) -> Answer:
        wanted = instrument(session, read_id(body.instrument))
        check_recorder(wanted, viewer())  # before anything is said about the people named
        record = record_use(session, wanted.id, _entry_of(session, body), viewer=viewer(), now=clock.now())
        session.flush()
        return Answer(201, usages_out(session, [record])[0].model_dump(mode="json"))

    payload, status, headers = answer_once("usage", body.model_dump(mode="json"), do)
    return payload, status, headers | ({"Location": url_for("api.show_usage", usage_id=payload["id"])} if status == 201 else {})


def _entry_of(session: Session, body: UsageIn) -> UseEntry:
    known = Particulars(
        body.startup_minutes, body.post_minutes, body.fault_minutes, body.effective_minutes, body.samples, body.runs,
        tuple((code, Decimal(amount)) for code, amount in body.quantities.items()), tuple(body.options), body.content, body.project, body.outcome,
    )  # fmt: skip
    return UseEntry(
        person_named(session, "person", body.person), TimeSpan(body.start, body.end), body.mode, body.purpose,
        group_id=read_id(body.group) if body.group else None, booking_id=read_id(body.booking) if body.booking else None,
        operator_id=person_named(session, "operator", body.operator) if body.operator else None, known=known,
    )  # fmt: skip


def person_named(session: Session, field: str, email: str) -> int:
    """Give the id of the person with an address; Invalid with the field where there is nobody."""
    found = person_by_email(session, email)
    if found is None:
        raise Invalid(field, NOBODY)
    return found.id


@api.operation("GET", "/usage/{usage_id}", "One use", tag="usage", answers={200: UsageOut})
def show_usage(usage_id: int) -> UsageOut:
    """Show a use that is mine, my group's as its PI, or my instrument's."""
    with reading() as session:
        return usages_out(session, [seen_use(session, usage_id, viewer())])[0]


@api.operation(
    "POST", "/usage/{usage_id}/confirm", "Confirm a use", tag="usage", answers={200: UsageOut}, errors=(403, 409, 422), headers=(KEY,)
)  # fmt: skip
def confirm_usage(usage_id: int) -> Answered:
    """Confirm a use as its instrument's manager; while a problem is open 409. Confirming again changes nothing."""

    def do(session: Session) -> Answer:
        record = confirm(session, usage_id)
        session.flush()
        return Answer(200, usages_out(session, [record])[0].model_dump(mode="json"))

    return answer_once(f"usage/{usage_id}/confirm", {}, do)


def usages_out(session: Session, uses: Sequence[UsageRecord]) -> list[UsageOut]:
    """Show uses to somebody who may see them, with what was charged and what is open about them; two statements more."""
    charged, problems = charged_for(session, uses), open_problems_of(session, [one.id for one in uses])
    return [_out(one, charged.get(one.id), [problem.kind for problem in problems.get(one.id, ())]) for one in uses]


def charged_for(session: Session, uses: Iterable[UsageRecord]) -> Mapping[int, Decimal | None]:
    """Give the totals of the live charges of uses, by usage id; one statement."""
    live = (Charge.usage_id.in_([one.id for one in uses]), Charge.status != "reversed", Charge.reverses_id.is_(None))
    return {row.usage_id: row.total for row in session.execute(select(Charge.usage_id, Charge.total).where(*live)) if row.usage_id}


def _out(one: UsageRecord, charged: Decimal | None, problems: list[str]) -> UsageOut:
    return UsageOut(
        id=str(one.id), status=one.status, instrument=_named(one.instrument), organisation=_named(one.owner),
        user_organisation=_named(one.organisation), person=str(one.person_id), group=_id(one.group_id), start=one.start_at, end=one.end_at,
        effective_minutes=one.effective_minutes, external=one.is_external, audience=one.audience, mode=one.mode, purpose=one.purpose,
        project=one.project, outcome=one.outcome, provenance=one.provenance, start_source=one.start_source, end_source=one.end_source,
        samples=one.samples, runs=one.runs, quantities=one.quantities, rating=one.rating, charged=None if charged is None else str(charged),
        currency="CNY", booking=_id(one.booking_id), replaces=_id(one.replaces_id), problems=problems,
        counted=does_count(one) and not problems,
    )  # fmt: skip


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _named(thing: Any) -> Named:
    return Named(id=str(thing.id), name_zh=thing.name_zh, name_en=thing.name_en)


def _csv(session: Session, wanted: WantedUses) -> Iterator[str]:
    """Write all uses as CSV, a slice of them in memory at a time; a text a spreadsheet would take for a formula is kept a text."""
    yield "\ufeff" + _line(COLUMNS)
    for uses in all_uses(session, wanted, viewer=viewer()):
        charged, problems = charged_for(session, uses), open_problems_of(session, [one.id for one in uses])
        for one in uses:
            yield _line(_cells(one, charged.get(one.id), is_counted=does_count(one) and one.id not in problems))


def _cells(one: UsageRecord, charged: Decimal | None, *, is_counted: bool) -> tuple[Any, ...]:
    end = one.end_at.isoformat() if one.end_at else ""
    return (
        one.id, one.status, one.instrument_id, one.instrument.name_zh, one.instrument.name_en, one.owner.code, one.organisation.code,
        one.start_at.isoformat(), end, one.effective_minutes, str(one.is_external).lower(), one.audience, one.mode, one.purpose,
        one.provenance, one.samples, one.runs, charged, "CNY", one.booking_id, str(is_counted).lower(),
    )  # fmt: skip


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        ["" if cell is None else neutralise(cell) if isinstance(cell, str) else cell for cell in cells]
    )
    return out.getvalue()
