"""From an error to an answer: the status, the sentence, and the form it is given in."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm.exc import StaleDataError

from instruments import errors
from instruments.access import ANONYMOUS
from instruments.errors import Refusal, Sentence
from instruments.people import Person
from portal.auth import login_required, needs
from portal.errors import status_of
from portal.transactions import Unsure, writing

SENTENCE = Sentence("出了<问题>。", "There is a <problem>.")
REFUSALS = (
    Refusal("notice", Sentence("太晚了。", "Too late."), {"earliest": "2026-11-24T01:00:00+00:00"}),
    Refusal("longest", Sentence("太长了。", "Too long.")),
)
ERRORS = (
    (errors.NotFound(), 404),
    (errors.Forbidden(), 403),
    (errors.Invalid("start", SENTENCE), 422),
    (errors.Refused(REFUSALS), 422),
    (errors.Taken(REFUSALS), 409),
    (errors.OutOfOrder(SENTENCE), 409),
    (errors.Changed(SENTENCE, {"name": ("theirs", "yours")}), 409),
    (errors.PortalError(SENTENCE), 422),
)


@pytest.fixture
def app(fresh_app):
    """A portal of its own for each test: they add routes."""
    return fresh_app


@pytest.fixture
def failing(app):
    """`failing(error)` gives the ends of addresses at which the portal meets this error: of a page and of a call."""

    def fail_with(error):
        def view():
            raise error

        number = len(app.view_functions)
        for path in (f"/for-tests/{number}", f"/api/v1/for-tests/{number}"):
            app.add_url_rule(path, path.strip("/").replace("/", "-").replace(".", "-"), view, methods=["GET"])
        return f"for-tests/{number}"

    return fail_with


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=lambda value: type(value).__name__)
def test_each_error_has_one_status_on_pages_and_in_the_api(client, failing, error, status):
    end = failing(error)
    page, call = client.get(f"/{end}"), client.get(f"/api/v1/{end}")
    assert page.status_code == call.status_code == status == status_of(error)
    assert page.mimetype == "text/html"
    assert call.mimetype == "application/problem+json"
    assert call.json["status"] == status
    assert call.json["detail"] == error.sentence.en
    assert call.json["message"] == {"zh": error.sentence.zh, "en": error.sentence.en}


def test_every_error_of_the_lower_floors_has_its_status():
    known = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PortalError)}
    tried = {type(error) for error, _ in ERRORS}
    assert known == tried


def test_a_problem_tells_every_refusal_in_both_languages(client, failing):
    call = client.get(f"/api/v1/{failing(errors.Taken(REFUSALS))}").json
    assert call["refusals"] == [
        {"code": "notice", "message": {"zh": "太晚了。", "en": "Too late."}, "allowed": {"earliest": "2026-11-24T01:00:00+00:00"}},
        {"code": "longest", "message": {"zh": "太长了。", "en": "Too long."}, "allowed": {}},
    ]
    assert call["type"] == "urn:instrument-portal:taken"


def test_a_problem_names_the_field_and_what_changed(client, failing):
    invalid, changed = failing(errors.Invalid("start", SENTENCE)), failing(errors.Changed(SENTENCE, {"name": ("甲", "乙")}))
    assert client.get(f"/api/v1/{invalid}").json["field"] == "start"
    assert client.get(f"/api/v1/{changed}").json["changes"] == {"name": {"theirs": "甲", "yours": "乙"}}


def test_a_page_speaks_the_readers_language_and_is_harmless(client, failing):
    end = failing(errors.OutOfOrder(SENTENCE))
    assert "There is a &lt;problem&gt;." in client.get(f"/{end}").text
    assert "出了&lt;问题&gt;。" in client.get(f"/{end}?lang=zh").text


def test_htmx_is_given_a_fragment(client, failing):
    fragment = client.get(f"/{failing(errors.Taken(REFUSALS))}", headers={"HX-Request": "true"})
    assert fragment.status_code == 409
    assert "<html" not in fragment.text
    assert "Too late." in fragment.text
    assert "Too long." in fragment.text


@pytest.mark.parametrize("path", ["/nothing-here", "/instruments/99999999999999999999", "/api/v1/nothing-here", "/static/nothing.js"])
def test_an_unknown_address_is_404(client, path):
    assert client.get(path).status_code == 404


def test_an_address_that_does_not_take_the_method_names_those_it_takes(client):
    answer = client.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_crash_is_told_without_its_insides_and_with_a_number(client, app, failing):
    app.testing = False
    answer = client.get(f"/{failing(RuntimeError('the inner secret'))}")
    assert answer.status_code == 500
    assert "inner secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "Number" in answer.text


def away():
    return OperationalError("SELECT 1", {}, Exception("unable to open database file"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (away(), "cannot be reached"),
        (Unsure(), "look whether it is there"),
        (OperationalError("COMMIT", {}, Exception("database or disk is full")), "store is full"),
        (OSError(errno.ENOSPC, "No space left on device"), "store is full"),
        (OperationalError("INSERT", {}, Exception("database is locked")), "very busy"),
    ],
)
def test_a_database_that_cannot_work_is_503_and_says_when_to_come_back(client, app, failing, error, words):
    app.testing = False
    end = failing(error)
    for answer in (client.get(f"/{end}"), client.get(f"/api/v1/{end}")):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert words in answer.text
        assert "Traceback" not in answer.text


def test_a_mistake_of_ours_in_sql_is_a_crash_and_no_outage(client, app, failing):
    app.testing = False
    assert client.get(f"/{failing(ProgrammingError('SELEKT', {}, Exception('syntax error')))}").status_code == 500


def test_somebody_elses_change_meanwhile_is_409(client, app, failing, somebody, an_organisation):
    values = {"email": somebody.email, "name": "x", "organisation_id": an_organisation().id, "created_at": somebody.created_at}
    stale = failing(StaleDataError())

    def view():
        with writing() as own:
            own.execute(insert(Person).values(values))

    app.add_url_rule("/for-tests/twice", "twice", view)
    assert client.get("/for-tests/twice").status_code == 409
    assert client.get(f"/{stale}").status_code == 409


def test_a_page_for_some_leads_others_away(client, app, somebody, log_in):
    app.add_url_rule("/for-tests/all", "all", login_required(lambda: "seen"))
    app.add_url_rule("/for-tests/some", "some", needs(lambda viewer: viewer.is_province_admin)(lambda: "seen"))
    assert client.get("/for-tests/all").location == "/login?next=/for-tests/all"
    assert client.get("/for-tests/some").status_code == 302
    assert client.get("/for-tests/all", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/login"
    log_in(client, somebody)
    assert client.get("/for-tests/all").text == "seen"
    assert client.get("/for-tests/some").status_code == 403


def test_the_error_page_asks_a_dead_database_nothing(client, app, somebody, log_in, failing, monkeypatch):
    from portal.auth import current

    log_in(client, somebody)

    def refuse(*_args):
        raise away()

    monkeypatch.setattr(current, "person_logged_in", refuse)
    answer = client.get("/me")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    assert somebody.name not in answer.text
    assert ANONYMOUS.is_anonymous
