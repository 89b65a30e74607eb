"""The year on paper: every figure in it is the report's, for everybody without small counts, as it was published with what was corrected since."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from instruments.access import load_viewer
from instruments.roles import grant
from instruments.timespan import TimeSpan
from portal.figurerows import BY_CODE
from portal.figurewords import written
from portal.language import in_language
from portal.yearbookparts import KEY, MONTHLY, TOLD
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import year
from scheduling.statistics.publishing import publish_year, told
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope
from tests.portal.costs import counted
from tests.portal.papers import written as texts_of

HOUR = timedelta(hours=1)
NEXT_YEAR = datetime(2027, 2, 1, tzinfo=UTC)
WORKDAYS = tuple((weekday, 480, 1080) for weekday in range(5))


def local(day, hour, month=11):
    return datetime(2026, month, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def count(session):
    def counted_at(at):
        session.flush()
        while work_off(session, now=at):
            session.flush()
        session.commit()

    return counted_at


@pytest.fixture
def sem(session, an_organisation, an_instrument, a_person, a_usage, count, now):
    """Our microscope, used by six of our own and one visitor; their spectrometer, used by the visitor; a draft of ours."""
    ours, theirs = an_organisation(name_zh="汾河大学", name_en="Fenhe"), an_organisation(name_zh="太行大学", name_en="Taihang")
    sem = an_instrument(organisation=ours, hours=WORKDAYS, name_zh="电镜", name_en="Our microscope")
    nmr = an_instrument(organisation=theirs, hours=None, name_en="Their spectrometer")
    draft = an_instrument(organisation=ours, hours=None, publication="draft", published_at=None, name_en="Secret draft")
    visitor = a_person(name="郑来客")
    for hour in range(8, 14):
        a_usage(instrument=sem, person=a_person(organisation=ours), span=TimeSpan(local(18, hour), local(18, hour + 1)))
    for day, instrument in enumerate((sem, nmr, draft), 19):
        a_usage(instrument=instrument, person=visitor, span=TimeSpan(local(day, 9), local(day, 11)), samples=2)
    count(now)
    return sem


@pytest.fixture
def as_(session, a_browser, log_in, a_person, now):
    """`as_("auditor", organisation)` gives the browser of somebody with a role there."""

    def made(role, organisation, **scope):
        person = a_person(organisation=organisation, language="en")
        if role:
            grant(session, person, role, organisation=None if scope else organisation, now=now, **scope)
        session.flush()
        made.viewer = load_viewer(session, person)
        return log_in(a_browser(), person)

    return made


def table(page, code):
    """Give the rows of a part's table: a list of the texts of its cells."""
    (inner,) = re.findall(rf'id="table-{code}">(.*?)</table>', page, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", inner, re.S)
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def texts(codes, row):
    return [written(BY_CODE[code], BY_CODE[code].figure(row)) for code in codes]


class TestForEverybody:
    @pytest.mark.parametrize(("by", "codes"), [("month", MONTHLY), ("organisation", TOLD), ("category", TOLD), ("city", TOLD)])
    def test_every_cell_is_the_figure_of_the_report(self, app, client, session, sem, by, codes):
        found = report(session, year(2026), by, Scope(is_public=True))
        rows = table(client.get("/statistics/2026/report?lang=en").text, {"month": "months"}.get(by, by))
        with app.app_context(), in_language("en"):
            told = [[row.label.en, *texts(codes, row)] for row in (*found.rows, found.total)]
        assert [row[: len(codes) + 1] for row in rows[1:]] == told

    def test_the_key_figures_are_those_of_the_whole(self, app, client, session, sem):
        total = report(session, year(2026), "network", Scope(is_public=True)).total
        rows = table(client.get("/statistics/2026/report?lang=en").text, "key")
        with app.app_context(), in_language("en"):
            assert [row[1] for row in rows[1 : len(KEY) + 1]] == texts(KEY, total)
        assert rows[2][-1] == "1,599 (2025)"

    def test_what_is_not_everybodys_is_not_in_it(self, client, sem):
        for address in ("report", "report.pdf"):
            answer = client.get(f"/statistics/2026/{address}?lang=en")
            text = answer.text if address == "report" else texts_of(answer.data)
            assert "Our microscope" in text
            assert "Secret draft" not in text
            assert "郑来客" not in text

    def test_few_users_are_not_told(self, client, sem):
        rows = {row[0]: row for row in table(client.get("/statistics/2026/report?lang=en").text, "organisation")}
        assert rows["Taihang"][-1] == "fewer than 5"

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_pdf_says_the_same_as_the_page(self, client, sem, language):
        page = client.get(f"/statistics/2026/report?lang={language}").text
        answer = client.get(f"/statistics/2026/report.pdf?lang={language}")
        assert answer.mimetype == "application/pdf"
        paper = texts_of(answer.data)
        for code in ("key", "months", "organisation"):
            for row in table(page, code)[1:]:
                assert all(cell.replace("\u2212", "\u2013").split()[0] in paper for cell in row[1:] if cell.isascii() and cell)

    def test_a_year_without_anything_says_so(self, client, sem):
        page = client.get("/statistics/2019/report?lang=en")
        assert page.status_code == 200
        assert "nothing to report" in page.text
        assert client.get("/statistics/2019/report.pdf").status_code == 200

    @pytest.mark.parametrize("number", [0, 1990, 2200, 99999999999999999999])
    def test_a_year_that_cannot_be_meant_is_not_there(self, client, number):
        assert client.get(f"/statistics/{number}/report").status_code == 404

    def test_it_costs_the_same_however_many_instruments_there_are(self, app, client, sem, an_instrument, count, now):
        engine = app.extensions["engine"]
        client.get("/statistics/2026/report")
        with counted(engine) as few:
            client.get("/statistics/2026/report")
        for _ in range(12):
            an_instrument()
        count(now)
        with counted(engine) as many:
            client.get("/statistics/2026/report")
        assert len(many) == len(few)


class TestPublished:
    @pytest.fixture
    def published(self, session, sem, a_province_admin, count):
        count(NEXT_YEAR)
        publish_year(session, 2026, viewer=load_viewer(session, a_province_admin()), now=NEXT_YEAR)
        session.commit()
        return sem

    def test_a_year_that_is_not_published_is_preliminary(self, client, sem):
        assert "Preliminary" in client.get("/statistics/2026/report?lang=en").text

    def test_it_stays_as_published_and_tells_what_was_corrected(self, client, session, published, a_usage, a_person, count):
        before = client.get("/statistics/2026/report?lang=en").text
        assert "As published on" in before
        assert "nothing has been corrected since" in before
        a_usage(instrument=published, person=a_person(), span=TimeSpan(local(17, 9), local(17, 12)))
        count(NEXT_YEAR)
        after = client.get("/statistics/2026/report?lang=en").text
        assert table(after, "key") == table(before, "key")
        rows = {row[1]: row[2:] for row in table(after, "corrections")[1:]}
        assert rows["Effective hours (h)"] == ["8.0", "11.0"]
        assert told(session, year(2026), "network", Scope(is_public=True)).total.quantities.effective == 10 * 60


class TestOfAnOrganisation:
    def test_its_administrator_and_auditor_read_everything_that_is_theirs(self, app, session, sem, as_):
        for role in ("organisation_admin", "auditor"):
            browser = as_(role, sem.organisation)
            page = browser.get(f"/organisation/{sem.organisation_id}/2026/report").text
            found = report(session, year(2026), "facility", Scope(organisation_id=sem.organisation_id), viewer=as_.viewer)
            rows = table(page, "facility")
            with app.app_context(), in_language("en"):
                assert rows[1][:-1] == [found.rows[0].label.en, *texts(TOLD, found.rows[0])]
            assert rows[1][-1] == "7"
            assert "Secret draft" in page
            assert "Their spectrometer" not in page

    def test_nobody_else_finds_it(self, sem, as_, an_organisation, client):
        address = f"/organisation/{sem.organisation_id}/2026/report"
        assert as_("organisation_admin", an_organisation()).get(address).status_code == 404
        assert as_(None, sem.organisation).get(address).status_code == 404
        assert client.get(address).status_code == 302

    def test_it_is_printed_too(self, sem, as_):
        answer = as_("organisation_admin", sem.organisation).get(f"/organisation/{sem.organisation_id}/2026/report.pdf")
        assert answer.data.startswith(b"%PDF")
        assert "Fenhe" in texts_of(answer.data)


class TestFiles:
    def test_the_csv_has_the_public_figures_and_no_small_counts(self, client, session, sem):
        answer = client.get("/statistics.csv?year=2026&by=organisation")
        lines = [line.split(",") for line in answer.text.splitlines()]
        heads = lines[0]
        rows = {line[2]: dict(zip(heads, line, strict=True)) for line in lines[1:]}
        total = report(session, year(2026), "network", Scope(is_public=True)).total
        assert rows["Total"]["effective_minutes"] == str(total.quantities.effective)
        assert rows["Taihang"]["users"] == ""
        assert rows["Fenhe"]["effective_minutes"] == "480"

    def test_the_workbook_is_one(self, client, sem):
        assert client.get("/statistics.xlsx?year=2026&by=month").data.startswith(b"PK")

    def test_filters_do_not_narrow_what_everybody_gets(self, client, sem):
        narrowed = client.get(f"/statistics.csv?year=2026&organisation={sem.organisation_id}").text
        assert narrowed == client.get("/statistics.csv?year=2026").text
