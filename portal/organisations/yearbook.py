"""An organisation's year on paper, for its administrator and its auditor: everything that is theirs."""

from __future__ import annotations

from flask import Response, url_for

from instruments.errors import NotFound
from instruments.people import Organisation
from portal import clock
from portal.auth import viewer
from portal.organisations.blueprint import may_look, organisations
from portal.paper import Paper
from portal.transactions import reading
from portal.yearbook import organisation_yearbook
from portal.yearbookpages import check_printed, paper_file, paper_page, years_beside
from portal.yearbookparts import yearbook_paper


@organisations.get("/<int:organisation_id>/<int:year>/report")
def year_report(organisation_id: int, year: int) -> str:
    """Show the year of an organisation as it is printed."""
    pdf_url = url_for("organisations.year_report_pdf", organisation_id=organisation_id, year=year)
    others = years_beside(year, lambda one: url_for("organisations.year_report", organisation_id=organisation_id, year=one))
    return paper_page(_paper(organisation_id, year), url_for("organisations.home"), pdf_url, others)


@organisations.get("/<int:organisation_id>/<int:year>/report.pdf")
def year_report_pdf(organisation_id: int, year: int) -> Response:
    """Give the year of an organisation as PDF."""
    return paper_file(_paper(organisation_id, year), f"report-{organisation_id}-{year}")


def _paper(organisation_id: int, year: int) -> Paper:
    check_printed(year)
    with reading() as session:
        found = session.get(Organisation, organisation_id)
        if found is None or not may_look(viewer(), organisation_id):
            raise NotFound
        return yearbook_paper(organisation_yearbook(session, year, found, viewer=viewer()), clock.now())
