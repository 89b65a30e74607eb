"""How long the users of an organisation's instruments may look at a charge before it counts as accepted."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, Sentence
from scheduling.accounting.charges import ChargePolicy

REVIEW_DAYS, MOST_REVIEW_DAYS = 7, 92


def review_days(session: Session, organisation_id: int) -> int:
    """Say how many days the users of an organisation's instruments may look at a charge."""
    return review_days_of(session, [organisation_id])[organisation_id]


def review_days_of(session: Session, organisation_ids: Collection[int]) -> dict[int, int]:
    """Say the same for several organisations; one statement."""
    rows = session.scalars(select(ChargePolicy).where(ChargePolicy.organisation_id.in_(organisation_ids)))
    return dict.fromkeys(organisation_ids, REVIEW_DAYS) | {one.organisation_id: one.review_days for one in rows}


def set_review_days(session: Session, organisation_id: int, days: int, *, viewer: Viewer) -> None:
    """Say how many days the users of an organisation's instruments may look at a charge; those under review keep their time."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    if not 0 <= days <= MOST_REVIEW_DAYS:
        raise Invalid("review_days", Sentence("核对期限为 0 到 92 天。", "Give 0 to 92 days."))
    found = session.get(ChargePolicy, organisation_id)
    if found is None:
        session.add(ChargePolicy(organisation_id=organisation_id, review_days=days))
    else:
        found.review_days = days
