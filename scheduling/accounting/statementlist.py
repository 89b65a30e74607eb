"""Who sees which statements: the provider's administrators and auditors, who answers for the account, and everybody her own lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import NotFound
from scheduling.accounting.accounts import NOTHING, Account
from scheduling.accounting.charges import ChargeLine
from scheduling.accounting.cycles import LENGTHS, months_later
from scheduling.accounting.settlements import paid_condition
from scheduling.accounting.spenders import may_read_account
from scheduling.accounting.statements import Statement, StatementLine, statement

SLICE = 500  # ids in one question to the database


@dataclass(frozen=True, slots=True)
class WantedStatements:
    """Which statements: of a provider, of a month, of an account, only those still to be settled."""

    organisation_id: int | None = None
    month: date | None = None
    account_id: int | None = None
    open_only: bool = False


@dataclass(frozen=True, slots=True)
class StatementPage:
    """One page, the newest first, how many there are in all, and the id of the last where more follow."""

    statements: Sequence[Statement]
    total: int
    next: int | None


def administered_by(viewer: Viewer) -> tuple[int, ...] | None:
    """Give the organisations whose statements are the viewer's to read as provider or holder; None means all."""
    if viewer.is_province_admin or viewer.may_audit(None):
        return None
    return viewer.administered_organisation_ids + tuple(
        grant.organisation_id for grant in viewer.grants if grant.role == "auditor" and grant.organisation_id
    )


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Give the condition on Statement joined with its account: those the viewer may open, whole or with her own lines."""
    ids = administered_by(viewer)
    if ids is None:
        return true()
    return or_(
        Account.group_id.in_(viewer.pi_group_ids),
        Statement.organisation_id.in_(ids),
        Account.organisation_id.in_(ids),
        Account.holder_id.in_(ids),
        exists().where(StatementLine.statement_id == Statement.id, StatementLine.person_id == viewer.person_id),
    )


def page_of_statements(
    session: Session, wanted: WantedStatements, *, viewer: Viewer, limit: int = 50, before: int | None = None
) -> StatementPage:
    """Give a page of the statements a person may see; `before` is the id the page before ended with."""
    conditions = [visible_to(viewer), *_conditions(wanted)]
    total = session.scalar(select(func.count(Statement.id)).join(Statement.account).where(*conditions)) or 0
    further = [] if before is None else [Statement.id < before]
    rows = session.scalars(
        select(Statement)
        .join(Statement.account)
        .options(joinedload(Statement.organisation), joinedload(Statement.account))
        .where(*conditions, *further)
        .order_by(Statement.id.desc())
        .limit(limit + 1)
    ).all()
    return StatementPage(rows[:limit], total, rows[limit - 1].id if len(rows) > limit else None)


def _conditions(wanted: WantedStatements) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.organisation_id is not None:
        found.append(Statement.organisation_id == wanted.organisation_id)
    if wanted.month is not None:
        found.append(_of_month(wanted.month))
    if wanted.account_id is not None:
        found.append(Statement.account_id == wanted.account_id)
    if wanted.open_only:
        found.append(~paid_condition())
    return found


def _of_month(month: date) -> ColumnElement[bool]:
    """Give the condition on Statement for those whose cycle a month lies in."""
    reaching = ((Statement.months == months) & (Statement.month > months_later(month, -months)) for months in LENGTHS)
    return (Statement.month <= month) & or_(*reaching)


def sees_whole(viewer: Viewer, one: Statement) -> bool:
    """Say whether a statement is the viewer's to read from top to bottom."""
    provider = viewer.may_administer(one.organisation_id) or viewer.may_audit(one.organisation_id)
    return provider or may_read_account(viewer, one.account)


def seen_statement(session: Session, statement_id: int, viewer: Viewer) -> Statement:
    """Get a statement the viewer may open; any other is not found."""
    found = statement(session, statement_id)
    if viewer.is_anonymous:
        raise NotFound
    own = select(StatementLine.id).where(StatementLine.statement_id == statement_id, StatementLine.person_id == viewer.person_id).limit(1)
    if not sees_whole(viewer, found) and session.scalar(own) is None:
        raise NotFound
    return found


def lines_of(
    session: Session, one: Statement, viewer: Viewer, *, after: int = 0, limit: int = 100
) -> tuple[Sequence[StatementLine], int | None]:
    """Give the lines of a statement the viewer may read, by position, and the position of the last where more follow."""
    rows = session.scalars(_lines(one, viewer, after).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].position if len(rows) > limit else None


def all_lines(session: Session, one: Statement, viewer: Viewer) -> Iterator[StatementLine]:
    """Give every line of a statement the viewer may read."""
    yield from session.scalars(_lines(one, viewer, 0))


def _lines(one: Statement, viewer: Viewer, after: int) -> Select[StatementLine]:
    own = [] if sees_whole(viewer, one) else [StatementLine.person_id == viewer.person_id]
    where = (StatementLine.statement_id == one.id, StatementLine.position > after, *own)
    return select(StatementLine).where(*where).order_by(StatementLine.position)


def own_sum(session: Session, one: Statement, person_id: int) -> Decimal:
    """Give what one person's lines on a statement cost."""
    asked = select(func.sum(StatementLine.amount)).where(StatementLine.statement_id == one.id, StatementLine.person_id == person_id)
    return -(session.scalar(asked) or NOTHING)


def parts_of(session: Session, lines: Sequence[StatementLine]) -> Mapping[int, Sequence[ChargeLine]]:
    """Give how each line's charge was worked out, by charge id."""
    ids = [line.charge_id for line in lines if line.charge_id is not None]
    found: dict[int, list[ChargeLine]] = {}
    for begin in range(0, len(ids), SLICE):
        where = ChargeLine.charge_id.in_(ids[begin : begin + SLICE])
        for part in session.scalars(select(ChargeLine).where(where).order_by(ChargeLine.charge_id, ChargeLine.position)):
            found.setdefault(part.charge_id, []).append(part)
    return found
