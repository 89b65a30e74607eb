"""Statistics on pages: everybody reads no more than everybody may, each administrator exactly what is hers, and every figure leads to its rows."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from instruments.people import Organisation
from instruments.timespan import TimeSpan
from portal import clock
from portal.definitions import CERTAINTY, MARKS
from portal.publicfigures import public_figures
from portal.statisticsform import SHOWN, read_wanted
from scheduling.accounting.charges import Charge
from scheduling.statistics.examples import EXAMPLES
from scheduling.statistics.figures import MonthFigure, YearFigure
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.keeping import work_off
from scheduling.statistics.periods import year
from scheduling.statistics.publishing import publish_year
from scheduling.statistics.quantities import TITLES
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope
from tests.fixtures.figuretown import cells, local
from tests.fixtures.moves import move
from tests.portal.costs import counted

HOUR = timedelta(hours=1)
PAGES = ("", "/spread", "/kinds", "/changes", "/report.csv", "/report.xlsx")


class TestForEverybody:
    def test_a_sentence_says_what_the_network_did(self, client, figure_town):
        page = client.get("/statistics?year=2026").text
        assert "So far in 2026, 2 instruments worked 5 h on average, 2 h of it for others: sharing rate 40.0 %." in page
        assert "Our microscope" in page
        assert "Their spectrometer" in page

    def test_what_was_never_published_and_persons_are_not_on_the_page(self, client, figure_town):
        page = client.get("/statistics?year=2026").text
        assert "Secret draft" not in page
        assert "郑来客" not in page

    def test_few_users_are_not_told_nor_to_be_computed(self, client, session, figure_town):
        rows = cells(client.get("/statistics?year=2026").text)
        assert rows["Taihang"][-1].startswith("fewer than 5")
        figures = public_figures(session, 2026, least=5)
        assert figures.users_of[str(figure_town[1].organisation_id)].value is None
        assert figures.external_users.value is None

    def test_users_stand_in_one_table_only(self, client, figure_town):
        assert client.get("/statistics?year=2026").text.count(">Users</th>") == 1

    def test_the_limit_is_a_setting(self, session, figure_town):
        figures = public_figures(session, 2026, least=1)
        assert figures.users_of[str(figure_town[1].organisation_id)].value == 1

    def test_figures_for_everybody_are_computed_once_in_a_while(self, app, client, figure_town, a_usage, a_person, keep_figures, clock_at, now):
        app.extensions["settings"] = replace(app.extensions["settings"], figures_seconds=300)
        before = client.get("/statistics?year=2026").text
        a_usage(instrument=figure_town[0], person=a_person(), span=TimeSpan(local(17, 8), local(17, 12)))
        keep_figures()
        for minutes, is_as_before in ((0, True), (4, True), (5, False)):
            with clock_at(now + timedelta(minutes=minutes)):
                assert ("2 instruments worked 5 h on average" in client.get("/statistics?year=2026").text) == is_as_before
        assert "2 instruments worked 5 h on average" in before

    def test_a_year_that_is_published_is_told_as_published_at_once(self, app, session, client, figure_town, figures_as, clock_at):
        app.extensions["settings"] = replace(app.extensions["settings"], figures_seconds=300)
        figures_as("province_admin")
        with clock_at(datetime(2027, 1, 5, tzinfo=UTC)):
            before = client.get("/statistics?year=2026").text
            while work_off(session, now=clock.now()):
                session.flush()
            publish_year(session, 2026, viewer=figures_as.viewer, now=clock.now())
            session.execute(update(YearFigure).values(samples=YearFigure.samples + 1))
            session.execute(update(MonthFigure).values(samples=MonthFigure.samples + 1))
            session.commit()
            after = client.get("/statistics?year=2026").text
        assert "Corrected since it was published" not in before
        assert "Corrected since it was published" in after

    def test_a_change_too_small_to_be_seen_is_none(self, session, client, an_instrument):
        one = an_instrument()
        for number, external in ((2025, 40_000), (2026, 39_999)):
            session.add(YearFigure(instrument_id=one.id, starts_on=date(number, 1, 1), effective=100_000, external=external))
        session.commit()
        assert "sharing rate 40.0 %, the same as the year before" in client.get("/statistics?year=2026").text

    def test_a_year_without_data_says_so_and_where_there_is_some(self, client, figure_town):
        page = client.get("/statistics?year=2019")
        assert page.status_code == 200
        assert "Nothing is known of 2019" in page.text
        assert 'href="/statistics?year=2026"' in page.text

    def test_an_empty_portal_has_a_page_too(self, client):
        assert "Nothing is known of 2026" in client.get("/statistics").text

    @pytest.mark.parametrize("wrong", ["0", "abc", "20266", "-1", "1e9"])
    def test_a_year_that_cannot_be_meant_is_refused(self, client, wrong):
        assert client.get(f"/statistics?year={wrong}").status_code == 422

    def test_the_front_page_and_the_menu_lead_here(self, client):
        assert client.get("/").text.count('href="/statistics"') >= 3


class TestDefinitions:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_figure_is_explained_with_its_formula_its_source_and_an_example(self, client, language):
        page = unescape(client.get(f"/statistics/definitions?lang={language}").text)
        for code, one in INDICATORS.items():
            assert f'id="{code}"' in page
            for sentence in (one.title, one.formula, one.source, EXAMPLES[code].words, *(MARKS[mark][0] for mark in CERTAINTY[code])):
                assert getattr(sentence, language) in page
        assert all(f'id="{code}"' in page for code in TITLES)
        assert "1,440" in page

    @pytest.mark.parametrize("code", INDICATORS)
    def test_every_example_is_what_is_computed(self, code):
        example = EXAMPLES[code]
        assert INDICATORS[code].compute(example.quantities, 1).value == example.value

    def test_every_heading_of_a_table_leads_to_its_definition(self, figures_as, client, figure_town):
        definitions = client.get("/statistics/definitions").text
        browser = figures_as("province_admin")
        for show in SHOWN:
            page = browser.get(f"/manage/statistics?show={show}&least=all").text
            anchors = set(re.findall(r"/statistics/definitions#([\w-]+)", page))
            assert len(anchors) > 5
            assert all(f'id="{anchor}"' in definitions for anchor in anchors)


class TestWhoseFigures:
    @pytest.mark.parametrize("page", PAGES)
    def test_who_answers_for_nothing_finds_no_desk(self, figures_as, client, figure_town, page):
        assert client.get(f"/manage/statistics{page}").status_code == 302
        assert figures_as(None).get(f"/manage/statistics{page}").status_code == 404

    def test_the_province_sees_all_with_every_count(self, figures_as, session, figure_town):
        rows = cells(figures_as("province_admin").get("/manage/statistics?year=2026&least=all&show=sharing").text)
        assert (rows["Fenhe"][-3], rows["Taihang"][-3]) == ("7", "1")

    @pytest.mark.parametrize("role", ["organisation_admin", "auditor"])
    @pytest.mark.parametrize("page", PAGES[:-1])
    def test_of_an_organisation_one_sees_nothing_of_others(self, figures_as, figure_town, role, page):
        text = figures_as(role, figure_town[0].organisation).get(f"/manage/statistics{page}?year=2026&least=all").text
        assert "Taihang" not in text
        assert "太行大学" not in text
        assert "Their spectrometer" not in text

    def test_a_foreign_organisation_cannot_be_asked_for(self, figures_as, figure_town):
        sem, nmr, _ = figure_town
        browser = figures_as("organisation_admin", sem.organisation)
        page = browser.get(f"/manage/statistics?organisation={nmr.organisation_id}&least=all").text
        assert "No instrument is in this range" in page
        for path in ("", "/months/2026-11", "/days/2026-11-20"):
            assert browser.get(f"/manage/statistics/instruments/{nmr.id}{path}").status_code == 404
            assert browser.get(f"/manage/statistics/instruments/{sem.id}{path}").status_code == 200

    def test_a_manager_sees_her_own_instruments(self, figures_as, figure_town):
        browser = figures_as("manager", figure_town[1].organisation, instrument=figure_town[1])
        page = browser.get("/manage/statistics?by=instrument&least=all").text
        assert "Their spectrometer" in page
        assert "Our microscope" not in page

    @pytest.mark.parametrize("by", ["organisation", "instrument", "city", "category", "facility", "month"])
    def test_the_figures_are_those_of_the_report(self, figures_as, session, figure_town, by):
        browser = figures_as("province_admin")
        rows = cells(browser.get(f"/manage/statistics?year=2026&least=all&show=use&by={by}").text)
        found = report(session, year(2026), by, Scope(), viewer=figures_as.viewer)
        for row in (*found.rows, found.total):
            texts = rows[row.label.en] if row.label.en in rows else next(cell for name, cell in rows.items() if name.startswith(row.label.en))
            assert texts[:4] == [f"{getattr(row.quantities, name) / 60:,.1f}" for name in ("opening", "booked", "used", "effective")]

    def test_the_file_has_the_same_figures(self, figures_as, figure_town):
        browser = figures_as("province_admin")
        table = list(csv.DictReader(io.StringIO(browser.get("/manage/statistics/report.csv?year=2026&least=all").get_data(as_text=True))))
        assert {row["label_en"]: row["effective_minutes"] for row in table} == {"Fenhe": "600", "Taihang": "120", "Total": "720"}
        book = load_workbook(io.BytesIO(browser.get("/manage/statistics/report.xlsx?year=2026&least=all").data))
        assert book.worksheets[0].max_row == 3 + len(table)
        assert browser.get("/manage/statistics/report.exe").status_code == 404


class TestTheQuestion:
    def test_five_hundred_thousand_yuan_is_the_usual_least_value(self, figures_as, figure_town):
        browser = figures_as("province_admin")
        assert "Taihang" not in cells(browser.get("/manage/statistics?year=2026").text)
        assert "Taihang" in cells(browser.get("/manage/statistics?year=2026&least=all").text)
        assert "Taihang" in cells(browser.get("/manage/statistics?year=2026&least=300000").text)

    def test_general_and_dedicated_instruments_are_apart(self, figures_as, session, an_instrument, keep_figures):
        an_instrument(is_dedicated=True, name_en="Dedicated one")
        an_instrument(name_en="General one")
        keep_figures()
        browser = figures_as("province_admin")
        for kind, shown, hidden in (("dedicated", "Dedicated", "General"), ("general", "General", "Dedicated")):
            page = browser.get(f"/manage/statistics?by=instrument&quota={kind}").text
            assert f"{shown} one" in page
            assert f"{hidden} one" not in page

    def test_rows_are_ranked_and_those_without_a_figure_come_last(self, figures_as, figure_town):
        browser = figures_as("province_admin")
        up = browser.get("/manage/statistics?year=2026&least=all&sort=sharing_rate").text
        down = browser.get("/manage/statistics?year=2026&least=all&sort=-sharing_rate").text
        assert up.index(">Fenhe</a>") < up.index(">Taihang</a>")
        assert down.index(">Taihang</a>") < down.index(">Fenhe</a>")
        opened = browser.get("/manage/statistics?year=2026&least=all&show=use&sort=utilisation_offered").text
        assert opened.index(">Fenhe</a>") < opened.index(">Taihang</a>")
        assert "No hours were offered" in opened

    def test_another_year_is_compared_in_points(self, figures_as, session, figure_town):
        rows = cells(figures_as("province_admin").get("/manage/statistics?year=2026&least=all&against=2025").text)
        assert rows["Fenhe"][3] == "40.0 % +40.0 points"

    @pytest.mark.parametrize("query", [
        "year=0", "year=x", "least=-1", "least=NaN", "span=months&from=2026-13", "span=months&from=2026-02&to=2026-01", "organisation=x",
        "category=1", "page=0x", "page=1000000", "against=9999",
    ])  # fmt: skip
    def test_what_cannot_be_meant_is_refused(self, figures_as, figure_town, query):
        assert figures_as("province_admin").get(f"/manage/statistics?{query}").status_code in (404, 422)

    @pytest.mark.parametrize(("query", "first", "until"), [
        ("year=2026&span=q4", "2026-10-01", "2027-01-01"), ("year=2025&span=school", "2025-09-01", "2026-09-01"),
        ("span=months&from=2026-03&to=2026-05", "2026-03-01", "2026-06-01"), ("", "2026-01-01", "2027-01-01"),
    ])  # fmt: skip
    def test_the_time_can_be_a_year_a_school_year_a_quarter_or_months(self, query, first, until, now):
        wanted = read_wanted(dict(part.split("=") for part in query.split("&") if part), now)
        assert (wanted.period.first, wanted.period.until) == (date.fromisoformat(first), date.fromisoformat(until))

    def test_the_cost_does_not_grow_with_the_instruments(self, figures_as, session, an_organisation, an_instrument, keep_figures, clean_engine, figure_town):
        browser = figures_as("province_admin")
        urls = ["/statistics", *(f"/manage/statistics{page}" for page in ("?by=instrument&least=all&against=2025", "/spread", "/kinds", "/changes"))]

        def costs():
            found = []
            for url in urls:
                with counted(clean_engine) as said:
                    assert browser.get(url).status_code == 200
                found.append(len(said))
            return found

        few = costs()
        for _ in range(15):
            an_instrument(organisation=an_organisation())
        keep_figures()
        assert costs() == few


class TestWayDown:
    def test_from_the_desk_to_the_rows_of_a_day_and_back(self, figures_as, session, figure_town):
        sem = figure_town[0]
        browser = figures_as("province_admin")
        desk = browser.get(f"/manage/statistics?by=instrument&year=2026&organisation={sem.organisation_id}").text
        assert f"/manage/statistics/instruments/{sem.id}?year=2026" in desk
        assert f"/instruments/{sem.id}/months/2026-11?" in browser.get(f"/manage/statistics/instruments/{sem.id}?year=2026").text
        month = browser.get(f"/manage/statistics/instruments/{sem.id}/months/2026-11").text
        assert cells(month)["2026-11-18"][3] == "6.0"
        day = browser.get(f"/manage/statistics/instruments/{sem.id}/days/2026-11-19?organisation={sem.organisation_id}&by=instrument").text
        assert cells(day)["Effective hours (h)"] == ["2.00", "2.00"]
        assert cells(day)["External hours (h)"] == ["2.00", "2.00"]
        assert "郑来客" in day
        assert f'href="/manage/statistics?organisation={sem.organisation_id}&amp;by=instrument"' in day
        (use,) = re.findall(r'href="(/usage/\d+)"', day)
        assert browser.get(use).status_code == 200

    @pytest.mark.parametrize("path", ["months/2026-13", "months/x", "days/2026-02-30", "days/0001-01-01", "days/9999-12-31", "days/x"])
    def test_days_that_are_none_are_not_found(self, figures_as, figure_town, path):
        assert figures_as("province_admin").get(f"/manage/statistics/instruments/{figure_town[0].id}/{path}").status_code == 404

    def test_income_of_a_day_is_the_sum_of_its_charges(self, figures_as, session, figure_town, now, keep_figures):
        sem, browser = figure_town[0], figures_as("province_admin")
        for total in (Decimal("12.30"), Decimal("7.70")):
            session.add(
                Charge(
                    kind="service", organisation_id=sem.organisation_id, instrument_id=sem.id, person_id=figures_as.viewer.person_id,
                    used_at=local(19, 9), status="final", total=total, made_at=now, final_at=now,
                )
            )  # fmt: skip
        keep_figures()
        rows = cells(browser.get(f"/manage/statistics/instruments/{sem.id}/days/2026-11-19").text)
        assert rows["Income"] == ["¥20.00", "¥20.00"]


class TestMoved:
    """The microscope goes to Taihang when the year is over."""

    @pytest.fixture
    def gone(self, session, figure_town):
        sem, nmr, _ = figure_town
        move(session, sem, at=datetime(2027, 1, 4, tzinfo=UTC), organisation_id=nmr.organisation_id)
        session.commit()
        return sem

    def test_its_year_stays_with_the_former_organisation_which_may_read_it_but_not_open_it(self, gone, figure_town, figures_as, session):
        former = session.get(Organisation, figure_town[2].organisation_id)
        browser = figures_as("organisation_admin", former)
        page = browser.get("/manage/statistics?year=2026&least=all&by=instrument").text
        assert "Fenhe · moved to Taihang since" in page
        assert cells(browser.get("/manage/statistics?year=2026&least=all").text)["Fenhe"]
        assert f"/manage/statistics/instruments/{gone.id}" not in page
        assert browser.get(f"/manage/statistics/instruments/{gone.id}?year=2026").status_code in (403, 404)
        assert "Our microscope" in browser.get("/manage/statistics/report.csv?year=2026&least=all&by=instrument").get_data(as_text=True)
        assert "Our microscope" not in browser.get("/manage/statistics?year=2027&least=all&by=instrument").text

    def test_the_present_organisation_reads_it_under_the_former_one_and_opens_it(self, gone, figure_town, figures_as):
        browser = figures_as("organisation_admin", figure_town[1].organisation)
        page = browser.get("/manage/statistics?year=2026&least=all&by=instrument").text
        assert f"/manage/statistics/instruments/{gone.id}" in page
        own = browser.get(f"/manage/statistics/instruments/{gone.id}?year=2026").text
        assert "2026 · Fenhe · moved to Taihang since" in " ".join(own.split())
        assert '<option value="' in page
        assert "Fenhe" in page

    def test_what_has_not_moved_says_nothing_of_it(self, figure_town, figures_as):
        browser = figures_as("organisation_admin", figure_town[0].organisation)
        assert "moved to" not in browser.get("/manage/statistics?year=2026&least=all&by=instrument").text
        assert "moved to" not in browser.get(f"/manage/statistics/instruments/{figure_town[0].id}?year=2026").text
