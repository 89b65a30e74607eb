"""Money at the sample manager's organisation: accounts with something on them, the charges of two months, a closed month with its statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.errors import Refused
from instruments.people import Organisation
from portal.demo.population import Population
from scheduling.accounting.accounts import Account, AccountTerms, open_account
from scheduling.accounting.billing import make_charge
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.deposits import Transfer, deposit
from scheduling.accounting.disputes import dispute, set_payers
from scheduling.accounting.periods import close_period
from scheduling.accounting.splits import WHOLE
from scheduling.accounting.statements import month_before, month_of, month_span
from scheduling.usage import UsageRecord

WEEK = timedelta(days=7)


def settle_past(session: Session, people: Population, *, now: datetime) -> int:
    """Open accounts, charge the uses of the last month and this one week by week, and close the last month; give how many charges were made."""
    home = people.organisations["SX-FHLG"]
    admin = load_viewer(session, people.logins["orgadmin@example.org"])
    last_month = month_before(month_of(now, home))
    since = month_span(last_month, home.time_zone).start
    payers = _open_accounts(session, people, home, admin, since)
    made = 0
    for week in _weeks(since, now):
        finalise_due(session, now=week, most=10_000)
        for usage in _uses(session, home, week):
            made += _charge(session, usage, payers, admin, week) is not None
    _object(session, people, now)
    with suppress(Refused):  # in the first days of a month the last uses of the one before are still to be confirmed
        close_period(session, home.id, last_month, viewer=admin, now=now)
    return made


def _open_accounts(session: Session, people: Population, home: Organisation, admin: Viewer, since: datetime) -> Mapping[int, Account]:
    """Give the accounts of the home groups by group id; the firm of the sample has a prepaid one beside them."""
    found: dict[int, Account] = {}
    for number, group in enumerate(people.groups["SX-FHLG"]):
        terms = AccountTerms(f"省自然科学基金 2026{number + 1:02d}", approve_above=Decimal(5000), needs_hold=number == 0)
        found[group.id] = open_account(
            session, "grant", terms, organisation=home, group=group, number=f"FHLG-2026-{number + 1:02d}", now=since
        )
    prepaid = AccountTerms("上机预付款", needs_hold=True)
    firm = open_account(
        session, "prepaid", prepaid, organisation=home, holder=people.organisations["SX-YLXC"], number="FHLG-YLXC-01", now=since
    )
    session.flush()
    for number, account in enumerate((*found.values(), firm)):
        transfer = Transfer(Decimal(120_000 - 40_000 * number), f"SAMPLE-{number + 1:03d}", since.date(), payer=account.name)
        deposit(session, account.id, transfer, viewer=admin, now=since)
    return found


def _weeks(since: datetime, now: datetime) -> Iterator[datetime]:
    week = since + WEEK
    while week < now:
        yield week
        week += WEEK
    yield now


def _uses(session: Session, home: Organisation, week: datetime) -> Sequence[UsageRecord]:
    """Give the uses that were confirmed in the week before an instant."""
    return session.scalars(
        select(UsageRecord)
        .where(
            UsageRecord.owner_id == home.id,
            UsageRecord.status == "confirmed",
            UsageRecord.confirmed_at > week - WEEK,
            UsageRecord.confirmed_at <= week,
        )
        .order_by(UsageRecord.confirmed_at, UsageRecord.id)
    ).all()


def _charge(session: Session, usage: UsageRecord, payers: Mapping[int, Account], admin: Viewer, week: datetime) -> Charge | None:
    made = make_charge(session, usage, now=week)
    if made is None or made.total is None:
        return made
    account = payers.get(usage.group_id or 0)
    if account is not None:
        with suppress(Refused):  # nothing is left on it: the organisation owes the charge, as for everybody without an account
            set_payers(session, made.id, [(account.id, WHOLE)], viewer=admin, now=week)
    return confirm_charge(session, made.id, viewer=admin, now=week)


def _object(session: Session, people: Population, now: datetime) -> None:
    """Have the sample researcher object to one charge that she may still look at."""
    researcher = load_viewer(session, people.logins["researcher@example.org"])
    asked = select(Charge.id).where(Charge.status == "review", Charge.person_id == researcher.person_id).order_by(Charge.id.desc())
    one = session.scalar(asked.limit(1))
    if one is not None:
        dispute(session, one, "仪器有半小时在校准，不应计费。", viewer=researcher, now=now)
