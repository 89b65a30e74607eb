"""Many at once, and work cut off in the middle: one charge, one posting, and books that balance."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.errors import PortalError
from instruments.timespan import TimeSpan
from scheduling.accounting import spending
from scheduling.accounting.accounts import Account
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import accept, confirm_charge, finalise_due
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.ledger import LedgerTransaction
from scheduling.accounting.proof import check_books
from scheduling.confirming import confirm_use
from scheduling.reserving import Wish, book

WORKERS, TIMES = 8, 50


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session; what it made is committed before the race."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def together(clean_engine, session):
    """Do something many times at once, each over a connection of its own; give what came of each."""

    def run(verb, times=TIMES):
        session.commit()

        def one(_number):
            with Session(clean_engine, expire_on_commit=False) as own:
                try:
                    came = verb(own)
                    own.commit()
                except PortalError as error:
                    own.rollback()
                    return error
                return came

        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, range(times)))

    return run


@pytest.fixture
def people(session, a_person, a_group, an_instrument, a_tariff, a_manager):
    """An instrument of 100 yuan an hour, its manager, and a user with a group."""
    user, instrument = a_person(), an_instrument(lanes=50)
    group = a_group(user, pi=a_person())
    a_tariff(instrument)
    return instrument, a_manager(instrument), user, group


def wrong(session):
    session.expire_all()
    return [finding for finding in check_books(session) if not finding.is_right]


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


def test_fifty_confirmations_at_once_make_one_charge(session, together, people, a_usage, now):
    instrument, manager, user, _ = people
    usage = a_usage(instrument=instrument, person=user, manager=manager)
    came = together(lambda own: confirm_use(own, usage.id, viewer=manager, now=now).id)
    assert set(came) == {usage.id}
    assert count(session, Charge) == 1
    assert wrong(session) == []


def test_fifty_confirmations_and_acceptances_at_once_post_once(session, together, people, a_charge, an_account, now):
    instrument, manager, user, group = people
    grant = an_account(group=group)
    one, viewer = a_charge(instrument=instrument, person=user, accounts=[grant]), load_viewer(session, user)
    together(lambda own: confirm_charge(own, one.id, viewer=manager, now=now))
    together(lambda own: accept(own, one.id, viewer=viewer, now=now))
    together(lambda own: len(finalise_due(own, now=now + timedelta(days=9))))
    assert wrong(session) == []
    assert session.get_one(Account, grant.id).balance == 880
    assert count(session, LedgerTransaction) == 2  # the deposit and the charge


def test_charges_that_share_accounts_are_posted_by_many_without_waiting_in_a_circle(session, together, people, a_charge, an_account, now):
    instrument, manager, user, group = people
    payers = [an_account(group=group) for _ in range(2)]
    for number in range(12):
        one = a_charge(
            instrument=instrument, person=user, accounts=payers[:: 1 if number % 2 else -1], percents=["40", "60"], amount="10.01"
        )
        confirm_charge(session, one.id, viewer=manager, now=now)
    came = together(lambda own: len(finalise_due(own, now=now + timedelta(days=9), most=3)), times=16)
    assert sum(came) == 12
    assert wrong(session) == []


def test_many_reversals_at_once_reverse_once(session, together, people, a_charge, now):
    instrument, manager, user, _ = people
    one = a_charge(instrument=instrument, person=user)
    confirm_charge(session, one.id, viewer=manager, now=now)
    accept(session, one.id, viewer=load_viewer(session, user), now=now)
    together(lambda own: reverse_charge(own, one.id, "误收", viewer=manager, now=now).id, times=16)
    assert count(session, Charge) == 2
    assert wrong(session) == []


def spend(together, people, session, an_account, now):
    """Twenty bookings at once on an account that has money for five; give how many there are."""
    instrument, _, user, group = people
    grant, viewer = an_account(group=group, needs_hold=True, balance="500"), load_viewer(session, user)
    wish = Wish((instrument.id,), TimeSpan(now + timedelta(hours=1), now + timedelta(hours=2)), group_id=group.id, account_id=grant.id)
    came = together(lambda own: book(own, wish, viewer=viewer, now=now)[0], times=20)
    return sum(not isinstance(one, PortalError) for one in came), grant


def test_an_account_is_not_spent_twice_by_bookings_at_once(session, together, people, an_account, now):
    made, grant = spend(together, people, session, an_account, now)
    assert made == 5
    assert wrong(session) == []
    assert session.get_one(Account, grant.id).held == 500


class Cut(Exception):
    """The power went."""


def cut_at(session: Session, number: int) -> None:
    """Let the power go after the flush of that number."""
    seen = []

    def after_flush(_session, _context):
        seen.append(1)
        if len(seen) == number:
            raise Cut

    event.listen(session, "after_flush", after_flush)


@pytest.mark.parametrize("step", ["confirm_use", "confirm", "accept", "finalise", "reverse"])
def test_work_cut_off_after_any_flush_leaves_books_that_balance_and_can_be_repeated(
    session, clean_engine, people, a_usage, a_charge, an_account, now, step
):
    instrument, manager, user, group = people
    viewer, later = load_viewer(session, user), now + timedelta(days=9)
    usage = a_usage(instrument=instrument, person=user, manager=manager)
    one = a_charge(instrument=instrument, person=user, accounts=[an_account(group=group)])
    if step in ("accept", "finalise", "reverse"):
        confirm_charge(session, one.id, viewer=manager, now=now)
    if step == "reverse":
        accept(session, one.id, viewer=viewer, now=now)
    session.commit()
    use_id, charge_id = usage.id, one.id
    work = {
        "confirm_use": lambda own: confirm_use(own, use_id, viewer=manager, now=now),
        "confirm": lambda own: confirm_charge(own, charge_id, viewer=manager, now=now),
        "accept": lambda own: accept(own, charge_id, viewer=viewer, now=now),
        "finalise": lambda own: finalise_due(own, now=later),
        "reverse": lambda own: reverse_charge(own, charge_id, "误收", viewer=manager, now=now),
    }[step]
    cuts = 0
    while _is_cut_off(clean_engine, work, cuts + 1):
        cuts += 1
        assert wrong(session) == []
        session.rollback()
    assert cuts >= 1
    assert wrong(session) == []
    final = {"accept": "final", "finalise": "final", "reverse": "reversed", "confirm": "review"}
    assert step == "confirm_use" or session.get_one(Charge, charge_id).status == final[step]
    assert step != "confirm_use" or count(session, Charge) == 2


def _is_cut_off(engine: Engine, work, number: int) -> bool:
    with Session(engine) as own:
        cut_at(own, number)
        try:
            work(own)
            own.commit()
        except Cut:
            own.rollback()
            return True
    return False


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_without_its_lock_an_account_is_spent_twice(
    session, together, an_instrument, a_tariff, a_group, a_person, an_account, now, monkeypatch, backend
):
    """The negative control: SQLite has one writer at a time; on PostgreSQL bookings of several instruments meet only at the account."""
    user = a_person()
    group, instruments = a_group(user, pi=a_person()), [an_instrument() for _ in range(WORKERS)]
    for instrument in instruments:
        a_tariff(instrument)
    grant, viewer = an_account(group=group, needs_hold=True, balance="500"), load_viewer(session, user)
    everybody, free, next_one = Barrier(WORKERS, timeout=20), spending.why_not, iter(instruments)

    def judged_together(*args, **kwargs):
        found = free(*args, **kwargs)
        everybody.wait()
        return found

    monkeypatch.setattr(spending, "why_not", judged_together)
    monkeypatch.setattr(spending, "lock_accounts", lambda session, ids: {})
    span = TimeSpan(now + timedelta(hours=1), now + timedelta(hours=2))
    wishes = [Wish((instrument.id,), span, group_id=group.id, account_id=grant.id) for instrument in instruments]
    came = together(lambda own: book(own, wishes[instruments.index(next(next_one))], viewer=viewer, now=now)[0], times=WORKERS)
    assert sum(not isinstance(one, PortalError) for one in came) == WORKERS
