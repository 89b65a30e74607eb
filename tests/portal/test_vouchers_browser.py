"""Vouchers in a real browser: a firm redeems one from end to end, and every page is for everybody, on a phone and in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from instruments.programmes import add_examples
from tests.fixtures.browser import axe, scrolls_sideways

# What a browser sees does not depend on the database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PDF = {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


def test_a_firm_redeems_a_voucher(browse_as, of_firm, a_voucher, a_final_charge, an_organisation_admin, a_province_admin, session):
    one, charge = a_voucher("100000.00"), a_final_charge("80000.00")
    provider, admin = an_organisation_admin(charge.organisation, language="en"), a_province_admin()
    of_firm.language, number, name = "en", one.number, charge.organisation.name_en
    firm, giver, province = (browse_as(of_firm, language="en"), browse_as(provider, device="phone", language="en"), browse_as(admin))
    session.commit()  # from here on the portal writes, alone
    firm.goto("/vouchers")
    firm.get_by_role("link", name=number).click()
    firm.get_by_role("button", name="Use the voucher").click()
    firm.get_by_role("link", name=name).click()
    for kind in ("contract", "payment", "report"):
        firm.get_by_label("What it is").select_option(kind)
        firm.get_by_label("File").set_input_files(PDF)
        firm.get_by_role("button", name="Add it").click()
        expect(firm.get_by_text("The document is added.")).to_be_visible()
    firm.get_by_role("button", name="Hand in the claim").focus()
    firm.keyboard.press("Enter")
    expect(firm.get_by_text("Handed in; the provider confirms it next.")).to_be_visible()
    giver.goto("/claims")
    giver.get_by_role("link", name="Jinyang Materials").click()
    giver.get_by_role("button", name="Confirm").click()
    expect(giver.get_by_text("Confirmed; the province reviews it next.")).to_be_visible()
    province.goto("/province/vouchers")
    province.get_by_role("link", name="晋阳新材，").click()
    province.get_by_label("转账凭证号").fill("T-1")
    province.get_by_role("button", name="兑付", exact=True).click()
    expect(province.get_by_text("¥62,000.00")).to_be_visible()


@pytest.mark.parametrize(("screen", "language"), [("desktop", "zh"), ("phone", "en")])
def test_every_page_is_for_everybody(
    browse_as, of_firm, a_programme, a_voucher, a_claim, a_final_charge, a_province_admin, session, now, screen, language
):
    programme = a_programme()
    one, free = a_voucher("100000.00"), a_programme()
    drafted, confirmed = a_claim(voucher=one, until="draft"), a_claim()
    a_voucher(programme=programme, granted=False)
    a_final_charge("3000.00")
    add_examples(session, now=now)
    admin = a_province_admin()
    session.commit()
    pages = {
        of_firm: ("/vouchers", f"/vouchers/apply/{free.id}", f"/vouchers/{one.id}", f"/claims/{drafted.id}", "/claims"),
        admin: (
            "/province/vouchers", "/province/programmes", "/province/programmes/new", f"/province/programmes/{programme.id}",
            "/province/related", f"/claims/{confirmed.id}",
        ),
    }  # fmt: skip
    wrong = []
    for person, paths in pages.items():
        page = browse_as(person, device=screen, language=language)
        for path in paths:
            answer = page.goto(f"{path}?lang={language}")
            wrong += [f"{path}: {answer.status}"] if answer.status != 200 else []
            wrong += [f"{path}: {found}" for found in axe(page)]
            wrong += [f"{path}: wider than the screen"] if scrolls_sideways(page) else []
    assert wrong == []
