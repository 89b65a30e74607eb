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
from scheduling.accounting.spending import refusals_for
from scheduling.alternatives import Alternative, alternatives
from scheduling.bookingquotes import quote_of
from scheduling.bookings import Booking
from scheduling.cases import Case, gather
from scheduling.changing import decided, person_of, wish_to_move
from scheduling.pricing.lines import Line
from scheduling.rates import Rated, total_of_all
from scheduling.reserving import Wish, check_seen, check_span, check_wish, named, price_cases


@dataclass(frozen=True, slots=True)
class Quote:
    """What would come of a wish: every refusal, why approval is needed, warnings, times that would work, and the price.

    `cases` tells the same instrument by instrument, and `prices` what each costs, None where it has no rates.
    """

    cases: tuple[Case, ...]
    refusals: tuple[Refusal, ...] = ()
    approvals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    prices: tuple[Rated | None, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.refusals

    @property
    def rated(self) -> tuple[Rated, ...]:
        """Give the prices of the instruments that have rates."""
        return tuple(one for one in self.prices if one is not None)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Give the lines of all the instruments, in their order."""
        return tuple(line for one in self.rated for line in one.priced.lines)

    @property
    def total(self) -> Decimal | None:
        """Give the sum in yuan; None where there are no rates, or where a manager must set a price."""
        return total_of_all(self.rated)


def quote(session: Session, wish: Wish, *, viewer: Viewer, now: datetime) -> Quote:
    """Judge a wish as booking would, with the nearest alternatives where it would be refused.

    Raises what book raises for what is no wish at all.
    """
    check_wish(wish, viewer, now)
    cases = gather(session, wish, wished_instruments(session, wish.instrument_ids, viewer), viewer=viewer, now=now)
    prices = price_cases(session, cases, wish, viewer=viewer, now=now)
    return _quote_of(session, cases, prices, wish, viewer, now)


def quote_move(
    session: Session, old: Booking, span: TimeSpan, *, viewer: Viewer, now: datetime, instrument_id: int | None = None
) -> Quote:
    """Judge a move as moving would: by the standing of the person whose booking it is, whoever moves it."""
    check_span(span, now)
    wish = wish_to_move(old, span, old.instrument_id if instrument_id is None else instrument_id, None, quote_of(session, old.id))
    instruments, person = wished_instruments(session, wish.instrument_ids, viewer), person_of(session, old)
    cases = gather(session, wish, instruments, viewer=person, now=now, moved=old)
    prices = price_cases(session, cases, wish, viewer=person, now=now, moved=old)
    return _quote_of(session, [decided(case, old, viewer) for case in cases], prices, wish, person, now, old)


def _quote_of(
    session: Session, cases: Sequence[Case], prices: Sequence[Rated | None], wish: Wish, viewer: Viewer, now: datetime,
    moved: Booking | None = None,
) -> Quote:  # fmt: skip
    refusals = [*named(cases, [case.refusals for case in cases]), *_unpaid(session, cases, prices, wish, viewer, now)]
    return Quote(
        tuple(cases),
        tuple(refusals),
        tuple(named(cases, [case.judgement.approvals for case in cases])),
        tuple(named(cases, [case.judgement.warnings for case in cases])),
        tuple(alternatives(session, wish, viewer=viewer, now=now, moved=moved)) if refusals else (),
        tuple(prices),
    )


def _unpaid(
    session: Session, cases: Sequence[Case], prices: Sequence[Rated | None], wish: Wish, viewer: Viewer, now: datetime
) -> list[Refusal]:  # fmt: skip
    """Give the reasons why the account named would not pay, each once; none where none is named."""
    if wish.account_id is None:
        return []
    amounts = [(one.priced.total if one.priced.total is not None else one.priced.high) if one else None for one in prices]
    total = sum((amount for amount in amounts if amount is not None), Decimal(0))
    found = [
        refusal
        for provider in {case.instrument.organisation_id for case in cases}
        for refusal in refusals_for(session, wish.account_id, total, person=viewer, provider_id=provider, now=now)
    ]
    return list({refusal.code: refusal for refusal in found}.values())


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
