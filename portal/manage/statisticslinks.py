"""Where the figures of the desk lead: one level finer, with the question and the column that was chosen carried along."""

from __future__ import annotations

from flask import url_for

from portal.figureparts import FRACTIONS
from portal.figurerows import Column
from portal.statisticsform import PARTS, Wanted
from scheduling.statistics.reports import ReportRow

FINER = {"network": "organisation", "organisation": "instrument", "facility": "instrument", "category": "instrument", "city": "organisation"}


def row_url(wanted: Wanted, row: ReportRow, **more: str | None) -> str:
    """Give the address of what a row is made of, or nothing where it cannot be narrowed to."""
    key, more = row.key, {"sort": None, **more}
    if wanted.by == "instrument":
        return url_for("manage.statistics_instrument", instrument_id=int(key), **wanted.address(**more))
    if wanted.by == "month":
        return url_for("manage.statistics", **wanted.address(by="instrument", span="months", from_=key, to=key, against=None, **more))
    if wanted.by == "network":
        return url_for("manage.statistics", **wanted.address(by="organisation", **more))
    if key in ("", "0"):
        return ""
    return url_for("manage.statistics", **wanted.address(by=FINER[wanted.by], **{wanted.by: key}, **more))


def figure_url(wanted: Wanted, row: ReportRow, column: Column) -> str:
    """Give the address of what a figure is made of: the rows one level finer by that column; of an indicator, with its two parts."""
    return row_url(wanted, row, **chosen(column))


def total_url(wanted: Wanted, column: Column) -> str:
    """Give the address of what a figure of the whole is made of: the rows of the page, ranked by it."""
    by = FINER["network"] if wanted.by == "network" else wanted.by
    return url_for("manage.statistics", **wanted.address(by=by, **chosen(column)))


def chosen(column: Column) -> dict[str, str]:
    """Give what an address says to look at a column."""
    return {"sort": f"-{column.code}"} | ({"show": PARTS} if column.code in FRACTIONS else {})
