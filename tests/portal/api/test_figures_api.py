"""A manager's figures over the API: those of her page, cell by cell, of her instruments only; and what would help."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.access import load_viewer
from instruments.people import Person
from instruments.roles import grant
from instruments.timespan import TimeSpan
from portal.formats import money, number, percent
from portal.language import in_language
from scheduling.attempts import RefusedAttempt
from scheduling.statistics.keeping import work_off
from tests.fixtures.pagetables import rows_under

HOUR = timedelta(hours=1)
WORKDAYS = tuple((weekday, 480, 1080) for weekday in range(5))


@pytest.fixture
def lab(an_instrument, a_usage, a_manager, a_person, session, now):
    """Two instruments of one manager, the first used twice by two people, once rated; refused four times by its horizon."""
    mine = [an_instrument(name_en="First", hours=WORKDAYS), an_instrument(name_en="Second", hours=WORKDAYS)]
    who = a_manager(*mine)
    for day, length in ((4, 2), (5, 3)):
        start = now - day * 24 * HOUR
        used = a_usage(instrument=mine[0], manager=who, person=a_person(), span=TimeSpan(start, start + length * HOUR))
    used.rating, used.comment, used.rated_at = "satisfied", "=1+1 安静", now
    for ago in range(4):
        session.add(
            RefusedAttempt(
                instrument_id=mine[0].id, at=now - (ago + 1) * HOUR, start_at=now, end_at=now + HOUR, codes=["horizon"], audience="other", is_taken=False
            )
        )  # fmt: skip
    session.flush()
    while work_off(session, now=now):
        session.flush()
    return mine, who


@pytest.fixture
def call(lab, an_api):
    """Calls in the manager's name."""
    calls = an_api(lab[1])
    return lambda path: calls("GET", path)


@pytest.fixture
def page(lab, client, log_in, session):
    """The manager at her browser."""
    log_in(client, session.get(Person, lab[1].person_id))
    return lambda query="": client.get(f"/manage/figures?lang=en{query}").text


def as_shown(app, row):
    """A row as the page writes it, without its name."""
    with app.app_context(), in_language("en"):
        hours = [f"{number(round(row[name] / 60, 1))} h" for name in ("opening_minutes", "booked_minutes", "used_minutes")]
        rates = ["n/a" if row[name] is None else percent(row[name]) for name in ("utilisation_offered", "satisfaction")]
        said = f" n = {number(row['rated'])}" if row["rated"] else ""
        return [*hours, rates[0], number(row["users"]), money(row["income"]), rates[1] + said]


class TestFigures:
    @pytest.mark.parametrize(("query", "part"), [("", ""), ("&quarter=4", "&part=q4"), ("&month=11", "&part=m11"), ("&month=3", "&part=m3")])
    def test_each_instrument_has_the_figures_of_the_page(self, app, call, page, lab, query, part):
        answer = call(f"/figures?year=2026{query}").json
        shown = {row[0].split(" ")[0]: row[1:] for row in rows_under(page(f"&year=2026{part}"), "Offered", "Income", "Satisfied")}
        assert {row["label_en"]: as_shown(app, row) for row in answer["rows"]} == shown
        assert answer["instruments"] == 2

    def test_the_whole_and_where_the_hours_went_are_those_of_the_page(self, app, call, page, lab):
        answer = call("/figures?year=2026").json
        with app.app_context(), in_language("en"):
            total, lost = answer["total"], answer["lost"]
            told = [total[f"{name}_minutes"] for name in ("opening", "booked", "used", "effective", "external")]
            told += [lost[f"{name}_minutes"] for name in ("no_show", "down_open", "late_cancel", "never_booked")]
            shown = rows_under(page("&year=2026"), "What", "Hours")
            assert [f"{number(round(minutes / 60, 1))} h" for minutes in told] == [row[1] for row in shown]
        assert (answer["total"]["used_minutes"], answer["total"]["users"]) == (300, 2)

    def test_months_add_up_and_those_to_come_are_left_out(self, call, lab):
        answer = call("/figures?year=2026").json
        assert [row["key"] for row in answer["months"]][-1] == "2026-11"
        assert sum(row["opening_minutes"] for row in answer["months"]) == answer["total"]["opening_minutes"]
        assert answer["months"][-1]["users"] is None

    def test_the_week_adds_up_to_the_uses_and_has_no_names(self, call, lab, session):
        answer = call("/figures?year=2026")
        assert sum(map(sum, answer.json["week"]["used"])) == 300
        assert [len(day) for day in answer.json["week"]["offered"]] == [24] * 7
        assert answer.json["comments"] == [
            {"rating": "satisfied", "comment": "=1+1 安静", "instrument": str(lab[0][0].id), "on": answer.json["comments"][0]["on"]}
        ]
        assert not [one.name for one in session.query(Person) if one.name in answer.text]

    def test_page_by_page_it_is_the_same_and_one_alone_is_its_row(self, call, lab):
        whole, first = call("/figures?year=2026").json, call("/figures?year=2026&limit=1").json
        second = call(f"/figures?year=2026&limit=1&cursor={first['next']}").json
        assert first["rows"] + second["rows"] == whole["rows"]
        assert (second["next"], first["total"]) == (None, whole["total"])
        alone = call(f"/figures?year=2026&instrument={lab[0][0].id}").json
        assert alone["rows"] == whole["rows"][:1]
        assert alone["total"]["used_minutes"] == whole["rows"][0]["used_minutes"]


class TestAdvice:
    def test_it_is_that_of_the_page_cell_by_cell(self, call, page, lab):
        of = lab[0][0]
        shown = rows_under(page(f"&year=2026&instrument={of.id}"), "What was seen", "What might help")
        answer = call(f"/figures/advice?year=2026&instrument={of.id}").json
        assert [[one["seen"]["en"], one["might"]["en"]] for one in answer["items"]] == [row[:2] for row in shown]
        assert {one["code"] for one in answer["items"]} >= {"refused_horizon", "no_rates", "unused"}
        assert {one["instrument"]["id"] for one in answer["items"]} == {str(of.id)}
        assert answer["items"] == sorted(answer["items"], key=lambda one: -one["weight"])

    def test_it_leads_to_where_it_is_changed(self, call, lab):
        found = {one["code"]: one["change_at"] for one in call("/figures/advice").json["items"] if one["instrument"]["name_en"] == "First"}
        assert found["refused_horizon"] == f"/manage/instruments/{lab[0][0].id}/rules"

    def test_every_instrument_is_looked_at_on_some_page(self, call, lab):
        first = call("/figures/advice?limit=1").json
        second = call(f"/figures/advice?limit=1&cursor={first['next']}").json
        assert (first["instruments"], first["total"]) == (2, len(first["items"]))
        assert {one["instrument"]["name_en"] for one in first["items"] + second["items"]} == {"First", "Second"}
        assert second["next"] is None


class TestRights:
    def test_anothers_instrument_is_not_found_and_not_counted(self, call, lab, an_instrument):
        other = an_instrument()
        for path in ("/figures", "/figures/advice"):
            assert call(f"{path}?instrument={other.id}").status_code == 404
            assert call(path).json["instruments"] == 2

    def test_an_auditor_reads_as_the_manager_does_and_nobody_else_reads(self, call, lab, an_api, a_person, session, now, client):
        auditor, stranger = a_person(), a_person()
        grant(session, auditor, "auditor", organisation=lab[0][0].organisation, now=now)
        session.flush()
        rows = an_api(load_viewer(session, auditor))("GET", "/figures?year=2026").json["rows"]
        assert [row for row in rows if row["label_en"] == "First"] == call("/figures?year=2026").json["rows"][:1]
        assert an_api(stranger)("GET", "/figures").status_code == 404
        assert client.get("/api/v1/figures/advice").status_code == 401

    @pytest.mark.parametrize("query", ["quarter=5", "month=13", "quarter=1&month=1", "limit=51", "cursor=x", "year=x", "year=2200"])
    def test_what_cannot_be_meant_is_refused(self, call, query):
        assert call(f"/figures?{query}").status_code == 422
        assert call(f"/figures/advice?{query}").status_code == 422

    def test_it_costs_as_many_statements_for_ten_instruments_as_for_one(self, an_api, a_manager, an_instrument, lab, statements):
        counts = []
        for many in (lab[0][:1], [*lab[0], *(an_instrument() for _ in range(8))]):
            calls = an_api(a_manager(*many))
            for path in ("/figures", "/figures/advice"):
                calls("GET", path)
                with statements() as seen:
                    assert calls("GET", path).status_code == 200
                counts.append(len([one for one in seen if one.startswith(("SELECT", "WITH"))]))
        assert counts[:2] == counts[2:]
