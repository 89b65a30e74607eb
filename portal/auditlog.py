"""What was changed, by whom, from what to what: for auditors and administrators."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import select

from instruments.audit import AuditEntry
from instruments.errors import NotFound
from instruments.people import Person
from portal.auth.current import needs
from portal.transactions import reading

audit = Blueprint("audit", __name__, url_prefix="/audit")
PAGE = 50


@audit.get("")
@needs(lambda who: who.is_province_admin or who.may_audit(None))
def list() -> str:
    """List changes, newest first, of everything or of one thing."""
    noun, key = (request.args.get(name, "").replace("\x00", "")[:60] for name in ("noun", "key"))
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**62:
        raise NotFound
    asked = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    for column, value in ((AuditEntry.noun, noun), (AuditEntry.row_key, key)):
        asked = asked.where(column == value) if value else asked
    if before is not None:
        asked = asked.where(AuditEntry.id < before)
    with reading() as session:
        rows = session.scalars(asked).all()
        actors = {one.actor_id for one in rows if one.actor_id}
        names = {one.id: one.name for one in session.execute(select(Person.id, Person.name).where(Person.id.in_(actors)))}
        next_before = rows[PAGE - 1].id if len(rows) > PAGE else None
        return render_template(
            "audit/list.html", rows=rows[:PAGE], names=names, noun=noun, key=key, next_before=next_before, first=before is None
        )
