"""How a manager's instruments are used, in a year, a quarter or a month: hours, people, income, the week hour by hour, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import ColumnElement, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound, Sentence
from instruments.timespan import TimeSpan, at_wall, zone
from portal import clock
from portal.auth import viewer
from portal.charts import LINE, Chart, Point, Series, points, week
from portal.language import current_language
from portal.links import LARGEST_KEY
from portal.manage.blueprint import looked_at, manage
from portal.pages import here_with
from portal.transactions import reading
from scheduling.statistics import periods
from scheduling.statistics.advice import LEAST_WEEKS, Advice, advise
from scheduling.statistics.indicators import values
from scheduling.statistics.labfigures import LabFigures, comments, lab_figures, lost_minutes
from scheduling.statistics.periods import FIRST_YEAR, LAST_YEAR, Period, this_year
from scheduling.statistics.quantities import TITLES, Quantities
from scheduling.statistics.weekhours import MEASURES, WeekHours, summed, week_hours
from scheduling.usage import RATINGS

PER_PAGE = 20
MOST_ADVICE = 12
NOT_BEGUN = Sentence("该月尚未开始。", "That month has not begun yet.")
DRAWN = ("opening", "booked", "used")
LOST = {
    "no_show": Sentence("预约了没有来", "Booked, and nobody came"),
    "down_open": Sentence("故障与维护", "Faults and maintenance"),
    "late_cancel": Sentence("临近取消，没有人补上", "Cancelled late, and not booked again"),
    "never_booked": Sentence("一直没有人预约", "Never booked"),
}
# Where what was seen can be changed: endpoint and the words of the link.
CHANGED_AT = {
    "unused": ("manage.hours", Sentence("开放时间", "Opening hours")),
    "missed": ("manage.rules", Sentence("预约规则", "Rules")),
    "taken": ("manage.hours", Sentence("开放时间", "Opening hours")),
    "full": ("manage.hours", Sentence("开放时间", "Opening hours")),
    "no_rates": ("manage.instrument_rates", Sentence("收费标准", "Rates")),
    "closure": ("manage.closures", Sentence("停机", "Closures")),
    "refused_closed": ("manage.closures", Sentence("停机", "Closures")),
    "refused_opening_hours": ("manage.hours", Sentence("开放时间", "Opening hours")),
    "refused_qualification": ("manage.qualifications", Sentence("上机资格", "Qualifications")),
    "refused_sharing": ("manage.edit", Sentence("共享模式", "Mode of sharing")),
    "refused_mode": ("manage.edit", Sentence("上机方式", "Ways of use")),
    "refused_no_bookings": ("manage.edit", Sentence("预约方式", "Ways of booking")),
    "refused_not_published": ("manage.publication", Sentence("发布", "Publication")),
}
RULES = ("manage.rules", Sentence("预约规则", "Rules"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page is about: a period, one instrument or all, what the week shows, and where the list of instruments goes on."""

    period: Period
    year: int
    part: str
    instrument: Instrument | None
    measure: str


@manage.get("/figures")
def figures() -> str:
    """Show the figures of the viewer's instruments, or of one of them."""
    now, mine = clock.now(), looked_at(viewer())
    with reading() as session:
        chosen = _chosen(session, mine, now)
        if chosen.instrument is not None:
            mine = Instrument.id == chosen.instrument.id
        instruments, following = _page(session, mine)
        ids = [one.id for one in instruments]
        found = lab_figures(session, mine, ids, chosen.period)
        window = window_of(chosen.period, now)
        weeks = week_hours(session, ids, window)
        advice = advise(session, instruments, weeks, window, now=now)
        shown = advice[:MOST_ADVICE] if chosen.instrument else weightiest(advice)
        return render_template(
            "manage/figures.html", chosen=chosen, rows=[(one, found.by_instrument[one.id]) for one in instruments], total=found.total,
            lost=[(LOST[cause], minutes) for cause, minutes in lost_minutes(found.total).items()], lost_of=lost_minutes,
            indicators=values(found.total, chosen.period.years), indicators_of=values, titles=TITLES, ratings=RATINGS,
            comments=comments(session, ids, chosen.period), trend=trend(found, now), heat=heat(summed(weeks.values()), chosen.measure),
            window=window, advice=shown, unsaid=len(advice) - len(shown), changed_at=changed_at, measures=MEASURES,
            next_url=here_with(cursor=following) if following else None, years=range(this_year(now), this_year(now) - 6, -1),
            is_one_of_many=len(instruments) > 1 or following or request.args.get("cursor"),
        )  # fmt: skip


def window_of(period: Period, now: datetime) -> TimeSpan:
    """Give the time the week is drawn from: the period as far as it is over, and at least the eight weeks before its end."""
    tz = zone("Asia/Shanghai")
    end = min(at_wall(period.until, 0, tz), now)
    start = at_wall(period.first, 0, tz)
    return TimeSpan(min(start, end - timedelta(weeks=LEAST_WEEKS)), end)


def weightiest(advice: Sequence[Advice]) -> list[Advice]:
    """Keep the weightiest of each kind for each instrument, so that one instrument does not drown the others."""
    first: dict[tuple[int, str], Advice] = {}
    for one in advice:
        first.setdefault((one.instrument.id, one.code), one)
    return list(first.values())[:MOST_ADVICE]


def changed_at(advice: Advice) -> tuple[str, Sentence]:
    """Give the page where what was seen can be changed, and its name."""
    endpoint, words = CHANGED_AT.get(advice.code, RULES)
    return url_for(endpoint, instrument_id=advice.instrument.id), words


def trend(found: LabFigures, now: datetime) -> Chart:
    """Draw hours offered, booked and used by month; a month to come has none yet."""
    months = list(found.by_month)
    begun = now.astimezone(zone("Asia/Shanghai")).date()
    names = tuple(Sentence(f"{month:%Y-%m}", f"{month:%Y-%m}") for month in months)
    links = [_month_url(month) for month in months]
    return Chart(
        LINE, Sentence("各月开放、预约与使用机时", "Hours offered, booked and used by month"), Sentence("月份", "Month"), names,
        tuple(
            Series(
                TITLES[name],
                points([hours_of(one, name) if month <= begun else None for month, one in found.by_month.items()], links, NOT_BEGUN),
            )
            for name in DRAWN
        ),
        unit=Sentence("小时", "h"),
    )  # fmt: skip


def hours_of(quantities: Quantities, name: str) -> float:
    """Give minutes as hours with one place."""
    return round(float(getattr(quantities, name)) / 60, 1)


def _month_url(month: date) -> str:
    return url_for("manage.figures", year=month.year, part=f"m{month.month}", instrument=request.args.get("instrument") or None)


def heat(hours: WeekHours, measure: str) -> Chart:
    """Draw the week hour by hour: what was offered, booked or used, in hours over the window."""
    cells = getattr(hours, measure)
    days = [[Point(round(cells[day * 24 + hour] / 60, 1)) for hour in range(24)] for day in range(7)]
    words = MEASURES[measure]
    return week(
        Sentence(f"一周中各时段的{words.zh}机时", f"Hours {words.en.lower()} by hour of the week"), days, unit=Sentence("小时", "h"), decimals=1
    )


def _chosen(session: Session, mine: ColumnElement[bool], now: datetime) -> Chosen:
    asked = request.args.get("year", type=int)
    year = asked if asked is not None and FIRST_YEAR <= asked < LAST_YEAR else this_year(now)
    year = min(year, this_year(now))
    part = request.args.get("part", "")
    measure = request.args.get("show", "used")
    return Chosen(
        period_of(year, part), year, part, _instrument(session, mine), measure if measure in MEASURES else "used"
    )


def period_of(year: int, part: str) -> Period:
    """Read the part of a year: "" all of it, "q1" to "q4" a quarter, "m1" to "m12" a month; Invalid for anything else."""
    kind, number = part[:1], part[1:]
    if not part:
        return periods.year(year)
    if number.isascii() and number.isdecimal() and len(number) < 3:
        if kind == "q":
            return periods.quarter(year, int(number))
        if kind == "m" and 1 <= int(number) <= 12:
            return periods.months(date(year, int(number), 1), date(year + int(number) // 12, int(number) % 12 + 1, 1))
    raise Invalid("part", Sentence("没有这样的时间段。", "There is no such part of a year."))


def _instrument(session: Session, mine: ColumnElement[bool]) -> Instrument | None:
    asked = request.args.get("instrument", "").strip()
    if not asked:
        return None
    if not (asked.isascii() and asked.isdecimal() and int(asked[:20]) <= LARGEST_KEY):
        raise NotFound
    found = session.scalar(select(Instrument).where(mine, Instrument.id == int(asked[:20])))
    if found is None:
        raise NotFound
    return found


def _page(session: Session, mine: ColumnElement[bool]) -> tuple[Sequence[Instrument], str | None]:
    """Give a page of the instruments by name, and the cursor of the next."""
    by = Instrument.name_zh if current_language() == "zh" else Instrument.name_en
    rows = session.scalars(
        select(Instrument)
        .where(mine, _after(session, by))
        .options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
        .order_by(by, Instrument.id)
        .limit(PER_PAGE + 1)
    ).all()
    return rows[:PER_PAGE], str(rows[PER_PAGE - 1].id) if len(rows) > PER_PAGE else None


def _after(session: Session, by: Any) -> ColumnElement[bool]:
    text = request.args.get("cursor", "")
    if not text:
        return true()
    found = None
    if text.isascii() and text.isdecimal() and len(text) < 19:
        found = session.execute(select(by, Instrument.id).where(Instrument.id == int(text))).one_or_none()
    if found is None:
        raise Invalid("cursor", Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page."))
    return tuple_(by, Instrument.id) > (found[0], found[1])
