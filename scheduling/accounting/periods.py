"""Close an organisation's month: a list of what must be done first, and then the statements, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refusal, Refused, Sentence
from instruments.people import Organisation
from scheduling.accounting.charges import Charge
from scheduling.accounting.issuing import Issue, issue_statements
from scheduling.accounting.ledger import keep_rows
from scheduling.accounting.proof import check_books
from scheduling.accounting.statements import first_of, lock_numbers, month_after, month_before, month_span
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem


class PeriodClose(Base):
    """A month an organisation closed; once, and for good."""

    __tablename__ = "period_close"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    month: Mapped[date]
    statements: Mapped[int]
    closed_at: Mapped[datetime]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (UniqueConstraint("organisation_id", "month"),)


keep_rows(PeriodClose, "a closed month stays closed")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: what was looked for, how many were found, and whether any of them keeps the month open."""

    code: str
    label: Sentence
    count: int
    blocks: bool = True

    @property
    def is_done(self) -> bool:
        """Say whether it keeps nothing open."""
        return not self.count or not self.blocks


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
    """Look at everything that must be done before an organisation's month is closed. The books are looked at as a whole, which takes longest."""
    until = month_span(month, organisation.time_zone).end
    counts = {code: session.scalar(asked) or 0 for code, asked in _open(organisation.id, until).items()}
    if with_books:
        counts["books"] = sum(not finding.is_right for finding in check_books(session))
    return [Check(code, label, counts[code], code != "review") for code, label in LABELS.items() if code in counts]


def _open(organisation_id: int, until: datetime) -> dict[str, Select[Any]]:
    of_month = (UsageRecord.owner_id == organisation_id, UsageRecord.start_at < until)
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
        "unconfirmed": select(func.count(UsageRecord.id)).where(*of_month, UsageRecord.status == "recorded"),
        "drafts": charges.where(Charge.status == "draft"),
        "disputes": charges.where(Charge.status == "disputed"),
        "review": charges.where(Charge.status == "review"),
    }


def closed_months(session: Session, organisation_id: int, *, limit: int = 24) -> Sequence[PeriodClose]:
    """Give the months an organisation closed, the last first."""
    asked = select(PeriodClose).where(PeriodClose.organisation_id == organisation_id)
    return session.scalars(asked.order_by(PeriodClose.month.desc()).limit(limit)).all()


def month_to_close(session: Session, organisation: Organisation, now: datetime) -> date:
    """Give the month an organisation closes next: the one after the last, or the month before this one where none was closed yet."""
    last = session.scalar(select(func.max(PeriodClose.month)).where(PeriodClose.organisation_id == organisation.id))
    if last is not None:
        return month_after(last)
    return month_before(month_of(now, organisation))


def month_of(at: datetime, organisation: Organisation) -> date:
    """Give the month a time belongs to by an organisation's clock."""
    current = first_of(at.date())
    candidates = (month_before(current), current, month_after(current))
    return next(one for one in candidates if at < month_span(one, organisation.time_zone).end)


def close_period(
    session: Session, organisation_id: int, month: date, *, viewer: Viewer, now: datetime, told: Callable[[int], None] = lambda _lines: None
) -> PeriodClose:
    """Close an organisation's month and make its statements; refused with the list of what is open. Closing again changes nothing.

    `told` is told, with every statement, how many lines are on statements by now.
    """
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    organisation, month = organisation_of(session, organisation_id), first_of(month)
    lock_numbers(session, organisation_id)
    where = (PeriodClose.organisation_id == organisation_id, PeriodClose.month == month)
    known = session.scalar(select(PeriodClose).where(*where))
    if known is not None:
        return known
    _check_turn(session, organisation, month, now)
    _check_done(session, organisation, month)
    until = month_span(month, organisation.time_zone).end
    issue = Issue(organisation, month, until, now, viewer.person_id)
    count = lines = 0
    for one in issue_statements(session, issue):
        count, lines = count + 1, lines + one.line_count
        told(lines)
    made = PeriodClose(organisation_id=organisation_id, month=month, statements=count, closed_at=now, closed_by=viewer.person_id)
    session.add(made)
    session.flush()  # a second closing of the month is refused here at the latest
    return made


def _check_turn(session: Session, organisation: Organisation, month: date, now: datetime) -> None:
    """Months are closed when they are over, one after the other."""
    if now < month_span(month, organisation.time_zone).end:
        raise OutOfOrder(Sentence("该月尚未结束，不能结账。", "This month is not over yet; it cannot be closed."))
    last = session.scalar(select(func.max(PeriodClose.month)).where(PeriodClose.organisation_id == organisation.id))
    following = None if last is None else month_after(last)
    if following is not None and month != following:
        text = following.strftime("%Y-%m")
        raise Invalid("month", Sentence(f"请按顺序结账，下一个月份是 {text}。", f"Months are closed one after the other; {text} is next."))


def _check_done(session: Session, organisation: Organisation, month: date) -> None:
    """Refuse while something is open, with everything that is; the books are looked at last, when all else is done."""
    found = [one for one in check_list(session, organisation, month, with_books=False) if not one.is_done]
    if not found:
        found = [one for one in check_list(session, organisation, month) if not one.is_done]
    if found:
        raise Refused([Refusal(f"open_{one.code}", _counted(one), {"count": one.count}) for one in found])


def _counted(one: Check) -> Sentence:
    return Sentence(f"{one.label.zh}：{one.count}", f"{one.label.en}: {one.count}")
