"""A year of uses of a province, written by the database itself: instruments open in office hours, uses spread evenly over the year."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, PublicationPhase
from instruments.classification import Category, seed_categories
from instruments.holidays import seed_holidays
from instruments.opening import OpeningHours
from instruments.people import Organisation, Person
from portal.schema import upgrade
from scheduling.usepolicy import UsePolicy

YEAR, PEOPLE, ORGANISATIONS = 2025, 2000, 50
NOW = datetime(YEAR + 1, 1, 1, 4, tzinfo=UTC)
OFFICE = [[day, 480, 1080] for day in range(5)]
SERIES = {
    "sqlite": "WITH RECURSIVE each(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n + 1 < {rows})",
    "postgresql": "WITH each(n) AS (SELECT generate_series(CAST(0 AS bigint), {rows} - 1))",
}
# The minutes since the year began, in Shanghai, as a time.
TIME = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', 1735660800 + 60 * ({minutes}), 'unixepoch')",
    "postgresql": "to_timestamp(1735660800 + 60 * ({minutes}))",
}
# The k-th thing of an instrument: its day, and when on that day.
K = "(n / {instruments})"
START = f"({K} * 365 / {{each}}) * 1440 + 480 + (n * 37 % 9) * 60 + ({K} % 4) * 15"
INSTRUMENT = "n % {instruments} + 1"
# Up to sixty people use an instrument.
PERSON = f"(n * 7919 + {K} % 60 * 37) % {PEOPLE} + 1"


def furnish(engine: Engine, instruments: int, uses: int) -> None:
    """Make the schema, the register, the uses, a booking for each third of them and a charge for each tenth."""
    upgrade(engine)
    with Session(engine) as session:
        seed_categories(session)
        seed_holidays(session, YEAR, YEAR)
        _register(session, instruments)
        session.commit()
    with engine.begin() as connection, _without_triggers(connection):
        for table, columns, rows in (("usage_record", _use(), uses), ("booking", _booking(), uses // 3), ("charge", _charge(), uses // 10)):
            _fill(connection, table, columns, rows, instruments)
        connection.execute(text("DELETE FROM touched_span"))
    with engine.connect().execution_options(
        isolation_level="AUTOCOMMIT" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    ) as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _register(session: Session, instruments: int) -> None:
    for number in range(1, ORGANISATIONS + 1):
        session.add(Organisation(id=number, code=f"B{number}", name_zh=f"第{number}单位", kind="university", city=f"14{number % 11 + 1:02d}00"))
    session.flush()
    began = datetime(YEAR - 1, 12, 1, tzinfo=UTC)
    people = [
        {"id": n, "email": f"p{n}@example.org", "name": f"人{n}", "organisation_id": n % ORGANISATIONS + 1, "created_at": began}
        for n in range(1, PEOPLE + 1)
    ]
    session.execute(insert(Person), people)
    codes = session.scalars(select(Category.code).where(Category.level == 3).order_by(Category.code)).all()
    each: list[dict[str, Any]] = [
        {
            "id": n, "organisation_id": n % ORGANISATIONS + 1, "inner_id": f"N{n}", "name_zh": f"仪器{n}", "publication": "published",
            "published_at": began, "created_at": began, "category_code": codes[n % len(codes)], "raw": {}, "subjects": [], "funds": [],
            "original_value": 200_000 + n * 7919 % 41 * 50_000, "accepted_on": date(YEAR - 1, 10, 1 + n % 28), "submitted_at": began,
        }
        for n in range(1, instruments + 1)
    ]  # fmt: skip
    session.execute(insert(Instrument), each)
    session.execute(insert(PublicationPhase), [{"instrument_id": one["id"], "at": began, "publication": "published"} for one in each])
    hours = {"valid_from": date(YEAR - 1, 1, 1), "weekly": OFFICE, "on_holidays": "closed", "made_at": began}
    policy = {"backfill_days": 90, "tolerance_minutes": 15, "longest_hours": 72, "walk_on": True, "automatic_from_value": 500_000, "changed_at": began}
    session.execute(insert(UsePolicy), [{"organisation_id": number, **policy} for number in range(1, ORGANISATIONS + 1, 5)])
    session.execute(insert(OpeningHours), [{"instrument_id": one["id"], **hours} for one in each])


def _use() -> dict[str, str]:
    at, until = f"{{time:{START}}}", f"{{time:{START} + 30 + (n * 13 % 8) * 30}}"
    return {
        "instrument_id": INSTRUMENT, "lane": "1", "person_id": PERSON, "organisation_id": f"({PERSON}) % {ORGANISATIONS} + 1",
        "owner_id": f"(n % {{instruments}} + 1) % {ORGANISATIONS} + 1",
        "audience": "CASE n % 5 WHEN 0 THEN 'internal' WHEN 1 THEN 'group' WHEN 2 THEN 'academic' WHEN 3 THEN 'enterprise' ELSE 'other' END",
        "is_external": "n % 5 > 1", "mode": "CASE n % 4 WHEN 0 THEN 'assisted' WHEN 1 THEN 'sample' ELSE 'self' END",
        "purpose": "CASE n % 3 WHEN 0 THEN 'teaching' ELSE 'research' END", "project": "''", "start_at": at, "end_at": until,
        "startup_minutes": "0", "post_minutes": "0", "fault_minutes": "0", "samples": "n % 4", "runs": "n % 3", "quantities": "'{}'",
        "options": "'[]'", "content": "''", "outcome": "'ok'", "status": "'confirmed'", "occupies": "{false}", "start_source": "'web'",
        "start_noted_at": at, "end_source": "'web'", "rating": "CASE n % 6 WHEN 0 THEN 'satisfied' ELSE '' END", "comment": "''", "reason": "''",
        "created_at": at, "changed_at": until, "version": "1",
    }  # fmt: skip


def _booking() -> dict[str, str]:
    at, until = f"{{time:{START}}}", f"{{time:{START} + 60}}"
    return {
        "instrument_id": INSTRUMENT, "lane": "1", "person_id": f"n * 7919 % {PEOPLE} + 1", "start_at": at, "end_at": until, "occupied_from": at,
        "occupied_until": until, "holds": "n % 10 <> 0",
        "status": "CASE n % 10 WHEN 0 THEN 'cancelled' ELSE 'finished' END", "mode": "'self'", "purpose": "'research'", "audience": "'internal'",
        "note": "''", "reason": "''", "approval_reasons": "''", "uid": "'u' || n", "sequence": "0", "created_at": at, "changed_at": at,
        "version": "1",
    }  # fmt: skip


def _charge() -> dict[str, str]:
    at = f"{{time:{START}}}"
    return {
        "kind": "'manual'", "organisation_id": f"(n % {{instruments}} + 1) % {ORGANISATIONS} + 1",
        "user_organisation_id": f"n * 7919 % {ORGANISATIONS} + 1", "instrument_id": INSTRUMENT, "person_id": f"n * 7919 % {PEOPLE} + 1",
        "used_at": at, "status": "'final'", "total": "5000 + n % 1000", "currency": "'CNY'", "made_at": at, "final_at": at, "reason": "''",
        "version": "1",
    }  # fmt: skip


def _fill(connection: Connection, table: str, columns: dict[str, str], rows: int, instruments: int) -> None:
    dialect = connection.dialect.name
    each = max(1, rows // instruments)

    def written(value: str) -> str:
        if value.startswith("{time:"):
            value = TIME[dialect].replace("{minutes}", value.removeprefix("{time:").removesuffix("}"))
        value = value.replace("{false}", "0" if dialect == "sqlite" else "false")
        return value.replace("{instruments}", str(instruments)).replace("{each}", str(each))

    if rows:
        series = SERIES[dialect].format(rows=rows)
        chosen = ", ".join(written(value) for value in columns.values())
        statement = f"INSERT INTO {table} ({', '.join(columns)}) {series} SELECT {chosen} FROM each"
        connection.exec_driver_sql(statement.replace("%", "%%") if dialect == "postgresql" else statement)


@contextmanager
def _without_triggers(connection: Connection) -> Iterator[None]:
    """Fill tables past their triggers and foreign keys; the rows are right."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield
        return
    triggers = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('usage_record', 'booking', 'charge')"
    ).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)
