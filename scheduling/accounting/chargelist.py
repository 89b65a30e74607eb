"""Lists of charges a person may see, the newest first, a page at a time by key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.access import Viewer, inspected_by
from scheduling.accounting.charges import OUTLINE, Charge, may_see_charge


@dataclass(frozen=True, slots=True)
class WantedCharges:
    """Which charges: one's own, those of groups one leads, of instruments one looks after, of one's organisation's people, or all of these."""

    whose: str = "all"  # mine | groups | managed | organisation | all
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargePage:
    """One page: charges, how many there are in all, and the id of the last where more follow."""

    charges: Sequence[Charge]
    total: int
    next: int | None


def page_of_charges(session: Session, wanted: WantedCharges, *, viewer: Viewer, limit: int = 50, before: int | None = None) -> ChargePage:
    """Give a page of the charges a person may see; two statements. `before` is the key the page before ended with."""
    conditions = _conditions(wanted, viewer)
    total = session.scalar(select(func.count(Charge.id)).join(Charge.instrument).where(*conditions)) or 0
    further = [] if before is None else [Charge.id < before]
    rows = session.scalars(
        select(Charge)
        .join(Charge.instrument)
        .options(contains_eager(Charge.instrument), joinedload(Charge.person), joinedload(Charge.group))
        .where(*conditions, *further)
        .order_by(Charge.id.desc())
        .limit(limit + 1)
    ).all()
    return ChargePage(rows[:limit], total, rows[limit - 1].id if len(rows) > limit else None)


def seen_outlines(session: Session, charge_ids: Collection[int], viewer: Viewer) -> list[Charge]:
    """Get those of some charges that the viewer may see; one statement."""
    rows = session.scalars(select(Charge).where(Charge.id.in_(charge_ids)).options(*OUTLINE)) if charge_ids else ()
    return [one for one in rows if not viewer.is_anonymous and may_see_charge(viewer, one)]


def _conditions(wanted: WantedCharges, viewer: Viewer) -> list[ColumnElement[bool]]:
    own, of_groups = Charge.person_id == viewer.person_id, Charge.group_id.in_(viewer.pi_group_ids)
    of_organisation = Charge.user_organisation_id.in_(_organisation_ids(viewer))
    managed = inspected_by(viewer)
    whose = {
        "mine": own, "groups": of_groups, "managed": managed, "organisation": of_organisation, "all": or_(own, of_groups, of_organisation, managed)
    }  # fmt: skip
    conditions: list[ColumnElement[bool]] = [whose[wanted.whose]]
    if wanted.statuses:
        conditions.append(Charge.status.in_(wanted.statuses))
    return conditions


def _organisation_ids(viewer: Viewer) -> list[int]:
    audited = [grant.organisation_id for grant in viewer.grants if grant.role == "auditor" and grant.organisation_id]
    return [*viewer.administered_organisation_ids, *audited]
