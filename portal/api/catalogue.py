"""Instruments: search, one instrument, its availability, and a quote that writes nothing."""

from __future__ import annotations

from typing import Any

from flask import url_for

from instruments.access import Viewer
from instruments.catalogue import Instrument, instrument
from instruments.classification import Category
from instruments.errors import NotFound
from instruments.rulebooks import in_force, rule_book_history
from portal import clock
from portal.api.openapi import api
from portal.api.prices import rates_out, words
from portal.api.register import organisation_out
from portal.api.shapes.basics import Named, Words
from portal.api.shapes.instrument import InstrumentOut
from portal.api.shapes.register import CategoryOut
from portal.auth import viewer
from portal.language import name
from portal.rateshown import rates_shown
from portal.transactions import reading
from scheduling.availability import next_free
from scheduling.rules.book import read_entries
from scheduling.rules.words import say_rules


def seen_instrument(session: Any, instrument_id: int, who: Viewer) -> Instrument:
    """Get an instrument that this person may see; any other is not found."""
    found = instrument(session, instrument_id)
    if not who.may_see(found):
        raise NotFound
    return found


def category_out(session: Any, code: str | None) -> CategoryOut | None:
    """Show a class."""
    found = session.get(Category, code) if code else None
    return CategoryOut(code=found.code, name=name(found), name_zh=found.name_zh, name_en=found.name_en) if found else None


@api.operation("GET", "/instruments/{instrument_id}", "One instrument", tag="instruments", answers={200: InstrumentOut}, public=True)
def show_instrument(instrument_id: int) -> InstrumentOut:
    """Show all public fields, the rules as sentences and links."""
    now = clock.now()
    with reading() as session:
        one = seen_instrument(session, instrument_id, viewer())
        books = rule_book_history(session, [one.id]).get(one.id, [])
        rules = [Words(zh=said.zh, en=said.en) for said in say_rules(read_entries(in_force(books, now)), one)]
        free, rates = next_free(session, [one.id], now=now).get(one.id), rates_shown(session, one, viewer(), now)
        return InstrumentOut(
            **_facts(one), **_place(one), organisation=organisation_out(one.organisation), category=category_out(session, one.category_code),
            facility=Named(id=str(one.facility.id), name_zh=one.facility.name_zh, name_en=one.facility.name_en) if one.facility else None,
            next_free=free.start if free else None, rules=rules, rates=rates_out(rates),
            rate_rules=[words(said) for said in rates.current.sentences] if rates.current else [], links=_links(one),
        )  # fmt: skip


PLAIN = (
    "inner_id", "name_zh", "name_en", "model", "manufacturer", "department", "country", "commissioned", "functions", "specifications", "services",
    "achievements", "requirements", "fees", "subjects", "sharing_mode", "self_operated", "sample_service", "needs_qualification", "time_zone",
    "lanes", "step_minutes", "setup_minutes", "cleanup_minutes", "version",
)  # fmt: skip


def _facts(one: Instrument) -> dict[str, Any]:
    facts = {field: getattr(one, field) for field in PLAIN}
    value = None if one.original_value is None else f"{one.original_value:.2f}"
    return facts | {
        "id": str(one.id), "status": one.publication, "bookable": one.is_published and one.accepts_bookings, "original_value": value, "currency": "CNY",
    }  # fmt: skip


def _place(one: Instrument) -> dict[str, dict[str, str]]:
    place = {field: getattr(one, field) for field in ("province", "city", "county", "street", "building", "room")}
    return {"place": place, "contact": {field: getattr(one, field) for field in ("contact", "phone", "email", "address", "postal_code")}}


def _links(one: Instrument) -> dict[str, str]:
    return {
        "self": url_for("api.show_instrument", instrument_id=one.id),
        "landing_page": url_for("instruments.show", instrument_id=one.id, _external=True),
        "pidinst": url_for("instruments.pidinst", instrument_id=one.id),
        "calendar": url_for("calendars.instrument", instrument_id=one.id),
        "availability": url_for("api.show_availability", instrument_id=one.id),
    }
