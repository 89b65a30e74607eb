"""The rule book of an instrument as a form: cards to add, take away and put in order; what is published is a new version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.catalogue import Instrument
from instruments.errors import Changed, Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.rulebooks import RuleBook, publish_rules, rule_book_history, withdraw_rules
from instruments.timespan import from_wall, zone
from portal import clock
from portal.auth import viewer
from portal.language import say, t
from portal.manage.blueprint import inspected, manage, managed
from portal.manage.rulecards import (
    Card,
    as_raw,
    card_of,
    effect_choices,
    holiday_choices,
    inputs_of,
    kind_choices,
    new_card,
    read_cards,
    weekday_choices,
    who_inputs,
)
from portal.transactions import reading, writing
from scheduling.rules.book import KINDS, MOST_ENTRIES, read_entries
from scheduling.rules.words import say_rules

SHOWN_VERSIONS = 30
STEP = re.compile(r"(remove|up|down)-([0-9]{1,3})")
NO_TIME = Sentence("请填写日期和时间，例如 2026-12-01 00:00。", "Please give a day and a time, such as 2026-12-01 00:00.")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the rule book as it is listed."""

    book: RuleBook
    by: str
    sentences: Sequence[str]
    is_current: bool
    is_coming: bool


@manage.route("/instruments/<int:instrument_id>/rules", methods=["GET", "POST"])
def rules(instrument_id: int) -> Any:
    """Show the rules as cards, change the cards, look at how they read, and publish them."""
    if request.method == "GET":
        return _page(instrument_id)
    cards, step = read_cards(request.form), request.form.get("do", "look")
    if step == "publish" and not any(card.errors for card in cards):
        return _publish(instrument_id, cards)
    if step == "add" and request.form.get("add_kind") in KINDS and len(cards) < MOST_ENTRIES:
        cards.append(new_card(request.form["add_kind"]))
        return _page(instrument_id, cards, is_quiet=True)
    moved = _rearranged(cards, step)
    is_quiet = moved is not None
    return _page(instrument_id, moved if moved is not None else cards, is_quiet=is_quiet)


def _rearranged(cards: Sequence[Card], step: str) -> list[Card] | None:
    """Take a card away or move it, as a button says; None where the button says something else."""
    found = STEP.fullmatch(step)
    if found is None or int(found[2]) >= len(cards):
        return None
    place, result = int(found[2]), list(cards)
    card = result.pop(place)
    if found[1] != "remove":
        result.insert(max(0, place + (1 if found[1] == "down" else -1)), card)
    return result


def _publish(instrument_id: int, cards: Sequence[Card]) -> Any:
    now = clock.now()
    entries = [as_raw(card.entry) for card in cards if card.entry is not None]
    try:
        with writing() as session:
            one = managed(session, instrument_id)
            seen = request.form.get("seen", "")
            publish_rules(
                session, one, entries, valid_from=_valid_from(one, now), by=viewer().person_id, now=now,
                seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None,
            )  # fmt: skip
    except Changed as error:
        return _page(instrument_id, cards, error=error.sentence, status=409)
    except Invalid as error:
        return _page(instrument_id, cards, error=error.sentence, status=422)
    flash(t("预约规则已发布。", "The rules are published."), "success")
    return redirect(url_for("manage.rules", instrument_id=instrument_id))


def _valid_from(instrument: Instrument, now: datetime) -> datetime:
    """Read from when the rules hold: now, where nothing is said."""
    text = request.form.get("valid_from", "").strip()
    if not text:
        return now
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None or not 1990 <= local.year <= 2200:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid("valid_from", NO_TIME) from error
    return from_wall(local, zone(instrument.time_zone))


@manage.post("/instruments/<int:instrument_id>/rules/preview")
def preview_rules(instrument_id: int) -> str:
    """Show how the rules read while they are being changed; a fragment, nothing is written."""
    cards = read_cards(request.form)
    with reading() as session:
        instrument = inspected(session, instrument_id)
        return render_template("manage/rules_preview.html", cards=cards, sentences=_sentences(cards, instrument))


@manage.post("/instruments/<int:instrument_id>/rules/<int:book_id>/withdraw")
def withdraw(instrument_id: int, book_id: int) -> Response:
    """Take back a version that is not in force yet."""
    with writing() as session:
        one = managed(session, instrument_id)
        book = session.get(RuleBook, book_id)
        if book is None or book.instrument_id != one.id:
            raise NotFound
        withdraw_rules(session, one, book, now=clock.now())
    flash(t("该版本已撤回。", "The version is taken back."), "success")
    return redirect(url_for("manage.rules", instrument_id=instrument_id))


def _sentences(cards: Sequence[Card], instrument: Instrument) -> list[str]:
    """Say the rules as the instrument's page will."""
    return [say(sentence) for sentence in say_rules([card.entry for card in cards if card.entry is not None], instrument)]


def _page(
    instrument_id: int, cards: list[Card] | None = None, *, error: Sentence | None = None, status: int = 200, is_quiet: bool = False
) -> Any:
    """Write the page; `is_quiet` while cards are only being arranged, when nothing is complained of yet."""
    now = clock.now()
    with reading() as session:
        instrument = inspected(session, instrument_id)
        books = rule_book_history(session, [instrument.id]).get(instrument.id, [])
        newest = max((book.number for book in books), default=0)
        shown = cards if cards is not None else [card_of(entry) for entry in read_entries(books[-1].entries if books else [])]
        if is_quiet:
            for card in shown:
                card.errors = {}
        wrong = any(card.errors for card in shown)
        content = render_template(
            "manage/rules.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            cards=shown,
            inputs={kind: inputs_of(kind) for kind in {card.kind for card in shown}},
            who=who_inputs(),
            weekdays=weekday_choices(),
            holidays=holiday_choices(),
            effects=effect_choices(),
            kinds=kind_choices(),
            sentences=_sentences(shown, instrument),
            versions=_versions(session, books, instrument, now),
            seen=request.form.get("seen", str(newest)),
            valid_from=request.form.get("valid_from", ""),
            is_coming=bool(books) and books[-1].valid_from > now,
            error=say(error) if error else "",
            is_full=len(shown) >= MOST_ENTRIES,
        )
    return content, status if status != 200 else 422 if wrong else 200


def _versions(session: Session, books: Sequence[RuleBook], instrument: Instrument, now: datetime) -> list[Version]:
    """List the versions, the newest first, each in words; one statement."""
    shown = list(reversed(books))[:SHOWN_VERSIONS]
    ids = {book.published_by for book in shown if book.published_by}
    people = {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    current = next((book for book in shown if book.valid_from <= now), None)
    return [
        Version(
            book, people.get(book.published_by or 0, ""), [say(one) for one in say_rules(read_entries(book.entries), instrument)],
            book is current, book.valid_from > now,
        )
        for book in shown
    ]  # fmt: skip
