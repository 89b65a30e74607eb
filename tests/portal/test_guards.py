"""Promise 11: every object is guarded. Each route and method is tried as each kind of person; tests/portal/guards.py says who may.

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
from sqlalchemy import select

from instruments.roles import RoleGrant
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from tests.fixtures.asking import Ask
from tests.fixtures.town import ROLES, STRANGERS, Town
from tests.portal.guards import GUARDS
from tests.portal.policies import FORBIDDEN, IN, LOGIN, NOT_THERE
from tests.portal.walking import address, form_of, lines_for, routes

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


def tried(app: Flask, town: Town, ask: Ask, role: str) -> Iterator[tuple[str, str, str, str]]:
    """Try every route as a role; give (route, address, what should become of it, what did)."""
    for route, rule in routes(app):
        for line in lines_for(route):
            url = address(app, town, rule, line)
            answer = ask(role, town, route.split()[0], url, form_of(town, line))
            yield route, url, line.policy[role], outcome(answer)


def test_every_route_has_a_line_and_every_line_a_route(app: Flask) -> None:
    assert unguarded(app) == []
    assert lines_of_nothing(app) == []


def test_a_route_without_a_line_is_seen(app: Flask) -> None:
    app.add_url_rule("/for-tests/open", "for_tests.open", lambda: "open")
    assert unguarded(app) == ["GET for_tests.open has no line. Say in tests/portal/guards.py, in one line, who may reach it."]


@pytest.mark.parametrize("roles", [ROLES[:4], ROLES[4:8], ROLES[8:]], ids=["strangers-and-researchers", "managers", "administrators"])
def test_everybody_reaches_what_is_hers_and_nothing_else(app: Flask, town: Town, ask: Ask, undone: None, roles: tuple[str, ...]) -> None:
    answers = [(role, *answer) for role in roles for answer in tried(app, town, ask, role)]
    wrong = [f"{role}: {route} at {url} should be {right}, is {found}" for role, route, url, right, found in answers if right != found]
    assert not wrong, "\n".join(["", *wrong])


def test_a_route_without_a_guard_is_seen(app: Flask, town: Town, ask: Ask, undone: None) -> None:
    app.view_functions["manage.home"] = app.view_functions["province.users"] = lambda: "open"
    app.before_request_funcs["manage"] = app.before_request_funcs["province"] = []
    open_to = {route for route, _, right, found in tried(app, town, ask, "researcher") if right != found}
    assert {"GET manage.home", "GET province.users"} <= open_to


def test_what_is_not_ones_own_is_told_in_the_same_words_as_what_does_not_exist(app: Flask, town: Town, ask: Ask) -> None:
    for path in ("/bookings/{}", "/api/v1/bookings/{}", "/organisation/people/{}"):
        there, nowhere = town.id("owner" if "people" in path else "booking"), 987654
        answers = [ask("organisation_admin_elsewhere", town, "GET", path.format(number), {}) for number in (there, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        here, gone = (re.sub('value="[^"]*"|[0-9]+', "", answer.text) for answer in answers)  # but for the hidden field and the number asked for
        assert here == gone


class TestSourceAndTarget:
    """A change is judged by what it starts from and by what it leads to."""

    def ids(self, session: Any) -> set[tuple[int, str, int]]:
        session.expire_all()
        return {(one.instrument_id, one.status, one.version) for one in session.scalars(select(Booking))}

    @pytest.mark.parametrize("role", ["owner", "pi", "manager"])
    @pytest.mark.parametrize("target", ["draft_elsewhere", "nowhere"])
    def test_a_booking_cannot_be_moved_to_an_instrument_that_is_not_to_be_seen(self, app, town, ask, session, undone, role, target):
        before, number = self.ids(session), 987654 if target == "nowhere" else town.id(target)
        times = {"start": "2026-11-26T09:00", "end": "2026-11-26T10:00", "instrument": str(number)}
        path = f"/bookings/{town.id('booking')}"
        assert ask(role, town, "GET", f"{path}/move?instrument={number}", {}).status_code == 404
        assert ask(role, town, "POST", f"{path}/move", times).status_code == 404
        assert ask(role, town, "POST", f"{path}/quote", times).status_code == 404
        assert self.ids(session) == before

    def test_a_manager_cannot_move_her_users_booking_onto_an_instrument_against_its_rules(self, app, town, ask, session, undone):
        # The manager of one instrument is nobody special on another: there the rules of that one decide.
        times = {"start": "2026-11-26T09:00", "end": "2026-11-26T10:00", "instrument": str(town.id("suspended"))}
        assert ask("owner", town, "POST", f"/bookings/{town.id('booking')}/move", times).status_code in (404, 422)

    def test_several_instruments_of_which_one_is_hidden_are_not_there(self, app, town, ask, undone):
        span = TimeSpan(town.things["booking"].start_at, town.things["booking"].end_at + timedelta(hours=1))
        wish = {"start": span.start.isoformat(), "end": span.end.isoformat()}
        ids = [str(town.id("busy")), str(town.id("draft_elsewhere"))]
        assert ask("owner", town, "POST", "/api/v1/bookings", wish | {"instruments": ids}).status_code == 404

    def test_a_group_that_is_not_ones_own_cannot_be_booked_for(self, app, town, ask, session, undone):
        wish = {"start": "2026-11-26T09:00+08:00", "end": "2026-11-26T10:00+08:00", "instrument": str(town.id("instrument"))}
        for role in ("researcher", "manager"):
            answer = ask(role, town, "POST", "/api/v1/bookings", wish | {"group": str(town.id("group"))})
            assert answer.status_code in (403, 404, 422), answer.text

    @pytest.mark.parametrize("scope", ["instrument_elsewhere", "facility_elsewhere"])
    def test_a_role_over_something_foreign_cannot_be_granted(self, app, town, ask, undone, scope):
        form = {"role": "manager", "scope": f"{scope.split('_')[0]}-{town.id(scope)}"}
        for role in ("organisation_admin", "province_admin"):
            assert ask(role, town, "POST", f"/organisation/people/{town.id('owner')}/roles", form).status_code == 422
        foreigner = f"/organisation/people/{town.id('manager_elsewhere')}/roles"
        assert ask("organisation_admin", town, "POST", foreigner, form).status_code == 404
        assert ask("organisation_admin", town, "POST", f"{foreigner}/{town.id('role_elsewhere')}/revoke", {}).status_code == 404

    def test_nobody_takes_a_role_away_under_another_persons_name(self, app, town, ask, session, undone):
        path = f"/organisation/people/{town.id('owner')}/roles/{town.id('role_elsewhere')}/revoke"
        assert ask("organisation_admin", town, "POST", path, {}).status_code == 404
        assert session.get(RoleGrant, town.id("role_elsewhere")) is not None

    def test_an_instrument_cannot_be_registered_for_a_foreign_organisation(self, app, town, ask, undone):
        form = {"organisation": str(town.id("elsewhere")), "name_zh": "x", "inner_id": "Z1"}
        assert ask("organisation_admin", town, "POST", "/manage/instruments/new", form).status_code == 404

    def test_a_list_cannot_be_imported_for_a_foreign_organisation(self, app, town, ask, undone):
        form = {"organisation": str(town.id("elsewhere")), "file": (io.BytesIO("单位内部编号,中文名称\nQ1,x\n".encode()), "a.csv")}
        assert ask("organisation_admin", town, "POST", "/manage/import", form).status_code in (403, 404, 422)

    def test_qualifications_are_not_extended_on_a_foreign_instrument(self, app, town, ask, session, undone):
        form = {"qualification": str(town.id("granted")), "ids": str(town.id("granted")), "expires_on": "2027-01-01"}
        answer = ask("manager_elsewhere", town, "POST", "/manage/qualifications/extend", form)
        session.expire_all()
        assert town.things["granted"].expires_on is None
        assert answer.status_code in (302, 303, 404, 422)

    def test_the_api_takes_no_other_organisations_bookings_into_a_list(self, app, town, ask):
        for role in (*STRANGERS, "researcher", "manager_elsewhere", "organisation_admin_elsewhere", "auditor_elsewhere"):
            answer = ask(role, town, "GET", f"/api/v1/bookings?instrument={town.id('instrument')}", {})
            assert outcome(answer) in (LOGIN, NOT_THERE, FORBIDDEN) or answer.json["items"] == []
