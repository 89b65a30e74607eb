"""The administrator's desk of statistics: figures of what she may inspect, by organisation down to instrument, compared and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import NotFound, Sentence
from portal import clock
from portal.auth import viewer
from portal.charts import BAR, LINE, Benchmark, Chart, Series
from portal.exports import CSV, XLSX, attachment
from portal.figurerows import BY_CODE, Column
from portal.figurewords import UNITS, columns, definition_url, drawn, heading, national_means, point, shown, written
from portal.language import say, t
from portal.manage.blueprint import manage
from portal.manage.statisticschoices import choices, instrument_notes
from portal.reportfiles import csv_pieces, write_book
from portal.statisticsform import SHOWN, USUAL_MEASURE, Wanted, read_wanted
from portal.transactions import reading
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.publishing import told
from scheduling.statistics.reports import BY, MOST_ROWS, Report, ReportRow
from scheduling.statistics.scope import has_instruments

ROWS = 50
DRAWN = 20
MOST_EXPORTED = 10_000
FINER = {"network": "organisation", "organisation": "instrument", "facility": "instrument", "category": "instrument", "city": "organisation"}


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
        found = _report(session, wanted)
        before = told(session, wanted.against, wanted.by, wanted.scope, viewer=viewer()) if wanted.against else None
        rows = ranked(found.rows, wanted)
        page = rows[(wanted.page - 1) * ROWS : wanted.page * ROWS]
        if wanted.page > 1 and not page:
            raise NotFound
        earlier = _earlier(before, wanted)
        return render_template(
            "statistics/desk.html", wanted=wanted, choices=choices(session, wanted), report=found, page=page, rows=rows, by=BY, earlier=earlier,
            columns=columns(_codes(wanted)), shown=shown, heading=heading, definition_url=definition_url, row_url=lambda row: row_url(wanted, row),
            chart=_chart(page[:DRAWN], found, wanted), ranking=_ranking(rows, found, wanted), whole_before=before.total if before else None,
            next_page=wanted.page + 1 if len(rows) > wanted.page * ROWS else None, parts=SHOWN, indicators=INDICATORS,
            notes=instrument_notes(session, [row.key for row in page]) if wanted.by == "instrument" else {},
            has_any=bool(rows) or has_instruments(session, wanted.scope, viewer()), most=MOST_ROWS,
        )  # fmt: skip


@manage.get("/statistics/report.<kind>")
def statistics_file(kind: str) -> Response:
    """Give the same figures as a file: every column, every row."""
    if kind not in ("csv", "xlsx"):
        raise NotFound
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        found = told(session, wanted.period, wanted.by, wanted.scope, viewer=viewer(), limit=MOST_EXPORTED)
    title = t("共享统计 {period}.{kind}", "Statistics {period}.{kind}", period=say(found.period.title), kind=kind)

    def write(path: Any) -> None:
        if kind == "csv":
            path.write_text("".join(csv_pieces(found)), "utf-8", newline="")
        else:
            write_book(found, path)

    return attachment(write, CSV if kind == "csv" else XLSX, title, f"statistics.{kind}")


def _report(session: Session, wanted: Wanted) -> Report:
    """Read the rows; where there are more than a page can rank, those with most of what they are ranked by."""
    name = wanted.measure.removesuffix("_minutes")
    order = name if name in ("opening", "booked", "used", "external", "uses", "samples", "runs", "income", "external_income") else "effective"
    return told(session, wanted.period, wanted.by, wanted.scope, viewer=viewer(), order=order)


def _codes(wanted: Wanted) -> Sequence[str]:
    """Give the columns to show: those of the chosen part, and the one the rows are ranked by."""
    codes = tuple(code for code in SHOWN[wanted.show][1] if wanted.by != "instrument" or code != "instruments")
    return codes if wanted.measure in codes or wanted.measure == "label" else (*codes, wanted.measure)


def ranked(rows: Sequence[ReportRow], wanted: Wanted) -> Sequence[ReportRow]:
    """Order rows by the wanted column; those without a figure stand at the end."""
    if wanted.measure == "label":
        return sorted(rows, key=lambda row: (row.key if wanted.by == "month" else say(row.label)), reverse=wanted.is_down)
    column = BY_CODE[wanted.measure]
    known = [(value, row) for row in rows if (value := column.figure(row)) is not None]
    ordered = sorted(known, key=lambda pair: (pair[0], pair[1].key), reverse=wanted.is_down)
    return [row for _, row in ordered] + [row for row in rows if column.figure(row) is None]


def row_url(wanted: Wanted, row: ReportRow) -> str:
    """Give the address of what a row is made of, or nothing where it cannot be narrowed to."""
    key = row.key
    if wanted.by == "instrument":
        return url_for("manage.statistics_instrument", instrument_id=int(key), **wanted.address(by=None, sort=None, show=None))
    if wanted.by == "month":
        return url_for("manage.statistics", **wanted.address(by="instrument", span="months", from_=key, to=key, sort=None, against=None))
    if wanted.by == "network":
        return url_for("manage.statistics", **wanted.address(by="organisation", sort=None))
    if key in ("", "0"):
        return ""
    return url_for("manage.statistics", **wanted.address(by=FINER[wanted.by], sort=None, **{wanted.by: key}))


def measured(wanted: Wanted) -> Column:
    """Give the column that is drawn and ranked by."""
    return BY_CODE[wanted.measure if wanted.measure != "label" else USUAL_MEASURE]


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


def _chart(page: Sequence[ReportRow], found: Report, wanted: Wanted) -> Chart | None:
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
        (Series(column.title, tuple(point(column, row, row_url(wanted, row)) for row in page)),),
        UNITS[column.unit], 0 if column.unit == "" else 1, tuple(lines), definition_url(column.code),
    )  # fmt: skip
