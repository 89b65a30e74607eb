"""A statement as PDF. Latin letters in Helvetica, Chinese in STSong: both are named, not packed in, and every reader of PDF has or replaces them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from instruments.timespan import zone
from portal.formats import money
from portal.language import t
from portal.pages import portal_name
from portal.statementbook import facts_of, sums_of
from portal.statementrows import Row, Sheet

LATIN, CJK = "Helvetica", "STSong-Light"
# What Helvetica has as every reader of PDF knows it; the rest is written in the Chinese font.
_LATIN = re.compile(r"[\x20-\x7e\xa1-\xff\u2013\u2014\u2018\u2019\u201c\u201d\u20ac]+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]")
INK, QUIET, LINE, MIST = (colors.HexColor(code) for code in ("#1b2733", "#55626d", "#d9e0e6", "#f4f6f8"))
WIDTHS = tuple(width * mm for width in (10, 22, 52, 66, 28))
EDGE = 16 * mm


def statement_pdf(sheet: Sheet, rows: Sequence[Row], now: datetime) -> bytes:
    """Write a statement as PDF, A4, in the reader's language."""
    _register()
    out = io.BytesIO()
    title = f"{_title(sheet)} {sheet.statement.number}"
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=EDGE, rightMargin=EDGE, topMargin=EDGE, bottomMargin=EDGE, title=_clean(title),
        author=_clean(sheet.provider), subject=_clean(sheet.period), lang=t("zh-CN", "en"), displayDocTitle=True,
    )  # fmt: skip
    story = [
        _text(title, 16, 22),
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
    foot = t(
        "{name} · {number} · 打印于 {at}", "{name} · {number} · printed {at}", name=portal_name(), number=sheet.statement.number, at=printed
    )

    def edge(canvas: Any, page: Any) -> None:
        _foot(canvas, page, foot)

    document.build(story, onFirstPage=edge, onLaterPages=edge)
    return out.getvalue()


@cache
def _register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(CJK))


def _title(sheet: Sheet) -> str:
    return t("结算单", "Statement") if sheet.is_whole else t("结算单（本人摘录）", "Statement (own lines only)")


def _clean(text: str) -> str:
    return _UNSEEN.sub(" ", text)


def _marked(text: str) -> str:
    """Write a text as markup: nothing in it is markup itself, and each run is in the font that has it."""
    pieces, last, text = [], 0, _clean(text)
    for run in _LATIN.finditer(text):
        pieces += [_in(CJK, text[last : run.start()]), _in(LATIN, run.group())]
        last = run.end()
    return "".join([*pieces, _in(CJK, text[last:])])


def _in(font: str, text: str) -> str:
    return f'<font name="{font}">{escape(text)}</font>' if text else ""


@cache
def _style(size: float, leading: float, align: int, color: Any) -> ParagraphStyle:
    return ParagraphStyle("text", fontName=CJK, fontSize=size, leading=leading, alignment=align, textColor=color, wordWrap="CJK")


def _text(text: str, size: float = 9, leading: float = 12.5, *, align: int = 0, color: Any = INK) -> Paragraph:
    return Paragraph(_marked(text), _style(size, leading, align, color))


def _facts(sheet: Sheet) -> LongTable:
    pairs = [[_text(name, color=QUIET), _text(text)] for name, text in facts_of(sheet)[1:]]
    return LongTable(
        pairs,
        colWidths=(28 * mm, 150 * mm),
        style=TableStyle([("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]),
    )


def _lines(sheet: Sheet, rows: Sequence[Row]) -> LongTable:
    heads = (t("序号", "No."), t("日期", "Date"), t("事由", "For"), t("计算", "How it is worked out"))
    head = [*(_text(text, color=QUIET) for text in heads), _text(t("金额", "Amount"), align=2, color=QUIET)]
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
    marked = "<br/>".join(_marked(line) for line in lines if line)
    return Paragraph(marked, _style(size, leading, 0, INK))


def steps_of(row: Row) -> list[str]:
    """Write how a line was worked out: "Hours: 2 h x ¥60.00 = ¥120.00"."""
    found = []
    for part in row.parts:
        rate = "" if part.rate is None else f"{part.quantity} {part.unit} × {money(part.rate)} = "
        found.append(t("{label}：{how}", "{label}: {how}", label=part.label, how=rate + money(part.amount)))
    return found


def _sums(sheet: Sheet) -> LongTable:
    found = sums_of(sheet)
    rows = [["", _text(name, color=QUIET), _text(money(amount), align=2)] for name, amount in found]
    style = TableStyle(
        [("LINEABOVE", (1, -1), (-1, -1), 0.8, INK), ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    )
    return LongTable(rows, colWidths=(90 * mm, 58 * mm, 30 * mm), style=style)


def _signatures() -> LongTable:
    names = (t("付款方（盖章）", "For the payer"), t("收款单位（盖章）", "For the provider"), t("日期", "Date"))
    style = TableStyle(
        [("LINEABOVE", (0, 0), (0, 0), 0.4, QUIET), ("LINEABOVE", (2, 0), (2, 0), 0.4, QUIET), ("LINEABOVE", (4, 0), (4, 0), 0.4, QUIET)]
    )
    cells = [_text(names[0], color=QUIET), "", _text(names[1], color=QUIET), "", _text(names[2], color=QUIET)]
    return LongTable([cells], colWidths=(58 * mm, 6 * mm, 58 * mm, 6 * mm, 50 * mm), style=style)


def _foot(canvas: Any, page: Any, text: str) -> None:
    canvas.saveState()
    line = _text(text, 7.5, 10, color=QUIET)
    line.wrapOn(canvas, 150 * mm, 10 * mm)
    line.drawOn(canvas, EDGE, 8 * mm)
    number = _text(t("第 {page} 页", "Page {page}", page=page.page), 7.5, 10, align=2, color=QUIET)
    number.wrapOn(canvas, 26 * mm, 10 * mm)
    number.drawOn(canvas, A4[0] - EDGE - 26 * mm, 8 * mm)
    canvas.restoreState()
