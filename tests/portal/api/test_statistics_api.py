"""Statistics: the same figures by the API, on paper and by the command, cell by cell; and nobody's small counts for everybody."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from instruments.access import load_viewer
from instruments.roles import grant
from instruments.timespan import TimeSpan
from portal.cli import main
from portal.figurerows import COLUMNS
from scheduling.statistics.keeping import work_off
from tests.fixtures.pagetables import rows_under

HOUR = timedelta(hours=1)
WORKDAYS = tuple((weekday, 480, 1080) for weekday in range(5))


def local(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def town(session, an_organisation, an_instrument, a_person, a_usage, now):
    """Our SEM, used by six of our own and one visitor; their NMR, used by the visitor; a draft that somebody used."""
    ours, theirs = an_organisation(name_zh="汾河大学", name_en="=Fenhe"), an_organisation()
    sem, nmr = an_instrument(organisation=ours, hours=WORKDAYS), an_instrument(organisation=theirs, hours=None)
    draft = an_instrument(organisation=ours, hours=None, publication="draft", published_at=None)
    visitor = a_person()
    for hour in range(8, 14):
        a_usage(instrument=sem, person=a_person(organisation=ours), span=TimeSpan(local(18, hour), local(18, hour + 1)))
    for day, instrument in enumerate((sem, nmr, draft), 19):
        a_usage(instrument=instrument, person=visitor, span=TimeSpan(local(day, 9), local(day, 11)))
    session.flush()
    while work_off(session, now=now):
        session.flush()
    session.commit()
    return sem, nmr, draft


@pytest.fixture
def as_(session, an_api, a_person, now):
    def made(role, organisation=None):
        person = a_person(organisation=organisation) if organisation else a_person()
        grant(session, person, role, organisation=organisation, now=now)
        session.flush()
        return an_api(load_viewer(session, person))

    return made


class TestAnswers:
    def test_a_row_has_everything_the_contract_names(self, client, town):
        answer = client.get("/api/v1/statistics?year=2026&by=organisation").json
        assert (answer["year"], answer["by"], answer["waiting"]) == (2026, "organisation", 0)
        row = answer["rows"][0]
        assert row["label_zh"] == "汾河大学"
        for name in ("instruments", "opening_minutes", "booked_minutes", "used_minutes", "effective_minutes", "external_minutes", "down_minutes"):
            assert isinstance(row[name], int)
        assert (row["effective_minutes"], row["external_minutes"], row["income"]) == (480, 120, "0.00")
        assert row["sharing_rate"] == 0.25
        assert (row["satisfaction"], row["reason"]["satisfaction"]["en"]) == (None, "Nobody has rated")

    def test_everybody_reads_of_published_instruments_only_and_no_small_counts(self, client, town):
        answer = client.get("/api/v1/statistics?year=2026&by=instrument").json
        assert {row["key"] for row in answer["rows"]} == {str(one.id) for one in town[:2]}
        assert [row["users"] for row in answer["rows"]] == [None, None]  # the NMR's single user, and with it the SEM's seven
        assert "Fewer than 5" in answer["rows"][1]["reason"]["users"]["en"]
        assert answer["total"]["effective_minutes"] == 600

    @pytest.mark.parametrize("more", [0, 6])
    def test_what_people_the_page_does_not_count_the_api_does_not_count_either(self, session, client, town, a_usage, a_person, now, more):
        _, nmr, _ = town
        for hour in range(more):
            a_usage(instrument=nmr, person=a_person(), span=TimeSpan(local(17, 8 + hour), local(17, 9 + hour)))
        session.flush()
        while work_off(session, now=now):
            session.flush()
        session.commit()
        shown = {row[0]: row[-1] for row in rows_under(client.get("/statistics?year=2026&lang=en").text, "Organisation", "Users")}
        answer = client.get("/api/v1/statistics?year=2026&by=organisation").json
        told = {row["label_en"]: row["users"] for row in answer["rows"]} | {"Network": answer["total"]["users"]}
        assert set(told) == set(shown)
        for label, users in told.items():
            assert shown[label] == str(users) if users is not None else not shown[label].isdigit(), label
        assert any(users is None for users in told.values()) is (more == 0)

    def test_the_province_reads_every_count(self, town, as_):
        answer = as_("province_admin")("GET", "/statistics?year=2026&by=instrument").json
        assert {row["key"]: row["users"] for row in answer["rows"]} == {str(one.id): users for one, users in zip(town, (7, 1, 1), strict=True)}

    def test_an_administrator_reads_of_her_own_organisation_with_mine(self, town, as_):
        call = as_("organisation_admin", town[0].organisation)
        answer = call("GET", "/statistics?year=2026&by=organisation&mine=true").json
        assert [(row["key"], row["users"]) for row in answer["rows"]] == [(str(town[0].organisation_id), 7)]

    def test_mine_is_nothing_for_who_answers_for_nothing(self, client, town, an_api, a_person):
        assert client.get("/api/v1/statistics?mine=true").status_code == 403
        assert an_api(a_person())("GET", "/statistics?mine=true").status_code == 403

    @pytest.mark.parametrize("wrong", [
        "year=0", "year=1e9", "by=person", "least_value=-1", "least_value=NaN", "from=2026-01", "from=2026-13&until=2026-12",
        "from=2020-01&until=2050-01", "quarter=5", "limit=1000000000", "category=abc", "organisation=x",
    ])  # fmt: skip
    def test_what_cannot_be_meant_is_refused(self, client, wrong):
        assert client.get(f"/api/v1/statistics?{wrong}").status_code in (404, 422)

    def test_a_year_without_data_has_zeros_and_undefined_rates(self, client, town):
        total = client.get("/api/v1/statistics?year=2010").json["total"]
        assert (total["instruments"], total["effective_minutes"], total["mean_effective_hours"]) == (0, 0, None)
        assert total["reason"]["mean_effective_hours"]["zh"] == "范围内没有仪器"


class TestFiles:
    @pytest.mark.parametrize("by", ["network", "organisation", "instrument", "category", "city", "facility", "month"])
    def test_the_command_gives_the_same_figures_in_every_format(self, town, as_, clean_engine, tmp_path, by):
        answer = as_("province_admin")("GET", f"/statistics?year=2026&by={by}").json
        wanted = [tuple(row[column.code] for column in COLUMNS) for row in answer["rows"]]
        files = {kind: tmp_path / f"figures.{kind}" for kind in ("json", "csv", "xlsx")}
        url = clean_engine.url.render_as_string(hide_password=False)
        for kind, file in files.items():
            said = ["statistics", "2026", "--by", by, "--format", kind, "--out", str(file), "--database", url, "--data", str(tmp_path)]
            assert main(said) == 0
        told = json.loads(files["json"].read_text())
        assert [tuple(row[column.code] for column in COLUMNS) for row in told["rows"]] == wanted
        rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
        assert [tuple(_read(row[column.code], column) for column in COLUMNS) for row in rows][: len(wanted)] == wanted
        sheet = load_workbook(files["xlsx"]).worksheets[0]
        cells = [[cell.value for cell in row[2:]] for row in sheet.iter_rows(min_row=4, max_row=3 + len(wanted))]
        assert [tuple(_of_cell(value, column) for value, column in zip(row, COLUMNS, strict=True)) for row in cells] == wanted

    def test_a_hostile_name_is_no_formula_in_a_file(self, town, clean_engine, tmp_path, capsys):
        url = clean_engine.url.render_as_string(hide_password=False)
        assert main(["statistics", "2026", "--by", "organisation", "--format", "csv", "--database", url, "--data", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert "=Fenhe" in said
        assert ",=Fenhe" not in said

    def test_a_workbook_defines_every_column_and_draws_the_hours(self, town, clean_engine, tmp_path):
        file = tmp_path / "figures.xlsx"
        url = clean_engine.url.render_as_string(hide_password=False)
        main(["statistics", "2026", "--by", "month", "--format", "xlsx", "--out", str(file), "--language", "en", "--database", url, "--data", str(tmp_path)])
        book = load_workbook(file)
        defined = {row[0].value for row in book["Definitions"].iter_rows(min_row=2)}
        assert defined == {column.code for column in COLUMNS}
        assert sum(len(sheet._charts) for sheet in book.worksheets) == 2

    def test_a_workbook_needs_a_name_and_a_year_must_be_one(self, clean_engine, tmp_path, capsys):
        url = clean_engine.url.render_as_string(hide_password=False)
        assert main(["statistics", "2026", "--format", "xlsx", "--database", url, "--data", str(tmp_path)]) == 1
        assert main(["statistics", "99999", "--database", url, "--data", str(tmp_path)]) == 1
        assert "--out" in capsys.readouterr().err


def _read(text, column):
    if column.unit == "yuan":
        return text
    return None if text == "" else float(text) if column.unit in ("rate", "hours") else int(text)


def _of_cell(value, column):
    if value is None:
        return None
    return f"{value:.2f}" if column.unit == "yuan" else value


class TestNobodysDifferences:
    """Whoever asks in several ways learns no more of people than who reads the page."""

    ASKED = (
        "year=2026&by=network&organisation={sem.organisation_id}", "year=2026&by=instrument", "year=2026&by=month", "year=2026&by=city",
        "year=2026&by=organisation&least_value=1000000", "year=2026&by=organisation&instrument={sem.id}", "from=2026-01&until=2026-11&by=organisation",
        "year=2026&quarter=4&by=network", "school_year=2026&by=organisation", "year=2026&by=organisation&published=false",
    )  # fmt: skip

    @pytest.mark.parametrize("asked", ASKED)
    def test_no_narrower_question_tells_of_people(self, client, town, asked):
        answer = client.get(f"/api/v1/statistics?{asked.format(sem=town[0])}").json
        assert all(row[name] is None for row in (*answer["rows"], answer["total"]) for name in ("users", "external_users"))
        assert all("users" in row["reason"] for row in answer["rows"])

    @pytest.mark.parametrize("page", ["", "&limit=1", "&limit=1&offset=1"])
    def test_rows_read_one_by_one_tell_what_the_whole_table_tells(self, client, town, page):
        sem, nmr, _ = town
        told = {str(sem.organisation_id): 7, str(nmr.organisation_id): None}
        answer = client.get(f"/api/v1/statistics?year=2026&by=organisation{page}").json
        assert {row["key"]: row["users"] for row in answer["rows"]}.items() <= told.items()
        assert (answer["total"]["users"], answer["total"]["external_users"]) == (7, None)
