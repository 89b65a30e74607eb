"""The people of one's instruments: who used them of late, how it went, and what they are qualified for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, contains_eager

from instruments.qualifications import Qualification
from portal import clock
from portal.auth import viewer
from portal.manage.blueprint import looked_at, manage
from portal.manage.requests import chosen_instrument, read_place
from portal.pages import here_with
from portal.transactions import reading
from scheduling.overview import page_of_visitors

LATELY = timedelta(days=366)
PER_PAGE = 30


@manage.get("/people")
def people() -> str:
    """List the people who used the viewer's instruments in the last year, the last to come first."""
    now, condition = clock.now(), looked_at(viewer())
    text = " ".join(request.args.get("q", "").replace("\x00", " ").split())[:100]
    with reading() as session:
        chosen = chosen_instrument(session, condition)
        among = condition if chosen is None else condition & (type(chosen).id == chosen.id)
        visitors, after = page_of_visitors(session, among, now - LATELY, now, text=text, limit=PER_PAGE, after=read_place())
        held = _qualifications(session, among, [one.person.id for one in visitors], now)
        return render_template(
            "manage/people.html",
            visitors=visitors,
            held=held,
            text=text,
            chosen=chosen,
            next_url=here_with(after=f"{after[0].isoformat()}~{after[1]}") if after else None,
        )


def _qualifications(
    session: Session, condition: ColumnElement[bool], person_ids: Sequence[int], now: datetime
) -> Mapping[int, Sequence[Qualification]]:
    """Give what each person is qualified for among the instruments, by her id; one statement."""
    if not person_ids:
        return {}
    rows: Sequence[Any] = session.scalars(
        select(Qualification)
        .join(Qualification.instrument)
        .options(contains_eager(Qualification.instrument))
        .where(condition, Qualification.person_id.in_(person_ids), Qualification.status == "granted")
        .order_by(Qualification.id)
        .limit(1000)
    ).all()
    found: dict[int, list[Qualification]] = {}
    for row in rows:
        if row.holds_on(now.date()):
            found.setdefault(row.person_id, []).append(row)
    return found
