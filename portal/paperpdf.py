"""A printed report as PDF, A4; its charts are drawn by the portal itself, so that no browser is needed."""

from __future__ import annotations

import io
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, LongTable, SimpleDocTemplate, Spacer, TableStyle

from portal.chartpaper import chart_on_paper
from portal.language import say, t
from portal.pages import portal_name
from portal.paper import Paper, PaperPart, PaperTable
from portal.pdfpages import EDGE, INK, LINE, MIST, QUIET, clean, foot, register_fonts, words

WIDE = A4[0] - 2 * EDGE - 12  # a frame keeps 6 points free at each side
MOST_KEPT = 14  # rows that are not parted by the end of a page
FIRST_SHARE = 0.34  # of the width, for the names of rows


def paper_pdf(paper: Paper) -> bytes:
    """Write a report as PDF in the reader's language."""
    register_fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=EDGE, rightMargin=EDGE, topMargin=EDGE, bottomMargin=EDGE, title=clean(paper.title),
        author=clean(portal_name()), subject=clean(paper.owner), lang=t("zh-CN", "en"), displayDocTitle=True,
    )  # fmt: skip
    story: list[Any] = [words(paper.title, 20, 27), words(paper.owner, 11, 16, color=QUIET), Spacer(1, 4 * mm), words(paper.first, 13, 19)]
    story += [Spacer(1, 2 * mm), words(paper.state, 9, 12.5, color=QUIET)]
    for part in paper.parts:
        story += _part(part)

    def edge(canvas: Any, page: Any) -> None:
        foot(canvas, page, paper.foot)

    document.build(story, onFirstPage=edge, onLaterPages=edge)
    return out.getvalue()


def _part(part: PaperPart) -> list[Any]:
    """Lay a part out: heading, sentences and chart stay on one page."""
    head: list[Any] = [Spacer(1, 6 * mm), words(part.title, 13, 18), Spacer(1, 1.5 * mm)]
    head += [words(text, 9.5, 13.5) for text in part.sentences]
    if part.chart is not None:
        head += [Spacer(1, 2 * mm), words(say(part.chart.title), 9, 12.5, color=QUIET)]
        head += [words(say(part.chart.empty))] if part.chart.is_empty else [chart_on_paper(part.chart, WIDE)]
    found: list[Any] = [KeepTogether(head)]
    if part.table is not None:
        table = _table(part.table)
        found += [Spacer(1, 2 * mm), KeepTogether([table]) if len(part.table.rows) <= MOST_KEPT else table]
    return found + [words(text, 8, 11, color=QUIET) for text in part.notes]


def _table(table: PaperTable) -> LongTable:
    align = 0 if table.is_text else 2
    rows: list[list[Any]] = [[_head(text, align if at else 0) for at, text in enumerate(table.heads)]]
    body = [*table.rows, *([table.total] if table.total else [])]
    rows += [[words(text, 8.5, 11.5, align=align if at else 0) for at, text in enumerate(row)] for row in body]
    others = len(table.heads) - 1
    widths = [WIDE * FIRST_SHARE, *([WIDE * (1 - FIRST_SHARE) / others] * others)] if not table.is_text else _text_widths(others)
    look: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("BACKGROUND", (0, 0), (-1, 0), MIST), ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, 0), 4.5), ("LEFTPADDING", (0, 0), (0, 0), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]  # fmt: skip
    if table.total:
        look.append(("LINEABOVE", (0, -1), (-1, -1), 0.8, INK))
    return LongTable(rows, colWidths=widths, repeatRows=1, style=TableStyle(look))


def _head(text: str, align: int) -> list[Any]:
    """Write a heading, its unit on a line of its own: Chinese would break anywhere, within the unit too."""
    title, bracket, unit = text.partition("（")
    return [words(one, 8, 10.5, align=align, color=QUIET) for one in (title, bracket + unit) if one]


def _text_widths(others: int) -> list[float]:
    """Give texts their room: a name is short, a sentence long."""
    return [WIDE * 0.22, *([WIDE * 0.78 / others] * others)]
