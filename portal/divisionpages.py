"""What the pages that divide income share: when a division begins, saving one, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Invalid, PortalError
from instruments.people import Organisation
from instruments.timespan import at_wall, zone
from portal import clock
from portal.accountforms import DivisionForm
from portal.auth import viewer
from portal.forms import Form
from scheduling.accounting.divisions import PARTS, division_of, set_division

F = TypeVar("F", bound=DivisionForm)


def begins(day: date | None, owner: Organisation) -> datetime | None:
    """Give when a division begins: on a day by its organisation's clock, or now."""
    now, tz = clock.now(), zone(owner.time_zone)
    return None if day is None or day == now.astimezone(tz).date() else at_wall(day, 0, tz)


def filled(form: type[F], held: Mapping[str, Decimal], **more: Any) -> F:
    """Make a form filled with the percents that hold now."""
    return form(None, **{f"to_{part}": str(held[part]) for part in PARTS if part in held}, **more)


def refuse(form: Form, error: PortalError) -> None:
    """Say beside the field what was wrong with it, or above the form."""
    form.refuse(error if isinstance(error, Invalid) else Invalid("", error.sentence))


def save_division(session: Session, owner: Organisation, form: DivisionForm, instrument: Instrument | None = None) -> None:
    """Save what was written; what holds already from now on is not said again."""
    now, since, parts = clock.now(), begins(form.valid_from.data, owner), form.parts()
    if since is None and instrument is None and parts == division_of(session, owner.id, at=now):
        return
    set_division(session, owner.id, parts, viewer=viewer(), now=now, instrument=instrument, valid_from=since)
