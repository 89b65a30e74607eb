"""The tariffs a manager may see, those of her instruments' organisations; and which of them an instrument charges by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer, managed_by
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Organisation, Person
from instruments.tariffs import InstrumentTariff, Tariff, TariffVersion, found_tariff, tariffs_of, use_tariff, users_of
from instruments.timespan import from_wall, zone
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import HOME
from portal.language import say, t
from portal.manage.blueprint import inspected, looked_at, manage, managed
from portal.pages import here_with
from portal.transactions import reading, writing
from scheduling.pricebands import refresh_prices

PER_PAGE = 30
NO_TIME = Sentence("请填写日期和时间，例如 2026-12-01 00:00。", "Please give a day and a time, such as 2026-12-01 00:00.")


@dataclass(frozen=True, slots=True)
class Row:
    """One tariff of the list: the version in force, one to come, and how many instruments charge by it."""

    tariff: Tariff
    current: TariffVersion | None
    coming: TariffVersion | None
    users: int


@dataclass(frozen=True, slots=True)
class Step:
    """From when an instrument charges by a tariff (None: by none), who said so, and whether it is in force or to come."""

    valid_from: datetime
    tariff: Tariff | None
    by: str
    is_current: bool
    is_coming: bool


@manage.route("/rates", methods=["GET", "POST"])
def rates() -> Any:
    """List the tariffs of the viewer's organisations, and begin a new one."""
    if request.method == "GET":
        return _list()
    form = {name: request.form.get(name, "")[:200] for name in ("name_zh", "name_en", "organisation")}
    try:
        with writing() as session:
            organisation = _chosen_organisation(session, form["organisation"])
            made = found_tariff(session, organisation, form["name_zh"], form["name_en"], now=clock.now())
            session.flush()
            tariff_id = made.id
    except Invalid as error:
        return _list(form, error), status_of(error)
    return redirect(url_for("manage.tariff", tariff_id=tariff_id), 303)


def _list(form: Mapping[str, str] | None = None, error: Invalid | None = None) -> str:
    now, before = clock.now(), request.args.get("before", "")
    mine = seen_tariffs(viewer())
    with reading() as session:
        total = session.scalar(select(func.count(Tariff.id)).where(mine)) or 0
        older = [Tariff.id < int(before)] if before.isascii() and before.isdigit() and len(before) < 19 else []
        found = session.scalars(
            select(Tariff).where(mine, *older).options(joinedload(Tariff.organisation)).order_by(Tariff.id.desc()).limit(PER_PAGE + 1)
        ).all()
        return render_template(
            "manage/rates/list.html",
            rows=_rows(session, found[:PER_PAGE], now),
            total=total,
            next_url=here_with(before=str(found[PER_PAGE - 1].id)) if len(found) > PER_PAGE else None,
            organisations=organisations_of(session, viewer()),
            form=form or {},
            error=error,
        )


def _rows(session: Session, tariffs: Sequence[Tariff], now: datetime) -> list[Row]:
    """Say of each tariff what is in force and what is to come; two statements however many."""
    ids = [one.id for one in tariffs]
    versions: dict[int, list[TariffVersion]] = {}
    for one in session.scalars(
        select(TariffVersion)
        .where(TariffVersion.tariff_id.in_(ids), TariffVersion.withdrawn_at.is_(None))
        .order_by(TariffVersion.valid_from, TariffVersion.number)
    ):
        versions.setdefault(one.tariff_id, []).append(one)
    users = _users(session, ids, now)
    rows = []
    for tariff in tariffs:
        begun = [one for one in versions.get(tariff.id, []) if one.valid_from <= now]
        coming = [one for one in versions.get(tariff.id, []) if one.valid_from > now]
        rows.append(Row(tariff, begun[-1] if begun else None, coming[0] if coming else None, users.get(tariff.id, 0)))
    return rows


def _users(session: Session, ids: Sequence[int], now: datetime) -> Mapping[int, int]:
    latest = (
        select(InstrumentTariff.instrument_id, func.max(InstrumentTariff.valid_from).label("since"))
        .where(InstrumentTariff.valid_from <= now)
        .group_by(InstrumentTariff.instrument_id)
        .subquery()
    )
    counted = (
        select(InstrumentTariff.tariff_id, func.count())
        .join(latest, (latest.c.instrument_id == InstrumentTariff.instrument_id) & (latest.c.since == InstrumentTariff.valid_from))
        .where(InstrumentTariff.tariff_id.in_(ids))
        .group_by(InstrumentTariff.tariff_id)
    )
    return {key: number for key, number in session.execute(counted) if key is not None}


def seen_tariffs(who: Viewer) -> ColumnElement[bool]:
    """Give the condition on Tariff for those of the organisations whose instruments the viewer manages or audits."""
    if who.is_province_admin or any(grant.role == "auditor" and grant.organisation_id is None for grant in who.grants):
        return true()
    own = [*who.administered_organisation_ids, *(g.organisation_id for g in who.grants if g.role == "auditor" and g.organisation_id)]
    return or_(Tariff.organisation_id.in_(select(Instrument.organisation_id).where(looked_at(who))), Tariff.organisation_id.in_(own))


def organisations_of(session: Session, who: Viewer) -> Sequence[Organisation]:
    """Give the organisations the viewer may begin a tariff for, by name."""
    own = Organisation.id.in_(select(Instrument.organisation_id).where(managed_by(who)))
    condition = true() if who.is_province_admin else own | Organisation.id.in_(who.administered_organisation_ids)
    return session.scalars(select(Organisation).where(condition).order_by(Organisation.name_zh, Organisation.id).limit(500)).all()


def _chosen_organisation(session: Session, text: str) -> Organisation:
    found = organisations_of(session, viewer())
    chosen = next((one for one in found if str(one.id) == text), found[0] if len(found) == 1 else None)
    if chosen is None:
        raise Invalid("organisation", Sentence("请选择单位。", "Choose the organisation."))
    return chosen


def seen_tariff(session: Session, tariff_id: int) -> Tariff:
    """Get a tariff the viewer may look at; any other is not found."""
    found = session.scalar(select(Tariff).where(Tariff.id == tariff_id, seen_tariffs(viewer())).options(joinedload(Tariff.organisation)))
    if found is None:
        raise NotFound
    return found


def may_set(session: Session, tariff: Tariff, now: datetime) -> bool:
    """Say whether the viewer may change a tariff: its organisation's administrator, or the manager of all that charge by it."""
    who = viewer()
    if who.may_administer(tariff.organisation_id):
        return True
    users = users_of(session, tariff, now)
    if users:
        return all(who.may_manage(one) for one in users)
    mine = select(Instrument.id).where(Instrument.organisation_id == tariff.organisation_id, managed_by(who)).limit(1)
    return session.scalar(mine) is not None


def check_may_set(session: Session, tariff: Tariff, now: datetime) -> None:
    """Refuse to change a tariff others' instruments charge by."""
    if not may_set(session, tariff, now):
        raise Forbidden(
            Sentence(
                "其他仪器也在使用该收费标准，请由单位管理员修改，或另建一个。",
                "Other people's instruments charge by this tariff too. Ask the organisation's administrator, or begin one of your own.",
            )
        )


@manage.route("/instruments/<int:instrument_id>/rates", methods=["GET", "POST"])
def instrument_rates(instrument_id: int) -> Any:
    """Show which tariff an instrument charges by, before and from now on, and choose another."""
    if request.method == "GET":
        return _instrument_page(instrument_id)
    now = clock.now()
    try:
        with writing() as session:
            one = managed(session, instrument_id)
            chosen = _chosen_tariff(session, one, request.form.get("tariff", ""))
            use_tariff(session, one, chosen, valid_from=start_of(one.time_zone, now), by=viewer().person_id, now=now)
            refresh_prices(session, now=now)
    except Invalid as error:
        return _instrument_page(instrument_id, error), status_of(error)
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("manage.instrument_rates", instrument_id=instrument_id), 303)


def _chosen_tariff(session: Session, instrument: Instrument, text: str) -> Tariff | None:
    if text == "none":
        return None
    found = next((one for one in tariffs_of(session, [instrument.organisation_id]) if str(one.id) == text), None)
    if found is None:
        raise Invalid("tariff", Sentence("请选择收费标准。", "Choose a tariff."))
    return found


def start_of(time_zone: str, now: datetime) -> datetime:
    """Read from when something holds: now, where nothing is said."""
    text = request.form.get("valid_from", "").strip()
    if not text:
        return now
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None or not 1990 <= local.year <= 2200:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid("valid_from", NO_TIME) from error
    return from_wall(local, zone(time_zone or HOME))


def _instrument_page(instrument_id: int, error: Invalid | None = None) -> str:
    now = clock.now()
    with reading() as session:
        instrument = inspected(session, instrument_id)
        return render_template(
            "manage/rates/instrument.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            steps=_steps(session, instrument, now),
            tariffs=[one for one in tariffs_of(session, [instrument.organisation_id]) if one.is_active],
            chosen=request.form.get("tariff", ""),
            valid_from=request.form.get("valid_from", ""),
            error=error,
            error_text=say(error.sentence) if error else "",
        )


def _steps(session: Session, instrument: Instrument, now: datetime) -> list[Step]:
    """List what the instrument charged by, the newest first; one statement."""
    rows = session.execute(
        select(InstrumentTariff, Tariff, Person.name)
        .outerjoin(Tariff, Tariff.id == InstrumentTariff.tariff_id)
        .outerjoin(Person, Person.id == InstrumentTariff.set_by)
        .where(InstrumentTariff.instrument_id == instrument.id)
        .order_by(InstrumentTariff.valid_from.desc())
    ).all()
    current = next((row[0] for row in rows if row[0].valid_from <= now), None)
    return [Step(one.valid_from, tariff, by or "", one is current, one.valid_from > now) for one, tariff, by in rows]
