"""The power goes in the middle of a step with money: nothing of it is left, the books balance, and the step can be taken again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.database import Base
from instruments.errors import PortalError
from scheduling.accounting import issuing
from scheduling.accounting.claiming import (
    add_document,
    close_voucher,
    confirm_claim,
    refuse_claim,
    send_back,
    settle_claim,
    submit,
    withdraw_claim,
)
from scheduling.accounting.claims import DOCUMENT_KINDS
from scheduling.accounting.periods import close_period
from scheduling.accounting.proof import check_books
from scheduling.accounting.redeeming import use_voucher
from scheduling.accounting.settlements import Payment, settle, take_back
from tests.fixtures.closing import OCTOBER
from tests.fixtures.vouchers import PAPER

Work = Callable[[Session], Any]


class Cut(Exception):
    """The power went."""


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session; what it made is committed before the power goes."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def cut_after(engine: Engine, number: int, *, keeps: bool) -> Iterator[None]:
    """Let the power go after the statement of that number that writes, or at the commit, which is the last of them.

    `keeps` has the database keep what was done so far, as if a step were several transactions.
    """
    seen = 0

    def count(connection: Connection) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            if keeps:
                connection.connection.driver_connection.commit()
            connection.invalidate()
            raise Cut

    def after_statement(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            count(connection)

    listeners = (("after_cursor_execute", after_statement), ("commit", count))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def is_cut_off(engine: Engine, work: Work, number: int, *, keeps: bool = False) -> bool:
    """Take a step and let the power go in it; say whether it went."""
    with Session(engine) as own, suppress(Cut):
        with cut_after(engine, number, keeps=keeps):
            work(own)
            own.commit()
        return False
    return True


def everything(engine: Engine) -> dict[str, list[Any]]:
    """Give all that has happened in time or with money, by table."""
    tables = [mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__.startswith("scheduling.")]
    with engine.connect() as connection:
        return {one.name: list(connection.execute(select(one).order_by(*one.primary_key.columns))) for one in tables}


def wrong(engine: Engine) -> list[str]:
    with Session(engine) as own:
        return [finding.name for finding in check_books(own) if not finding.is_right]


@pytest.fixture
def a_month(session, an_instrument, an_account, a_group, a_person, a_charge_of_october, monkeypatch):
    """An organisation with three charges on each of two accounts in October, which take four statements; give it."""
    monkeypatch.setattr(issuing, "MOST_LINES", 2)
    monkeypatch.setattr(issuing, "AT_ONCE", 1)
    instrument, person = an_instrument(), a_person()
    accounts = [an_account(group=a_group(person, pi=person)) for _ in range(2)]
    for one in [*accounts, *accounts, *accounts]:
        a_charge_of_october(instrument=instrument, person=person, accounts=[one], amount="40.00")
    return instrument.organisation


@pytest.fixture
def of_month(session, a_month, closing, a_keeper, now):
    """Steps at the end of a month, by name: each prepares what it needs and gives the step."""
    keeper = a_keeper(a_month)
    whole = Payment(Decimal("80.00"), "transfer", "2026-778", date(2026, 11, 20))

    def close() -> Work:
        return lambda own: close_period(own, a_month.id, OCTOBER, viewer=keeper, now=now)

    def settling() -> Work:
        first = closing(a_month)[0].id
        return lambda own: settle(own, first, whole, viewer=keeper, now=now)

    def taking_back() -> Work:
        mark = settle(session, closing(a_month)[0].id, whole, viewer=keeper, now=now).id
        return lambda own: take_back(own, mark, "登记有误", viewer=keeper, now=now)

    return {"close the month": close, "settle": settling, "take a settlement back": taking_back}


@pytest.fixture
def of_voucher(session, a_voucher, a_final_charge, a_claim, a_keeper, buyer, province, now):
    """Steps with a voucher, by name."""
    later = now + timedelta(hours=2)

    def redeem() -> Work:
        voucher, charge = a_voucher().id, a_final_charge().id
        return lambda own: use_voucher(own, voucher, charge, viewer=buyer, now=later)

    def on_claim(until: str, step: Callable[..., Any], who: str, *words: str) -> Callable[[], Work]:
        def prepare() -> Work:
            one = a_claim(until=until)
            if until == "draft":
                for kind in DOCUMENT_KINDS:
                    add_document(session, one.id, kind, PAPER, viewer=buyer, now=later)
            viewer = {"firm": buyer, "province": province}.get(who) or a_keeper(one.organisation)
            return lambda own: step(own, one.id, *words, viewer=viewer, now=later)

        return prepare

    def close() -> Work:
        voucher = a_voucher()
        over = now.replace(year=now.year + 2)
        return lambda own: close_voucher(own, voucher.id, viewer=province, now=over)

    return {
        "redeem": redeem,
        "hand a claim in": on_claim("draft", submit, "firm"),
        "confirm a claim": on_claim("submitted", confirm_claim, "provider"),
        "send a claim back": on_claim("submitted", send_back, "provider", "缺报告"),
        "withdraw a claim": on_claim("submitted", withdraw_claim, "firm"),
        "refuse a claim": on_claim("confirmed", refuse_claim, "province", "不符合"),
        "pay a claim": on_claim("confirmed", settle_claim, "province", "2026-99"),
        "close a voucher": close,
    }


STEPS = (
    "close the month", "settle", "take a settlement back", "redeem", "hand a claim in", "confirm a claim", "send a claim back",
    "withdraw a claim", "refuse a claim", "pay a claim", "close a voucher",
)  # fmt: skip


@pytest.fixture
def prepared(session, request, name):
    """The step of a name, with all it needs committed."""
    steps = request.getfixturevalue("of_month" if name in STEPS[:3] else "of_voucher")
    work = steps[name]()
    session.commit()
    return work


@pytest.mark.parametrize("name", STEPS)
def test_a_step_cut_off_anywhere_leaves_nothing_behind_and_can_be_taken_again(clean_engine, prepared, name):
    before, cuts = everything(clean_engine), 0
    while is_cut_off(clean_engine, prepared, cuts + 1):
        cuts += 1
        assert everything(clean_engine) == before
    after = everything(clean_engine)
    assert cuts >= 2  # something was written, and committed
    assert after != before
    assert wrong(clean_engine) == []
    with Session(clean_engine) as own, suppress(PortalError):  # once more, though it is done
        prepared(own)
        own.commit()
    assert everything(clean_engine) == after


@pytest.mark.parametrize("name", ["close the month", "pay a claim"])
def test_a_step_in_several_transactions_would_leave_books_that_are_wrong(clean_engine, prepared, name):
    """The negative control: what was written before the cut is kept, and the proof of the books or the database itself objects."""
    number = 0
    found: list[str] = []
    while not found:
        number += 1
        try:
            assert is_cut_off(clean_engine, prepared, number, keeps=True), "every cut was without trace"
        except DBAPIError as error:
            found = [str(error.orig)]
        found = found or wrong(clean_engine)
