"""How figures are written on a page: hours out of minutes, rates in percent, differences in points, and "n/a" with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import url_for

from instruments.errors import Sentence
from portal.charts import NO_DATA, NOTHING, Benchmark, Point
from portal.figureparts import FRACTIONS, RANKED
from portal.figurerows import Column, Figure
from portal.formats import money, number
from portal.language import say, t
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.reports import ReportRow

UNITS = {"minutes": Sentence("小时", "h"), "hours": Sentence("小时", "h"), "rate": Sentence("%", "%"), "yuan": Sentence("元", "yuan"), "": NOTHING}
PLACES = {"minutes": 1, "hours": 1, "rate": 1, "yuan": 2, "": 0}
POINTS = Sentence("个百分点", "points")


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as it stands in a cell: `note` says why there is none, or what is to be known about it; `change` is against another time.

    `later` is what the rows say now, where a published figure has been corrected since.
    """

    text: str
    note: str = ""
    change: str = ""
    is_missing: bool = False
    later: str = ""


def shown(column: Column, row: ReportRow, before: ReportRow | None = None, live: ReportRow | None = None) -> Shown:
    """Give a row's figure as it stands in a table, with its change where the row of another time is given, and what has been corrected since."""
    value, reason = column.figure(row), column.reason(row)
    then = column.figure(before) if before is not None else None
    text, later = written(column, value), corrected(column, row, live) if live is not None else ""
    return Shown(text, say(reason) if reason else "", difference(column, value, then), value is None, later)


def corrected(column: Column, published: ReportRow, live: ReportRow) -> str:
    """Write what a published figure has become, and by how much it differs; nothing where it is still the same."""
    then, now = column.figure(published), column.figure(live)
    if then == now:
        return ""
    text, change = written(column, now), difference(column, now, then)
    return t("现为 {now}（{change}）", "now {now} ({change})", now=text, change=change) if change else t("现为 {now}", "now {now}", now=text)


def equation(code: str, row: ReportRow) -> str:
    """Write an indicator as the division it is, with the sums of a row: sharing rate 16.7 % = external hours 240.0 h ÷ effective hours 1,440.0 h."""
    parts, whole = FRACTIONS[code], RANKED[code]
    above, below = (f"{say(one.title)} {measured(one, row)}" for one in parts.columns)
    return f"{say(whole.title)} {measured(whole, row)} = {above} ÷ {below}"


def measured(column: Column, row: ReportRow) -> str:
    """Write a figure with its unit."""
    value = column.figure(row)
    unit = say(UNITS[column.unit]) if column.unit in ("minutes", "hours") and value is not None else ""
    return f"{written(column, value)} {unit}".rstrip()


def link_name(column: Column, row: ReportRow) -> str:
    """Name a figure that is a link, for those who hear it away from its row and column."""
    title, figure, label = say(column.title), measured(column, row), say(row.label)
    return t("{title} {figure}，{row}，查看明细", "{title} {figure}, {row}: what it is made of", title=title, figure=figure, row=label)


def written(column: Column, value: Figure) -> str:
    """Write a figure; its unit stands in the heading, but for rates and money."""
    if value is None:
        return say(NO_DATA)
    if column.unit == "yuan":
        return money(Decimal(str(value)))
    text = number(drawn(column, value), PLACES[column.unit])
    return f"{text} %" if column.unit == "rate" else text


def difference(column: Column, value: Figure, before: Figure) -> str:
    """Write by how much a figure has changed; of a rate in points of a hundred. Nothing where there is nothing to compare with."""
    if value is None or before is None:
        return ""
    return signed(drawn(column, value) - drawn(column, before), column.unit)


def signed(change: float, unit: str) -> str:
    """Write a change with its sign, in the unit a figure is drawn in; a change too small to be seen is none."""
    places = PLACES[unit]
    if round(change, places) == 0:
        return t("±0", "±0")
    text = ("+" if change > 0 else "−") + number(abs(change), places)
    return f"{text} {say(POINTS)}" if unit == "rate" else text


def drawn(column: Column, value: int | Decimal | float) -> float:
    """Give a figure in the unit in which it is shown: hours, percent, yuan."""
    return float(value) / 60 if column.unit == "minutes" else float(value) * 100 if column.unit == "rate" else float(value)


def point(column: Column, row: ReportRow, link: str = "") -> Point:
    """Give a row's figure as a chart draws it."""
    value = column.figure(row)
    if value is None:
        return Point(None, link, column.reason(row) or NOTHING)
    return Point(round(drawn(column, value), PLACES[column.unit]), link)


def heading(column: Column) -> str:
    """Name a column, with its unit where the cells do not say it."""
    unit = say(UNITS[column.unit]) if column.unit in ("minutes", "hours") else ""
    return t("{title}（{unit}）", "{title} ({unit})", title=say(column.title), unit=unit) if unit else say(column.title)


def national_means(code: str, years: float = 1) -> tuple[Benchmark, ...]:
    """Give the latest national mean of an indicator as a line to compare with, or for a month the part of it that falls to one."""
    known = INDICATORS[code].national if code in INDICATORS else {}
    if not known:
        return ()
    latest = max(known)
    part = Sentence("，按月折算", ", a month's part") if years != 1 else NOTHING
    label = Sentence(f"全国平均（{latest}{part.zh}）", f"National mean ({latest}{part.en})")
    return (Benchmark(label, round(known[latest] * years, 1), definition_url(code)),)


def definition_url(code: str) -> str:
    """Give the address at which a figure is explained."""
    return url_for("statistics.definitions", _anchor=code)


def columns(codes: Sequence[str]) -> tuple[Column, ...]:
    """Give columns by code."""
    return tuple(RANKED[code] for code in codes)
