"""The first schema: every table as it was when the portal was first released, with the triggers and constraints that hold its promises."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_entry_keep BEFORE UPDATE ON audit_entry WHEN OLD.seal IS NOT NULL OR NEW.before IS NOT OLD.before OR NEW.after IS NOT OLD.after OR NEW.at IS NOT OLD.at OR NEW.actor_id IS NOT OLD.actor_id BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
        "CREATE TRIGGER audit_entry_stay BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
        "CREATE TRIGGER booking_no_overlap_insert BEFORE INSERT ON booking WHEN NEW.holds BEGIN SELECT RAISE(ABORT, 'booking_no_overlap') WHERE EXISTS (SELECT 1 FROM booking WHERE holds = 1 AND instrument_id = NEW.instrument_id AND lane = NEW.lane AND id IS NOT NEW.id AND occupied_until > NEW.occupied_from AND occupied_from < NEW.occupied_until); END",
        "CREATE TRIGGER booking_no_overlap_update BEFORE UPDATE OF instrument_id, lane, occupied_from, occupied_until, holds ON booking WHEN NEW.holds BEGIN SELECT RAISE(ABORT, 'booking_no_overlap') WHERE EXISTS (SELECT 1 FROM booking WHERE holds = 1 AND instrument_id = NEW.instrument_id AND lane = NEW.lane AND id IS NOT NEW.id AND occupied_until > NEW.occupied_from AND occupied_from < NEW.occupied_until); END",
    ),
    "postgresql": (
        "CREATE FUNCTION keep_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n      IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND\n         (NEW.at, NEW.actor_id, NEW.action, NEW.noun, NEW.row_key, NEW.before::text, NEW.after::text)\n         IS NOT DISTINCT FROM (OLD.at, OLD.actor_id, OLD.action, OLD.noun, OLD.row_key, OLD.before::text, OLD.after::text) THEN RETURN NEW;\n      END IF;\n      RAISE EXCEPTION 'audit entries are append-only';\n    END $$",
        "CREATE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION keep_audit_entry()",
        "ALTER TABLE booking ADD CONSTRAINT ck_booking_finite CHECK (isfinite(occupied_from) AND isfinite(occupied_until))",
        "ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist (int8range(instrument_id, instrument_id, '[]') WITH &&, int4range(lane, lane, '[]') WITH &&, tstzrange(occupied_from, occupied_until, '[)') WITH &&) WHERE (holds)",
    ),
}
LEFT_BEHIND = {
    "sqlite": (),
    "postgresql": ("DROP FUNCTION IF EXISTS keep_audit_entry()",),
}


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_at"), "attempt", ["at"], unique=False)
    op.create_index(op.f("ix_attempt_who_attempt_at"), "attempt", ["who", "at"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("noun", sa.String(length=60), nullable=False),
        sa.Column("row_key", sa.String(length=60), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_actor_id_audit_entry_at"), "audit_entry", ["actor_id", "at"], unique=False)
    op.create_index(op.f("ix_audit_entry_noun_audit_entry_row_key"), "audit_entry", ["noun", "row_key"], unique=False)
    op.create_table(
        "category",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("parent_code", sa.String(length=6), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_category_level")),
        sa.ForeignKeyConstraint(["parent_code"], ["category.code"], name=op.f("fk_category_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_category")),
    )
    op.create_index(op.f("ix_category_parent_code"), "category", ["parent_code"], unique=False)
    op.create_table(
        "code_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("other_codes", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_entry")),
        sa.UniqueConstraint("list_name", "code", name=op.f("uq_code_entry_list_name_code")),
    )
    op.create_table(
        "holiday",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("is_workday", sa.Boolean(), nullable=False),
        sa.Column("worked_as", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.CheckConstraint("worked_as BETWEEN 0 AND 6", name=op.f("ck_holiday_worked_as")),
        sa.PrimaryKeyConstraint("on_date", name=op.f("pk_holiday")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("mail_domain", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_organisation_code")),
    )
    op.create_table(
        "search_alias",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("group_key", sa.String(length=60), nullable=False),
        sa.Column("text", sa.String(length=80), nullable=False),
        sa.Column("reading", sa.String(length=500), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_alias")),
        sa.UniqueConstraint("group_key", "text", name=op.f("uq_search_alias_group_key_text")),
    )
    op.create_table(
        "search_change",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("instrument_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_search_change")),
    )
    op.create_table(
        "search_document",
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
        sa.Column("sort_name", sa.String(length=200), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("instrument_id", name=op.f("pk_search_document")),
    )
    op.create_table(
        "search_posting",
        sa.Column("token", sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"), nullable=False),
        sa.Column("field", sa.String(length=1), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("token", "field", name=op.f("pk_search_posting")),
    )
    op.create_table(
        "facility",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=2), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("construction", sa.String(length=40), nullable=False),
        sa.Column("established", sa.String(length=10), nullable=False),
        sa.Column("area_m2", sa.Integer(), nullable=True),
        sa.Column("accreditation", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("chief_scientist", sa.String(length=100), nullable=False),
        sa.Column("head", sa.String(length=100), nullable=False),
        sa.Column("about_zh", sa.String(length=1000), nullable=False),
        sa.Column("about_en", sa.String(length=1000), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_facility_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
    )
    op.create_index(op.f("ix_facility_organisation_id"), "facility", ["organisation_id"], unique=False)
    op.create_table(
        "group",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_group_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group")),
    )
    op.create_index(op.f("ix_group_organisation_id"), "group", ["organisation_id"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("header_key", sa.String(length=90), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_import_mapping_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("header_key", name=op.f("uq_import_mapping_header_key")),
    )
    op.create_index(op.f("ix_import_mapping_organisation_id"), "import_mapping", ["organisation_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", KEY, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_note", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_lower")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_person_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_index(op.f("ix_person_organisation_id"), "person", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_person_status_person_organisation_id"), "person", ["status", "organisation_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_person_id"), "api_token", ["person_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", KEY, nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credential_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "feed_secret",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feed_secret_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_secret")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_feed_secret_secret_hash")),
    )
    op.create_index(op.f("ix_feed_secret_person_id"), "feed_secret", ["person_id"], unique=False)
    op.create_table(
        "group_member",
        sa.Column("id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("is_pi", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_group_member_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_group_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_group_member_group_id_person_id")),
    )
    op.create_index(op.f("ix_group_member_person_id"), "group_member", ["person_id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("route", sa.String(length=100), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_idempotency_key_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_idempotency_key_person_id_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("stored_as", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("refuse_others", sa.Boolean(), nullable=False),
        sa.Column("may_create", sa.Boolean(), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("started_by", KEY, nullable=True),
        sa.Column("sheet", sa.String(length=100), nullable=False),
        sa.Column("header_row", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=40), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_import_run_organisation_id")),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_import_run_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_organisation_id"), "import_run", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_import_run_started_by"), "import_run", ["started_by"], unique=False)
    op.create_index(op.f("ix_import_run_status_import_run_id"), "import_run", ["status", "id"], unique=False)
    op.create_table(
        "instrument",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("inner_id", sa.String(length=60), nullable=False),
        sa.Column("facility_id", KEY, nullable=True),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("category_code", sa.String(length=6), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("customs_supervised", sa.Boolean(), nullable=False),
        sa.Column("customs_declaration", sa.String(length=18), nullable=False),
        sa.Column("customs_item", sa.String(length=2), nullable=False),
        sa.Column("customs_imported_on", sa.Date(), nullable=True),
        sa.Column("original_value", sa.BigInteger(), nullable=True),
        sa.Column("country", sa.String(length=40), nullable=False),
        sa.Column("manufacturer", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("commissioned", sa.String(length=10), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("is_dedicated", sa.Boolean(), nullable=False),
        sa.Column("specifications", sa.String(length=500), nullable=False),
        sa.Column("functions", sa.String(length=300), nullable=False),
        sa.Column("services", sa.String(length=200), nullable=False),
        sa.Column("achievements", sa.String(length=500), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("requirements", sa.String(length=500), nullable=False),
        sa.Column("fees", sa.String(length=500), nullable=False),
        sa.Column("service_url", sa.String(length=150), nullable=False),
        sa.Column("sharing_mode", sa.String(length=20), nullable=False),
        sa.Column("sharing_reason", sa.String(length=500), nullable=False),
        sa.Column("sharing_approval", sa.String(length=200), nullable=False),
        sa.Column("funds", sa.JSON(), nullable=False),
        sa.Column("province", sa.String(length=40), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("county", sa.String(length=60), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("building", sa.String(length=100), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("contact", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("photo", sa.String(length=100), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("setup_minutes", sa.Integer(), nullable=False),
        sa.Column("cleanup_minutes", sa.Integer(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("self_operated", sa.Boolean(), nullable=False),
        sa.Column("sample_service", sa.Boolean(), nullable=False),
        sa.Column("needs_qualification", sa.Boolean(), nullable=False),
        sa.Column("accepts_bookings", sa.Boolean(), nullable=False),
        sa.Column("publication", sa.String(length=20), nullable=False),
        sa.Column("publication_note", sa.String(length=500), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("exemption_reason", sa.String(length=500), nullable=False),
        sa.Column("exemption_status", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name_zh <> '' OR name_en <> ''", name=op.f("ck_instrument_has_a_name")),
        sa.CheckConstraint("lanes BETWEEN 1 AND 500", name=op.f("ck_instrument_lanes")),
        sa.CheckConstraint("setup_minutes BETWEEN 0 AND 10080 AND cleanup_minutes BETWEEN 0 AND 10080", name=op.f("ck_instrument_buffers")),
        sa.CheckConstraint("step_minutes BETWEEN 1 AND 1440", name=op.f("ck_instrument_step")),
        sa.ForeignKeyConstraint(["category_code"], ["category.code"], name=op.f("fk_instrument_category_code")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_instrument_facility_id")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_instrument_group_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_instrument_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("organisation_id", "inner_id", name=op.f("uq_instrument_organisation_id_inner_id")),
    )
    op.create_index(op.f("ix_instrument_category_code"), "instrument", ["category_code"], unique=False)
    op.create_index(op.f("ix_instrument_facility_id"), "instrument", ["facility_id"], unique=False)
    op.create_index(op.f("ix_instrument_group_id"), "instrument", ["group_id"], unique=False)
    op.create_index(
        op.f("ix_instrument_publication_instrument_category_code"), "instrument", ["publication", "category_code"], unique=False
    )
    op.create_table(
        "login_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_login_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    op.create_index(op.f("ix_login_session_person_id_login_session_ended_at"), "login_session", ["person_id", "ended_at"], unique=False)
    op.create_table(
        "mailed_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mailed_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mailed_token_token_hash")),
    )
    op.create_index(op.f("ix_mailed_token_person_id"), "mailed_token", ["person_id"], unique=False)
    op.create_table(
        "outbox_message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("to_person_id", KEY, nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ics", sa.Text(), nullable=True),
        sa.Column("ics_method", sa.String(length=10), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.String(length=250), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["to_person_id"], ["person.id"], name=op.f("fk_outbox_message_to_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
    )
    op.create_index(op.f("ix_outbox_message_failed_at"), "outbox_message", ["failed_at"], unique=False)
    op.create_index(op.f("ix_outbox_message_sent_at"), "outbox_message", ["sent_at"], unique=False)
    op.create_index(
        "ix_outbox_message_waiting",
        "outbox_message",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "booking",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occupied_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occupied_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("approval_reasons", sa.String(length=1000), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_id", KEY, nullable=True),
        sa.Column("bundle", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('confirmed', 'running', 'finished', 'no_show') AND holds) OR (status = 'requested') OR (status IN ('cancelled', 'declined', 'expired', 'moved') AND NOT holds)",
            name=op.f("ck_booking_holds"),
        ),
        sa.CheckConstraint("occupied_until >= end_at OR status IN ('finished', 'no_show')", name=op.f("ck_booking_occupied_whole")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_booking_span")),
        sa.CheckConstraint("lane BETWEEN 1 AND 500", name=op.f("ck_booking_lane")),
        sa.CheckConstraint("occupied_from <= start_at AND occupied_until > occupied_from", name=op.f("ck_booking_occupied")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_booking_decided_by")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_booking_group_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_booking_instrument_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_booking_person_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["booking.id"], name=op.f("fk_booking_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_booking_previous_id")),
    )
    op.create_index(op.f("ix_booking_bundle"), "booking", ["bundle"], unique=False)
    op.create_index("ix_booking_group", "booking", ["group_id", "end_at"], unique=False)
    op.create_index(
        "ix_booking_occupied",
        "booking",
        ["instrument_id", "occupied_until"],
        unique=False,
        sqlite_where=sa.text("holds = 1"),
        postgresql_where=sa.text("holds"),
    )
    op.create_index("ix_booking_person", "booking", ["person_id", "end_at"], unique=False)
    op.create_index("ix_booking_status", "booking", ["status", "start_at"], unique=False)
    op.create_index(
        "uq_booking_running",
        "booking",
        ["instrument_id", "lane"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "closure",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("facility_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("repeats", sa.String(length=10), nullable=False),
        sa.Column("repeat_every", sa.Integer(), nullable=False),
        sa.Column("repeat_until", sa.Date(), nullable=True),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_days", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(instrument_id IS NULL) <> (facility_id IS NULL)", name=op.f("ck_closure_one_scope")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_closure_span")),
        sa.CheckConstraint("repeat_every BETWEEN 1 AND 99", name=op.f("ck_closure_repeat_every")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_closure_facility_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_closure_instrument_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_closure_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(op.f("ix_closure_facility_id_closure_last_end_at"), "closure", ["facility_id", "last_end_at"], unique=False)
    op.create_index(op.f("ix_closure_instrument_id_closure_last_end_at"), "closure", ["instrument_id", "last_end_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.String(length=100), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_document_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_instrument_id"), "document", ["instrument_id"], unique=False)
    op.create_table(
        "import_issue",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("reason_zh", sa.String(length=500), nullable=False),
        sa.Column("reason_en", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_issue_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_issue")),
    )
    op.create_index(op.f("ix_import_issue_run_id_import_issue_id"), "import_issue", ["run_id", "id"], unique=False)
    op.create_index(
        op.f("ix_import_issue_run_id_import_issue_kind_import_issue_id"), "import_issue", ["run_id", "kind", "id"], unique=False
    )
    op.create_table(
        "instrument_alias",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_alias_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_alias")),
    )
    op.create_index(op.f("ix_instrument_alias_instrument_id"), "instrument_alias", ["instrument_id"], unique=False)
    op.create_table(
        "opening_hours",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("weekly", sa.JSON(), nullable=False),
        sa.Column("on_holidays", sa.String(length=10), nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("on_holidays IN ('closed', 'as_usual')", name=op.f("ck_opening_hours_on_holidays")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_opening_hours_instrument_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_opening_hours_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint("instrument_id", "valid_from", name=op.f("uq_opening_hours_instrument_id_valid_from")),
    )
    op.create_table(
        "qualification",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.CheckConstraint("grade BETWEEN 1 AND 4", name=op.f("ck_qualification_grade")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_qualification_decided_by")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_qualification_instrument_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_qualification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
        sa.UniqueConstraint("person_id", "instrument_id", name=op.f("uq_qualification_person_id_instrument_id")),
    )
    op.create_index(op.f("ix_qualification_instrument_id_qualification_status"), "qualification", ["instrument_id", "status"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("facility_id", KEY, nullable=True),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("granted_by", KEY, nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN facility_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN instrument_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name=op.f("ck_role_grant_one_scope"),
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_role_grant_facility_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_role_grant_granted_by")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_role_grant_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_role_grant_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_facility_id"), "role_grant", ["facility_id"], unique=False)
    op.create_index(op.f("ix_role_grant_instrument_id"), "role_grant", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_role_grant_organisation_id"), "role_grant", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_role_grant_person_id"), "role_grant", ["person_id"], unique=False)
    op.create_index(op.f("ix_role_grant_role_role_grant_organisation_id"), "role_grant", ["role", "organisation_id"], unique=False)
    op.create_table(
        "rule_book",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_rule_book_instrument_id")),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_rule_book_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_book")),
        sa.UniqueConstraint("instrument_id", "number", name=op.f("uq_rule_book_instrument_id_number")),
        sa.UniqueConstraint("instrument_id", "valid_from", name=op.f("uq_rule_book_instrument_id_valid_from")),
    )
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    op.drop_table("rule_book")
    op.drop_index(op.f("ix_role_grant_role_role_grant_organisation_id"), table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_person_id"), table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_organisation_id"), table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_instrument_id"), table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_facility_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index(op.f("ix_qualification_instrument_id_qualification_status"), table_name="qualification")
    op.drop_table("qualification")
    op.drop_table("opening_hours")
    op.drop_index(op.f("ix_instrument_alias_instrument_id"), table_name="instrument_alias")
    op.drop_table("instrument_alias")
    op.drop_index(op.f("ix_import_issue_run_id_import_issue_kind_import_issue_id"), table_name="import_issue")
    op.drop_index(op.f("ix_import_issue_run_id_import_issue_id"), table_name="import_issue")
    op.drop_table("import_issue")
    op.drop_index(op.f("ix_document_instrument_id"), table_name="document")
    op.drop_table("document")
    op.drop_index(op.f("ix_closure_instrument_id_closure_last_end_at"), table_name="closure")
    op.drop_index(op.f("ix_closure_facility_id_closure_last_end_at"), table_name="closure")
    op.drop_table("closure")
    op.drop_index(
        "uq_booking_running",
        table_name="booking",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index("ix_booking_status", table_name="booking")
    op.drop_index("ix_booking_person", table_name="booking")
    op.drop_index("ix_booking_occupied", table_name="booking", sqlite_where=sa.text("holds = 1"), postgresql_where=sa.text("holds"))
    op.drop_index("ix_booking_group", table_name="booking")
    op.drop_index(op.f("ix_booking_bundle"), table_name="booking")
    op.drop_table("booking")
    op.drop_index(
        "ix_outbox_message_waiting",
        table_name="outbox_message",
        sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_index(op.f("ix_outbox_message_sent_at"), table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_failed_at"), table_name="outbox_message")
    op.drop_table("outbox_message")
    op.drop_index(op.f("ix_mailed_token_person_id"), table_name="mailed_token")
    op.drop_table("mailed_token")
    op.drop_index(op.f("ix_login_session_person_id_login_session_ended_at"), table_name="login_session")
    op.drop_table("login_session")
    op.drop_index(op.f("ix_instrument_publication_instrument_category_code"), table_name="instrument")
    op.drop_index(op.f("ix_instrument_group_id"), table_name="instrument")
    op.drop_index(op.f("ix_instrument_facility_id"), table_name="instrument")
    op.drop_index(op.f("ix_instrument_category_code"), table_name="instrument")
    op.drop_table("instrument")
    op.drop_index(op.f("ix_import_run_status_import_run_id"), table_name="import_run")
    op.drop_index(op.f("ix_import_run_started_by"), table_name="import_run")
    op.drop_index(op.f("ix_import_run_organisation_id"), table_name="import_run")
    op.drop_table("import_run")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_group_member_person_id"), table_name="group_member")
    op.drop_table("group_member")
    op.drop_index(op.f("ix_feed_secret_person_id"), table_name="feed_secret")
    op.drop_table("feed_secret")
    op.drop_table("credential")
    op.drop_index(op.f("ix_api_token_person_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_person_status_person_organisation_id"), table_name="person")
    op.drop_index(op.f("ix_person_organisation_id"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_import_mapping_organisation_id"), table_name="import_mapping")
    op.drop_table("import_mapping")
    op.drop_index(op.f("ix_group_organisation_id"), table_name="group")
    op.drop_table("group")
    op.drop_index(op.f("ix_facility_organisation_id"), table_name="facility")
    op.drop_table("facility")
    op.drop_table("search_posting")
    op.drop_table("search_document")
    op.drop_table("search_change")
    op.drop_table("search_alias")
    op.drop_table("organisation")
    op.drop_table("holiday")
    op.drop_table("code_entry")
    op.drop_index(op.f("ix_category_parent_code"), table_name="category")
    op.drop_table("category")
    op.drop_index(op.f("ix_audit_entry_noun_audit_entry_row_key"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_actor_id_audit_entry_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_attempt_who_attempt_at"), table_name="attempt")
    op.drop_index(op.f("ix_attempt_at"), table_name="attempt")
    op.drop_table("attempt")
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
