"""Letters about evaluations: to the administrators of the organisations concerned, by the wire, once, in their language, with a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from instruments.access import load_viewer
from instruments.roles import grant
from portal import evaluationnotices
from portal.evaluationnotices import appeal_notice, round_notice
from portal.outbox import OutboxFile, OutboxMessage
from portal.security import csrf_check
from scheduling.evaluations.appeals import appeal, uphold
from scheduling.evaluations.freezing import freeze, grade
from scheduling.evaluations.rounds import begin
from tests.fixtures.letters import text_of
from tests.fixtures.town import Town

SCHOOL_YEAR = 2025
STEPS = (("begun", "Evaluation begun"), ("graded", "Grades to look at"), ("published", "Evaluation published"))


@pytest.fixture
def said(app, town, ask, session, monkeypatch):
    """`said("province_admin", "/province/evaluations", step="grade")` sends a form as a role of the town; what it does is kept."""
    monkeypatch.setattr(csrf_check, "protect", lambda: None)

    def send(role: str, url: str, **form: str) -> None:
        assert ask(role, town, "POST", url, form).status_code == 302

    return send


@pytest.fixture
def arrivals(town, session, by_wire, now):
    """`arrivals()` gives the letters that went out since, by role; those that the town was founded with are gone."""
    session.execute(delete(OutboxFile))
    session.execute(delete(OutboxMessage))
    roles = {person.email: role for role, person in town.people.items()}

    def read() -> dict[str, Any]:
        return {roles[address]: letter for address, letter in by_wire(now + timedelta(minutes=1)).items()}

    return read


def path_of(town: Town, name: str, rest: str) -> str:
    return f"/province/evaluations/{town.id(name)}/{rest}"


class TestStepByStep:
    def test_a_round_that_is_begun_is_told_to_the_organisations_concerned(self, said, arrivals, town) -> None:
        form = {"scheme": str(town.id("scheme")), "year": str(SCHOOL_YEAR), "organisation": str(town.id("home"))}
        said("province_admin", "/province/evaluations", **form)
        found = arrivals()
        assert set(found) == {"organisation_admin"}
        letter = found["organisation_admin"]
        assert str(letter["Subject"]).startswith("评价已发起：")
        assert re.search(rf"http://localhost/organisation/evaluations/\d+/{town.id('home')}\b", text_of(letter))

    def test_freezing_is_told_to_nobody_and_grading_once(self, said, arrivals, town) -> None:
        said("province_admin", path_of(town, "evaluation", "step"), step="freeze")
        assert arrivals() == {}
        said("province_admin", path_of(town, "evaluation", "step"), step="grade")
        assert [str(letter["Subject"])[:8] for letter in arrivals().values()] == ["评价结果请核对："]
        said("province_admin", path_of(town, "evaluation", "step"), step="grade")
        assert arrivals() == {}

    @pytest.mark.parametrize(("answer", "words"), [
        ({"outcome": "upheld", "reason": "记录完整"}, "维持原结果"),
        ({"outcome": "adjusted", "key": "quota_rate", "value": "80%", "reason": "补记"}, "数据已更正"),
    ])  # fmt: skip
    def test_an_answer_to_an_appeal_goes_to_the_organisation_and_nothing_else_does(self, said, arrivals, town, answer, words) -> None:
        said("province_admin", path_of(town, "evaluation_graded", f"appeals/{town.id('appeal')}"), **answer)
        found = arrivals()
        assert set(found) == {"organisation_admin"}
        text = text_of(found["organisation_admin"])
        assert words in text
        assert f"> {answer['reason']}" in text
        assert f"/evaluations/{town.id('evaluation_graded')}/subjects/{town.id('instrument')}" in text

    def test_publication_leads_to_what_everybody_reads(self, said, arrivals, town) -> None:
        said("province_admin", path_of(town, "evaluation_graded", f"appeals/{town.id('appeal')}"), outcome="upheld", reason="记录完整")
        arrivals()
        said("province_admin", path_of(town, "evaluation_graded", "step"), step="publish")
        (letter,) = arrivals().values()
        assert f"http://localhost/evaluations/{town.id('evaluation_graded')}\n" in text_of(letter).replace("\r\n", "\n")

    def test_what_is_refused_is_told_to_nobody(self, app, town, ask, arrivals, monkeypatch) -> None:
        monkeypatch.setattr(csrf_check, "protect", lambda: None)
        url = path_of(town, "evaluation_graded", "step")
        assert ask("province_admin", town, "POST", url, {"step": "publish"}).status_code == 409  # an appeal waits
        assert ask("organisation_admin", town, "POST", path_of(town, "evaluation", "step"), {"step": "freeze"}).status_code in (403, 404)
        assert arrivals() == {}


@pytest.fixture
def network(session, shipped_schemes, of_province, two_instruments, an_organisation, an_instrument, a_person, now):
    """A round of the whole network that concerns a university and an institute, each with an administrator; the first reads English."""
    home, institute, far = two_instruments[0].organisation, an_organisation(name_en="Institute"), an_organisation(name_en="Far")
    an_instrument(organisation=institute)
    people = [a_person(organisation=one, language=language) for one, language in ((home, "en"), (institute, "zh"), (far, "en"))]
    for person in people:
        grant(session, person, "organisation_admin", organisation=person.organisation, now=now)
    one = begin(session, shipped_schemes["moe-2000"].id, SCHOOL_YEAR, organisation_id=None, viewer=of_province, now=now)
    return one, people


class TestWhoIsTold:
    def test_each_in_her_language_and_only_with_what_is_hers(self, session, tell, by_wire: Callable, network, now) -> None:
        one, (ada, wang, far) = network
        tell(round_notice, one, "evaluation-begun", now)
        found = by_wire(now)
        assert set(found) == {ada.email, wang.email}  # who has no instruments is not concerned
        assert str(found[ada.email]["Subject"]).startswith("Evaluation begun: ")
        assert str(found[wang.email]["Subject"]).startswith("评价已发起：")
        assert f"/organisation/evaluations/{one.id}/{ada.organisation_id}" in text_of(found[ada.email])
        assert f"/organisation/evaluations/{one.id}/{wang.organisation_id}" not in text_of(found[ada.email])
        assert far.email not in found

    @pytest.mark.parametrize(("step", "subject"), STEPS)
    def test_each_step_is_told_once_however_often_it_is_said(self, tell, by_wire, network, now, step, subject) -> None:
        one, (ada, *_) = network
        for _ in range(2):
            tell(round_notice, one, f"evaluation-{step}", now)
        assert str(by_wire(now)[ada.email]["Subject"]).startswith(subject)
        tell(round_notice, one, f"evaluation-{step}", now + timedelta(days=1))
        assert by_wire(now + timedelta(days=2)) == {}

    def test_without_the_name_of_the_event_it_would_come_twice(self, session, tell, letters, network, now, monkeypatch) -> None:
        one, _ = network
        usual = evaluationnotices.tell
        times = iter(range(9))
        monkeypatch.setattr(
            evaluationnotices, "tell", lambda session, people, kind, event, context, at: usual(session, people, kind, f"{event}{next(times)}", context, at)
        )
        for _ in range(2):
            tell(round_notice, one, "evaluation-begun", now)
        session.commit()
        assert len({row.key for row in letters()}) == 4

    def test_who_administers_two_organisations_has_one_letter_with_both(self, session, tell, by_wire, network, now) -> None:
        one, (ada, wang, _) = network
        grant(session, ada, "organisation_admin", organisation=wang.organisation, now=now)
        tell(round_notice, one, "evaluation-graded", now)
        text = text_of(by_wire(now)[ada.email])
        assert f"/{one.id}/{ada.organisation_id}" in text
        assert f"/{one.id}/{wang.organisation_id}" in text

    def test_who_was_shut_out_is_not_told(self, tell, by_wire, network, now) -> None:
        one, (ada, wang, _) = network
        ada.status = "disabled"
        tell(round_notice, one, "evaluation-published", now)
        assert set(by_wire(now)) == {wang.email}

    def test_once_frozen_those_are_told_who_were_in_it(self, session, tell, by_wire, network, of_province, an_instrument, now) -> None:
        one, (ada, wang, far) = network
        freeze(session, one.id, viewer=of_province, now=now)
        an_instrument(organisation=far.organisation)  # registered later: of no concern to this round
        tell(round_notice, one, "evaluation-graded", now)
        assert set(by_wire(now)) == {ada.email, wang.email}

    def test_an_answer_in_somebodys_words_adds_no_header(self, session, tell, by_wire, network, of_province, two_instruments, now) -> None:
        one, (ada, *_) = network
        freeze(session, one.id, viewer=of_province, now=now)
        grade(session, one.id, viewer=of_province, now=now)
        made = appeal(session, one.id, two_instruments[0].id, "x", viewer=load_viewer(session, ada), now=now)
        uphold(session, one.id, made.id, "no\r\nBcc: all@example.org", viewer=of_province, now=now)
        tell(appeal_notice, made, now)
        letter = by_wire(now)[ada.email]
        assert letter["Bcc"] is None
        assert "> Bcc: all@example.org" in text_of(letter)
