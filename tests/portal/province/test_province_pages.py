"""The province admits instruments, watches coverage, and keeps organisations, holidays and code lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from instruments.catalogue import Instrument
from instruments.codes import CodeEntry, seed_codes
from instruments.directory import coverage
from instruments.holidays import Holiday
from instruments.people import Organisation
from instruments.search import Query
from instruments.search.find import matching_ids


def with_language(path, language):
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.fixture
def post(client, log_in, csrf_of, a_province_admin):
    log_in(client, a_province_admin())

    def send(path, **form):
        return client.post(f"/province{path}", data={"csrf_token": csrf_of(client), **form})

    return send


def test_a_submitted_instrument_is_accepted_and_everybody_sees_it(post, client, an_instrument, session, now):
    one = an_instrument(publication="submitted", submitted_at=now)
    assert one.name_en in client.get("/province/admission?lang=en").text
    assert post(f"/admission/{one.id}/accept").status_code == 302
    session.expire_all()
    assert session.get(Instrument, one.id).publication == "published"
    assert matching_ids(session, Query()) == [one.id]
    assert post(f"/admission/{one.id}/accept").status_code == 409


def test_sending_back_needs_a_reason(post, an_instrument, session, now):
    one = an_instrument(publication="submitted", submitted_at=now)
    assert post(f"/admission/{one.id}/send_back").status_code == 422
    assert post(f"/admission/{one.id}/send_back", note="请补充技术指标").status_code == 302
    session.expire_all()
    assert session.get(Instrument, one.id).publication_note == "请补充技术指标"


def test_an_exemption_is_granted_once(post, an_instrument, session):
    one = an_instrument(publication="draft", exemption_status="asked", exemption_reason="涉密")
    assert post(f"/exemption/{one.id}/grant").status_code == 302
    session.expire_all()
    assert session.get(Instrument, one.id).is_exempt
    assert post(f"/exemption/{one.id}/grant").status_code == 409


def test_coverage_counts_what_must_join_and_what_has(session, an_organisation, an_instrument, now):
    home = an_organisation()
    for publication in ("published", "published", "draft", "suspended"):
        an_instrument(organisation=home, publication=publication)
    an_instrument(organisation=home, publication="draft", is_exempt=True, exemption_status="granted")
    an_instrument(organisation=home, publication="draft", original_value=Decimal("499999.99"))
    an_instrument(organisation=home, publication="retired")
    (found,) = coverage(session, now=now, days={})
    assert (found.in_scope, found.published, found.exempt, found.missing) == (5, 3, 1, 1)
    assert found.rate == 0.75


def test_coverage_is_not_a_number_where_nothing_must_join(session, an_instrument, now):
    an_instrument(is_exempt=True, exemption_status="granted", publication="draft")
    (found,) = coverage(session, now=now, days={})
    assert found.rate is None


def test_an_organisation_is_added_and_its_code_is_its_own(post, session):
    form = {"code": "NEW-1", "name_zh": "新大学", "kind": "university", "city": "", "time_zone": "Asia/Shanghai", "is_active": "y"}
    assert post("/organisations/new", **form).status_code == 302
    assert session.scalar(select(Organisation.name_zh).where(Organisation.code == "NEW-1")) == "新大学"
    assert post("/organisations/new", **form).status_code == 422
    assert post("/organisations/new", **form | {"code": "NEW-2", "time_zone": "Mars/Olympus"}).status_code == 422


def test_a_holiday_is_added_changed_and_cleared(post, session):
    form = {"on_date": "2027-02-15", "kind": "workday", "worked_as": "4", "name_zh": "春节调休"}
    assert post("/holidays", **form).status_code == 302
    assert session.get(Holiday, date(2027, 2, 15)).worked_as == 4
    assert post("/holidays", **form | {"kind": "holiday"}).status_code == 302
    session.expire_all()
    assert not session.get(Holiday, date(2027, 2, 15)).is_workday
    assert post("/holidays/2027-02-15/clear").status_code == 302
    session.expire_all()
    assert session.get(Holiday, date(2027, 2, 15)) is None
    assert post("/holidays/not-a-day/clear").status_code == 404


def test_announced_holidays_are_added_once_and_edits_stay(post, session):
    post("/holidays", on_date="2026-10-01", kind="workday", worked_as="0", name_zh="改为上班")
    post("/holidays/2026/seed")
    session.expire_all()
    assert session.get(Holiday, date(2026, 10, 1)).is_workday
    assert session.get(Holiday, date(2026, 10, 2)) is not None


def test_a_code_is_added_retired_and_restored(post, session):
    seed_codes(session)
    assert post("/codes/city", code="149900", name_zh="新城").status_code == 302
    assert post("/codes/city", code="149900", name_zh="又一个").status_code == 422
    assert post("/codes/city/149900/retire").status_code == 302
    session.expire_all()
    assert not session.scalar(select(CodeEntry.active).where(CodeEntry.code == "149900"))
    assert post("/codes/nothing/149900/retire").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_in_both_languages(post, client, an_instrument, session, language):
    seed_codes(session)
    one = an_instrument()
    pages = [
        "", "/admission", "/coverage", "/coverage?value_from=300000", "/users", "/organisations", "/organisations/new",
        f"/organisations/{one.organisation_id}", "/holidays", "/holidays?year=2025", "/codes", "/codes/city", "/mail",
    ]  # fmt: skip
    assert {page: client.get(with_language(f"/province{page}", language)).status_code for page in pages} == dict.fromkeys(pages, 200)
    assert client.get(f"/audit?lang={language}").status_code == 200


def test_only_the_province_comes_in(client, log_in, a_person, an_organisation, an_organisation_admin):
    assert client.get("/province").status_code == 302
    log_in(client, an_organisation_admin(an_organisation()))
    assert {client.get(page).status_code for page in ("/province", "/province/admission", "/audit")} <= {403, 404}


def test_an_auditor_looks_and_decides_nothing(client, log_in, csrf_of, an_auditor_of_all, an_instrument, now):
    one = an_instrument(publication="submitted", submitted_at=now)
    log_in(client, an_auditor_of_all())
    assert client.get("/province/admission").status_code == 200
    assert client.post(f"/province/admission/{one.id}/accept", data={"csrf_token": csrf_of(client)}).status_code == 403


def test_a_threshold_that_is_no_amount_is_told(post, client):
    assert client.get("/province/coverage?value_from=NaN").status_code == 422
    assert client.get("/province/coverage?value_from=1e400").status_code == 422
