"""The pages of other closing cycles than months: choosing one, closing by it, and the same span on page, paper, sheet, API and in the letter."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from instruments.access import load_viewer
from instruments.roles import grant as give_role
from portal.cycles import cycle_name, short, within
from portal.monthclose import close_month
from scheduling.accounting.closingcycles import ClosingCycle, choose_cycle
from scheduling.accounting.cycles import Cycle
from scheduling.accounting.statements import Statement
from tests.fixtures.letters import text_of
from tests.portal.papers import written

NAMES = [
    (date(2026, 10, 1), 1, "2026年10月", "October 2026", "October 2026"),
    (date(2026, 7, 1), 3, "2026 年第 3 季度", "the third quarter of 2026", "Third quarter of 2026"),
    (date(2026, 12, 1), 3, "2026年12月至2027年2月", "December 2026 to February 2027", "December 2026 to February 2027"),
    (date(2026, 1, 1), 6, "2026 年上半年", "the first half of 2026", "First half of 2026"),
    (date(2026, 7, 1), 6, "2026 年下半年", "the second half of 2026", "Second half of 2026"),
    (date(2027, 1, 1), 12, "2027 年", "the year 2027", "Year 2027"),
    (date(2026, 9, 1), 12, "2026年9月至2027年8月", "September 2026 to August 2027", "September 2026 to August 2027"),
]


@pytest.mark.parametrize(("first", "months", "chinese", "english", "alone"), NAMES)
def test_a_cycle_has_a_name_in_both_languages(app, first, months, chinese, english, alone):
    one = Cycle(first, months)
    with app.test_request_context("/?lang=zh"):
        assert (within(one), cycle_name(one)) == (chinese, chinese)
    with app.test_request_context("/?lang=en"):
        assert (within(one), cycle_name(one)) == (english, alone)
        assert short(one) == ("2026-10" if months == 1 else alone)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def keeper(session, a_person, owner, now):
    person = a_person(organisation=owner, language="en")
    give_role(session, person, "organisation_admin", organisation=owner, now=now)
    session.flush()
    return person


@pytest.fixture
def as_(a_browser, log_in):
    def make(person):
        browser = a_browser()
        log_in(browser, person)
        return browser

    return make


@pytest.fixture
def send(csrf_of):
    return lambda browser, address, **form: browser.post(address, data=form | {"csrf_token": csrf_of(browser)})


@pytest.fixture
def made(session, app, instrument, owner, keeper, a_person, an_account, a_group, a_charge_of_october):
    """The statement of the third quarter of 2026, with the letter about it written."""
    pi = a_person(language="en")
    viewer = load_viewer(session, keeper)
    choose_cycle(session, owner.id, 3, date(2026, 7, 1), viewer=viewer, now=datetime(2026, 6, 20, tzinfo=UTC))
    a_charge_of_october(instrument=instrument, person=pi, accounts=[an_account(group=a_group(pi, pi=pi))], at=datetime(2026, 8, 5, tzinfo=UTC))
    with app.test_request_context():
        close_month(session, owner.id, date(2026, 9, 1), viewer=viewer)
    return session.scalars(select(Statement)).one()


class TestChoosing:
    def test_the_page_says_what_runs_what_is_next_and_its_first_day(self, as_, keeper):
        page = as_(keeper).get("/statements/cycle").text
        assert "November 2026 (2026-11-01 to 2026-11-30)" in page
        assert "December 2026 (2026-12-01 to 2026-12-31)" in page
        assert "Until another cycle is chosen, every month is closed." in page

    def test_a_quarter_is_chosen_from_a_day_on(self, session, as_, owner, keeper, send):
        browser = as_(keeper)
        answer = send(browser, "/statements/cycle", organisation=str(owner.id), months="3", since="2027-01-01")
        assert answer.location == f"/statements/cycle?organisation={owner.id}"
        page = browser.get(answer.location).text
        assert "It begins on 2027-01-01; its first cycle is the first quarter of 2027." in page
        assert "Every quarter from 2027-01-01, to begin with the first quarter of 2027" in page
        made = session.scalars(select(ClosingCycle)).one()
        assert (made.begins, made.months, made.chosen_by) == (date(2027, 1, 1), 3, keeper.id)

    @pytest.mark.parametrize(
        "change",
        [{"months": "2"}, {"months": ""}, {"since": "2026-11-01"}, {"since": "2026-12-02"}, {"since": ""}, {"months": "1"}],
    )
    def test_what_cannot_be_is_told_beside_its_field(self, session, as_, owner, keeper, send, change):
        form = {"organisation": str(owner.id), "months": "3", "since": "2026-12-01"} | change
        answer = send(as_(keeper), "/statements/cycle", **form)
        assert answer.status_code == 422
        assert "Please put these right" in answer.text
        assert session.scalars(select(ClosingCycle.id)).all() == []

    def test_who_only_reads_the_books_gets_no_form(self, session, as_, owner, a_person, send, now, an_organisation):
        auditor = a_person(language="en")
        give_role(session, auditor, "auditor", organisation=owner, now=now)
        browser = as_(auditor)
        assert "Change the cycle" not in browser.get("/statements/cycle").text
        assert send(browser, "/statements/cycle", organisation=str(owner.id), months="3", since="2026-12-01").status_code == 403
        assert as_(a_person()).get("/statements/cycle").status_code == 404
        assert browser.get(f"/statements/cycle?organisation={an_organisation().id}").status_code == 404


class TestClosing:
    def test_a_quarter_is_closed_on_the_page(self, session, as_, owner, keeper, send, made):
        browser = as_(keeper)
        page = browser.get("/statements/close").text
        assert "Fourth quarter of 2026" in page
        assert "The period is not over yet" in page
        assert "Every quarter" in page
        assert ">Third quarter of 2026</a>" in page
        answer = send(browser, "/statements/close", organisation=str(owner.id), month="2026-11")
        assert answer.status_code == 409
        assert "This period is not over yet" in answer.text

    def test_closing_leads_to_the_statements_of_the_quarter(self, as_, owner, keeper, send, made):
        answer = send(as_(keeper), "/statements/close", organisation=str(owner.id), month="2026-08")
        assert answer.location == f"/statements?organisation={owner.id}&month=2026-07"

    def test_the_journal_is_of_the_quarter(self, as_, keeper, owner, made):
        browser = as_(keeper)

        def rows(query):
            return list(csv.DictReader(io.StringIO(browser.get(f"/statements/journal.csv?{query}").data.decode("utf-8-sig"))))

        assert {row["statement"] for row in rows("month=2026-07&months=3")} == {made.number, ""}
        assert rows("month=2026-07") == []
        assert len(rows("month=2026-08")) == len(rows("month=2026-07&months=3"))
        assert "month=2026-07&amp;months=3" in browser.get("/statements/close").text
        assert browser.get("/statements/journal.csv?month=2026-07&months=2").status_code == 422


class TestSpan:
    @pytest.mark.parametrize(("language", "name"), [("zh", "2026 年第 3 季度"), ("en", "Third quarter of 2026")])
    def test_page_paper_pdf_and_sheet_say_the_quarter(self, as_, keeper, made, language, name):
        keeper.language = language
        browser = as_(keeper)
        for address in ("", f"/{made.id}", f"/{made.id}/paper"):
            assert name in browser.get(f"/statements{address}").text
        assert name.rsplit(" ", 1)[-1] in written(browser.get(f"/statements/{made.id}/statement.pdf").data)  # digits are in a font of their own
        book = load_workbook(io.BytesIO(browser.get(f"/statements/{made.id}/statement.xlsx").data))
        assert name in [cell.value for row in book.active.iter_rows() for cell in row]

    def test_the_api_tells_first_and_last_month(self, an_api, keeper, made):
        call = an_api(keeper)
        (row,) = call("GET", "/statements?month=2026-09").json["items"]
        assert (row["month"], row["months"], row["last_month"]) == ("2026-07", 3, "2026-09")
        assert call("GET", "/statements?month=2026-10").json["items"] == []

    def test_the_letter_says_the_quarter(self, made, by_wire, now):
        (letter,) = by_wire(now).values()
        assert "for the third quarter of 2026:" in text_of(letter)
