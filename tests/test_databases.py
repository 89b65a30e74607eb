"""The databases of the tests: what one test writes, the next does not see."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from instruments.people import Organisation
from tests.fixtures.databases import Database


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_session_starts_empty_even_after_a_commit(session: Session, time: str) -> None:
    assert count(session) == 0
    session.add(university())
    session.commit()
    assert count(session) == 1


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_clean_engine_is_clean_and_numbers_from_one(clean_engine: Engine, time: str) -> None:
    with Session(clean_engine) as session, session.begin():
        assert count(session) == 0
        session.add(university())
    with Session(clean_engine) as another:
        assert another.scalars(select(Organisation.id)).all() == [1]


def test_rows_a_migration_made_come_back(empty_database: Database) -> None:
    engine = empty_database.engine
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kind (id INTEGER PRIMARY KEY, word TEXT)"))
        connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, word TEXT)"))
        connection.execute(text("INSERT INTO kind VALUES (1, 'kept')"))
    empty_database.keep()
    with engine.begin() as connection:
        connection.execute(text("UPDATE kind SET word = 'changed'"))
        connection.execute(text("INSERT INTO thing VALUES (1, 'new')"))
    empty_database.restore()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT word FROM kind")).scalars().all() == ["kept"]
        assert connection.execute(text("SELECT word FROM thing")).scalars().all() == []


def test_rows_that_a_trigger_protects_go_as_well(empty_database: Database) -> None:
    engine = empty_database.engine
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE entry (id INTEGER PRIMARY KEY)"))
        for statement in never_deleted(connection.dialect.name):
            connection.execute(text(statement))
    empty_database.keep()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO entry VALUES (1)"))
    with pytest.raises(Exception, match="never deleted"), engine.begin() as connection:
        connection.execute(text("DELETE FROM entry"))
    empty_database.restore()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT id FROM entry")).scalars().all() == []


def never_deleted(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return ["CREATE TRIGGER kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'never deleted'); END"]
    return [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never deleted'; END $$",
        "CREATE TRIGGER kept BEFORE DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse()",
    ]


def university() -> Organisation:
    return Organisation(code="0001", name_zh="大学", name_en="University", kind="university", city="140100")


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Organisation)) or 0
