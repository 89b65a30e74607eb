"""What a PI is asked: spends above the threshold of a group's account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import Forbidden, NotFound, OutOfOrder, Sentence
from scheduling.accounting.accounts import Account
from scheduling.accounting.holds import Hold, release
from scheduling.accounting.spenders import answers_for, may_read_account
from scheduling.bookings import Booking, booking
from scheduling.deciding import check_reason, check_step
from scheduling.locks import lock_instruments


def asked_holds(session: Session, account_ids: Sequence[int]) -> Sequence[Hold]:
    """Give the spends on accounts that wait for approval, the earliest booking first."""
    return session.scalars(
        select(Hold)
        .join(Hold.booking)
        .where(Hold.account_id.in_(list(account_ids)), Hold.status == "open", Hold.approval == "asked")
        .options(
            joinedload(Hold.booking).joinedload(Booking.instrument),
            joinedload(Hold.booking).joinedload(Booking.person),
            joinedload(Hold.account),
        )
        .order_by(Booking.start_at, Hold.id)
        .limit(200)
    ).all()


def decide_spend(session: Session, hold_id: int, *, approve: bool, viewer: Viewer, now: datetime, reason: str = "") -> Hold:
    """Approve a spend, or refuse it with a reason: the booking is then cancelled and its money free again."""
    seen = session.get(Hold, hold_id)
    if seen is None or not may_read_account(viewer, seen.account):
        raise NotFound
    if not answers_for(viewer, seen.account):
        raise Forbidden
    lock_instruments(session, [booking(session, seen.booking_id).instrument_id])
    session.refresh(seen)
    session.refresh(seen.booking)
    if seen.status != "open" or seen.approval != "asked":
        raise OutOfOrder(Sentence("该支出不在待批准状态。", "This spend is not waiting for approval."))
    seen.reason, seen.decided_by, seen.decided_at = check_reason(reason, needed=not approve), viewer.person_id, now
    seen.approval = "given" if approve else "refused"
    if not approve:
        _cancel(session, seen, viewer, now)
    session.flush()
    return seen


def _cancel(session: Session, hold: Hold, viewer: Viewer, now: datetime) -> None:
    one = hold.booking
    check_step(one, "cancelled")
    one.status, one.holds, one.changed_at, one.reason = "cancelled", False, now, hold.reason
    one.decided_by, one.decided_at = viewer.person_id, now
    release(session, [one.id], now=now)


def answered_accounts(session: Session, viewer: Viewer) -> Sequence[Account]:
    """Give the accounts of the groups the viewer is a PI of, and those her organisations keep or hold; the books' own apart."""
    ids = viewer.administered_organisation_ids
    mine = or_(Account.group_id.in_(viewer.pi_group_ids), Account.organisation_id.in_(ids), Account.holder_id.in_(ids))
    return session.scalars(select(Account).where(mine, Account.is_active).order_by(Account.name, Account.id).limit(500)).all()
