"""What a manager writes down: past uses and sample services of an instrument, somebody who walks on, corrections; and the instrument's code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Refused, Sentence
from instruments.people import Group, GroupMember, Person, person_by_email
from instruments.timespan import zone
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import wall
from portal.forms import options
from portal.language import name, say, t
from portal.manage.blueprint import checked, inspected, manage
from portal.qrmarks import address_of, code_of
from portal.transactions import reading, writing
from portal.useform import CorrectionForm, UseForm, written_quantities
from scheduling.bookings import MODES
from scheduling.checkin import WalkOn, check_in, running_lanes
from scheduling.correcting import correct_use as correct
from scheduling.correcting import entry_of
from scheduling.recording import UseEntry, record_use
from scheduling.usage import UsageRecord, seen_use
from scheduling.usepolicy import policy_of

NOBODY = Sentence("没有使用该邮箱的人，请先让其注册。", "Nobody has this address. Ask the person to register first.")


@manage.route("/instruments/<int:instrument_id>/uses/new", methods=["GET", "POST"])
def record(instrument_id: int) -> Any:
    """Write down a use or a sample service that is over."""
    form = UseForm()
    if not form.is_submitted():
        form.mode.data = "sample" if request.args.get("kind") == "sample" else "self"
        return _page(instrument_id, form)
    try:
        if not form.validate():
            return _page(instrument_id, form)
        with writing() as session:
            instrument = checked(session, instrument_id)
            made = record_use(session, instrument_id, _entry(session, form, instrument), viewer=viewer(), now=clock.now())
            session.flush()
            who = made.person.name
    except Invalid as error:
        form.refuse(error)
        return _page(instrument_id, form)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, form, error=error)
    flash(t("已登记 {who} 的使用，请核对后确认。", "The use of {who} is recorded. Look at it and confirm it.", who=who), "success")
    return redirect(url_for("manage.uses", instrument=instrument_id))


@manage.post("/instruments/<int:instrument_id>/walk-on")
def walk_on(instrument_id: int) -> Any:
    """Let somebody begin without a booking."""
    form = UseForm()
    try:
        with writing() as session:
            checked(session, instrument_id)
            person = _person(session, "person", form.person.data or "")
            wanted = WalkOn(person.id, form.mode.data or "self", form.purpose.data or "research", None, form.project.data or "")
            check_in(session, instrument_id, viewer=viewer(), source="manager", now=clock.now(), walk_on=wanted)
            who = person.name
    except Invalid as error:
        form.refuse(error)
        return _page(instrument_id, form, walking=True)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, form, error=error, walking=True)
    flash(t("{who} 已开始使用。", "{who} has started.", who=who), "success")
    return redirect(url_for("manage.uses", show="running", instrument=instrument_id))


@manage.route("/uses/<int:usage_id>/correct", methods=["GET", "POST"])
def correct_use(usage_id: int) -> Any:
    """Correct a record: the old one stays to be read, as void."""
    with reading() as session:
        one = seen_use(session, usage_id, viewer())
        if not viewer().may_manage(one.instrument):
            raise Forbidden if viewer().may_inspect(one.instrument) else NotFound
        entry_of(one)  # one that runs has no end to correct
        form = CorrectionForm(None, **_as_form(one)) if request.method == "GET" else CorrectionForm()
        if request.method == "GET" or not form.validate():
            return _correction(session, one, form)
    try:
        with writing() as session:
            one = seen_use(session, usage_id, viewer())
            entry = replace(_entry(session, form, one.instrument), booking_id=one.booking_id, occupies=one.occupies)
            new = correct(
                session, usage_id, _precise(one, entry), viewer=viewer(), now=clock.now(), reason=form.reason.data or "", version=_version()
            )
            new_id = new.id
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        if isinstance(error, Invalid):
            form.refuse(error)
        with reading() as session:
            return _correction(session, seen_use(session, usage_id, viewer()), form, error=None if isinstance(error, Invalid) else error)
    flash(t("已更正。原记录作废并保留。", "Corrected. The old record is kept, as void."), "success")
    return redirect(url_for("usage.show", usage_id=new_id))


@manage.get("/instruments/<int:instrument_id>/code")
def code(instrument_id: int) -> str:
    """Show the instrument's code, to be printed and put on it."""
    with reading() as session:
        instrument = inspected(session, instrument_id)
        return render_template("usage/code.html", instrument=instrument, code=code_of(instrument_id), address=address_of(instrument_id))


def _entry(session: Session, form: UseForm, instrument: Instrument) -> UseEntry:
    person = _person(session, "person", form.person.data or "")
    operator = _person(session, "operator", form.operator.data).id if form.operator.data else None
    group = form.group.data or ""
    return UseEntry(
        person.id, form.span(zone(instrument.time_zone)), form.mode.data, form.purpose.data,
        int(group) if group.isascii() and group.isdigit() and len(group) < 19 else None, form.lane.data, None, operator, None, form.known(),
    )  # fmt: skip


def _precise(one: UsageRecord, entry: UseEntry) -> UseEntry:
    """Keep the seconds of a time that the form, which knows only minutes, gives back unchanged."""
    minute = timedelta(minutes=1)
    start, end = entry.span.start, entry.span.end
    if one.end_at is not None and timedelta() <= one.end_at - end < minute:
        end = one.end_at
    if timedelta() <= one.start_at - start < minute:
        start = one.start_at
    known = entry.known
    if (start, end) != (one.start_at, one.end_at) and known.effective_minutes == one.effective_minutes:
        known = replace(known, effective_minutes=None)  # worked out anew
    return replace(entry, span=type(entry.span)(start, end), known=known)


def _person(session: Session, field: str, email: str) -> Person:
    found = person_by_email(session, email) if "\x00" not in email else None
    if found is None:
        raise Invalid(field, NOBODY)
    return found


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _as_form(one: UsageRecord) -> dict[str, Any]:
    tz = one.instrument.time_zone
    same = ("mode", "purpose", "lane", "samples", "runs", "startup_minutes", "post_minutes", "fault_minutes", "effective_minutes", "project", "content",
            "outcome")  # fmt: skip
    return {key: getattr(one, key) for key in same} | {
        "person": one.person.email, "group": str(one.group_id or ""), "start": wall(one.start_at, tz), "end": wall(one.end_at, tz),
        "operator": one.operator.email if one.operator else "", "quantities": written_quantities(one),
    }  # fmt: skip


def _correction(session: Session, one: UsageRecord, form: CorrectionForm, *, error: PortalError | None = None) -> Any:
    groups = session.scalars(
        select(Group).join(GroupMember, GroupMember.group_id == Group.id).where(GroupMember.person_id == one.person_id).order_by(Group.id)
    ).all()
    known = {group.id: group for group in (*groups, *([one.group] if one.group else []))}
    form.group.choices = options([("", t("无", "none")), *((str(key), name(group)) for key, group in known.items())])
    content = render_template(
        "usage/correct.html", one=one, form=form, tz=one.instrument.time_zone, error=say(error.sentence) if error else ""
    )
    return content, status_of(error) if error else 422 if form.is_submitted() else 200


def _page(instrument_id: int, form: UseForm, *, error: PortalError | None = None, walking: bool = False) -> Any:
    with reading() as session:
        instrument = inspected(session, instrument_id)
        content = render_template(
            "usage/record.html",
            instrument=instrument,
            form=form,
            walking=walking,
            modes=MODES,
            running=len(running_lanes(session, instrument_id)),
            days=policy_of(session, instrument.organisation_id).backfill_days,
            may_change=viewer().may_manage(instrument),
            error=say(error.sentence) if error else "",
            refusals=[say(each.sentence) for each in error.refusals] if isinstance(error, Refused) else [],
        )
    return content, status_of(error) if error else 422 if form.is_submitted() else 200
