"""Letters about people, qualifications and instruments, and how a letter is laid out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from instruments import publication
from instruments.people import Person, admit
from instruments.qualifications import ask, grant_qualification, refuse_qualification
from instruments.roles import grant
from portal.letters import render
from portal.notices import instrument_notice, person_notice, qualification_notice, waiting_notice
from tests.fixtures.letters import text_of


@pytest.mark.parametrize("language", ["zh", "en"])
def test_qualifications_are_told(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, an_instrument: Callable, a_manager: Callable, language: str, now: datetime
) -> None:
    instrument, person = an_instrument(), a_person(language=language)
    manager = a_manager(instrument, person=a_person(language=language, organisation=instrument.organisation))
    asked = ask(session, person, instrument, note="trained in 2025", now=now)
    tell(qualification_notice, asked, "asked", now)
    letter = arrived()[manager.email]
    assert "> trained in 2025" in text_of(letter)
    assert person.name in text_of(letter)
    refuse_qualification(asked, by=manager.person_id, now=now, answer="not yet")
    tell(qualification_notice, asked, "refused", now)
    assert "> not yet" in text_of(arrived()[person.email])
    until = now.date() + timedelta(days=1)
    granted = grant_qualification(session, person.id, instrument.id, grade=2, expires_on=until, by=manager.person_id, now=now)
    tell(qualification_notice, granted, "granted", now)
    assert ("独立操作" if language == "zh" else "Independent operation") in text_of(arrived()[person.email])


def test_people_and_instruments_on_their_way_in_are_told_of(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, an_organisation: Callable, an_instrument: Callable,
    a_manager: Callable, now: datetime,
) -> None:  # fmt: skip
    province, organisation = a_person(language="en"), an_organisation()
    grant(session, province, "province_admin", now=now)
    newcomer = a_person(language="en", organisation=organisation, status="waiting")
    tell(waiting_notice, newcomer, now)
    assert newcomer.email in text_of(arrived()[province.email])  # the organisation has no administrator of its own
    admit(newcomer)
    tell(person_notice, newcomer, "admitted", now)
    assert "log in" in text_of(arrived()[newcomer.email])
    instrument = an_instrument(publication="draft")
    manager = a_manager(instrument, person=a_person(language="en", organisation=instrument.organisation))
    steps = (("submit", "", province), ("send_back", "no photo", manager), ("submit", "", province), ("accept", "", manager))
    for name, note, to in steps:
        publication.step(instrument, name, now=now, note=note)
        tell(instrument_notice, instrument, name, now)
        letter = arrived()[to.email]
        assert "Scanning electron microscope" in letter["Subject"]
        assert note in text_of(letter)


def test_a_person_is_greeted_by_the_name_she_gave(app: Flask) -> None:
    with app.app_context():
        _, body = render("person-admitted", "en", {"person": Person(name="O'Brien & <Sons>"), "page": str, "note": ""})
    assert "Dear O'Brien & <Sons>," in body
