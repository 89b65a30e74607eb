"""What the rows of a report are called, in both languages; one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.classification import Category
from instruments.codes import names_of
from instruments.errors import Sentence
from instruments.facilities import Facility
from instruments.people import Organisation

NONE = {
    "facility": Sentence("不属于设施或中心", "In no facility"),
    "category": Sentence("未分类", "Without a class"),
    "city": Sentence("未填写地市", "Without a city"),
}
TABLES: dict[str, Any] = {"organisation": Organisation, "facility": Facility, "instrument": Instrument}


def labels(session: Session, by: str, keys: Sequence[str]) -> dict[str, Sentence]:
    """Give the label of each key of a report's rows."""
    if by in TABLES:
        found = _names(session, TABLES[by], [int(key) for key in keys if key.isdecimal()])
    elif by == "category":
        rows = session.execute(
            select(Category.code, Category.name_zh, Category.name_en).where(Category.code.in_([key for key in keys if key]))
        )
        found = {code: Sentence(zh, en or zh) for code, zh, en in rows}
    else:
        known = names_of(session, {("city", key) for key in keys if key})
        found = {key: known[("city", key)] for key in keys if ("city", key) in known}
    return {key: found.get(key) or _unnamed(by, key) for key in keys}


def _names(session: Session, table: Any, ids: Sequence[int]) -> dict[str, Sentence]:
    rows = session.execute(select(table.id, table.name_zh, table.name_en).where(table.id.in_(ids)))
    return {str(key): Sentence(zh or en, en or zh) for key, zh, en in rows}


def _unnamed(by: str, key: str) -> Sentence:
    return NONE[by] if key in ("", "0") and by in NONE else Sentence(key, key)
