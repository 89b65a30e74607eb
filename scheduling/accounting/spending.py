"""Spend on a booking: may the person, is there enough, is the PI asked; and what is kept for it. Called where bookings are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.errors import OutOfOrder, Refusal, Refused, Sentence
from scheduling.accounting.accounts import NOTHING, Account, account, lock_accounts
from scheduling.accounting.holds import Hold, Wanted, open_holds, place
from scheduling.accounting.spenders import NOT_YOURS, why_not
from scheduling.accounting.splits import WHOLE, split_amount
from scheduling.bookingquotes import BookingQuote


def shares_of(quote: BookingQuote | None) -> tuple[tuple[int, Decimal], ...]:
    """Give (account id, percent) of who pays by a booking's quote; none where nobody was named."""
    if quote is None:
        return ()
    if quote.shares:
        return tuple((int(one["account"]), Decimal(one["percent"])) for one in quote.shares)
    return () if quote.account_id is None else ((quote.account_id, WHOLE),)


def check_named_account(session: Session, account_id: int | None) -> None:
    """Refuse an account that is not there, in the same words as one that is somebody else's."""
    if account_id is not None and session.get(Account, account_id) is None:
        raise Refused([NOT_YOURS])


def refusals_for(
    session: Session, account_id: int | None, amount: Decimal | None, *, person: Viewer, provider_id: int, now: datetime
) -> list[Refusal]:
    """Give the reasons why an account would not pay a price, for the live quote; none where no account is named."""
    if account_id is None:
        return []
    found = session.get(Account, account_id)
    if found is None:
        return [NOT_YOURS]
    return why_not(session, found, person, amount or NOTHING, provider_id=provider_id, now=now)


def keep_funds(session: Session, quotes: Sequence[BookingQuote], *, now: datetime) -> list[Hold]:
    """Keep the money of bookings just made, where their accounts ask for it; raises Refused with every reason, and nothing is booked."""
    parts = list(_parts(quotes))
    if not parts:
        return []
    lock_accounts(session, {account_id for _, account_id, _ in parts})
    person = load_viewer(session, quotes[0].booking.person)
    refusals: list[Refusal] = []
    wanted: list[Wanted] = []
    sums: dict[int, Decimal] = {}
    for quote, account_id, amount in parts:
        one = account(session, account_id)
        sums[account_id] = sums.get(account_id, NOTHING) + amount
        provider = quote.booking.instrument.organisation_id
        found = why_not(session, one, person, sums[account_id], provider_id=provider, now=now)
        refusals += [_named(refusal, one) for refusal in found]
        asks = one.approve_above is not None and amount > one.approve_above and one.group_id not in person.pi_group_ids
        if asks or (one.needs_hold and amount):
            wanted.append(Wanted(quote.booking_id, person.person_id, account_id, amount, asks))
    if refusals:
        raise Refused(list({(refusal.code, str(refusal.sentence)): refusal for refusal in refusals}.values()))
    return place(session, wanted, now=now) if wanted else []


def _parts(quotes: Sequence[BookingQuote]) -> Iterator[tuple[BookingQuote, int, Decimal]]:
    """Give each quote's accounts with the amounts they would pay; an open price counts at its upper end, where it has one."""
    for quote in quotes:
        shares = shares_of(quote)
        expected = quote.total if quote.total is not None else quote.price.high or NOTHING
        for (account_id, _), amount in zip(shares, split_amount(expected, [percent for _, percent in shares]), strict=True):
            yield quote, account_id, amount


def _named(refusal: Refusal, one: Account) -> Refusal:
    if refusal is NOT_YOURS:
        return refusal
    sentence = Sentence(f"{one.name}：{refusal.sentence.zh}", f"{one.name}: {refusal.sentence.en}")
    return replace(refusal, sentence=sentence, allowed={"account": str(one.id)})


def check_spend_approved(session: Session, booking_id: int) -> None:
    """Refuse to begin a use whose cost the account's PI has not approved yet."""
    if any(hold.approval == "asked" for hold in open_holds(session, [booking_id])):
        raise OutOfOrder(
            Sentence(
                "该预约的费用尚待课题组负责人批准，请先联系负责人。", "The PI has not approved this spend yet. Please ask the PI first."
            )
        )
