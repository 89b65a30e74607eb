"""What became of a signed return since: rows that would say something else now, that have come or gone, and what that makes of its figures.

The return itself stays as it was signed. What it costs goes by the rows of this one return, of which at most a thousand are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from instruments.errors import Sentence
from instruments.people import Organisation
from scheduling.accounting.charges import Charge
from scheduling.returning.figurerows import is_waiting
from scheduling.returning.formats import ReturnField, ReturnFormat
from scheduling.returning.makers import MAKERS
from scheduling.returning.returns import Return, ReturnRow
from scheduling.returning.servicerows import COUNTED, PARTS, SAMPLES_WAY, counted, drafts_of
from scheduling.statistics.gathering import counts
from scheduling.usage import UsageRecord

MOST = 1000
ADDS_UP = ("amount", "hours", "count")
SAMPLES, HOURS = Sentence("样品数", "Samples"), Sentence("服务机时", "Hours of service")
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a figure of the return, added up, would differ now from what was signed."""

    label: Sentence
    by: Decimal


@dataclass(frozen=True, slots=True)
class Since:
    """How many rows would say something else now, have come, have gone; the figures that differ; `more` when there were too many to look at
    each, `is_waiting` while the statistics have notes to be worked off."""

    corrected: int = 0
    added: int = 0
    vanished: int = 0
    differences: tuple[Difference, ...] = ()
    more: bool = False
    is_waiting: bool = False


def changed_since(session: Session, one: Return) -> Since:
    """Compare a signed return with what it would say now."""
    return _uses_since(session, one) if one.kind == "service_records" else _figures_since(session, one)


def _uses_since(session: Session, one: Return) -> Since:
    """Look at the uses that were touched, and at those that have come, at most a thousand of each."""
    rows = _touched(session, one)
    come = session.scalars(_come(session, one).options(*PARTS).order_by(UsageRecord.start_at, UsageRecord.id).limit(MOST + 1)).all()
    now = {draft.usage_id: draft.data for draft in drafts_of(session, _still(session, rows[:MOST]))} if rows else {}
    pairs: list[tuple[Data | None, Data | None]] = [(row.data, now.get(row.usage_id)) for row in rows[:MOST]]
    pairs += [(None, draft.data) for draft in drafts_of(session, come[:MOST])] if come else []
    added = len(come) if len(come) <= MOST else session.scalar(_come(session, one).with_only_columns(func.count(UsageRecord.id))) or 0
    found = _compared(one.layout, pairs)
    return Since(found.corrected, added, found.vanished, found.differences, len(rows) > MOST or len(come) > MOST)


def _touched(session: Session, one: Return) -> Sequence[ReturnRow]:
    """Give the rows whose use has another version or is void, or whose charge was made or taken back; one more than are compared where there are more."""
    changed = or_(Charge.made_at > one.signed_at, Charge.status == "reversed")  # when a draft was taken back is not known
    charged = exists().where(Charge.usage_id == ReturnRow.usage_id, changed)
    asked = select(ReturnRow).join(UsageRecord, UsageRecord.id == ReturnRow.usage_id).where(ReturnRow.return_id == one.id)
    asked = asked.where(or_(UsageRecord.version != ReturnRow.usage_version, UsageRecord.status == "void", charged))
    return session.scalars(asked.order_by(ReturnRow.position).limit(MOST + 1)).all()


def _still(session: Session, rows: Sequence[ReturnRow]) -> Sequence[UsageRecord]:
    ids = [row.usage_id for row in rows]
    asked = select(UsageRecord).where(UsageRecord.id.in_(ids), UsageRecord.status.in_(COUNTED))
    return session.scalars(asked.options(*PARTS)).all()


def _come(session: Session, one: Return) -> Any:
    """Ask for uses that belong to the quarter and are not in it, nor stand for one that is; the edges by the organisation's own clock."""
    in_it, replaced = aliased(ReturnRow), aliased(ReturnRow)
    span = one.period.span(session.get_one(Organisation, one.organisation_id).time_zone)
    return select(UsageRecord).where(
        *counted(one.organisation_id, one.period), UsageRecord.start_at >= span.start, UsageRecord.start_at < span.end, counts(),
        ~exists().where(in_it.return_id == one.id, in_it.usage_id == UsageRecord.id),
        ~exists().where(replaced.return_id == one.id, replaced.usage_id == UsageRecord.replaces_id),
    )  # fmt: skip


def _figures_since(session: Session, one: Return) -> Since:
    """Work the rows out anew as the statistics stand, and lay them beside those that were signed."""
    organisation = session.get_one(Organisation, one.organisation_id)
    drafts = MAKERS[one.kind](session, organisation, one.period, None)
    now = {(draft.instrument_id, draft.data.get("month", "")): draft.data for draft in islice(drafts, MOST)}
    is_cut = next(drafts, None) is not None
    rows = session.execute(
        select(ReturnRow.instrument_id, ReturnRow.data).where(ReturnRow.return_id == one.id).order_by(ReturnRow.position).limit(MOST + 1)
    ).all()
    is_cut = is_cut or len(rows) > MOST
    was = {(instrument_id, data.get("month", "")): data for instrument_id, data in rows[:MOST]}
    # Where not all are looked at, what is on one side only may be further on on the other.
    keys = [key for key in {**was, **now} if not is_cut or (key in was and key in now)]
    found = _compared(one.layout, [(was.get(key), now.get(key)) for key in keys])
    waits = is_waiting(session, organisation, one.period)
    return Since(found.corrected, found.added, found.vanished, found.differences, is_cut, waits)


def _compared(layout: ReturnFormat, pairs: Iterable[tuple[Data | None, Data | None]]) -> Since:
    """Count what differs between rows as they were and as they are now (None: not there), and add up what that makes of the figures."""
    kinds: Counter[str] = Counter()
    sums: dict[Sentence, Decimal] = {}
    for was, now in pairs:
        kinds["added" if was is None else "vanished" if now is None else "corrected" if was != now else "same"] += 1
        for sign, data in ((-1, was), (1, now)):
            for label, value in _figures(layout, data or {}):
                sums[label] = sums.get(label, Decimal(0)) + sign * value
    differences = tuple(Difference(label, by) for label, by in sums.items() if by)
    return Since(kinds["corrected"], kinds["added"], kinds["vanished"], differences)


def _figures(layout: ReturnFormat, data: Data) -> Iterator[tuple[Sentence, Decimal]]:
    """Give the figures of a row that add up over rows; samples and hours, which the national side puts into one field, apart."""
    for field in layout.fields:
        value = data.get(field.name, "")
        if field.kind in ADDS_UP and value != "":
            yield _label(field, data), Decimal(str(value))


def _label(field: ReturnField, data: Data) -> Sentence:
    if field.name != "serviceAmount":
        return field.label
    return SAMPLES if data.get("serviceWay") == SAMPLES_WAY else HOURS
