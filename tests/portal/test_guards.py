"""Promise 11: every object is guarded. Each route and method is tried as each kind of person; tests/portal/guards.py says who may.

SQLite meets every role at every line; PostgreSQL one role for each outcome of a line, since the guards are the same Python.
Whatever a request changes in here is flushed and then undone, so that all of them meet the same town.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from flask import Flask

from instruments.timespan import TimeSpan
from tests.fixtures.standing import Standing
from tests.fixtures.town import ROLES, STRANGERS
from tests.portal.guards import GUARDS, Line
from tests.portal.policies import FORBIDDEN, IN, LOGIN, NOT_THERE
from tests.portal.walking import address, form_of, lines_for, one_of_each, routes

# What a form that is let in may be told; anything else means that the request did not get as far as the guard.
ANSWERED = (409, 422)


def unguarded(app: Flask) -> list[str]:
    return [
        f"{route} has no line. Say in tests/portal/guards.py, in one line, who may reach it."
        for route, _ in routes(app)
        if not lines_for(route)
    ]


def lines_of_nothing(app: Flask) -> list[str]:
    known = {route for route, _ in routes(app)}
    return [line.route for line in GUARDS if not any(fnmatchcase(route, line.route) for route in known)]


def outcome(answer: Any) -> str:
    """What became of a request: in, led to the login page, told no, or nothing there; anything else as it is."""
    if answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/login?next=")):
        return LOGIN
    if answer.status_code < 400 or answer.status_code in ANSWERED:
        return IN
    return str(answer.status_code)


def tried(standing: Standing, roles: tuple[str, ...] = ROLES, *, all_of_them: bool = True) -> Iterator[tuple[str, str, Line, Any]]:
    """Try every route as these roles, or as one of them for each outcome; give (role, address, line, answer)."""
    lines = [(rule, route, line) for route, rule in routes(standing.app) for line in lines_for(route)]
    for number, (rule, route, line) in enumerate(lines):
        url, form = address(standing.app, standing.town, rule, line), form_of(standing.town, line)
        for role in roles if all_of_them else one_of_each(line.policy, number):
            yield role, url, line, standing.ask(role, route.split()[0], url, {key: fresh(value) for key, value in form.items()})


def fresh(value: Any) -> Any:
    """A file is read once."""
    return (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value


def wrong(role: str, url: str, line: Line, answer: Any) -> list[str]:
    right, found = line.policy[role], outcome(answer)
    return [f"{role}: {line.route} at {url} should be {right}, is {found}"] if right != found else []


def test_every_route_has_a_line_and_every_line_a_route(standing: Standing) -> None:
    assert unguarded(standing.app) == []
    assert lines_of_nothing(standing.app) == []


def test_a_route_without_a_line_is_seen() -> None:
    app = Flask("for_tests", static_folder=None)
    app.add_url_rule("/for-tests/open", "for_tests.open", lambda: "open")
    assert unguarded(app) == ["GET for_tests.open has no line. Say in tests/portal/guards.py, in one line, who may reach it."]
    assert len(lines_of_nothing(app)) == len(GUARDS)


def test_everybody_reaches_what_is_hers_and_nothing_else(standing: Standing, undone: None) -> None:
    done: set[str] = set()
    found = []
    for role, url, line, answer in tried(standing, all_of_them=standing.backend == "sqlite"):
        found += wrong(role, url, line, answer)
        done |= {line.route} if answer.status_code < 400 and line.policy[role] == IN else set()
    assert not found, "\n".join(["", *found])
    if standing.backend == "postgresql":
        return  # one role of each outcome was tried, and not every one of them gets through with every form
    # A form that nobody gets through with could be refused to the auditor for another reason than who she is.
    refused = {line.route for line in GUARDS if line.policy["auditor"] == FORBIDDEN and IN in line.policy.values()}
    assert {route for route in refused if not any(fnmatchcase(name, route) for name in done)} == set()


def test_a_route_without_a_guard_is_seen(standing: Standing, undone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("manage.home", "province.users"):
        monkeypatch.setitem(standing.app.view_functions, endpoint, lambda: "open")
        monkeypatch.setitem(standing.app.before_request_funcs, endpoint.split(".")[0], [])
        role, url = "researcher", "/manage" if endpoint == "manage.home" else "/province/users"
        assert wrong(role, url, lines_for(f"GET {endpoint}")[0], standing.ask(role, "GET", url))


def test_what_is_not_ones_own_is_told_in_the_same_words_as_what_does_not_exist(standing: Standing) -> None:
    for path in ("/bookings/{}", "/api/v1/bookings/{}", "/organisation/people/{}"):
        there, nowhere = standing.town.id("owner" if "people" in path else "booking"), 987654
        answers = [standing.ask("organisation_admin_elsewhere", "GET", path.format(number)) for number in (there, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        here, gone = (
            re.sub('value="[^"]*"|[0-9]+', "", answer.text) for answer in answers
        )  # but for the hidden field and the number asked for
        assert here == gone


class TestSourceAndTarget:
    """A change is judged by what it starts from and by what it leads to."""

    @pytest.mark.parametrize("role", ["owner", "pi", "manager"])
    @pytest.mark.parametrize("target", ["draft_elsewhere", "nowhere"])
    def test_a_booking_cannot_be_moved_to_an_instrument_that_is_not_to_be_seen(self, standing, undone, role, target):
        number = 987654 if target == "nowhere" else standing.town.id(target)
        times = {"start": "2026-11-26T09:00", "end": "2026-11-26T10:00", "instrument": str(number)}
        path = f"/bookings/{standing.town.id('booking')}"
        assert standing.ask(role, "GET", f"{path}/move?instrument={number}", {}).status_code == 404
        assert standing.ask(role, "POST", f"{path}/move", times).status_code == 404
        assert standing.ask(role, "POST", f"{path}/quote", times).status_code == 404

    @pytest.mark.parametrize("role", ["owner", "pi", "manager_elsewhere"])
    def test_a_booking_is_not_moved_to_an_instrument_that_is_not_in_service(self, standing, undone, role):
        times = {"start": "2026-11-26T09:00", "end": "2026-11-26T10:00", "instrument": str(standing.town.id("suspended"))}
        assert standing.ask(role, "POST", f"/bookings/{standing.town.id('booking')}/move", times).status_code in (404, 422)

    def test_several_instruments_of_which_one_is_hidden_are_not_there(self, standing, undone):
        span = TimeSpan(standing.town.things["booking"].start_at, standing.town.things["booking"].end_at + timedelta(hours=1))
        wish = {"start": span.start.isoformat(), "end": span.end.isoformat()}
        ids = [str(standing.town.id("busy")), str(standing.town.id("draft_elsewhere"))]
        assert standing.ask("owner", "POST", "/api/v1/bookings", wish | {"instruments": ids}).status_code == 404

    def test_a_group_that_is_not_ones_own_cannot_be_booked_for(self, standing, undone):
        wish = {"start": "2026-11-26T09:00+08:00", "end": "2026-11-26T10:00+08:00", "instrument": str(standing.town.id("instrument"))}
        for role in ("researcher", "manager"):
            answer = standing.ask(role, "POST", "/api/v1/bookings", wish | {"group": str(standing.town.id("group"))})
            assert answer.status_code in (403, 404, 422), answer.text

    @pytest.mark.parametrize("scope", ["instrument_elsewhere", "facility_elsewhere"])
    def test_a_role_over_something_foreign_cannot_be_granted(self, standing, undone, scope):
        form = {"role": "manager", "scope": f"{scope.split('_')[0]}-{standing.town.id(scope)}"}
        for role in ("organisation_admin", "province_admin"):
            assert standing.ask(role, "POST", f"/organisation/people/{standing.town.id('owner')}/roles", form).status_code == 422
        foreigner = f"/organisation/people/{standing.town.id('manager_elsewhere')}/roles"
        assert standing.ask("organisation_admin", "POST", foreigner, form).status_code == 404
        assert standing.ask("organisation_admin", "POST", f"{foreigner}/{standing.town.id('role_elsewhere')}/revoke", {}).status_code == 404

    def test_nobody_takes_a_role_away_under_another_persons_name(self, standing, undone):
        path = f"/organisation/people/{standing.town.id('owner')}/roles/{standing.town.id('role_elsewhere')}/revoke"
        assert standing.ask("organisation_admin", "POST", path, {}).status_code == 404

    def test_an_instrument_cannot_be_registered_for_a_foreign_organisation(self, standing, undone):
        form = {"organisation": str(standing.town.id("elsewhere")), "name_zh": "x", "inner_id": "Z1"}
        assert standing.ask("organisation_admin", "POST", "/manage/instruments/new", form).status_code == 404

    def test_a_list_cannot_be_imported_for_a_foreign_organisation(self, standing, undone):
        form = {"organisation": str(standing.town.id("elsewhere")), "file": (io.BytesIO("单位内部编号,中文名称\nQ1,x\n".encode()), "a.csv")}
        assert standing.ask("organisation_admin", "POST", "/manage/import", form).status_code in (403, 404, 422)

    def test_qualifications_are_not_extended_on_a_foreign_instrument(self, standing, undone):
        form = {"qualification": str(standing.town.id("granted")), "ids": str(standing.town.id("granted")), "expires_on": "2027-01-01"}
        assert standing.ask("manager_elsewhere", "POST", "/manage/qualifications/extend", form).status_code == 404
        assert standing.ask("manager", "POST", "/manage/qualifications/extend", form).status_code == 302  # the form is in order

    def test_the_api_takes_no_other_organisations_bookings_into_a_list(self, standing):
        for role in (*STRANGERS, "researcher", "manager_elsewhere", "organisation_admin_elsewhere", "auditor_elsewhere"):
            answer = standing.ask(role, "GET", f"/api/v1/bookings?instrument={standing.town.id('instrument')}", {})
            assert outcome(answer) in (LOGIN, NOT_THERE, FORBIDDEN) or answer.json["items"] == []
