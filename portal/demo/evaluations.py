"""Evaluations of the sample manager's university by the ministry's form: the last school year published for it, and still open for the whole network."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.evaluationschemes import add_shipped
from instruments.timespan import zone
from portal.demo.population import Population
from scheduling.evaluations.entering import give
from scheduling.evaluations.freezing import freeze, grade, preview, publish
from scheduling.evaluations.rounds import begin

GIVEN = (("functions_used", "5"), ("functions_total", "8"), ("functions_new", "1"), ("guided", "10"))
MOST_GIVEN = 6  # instruments for which something is given


def evaluate(session: Session, people: Population, *, now: datetime) -> int:
    """Add the shipped schemes, publish one round and leave one open; the figures are counted already. Give how many rounds there are."""
    home = people.organisations["SX-FHLG"]
    keeper, province = (load_viewer(session, people.logins[f"{who}@example.org"]) for who in ("orgadmin", "admin"))
    scheme = next(one for one in add_shipped(session, now=now) if one.code == "moe-2000")
    today = now.astimezone(zone("Asia/Shanghai")).date()
    last = today.year - (1 if today.month >= 9 else 2)
    done = begin(session, scheme.id, last, organisation_id=home.id, viewer=province, now=now)
    for line in preview(session, done)[:MOST_GIVEN]:
        for code, value in GIVEN:
            give(session, done, line.subject_id, code, value, note="仪器运行记录本与功能清单", viewer=keeper, now=now)
    for step in (freeze, grade, publish):
        step(session, done.id, viewer=province, now=now)
    begin(session, scheme.id, last, organisation_id=None, viewer=province, now=now)
    return 2
