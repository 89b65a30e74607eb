"""Evaluations on pages and over the API: a whole round by hand, schemes by form, and subsidies with their files."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from portal.security import csrf_check
from tests.fixtures.pagetables import rows_under
from tests.fixtures.town import Town


@pytest.fixture
def told(app, town, ask, monkeypatch):
    """Ask as a role of the town, whose changes are kept; no form needs its hidden field."""
    monkeypatch.setattr(csrf_check, "protect", lambda: None)

    def send(role: str, method: str, url: str, data: Any = None, query: Any = None) -> Any:
        return ask(role, town, method, url, data, query)

    return send


def at(town: Town, name: str, rest: str = "") -> str:
    return f"/province/evaluations/{town.id(name)}{rest}"


def subject(town: Town, name: str, rest: str = "") -> str:
    return f"/evaluations/{town.id(name)}/subjects/{town.id('instrument')}{rest}"


class TestARound:
    def test_from_preview_to_publication_with_an_appeal(self, told, town):
        preview = told("province_admin", "GET", at(town, "evaluation")).text
        assert "预览" in preview
        assert "冻结数据" in preview
        given = told("organisation_admin", "POST", subject(town, "evaluation", "/give"), {"code": "functions_total", "value": "8", "note": "说明书"})
        assert given.status_code == 302
        assert "62.5 %" in told("organisation_admin", "GET", subject(town, "evaluation")).text
        for step in ("freeze", "grade"):
            assert told("province_admin", "POST", at(town, "evaluation", "/step"), {"step": step}).status_code == 302
        objected = told("organisation_admin", "POST", subject(town, "evaluation", "/appeal"), {"reason": "漏记新功能"})
        assert objected.status_code == 302
        refused = told("province_admin", "POST", at(town, "evaluation", "/step"), {"step": "publish"})
        assert refused.status_code == 409
        assert "申诉未答复" in refused.text

    def test_the_province_adjusts_in_percent_and_publishes(self, told, town):
        path = at(town, "evaluation_graded", f"/appeals/{town.id('appeal')}")
        answer = {"outcome": "adjusted", "key": "quota_rate", "value": "80%", "reason": "补记"}
        assert told("province_admin", "POST", path, answer | {"value": "1/0"}).status_code == 422
        assert told("province_admin", "POST", path, answer).status_code == 302
        page = told("organisation_admin", "GET", subject(town, "evaluation_graded")).text
        assert "80 %" in page
        assert "复核后调整" in page
        assert "补记" in page
        assert told("province_admin", "POST", at(town, "evaluation_graded", "/step"), {"step": "publish"}).status_code == 302
        public = told("anonymous", "GET", f"/evaluations/{town.id('evaluation_graded')}").text
        assert "不合格" in public
        assert "补记" not in public

    def test_evidence_is_kept_and_given_back(self, told, town):
        form = {"code": "guided", "value": "10", "file": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "名单.pdf")}
        assert told("organisation_admin", "POST", subject(town, "evaluation", "/give"), form).status_code == 302
        page = told("organisation_admin", "GET", subject(town, "evaluation")).text
        assert "名单.pdf" in page
        file = told("organisation_admin", "GET", subject(town, "evaluation", f"/evidence/{town.id('given')}"))
        assert file.headers["Content-Disposition"].startswith("attachment")

    def test_what_is_refused_is_said_on_the_page(self, told, town):
        form = {"code": "guided", "value": "10"}
        answer = told("organisation_admin", "POST", subject(town, "evaluation", "/give"), form)
        assert answer.status_code == 422
        assert "请附依据" in answer.text
        began = told("province_admin", "POST", "/province/evaluations", {"scheme": str(town.id("scheme")), "year": "1999"})
        assert began.status_code == 422

    def test_every_state_has_its_page_in_both_languages(self, told, town):
        for name in ("evaluation", "evaluation_frozen", "evaluation_graded", "evaluation_published"):
            for lang in ("zh", "en"):
                for role, path in (("province_admin", at(town, name)), ("organisation_admin", subject(town, name))):
                    assert told(role, "GET", path, query={"lang": lang}).status_code == 200


class TestFindingIt:
    def test_what_was_published_is_one_step_from_the_statistics_and_from_any_page(self, told, town):
        for path in ("/statistics", "/help", "/login"):
            page = told("anonymous", "GET", path, query={"lang": "en"}).text
            assert 'href="/evaluations">Evaluations</a>' in page
            assert 'href="/api/docs"' in page


class TestApi:
    def test_published_rounds_are_everybodys(self, told, town):
        listed = told("anonymous", "GET", "/api/v1/evaluations").json
        assert [one["id"] for one in listed["items"]] == [str(town.id("evaluation_published"))]
        one = told("anonymous", "GET", f"/api/v1/evaluations/{town.id('evaluation_published')}", query={"limit": "1"}).json
        assert (one["scheme"], one["starts_on"], one["ends_on"]) == ("moe-2000", "2025-09-01", "2026-08-31")
        assert len(one["grades"]) == 1
        assert one["grades"][0]["grade"] == "failed"
        assert one["next"]
        assert told("anonymous", "GET", f"/api/v1/evaluations/{town.id('evaluation_graded')}").status_code == 404
        assert listed["total"] == 1

    def test_its_grades_are_those_of_the_page_cell_by_cell(self, told, town):
        number = town.id("evaluation_published")
        page = told("anonymous", "GET", f"/evaluations/{number}", query={"lang": "en"}).text
        whole = told("anonymous", "GET", f"/api/v1/evaluations/{number}").json
        cursor, grades = "", []
        while cursor is not None:
            one = told("anonymous", "GET", f"/api/v1/evaluations/{number}", query={"limit": "1", "cursor": cursor}).json
            grades, cursor = grades + one["grades"], one["next"]
        assert grades == whole["grades"]
        assert len(grades) == whole["total"] == sum(whole["counts"].values())
        shown = rows_under(page, "Grade")
        assert [one["grade_en"] for one in grades] == [row[-1] for row in shown]
        assert all(one["name_en"] in " ".join(row) for one, row in zip(grades, shown, strict=True))


class TestSubsidies:
    def test_a_year_is_shown_approved_and_taken_away(self, told, town):
        path = f"/province/programmes/{town.id('subsidy_programme')}/subsidies"
        assert "预览" in told("province_admin", "GET", path, query={"year": "2025"}).text
        assert told("province_admin", "POST", path, {"year": "2026", "party": "user"}).status_code == 409  # not over yet
        assert told("province_admin", "POST", path, {"year": "2025", "party": "user"}).status_code == 302
        assert "已批准" in told("province_admin", "GET", path, query={"year": "2025"}).text
        book = load_workbook(io.BytesIO(told("province_admin", "GET", path + ".xlsx", query={"year": "2026"}).data))
        assert book.active["A1"].value == "单位"
        assert told("province_admin", "GET", path + ".csv", query={"year": "2026"}).text.startswith("单位,")
        assert told("province_admin", "GET", path, query={"year": "1990"}).status_code == 200  # says that it does not run then
