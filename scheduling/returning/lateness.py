"""Who is late: the days a return may take, as the province sets them, and how each organisation stands for a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Select, String, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base
from instruments.errors import Forbidden, Invalid, Sentence
from instruments.people import Organisation
from instruments.timespan import zone
from scheduling.returning.formats import format_of, formats
from scheduling.returning.periods import Period
from scheduling.returning.returns import Return

MOST_DAYS = 366
STANDINGS = {
    "accepted": Sentence("已接收", "Accepted"),
    "signed": Sentence("已报送，待审核", "Handed in, waits for review"),
    "sent_back": Sentence("已退回，待重报", "Sent back, to be handed in again"),
    "draft": Sentence("准备中", "Being prepared"),
    "missing": Sentence("未报送", "Missing"),
}


class ReturnDeadline(Base):
    """So many days after the period's end a kind of return is due; a kind without a row has the days of its format."""

    __tablename__ = "return_deadline"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    days: Mapped[int]
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("days BETWEEN 1 AND 366", name="days"),)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an organisation stands: its newest return for the period, when the first was signed, and by how many days it is or was late.

    `late` is 0 while there is time and for what came in time.
    """

    organisation: Organisation
    state: str
    newest: Return | None
    handed_in: datetime | None
    late: int


def deadlines(session: Session) -> Mapping[str, int]:
    """Give the days each kind may take; one statement."""
    set_days = {row.kind: row.days for row in session.scalars(select(ReturnDeadline))}
    return {kind: set_days.get(kind, layout.deadline_days) for kind, layout in formats().items()}


def set_deadline(session: Session, kind: str, days: int, *, viewer: Viewer, now: datetime) -> ReturnDeadline:
    """Set the days a kind of return may take, as the province."""
    if not viewer.is_province_admin:
        raise Forbidden
    format_of(kind)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days", Sentence(f"请填写 1 到 {MOST_DAYS} 的天数。", f"Give a number of days from 1 to {MOST_DAYS}."))
    found = session.get(ReturnDeadline, kind) or ReturnDeadline(kind=kind)
    found.days, found.set_by, found.set_at = days, viewer.person_id, now
    session.add(found)
    session.flush()
    return found


def due_on(period: Period, days: int) -> date:
    """Give the last day on which a return is in time.

    >>> due_on(Period("quarter", date(2026, 7, 1)), 30)
    datetime.date(2026, 10, 30)
    """
    return period.end + timedelta(days=days - 1)


def standings(
    session: Session, kind: str, period: Period, *, now: datetime, after: str = "", limit: int = 50
) -> tuple[Sequence[Standing], str | None]:
    """Give how the organisations that have to report stand, by code, and the code of the last where more follow; three statements."""
    found = session.scalars(reporting(kind).where(Organisation.code > after).order_by(Organisation.code).limit(limit + 1)).all()
    page, days = found[:limit], deadlines(session)[kind]
    returns = _returns(session, kind, period, [one.id for one in page])
    rows = [_standing(one, returns.get(one.id, []), due_on(period, days), now) for one in page]
    return rows, page[-1].code if len(found) > limit else None


def standing_of(session: Session, organisation: Organisation, kind: str, period: Period, *, now: datetime) -> Standing:
    """Give how one organisation stands, whether or not it has to report; two statements."""
    returns = _returns(session, kind, period, [organisation.id]).get(organisation.id, [])
    return _standing(organisation, returns, due_on(period, deadlines(session)[kind]), now)


def count_standings(session: Session, kind: str, period: Period) -> tuple[int, int]:
    """Count the organisations that have to report, and those of them that have handed something in that was not sent back."""
    asked = reporting(kind)
    handed_in = exists().where(
        Return.organisation_id == Organisation.id,
        Return.kind == kind,
        Return.starts_on == period.start,
        Return.state.in_(("signed", "accepted")),
    )
    every = session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    return every, session.scalar(select(func.count()).select_from(asked.where(handed_in).subquery())) or 0


def reporting(kind: str) -> Select[Organisation]:
    """Ask for the organisations that have to report: active, with an instrument on the network today, of the kind a return is for."""
    on_network = exists().where(Instrument.organisation_id == Organisation.id, Instrument.publication.in_(("published", "suspended")))
    asked = select(Organisation).where(Organisation.is_active, on_network)
    only = format_of(kind).only
    return asked.where(Organisation.kind == only) if only else asked


def has_to_report(session: Session, organisation: Organisation, kind: str) -> bool:
    """Say whether a kind of return is asked of an organisation."""
    return session.scalar(reporting(kind).where(Organisation.id == organisation.id)) is not None


def _returns(session: Session, kind: str, period: Period, organisation_ids: list[int]) -> Mapping[int, list[Return]]:
    asked = select(Return).where(Return.kind == kind, Return.starts_on == period.start, Return.organisation_id.in_(organisation_ids))
    found: dict[int, list[Return]] = {}
    for one in session.scalars(asked.order_by(Return.edition)):
        found.setdefault(one.organisation_id, []).append(one)
    return found


def _standing(organisation: Organisation, returns: list[Return], due: date, now: datetime) -> Standing:
    tz, newest = zone(organisation.time_zone), returns[-1] if returns else None
    handed_in = next((one.signed_at for one in returns if one.signed_at is not None), None)
    is_back = newest is not None and newest.state in ("draft", "sent_back") and handed_in is not None
    state = "missing" if newest is None else "sent_back" if is_back else newest.state
    # What was sent back was not in time unless it came again; the day on which the first came counts for what was not.
    counts_until = now if handed_in is None or is_back else handed_in
    return Standing(organisation, state, newest, handed_in, max((counts_until.astimezone(tz).date() - due).days, 0))
