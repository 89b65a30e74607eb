"""Publications, patents, prizes and trained people, tied to instruments and counted once each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from instruments.roles import grant
from scheduling.results import ResultEntry, add_result, count_results, remove_result, ties_of

PAPER = ResultEntry("publication", "core", "一种合金的断口", 2026, authors="王某", place="金属学报", identifier="doi:10.1000/ABC")
COURSE = ResultEntry("training", "guided", "上机培训", 2026, people=12, who="students")


@pytest.fixture
def pair(an_instrument, an_organisation):
    """Two instruments of one organisation."""
    home = an_organisation()
    return an_instrument(organisation=home), an_instrument(organisation=home)


def test_a_result_on_two_instruments_is_one_result(session, pair, a_manager, now):
    manager = a_manager(*pair)
    first = add_result(session, pair[0].id, PAPER, viewer=manager, now=now)
    second = add_result(
        session, pair[1].id, replace(PAPER, title="同一篇", identifier="https://doi.org/10.1000/abc"), viewer=manager, now=now
    )
    assert first.result_id == second.result_id
    assert first.result.identifier == "10.1000/abc"
    assert count_results(session, [one.id for one in pair], 2026, 2026) == {("publication", "core"): 1}


def test_of_trainings_the_people_are_counted(session, pair, a_manager, now):
    manager = a_manager(*pair)
    add_result(session, pair[0].id, COURSE, viewer=manager, now=now)
    add_result(session, pair[0].id, replace(COURSE, people=3), viewer=manager, now=now)
    add_result(session, pair[0].id, replace(COURSE, year=2025), viewer=manager, now=now)
    assert count_results(session, [pair[0].id], 2026, 2026) == {("training", "guided"): 15}


def test_it_is_tied_once_and_can_come_back(session, pair, a_manager, now):
    manager = a_manager(*pair)
    tie = add_result(session, pair[0].id, PAPER, viewer=manager, now=now)
    with pytest.raises(OutOfOrder):
        add_result(session, pair[0].id, PAPER, viewer=manager, now=now)
    remove_result(session, tie.id, viewer=manager, now=now, reason="误登记")
    assert ties_of(session, pair[0].id) == []
    assert count_results(session, [pair[0].id], 2026, 2026) == {}
    with pytest.raises(OutOfOrder):
        remove_result(session, tie.id, viewer=manager, now=now, reason="再来")
    assert add_result(session, pair[0].id, PAPER, viewer=manager, now=now) is tie
    assert ties_of(session, pair[0].id) == [tie]


def test_only_its_manager_ties_a_result(session, pair, a_viewer, a_manager, an_instrument, now):
    for stranger in (a_viewer(), a_manager(an_instrument())):
        with pytest.raises(NotFound):
            add_result(session, pair[0].id, PAPER, viewer=stranger, now=now)
    tie = add_result(session, pair[0].id, PAPER, viewer=a_manager(*pair), now=now)
    with pytest.raises(NotFound):
        remove_result(session, tie.id, viewer=a_viewer(), now=now, reason="x")


def test_an_auditor_looks_on(session, pair, a_person, a_viewer, now):
    person = a_person()
    grant(session, person, "auditor", now=now)
    session.flush()
    with pytest.raises(Forbidden):
        add_result(session, pair[0].id, PAPER, viewer=a_viewer(person=person), now=now)


@pytest.mark.parametrize(
    "entry",
    [
        replace(PAPER, kind="novel"), replace(PAPER, level="national"), replace(PAPER, title=" "), replace(PAPER, year=1900), replace(PAPER, year=2099),
        replace(PAPER, month=13), replace(PAPER, title="x" * 501), replace(PAPER, authors="a\x00"), replace(COURSE, people=0), replace(COURSE, who="x"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(session, pair, a_manager, now, entry):
    with pytest.raises(Invalid):
        add_result(session, pair[0].id, entry, viewer=a_manager(*pair), now=now)
