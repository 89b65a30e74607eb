"""A statement to take away: a page made for paper, a PDF, and a workbook; each with what its reader may see."""

from __future__ import annotations

from pathlib import Path

from flask import Response, render_template
from sqlalchemy.orm import Session

from portal import clock, statementpdf
from portal.auth import login_required, viewer
from portal.exports import XLSX, attachment
from portal.language import current_language, t
from portal.statementbook import write_book
from portal.statementrows import Row, Sheet, all_rows, sheet_of
from portal.transactions import reading
from scheduling.accounting.statementlist import seen_statement


@login_required
def paper(statement_id: int) -> str:
    """Show a statement as it is printed: all its lines, without what belongs to the screen."""
    with reading() as session:
        sheet, rows = _seen(session, statement_id)
        return render_template("statements/paper.html", sheet=sheet, one=sheet.statement, rows=rows, now=clock.now())


@login_required
def pdf(statement_id: int) -> Response:
    """Give a statement as a PDF file."""
    with reading() as session:
        sheet, rows = _seen(session, statement_id)

    def write(path: Path) -> None:
        path.write_bytes(statementpdf.statement_pdf(sheet, rows, clock.now()))

    return attachment(write, "application/pdf", _title(sheet, "pdf"), _plain(sheet, "pdf"))


@login_required
def workbook(statement_id: int) -> Response:
    """Give a statement as a workbook."""
    with reading() as session:
        sheet, rows = _seen(session, statement_id)
    return attachment(lambda path: write_book(sheet, rows, path), XLSX, _title(sheet, "xlsx"), _plain(sheet, "xlsx"))


def _seen(session: Session, statement_id: int) -> tuple[Sheet, list[Row]]:
    one = seen_statement(session, statement_id, viewer())
    return sheet_of(session, one, viewer()), all_rows(session, one, viewer())


def _title(sheet: Sheet, kind: str) -> str:
    return t("结算单 {number}.{kind}", "Statement {number}.{kind}", number=sheet.statement.number, kind=kind)


def _plain(sheet: Sheet, kind: str) -> str:
    return f"statement-{sheet.statement.id}-{current_language()}.{kind}"
