"""Every figure of the desk leads to what it is made of, the parts make it, a published year says so, and nothing is left out in silence."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from html import unescape

import pytest

from instruments.errors import Sentence
from instruments.timespan import TimeSpan
from portal import wholereports
from portal.figureparts import DAILY, FRACTIONS
from portal.figurerows import BY_CODE
from portal.manage import statisticsrank
from scheduling.statistics.examples import EXAMPLES
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.publishing import publish_year
from scheduling.statistics.reports import ReportRow
from tests.fixtures.figuretown import cells, local


def links(html):
    """Give the addresses of the figures of a page by their names."""
    found = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)"', html)
    return {unescape(name): unescape(url) for url, name in found}


def numbers(text):
    return [float(one.replace(",", "")) for one in re.findall(r"[\d,]+(?:\.\d+)?", text)]


class TestWhatAnIndicatorIsMadeOf:
    @pytest.mark.parametrize("code", INDICATORS)
    def test_one_part_over_the_other_is_the_indicator(self, code):
        parts = FRACTIONS[code]
        row = ReportRow("x", Sentence("", ""), EXAMPLES[code].quantities, Fraction(1))
        above, below = (Fraction(str(column.figure(row))) / (60 if column.unit == "minutes" else 1) for column in parts.columns)
        assert float(above / below) == pytest.approx(float(EXAMPLES[code].value), abs=1e-6)

    def test_a_day_has_figures_of_what_adds_up_and_of_shares_of_it_only(self):
        assert {"effective_minutes", "sharing_rate", "utilisation_offered", "income"} <= DAILY
        assert not {"users", "instruments", "mean_effective_hours", "open_rate", "income_yield"} & DAILY


class TestKindsOfUse:
    @pytest.mark.parametrize("kind", ["audience", "mode", "purpose"])
    def test_the_figures_of_every_part_lead_to_the_instruments_that_make_it_and_these_to_their_months(self, figures_as, figure_town, kind):
        browser = figures_as("province_admin")
        found = {url for url in links(browser.get("/manage/statistics/kinds?year=2026&least=all").text).values() if f"/kinds/{kind}/" in url}
        assert found
        for url in found:
            page = browser.get(url)
            assert page.status_code == 200
            (leads, *_) = {one for one in links(page.text).values() if "/statistics/instruments/" in one}
            assert browser.get(leads).status_code == 200

    def test_a_part_nobody_made_says_so_and_one_there_is_not_is_not_found(self, figures_as, figure_town):
        browser = figures_as("province_admin")
        assert "There were no such uses in this time" in browser.get("/manage/statistics/kinds/mode/remote?year=2026&least=all").text
        assert browser.get("/manage/statistics/kinds/mode/flying?year=2026").status_code == 404
        assert browser.get("/manage/statistics/kinds/mode/self?year=2026&page=9").status_code == 404

    def test_an_organisation_sees_the_parts_of_its_own_alone(self, figures_as, figure_town):
        page = figures_as("organisation_admin", figure_town[0].organisation).get("/manage/statistics/kinds/mode/self?year=2026&least=all").text
        assert ("Our microscope" in page, "Their spectrometer" in page) == (True, False)
        assert "Fenhe</span>" in page, "of several instruments of one name, whose it is"


class TestEveryFigureLeadsOn:
    @pytest.mark.parametrize("show", ["main", "sharing", "use", "service"])
    @pytest.mark.parametrize("by", ["organisation", "instrument", "city", "category", "month", "network"])
    def test_every_figure_of_a_row_is_a_link_that_opens(self, figures_as, figure_town, by, show):
        browser = figures_as("province_admin")
        page = browser.get(f"/manage/statistics?year=2026&least=all&by={by}&show={show}").text
        tables = "".join(re.findall(r'<table class="list figure-table">(.*?)</table>', page, re.S))
        plain = [cell for cell in re.findall(r'<td class="number[^"]*">(.*?)</td>', tables, re.S) if "<a " not in cell and "n/a" not in cell]
        unclassed = [row for row in re.findall(r"<tr>(.*?)</tr>", tables, re.S) if '<th scope="row"><a' not in row and "<td" in row]
        assert not plain or unclassed, plain[:3]
        found = links(page)
        assert len(found) > 5
        for url in list(dict.fromkeys(found.values()))[:12]:
            assert browser.get(url).status_code == 200

    def test_a_quantity_leads_to_the_instruments_its_months_its_days_and_the_rows(self, figures_as, figure_town):
        sem = figure_town[0]
        browser = figures_as("province_admin")
        desk = browser.get("/manage/statistics?year=2026&least=all&show=use").text
        name = "Effective hours 10.0 h, Fenhe: what it is made of"
        page = browser.get(links(desk)[name]).text
        assert "In view: Effective hours" in page
        assert sum(numbers(texts[3])[0] for key, texts in cells(page).items() if key.startswith(("Our", "Secret"))) == 10.0
        months = browser.get(links(page)["Effective hours 8.0 h, Our microscope: what it is made of"]).text
        assert cells(months)["2026-11"][0] == "8.0"
        days = browser.get(links(months)["Effective hours 8.0 h, 2026-11: what it is made of"]).text
        assert cells(days)["2026-11-18"][0] == "6.0"
        url = links(days)["Effective hours 6.0 h, 2026-11-18: what it is made of"]
        assert f"/instruments/{sem.id}/days/2026-11-18?" in url
        day = browser.get(url).text
        assert re.search(r'<tr class="in-view"><th scope="row"><a href="[^"]*#effective"', day)
        assert "sort=-effective_minutes" in re.search(r'href="(/manage/statistics\?[^"]*)"[^>]*>Statistics<', day)[1]

    def test_an_indicator_leads_to_its_two_parts_and_its_definition(self, figures_as, figure_town):
        browser = figures_as("province_admin")
        desk = browser.get("/manage/statistics?year=2026&least=all").text
        page = unescape(browser.get(links(desk)["Sharing rate 40.0 %, Fenhe: what it is made of"]).text)
        assert "Sharing rate 40.0 % = External hours 4.0 h ÷ Effective hours 10.0 h" in page
        assert 'href="/statistics/definitions#sharing_rate"' in page
        assert cells(page)["Total"] == ["4.0", "10.0", "40.0 %"]
        months = unescape(browser.get(links(page)["Sharing rate 25.0 %, Our microscope: what it is made of"]).text)
        assert "Sharing rate 25.0 % = External hours 2.0 h ÷ Effective hours 8.0 h" in months
        assert cells(months)["2026-11"][:3] == ["25.0 %", "2.0", "8.0"]

    @pytest.mark.parametrize("code", INDICATORS)
    def test_every_indicator_opens_down_to_a_day(self, figures_as, figure_town, code):
        browser = figures_as("province_admin")
        asked = f"year=2026&least=all&show=parts&sort=-{code}"
        sem = figure_town[0].id
        for path in ("", f"/instruments/{sem}", f"/instruments/{sem}/months/2026-11", f"/instruments/{sem}/days/2026-11-18"):
            page = browser.get(f"/manage/statistics{path}?{asked}")
            assert page.status_code == 200
        month = unescape(browser.get(f"/manage/statistics/instruments/{sem}/months/2026-11?{asked}").text)
        assert ("has no figure for a day" in month) is (code not in DAILY)

    @pytest.mark.parametrize("asked", ["show=parts&sort=-effective_minutes", "show=parts&sort=label", "show=nonsense"])
    def test_parts_of_what_has_none_are_the_overview(self, figures_as, figure_town, asked):
        page = figures_as("province_admin").get(f"/manage/statistics?year=2026&least=all&{asked}")
        assert page.status_code == 200
        assert "is made of”" not in page.text


class TestAPublishedYear:
    @pytest.fixture
    def corrected(self, session, figures_as, figure_town, a_usage, keep_figures, a_person):
        """2026 was published on 2 February 2027; afterwards an hour of one of our own is added on the 18th."""
        province = figures_as("province_admin")
        publish_year(session, 2026, viewer=figures_as.viewer, now=datetime(2027, 2, 2, 4, tzinfo=UTC))
        sem = figure_town[0]
        a_usage(instrument=sem, person=a_person(organisation=sem.organisation), span=TimeSpan(local(18, 15), local(18, 16)))
        keep_figures()
        return province, sem

    def test_each_level_says_when_and_what_has_been_corrected(self, corrected):
        browser, sem = corrected
        desk = cells(browser.get("/manage/statistics?year=2026&least=all&show=use").text)
        assert desk["Fenhe"][3] == "10.0 now 11.0 (+1.0)"
        assert desk["Taihang"][3] == "2.0"
        assert desk["Total"][3] == "12.0 now 13.0 (+1.0)"
        months = browser.get(f"/manage/statistics/instruments/{sem.id}?year=2026").text
        assert cells(months)["2026-11"][3] == cells(months)["2026"][3] == "8.0 now 9.0 (+1.0)"
        days = browser.get(f"/manage/statistics/instruments/{sem.id}/months/2026-11").text
        assert cells(days)["2026-11, as published"][3] == "8.0 now 9.0 (+1.0)"
        assert cells(days)["Now"][3] == "9.0"
        assert sum(numbers(texts[3])[0] for day, texts in cells(days).items() if day.startswith("2026-11-")) == 9.0
        day = browser.get(f"/manage/statistics/instruments/{sem.id}/days/2026-11-18").text
        assert cells(day)["Effective hours (h)"] == ["7.00", "7.00"]
        for page in (months, days, day):
            assert "The figures of 2026 were published on" in page

    def test_the_parts_make_the_figure_on_each_level(self, corrected):
        browser, _ = corrected
        for by in ("organisation", "instrument", "city", "month"):
            rows = cells(browser.get(f"/manage/statistics?year=2026&least=all&show=use&by={by}").text)
            total = numbers(rows.pop("Total")[3])
            parts = [numbers(texts[3]) for name, texts in rows.items() if name.startswith(("Fenhe", "Taihang", "Our", "Their", "Secret", "2026", "not"))]
            assert sum(one[0] for one in parts) == total[0] == 12.0 or by == "city"

    def test_a_year_that_is_not_published_says_nothing(self, figures_as, figure_town):
        page = figures_as("province_admin").get(f"/manage/statistics/instruments/{figure_town[0].id}?year=2026").text
        assert "were published" not in page


class TestNothingIsLeftOutInSilence:
    @pytest.fixture
    def many(self, session, an_instrument, an_organisation, a_usage, a_person, keep_figures):
        """Seven instruments, the k-th used for k hours, all for others."""
        home = an_organisation(name_en="Home")
        for hours in range(1, 8):
            one = an_instrument(organisation=home, hours=None, name_en=f"Instrument {hours}")
            a_usage(instrument=one, person=a_person(), span=TimeSpan(local(18, 8), local(18, 8) + timedelta(hours=hours)))
        keep_figures()

    @pytest.mark.parametrize(("sort", "first"), [("-effective_minutes", [7, 6, 5]), ("effective_minutes", [1, 2, 3])])
    def test_by_hours_all_instruments_can_be_leafed_through(self, figures_as, many, monkeypatch, sort, first):
        monkeypatch.setattr(statisticsrank, "ROWS", 3)
        browser = figures_as("province_admin")
        seen, page = [], 1
        while page:
            text = browser.get(f"/manage/statistics?year=2026&by=instrument&show=use&sort={sort}&page={page}").text
            assert "7 in all" in text
            seen += [int(one) for one in re.findall(r">Instrument (\d)</a>", re.search(r'figure-table">(.*?)</table>', text, re.S)[1])]
            page = page + 1 if 'rel="next"' in text else 0
        assert seen[:3] == first
        assert sorted(seen) == list(range(1, 8))
        assert browser.get(f"/manage/statistics?year=2026&by=instrument&sort={sort}&page=4").status_code == 404

    def test_where_only_some_are_ranked_it_says_how_many_are_not(self, figures_as, many, monkeypatch):
        page = figures_as("province_admin").get("/manage/statistics?year=2026&by=instrument").text
        assert "are not among them" not in page
        told = statisticsrank.told
        monkeypatch.setattr(statisticsrank, "told", lambda *given, **asked: told(*given, **{"limit": 4} | asked))
        page = figures_as("province_admin").get("/manage/statistics?year=2026&by=instrument").text
        assert "of 7; 3 are not among them" in page

    def test_the_file_of_the_desk_has_all_rows_however_few_are_read_at_a_time(self, figures_as, many, monkeypatch):
        monkeypatch.setattr(wholereports, "AT_ONCE", 3)
        browser = figures_as("province_admin")
        table = list(csv.DictReader(io.StringIO(browser.get("/manage/statistics/report.csv?year=2026&by=instrument").get_data(as_text=True))))
        assert [row["effective_minutes"] for row in table] == [str(60 * hours) for hours in (7, 6, 5, 4, 3, 2, 1)] + [str(60 * 28)]

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_the_public_file_adds_up_what_it_leaves_out(self, client, many, monkeypatch, kind):
        monkeypatch.setattr("portal.yearbookpages.MOST_ROWS", 5)
        answer = client.get(f"/statistics.{kind}?year=2026&by=instrument&least=all")
        assert answer.status_code == 200
        if kind == "csv":
            table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
            assert table[-2]["label_en"] == "The other 2 together"
            assert (table[-2]["effective_minutes"], table[-2]["users"]) == ("180", "")
            assert sum(int(row["effective_minutes"]) for row in table[:-1]) == int(table[-1]["effective_minutes"])

    def test_columns_are_those_of_the_interface_still(self):
        assert not set(BY_CODE) & {"opened", "survey_hours", "value"}
