"""Rules as cards: every kind has a form, what is typed is read back, mistakes stand beside their inputs, nothing is JSON."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from werkzeug.datastructures import MultiDict

from instruments.rulebooks import publish_rules, rule_book_history
from portal.language import in_language
from portal.manage.rulecards import as_raw, card_of, check_card, inputs_of, kind_choices, new_card, read_cards, who_inputs
from scheduling.rules.book import EFFECTS, KINDS, MOST_ENTRIES, read_entry

NIGHT = {"weekdays": [4, 5], "from_minute": 1320, "until_minute": 1860, "holidays": "not"}
FULL = [
    {"kind": "notice", "parameters": {"minutes": 120}}, {"kind": "horizon", "parameters": {"days": 28}, "effect": "warn"},
    {"kind": "shortest", "parameters": {"minutes": 30}}, {"kind": "longest", "parameters": {"minutes": 480}, "when": NIGHT},
    {"kind": "time_grid", "parameters": {"step_minutes": 60, "offset_minutes": 30}}, {"kind": "opening_hours", "parameters": {"grade_outside": 3}},
    {"kind": "audience", "parameters": {"allowed": ["group", "internal"]}}, {"kind": "qualification", "parameters": {"grade": 2}, "effect": "approve"},
    {"kind": "approval", "parameters": {"decide_within_hours": 48, "holds_slot": False}, "who": {"audiences": ["enterprise"], "modes": ["self"]}},
    {"kind": "quota", "parameters": {"most": 10, "of": "bookings", "per": "group", "period": "month", "waived_hours": 4}, "who": {"grade_below": 3}},
    {"kind": "no_show", "parameters": {"after_minutes": 30}},
]  # fmt: skip


@pytest.fixture
def address(instrument):
    return f"/instruments/{instrument.id}/rules"


@pytest.fixture
def published(session, instrument):
    """The versions as they are stored, oldest first."""

    def read():
        session.expire_all()
        return rule_book_history(session, [instrument.id]).get(instrument.id, [])

    return read


def typed(entries: list[dict]) -> dict[str, object]:
    """What a browser sends of cards with these entries."""
    sent: dict[str, object] = {"cards": str(len(entries))}
    for place, raw in enumerate(entries):
        card = card_of(read_entry(raw))
        sent[f"c{place}-kind"] = card.kind
        sent |= {f"c{place}-{name}": "1" if value is True else value for name, value in card.values.items() if value is not False}
    return sent


def test_every_kind_of_rule_is_in_the_example():
    assert {raw["kind"] for raw in FULL} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_parameter_of_every_kind_has_an_input_and_a_label_in_words(kind, language):
    with in_language(language):
        inputs = {one.name: one for one in inputs_of(kind)}
        assert set(inputs) == {f"p-{name}" for name in KINDS[kind].model_fields}
        assert all(one.label and one.label != one.name.removeprefix("p-") for one in [*inputs.values(), *who_inputs()])
        assert all(one.choices for one in inputs.values() if one.look in ("select", "ticks"))
        assert (kind, new_card(kind).title) in kind_choices()


@pytest.mark.parametrize("raw", FULL, ids=lambda raw: raw["kind"])
def test_an_entry_written_as_a_card_is_read_back_as_it_was(raw):
    card = card_of(read_entry(raw))
    check_card(card)
    assert card.errors == {}
    assert read_entry(as_raw(card.entry)) == read_entry(raw)


def test_a_whole_book_is_published_and_read_back(manager, post, address, published):
    assert post(address, do="publish", **typed(FULL)).status_code == 302
    assert [read_entry(raw) for raw in published()[-1].entries] == [read_entry(raw) for raw in FULL]
    page = manager.get(f"/manage{address}?lang=en").text
    for words in ("Book at least 2 h ahead.", "Each group has at most 10 bookings a month", "On Fri, Sat 22:00-07:00 the next day except on holidays"):
        assert words in html.unescape(page)


def test_cards_are_added_moved_and_taken_away_without_publishing(post, address, published):
    def kinds(page):
        return re.findall(r'name="c\d+-kind" value="(\w+)"', page.text)

    three = typed(FULL[:3])
    assert kinds(post(address, do="add", add_kind="quota", **three)) == ["notice", "horizon", "shortest", "quota"]
    assert kinds(post(address, do="down-0", **three)) == ["horizon", "notice", "shortest"]
    assert kinds(post(address, do="up-2", **three)) == ["notice", "shortest", "horizon"]
    assert kinds(post(address, do="up-0", **three)) == ["notice", "horizon", "shortest"]
    assert kinds(post(address, do="remove-1", **three)) == ["notice", "shortest"]
    assert kinds(post(address, do="remove-9", **three)) == ["notice", "horizon", "shortest"]
    assert kinds(post(address, do="add", add_kind="explode", **three)) == ["notice", "horizon", "shortest"]
    assert published() == []


def test_a_new_card_complains_of_nothing_until_it_is_sent(post, address):
    added = post(address, do="add", add_kind="longest")
    assert added.status_code == 200
    assert "field-error" not in added.text
    empty = post(f"{address}?lang=en", do="publish", cards="1", **{"c0-kind": "longest", "c0-p-minutes": ""})
    assert empty.status_code == 422
    assert "Please fill this in." in empty.text


@pytest.mark.parametrize(
    ("kind", "inputs", "wrong", "words"),
    [
        ("notice", {"p-minutes": "-1"}, "p-minutes", "At least 0"), ("horizon", {"p-days": "731"}, "p-days", "At most 730"),
        ("shortest", {"p-minutes": "long"}, "p-minutes", "whole number"), ("shortest", {"p-minutes": "1.5"}, "p-minutes", "whole number"),
        ("time_grid", {"p-step_minutes": "30", "p-offset_minutes": "1440"}, "p-offset_minutes", "At most 1439"),
        ("audience", {}, "p-allowed", "choose one at least"), ("audience", {"p-allowed": ["aliens"]}, "p-allowed", "from the list"),
        ("quota", {"p-most": "1", "p-of": "moons"}, "p-of", "from the list"), ("qualification", {"p-grade": "9"}, "p-grade", "At most 4"),
        ("notice", {"p-minutes": "5", "when-from": "25:00"}, "when-from", "Please give a time"),
        ("notice", {"p-minutes": "5", "who-modes": ["asleep"]}, "who-modes", "from the list"),
        ("notice", {"p-minutes": "5", "when-weekdays": ["7"]}, "when-from", "from the list"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_beside_its_input_in_the_reader_s_language(kind, inputs, wrong, words):


    sent = MultiDict({"cards": "1", "c0-kind": kind} | {f"c0-{name}": value for name, value in inputs.items()})
    (card,) = read_cards(sent)
    assert set(card.errors) == {wrong}
    assert words in card.errors[wrong].en
    assert re.search("[\u4e00-\u9fff]", card.errors[wrong].zh)


def test_what_was_typed_wrong_comes_back_with_its_error(post, address, published):
    answer = post(f"{address}?lang=en", do="publish", cards="1", **{"c0-kind": "horizon", "c0-p-days": "900"})
    assert answer.status_code == 422
    assert 'value="900"' in answer.text
    assert 'id="c0-p-days-error"' in answer.text
    assert published() == []


def test_the_preview_says_the_rules_as_the_instrument_s_page_will(post, address, client, instrument, published):
    answer = post(f"{address}/preview?lang=en", **typed(FULL[:2]))
    assert "<html" not in answer.text
    assert "Book at least 2 h ahead." in answer.text
    assert "Book within the opening hours." in answer.text  # what holds without being written
    assert published() == []
    post(address, do="publish", **typed(FULL[:2]))
    assert "Book at least 2 h ahead." in client.get(f"/instruments/{instrument.id}").text


def test_rules_may_come_into_force_later_and_be_taken_back(manager, post, address, published, now):
    assert post(address, do="publish", valid_from="2026-12-01T00:00", **typed(FULL[:1])).status_code == 302
    (coming,) = published()
    assert coming.valid_from.isoformat() == "2026-11-30T16:00:00+00:00"
    assert "to come" in manager.get(f"/manage{address}?lang=en").text
    assert post(f"{address}/{coming.id}/withdraw").status_code == 302
    assert published() == []


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00", "2026-12-01T00:00+08:00", "2077-01-01T00:00"])
def test_a_time_that_cannot_be_is_refused(post, address, published, text):
    assert post(address, do="publish", valid_from=text, **typed(FULL[:1])).status_code == 422
    assert published() == []


def test_the_past_keeps_its_rules(post, address, published, session, instrument, now):
    publish_rules(session, instrument, [FULL[0]], valid_from=now - timedelta(days=9), by=None, now=now)
    session.flush()
    assert post(address, do="publish", valid_from="2026-11-22T00:00", **typed(FULL[:2])).status_code == 422
    assert len(published()) == 1


def test_two_who_change_the_rules_at_once_are_told(manager, post, address, published, session, instrument, now):
    seen = re.search(r'name="seen" value="(\d+)"', manager.get(f"/manage{address}").text)[1]
    publish_rules(session, instrument, [FULL[0]], valid_from=now, by=None, now=now)
    session.flush()
    answer = post(address, do="publish", seen=seen, **typed(FULL[1:2]))
    assert answer.status_code == 409
    assert 'value="horizon"' in answer.text  # what she wanted is still there
    assert len(published()) == 1


def test_a_book_has_no_more_entries_than_it_may(post, address):
    page = post(address, do="add", add_kind="notice", **typed([FULL[0]] * MOST_ENTRIES))
    assert len(re.findall(r'name="c\d+-kind"', page.text)) == MOST_ENTRIES
    assert 'name="add_kind"' not in page.text


@pytest.mark.parametrize("sent", [{"cards": "x"}, {"cards": "-1"}, {"cards": "999999"}, {"cards": "1", "c0-kind": "<script>"}, {"do": "up-x"}])
def test_a_form_that_is_none_of_ours_does_no_harm(post, address, published, sent):
    assert post(address, **{"do": "look"} | sent).status_code == 200
    assert published() == []


def test_every_effect_can_be_chosen():
    for effect in EFFECTS:
        assert as_raw(card_of(read_entry(FULL[0] | {"effect": effect})).entry).get("effect", "refuse") == effect
