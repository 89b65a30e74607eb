"""Evaluations step by step, with the letters to the administrators of the organisations concerned: begun, graded, an appeal answered, published.

A round that is graded again after an appeal is told to nobody else: whoever appealed has her answer, and what holds in the end is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from instruments.people import Organisation, Person
from portal import clock
from portal.auth import viewer
from portal.evaluationwords import title_of
from portal.moneynotices import tell
from portal.recipients import administrators_by, own_administrators
from scheduling.evaluations import appeals, freezing, rounds
from scheduling.evaluations.parties import organisations_in
from scheduling.evaluations.rounds import Evaluation, EvaluationAppeal

STEPS: dict[str, Callable[..., Evaluation]] = {"freeze": freezing.freeze, "grade": freezing.grade, "publish": freezing.publish}
TOLD = {"grade": "evaluation-graded", "publish": "evaluation-published"}


def begin(session: Session, scheme_id: int, year: int, organisation_id: int | None) -> Evaluation:
    """Begin a round, and tell whom it concerns."""
    made = rounds.begin(session, scheme_id, year, organisation_id=organisation_id, viewer=viewer(), now=clock.now())
    round_notice(session, made, "evaluation-begun", clock.now())
    return made


def take_step(session: Session, evaluation_id: int, step: str) -> None:
    """Freeze, grade or publish a round, and tell whom it concerns of grades, given or published."""
    one = STEPS[step](session, evaluation_id, viewer=viewer(), now=clock.now())
    if step in TOLD:
        round_notice(session, one, TOLD[step], clock.now())


def uphold(session: Session, evaluation_id: int, appeal_id: int, answer: str) -> None:
    """Leave a grade as it is, and tell who appealed."""
    found = appeals.uphold(session, evaluation_id, appeal_id, answer, viewer=viewer(), now=clock.now())
    appeal_notice(session, found, clock.now())


def adjust(session: Session, evaluation_id: int, appeal_id: int, key: str, value: Fraction, answer: str) -> None:
    """Put an input right, and tell who appealed."""
    change = appeals.Adjustment(key, value)
    found = appeals.adjust(session, evaluation_id, appeal_id, change, answer, viewer=viewer(), now=clock.now())
    appeal_notice(session, found, clock.now())


def round_notice(session: Session, one: Evaluation, kind: str, now: datetime) -> None:
    """Tell the administrators of every organisation concerned of a round's state, each once, with where her subjects are."""
    session.flush()
    for person, theirs in _by_person(session, organisations_in(session, one)):
        tell(session, [person], kind, str(one.id), _words(one) | {"theirs": theirs}, now)


def appeal_notice(session: Session, found: EvaluationAppeal, now: datetime) -> None:
    """Tell the administrators of an organisation what was answered to its appeal."""
    session.flush()
    one = rounds.evaluation(session, found.evaluation_id)
    to = own_administrators(session, found.entry.organisation_id)
    tell(session, to, "evaluation-appeal", str(found.id), _words(one) | {"appeal": found, "entry": found.entry}, now)


def _words(one: Evaluation) -> dict[str, Any]:
    return {"one": one, "title": lambda: title_of(one)}


def _by_person(session: Session, organisations: Iterable[Organisation]) -> list[tuple[Person, list[Organisation]]]:
    found: dict[int, tuple[Person, list[Organisation]]] = {}
    wanted = list(organisations)
    people = administrators_by(session, [one.id for one in wanted])
    for one in wanted:
        for person in people.get(one.id, ()):
            found.setdefault(person.id, (person, []))[1].append(one)
    return list(found.values())
