"""A statement as its readers see it, on the page, on paper and in a sheet: one view of it, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from instruments.access import Viewer
from portal.cycles import cycle_name
from portal.language import current_language, say
from scheduling.accounting.accounts import KINDS, NOTHING
from scheduling.accounting.charges import ChargeLine
from scheduling.accounting.ledger import TRANSACTION_KINDS
from scheduling.accounting.settlements import settled_amounts
from scheduling.accounting.statementlist import all_lines, own_sum, parts_of, sees_whole
from scheduling.accounting.statements import COSTS, Statement, StatementLine


@dataclass(frozen=True, slots=True)
class Part:
    """One step of how a line was worked out: what, how much of it, at which rate."""

    label: str
    quantity: str
    unit: str
    rate: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `amount` is above zero for what costs, below for what was paid or taken back. `whole` is the charge's, where another account pays the rest."""

    position: int
    at: datetime
    kind: str
    what: str
    person: str
    parts: tuple[Part, ...]
    amount: Decimal
    whole: Decimal | None
    charge_id: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A statement with what its reader may see of it: all, or her own lines with their sum."""

    statement: Statement
    provider: str
    payer: str
    kind: str
    period: str
    is_whole: bool
    own: Decimal
    settled: Decimal
    time_zone: str

    @property
    def left(self) -> Decimal:
        """Give what is still to be settled."""
        return self.statement.due - self.settled

    @property
    def is_settled(self) -> bool:
        """Say whether nothing is left to settle."""
        return not self.left


def sheet_of(session: Session, one: Statement, viewer: Viewer) -> Sheet:
    """Give a statement as one reader sees it."""
    is_whole = sees_whole(viewer, one)
    return Sheet(
        one, pick(one.provider_zh, one.provider_en), pick(one.payer_zh, one.payer_en), say(KINDS[one.account_kind]), cycle_name(one.cycle),
        is_whole, NOTHING if is_whole else own_sum(session, one, viewer.person_id), settled_amounts(session, [one.id]).get(one.id, NOTHING),
        one.organisation.time_zone,
    )  # fmt: skip


def pick(zh: str, en: str) -> str:
    """Choose a frozen name in the reader's language, or else the other."""
    return (zh or en) if current_language() == "zh" else (en or zh)


def rows_of(session: Session, lines: Sequence[StatementLine]) -> list[Row]:
    """Make rows of lines, each with how its charge was worked out."""
    parts = parts_of(session, lines)
    return [_row(line, parts) for line in lines]


def all_rows(session: Session, one: Statement, viewer: Viewer) -> list[Row]:
    """Give every row of a statement the reader may see; a statement has a bounded number of them."""
    return rows_of(session, list(all_lines(session, one, viewer)))


def _row(line: StatementLine, parts: Mapping[int, Sequence[ChargeLine]]) -> Row:
    found = parts.get(line.charge_id or 0, ())
    whole = sum((part.amount for part in found), NOTHING)
    return Row(
        line.position, line.used_at or line.at, say(TRANSACTION_KINDS[line.kind]), _what(line), line.person, tuple(_parts(found)), -line.amount,
        whole if found and whole != -line.amount else None, line.charge_id,
    )  # fmt: skip


def _what(line: StatementLine) -> str:
    if line.charge_id is not None:
        return pick(line.instrument_zh, line.instrument_en)
    return line.reference if line.kind not in COSTS else ""


def _parts(found: Iterable[ChargeLine]) -> Iterable[Part]:
    for part in found:
        label = pick(part.label_zh, part.label_en)
        yield Part(label, _plain(part.quantity), pick(part.unit_zh, part.unit_en), part.rate, part.amount)


def _plain(quantity: str) -> str:
    """Write a quantity without noughts at its end."""
    return quantity.rstrip("0").rstrip(".") if "." in quantity else quantity
