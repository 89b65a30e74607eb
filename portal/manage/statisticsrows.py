"""From a figure down to its rows: the months of an instrument, the days of a month, and the uses, bookings, closures and charges of a day."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.closures import KINDS as CLOSURE_KINDS
from instruments.errors import NotFound, PortalError, Sentence
from portal import clock
from portal.auth import viewer
from portal.charts import STACKED, Chart, Point, Series
from portal.figureparts import DAILY, FRACTIONS, RANKED
from portal.figurerows import Column
from portal.figurewords import columns, definition_url, equation, heading, link_name, shown
from portal.language import name, t
from portal.manage.blueprint import inspected, manage
from portal.manage.statisticslinks import chosen
from portal.manage.statisticsnotes import whose
from portal.manage.statisticspublished import beside, publication_of
from portal.statisticsform import Wanted, read_month, read_wanted
from portal.transactions import reading
from portal.usage import WORDS
from scheduling.accounting.charges import STATUSES as CHARGE_STATUSES
from scheduling.bookings import STATUSES as BOOKING_STATUSES
from scheduling.statistics.calendar import month_later
from scheduling.statistics.periods import FIRST_YEAR, LAST_YEAR, Period, months
from scheduling.statistics.publishing import told
from scheduling.statistics.quantities import Quantities
from scheduling.statistics.reports import ReportRow
from scheduling.statistics.scope import Scope
from scheduling.statistics.tracing import days_of, trace

SHOWN = (
    "opening_minutes", "booked_minutes", "used_minutes", "effective_minutes", "external_minutes", "sharing_rate", "uses", "samples", "income",
)  # fmt: skip
A_DAY = timedelta(days=1)
OWN, OTHERS = Sentence("本单位", "For its own"), Sentence("对外服务", "For others")


@manage.get("/statistics/instruments/<int:instrument_id>")
def statistics_instrument(instrument_id: int) -> str:
    """Show an instrument's figures by month: of a published year as they were published, with what has been corrected since."""
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        instrument = inspected(session, instrument_id)
        found = told(session, wanted.period, "month", Scope(instrument_id=instrument.id), viewer=viewer())

        def url(row: ReportRow, column: Column | None = None) -> str:
            return url_for("manage.statistics_month", instrument_id=instrument.id, month=row.key, **carried(wanted, column))

        return render_template(
            "statistics/instrument.html", instrument=instrument, report=found, trail=_trail(wanted), live=beside(session, found),
            whose=whose(session, instrument, wanted.period),
            chart=_stacked(found.period.title, Sentence("月份", "Month"), found.rows, [url(row) for row in found.rows]),
            **_table(wanted, url, _columns(wanted, RANKED)),
        )  # fmt: skip


@manage.get("/statistics/instruments/<int:instrument_id>/months/<month>")
def statistics_month(instrument_id: int, month: str) -> str:
    """Show an instrument's figures by day of a month, and what was published of it."""
    wanted, first = read_wanted(request.args, clock.now()), _first_of(month)
    period = Period(first, month_later(first))
    with reading() as session:
        instrument = inspected(session, instrument_id)
        rows = [_row(f"{day.on:%Y-%m-%d}", day.quantities) for day in days_of(session, instrument.id, period)]

        def url(row: ReportRow, column: Column | None = None) -> str:
            return url_for("manage.statistics_day", instrument_id=instrument.id, on_date=row.key, **carried(wanted, column))

        return render_template(
            "statistics/month.html", instrument=instrument, period=period, rows=rows, trail=_trail(wanted, instrument),
            total=_row(month, sum((row.quantities for row in rows), Quantities())),
            chart=_stacked(period.title, Sentence("日期", "Day"), rows, [url(row) for row in rows]),
            not_daily=RANKED[wanted.asked] if wanted.asked and wanted.asked not in DAILY else None, around=_around(instrument, first, wanted),
            publication=publication_of(session, period), published=_published(session, instrument, period), **_table(wanted, url, _columns(wanted, DAILY)),
        )  # fmt: skip


def _published(session: Session, instrument: Instrument, period: Period) -> ReportRow | None:
    found = told(session, period, "network", Scope(instrument_id=instrument.id), viewer=viewer())
    return found.total if found.is_published else None


def _around(instrument: Instrument, first: date, wanted: Wanted) -> list[str]:
    months = (f"{month_later(first, step):%Y-%m}" for step in (-1, 1))
    return [url_for("manage.statistics_month", instrument_id=instrument.id, month=month, **carried(wanted)) for month in months]


def _table(wanted: Wanted, url: Callable[..., str], codes: Sequence[str]) -> dict[str, Any]:
    """Give what every table below the desk needs."""
    return {
        "wanted": wanted, "url": url, "columns": columns(codes), "shown": shown, "heading": heading, "definition_url": definition_url,
        "link_name": link_name, "equation": equation, "fractions": FRACTIONS, "in_view": RANKED[wanted.asked] if wanted.asked in codes else None,
    }  # fmt: skip


def _columns(wanted: Wanted, known: Container[str]) -> Sequence[str]:
    """Give the columns below the desk: first the one that is looked at, with its parts, as far as it has figures here."""
    first = ()
    if wanted.asked:
        parts = (one.code for one in FRACTIONS[wanted.asked].columns) if wanted.asked in FRACTIONS else ()
        first = tuple(code for code in (wanted.asked, *parts) if code in known)
    return tuple(dict.fromkeys((*first, *SHOWN)))


@manage.get("/statistics/instruments/<int:instrument_id>/days/<on_date>")
def statistics_day(instrument_id: int, on_date: str) -> str:
    """Show the uses, bookings, closures and charges that a day's figures are made of, with their sums."""
    wanted, on = read_wanted(request.args, clock.now()), _day(on_date)
    with reading() as session:
        instrument = inspected(session, instrument_id)
        found = trace(session, instrument, on)
        return render_template(
            "statistics/day.html", wanted=wanted, publication=publication_of(session, months(on.replace(day=1), month_later(on.replace(day=1)))),
            in_view=_in_view(wanted), instrument=instrument, found=found, trail=_trail(wanted, instrument, on), definition_url=definition_url,
            closure_kinds=CLOSURE_KINDS, booking_statuses=BOOKING_STATUSES, charge_statuses=CHARGE_STATUSES, **WORDS,
            around=[
                url_for("manage.statistics_day", instrument_id=instrument.id, on_date=f"{on + step * A_DAY:%Y-%m-%d}", **carried(wanted))
                for step in (-1, 1)
            ],
        )  # fmt: skip


def _in_view(wanted: Wanted) -> frozenset[str]:
    """Give the quantities somebody has come down to look at: an indicator's two."""
    asked = (one.code for one in FRACTIONS[wanted.asked].columns) if wanted.asked in FRACTIONS else (wanted.asked,)
    return frozenset(code.removesuffix("_minutes") for code in asked)


def carried(wanted: Wanted, column: Column | None = None) -> dict[str, str]:
    """Give what is carried along on the way down, so that the way back leads to where one came from, and the column that was chosen."""
    return wanted.address(**(chosen(column) if column else {}))


def _trail(wanted: Wanted, instrument: Instrument | None = None, on: date | None = None) -> list[tuple[str, str]]:
    """Give the way back up: the desk as it was filtered, the instrument, the month."""
    found = [(url_for("manage.statistics", **wanted.address()), t("统计", "Statistics"))]
    if instrument is not None:
        key, title = instrument.id, name(instrument)
        found.append((url_for("manage.statistics_instrument", instrument_id=key, **carried(wanted)), title))
        if on is not None:
            month = f"{on:%Y-%m}"
            found.append((url_for("manage.statistics_month", instrument_id=key, month=month, **carried(wanted)), month))
    return found


def _row(key: str, quantities: Quantities) -> ReportRow:
    return ReportRow(key, Sentence(key, key), quantities, Period(date(2000, 1, 1), date(2000, 2, 1)).years)


def _stacked(title: Sentence, axis: Sentence, listed: Sequence[ReportRow], urls: Sequence[str]) -> Chart:
    own = [(one.quantities.effective - one.quantities.external) / 60 for one in listed]
    external = [one.quantities.external / 60 for one in listed]
    series = tuple(
        Series(name, tuple(Point(round(value, 1), url) for value, url in zip(values, urls, strict=True)))
        for name, values in ((OWN, own), (OTHERS, external))
    )
    names = tuple(one.label if len(one.key) < 10 else Sentence(one.key[8:], one.key[8:]) for one in listed)
    return Chart(
        STACKED, Sentence(f"{title.zh}有效机时", f"Effective hours, {title.en}"), axis, names, series, Sentence("小时", "h"), 1,
        explained=definition_url("effective_minutes"),
    )  # fmt: skip


def _first_of(text: str) -> date:
    try:
        return read_month(text)
    except PortalError as error:
        raise NotFound from error


def _day(text: str) -> date:
    try:
        on = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error
    if len(text) != 10 or not FIRST_YEAR < on.year < LAST_YEAR - 1:
        raise NotFound
    return on
