"""Book and request: one verb for page, drag, API, series and everything else that makes time scarce.

lock instruments (sorted) -> gather what the rules need -> judge -> pick lanes -> add. One instrument or several, all or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, Refusal, Refused, Sentence, Taken
from instruments.timespan import TimeSpan
from scheduling.accounting.spending import check_named_account, keep_funds
from scheduling.bookingquotes import BookingQuote, keep_quote
from scheduling.bookings import LONGEST, MODES, PURPOSES, Booking
from scheduling.cases import TAKEN, Case, gather
from scheduling.locks import lock_instruments
from scheduling.overlap import is_overlap
from scheduling.rates import Asked, Rated, price_all

MOST_AT_ONCE = 20
LONGEST_NOTE = 500
MOST_CODES, MOST_OF_ONE = 50, 1_000_000
BACK, AHEAD = timedelta(days=366), timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: instruments, a span, how the time will be used, and who pays.

    `quantities` are pairs of a unit's code and how many (samples, runs), `options` the codes of what the tariff offers besides.
    """

    instrument_ids: tuple[int, ...]
    span: TimeSpan
    mode: str = "self"
    purpose: str = "research"
    group_id: int | None = None
    note: str = ""
    account_id: int | None = None
    quantities: tuple[tuple[str, Decimal], ...] = ()
    options: tuple[str, ...] = ()


def check_wish(wish: Wish, viewer: Viewer, now: datetime) -> None:
    """Refuse what no rule needs to be asked about: unknown words, foreign groups, times out of all bounds, too much at once."""
    if viewer.is_anonymous:
        raise Forbidden(Sentence("请先登录。", "Please log in first."))
    if not 1 <= len(set(wish.instrument_ids)) <= MOST_AT_ONCE:
        raise Invalid("instruments", Sentence(f"一次可预约 1 到 {MOST_AT_ONCE} 台仪器。", f"Book 1 to {MOST_AT_ONCE} instruments at once."))
    check_span(wish.span, now)
    check_note(wish.note)
    if wish.mode not in MODES:
        raise Invalid("mode", Sentence("请选择使用方式。", "Choose how you will use it."))
    if wish.purpose not in PURPOSES:
        raise Invalid("purpose", Sentence("请选择用途。", "Choose what it is for."))
    if wish.group_id is not None and wish.group_id not in viewer.group_ids:
        raise Invalid("group", Sentence("您不是该课题组的成员。", "You are not a member of this group."))
    check_amounts(wish)


def check_amounts(wish: Wish) -> None:
    """Refuse numbers no use has, and more of them than any tariff asks for; what the codes mean the tariff says."""
    if len(wish.quantities) > MOST_CODES or any(
        not (amount.is_finite() and 0 <= amount <= MOST_OF_ONE) for _, amount in wish.quantities
    ):
        raise Invalid("quantities", Sentence("请填写合理的数量。", "Please give a number that can be."))
    if len(wish.options) > MOST_CODES:
        raise Invalid("options", Sentence("所选附加项目太多。", "That is too many options."))


def check_span(span: TimeSpan, now: datetime) -> None:
    """Refuse spans that no rule can be asked about at a bounded cost: too long, or years away."""
    if span.duration > LONGEST:
        raise Invalid("end", Sentence(f"一次预约最长 {LONGEST.days} 天。", f"A booking lasts {LONGEST.days} days at most."))
    if not now - BACK <= span.start <= now + AHEAD:
        raise Invalid("start", Sentence("请选择今后三年以内的时间。", "Choose a time within the next three years."))


def check_note(note: str) -> None:
    """Refuse a note that is too long, or holds what no database keeps."""
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise Invalid("note", Sentence(f"备注不超过 {LONGEST_NOTE} 字。", f"A note has at most {LONGEST_NOTE} characters."))


def book(session: Session, wish: Wish, *, viewer: Viewer, now: datetime) -> list[Booking]:
    """Book, or request where a rule asks for approval: all the instruments wished for, or none.

    Raises Taken when any is not free, Refused when only rules say no; both with every refusal. An instrument the viewer may not see is NotFound.
    """
    check_wish(wish, viewer, now)
    instruments = lock_instruments(session, wish.instrument_ids)
    check_seen(instruments, viewer)
    cases = gather(session, wish, instruments, viewer=viewer, now=now)
    raise_refusals(cases)
    prices = price_cases(session, cases, wish, viewer=viewer, now=now)
    made = add_bookings(session, cases, wish, viewer=viewer, now=now)
    keep_prices(session, made, prices, wish, now=now)
    return made


def price_cases(
    session: Session, cases: Sequence[Case], wish: Wish, *, viewer: Viewer, now: datetime, moved: Booking | None = None
) -> list[Rated | None]:
    """Price a wish, instrument by instrument, None where there are no rates; before its bookings are made, which would count as history."""
    asked = [asked_of(case, wish.span, wish, viewer) for case in cases]
    return price_all(session, asked, now=now, apart_from=[moved.id] if moved else [], is_strict=moved is None)


def asked_of(case: Case, span: TimeSpan, wish: Wish, viewer: Viewer) -> Asked:
    """Say a wish as the question what it costs."""
    return Asked(
        case.instrument, span, case.audience, wish.mode, wish.purpose, viewer.person_id, wish.group_id, case.grade, wish.quantities, wish.options
    )


def keep_prices(
    session: Session, made: Sequence[Booking], prices: Sequence[Rated | None], wish: Wish, *, now: datetime, before: BookingQuote | None = None
) -> None:  # fmt: skip
    """Keep with each booking what it was priced at and who pays, and the money where the account asks it: Refused when it may not be spent.

    A move takes over from the quote before how payment is shared.
    """
    check_named_account(session, wish.account_id)
    kept = [
        keep_quote(
            session, one, rated.version if rated else None, rated.priced if rated else None, account_id=wish.account_id,
            quantities=wish.quantities, options=wish.options, shares=before.shares if before else (), now=now,
        )
        for one, rated in zip(made, prices, strict=True)
    ]  # fmt: skip
    session.flush()
    keep_funds(session, [quote for quote in kept if quote is not None], now=now)


def check_seen(instruments: Sequence[Instrument], viewer: Viewer) -> None:
    """Refuse instruments that are not the viewer's to know of, as if they were not there."""
    if not all(viewer.may_see(instrument) for instrument in instruments):
        raise NotFound


def raise_refusals(cases: Sequence[Case]) -> None:
    """Raise all refusals of all cases at once, naming the instrument where there are several."""
    refusals = named(cases, [case.refusals for case in cases])
    if not refusals:
        return
    kind = Taken if any(case.lane is None for case in cases) else Refused
    raise kind(refusals)


def named(cases: Sequence[Case], found: Sequence[Sequence[Refusal]]) -> list[Refusal]:
    """Put what was found of each case into one list, naming the instrument where there are several."""
    return [_named(refusal, case.instrument, len(cases)) for case, refusals in zip(cases, found, strict=True) for refusal in refusals]


def _named(refusal: Refusal, instrument: Instrument, how_many: int) -> Refusal:
    if how_many == 1:
        return refusal
    zh, en = instrument.name_zh or instrument.name_en, instrument.name_en or instrument.name_zh
    sentence = Sentence(f"{zh}：{refusal.sentence.zh}", f"{en}: {refusal.sentence.en}")
    return replace(refusal, sentence=sentence, allowed={**refusal.allowed, "instrument": str(instrument.id)})


def add_bookings(session: Session, cases: Sequence[Case], wish: Wish, *, viewer: Viewer, now: datetime) -> list[Booking]:
    """Add the bookings of cases without refusals; several belong to one bundle."""
    bundle = uuid4().hex if len(cases) > 1 else None
    made = [_booking_of(case, wish, viewer, now, bundle) for case in cases]
    session.add_all(made)
    flush_holding(session)
    return made


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
            raise Taken([TAKEN]) from error
        raise
