"""Confirm a use, open it again, rate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, OutOfOrder, Sentence
from scheduling.accounting.billing import check_not_charged, make_charge
from scheduling.deciding import check_reason
from scheduling.rates import UseFacts
from scheduling.usage import RATINGS, STATUSES, UsageRecord, check_use_manager, check_version, locked_use
from scheduling.usageproblems import UsageProblem, open_problems_of, refuse_problems


def confirm_use(session: Session, usage_id: int, *, viewer: Viewer, now: datetime, version: int | None = None) -> UsageRecord:
    """Confirm a use, as its manager, and draft its charge; refused while a problem is open. Confirming again changes nothing."""
    one = locked_use(session, usage_id, viewer)
    known = Known(open_problems_of(session, [one.id])) if one.status == "recorded" else Known()
    return confirm_locked(session, one, known, viewer=viewer, now=now, version=version)


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for uses under their locks: the open problems of each, and the facts their prices rest on (None: not read yet)."""

    problems: Mapping[int, Sequence[UsageProblem]] = field(default_factory=dict)
    facts: UseFacts | None = None


def confirm_locked(
    session: Session, one: UsageRecord, known: Known, *, viewer: Viewer, now: datetime, version: int | None = None
) -> UsageRecord:  # fmt: skip
    """Confirm a use that is locked and read as it now is."""
    check_use_manager(viewer, one)
    if one.status == "confirmed":
        return one
    check_version(one, version)
    if one.status != "recorded":
        now_is = STATUSES[one.status]
        raise OutOfOrder(Sentence(f"该使用目前为“{now_is.zh}”，不能确认。", f"This use is {now_is.en.lower()}; it cannot be confirmed."))
    refuse_problems(known.problems.get(one.id, ()))
    one.status, one.confirmed_by, one.confirmed_at, one.changed_at = "confirmed", viewer.person_id, now, now
    session.flush()
    make_charge(session, one, now=now, facts=known.facts)
    return one


def reopen_use(session: Session, usage_id: int, *, viewer: Viewer, now: datetime, reason: str) -> UsageRecord:
    """Take a confirmation back, with a reason, so that the use can be corrected; whatever was charged must have been reversed before."""
    one = locked_use(session, usage_id, viewer)
    check_use_manager(viewer, one)
    if one.status != "confirmed":
        raise OutOfOrder(Sentence("该使用尚未确认。", "This use is not confirmed."))
    check_not_charged(session, one)
    one.status, one.reason, one.changed_at = "recorded", check_reason(reason, needed=True), now
    one.confirmed_by = one.confirmed_at = None
    session.flush()
    return one


def rate_use(session: Session, usage_id: int, rating: str, comment: str = "", *, viewer: Viewer, now: datetime) -> UsageRecord:
    """Rate a use that is over, as the one who used; rating again replaces the first."""
    one = locked_use(session, usage_id, viewer)
    if one.person_id != viewer.person_id:
        raise Forbidden
    if one.status not in ("recorded", "confirmed"):
        raise OutOfOrder(Sentence("使用结束后才能评价。", "A use is rated when it is over."))
    if rating not in RATINGS:
        raise Invalid("rating", Sentence("请选择满意程度。", "Choose how satisfied you are."))
    if len(comment.strip()) > 500 or "\x00" in comment:
        raise Invalid("comment", Sentence("评价不超过 500 字。", "At most 500 characters, please."))
    one.rating, one.comment, one.rated_at, one.changed_at = rating, comment.strip(), now, now
    session.flush()
    return one
