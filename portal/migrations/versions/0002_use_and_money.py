"""Use, rates and money: usage records, tariffs, accounts, the ledger, charges, statements and vouchers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER ledger_transaction_update BEFORE UPDATE ON ledger_transaction BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
        "CREATE TRIGGER ledger_transaction_delete BEFORE DELETE ON ledger_transaction BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
        "CREATE TRIGGER period_close_update BEFORE UPDATE ON period_close BEGIN SELECT RAISE(ABORT, 'a closed month stays closed'); END",
        "CREATE TRIGGER period_close_delete BEFORE DELETE ON period_close BEGIN SELECT RAISE(ABORT, 'a closed month stays closed'); END",
        "CREATE TRIGGER deposit_update BEFORE UPDATE ON deposit BEGIN SELECT RAISE(ABORT, 'deposits are append-only'); END",
        "CREATE TRIGGER deposit_delete BEFORE DELETE ON deposit BEGIN SELECT RAISE(ABORT, 'deposits are append-only'); END",
        "CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
        "CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
        "CREATE TRIGGER statement_update BEFORE UPDATE ON statement BEGIN SELECT RAISE(ABORT, 'a statement is never changed'); END",
        "CREATE TRIGGER statement_delete BEFORE DELETE ON statement BEGIN SELECT RAISE(ABORT, 'a statement is never changed'); END",
        "CREATE TRIGGER usage_no_overlap_insert BEFORE INSERT ON usage_record WHEN NEW.occupies AND NEW.status <> 'void' BEGIN SELECT RAISE(ABORT, 'usage_no_overlap') WHERE EXISTS (SELECT 1 FROM usage_record WHERE instrument_id = NEW.instrument_id AND lane = NEW.lane AND occupies = 1 AND status <> 'void' AND id IS NOT NEW.id AND (NEW.end_at IS NULL OR start_at < NEW.end_at) AND end_at > NEW.start_at) OR EXISTS (SELECT 1 FROM usage_record WHERE instrument_id = NEW.instrument_id AND lane = NEW.lane AND occupies = 1 AND status <> 'void' AND id IS NOT NEW.id AND (NEW.end_at IS NULL OR start_at < NEW.end_at) AND end_at IS NULL); END",
        "CREATE TRIGGER usage_no_overlap_update BEFORE UPDATE OF instrument_id, lane, start_at, end_at, occupies, status ON usage_record WHEN NEW.occupies AND NEW.status <> 'void' BEGIN SELECT RAISE(ABORT, 'usage_no_overlap') WHERE EXISTS (SELECT 1 FROM usage_record WHERE instrument_id = NEW.instrument_id AND lane = NEW.lane AND occupies = 1 AND status <> 'void' AND id IS NOT NEW.id AND (NEW.end_at IS NULL OR start_at < NEW.end_at) AND end_at > NEW.start_at) OR EXISTS (SELECT 1 FROM usage_record WHERE instrument_id = NEW.instrument_id AND lane = NEW.lane AND occupies = 1 AND status <> 'void' AND id IS NOT NEW.id AND (NEW.end_at IS NULL OR start_at < NEW.end_at) AND end_at IS NULL); END",
        "CREATE TRIGGER usage_record_keep BEFORE UPDATE ON usage_record WHEN NEW.instrument_id IS NOT OLD.instrument_id OR NEW.person_id IS NOT OLD.person_id OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.owner_id IS NOT OLD.owner_id OR NEW.audience IS NOT OLD.audience OR NEW.is_external IS NOT OLD.is_external OR NEW.created_at IS NOT OLD.created_at BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
        "CREATE TRIGGER usage_record_stay BEFORE DELETE ON usage_record BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
        "CREATE TRIGGER charge_keep BEFORE UPDATE ON charge WHEN OLD.final_at IS NOT NULL AND (NEW.usage_id IS NOT OLD.usage_id OR NEW.booking_id IS NOT OLD.booking_id OR NEW.kind IS NOT OLD.kind OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.user_organisation_id IS NOT OLD.user_organisation_id OR NEW.instrument_id IS NOT OLD.instrument_id OR NEW.person_id IS NOT OLD.person_id OR NEW.group_id IS NOT OLD.group_id OR NEW.used_at IS NOT OLD.used_at OR NEW.tariff_version_id IS NOT OLD.tariff_version_id OR NEW.total IS NOT OLD.total OR NEW.quote_total IS NOT OLD.quote_total OR NEW.currency IS NOT OLD.currency OR NEW.made_at IS NOT OLD.made_at OR NEW.final_at IS NOT OLD.final_at OR NEW.reverses_id IS NOT OLD.reverses_id OR NEW.status NOT IN ('final', 'reversed')) BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
        "CREATE TRIGGER charge_stay BEFORE DELETE ON charge BEGIN SELECT RAISE(ABORT, 'charges are never deleted'); END",
        "CREATE TRIGGER settlement_update BEFORE UPDATE ON settlement BEGIN SELECT RAISE(ABORT, 'settlements are append-only'); END",
        "CREATE TRIGGER settlement_delete BEFORE DELETE ON settlement BEGIN SELECT RAISE(ABORT, 'settlements are append-only'); END",
        "CREATE TRIGGER charge_line_update BEFORE UPDATE ON charge_line BEGIN SELECT RAISE(ABORT, 'lines of a charge are append-only'); END",
        "CREATE TRIGGER charge_line_delete BEFORE DELETE ON charge_line BEGIN SELECT RAISE(ABORT, 'lines of a charge are append-only'); END",
        "CREATE TRIGGER charge_line_insert BEFORE INSERT ON charge_line WHEN (SELECT final_at FROM charge WHERE id = NEW.charge_id) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
        "CREATE TRIGGER charge_share_insert BEFORE INSERT ON charge_share WHEN (SELECT final_at FROM charge WHERE id = NEW.charge_id) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
        "CREATE TRIGGER charge_share_update BEFORE UPDATE ON charge_share WHEN (SELECT final_at FROM charge WHERE id = OLD.charge_id) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
        "CREATE TRIGGER charge_share_delete BEFORE DELETE ON charge_share WHEN (SELECT final_at FROM charge WHERE id = OLD.charge_id) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
        "CREATE TRIGGER statement_line_update BEFORE UPDATE ON statement_line BEGIN SELECT RAISE(ABORT, 'a statement is never changed'); END",
        "CREATE TRIGGER statement_line_delete BEFORE DELETE ON statement_line BEGIN SELECT RAISE(ABORT, 'a statement is never changed'); END",
        "CREATE TRIGGER statement_line_insert BEFORE INSERT ON statement_line WHEN NEW.position > (SELECT line_count FROM statement WHERE id = NEW.statement_id) BEGIN SELECT RAISE(ABORT, 'a statement is never added to'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION keep_ledger_transaction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
        "CREATE FUNCTION keep_period_close() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a closed month stays closed'; END $$",
        "CREATE FUNCTION keep_deposit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'deposits are append-only'; END $$",
        "CREATE FUNCTION keep_ledger_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
        "CREATE FUNCTION check_ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n      IF (SELECT sum(amount) FROM ledger_entry WHERE transaction_id = NEW.transaction_id) <> 0 THEN\n        RAISE EXCEPTION 'ledger transaction % does not add up to zero', NEW.transaction_id;\n      END IF;\n      RETURN NULL;\n    END $$",
        "CREATE FUNCTION keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a statement is never changed'; END $$",
        "CREATE FUNCTION keep_usage_record() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n      IF TG_OP = 'UPDATE' AND (NEW.instrument_id IS NOT DISTINCT FROM OLD.instrument_id AND NEW.person_id IS NOT DISTINCT FROM OLD.person_id AND NEW.organisation_id IS NOT DISTINCT FROM OLD.organisation_id AND NEW.owner_id IS NOT DISTINCT FROM OLD.owner_id AND NEW.audience IS NOT DISTINCT FROM OLD.audience AND NEW.is_external IS NOT DISTINCT FROM OLD.is_external AND NEW.created_at IS NOT DISTINCT FROM OLD.created_at) THEN RETURN NEW; END IF;\n      RAISE EXCEPTION 'who used what, and for whom, stays as it was';\n    END $$",
        "CREATE FUNCTION keep_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'charges are never deleted'; END IF; IF OLD.final_at IS NOT NULL AND ((NEW.usage_id, NEW.booking_id, NEW.kind, NEW.organisation_id, NEW.user_organisation_id, NEW.instrument_id, NEW.person_id, NEW.group_id, NEW.used_at, NEW.tariff_version_id, NEW.total, NEW.quote_total, NEW.currency, NEW.made_at, NEW.final_at, NEW.reverses_id) IS DISTINCT FROM (OLD.usage_id, OLD.booking_id, OLD.kind, OLD.organisation_id, OLD.user_organisation_id, OLD.instrument_id, OLD.person_id, OLD.group_id, OLD.used_at, OLD.tariff_version_id, OLD.total, OLD.quote_total, OLD.currency, OLD.made_at, OLD.final_at, OLD.reverses_id) OR NEW.status NOT IN ('final', 'reversed')) THEN RAISE EXCEPTION 'a final charge is never edited'; END IF; RETURN NEW; END $$",
        "CREATE FUNCTION keep_settlement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlements are append-only'; END $$",
        "CREATE FUNCTION keep_charge_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lines of a charge are append-only'; END $$",
        "CREATE FUNCTION keep_charge_share() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'INSERT' AND (SELECT final_at FROM charge WHERE id = OLD.charge_id) IS NOT NULL THEN RAISE EXCEPTION 'a final charge is never edited'; END IF; IF TG_OP = 'INSERT' AND (SELECT final_at FROM charge WHERE id = NEW.charge_id) IS NOT NULL THEN RAISE EXCEPTION 'a final charge is never edited'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        "CREATE FUNCTION keep_statement_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a statement is never changed'; END $$",
        "CREATE FUNCTION close_statement_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.position > (SELECT line_count FROM statement WHERE id = NEW.statement_id) THEN RAISE EXCEPTION 'a statement is never added to'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER ledger_transaction_keep BEFORE UPDATE OR DELETE ON ledger_transaction FOR EACH ROW EXECUTE FUNCTION keep_ledger_transaction()",
        "CREATE TRIGGER ledger_transaction_stay BEFORE TRUNCATE ON ledger_transaction FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger_transaction()",
        "CREATE TRIGGER period_close_keep BEFORE UPDATE OR DELETE ON period_close FOR EACH ROW EXECUTE FUNCTION keep_period_close()",
        "CREATE TRIGGER period_close_stay BEFORE TRUNCATE ON period_close FOR EACH STATEMENT EXECUTE FUNCTION keep_period_close()",
        "CREATE TRIGGER deposit_keep BEFORE UPDATE OR DELETE ON deposit FOR EACH ROW EXECUTE FUNCTION keep_deposit()",
        "CREATE TRIGGER deposit_stay BEFORE TRUNCATE ON deposit FOR EACH STATEMENT EXECUTE FUNCTION keep_deposit()",
        "CREATE TRIGGER ledger_entry_keep BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION keep_ledger_entry()",
        "CREATE TRIGGER ledger_entry_stay BEFORE TRUNCATE ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger_entry()",
        "CREATE CONSTRAINT TRIGGER ledger_entry_balance AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_balance()",
        "CREATE TRIGGER statement_keep BEFORE UPDATE OR DELETE ON statement FOR EACH ROW EXECUTE FUNCTION keep_statement()",
        "CREATE TRIGGER statement_stay BEFORE TRUNCATE ON statement FOR EACH STATEMENT EXECUTE FUNCTION keep_statement()",
        "ALTER TABLE usage_record ADD CONSTRAINT ck_usage_record_finite CHECK (isfinite(start_at) AND (end_at IS NULL OR isfinite(end_at)))",
        "ALTER TABLE usage_record ADD CONSTRAINT usage_no_overlap EXCLUDE USING gist (int8range(instrument_id, instrument_id, '[]') WITH &&, int4range(lane, lane, '[]') WITH &&, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (occupies AND status <> 'void')",
        "CREATE TRIGGER usage_record_keep BEFORE UPDATE OR DELETE ON usage_record FOR EACH ROW EXECUTE FUNCTION keep_usage_record()",
        "CREATE TRIGGER charge_keep BEFORE UPDATE OR DELETE ON charge FOR EACH ROW EXECUTE FUNCTION keep_charge()",
        "CREATE TRIGGER settlement_keep BEFORE UPDATE OR DELETE ON settlement FOR EACH ROW EXECUTE FUNCTION keep_settlement()",
        "CREATE TRIGGER settlement_stay BEFORE TRUNCATE ON settlement FOR EACH STATEMENT EXECUTE FUNCTION keep_settlement()",
        "CREATE TRIGGER charge_line_keep BEFORE UPDATE OR DELETE ON charge_line FOR EACH ROW EXECUTE FUNCTION keep_charge_line()",
        "CREATE TRIGGER charge_line_stay BEFORE TRUNCATE ON charge_line FOR EACH STATEMENT EXECUTE FUNCTION keep_charge_line()",
        "CREATE TRIGGER charge_line_late BEFORE INSERT ON charge_line FOR EACH ROW EXECUTE FUNCTION keep_charge_share()",
        "CREATE TRIGGER charge_share_keep BEFORE INSERT OR UPDATE OR DELETE ON charge_share FOR EACH ROW EXECUTE FUNCTION keep_charge_share()",
        "CREATE TRIGGER statement_line_keep BEFORE UPDATE OR DELETE ON statement_line FOR EACH ROW EXECUTE FUNCTION keep_statement_line()",
        "CREATE TRIGGER statement_line_stay BEFORE TRUNCATE ON statement_line FOR EACH STATEMENT EXECUTE FUNCTION keep_statement_line()",
        "CREATE TRIGGER statement_line_insert BEFORE INSERT ON statement_line FOR EACH ROW EXECUTE FUNCTION close_statement_line()",
    ),
}
LEFT_BEHIND = {
    "sqlite": (),
    "postgresql": (
        "DROP FUNCTION IF EXISTS keep_ledger_transaction()",
        "DROP FUNCTION IF EXISTS keep_period_close()",
        "DROP FUNCTION IF EXISTS keep_deposit()",
        "DROP FUNCTION IF EXISTS keep_ledger_entry()",
        "DROP FUNCTION IF EXISTS check_ledger_balance()",
        "DROP FUNCTION IF EXISTS keep_statement()",
        "DROP FUNCTION IF EXISTS keep_usage_record()",
        "DROP FUNCTION IF EXISTS keep_charge() CASCADE",
        "DROP FUNCTION IF EXISTS keep_settlement()",
        "DROP FUNCTION IF EXISTS keep_charge_line()",
        "DROP FUNCTION IF EXISTS keep_charge_share() CASCADE",
        "DROP FUNCTION IF EXISTS keep_statement_line()",
        "DROP FUNCTION IF EXISTS close_statement_line() CASCADE",
    ),
}


def upgrade() -> None:
    op.create_table(
        "charge_policy",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("review_days BETWEEN 0 AND 92", name=op.f("ck_charge_policy_review_days")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_charge_policy_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_charge_policy")),
    )
    op.create_table(
        "gateway",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_gateway_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
    )
    op.create_index(op.f("ix_gateway_organisation_id"), "gateway", ["organisation_id"], unique=False)
    op.create_table(
        "programme",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('voucher', 'subsidy')", name=op.f("ck_programme_kind")),
        sa.CheckConstraint("NOT is_open OR organisation_id IS NOT NULL", name=op.f("ck_programme_keeper")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_programme_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_programme_code")),
    )
    op.create_table(
        "related_party",
        sa.Column("id", KEY, nullable=False),
        sa.Column("first_id", KEY, nullable=False),
        sa.Column("second_id", KEY, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_related_party_order")),
        sa.ForeignKeyConstraint(["first_id"], ["organisation.id"], name=op.f("fk_related_party_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["organisation.id"], name=op.f("fk_related_party_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_related_party")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_related_party_first_id_second_id")),
    )
    op.create_index(op.f("ix_related_party_second_id"), "related_party", ["second_id"], unique=False)
    op.create_table(
        "statement_counter",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_statement_counter_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "year", name=op.f("pk_statement_counter")),
    )
    op.create_table(
        "tariff",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name_zh <> '' OR name_en <> ''", name=op.f("ck_tariff_has_a_name")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_tariff_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
    )
    op.create_index(op.f("ix_tariff_organisation_id"), "tariff", ["organisation_id"], unique=False)
    op.create_table(
        "access_card",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", KEY, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_access_card_given_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_card_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_card")),
    )
    op.create_index(op.f("ix_access_card_person_id"), "access_card", ["person_id"], unique=False)
    op.create_index(
        "uq_access_card_digest",
        "access_card",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "ledger_transaction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("noun", sa.String(length=30), nullable=False),
        sa.Column("noun_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_ledger_transaction_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transaction_key")),
    )
    op.create_index(op.f("ix_ledger_transaction_at"), "ledger_transaction", ["at"], unique=False)
    op.create_index(op.f("ix_ledger_transaction_noun_ledger_transaction_noun_id"), "ledger_transaction", ["noun", "noun_id"], unique=False)
    op.create_table(
        "period_close",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("statements", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", KEY, nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_period_close_closed_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_period_close_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_close")),
        sa.UniqueConstraint("organisation_id", "month", name=op.f("uq_period_close_organisation_id_month")),
    )
    op.create_table(
        "reading_batch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("gateway_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drift_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_reading_batch_gateway_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_batch")),
        sa.UniqueConstraint("gateway_id", "name", name=op.f("uq_reading_batch_gateway_id_name")),
    )
    op.create_index(op.f("ix_reading_batch_received_at"), "reading_batch", ["received_at"], unique=False)
    op.create_table(
        "research_result",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("authors", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=10), nullable=False),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'training') = (people > 0)", name=op.f("ck_research_result_people")),
        sa.CheckConstraint("kind IN ('publication', 'patent', 'prize', 'training')", name=op.f("ck_research_result_kind")),
        sa.CheckConstraint("month IS NULL OR month BETWEEN 1 AND 12", name=op.f("ck_research_result_month")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_research_result_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_research_result")),
    )
    op.create_index(op.f("ix_research_result_year"), "research_result", ["year"], unique=False)
    op.create_index(
        "uq_research_result_identifier",
        "research_result",
        ["kind", "identifier"],
        unique=True,
        sqlite_where=sa.text("identifier <> ''"),
        postgresql_where=sa.text("identifier <> ''"),
    )
    op.create_table(
        "tariff_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("tariff_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("cost_sheet", sa.JSON(), nullable=False),
        sa.Column("approval", sa.String(length=300), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_tariff_version_published_by")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_tariff_version_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_version")),
        sa.UniqueConstraint("tariff_id", "number", name=op.f("uq_tariff_version_tariff_id_number")),
    )
    op.create_table(
        "use_policy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("backfill_days", sa.Integer(), nullable=False),
        sa.Column("tolerance_minutes", sa.Integer(), nullable=False),
        sa.Column("longest_hours", sa.Integer(), nullable=False),
        sa.Column("walk_on", sa.Boolean(), nullable=False),
        sa.Column("automatic_from_value", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", KEY, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("backfill_days BETWEEN 0 AND 3660", name=op.f("ck_use_policy_backfill")),
        sa.CheckConstraint("longest_hours BETWEEN 1 AND 2208", name=op.f("ck_use_policy_longest")),
        sa.CheckConstraint("tolerance_minutes BETWEEN 0 AND 1440", name=op.f("ck_use_policy_tolerance")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_use_policy_changed_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_use_policy_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_policy")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_use_policy_organisation_id")),
    )
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("holder_id", KEY, nullable=True),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("facility_id", KEY, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.Column("needs_hold", sa.Boolean(), nullable=False),
        sa.Column("approve_above", sa.BigInteger(), nullable=True),
        sa.Column("quota_mode", sa.String(length=6), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind <> 'grant' OR group_id IS NOT NULL", name=op.f("ck_account_grant_of_group")),
        sa.CheckConstraint("kind NOT IN ('prepaid', 'credit') OR holder_id IS NOT NULL", name=op.f("ck_account_holder")),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_account_credit_limit")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_held")),
        sa.CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name=op.f("ck_account_validity")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_account_facility_id")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_account_group_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["organisation.id"], name=op.f("fk_account_holder_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_account_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_account_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("number", name=op.f("uq_account_number")),
    )
    op.create_index(op.f("ix_account_group_id"), "account", ["group_id"], unique=False)
    op.create_index(op.f("ix_account_holder_id"), "account", ["holder_id"], unique=False)
    op.create_index(op.f("ix_account_instrument_id"), "account", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_account_kind_account_organisation_id"), "account", ["kind", "organisation_id"], unique=False)
    op.create_index(op.f("ix_account_organisation_id"), "account", ["organisation_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", KEY, nullable=False),
        sa.Column("gateway_id", KEY, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("on_above_watts", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('power', 'card')", name=op.f("ck_device_kind")),
        sa.CheckConstraint("on_above_watts BETWEEN 1 AND 1000000", name=op.f("ck_device_on_above_watts")),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_device_gateway_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_device_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("gateway_id", "channel", "kind", name=op.f("uq_device_gateway_id_channel_kind")),
    )
    op.create_index(op.f("ix_device_instrument_id"), "device", ["instrument_id"], unique=False)
    op.create_table(
        "income_split",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('instrument', 'facility', 'organisation', 'management')", name=op.f("ck_income_split_part")),
        sa.CheckConstraint("percent > 0 AND percent <= 10000", name=op.f("ck_income_split_percent")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_income_split_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_income_split_organisation_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_income_split_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_split")),
    )
    op.create_index("uq_income_split_instrument", "income_split", ["instrument_id", "part"], unique=True)
    op.create_index(
        "uq_income_split_usual",
        "income_split",
        ["organisation_id", "part"],
        unique=True,
        sqlite_where=sa.text("instrument_id IS NULL"),
        postgresql_where=sa.text("instrument_id IS NULL"),
    )
    op.create_table(
        "instrument_tariff",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("tariff_id", KEY, nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_tariff_instrument_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_instrument_tariff_set_by")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_instrument_tariff_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_tariff")),
        sa.UniqueConstraint("instrument_id", "valid_from", name=op.f("uq_instrument_tariff_instrument_id_valid_from")),
    )
    op.create_index(op.f("ix_instrument_tariff_tariff_id"), "instrument_tariff", ["tariff_id"], unique=False)
    op.create_table(
        "research_result_tie",
        sa.Column("id", KEY, nullable=False),
        sa.Column("result_id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("tied_by", KEY, nullable=False),
        sa.Column("tied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", KEY, nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_research_result_tie_instrument_id")),
        sa.ForeignKeyConstraint(["removed_by"], ["person.id"], name=op.f("fk_research_result_tie_removed_by")),
        sa.ForeignKeyConstraint(["result_id"], ["research_result.id"], name=op.f("fk_research_result_tie_result_id")),
        sa.ForeignKeyConstraint(["tied_by"], ["person.id"], name=op.f("fk_research_result_tie_tied_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_research_result_tie")),
        sa.UniqueConstraint("result_id", "instrument_id", name=op.f("uq_research_result_tie_result_id_instrument_id")),
    )
    op.create_index(op.f("ix_research_result_tie_instrument_id"), "research_result_tie", ["instrument_id"], unique=False)
    op.create_table(
        "account_spender",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"limit" IS NULL OR "limit" >= 0', name=op.f("ck_account_spender_limit")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_spender_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_spender_person_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_account_spender_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_spender")),
        sa.UniqueConstraint("account_id", "person_id", name=op.f("uq_account_spender_account_id_person_id")),
    )
    op.create_index(op.f("ix_account_spender_person_id"), "account_spender", ["person_id"], unique=False)
    op.create_table(
        "booking_quote",
        sa.Column("id", KEY, nullable=False),
        sa.Column("booking_id", KEY, nullable=False),
        sa.Column("tariff_version_id", KEY, nullable=True),
        sa.Column("priced", sa.JSON(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("quantities", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_booking_quote_account_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_booking_quote_booking_id")),
        sa.ForeignKeyConstraint(["tariff_version_id"], ["tariff_version.id"], name=op.f("fk_booking_quote_tariff_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_quote")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_booking_quote_booking_id")),
    )
    op.create_index(op.f("ix_booking_quote_account_id"), "booking_quote", ["account_id"], unique=False)
    op.create_index(op.f("ix_booking_quote_tariff_version_id"), "booking_quote", ["tariff_version_id"], unique=False)
    op.create_table(
        "deposit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("payer", sa.String(length=200), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("transaction_id", KEY, nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_deposit_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_deposit_account_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_deposit_made_by")),
        sa.ForeignKeyConstraint(["transaction_id"], ["ledger_transaction.id"], name=op.f("fk_deposit_transaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
        sa.UniqueConstraint("account_id", "reference", "amount", name=op.f("uq_deposit_account_id_reference_amount")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_deposit_transaction_id")),
    )
    op.create_table(
        "device_progress",
        sa.Column("device_id", KEY, autoincrement=False, nullable=False),
        sa.Column("pending_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_progress_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_progress")),
    )
    op.create_index("ix_device_progress_pending", "device_progress", ["pending_from"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("booking_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("approval", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'open') = (ended_at IS NULL)", name=op.f("ck_hold_ended")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_hold_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_hold_booking_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_hold_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hold_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_booking_id"), "hold", ["booking_id"], unique=False)
    op.create_index(
        "ix_hold_open",
        "hold",
        ["account_id", "person_id"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_hold_open",
        "hold",
        ["booking_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("transaction_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ledger_entry_account_id")),
        sa.ForeignKeyConstraint(["transaction_id"], ["ledger_transaction.id"], name=op.f("fk_ledger_entry_transaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    op.create_index(op.f("ix_ledger_entry_account_id_ledger_entry_id"), "ledger_entry", ["account_id", "id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_transaction_id"), "ledger_entry", ["transaction_id"], unique=False)
    op.create_table(
        "missed_check",
        sa.Column("booking_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_missed_check_booking_id")),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_missed_check")),
    )
    op.create_table(
        "reading",
        sa.Column("id", KEY, nullable=False),
        sa.Column("device_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("card_digest", sa.String(length=64), nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["reading_batch.id"], name=op.f("fk_reading_batch_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_reading_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("device_id", "at", "card_digest", name=op.f("uq_reading_device_id_at_card_digest")),
    )
    op.create_table(
        "statement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("provider_zh", sa.String(length=200), nullable=False),
        sa.Column("provider_en", sa.String(length=200), nullable=False),
        sa.Column("payer_zh", sa.String(length=420), nullable=False),
        sa.Column("payer_en", sa.String(length=420), nullable=False),
        sa.Column("account_number", sa.String(length=60), nullable=False),
        sa.Column("account_name", sa.String(length=200), nullable=False),
        sa.Column("account_kind", sa.String(length=12), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("paid_in", sa.BigInteger(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", KEY, nullable=True),
        sa.CheckConstraint("closing = opening + paid_in - charged", name=op.f("ck_statement_closing")),
        sa.CheckConstraint("line_count > 0", name=op.f("ck_statement_line_count")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_statement_account_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_statement_closed_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_statement_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("organisation_id", "year", "serial", name=op.f("uq_statement_organisation_id_year_serial")),
    )
    op.create_index(op.f("ix_statement_account_id_statement_id"), "statement", ["account_id", "id"], unique=False)
    op.create_index(op.f("ix_statement_organisation_id_statement_month"), "statement", ["organisation_id", "month"], unique=False)
    op.create_table(
        "switched_on",
        sa.Column("id", KEY, nullable=False),
        sa.Column("device_id", KEY, nullable=False),
        sa.Column("card_digest", sa.String(length=64), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("matching", sa.String(length=9), nullable=False),
        sa.CheckConstraint("matching IN ('new', 'matched', 'unmatched')", name=op.f("ck_switched_on_matching")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_switched_on_span")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_switched_on_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switched_on")),
    )
    op.create_index("ix_switched_on_device", "switched_on", ["device_id", "end_at"], unique=False)
    op.create_index("ix_switched_on_matching", "switched_on", ["matching", "end_at"], unique=False)
    op.create_table(
        "usage_record",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("booking_id", KEY, nullable=True),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("operator_id", KEY, nullable=True),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_minutes", sa.Integer(), nullable=True),
        sa.Column("startup_minutes", sa.Integer(), nullable=False),
        sa.Column("post_minutes", sa.Integer(), nullable=False),
        sa.Column("fault_minutes", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("quantities", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        sa.Column("start_source", sa.String(length=8), nullable=False),
        sa.Column("start_by", KEY, nullable=True),
        sa.Column("start_noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_source", sa.String(length=8), nullable=False),
        sa.Column("end_by", KEY, nullable=True),
        sa.Column("end_noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(end_at IS NULL) = (end_source = '')", name=op.f("ck_usage_record_end_source")),
        sa.CheckConstraint(
            "(status = 'running' AND end_at IS NULL) OR status = 'void' OR (status <> 'running' AND end_at IS NOT NULL)",
            name=op.f("ck_usage_record_end"),
        ),
        sa.CheckConstraint("status IN ('running', 'recorded', 'confirmed', 'void')", name=op.f("ck_usage_record_status")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_usage_record_span")),
        sa.CheckConstraint("lane BETWEEN 1 AND 500", name=op.f("ck_usage_record_lane")),
        sa.CheckConstraint(
            "startup_minutes >= 0 AND post_minutes >= 0 AND fault_minutes >= 0 AND samples >= 0 AND runs >= 0 AND (effective_minutes IS NULL OR effective_minutes >= 0)",
            name=op.f("ck_usage_record_amounts"),
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_usage_record_booking_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_usage_record_confirmed_by")),
        sa.ForeignKeyConstraint(["end_by"], ["person.id"], name=op.f("fk_usage_record_end_by")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_usage_record_group_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_usage_record_instrument_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["person.id"], name=op.f("fk_usage_record_operator_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_usage_record_organisation_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_usage_record_owner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_usage_record_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["usage_record.id"], name=op.f("fk_usage_record_replaces_id")),
        sa.ForeignKeyConstraint(["start_by"], ["person.id"], name=op.f("fk_usage_record_start_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_record")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_usage_record_replaces_id")),
    )
    op.create_index(op.f("ix_usage_record_group_id_usage_record_start_at"), "usage_record", ["group_id", "start_at"], unique=False)
    op.create_index(
        op.f("ix_usage_record_instrument_id_usage_record_lane_usage_record_end_at"),
        "usage_record",
        ["instrument_id", "lane", "end_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_usage_record_instrument_id_usage_record_start_at"), "usage_record", ["instrument_id", "start_at"], unique=False
    )
    op.create_index(op.f("ix_usage_record_owner_id_usage_record_start_at"), "usage_record", ["owner_id", "start_at"], unique=False)
    op.create_index(op.f("ix_usage_record_person_id_usage_record_start_at"), "usage_record", ["person_id", "start_at"], unique=False)
    op.create_index(op.f("ix_usage_record_status_usage_record_start_at"), "usage_record", ["status", "start_at"], unique=False)
    op.create_index(
        "uq_usage_record_booking",
        "usage_record",
        ["booking_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'void'"),
        postgresql_where=sa.text("status <> 'void'"),
    )
    op.create_index(
        "uq_usage_record_running",
        "usage_record",
        ["instrument_id", "lane"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "voucher",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.String(length=1000), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("applied_by", KEY, nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status <> 'refused' OR reason <> ''", name=op.f("ck_voucher_reason")),
        sa.CheckConstraint(
            "status NOT IN ('granted', 'closed') OR (granted > 0 AND account_id IS NOT NULL)", name=op.f("ck_voucher_granted")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_voucher_account_id")),
        sa.ForeignKeyConstraint(["applied_by"], ["person.id"], name=op.f("fk_voucher_applied_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_voucher_decided_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_voucher_organisation_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_voucher_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("account_id", name=op.f("uq_voucher_account_id")),
        sa.UniqueConstraint("number", name=op.f("uq_voucher_number")),
    )
    op.create_index(op.f("ix_voucher_organisation_id"), "voucher", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_voucher_status_voucher_id"), "voucher", ["status", "id"], unique=False)
    op.create_index(
        "uq_voucher_year",
        "voucher",
        ["programme_id", "organisation_id", "year"],
        unique=True,
        sqlite_where=sa.text("status IN ('applied', 'granted', 'closed')"),
        postgresql_where=sa.text("status IN ('applied', 'granted', 'closed')"),
    )
    op.create_table(
        "charge",
        sa.Column("id", KEY, nullable=False),
        sa.Column("usage_id", KEY, nullable=True),
        sa.Column("booking_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("user_organisation_id", KEY, nullable=True),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("tariff_version_id", KEY, nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("quote_total", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("review_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", KEY, nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement_id", KEY, nullable=True),
        sa.Column("reverses_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status <> 'final' OR final_at IS NOT NULL", name=op.f("ck_charge_final")),
        sa.CheckConstraint("status NOT IN ('review', 'disputed', 'final') OR total IS NOT NULL", name=op.f("ck_charge_priced")),
        sa.CheckConstraint("total IS NULL OR total >= 0 OR reverses_id IS NOT NULL", name=op.f("ck_charge_total")),
        sa.ForeignKeyConstraint(["accepted_by"], ["person.id"], name=op.f("fk_charge_accepted_by")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_charge_booking_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_charge_confirmed_by")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_charge_group_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_charge_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_charge_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_charge_person_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["charge.id"], name=op.f("fk_charge_reverses_id")),
        sa.ForeignKeyConstraint(["tariff_version_id"], ["tariff_version.id"], name=op.f("fk_charge_tariff_version_id")),
        sa.ForeignKeyConstraint(["usage_id"], ["usage_record.id"], name=op.f("fk_charge_usage_id")),
        sa.ForeignKeyConstraint(["user_organisation_id"], ["organisation.id"], name=op.f("fk_charge_user_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_charge_reverses_id")),
    )
    op.create_index(op.f("ix_charge_booking_id"), "charge", ["booking_id"], unique=False)
    op.create_index(op.f("ix_charge_group_id_charge_id"), "charge", ["group_id", "id"], unique=False)
    op.create_index(op.f("ix_charge_instrument_id_charge_status"), "charge", ["instrument_id", "status"], unique=False)
    op.create_index(op.f("ix_charge_organisation_id_charge_used_at"), "charge", ["organisation_id", "used_at"], unique=False)
    op.create_index(op.f("ix_charge_person_id_charge_id"), "charge", ["person_id", "id"], unique=False)
    op.create_index(op.f("ix_charge_statement_id"), "charge", ["statement_id"], unique=False)
    op.create_index(op.f("ix_charge_status_charge_review_until"), "charge", ["status", "review_until"], unique=False)
    op.create_index(op.f("ix_charge_user_organisation_id"), "charge", ["user_organisation_id"], unique=False)
    op.create_index(
        "uq_charge_booking",
        "charge",
        ["booking_id", "kind"],
        unique=True,
        sqlite_where=sa.text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
        postgresql_where=sa.text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
    )
    op.create_index(
        "uq_charge_usage",
        "charge",
        ["usage_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'reversed' AND reverses_id IS NULL"),
        postgresql_where=sa.text("status <> 'reversed' AND reverses_id IS NULL"),
    )
    op.create_table(
        "claim",
        sa.Column("id", KEY, nullable=False),
        sa.Column("voucher_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("remarks", sa.String(length=500), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", KEY, nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'settled') = (paid IS NOT NULL)", name=op.f("ck_claim_paid")),
        sa.CheckConstraint("status NOT IN ('returned', 'refused') OR remarks <> ''", name=op.f("ck_claim_remarks")),
        sa.CheckConstraint("paid IS NULL OR (paid >= 0 AND paid <= amount AND paid = reserved)", name=op.f("ck_claim_paid_amount")),
        sa.CheckConstraint("reserved >= 0 AND amount >= 0", name=op.f("ck_claim_amounts")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_claim_confirmed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_claim_decided_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_claim_made_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_claim_organisation_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name=op.f("fk_claim_submitted_by")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_claim_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_organisation_id_claim_status"), "claim", ["organisation_id", "status"], unique=False)
    op.create_index(op.f("ix_claim_status_claim_id"), "claim", ["status", "id"], unique=False)
    op.create_index(op.f("ix_claim_voucher_id"), "claim", ["voucher_id"], unique=False)
    op.create_index(
        "uq_claim_draft",
        "claim",
        ["voucher_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("status = 'draft'"),
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_table(
        "settlement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("statement_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("transaction_id", KEY, nullable=True),
        sa.Column("takes_back_id", KEY, nullable=True),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("takes_back_id IS NULL OR note <> ''", name=op.f("ck_settlement_reason")),
        sa.CheckConstraint("way IN ('transfer', 'inner', 'balance')", name=op.f("ck_settlement_way")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_settlement_amount")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_settlement_made_by")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_settlement_statement_id")),
        sa.ForeignKeyConstraint(["takes_back_id"], ["settlement.id"], name=op.f("fk_settlement_takes_back_id")),
        sa.ForeignKeyConstraint(["transaction_id"], ["ledger_transaction.id"], name=op.f("fk_settlement_transaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("takes_back_id", name=op.f("uq_settlement_takes_back_id")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_settlement_transaction_id")),
    )
    op.create_index(op.f("ix_settlement_reference"), "settlement", ["reference"], unique=False)
    op.create_index(op.f("ix_settlement_statement_id"), "settlement", ["statement_id"], unique=False)
    op.create_table(
        "usage_problem",
        sa.Column("id", KEY, nullable=False),
        sa.Column("usage_id", KEY, nullable=True),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", KEY, nullable=True),
        sa.Column("resolution", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution = '')", name=op.f("ck_usage_problem_resolved")),
        sa.CheckConstraint("resolved_at IS NULL OR reason <> ''", name=op.f("ck_usage_problem_reason")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_usage_problem_instrument_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"], name=op.f("fk_usage_problem_resolved_by")),
        sa.ForeignKeyConstraint(["usage_id"], ["usage_record.id"], name=op.f("fk_usage_problem_usage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_problem")),
    )
    op.create_index(
        op.f("ix_usage_problem_instrument_id_usage_problem_resolved_at"), "usage_problem", ["instrument_id", "resolved_at"], unique=False
    )
    op.create_index(op.f("ix_usage_problem_usage_id"), "usage_problem", ["usage_id"], unique=False)
    op.create_index(
        "uq_usage_problem_open",
        "usage_problem",
        ["usage_id", "kind"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "charge_dispute",
        sa.Column("id", KEY, nullable=False),
        sa.Column("charge_id", KEY, nullable=False),
        sa.Column("by", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_charge_dispute_answered_by")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_charge_dispute_by")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_dispute_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_dispute")),
    )
    op.create_index(op.f("ix_charge_dispute_charge_id"), "charge_dispute", ["charge_id"], unique=False)
    op.create_table(
        "charge_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("charge_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("label_zh", sa.String(length=300), nullable=False),
        sa.Column("label_en", sa.String(length=300), nullable=False),
        sa.Column("quantity", sa.String(length=40), nullable=False),
        sa.Column("unit_zh", sa.String(length=60), nullable=False),
        sa.Column("unit_en", sa.String(length=60), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("by", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("code NOT LIKE 'manual%' OR reason <> ''", name=op.f("ck_charge_line_manual_reason")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_charge_line_by")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_line_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_line")),
    )
    op.create_index(op.f("ix_charge_line_charge_id_charge_line_position"), "charge_line", ["charge_id", "position"], unique=True)
    op.create_table(
        "charge_share",
        sa.Column("id", KEY, nullable=False),
        sa.Column("charge_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("percent > 0 AND percent <= 10000", name=op.f("ck_charge_share_percent")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_charge_share_account_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_share_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_share")),
    )
    op.create_index(op.f("ix_charge_share_account_id"), "charge_share", ["account_id"], unique=False)
    op.create_index(op.f("ix_charge_share_charge_id_charge_share_account_id"), "charge_share", ["charge_id", "account_id"], unique=True)
    op.create_table(
        "claim_document",
        sa.Column("id", KEY, nullable=False),
        sa.Column("claim_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.String(length=100), nullable=False),
        sa.Column("added_by", KEY, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('contract', 'payment', 'report')", name=op.f("ck_claim_document_kind")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_claim_document_added_by")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_document_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_document")),
    )
    op.create_index(op.f("ix_claim_document_claim_id"), "claim_document", ["claim_id"], unique=False)
    op.create_index(op.f("ix_claim_document_stored_as"), "claim_document", ["stored_as"], unique=False)
    op.create_table(
        "statement_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("statement_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("charge_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("instrument_zh", sa.String(length=300), nullable=False),
        sa.Column("instrument_en", sa.String(length=300), nullable=False),
        sa.Column("reference", sa.String(length=500), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_statement_line_position")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_statement_line_charge_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_statement_line_entry_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_statement_line_person_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_statement_line_entry_id")),
    )
    op.create_index(op.f("ix_statement_line_charge_id"), "statement_line", ["charge_id"], unique=False)
    op.create_index(
        op.f("ix_statement_line_person_id_statement_line_statement_id"), "statement_line", ["person_id", "statement_id"], unique=False
    )
    op.create_index(
        op.f("ix_statement_line_statement_id_statement_line_position"), "statement_line", ["statement_id", "position"], unique=True
    )
    op.create_table(
        "voucher_use",
        sa.Column("id", KEY, nullable=False),
        sa.Column("claim_id", KEY, nullable=False),
        sa.Column("charge_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("used_by", KEY, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_voucher_use_amount")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_voucher_use_charge_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_voucher_use_claim_id")),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_voucher_use_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_use")),
    )
    op.create_index(op.f("ix_voucher_use_claim_id"), "voucher_use", ["claim_id"], unique=False)
    op.create_index(
        "uq_voucher_use_charge",
        "voucher_use",
        ["charge_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    op.drop_index(
        "uq_voucher_use_charge",
        table_name="voucher_use",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_index(op.f("ix_voucher_use_claim_id"), table_name="voucher_use")
    op.drop_table("voucher_use")
    op.drop_index(op.f("ix_statement_line_statement_id_statement_line_position"), table_name="statement_line")
    op.drop_index(op.f("ix_statement_line_person_id_statement_line_statement_id"), table_name="statement_line")
    op.drop_index(op.f("ix_statement_line_charge_id"), table_name="statement_line")
    op.drop_table("statement_line")
    op.drop_index(op.f("ix_claim_document_stored_as"), table_name="claim_document")
    op.drop_index(op.f("ix_claim_document_claim_id"), table_name="claim_document")
    op.drop_table("claim_document")
    op.drop_index(op.f("ix_charge_share_charge_id_charge_share_account_id"), table_name="charge_share")
    op.drop_index(op.f("ix_charge_share_account_id"), table_name="charge_share")
    op.drop_table("charge_share")
    op.drop_index(op.f("ix_charge_line_charge_id_charge_line_position"), table_name="charge_line")
    op.drop_table("charge_line")
    op.drop_index(op.f("ix_charge_dispute_charge_id"), table_name="charge_dispute")
    op.drop_table("charge_dispute")
    op.drop_index(
        "uq_usage_problem_open",
        table_name="usage_problem",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_usage_problem_usage_id"), table_name="usage_problem")
    op.drop_index(op.f("ix_usage_problem_instrument_id_usage_problem_resolved_at"), table_name="usage_problem")
    op.drop_table("usage_problem")
    op.drop_index(op.f("ix_settlement_statement_id"), table_name="settlement")
    op.drop_index(op.f("ix_settlement_reference"), table_name="settlement")
    op.drop_table("settlement")
    op.drop_index(
        "uq_claim_draft", table_name="claim", sqlite_where=sa.text("status = 'draft'"), postgresql_where=sa.text("status = 'draft'")
    )
    op.drop_index(op.f("ix_claim_voucher_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_status_claim_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_organisation_id_claim_status"), table_name="claim")
    op.drop_table("claim")
    op.drop_index(
        "uq_charge_usage",
        table_name="charge",
        sqlite_where=sa.text("status <> 'reversed' AND reverses_id IS NULL"),
        postgresql_where=sa.text("status <> 'reversed' AND reverses_id IS NULL"),
    )
    op.drop_index(
        "uq_charge_booking",
        table_name="charge",
        sqlite_where=sa.text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
        postgresql_where=sa.text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
    )
    op.drop_index(op.f("ix_charge_user_organisation_id"), table_name="charge")
    op.drop_index(op.f("ix_charge_status_charge_review_until"), table_name="charge")
    op.drop_index(op.f("ix_charge_statement_id"), table_name="charge")
    op.drop_index(op.f("ix_charge_person_id_charge_id"), table_name="charge")
    op.drop_index(op.f("ix_charge_organisation_id_charge_used_at"), table_name="charge")
    op.drop_index(op.f("ix_charge_instrument_id_charge_status"), table_name="charge")
    op.drop_index(op.f("ix_charge_group_id_charge_id"), table_name="charge")
    op.drop_index(op.f("ix_charge_booking_id"), table_name="charge")
    op.drop_table("charge")
    op.drop_index(
        "uq_voucher_year",
        table_name="voucher",
        sqlite_where=sa.text("status IN ('applied', 'granted', 'closed')"),
        postgresql_where=sa.text("status IN ('applied', 'granted', 'closed')"),
    )
    op.drop_index(op.f("ix_voucher_status_voucher_id"), table_name="voucher")
    op.drop_index(op.f("ix_voucher_organisation_id"), table_name="voucher")
    op.drop_table("voucher")
    op.drop_index(
        "uq_usage_record_running",
        table_name="usage_record",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index(
        "uq_usage_record_booking",
        table_name="usage_record",
        sqlite_where=sa.text("status <> 'void'"),
        postgresql_where=sa.text("status <> 'void'"),
    )
    op.drop_index(op.f("ix_usage_record_status_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_person_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_owner_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_instrument_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_instrument_id_usage_record_lane_usage_record_end_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_group_id_usage_record_start_at"), table_name="usage_record")
    op.drop_table("usage_record")
    op.drop_index("ix_switched_on_matching", table_name="switched_on")
    op.drop_index("ix_switched_on_device", table_name="switched_on")
    op.drop_table("switched_on")
    op.drop_index(op.f("ix_statement_organisation_id_statement_month"), table_name="statement")
    op.drop_index(op.f("ix_statement_account_id_statement_id"), table_name="statement")
    op.drop_table("statement")
    op.drop_table("reading")
    op.drop_table("missed_check")
    op.drop_index(op.f("ix_ledger_entry_transaction_id"), table_name="ledger_entry")
    op.drop_index(op.f("ix_ledger_entry_account_id_ledger_entry_id"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_index("uq_hold_open", table_name="hold", sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_hold_open", table_name="hold", sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"))
    op.drop_index(op.f("ix_hold_booking_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_index("ix_device_progress_pending", table_name="device_progress")
    op.drop_table("device_progress")
    op.drop_table("deposit")
    op.drop_index(op.f("ix_booking_quote_tariff_version_id"), table_name="booking_quote")
    op.drop_index(op.f("ix_booking_quote_account_id"), table_name="booking_quote")
    op.drop_table("booking_quote")
    op.drop_index(op.f("ix_account_spender_person_id"), table_name="account_spender")
    op.drop_table("account_spender")
    op.drop_index(op.f("ix_research_result_tie_instrument_id"), table_name="research_result_tie")
    op.drop_table("research_result_tie")
    op.drop_index(op.f("ix_instrument_tariff_tariff_id"), table_name="instrument_tariff")
    op.drop_table("instrument_tariff")
    op.drop_index(
        "uq_income_split_usual",
        table_name="income_split",
        sqlite_where=sa.text("instrument_id IS NULL"),
        postgresql_where=sa.text("instrument_id IS NULL"),
    )
    op.drop_index("uq_income_split_instrument", table_name="income_split")
    op.drop_table("income_split")
    op.drop_index(op.f("ix_device_instrument_id"), table_name="device")
    op.drop_table("device")
    op.drop_index(op.f("ix_account_organisation_id"), table_name="account")
    op.drop_index(op.f("ix_account_kind_account_organisation_id"), table_name="account")
    op.drop_index(op.f("ix_account_instrument_id"), table_name="account")
    op.drop_index(op.f("ix_account_holder_id"), table_name="account")
    op.drop_index(op.f("ix_account_group_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("use_policy")
    op.drop_table("tariff_version")
    op.drop_index(
        "uq_research_result_identifier",
        table_name="research_result",
        sqlite_where=sa.text("identifier <> ''"),
        postgresql_where=sa.text("identifier <> ''"),
    )
    op.drop_index(op.f("ix_research_result_year"), table_name="research_result")
    op.drop_table("research_result")
    op.drop_index(op.f("ix_reading_batch_received_at"), table_name="reading_batch")
    op.drop_table("reading_batch")
    op.drop_table("period_close")
    op.drop_index(op.f("ix_ledger_transaction_noun_ledger_transaction_noun_id"), table_name="ledger_transaction")
    op.drop_index(op.f("ix_ledger_transaction_at"), table_name="ledger_transaction")
    op.drop_table("ledger_transaction")
    op.drop_index(
        "uq_access_card_digest",
        table_name="access_card",
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.drop_index(op.f("ix_access_card_person_id"), table_name="access_card")
    op.drop_table("access_card")
    op.drop_index(op.f("ix_tariff_organisation_id"), table_name="tariff")
    op.drop_table("tariff")
    op.drop_table("statement_counter")
    op.drop_index(op.f("ix_related_party_second_id"), table_name="related_party")
    op.drop_table("related_party")
    op.drop_table("programme")
    op.drop_index(op.f("ix_gateway_organisation_id"), table_name="gateway")
    op.drop_table("gateway")
    op.drop_table("charge_policy")
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
