"""People counted as sets, one row an instrument and a year; how the uses of a published year were; uses no device saw in an index of their own.

What is kept of people is packed anew, not counted anew. Of years published before this, how uses were is copied as it is counted now.
"""

import struct
from datetime import date
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSE = "published figures stay as they are"
MADE = ("month", "year")
AT_ONCE = 2000
UNSEEN = sa.text(
    "occupies AND status IN ('recorded', 'confirmed')"
    " AND NOT (start_source IN ('meter', 'card', 'qr') AND end_source IN ('meter', 'card', 'qr'))"
)
USE = ("starts_on", "instrument_id", "audience", "is_external", "mode", "purpose", "used", "effective", "uses", "samples", "runs", "income")
PEOPLE = ("starts_on", "instrument_id", "who")
USER = ("starts_on", "instrument_id", "person_id", "organisation_id", "is_external")


def keep(table: str, dialect: str) -> tuple[str, ...]:
    """Give the statements that make a table's rows stay as they were made."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_{step.lower()} BEFORE {step} ON {table} BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"
            for step in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$",
        f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()",
        f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION keep_{table}()",
    )


def _ids(table: str) -> sa.BigInteger:
    return KEY if table.startswith("published") else sa.BigInteger()  # as the models have it


def _make_people(name: str) -> None:
    op.create_table(
        name,
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", _ids(name), autoincrement=False, nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", name=op.f(f"pk_{name}")),
    )


def _make_users(name: str) -> None:
    op.create_table(
        name,
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", _ids(name), autoincrement=False, nullable=False),
        sa.Column("person_id", _ids(name), autoincrement=False, nullable=False),
        sa.Column("organisation_id", _ids(name), autoincrement=False, nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(*USER, name=op.f(f"pk_{name}")),
        sqlite_with_rowid=name.startswith("published"),
    )


def _pack(source: str, target: str) -> None:
    """Write a row for each year and instrument: person, home and the bits of months, in four bytes each."""
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT instrument_id, starts_on, person_id, organisation_id, is_external FROM {source} ORDER BY 1, 2"))
    made = []
    for (instrument_id, year), some in groupby(rows, lambda row: (row[0], str(row[1])[:4])):
        known: dict[tuple[int, int], int] = {}
        for _, starts_on, person, organisation, is_external in some:
            who = (person, 2 * organisation + bool(is_external))
            known[who] = known.get(who, 0) | 1 << int(str(starts_on)[5:7]) - 1
        numbers = [number for (person, home), months in sorted(known.items()) for number in (person, home, months)]
        made.append({"starts_on": date(int(year), 1, 1), "instrument_id": instrument_id, "who": struct.pack(f"<{len(numbers)}I", *numbers)})
    _insert(target, PEOPLE, made)


def _unpack(source: str, target: str, *, by_month: bool) -> None:
    """Write a row for each person of a year, or of each of its months."""
    made = []
    for starts_on, instrument_id, who in op.get_bind().execute(sa.text(f"SELECT starts_on, instrument_id, who FROM {source}")).all():
        numbers, year = struct.unpack(f"<{len(who) // 4}I", who), int(str(starts_on)[:4])
        for person, home, bits in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
            months = [number + 1 for number in range(12) if bits >> number & 1] if by_month else [1]
            made += [dict(zip(USER, (date(year, month, 1), instrument_id, person, home >> 1, bool(home & 1)), strict=True)) for month in months]
    _insert(target, USER, made)


def _insert(table: str, names: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    into = sa.table(table, *(sa.column(name, sa.Date() if name == "starts_on" else None) for name in names))
    for start in range(0, len(rows), AT_ONCE):
        op.get_bind().execute(sa.insert(into), rows[start : start + AT_ONCE])


def upgrade() -> None:
    place = ["instrument_id", "start_at"]
    op.create_index("ix_usage_record_unseen", "usage_record", place, sqlite_where=UNSEEN, postgresql_where=UNSEEN)
    for name, source in (("year_people", "month_user"), ("published_people", "published_user")):
        _make_people(name)
        _pack(source, name)
    op.create_index(op.f("ix_year_people_instrument_id"), "year_people", ["instrument_id"], unique=False)
    for time in MADE:
        op.drop_index(op.f(f"ix_{time}_user_instrument_id"), table_name=f"{time}_user")
        op.drop_table(f"{time}_user")
    op.drop_index(op.f("ix_published_user_person_id"), table_name="published_user")
    op.drop_table("published_user")
    op.create_table(
        "published_use",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", "audience", "is_external", "mode", "purpose", name=op.f("pk_published_use")),
    )
    month_of_year = "strftime('%Y', starts_on) = CAST(year AS TEXT)"
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS keep_published_user()")
        month_of_year = "extract(year FROM starts_on) = year"
    columns = ", ".join(USE)
    op.execute(f"INSERT INTO published_use ({columns}) SELECT {columns} FROM month_use JOIN published_year ON {month_of_year}")
    for table in ("published_use", "published_people"):
        for statement in keep(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_usage_record_unseen", table_name="usage_record")
    op.drop_table("published_use")
    for name, source in (("month_user", "year_people"), ("year_user", "year_people"), ("published_user", "published_people")):
        _make_users(name)
        _unpack(source, name, by_month=name != "year_user")
    for time in MADE:
        op.create_index(op.f(f"ix_{time}_user_instrument_id"), f"{time}_user", ["instrument_id"], unique=False)
    op.drop_index(op.f("ix_year_people_instrument_id"), table_name="year_people")
    op.drop_table("year_people")
    op.create_index(op.f("ix_published_user_person_id"), "published_user", ["person_id"], unique=False)
    op.drop_table("published_people")
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        for table in ("published_use", "published_people"):
            op.execute(f"DROP FUNCTION IF EXISTS keep_{table}()")
    for statement in keep("published_user", dialect):
        op.execute(statement)
