"""Close an organisation's month, or other cycle: a list of what must be done first, and then the statements, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refusal, Refused, Sentence
from instruments.people import Organisation
from scheduling.accounting.charges import Charge
from scheduling.accounting.closingcycles import PeriodClose, cycle_of, cycle_under_way, last_closed, plan_of
from scheduling.accounting.cycles import Cycle
from scheduling.accounting.issuing import Issue, issue_statements
from scheduling.accounting.proof import check_books
from scheduling.accounting.statements import lock_numbers, month_before
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: what was looked for, how many were found, and whether any of them keeps the cycle open."""

    code: str
    label: Sentence
    count: int
    blocks: bool = True

    @property
    def is_done(self) -> bool:
        """Say whether it keeps nothing open."""
        return not self.count or not self.blocks


NOT_OVER = Sentence("该月尚未结束，不能结账。", "This month is not over yet; it cannot be closed.")
CYCLE_NOT_OVER = Sentence("本期尚未结束，不能结账。", "This period is not over yet; it cannot be closed.")
LABELS = {
    "problems": Sentence("待处理的使用问题", "Open problems about uses"),
    "unconfirmed": Sentence("尚未确认的使用记录", "Uses not confirmed yet"),
    "drafts": Sentence("尚未确认的收费", "Charges not confirmed yet"),
    "disputes": Sentence("尚未答复的异议", "Disputes without an answer"),
    "books": Sentence("账目核对不符之处", "Places where the books do not agree"),
    "review": Sentence("仍在用户核对期内的收费（将进入下一期）", "Charges the users may still look at; they go onto the next statement"),
}


def organisation_of(session: Session, organisation_id: int) -> Organisation:
    """Get an organisation by id."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound
    return found


def check_list(session: Session, organisation: Organisation, month: date, *, with_books: bool = True) -> list[Check]:
    """Look at everything that must be done before the cycle a month lies in is closed. The books are looked at as a whole, which takes longest."""
    until = cycle_of(session, organisation.id, month).span(organisation.time_zone).end
    counts = {code: session.scalar(asked) or 0 for code, asked in _open(organisation.id, until).items()}
    if with_books:
        counts["books"] = sum(not finding.is_right for finding in check_books(session))
    return [Check(code, label, counts[code], code != "review") for code, label in LABELS.items() if code in counts]


def _open(organisation_id: int, until: datetime) -> dict[str, Select[Any]]:
    of_cycle = (UsageRecord.owner_id == organisation_id, UsageRecord.start_at < until)
    problems = (
        select(func.count(UsageProblem.id))
        .join(Instrument, Instrument.id == UsageProblem.instrument_id)
        .outerjoin(UsageRecord, UsageRecord.id == UsageProblem.usage_id)
        .where(
            Instrument.organisation_id == organisation_id,
            UsageProblem.resolved_at.is_(None),
            or_(UsageRecord.start_at < until, UsageRecord.id.is_(None) & (UsageProblem.opened_at < until)),
        )
    )
    charges = select(func.count(Charge.id)).where(Charge.organisation_id == organisation_id, Charge.used_at < until)
    return {
        "problems": problems,
        "unconfirmed": select(func.count(UsageRecord.id)).where(*of_cycle, UsageRecord.status == "recorded"),
        "drafts": charges.where(Charge.status == "draft"),
        "disputes": charges.where(Charge.status == "disputed"),
        "review": charges.where(Charge.status == "review"),
    }


def closed_months(session: Session, organisation_id: int, *, limit: int = 24) -> Sequence[PeriodClose]:
    """Give the cycles an organisation closed, the last first."""
    asked = select(PeriodClose).where(PeriodClose.organisation_id == organisation_id)
    return session.scalars(asked.order_by(PeriodClose.month.desc()).limit(limit)).all()


def month_to_close(session: Session, organisation: Organisation, now: datetime) -> date:
    """Give the first day of the cycle an organisation closes next: of the one after the last, or the one before this where none was closed yet."""
    last = last_closed(session, organisation.id)
    if last is not None:
        return last.until
    plan = plan_of(session, organisation.id)
    return plan.cycle_of(month_before(cycle_under_way(plan, organisation, now).first)).first


def close_period(
    session: Session, organisation_id: int, month: date, *, viewer: Viewer, now: datetime, told: Callable[[int], None] = lambda _lines: None
) -> PeriodClose:
    """Close the cycle a month lies in and make its statements; refused with the list of what is open. Closing again changes nothing.

    `told` is told, with every statement, how many lines are on statements by now.
    """
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    organisation = organisation_of(session, organisation_id)
    lock_numbers(session, organisation_id)
    cycle = cycle_of(session, organisation_id, month)
    where = (PeriodClose.organisation_id == organisation_id, PeriodClose.month == cycle.first)
    known = session.scalar(select(PeriodClose).where(*where))
    if known is not None:
        return known
    _check_turn(session, organisation, cycle, now)
    _check_done(session, organisation, cycle.first)
    issue = Issue(organisation, cycle, cycle.span(organisation.time_zone).end, now, viewer.person_id)
    count = lines = 0
    for one in issue_statements(session, issue):
        count, lines = count + 1, lines + one.line_count
        told(lines)
    made = PeriodClose(
        organisation_id=organisation_id, month=cycle.first, months=cycle.months, statements=count, closed_at=now, closed_by=viewer.person_id
    )  # fmt: skip
    session.add(made)
    session.flush()  # a second closing of the cycle is refused here at the latest
    return made


def _check_turn(session: Session, organisation: Organisation, cycle: Cycle, now: datetime) -> None:
    """Cycles are closed when they are over, one after the other."""
    if now < cycle.span(organisation.time_zone).end:
        raise OutOfOrder(NOT_OVER if cycle.months == 1 else CYCLE_NOT_OVER)
    last = last_closed(session, organisation.id)
    if last is not None and cycle.first != last.until:
        following = cycle_of(session, organisation.id, last.until).words
        raise Invalid(
            "month", Sentence(f"请按顺序结账，下一期是 {following.zh}。", f"The books are closed in order; {following.en} is next.")
        )


def _check_done(session: Session, organisation: Organisation, month: date) -> None:
    """Refuse while something is open, with everything that is; the books are looked at last, when all else is done."""
    found = [one for one in check_list(session, organisation, month, with_books=False) if not one.is_done]
    if not found:
        found = [one for one in check_list(session, organisation, month) if not one.is_done]
    if found:
        raise Refused([Refusal(f"open_{one.code}", _counted(one), {"count": one.count}) for one in found])


def _counted(one: Check) -> Sentence:
    return Sentence(f"{one.label.zh}：{one.count}", f"{one.label.en}: {one.count}")
