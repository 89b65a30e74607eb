"""By which cycle an organisation closes its books: what runs now, what comes next and when, and the form to change it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField

from instruments.errors import Forbidden, Invalid, NotFound
from instruments.people import Organisation
from portal import clock
from portal.auth import login_required, viewer
from portal.cycles import cycle_name, within
from portal.forms import Form, Required, options
from portal.language import lazy_t, say, t
from portal.periods import may_close, organisation_asked, organisations_to_close
from portal.transactions import reading, writing
from scheduling.accounting.closingcycles import choose_cycle, chosen_cycles, cycle_under_way, first_days, plan_of
from scheduling.accounting.cycles import LENGTHS, Cycle, Plan


class CycleForm(Form):
    """The cycle to close by, and the day from which on."""

    months = RadioField(lazy_t("结账周期", "Closing cycle"), [Required()])
    since = SelectField(
        lazy_t("从哪天起", "From which day"),
        [Required()],
        description=lazy_t(
            "只能从一期结束后的第一天起。要按自然季度结账，请选 1 月、4 月、7 月或 10 月 1 日。",
            "Only where a cycle ends. For the quarters of the calendar choose the first of January, April, July or October.",
        ),
    )


@login_required
def cycle() -> Any:
    """Show by which cycle an organisation closes, and change it from a day to come."""
    if not may_close():
        raise NotFound
    if request.method == "GET":
        return _page()
    if not (viewer().is_province_admin or viewer().administers_any):
        raise Forbidden
    with reading() as session:
        one = organisation_asked(session, request.form)
        organisation_id, form = one.id, _form(session, one)
    if not viewer().may_administer(organisation_id):
        raise Forbidden
    if not form.validate():
        return _page(form), 422
    months, since = int(form.months.data), date.fromisoformat(form.since.data)
    try:
        with writing() as session:
            made = choose_cycle(session, organisation_id, months, since, viewer=viewer(), now=clock.now())
            begins, name = made.begins, within(Cycle(made.begins, made.months))
    except Invalid as error:
        form.refuse(error)
        return _page(form), 422
    flash(t("已保存。新周期从 {day} 开始，第一期：{name}。", "Saved. It begins on {day}; its first cycle is {name}.", day=begins, name=name), "success")
    return redirect(url_for("statements.cycle", organisation=organisation_id))


def _form(session: Session, one: Organisation) -> CycleForm:
    plan = plan_of(session, one.id)
    running = cycle_under_way(plan, one, clock.now())
    days = first_days(plan, running)
    chosen = plan.steps[-1] if plan.steps and plan.steps[-1].first in days else plan.cycle_of(days[0])
    form = CycleForm(months=str(chosen.months), since=chosen.first.isoformat())
    form.months.choices = options((str(months), say(name)) for months, name in LENGTHS.items())
    form.since.choices = options((day.isoformat(), day.isoformat()) for day in days)
    return form


def _page(form: CycleForm | None = None) -> str:
    with reading() as session:
        one = organisation_asked(session, request.values)
        plan = plan_of(session, one.id)
        running = cycle_under_way(plan, one, clock.now())
        may_change = viewer().may_administer(one.id)
        return render_template(
            "statements/cycle.html", one=one, organisations=organisations_to_close(session, viewer()), facts_shown=_facts(plan, running),
            form=(form or _form(session, one)) if may_change else None, history=chosen_cycles(session, one.id), lengths=LENGTHS,
        )  # fmt: skip


def _facts(plan: Plan, running: Cycle) -> Sequence[tuple[str, str]]:
    coming = plan.cycle_of(running.until)
    changes = [step for step in plan.steps if step.first > running.first]
    planned = t("；", "; ").join(_planned(step) for step in changes)
    return (
        (t("目前", "Now"), _how(running)),
        (t("正在进行的一期", "Cycle under way"), _spelt(running)),
        (t("下一期", "Next cycle"), _spelt(coming)),
        (t("已定的变更", "Change to come"), planned or t("无", "None")),
    )


def _planned(step: Cycle) -> str:
    name, how = within(step), _how(step)
    return t("从 {day} 起{how}，第一期：{name}", "{how} from {day}, to begin with {name}", day=step.first, how=how, name=name)


def _how(one: Cycle) -> str:
    return say(LENGTHS[one.months])


def _spelt(one: Cycle) -> str:
    return t("{name}（{first} 至 {last}）", "{name} ({first} to {last})", name=cycle_name(one), first=one.first, last=one.last_day)
