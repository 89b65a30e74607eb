"""The counting that test_bounds.py goes by: a view without a bound is caught, one with a bound is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask, request
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from tests.portal.costs import cost_of, too_much

LINE = "a line of a page about one week of a window\n" * 5
LONGEST = 53
Week = Callable[[Connection, date], str]


def asks(connection: Connection, _on: date) -> str:
    connection.execute(text("SELECT 1"))
    return ""


def says(_connection: Connection, _on: date) -> str:
    return LINE


def works(_connection: Connection, on: date) -> str:
    return "".join(hour_of(on, hour) for hour in range(7 * 24))[:0]


def hour_of(on: date, hour: int) -> str:
    return f"{on} {hour}"


@pytest.mark.parametrize("week", [asks, says, works])
@pytest.mark.parametrize("longest", [None, LONGEST])
def test_a_view_without_a_bound_is_caught(week: Week, longest: int | None) -> None:
    engine, app = create_engine("sqlite://", poolclass=StaticPool), Flask(__name__)

    @app.get("/weeks")
    def show() -> str:
        first = date(2026, 1, 1)
        until = date.fromisoformat(request.args.get("until", "2026-02-01"))
        weeks = [first + timedelta(weeks=number) for number in range((until - first).days // 7)]
        with engine.connect() as connection:
            return "".join(week(connection, on) for on in weeks[:longest])

    client = app.test_client()
    usual = cost_of(engine, lambda: client.get("/weeks"))
    century = cost_of(engine, lambda: client.get("/weeks?until=2126-01-01"))
    assert too_much(usual, century) == (longest is None)
