"""The booking page: one instrument, or several at once. A drag, a link or an alternative only fills the form; the button books."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound, PortalError, Refused, Sentence
from instruments.rulebooks import in_force, rule_book_history
from instruments.timespan import TimeSpan
from portal import clock
from portal.attempts import remember
from portal.auth import login_required, viewer
from portal.bookingpanel import Panel, booking_address, booking_words, panel_of, unread_because, unread_panel
from portal.errors import status_of
from portal.idempotency import Answer, KeyReused, once
from portal.instrumentstate import state_of
from portal.instrumentweek import FARTHEST, Shown, asked_days, shown_week, week_of
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.notices import booked_notice
from portal.transactions import reading
from portal.wishes import TimesForm, WishForm, check_zones, span_of_link
from scheduling.alternatives import alternatives
from scheduling.availability import next_on_grid
from scheduling.present import USUAL_LENGTH
from scheduling.quoting import quote, wished_instruments
from scheduling.reserving import MOST_AT_ONCE, Wish, book
from scheduling.rules.book import read_entries
from scheduling.rules.bounds import bounds

MANY = ("bookings.several", "bookings.quote_several")


@dataclass(frozen=True, slots=True)
class Desired:
    """The instruments a form is about, and the addresses it is sent to."""

    instruments: Sequence[Instrument]
    url: str
    quote_url: str

    @property
    def ids(self) -> tuple[int, ...]:
        """Give the ids of the instruments."""
        return tuple(one.id for one in self.instruments)

    @property
    def only(self) -> Instrument | None:
        """Give the one instrument, or None where there are several."""
        return self.instruments[0] if len(self.instruments) == 1 else None


@login_required
def create(instrument_id: int) -> Any:
    """Show the booking page of an instrument, and book."""
    return _page((instrument_id,), url_for("bookings.create", instrument_id=instrument_id), url_for("bookings.quote", instrument_id=instrument_id))


@login_required
def quote_one(instrument_id: int) -> Any:
    """Answer what would come of the form as it stands; nothing is written."""
    return _fragment((instrument_id,))


@login_required
def several() -> Any:
    """Show the booking page of several instruments, and book all of them or none."""
    ids = asked_ids()
    if not ids:
        return render_template("bookings/none_chosen.html")
    return _page(ids, *(url_for(endpoint, ids=list(ids)) for endpoint in MANY))


@login_required
def quote_several() -> Any:
    """Answer what would come of the form for several instruments; nothing is written."""
    ids = asked_ids()
    if not ids:
        raise _wrong_number()
    return _fragment(ids)


def asked_ids() -> tuple[int, ...]:
    """Read ?ids=1&ids=2 or ?ids=1,2; NotFound for what is no id, Invalid for too many."""
    parts = [part.strip() for text in request.args.getlist("ids") for part in text.split(",") if part.strip()]
    ids = dict.fromkeys(_id(part) for part in parts[: MOST_AT_ONCE + 1])
    if len(parts) > MOST_AT_ONCE:
        raise _wrong_number()
    return tuple(ids)


def _wrong_number() -> Invalid:
    return Invalid("instruments", Sentence(f"一次可预约 1 到 {MOST_AT_ONCE} 台仪器。", f"Book 1 to {MOST_AT_ONCE} instruments at once."))


def _id(part: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", part) or int(part) > LARGEST_KEY:
        raise NotFound
    return int(part)


def _page(ids: Sequence[int], url: str, quote_url: str) -> Any:
    form = WishForm()
    with reading() as session:
        desired = Desired(_instruments(session, ids), url, quote_url)
        form.offer(session, desired.instruments, viewer(), clock.now())
        if request.method == "GET":
            return _opened(session, desired, form)
        if not form.validate() or "check" in request.form:
            return _shown(session, desired, form, _panel(session, desired, form), 422 if form.errors else 200)
    return _booked(desired, form)


def _fragment(ids: Sequence[int]) -> str:
    form = WishForm()
    with reading() as session:
        desired = Desired(_instruments(session, ids), "", "")
        form.offer(session, desired.instruments, viewer(), clock.now())
        form.validate()
        return render_template("bookings/panel.html", panel=_panel(session, desired, form))


def _instruments(session: Session, ids: Sequence[int]) -> Sequence[Instrument]:
    found = wished_instruments(session, ids, viewer())
    check_zones(found)
    return found


def _opened(session: Session, desired: Desired, form: WishForm) -> Any:
    """Show the form as a link fills it in, or with the next free time."""
    args = request.args.to_dict()
    form.start_from(args)
    try:
        span = span_of_link(args, form.zone, _proposed(session, desired))
    except Invalid as error:
        form.start.data, form.end.data = args.get("start", ""), args.get("end", "")
        return _shown(session, desired, form, unread_because(form, error, booking_words()), 422)
    if span is None:
        return _shown(session, desired, form, unread_panel(form, booking_words()))
    form.set_span(span)
    return _shown(session, desired, form, _panel(session, desired, form))


def _proposed(session: Session, desired: Desired) -> TimeSpan | None:
    """Propose the next free time, of several instruments the next at which all are to be had."""
    now, one = clock.now(), desired.only
    if one is None:
        hour = next_on_grid(now, 60, desired.instruments[0].time_zone)
        found = alternatives(session, Wish(desired.ids, TimeSpan(hour, hour + USUAL_LENGTH)), viewer=viewer(), now=now)
        return min((each.span for each in found), default=None)
    entries = read_entries(in_force(rule_book_history(session, [one.id]).get(one.id, []), now))
    return state_of(session, one, bounds(entries, one, now), now).next_free


def _panel(session: Session, desired: Desired, form: WishForm) -> Panel:
    if form.errors:
        return unread_panel(form, booking_words())
    try:
        wish = form.read_wish(desired.ids)
        found = quote(session, wish, viewer=viewer(), now=clock.now())
    except Invalid as error:
        return unread_because(form, error, booking_words())
    kept = {name: str(form[name].data or "") for name in ("mode", "purpose", "group", "account")}
    several = {} if desired.only else {"ids": list(desired.ids)}
    return panel_of(found, wish.span, booking_words(), booking_address(kept | several))


def _booked(desired: Desired, form: WishForm) -> Any:
    """Book once, however often the form is sent; where that cannot be, show the form again with the reasons."""
    try:
        wish = form.read_wish(desired.ids)

        def do(session: Session) -> Answer:
            made = book(session, wish, viewer=viewer(), now=clock.now())
            booked_notice(session, made, clock.now(), actor=viewer())
            return Answer(303, {"ids": [one.id for one in made]})

        body = {"ids": desired.ids, **form.asked()}
        answer = once(form.form_key.data or None, person_id=viewer().person_id, route="bookings", body=body, do=do)
    except Refused as error:
        remember(error, wish.instrument_ids, wish.span)
        return _refused(desired, form, error)
    except Invalid as error:
        return _refused(desired, form, error)
    return redirect(url_for("bookings.show", booking_id=answer.payload["ids"][0], made=1), 303)


def _refused(desired: Desired, form: WishForm, error: PortalError) -> Any:
    with reading() as session:
        desired = replace(desired, instruments=_instruments(session, desired.ids))
        if isinstance(error, KeyReused):
            message = t(
                "这张表单已经提交过一次。要再预约一个时间，请核对后重新提交。",
                "This form was sent already. To book another time, look it over and send it again.",
            )
            return _shown(session, desired, form, _panel(session, desired, form), 409, message=message)
        if isinstance(error, Invalid):
            return _shown(session, desired, form, unread_because(form, error, booking_words()), status_of(error))
        panel = _panel(session, desired, form)
        message = t("没有预约成功：", "Not booked: ") + " ".join(say(one.sentence) for one in getattr(error, "refusals", ()))
        return _shown(session, desired, form, panel, status_of(error), message=message)


def _shown(session: Session, desired: Desired, form: WishForm, panel: Panel, status: int = 200, message: str = "") -> Any:
    form.renew_key()
    shown = week_shown(session, desired.only, form) if desired.only else None
    content = render_template("bookings/book.html", desired=desired, form=form, panel=panel, message=message, shown=shown, tz=form.zone.key)
    return make_response(content, status)


def week_shown(session: Session, instrument: Instrument, form: TimesForm) -> Shown:
    """Show the week asked for, or the one the time lies in, or this one."""
    now = clock.now()
    asked = asked_days(request.args, instrument.time_zone, now)
    with suppress(Invalid):  # the fields say what is wrong with them
        start = form.read_span().start
        if not request.args.keys() & {"week", "day"} and abs(start - now) < FARTHEST:
            asked = week_of(start.astimezone(form.zone).date())
    return shown_week(session, instrument, asked, viewer(), now)
