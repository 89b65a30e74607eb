"""Purchase reviews over the API: begun, listed and shown with the rights and the figures of the page."""

from __future__ import annotations

import pytest

from instruments.access import load_viewer
from instruments.codes import seed_codes
from instruments.roles import grant
from instruments.search import rebuild_index
from portal.formats import number
from portal.language import in_language
from scheduling.statistics.purchases import give_opinion
from tests.fixtures.pagetables import rows_under

BODY = {"title": "透射电镜", "price": "8000000.00", "central": True, "words": "电子显微镜", "city": "140100", "need": "材料表征"}


@pytest.fixture
def sem(an_instrument, session, now):
    """A microscope elsewhere that has been on the network for years."""
    seed_codes(session)
    one = an_instrument(city="140200", published_at=now.replace(year=2022))
    session.flush()
    rebuild_index(session)
    return one


@pytest.fixture
def home(an_organisation):
    """The organisation that means to buy."""
    return an_organisation(name_zh="甲大学", name_en="First")


@pytest.fixture
def as_(an_api, a_person, session, now):
    """`as_("auditor", home)` gives calls in the name of somebody with a role, and who it is."""

    def made(role, organisation=None):
        person = a_person(organisation=organisation, language="en") if organisation else a_person(language="en")
        grant(session, person, role, organisation=organisation, now=now)
        session.flush()
        who = load_viewer(session, person)
        return an_api(who), who, person

    return made


@pytest.fixture
def buyer(as_, home, sem):
    """An administrator of the organisation that means to buy."""
    return as_("organisation_admin", home)


def begun(call, home, **changes):
    return call("POST", "/purchase-reviews", BODY | {"organisation": str(home.id)} | changes)


class TestBeginning:
    def test_it_is_kept_as_it_was_sent_and_found_under_its_address(self, buyer, home):
        call, *_ = buyer
        made = begun(call, home)
        assert made.status_code == 201
        shown = call("GET", made.headers["Location"].removeprefix("/api/v1")).json
        assert {key: shown[key] for key in BODY} == BODY
        assert {key: shown[key] for key in made.json} == made.json
        assert (shown["number"], shown["verdict"], shown["given"], shown["needs_review"]) == (None, None, None, True)

    def test_a_repeat_under_one_key_begins_one(self, buyer, home):
        call, *_ = buyer
        body = BODY | {"organisation": str(home.id)}
        answers = [call("POST", "/purchase-reviews", body, Idempotency_Key="once") for _ in range(2)]
        assert answers[0].json == answers[1].json
        assert call("GET", "/purchase-reviews").json["total"] == 1
        assert call("POST", "/purchase-reviews", body | {"title": "x"}, Idempotency_Key="once").status_code == 422

    @pytest.mark.parametrize("wrong", [
        {"words": "", "category": ""}, {"price": "0"}, {"price": "-1"}, {"price": 5}, {"title": " "}, {"city": "nowhere"}, {"category": "999999"},
        {"colour": "red"}, {"need": "x" * 4001},
    ])  # fmt: skip
    def test_what_cannot_be_meant_is_refused(self, buyer, home, wrong):
        call, *_ = buyer
        answer = begun(call, home, **wrong)
        assert answer.status_code in (404, 422), answer.text
        assert answer.content_type == "application/problem+json"
        assert call("GET", "/purchase-reviews").json["total"] == 0


class TestShowing:
    def test_what_is_comparable_is_that_of_the_page_cell_by_cell(self, app, buyer, home, sem, client, log_in):
        call, _, person = buyer
        one = call("GET", f"/purchase-reviews/{begun(call, home).json['id']}").json
        log_in(client, person)
        (shown,) = rows_under(client.get(f"/purchase-reviews/{one['id']}?lang=en").text, "Instrument", "Comparable")
        (row,) = one["comparable"]
        assert row["id"] == str(sem.id)
        with app.app_context(), in_language("en"):
            for year in one["years"]:
                assert f"{number(row['hours'][str(year)], 0)} h" in shown
            assert f"{number(row['mean_hours'], 0)} h" in shown
        text = " ".join(shown)
        for told in (row["name_en"], row["organisation_en"], row["city_en"], f"{row['distance_km']} km", row["sharing_en"]):
            assert told in text
        assert one["concluded"] == {"chosen": [str(sem.id)], "counted": 1, "mean_hours": 0.0, "saturated": False}

    def test_an_opinion_given_stays_with_its_figures(self, buyer, home, sem, session, now):
        call, who, _ = buyer
        made = begun(call, home).json
        before = call("GET", f"/purchase-reviews/{made['id']}").json
        figures = {
            "as_of": now.isoformat(), "years": [2025], "saturated_hours": 1200, "review_from": "2000000.00", "needs_review": True, "rows": [],
            "concluded": {"chosen": [], "counted": 0, "mean": None, "saturated": None},
        }  # fmt: skip
        give_opinion(session, int(made["id"]), [sem.id], "share", "共享即可", figures, viewer=who, now=now, version=1)
        session.commit()
        after = call("GET", f"/purchase-reviews/{made['id']}").json
        assert (after["number"], after["verdict"], after["opinion"], after["comparable"]) == ("2026-00001", "share", "共享即可", [])
        assert before["comparable"] != []

    def test_the_list_is_the_newest_first_and_paged(self, buyer, home):
        call, *_ = buyer
        made = [begun(call, home, title=f"第{number}台").json["id"] for number in range(3)]
        first = call("GET", "/purchase-reviews?limit=2").json
        second = call("GET", f"/purchase-reviews?limit=2&cursor={first['next']}").json
        assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
        assert (first["total"], second["next"]) == (3, None)


class TestRights:
    def test_others_neither_see_nor_begin_it(self, buyer, home, as_, an_organisation, client):
        call, *_ = buyer
        made = begun(call, home).json["id"]
        stranger, *_ = as_("organisation_admin", an_organisation())
        assert stranger("GET", f"/purchase-reviews/{made}").status_code == 404
        assert stranger("GET", "/purchase-reviews").json == {"items": [], "total": 0, "next": None}
        assert begun(stranger, home).status_code == 404
        assert client.get("/api/v1/purchase-reviews").status_code == 401

    def test_an_auditor_reads_and_begins_nothing(self, buyer, home, as_):
        call, *_ = buyer
        made = begun(call, home).json["id"]
        auditor, *_ = as_("auditor", home)
        assert auditor("GET", f"/purchase-reviews/{made}").status_code == 200
        assert begun(auditor, home).status_code == 403

    def test_the_province_reads_all_and_may_begin(self, buyer, home, as_):
        call, *_ = buyer
        begun(call, home)
        province, *_ = as_("province_admin")
        assert begun(province, home).status_code == 201
        assert province("GET", "/purchase-reviews").json["total"] == 2

    def test_a_manager_finds_nothing(self, sem, home, an_api, a_manager):
        call = an_api(a_manager(sem))
        assert call("GET", "/purchase-reviews").status_code == 404
        assert begun(call, home).status_code == 404
