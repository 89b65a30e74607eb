"""What the database itself refuses about returns: a change of anything that was signed, a second review, and any deletion."""

from __future__ import annotations

# Whatever the signature covers stays as it was signed; the review alone may follow, once.
_KEPT = (
    "organisation_id", "kind", "starts_on", "edition", "format", "row_count", "errors", "digest", "made_by", "made_at", "signed_by",
    "signed_at", "note",
)  # fmt: skip
_REVIEWED = ("state", "reviewed_by", "reviewed_at", "remark")
_MESSAGE = "a signed return is never changed"


def sqlite_return() -> list[str]:
    """Write the triggers that keep a signed return, for SQLite."""
    stop = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    kept, reviewed = (" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in names) for names in (_KEPT, _REVIEWED))
    return [
        f"CREATE TRIGGER national_return_keep BEFORE UPDATE ON national_return WHEN (OLD.state <> 'draft' AND ({kept} OR NEW.state = 'draft')) "
        f"OR (OLD.state IN ('accepted', 'sent_back') AND ({reviewed})) {stop}",
        "CREATE TRIGGER national_return_stay BEFORE DELETE ON national_return BEGIN SELECT RAISE(ABORT, 'returns are never deleted'); END",
    ]


def sqlite_rows() -> list[str]:
    """Write the triggers that keep its rows, for SQLite."""
    stop = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    return [
        f"CREATE TRIGGER national_return_row_{step.lower()} BEFORE {step} ON national_return_row "
        f"WHEN (SELECT state FROM national_return WHERE id = {row}.return_id) <> 'draft' {stop}"
        for step, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))
    ] + [
        "CREATE TRIGGER national_return_row_move BEFORE UPDATE OF return_id ON national_return_row WHEN NEW.return_id IS NOT OLD.return_id "
        + stop
    ]


def postgresql_return() -> list[str]:
    """Write the triggers that keep a signed return, for PostgreSQL."""
    kept, reviewed = (
        f"({', '.join('NEW.' + name for name in names)}) IS DISTINCT FROM ({', '.join('OLD.' + name for name in names)})"
        for names in (_KEPT, _REVIEWED)
    )
    return [
        "CREATE FUNCTION keep_national_return() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'returns are never deleted'; END IF; "
        f"IF (OLD.state <> 'draft' AND ({kept} OR NEW.state = 'draft')) OR (OLD.state IN ('accepted', 'sent_back') AND {reviewed}) THEN "
        f"RAISE EXCEPTION '{_MESSAGE}'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER national_return_keep BEFORE UPDATE OR DELETE ON national_return FOR EACH ROW EXECUTE FUNCTION keep_national_return()",
        "CREATE TRIGGER national_return_stay BEFORE TRUNCATE ON national_return FOR EACH STATEMENT EXECUTE FUNCTION keep_national_return()",
    ]


def postgresql_rows() -> list[str]:
    """Write the triggers that keep its rows, for PostgreSQL."""
    return [
        "CREATE FUNCTION keep_national_return_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION '{_MESSAGE}'; END IF; "
        "IF TG_OP <> 'INSERT' AND (SELECT state FROM national_return WHERE id = OLD.return_id) <> 'draft' THEN "
        f"RAISE EXCEPTION '{_MESSAGE}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; "
        "IF (SELECT state FROM national_return WHERE id = NEW.return_id) <> 'draft' THEN "
        f"RAISE EXCEPTION '{_MESSAGE}'; END IF; "
        f"IF TG_OP = 'UPDATE' AND NEW.return_id <> OLD.return_id THEN RAISE EXCEPTION '{_MESSAGE}'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER national_return_row_keep BEFORE INSERT OR UPDATE OR DELETE ON national_return_row "
        "FOR EACH ROW EXECUTE FUNCTION keep_national_return_row()",
        "CREATE TRIGGER national_return_row_stay BEFORE TRUNCATE ON national_return_row "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_national_return_row()",
    ]
