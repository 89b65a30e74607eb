"""What an hour of an instrument costs each audience, by the rates in force, in the bands that a search can choose.

Worked out by the engine itself, for an hour on a working day's morning, with all fees and discounts; written where rates have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import get_args

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from instruments.access import AUDIENCES
from instruments.search.index import index_prices
from instruments.search.postings import slices
from instruments.search.prices import SearchPrice, write_bands
from instruments.tariffs import InstrumentTariff, TariffVersion, versions_at
from instruments.timespan import TimeSpan, at_wall, zone
from scheduling.pricing.engine import price
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.use import Use
from scheduling.pricing.values import PriceMode
from scheduling.rates import spec_of

LIMITS = ((Decimal(0), "free"), (Decimal(100), "to100"), (Decimal(300), "to300"), (Decimal(1000), "to1000"))
NOTHING_CHARGED = dict.fromkeys(AUDIENCES, "free")
REFERENCE_ZONE = "Asia/Shanghai"  # of the hour that is priced; bands of the week are by the instrument's wall all the same
UNSEEN = timedelta(minutes=2)  # what was written so long before may be committed only now: it is looked at again
MOST = 5_000


def band_of(yuan: Decimal | None) -> str:
    """Give the band of what an hour costs; None: nobody has said it.

    >>> [band_of(Decimal(text)) for text in ("0", "0.01", "100", "100.01", "300", "1000", "1000.01")]
    ['free', 'to100', 'to100', 'to300', 'to300', 'to1000', 'above']
    """
    if yuan is None:
        return "request"
    return next((band for limit, band in LIMITS if yuan <= limit), "above")


def bands_of(spec: TariffSpec, now: datetime) -> dict[str, str]:
    """Give the band of each audience by a tariff."""
    return {audience: band_of(_an_hour(spec, audience, now)) for audience in AUDIENCES}


def _an_hour(spec: TariffSpec, audience: str, now: datetime) -> Decimal | None:
    """Give what an hour costs an audience in the first mode that is priced by time; of a range its lower end; None where it is not said."""
    timed = [meter for meter in spec.rates if not meter.is_counted]
    mode = next((mode for mode in get_args(PriceMode) if any(meter.is_for(audience, mode) for meter in timed)), None)
    if mode is None:
        return None
    found = price(spec, Use(booked=_hour(now), audience=audience, mode=mode))
    return found.low if found.total is None else found.total


def _hour(now: datetime) -> TimeSpan:
    """Give an hour on a morning in the middle of the week."""
    tz = zone(REFERENCE_ZONE)
    day = now.astimezone(tz).date()
    start = at_wall(day + timedelta(days=(2 - day.weekday()) % 7), 600, tz)
    return TimeSpan(start, start + timedelta(hours=1))


def refresh_prices(session: Session, *, now: datetime) -> int:
    """Work out the bands of instruments whose rates have changed, or come into force, since theirs were; give how many are other now.

    May be done again at any time. Call it last, as index_changes: others wait for the index from here to the commit.
    """
    session.flush()
    ids = _stale(session, now)
    if not ids:
        return 0
    bands: dict[int, str] = {}
    known: dict[int, str] = {}
    for some in slices(ids):
        versions = versions_at(session, some, now)
        for number in some:
            version = versions.get(number)
            key = version.id if version else 0
            if key not in known:
                known[key] = write_bands(bands_of(spec_of(version), now) if version else NOTHING_CHARGED)
            bands[number] = known[key]
    return index_prices(session, bands, as_of=now - UNSEEN)


def _stale(session: Session, now: datetime) -> Sequence[int]:
    since = SearchPrice.as_of
    changed = (
        since.is_(None),
        InstrumentTariff.set_at > since,
        and_(InstrumentTariff.valid_from <= now, InstrumentTariff.valid_from > since),
        TariffVersion.published_at > since,
        TariffVersion.withdrawn_at > since,
        and_(TariffVersion.valid_from <= now, TariffVersion.valid_from > since),
    )
    return session.scalars(
        select(InstrumentTariff.instrument_id)
        .outerjoin(SearchPrice, SearchPrice.instrument_id == InstrumentTariff.instrument_id)
        .outerjoin(TariffVersion, TariffVersion.tariff_id == InstrumentTariff.tariff_id)
        .where(or_(*changed))
        .distinct()
        .order_by(InstrumentTariff.instrument_id)
        .limit(MOST)
    ).all()
