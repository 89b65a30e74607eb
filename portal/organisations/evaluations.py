"""The rounds an organisation takes part in, with its own subjects: scores, ranks and grades, and what is still to be given."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy import select

from instruments.errors import NotFound
from instruments.people import Organisation
from portal.auth import viewer
from portal.evaluations import ROWS, next_of, offset_of
from portal.evaluationwords import WORDS
from portal.organisations.blueprint import may_look, my_organisation_ids, organisations
from portal.transactions import reading
from scheduling.evaluations.freezing import lines_of
from scheduling.evaluations.rounds import evaluation, rounds_for

MOST_ORGANISATIONS = 200


@organisations.get("/evaluations")
def evaluations() -> str:
    """List the rounds that concern an organisation of the viewer."""
    with reading() as session:
        ids = my_organisation_ids(viewer())
        asked = select(Organisation).order_by(Organisation.code).limit(MOST_ORGANISATIONS)
        mine = session.scalars(asked if ids is None else asked.where(Organisation.id.in_(ids))).all()
        given = request.args.get("organisation", "")
        chosen = next((one for one in mine if str(one.id) == given), mine[0] if mine else None)
        rows = [] if chosen is None else rounds_for(session, chosen.id)
        return render_template("evaluations/mine.html", rows=rows, mine=mine, chosen=chosen, **WORDS)


@organisations.get("/evaluations/<int:evaluation_id>/<int:organisation_id>")
def evaluation_lines(evaluation_id: int, organisation_id: int) -> str:
    """List an organisation's subjects of a round."""
    offset = offset_of()
    with reading() as session:
        one = evaluation(session, evaluation_id)
        if not may_look(viewer(), organisation_id) or one.organisation_id not in (None, organisation_id):
            raise NotFound
        lines = lines_of(session, one, organisation_id=organisation_id)
        return render_template(
            "evaluations/lines.html", one=one, terms=one.scheme_version.terms, rows=lines[offset : offset + ROWS], total=len(lines),
            owner=session.get(Organisation, organisation_id), next=next_of(offset, len(lines)), **WORDS,
        )  # fmt: skip
