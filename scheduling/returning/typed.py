"""Figures an organisation types where the portal does not know them (SJ3): for an instrument and a period, with who and when, append-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.standing import organisation_then
from scheduling.accounting.ledger import keep_rows
from scheduling.returning.formats import format_of
from scheduling.returning.periods import Period
from scheduling.returning.returns import reads_returns_of, signs_for

MOST = 100_000


class TypedFigure(Base):
    """One figure as it was typed; the last one counts, and one without a value gives the computed figure back."""

    __tablename__ = "typed_figure"
    __audited__ = False  # append-only, and says itself who typed it

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date]
    field: Mapped[str] = mapped_column(String(40))
    value: Mapped[int | None]
    typed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    typed_at: Mapped[datetime]

    typist: Mapped[Person] = relationship()

    __table_args__ = (
        CheckConstraint("value IS NULL OR value >= 0", name="value"),
        Index("ix_typed_figure_period", "kind", "starts_on", "instrument_id"),
    )


keep_rows(TypedFigure, "typed figures are append-only")


def typed_figures(session: Session, kind: str, period: Period, instrument_ids: list[int]) -> Mapping[int, dict[str, TypedFigure]]:
    """Give the figures that count, by instrument and field; one statement."""
    rows = session.scalars(
        select(TypedFigure)
        .where(TypedFigure.kind == kind, TypedFigure.starts_on == period.start, TypedFigure.instrument_id.in_(instrument_ids))
        .options(joinedload(TypedFigure.typist))
        .order_by(TypedFigure.id)
    )
    found: dict[int, dict[str, TypedFigure]] = {}
    for one in rows:
        found.setdefault(one.instrument_id, {})[one.field] = one
    return {key: {name: one for name, one in figures.items() if one.value is not None} for key, figures in found.items()}


def type_figures(
    session: Session, instrument_id: int, kind: str, period: Period, values: Mapping[str, int | None], *, viewer: Viewer, now: datetime
) -> list[TypedFigure]:
    """Type figures of an instrument for a period, as who signs for the organisation of then; None gives the computed one back.

    What is typed already and unchanged is not typed again. Gives what was added.
    """
    one = instrument(session, instrument_id)
    owner = organisation_then(session, one, period.span(one.organisation.time_zone).end)
    if not signs_for(viewer, owner):
        ids = reads_returns_of(viewer)
        raise Forbidden if ids is None or owner in ids else NotFound
    allowed = {field.name for field in format_of(kind).typed}
    known = {name: figure.value for name, figure in typed_figures(session, kind, period, [instrument_id]).get(instrument_id, {}).items()}
    made = []
    for name, value in values.items():
        if name not in allowed or (value is not None and not 0 <= value <= MOST):
            raise Invalid(name, Sentence(f"请填写 0 到 {MOST} 的整数。", f"Give a whole number from 0 to {MOST}."))
        if known.get(name) != value:
            made.append(
                TypedFigure(
                    instrument_id=instrument_id,
                    kind=kind,
                    starts_on=period.start,
                    field=name,
                    value=value,
                    typed_by=viewer.person_id,
                    typed_at=now,
                )
            )
    session.add_all(made)
    session.flush()
    return made
