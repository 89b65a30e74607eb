"""Prices as pages show them: the lines of a quote, and the rates of an instrument as a table and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from instruments.access import Viewer, audience_of
from instruments.catalogue import Instrument
from instruments.costsheets import Cost, cost_per_hour, costs, read_cost_sheet
from instruments.errors import Sentence
from instruments.tariffs import FURTHEST, Rates, TariffVersion, rates_of
from portal.language import name
from scheduling.bookingquotes import BookingQuote
from scheduling.pricing.lines import Line, Priced
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.tables import RateTable, table
from scheduling.pricing.words import sentences
from scheduling.quoting import Quote
from scheduling.rates import spec_of, total_of_all


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one instrument, under its name where there are several."""

    title: str
    lines: tuple[Line, ...]
    notes: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs; without a total a manager sets it, between low and high where these are known."""

    parts: tuple[Part, ...]
    total: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None


def price_of_quote(found: Quote) -> Price | None:
    """Show the price of a wish; nothing where no instrument has rates."""
    if not found.rated:
        return None
    titles = [name(case.instrument) if len(found.cases) > 1 else "" for case in found.cases]
    parts = [Part(title, one.priced.lines, one.priced.notes) for title, one in zip(titles, found.prices, strict=True) if one]
    only = found.rated[0].priced if len(found.rated) == 1 else Priced()
    return Price(tuple(parts), total_of_all(found.rated), only.low, only.high)


def price_of_booking(quote: BookingQuote | None) -> Price | None:
    """Show what a booking was quoted; nothing where it had no rates."""
    if quote is None or quote.version is None:
        return None
    kept = quote.price
    return Price((Part("", kept.lines, kept.notes),), kept.total, kept.low, kept.high)


@dataclass(frozen=True, slots=True)
class Shown:
    """The rates of an instrument: the version, its table with the reader's own column, sentences, and the costs behind it."""

    version: TariffVersion
    table: RateTable
    own: int | None
    sentences: Sequence[Sentence]
    costs: Sequence[Cost]
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class RatesShown:
    """The rates in force, and those to come: (from when, rates; None: nothing is charged then)."""

    current: Shown | None
    coming: Sequence[tuple[datetime, Shown | None]]


def rates_shown(session: Session, instrument: Instrument, viewer: Viewer, now: datetime) -> RatesShown:
    """Read the rates of an instrument, now and to come; two statements at most."""
    rates = rates_of(session, [instrument.id], now, now + FURTHEST).get(instrument.id, Rates())
    audience = "" if viewer.is_anonymous else audience_of(viewer, instrument)
    current, found, before = rates.at(now), [], rates.at(now)
    for instant in rates.changes(after=now):
        version = rates.at(instant)
        if version is not before:
            found.append((instant, _shown(version, audience)))
        before = version
    return RatesShown(_shown(current, audience), found)


def _shown(version: TariffVersion | None, audience: str) -> Shown | None:
    if version is None:
        return None
    spec = spec_of(version)
    sheet = read_cost_sheet(version.cost_sheet)
    return Shown(
        version, table(spec), own_column(table(spec), audience), sentences(spec), costs(sheet) if sheet else (),
        cost_per_hour(sheet) if sheet else None,
    )  # fmt: skip


def own_column(shown: RateTable, audience: str) -> int | None:
    """Give which column of a table is an audience's, where there is more than one."""
    if len(shown.columns) < 2:
        return None
    return next((place for place, codes in enumerate(shown.audiences) if audience in codes), None)


def specs_of(session: Session, instruments: Sequence[Instrument], now: datetime) -> list[TariffSpec]:
    """Read what instruments charge by now; one statement."""
    rates = rates_of(session, [one.id for one in instruments], now)
    versions = [one.at(now) for one in rates.values()]
    return [spec_of(version) for version in versions if version is not None]
