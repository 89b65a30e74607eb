"""A statement as PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from instruments.timespan import zone
from portal.formats import money
from portal.language import t
from portal.pages import portal_name
from portal.pdfpages import EDGE, INK, LATIN, LINE, MIST, QUIET, clean, foot, marked, register_fonts, style, words
from portal.statementbook import facts_of, sums_of
from portal.statementrows import Row, Sheet

WIDTHS = tuple(width * mm for width in (10, 22, 52, 66, 28))


def statement_pdf(sheet: Sheet, rows: Sequence[Row], now: datetime) -> bytes:
    """Write a statement as PDF, A4, in the reader's language."""
    register_fonts()
    out = io.BytesIO()
    title = f"{_title(sheet)} {sheet.statement.number}"
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=EDGE, rightMargin=EDGE, topMargin=EDGE, bottomMargin=EDGE, title=clean(title),
        author=clean(sheet.provider), subject=clean(sheet.period), lang=t("zh-CN", "en"), displayDocTitle=True,
    )  # fmt: skip
    story = [
        words(title, 16, 22),
        Spacer(1, 3 * mm),
        _facts(sheet),
        Spacer(1, 5 * mm),
        _lines(sheet, rows),
        Spacer(1, 4 * mm),
        _sums(sheet),
    ]
    if sheet.is_whole:
        story += [Spacer(1, 14 * mm), _signatures()]
    printed = now.astimezone(zone(sheet.time_zone)).strftime("%Y-%m-%d %H:%M")
    line = t(
        "{name} · {number} · 打印于 {at}", "{name} · {number} · printed {at}", name=portal_name(), number=sheet.statement.number, at=printed
    )

    def edge(canvas: Any, page: Any) -> None:
        foot(canvas, page, line)

    document.build(story, onFirstPage=edge, onLaterPages=edge)
    return out.getvalue()


def _title(sheet: Sheet) -> str:
    return t("结算单", "Statement") if sheet.is_whole else t("结算单（本人摘录）", "Statement (own lines only)")


def _facts(sheet: Sheet) -> LongTable:
    pairs = [[words(name, color=QUIET), words(text)] for name, text in facts_of(sheet)[1:]]
    return LongTable(
        pairs,
        colWidths=(28 * mm, 150 * mm),
        style=TableStyle([("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]),
    )


def _lines(sheet: Sheet, rows: Sequence[Row]) -> LongTable:
    heads = (t("序号", "No."), t("日期", "Date"), t("事由", "For"), t("计算", "How it is worked out"))
    head = [*(words(text, color=QUIET) for text in heads), words(t("金额", "Amount"), align=2, color=QUIET)]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), ("BACKGROUND", (0, 0), (-1, 0), MIST),
            ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3), ("FONT", (0, 1), (-1, -1), LATIN, 9, 12.5),
            ("TEXTCOLOR", (0, 1), (-1, -1), INK), ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ]
    )  # fmt: skip
    return LongTable([head, *(_cells(sheet, row) for row in rows)], colWidths=WIDTHS, repeatRows=1, style=style)


def _cells(sheet: Sheet, row: Row) -> list[Any]:
    day = row.at.astimezone(zone(sheet.time_zone)).date().isoformat()
    who = " · ".join(text for text in (row.kind if row.what else "", row.person) if text)
    how = steps_of(row)
    if row.whole is not None:
        how.append(t("共 {amount}，由多个账户分担", "{amount} in all, shared with other accounts", amount=money(row.whole)))
    return [str(row.position), day, _texts(row.what or row.kind, who), _texts(*how, size=8, leading=11), money(row.amount)]


def _texts(*lines: str, size: float = 9, leading: float = 12.5) -> Paragraph:
    """Write lines under one another; one paragraph, since a long statement has thousands of cells."""
    lined = "<br/>".join(marked(line) for line in lines if line)
    return Paragraph(lined, style(size, leading, 0, INK))


def steps_of(row: Row) -> list[str]:
    """Write how a line was worked out: "Hours: 2 h x ¥60.00 = ¥120.00"."""
    found = []
    for part in row.parts:
        rate = "" if part.rate is None else f"{part.quantity} {part.unit} × {money(part.rate)} = "
        found.append(t("{label}：{how}", "{label}: {how}", label=part.label, how=rate + money(part.amount)))
    return found


def _sums(sheet: Sheet) -> LongTable:
    found = sums_of(sheet)
    rows = [["", words(name, color=QUIET), words(money(amount), align=2)] for name, amount in found]
    style = TableStyle(
        [("LINEABOVE", (1, -1), (-1, -1), 0.8, INK), ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    )
    return LongTable(rows, colWidths=(90 * mm, 58 * mm, 30 * mm), style=style)


def _signatures() -> LongTable:
    names = (t("付款方（盖章）", "For the payer"), t("收款单位（盖章）", "For the provider"), t("日期", "Date"))
    style = TableStyle(
        [("LINEABOVE", (0, 0), (0, 0), 0.4, QUIET), ("LINEABOVE", (2, 0), (2, 0), 0.4, QUIET), ("LINEABOVE", (4, 0), (4, 0), 0.4, QUIET)]
    )
    cells = [words(names[0], color=QUIET), "", words(names[1], color=QUIET), "", words(names[2], color=QUIET)]
    return LongTable([cells], colWidths=(58 * mm, 6 * mm, 58 * mm, 6 * mm, 50 * mm), style=style)
