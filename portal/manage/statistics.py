"""The administrator's desk of statistics: figures of what she may inspect, by organisation down to instrument, compared and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from flask import Response, render_template, request

from instruments.errors import NotFound, Sentence
from portal import clock
from portal.auth import viewer
from portal.charts import BAR, LINE, Benchmark, Chart, Series
from portal.exports import CSV, XLSX, attachment
from portal.figureparts import FRACTIONS, RANKED, base_of
from portal.figurerows import Column
from portal.figurewords import UNITS, columns, definition_url, drawn, equation, heading, link_name, national_means, point, shown, written
from portal.language import say, t
from portal.manage.blueprint import manage
from portal.manage.statisticschoices import choices
from portal.manage.statisticslinks import figure_url, row_url, total_url
from portal.manage.statisticsnotes import NO_NOTES, InstrumentNotes, instrument_notes
from portal.manage.statisticspublished import beside
from portal.manage.statisticsrank import has_next, listed
from portal.reportfiles import csv_pieces, write_book
from portal.statisticsform import PARTS, SHOWN, USUAL_MEASURE, Wanted, read_wanted
from portal.transactions import reading
from portal.wholereports import whole_report
from scheduling.statistics.publishing import told
from scheduling.statistics.reports import BY, MOST_ROWS, Report, ReportRow
from scheduling.statistics.scope import has_instruments

DRAWN = 20


@dataclass(frozen=True, slots=True)
class Ranking:
    """Where rows lie: how many above and below the whole, and above the latest national mean, if there is one."""

    column: Column
    whole: str
    above: int
    below: int
    national: tuple[Sentence, str, int] | None


@manage.get("/statistics")
def statistics() -> str:
    """Show the figures of what the viewer may inspect, as a ranked table with a chart."""
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        rows = listed(session, wanted)
        found, page = rows.report, rows.page
        before = told(session, wanted.against, wanted.by, wanted.scope, viewer=viewer()) if wanted.against else None
        notes = instrument_notes(session, [row.key for row in page], wanted.period) if wanted.by == "instrument" else NO_NOTES
        return render_template(
            "statistics/desk.html", wanted=wanted, choices=choices(session, wanted), report=found, page=page, rows=rows, by=BY,
            earlier=_earlier(before, wanted), whole_before=before.total if before else None, columns=columns(_codes(wanted)), shown=shown,
            row_url=lambda row: notes.address(row.key, row_url(wanted, row)), figure_url=partial(figure_url, wanted),
            heading=heading, definition_url=definition_url,
            total_url=partial(total_url, wanted), link_name=link_name, equation=equation, fractions=FRACTIONS,
            in_view=RANKED.get(wanted.measure if wanted.show == PARTS else wanted.asked),
            live=beside(session, found, rows.window, base_of(wanted.measure)), chart=_chart(page[:DRAWN], found, wanted, notes),
            ranking=_ranking(rows.ranked, found, wanted), next_page=wanted.page + 1 if has_next(rows, wanted) else None, parts=SHOWN,
            notes=notes.words,
            has_any=bool(page) or has_instruments(session, wanted.scope, wanted.period, viewer()), most=MOST_ROWS,
            ordered_by=RANKED[_base_code(wanted)], measure=measured(wanted),
        )  # fmt: skip


@manage.get("/statistics/report.<kind>")
def statistics_file(kind: str) -> Response:
    """Give the same figures as a file: every column, every row, however many there are."""
    if kind not in ("csv", "xlsx"):
        raise NotFound
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        found = whole_report(session, wanted.period, wanted.by, wanted.scope, viewer=viewer())
    title = t("共享统计 {period}.{kind}", "Statistics {period}.{kind}", period=say(found.period.title), kind=kind)

    def write(path: Path) -> None:
        if kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(csv_pieces(found))
        else:
            write_book(found, path)

    return attachment(write, CSV if kind == "csv" else XLSX, title, f"statistics.{kind}")


def _base_code(wanted: Wanted) -> str:
    name = base_of(wanted.measure)
    return name if name in RANKED else f"{name}_minutes"


def _codes(wanted: Wanted) -> Sequence[str]:
    """Give the columns to show: those of the chosen part, and the one the rows are ranked by."""
    if wanted.show == PARTS:
        parts = (one.code for one in FRACTIONS[wanted.measure].columns)
        return tuple(dict.fromkeys((*(("instruments",) if wanted.by != "instrument" else ()), *parts, wanted.measure)))
    codes = tuple(code for code in SHOWN[wanted.show][1] if wanted.by != "instrument" or code != "instruments")
    return codes if wanted.measure in codes or wanted.measure == "label" else (*codes, wanted.measure)


def measured(wanted: Wanted) -> Column:
    """Give the column that is drawn and ranked by."""
    return RANKED[wanted.measure if wanted.measure != "label" else USUAL_MEASURE]


def _earlier(before: Report | None, wanted: Wanted) -> dict[str, ReportRow]:
    """Give the rows of the other time by key; months stand for the same month then."""
    if before is None:
        return {}
    if wanted.by == "month" and wanted.against is not None:
        years = wanted.period.first.year - wanted.against.first.year
        return {f"{int(row.key[:4]) + years}{row.key[4:]}": row for row in before.rows}
    return {row.key: row for row in before.rows}


def _ranking(rows: Sequence[ReportRow], found: Report, wanted: Wanted) -> Ranking | None:
    column, by = measured(wanted), wanted.by
    whole = column.figure(found.total)
    if by == "network" or whole is None or column.unit not in ("rate", "hours"):
        return None
    values = [value for row in rows if (value := column.figure(row)) is not None]
    means = national_means(column.code, float(found.period.years if by != "month" else Fraction(1, 12)))
    national = next(((one.label, written(column, one.value), sum(drawn(column, value) > float(one.value) for value in values)) for one in means), None)
    return Ranking(column, written(column, whole), sum(value > whole for value in values), sum(value < whole for value in values), national)


def _chart(page: Sequence[ReportRow], found: Report, wanted: Wanted, notes: InstrumentNotes) -> Chart | None:
    column, by = measured(wanted), wanted.by
    if by == "network" or not page:
        return None
    whole = column.figure(found.total)
    lines = [] if whole is None or column.unit not in ("rate", "hours") or by == "month" else [
        Benchmark(Sentence("全部范围", "The whole"), round(drawn(column, whole), 1))
    ]  # fmt: skip
    lines += national_means(column.code, float(found.period.years if by != "month" else Fraction(1, 12)))
    title = Sentence(f"{found.period.title.zh}按{BY[by].zh}：{column.title.zh}", f"{column.title.en} by {BY[by].en.lower()}, {found.period.title.en}")
    return Chart(
        LINE if by == "month" else BAR, title, BY[by], tuple(row.label for row in page),
        (Series(column.title, tuple(point(column, row, notes.address(row.key, figure_url(wanted, row, column))) for row in page)),),
        UNITS[column.unit], 0 if column.unit == "" else 1, tuple(lines), definition_url(column.code),
    )  # fmt: skip
