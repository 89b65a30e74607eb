"""The pages of statements: the list, one with its lines, the papers to take away, settling and closing."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from instruments.roles import grant as give_role
from scheduling.accounting.settlements import Settlement
from scheduling.accounting.statements import Statement
from tests.portal.papers import written
from tests.portal.poison import harm_in_csv, harm_in_page, harm_in_workbook

HOSTILE = "=1+1\"'></td><x-hostile><script>marker=1</script>{{7*1111111}}"


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(name_zh="X射线衍射仪", name_en="X-ray diffractometer")


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def people(a_person):
    return [a_person(name=name, language="en") for name in ("甲某", "乙某", "丙某")]


@pytest.fixture
def grant(an_account, a_group, people):
    return an_account(group=a_group(*people[:2], pi=people[2]), name="国家基金 51900000")


@pytest.fixture
def made(a_charge_of_october, closing, instrument, owner, people, grant):
    """A statement of October: 120 yuan of one member, 30 of another."""
    a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
    a_charge_of_october(instrument=instrument, person=people[1], accounts=[grant], amount="30.00")
    return closing(owner)[0]


@pytest.fixture
def as_(a_browser, log_in):
    """A browser in somebody's name."""

    def make(person):
        browser = a_browser()
        log_in(browser, person)
        return browser

    return make


@pytest.fixture
def keeper(session, a_person, owner, now):
    person = a_person(organisation=owner, language="en")
    give_role(session, person, "organisation_admin", organisation=owner, now=now)
    return person


@pytest.fixture
def send(csrf_of):
    return lambda browser, address, **form: browser.post(address, data=form | {"csrf_token": csrf_of(browser)})


def test_without_a_statement_the_page_says_when_there_will_be_one(as_, a_person, keeper):
    assert "No statements yet" in as_(a_person(language="en")).get("/statements").text
    assert "Close a month" in as_(keeper).get("/statements").text
    assert "Nothing is left to settle" in as_(keeper).get("/statements?show=open").text


def test_a_pi_reads_the_price_worked_out_as_when_it_was_booked(as_, made, people):
    browser = as_(people[2])
    assert made.number in browser.get("/statements").text
    page = browser.get(f"/statements/{made.id}").text
    assert "2 h × ¥60.00 = ¥120.00" in page
    assert "X-ray diffractometer" in page
    assert "¥150.00 to be settled" in page
    assert "甲某" in page
    assert "Mark as settled" not in page


def test_a_member_reads_her_own_lines_and_their_sum(as_, made, people):
    page = as_(people[1]).get(f"/statements/{made.id}").text
    assert "own lines only" in page
    assert "乙某" in page
    assert "甲某" not in page
    assert "Own lines in all" in page


def test_a_long_statement_is_turned_over(as_, made, people, monkeypatch):
    monkeypatch.setattr("portal.statements.LINES", 1)
    browser = as_(people[2])
    first = browser.get(f"/statements/{made.id}").text
    assert "乙某" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first).group(1).replace("&amp;", "&")
    assert "乙某" in browser.get(following).text
    assert browser.get(f"/statements/{made.id}?after=rubbish").status_code == 422


def test_the_list_is_narrowed_to_a_month_and_to_what_is_open(as_, made, keeper, owner):
    browser = as_(keeper)
    assert made.number in browser.get(f"/statements?organisation={owner.id}&month=2026-10&show=open").text
    assert made.number not in browser.get("/statements?month=2026-09").text
    for query in ("month=2026-13", "organisation=x", f"organisation={'9' * 30}", "cursor=x"):
        assert browser.get(f"/statements?{query}").status_code == 422


class TestPapers:
    def test_the_page_for_print_has_every_line(self, as_, made, people):
        page = as_(people[2]).get(f"/statements/{made.id}/paper").text
        assert "¥120.00" in page
        assert "¥30.00" in page
        assert "For the provider" in page

    @pytest.mark.parametrize(("language", "words"), [("zh", "结算单"), ("en", "Statement")])
    def test_a_pdf_speaks_the_readers_language(self, as_, made, people, language, words):
        people[2].language = language
        answer = as_(people[2]).get(f"/statements/{made.id}/statement.pdf")
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
        assert answer.data.rstrip().endswith(b"%%EOF")
        assert words in written(answer.data)
        assert "甲某" in written(answer.data)
        assert f"/Lang ({'zh-CN' if language == 'zh' else 'en'})".encode() in answer.data

    def test_a_workbook_adds_up(self, as_, made, people):
        answer = as_(people[2]).get(f"/statements/{made.id}/statement.xlsx")
        cells = [cell.value for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows() for cell in row]
        assert {120, 30, 150, made.number, "X-ray diffractometer", "甲某"} <= set(cells)

    def test_a_member_takes_away_her_own_lines(self, as_, made, people):
        answer = as_(people[1]).get(f"/statements/{made.id}/statement.xlsx")
        cells = {cell.value for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows() for cell in row}
        assert "甲某" not in cells
        assert 150 not in cells
        assert "甲某" not in as_(people[1]).get(f"/statements/{made.id}/paper").text

    def test_hostile_texts_stay_texts(self, session, as_, a_charge_of_october, closing, instrument, owner, people, grant, keeper):
        instrument.name_zh = instrument.name_en = people[0].name = grant.name = HOSTILE
        owner.name_en = HOSTILE
        a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
        (made,) = closing(owner)
        browser = as_(keeper)
        for page in ("", "/paper"):
            assert harm_in_page(browser.get(f"/statements/{made.id}{page}").text) == []
        assert harm_in_page(browser.get("/statements").text) == []
        assert harm_in_workbook(browser.get(f"/statements/{made.id}/statement.xlsx").data) == []
        assert harm_in_csv(browser.get("/statements/journal.csv?month=2026-10").data) == []
        assert browser.get(f"/statements/{made.id}/statement.pdf").status_code == 200


class TestSettling:
    FORM = {"amount": "150.00", "way": "inner", "reference": "内转 7", "moved_on": "2026-11-20", "note": ""}

    def test_the_provider_marks_it_and_everybody_sees_that(self, as_, made, keeper, people, send):
        browser = as_(keeper)
        assert send(browser, f"/statements/{made.id}/settle", **self.FORM).status_code == 302
        page = as_(people[2]).get(f"/statements/{made.id}").text
        assert "内转 7" in page
        assert "to be settled" not in page.replace("Still to be settled", "").replace("To be settled", "")

    def test_a_part_leaves_the_rest_in_the_form(self, as_, made, keeper, send):
        browser = as_(keeper)
        send(browser, f"/statements/{made.id}/settle", **self.FORM | {"amount": "1,00.00"})
        assert 'value="50.00"' in browser.get(f"/statements/{made.id}").text

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": "151"},
            {"amount": "NaN"},
            {"amount": ""},
            {"reference": " "},
            {"moved_on": "2027-01-01"},
            {"way": "cash"},
            {"moved_on": ""},
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_marked(self, session, as_, made, keeper, send, change):
        answer = send(as_(keeper), f"/statements/{made.id}/settle", **self.FORM | change)
        assert answer.status_code == 422
        assert "Please put these right" in answer.text
        assert session.scalars(select(Settlement.id)).all() == []

    def test_a_mark_is_taken_back_with_a_reason(self, session, as_, made, keeper, send):
        browser = as_(keeper)
        send(browser, f"/statements/{made.id}/settle", **self.FORM)
        mark = session.scalars(select(Settlement.id)).one()
        address = f"/statements/{made.id}/settlements/{mark}/take-back"
        assert send(browser, address, reason=" ").status_code == 422
        assert send(browser, address, reason="记错").status_code == 302
        assert "¥150.00 to be settled" in browser.get(f"/statements/{made.id}").text

    def test_a_mark_of_another_statement_is_not_there(self, as_, made, keeper, send, session):
        browser = as_(keeper)
        send(browser, f"/statements/{made.id}/settle", **self.FORM)
        mark = session.scalars(select(Settlement.id)).one()
        assert send(browser, f"/statements/{made.id + 1}/settlements/{mark}/take-back", reason="x").status_code == 404
        assert send(browser, f"/statements/{made.id}/settlements/{mark + 1}/take-back", reason="x").status_code == 404


class TestClosing:
    def test_a_month_is_closed_once_and_its_statements_are_shown(
        self, session, as_, a_charge_of_october, instrument, owner, people, grant, keeper, send
    ):
        a_charge_of_october(instrument=instrument, person=people[0], accounts=[grant])
        browser = as_(keeper)
        assert "Close 2026-10" in browser.get("/statements/close").text
        for _ in range(2):
            answer = send(browser, "/statements/close", organisation=str(owner.id), month="2026-10")
            assert answer.location == f"/statements?organisation={owner.id}&month=2026-10"
        assert len(session.scalars(select(Statement.id)).all()) == 1
        page = browser.get("/statements/close").text  # the next month is shown, and waits for its end
        assert "2026-11" in page
        assert "The month is not over yet" in page
        assert "Close 2026-11" not in page

    def test_what_is_open_is_listed_and_nothing_is_closed(self, session, as_, a_charge, instrument, owner, people, keeper, send, october):
        a_charge(instrument=instrument, person=people[0], used_at=october())
        answer = send(as_(keeper), "/statements/close", organisation=str(owner.id), month="2026-10")
        assert answer.status_code == 422
        assert "The month cannot be closed yet" in answer.text
        assert "Charges not confirmed yet: 1" in answer.text

    def test_a_month_that_is_not_over_is_refused(self, as_, owner, keeper, send):
        answer = send(as_(keeper), "/statements/close", organisation=str(owner.id), month="2026-11")
        assert answer.status_code == 409
        assert "not over yet" in answer.text

    def test_the_journal_is_for_the_finance_system(self, as_, made, keeper, owner):
        answer = as_(keeper).get(f"/statements/journal.csv?organisation={owner.id}&month=2026-10")
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert {row["statement"] for row in rows} == {made.number, ""}
        assert sum(Decimal(row["debit"] or 0) for row in rows) == sum(Decimal(row["credit"] or 0) for row in rows) == 150
        assert len({row["entry_id"] for row in rows}) == len(rows) == 4

    def test_another_organisations_month_is_not_there(self, as_, keeper, an_organisation, people, send):
        other = an_organisation()
        for address in ("/statements/close?", "/statements/journal.csv?month=2026-10&"):
            assert as_(keeper).get(f"{address}organisation={other.id}").status_code == 404
            assert as_(people[0]).get(address).status_code == 404
        assert send(as_(keeper), "/statements/close", organisation=str(other.id), month="2026-10").status_code == 404


class TestApi:
    def test_a_statement_is_listed_and_shown_with_its_lines(self, an_api, made, people, owner):
        call = an_api(people[2])
        found = call("GET", f"/statements?organisation={owner.id}&month=2026-10&status=open").json
        (row,) = found["items"]
        assert (row["number"], row["charged"], row["left"], row["status"], row["month"]) == (
            made.number,
            "150.00",
            "150.00",
            "open",
            "2026-10",
        )
        assert (found["total"], found["next"]) == (1, None)
        whole = call("GET", f"/statements/{made.id}?limit=1").json
        assert (whole["whole"], whole["lines"][0]["amount"], whole["lines"][0]["parts"][0]["rate"]) == (True, "120.00", "60.00")
        assert call("GET", f"/statements/{made.id}?cursor={whole['next']}").json["lines"][0]["person"] == "乙某"

    def test_a_member_gets_her_own_lines_and_a_stranger_nothing(self, an_api, made, people, a_person):
        shown = an_api(people[1])("GET", f"/statements/{made.id}").json
        assert (shown["whole"], [line["person"] for line in shown["lines"]]) == (False, ["乙某"])
        stranger = an_api(a_person())
        assert stranger("GET", f"/statements/{made.id}").status_code == 404
        assert stranger("GET", "/statements").json["total"] == 0
        assert stranger("GET", "/statements?month=2026-1").status_code == 422
        assert date(2026, 10, 1) == made.month
