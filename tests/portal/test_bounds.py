"""Promise 19: whatever a query asks for, the answer is in order and bounded. Each name a route reads is tried with hostile values.

All routes are tried on the first database, on the second one route for each name of a blueprint, with what databases take differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.datastructures import MultiDict

import portal
from portal.api.openapi import PREFIX, api
from tests.fixtures.databases import BACKENDS
from tests.fixtures.queries import watching
from tests.fixtures.standing import Standing
from tests.portal.costs import cost_of, too_much
from tests.portal.policies import IN
from tests.portal.walking import address, lines_for, routes

# What the two databases take differently, and so is tried on both.
FOR_DATABASES = ("\x00", "a\x00b", "9223372036854775808", "-1", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-14:00", "WzEsMl0")
FOR_PYTHON = (
    "", "1" * 5000, "1000000000", "1e400", "NaN", "x" * 10_000, "%_\\' OR 1=1 --", "\ud7ff\U0010ffff\u202e", "10000-01-01", "0001-W01", "9999-W53",
    "²", "١", "[]", "1,2,,3", "2026-13-45~1",
)  # fmt: skip
TWICE = (["1", "x"], ["2026-11-23"] * 50)
EVERYWHERE = "lang"  # read for every route by the same few lines: one value is enough for each
# The tables of the register share their views: one stands for all, and tests/portal/admin tries what is special about it.
ONE_TABLE = "admin_instrument."
CENTURY = {"from": "2026-01-01T00:00:00Z", "until": "2126-01-01T00:00:00Z"}
BEGINNINGS = dict.fromkeys(("from", "start", "free_from", "after"), "2026-01-01")
SEARCHED = {"q", "instrument", "facility", "cursor", "id"}  # what finds nothing would hide what the other names cost


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """A portal of its own for what is asked of it, as the asking adds a route."""
    return fresh_app


@dataclass(frozen=True)
class Reading:
    """A route with its address, who reads it, and what its query may name."""

    route: str
    url: str
    names: frozenset[str]

    def sent_by(self, standing: Standing) -> Callable[[Any], Any]:
        """Give what sends a query to it."""
        return lambda query: standing.ask(reader_of(self.route), "GET", self.url, query=query)


@pytest.fixture(scope="module")
def learnt() -> dict[tuple[str, int], frozenset[str]]:
    """What the lines of the guards were found to ask, so that they are watched on one database alone."""
    return {}


@pytest.fixture
def readings(standing: Standing, learnt: dict[tuple[str, int], frozenset[str]], monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """The routes somebody may read that are tried on this database; errors become answers."""
    monkeypatch.setitem(standing.app.config, "TESTING", False)
    lines = dict(addresses(standing))
    if not learnt:
        with watching(standing.app) as learn:
            learnt |= {key: frozenset(learn(opened_by(standing, key[0]), url)) for key, url in lines.items()}
    every = [Reading(key[0], url, learnt[key]) for key, url in lines.items()]
    return once(every, by_blueprint=standing.backend != BACKENDS[0])


def opened_by(standing: Standing, route: str) -> Callable[[str, dict[str, str]], Any]:
    return lambda url, query: standing.ask(reader_of(route), "GET", url, query=query)


def once(readings: list[Reading], by_blueprint: bool) -> list[Reading]:
    """Leave out what asks for no name that its route, or its blueprint, has not asked for before."""
    kept, known = [], set()
    for one in readings:
        view = one.route.partition(".")[0] if by_blueprint else one.route
        asked = {(view, name) for name in one.names}
        if asked - known:
            kept.append(one)
            known |= asked
    return kept


def reader_of(route: str) -> str:
    """The administrator of the province sees everything, but for what is hers alone to see who asks."""
    policy = lines_for(route)[0].policy
    return "province_admin" if policy["province_admin"] == IN else next((role for role in policy if policy[role] == IN), "anonymous")


def addresses(standing: Standing) -> Iterator[tuple[tuple[str, int], str]]:
    for route, rule in routes(standing.app, ["GET"]):
        for number, line in enumerate(lines_for(route)):
            is_other_table = "admin_" in route and ONE_TABLE not in route
            if not route.endswith("static") and not is_other_table and line.policy[reader_of(route)] == IN:
                yield (route, number), address(standing.app, standing.town, rule, line).partition("?")[0]


def crashes(route: str, names: frozenset[str], send: Callable[[Any], Any], values: tuple[str, ...]) -> list[str]:
    """Try each name alone with one of the values, and all names at once with each; give what was answered with a 5xx."""
    turns, wrong, own = cycle(values), [], names - {EVERYWHERE}
    alone = [{name: next(turns)} for name in sorted(names)]
    for query in [*alone, *(dict.fromkeys(names, value) for value in values if own)]:
        status = send(query).status_code
        if status >= 500:
            wrong.append(f"{status}: {route} with { {name: value[:20] for name, value in query.items()} }")
    return wrong


def test_every_name_that_a_view_reads_is_found(readings: list[Reading]) -> None:
    sources = "".join(file.read_text("utf-8") for file in Path(portal.__file__).parent.rglob("*.py"))
    read = set(re.findall(r"""request\.args(?:\.get(?:list)?\(|\[)"(\w+)\"""", sources))
    assert len(read) > 15
    assert read - frozenset().union(*(one.names for one in readings)) == set()


def test_every_route_asks_for_the_language_and_many_for_more(readings: list[Reading]) -> None:
    assert sum(one.names != {EVERYWHERE} for one in readings) > 20
    assert [one.route for one in readings if EVERYWHERE not in one.names] == []


def test_no_value_of_a_query_makes_a_page_crash(standing: Standing, readings: list[Reading]) -> None:
    values = FOR_DATABASES + (FOR_PYTHON if standing.backend == BACKENDS[0] else ())
    wrong = []
    for number, one in enumerate(readings):
        turned = values[number % len(values) :] + values[: number % len(values)]
        wrong += crashes(one.route, one.names, one.sent_by(standing), turned)
    assert wrong == []


def test_a_name_that_stands_twice_crashes_no_page(standing: Standing, readings: list[Reading]) -> None:
    wrong = []
    for one in readings:
        for values in TWICE:
            answer = one.sent_by(standing)(MultiDict([(name, value) for name in one.names for value in values]))
            wrong += [f"{answer.status_code}: {one.route} with {values[:2]}"] if answer.status_code >= 500 else []
    assert wrong == []


@pytest.mark.parametrize("backend", BACKENDS[:1])
def test_a_page_that_crashes_is_seen(app: Flask, names_asked: Callable[..., set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.view_functions, "help.show", lambda: str(int(request.args.get("page", "1"))))
    client = app.test_client()
    names = names_asked(lambda url, query: client.get(url, query_string=query), "/help")
    assert names == {"page", EVERYWHERE}
    seen = crashes("GET help.show", frozenset(names), lambda query: client.get("/help", query_string=query), ("NaN",))
    assert len(set(seen)) == 2  # alone, and with all other names


class TestTooMuch:
    """What is asked for is refused, or cut to what a page holds."""

    def test_the_api_refuses_pages_without_end(self, standing: Standing) -> None:
        paged = [url for url, names in self.calls(standing) if "limit" in names]
        assert len(paged) >= 3
        for url in paged:
            for limit in ("1000000000", "0", "-1", "1e9", "NaN"):
                assert standing.ask("province_admin", "GET", url, query={"limit": limit}).status_code == 422, (url, limit)

    def test_the_api_refuses_windows_of_a_century(self, standing: Standing) -> None:
        windows = [(url, names) for url, names in self.calls(standing) if "until" in names or "free_until" in names]
        assert any("limit" not in names for _, names in windows)
        for url, names in windows:
            query = {start + name: text for name, text in CENTURY.items() for start in ("", "free_") if start + name in names}
            answer = standing.ask("province_admin", "GET", url, query=query)
            # A list has its pages, however long the window.
            assert answer.status_code == 422 or ("limit" in names and answer.status_code == 200), (url, answer.text[:300])

    def calls(self, standing: Standing) -> list[tuple[str, set[str]]]:
        reads = [one for one in api.operations if one.method == "GET" and one.query is not None]
        return [
            (self.path(standing, PREFIX + one.path), {part.alias or name for name, part in one.query.model_fields.items()}) for one in reads
        ]

    def path(self, standing: Standing, path: str) -> str:
        return path.format(**standing.town.at(set(re.findall(r"{(\w+)}", path))))

    def test_no_page_says_asks_or_does_much_more_than_usual(self, standing: Standing, readings: list[Reading]) -> None:
        wrong, values = [], ("1000000000", "2126-01-01") if standing.backend == BACKENDS[0] else ("2126-01-01",)
        for one in readings:
            if one.names == {EVERYWHERE}:
                continue
            send = one.sent_by(standing)
            usual = cost_of(standing.engine, lambda: send({}))  # noqa: B023  # called at once
            for value in values:
                cost = cost_of(standing.engine, lambda: send(much(one.names, value)))  # noqa: B023  # called at once
                wrong += [f"{one.route} with {value}: {cost}, not {usual}"] if too_much(usual, cost) else []
        assert wrong == []


def much(names: frozenset[str], value: str) -> dict[str, str]:
    """Ask for as much as the names of a route let one ask for."""
    return dict.fromkeys(names - SEARCHED - {EVERYWHERE}, value) | {name: BEGINNINGS[name] for name in names & set(BEGINNINGS)}
