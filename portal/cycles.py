"""The names of closing cycles in both languages, the same on pages, papers, sheets and in letters."""

from __future__ import annotations

from datetime import date

from portal.language import lazy_t, t
from scheduling.accounting.cycles import Cycle

QUARTERS = (lazy_t("一", "first"), lazy_t("二", "second"), lazy_t("三", "third"), lazy_t("四", "fourth"))


def within(one: Cycle) -> str:
    """Name a cycle within a sentence: October 2026, the third quarter of 2026; by its first and last month where the calendar has no name for it."""
    if one.months == 1:
        return _month(one.first)
    part, is_off = divmod(one.first.month - 1, one.months)
    if is_off:
        return t("{first}至{last}", "{first} to {last}", first=_month(one.first), last=_month(one.last_month))
    year = one.first.year
    if one.months == 3:
        return t("{year} 年第 {number} 季度", "the {nth} quarter of {year}", year=year, number=part + 1, nth=QUARTERS[part])
    if one.months == 12:
        return t("{year} 年", "the year {year}", year=year)
    if part:
        return t("{year} 年下半年", "the second half of {year}", year=year)
    return t("{year} 年上半年", "the first half of {year}", year=year)


def cycle_name(one: Cycle) -> str:
    """Name a cycle where its name stands alone: Third quarter of 2026."""
    found = within(one).removeprefix("the ")
    return found[0].upper() + found[1:]


def short(one: Cycle) -> str:
    """Name a cycle where there is little room: 2026-10, and any other than a month as it is."""
    return one.code if one.months == 1 else cycle_name(one)


def _month(first: date) -> str:
    return t("{year}年{number}月", "{month} {year}", year=first.year, number=first.month, month=first.strftime("%B"))
