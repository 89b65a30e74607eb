"""Service records (服务记录): one row for each use or sample request that began in the quarter, by its instrument's own clock.

Uses count when they are confirmed or recorded and nothing about them is open; maintenance is none. Samples sent in are 委托共享, remote operation
远程共享, an instrument that needs training 技术共享, any other use 占用共享. serviceType: 120 for the organisation's own people, 130 for others, as they
stood at the time of use. Source: REGISTER of the national platform's fields, 国科发基〔2017〕289号 Art. 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.people import Organisation
from scheduling.accounting.charges import Charge
from scheduling.accounting.claims import ClaimDocument, VoucherUse
from scheduling.returning.facts import ReturnFacts, facts_of
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import RowDraft, in_hours, two_places, wall_time
from scheduling.statistics.gathering import counts
from scheduling.usage import RATINGS, UsageRecord
from scheduling.usageproblems import UsageProblem

AT_ONCE = 500
COUNTED = ("recorded", "confirmed")
# The clocks of the world are at most so far apart.
FAR = timedelta(hours=15)
SAMPLES_WAY = "委托共享"
WAYS = {"sample": SAMPLES_WAY, "remote": "远程共享"}
TRAINED_WAY, USUAL_WAY = "技术共享", "占用共享"
INTERNAL, EXTERNAL = "120", "130"
DIRECTIONS = {"research": "135", "development": "136", "teaching": "137", "other": "138"}


# What a row needs of a use, beside the use itself.
PARTS = (
    joinedload(UsageRecord.instrument), joinedload(UsageRecord.person), joinedload(UsageRecord.organisation), joinedload(UsageRecord.owner),
)  # fmt: skip


def service_rows(session: Session, organisation: Organisation, period: Period) -> Iterator[RowDraft]:
    """Give the rows of a quarter in the order of their start, a few uses in memory at once; four statements for each few."""
    after: tuple[Any, int] | None = None
    while uses := _slice(session, organisation, period, after):
        after = (uses[-1].start_at, uses[-1].id)
        yield from drafts_of(session, [one for one in uses if _began_in(one, period)])


def drafts_of(session: Session, uses: Sequence[UsageRecord]) -> Iterator[RowDraft]:
    """Make the rows of uses; three statements."""
    ids = [one.id for one in uses]
    charges, facts = _charges(session, ids), facts_of(session, uses)
    agreed = _with_agreement(session, [charge.id for charge in charges.values()])
    for one in uses:
        yield _draft(one, charges.get(one.id), facts.get(one.id), agreed)


def counted(organisation_id: int, period: Period) -> list[ColumnElement[bool]]:
    """Give the conditions on UsageRecord for what may belong to a quarter; the instrument's clock decides at its edges."""
    span = period.span("UTC")
    return [
        UsageRecord.owner_id == organisation_id,
        UsageRecord.start_at >= span.start - FAR,
        UsageRecord.start_at < span.end + FAR,
        UsageRecord.mode != "maintenance",
    ]


def is_open() -> ColumnElement[bool]:
    """Give the condition on UsageRecord for uses about which something is open."""
    return exists().where(UsageProblem.usage_id == UsageRecord.id, UsageProblem.resolved_at.is_(None))


def count_left_out(session: Session, organisation: Organisation, period: Period) -> int:
    """Count the ended uses of a quarter that are left out because something about them is open."""
    conditions = [*counted(organisation.id, period), UsageRecord.status.in_(COUNTED), is_open()]
    return session.scalar(select(func.count(UsageRecord.id)).where(*conditions)) or 0


def count_unconfirmed(session: Session, organisation: Organisation, period: Period) -> int:
    """Count the uses of a quarter that nobody has confirmed yet."""
    conditions = [*counted(organisation.id, period), UsageRecord.status == "recorded"]
    return session.scalar(select(func.count(UsageRecord.id)).where(*conditions)) or 0


def _slice(session: Session, organisation: Organisation, period: Period, after: tuple[Any, int] | None) -> Sequence[UsageRecord]:
    key = tuple_(UsageRecord.start_at, UsageRecord.id)
    further: list[Any] = [] if after is None else [key > after]
    return session.scalars(
        select(UsageRecord)
        .join(UsageRecord.instrument)
        .options(contains_eager(UsageRecord.instrument), joinedload(UsageRecord.person), joinedload(UsageRecord.organisation), joinedload(UsageRecord.owner))
        .where(*counted(organisation.id, period), counts(), *further)
        .order_by(UsageRecord.start_at, UsageRecord.id)
        .limit(AT_ONCE)
    ).all()  # fmt: skip


def _began_in(one: UsageRecord, period: Period) -> bool:
    span = period.span(one.instrument.time_zone)
    return span.start <= one.start_at < span.end


def _charges(session: Session, usage_ids: list[int]) -> Mapping[int, Charge]:
    live = (Charge.usage_id.in_(usage_ids), Charge.status != "reversed", Charge.reverses_id.is_(None))
    return {charge.usage_id: charge for charge in session.scalars(select(Charge).where(*live)) if charge.usage_id is not None}


def _with_agreement(session: Session, charge_ids: Iterable[int]) -> frozenset[int]:
    """Give the charges for which a contract lies with a voucher's claim."""
    asked = (
        select(VoucherUse.charge_id)
        .join(ClaimDocument, ClaimDocument.claim_id == VoucherUse.claim_id)
        .where(VoucherUse.charge_id.in_(list(charge_ids)), VoucherUse.released_at.is_(None), ClaimDocument.kind == "contract")
    )
    return frozenset(session.scalars(asked))


def _draft(one: UsageRecord, charge: Charge | None, facts: ReturnFacts | None, agreed: frozenset[int]) -> RowDraft:
    instrument, end = one.instrument, one.end_at
    assert end is not None  # what is recorded has ended
    is_priced = charge is None or charge.total is not None
    noted = facts or ReturnFacts(content="", project="", income="", area="", tax_record="", has_agreement=False)
    has_agreement = noted.has_agreement or (charge is not None and charge.id in agreed)
    needs_tax_record = instrument.customs_supervised and one.purpose == "other" and not noted.tax_record
    data = {
        "recordInnerId": str(one.id), "innerId": instrument.inner_id, "insCode": one.owner.code,
        "amounts": "" if not is_priced else two_places((charge.total if charge else None) or 0),
        "startTime": wall_time(one.start_at, instrument.time_zone), "endTime": wall_time(end, instrument.time_zone),
        "serviceAmount": two_places(one.samples) if one.mode == "sample" else in_hours(_effective(one)),
        "serviceContent": noted.content or one.content, "serviceWay": way_of(one),
        "serviceType": EXTERNAL if one.is_external else INTERNAL, "serviceDirection": DIRECTIONS.get(one.purpose, ""),
        "subjectName": noted.project or one.project, "subjectIncome": noted.income, "subjectArea": noted.area,
        "applicant": one.person.name, "applicantPhone": one.person.phone, "applicantEmail": one.person.email,
        "applicantUnit": one.organisation.name_zh, "comment": RATINGS[one.rating].zh if one.rating in RATINGS else "",
        "signAgreement": "是" if has_agreement else "否", "taxRecord": noted.tax_record,
    }  # fmt: skip
    known = [["taxRecord", "duty_free"]] if needs_tax_record else []
    known += [] if is_priced else [["amounts", "unpriced"]]
    return RowDraft(instrument.id, data, one.id, one.version, known=tuple(known))


def way_of(one: UsageRecord) -> str:
    """Give the way of service of a use, as the national side names it."""
    return WAYS.get(one.mode) or (TRAINED_WAY if one.instrument.needs_qualification else USUAL_WAY)


def _effective(one: UsageRecord) -> int:
    return one.effective_minutes if one.effective_minutes is not None else one.used_minutes or 0
