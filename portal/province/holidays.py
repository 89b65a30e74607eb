"""The holiday calendar: a year at a glance, days added, changed and cleared."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField

from instruments.errors import Invalid, NotFound
from instruments.holidays import Holiday, clear_day, seed_holidays, set_day
from portal import clock
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, t
from portal.province.blueprint import province
from portal.transactions import reading, writing

FIRST, LAST = 2004, 2100


def weekdays() -> list[tuple[str, str]]:
    """Name the weekdays."""
    return [
        ("0", t("周一", "Monday")), ("1", t("周二", "Tuesday")), ("2", t("周三", "Wednesday")), ("3", t("周四", "Thursday")),
        ("4", t("周五", "Friday")), ("5", t("周六", "Saturday")), ("6", t("周日", "Sunday")),
    ]  # fmt: skip


class HolidayForm(Form):
    """One special day."""

    on_date = DateField(lazy_t("日期", "Date"), [Required()])
    kind = SelectField(lazy_t("类型", "Kind"))
    worked_as = SelectField(lazy_t("按星期几的时间开放", "Open as on"))
    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(60)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(60)])


@province.route("/holidays", methods=["GET", "POST"])
def holidays() -> Any:
    """Show a year's special days, and add or change one."""
    year = request.args.get("year", clock.now().year, type=int)
    if not FIRST <= year <= LAST:
        raise NotFound
    form = HolidayForm()
    form.kind.choices = options([("holiday", t("放假", "Holiday")), ("workday", t("调休上班", "Make-up workday"))])
    form.worked_as.choices = options(weekdays())
    if form.validate_on_submit():
        try:
            return _save(form)
        except Invalid as error:
            form.refuse(error)
    with reading() as session:
        days = session.scalars(
            select(Holiday).where(Holiday.on_date.between(date(year, 1, 1), date(year, 12, 31))).order_by(Holiday.on_date)
        ).all()
    status = 422 if form.is_submitted() else 200
    return render_template("province/holidays.html", days=days, year=year, form=form, weekdays=dict(weekdays())), status


def _save(form: HolidayForm) -> Response:
    with writing() as session:
        set_day(
            session, form.on_date.data, is_workday=form.kind.data == "workday", worked_as=int(form.worked_as.data),
            name_zh=form.name_zh.data, name_en=form.name_en.data or "",
        )  # fmt: skip
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.holidays", year=form.on_date.data.year))


@province.post("/holidays/<on_date>/clear")
def clear_holiday(on_date: str) -> Response:
    """Make a day an ordinary one again."""
    try:
        day = date.fromisoformat(on_date)
    except ValueError as error:
        raise NotFound from error
    with writing() as session:
        clear_day(session, day)
    flash(t("已恢复为普通日期。", "It is an ordinary day again."), "success")
    return redirect(url_for("province.holidays", year=day.year))


@province.post("/holidays/<int:year>/seed")
def seed_year(year: int) -> Response:
    """Add what the State Council has announced for a year, as far as the shipped calendar knows it."""
    if not FIRST <= year <= LAST:
        raise NotFound
    with writing() as session:
        added = seed_holidays(session, year, year)
    words = t("已补充 {n} 天。", "{n} days were added.", n=added) if added else t("没有可补充的日期。", "There was nothing to add.")
    flash(words, "success" if added else "plain")
    return redirect(url_for("province.holidays", year=year))
