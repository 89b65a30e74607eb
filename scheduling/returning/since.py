"""What became of the uses of a signed return since: corrected, taken back, or added. The return itself stays as it was signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from instruments.people import Organisation
from scheduling.returning.returns import Return, ReturnRow
from scheduling.returning.servicerows import COUNTED, counted, drafts_of
from scheduling.statistics.gathering import counts
from scheduling.usage import UsageRecord

MOST = 1000


@dataclass(frozen=True, slots=True)
class Since:
    """How many rows would say something else now, and how many uses have come since; `more` when there were too many to look at each."""

    corrected: int
    added: int
    more: bool = False


def changed_since(session: Session, one: Return) -> Since:
    """Count what has changed about the uses of a service-record return; of the touched ones at most a thousand are compared."""
    if one.kind != "service_records":
        return Since(0, 0)
    touched = session.scalars(
        select(ReturnRow)
        .join(UsageRecord, UsageRecord.id == ReturnRow.usage_id)
        .where(ReturnRow.return_id == one.id, or_(UsageRecord.version != ReturnRow.usage_version, UsageRecord.status == "void"))
        .order_by(ReturnRow.position)
        .limit(MOST + 1)
    ).all()
    return Since(_differing(session, touched[:MOST]), _added(session, one), len(touched) > MOST)


def _differing(session: Session, rows: Sequence[ReturnRow]) -> int:
    asked = (
        select(UsageRecord)
        .where(UsageRecord.id.in_([row.usage_id for row in rows]), UsageRecord.status.in_(COUNTED))
        .options(
            joinedload(UsageRecord.instrument), joinedload(UsageRecord.person), joinedload(UsageRecord.organisation), joinedload(UsageRecord.owner)
        )
    )  # fmt: skip
    now = {draft.usage_id: draft.data for draft in drafts_of(session, session.scalars(asked).all())} if rows else {}
    return sum(row.data != now.get(row.usage_id) for row in rows)


def _added(session: Session, one: Return) -> int:
    """Count uses that belong to the quarter and are not in it, nor stand for one that is; the edges by the organisation's own clock."""
    in_it, replaced = aliased(ReturnRow), aliased(ReturnRow)
    organisation = session.get_one(Organisation, one.organisation_id)
    span = one.period.span(organisation.time_zone)
    asked = select(func.count(UsageRecord.id)).where(
        *counted(one.organisation_id, one.period),
        UsageRecord.start_at >= span.start,
        UsageRecord.start_at < span.end,
        counts(),
        ~exists().where(in_it.return_id == one.id, in_it.usage_id == UsageRecord.id),
        ~exists().where(replaced.return_id == one.id, replaced.usage_id == UsageRecord.replaces_id),
    )
    return session.scalar(asked) or 0
