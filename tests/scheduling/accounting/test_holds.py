"""Holds and the people who may spend."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound
from instruments.people import GroupMember
from scheduling.accounting.accounts import open_credit_of
from scheduling.accounting.holds import Wanted, end_holds, open_holds, place, release
from scheduling.accounting.spenders import free_on, payable_by, remove_spender, set_spender, spenders_of, why_not

TEN = Decimal("10.00")


@pytest.fixture
def member(a_person):
    return a_person()


@pytest.fixture
def group(a_group, a_person, member):
    return a_group(member, pi=a_person())


@pytest.fixture
def pi(session, group, a_person):
    found = session.scalars(select(GroupMember).where(GroupMember.group_id == group.id, GroupMember.is_pi)).one()
    return load_viewer(session, found.person)


def codes(refusals):
    return [refusal.code for refusal in refusals]


def test_a_hold_keeps_money_until_it_is_released(session, an_account, a_booking, now):
    one, booking = an_account(), a_booking()
    place(session, [Wanted(booking.id, booking.person_id, one.id, TEN)], now=now)
    assert (one.held, free_on(session, one)) == (TEN, Decimal("990.00"))
    (hold,) = release(session, [booking.id], now=now)
    assert (one.held, hold.status, hold.ended_at) == (0, "released", now)
    assert release(session, [booking.id], now=now) == []


def test_a_hold_that_is_charged_is_held_no_more(session, an_account, a_booking, now):
    one, booking = an_account(), a_booking()
    place(session, [Wanted(booking.id, booking.person_id, one.id, TEN)], now=now)
    assert [hold.status for hold in end_holds(session, [booking.id], "charged", now=now)] == ["charged"]
    assert (one.held, list(open_holds(session, [booking.id]))) == (0, [])


def test_a_booking_is_held_once_on_an_account_by_the_database(session, an_account, a_booking, now):
    one, booking = an_account(), a_booking()
    wanted = [Wanted(booking.id, booking.person_id, one.id, TEN)]
    place(session, wanted, now=now)
    with pytest.raises(DBAPIError), session.begin_nested():
        place(session, wanted, now=now)


def test_a_member_spends_from_a_shared_grant(session, an_account, group, member, an_organisation, now):
    one = an_account(group=group)
    viewer = load_viewer(session, member)
    assert why_not(session, one, viewer, TEN, provider_id=an_organisation().id, now=now) == []
    assert payable_by(session, viewer, now=now) == [one]


def test_what_her_organisation_is_to_settle_is_no_account_to_choose(session, an_account, group, member, an_organisation, now):
    one, owed = an_account(group=group), open_credit_of(session, an_organisation().id, member.organisation, now)
    session.flush()
    assert owed.is_active
    assert payable_by(session, load_viewer(session, member), now=now) == [one]


def test_a_stranger_does_not(session, an_account, group, a_viewer, now):
    one, stranger = an_account(group=group), a_viewer()
    assert codes(why_not(session, one, stranger, TEN, provider_id=one.organisation_id, now=now)) == ["account_not_yours"]
    assert payable_by(session, stranger, now=now) == []


def test_a_fixed_quota_lets_only_people_on_the_list_spend_and_only_so_much(session, an_account, a_booking, group, member, pi, now):
    one, viewer = an_account(group=group, quota_mode="fixed"), load_viewer(session, member)
    ask = {"provider_id": one.organisation_id, "now": now}
    assert codes(why_not(session, one, viewer, TEN, **ask)) == ["account_not_yours"]
    set_spender(session, one, member, Decimal("15"), viewer=pi, now=now)
    assert why_not(session, one, viewer, TEN, **ask) == []
    booking = a_booking(viewer=viewer)
    place(session, [Wanted(booking.id, member.id, one.id, TEN)], now=now)
    assert codes(why_not(session, one, viewer, TEN, **ask)) == ["account_limit"]
    assert [(spender.person, spender.limit, spender.spent) for spender in spenders_of(session, one)] == [(member, 15, 10)]


def test_a_fixed_quota_needs_a_limit(session, an_account, group, member, pi, now):
    with pytest.raises(Invalid) as caught:
        set_spender(session, an_account(group=group, quota_mode="fixed"), member, None, viewer=pi, now=now)
    assert caught.value.field == "limit"


@pytest.mark.parametrize("limit", ["-1", "NaN", "1e400"])
def test_a_limit_that_cannot_be_is_refused(session, an_account, group, member, pi, now, limit):
    with pytest.raises(Invalid):
        set_spender(session, an_account(group=group), member, Decimal(limit), viewer=pi, now=now)


def test_only_the_pi_and_the_administrators_choose_who_spends(session, an_account, group, member, now):
    with pytest.raises(Forbidden):
        set_spender(session, an_account(group=group), member, None, viewer=load_viewer(session, member), now=now)


def test_somebody_from_elsewhere_is_not_put_on_the_list(session, an_account, group, pi, a_person, now):
    with pytest.raises(Invalid):
        set_spender(session, an_account(group=group), a_person(), None, viewer=pi, now=now)


def test_a_person_is_taken_off_the_list(session, an_account, group, member, pi, now):
    one = an_account(group=group)
    set_spender(session, one, member, TEN, viewer=pi, now=now)
    remove_spender(session, one, member.id, viewer=pi)
    session.flush()
    assert spenders_of(session, one) == []
    with pytest.raises(NotFound):
        remove_spender(session, one, member.id, viewer=pi)


@pytest.mark.parametrize("terms", [
    {"valid_until": date(2026, 11, 22)}, {"valid_from": date(2026, 11, 24)}, {"is_active": False},
])  # fmt: skip
def test_an_expired_grant_pays_for_nothing(session, an_account, group, member, now, terms):
    one, viewer = an_account(group=group, **terms), load_viewer(session, member)
    assert codes(why_not(session, one, viewer, TEN, provider_id=one.organisation_id, now=now)) == ["account_expired"]
    assert payable_by(session, viewer, now=now) == []


def test_a_grant_is_valid_through_its_last_day_at_its_keepers(session, an_account, group, member, now):
    one, viewer = an_account(group=group, valid_until=date(2026, 11, 23)), load_viewer(session, member)
    assert why_not(session, one, viewer, TEN, provider_id=one.organisation_id, now=now) == []


def test_an_account_that_needs_holds_is_not_spent_below_nothing(session, an_account, group, member, now):
    one, viewer = an_account(group=group, needs_hold=True, balance="5"), load_viewer(session, member)
    assert codes(why_not(session, one, viewer, TEN, provider_id=one.organisation_id, now=now)) == ["account_empty"]


def test_a_prepaid_account_pays_only_where_the_money_is(session, an_account, a_viewer, an_organisation, now):
    firm, keeper = an_organisation(kind="enterprise"), an_organisation()
    one, buyer = an_account(kind="prepaid", holder=firm, organisation=keeper), a_viewer(organisation=firm)
    assert why_not(session, one, buyer, TEN, provider_id=keeper.id, now=now) == []
    assert codes(why_not(session, one, buyer, TEN, provider_id=firm.id, now=now)) == ["account_elsewhere"]
    assert payable_by(session, buyer, provider_id=firm.id, now=now) == []
