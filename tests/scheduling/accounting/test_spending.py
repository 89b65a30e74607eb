"""From a booking on an account to its charge: the hold that follows the booking, the PI who is asked, the fee for who does not come."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused
from scheduling.accounting.approvals import asked_holds, decide_spend
from scheduling.accounting.billing import make_charge
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import accept, confirm_charge
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.holds import Hold, open_holds
from scheduling.accounting.missed import charge_missed
from scheduling.accounting.proof import check_books
from scheduling.bookings import Booking
from scheduling.changing import cancel, move
from scheduling.confirming import confirm_use, reopen_use
from scheduling.deciding import approve, decline, expire_requests
from scheduling.desk import due_no_shows, finish, mark_no_show, start
from scheduling.usage import UsageRecord
from tests.fixtures.tariffs import HOURLY

HOUR = timedelta(hours=1)
MISSED = {
    **HOURLY,
    "late_cancel": [{"code": "late", "name_en": "Late", "hours": 24, "percent": "50"}],
    "no_show": [{"code": "absent", "name_en": "No-show", "percent": "100"}],
}
APPROVAL = [{"kind": "approval", "parameters": {}}]
NO_SHOW = [{"kind": "no_show", "parameters": {"after_minutes": 15}}]


@pytest.fixture
def user(a_person):
    return a_person()


@pytest.fixture
def leader(a_person):
    return a_person()


@pytest.fixture
def group(a_group, user, leader):
    return a_group(user, pi=leader)


@pytest.fixture
def viewer(session, user, group):
    return load_viewer(session, user)


@pytest.fixture
def pi(session, leader, group):
    return load_viewer(session, leader)


@pytest.fixture
def grant(an_account, group):
    return an_account(group=group, needs_hold=True)


@pytest.fixture
def booked(a_booking, an_instrument, a_tariff, viewer, group, grant):
    """A booking of an instrument of 100 yuan an hour, on the grant."""

    def make(*, rules=(), spec=HOURLY, account=grant, **changes):
        instrument = changes.pop("instrument", None)
        if instrument is None:
            instrument = an_instrument(rules=rules)
            a_tariff(instrument, spec=spec)
        wish = {"instrument": instrument, "viewer": viewer, "group_id": group.id, "account_id": account.id if account else None}
        return a_booking(**wish | changes)

    return make


def sound(session):
    session.flush()
    return [finding for finding in check_books(session) if not finding.is_right] == []


def charge_of(session, usage):
    return session.scalars(select(Charge).where(Charge.usage_id == usage.id)).one()


def codes(caught):
    return [refusal.code for refusal in caught.value.refusals]


def test_a_booking_holds_what_it_will_cost(session, booked, grant):
    one = booked()
    ((hold),) = open_holds(session, [one.id])
    assert (hold.amount, grant.held, sound(session)) == (100, 100, True)


def test_without_an_account_or_without_the_need_nothing_is_held(session, booked, an_account, group):
    for account in (None, an_account(group=group)):
        assert open_holds(session, [booked(account=account).id]) == []


def test_an_empty_account_books_nothing(session, booked, an_account, group):
    empty = an_account(group=group, needs_hold=True, balance="99.99")
    with pytest.raises(Refused) as caught, session.begin_nested():
        booked(account=empty)
    assert codes(caught) == ["account_empty"]
    assert session.scalar(select(func.count()).select_from(Booking)) == 0
    assert empty.held == 0


def test_what_is_held_is_not_there_for_the_next(session, booked, an_account, group):
    little = an_account(group=group, needs_hold=True, balance="150")
    booked(account=little)
    with pytest.raises(Refused) as caught, session.begin_nested():
        booked(account=little)
    assert codes(caught) == ["account_empty"]


def test_an_expired_grant_books_nothing(session, booked, an_account, group):
    expired = an_account(group=group, valid_until=date(2026, 11, 22))
    with pytest.raises(Refused) as caught:
        booked(account=expired)
    assert codes(caught) == ["account_expired"]


def test_somebody_elses_account_and_one_that_is_not_there_are_told_alike(session, booked, an_account):
    class Nowhere:
        id = 987654321

    for account in (an_account(), Nowhere):
        with pytest.raises(Refused) as caught, session.begin_nested():
            booked(account=account)
        assert codes(caught) == ["account_not_yours"]


def test_a_move_holds_the_new_price_instead(session, booked, grant, viewer, a_span, now):
    one = booked()
    new = move(session, one.id, a_span(5, 3), viewer=viewer, now=now)
    assert ([hold.amount for hold in open_holds(session, [one.id, new.id])], grant.held, sound(session)) == ([300], 300, True)


def test_a_move_that_costs_too_much_leaves_everything_as_it_was(session, booked, grant, viewer, a_span, now):
    one = booked()
    session.commit()
    with pytest.raises(Refused), session.begin_nested():
        move(session, one.id, a_span(5, 11), viewer=viewer, now=now)
    session.refresh(grant)
    assert (one.status, grant.held, sound(session)) == ("confirmed", 100, True)


@pytest.mark.parametrize("how", ["cancelled", "declined", "expired", "no_show", "missed"])
def test_a_booking_that_comes_to_nothing_gives_the_money_back(session, booked, grant, viewer, a_manager, now, how):
    one = booked(rules=APPROVAL if how in ("declined", "expired") else NO_SHOW)
    assert grant.held == 100
    manager = a_manager(one.instrument)
    if how == "cancelled":
        cancel(session, one.id, viewer=viewer, now=now)
    elif how == "declined":
        decline(session, one.id, viewer=manager, now=now, reason="维修")
    elif how == "expired":
        expire_requests(session, now=now + 100 * HOUR)
    elif how == "no_show":
        mark_no_show(session, one.id, viewer=manager, now=now + HOUR)
    else:
        due_no_shows(session, now=now + 2 * HOUR)
    assert (grant.held, session.scalars(select(Hold.status)).all(), sound(session)) == (0, ["released"], True)


def test_an_approved_request_keeps_its_hold(session, booked, grant, a_manager, now):
    one = booked(rules=APPROVAL)
    approve(session, one.id, viewer=a_manager(one.instrument), now=now)
    assert (grant.held, sound(session)) == (100, True)


def used(session, one, viewer, now, hours=1):
    start(session, one.id, viewer=viewer, now=now + HOUR)
    finish(session, one.id, viewer=viewer, now=now + (1 + hours) * HOUR)
    return session.scalars(select(UsageRecord).where(UsageRecord.booking_id == one.id)).one()


def test_a_use_that_is_confirmed_becomes_a_charge_on_the_account_of_its_booking(session, booked, grant, viewer, a_manager, now):
    one = booked()
    usage = used(session, one, viewer, now)
    assert (grant.held, sound(session)) == (100, True)  # until it is charged
    manager = a_manager(one.instrument)
    confirm_use(session, usage.id, viewer=manager, now=now + 3 * HOUR)
    charge = charge_of(session, usage)
    assert (charge.total, charge.quote_total, charge.status, grant.held) == (100, 100, "draft", 0)
    confirm_charge(session, charge.id, viewer=manager, now=now + 3 * HOUR)
    accept(session, charge.id, viewer=viewer, now=now + 4 * HOUR)
    assert (grant.balance, sound(session)) == (900, True)


def test_a_confirmed_use_is_charged_once(session, booked, viewer, a_manager, now):
    one = booked()
    usage, manager = used(session, one, viewer, now), a_manager(one.instrument)
    for _ in range(3):
        confirm_use(session, usage.id, viewer=manager, now=now + 3 * HOUR)
        make_charge(session, usage, now=now + 3 * HOUR)
    assert session.scalar(select(func.count()).select_from(Charge)) == 1


def test_a_use_without_rates_costs_nothing(session, a_usage):
    a_usage(confirmed=True)
    assert session.scalars(select(Charge)).all() == []


def test_a_use_that_is_not_confirmed_is_not_charged(session, a_usage, now):
    with pytest.raises(OutOfOrder):
        make_charge(session, a_usage(), now=now)


def test_a_use_whose_charge_stands_is_not_opened_again(session, booked, viewer, a_manager, now):
    one = booked()
    usage, manager, later = used(session, one, viewer, now), a_manager(one.instrument), now + 3 * HOUR
    confirm_use(session, usage.id, viewer=manager, now=later)
    with pytest.raises(OutOfOrder):
        reopen_use(session, usage.id, viewer=manager, now=later, reason="更正")
    reverse_charge(session, charge_of(session, usage).id, "更正", viewer=manager, now=later)
    reopen_use(session, usage.id, viewer=manager, now=later, reason="更正")
    confirm_use(session, usage.id, viewer=manager, now=later)
    assert session.scalars(select(Charge.status).order_by(Charge.id)).all() == ["reversed", "draft"]


@pytest.fixture
def watched(an_account, group):
    return an_account(group=group, approve_above=Decimal("50"))


def test_a_spend_above_the_threshold_waits_for_the_pi(session, booked, watched, viewer, pi, now):
    one = booked(account=watched)
    (hold,) = asked_holds(session, [watched.id])
    assert (hold.booking_id, hold.amount) == (one.id, 100)
    with pytest.raises(OutOfOrder):
        start(session, one.id, viewer=viewer, now=now + HOUR)
    decide_spend(session, hold.id, approve=True, viewer=pi, now=now)
    assert (hold.approval, hold.decided_by) == ("given", pi.person_id)
    assert start(session, one.id, viewer=viewer, now=now + HOUR).status == "running"
    with pytest.raises(OutOfOrder):
        decide_spend(session, hold.id, approve=False, viewer=pi, now=now, reason="不")


def test_a_spend_the_pi_refuses_is_cancelled_with_its_reason(session, booked, watched, pi, now):
    one = booked(account=watched)
    (hold,) = asked_holds(session, [watched.id])
    with pytest.raises(Invalid):
        decide_spend(session, hold.id, approve=False, viewer=pi, now=now)
    decide_spend(session, hold.id, approve=False, viewer=pi, now=now, reason="请先讨论")
    assert (one.status, one.holds, one.reason, hold.status, watched.held) == ("cancelled", False, "请先讨论", "released", 0)
    assert charge_missed(session, now=now + 9 * HOUR) == []
    assert sound(session)


def test_a_pi_is_not_asked_for_her_own_spend(session, booked, watched, pi):
    booked(account=watched, viewer=pi)
    assert asked_holds(session, [watched.id]) == []


def test_only_the_pi_approves(session, booked, watched, viewer, a_viewer, now):
    booked(account=watched)
    (hold,) = asked_holds(session, [watched.id])
    for who, error in ((viewer, NotFound), (a_viewer(), NotFound)):
        with pytest.raises(error):
            decide_spend(session, hold.id, approve=True, viewer=who, now=now)


def test_an_auditor_reads_but_does_not_approve(session, booked, watched, an_auditor_of_all, now):
    booked(account=watched)
    (hold,) = asked_holds(session, [watched.id])
    auditor = an_auditor_of_all()
    session.flush()
    with pytest.raises(Forbidden):
        decide_spend(session, hold.id, approve=True, viewer=load_viewer(session, auditor), now=now)


def test_who_does_not_come_is_charged_when_the_time_is_over(session, booked, grant, a_manager, now):
    one = booked(spec=MISSED)
    mark_no_show(session, one.id, viewer=a_manager(one.instrument), now=now + HOUR)
    assert charge_missed(session, now=now + HOUR) == []
    (charge,) = charge_missed(session, now=now + 2 * HOUR)
    assert (charge.kind, charge.total, [share.account_id for share in charge.shares]) == ("no_show", 100, [grant.id])
    assert charge_missed(session, now=now + 3 * HOUR) == []


def test_who_cancels_too_late_pays_a_part_and_who_cancels_in_time_nothing(session, booked, viewer, a_span, now):
    late, early = booked(spec=MISSED), booked(spec=MISSED, span=a_span(30, 1))
    for one in (late, early):
        cancel(session, one.id, viewer=viewer, now=now)
    charges = charge_missed(session, now=now + 40 * HOUR)
    assert [(charge.booking_id, charge.total) for charge in charges] == [(late.id, 50)]


def test_time_that_somebody_else_used_is_not_charged(session, booked, a_booking, viewer, now, a_span):
    one = booked(spec=MISSED)
    cancel(session, one.id, viewer=viewer, now=now)
    a_booking(instrument=one.instrument, span=one.span)
    assert charge_missed(session, now=now + 3 * HOUR) == []


def test_what_a_manager_cancels_costs_nothing(session, booked, a_manager, now):
    one = booked(spec=MISSED)
    cancel(session, one.id, viewer=a_manager(one.instrument), now=now, reason="停机")
    assert charge_missed(session, now=now + 3 * HOUR) == []


def test_a_request_that_is_withdrawn_costs_nothing(session, booked, viewer, now):
    one = booked(spec=MISSED, rules=APPROVAL)
    cancel(session, one.id, viewer=viewer, now=now)
    assert charge_missed(session, now=now + 3 * HOUR) == []
