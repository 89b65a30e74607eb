"""Walking over every route of the portal: which there are, which line of the guards is theirs, at what address they are met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.fixtures.town import ROLES, Town
from tests.portal.guards import GUARDS, Line
from tests.portal.policies import IN, Policy

# Fields of a form in which a thing of the town stands by its name.
NAMES_A_THING = ("instrument", "organisation", "group", "ids", "account0", "charge", "programme", "first", "second", "scheme", "chosen")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(app: Flask, methods: Iterable[str] = METHODS) -> Iterator[tuple[str, Rule]]:
    """Give every route with one of the methods, as ("METHOD endpoint", rule)."""
    wanted = set(methods)
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & wanted):
            yield f"{method} {rule.endpoint}", rule


def lines_for(route: str) -> list[Line]:
    """Give the lines of a route; one that names it wholly counts before one for all tables of the register."""
    named = [line for line in GUARDS if line.route == route]
    return named or [line for line in GUARDS if fnmatchcase(route, line.route)]


def address(app: Flask, town: Town, rule: Rule, line: Line) -> str:
    """Give the address of a line in the town."""
    query = {name: text for name, text in line.at.items() if name not in rule.arguments}
    values = town.at(set(rule.arguments), line.at) | query
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=line.route.split()[0])


def form_of(town: Town, line: Line) -> dict[str, Any]:
    """Give the form of a line, with the ids of what it names."""
    return {key: str(town.id(value)) if key in NAMES_A_THING and value else value for key, value in line.form.items()}


def one_of_each(policy: Policy, number: int) -> list[str]:
    """Give one role for each outcome of a policy; from line to line another one."""
    alike = [[role for role in ROLES if policy[role] == outcome] for outcome in sorted(set(policy.values()))]
    return [roles[number % len(roles)] for roles in alike]


def pages(app: Flask, town: Town, role: str) -> Iterator[tuple[str, str]]:
    """Give every route a role may read, once, with its address."""
    for route, rule in routes(app, ["GET"]):
        for line in lines_for(route):
            if line.policy[role] == IN:
                yield route, address(app, town, rule, line)


def forms(app: Flask, town: Town, role: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give every route that a role may change something by, with its address and its form."""
    for route, rule in routes(app, METHODS[1:]):
        for line in lines_for(route):
            if line.policy[role] == IN:
                yield route, address(app, town, rule, line), form_of(town, line)
