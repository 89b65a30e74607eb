"""What waits for the organisation's administrator, and the organisation's instruments by state."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import func, select

from instruments.catalogue import Instrument
from instruments.directory import count_waiting
from instruments.people import Organisation
from portal import clock
from portal.attention import count_for_home
from portal.auth import viewer
from portal.organisations.blueprint import my_organisation_ids, organisations
from portal.transactions import reading
from scheduling.statistics.periods import this_year


@organisations.get("")
def home() -> str:
    """Show what waits, and the figures of each organisation looked after."""
    ids = my_organisation_ids(viewer())
    with reading() as session:
        shown = select(Organisation).order_by(Organisation.code).limit(200)
        if ids is not None:
            shown = shown.where(Organisation.id.in_(ids))
        found = session.scalars(shown).all()
        counts = session.execute(
            select(Instrument.organisation_id, Instrument.publication, func.count())
            .where(Instrument.organisation_id.in_([one.id for one in found]))
            .group_by(Instrument.organisation_id, Instrument.publication)
        ).all()
        by_state = {(row[0], row[1]): row[2] for row in counts}
        return render_template(
            "organisations/home.html", organisations=found, by_state=by_state, waiting=count_waiting(session, ids),
            attention=count_for_home(session, ids), years=years_to_print(),
        )  # fmt: skip


def years_to_print() -> tuple[int, int]:
    """Give the years whose reports are looked for: this one and the last."""
    now = this_year(clock.now())
    return now, now - 1
