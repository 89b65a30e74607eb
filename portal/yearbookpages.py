"""The year on paper for everybody, and the public figures as files: what the public page shows, with small counts of people left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Response, render_template, request, url_for

from instruments.errors import NotFound
from portal import clock
from portal.chartsvg import chart_svg
from portal.config import settings
from portal.exports import CSV, XLSX, attachment
from portal.language import current_language, t
from portal.paper import Paper
from portal.paperpdf import paper_pdf
from portal.reportfiles import csv_pieces, write_book
from portal.statisticsform import read_wanted
from portal.transactions import reading
from portal.wholereports import NOT_ADDED, whole_report, with_rest
from portal.yearbook import public_yearbook
from portal.yearbookparts import yearbook_paper
from scheduling.statistics.periods import FIRST_YEAR, LAST_YEAR, this_year
from scheduling.statistics.publishing import source_of
from scheduling.statistics.suppression import EVERYBODY, people_for_everybody, suppress

yearbook = Blueprint("yearbook", __name__)

PDF = "application/pdf"
MOST_ROWS = 10_000


@yearbook.get("/statistics/<int:year>/report")
def show(year: int) -> str:
    """Show the year of the network as it is printed."""
    return paper_page(_paper(year), url_for("statistics.show", year=year), url_for("yearbook.pdf", year=year), years_beside(year, _url_of))


def _url_of(year: int) -> str:
    return url_for("yearbook.show", year=year)


@yearbook.get("/statistics/<int:year>/report.pdf")
def pdf(year: int) -> Response:
    """Give the year of the network as PDF."""
    return paper_file(_paper(year), f"report-{year}")


@yearbook.get("/statistics.<any(csv,xlsx):kind>")
def file(kind: str) -> Response:
    """Give the public figures of a year by one dimension as a file, the whole network's always; beyond some thousand rows, the others together."""
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        found = whole_report(session, wanted.period, wanted.by, EVERYBODY, most=MOST_ROWS)
        source, least = source_of(session, wanted.period), settings().small_count
        public = suppress(found, people_for_everybody(session, wanted.period, least=least, source=source), least=least)

    shown, hidden = with_rest(public.report), public.hidden | NOT_ADDED

    def write(path: Path) -> None:
        if kind == "csv":
            path.write_text("".join(csv_pieces(shown, hidden)), "utf-8", newline="")
        else:
            write_book(shown, path, hidden)

    return attachment(write, CSV if kind == "csv" else XLSX, t("共享统计.{kind}", "Statistics.{kind}", kind=kind), f"statistics.{kind}")


def _paper(year: int) -> Paper:
    check_printed(year)
    with reading() as session:
        return yearbook_paper(public_yearbook(session, year, least=settings().small_count), clock.now())


def check_printed(year: int) -> None:
    """Refuse a year of which nothing could be known, nor of the one before."""
    if not FIRST_YEAR < year < LAST_YEAR:
        raise NotFound


def paper_page(paper: Paper, back: str, pdf_url: str, others: Sequence[tuple[str, str]]) -> str:
    """Show a report made for paper, with the way back, to its PDF, and to the `others` (text, address)."""
    return render_template("yearbook/paper.html", paper=paper, back=back, pdf_url=pdf_url, others=others, chart_svg=chart_svg)


def years_beside(year: int, url_of: Callable[[int], str]) -> list[tuple[str, str]]:
    """Give the years before and after, as far as there are any, each with its address."""
    return [(str(one), url_of(one)) for one in (year - 1, year + 1) if FIRST_YEAR < one <= this_year(clock.now())]


def paper_file(paper: Paper, name: str) -> Response:
    """Give a report as PDF."""
    title = f"{paper.owner} {paper.title}.pdf"
    return attachment(lambda path: path.write_bytes(paper_pdf(paper)), PDF, title, f"{name}-{current_language()}.pdf")
