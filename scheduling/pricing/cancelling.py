"""What a booking costs that is cancelled late or not used, net of what others used of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from instruments.errors import Sentence
from instruments.money import yuan
from instruments.timespan import TimeSpan, at_wall, common
from scheduling.pricing.engine import answer
from scheduling.pricing.extras import LateCancel, Missed
from scheduling.pricing.lines import Line, Priced, total_of
from scheduling.pricing.pieces import Question
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import PERCENT, TIMES
from scheduling.pricing.use import History, Use

UNKNOWN = Sentence("预约没有确定的价格，由管理员定价。", "The booking has no fixed price; a manager sets the fee.")
ALL = Decimal(100)


def price_late_cancel(
    spec: TariffSpec, use: Use, cancelled_at: datetime, reused: Sequence[TimeSpan] = (), history: History | None = None
) -> Priced:
    """Price a cancellation of use.booked: the dearest of the fees whose deadline has passed; nothing before any of them."""
    late = [one for one in spec.late_cancel if _is_meant(one, use) and _is_late(one, use, cancelled_at)]
    return _dearest(spec, use, late, "cancel", reused, history)


def price_no_show(spec: TariffSpec, use: Use, reused: Sequence[TimeSpan] = (), history: History | None = None) -> Priced:
    """Price a booking nobody came for: the dearest of the fees that count."""
    return _dearest(spec, use, [one for one in spec.no_show if _is_meant(one, use)], "no_show", reused, history)


def _is_meant(one: Missed, use: Use) -> bool:
    if use.booked is None or not one.only.is_met(use):
        return False
    start = TimeSpan(use.booked.start, use.booked.start + timedelta(seconds=1))
    return bool(one.starting.part_of(start, use.tz, use.holidays))


def _is_late(late: LateCancel, use: Use, cancelled_at: datetime) -> bool:
    if use.booked is None:
        return False
    start = use.booked.start
    if cancelled_at >= start:
        return True
    day = start.astimezone(use.tz).date()
    if late.hours is not None:
        return start - cancelled_at < timedelta(hours=late.hours)
    if late.working_days is not None:
        return _full_working_days(cancelled_at.astimezone(use.tz).date(), day, use, late.working_days) < late.working_days
    return cancelled_at > at_wall(day - timedelta(days=late.days or 0), late.at_minute, use.tz)


def _full_working_days(first: date, last: date, use: Use, enough: int) -> int:
    """Count the working days between two dates, neither included, up to enough of them."""
    count, day = 0, last - timedelta(days=1)
    while day > first and count < enough:
        special = use.holidays.get(day)
        count += special.is_working if special is not None else day.weekday() < 5
        day -= timedelta(days=1)
    return count


def _dearest(spec: TariffSpec, use: Use, fees: Sequence[Missed], kind: str, reused: Sequence[TimeSpan], history: History | None) -> Priced:
    priced = [
        _fee(Question(spec, replace(use, used=None, effective_minutes=None), history or History()), one, kind, reused) for one in fees
    ]
    unknown = next((one for one in priced if one.total is None), None)
    return unknown or max(priced, key=lambda one: one.total or Decimal(0), default=Priced())


def _fee(question: Question, one: Missed, kind: str, reused: Sequence[TimeSpan]) -> Priced:
    """Give the lines of one fee: its share of the booking's price, its fixed amount, and what comes off for re-use."""
    code, base = f"{kind}:{one.code}", _base(question, one)
    if base is None and one.percent:
        return Priced((), None, notes=(UNKNOWN,))
    lines: list[Line] = []
    if one.percent and base:
        lines.append(Line(code, one.name, one.percent, PERCENT, base, yuan(base * one.percent / ALL)))
    if one.amount:
        lines.append(Line(code, one.name, Decimal(1), TIMES, one.amount, yuan(one.amount)))
    off = _reused_percent(question.use, one, reused)
    if off and lines:
        label = Sentence(f"{one.name.zh}：他人已使用", f"{one.name.en}: used by others")
        total = total_of(tuple(lines))
        lines.append(Line(f"{code}:reuse", label, -off, PERCENT, total, -yuan(total * off / ALL)))
    return Priced(tuple(lines), total_of(tuple(lines)))


def _base(question: Question, one: Missed) -> Decimal | None:
    found = answer(question)
    if found.unknown:
        return None
    if one.of == "total":
        return total_of(found.lines)
    return total_of(tuple(item.line for item in found.items if item.part == "rates"))


def _reused_percent(use: Use, one: Missed, reused: Sequence[TimeSpan]) -> Decimal:
    """Give the percentage of the booked time that others used: none, that share, or all where any re-use waives the fee."""
    if use.booked is None or one.reuse == "keep":
        return Decimal(0)
    seconds = sum((part.duration for part in common([use.booked], reused)), timedelta()).total_seconds()
    if not seconds:
        return Decimal(0)
    if one.reuse == "waive":
        return ALL
    return (Decimal(int(seconds)) * ALL / Decimal(int(use.booked.duration.total_seconds()))).quantize(Decimal("0.0001"))
