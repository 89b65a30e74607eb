"""What a use costs by the rates in force: of a wish before it is booked, of a booking, of a use, of one that was cancelled or missed.

The price itself is a pure function (scheduling/pricing); here is read what it asks for: the version, holidays, figures of history.
A constant number of statements however many uses are asked about: one where no instrument has rates, four where some have.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from instruments.holidays import SpecialDay
from instruments.opening import days_around
from instruments.tariffs import Rates, TariffVersion, rates_of
from instruments.timespan import TimeSpan, zone
from scheduling.bookingquotes import BookingQuote, quote_of, quotes_of
from scheduling.bookings import Booking, holding
from scheduling.pricing.cancelling import price_late_cancel, price_no_show
from scheduling.pricing.engine import price
from scheduling.pricing.lines import Priced
from scheduling.pricing.needs import needs
from scheduling.pricing.spec import TariffSpec, read_spec
from scheduling.pricing.use import History, Need, Use
from scheduling.ratefigures import Figure, minutes_before, read_figures
from scheduling.usage import UsageRecord

# Holidays matter as far around a use as a band of the week may reach, and a deadline in working days.
AROUND = timedelta(days=45)
HAZARD = "hazard"  # the quantity that says how dangerous a sample is, 0 to 9
MOST_HAZARD = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """One use whose price is asked: of which instrument, when, by whom, how, and how many of what."""

    instrument: Instrument
    span: TimeSpan
    audience: str
    mode: str = "self"
    purpose: str = "research"
    person_id: int = 0
    group_id: int | None = None
    grade: int = 0
    quantities: tuple[tuple[str, Decimal], ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rated:
    """A price, and the version of the tariff it comes from."""

    version: TariffVersion
    priced: Priced


def total_of_all(rated: Sequence[Rated]) -> Decimal | None:
    """Add prices; None where there are none, or where a manager must set one of them."""
    totals = [one.priced.total for one in rated]
    known = [total for total in totals if total is not None]
    return sum(known, Decimal("0.00")) if known and len(known) == len(totals) else None


def spec_of(version: TariffVersion) -> TariffSpec:
    """Read what a version says."""
    return _read(json.dumps(version.spec, sort_keys=True))


@lru_cache(maxsize=512)
def _read(text: str) -> TariffSpec:
    return read_spec(json.loads(text))


def version_for(rates: Rates | None, start: datetime, now: datetime) -> TariffVersion | None:
    """Choose the version a booking made now is priced by: the one of today where it freezes the price, else the one of the day of use."""
    current = rates.at(now) if rates else None
    if current is not None and spec_of(current).price_lock == "booking":
        return current
    return rates.at(start) if rates else None


def price_all(
    session: Session, asked: Sequence[Asked], *, now: datetime, apart_from: Collection[int] = (), is_strict: bool = True
) -> list[Rated | None]:
    """Price wishes, each by itself, as if booked now; None where the instrument has no rates. `apart_from` are bookings that give way.

    An option that none of the tariffs has is Invalid, or is passed over where that is not meant strictly.
    """
    rates = rates_of(session, {one.instrument.id for one in asked}, now, *(one.span.start for one in asked))
    versions = [version_for(rates.get(one.instrument.id), one.span.start, now) for one in asked]
    if not any(versions):
        return [None] * len(asked)
    days = days_around(session, _window([one.span for one in asked]))
    if is_strict:
        _check_options([spec_of(version) for version in versions if version], {code for one in asked for code in one.options})
    ready = [
        _Ready(version, _use_of(session, one, spec_of(version), days, apart_from), one.person_id, one.group_id, one.instrument.id)
        for one, version in zip(asked, versions, strict=True)
        if version
    ]
    found = iter(_priced(session, ready, apart_from))
    return [next(found) if version else None for version in versions]


@dataclass(frozen=True, slots=True)
class _Ready:
    """One use ready to be priced but for its history."""

    version: TariffVersion
    use: Use
    person_id: int
    group_id: int | None
    instrument_id: int
    booking_id: int | None = None
    usage_id: int | None = None

    def figure(self, need: Need) -> Figure:
        begins = self.use.starts_at or need.end
        return Figure(
            need, self.person_id, self.group_id, self.instrument_id, self.version.tariff_id, begins, self.booking_id, self.usage_id
        )


def _priced(session: Session, ready: Sequence[_Ready], apart_from: Collection[int]) -> list[Rated]:
    histories = _histories(session, ready, apart_from)
    return [Rated(one.version, price(spec_of(one.version), one.use, history)) for one, history in zip(ready, histories, strict=True)]


def _histories(session: Session, ready: Sequence[_Ready], apart_from: Collection[int]) -> list[History]:
    """Read the figures of history that all of the uses need; one statement, or none."""
    wanted = [needs(spec_of(one.version), one.use) for one in ready]
    figures = {one.figure(need) for one, each in zip(ready, wanted, strict=True) for need in each}
    found = read_figures(session, list(figures), apart_from=apart_from)
    return [History({need: found[one.figure(need)] for need in each}) for one, each in zip(ready, wanted, strict=True)]


def _window(spans: Sequence[TimeSpan]) -> TimeSpan:
    return TimeSpan(min(span.start for span in spans), max(span.end for span in spans)).widened(AROUND, AROUND)


def _use_of(
    session: Session, one: Asked, spec: TariffSpec, days: Mapping[date, SpecialDay], apart_from: Collection[int]
) -> Use:  # fmt: skip
    return Use(
        booked=one.span, tz=zone(one.instrument.time_zone), holidays=days, audience=one.audience, mode=one.mode, purpose=one.purpose,
        grade=one.grade, quantities=dict(one.quantities), options=frozenset(one.options) & {choice.code for choice in spec.choices},
        hazard=_hazard(dict(one.quantities)),
        consecutive_before_minutes=_before(session, spec, one.instrument.id, one.person_id, one.span.start, apart_from),
    )  # fmt: skip


def _check_options(specs: Sequence[TariffSpec], options: Collection[str]) -> None:
    known = {choice.code for spec in specs for choice in spec.choices}
    for code in options:
        if code not in known:
            raise Invalid("options", Sentence(f"收费标准中没有附加项目“{code[:40]}”。", f"The rates have no option “{code[:40]}”."))


def _hazard(quantities: Mapping[str, Decimal]) -> int:
    return min(int(quantities.get(HAZARD, 0)), MOST_HAZARD)


def _before(
    session: Session, spec: TariffSpec, instrument_id: int, person_id: int, start: datetime, apart_from: Collection[int]
) -> int:  # fmt: skip
    if not any(meter.tiers_by == "consecutive" for meter in spec.meters):
        return 0
    return minutes_before(session, instrument_id, person_id, start, apart_from=apart_from)


def price_span(
    session: Session, instrument: Instrument, span: TimeSpan, *, audience: str, mode: str, purpose: str, person_id: int,
    group_id: int | None, quantities: tuple[tuple[str, Decimal], ...] = (), options: tuple[str, ...] = (), now: datetime,
) -> tuple[TariffVersion | None, Priced | None]:  # fmt: skip
    """Price one wish; (None, None) where the instrument has no rates."""
    asked = Asked(instrument, span, audience, mode, purpose, person_id, group_id, 0, quantities, options)
    (found,) = price_all(session, [asked], now=now)
    return (found.version, found.priced) if found else (None, None)


@dataclass(frozen=True, slots=True)
class UseFacts:
    """What prices of uses rest on, read for all of them at once: quotes by booking, rates by instrument, and special days."""

    quotes: Mapping[int, BookingQuote]
    rates: Mapping[int, Rates]
    days: Mapping[date, SpecialDay]


def use_facts(session: Session, uses: Sequence[UsageRecord]) -> UseFacts:
    """Read what the prices of ended uses rest on; three statements however many they are."""
    booked = [one.booking_id for one in uses if one.booking_id is not None]
    quotes = quotes_of(session, booked) if booked else {}
    asking = [one for one in uses if _frozen_by(quotes.get(one.booking_id or 0)) is None]
    rates = rates_of(session, {one.instrument_id for one in asking}, *(one.start_at for one in asking)) if asking else {}
    if not rates and len(asking) == len(uses):
        return UseFacts(quotes, {}, {})
    spans = [span for one in uses for span in (one.span, one.booking.span if one.booking else None) if span is not None]
    return UseFacts(quotes, rates, days_around(session, _window(spans)) if spans else {})


def price_usage(
    session: Session, usage: UsageRecord, *, now: datetime, facts: UseFacts | None = None
) -> tuple[TariffVersion | None, Priced | None]:  # fmt: skip
    """Price a use that has ended: by the version its booking froze, or the one valid when it began; (None, None) without rates."""
    facts, used = facts or use_facts(session, [usage]), usage.span
    quote = facts.quotes.get(usage.booking_id or 0)
    rates = facts.rates.get(usage.instrument_id)
    version = _frozen_by(quote) or (rates.at(usage.start_at) if rates else None)
    if version is None or used is None:
        return None, None
    made = _use_made(session, usage, used, quote, spec_of(version), facts.days)
    ready = _Ready(version, made, usage.person_id, usage.group_id, usage.instrument_id, usage.booking_id, usage.id)
    (found,) = _priced(session, [ready], [usage.booking_id] if usage.booking_id else [])
    return found.version, found.priced


def _frozen_by(quote: BookingQuote | None) -> TariffVersion | None:
    """Give the version a quote froze, where its tariff holds on to the price at booking."""
    version = quote.version if quote else None
    return version if version is not None and spec_of(version).price_lock == "booking" else None


def _version_of(session: Session, instrument_id: int, quote: BookingQuote | None, start: datetime) -> TariffVersion | None:
    rates = None if _frozen_by(quote) else rates_of(session, [instrument_id], start).get(instrument_id)
    return _frozen_by(quote) or (rates.at(start) if rates else None)


def _use_made(
    session: Session, usage: UsageRecord, used: TimeSpan, quote: BookingQuote | None, spec: TariffSpec, days: Mapping[date, SpecialDay]
) -> Use:  # fmt: skip
    booking = usage.booking
    booked = booking.span if booking else None
    told = {"sample": usage.samples, "run": usage.runs}
    quantities = {code: Decimal(text) for code, text in (quote.quantities if quote else {}).items()}
    quantities |= {code: Decimal(number) for code, number in told.items() if number}
    quantities |= {code: Decimal(text) for code, text in usage.quantities.items()}
    known = {switch.code for switch in spec.switches}  # the record is the manager's
    apart_from = [usage.booking_id] if usage.booking_id else []
    return Use(
        booked=booked, used=used, effective_minutes=usage.effective_minutes, tz=zone(usage.instrument.time_zone),
        holidays=days,
        audience=usage.audience, mode=usage.mode, purpose=usage.purpose, quantities=quantities,
        options=frozenset(usage.options or (quote.options if quote else ())) & known, hazard=_hazard(quantities),
        overrun_was_wanted=booked is None or _was_wanted(session, usage, booked.end, used.end),
        consecutive_before_minutes=_before(session, spec, usage.instrument_id, usage.person_id, (booked or used).start, apart_from),
    )  # fmt: skip


def _was_wanted(session: Session, usage: UsageRecord, since: datetime, until: datetime) -> bool:
    """Say whether somebody else had booked the time by which a use overran."""
    if until <= since:
        return False
    overrun = TimeSpan(since, until)
    held = holding(session, [usage.instrument_id], overrun, apart_from=[usage.booking_id] if usage.booking_id else [])
    return any(lane == usage.lane for _, lane, _ in held)


def price_cancel(session: Session, booking: Booking) -> tuple[TariffVersion | None, Priced | None]:
    """Price a cancelled booking: nothing before the deadline, else the fee, net of what others have of its time by now."""
    return _price_missed(session, booking, cancelled_at=booking.decided_at or booking.changed_at)


def price_missed(session: Session, booking: Booking) -> tuple[TariffVersion | None, Priced | None]:
    """Price a booking nobody came for, net of what others have of its time by now."""
    return _price_missed(session, booking, cancelled_at=None)


def _price_missed(session: Session, booking: Booking, cancelled_at: datetime | None) -> tuple[TariffVersion | None, Priced | None]:
    """A fee is asked again after the time is over, as only then it is known what others used of it."""
    quote = quote_of(session, booking.id)
    version = _version_of(session, booking.instrument_id, quote, booking.start_at)
    if version is None:
        return None, None
    spec, instrument = spec_of(version), booking.instrument
    quantities = {code: Decimal(text) for code, text in (quote.quantities if quote else {}).items()}
    use = Use(
        booked=booking.span, tz=zone(instrument.time_zone), holidays=days_around(session, _window([booking.span])), audience=booking.audience,
        mode=booking.mode, purpose=booking.purpose, quantities=quantities,
        options=frozenset(quote.options if quote else ()) & {choice.code for choice in spec.switches}, hazard=_hazard(quantities),
    )  # fmt: skip
    ready = _Ready(version, use, booking.person_id, booking.group_id, booking.instrument_id, booking.id)
    (history,) = _histories(session, [ready], [booking.id])
    held = holding(session, [booking.instrument_id], booking.span, apart_from=[booking.id])
    reused = [span for _, lane, span in held if lane == booking.lane]
    if cancelled_at is None:
        return version, price_no_show(spec, use, reused, history)
    return version, price_late_cancel(spec, use, cancelled_at, reused, history)
