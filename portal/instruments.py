"""The page of one instrument, its week by itself, its photo and documents, and what it is for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.catalogue import PUBLICATIONS, Document, Instrument
from instruments.classification import Category
from instruments.errors import NotFound, Sentence
from instruments.exchange.jsonld import jsonld as as_jsonld
from instruments.exchange.pidinst import pidinst as as_pidinst
from instruments.exchange.vocabulary import Vocabulary
from instruments.hourswords import plan_on, say_plan
from instruments.opening import plans_of
from instruments.rulebooks import in_force, rule_book_history
from instruments.timespan import TimeSpan, zone
from portal import clock
from portal.auth import viewer
from portal.files import send_document, send_photo
from portal.instrumentfacts import category_of, facts_of, outside_link, ways_of
from portal.instrumentstate import answers, book_url, is_bookable, state_of
from portal.instrumentweek import Asked, asked_days, shown_week, week_mark, week_of
from portal.language import say, t
from portal.links import outside_url
from portal.rateshown import rates_shown
from portal.transactions import reading
from scheduling.rules.book import read_entries
from scheduling.rules.bounds import bounds
from scheduling.rules.words import say_rules

instruments = Blueprint("instruments", __name__)

WHOLE = (
    joinedload(Instrument.organisation),
    joinedload(Instrument.facility),
    selectinload(Instrument.documents),
    selectinload(Instrument.aliases),
)


@instruments.get("/instruments/<int:instrument_id>")
def show(instrument_id: int) -> str:
    """Show everything about an instrument: can it do my job, may I use it, when is it free, whom do I ask."""
    now = clock.now()
    with reading() as session:
        instrument = seen_instrument(session, instrument_id, *WHOLE)
        asked = asked_days(request.args, instrument.time_zone, now)
        entries = read_entries(in_force(rule_book_history(session, [instrument.id]).get(instrument.id, []), now))
        state = state_of(session, instrument, bounds(entries, instrument, now), now)
        facts = facts_of(session, instrument)
        return render_template(
            "instruments/show.html",
            instrument=instrument,
            told=facts,
            ways=ways_of(instrument),
            state=state,
            answers=answers(session, instrument, state, viewer(), now),
            publication=PUBLICATIONS[instrument.publication],
            hours=_hours(session, instrument),
            rules=say_rules(entries, instrument),
            rates=rates_shown(session, instrument, viewer(), now),
            next_week=_week_of(instrument, state.next_free),
            bookable=is_bookable(instrument),
            website=outside_link(instrument.organisation.website),
            mail_to=quote(instrument.email, safe="@"),
            formats=_formats(instrument),
            description=_jsonld(instrument, facts.path),
            **_week(session, instrument, asked),
        )


@instruments.get("/instruments/<int:instrument_id>/week")
def week(instrument_id: int) -> str | Response:
    """Give the week alone; who has it already is told so, before anything is laid out."""
    now = clock.now()
    with reading() as session:
        instrument = seen_instrument(session, instrument_id)
        asked = asked_days(request.args, instrument.time_zone, now)
        if not viewer().is_anonymous:
            return render_template("instruments/week.html", instrument=instrument, **_week(session, instrument, asked))
        mark = week_mark(session, instrument, asked, now)
        if request.if_none_match.contains_weak(mark):
            response = Response(status=304)
        else:
            response = Response(render_template("instruments/week.html", instrument=instrument, **_week(session, instrument, asked)))
        response.set_etag(mark, weak=True)
        return response


@instruments.get("/instruments/<int:instrument_id>/photo")
def photo(instrument_id: int) -> Response:
    """Give the photo, large, or small with ?size=small."""
    with reading() as session:
        instrument = seen_instrument(session, instrument_id)
        return send_photo(instrument, is_small=request.args.get("size") == "small", is_public=instrument.is_published)


@instruments.get("/instruments/<int:instrument_id>/documents/<int:document_id>")
def document(instrument_id: int, document_id: int) -> Response:
    """Give one document to be saved."""
    with reading() as session:
        seen_instrument(session, instrument_id)
        found = session.scalar(select(Document).where(Document.id == document_id, Document.instrument_id == instrument_id))
        if found is None:
            raise NotFound
        return send_document(found)


@instruments.get("/instruments/<int:instrument_id>/pidinst.json")
def pidinst(instrument_id: int) -> Response:
    """Give the instrument's metadata as PIDINST 1.0."""
    with reading() as session:
        instrument = seen_instrument(session, instrument_id, *WHOLE)
        return jsonify(as_pidinst(instrument, _landing_page(instrument), _words(category_of(session, instrument))))


@instruments.get("/instruments/<int:instrument_id>.jsonld")
def jsonld(instrument_id: int) -> Response:
    """Give the instrument as schema.org JSON-LD."""
    with reading() as session:
        instrument = seen_instrument(session, instrument_id, *WHOLE)
        response = jsonify(_jsonld(instrument, category_of(session, instrument)))
    response.mimetype = "application/ld+json"
    return response


def seen_instrument(session: Session, instrument_id: int, *options: Any) -> Instrument:
    """Get an instrument whose page is the reader's to open; any other is not found, whether it exists or not."""
    found = session.get(Instrument, instrument_id, options=options)
    if found is None or not viewer().may_see(found):
        raise NotFound
    return found


def _week_of(instrument: Instrument, span: TimeSpan | None) -> dict[str, str]:
    """Give the part of an address that shows the week a span begins in."""
    return week_of(span.start.astimezone(zone(instrument.time_zone)).date()).query() if span else {}


def _formats(instrument: Instrument) -> list[tuple[str, str, str]]:
    """Give the addresses of what other programs read: (address, media type, words); none before everybody may read it."""
    if not instrument.is_published:
        return []
    known = (
        ("calendars.instrument", "text/calendar", t("忙闲日历（.ics）", "Busy calendar (.ics)")),
        ("instruments.pidinst", "application/json", t("仪器标识元数据（PIDINST）", "Instrument metadata (PIDINST)")),
        ("instruments.jsonld", "application/ld+json", t("结构化数据（JSON-LD）", "Structured data (JSON-LD)")),
    )
    return [(url_for(endpoint, instrument_id=instrument.id), kind, words) for endpoint, kind, words in known]


def _jsonld(instrument: Instrument, path: Sequence[Category]) -> dict[str, Any]:
    key = instrument.id
    image = outside_url("instruments.photo", instrument_id=key) if instrument.photo else ""
    booking = outside_url("bookings.create", instrument_id=key) if is_bookable(instrument) else ""
    return as_jsonld(instrument, _landing_page(instrument), _words(path), image=image, booking_page=booking)


def _landing_page(instrument: Instrument) -> str:
    return outside_url("instruments.show", instrument_id=instrument.id)


def _words(path: Sequence[Category]) -> Vocabulary:
    return Vocabulary({row.code: Sentence(row.name_zh, row.name_en or row.name_zh) for row in path})


def _week(session: Session, instrument: Instrument, asked: Asked) -> dict[str, Any]:
    """Gather what the week's fragment shows."""
    is_open = is_bookable(instrument)
    return {
        "shown": shown_week(session, instrument, asked, viewer(), clock.now()),
        "book": book_url(instrument.id) if is_open else "",
    }


def _hours(session: Session, instrument: Instrument) -> list[str]:
    """Say the opening hours in force today, or nothing where none are."""
    today = clock.now().astimezone(zone(instrument.time_zone)).date()
    plan = plan_on(plans_of(session, [instrument.id]).get(instrument.id, []), today)
    return [say(sentence) for sentence in say_plan(plan)] if plan else []
