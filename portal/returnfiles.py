"""A return to take away, in the national field names: JSON, and a workbook with the rows on one sheet and what they are on another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from flask import Response
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.exchange.cells import neutralise
from instruments.timespan import zone
from portal.auth import viewer
from portal.exports import JSON, XLSX, attachment
from portal.language import name, say, t
from portal.transactions import reading
from scheduling.returning.formats import NUMBERS
from scheduling.returning.returns import STATES, Return, rows_of, seen_return, shown

AT_ONCE = 500
LONGEST_CELL = 32_000
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def return_file(return_id: int, kind: str) -> Response:
    """Give a return as JSON or as a workbook; personal fields are for those who sign."""
    who = viewer()
    with reading() as session:
        one = seen_return(session, return_id, who)
        plain = f"return-{one.organisation.code}-{one.kind}-{one.period.code}-{one.edition}.{kind}"
        facts = {"name": say(one.layout.name), "period": one.period.code, "state": say(STATES[one.state]), "kind": kind}
        title = t("{name} {period} {state}.{kind}", "{name} {period} {state}.{kind}", **facts)
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in plain)
        if kind == "json":
            return attachment(lambda path: _write_json(session, one, who, path), JSON, title, safe)
        return attachment(lambda path: _write_book(session, one, who, path), XLSX, title, safe)


def head_of(one: Return) -> dict[str, Any]:
    """Say which return it is, as the file begins."""
    return {
        "format": one.format, "kind": one.kind, "insCode": one.organisation.code, "period": one.period.code, "edition": one.edition,
        "state": one.state, "rowCount": one.row_count, "digest": one.digest,
        "signedAt": one.signed_at.astimezone(zone(one.organisation.time_zone)).isoformat() if one.signed_at else None,
    }  # fmt: skip


def all_rows(session: Session, one: Return, who: Viewer) -> Iterator[dict[str, Any]]:
    """Give every row as the reader may read it, a few in memory at once."""
    after: int | None = 0
    while after is not None:
        rows, after = rows_of(session, one, after=after, limit=AT_ONCE)
        yield from (shown(one, row.data, who) for row in rows)
        for row in rows:
            session.expunge(row)


def _write_json(session: Session, one: Return, who: Viewer, path: Path) -> None:
    head = json.dumps(head_of(one), ensure_ascii=False, indent=1)
    with path.open("w", encoding="utf-8") as file:
        file.write(head.removesuffix("\n}") + ',\n "rows": [')
        for number, row in enumerate(all_rows(session, one, who)):
            file.write(("," if number else "") + "\n  " + json.dumps(row, ensure_ascii=False))
        file.write("\n ]\n}\n")


def _write_book(session: Session, one: Return, who: Viewer, path: Path) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        page = book.add_worksheet(one.kind)
        page.freeze_panes(1, 0)
        for column, field in enumerate(one.layout.fields):
            page.set_column(column, column, 18)
            page.write_string(0, column, field.name, bold)
        for number, row in enumerate(all_rows(session, one, who), 1):
            for column, field in enumerate(one.layout.fields):
                _put(page, number, column, row[field.name], is_number=field.kind in NUMBERS)
        _write_about(book.add_worksheet(t("说明", "About")), one, bold)


def _put(page: Any, row: int, column: int, value: Any, *, is_number: bool) -> None:
    if is_number and value != "":
        try:
            page.write_number(row, column, float(value))
        except ValueError:
            page.write_string(row, column, neutralise(str(value)))
    elif value not in ("", None, []):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        page.write_string(row, column, neutralise(text[:LONGEST_CELL]))


def _write_about(page: Any, one: Return, bold: Any) -> None:
    """Say which return it is, and what each field is called."""
    page.set_column(0, 2, 28)
    facts = [
        (t("单位", "Organisation"), name(one.organisation)), (t("类别", "Kind"), say(one.layout.name)), (t("时段", "Period"), say(one.period.name)),
        (t("状态", "State"), say(STATES[one.state])), *((key, "" if value is None else str(value)) for key, value in head_of(one).items()),
    ]  # fmt: skip
    for number, (label, value) in enumerate(facts):
        page.write_string(number, 0, label, bold)
        page.write_string(number, 1, neutralise(value))
    first = len(facts) + 1
    for column, label in enumerate((t("字段", "Field"), t("中文名", "Chinese name"), t("英文名", "English name"), t("必填", "Needed"))):
        page.write_string(first, column, label, bold)
    for number, field in enumerate(one.layout.fields, first + 1):
        texts = (field.name, field.label.zh, field.label.en, t("是", "yes") if field.is_required else "")
        for column, text in enumerate(texts):
            page.write_string(number, column, text)
