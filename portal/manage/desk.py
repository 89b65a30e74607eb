"""Today's desk: who is using what, who comes next, who is late, and what is to be decided, with large buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.timespan import TimeSpan, at_wall
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import HOME
from portal.language import current_language, say, t
from portal.manage.blueprint import looked_at, manage
from portal.manage.requests import chosen_instrument
from portal.notices import notice
from portal.transactions import reading, writing
from scheduling.bookings import Booking
from scheduling.desk import EARLY, finish, mark_no_show, start
from scheduling.overview import LATE_AFTER, desk_bookings

MOST_CHOICES = 200
FURTHEST = timedelta(days=366)
NO_DAY = Sentence("请选择一年以内的日期。", "Please choose a day within a year.")


@dataclass
class Columns:
    """The four columns of the desk; `missed` are late and over already."""

    now: list[Booking] = field(default_factory=list)
    coming: list[Booking] = field(default_factory=list)
    late: list[Booking] = field(default_factory=list)
    missed: list[Booking] = field(default_factory=list)
    decide: list[Booking] = field(default_factory=list)


@manage.get("/desk")
def desk() -> Any:
    """Show the desk of a day."""
    return _page()


@manage.post("/desk/<int:booking_id>/<any(start, finish, no_show):step>")
def take_desk_step(booking_id: int, step: str) -> Any:
    """Start or finish a use, or note that nobody came."""
    now = clock.now()
    try:
        with writing() as session:
            if step == "no_show":
                one = mark_no_show(session, booking_id, viewer=viewer(), now=now)
                notice(session, one, "no-show", now, actor=viewer())
            else:
                one = (start if step == "start" else finish)(session, booking_id, viewer=viewer(), now=now)
            who = one.person.name
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(error=error)
    done = {
        "start": t("{who} 已开始使用。", "{who} has started.", who=who),
        "finish": t("{who} 已结束使用。", "{who} has finished.", who=who),
        "no_show": t("已记为未到场，并已通知 {who}。", "Noted that {who} did not come; {who} is told.", who=who),
    }[step]
    flash(done, "success")
    return redirect(url_for("manage.desk", **_query()))


def _query() -> dict[str, str]:
    return {key: request.args[key] for key in ("day", "instrument") if request.args.get(key)}


def _page(*, error: PortalError | None = None) -> Any:
    now, mine = clock.now(), looked_at(viewer())
    tz = ZoneInfo(HOME)
    today = now.astimezone(tz).date()
    on = _day(today)
    with reading() as session:
        chosen = chosen_instrument(session, mine)
        condition = and_(mine, Instrument.id == chosen.id) if chosen is not None else mine
        window = TimeSpan(at_wall(on, 0, tz), at_wall(on, 1440, tz))
        columns = _columns(desk_bookings(session, condition, window, now), now)
        content = render_template(
            "manage/desk.html",
            columns=columns,
            chosen=chosen,
            choices=_choices(session, mine),
            on=on,
            is_today=on == today,
            steps={"before": on - timedelta(days=1), "after": on + timedelta(days=1)},
            query=_query(),
            may_change=viewer().manages_any,
            may_start=lambda one: one.start_at - EARLY <= now < one.end_at,
            now=now,
            error=say(error.sentence) if error else "",
        )
    return content, status_of(error) if error else 200


def _day(today: date) -> date:
    text = request.args.get("day", "")
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
        if abs(found - today) > FURTHEST:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid("day", NO_DAY) from error
    return found


def _columns(found: Sequence[Booking], now: datetime) -> Columns:
    columns = Columns()
    for one in found:
        if one.status == "running":
            columns.now.append(one)
        elif one.status == "requested":
            columns.decide.append(one)
        elif one.end_at <= now:
            columns.missed.append(one)
        elif one.start_at <= now - LATE_AFTER:
            columns.late.append(one)
        else:
            columns.coming.append(one)
    return columns


def _choices(session: Session, mine: ColumnElement[bool]) -> Sequence[Any]:
    by = Instrument.name_zh if current_language() == "zh" else Instrument.name_en
    names = select(Instrument.id, Instrument.name_zh, Instrument.name_en, Instrument.model)
    return session.execute(names.where(mine, Instrument.publication == "published").order_by(by, Instrument.id).limit(MOST_CHOICES)).all()
