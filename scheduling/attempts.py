"""Refused attempts at booking: what was wanted and which rules said no, for the statistics; nobody is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer, audience_of
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Refused
from instruments.timespan import TimeSpan
from scheduling.cases import TAKEN

KEPT = timedelta(days=3 * 366)
# The same time asked for again within this is the same attempt: a button pressed twice, or a program that tries again.
SAME = timedelta(minutes=1)
MOST_AN_HOUR = 120  # of one instrument; beyond that somebody is not booking but trying the door


class RefusedAttempt(Base):
    """One instrument that was not to be had at a time somebody asked for; `codes` are those of the refusals, in order of the alphabet."""

    __tablename__ = "refused_attempt"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    at: Mapped[datetime]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    codes: Mapped[list[str]] = mapped_column(JSON)
    audience: Mapped[str] = mapped_column(String(12))
    is_taken: Mapped[bool]
    is_move: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (CheckConstraint("start_at < end_at", name="span"), Index(None, "instrument_id", "at"), Index(None, "at"))


def note_attempt(
    session: Session, error: Refused, instrument_ids: Sequence[int], span: TimeSpan, *, viewer: Viewer, now: datetime, is_move: bool = False
) -> list[RefusedAttempt]:
    """Note what was refused, instrument by instrument; of several wished for together, those that stood in the way.

    A refusal that names no instrument counts for all of them. One statement per instrument, and two for all.
    """
    codes = codes_by_instrument(error, instrument_ids)
    instruments = session.scalars(select(Instrument).where(Instrument.id.in_(codes)).order_by(Instrument.id)).all()
    noted = []
    for one in instruments:
        row = RefusedAttempt(
            instrument_id=one.id, at=now, start_at=span.start, end_at=span.end, codes=codes[one.id], audience=audience_of(viewer, one),
            is_taken=TAKEN.code in codes[one.id], is_move=is_move,
        )  # fmt: skip
        if _is_news(session, row):
            noted.append(row)
    session.add_all(noted)
    session.flush()
    return noted


def codes_by_instrument(error: Refused, instrument_ids: Sequence[int]) -> dict[int, list[str]]:
    """Sort the codes of refusals by the instruments they are about; instruments without any are left out. Pure."""
    found: dict[int, set[str]] = {}
    for refusal in error.refusals:
        about = [int(refusal.allowed["instrument"])] if "instrument" in refusal.allowed and len(instrument_ids) > 1 else instrument_ids
        for instrument_id in about:
            found.setdefault(instrument_id, set()).add(refusal.code)
    return {instrument_id: sorted(codes) for instrument_id, codes in found.items()}


def _is_news(session: Session, row: RefusedAttempt) -> bool:
    """Say whether this is not just the last attempt once more, nor one of a flood."""
    recent = session.scalars(
        select(RefusedAttempt)
        .where(RefusedAttempt.instrument_id == row.instrument_id, RefusedAttempt.at > row.at - timedelta(hours=1))
        .order_by(RefusedAttempt.at.desc())
        .limit(MOST_AN_HOUR)
    ).all()
    return len(recent) < MOST_AN_HOUR and not any(one.at > row.at - SAME and _asked(one) == _asked(row) for one in recent)


def _asked(one: RefusedAttempt) -> tuple[object, ...]:
    return one.start_at, one.end_at, one.audience, one.is_move, tuple(one.codes)


def prune(session: Session, *, now: datetime) -> int:
    """Delete attempts older than three years; give how many."""
    done = session.execute(delete(RefusedAttempt).where(RefusedAttempt.at < now - KEPT))
    return int(getattr(done, "rowcount", 0))
