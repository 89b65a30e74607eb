"""Confirm many uses at once, as their manager: one transaction, one look at what they all rest on, each refused or confirmed by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from scheduling.accounting.accounts import lock_accounts
from scheduling.accounting.holds import open_holds
from scheduling.chosen import Chosen, Taken, check_chosen, not_there, take_each
from scheduling.confirming import Known, confirm_locked
from scheduling.locks import take_locks
from scheduling.rates import use_facts
from scheduling.usage import WHOLE, UsageRecord, may_see_use
from scheduling.usageproblems import open_problems_of


def confirm_uses(session: Session, chosen: Sequence[Chosen], *, viewer: Viewer, now: datetime) -> Taken:
    """Confirm the chosen uses in order of their start, each as `confirm_use` would; at most fifty. Those that cannot be are named with the reason.

    Instruments are locked first, sorted, then the accounts on which anything is held; problems, quotes, rates and special days are read once.
    """
    versions = check_chosen(chosen)
    take_locks(session, sorted(set(session.scalars(select(UsageRecord.instrument_id).where(UsageRecord.id.in_(versions))))))
    asked = select(UsageRecord).where(UsageRecord.id.in_(versions)).options(*WHOLE).order_by(UsageRecord.start_at, UsageRecord.id)
    rows = session.scalars(asked.execution_options(populate_existing=True)).all()
    found = {one.id: one for one in rows if not viewer.is_anonymous and may_see_use(viewer, one)}
    recorded = [one for one in found.values() if one.status == "recorded"]
    known = Known(open_problems_of(session, found), use_facts(session, recorded) if recorded else None)
    held = open_holds(session, [one.booking_id for one in recorded if one.booking_id is not None])
    if held:
        lock_accounts(session, {hold.account_id for hold in held})

    def confirm(one: int) -> None:
        confirm_locked(session, found[one], known, viewer=viewer, now=now, version=versions[one])

    taken = take_each(session, found, confirm)
    taken.left += not_there(one for one in versions if one not in found)
    return taken
