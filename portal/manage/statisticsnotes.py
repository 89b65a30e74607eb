"""What stands beside the instruments of a report: which of several it is, whose it was then, where it has moved since; and whether it may be opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from instruments.access import inspected_by
from instruments.catalogue import Instrument
from instruments.people import Organisation
from instruments.standing import organisation_then, standing_at
from portal.auth import viewer
from portal.charts import named
from portal.language import say, t
from scheduling.statistics.periods import Period
from scheduling.statistics.scope import end_of


@dataclass(frozen=True, slots=True)
class InstrumentNotes:
    """A note for each instrument by its key, and those whose own pages are others' today."""

    words: Mapping[str, str]
    others: frozenset[str]

    def address(self, key: str, url: str) -> str:
        """Give the address of an instrument's figures, or nothing where the viewer may not open it."""
        return "" if key in self.others else url


NO_NOTES = InstrumentNotes({}, frozenset())


def instrument_notes(session: Session, keys: Collection[str], period: Period) -> InstrumentNotes:
    """Say which of several instruments of one name each is: model, number within the organisation, organisation of then; one statement."""
    standing, then = standing_at(end_of(period)), aliased(Organisation)
    rows = session.execute(
        select(
            Instrument.id, Instrument.model, Instrument.inner_id, then.name_zh, then.name_en,
            then.id != Organisation.id, Organisation.name_zh, Organisation.name_en, inspected_by(viewer()),
        )
        .outerjoin(standing.then, standing.joined)
        .join(then, then.id == standing.organisation_id)
        .join(Organisation, Organisation.id == Instrument.organisation_id)
        .where(Instrument.id.in_([int(key) for key in keys if key]))
    ).all()  # fmt: skip
    words = {
        str(key): " · ".join(part for part in (model, inner_id, say(named(zh, en)), moved_to(*today) if has_moved else "") if part)
        for key, model, inner_id, zh, en, has_moved, *today, _ in rows
    }
    return InstrumentNotes(words, frozenset(str(row[0]) for row in rows if not row[-1]))


def moved_to(zh: str, en: str) -> str:
    """Say to which organisation an instrument has moved since."""
    return t("其后已转入{organisation}", "moved to {organisation} since", organisation=say(named(zh, en)))


def whose(session: Session, instrument: Instrument, period: Period) -> str:
    """Name the organisation an instrument belonged to at the end of a period, and where it has moved since; two statements at most."""
    then, today = session.get_one(Organisation, organisation_then(session, instrument, end_of(period))), instrument.organisation
    own = say(named(then.name_zh, then.name_en))
    return own if then.id == today.id else f"{own} · {moved_to(today.name_zh, today.name_en)}"
