"""Statistics over the API: the figures the public page shows, or with `mine` those of what one answers for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, Sentence
from portal import clock
from portal.api.openapi import api, read_id
from portal.api.prices import CURRENCY, words
from portal.api.shapes.statistics import FigureRow, StatisticsAsked, StatisticsOut
from portal.auth import viewer
from portal.config import settings
from portal.figurerows import figures_of, reasons_of
from portal.language import say
from portal.transactions import reading
from scheduling.statistics.calendar import month_later
from scheduling.statistics.keeping import waiting_notes
from scheduling.statistics.periods import Period, months, quarter, school_year, this_year, year
from scheduling.statistics.publishing import source_of
from scheduling.statistics.reports import Report, ReportRow, report
from scheduling.statistics.scope import Scope, sees_all
from scheduling.statistics.sources import LIVE
from scheduling.statistics.suppression import NOT_TOLD, people_for_everybody, suppress


@api.operation(
    "GET", "/statistics", "Figures of use and sharing", tag="statistics", query=StatisticsAsked, answers={200: StatisticsOut},
    errors=(403,), public=True,
)  # fmt: skip
def show_statistics(query: StatisticsAsked) -> StatisticsOut:
    """Give the figures of a period by one dimension; small counts of people are told only to who answers for them."""
    who, period = viewer(), _period_of(query)
    if query.mine and (who.is_anonymous or not (who.manages_any or who.is_auditor)):
        raise Forbidden
    with reading() as session:
        source = source_of(session, period) if query.published else LIVE
        found = report(
            session, period, query.by, _scope_of(query, who), viewer=who if query.mine else None, source=source, limit=query.limit,
            offset=query.offset,
        )  # fmt: skip
        waiting, is_plain = waiting_notes(session), query.mine or sees_all(who)
        people = NOT_TOLD if is_plain or not query.published else people_for_everybody(session, period, least=settings().small_count, source=source)
    if is_plain:
        return _out(query, found, waiting)
    told = suppress(found, people, least=settings().small_count)
    return _out(query, told.report, waiting, told.hidden, told.reason)


def report_out(found: Report) -> dict[str, Any]:
    """Give a whole report as the API answers it, without anything left out."""
    out = _out(StatisticsAsked(limit=1000), found, 0)
    return out.model_dump(mode="json")


def _out(
    query: StatisticsAsked, found: Report, waiting: int, hidden: Collection[tuple[str, str]] = (), why: Sentence | None = None
) -> StatisticsOut:
    period = found.period
    return StatisticsOut(
        since=f"{period.first:%Y-%m}", until=f"{month_later(period.until, -1):%Y-%m}",
        year=period.first.year if period.is_year else None, period=words(period.title), by=found.by,
        rows=[_row_out(row, hidden, why) for row in found.rows], total=_row_out(found.total, hidden, why),
        next=str(query.offset + query.limit) if found.more else None, published=found.is_published, waiting=waiting,
    )  # fmt: skip


def _row_out(row: ReportRow, hidden: Collection[tuple[str, str]], why: Sentence | None) -> Any:
    figures = {code: f"{value:.2f}" if isinstance(value, Decimal) else value for code, value in figures_of(row, hidden).items()}
    return FigureRow(
        key=row.key, label=say(row.label), label_zh=row.label.zh, label_en=row.label.en, currency=CURRENCY, **figures,
        reason={code: words(one) for code, one in reasons_of(row, hidden, why).items()},
    )  # fmt: skip


def _period_of(query: StatisticsAsked) -> Period:
    if query.from_ or query.until:
        if not (query.from_ and query.until):
            raise Invalid("from", Sentence("请同时填写 from 和 until。", "Give both from and until."))
        return months(_month(query.from_), month_later(_month(query.until)))
    if query.school_year is not None:
        return school_year(query.school_year)
    number = query.year if query.year is not None else this_year(clock.now())
    return quarter(number, query.quarter) if query.quarter else year(number)


def _month(text: str) -> date:
    number = int(text[:4])
    if not 1990 <= number < 2200:
        raise Invalid("from", Sentence("年份须在 1990 到 2199 之间。", "The year must lie between 1990 and 2199."))
    return date(number, int(text[5:]), 1)


def _scope_of(query: StatisticsAsked, who: Viewer) -> Scope:
    return Scope(
        organisation_id=_id(query.organisation), facility_id=_id(query.facility), instrument_id=_id(query.instrument),
        category=query.category or "", city=query.city, least_value=query.least_value, is_public=not (query.mine or sees_all(who)),
    )  # fmt: skip


def _id(text: str | None) -> int | None:
    return read_id(text) if text else None
