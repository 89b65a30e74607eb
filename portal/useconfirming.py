"""The one place from which a manager's confirmation of a use starts, on the pages and over the API."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal import clock
from portal.auth import viewer
from scheduling.chosen import Chosen, Taken
from scheduling.confirming import confirm_use
from scheduling.confirmingmany import confirm_uses
from scheduling.usage import UsageRecord


def confirm(session: Session, usage_id: int, *, version: int | None = None) -> UsageRecord:
    """Confirm a use in the viewer's name."""
    return confirm_use(session, usage_id, viewer=viewer(), now=clock.now(), version=version)


def confirm_many(session: Session, chosen: Sequence[Chosen]) -> Taken:
    """Confirm the chosen uses in the viewer's name, each by itself."""
    return confirm_uses(session, chosen, viewer=viewer(), now=clock.now())
