"""Roles with their scopes, and what a Viewer may do with them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from instruments.access import ANONYMOUS, audience_of, inspected_by, load_viewer, managed_by
from instruments.catalogue import Instrument
from instruments.errors import Invalid
from instruments.roles import RoleGrant, grant, revoke


@pytest.fixture
def viewer_with(session, a_person, now):
    """Somebody of an organisation of her own, with one role."""

    def make(role, **scope):
        person = a_person()
        grant(session, person, role, now=now, **scope)
        session.flush()
        return load_viewer(session, person)

    return make


@pytest.fixture
def theirs(an_organisation, a_facility, an_instrument):
    """Two instruments of one organisation, the first in its facility."""
    organisation = an_organisation()
    facility = a_facility(organisation=organisation)
    inside = an_instrument(organisation=organisation, facility_id=facility.id, facility=facility)
    return organisation, facility, inside, an_instrument(organisation=organisation)


def ids(session, condition):
    return set(session.scalars(select(Instrument.id).where(condition)))


class TestScopes:
    def test_a_manager_of_one_instrument_manages_that_one(self, session, viewer_with, theirs):
        _, _, inside, beside = theirs
        viewer = viewer_with("manager", instrument=inside)
        assert (viewer.may_manage(inside), viewer.may_manage(beside)) == (True, False)
        assert ids(session, managed_by(viewer)) == {inside.id}

    def test_a_manager_of_a_facility_manages_what_is_in_it(self, session, viewer_with, theirs):
        _, facility, inside, beside = theirs
        viewer = viewer_with("manager", facility=facility)
        assert (viewer.may_manage(inside), viewer.may_manage(beside)) == (True, False)
        assert ids(session, managed_by(viewer)) == {inside.id}

    def test_an_organisation_administrator_manages_all_of_it_and_nothing_else(self, session, viewer_with, theirs, an_instrument):
        organisation, _, inside, beside = theirs
        foreign = an_instrument()
        viewer = viewer_with("organisation_admin", organisation=organisation)
        assert [viewer.may_manage(one) for one in (inside, beside, foreign)] == [True, True, False]
        assert ids(session, managed_by(viewer)) == {inside.id, beside.id}

    def test_a_province_administrator_manages_everything(self, session, viewer_with, theirs):
        viewer = viewer_with("province_admin")
        assert viewer.may_manage(theirs[2])
        assert len(ids(session, managed_by(viewer))) == session.scalar(select(func.count(Instrument.id)))

    def test_an_auditor_looks_and_manages_nothing(self, session, viewer_with, theirs, an_instrument):
        organisation, _, inside, beside = theirs
        foreign = an_instrument()
        all_of_it, of_one = viewer_with("auditor"), viewer_with("auditor", organisation=organisation)
        assert (all_of_it.may_manage(inside), all_of_it.may_inspect(foreign)) == (False, True)
        assert [of_one.may_inspect(one) for one in (inside, beside, foreign)] == [True, True, False]
        assert ids(session, managed_by(all_of_it)) == set()
        assert ids(session, inspected_by(of_one)) == {inside.id, beside.id}
        assert ids(session, inspected_by(all_of_it)) == {inside.id, beside.id, foreign.id}

    def test_whoever_has_no_role_or_no_name_manages_nothing(self, session, a_viewer, theirs):
        for viewer in (a_viewer(), ANONYMOUS):
            assert not viewer.may_manage(theirs[2])
            assert ids(session, inspected_by(viewer)) == set()

    def test_a_draft_is_seen_by_those_who_inspect_it_only(self, session, viewer_with, a_viewer, an_instrument):
        draft = an_instrument(publication="draft")
        assert [viewer.may_see(draft) for viewer in (viewer_with("auditor"), viewer_with("manager", instrument=draft))] == [True, True]
        assert [viewer.may_see(draft) for viewer in (a_viewer(), ANONYMOUS)] == [False, False]


class TestGranting:
    @pytest.mark.parametrize(
        ("role", "scopes"),
        [
            ("king", ()), ("manager", ()), ("manager", ("organisation",)), ("organisation_admin", ()), ("organisation_admin", ("facility",)),
            ("auditor", ("instrument",)), ("province_admin", ("organisation",)), ("manager", ("facility", "instrument")),
        ],
    )  # fmt: skip
    def test_a_role_with_a_scope_that_is_not_its_own_is_refused(self, session, a_person, theirs, now, role, scopes):
        known = dict(zip(("organisation", "facility", "instrument"), theirs[:3], strict=True))
        with pytest.raises(Invalid):
            grant(session, a_person(), role, now=now, **{scope: known[scope] for scope in scopes})

    def test_twice_is_once(self, session, a_person, theirs, now):
        person = a_person()
        for _ in range(2):
            grant(session, person, "manager", now=now, instrument=theirs[2])
            session.flush()
        assert session.scalar(select(func.count()).select_from(RoleGrant).where(RoleGrant.person_id == person.id)) == 1

    def test_taken_back_it_is_gone(self, session, a_person, theirs, now):
        person = a_person()
        given = grant(session, person, "manager", now=now, instrument=theirs[2])
        session.flush()
        revoke(session, given)
        session.flush()
        assert not load_viewer(session, person).may_manage(theirs[2])


class TestAudience:
    def test_it_is_the_nearest_that_fits(self, session, an_organisation, a_group, a_person, a_viewer, an_instrument):
        home = an_organisation()
        group_member = a_person(organisation=home)
        group = a_group(group_member, organisation=home)
        instrument = an_instrument(organisation=home, group_id=group.id)
        viewers = [load_viewer(session, group_member), a_viewer(organisation=home)]
        viewers += [a_viewer(organisation=an_organisation(kind=kind)) for kind in ("hospital", "enterprise", "public")]
        assert [audience_of(viewer, instrument) for viewer in viewers] == ["group", "internal", "academic", "enterprise", "other"]
