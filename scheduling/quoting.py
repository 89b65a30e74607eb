"""The quote: what would come of a wish, before anybody makes it. The same judgement as booking, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import NotFound, Refusal
from scheduling.alternatives import Alternative, alternatives
from scheduling.bookings import Booking
from scheduling.cases import Case, gather
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


def quote(session: Session, wish: Wish, *, viewer: Viewer, now: datetime, moved: Booking | None = None) -> Quote:
    """Judge a wish as booking would, with the nearest alternatives where it would be refused.

    `viewer` is who would use the time; `moved` the booking that would give way. Raises what book raises for what is no wish at all.
    """
    if moved is None:
        check_wish(wish, viewer, now)
    check_span(wish.span, now)
    cases = gather(session, wish, wished_instruments(session, wish, viewer), viewer=viewer, now=now, moved=moved)
    refusals = named(cases, [case.refusals for case in cases])
    return Quote(
        tuple(cases),
        tuple(refusals),
        tuple(named(cases, [case.judgement.approvals for case in cases])),
        tuple(named(cases, [case.judgement.warnings for case in cases])),
        tuple(alternatives(session, wish, viewer=viewer, now=now, moved=moved)) if refusals else (),
    )


def wished_instruments(session: Session, wish: Wish, viewer: Viewer) -> Sequence[Instrument]:
    """Read the instruments of a wish in order of id; any that is not there, or not the viewer's to see, is NotFound."""
    ids = sorted(set(wish.instrument_ids))
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
