"""May this person book at all: the same rules as a booking, those about the person."""

from __future__ import annotations

import pytest

from instruments.qualifications import grant_qualification
from scheduling.reach import reach

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24}}


@pytest.fixture
def asked(session, a_span, now):
    return lambda instrument, viewer: reach(session, instrument, a_span(1), viewer=viewer, now=now)


def codes(found):
    return [refusal.code for refusal in found.refusals]


class TestReach:
    def test_nothing_stands_in_the_way_of_an_open_instrument(self, asked, an_instrument, a_viewer):
        found = asked(an_instrument(), a_viewer())
        assert (found.refusals, found.approvals, found.mode) == ((), (), "self")

    def test_times_and_notice_do_not_matter(self, asked, an_instrument, a_viewer):
        assert codes(asked(an_instrument(hours=None, rules=[{"kind": "notice", "parameters": {"minutes": 9000}}]), a_viewer())) == []

    def test_an_instrument_shared_inside_is_for_its_own_people(self, asked, an_instrument, a_viewer, a_person):
        instrument = an_instrument(sharing_mode="internal")
        assert codes(asked(instrument, a_viewer())) == ["sharing"]
        assert codes(asked(instrument, a_viewer(person=a_person(organisation=instrument.organisation)))) == []

    def test_audiences_of_the_rule_book_count(self, asked, an_instrument, a_viewer):
        instrument = an_instrument(rules=[{"kind": "audience", "parameters": {"allowed": ["internal"]}}])
        assert codes(asked(instrument, a_viewer())) == ["audience"]

    def test_a_lacking_qualification_is_all_that_is_missing(self, asked, an_instrument, a_viewer):
        found = asked(an_instrument(needs_qualification=True), a_viewer())
        assert codes(found) == ["qualification"]
        assert found.lacks_qualification
        assert found.qualification is None

    def test_who_is_qualified_may(self, session, asked, an_instrument, a_viewer, a_person, now):
        instrument, person, granter = an_instrument(needs_qualification=True), a_person(), a_person()
        grant_qualification(session, person.id, instrument.id, grade=2, expires_on=None, by=granter.id, now=now)
        session.flush()
        found = asked(instrument, a_viewer(person=person))
        assert codes(found) == []
        assert found.qualification.grade == 2

    def test_that_a_manager_decides_is_told(self, asked, an_instrument, a_viewer):
        assert [approval.code for approval in asked(an_instrument(rules=[APPROVAL]), a_viewer()).approvals] == ["approval"]

    def test_where_nobody_operates_it_alone_the_question_is_for_assistance(self, asked, an_instrument, a_viewer):
        found = asked(an_instrument(self_operated=False, needs_qualification=True), a_viewer())
        assert (found.mode, codes(found)) == ("assisted", [])
