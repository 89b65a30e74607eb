"""A statement as a workbook: what it says above, then one row for each step of each line. Nothing in a cell is ever a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from instruments.exchange.cells import neutralise
from instruments.timespan import zone
from portal.language import t
from portal.statementrows import Part, Row, Sheet

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTHS = (6, 12, 12, 34, 16, 34, 10, 10, 12, 14)
Cell = str | int | Decimal | None


def write_book(sheet: Sheet, rows: Sequence[Row], path: Path) -> None:
    """Write a statement into a workbook."""
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        page = book.add_worksheet(t("结算单", "Statement"))
        looks = {"bold": book.add_format({"bold": True}), "money": book.add_format({"num_format": "#,##0.00"})}
        for column, width in enumerate(WIDTHS):
            page.set_column(column, column, width)
        last = _write(page, looks, 0, facts_of(sheet), bold_column=0)
        last = _write(page, looks, last + 1, [headers()], bold_column=None, bold=True)
        page.freeze_panes(last, 0)
        last = _write(page, looks, last, _lines(sheet, rows))
        _write(page, looks, last + 1, sums_of(sheet), bold_column=0)


def _write(
    page: Any, looks: dict[str, Any], first: int, rows: Iterable[Sequence[Cell]], *, bold_column: int | None = None, bold: bool = False
) -> int:
    row = first
    for row, cells in enumerate(rows, first + 1):
        for column, cell in enumerate(cells):
            _put(page, row - 1, column, cell, looks["bold"] if bold or column == bold_column else None, looks["money"])
    return row


def _put(page: Any, row: int, column: int, cell: Cell, look: Any, money: Any) -> None:
    if isinstance(cell, Decimal):
        page.write_number(row, column, float(cell), money)
    elif isinstance(cell, int):
        page.write_number(row, column, cell)
    elif cell:
        page.write_string(row, column, neutralise(cell[:32_000]), look)


def headers() -> tuple[str, ...]:
    """Name the columns."""
    return (
        t("序号", "No."), t("日期", "Date"), t("类别", "Kind"), t("仪器/事由", "Instrument or matter"), t("使用者", "Person"), t("项目", "Item"),
        t("数量", "Quantity"), t("单位", "Unit"), t("单价", "Rate"), t("金额（元）", "Amount (yuan)"),
    )  # fmt: skip


def facts_of(sheet: Sheet) -> list[tuple[str, str]]:
    """Say whose statement it is, as pairs of name and text."""
    one, title = sheet.statement, t("结算单", "Statement") if sheet.is_whole else t("结算单（本人摘录）", "Statement (own lines only)")
    closed = one.closed_at.astimezone(zone(sheet.time_zone)).date().isoformat()
    return [
        (title, one.number), (t("收款单位", "Provider"), sheet.provider), (t("付款方", "Payer"), sheet.payer),
        (t("账户", "Account"), f"{one.account_number} {one.account_name} ({sheet.kind})"), (t("结算期", "Period"), sheet.period),
        (t("结账日期", "Closed on"), closed), (t("币种", "Currency"), "CNY"),
    ]  # fmt: skip


def sums_of(sheet: Sheet) -> list[tuple[str, Decimal]]:
    """Say what it comes to, as pairs of name and amount."""
    one = sheet.statement
    if not sheet.is_whole:
        return [(t("本人使用合计", "Own lines in all"), sheet.own)]
    found = [(t("收费合计", "Charged in all"), one.charged)]
    if one.opening is not None and one.closing is not None:
        found = [
            (t("期初余额", "Balance before"), one.opening), *found, (t("到账与其他", "Paid in and other"), one.paid_in),
            (t("期末余额", "Balance after"), one.closing),
        ]  # fmt: skip
    return [
        *found,
        (t("应结算", "To be settled"), one.due),
        (t("已结算", "Settled"), sheet.settled),
        (t("尚未结算", "Still to be settled"), sheet.left),
    ]


def _lines(sheet: Sheet, rows: Sequence[Row]) -> Iterable[Sequence[Cell]]:
    for row in rows:
        day = row.at.astimezone(zone(sheet.time_zone)).date().isoformat()
        first: tuple[Cell, ...] = (row.position, day, row.kind, row.what, row.person)
        parts: tuple[Part | None, ...] = row.parts if row.parts and row.whole is None else (None,)
        for part in parts:
            if part is None:
                note = (
                    ""
                    if row.whole is None
                    else t("共 {amount} 元，由多个账户分担", "{amount} yuan in all, shared with other accounts", amount=row.whole)
                )
                yield (*first, note, "", "", None, row.amount)
            else:
                yield (*first, part.label, part.quantity, part.unit, part.rate, part.amount)
