"""Evaluations: schemes in versions, rounds, what was given, frozen, graded and objected to; and approved subsidies."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = {
    "evaluation_scheme_version": "a version of a scheme is never rewritten",
    "evaluation_given": "what an evaluation froze is never changed",
    "evaluation_entry": "what an evaluation froze is never changed",
    "evaluation_mark": "what an evaluation froze is never changed",
    "subsidy_award": "an approved subsidy is never changed",
}


def _keep(table: str, message: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for step in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_{step.lower()} BEFORE {step} ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    function = f"keep_{table}()"
    op.execute(f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$")
    op.execute(f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}")
    op.execute(f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}")


def upgrade() -> None:
    op.create_table(
        "evaluation_scheme",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_scheme")),
        sa.UniqueConstraint("code", name=op.f("uq_evaluation_scheme_code")),
    )
    op.create_table(
        "evaluation_scheme_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scheme_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=1000), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number = 1 OR reason <> ''", name=op.f("ck_evaluation_scheme_version_reason")),
        sa.CheckConstraint("last_year IS NULL OR last_year >= first_year", name=op.f("ck_evaluation_scheme_version_years")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_evaluation_scheme_version_made_by")),
        sa.ForeignKeyConstraint(["scheme_id"], ["evaluation_scheme.id"], name=op.f("fk_evaluation_scheme_version_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_scheme_version")),
        sa.UniqueConstraint("scheme_id", "number", name=op.f("uq_evaluation_scheme_version_scheme_id_number")),
    )
    op.create_table(
        "subsidy_award",
        sa.Column("id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=8), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", KEY, nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("party IN ('provider', 'user')", name=op.f("ck_subsidy_award_party")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_subsidy_award_approved_by")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_subsidy_award_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_award")),
        sa.UniqueConstraint("programme_id", "year", "party", name=op.f("uq_subsidy_award_programme_id_year_party")),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scheme_version_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("grading", sa.Integer(), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'frozen', 'graded', 'published')", name=op.f("ck_evaluation_state")),
        sa.CheckConstraint("state NOT IN ('graded', 'published') OR grading > 0", name=op.f("ck_evaluation_grading")),
        sa.CheckConstraint("until_on > first_on", name=op.f("ck_evaluation_period")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_evaluation_made_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_evaluation_organisation_id")),
        sa.ForeignKeyConstraint(["scheme_version_id"], ["evaluation_scheme_version.id"], name=op.f("fk_evaluation_scheme_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
    )
    op.create_index(op.f("ix_evaluation_organisation_id"), "evaluation", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_evaluation_state_evaluation_id"), "evaluation", ["state", "id"], unique=False)
    op.create_table(
        "evaluation_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evaluation_id", KEY, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number = 1 OR reason <> ''", name=op.f("ck_evaluation_entry_reason")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_entry_evaluation_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_evaluation_entry_made_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_evaluation_entry_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_entry")),
        sa.UniqueConstraint("evaluation_id", "subject_id", "number", name=op.f("uq_evaluation_entry_evaluation_id_subject_id_number")),
    )
    op.create_index(
        op.f("ix_evaluation_entry_organisation_id_evaluation_entry_evaluation_id"),
        "evaluation_entry",
        ["organisation_id", "evaluation_id"],
        unique=False,
    )
    op.create_table(
        "evaluation_given",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evaluation_id", KEY, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.String(length=100), nullable=False),
        sa.Column("given_by", KEY, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note <> '' OR link <> '' OR stored_as <> ''", name=op.f("ck_evaluation_given_evidence")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_given_evaluation_id")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_evaluation_given_given_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_given")),
    )
    op.create_index(
        op.f("ix_evaluation_given_evaluation_id_evaluation_given_subject_id_evaluation_given_code"),
        "evaluation_given",
        ["evaluation_id", "subject_id", "code"],
        unique=False,
    )
    op.create_index(op.f("ix_evaluation_given_stored_as"), "evaluation_given", ["stored_as"], unique=False)
    op.create_table(
        "evaluation_appeal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evaluation_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(outcome = '') = (answered_at IS NULL)", name=op.f("ck_evaluation_appeal_answered")),
        sa.CheckConstraint("outcome = '' OR answer <> ''", name=op.f("ck_evaluation_appeal_answer")),
        sa.CheckConstraint("outcome IN ('', 'adjusted', 'upheld')", name=op.f("ck_evaluation_appeal_outcome")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_evaluation_appeal_answered_by")),
        sa.ForeignKeyConstraint(["entry_id"], ["evaluation_entry.id"], name=op.f("fk_evaluation_appeal_entry_id")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_appeal_evaluation_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_evaluation_appeal_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_appeal")),
    )
    op.create_index(
        op.f("ix_evaluation_appeal_evaluation_id_evaluation_appeal_id"), "evaluation_appeal", ["evaluation_id", "id"], unique=False
    )
    op.create_index(
        "uq_evaluation_appeal_open",
        "evaluation_appeal",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("outcome = ''"),
        postgresql_where=sa.text("outcome = ''"),
    )
    op.create_table(
        "evaluation_mark",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evaluation_id", KEY, nullable=False),
        sa.Column("grading", sa.Integer(), nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("total", sa.String(length=200), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["evaluation_entry.id"], name=op.f("fk_evaluation_mark_entry_id")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_mark_evaluation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_mark")),
        sa.UniqueConstraint("evaluation_id", "grading", "entry_id", name=op.f("uq_evaluation_mark_evaluation_id_grading_entry_id")),
    )
    op.create_index(op.f("ix_evaluation_mark_entry_id"), "evaluation_mark", ["entry_id"], unique=False)
    # ### end Alembic commands ###
    for table, message in KEPT.items():
        _keep(table, message)


def downgrade() -> None:
    op.drop_index(op.f("ix_evaluation_mark_entry_id"), table_name="evaluation_mark")
    op.drop_table("evaluation_mark")
    op.drop_index(
        "uq_evaluation_appeal_open",
        table_name="evaluation_appeal",
        sqlite_where=sa.text("outcome = ''"),
        postgresql_where=sa.text("outcome = ''"),
    )
    op.drop_index(op.f("ix_evaluation_appeal_evaluation_id_evaluation_appeal_id"), table_name="evaluation_appeal")
    op.drop_table("evaluation_appeal")
    op.drop_index(op.f("ix_evaluation_given_stored_as"), table_name="evaluation_given")
    op.drop_index(
        op.f("ix_evaluation_given_evaluation_id_evaluation_given_subject_id_evaluation_given_code"), table_name="evaluation_given"
    )
    op.drop_table("evaluation_given")
    op.drop_index(op.f("ix_evaluation_entry_organisation_id_evaluation_entry_evaluation_id"), table_name="evaluation_entry")
    op.drop_table("evaluation_entry")
    op.drop_index(op.f("ix_evaluation_state_evaluation_id"), table_name="evaluation")
    op.drop_index(op.f("ix_evaluation_organisation_id"), table_name="evaluation")
    op.drop_table("evaluation")
    op.drop_table("subsidy_award")
    op.drop_table("evaluation_scheme_version")
    op.drop_table("evaluation_scheme")
    # ### end Alembic commands ###
    if op.get_bind().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP FUNCTION keep_{table}()")
