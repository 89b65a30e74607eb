"""Where income goes: the accounts of the books that an instrument's division names, opened when something is first earned for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from scheduling.accounting.accounts import Account, house_account
from scheduling.accounting.divisions import divisions_at


def income_accounts(session: Session, instrument: Instrument, now: datetime) -> list[tuple[Account, Decimal]]:
    """Give the accounts an instrument's income goes to, with their percents; without a facility its part goes to the instrument."""
    return incomes_of(session, [instrument], now)[instrument.id]


def incomes_of(session: Session, instruments: Iterable[Instrument], now: datetime) -> dict[int, list[tuple[Account, Decimal]]]:
    """Give the accounts that the income of each instrument goes to, with their percents; two statements, and one for each account not open yet."""
    by_id = {one.id: one for one in instruments}
    divided = {key: _division(by_id[key], parts) for key, parts in divisions_at(session, by_id.values(), now).items()}
    wanted = {house.number: house for parts in divided.values() for house, _ in parts}
    known = {one.number: one for one in session.scalars(select(Account).where(Account.number.in_(wanted)))}
    accounts = {number: known.get(number) or _opened(session, house, now) for number, house in wanted.items()}
    return {key: [(accounts[house.number], percent) for house, percent in parts] for key, parts in divided.items()}


@dataclass(frozen=True, slots=True)
class _House:
    """An account of an organisation's own books: its number, what kind it is, its name, and whose."""

    number: str
    kind: str
    name: str
    owner_id: int
    instrument_id: int | None = None
    facility_id: int | None = None


def _division(one: Instrument, parts: Mapping[str, Decimal]) -> list[tuple[_House, Decimal]]:
    return [(_house_of(one, part), percent) for part, percent in parts.items()]


def _house_of(one: Instrument, part: str) -> _House:
    owner = one.organisation_id
    if part == "facility" and one.facility_id is not None:
        return _House(f"FAC-{one.facility_id}", "income", "设施收入 Facility income", owner, facility_id=one.facility_id)
    if part == "organisation":
        return _House(f"ORG-{owner}", "income", "单位收入 Organisation income", owner)
    if part == "management":
        return _House(f"FEE-{owner}", "fee", "管理费 Management fee", owner)
    name = f"仪器收入 Instrument income: {one.name_zh or one.name_en}"[:200]
    return _House(f"INS-{one.id}-{owner}", "income", name, owner, instrument_id=one.id)


def _opened(session: Session, house: _House, now: datetime) -> Account:
    of = {"instrument_id": house.instrument_id, "facility_id": house.facility_id}
    return house_account(
        session, house.number, house.kind, house.name, organisation_id=house.owner_id, now=now, **{key: value for key, value in of.items() if value}
    )
