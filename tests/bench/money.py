"""A month of uses, from the record to the books: confirmed, charged, final, closed and taken away. Rows a second, statements for each, memory.

What people do one by one (confirming) is measured on the first thousand; the rest is written as if they had done so, and all of it is
then put on the books, closed and taken away.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, func, insert, select, update
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.money import yuan
from instruments.people import Group, Organisation, Person
from instruments.roles import grant
from instruments.tariffs import TariffVersion, found_tariff, publish_tariff, use_tariff
from portal import create_app
from portal.commands.opened import Progress
from portal.config import Settings
from portal.journalfiles import write_journal
from portal.statementbook import write_book
from portal.statementrows import all_rows, sheet_of
from portal.ticks import CHARGES
from portal.transactions import reading, writing
from scheduling.accounting.accounts import Account, AccountTerms, open_account, open_credit_of
from scheduling.accounting.charges import Charge, ChargeLine, ChargeShare
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.periods import close_period
from scheduling.accounting.proof import check_books
from scheduling.accounting.splits import WHOLE
from scheduling.accounting.statements import Statement
from scheduling.confirming import confirm_use
from scheduling.usage import UsageRecord

USED_FROM, CONFIRMED_AT, DUE_AT = (datetime(2025, month, day, 16, tzinfo=UTC) for month, day in ((9, 30), (10, 30), (11, 8)))
MONTH, CLOSED_AT = date(2025, 11, 1), datetime(2025, 12, 2, tzinfo=UTC)  # what was used in October is on the books in November
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
INSTRUMENTS, LANES, GROUPS, FIRMS, AT_ONCE, IN_BULK, BY_HAND = 50, 10, 60, 40, 100, 5_000, 1_000
HOURLY = {
    "rates": [{"code": "time", "name_zh": "机时", "name_en": "Instrument time", "unit": "hour", "basis": "used", "prices": [{"amount": "100"}]}]
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who uses, for whom, and what her uses are paid from."""

    person_id: int
    organisation_id: int
    group_id: int | None
    account_id: int


class Books:
    """An institute with a month of uses, and the people who keep its books."""

    def __init__(self, engine: Engine, uses: int, folder: Path) -> None:
        self.engine, self.uses, self.folder = engine, uses, folder
        settings = Settings(data_dir=folder, database_url="sqlite://", secret_key="bench only", base_url="http://localhost", sample=False)
        self.app: Flask = create_app(settings, engine)
        self.organisation_id = self.keeper_id = 0
        self.users: list[User] = []

    def build(self) -> None:
        """Write the institute, its groups with an account each, firms without, and the uses."""
        with Session(self.engine) as session:
            home = Organisation(code="MONEY", name_zh="计量研究院", name_en="Institute of Measures", kind="institute")
            firms = [Organisation(code=f"M{n}", name_zh=f"第{n}企业", name_en=f"Firm {n}", kind="enterprise") for n in range(FIRMS)]
            keeper = Person(email="books@example.org", name="钱会计", organisation=home, created_at=LONG_AGO)
            session.add_all((home, keeper, *firms))
            session.flush()
            grant(session, keeper, "organisation_admin", organisation=home, now=LONG_AGO)
            instruments = self._instruments(session, home)
            users = [self._user(session, firm, None, open_credit_of(session, home.id, firm, LONG_AGO), n) for n, firm in enumerate(firms)]
            users += [self._user(session, home, *self._group(session, home, n), FIRMS + n) for n in range(GROUPS)]
            for begin in range(0, self.uses, IN_BULK):
                rows = [_use(n, instruments, users, home.id) for n in range(begin, min(begin + IN_BULK, self.uses))]
                session.execute(insert(UsageRecord), rows)
            session.commit()
            self.organisation_id, self.keeper_id, self.users = home.id, keeper.id, users
        self._settle()

    def charge_the_rest(self) -> None:
        """Write a charge under review, with its line and who pays, for every use that nobody confirmed."""
        accounts = {user.person_id: user.account_id for user in self.users}
        with Session(self.engine) as session:
            tariff = session.scalars(select(TariffVersion.id).order_by(TariffVersion.id.desc())).first()
            number = session.scalar(select(func.max(Charge.id))) or 0
            waiting = select(UsageRecord).where(UsageRecord.status == "recorded").order_by(UsageRecord.id).limit(IN_BULK)
            while uses := session.scalars(waiting).all():
                charges = [_charge(number + place, use, tariff) for place, use in enumerate(uses, 1)]
                for table, rows in (
                    (Charge, charges),
                    (ChargeLine, [_line(one) for one in charges]),
                    (ChargeShare, [_share(one, accounts[one["person_id"]]) for one in charges]),
                ):
                    session.execute(insert(table), rows)
                done = update(UsageRecord).where(UsageRecord.id.in_([use.id for use in uses]))
                session.execute(done.values(status="confirmed", confirmed_at=CONFIRMED_AT), execution_options={"synchronize_session": False})
                session.commit()
                number += len(uses)
        self._settle()

    def _settle(self) -> None:
        with self.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()

    def _instruments(self, session: Session, home: Organisation) -> list[int]:
        tariff = found_tariff(session, home, "收费标准", "Rates", now=LONG_AGO)
        session.flush()
        publish_tariff(session, tariff, HOURLY, valid_from=LONG_AGO, by=None, now=LONG_AGO)
        made = [
            Instrument(organisation=home, inner_id=f"MONEY{n}", name_zh=f"仪器{n}", lanes=LANES, created_at=LONG_AGO)
            for n in range(INSTRUMENTS)
        ]
        session.add_all(made)
        session.flush()
        for one in made:
            use_tariff(session, one, tariff, valid_from=LONG_AGO, by=None, now=LONG_AGO)
        return [one.id for one in made]

    def _user(self, session: Session, of: Organisation, group: Group | None, pays: Account, number: int) -> User:
        made = Person(email=f"money{number}@example.org", name=f"用户{number}", organisation=of, created_at=LONG_AGO)
        session.add(made)
        session.flush()
        return User(made.id, of.id, group.id if group else None, pays.id)

    def _group(self, session: Session, home: Organisation, number: int) -> tuple[Group, Account]:
        made = Group(organisation=home, name_zh=f"第{number}课题组", name_en=f"Group {number}")
        session.add(made)
        session.flush()
        return made, open_account(session, "grant", AccountTerms(f"经费{number}"), organisation=home, group=made, now=LONG_AGO)


def _use(number: int, instruments: Sequence[int], users: Sequence[User], owner_id: int) -> dict[str, Any]:
    user, place = users[number % len(users)], number // INSTRUMENTS
    start, minutes = USED_FROM + timedelta(hours=3 * (place // LANES)), 60 + number % 90
    end, of_firm = start + timedelta(minutes=minutes), user.group_id is None
    return {
        "instrument_id": instruments[number % INSTRUMENTS], "lane": place % LANES + 1, "person_id": user.person_id, "group_id": user.group_id,
        "organisation_id": user.organisation_id, "owner_id": owner_id, "audience": "enterprise" if of_firm else "internal",
        "is_external": of_firm, "start_at": start, "end_at": end, "effective_minutes": minutes, "status": "recorded", "occupies": True,
        "start_source": "qr", "start_by": user.person_id, "start_noted_at": start, "end_source": "qr", "end_by": user.person_id,
        "end_noted_at": end, "created_at": start, "changed_at": end, "mode": "self", "purpose": "research", "quantities": {}, "options": [],
        "version": 1,
    }  # fmt: skip


def _charge(number: int, use: UsageRecord, tariff_version_id: int | None) -> dict[str, Any]:
    total = yuan(Decimal(use.effective_minutes or 0) / 60 * 100)
    return {
        "id": number, "usage_id": use.id, "kind": "use", "organisation_id": use.owner_id, "user_organisation_id": use.organisation_id,
        "instrument_id": use.instrument_id, "person_id": use.person_id, "group_id": use.group_id, "used_at": use.start_at, "status": "review",
        "tariff_version_id": tariff_version_id, "total": total, "currency": "CNY", "made_at": CONFIRMED_AT, "confirmed_at": CONFIRMED_AT,
        "review_until": CONFIRMED_AT + timedelta(days=7), "reason": "", "version": 1,
    }  # fmt: skip


def _line(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "charge_id": of["id"], "position": 1, "code": "rate:time", "label_zh": "机时", "label_en": "Instrument time", "quantity": "1",
        "unit_zh": "小时", "unit_en": "h", "rate": Decimal(100), "amount": of["total"], "reason": "",
    }  # fmt: skip


def _share(of: dict[str, Any], account_id: int) -> dict[str, Any]:
    return {"charge_id": of["id"], "account_id": account_id, "percent": WHOLE, "amount": of["total"]}


def report(engine: Engine, uses: int) -> Iterator[str]:
    """Take a month through all its steps, and tell what each took; the books must balance at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-money-") as folder:
        books = Books(engine, uses, Path(folder))
        books.build()
        with books.app.app_context():
            for name, work in _by_hand(books):
                yield _measured(books, name, work)
            books.charge_the_rest()
            for name, work in _in_bulk(books):
                yield _measured(books, name, work)
            with reading() as session:
                wrong = [one.name for one in check_books(session) if not one.is_right]
            assert not wrong, f"the books are not in order: {wrong}"


def _by_hand(books: Books) -> list[tuple[str, Callable[[Progress], int]]]:
    return [
        ("uses confirmed, each with its draft", lambda told: _each(books, UsageRecord.id, UsageRecord.status == "recorded", _confirm_use, told)),
        ("charges confirmed", lambda told: _each(books, Charge.id, Charge.status == "draft", _confirm_charge, told)),
    ]  # fmt: skip


def _in_bulk(books: Books) -> list[tuple[str, Callable[[Progress], int]]]:
    return [
        (f"charges put on the books, {CHARGES} at a time", lambda told: _finalise(told)),
        ("month closed: charges on statements", lambda told: _close(books, told)),
        ("journal as CSV: rows", lambda told: _journal(books, "csv", told)),
        ("journal as XLSX: rows", lambda told: _journal(books, "xlsx", told)),
        ("statements as XLSX: lines", lambda told: _statement_books(books, told)),
    ]  # fmt: skip


def _measured(books: Books, name: str, work: Callable[[Progress], int]) -> str:
    counted, progress = [0], Progress()

    def note(*_details: Any) -> None:
        counted[0] += 1

    event.listen(books.engine, "before_cursor_execute", note)
    _forget_peak()
    before, began, busy = _memory("VmRSS"), time.monotonic(), time.process_time()
    rows = work(progress)
    took, busy = time.monotonic() - began, time.process_time() - busy
    event.remove(books.engine, "before_cursor_execute", note)
    progress.end()
    grown = _memory("VmHWM") - before
    per_row = f"{counted[0] / max(rows, 1):.2f} statements for each"
    speed = f"{rows / took:,.0f}/s ({rows / busy:,.0f} for each second of processor)"
    return f"{name}: {rows:,} in {took:.1f} s, {speed}, {per_row}, peak {_memory('VmHWM')} MB (+{grown})"


def _forget_peak() -> None:
    """Have the system count the peak of this process's memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """Give a figure of this process's memory in MB: VmRSS now, VmHWM at its highest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1024


def _each(books: Books, key: Any, condition: Any, step: Callable[[Session, Any, int], Any], told: Progress) -> int:
    """Take a step with every row there is, so many in a transaction as a manager may mark on a page."""
    done = 0
    with reading() as session:
        ids = session.scalars(select(key).where(condition).order_by(key).limit(BY_HAND)).all()
    for begin in range(0, len(ids), AT_ONCE):
        with writing(books.keeper_id) as session:
            viewer = load_viewer(session, session.get_one(Person, books.keeper_id))
            for one in ids[begin : begin + AT_ONCE]:
                step(session, viewer, one)
                done += 1
        told.say(f"{done:,}")
    return done


def _confirm_use(session: Session, viewer: Any, key: int) -> None:
    confirm_use(session, key, viewer=viewer, now=CONFIRMED_AT)


def _confirm_charge(session: Session, viewer: Any, key: int) -> None:
    confirm_charge(session, key, viewer=viewer, now=CONFIRMED_AT)


def _finalise(told: Progress) -> int:
    done = 0
    while True:
        with writing() as session:
            some = len(finalise_due(session, now=DUE_AT, most=CHARGES))
        done += some
        told.say(f"{done:,}")
        if not some:
            return done


def _close(books: Books, told: Progress) -> int:
    with writing(books.keeper_id) as session:
        viewer = load_viewer(session, session.get_one(Person, books.keeper_id))
        close_period(session, books.organisation_id, MONTH, viewer=viewer, now=CLOSED_AT, told=lambda lines: told.say(f"{lines:,}"))
        return books.uses


def _journal(books: Books, kind: str, told: Progress) -> int:
    with reading() as session:
        home = session.get_one(Organisation, books.organisation_id)
        return write_journal(session, home, MONTH, books.folder / f"journal.{kind}", lambda rows: told.say(f"{rows:,}"))


def _statement_books(books: Books, told: Progress) -> int:
    lines = 0
    with reading() as session:
        viewer = load_viewer(session, session.get_one(Person, books.keeper_id))
        ids = session.scalars(select(Statement.id).order_by(Statement.id)).all()
    for one in ids:
        with reading() as session:
            found = session.get_one(Statement, one)
            rows = all_rows(session, found, viewer)
            write_book(sheet_of(session, found, viewer), rows, books.folder / "book.xlsx")
            lines += len(rows)
        told.say(f"{lines:,}")
    return lines
