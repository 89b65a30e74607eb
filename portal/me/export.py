"""Everything the tables hold about one person, found by their foreign keys, so that no later table is forgotten."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Column, Table, or_, select
from sqlalchemy.orm import Session

from instruments.people import Person
from portal.schema import all_tables


def everything_about(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Give the rows that are about a person, by table; secrets are left out."""
    found: dict[str, list[dict[str, Any]]] = {"person": _rows(session, Person.__table__, [Person.__table__.c.id], person_id)}  # type: ignore[arg-type]  # a Table
    for table in all_tables().sorted_tables:
        owned_by = [column for column in table.columns if _names_the_person(column)]
        if owned_by:
            rows = _rows(session, table, owned_by, person_id)
            found.update({table.name: rows} if rows else {})
    return found


def _names_the_person(column: Column[Any]) -> bool:
    # "granted_by" and the like tell what she did to others' things; those rows are about the others.
    points_to_person = any(key.column.table is Person.__table__ for key in column.foreign_keys)
    return points_to_person and column.name.endswith("person_id")


def _rows(session: Session, table: Table, owned_by: list[Column[Any]], person_id: int) -> list[dict[str, Any]]:
    shown = [column for column in table.columns if not column.info.get("secret")]
    statement = select(*shown).where(or_(*(column == person_id for column in owned_by))).order_by(*table.primary_key.columns)
    return [{column.name: _plain(value) for column, value in zip(shown, row, strict=True)} for row in session.execute(statement)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
