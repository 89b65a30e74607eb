"""The quote: what would come of a wish, before anybody makes it. The same judgement as booking, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import NotFound, Refusal
from instruments.timespan import TimeSpan
from scheduling.alternatives import Alternative, alternatives
from scheduling.bookings import Booking
from scheduling.cases import Case, gather
from scheduling.changing import decided, person_of, wish_to_move
from scheduling.reserving import Wish, check_seen, check_span, check_wish, named


@dataclass(frozen=True, slots=True)
class Quote:
    """What would come of a wish: every refusal, why approval is needed, warnings, and times that would work.

    No instrument has rates yet, so that there is nothing to pay. `cases` tells the same instrument by instrument.
    """

    cases: tuple[Case, ...]
    refusals: tuple[Refusal, ...] = ()
    approvals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    lines: tuple[()] = ()
    total: Decimal | None = None

    @property
    def is_possible(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.refusals


def quote(session: Session, wish: Wish, *, viewer: Viewer, now: datetime) -> Quote:
    """Judge a wish as booking would, with the nearest alternatives where it would be refused.

    Raises what book raises for what is no wish at all.
    """
    check_wish(wish, viewer, now)
    cases = gather(session, wish, wished_instruments(session, wish.instrument_ids, viewer), viewer=viewer, now=now)
    return _quote_of(session, cases, wish, viewer, now)


def quote_move(
    session: Session, old: Booking, span: TimeSpan, *, viewer: Viewer, now: datetime, instrument_id: int | None = None
) -> Quote:
    """Judge a move as moving would: by the standing of the person whose booking it is, whoever moves it."""
    check_span(span, now)
    wish = wish_to_move(old, span, old.instrument_id if instrument_id is None else instrument_id)
    instruments, person = wished_instruments(session, wish.instrument_ids, viewer), person_of(session, old)
    cases = gather(session, wish, instruments, viewer=person, now=now, moved=old)
    return _quote_of(session, [decided(case, old, viewer) for case in cases], wish, person, now, old)


def _quote_of(session: Session, cases: Sequence[Case], wish: Wish, viewer: Viewer, now: datetime, moved: Booking | None = None) -> Quote:
    refusals = named(cases, [case.refusals for case in cases])
    return Quote(
        tuple(cases),
        tuple(refusals),
        tuple(named(cases, [case.judgement.approvals for case in cases])),
        tuple(named(cases, [case.judgement.warnings for case in cases])),
        tuple(alternatives(session, wish, viewer=viewer, now=now, moved=moved)) if refusals else (),
    )


def wished_instruments(session: Session, instrument_ids: Iterable[int], viewer: Viewer) -> Sequence[Instrument]:
    """Read the instruments of a wish in order of id; any that is not there, or not the viewer's to see, is NotFound."""
    ids = sorted(set(instrument_ids))
    found = session.scalars(
        select(Instrument)
        .where(Instrument.id.in_(ids))
        .options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
        .order_by(Instrument.id)
    ).all()
    if len(found) != len(ids):
        raise NotFound
    check_seen(found, viewer)
    return found
