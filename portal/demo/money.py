"""Money: what is charged for the uses of the past, accounts with something on them, and the months closed with their statements."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.errors import Refused
from instruments.people import Organisation
from portal.demo.characters import began
from portal.demo.charges import Payers, charge_past
from portal.demo.population import Population
from scheduling.accounting.accounts import Account, AccountTerms, open_account
from scheduling.accounting.charges import Charge
from scheduling.accounting.closingcycles import PeriodClose, cycle_of
from scheduling.accounting.deposits import Transfer, deposit
from scheduling.accounting.disputes import dispute
from scheduling.accounting.issuing import Issue, issue_statements
from scheduling.accounting.periods import close_period
from scheduling.accounting.statements import month_after, month_before, month_of, month_span

TO_CLOSE = timedelta(days=14)  # after a month, until its last uses are confirmed and looked at


def settle_past(session: Session, people: Population, *, now: datetime) -> int:
    """Open accounts, charge the uses of the past, post them and close the months; give how many charges were made."""
    home = people.organisations["SX-FHLG"]
    admin = load_viewer(session, people.logins["orgadmin@example.org"])
    last_month = month_before(month_of(now, home))
    since = month_span(last_month, home.time_zone).start
    first = began(now, years_back=1)  # the year before was a trial, free of charge
    purses = _open_accounts(session, people, home, admin, since)
    made = charge_past(session, home, Payers(session, purses, since, first), first, now=now)
    _close_months(session, home, month_of(first, home), last_month, admin)
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


def _close_months(session: Session, home: Organisation, month: date, last: date, admin: Viewer) -> None:
    """Close the months before the last one, as they were closed then: everything in them has long been looked at."""
    while month < last:
        cycle = cycle_of(session, home.id, month)
        until = cycle.span(home.time_zone).end
        made = [*issue_statements(session, Issue(home, cycle, until, until + TO_CLOSE, admin.person_id))]
        closed = {"closed_at": until + TO_CLOSE, "closed_by": admin.person_id}
        session.add(PeriodClose(organisation_id=home.id, month=cycle.first, months=cycle.months, statements=len(made), **closed))
        session.flush()
        month = month_after(month)


def _object(session: Session, people: Population, now: datetime) -> None:
    """Have the sample researcher object to one charge that she may still look at."""
    researcher = load_viewer(session, people.logins["researcher@example.org"])
    asked = select(Charge.id).where(Charge.status == "review", Charge.person_id == researcher.person_id).order_by(Charge.id.desc())
    one = session.scalar(asked.limit(1))
    if one is not None:
        dispute(session, one, "仪器有半小时在校准，不应计费。", viewer=researcher, now=now)
