"""A firm applies, uses its voucher and claims; the provider confirms; the province grants and settles: on the pages."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from sqlalchemy import select

from instruments.programmes import Programme
from portal.files import prune
from scheduling.accounting.accounts import account
from scheduling.accounting.claims import Claim, ClaimDocument, claim
from scheduling.accounting.related import RelatedParty
from scheduling.accounting.vouchers import Voucher

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def as_firm(a_browser, log_in, of_firm):
    return log_in(a_browser(), of_firm)


@pytest.fixture
def as_province(a_browser, log_in, a_province_admin):
    return log_in(a_browser(), a_province_admin())


@pytest.fixture
def send(csrf_of):
    def post(browser, path, **form):
        return browser.post(path, data={"csrf_token": csrf_of(browser), **form})

    return post


def test_a_firm_applies_and_the_province_grants(as_firm, as_province, send, a_programme, a_firm, session):
    one = a_programme()
    assert "Innovation vouchers" in as_firm.get("/vouchers?lang=en").text
    assert "40 %" in as_firm.get(f"/vouchers/apply/{one.id}?lang=en").text
    told = send(as_firm, f"/vouchers/apply/{one.id}?lang=en", year="2026", amount="900000", plan="检测")
    assert told.status_code == 422
    assert "quota of ¥200,000.00" in told.text
    assert send(as_firm, f"/vouchers/apply/{one.id}", year="2026", amount="50000", plan="检测").status_code == 302
    made = session.scalars(select(Voucher)).one()
    assert "检测" in as_province.get("/province/vouchers").text
    assert send(as_province, f"/province/vouchers/{made.id}/grant", amount="1e400").status_code == 422
    assert send(as_province, f"/province/vouchers/{made.id}/grant", amount="40000", reason="首年").status_code == 302
    shown = as_firm.get(f"/vouchers/{made.id}?lang=en").text
    assert "¥40,000.00" in shown
    assert "首年" in shown
    assert send(as_province, f"/province/vouchers/{made.id}/refuse", reason="x").status_code == 409


def test_a_firm_without_programmes_is_told_so(as_firm):
    assert "No vouchers yet" in as_firm.get("/vouchers?lang=en").text
    assert "Nothing to confirm" in as_firm.get("/claims?lang=en").text


def test_a_claim_goes_from_the_firm_to_the_provider_to_the_province(
    as_firm, as_province, a_browser, log_in, send, a_voucher, a_final_charge, an_organisation_admin, session
):
    one, charge = a_voucher("100000.00"), a_final_charge("80000.00")
    provider = log_in(a_browser(), an_organisation_admin(charge.organisation))
    refused = send(as_firm, f"/vouchers/{one.id}/use?lang=en", charge=charge.id, service="medical")
    assert refused.status_code == 422
    assert "Not supported: medical service." in refused.text
    assert send(as_firm, f"/vouchers/{one.id}/use", charge=charge.id, amount="NaN").status_code == 422
    assert send(as_firm, f"/vouchers/{one.id}/use", charge="x").status_code == 422
    assert send(as_firm, f"/vouchers/{one.id}/use", charge=charge.id, amount="80000").status_code == 302
    page = f"/claims/{session.scalars(select(Claim.id)).one()}"
    early = send(as_firm, f"{page}/submit?lang=en")
    assert early.status_code == 422
    assert "Still missing: contract, payment proof, result report." in early.text
    assert provider.get(page).status_code == 404
    for kind in ("contract", "payment", "report"):
        assert send(as_firm, f"{page}/documents", kind=kind, file=(io.BytesIO(PDF), f"{kind}.pdf")).status_code == 302
    assert send(as_firm, f"{page}/submit").status_code == 302
    assert page in provider.get("/claims").text
    assert send(as_province, f"{page}/vouch").status_code == 403
    assert send(provider, f"{page}/send-back", remarks="").status_code == 422
    assert send(provider, f"{page}/send-back", remarks="合同缺页").status_code == 302
    assert "合同缺页" in as_firm.get(page).text
    send(as_firm, f"{page}/submit")
    assert send(provider, f"{page}/vouch").status_code == 302
    assert send(provider, f"{page}/vouch").status_code == 409
    settle = page.replace("/claims", "/province/claims") + "/settle"
    assert send(as_province, settle, reference=" ").status_code == 422
    assert send(as_province, settle, reference="T-1").status_code == 302
    assert send(as_province, settle, reference="T-1").status_code == 409
    assert "¥62,000.00" in as_firm.get(f"{page}?lang=en").text
    session.expire_all()
    assert account(session, one.account_id).balance == Decimal("38000.00")


def test_documents_are_taken_by_what_they_are_and_given_to_who_may_see_the_claim(
    app, as_firm, a_browser, log_in, send, a_claim, a_person, session, now
):
    made = a_claim(until="draft")
    page = f"/claims/{made.id}"
    for content, name in ((b"MZ\x90\x00", "contract.pdf"), (b"", "empty.pdf")):
        assert send(as_firm, f"{page}/documents", kind="contract", file=(io.BytesIO(content), name)).status_code == 422
    assert send(as_firm, f"{page}/documents", kind="contract").status_code == 422
    send(as_firm, f"{page}/documents", kind="contract", file=(io.BytesIO(PDF), "../../合同.pdf"))
    kept = session.scalars(select(ClaimDocument)).one()
    file = f"{page}/documents/{kept.id}"
    with as_firm.get(file) as given:
        assert (given.status_code, given.data, given.mimetype) == (200, PDF, "application/pdf")
        assert "attachment" in given.headers["Content-Disposition"]
    assert log_in(a_browser(), a_person()).get(file).status_code == 404
    years_on = now.replace(year=2030)
    with app.app_context():
        assert prune(years_on) == 0  # the claim names it
    assert send(as_firm, f"{file}/remove").status_code == 302
    assert as_firm.get(file).status_code == 404


def test_charges_are_taken_out_and_claims_given_up(as_firm, send, a_claim, session):
    made = a_claim(until="draft")
    assert send(as_firm, f"/claims/{made.id}/charges/{made.uses[0].id}/release").status_code == 302
    assert send(as_firm, f"/claims/{made.id}/charges/{made.uses[0].id}/release").status_code == 404
    assert send(as_firm, f"/claims/{made.id}/withdraw").status_code == 302
    session.expire_all()
    assert claim(session, made.id).status == "withdrawn"


def test_the_province_writes_a_programme_in_a_form(as_province, send, an_organisation, session):
    assert "No programmes yet" in as_province.get("/province/programmes?lang=en").text
    assert send(as_province, "/province/programmes/examples").status_code == 302
    pilot = session.scalars(select(Programme).where(Programme.code == "shanxi-2017")).one()
    shown = as_province.get(f"/province/programmes/{pilot.id}?lang=en").text
    assert 'name="user-above-1" inputmode="decimal" maxlength="20" value="50000.00"' in shown
    assert 'name="user-percent-1" inputmode="decimal" maxlength="20" value=""' in shown
    form = {
        "name_zh": "山西省科技创新券", "first_year": "2026", "last_year": "2027", "applicants": "enterprise", "quota": "200000", "claim_days": "90",
        "organisation": str(an_organisation(kind="public").id), "user-above-0": "0", "user-percent-0": "100", "user-above-1": "50000",
        "user-percent-1": "40", "user-cap": "200000", "ineligible": "related", "is_open": "y",
    }  # fmt: skip
    for wrong in ({"user-above-1": "0"}, {"user-percent-1": "x"}, {"last_year": "2025"}, {"organisation": "0"}, {"user-percent-0": "101"}):
        assert send(as_province, f"/province/programmes/{pilot.id}", **form | wrong).status_code == 422, wrong
    assert send(as_province, f"/province/programmes/{pilot.id}", **form).status_code == 302
    session.expire_all()
    one = session.get(Programme, pilot.id)
    assert (one.is_open, one.scheme.user.brackets[1].percent, one.scheme.ineligible) == (True, Decimal("40.00"), ("related",))
    new = form | {"code": "p-new", "kind": "subsidy", "provider-above-0": "0", "provider-percent-0": "20", "provider-of_last_year": "1"}
    assert send(as_province, "/province/programmes/new", **new).status_code == 302
    made = session.scalars(select(Programme).where(Programme.code == "p-new")).one()
    assert (made.kind, made.scheme.provider.of_last_year) == ("subsidy", True)


def test_related_organisations_are_noted_and_forgotten(as_province, send, an_organisation, session):
    first, second = an_organisation(), an_organisation()
    assert "None noted yet" in as_province.get("/province/related?lang=en").text
    assert send(as_province, "/province/related", first=first.id, second=first.id, reason="x").status_code == 422
    assert send(as_province, "/province/related", first=first.id, second=second.id, reason="控股").status_code == 302
    made = session.scalars(select(RelatedParty)).one()
    assert "控股" in as_province.get("/province/related").text
    assert send(as_province, f"/province/related/{made.id}/remove").status_code == 302


def test_vouchers_stand_in_the_menu_of_firms_and_claims_in_that_of_providers(
    as_firm, a_browser, log_in, an_organisation_admin, an_organisation
):
    home = an_organisation()
    assert 'href="/vouchers"' in as_firm.get("/help").text
    shown = log_in(a_browser(), an_organisation_admin(home)).get("/help").text
    assert 'href="/claims"' in shown
    assert 'href="/vouchers"' not in shown
