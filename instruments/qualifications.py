"""Qualifications (上机资格): asked for by a person, granted by a manager with a grade and, if wanted, an expiry."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Invalid, OutOfOrder, Sentence
from instruments.people import Person
from instruments.timespan import zone

GRADES = {
    1: Sentence("基础操作", "Basic operation"),
    2: Sentence("独立操作", "Independent operation"),
    3: Sentence("夜间与周末独立操作", "Independent at night and weekends"),
    4: Sentence("高级应用与培训他人", "Advanced use and training others"),
}
STATUSES = {
    "asked": Sentence("已申请", "Asked for"),
    "granted": Sentence("已授予", "Granted"),
    "refused": Sentence("未通过", "Refused"),
    "revoked": Sentence("已撤销", "Revoked"),
}


class Qualification(Base):
    """A person's right to operate one instrument herself."""

    __tablename__ = "qualification"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    status: Mapped[str] = mapped_column(String(10))
    grade: Mapped[int] = mapped_column(default=1)
    expires_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    answer: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    instrument: Mapped[Instrument] = relationship()

    __table_args__ = (
        UniqueConstraint("person_id", "instrument_id"),
        Index(None, "instrument_id", "status"),
        CheckConstraint("grade BETWEEN 1 AND 4", name="grade"),
    )

    def holds_on(self, day: date) -> bool:
        """Say whether it is granted and not expired on that day (the last day counts)."""
        return self.status == "granted" and (self.expires_on is None or day <= self.expires_on)


def qualification_of(session: Session, person_id: int, instrument_id: int) -> Qualification | None:
    """Find a person's qualification for an instrument, in whatever state, or None."""
    return session.scalar(select(Qualification).where(Qualification.person_id == person_id, Qualification.instrument_id == instrument_id))


def ask(session: Session, person: Person, instrument: Instrument, *, note: str = "", now: datetime) -> Qualification:
    """Ask for a qualification; asking again after a refusal or an expiry is allowed."""
    note = _checked("note", note)
    found = qualification_of(session, person.id, instrument.id)
    if found is None:
        found = Qualification(person_id=person.id, instrument_id=instrument.id)
        session.add(found)
    elif found.holds_on(_today(instrument, now)) or found.status == "asked":
        raise OutOfOrder(Sentence("您已拥有或已申请该资格。", "You hold this qualification already, or have asked for it."))
    found.status, found.note, found.asked_at, found.answer = "asked", note, now, ""
    return found


def _today(instrument: Instrument, now: datetime) -> date:
    return now.astimezone(zone(instrument.time_zone)).date()


def _checked(field: str, text: str, *, needed: bool = False) -> str:
    if needed and not text.strip():
        raise Invalid(field, Sentence("请填写原因，对方会看到。", "Please give a reason; the person will read it."))
    if len(text.strip()) > 500 or "\x00" in text:
        raise Invalid(field, Sentence("说明不超过 500 字。", "At most 500 characters, please."))
    return text.strip()


def grant_qualification(
    session: Session, person_id: int, instrument_id: int, *, grade: int, expires_on: date | None, by: int, now: datetime, answer: str = ""
) -> Qualification:
    """Grant a qualification, asked for or not, or change its grade and expiry."""
    if grade not in GRADES:
        raise Invalid("grade", Sentence("资格等级应为 1 到 4。", "A grade is a number from 1 to 4."))
    answer = _checked("answer", answer)
    if expires_on is not None and expires_on < _today(session.get_one(Instrument, instrument_id), now):
        raise Invalid("expires_on", Sentence("有效期不能早于今天。", "The expiry cannot lie before today."))
    found = qualification_of(session, person_id, instrument_id)
    if found is None:
        found = Qualification(person_id=person_id, instrument_id=instrument_id, status="asked", asked_at=now)
        session.add(found)
    found.status, found.grade, found.expires_on = "granted", grade, expires_on
    found.decided_at, found.decided_by, found.answer = now, by, answer
    return found


def refuse_qualification(found: Qualification, *, by: int, now: datetime, answer: str) -> None:
    """Refuse what was asked for, with a reason."""
    answer = _checked("answer", answer, needed=True)
    if found.status != "asked":
        raise OutOfOrder(Sentence("该资格没有待处理的申请。", "Nothing is being asked for here."))
    found.status, found.answer, found.decided_at, found.decided_by = "refused", answer, now, by


def revoke_qualification(found: Qualification, *, by: int, now: datetime, answer: str) -> None:
    """Take a granted qualification back, with a reason; bookings already made stay."""
    answer = _checked("answer", answer, needed=True)
    if found.status != "granted":
        raise OutOfOrder(Sentence("该资格未处于已授予状态。", "This qualification is not granted."))
    found.status, found.answer, found.decided_at, found.decided_by = "revoked", answer, now, by
