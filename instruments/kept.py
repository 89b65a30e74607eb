"""Rows the database itself keeps as they were made: triggers against changing and deleting, for both databases."""

from __future__ import annotations

from instruments.database import Base, attach


def append_only(table: str, message: str) -> dict[str, tuple[str, ...]]:
    """Write the triggers that keep every row of a table as it was made, for both databases."""
    stop = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    function = f"keep_{table}"
    raising = f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    return {
        "sqlite": tuple(f"CREATE TRIGGER {table}_{step.lower()} BEFORE {step} ON {table} {stop}" for step in ("UPDATE", "DELETE")),
        "postgresql": (
            raising,
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        ),
    }


def keep_rows(table: type[Base], message: str) -> None:
    """Have the database keep every row of a table as it was made."""
    for dialect, statements in append_only(table.__tablename__, message).items():
        for statement in statements:
            attach(table, statement, dialect)
    attach(table, f"DROP FUNCTION IF EXISTS keep_{table.__tablename__}()", "postgresql", moment="after_drop")
