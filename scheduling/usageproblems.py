"""The problem queue: what does not fit about a use, opened by the portal, and blocking its confirmation until somebody resolves it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from scheduling.accounting.holds import release
from scheduling.deciding import check_reason
from scheduling.locks import lock_instruments
from scheduling.usage import BY_HAND, UsageRecord, usage
from scheduling.usepolicy import Policy

KINDS = {
    "disagreement": Sentence("与电表或刷卡记录不符", "Differs from the readings"),
    "no_end": Sentence("没有结束时间", "Never ended"),
    "outside_booking": Sentence("不在预约时段内", "Outside any booking"),
    "overrun": Sentence("超时使用", "Ran over its booking"),
    "clock": Sentence("时钟不可信", "Clock not to be trusted"),
    "unmatched": Sentence("没有自动采集的记录", "No reading bears it out"),
}
RESOLUTIONS = {
    "accepted": Sentence("属实，按记录确认", "It is right as recorded"),
    "corrected": Sentence("已更正", "Corrected"),
    "voided": Sentence("不计为使用", "No use at all"),
}


class UsageProblem(Base):
    """Something that does not fit: about a use, or about readings of an instrument that no use explains (usage_id is empty)."""

    __tablename__ = "usage_problem"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    usage_id: Mapped[int | None] = mapped_column(ForeignKey("usage_record.id"), index=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str] = mapped_column(String(10), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")

    usage: Mapped[UsageRecord | None] = relationship()
    instrument: Mapped[Instrument] = relationship()

    __table_args__ = (
        CheckConstraint("(resolved_at IS NULL) = (resolution = '')", name="resolved"),
        CheckConstraint("resolved_at IS NULL OR reason <> ''", name="reason"),
        Index(
            "uq_usage_problem_open", "usage_id", "kind", unique=True,
            sqlite_where=text("resolved_at IS NULL"), postgresql_where=text("resolved_at IS NULL"),
        ),
        Index(None, "instrument_id", "resolved_at"),
    )  # fmt: skip


def open_problem(
    session: Session, kind: str, *, instrument_id: int, now: datetime, usage_id: int | None = None, detail: Mapping[str, Any] | None = None
) -> UsageProblem:
    """Put something into the queue; while a use has an open problem of the kind it is that one, with the newest detail."""
    if kind not in KINDS:
        raise ValueError(kind)
    open_one = (UsageProblem.usage_id == usage_id, UsageProblem.kind == kind, UsageProblem.resolved_at.is_(None))
    found = session.scalar(select(UsageProblem).where(*open_one)) if usage_id is not None else None
    if found is None:
        found = UsageProblem(usage_id=usage_id, instrument_id=instrument_id, kind=kind, opened_at=now)
        session.add(found)
    found.detail = dict(detail or {})
    session.flush()
    return found


def open_problems_of(session: Session, usage_ids: Collection[int]) -> dict[int, list[UsageProblem]]:
    """Give the open problems of uses, by usage id; one statement."""
    rows = session.scalars(
        select(UsageProblem)
        .where(UsageProblem.usage_id.in_(list(usage_ids)), UsageProblem.resolved_at.is_(None))
        .order_by(UsageProblem.opened_at, UsageProblem.id)
    )
    found: dict[int, list[UsageProblem]] = {}
    for one in rows:
        found.setdefault(one.usage_id or 0, []).append(one)
    return found


def refuse_problems(found: Sequence[UsageProblem]) -> None:
    """Refuse to go on with a use about which this is open."""
    if found:
        words = [KINDS[problem.kind] for problem in found]
        zh, en = "、".join(word.zh for word in words), ", ".join(word.en.lower() for word in words)
        raise OutOfOrder(Sentence(f"请先处理该使用的问题：{zh}。", f"Resolve the problems of this use first: {en}."))


def resolve_problem(session: Session, problem_id: int, *, viewer: Viewer, now: datetime, resolution: str, reason: str) -> UsageProblem:
    """Close a problem, as the instrument's manager, with a reason. "accepted": the record stands; "voided": it was no use at all."""
    found = session.get(UsageProblem, problem_id, options=(joinedload(UsageProblem.instrument),))
    if found is None or not viewer.may_inspect(found.instrument):
        raise NotFound
    if not viewer.may_manage(found.instrument):
        raise Forbidden
    lock_instruments(session, [found.instrument_id])
    session.refresh(found)
    if found.resolved_at is not None:
        raise OutOfOrder(Sentence("该问题已处理。", "This problem has been resolved already."))
    if resolution not in ("accepted", "voided"):
        raise Invalid("resolution", Sentence("请选择处理方式。", "Choose how it is resolved."))
    reason = check_reason(reason, needed=True)
    if found.usage_id is not None:
        one = usage(session, found.usage_id)
        session.refresh(one)
        if one.status == "running":
            raise OutOfOrder(Sentence("该使用尚未结束，请先填写结束时间。", "This use has not ended. Give its end first."))
        if resolution == "voided":
            void(session, one, reason, viewer.person_id, now)
            return found
    _close(found, resolution, reason, viewer.person_id, now)
    return found


def void(session: Session, one: UsageRecord, reason: str, by: int, now: datetime, *, resolution: str = "voided") -> None:
    """Make a record void and close what is open about it; a confirmed one must be reopened first."""
    if one.status not in ("recorded", "running"):
        raise OutOfOrder(Sentence("已确认或已作废的记录不能作废。", "A record that is confirmed or void already cannot be made void."))
    one.status, one.reason, one.changed_at = "void", reason, now
    for problem in open_problems_of(session, [one.id]).get(one.id, []):
        _close(problem, resolution, reason, by, now)
    session.flush()
    if resolution != "corrected" and one.booking_id is not None:  # a corrected use is charged as its new record says
        release(session, [one.booking_id], now=now)


def settle_problem(session: Session, usage_id: int, kind: str, reason: str, *, now: datetime) -> None:
    """Close an open problem of a use without anybody's doing, because what did not fit fits now."""
    for problem in open_problems_of(session, [usage_id]).get(usage_id, []):
        if problem.kind == kind:
            _close(problem, "accepted", reason, None, now)


def _close(found: UsageProblem, resolution: str, reason: str, by: int | None, now: datetime) -> None:
    found.resolved_at, found.resolved_by, found.resolution, found.reason = now, by, resolution, reason


def note_problems(session: Session, one: UsageRecord, policy: Policy, now: datetime) -> list[UsageProblem]:
    """Compare an ended use with its booking and the organisation's settings, and open what does not fit."""
    return [
        open_problem(session, kind, instrument_id=one.instrument_id, usage_id=one.id, detail=detail, now=now)
        for kind, detail in misfits(one, policy)
    ]


def misfits(one: UsageRecord, policy: Policy) -> Iterable[tuple[str, dict[str, Any]]]:
    """Say what does not fit about an ended use, as (kind, detail). Pure."""
    tolerance = timedelta(minutes=max(policy.tolerance_minutes, 0))
    booked, end = one.booking, one.end_at
    if booked is None and one.occupies and one.start_source not in BY_HAND:
        yield "outside_booking", {}
    if booked is not None and end is not None:
        early, late = booked.start_at - one.start_at, end - booked.end_at
        if early > max(tolerance, timedelta(minutes=15)) or one.start_at >= booked.end_at:
            yield "outside_booking", {"early_minutes": _minutes(early)}
        if late > tolerance:
            yield "overrun", {"minutes": _minutes(late)}
    if one.occupies and policy.wants_automatic(one.instrument) and {one.start_source, one.end_source} & BY_HAND:
        yield "unmatched", {"source": one.provenance}


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


def problems_on(session: Session, condition: Any, *, open_only: bool = True, most: int = 200) -> Sequence[UsageProblem]:
    """Give the problems of instruments that meet a condition on Instrument: the open ones, oldest first, or those resolved, newest first."""
    wanted = [condition, UsageProblem.resolved_at.is_(None) if open_only else UsageProblem.resolved_at.is_not(None)]
    order = (UsageProblem.opened_at, UsageProblem.id) if open_only else (UsageProblem.resolved_at.desc(), UsageProblem.id.desc())
    return session.scalars(
        select(UsageProblem)
        .join(UsageProblem.instrument)
        .options(
            joinedload(UsageProblem.instrument),
            joinedload(UsageProblem.usage).options(joinedload(UsageRecord.person), joinedload(UsageRecord.booking)),
        )
        .where(*wanted)
        .order_by(*order)
        .limit(most)
    ).all()


def count_problems(session: Session, condition: Any) -> int:
    """Count the open problems of instruments that meet a condition on Instrument."""
    open_ones = select(func.count(UsageProblem.id)).join(UsageProblem.instrument).where(condition, UsageProblem.resolved_at.is_(None))
    return session.scalar(open_ones) or 0


def count_problems_of(session: Session, instrument_ids: Collection[int]) -> int:
    """Count the open problems of some instruments."""
    return count_problems(session, Instrument.id.in_(list(instrument_ids)))
