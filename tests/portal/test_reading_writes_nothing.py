"""Promise 13: GET and HEAD write nothing, on any route, for anybody.

Two watches: every statement a request sends, which names the route; and a digest of all rows before and after, which no statement escapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event, update
from sqlalchemy.exc import DBAPIError

from instruments.database import Base
from instruments.people import Person
from portal.transactions import reading, writing
from tests.fixtures.standing import Standing
from tests.fixtures.town import ROLES
from tests.portal.policies import IN
from tests.portal.walking import address, lines_for, one_of_each, routes

READS = ("SELECT", "WITH", "SHOW", "SET TRANSACTION", "SET LOCAL", "EXPLAIN", "VALUES", "BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


def is_write(statement: str) -> bool:
    return not statement.upper().lstrip().startswith(READS) or " FOR UPDATE" in statement.upper()


@contextmanager
def writes_of(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that write, or would if the database let them."""
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if is_write(statement):
            seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def everything(engine: Engine) -> dict[str, list[str]]:
    """Give all rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.exec_driver_sql(f'SELECT * FROM "{table.name}"'))
            for table in Base.metadata.sorted_tables
        }


def askings(standing: Standing) -> Iterator[tuple[str, str, str]]:
    """Give (role, method, address): on SQLite who is let in at a line, each of them; of the others, and on PostgreSQL, one of each."""
    lines = [
        (line, address(standing.app, standing.town, rule, line))
        for route, rule in routes(standing.app, ["GET"])
        for line in lines_for(route)
    ]
    for number, (line, url) in enumerate(lines):
        some = one_of_each(line.policy, number)
        all_in = [role for role in ROLES if line.policy[role] == IN and standing.backend == "sqlite"]
        yield from ((role, "GET", url) for role in sorted({*some, *all_in}))
        yield from ((role, "HEAD", url) for role in some if line.policy[role] == IN)


def test_reading_writes_nothing_on_any_route_for_anybody(standing: Standing) -> None:
    before, found = everything(standing.engine), []
    for role, method, url in askings(standing):
        with writes_of(standing.engine) as said:
            standing.ask(role, method, url)
        found += [f"{role}: {method} {url} says {statement}" for statement in said]
    assert not found, "\n".join(["", *found])
    assert everything(standing.engine) == before


def test_a_page_that_writes_is_seen_by_both_watches(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless() -> str:
        with writing() as session:
            session.execute(update(Person).where(Person.id == standing.town.id("waiting")).values(phone="changed by reading"))
        return "done"

    monkeypatch.setitem(standing.app.view_functions, "help.show", careless)
    for method in ("GET", "HEAD"):
        before = everything(standing.engine)
        with writes_of(standing.engine) as said:
            assert standing.ask("anonymous", method, "/help").status_code == 200
        assert any(statement.startswith("UPDATE person") for statement in said)
        if method == "GET":
            assert [table for table, rows in everything(standing.engine).items() if rows != before[table]] == ["person"]


def test_a_page_that_tries_to_write_is_stopped_by_the_database(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless() -> str:
        with reading() as session:
            session.execute(update(Person).values(name="changed by reading"))
        return "done"

    monkeypatch.setitem(standing.app.view_functions, "help.show", careless)
    before = everything(standing.engine)
    with pytest.raises(DBAPIError):
        standing.ask("anonymous", "GET", "/help")
    assert everything(standing.engine) == before
