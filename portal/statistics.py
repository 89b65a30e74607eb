"""The statistics everybody may read: what the network shares in a year, and what each figure means."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from instruments.timespan import zone
from portal import clock
from portal import definitions as words
from portal.charts import BAR, LINE, STACKED, Chart, Point, Series, named, points
from portal.config import settings
from portal.figureparts import PARTS
from portal.figurerows import BY_CODE
from portal.figurewords import UNITS, columns, definition_url, heading, national_means, point, shown, signed
from portal.formats import HOME
from portal.publicfigures import PublicFigures, kept_figures
from portal.transactions import reading
from scheduling.statistics.breakdown import KINDS
from scheduling.statistics.examples import EXAMPLES
from scheduling.statistics.figures import YearFigure
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.periods import check_year, this_year
from scheduling.statistics.quantities import COUNTS, EXPLAINED, MONEY, TITLES
from scheduling.statistics.reports import Report, ReportRow
from scheduling.statistics.scope import THRESHOLD

statistics = Blueprint("statistics", __name__, url_prefix="/statistics")

MOST_YEARS, ROWS, DRAWN = 30, 100, 15
SHOWN = ("instruments", "mean_effective_hours", "mean_external_hours", "external_minutes", "sharing_rate", "samples")
NOT_YET = Sentence("没有这一年的数据", "No figures for this year")
NO_MEAN = Sentence("该年全国平均值未见公布。", "No national mean is known for the year.")


@statistics.get("")
def show() -> str:
    """Show what the network shared in a year."""
    now = this_year(clock.now())
    number = _year(request.args.get("year", "").strip()) or now
    with reading() as session:
        years = _years(session, now)
        found = kept_figures(session, number)
        return render_template(
            "statistics/show.html", found=found, years=sorted({*years, number}, reverse=True), with_data=years, number=number, is_running=number == now,
            small=settings().small_count, columns=columns(SHOWN), month_columns=columns(("external_minutes", "effective_minutes", "sharing_rate")),
            shown=shown, heading=heading, definition_url=definition_url, signed=signed, kinds=KINDS, threshold=THRESHOLD, rows=ROWS,
            charts=_charts(found) if found.has_data else {}, titles=TITLES, counts=COUNTS, money_names=MONEY,
        )  # fmt: skip


@statistics.get("/definitions")
def definitions() -> str:
    """Say what each quantity and each indicator means, how it is computed, and how sure the source is."""
    return render_template(
        "statistics/definitions.html", titles=TITLES, explained=EXPLAINED, indicators=INDICATORS, examples=EXAMPLES, words=words,
        units=UNITS, columns=BY_CODE, parts=PARTS,
    )  # fmt: skip


def _year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid("year", Sentence("年份须为四位数字。", "A year has four digits."))
    check_year(int(text))
    check_year(int(text) - 5)
    return int(text)


def _years(session: Session, now: int) -> Sequence[int]:
    """Give the years that have figures."""
    found = session.execute(select(func.min(YearFigure.starts_on), func.max(YearFigure.starts_on))).one()
    return range(max(found[0].year, now - MOST_YEARS), min(found[1].year, now) + 1) if found[0] else ()


def _charts(found: PublicFigures) -> dict[str, Chart]:
    return {
        "effective": _by_year(found.years, "mean_effective_hours"),
        "external": _by_year(found.years, "mean_external_hours"),
        "months": _by_month(found.months),
        "month_means": _month_means(found.months),
        "organisations": _by_organisation(found.organisations),
        "audience": _by_audience(found),
    }


def _by_year(years: Sequence[Report], code: str) -> Chart:
    """Draw the means of some years beside the national ones, of the same instruments as the nation counts."""
    one, numbers = INDICATORS[code], [each.period.first.year for each in years]
    title = Sentence(f"{one.title.zh}与全国平均（原值 50 万元及以上）", f"{one.title.en} and the national mean (500,000 yuan and more)")
    return Chart(
        LINE, title, Sentence("年度", "Year"), tuple(named(str(number)) for number in numbers),
        (
            Series(Sentence("本平台", "This network"), tuple(point(BY_CODE[code], each.total) for each in years)),
            Series(Sentence("全国平均", "National mean"), points([one.national.get(number) for number in numbers], reason=NO_MEAN)),
        ),
        UNITS["hours"], 1, national_means(code), definition_url(code),
    )  # fmt: skip


def _by_month(months: Report) -> Chart:
    rows = _begun(months)
    own = [Point(round((row.quantities.effective - row.quantities.external) / 60, 1)) for row in rows]
    external = [Point(round(row.quantities.external / 60, 1)) for row in rows]
    return Chart(
        STACKED, Sentence(f"{months.period.title.zh}逐月有效机时", f"Effective hours by month, {months.period.title.en}"), Sentence("月份", "Month"),
        tuple(Sentence(f"{int(row.key[5:])}月", f"{int(row.key[5:])}") for row in rows),
        (Series(Sentence("本单位", "For its own"), tuple(own)), Series(Sentence("对外服务", "For others"), tuple(external))),
        UNITS["hours"], 1, explained=definition_url("external_minutes"),
    )  # fmt: skip


def _begun(months: Report) -> Sequence[ReportRow]:
    """Leave out the months to come: what is not yet is not nothing."""
    last = f"{clock.now().astimezone(zone(HOME)):%Y-%m}"
    return [row for row in months.rows if row.key <= last]


def _month_means(months: Report) -> Chart:
    column = BY_CODE["mean_external_hours"]
    rows = _begun(months)
    title = Sentence(f"{months.period.title.zh}逐月平均对外服务机时", f"Mean external hours by month, {months.period.title.en}")
    return Chart(
        LINE, title, Sentence("月份", "Month"), tuple(Sentence(f"{int(row.key[5:])}月", f"{int(row.key[5:])}") for row in rows),
        (Series(Sentence("本平台", "This network"), tuple(point(column, row) for row in rows)),),
        UNITS["hours"], 1, national_means(column.code, 1 / 12), definition_url(column.code),
    )  # fmt: skip


def _by_organisation(found: Report) -> Chart:
    rows, column = sorted(found.rows, key=lambda row: -row.quantities.external)[:DRAWN], BY_CODE["mean_external_hours"]
    return Chart(
        BAR, Sentence("各单位年平均对外服务机时", "Mean external hours by organisation"), Sentence("单位", "Organisation"),
        tuple(row.label for row in rows), (Series(column.title, tuple(point(column, row) for row in rows)),),
        UNITS["hours"], 1, national_means(column.code), definition_url(column.code),
    )  # fmt: skip


def _by_audience(found: PublicFigures) -> Chart:
    parts = found.kinds.parts["audience"]
    return Chart(
        BAR, Sentence("有效机时用在谁身上", "For whom the effective hours were"), KINDS["audience"], tuple(part.label for part in parts),
        (Series(TITLES["effective"], tuple(Point(round(part.amounts.effective / 60, 1)) for part in parts)),),
        UNITS["hours"], 1, explained=definition_url("effective_minutes"),
    )  # fmt: skip
