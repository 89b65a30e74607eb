"""Correct a use: a new record that replaces the old one, with a reason; the old one stays to be read, as void."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import OutOfOrder, Sentence
from scheduling.deciding import check_reason
from scheduling.particulars import describe, particulars_of
from scheduling.recording import UseEntry, check_entry, check_group, check_when, lane_for
from scheduling.usage import UsageRecord, check_use_manager, locked_use
from scheduling.usageproblems import void
from scheduling.usepolicy import policy_of
from scheduling.using import Noted, flush_use, new_use, user_of

CONFIRMED = Sentence("该使用已确认，请先撤销确认及其费用。", "This use is confirmed. Take back the confirmation and its charge first.")
NOT_ENDED = Sentence("该使用尚未结束，请先填写结束时间。", "This use has not ended. Give its end first.")
IS_VOID = Sentence("该记录已作废。", "This record is void.")


def entry_of(one: UsageRecord) -> UseEntry:
    """Give an ended use as it would be written down: the start of a correction (`dataclasses.replace` the rest)."""
    if one.span is None:
        raise OutOfOrder(NOT_ENDED)
    return UseEntry(
        one.person_id, one.span, one.mode, one.purpose, one.group_id, one.lane, one.booking_id, one.operator_id, one.occupies, particulars_of(one)
    )  # fmt: skip


def correct_use(
    session: Session, usage_id: int, entry: UseEntry, *, viewer: Viewer, now: datetime, reason: str, version: int | None = None
) -> UsageRecord:
    """Replace a record by a corrected one, as the instrument's manager; its problems are closed with the reason. Give the new record."""
    old = locked_use(session, usage_id, viewer, version=version)
    check_use_manager(viewer, old)
    _check_open(old)
    reason = check_reason(reason, needed=True)
    check_entry(session, entry)
    check_when(entry.span, policy_of(session, old.owner_id).backfill_days, now)
    void(session, old, reason, viewer.person_id, now, resolution="corrected")
    new = _replacement(session, old, entry, viewer, now)
    session.add(new)
    flush_use(session)
    return new


def void_use(session: Session, usage_id: int, *, viewer: Viewer, now: datetime, reason: str) -> UsageRecord:
    """Say, as the instrument's manager and with a reason, that a record was no use at all."""
    one = locked_use(session, usage_id, viewer)
    check_use_manager(viewer, one)
    _check_open(one)
    void(session, one, check_reason(reason, needed=True), viewer.person_id, now)
    return one


def _check_open(one: UsageRecord) -> None:
    if one.status != "recorded":
        raise OutOfOrder({"confirmed": CONFIRMED, "running": NOT_ENDED}.get(one.status, IS_VOID))


def _replacement(session: Session, old: UsageRecord, entry: UseEntry, viewer: Viewer, now: datetime) -> UsageRecord:
    user = user_of(session, entry.person_id, viewer)
    if entry.group_id != old.group_id or entry.person_id != old.person_id:
        check_group(user, entry.group_id)
    new = new_use(old.instrument, user, entry.span.start, Noted("manager", viewer.person_id, now), now)
    same_person = entry.person_id == old.person_id
    if same_person:  # how she stood to the instrument is frozen since the use
        new.organisation_id, new.audience, new.is_external = old.organisation_id, old.audience, old.is_external
    new.owner_id = old.owner_id
    new.mode, new.purpose, new.group_id, new.operator_id = entry.mode, entry.purpose, entry.group_id, entry.operator_id
    new.booking = old.booking if same_person else None
    new.occupies = old.occupies if entry.occupies is None else entry.occupies
    new.lane = lane_for(session, old.instrument, entry.lane, entry.span, apart_from=old.id) if new.occupies else 1
    _end_as_told(new, old, entry, viewer, now)
    new.replaces_id, new.reason = old.id, old.reason
    if same_person:
        new.rating, new.comment, new.rated_at = old.rating, old.comment, old.rated_at
    return new


def _end_as_told(new: UsageRecord, old: UsageRecord, entry: UseEntry, viewer: Viewer, now: datetime) -> None:
    """Write the times; one that stays as it was keeps where it comes from."""
    new.status, new.end_at = "recorded", entry.span.end
    new.end_source, new.end_by, new.end_noted_at = "manager", viewer.person_id, now
    if entry.span.start == old.start_at:
        new.start_source, new.start_by, new.start_noted_at = old.start_source, old.start_by, old.start_noted_at
    if entry.span.end == old.end_at:
        new.end_source, new.end_by, new.end_noted_at = old.end_source, old.end_by, old.end_noted_at
    describe(new, entry.known)


def with_span(entry: UseEntry, start: datetime, end: datetime) -> UseEntry:
    """Give an entry with other times and the minutes that count worked out anew."""
    return replace(entry, span=type(entry.span)(start, end), known=replace(entry.known, effective_minutes=None))
