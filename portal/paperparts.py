"""The parts that printed reports have in common: tables of figures, the charts beside them, and what each figure means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from instruments.errors import Sentence
from portal.charts import BAR, STACKED, Chart, Point, Series
from portal.definitions import CERTAINTY, MARKS, MEANS_SOURCE, NOTES
from portal.figurerows import BY_CODE
from portal.figurewords import UNITS, heading, national_means, point, written
from portal.formats import number, percent
from portal.language import say, t
from portal.paper import PaperPart, PaperTable
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.quantities import EXPLAINED, TITLES
from scheduling.statistics.reports import BY, Report, ReportRow
from scheduling.statistics.smallcounts import Count

DRAWN = 15
MONTH = Sentence("月份", "Month")


def figure_table(report: Report, codes: Sequence[str], most: int, users_of: Mapping[str, Count] | None = None) -> PaperTable:
    """Make a table of a report's rows with their total; `users_of` adds the people of each row, as the reader may know them."""
    columns = [BY_CODE[code] for code in codes]
    extra = (say(TITLES["users"]),) if users_of is not None else ()

    def row(one: ReportRow, *more: str) -> tuple[str, ...]:
        return say(one.label), *(written(column, column.figure(one)) for column in columns), *more

    rows = tuple(row(one, *((people(users_of[one.key]),) if users_of is not None else ())) for one in report.rows[:most])
    total = None if report.by == "network" else row(report.total, *([""] if users_of is not None else []))
    return PaperTable((say(BY[report.by]), *(heading(column) for column in columns), *extra), rows, total)


def people(count: Count) -> str:
    """Write a number of people as the reader may know it."""
    return number(count.value) if count.value is not None else say(count.instead)


def left_out(report: Report, most: int) -> tuple[str, ...]:
    """Say how many rows there are that are not listed."""
    more = len(report.rows) - most
    if more <= 0 and not report.more:
        return ()
    return (
        t(
            "只列出有效机时最多的 {n} 行；合计含全部。",
            "Only the {n} rows with most effective hours are listed; the total has them all.",
            n=most,
        ),
    )


def first_sentence(row: ReportRow, when: str, change: str = "") -> str:
    """Say what a time came to, in one sentence."""
    values = row.indicators
    return t(
        "{when}，{n} 台仪器平均工作 {hours} 小时，其中 {external} 小时为外单位服务，共享率 {rate}{change}。",
        "{when}: {n} instruments worked {hours} h on average, {external} h of it for others; sharing rate {rate}{change}.",
        when=when, n=number(row.quantities.instruments), hours=number(float(values["mean_effective_hours"].value or 0), 0),
        external=number(float(values["mean_external_hours"].value or 0), 0), rate=percent(float(values["sharing_rate"].value or 0)), change=change,
    )  # fmt: skip


def bars(report: Report, code: str, title: Sentence) -> Chart:
    """Draw a column of a report, highest first, beside the latest national mean."""
    column = BY_CODE[code]
    known = sorted((row for row in report.rows if column.figure(row) is not None), key=lambda row: -float(column.figure(row) or 0))[:DRAWN]
    means = national_means(code) if report.period.is_year else ()
    series = (Series(column.title, tuple(point(column, row) for row in known)),)
    return Chart(BAR, title, BY[report.by], tuple(row.label for row in known), series, UNITS[column.unit], 1, means)


def stacked(months: Report, title: Sentence, parts: Iterable[tuple[Sentence, Callable[[ReportRow], float]]], unit: Sentence) -> Chart:
    """Draw what each month is made of."""
    series = tuple(Series(name, tuple(Point(round(value(row), 1)) for row in months.rows)) for name, value in parts)
    return Chart(STACKED, title, MONTH, month_names(months), series, unit, 1)


def by_month(months: Report) -> Chart:
    """Draw each month's effective hours, for its own and for others."""
    return stacked(
        months, Sentence("逐月有效机时：为本单位与为外单位", "Effective hours by month: for its own and for others"),
        (
            (Sentence("本单位", "For its own"), lambda row: (row.quantities.effective - row.quantities.external) / 60),
            (Sentence("对外服务", "For others"), lambda row: row.quantities.external / 60),
        ),
        UNITS["hours"],
    )  # fmt: skip


def month_names(months: Report) -> tuple[Sentence, ...]:
    """Name the months of a year by their number, of a longer time with their year."""
    if months.period.is_year:
        return tuple(Sentence(f"{int(row.key[5:])}月", f"{int(row.key[5:])}") for row in months.rows)
    return tuple(row.label for row in months.rows)


def definitions_part(codes: Sequence[str]) -> PaperPart:
    """Say what each figure means, with its formula, its source and how sure that is."""
    rows = []
    for code in codes:
        column, name = BY_CODE[code], code.removesuffix("_minutes")
        source, note = "", NOTES.get(code)
        if code in INDICATORS:
            marks = t("；", "; ").join(say(MARKS[mark][0]) for mark in CERTAINTY[code])
            source = t("{source}（{marks}）", "{source} ({marks})", source=say(INDICATORS[code].source), marks=marks)
        text = say(EXPLAINED[name]) if name in EXPLAINED else say(column.explained)
        rows.append((say(column.title), t("。", ". ").join([text, *([say(note)] if note else [])]), source))
    heads = (t("指标", "Figure"), t("定义或公式", "Definition or formula"), t("来源", "Source"))
    return PaperPart(
        "definitions",
        t("指标说明", "What the figures mean"),
        table=PaperTable(heads, tuple(rows), is_text=True),
        notes=(say(MEANS_SOURCE),),
    )
