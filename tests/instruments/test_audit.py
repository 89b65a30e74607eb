"""The audit log (promise 18): every change with before and after, append-only, chained by hash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from instruments import audit
from instruments.audit import AuditEntry
from instruments.catalogue import Instrument


@pytest.fixture
def watched(session, now):
    """A session in which somebody's changes are written down."""
    audit.watch(session, actor_id=7, now=now)
    return session


def entries(session, noun="instrument"):
    return session.scalars(select(AuditEntry).where(AuditEntry.noun == noun).order_by(AuditEntry.id)).all()


def test_a_new_row_is_written_down_whole(watched, an_instrument, now):
    instrument = an_instrument(name_zh="新仪器")
    (entry,) = [one for one in entries(watched) if one.action == "insert"]
    assert (entry.actor_id, entry.at, entry.row_key, entry.after["name_zh"]) == (7, now, str(instrument.id), "新仪器")
    assert entry.after["original_value"] == "2000000.00"


def test_a_change_is_written_down_with_before_and_after_of_what_changed(watched, an_instrument):
    instrument = an_instrument(name_zh="旧名")
    instrument.name_zh = "新名"
    watched.flush()
    last = entries(watched)[-1]
    assert (last.action, last.before, last.after) == ("update", {"name_zh": "旧名"}, {"name_zh": "新名"})


def test_what_is_set_to_what_it_was_is_no_change(watched, an_instrument):
    instrument = an_instrument(name_zh="旧名")
    count = len(entries(watched))
    instrument.name_zh = "旧名"
    watched.flush()
    assert len(entries(watched)) == count


def test_a_deleted_row_is_written_down_as_it_was(watched, an_instrument):
    instrument = an_instrument(hours=None)
    watched.delete(instrument)
    watched.flush()
    last = entries(watched)[-1]
    assert (last.action, last.before["inner_id"], last.after) == ("delete", instrument.inner_id, {})


def test_what_failed_to_be_written_is_not_written_down_later(watched, an_instrument, an_organisation):
    instrument = an_instrument()
    before = len(entries(watched, "instrument"))
    known = {key: getattr(instrument, key) for key in ("organisation_id", "inner_id", "name_zh", "created_at")}

    def add_it_again():
        with watched.begin_nested():
            watched.add(Instrument(**known))
            watched.flush()

    with pytest.raises(DBAPIError):
        add_it_again()
    an_organisation()
    assert len(entries(watched, "instrument")) == before


@pytest.mark.parametrize("change", ["update audit_entry set actor_id = 8", "delete from audit_entry"])
def test_the_database_itself_refuses_to_change_or_delete_entries(watched, an_organisation, change):
    an_organisation()
    with pytest.raises(DBAPIError, match="append-only"), watched.begin_nested():
        watched.execute(text(change))


class TestChain:
    def test_seals_follow_from_one_another_and_are_set_once(self, watched, an_organisation):
        for _ in range(3):
            an_organisation()
        count = audit.seal(watched)
        watched.flush()
        assert count >= 3
        assert audit.seal(watched) == 0
        assert audit.first_broken(watched.scalars(select(AuditEntry).order_by(AuditEntry.id))) is None

    def test_an_entry_on_its_way_is_not_overtaken(self, watched, an_organisation):
        for _ in range(3):
            an_organisation()
        known = [one.id for one in watched.scalars(select(AuditEntry).order_by(AuditEntry.id))]
        assert audit.seal(watched, up_to=known[-2]) == len(known) - 1

    def test_a_changed_entry_is_found(self, watched, an_organisation, now):
        for _ in range(3):
            an_organisation()
        audit.seal(watched)
        watched.flush()
        found = watched.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert audit.first_broken(found) is None
        found[1].at = now + timedelta(days=1)
        assert audit.first_broken(found) is found[1]
        watched.expire(found[1])

    def test_a_sealed_entry_cannot_be_changed_even_by_its_own_columns(self, watched, an_organisation):
        an_organisation()
        audit.seal(watched)
        watched.flush()
        for change in (update(AuditEntry).values(seal="x" * 64), delete(AuditEntry)):
            with pytest.raises(DBAPIError), watched.begin_nested():
                watched.execute(change)
