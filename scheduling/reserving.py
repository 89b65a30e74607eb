"""Book and request: one verb for page, drag, API, series and everything else that makes time scarce.

lock instruments (sorted) -> gather what the rules need -> judge -> pick lanes -> add. One instrument or several, all or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, Refusal, Refused, Sentence, Taken
from instruments.timespan import TimeSpan
from scheduling.bookings import MODES, PURPOSES, Booking
from scheduling.cases import Case, gather
from scheduling.locks import lock_instruments
from scheduling.overlap import is_overlap

MOST_AT_ONCE = 20
TAKEN = Sentence("该时段刚刚被占用或尚未释放。", "This time is taken.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: instruments, a span, and how the time will be used."""

    instrument_ids: tuple[int, ...]
    span: TimeSpan
    mode: str = "self"
    purpose: str = "research"
    group_id: int | None = None
    note: str = ""


def check_wish(wish: Wish, viewer: Viewer) -> None:
    """Refuse what no rule needs to be asked about: unknown words, foreign groups, too much at once."""
    if viewer.is_anonymous:
        raise Forbidden(Sentence("请先登录。", "Please log in first."))
    if not 1 <= len(set(wish.instrument_ids)) <= MOST_AT_ONCE:
        raise Invalid("instruments", Sentence(f"一次可预约 1 到 {MOST_AT_ONCE} 台仪器。", f"Book 1 to {MOST_AT_ONCE} instruments at once."))
    if wish.mode not in MODES:
        raise Invalid("mode", Sentence("请选择使用方式。", "Choose how you will use it."))
    if wish.purpose not in PURPOSES:
        raise Invalid("purpose", Sentence("请选择用途。", "Choose what it is for."))
    if len(wish.note) > 500:
        raise Invalid("note", Sentence("备注不超过 500 字。", "A note has at most 500 characters."))
    if wish.group_id is not None and wish.group_id not in viewer.group_ids:
        raise Invalid("group", Sentence("您不是该课题组的成员。", "You are not a member of this group."))


def book(session: Session, wish: Wish, *, viewer: Viewer, now: datetime) -> list[Booking]:
    """Book, or request where a rule asks for approval: all the instruments wished for, or none.

    Raises Taken when any is not free, Refused when only rules say no; both with every refusal.
    """
    check_wish(wish, viewer)
    instruments = lock_instruments(session, wish.instrument_ids)
    return reserve(session, wish, instruments, viewer=viewer, now=now)


def reserve(
    session: Session, wish: Wish, instruments: Sequence[Instrument], *, viewer: Viewer, now: datetime, moved: Booking | None = None
) -> list[Booking]:
    """Judge and add bookings of instruments already locked; a moved booking does not stand in its own way."""
    cases = gather(session, wish, instruments, viewer=viewer, now=now, moved=moved)
    raise_refusals(cases)
    bundle = uuid4().hex if len(cases) > 1 else None
    made = [_booking_of(case, wish, viewer, now, bundle) for case in cases]
    session.add_all(made)
    flush_holding(session)
    return made


def raise_refusals(cases: Sequence[Case]) -> None:
    """Raise all refusals of all cases at once, naming the instrument where there are several."""
    refusals = [_named(refusal, case.instrument, len(cases)) for case in cases for refusal in case.refusals]
    if not refusals:
        return
    kind = Taken if any(case.lane is None for case in cases) else Refused
    raise kind(refusals)


def _named(refusal: Refusal, instrument: Instrument, how_many: int) -> Refusal:
    if how_many == 1:
        return refusal
    zh, en = instrument.name_zh or instrument.name_en, instrument.name_en or instrument.name_zh
    sentence = Sentence(f"{zh}:{refusal.sentence.zh}", f"{en}: {refusal.sentence.en}")
    return replace(refusal, sentence=sentence, allowed={**refusal.allowed, "instrument": str(instrument.id)})


def _booking_of(case: Case, wish: Wish, viewer: Viewer, now: datetime, bundle: str | None) -> Booking:
    judgement, instrument = case.judgement, case.instrument
    waits = judgement.needs_approval
    assert case.lane is not None  # raise_refusals has let no case without a lane pass
    return Booking(
        instrument=instrument, lane=case.lane, person_id=viewer.person_id, group_id=wish.group_id,
        start_at=wish.span.start, end_at=wish.span.end, occupied_from=case.occupied.start, occupied_until=case.occupied.end,
        holds=not waits or judgement.holds_slot, status="requested" if waits else "confirmed",
        mode=wish.mode, purpose=wish.purpose, audience=case.audience, note=wish.note.strip(), bundle=bundle,
        approval_reasons="\n".join(str(reason.sentence) for reason in judgement.approvals)[:1000],
        created_at=now, changed_at=now, expires_at=expiry(now, wish.span, judgement.decide_within_hours) if waits else None,
    )  # fmt: skip


def expiry(now: datetime, span: TimeSpan, decide_within_hours: int) -> datetime:
    """Say when an undecided request lapses: after the hours set, at its start at the latest."""
    return min(now + timedelta(hours=decide_within_hours), max(span.start, now + timedelta(minutes=1)))


def flush_holding(session: Session) -> None:
    """Send the rows to the database at once, so that its refusal of an overlap is told in our words."""
    try:
        session.flush()  # the exclusion constraint answers here, while we can still name the reason
    except IntegrityError as error:
        if is_overlap(error):
            raise Taken([Refusal("taken", TAKEN)]) from error
        raise
