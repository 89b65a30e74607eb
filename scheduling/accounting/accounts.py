"""Accounts (经费/课题卡): where money is, whose it is, and who keeps the account. The balance is what the ledger says (ledger.post)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Insert, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.database import Base, Key, is_sqlite
from instruments.errors import Invalid, NotFound, Sentence
from instruments.money import yuan
from instruments.people import Group, Organisation

NOTHING = Decimal("0.00")
KINDS = {
    "grant": Sentence("课题经费", "Grant"),
    "prepaid": Sentence("预付账户", "Prepaid"),
    "credit": Sentence("信用账户", "Credit"),
    "income": Sentence("仪器收入", "Instrument income"),
    "fee": Sentence("管理费", "Management fee"),
    "voucher": Sentence("创新券", "Voucher"),
    "adjustment": Sentence("调整", "Adjustments"),
    "outside": Sentence("外部资金", "Money from outside"),
}
# How the numbers of house_account begin.
HOUSE = re.compile(r"(OUT|DUE|INS|FAC|ORG|FEE|ADJ|VOU)-", re.IGNORECASE)
# What people pay from. The rest belongs to the books of an organisation alone.
PAYERS = frozenset({"grant", "prepaid", "credit", "voucher"})
OPENED_BY_HAND = ("grant", "prepaid", "credit")
QUOTA_MODES = {
    "shared": Sentence("共用：成员共用余额", "Shared: members spend from the common balance"),
    "fixed": Sentence("分配：仅限名单内成员，各有限额", "Fixed: only people on the list, each up to a limit"),
}


class Account(Base):
    """An account; positive means money is there. `organisation_id` keeps it, `holder_id` or `group_id` is whose money it is.

    `balance` and `held` change only under the row's lock, by ledger.post and the holds; check_books replays both.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), index=True)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    credit_limit: Mapped[Decimal] = mapped_column(default=NOTHING)
    needs_hold: Mapped[bool] = mapped_column(default=False)
    approve_above: Mapped[Decimal | None]
    quota_mode: Mapped[str] = mapped_column(String(6), default="shared")
    is_active: Mapped[bool] = mapped_column(default=True)
    balance: Mapped[Decimal] = mapped_column(default=NOTHING)
    held: Mapped[Decimal] = mapped_column(default=NOTHING)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    holder: Mapped[Organisation | None] = relationship(foreign_keys=[holder_id])
    group: Mapped[Group | None] = relationship()

    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("credit_limit >= 0", name="credit_limit"),
        CheckConstraint("kind <> 'grant' OR group_id IS NOT NULL", name="grant_of_group"),
        CheckConstraint("kind NOT IN ('prepaid', 'credit') OR holder_id IS NOT NULL", name="holder"),
        CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name="validity"),
        Index(None, "kind", "organisation_id"),
    )

    def is_valid_on(self, day: date) -> bool:
        """Say whether the account may be spent from on a day of its keeper."""
        return (
            self.is_active and (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What an account's keeper decides about it."""

    name: str
    valid_from: date | None = None
    valid_until: date | None = None
    credit_limit: Decimal = NOTHING
    needs_hold: bool = False
    approve_above: Decimal | None = None
    quota_mode: str = "shared"
    is_active: bool = True


def account(session: Session, account_id: int) -> Account:
    """Get an account with whose it is by id."""
    of = (joinedload(Account.organisation), joinedload(Account.holder), joinedload(Account.group))
    found = session.get(Account, account_id, options=of)
    if found is None:
        raise NotFound
    return found


def lock_accounts(session: Session, account_ids: Iterable[int]) -> dict[int, Account]:
    """Lock accounts until the transaction ends and give them as they now are; always in order of id, so that nobody waits in a circle.

    Whoever needs several in one transaction locks all of them in one call. An unknown id is NotFound. Rows that only point to an account
    (quotes, shares) do not wait for this lock, nor does it wait for them: two bookings on one account would wait for each other.
    """
    ids = sorted(set(account_ids))
    rows = session.scalars(
        select(Account)
        .where(Account.id.in_(ids))
        .order_by(Account.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) != len(ids):
        raise NotFound
    return {one.id: one for one in rows}


def open_account(
    session: Session, kind: str, terms: AccountTerms, *, organisation: Organisation, now: datetime,
    number: str = "", holder: Organisation | None = None, group: Group | None = None,
) -> Account:  # fmt: skip
    """Open an account people pay from: a group's grant, or the prepaid or credit account of an organisation or firm with its keeper."""
    if kind not in OPENED_BY_HAND:
        raise Invalid("kind", Sentence("请选择账户类别。", "Choose the kind of account."))
    if kind == "grant" and group is None:
        raise Invalid("group", Sentence("课题经费须属于一个课题组。", "A grant belongs to a group."))
    if kind == "grant" and group is not None:
        holder = group.organisation
    if holder is None:
        raise Invalid("holder", Sentence("请选择这笔钱属于哪个单位或企业。", "Choose the organisation or firm whose money this is."))
    given = _free_number(session, number) or uuid4().hex
    made = Account(kind=kind, number=given, organisation=organisation, holder=holder, group=group, created_at=now)
    set_terms(made, terms)
    session.add(made)
    session.flush()  # callers hand the id on
    if not number.strip():
        made.number = f"{kind[:2].upper()}{made.id:08d}"
    return made


def set_terms(one: Account, terms: AccountTerms) -> None:
    """Set what the keeper decides; refuse what contradicts itself."""
    name = terms.name.strip()
    if not name or len(name) > 200 or "\x00" in name:
        raise Invalid("name", Sentence("请填写账户名称(不超过 200 字)。", "Please give a name of at most 200 characters."))
    if terms.valid_from and terms.valid_until and terms.valid_until < terms.valid_from:
        raise Invalid("valid_until", Sentence("有效期的结束不能早于开始。", "The account cannot end before it begins."))
    if terms.quota_mode not in QUOTA_MODES:
        raise Invalid("quota_mode", Sentence("请选择额度方式。", "Choose how members share it."))
    one.name, one.valid_from, one.valid_until, one.is_active = name, terms.valid_from, terms.valid_until, terms.is_active
    one.credit_limit = _not_negative("credit_limit", terms.credit_limit) if one.kind == "credit" else NOTHING
    one.approve_above = None if terms.approve_above is None else _not_negative("approve_above", terms.approve_above)
    one.needs_hold, one.quota_mode = terms.needs_hold, terms.quota_mode


def _not_negative(field: str, amount: Decimal) -> Decimal:
    amount = yuan(amount, field)
    if amount < 0:
        raise Invalid(field, Sentence("金额不能为负。", "This amount cannot be below zero."))
    return amount


def _free_number(session: Session, number: str) -> str:
    number = number.strip()
    if len(number) > 60 or "\x00" in number:
        raise Invalid("number", Sentence("账户编号不超过 60 字。", "A number has at most 60 characters."))
    if HOUSE.match(number):
        raise Invalid("number", Sentence("该编号留作系统账户使用。", "Numbers like this are kept for the books themselves."))
    if number and session.scalar(select(Account.id).where(Account.number == number)):
        raise Invalid("number", Sentence("该账户编号已被使用。", "Another account has this number already."))
    return number


def house_account(session: Session, number: str, kind: str, name: str, *, organisation_id: int, now: datetime, **of: int | None) -> Account:
    """Give an account of an organisation's own books by its number, opened when first needed, however many ask at once."""
    found = session.scalar(select(Account).where(Account.number == number))
    if found is not None:
        return found
    values = {"number": number, "kind": kind, "name": name, "organisation_id": organisation_id, "created_at": now, **of}
    session.execute(_insert_unless_there(session, values))
    return session.scalars(select(Account).where(Account.number == number)).one()


def _insert_unless_there(session: Session, values: Mapping[str, Any]) -> Insert:
    insert = sqlite.insert(Account) if is_sqlite(session) else postgresql.insert(Account)
    return insert.values(balance=NOTHING, held=NOTHING, **values).on_conflict_do_nothing()


def outside_of(session: Session, organisation_id: int, now: datetime) -> Account:
    """Give the account money comes in from and goes out to: minus what the organisation's keepers have received in all."""
    return house_account(
        session, f"OUT-{organisation_id}", "outside", "外部资金 Money from outside", organisation_id=organisation_id, now=now
    )


def open_credit_of(session: Session, organisation_id: int, holder: Organisation, now: datetime) -> Account:
    """Give the account on which an organisation or firm owes a provider what no other account was named for."""
    number, name = f"DUE-{organisation_id}-{holder.id}", f"待结算 To be settled: {holder.name_zh}"[:200]
    return house_account(session, number, "credit", name, organisation_id=organisation_id, now=now, holder_id=holder.id)
