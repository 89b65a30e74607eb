"""Statements (结算单): what one organisation put onto one account in a closing cycle, numbered without gaps, and never changed once made.

The database keeps every row as it was made: a late record goes onto the next statement, a mistake is put right by a reversal there.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Insert, String, UniqueConstraint, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.database import Base, Key, attach, is_sqlite
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import Organisation
from instruments.timespan import TimeSpan, zone
from scheduling.accounting.accounts import Account
from scheduling.accounting.cycles import LENGTHS_SQL, Cycle
from scheduling.accounting.ledger import keep_rows

# What costs, as against what pays for it.
COSTS = ("charge", "reversal")
# Paid in advance or by a programme: there is nothing to transfer for such a statement.
PREPAID = ("prepaid", "voucher")
# Accounts that one organisation alone puts something onto, so that a statement can carry the balance.
CARRIED = ("prepaid", "credit")
# The row of the counter that belongs to no year: whoever closes a cycle of whatever year holds it.
CLOSING = 0


class StatementCounter(Base):
    """The last number an organisation gave out in a year; its row is the lock under which statements are made."""

    __tablename__ = "statement_counter"
    __audited__ = False  # the statements themselves are the record of it

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class Statement(Base):
    """What `organisation_id` put onto an account up to the end of a cycle, with the names as they were then.

    `month` is the first day of the cycle, `months` how many it has; its number is of the year the cycle begins in.
    `charged` is what the uses cost, less what was taken back; `paid_in` all other movements; `due` what is to be transferred for it.
    `opening` and `closing` are the account's balance where it can be told.
    """

    __tablename__ = "statement"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))
    month: Mapped[date]
    months: Mapped[int] = mapped_column(default=1, server_default="1")
    provider_zh: Mapped[str] = mapped_column(String(200))
    provider_en: Mapped[str] = mapped_column(String(200), default="")
    payer_zh: Mapped[str] = mapped_column(String(420))
    payer_en: Mapped[str] = mapped_column(String(420), default="")
    account_number: Mapped[str] = mapped_column(String(60))
    account_name: Mapped[str] = mapped_column(String(200))
    account_kind: Mapped[str] = mapped_column(String(12))
    line_count: Mapped[int]
    charged: Mapped[Decimal]
    paid_in: Mapped[Decimal]
    opening: Mapped[Decimal | None]
    closing: Mapped[Decimal | None]
    due: Mapped[Decimal]
    closed_at: Mapped[datetime]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    organisation: Mapped[Organisation] = relationship()
    account: Mapped[Account] = relationship()

    __table_args__ = (
        UniqueConstraint("organisation_id", "year", "serial"),
        CheckConstraint("line_count > 0", name="line_count"),
        CheckConstraint(LENGTHS_SQL, name="months"),
        CheckConstraint("closing = opening + paid_in - charged", name="closing"),
        Index(None, "organisation_id", "month"),
        Index(None, "account_id", "id"),
    )

    @property
    def cycle(self) -> Cycle:
        """Give the months it is of."""
        return Cycle(self.month, self.months)


class StatementLine(Base):
    """One entry of the ledger as it stands on a statement: on one only. `amount` is as in the ledger, below zero for what was paid."""

    __tablename__ = "statement_line"
    __audited__ = False  # append-only, a copy of the ledger

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    position: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person: Mapped[str] = mapped_column(String(200), default="")
    instrument_zh: Mapped[str] = mapped_column(String(300), default="")
    instrument_en: Mapped[str] = mapped_column(String(300), default="")
    reference: Mapped[str] = mapped_column(String(500), default="")
    amount: Mapped[Decimal]

    __table_args__ = (
        Index(None, "statement_id", "position", unique=True),
        Index(None, "person_id", "statement_id"),
        CheckConstraint("position > 0", name="position"),
    )


# Its lines are made with it; one that comes later has no place on it.
_TOO_MANY = "(SELECT line_count FROM statement WHERE id = NEW.statement_id)"
SQLITE_LINES = (
    f"CREATE TRIGGER statement_line_insert BEFORE INSERT ON statement_line WHEN NEW.position > {_TOO_MANY} "
    "BEGIN SELECT RAISE(ABORT, 'a statement is never added to'); END"
)
POSTGRESQL_LINES = (
    "CREATE FUNCTION close_statement_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NEW.position > {_TOO_MANY} THEN RAISE EXCEPTION 'a statement is never added to'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER statement_line_insert BEFORE INSERT ON statement_line FOR EACH ROW EXECUTE FUNCTION close_statement_line()",
)
keep_rows(Statement, "a statement is never changed")
keep_rows(StatementLine, "a statement is never changed")
attach(StatementLine, SQLITE_LINES, "sqlite")
for _statement in POSTGRESQL_LINES:
    attach(StatementLine, _statement, "postgresql")
attach(StatementLine, "DROP FUNCTION IF EXISTS close_statement_line() CASCADE", "postgresql", moment="after_drop")


def first_of(month: date) -> date:
    """Give the first day of a day's month."""
    return month.replace(day=1)


def month_after(month: date) -> date:
    """Give the first day of the month after.

    >>> month_after(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return first_of(first_of(month) + timedelta(days=31))


def month_before(month: date) -> date:
    """Give the first day of the month before."""
    return first_of(first_of(month) - timedelta(days=1))


def month_span(month: date, time_zone: str) -> TimeSpan:
    """Give a month by an organisation's own clock."""
    return Cycle(first_of(month)).span(time_zone)


def month_of(at: datetime, organisation: Organisation) -> date:
    """Give the month a time belongs to by an organisation's clock."""
    return first_of(at.astimezone(zone(organisation.time_zone)).date())


def read_month(text: str) -> date:
    """Read a month such as 2026-10."""
    try:
        found = datetime.strptime(text.strip(), "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise _no_month() from error
    if not 2000 <= found.year <= 2199 or len(text.strip()) != 7:
        raise _no_month()
    return found


def _no_month() -> Invalid:
    return Invalid("month", Sentence("请填写月份，例如 2026-10。", "Give a month such as 2026-10."))


def lock_numbers(session: Session, organisation_id: int, year: int = CLOSING) -> None:
    """Wait until nobody else closes a cycle of an organisation, and keep others waiting until the transaction ends."""
    session.execute(_counter(session, organisation_id, year))
    where = (StatementCounter.organisation_id == organisation_id, StatementCounter.year == year)
    session.execute(select(StatementCounter.last).where(*where).with_for_update())


def next_serial(session: Session, organisation_id: int, year: int) -> int:
    """Give the next number of an organisation's year. Whoever rolls back gives it back, so that none is missing."""
    lock_numbers(session, organisation_id, year)
    where = (StatementCounter.organisation_id == organisation_id, StatementCounter.year == year)
    counted = update(StatementCounter).where(*where).values(last=StatementCounter.last + 1).returning(StatementCounter.last)
    return session.execute(counted.execution_options(synchronize_session=False)).scalar_one()


def _counter(session: Session, organisation_id: int, year: int) -> Insert:
    insert = sqlite.insert(StatementCounter) if is_sqlite(session) else postgresql.insert(StatementCounter)
    return insert.values(organisation_id=organisation_id, year=year, last=0).on_conflict_do_nothing()


def statement(session: Session, statement_id: int) -> Statement:
    """Get a statement with its account and organisation by id."""
    of = (joinedload(Statement.organisation), joinedload(Statement.account).joinedload(Account.group))
    found = session.get(Statement, statement_id, options=of)
    if found is None:
        raise NotFound
    return found
