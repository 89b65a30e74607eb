"""What needs attention over the API: the counts, lists and rights of the page, cell by cell."""

from __future__ import annotations

import csv
import io

import pytest

from instruments.access import load_viewer
from instruments.roles import grant
from scheduling.statistics.attention import ALL
from tests.fixtures.pagetables import rows_under


@pytest.fixture
def network(an_organisation, an_instrument):
    """Three instruments without rates of a university, one of them suspended, and one of an institute."""
    ours, theirs = an_organisation(name_zh="甲大学", name_en="First"), an_organisation(name_zh="乙所", name_en="Second")
    return [
        an_instrument(organisation=ours, name_zh="电镜", name_en="SEM"), an_instrument(organisation=ours, name_zh="=1+1", name_en="=1+1"),
        an_instrument(organisation=ours, publication="suspended"), an_instrument(organisation=theirs, name_zh="核磁", name_en="NMR"),
    ]  # fmt: skip


@pytest.fixture
def as_role(an_api, a_person, session, now, client, log_in):
    """`as_role("auditor", organisation)` gives calls in somebody's name, who is logged in as well."""

    def enter(role, organisation=None):
        person = a_person(language="en")
        grant(session, person, role, organisation=organisation, now=now)
        session.flush()
        log_in(client, person)
        call = an_api(load_viewer(session, person))
        return lambda path: call("GET", path)

    return enter


def every(call, path):
    """All items of a list, a page of one at a time."""
    items, cursor = [], ""
    while cursor is not None:
        answer = call(f"{path}&limit=1&cursor={cursor}").json
        items += answer["items"]
        cursor = answer["next"]
        assert answer["total"] > 0
    return items


class TestCounts:
    @pytest.mark.parametrize("role", ["province_admin", "organisation_admin", "auditor"])
    def test_they_are_those_of_the_page(self, client, network, as_role, role):
        call = as_role(role, None if role == "province_admin" else network[0].organisation)
        answer = call("/attention?year=2026").json
        shown = rows_under(client.get("/attention?year=2026&lang=en").text, "Matter", "Instruments")
        assert [[one["title"]["en"], str(one["count"]), one["means"]["en"]] for one in answer["items"]] == shown
        assert answer["total"] == sum(one["count"] for one in answer["items"])
        assert (answer["year"], answer["least_value"], answer["next"]) == (2026, "500000.00", None)
        assert [one["kind"] for one in answer["items"]] == list(ALL)

    def test_returns_overdue_stand_beside_them(self, network, as_role):
        for one in as_role("province_admin")("/attention").json["overdue"]:
            assert one["count"] > 0
            assert one["days"] > 0


class TestLists:
    def test_each_row_is_that_of_the_file_cell_by_cell(self, client, network, as_role):
        call = as_role("province_admin")
        rows = list(csv.reader(io.StringIO(client.get("/attention/list.csv?year=2026&lang=en").get_data(as_text=True).lstrip("\ufeff"))))[1:]
        told = [
            [
                ALL[kind].title.en, one["organisation"]["name_en"], (one["facility"] or {}).get("name_en", ""), one["inner_id"], one["name_en"],
                one["model"], one["figures"]["en"], f"http://localhost/instruments/{one['id']}",
            ]
            for kind in ALL
            if call(f"/attention/instruments?kind={kind}&year=2026").json["items"]
            for one in every(call, f"/attention/instruments?kind={kind}&year=2026")
        ]  # fmt: skip
        assert len(told) > 3
        assert [[cell.removeprefix("'") for cell in row] for row in rows] == told

    def test_it_leads_to_where_it_is_mended(self, network, as_role):
        (first, *_) = as_role("organisation_admin", network[0].organisation)("/attention/instruments?kind=no_rates").json["items"]
        assert first["look_at"] == f"/manage/instruments/{first['id']}/rates"


class TestRights:
    def test_an_administrator_reads_of_her_own_alone(self, network, as_role):
        call = as_role("organisation_admin", network[0].organisation)
        assert {one["organisation"]["name_en"] for one in every(call, "/attention/instruments?kind=no_rates")} == {"First"}
        assert call(f"/attention?organisation={network[3].organisation_id}").status_code == 404
        assert call(f"/attention/instruments?kind=no_rates&organisation={network[3].organisation_id}").status_code == 404

    def test_the_province_may_narrow(self, network, as_role):
        call = as_role("province_admin")
        of_one = call(f"/attention/instruments?kind=no_rates&organisation={network[3].organisation_id}").json
        assert [one["name_en"] for one in of_one["items"]] == ["NMR"]

    def test_who_administers_nothing_finds_nothing(self, an_api, a_person, network, client):
        call = an_api(a_person())
        assert call("GET", "/attention").status_code == 404
        assert client.get("/api/v1/attention").status_code == 401

    @pytest.mark.parametrize("query", ["", "kind=x", "kind=idle&year=2999", "kind=idle&cursor=x", "kind=idle&limit=201", "kind=idle&year=2027"])
    def test_what_cannot_be_meant_is_refused(self, network, as_role, query):
        assert as_role("province_admin")(f"/attention/instruments?{query}").status_code == 422
