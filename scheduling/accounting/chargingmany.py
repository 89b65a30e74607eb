"""Confirm many charges at once, as their instruments' manager: one transaction, one look at what they rest on, each refused or confirmed by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.access import Viewer
from scheduling.accounting.charges import OUTLINE, Charge, ChargeShare, may_see_charge
from scheduling.accounting.charging import Reviewable, begin_review, end_review_or_wait
from scheduling.accounting.reviews import review_days_of
from scheduling.chosen import Chosen, Taken, check_chosen, not_there, take_each
from scheduling.usageproblems import open_problems_of

READ = (*OUTLINE, joinedload(Charge.usage), selectinload(Charge.shares).joinedload(ChargeShare.account))


def confirm_charges(session: Session, chosen: Sequence[Chosen], *, viewer: Viewer, now: datetime) -> Taken:
    """Confirm the chosen drafts in order of id, each as `confirm_charge` would; at most fifty. Those that cannot be are named with the reason.

    The charges are locked first, sorted; then all accounts concerned at once. Problems of their uses and the days for review are read once.
    """
    versions = check_chosen(chosen)
    asked = select(Charge).where(Charge.id.in_(versions)).options(*READ).order_by(Charge.id)
    rows = session.scalars(asked.with_for_update(key_share=True, of=Charge).execution_options(populate_existing=True)).all()
    found = {one.id: one for one in rows if not viewer.is_anonymous and may_see_charge(viewer, one)}
    problems = open_problems_of(session, [one.usage_id for one in found.values() if one.usage_id is not None])
    known = Reviewable(problems, review_days_of(session, {one.organisation_id for one in found.values()}))
    begun: list[Charge] = []

    def confirm(one: int) -> None:
        if begin_review(session, found[one], known, viewer=viewer, now=now, version=versions[one]):
            begun.append(found[one])

    taken = take_each(session, found, confirm)
    end_review_or_wait(session, begun, now)
    taken.left += not_there(one for one in versions if one not in found)
    return taken
