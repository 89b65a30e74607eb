"""The lists of what needs attention: everybody sees exactly what is hers, on pages and in the file."""

from __future__ import annotations

import csv
import io

import pytest

from instruments.access import load_viewer
from instruments.roles import grant


@pytest.fixture
def two(an_organisation, an_instrument):
    """An instrument without rates in each of two organisations; the first one's name is a formula."""
    return (
        an_instrument(organisation=an_organisation(name_zh="甲大学", name_en="First"), name_zh="=1+1", name_en="=1+1"),
        an_instrument(organisation=an_organisation(name_zh="乙大学", name_en="Second"), name_zh="核磁", name_en="NMR"),
    )


@pytest.fixture
def as_role(client, log_in, a_person, session, now):
    """`as_role("organisation_admin", organisation)` logs somebody in."""

    def enter(role, organisation=None):
        person = a_person(language="en")
        grant(session, person, role, organisation=organisation, now=now)
        session.flush()
        log_in(client, person)
        return load_viewer(session, person)

    return enter


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


class TestWhose:
    def test_an_organisation_administrator_sees_her_own(self, client, two, as_role):
        ours, theirs = two
        as_role("organisation_admin", ours.organisation)
        page = client.get("/attention/no_rates").text
        assert "=1+1" in page
        assert "NMR" not in page
        assert client.get(f"/attention/no_rates?organisation={theirs.organisation_id}").status_code == 404
        assert {row["Organisation"] for row in rows_of(client.get("/attention/list.csv"))} == {"First"}

    def test_an_auditor_of_one_organisation_sees_that(self, client, two, as_role):
        _, theirs = two
        as_role("auditor", theirs.organisation)
        assert {row["Organisation"] for row in rows_of(client.get("/attention/list.csv"))} == {"Second"}

    def test_the_province_sees_all_and_narrows(self, client, two, as_role):
        ours, _ = two
        as_role("province_admin")
        assert {row["Organisation"] for row in rows_of(client.get("/attention/list.csv?kind=no_rates"))} == {"First", "Second"}
        narrowed = rows_of(client.get(f"/attention/list.csv?kind=no_rates&organisation={ours.organisation_id}"))
        assert [(row["Matter"], row["Instrument"]) for row in narrowed] == [("No rates published", "'=1+1")]

    @pytest.mark.parametrize("path", ["/organisation", "/province"])
    def test_home_pages_count_them(self, client, two, as_role, path):
        as_role("province_admin")
        page = client.get(path).text
        assert "/attention" in page

    def test_a_lab_manager_has_no_such_list(self, client, two, a_manager, a_person, log_in):
        person = a_person()
        a_manager(two[0], person=person)
        log_in(client, person)
        assert client.get("/attention").status_code == 404


class TestLimits:
    def test_the_province_sets_them_from_a_year_on(self, client, as_role, csrf_of):
        as_role("province_admin")
        form = {
            "from_year": "2026", "least_value": "300000", "general_hours": "1400", "dedicated_hours": "800", "sharing_percent": "0",
            "problem_days": "14", "saturated_hours": "1200", "review_from": "2000000",
        }  # fmt: skip

        def send(**changes):
            return client.post("/province/thresholds", data={"csrf_token": csrf_of(client), **form, **changes})

        assert send().status_code == 302
        assert "¥300,000.00" in client.get("/province/thresholds").text
        assert send(general_hours="0").status_code == 422
        assert send(least_value="NaN").status_code == 422
        assert send(from_year="3000").status_code == 422
