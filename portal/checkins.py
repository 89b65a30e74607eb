"""The page beside an instrument, on the web or by its code: begin a use, end it, with one large button."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument, instrument
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Refused
from instruments.people import Group
from portal import clock
from portal.auth import login_required, viewer
from portal.errors import status_of
from portal.language import name, say, t
from portal.qrmarks import source_of
from portal.transactions import reading, writing
from portal.useform import EndForm
from scheduling.bookings import MODES, PURPOSES, Booking
from scheduling.checkin import WalkOn, booking_due, check_in, check_out
from scheduling.usage import UsageRecord, seen_use


@login_required
def at(instrument_id: int) -> Any:
    """Show what one can do here now: begin the booking that is due, walk on, or end one's use."""
    return _page(instrument_id)


@login_required
def begin(instrument_id: int) -> Any:
    """Begin a use."""
    form, source = request.form, source_of(instrument_id, request.form.get("at", ""))
    group = form.get("group", "")
    walk_on = WalkOn(
        None, form.get("mode", "self"), form.get("purpose", "research"),
        int(group) if group.isascii() and group.isdigit() and len(group) < 19 else None, form.get("project", "").replace("\x00", ""),
    )  # fmt: skip
    try:
        with writing() as session:
            check_in(session, instrument_id, viewer=viewer(), source=source, now=clock.now(), walk_on=walk_on)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, error=error)
    flash(t("已开始使用。结束时请回到本页。", "Your use has begun. Come back here when you are done."), "success")
    return redirect(url_for("usage.at", instrument_id=instrument_id, at=form.get("at") or None))


@login_required
def end(usage_id: int) -> Any:
    """End a use, with what the user tells of it."""
    form = EndForm()
    with reading() as session:
        instrument_id = seen_use(session, usage_id, viewer()).instrument_id
    try:
        if not form.validate_on_submit():
            return _page(instrument_id, form=form, ending=usage_id)
        with writing() as session:
            source = source_of(instrument_id, request.form.get("at", ""))
            check_out(session, usage_id, viewer=viewer(), source=source, now=clock.now(), known=form.known())
    except Invalid as error:
        form.refuse(error)
        return _page(instrument_id, form=form, ending=usage_id)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, error=error)
    flash(t("已结束使用，记录待管理员确认。", "Your use has ended. The manager will confirm the record."), "success")
    return redirect(url_for("usage.show", usage_id=usage_id))


def _page(instrument_id: int, *, error: PortalError | None = None, form: EndForm | None = None, ending: int = 0) -> Any:
    now, who = clock.now(), viewer()
    with reading() as session:
        one = instrument(session, instrument_id)
        if not who.may_see(one):
            raise NotFound
        running = _running(session, one)
        due = booking_due(session, one.id, who.person_id, now)
        content = render_template(
            "usage/at.html",
            instrument=one,
            mine=next((each for each in running if each.person_id == who.person_id or each.id == ending), None),
            others=[each for each in running if each.person_id != who.person_id],
            is_full=len(running) >= one.lanes,
            due=session.get(Booking, due) if due else None,
            groups=_groups(session),
            modes={key: words for key, words in MODES.items() if key != "maintenance" and (key != "self" or one.self_operated)},
            purposes=PURPOSES,
            mark=request.values.get("at", ""),
            form=form or EndForm(None),
            error=say(error.sentence) if error else "",
            refusals=[say(each.sentence) for each in error.refusals] if isinstance(error, Refused) else [],
            now=now,
        )
    return content, status_of(error) if error else 422 if form else 200


def _running(session: Session, one: Instrument) -> list[UsageRecord]:
    return list(
        session.scalars(
            select(UsageRecord)
            .options(joinedload(UsageRecord.person), joinedload(UsageRecord.booking))
            .where(UsageRecord.instrument_id == one.id, UsageRecord.status == "running")
            .order_by(UsageRecord.lane)
        )
    )


def _groups(session: Session) -> list[tuple[int, str]]:
    rows = session.scalars(select(Group).where(Group.id.in_(viewer().group_ids)).order_by(Group.id))
    return [(group.id, name(group)) for group in rows]
