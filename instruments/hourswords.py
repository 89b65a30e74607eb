"""Opening hours in plain words, in both languages: the days that keep the same hours together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from instruments.errors import Sentence
from instruments.opening import AROUND_THE_CLOCK, ON_HOLIDAYS, Plan

DAYS_ZH = "一二三四五六日"
DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Hours = tuple[tuple[int, int], ...]


def plan_on(plans: Sequence[Plan], day: date) -> Plan | None:
    """Pick the plan in force on a day out of all plans, oldest first; before the first there is none."""
    return next((plan for plan in reversed(plans) if plan.valid_from <= day), None)


def say_plan(plan: Plan) -> list[Sentence]:
    """Say a weekly plan: a sentence for each group of days, and one on holidays."""
    if not plan.weekly:
        return [Sentence("不开放", "Not open")]
    if set(plan.weekly) == set(AROUND_THE_CLOCK):
        said = [Sentence("每天 24 小时", "Every day, around the clock")]
    else:
        said = [
            Sentence(f"{_days_zh(days)} {_hours(hours, '次日 ')}", f"{_days_en(days)} {_hours(hours, '')}") for days, hours in _groups(plan)
        ]
    return [*said, ON_HOLIDAYS[plan.on_holidays]]


def _groups(plan: Plan) -> list[tuple[list[int], Hours]]:
    """Put days with the same hours together, in the order of their first day."""
    groups: dict[Hours, list[int]] = {}
    for weekday in range(7):
        hours = tuple((start, end) for on, start, end in plan.weekly if on == weekday)
        if hours:
            groups.setdefault(hours, []).append(weekday)
    return [(days, hours) for hours, days in groups.items()]


def _runs(days: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and day == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _days_zh(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "每天"
    said = [f"周{DAYS_ZH[first]}" if first == last else f"周{DAYS_ZH[first]}至周{DAYS_ZH[last]}" for first, last in _runs(days)]
    return "、".join(said)


def _days_en(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "Every day"
    return ", ".join(DAYS_EN[first] if first == last else f"{DAYS_EN[first]}-{DAYS_EN[last]}" for first, last in _runs(days))


def _hours(hours: Hours, next_day: str) -> str:
    return ("、" if next_day else ", ").join(f"{clock_of(start)}-{next_day if end > 1440 else ''}{clock_of(end)}" for start, end in hours)


def clock_of(minute: int) -> str:
    """Write a minute of the day as a clock does: 540 is 09:00, 1440 is 24:00, 1500 is 01:00."""
    hours, minutes = divmod(minute if minute == 1440 else minute % 1440, 60)
    return f"{hours:02d}:{minutes:02d}"
