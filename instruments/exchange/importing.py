"""Carrying out what was planned: instruments added as drafts, changed fields set, nothing deleted, the publication never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.exchange.lines import Line
from instruments.exchange.owners import register
from instruments.exchange.planning import CREATED, UPDATED, Outcome

BATCH = 500  # rows in one transaction


def batches(lines: Iterable[Line], size: int = BATCH) -> Iterator[list[Line]]:
    """Part the lines of a list into batches."""
    iterator = iter(lines)
    while batch := list(islice(iterator, size)):
        yield batch


def carry_out(session: Session, outcomes: Sequence[Outcome], *, now: datetime) -> list[int]:
    """Write a batch of planned rows; give the ids of the instruments added or changed."""
    touched: list[Instrument] = []
    for outcome in outcomes:
        if outcome.owner is not None and outcome.owner.id is None and outcome.action == CREATED:
            register(session, outcome.owner)
        if outcome.action == CREATED:
            touched.append(_create(session, outcome, now))
        elif outcome.action == UPDATED and outcome.instrument is not None:
            touched.append(_update(outcome, outcome.instrument))
    session.flush()  # the new ones get their ids
    return [row.id for row in touched]


def _create(session: Session, outcome: Outcome, now: datetime) -> Instrument:
    owner = outcome.owner
    if owner is None or owner.id is None:
        raise ValueError("A row without its organisation cannot be written.")
    values = {key: after for key, (_, after) in outcome.changes.items()}
    row = Instrument(
        organisation_id=owner.id, inner_id=outcome.inner_id, publication="draft", time_zone=owner.time_zone, created_at=now, **values
    )
    row.aliases = [InstrumentAlias(text=text) for text in outcome.new_aliases]
    session.add(row)
    return row


def _update(outcome: Outcome, row: Instrument) -> Instrument:
    for key, (_, after) in outcome.changes.items():
        setattr(row, key, after)
    row.aliases.extend(InstrumentAlias(text=text) for text in outcome.new_aliases)
    return row
