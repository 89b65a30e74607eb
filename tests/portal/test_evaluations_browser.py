"""An evaluation in a real browser: previewed, frozen, graded, objected to, adjusted and published; and every page is for everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import axe, scrolls_sideways

# What a browser sees does not depend on the database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def people(session, a_round, two_instruments, an_organisation_admin, a_province_admin):
    """The province's administrator and the university's."""
    return a_province_admin(), an_organisation_admin(two_instruments[0].organisation, language="en")


def test_a_round_from_preview_to_publication(browse_as, people, a_round, two_instruments, session):
    admin, keeper = people
    province, home = browse_as(admin), browse_as(keeper, device="phone", language="en")
    at, subject = f"/province/evaluations/{a_round.id}", f"/evaluations/{a_round.id}/subjects/{two_instruments[0].id}"
    session.commit()  # from here on the portal writes, alone
    for code, value in (("functions_used", "5"), ("functions_total", "8")):
        home.goto(subject)
        home.get_by_label("What", exact=True).select_option(code)
        home.get_by_label("Value").fill(value)
        home.get_by_label("Note on the evidence").fill("log book, page 3")
        home.get_by_role("button", name="Give").click()
        expect(home.get_by_text("It is given.")).to_be_visible()
    expect(home.get_by_text("62.5 %")).to_be_visible()
    province.goto(at)
    expect(province.get_by_text("这是按当前数据的预览")).to_be_visible()
    province.get_by_role("button", name="冻结数据").click()
    province.get_by_role("dialog").get_by_role("button", name="冻结数据").click()
    province.get_by_role("button", name="排名并评定").click()
    expect(province.get_by_text("已评定，单位可以申诉。")).to_be_visible()
    home.goto(subject)
    home.get_by_label("Why you object").fill("Nine functions are used")
    home.get_by_role("button", name="Appeal").click()
    expect(home.get_by_text("The appeal is in")).to_be_visible()
    province.goto(at)
    province.get_by_label("答复（单位会看到）").fill("已核实")
    province.get_by_label("调整的数据").select_option("function_rate")
    province.get_by_label("调整为").fill("100%")
    province.get_by_role("button", name="调整并重新评定").click()
    expect(province.get_by_text("申诉已答复。")).to_be_visible()
    province.get_by_role("button", name="公布等级").click()
    province.get_by_role("dialog").get_by_role("button", name="公布等级").click()
    expect(province.get_by_text("已公布。")).to_be_visible()
    home.goto(f"/evaluations/{a_round.id}")
    expect(home.get_by_role("heading", level=1)).to_be_visible()
    expect(home.get_by_text("Fail").first).to_be_visible()


@pytest.mark.parametrize(("screen", "language"), [("desktop", "zh"), ("phone", "en")])
def test_every_page_is_for_everybody(browse_as, people, a_round, two_instruments, shipped_schemes, a_programme, session, screen, language):
    admin, keeper = people
    programme = a_programme(kind="subsidy", quota=None)
    pages = {
        admin: (
            "/province/evaluations", f"/province/evaluations/{a_round.id}", "/province/schemes", "/evaluations",
            *(f"/province/schemes/{one.id}" for one in shipped_schemes.values()), f"/province/programmes/{programme.id}/subsidies",
        ),
        keeper: (
            "/organisation/evaluations", f"/organisation/evaluations/{a_round.id}/{two_instruments[0].organisation_id}",
            f"/evaluations/{a_round.id}/subjects/{two_instruments[0].id}",
        ),
    }  # fmt: skip
    session.commit()
    wrong = []
    for person, paths in pages.items():
        page = browse_as(person, device=screen, language=language)
        for path in paths:
            answer = page.goto(f"{path}?lang={language}")
            wrong += [f"{path}: {answer.status}"] if answer.status != 200 else []
            wrong += [f"{path}: {found}" for found in axe(page)]
            wrong += [f"{path}: wider than the screen"] if scrolls_sideways(page) else []
    assert wrong == []
