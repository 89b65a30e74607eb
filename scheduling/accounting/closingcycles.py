"""By which cycle an organisation closes its books: chosen from a first of a month on, kept as history, and what was closed so far.

A cycle under way is never cut anew: a change begins where one ends. What is closed is over, so that no change ever reaches back into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Organisation, Person
from scheduling.accounting.cycles import LENGTHS, LENGTHS_SQL, Cycle, Plan, months_later, plan_from
from scheduling.accounting.ledger import keep_rows
from scheduling.accounting.statements import first_of, lock_numbers, month_of

AHEAD = 24  # months: further ahead nobody plans the closing of books


class ClosingCycle(Base):
    """From a day on an organisation closes by so many months; a later choice takes the place of what had not begun by its own first day."""

    __tablename__ = "closing_cycle"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    begins: Mapped[date]
    months: Mapped[int]
    chosen_at: Mapped[datetime]
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person | None] = relationship()

    __table_args__ = (CheckConstraint(LENGTHS_SQL, name="months"), Index(None, "organisation_id", "id"))


class PeriodClose(Base):
    """A cycle an organisation closed; once, and for good. `month` is its first day, `months` how many it has."""

    __tablename__ = "period_close"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    month: Mapped[date]
    months: Mapped[int] = mapped_column(default=1, server_default="1")
    statements: Mapped[int]
    closed_at: Mapped[datetime]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (UniqueConstraint("organisation_id", "month"), CheckConstraint(LENGTHS_SQL, name="months"))

    @property
    def cycle(self) -> Cycle:
        """Give the months it closed."""
        return Cycle(self.month, self.months)


keep_rows(PeriodClose, "a closed month stays closed")
keep_rows(ClosingCycle, "the history of closing cycles stays as it was")


def plan_of(session: Session, organisation_id: int) -> Plan:
    """Read by which cycles an organisation closes."""
    asked = select(ClosingCycle.begins, ClosingCycle.months).where(ClosingCycle.organisation_id == organisation_id)
    return plan_from(Cycle(begins, months) for begins, months in session.execute(asked.order_by(ClosingCycle.id)))


def cycle_of(session: Session, organisation_id: int, day: date) -> Cycle:
    """Give the cycle of an organisation that a day lies in."""
    return plan_of(session, organisation_id).cycle_of(day)


def last_closed(session: Session, organisation_id: int) -> Cycle | None:
    """Give the last cycle an organisation closed."""
    asked = select(PeriodClose).where(PeriodClose.organisation_id == organisation_id).order_by(PeriodClose.month.desc()).limit(1)
    found = session.scalar(asked)
    return found.cycle if found else None


def cycle_under_way(plan: Plan, organisation: Organisation, now: datetime) -> Cycle:
    """Give the cycle of a plan that runs now, by the organisation's clock."""
    return plan.cycle_of(month_of(now, organisation))


def choose_cycle(session: Session, organisation_id: int, months: int, since: date, *, viewer: Viewer, now: datetime) -> ClosingCycle:
    """Close by so many months from a month on, or from the end of the cycle that runs then, and never before the end of the one under way."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    lock_numbers(session, organisation_id)  # nobody closes meanwhile
    plan = plan_of(session, organisation_id)
    begins = _begins(plan, cycle_under_way(plan, organisation, now), first_of(since))
    _check_new(plan, begins, months)
    made = ClosingCycle(organisation_id=organisation_id, begins=begins, months=months, chosen_at=now, chosen_by=viewer.person_id)
    session.add(made)
    session.flush()
    return made


def _begins(plan: Plan, running: Cycle, since: date) -> date:
    if since > months_later(running.until, AHEAD):
        raise Invalid("since", Sentence("最多可提前两年设定。", "It can be set two years ahead at most."))
    return plan.first_from(max(since, running.until))


def _check_new(plan: Plan, begins: date, months: int) -> None:
    if months not in LENGTHS:
        raise Invalid("months", Sentence("请选择结账周期。", "Choose a closing cycle."))
    is_last = all(step.first <= begins for step in plan.steps)
    if is_last and plan.cycle_of(begins).months == months:
        raise Invalid("months", Sentence("从那时起已经按该周期结账。", "The books are closed by this cycle from then on already."))


def first_days(plan: Plan, running: Cycle) -> Sequence[date]:
    """Give the days with which a change may begin: the ends of cycles, the next first."""
    found, last = [running.until], months_later(running.until, AHEAD)
    while (following := plan.cycle_of(found[-1]).until) <= last:
        found.append(following)
    return found


def chosen_cycles(session: Session, organisation_id: int, *, limit: int = 24) -> Sequence[ClosingCycle]:
    """Give what was chosen for an organisation and by whom, the last first."""
    asked = select(ClosingCycle).where(ClosingCycle.organisation_id == organisation_id).options(joinedload(ClosingCycle.person))
    return session.scalars(asked.order_by(ClosingCycle.id.desc()).limit(limit)).all()
