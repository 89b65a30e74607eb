"""The schema: there and back on both databases, and the same as the models say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.database import make_engine
from instruments.people import Organisation
from portal.schema import all_tables, downgrade, is_current, upgrade
from scheduling.statistics.people import home_number, unpack
from tests.fixtures.databases import Database


def test_an_empty_database_is_not_current_until_upgraded(empty_database: Database) -> None:
    assert not is_current(empty_database.engine)
    upgrade(empty_database.engine)
    assert is_current(empty_database.engine)


def test_up_down_and_up_again(empty_database: Database) -> None:
    engine = empty_database.engine
    upgrade(engine)
    downgrade(engine)
    assert own_tables(engine) == set()
    upgrade(engine)
    assert own_tables(engine) >= set(all_tables().tables)


def test_upgrading_twice_changes_nothing(empty_database: Database) -> None:
    upgrade(empty_database.engine)
    upgrade(empty_database.engine)
    assert is_current(empty_database.engine)


def test_the_schema_is_what_the_models_say(engine: Engine) -> None:
    assert differences(engine, all_tables()) == []


def test_a_table_the_migrations_forget_is_noticed(engine: Engine) -> None:
    more = MetaData(naming_convention=all_tables().naming_convention)
    for table in all_tables().tables.values():
        table.to_metadata(more)
    Table("forgotten", more, Column("id", Integer, primary_key=True))
    assert [difference[0] for difference in differences(engine, more)] == ["add_table"]


def test_several_processes_that_start_at_once_upgrade_once(empty_database: Database) -> None:
    engines = [make_engine(empty_database.url) for _ in range(6)]
    try:
        with ThreadPoolExecutor(len(engines)) as pool:
            list(pool.map(upgrade, engines))
        assert all(is_current(engine) for engine in engines)
    finally:
        for engine in engines:
            engine.dispose()


def test_a_step_that_fails_leaves_nothing_behind(empty_database: Database) -> None:
    def fail_half_way(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("CREATE TABLE booking"):
            raise RuntimeError("the power goes")

    event.listen(empty_database.engine, "before_cursor_execute", fail_half_way)
    with pytest.raises(RuntimeError, match="the power goes"):
        upgrade(empty_database.engine)
    event.remove(empty_database.engine, "before_cursor_execute", fail_half_way)
    assert own_tables(empty_database.engine) == set()
    upgrade(empty_database.engine)
    assert "booking" in own_tables(empty_database.engine)


def own_tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def differences(engine: Engine, wanted: MetaData) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        inner = tables_of_full_text_search(connection)
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name not in inner}
        return compare_metadata(MigrationContext.configure(connection, opts=options), wanted)


def tables_of_full_text_search(connection: Connection) -> set[str]:
    if connection.dialect.name != "sqlite":
        return set()
    rows = connection.execute(text("SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"))
    return {row.name for row in rows}


def test_how_income_was_divided_is_taken_along_there_and_back(empty_database: Database) -> None:
    engine = empty_database.engine
    upgrade(engine)
    downgrade(engine, "0004")
    with engine.begin() as connection:
        named = "id, code, name_zh, name_en, kind, city, time_zone, website, mail_domain, is_active, is_sample, version"
        values = "1, 'A', '甲', '', 'university', '', 'Asia/Shanghai', '', '', TRUE, FALSE, 1"
        connection.execute(text(f"INSERT INTO organisation ({named}) VALUES ({values})"))
        for part, percent in (("instrument", 8000), ("management", 2000)):
            row = {"part": part, "percent": percent}
            connection.execute(
                text("INSERT INTO income_split (organisation_id, part, percent, set_at) VALUES (1, :part, :percent, '2026-01-02 03:04:05')"), row
            )
    upgrade(engine)
    percents = "SELECT to_instrument, to_facility, to_organisation, to_management FROM income_division"
    with engine.begin() as connection:
        assert connection.execute(text(percents)).all() == [(8000, 0, 0, 2000)]
    downgrade(engine, "0004")
    with engine.begin() as connection:
        found = connection.execute(text("SELECT part, percent FROM income_split ORDER BY part")).all()
    assert found == [("instrument", 8000), ("management", 2000)]


def test_what_was_closed_before_there_were_other_cycles_is_of_one_month_and_stays(empty_database: Database) -> None:
    engine = empty_database.engine
    upgrade(engine)
    downgrade(engine, "0012")
    with engine.begin() as connection:
        named = "id, code, name_zh, name_en, kind, city, time_zone, website, mail_domain, is_active, is_sample, version"
        values = "1, 'A', '甲', '', 'university', '', 'Asia/Shanghai', '', '', TRUE, FALSE, 1"
        connection.execute(text(f"INSERT INTO organisation ({named}) VALUES ({values})"))
        row = "1, '2026-10-01', 0, '2026-11-02 03:04:05'"
        connection.execute(text(f"INSERT INTO period_close (organisation_id, month, statements, closed_at) VALUES ({row})"))
    upgrade(engine)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT months FROM period_close")).all() == [(1,)]
    with pytest.raises(DBAPIError, match="stays closed"), engine.begin() as connection:
        connection.execute(text("UPDATE period_close SET months = 3"))


def test_who_used_an_instrument_is_packed_and_unpacked_again_and_a_published_year_keeps_how_it_was_used(empty_database: Database) -> None:
    engine = empty_database.engine
    upgrade(engine)
    downgrade(engine, "0014")
    columns = "starts_on, instrument_id, person_id, organisation_id, is_external"
    users = [("2025-03-01", 7, 1, 2, False), ("2025-03-01", 7, 1, 3, True), ("2025-05-01", 7, 1, 3, True), ("2025-04-01", 8, 2**30, 3, True)]
    of_year = [("2025-01-01", 7, 1, 2, False), ("2025-01-01", 7, 1, 3, True), ("2025-01-01", 8, 2**30, 3, True)]
    with engine.begin() as connection:
        for table, rows in (("month_user", users), ("year_user", of_year), ("published_user", users)):
            for starts_on, *numbers, outside in rows:
                values = f"'{starts_on}', {', '.join(map(str, numbers))}, {str(outside).upper()}"
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))
        connection.execute(text("INSERT INTO published_year (year, published_at, instruments, note) VALUES (2025, '2026-01-02 03:04:05', 2, '')"))
        named = "starts_on, instrument_id, audience, is_external, mode, purpose, used, effective, uses, samples, runs, income"
        for year in (2024, 2025):
            values = f"'{year}-03-01', 7, 'group', FALSE, 'self', 'research', 60, 60, 1, 0, 0, 0"
            connection.execute(text(f"INSERT INTO month_use ({named}) VALUES ({values})"))
    upgrade(engine)
    with engine.begin() as connection:
        for table in ("year_people", "published_people"):
            rows = connection.execute(text(f"SELECT starts_on, instrument_id, who FROM {table} ORDER BY instrument_id")).all()
            assert [(str(row[0]), row[1], [*zip(*unpack(row[2]), strict=True)]) for row in rows] == [
                ("2025-01-01", 7, [(1, home_number(2, False), 0b100), (1, home_number(3, True), 0b10100)]),
                ("2025-01-01", 8, [(2**30, home_number(3, True), 0b1000)]),
            ]
        assert [str(row[0]) for row in connection.execute(text("SELECT starts_on FROM published_use"))] == ["2025-03-01"]
    for table in ("published_people", "published_use"):
        with pytest.raises(DBAPIError, match="stay as they are"), engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))
    downgrade(engine, "0014")
    with engine.begin() as connection:
        for table, rows in (("month_user", users), ("year_user", of_year), ("published_user", users)):
            found = connection.execute(text(f"SELECT {columns} FROM {table}"))
            assert {(str(day), *map(int, rest[:3]), bool(rest[3])) for day, *rest in found} == set(rows)


def test_where_instruments_stood_is_kept_from_the_step_on_there_and_back(empty_database: Database) -> None:
    engine = empty_database.engine
    upgrade(engine)
    with Session(engine) as session:
        home = Organisation(code="A", name_zh="甲", kind="university")
        session.add(Instrument(organisation=home, inner_id="1", name_zh="显微镜", city="140100", created_at=datetime(2026, 1, 2, tzinfo=UTC)))
        session.commit()
    kept = text("SELECT city FROM past_standing")
    with engine.begin() as connection:
        connection.execute(text("UPDATE instrument SET city = '140200'"))
        assert connection.execute(kept).all() == [("140100",)]
    downgrade(engine, "0015")
    with engine.begin() as connection:
        connection.execute(text("UPDATE instrument SET city = '140300'"))
        assert connection.execute(text("SELECT count(*) FROM touched_span WHERE instrument_id IS NULL")).scalar() == 1
    upgrade(engine)
    with engine.begin() as connection:
        assert connection.execute(kept).all() == []
        connection.execute(text("UPDATE instrument SET city = '140400'"))
        assert connection.execute(kept).all() == [("140300",)]
