"""Post charges: from who pays to who earns, once each, whatever happens; and end what was held for their bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduling.accounting.accounts import NOTHING, Account, lock_accounts
from scheduling.accounting.charges import Charge, ChargeShare
from scheduling.accounting.holds import end_holds, open_holds
from scheduling.accounting.incomes import incomes_of
from scheduling.accounting.ledger import Posting, post_all
from scheduling.accounting.splits import split_amount


def settle_holds(session: Session, charges: Sequence[Charge], now: datetime) -> None:
    """End what is held for the bookings: from here on the charges themselves count against the accounts."""
    end_holds(session, [one.booking_id for one in charges if one.booking_id is not None], "charged", now=now)


def finalise_all(session: Session, charges: Sequence[Charge], now: datetime) -> None:
    """Post locked charges; as many statements for all as for one."""
    session.flush()
    costly = [one for one in charges if one.total]
    incomes = incomes_of(session, [one.instrument for one in costly], now)
    payers = _shares_of(session, costly)
    held = open_holds(session, [one.booking_id for one in charges if one.booking_id is not None])
    accounts = {account.id for parts in incomes.values() for account, _ in parts} | {hold.account_id for hold in held}
    lock_accounts(session, accounts | {share.account_id for shares in payers.values() for share in shares})
    settle_holds(session, charges, now)
    post_all(session, [_posting(one, payers.get(one.id, ()), incomes[one.instrument_id], now) for one in costly])
    for one in charges:
        one.status, one.final_at = "final", now
    session.flush()


def _posting(one: Charge, payers: Sequence[ChargeShare], incomes: Sequence[tuple[Account, Decimal]], now: datetime) -> Posting:
    """Say what is posted for a charge: its shares from those who pay, the total to those who earn."""
    earned = split_amount(one.total or NOTHING, [percent for _, percent in incomes])
    entries = [(share.account_id, -share.amount) for share in payers]
    entries += [(account.id, part) for (account, _), part in zip(incomes, earned, strict=True)]
    return Posting(posting_key(one.id), "charge", tuple(entries), now, one.accepted_by or one.confirmed_by, noun="charge", noun_id=one.id)


def posting_key(charge_id: int) -> str:
    """Give the key under which a charge is posted: once, whatever happens."""
    return f"charge/{charge_id}"


def _shares_of(session: Session, charges: Sequence[Charge]) -> dict[int, list[ChargeShare]]:
    found: dict[int, list[ChargeShare]] = {}
    wanted = ChargeShare.charge_id.in_([one.id for one in charges])
    for share in session.scalars(select(ChargeShare).where(wanted).order_by(ChargeShare.id)):
        found.setdefault(share.charge_id, []).append(share)
    return found
