"""An organisation's administrator admits its people, gives them roles and looks after its groups; other organisations are out of reach."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from instruments.people import Group, GroupMember, Person
from instruments.roles import RoleGrant
from portal.outbox import OutboxMessage


def with_language(path, language):
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.fixture
def home(an_organisation):
    return an_organisation()


@pytest.fixture
def post(client, log_in, csrf_of, home, an_organisation_admin):
    log_in(client, an_organisation_admin(home))

    def send(path, **form):
        return client.post(path, data={"csrf_token": csrf_of(client), **form})

    return send


def reread(session, kind, key):
    session.expire_all()
    return session.get(kind, key)


def test_a_waiting_person_is_admitted_and_told(post, a_person, home, session):
    person = a_person(organisation=home, status="waiting")
    assert post(f"/organisation/people/{person.id}/admit").status_code == 302
    assert reread(session, Person, person.id).status == "active"
    assert session.scalar(select(OutboxMessage.kind)) == "person-admitted"


def test_a_refusal_needs_a_reason(post, a_person, home, session):
    person = a_person(organisation=home, status="waiting")
    assert post(f"/organisation/people/{person.id}/refuse").status_code == 422
    assert reread(session, Person, person.id).status == "waiting"
    assert post(f"/organisation/people/{person.id}/refuse", note="Not one of ours").status_code == 302
    assert reread(session, Person, person.id).status_note == "Not one of ours"


def test_a_person_of_another_organisation_is_not_found(post, client, a_person):
    stranger = a_person(status="waiting")
    assert client.get(f"/organisation/people/{stranger.id}").status_code == 404
    assert post(f"/organisation/people/{stranger.id}/admit").status_code == 404


def test_a_manager_is_made_of_an_instrument_of_the_same_organisation_only(post, a_person, an_instrument, home, session):
    person, ours, theirs = a_person(organisation=home), an_instrument(organisation=home), an_instrument()
    assert post(f"/organisation/people/{person.id}/roles", role="manager", scope=f"instrument-{theirs.id}").status_code == 422
    assert post(f"/organisation/people/{person.id}/roles", role="manager", scope=f"instrument-{ours.id}").status_code == 302
    assert session.scalars(select(RoleGrant.instrument_id).where(RoleGrant.person_id == person.id)).all() == [ours.id]


def test_an_organisation_administrator_makes_no_province_administrator(post, a_person, home, session):
    person = a_person(organisation=home)
    for role in ("province_admin", "auditor", "emperor"):
        assert post(f"/organisation/people/{person.id}/roles", role=role).status_code == 403
    assert session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)).all() == []


def test_nobody_shuts_herself_out(post, session, home):
    own = session.scalar(select(RoleGrant)).person_id
    assert post(f"/organisation/people/{own}/disable", note="tired").status_code == 403


def test_a_group_is_made_and_led(post, a_person, home, session):
    person = a_person(organisation=home)
    assert post("/organisation/groups", name_zh="新课题组").status_code == 302
    group = session.scalars(select(Group)).one()
    assert post(f"/organisation/groups/{group.id}/members", email=person.email, is_pi="y").status_code == 302
    member = session.scalars(select(GroupMember)).one()
    assert member.is_pi
    unled = post(f"/organisation/groups/{group.id}/members/{member.id}/pi")
    assert unled.status_code == 422
    assert post(f"/organisation/groups/{group.id}/members", email="nobody@example.org").status_code == 422


def test_a_pi_looks_after_her_own_group_and_no_other(client, log_in, csrf_of, a_person, a_group):
    pi, other = a_person(), a_person()
    mine, theirs = a_group(pi=pi), a_group(pi=other)
    log_in(client, pi)
    assert client.get(f"/organisation/groups/{mine.id}").status_code == 200
    assert client.get(f"/organisation/groups/{theirs.id}").status_code == 404
    form = {"csrf_token": csrf_of(client), "email": other.email}
    assert client.post(f"/organisation/groups/{mine.id}/members", data=form).status_code == 302
    assert client.post(f"/organisation/groups/{theirs.id}/members", data=form).status_code == 404


def test_researchers_find_nothing_here_and_strangers_log_in(client, log_in, a_person):
    assert client.get("/organisation").status_code == 302
    log_in(client, a_person())
    assert client.get("/organisation").status_code == 404


def test_an_auditor_looks_and_changes_nothing(client, log_in, csrf_of, an_auditor_of_all, a_person, session):
    person = a_person(status="waiting")
    log_in(client, an_auditor_of_all())
    assert client.get(f"/organisation/people/{person.id}").status_code == 200
    assert client.post(f"/organisation/people/{person.id}/admit", data={"csrf_token": csrf_of(client)}).status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_in_both_languages(post, client, home, a_group, a_facility, a_person, language):
    group, facility, person = a_group(organisation=home), a_facility(organisation=home), a_person(organisation=home)
    pages = [
        "", "/people", "/people?status=active&q=%E7%8E%8B", f"/people/{person.id}", "/groups", f"/groups/{group.id}", "/facilities",
        "/facilities/new", f"/facilities/{facility.id}",
    ]  # fmt: skip
    assert {client.get(with_language(f"/organisation{page}", language)).status_code for page in pages} == {200}
