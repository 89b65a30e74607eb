"""Which price an hour has: time split at the edges of bands and seasons on the instrument's wall clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from instruments.holidays import SpecialDay
from instruments.timespan import TimeSpan, common, local_days, merged, minus
from scheduling.pricing.meters import Band, Meter
from scheduling.pricing.use import Use
from scheduling.pricing.values import Price, Season, price_of

Priceable = tuple[TimeSpan, Band | None, Price | None]


def spans_of(band: Band, span: TimeSpan, tz: ZoneInfo, holidays: Mapping[date, SpecialDay]) -> list[TimeSpan]:
    """Give the parts of a span that lie in a band."""
    parts = merged(part for when in band.whens for part in when.part_of(span, tz, holidays))
    return common(parts, season_spans(band.seasons, span, tz)) if band.seasons else parts


def season_spans(seasons: Sequence[Season], span: TimeSpan, tz: ZoneInfo) -> list[TimeSpan]:
    """Give the local days of a span that lie in any of the seasons."""
    return merged(part for day, part in local_days(span, tz) if any(season.has(day) for season in seasons))


def split(meter: Meter, spans: Sequence[TimeSpan], use: Use) -> list[Priceable]:
    """Cut time at the edges of bands: (part, its band or None, its price or None), in order of time."""
    rest, found = list(spans), list[Priceable]()
    for band in sorted(meter.bands, key=lambda band: -band.priority):
        price = price_of(band.prices, use.audience, use.mode)
        if price is None or not rest:
            continue
        hull = TimeSpan(rest[0].start, rest[-1].end)
        own = spans_of(band, hull, use.tz, use.holidays)
        found += [(part, band, price) for part in common(rest, own)]
        rest = minus(rest, own)
    base = price_of(meter.prices, use.audience, use.mode)
    return sorted([*found, *((part, None, base) for part in rest)], key=lambda one: one[0])


def at_start(meter: Meter, use: Use) -> tuple[Band | None, Price | None]:
    """Give the band and price at the instant a use begins, for what is not counted in time."""
    base = price_of(meter.prices, use.audience, use.mode)
    if use.starts_at is None or not meter.bands:
        return None, base
    moment = TimeSpan(use.starts_at, use.starts_at + timedelta(seconds=1))
    _, band, price = split(meter, [moment], use)[0]
    return band, price
