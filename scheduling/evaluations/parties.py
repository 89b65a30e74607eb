"""Which organisations a round concerns: those it narrows to, whose subjects were frozen, or who have instruments in scope."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.evaluations.rounds import Evaluation, EvaluationEntry
from scheduling.statistics.scope import Scope, facts


def organisations_in(session: Session, one: Evaluation) -> Sequence[Organisation]:
    """Give the organisations with subjects in a round, in order of their codes; one statement."""
    if one.state == "open":
        scope = Scope(organisation_id=one.organisation_id, least_value=one.scheme_version.terms.least_value)
        ids = select(facts(scope, one.period, None).subquery().c.organisation_id)
    else:
        ids = select(EvaluationEntry.organisation_id).where(EvaluationEntry.evaluation_id == one.id)
    return session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.code)).all()
