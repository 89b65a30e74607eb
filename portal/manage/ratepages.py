"""One tariff: its parts as a form, how it reads, what it would cost, the costs behind it, and its versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.costsheets import LABELS, CostSheet, cost_per_hour, costs, read_cost_sheet, sheet_json
from instruments.errors import Changed, Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.tariffs import TariffVersion, publish_tariff, users_of, versions_of_tariff, withdraw_tariff
from instruments.timespan import TimeSpan, at_wall
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import HOME
from portal.language import say, t
from portal.manage.blueprint import manage
from portal.manage.rateform import TariffForm, form_of, new_form, read_form, rearranged
from portal.manage.rates import check_may_set, may_set, seen_tariff, start_of
from portal.transactions import reading, writing
from scheduling.pricebands import refresh_prices
from scheduling.pricing.engine import price
from scheduling.pricing.lines import Priced
from scheduling.pricing.modewords import AUDIENCE_TITLES
from scheduling.pricing.spec import TariffSpec, as_data
from scheduling.pricing.tables import RateTable, table
from scheduling.pricing.use import Use
from scheduling.pricing.words import sentences
from scheduling.rates import spec_of
from scheduling.usage import MODES

SHOWN_VERSIONS = 30
LONGEST_EXAMPLE = 240
NO_DAY = Sentence("请填写日期，例如 2026-12-01。", "Please give a day, such as 2026-12-01.")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tariff reads: its table, its sentences, and what an example would cost each kind of user."""

    table: RateTable
    sentences: Sequence[Sentence]
    example: Sequence[tuple[Sentence, Priced]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it is listed."""

    row: TariffVersion
    by: str
    reading: Reading
    is_current: bool
    is_coming: bool


@manage.route("/rates/<int:tariff_id>", methods=["GET", "POST"])
def tariff(tariff_id: int) -> Any:
    """Show a tariff as a form, change the form, look at how it reads, and publish it."""
    if request.method == "GET":
        return _page(tariff_id)
    form, step = read_form(request.form), request.form.get("do", "look")
    if rearranged(form, step):
        return _page(tariff_id, form)
    if step != "publish" or form.spec is None:
        return _page(tariff_id, form, status=422 if form.errors else 200)
    return _publish(tariff_id, form, form.spec)


def _publish(tariff_id: int, form: TariffForm, spec: TariffSpec) -> Any:
    now, seen = clock.now(), request.form.get("seen", "")
    try:
        with writing() as session:
            one = seen_tariff(session, tariff_id)
            check_may_set(session, one, now)
            sheet = _cost_sheet()
            publish_tariff(
                session, one, as_data(spec), valid_from=start_of(one.organisation.time_zone, now), by=viewer().person_id, now=now,
                cost_sheet=sheet_json(sheet) if sheet else {}, approval=request.form.get("approval", ""), approved_on=_approved_on(),
                seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None,
            )  # fmt: skip
            refresh_prices(session, now=now)
    except (Changed, Invalid) as error:
        return _page(tariff_id, form, error=error, status=status_of(error))
    flash(t("收费标准已发布。", "The rates are published."), "success")
    return redirect(url_for("manage.tariff", tariff_id=tariff_id), 303)


def _cost_sheet() -> CostSheet | None:
    return read_cost_sheet({key: request.form.get(f"cost-{key}", "")[:20] for key in LABELS})


def _approved_on() -> date | None:
    text = request.form.get("approved_on", "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("approved_on", NO_DAY) from error


@manage.post("/rates/<int:tariff_id>/preview")
def preview_tariff(tariff_id: int) -> str:
    """Show how a tariff reads while it is being changed; a fragment, nothing is written."""
    form = read_form(request.form)
    with reading() as session:
        seen_tariff(session, tariff_id)
    return render_template("manage/rates/preview.html", reading=_reading(form.spec), is_wrong=bool(form.errors), **_costs_typed())


@manage.post("/rates/<int:tariff_id>/versions/<int:version_id>/withdraw")
def withdraw_rates(tariff_id: int, version_id: int) -> Response:
    """Take back a version that is not in force yet."""
    now = clock.now()
    with writing() as session:
        one = seen_tariff(session, tariff_id)
        check_may_set(session, one, now)
        version = session.scalar(select(TariffVersion).where(TariffVersion.id == version_id, TariffVersion.tariff_id == one.id))
        if version is None:
            raise NotFound
        withdraw_tariff(version, now=now)
        refresh_prices(session, now=now)
    flash(t("该版本已撤回。", "The version is taken back."), "success")
    return redirect(url_for("manage.tariff", tariff_id=tariff_id), 303)


@manage.post("/rates/<int:tariff_id>/lay-aside")
def lay_aside_rates(tariff_id: int) -> Response:
    """Lay a tariff aside, so that no other instrument begins to use it, or take it up again."""
    with writing() as session:
        one = seen_tariff(session, tariff_id)
        check_may_set(session, one, clock.now())
        one.is_active = not one.is_active
        text = (
            t("已恢复使用。", "Taken up again.")
            if one.is_active
            else t("已停用，正在使用它的仪器不受影响。", "Laid aside; instruments that use it go on.")
        )
    flash(text, "success")
    return redirect(url_for("manage.tariff", tariff_id=tariff_id), 303)


def _reading(spec: TariffSpec | None) -> Reading | None:
    return Reading(table(spec), sentences(spec), _example(spec)) if spec else None


def _example(spec: TariffSpec) -> list[tuple[Sentence, Priced]]:
    """Price the example for every kind of user: so many hours next Monday from 9, one of whatever is counted."""
    use = Use(booked=_example_span(), mode=_example_mode(), quantities={meter.unit: Decimal(1) for meter in spec.counted})
    told = [(words, price(spec, _for(use, audience))) for audience, words in AUDIENCE_TITLES.items()]
    return told if len({found.total for _, found in told}) > 1 else [(Sentence("所有用户", "All users"), told[0][1])]


def _for(use: Use, audience: str) -> Use:
    return Use(booked=use.booked, mode=use.mode, quantities=use.quantities, audience=audience)


def _example_span() -> TimeSpan:
    tz, now = ZoneInfo(HOME), clock.now()
    today = now.astimezone(tz).date()
    monday = today + timedelta(days=7 - today.weekday())
    start = at_wall(monday, 9 * 60, tz)
    return TimeSpan(start, start + timedelta(minutes=_example_minutes()))


def _example_minutes() -> int:
    text = request.form.get("example_hours", "3")
    hours = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 3
    return min(max(hours, 1), LONGEST_EXAMPLE) * 60


def _example_mode() -> str:
    mode = request.form.get("example_mode", "self")
    return mode if mode in MODES else "self"


def _costs_typed() -> dict[str, Any]:
    """Work out the cost sheet as it is typed; what cannot be read yet is left out."""
    try:
        sheet = _cost_sheet()
    except Invalid:
        sheet = None
    return {"costs": costs(sheet) if sheet else (), "cost": cost_per_hour(sheet) if sheet else None}


def _page(tariff_id: int, form: TariffForm | None = None, *, error: Invalid | Changed | None = None, status: int = 200) -> Any:
    now = clock.now()
    with reading() as session:
        one = seen_tariff(session, tariff_id)
        versions = versions_of_tariff(session, one)
        newest = next((version for version in versions if version.withdrawn_at is None), None)
        shown = form or (form_of(spec_of(newest)) if newest else new_form())
        content = render_template(
            "manage/rates/tariff.html",
            tariff=one,
            may_change=may_set(session, one, now),
            form=shown,
            layout=shown.group(),
            reading=_reading(shown.spec),
            typed=_typed(newest, is_sent=form is not None),
            labels={key: say(words) for key, words in LABELS.items()},
            modes=[(key, say(words)) for key, words in MODES.items()],
            example_hours=_example_minutes() // 60,
            example_mode=_example_mode(),
            users=users_of(session, one, now),
            versions=_versions(session, versions[:SHOWN_VERSIONS], now),
            seen=request.form.get("seen", str(max((version.number for version in versions), default=0))),
            is_coming=newest is not None and newest.valid_from > now,
            is_wrong=bool(shown.errors),
            error=say(error.sentence) if error else "",
            error_field=getattr(error, "field", ""),
            **(_costs_typed() if form else _costs_of(newest)),
        )
    return content, status


def _typed(newest: TariffVersion | None, *, is_sent: bool) -> Mapping[str, str]:
    """Give what stands in the inputs beside the tariff itself: the cost sheet, the approval, from when it holds."""
    if is_sent:
        return {
            key: text[:300]
            for key, text in request.form.items()
            if key.startswith("cost-") or key in ("approval", "approved_on", "valid_from")
        }
    return {f"cost-{key}": text for key, text in (newest.cost_sheet if newest else {}).items()}


def _costs_of(newest: TariffVersion | None) -> dict[str, Any]:
    sheet = read_cost_sheet(newest.cost_sheet) if newest else None
    return {"costs": costs(sheet) if sheet else (), "cost": cost_per_hour(sheet) if sheet else None}


def _versions(session: Session, rows: Sequence[TariffVersion], now: datetime) -> list[Version]:
    """List versions, the newest first, each in words; one statement."""
    ids = {one.published_by for one in rows if one.published_by}
    people = {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids)))} if ids else {}
    begun = [one for one in rows if one.valid_from <= now and one.withdrawn_at is None]
    current = max(begun, key=lambda one: (one.valid_from, one.number), default=None)
    return [
        Version(
            one,
            people.get(one.published_by or 0, ""),
            _told(spec_of(one)),
            one is current,
            one.valid_from > now and one.withdrawn_at is None,
        )
        for one in rows
    ]


def _told(spec: TariffSpec) -> Reading:
    return Reading(table(spec), sentences(spec), ())
