"""Make a return: its rows are worked out from what is recorded now, held against the format, and kept as a draft until it is signed.

One organisation makes its returns one after the other (its row is the lock), so that two who press at once get one return.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.exchange.vocabulary import Vocabulary, read_vocabulary
from instruments.people import Organisation
from scheduling.returning.checks import problems_of
from scheduling.returning.formats import ReturnFormat, format_number, format_of
from scheduling.returning.makers import MAKERS
from scheduling.returning.periods import Period, check_over
from scheduling.returning.returns import Return, ReturnRow, reads_returns_of, seen_return, signs_for
from scheduling.returning.rowdrafts import RowDraft
from scheduling.returning.servicerows import PARTS, drafts_of
from scheduling.usage import UsageRecord

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Made:
    """What a draft came to: rows, how many have something wrong, and their hash."""

    rows: int
    errors: int
    digest: str


def generate(session: Session, organisation_id: int, kind: str, period: Period, *, viewer: Viewer, now: datetime) -> Return:
    """Make a return, or make its draft anew; after one that was sent back the next edition. As the organisation's own administrator.

    Refused while the period runs, and once the return is signed or accepted.
    """
    layout = format_of(kind)
    organisation = locked_organisation(session, organisation_id)
    check_signer(viewer, organisation_id)
    if layout.only and organisation.kind != layout.only:
        raise Invalid("kind", Sentence("该类报送不适用于本单位。", "This kind of return is not for this kind of organisation."))
    if period.kind != layout.period:
        raise Invalid("period", Sentence("请选择报送时段。", "Choose what time it is for."))
    check_over(period, now, organisation.time_zone)
    one = _draft_of(session, organisation_id, kind, period) or _new(session, organisation_id, kind, period, viewer, now)
    one.made_by, one.made_at, one.format = viewer.person_id, now, format_number()
    return refill(session, one, organisation, now=now)


def check_signer(viewer: Viewer, organisation_id: int) -> None:
    """Let only the organisation's own administrators go on; who may read is told so, for others there is nothing."""
    if signs_for(viewer, organisation_id):
        return
    ids = reads_returns_of(viewer)
    raise Forbidden if ids is None or organisation_id in ids else NotFound


def locked_organisation(session: Session, organisation_id: int) -> Organisation:
    """Wait until nobody else makes or signs a return of an organisation, and keep others waiting until the transaction ends."""
    asked = select(Organisation).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    found = session.scalar(asked.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def locked_return(session: Session, return_id: int, viewer: Viewer) -> Return:
    """Get a return the viewer may read, under its organisation's lock."""
    locked_organisation(session, seen_return(session, return_id, viewer).organisation_id)
    return seen_return(session, return_id, viewer)


def _draft_of(session: Session, organisation_id: int, kind: str, period: Period) -> Return | None:
    same = (Return.organisation_id == organisation_id, Return.kind == kind, Return.starts_on == period.start)
    found = session.scalar(select(Return).where(*same, Return.state != "sent_back").execution_options(populate_existing=True))
    if found is not None and found.state != "draft":
        raise OutOfOrder(
            Sentence(
                "该时段的报送已签发。退回后才能重新生成。",
                "The return for this time is signed already. It can be made anew only when it was sent back.",
            )
        )
    return found


def _new(session: Session, organisation_id: int, kind: str, period: Period, viewer: Viewer, now: datetime) -> Return:
    same = (Return.organisation_id == organisation_id, Return.kind == kind, Return.starts_on == period.start)
    edition = (session.scalar(select(func.max(Return.edition)).where(*same)) or 0) + 1
    one = Return(
        organisation_id=organisation_id, kind=kind, starts_on=period.start, edition=edition, state="draft", format=format_number(),
        made_by=viewer.person_id, made_at=now,
    )  # fmt: skip
    session.add(one)
    session.flush()  # its rows need its id
    return one


def refill(session: Session, one: Return, organisation: Organisation, *, now: datetime) -> Return:
    """Work out the rows of a draft anew."""
    session.execute(delete(ReturnRow).where(ReturnRow.return_id == one.id).execution_options(synchronize_session=False))
    words, digest, count, errors = read_vocabulary(session), hashlib.sha256(), 0, 0
    drafts = MAKERS[one.kind](session, organisation, one.period, now)
    while some := list(islice(drafts, AT_ONCE)):
        rows = [_row(one, count + place, draft, words) for place, draft in enumerate(some, 1)]
        session.execute(insert(ReturnRow), rows)
        count, errors = count + len(rows), errors + sum(row["is_wrong"] for row in rows)
        for row in rows:
            digest.update(_written(row))
    one.row_count, one.errors, one.digest = count, errors, digest.hexdigest()
    session.flush()
    return one


def _row(one: Return, position: int, draft: RowDraft, words: Vocabulary) -> dict[str, Any]:
    return {
        "return_id": one.id, "position": position, "usage_id": draft.usage_id, "usage_version": draft.usage_version,
        "instrument_id": draft.instrument_id, "data": draft.data, "typed": draft.typed, **_judged(one.layout, draft, words),
    }  # fmt: skip


def _judged(layout: ReturnFormat, draft: RowDraft, words: Vocabulary) -> dict[str, Any]:
    found = problems_of(layout, draft.data, words, known=draft.known)
    return {"problems": found, "is_wrong": bool(found)}


def _written(row: Mapping[str, Any]) -> bytes:
    kept = [row["usage_id"], row["instrument_id"], row["data"], row["typed"]]
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def digest_of(rows: Iterable[ReturnRow]) -> str:
    """Give the hash of rows in their order, as a return keeps it."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_written({"usage_id": row.usage_id, "instrument_id": row.instrument_id, "data": row.data, "typed": row.typed}))
    return digest.hexdigest()


def refresh_use(session: Session, usage_id: int) -> int:
    """Make the rows of a use anew in the drafts that hold it, after something about it was put right; give how many."""
    return refresh_uses(session, [usage_id])


def refresh_uses(session: Session, usage_ids: Collection[int]) -> int:
    """Make the rows of uses anew in the drafts that hold them, each draft's hash once; give how many rows."""
    asked = select(ReturnRow).join(ReturnRow.of).where(ReturnRow.usage_id.in_(usage_ids), Return.state == "draft")
    rows = session.scalars(asked.options(joinedload(ReturnRow.of))).all() if usage_ids else ()
    if not rows:
        return 0
    for organisation_id in sorted({row.of.organisation_id for row in rows}):
        locked_organisation(session, organisation_id)
    rows = [row for row in session.scalars(asked.execution_options(populate_existing=True)).all() if row.of.state == "draft"]
    words, found = read_vocabulary(session), session.scalars(select(UsageRecord).where(UsageRecord.id.in_(usage_ids)).options(*PARTS)).all()
    drafts = {draft.usage_id: draft for draft in drafts_of(session, found)}
    changed: dict[int, int] = {}
    for row in (row for row in rows if row.usage_id in drafts):
        changed[row.return_id] = changed.get(row.return_id, 0) + _replace(row, drafts[row.usage_id], words)
    session.flush()
    for return_id, more in changed.items():
        _sum_up(session, return_id, more)
    return len(rows)


def _replace(row: ReturnRow, draft: RowDraft, words: Vocabulary) -> int:
    """Make a row anew, and give how many wrong rows there are more by that."""
    was_wrong, judged = row.is_wrong, _judged(row.of.layout, draft, words)
    row.data, row.usage_version, row.problems, row.is_wrong = draft.data, draft.usage_version, judged["problems"], judged["is_wrong"]
    return int(row.is_wrong) - int(was_wrong)


def _sum_up(session: Session, return_id: int, more: int) -> None:
    in_order = session.scalars(
        select(ReturnRow).where(ReturnRow.return_id == return_id).order_by(ReturnRow.position).execution_options(yield_per=AT_ONCE)
    )
    changed = {"errors": Return.errors + more, "digest": digest_of(in_order), "version": Return.version + 1}
    session.execute(update(Return).where(Return.id == return_id).values(**changed).execution_options(synchronize_session=False))
