"""Asking for a qualification, and reading what became of it."""

from __future__ import annotations

from sqlalchemy import select

from instruments.qualifications import Qualification
from portal.outbox import OutboxMessage


def test_a_qualification_is_asked_for_and_the_manager_is_told(client, log_in, csrf_of, a_person, an_instrument, a_manager, session):
    instrument = an_instrument(needs_qualification=True)
    a_manager(instrument)
    log_in(client, a_person())
    assert client.get(f"/instruments/{instrument.id}/qualification?lang=en").status_code == 200
    form = {"csrf_token": csrf_of(client), "note": "I used one in Datong."}
    assert client.post(f"/instruments/{instrument.id}/qualification", data=form).status_code == 302
    assert session.scalars(select(Qualification.status)).all() == ["asked"]
    assert session.scalars(select(OutboxMessage.kind)).all() == ["qualification-asked"]
    assert "Asked for" in client.get("/qualifications?lang=en").text


def test_asking_twice_is_told(client, log_in, csrf_of, a_person, an_instrument):
    instrument = an_instrument(needs_qualification=True)
    log_in(client, a_person())
    form = {"csrf_token": csrf_of(client)}
    client.post(f"/instruments/{instrument.id}/qualification", data=form)
    assert client.post(f"/instruments/{instrument.id}/qualification", data=form).status_code == 409


def test_where_none_is_needed_none_is_asked_for(client, log_in, csrf_of, a_person, an_instrument, session):
    instrument = an_instrument()
    log_in(client, a_person())
    assert "needs no qualification" in client.get(f"/instruments/{instrument.id}/qualification?lang=en").text
    assert client.post(f"/instruments/{instrument.id}/qualification", data={"csrf_token": csrf_of(client)}).status_code == 422


def test_a_draft_is_not_found_and_strangers_log_in(client, log_in, a_person, an_instrument):
    draft = an_instrument(needs_qualification=True, publication="draft")
    assert client.get(f"/instruments/{draft.id}/qualification").status_code == 302
    log_in(client, a_person())
    assert client.get(f"/instruments/{draft.id}/qualification").status_code == 404


def test_a_note_too_long_is_told_beside_its_field(client, log_in, csrf_of, a_person, an_instrument):
    instrument = an_instrument(needs_qualification=True)
    log_in(client, a_person())
    answer = client.post(f"/instruments/{instrument.id}/qualification?lang=en", data={"csrf_token": csrf_of(client), "note": "x" * 501})
    assert (answer.status_code, "At most 500 characters" in answer.text) == (422, True)


def test_without_any_the_page_says_what_to_do(client, log_in, a_person):
    log_in(client, a_person())
    assert "Find an instrument" in client.get("/qualifications?lang=en").text
