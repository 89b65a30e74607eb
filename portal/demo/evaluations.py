"""Evaluations by the ministry's form: the sample manager's university's last school year published, and the whole network's still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import chain, repeat

from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.evaluationschemes import add_shipped
from instruments.timespan import zone
from portal.demo.population import Population
from scheduling.evaluations.entering import give
from scheduling.evaluations.freezing import freeze, grade, preview, publish
from scheduling.evaluations.rounds import Evaluation, begin

# What is given, the best used instruments first: so many people, results and functions, for so many instruments. For the rest nothing is.
GIVEN: tuple[tuple[int, Mapping[str, str]], ...] = (
    (4, {"qualified": "9", "guided": "8", "prizes_provincial": "1", "papers": "9", "functions_used": "8", "functions_total": "8", "functions_new": "4"}),
    (5, {"qualified": "7", "guided": "10", "prizes_school": "1", "papers": "12", "functions_used": "7", "functions_total": "8", "functions_new": "1"}),
    (6, {"qualified": "7", "guided": "10", "prizes_school": "1", "papers": "11", "functions_used": "5", "functions_total": "8", "functions_new": "1"}),
    (3, {"qualified": "1", "guided": "4", "papers": "2", "functions_used": "3", "functions_total": "8"}),
)  # fmt: skip
NOTES = {"qualified": "上机资格记录", "guided": "培训签到表", "papers": "论文清单（示例）"}
OTHER_NOTE = "仪器运行记录本与功能清单"


def evaluate(session: Session, people: Population, *, now: datetime) -> int:
    """Add the shipped schemes, publish one round and leave one open; the figures are counted already. Give how many rounds there are."""
    home = people.organisations["SX-FHLG"]
    keeper, province = (load_viewer(session, people.logins[f"{who}@example.org"]) for who in ("orgadmin", "admin"))
    scheme = next(one for one in add_shipped(session, now=now) if one.code == "moe-2000")
    today = now.astimezone(zone("Asia/Shanghai")).date()
    last = today.year - (1 if today.month >= 9 else 2)
    done = begin(session, scheme.id, last, organisation_id=home.id, viewer=province, now=now)
    _give(session, done, None, keeper, now)
    for step in (freeze, grade, publish):
        step(session, done.id, viewer=province, now=now)
    still_open = begin(session, scheme.id, last, organisation_id=None, viewer=province, now=now)
    _give(session, still_open, home.id, keeper, now)
    return 2


def _give(session: Session, one: Evaluation, organisation_id: int | None, keeper: Viewer, now: datetime) -> None:
    """Give for an organisation's instruments, or for all that are evaluated, what only people know, the best first."""
    lines = [line for line in preview(session, one) if organisation_id in (None, line.organisation_id)]
    wanted = chain.from_iterable(repeat(codes, number) for number, codes in GIVEN)
    for line, codes in zip(lines, wanted, strict=False):
        for code, value in codes.items():
            give(session, one, line.subject_id, code, value, note=NOTES.get(code, OTHER_NOTE), viewer=keeper, now=now)
