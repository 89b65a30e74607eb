"""How much is charged: the basis (booked, used, ...), then extra and included time, steps with grace, and the minimum."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from instruments.timespan import TimeSpan, local_days, merged
from scheduling.pricing.meters import CALENDAR_DAY, ONCE, Meter
from scheduling.pricing.use import Use


def billed(meter: Meter, use: Use) -> list[TimeSpan] | None:
    """Give the time a meter charges, in order; none where nothing is charged, None where the use has no time at all."""
    spans, start = _basis(meter, use), use.starts_at
    if start is None or spans is None:
        return None
    minutes = _minutes(spans) + meter.extra_minutes
    spans = _resized(spans, start, minutes)
    included = min(minutes, _included_minutes(meter, use))
    rest = _without_first(spans, included)
    if included and minutes == included:
        return []
    wanted = max(stepped(meter, minutes - included), minutes_of(meter, meter.minimum))
    return _resized(rest, rest[0].start if rest else start, wanted)


def stepped(meter: Meter, minutes: int) -> int:
    """Round minutes up to whole steps; less than the grace beyond a step is not counted, but the first step always is."""
    whole, rest = divmod(minutes, meter.step)
    if rest and (rest >= meter.grace_minutes or whole == 0):
        whole += 1
    return whole * meter.step


def counted(meter: Meter, use: Use) -> Decimal | None:
    """Give the number of units of what is not time, packs and minimum applied; None where nobody told it."""
    number = _number(meter, use)
    if number is None:
        return None
    if meter.times is not None:
        number *= use.quantities.get(meter.times, Decimal(1))
    number = max(number - meter.included * _per(meter, use), Decimal(0))
    if meter.pack != 1:
        number = (number / meter.pack).to_integral_value(ROUND_CEILING)
    return max(number, meter.minimum) if number else number


def calendar_days(spans: Sequence[TimeSpan], use: Use) -> int:
    """Count the local dates that time touches."""
    return len({day for span in spans for day, _ in local_days(span, use.tz)})


def minutes_of(meter: Meter, units: Decimal) -> int:
    """Turn units of time into whole minutes, rounded up."""
    return int((units * (meter.minutes or 0)).to_integral_value(ROUND_CEILING))


def _number(meter: Meter, use: Use) -> Decimal | None:
    if meter.unit == ONCE:
        return Decimal(1)
    if meter.unit == CALENDAR_DAY:
        spans = _basis(meter, use)
        return None if spans is None else Decimal(calendar_days(spans, use))
    return use.quantities.get(meter.unit)


def _basis(meter: Meter, use: Use) -> list[TimeSpan] | None:
    """Give the time meant by the basis; where only the one of booked and used is known, that."""
    booked, used = use.booked, _used(use)
    if booked is None or used is None:
        return [booked] if used is None and booked is not None else used
    if meter.basis == "booked":
        return [booked]
    if meter.basis == "greater":
        return [booked] if booked.minutes >= _minutes(used) else used
    if meter.basis == "booked_plus_overrun":
        return merged([booked, *used])
    if meter.basis == "from_booked_start" and used and used[-1].end > booked.start:
        return [TimeSpan(booked.start, used[-1].end)]
    return used


def _used(use: Use) -> list[TimeSpan] | None:
    """Give the time used; effective minutes run from its start."""
    if use.used is None:
        return None
    if use.effective_minutes is None:
        return [use.used]
    return _resized([use.used], use.used.start, use.effective_minutes)


def _included_minutes(meter: Meter, use: Use) -> int:
    return minutes_of(meter, meter.included * _per(meter, use))


def _per(meter: Meter, use: Use) -> Decimal:
    return Decimal(1) if meter.included_per is None else use.quantities.get(meter.included_per, Decimal(0))


def _minutes(spans: Sequence[TimeSpan]) -> int:
    return int(sum((span.duration for span in spans), timedelta()).total_seconds() // 60)


def _resized(spans: Sequence[TimeSpan], start: datetime, minutes: int) -> list[TimeSpan]:
    """Make the time so many minutes long: cut off, or run on, at its end."""
    left, result = timedelta(minutes=minutes), list[TimeSpan]()
    for span in spans:
        if left > timedelta():
            result.append(TimeSpan(span.start, span.start + min(left, span.duration)))
            left -= span.duration
    if left > timedelta():
        last = result.pop() if result else None
        result.append(TimeSpan(last.start if last else start, (last.end if last else start) + left))
    return result


def _without_first(spans: Sequence[TimeSpan], minutes: int) -> list[TimeSpan]:
    left, result = timedelta(minutes=minutes), list[TimeSpan]()
    for span in spans:
        if left < span.duration:
            result.append(TimeSpan(span.start + max(left, timedelta()), span.end))
        left -= span.duration
    return result
