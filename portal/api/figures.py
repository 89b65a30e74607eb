"""A manager's figures over the API, with the rights and the figures of her page; and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound, Sentence
from instruments.timespan import TimeSpan, zone
from portal import clock
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.prices import CURRENCY, words
from portal.api.shapes.basics import Named, SpanOut
from portal.api.shapes.figures import CODES, AdviceOut, AdvicesOut, CommentOut, FiguresAsked, FiguresOut, LabRow, LostOut, WeekOut
from portal.auth import viewer
from portal.figurerows import BY_CODE
from portal.language import say
from portal.manage.blueprint import check_manager, looked_at
from portal.manage.figures import changed_at, period_of, window_of
from portal.transactions import reading
from scheduling.statistics.advice import Advice, advise
from scheduling.statistics.calendar import month_later
from scheduling.statistics.labfigures import LabFigures, comments, lab_figures, lost_minutes
from scheduling.statistics.periods import Period, this_year
from scheduling.statistics.reports import ReportRow
from scheduling.statistics.weekhours import WeekHours, summed, week_hours
from scheduling.usage import UsageRecord

ALL = Sentence("合计", "Total")


@api.operation("GET", "/figures", "Figures of the instruments I manage or audit", tag="figures", query=FiguresAsked, answers={200: FiguresOut})
def show_figures(query: FiguresAsked) -> FiguresOut:
    """Give hours, people, income, the week and what users said, of all my instruments or of one."""
    now, period = clock.now(), _period_of(query)
    with reading() as session:
        mine, instruments, following = _chosen(session, query)
        ids, window = [one.id for one in instruments], window_of(period, now)
        found = lab_figures(session, mine, ids, period)
        week = summed(week_hours(session, ids, window).values())
        said = comments(session, ids, period)
        return FiguresOut(
            year=period.first.year, period=words(period.title), since=f"{period.first:%Y-%m}", until=f"{month_later(period.until, -1):%Y-%m}",
            instruments=found.total.instruments, rows=[_of_instrument(one, found, period) for one in instruments],
            total=_row(ReportRow("total", ALL, found.total, period.years)), months=_months(found, now), lost=_lost(found), week=_week(week, window),
            comments=[_comment(one) for one in said], next=following,
        )  # fmt: skip


@api.operation("GET", "/figures/advice", "What would help the instruments I manage or audit", tag="figures", query=FiguresAsked, answers={200: AdvicesOut})
def list_advice(query: FiguresAsked) -> AdvicesOut:
    """Say what would help the instruments of a page, the weightiest first."""
    now = clock.now()
    window = window_of(_period_of(query), now)
    with reading() as session:
        mine, instruments, following = _chosen(session, query)
        found = advise(session, instruments, week_hours(session, [one.id for one in instruments], window), window, now=now)
        number = session.scalar(select(func.count(Instrument.id)).where(mine)) or 0
        return AdvicesOut(window=_span(window), items=[_advice(one) for one in found], total=len(found), instruments=number, next=following)


def _chosen(session: Session, query: FiguresAsked) -> tuple[ColumnElement[bool], Sequence[Instrument], str | None]:
    """Give the condition for all that is asked for, a page of it by id, and the cursor of the next."""
    check_manager(viewer())
    mine, key = looked_at(viewer()), key_of(query.cursor, int)
    wanted = select(Instrument).options(joinedload(Instrument.organisation), joinedload(Instrument.facility)).order_by(Instrument.id)
    if query.instrument:
        found = session.scalar(wanted.where(mine, Instrument.id == read_id(query.instrument)))
        if found is None:
            raise NotFound
        return Instrument.id == found.id, [found], None
    rows = session.scalars(wanted.where(mine, Instrument.id > (key[0] if key else 0)).limit(query.limit + 1)).all()
    page = rows[: query.limit]
    return mine, page, cursor_of(page[-1].id) if len(rows) > query.limit else None


def _period_of(query: FiguresAsked) -> Period:
    if query.quarter and query.month:
        raise Invalid("month", Sentence("季度与月份只能填一个。", "Give a quarter or a month, not both."))
    part = f"q{query.quarter}" if query.quarter else f"m{query.month}" if query.month else ""
    return period_of(query.year if query.year is not None else this_year(clock.now()), part)


def _of_instrument(one: Instrument, found: LabFigures, period: Period) -> Any:
    label = Sentence(one.name_zh or one.name_en, one.name_en or one.name_zh)
    return _row(ReportRow(str(one.id), label, found.by_instrument[one.id], period.years))


def _months(found: LabFigures, now: datetime) -> list[Any]:
    """Give all instruments by month; a month to come has no figures yet."""
    today = now.astimezone(zone("Asia/Shanghai")).date()
    rows = ((f"{first:%Y-%m}", quantities) for first, quantities in found.by_month.items() if first <= today)
    return [_row(ReportRow(key, Sentence(key, key), quantities, Fraction(1, 12)), without=("users", "external_users")) for key, quantities in rows]


def _row(row: ReportRow, without: Sequence[str] = ()) -> Any:
    columns = [BY_CODE[code] for code in CODES]
    figures = {one.code: None if one.code in without else one.figure(row) for one in columns}
    reasons = {one.code: words(reason) for one in columns if (reason := one.reason(row)) is not None}
    return LabRow(
        key=row.key, label=say(row.label), label_zh=row.label.zh, label_en=row.label.en, currency=CURRENCY, reason=reasons,
        **{code: f"{value:.2f}" if BY_CODE[code].unit == "yuan" else value for code, value in figures.items()},
    )  # fmt: skip


def _lost(found: LabFigures) -> LostOut:
    return LostOut(**{f"{cause}_minutes": minutes for cause, minutes in lost_minutes(found.total).items()})


def _week(hours: WeekHours, window: TimeSpan) -> WeekOut:
    cells = {name: [getattr(hours, name)[day * 24 : day * 24 + 24] for day in range(7)] for name in ("offered", "booked", "used")}
    return WeekOut(window=_span(window), **cells)


def _span(window: TimeSpan) -> SpanOut:
    return SpanOut(start=window.start, end=window.end)


def _comment(one: UsageRecord) -> CommentOut:
    on = one.start_at.astimezone(zone(one.instrument.time_zone)).date()
    return CommentOut(rating=one.rating, comment=one.comment, instrument=str(one.instrument_id), on=on)


def _advice(one: Advice) -> AdviceOut:
    of = one.instrument
    return AdviceOut(
        instrument=Named(id=str(of.id), name_zh=of.name_zh, name_en=of.name_en), code=one.code, seen=words(one.seen), might=words(one.might),
        weight=one.weight, change_at=changed_at(one)[0],
    )  # fmt: skip
