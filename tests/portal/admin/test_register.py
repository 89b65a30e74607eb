"""Promise 14: the register under /admin is shut by default, changes only by its own administrators, and exports no formulas."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from instruments.audit import AuditEntry
from instruments.catalogue import InstrumentAlias
from instruments.holidays import Holiday
from instruments.people import Organisation
from instruments.roles import grant
from instruments.search import Query
from instruments.search.find import matching_ids
from portal.admin.base import Closed
from portal.admin.views import VIEWS


@pytest.fixture
def an_administrator(a_person, session, now):
    person = a_person()
    grant(session, person, "province_admin", now=now)
    return person


@pytest.fixture
def an_auditor(a_person, session, now):
    person = a_person()
    grant(session, person, "auditor", now=now)
    return person


PAGES = [f"/admin/{view.table.__tablename__}/" for view in VIEWS]
POSTS = [f"/admin/{view.table.__tablename__}/{step}/" for view in VIEWS for step in ("new", "edit", "delete")]


def test_strangers_are_led_to_the_login_page(client):
    assert {client.get(page).status_code for page in ["/admin/", *PAGES]} == {302}


def test_a_researcher_finds_nothing_there(client, log_in, a_person):
    log_in(client, a_person())
    assert {client.get(page).status_code for page in ["/admin/", *PAGES]} == {404}


def test_an_administrator_sees_every_table_in_both_languages(client, log_in, an_administrator, an_instrument):
    an_instrument()
    log_in(client, an_administrator)
    for language in ("zh", "en"):
        assert {client.get(f"{page}?lang={language}").status_code for page in ["/admin/", *PAGES]} == {200}


def test_an_auditor_reads_and_changes_nothing(client, log_in, an_auditor, csrf_of):
    log_in(client, an_auditor)
    assert {client.get(page).status_code for page in PAGES} == {200}
    token = csrf_of(client)
    assert {client.post(post, data={"csrf_token": token}).status_code for post in POSTS} <= {403, 404}


def test_nothing_is_posted_without_the_hidden_field(client, log_in, an_administrator):
    log_in(client, an_administrator)
    assert {client.post(post).status_code for post in POSTS} == {400}


def test_a_view_that_names_nobody_opens_to_nobody(app):
    with app.test_request_context("/admin/"):
        assert not Closed().is_accessible()


def test_a_change_is_kept_and_written_to_the_audit_log(client, log_in, an_administrator, an_organisation, session, csrf_of):
    organisation = an_organisation(name_en="Old name")
    log_in(client, an_administrator)
    form = {
        "csrf_token": csrf_of(client), "code": organisation.code, "name_zh": "某大学", "name_en": "New name", "kind": "university",
        "city": "140100", "time_zone": "Asia/Shanghai", "is_active": "y",
    }  # fmt: skip
    answer = client.post(f"/admin/organisation/edit/?id={organisation.id}", data=form)
    assert answer.status_code == 302, answer.text
    session.expire_all()
    assert session.get(Organisation, organisation.id).name_en == "New name"
    entries = session.scalars(select(AuditEntry).where(AuditEntry.noun == "organisation", AuditEntry.action == "update")).all()
    assert entries[-1].after["name_en"] == "New name"
    assert entries[-1].actor_id == an_administrator.id


def test_what_is_exported_holds_no_formula(client, log_in, an_administrator, an_organisation):
    an_organisation(name_zh="=HYPERLINK(1)", name_en="+1")
    log_in(client, an_administrator)
    exported = client.get("/admin/organisation/export/csv/").text
    assert "HYPERLINK" in exported
    assert ",=HYPERLINK" not in exported
    assert ",+1" not in exported


def test_what_people_typed_is_shown_as_text(client, log_in, an_administrator, an_organisation):
    an_organisation(name_zh="<script>alert(1)</script>")
    log_in(client, an_administrator)
    assert "<script>alert" not in client.get("/admin/organisation/").text
    assert "<script>alert" not in client.get("/admin/organisation/?search=%3Cscript%3Ealert(1)").text


def test_a_table_to_be_read_is_not_changed_by_administrators_either(client, log_in, an_administrator, csrf_of):
    log_in(client, an_administrator)
    answer = client.post("/admin/booking/new/", data={"csrf_token": csrf_of(client)})
    assert answer.status_code == 403


def test_a_person_is_disabled_in_the_register(client, log_in, an_administrator, a_person, session, csrf_of):
    person = a_person(name="王晓研")
    log_in(client, an_administrator)
    page = client.get(f"/admin/person/edit/?id={person.id}&lang=en").text
    assert '<option value="disabled">Disabled</option>' in page
    assert '<option selected value="active">Active</option>' in page
    form = {"csrf_token": csrf_of(client), "name": "王晓研", "language": "en", "status": "disabled"}
    assert client.post(f"/admin/person/edit/?id={person.id}", data=form).status_code == 302
    session.expire_all()
    assert (person.status, person.language) == ("disabled", "en")
    assert client.post(f"/admin/person/edit/?id={person.id}", data=form | {"status": "emperor"}).status_code == 200
    session.expire_all()
    assert person.status == "disabled"


def test_search_knows_at_once_what_is_changed_in_the_register(client, log_in, an_administrator, an_instrument, session, csrf_of):
    instrument = an_instrument(aliases=[InstrumentAlias(text="Old lamp")])
    session.commit()
    log_in(client, an_administrator)
    form = {"csrf_token": csrf_of(client), "text": "Lanterntail"}
    assert client.post(f"/admin/instrument_alias/edit/?id={instrument.aliases[0].id}", data=form).status_code == 302
    session.expire_all()
    assert matching_ids(session, Query(text="lanterntail")) == [instrument.id]


@pytest.mark.parametrize("table", ["holiday", "category", "group", "booking"])
def test_a_row_is_found_by_its_key_and_what_is_no_key_leads_back(client, log_in, an_administrator, session, table):
    session.add(Holiday(on_date=date(2026, 10, 1), is_workday=False, name_zh="国庆节", name_en="National Day"))
    log_in(client, an_administrator)
    assert client.get("/admin/holiday/details/?id=2026-10-01").status_code == 200
    for key in ("x", "0", "9" * 30, "2026-02-30", "1,2", "%00", "%0d%0ax"):
        assert client.get(f"/admin/{table}/details/?id={key}").status_code == 302


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b"]
)
def test_a_change_leads_nowhere_outside_the_portal(client, log_in, an_administrator, csrf_of, target):
    log_in(client, an_administrator)
    form = {"csrf_token": csrf_of(client), "url": target}
    assert client.post("/admin/group/edit/", data=form).status_code == 400
    assert client.post("/admin/group/edit/", data=form | {"url": "/admin/group/"}).location == "/admin/group/"
