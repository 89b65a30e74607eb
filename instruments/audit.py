"""The audit log: who changed what, when, from what to what. Written by the session itself, so that no path forgets it.

Every mapped class is audited unless it says `__audited__ = False`; a column marked `info={"secret": True}` shows only that it changed.
Rows are appended inside the transaction of the change, and chained by hash afterwards (seal), so that the chain costs no booking a wait.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Index, Select, String, event, insert, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key, attach

HIDDEN = "***"


class AuditEntry(Base):
    """One change of one row; append-only."""

    __tablename__ = "audit_entry"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(Key)
    action: Mapped[str] = mapped_column(String(10))
    noun: Mapped[str] = mapped_column(String(60))
    row_key: Mapped[str] = mapped_column(String(60))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    seal: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index(None, "noun", "row_key"), Index(None, "actor_id", "at"))


SQLITE_KEEP = (
    "CREATE TRIGGER audit_entry_keep BEFORE UPDATE ON audit_entry WHEN OLD.seal IS NOT NULL OR NEW.before IS NOT OLD.before "
    "OR NEW.after IS NOT OLD.after OR NEW.at IS NOT OLD.at OR NEW.actor_id IS NOT OLD.actor_id "
    "BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entry_stay BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
)
POSTGRESQL_KEEP = (
    """CREATE FUNCTION keep_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND
         (NEW.at, NEW.actor_id, NEW.action, NEW.noun, NEW.row_key, NEW.before::text, NEW.after::text)
         IS NOT DISTINCT FROM (OLD.at, OLD.actor_id, OLD.action, OLD.noun, OLD.row_key, OLD.before::text, OLD.after::text) THEN RETURN NEW;
      END IF;
      RAISE EXCEPTION 'audit entries are append-only';
    END $$""",
    "CREATE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION keep_audit_entry()",
)
for _statement in SQLITE_KEEP:
    attach(AuditEntry, _statement, "sqlite")
for _statement in POSTGRESQL_KEEP:
    attach(AuditEntry, _statement, "postgresql")
attach(AuditEntry, "DROP FUNCTION IF EXISTS keep_audit_entry()", "postgresql", moment="after_drop")


def watch(session: Session, *, actor_id: int | None, now: datetime) -> None:
    """Have every change flushed by this session written to the log, in the actor's name."""
    session.info["audit_actor_id"] = actor_id
    session.info["audit_now"] = now
    if not session.info.get("audit_watched"):
        session.info["audit_watched"] = True
        event.listen(session, "before_flush", _note_changes)
        event.listen(session, "after_flush", _write_entries)


def _note_changes(session: Session, _context: Any, _instances: Any) -> None:
    # What an earlier flush noted and then failed to write never happened.
    notes: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = []
    session.info["audit_notes"] = notes
    for row in session.dirty:
        if _is_audited(row) and session.is_modified(row):
            before, after = _differences(row)
            if after:
                notes.append(("update", row, before, after))
    notes.extend(("delete", row, _values(row), {}) for row in session.deleted if _is_audited(row))
    notes.extend(("insert", row, {}, {}) for row in session.new if _is_audited(row))


def _write_entries(session: Session, _context: Any) -> None:
    notes = session.info.pop("audit_notes", [])
    entries = [
        {
            "at": session.info["audit_now"],
            "actor_id": session.info["audit_actor_id"],
            "action": action,
            "noun": row.__tablename__,
            "row_key": _key_of(row),
            "before": before,
            "after": _values(row) if action == "insert" else after,
        }
        for action, row, before, after in notes
    ]
    if entries:
        session.connection().execute(insert(AuditEntry), entries)


def _is_audited(row: Any) -> bool:
    return bool(getattr(row, "__audited__", True))


def _key_of(row: Any) -> str:
    return ",".join(str(part) for part in inspect(row).mapper.primary_key_from_instance(row))


def _values(row: Any) -> dict[str, Any]:
    mapper = inspect(row).mapper
    return {
        attribute.key: _plain(row.__dict__[attribute.key], attribute.columns[0].info)
        for attribute in mapper.column_attrs
        if row.__dict__.get(attribute.key) is not None
    }


def _differences(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    state = inspect(row)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.has_changes():
            info = attribute.columns[0].info
            before[attribute.key] = _plain(history.deleted[0] if history.deleted else None, info)
            after[attribute.key] = _plain(history.added[0] if history.added else None, info)
    return before, after


def _plain(value: Any, info: dict[str, Any]) -> Any:
    if info.get("secret"):
        return HIDDEN
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | bytes) else value


def seal(session: Session, *, most: int = 5000, up_to: int | None = None) -> int:
    """Chain entries not yet sealed, in order of id: each seal is SHA-256 over the one before and the entry. Give how many.

    Beyond the id `up_to` an entry with a lower id may still be on its way; it must not be overtaken.
    """
    last = session.scalar(select(AuditEntry.seal).where(AuditEntry.seal.is_not(None)).order_by(AuditEntry.id.desc()).limit(1)) or ""
    fresh = session.scalars(_unsealed(up_to).order_by(AuditEntry.id).limit(most)).all()
    for entry in fresh:
        last = entry.seal = digest(last, entry)
    return len(fresh)


def _unsealed(up_to: int | None) -> Select[AuditEntry]:
    unsealed = select(AuditEntry).where(AuditEntry.seal.is_(None))
    return unsealed if up_to is None else unsealed.where(AuditEntry.id <= up_to)


def digest(previous: str, entry: AuditEntry) -> str:
    """Compute the seal of an entry from the one before it."""
    content = [entry.at.isoformat(), entry.actor_id, entry.action, entry.noun, entry.row_key, entry.before, entry.after]
    return hashlib.sha256((previous + json.dumps(content, sort_keys=True, ensure_ascii=False)).encode()).hexdigest()


def first_broken(entries: Iterable[AuditEntry]) -> AuditEntry | None:
    """Find the first sealed entry that does not follow from the ones before it; entries come in order of id."""
    previous = ""
    for entry in entries:
        if entry.seal is None:
            return None
        if entry.seal != digest(previous, entry):
            return entry
        previous = entry.seal
    return None
