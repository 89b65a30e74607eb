"""Who may spend from an account, up to how much, and how much of it is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from instruments.money import yuan
from instruments.people import GroupMember, Person
from instruments.timespan import zone
from scheduling.accounting.accounts import HOUSE, NOTHING, PAYERS, Account
from scheduling.accounting.charges import PENDING, Charge, ChargeShare
from scheduling.accounting.holds import Hold

NOT_YOURS = Refusal("account_not_yours", Sentence("您不能使用该账户付款。", "You may not pay from this account."))
ELSEWHERE = Refusal(
    "account_elsewhere",
    Sentence("该账户只能用于其开户单位的仪器。", "This account pays only for instruments of the organisation that keeps it."),
)
EXPIRED = Refusal("account_expired", Sentence("该账户已停用或不在有效期内。", "This account is not in use, or not valid today."))
NOT_ENOUGH = Refusal("account_empty", Sentence("账户可用余额不足。", "There is not enough left on this account."))
OVER_LIMIT = Refusal("account_limit", Sentence("超过您在该账户的限额。", "This would go over your limit on the account."))


class AccountSpender(Base):
    """A person who may spend from an account, with her limit if she has one. What she spent is the sum of her charges on it."""

    __tablename__ = "account_spender"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    limit: Mapped[Decimal | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    set_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])

    __table_args__ = (UniqueConstraint("account_id", "person_id"), CheckConstraint('"limit" IS NULL OR "limit" >= 0', name="limit"))


@dataclass(frozen=True, slots=True)
class Spender:
    """Somebody as a person sees her on the account's page: her limit, what she spent and what is held for her."""

    person: Person
    limit: Decimal | None
    spent: Decimal


def answers_for(viewer: Viewer, one: Account) -> bool:
    """Say whether the viewer decides who spends: the group's PI, or the administrators of who keeps or holds it."""
    return (
        (one.group_id is not None and one.group_id in viewer.pi_group_ids)
        or viewer.may_administer(one.organisation_id)
        or (one.holder_id is not None and viewer.may_administer(one.holder_id))
    )


def may_read_account(viewer: Viewer, one: Account) -> bool:
    """Say whether the viewer may read the whole account: who answers for it, its auditors, the managers of the instrument it is of."""
    managed = one.instrument_id is not None and any(grant.instrument_id == one.instrument_id for grant in viewer.grants)
    return answers_for(viewer, one) or viewer.may_audit(one.organisation_id) or managed or _audits_holder(viewer, one)


def _audits_holder(viewer: Viewer, one: Account) -> bool:
    return one.holder_id is not None and viewer.may_audit(one.holder_id)


def set_spender(
    session: Session, one: Account, person: Person, limit: Decimal | None, *, viewer: Viewer, now: datetime, note: str = ""
) -> AccountSpender:
    """Put a person on the list of an account, or change her limit. A fixed quota needs one; a group's grant is for its members."""
    if not answers_for(viewer, one):
        raise Forbidden
    if one.kind not in PAYERS:
        raise Invalid("account", Sentence("该账户不用于付款。", "Nobody pays from this account."))
    if limit is None and one.quota_mode == "fixed":
        raise Invalid("limit", Sentence("分配额度的账户须填写限额。", "This account gives each person a quota; please give one."))
    if limit is not None and yuan(limit, "limit") < 0:
        raise Invalid("limit", Sentence("限额不能为负。", "A limit cannot be below zero."))
    if not _belongs(session, one, person):
        raise Invalid("person", Sentence("此人不属于该课题组或单位。", "This person belongs neither to the group nor to the organisation."))
    found = session.scalar(select(AccountSpender).where(AccountSpender.account_id == one.id, AccountSpender.person_id == person.id))
    if found is None:
        found = AccountSpender(account_id=one.id, person_id=person.id)
        session.add(found)
    found.limit, found.note = None if limit is None else yuan(limit, "limit"), note.strip()[:200]
    found.set_by, found.set_at = viewer.person_id, now
    session.flush()  # two people at once: the index lets one through
    return found


def remove_spender(session: Session, one: Account, person_id: int, *, viewer: Viewer) -> None:
    """Take a person off the list; what she spent stays."""
    if not answers_for(viewer, one):
        raise Forbidden
    found = session.scalar(select(AccountSpender).where(AccountSpender.account_id == one.id, AccountSpender.person_id == person_id))
    if found is None:
        raise NotFound
    session.delete(found)


def _belongs(session: Session, one: Account, person: Person) -> bool:
    if one.group_id is not None:
        where = (GroupMember.group_id == one.group_id, GroupMember.person_id == person.id)
        return session.scalar(select(GroupMember.id).where(*where)) is not None
    return one.holder_id == person.organisation_id


def spenders_of(session: Session, one: Account) -> list[Spender]:
    """Give the people on the list of an account with what each has spent of it."""
    rows = session.scalars(
        select(AccountSpender)
        .where(AccountSpender.account_id == one.id)
        .options(joinedload(AccountSpender.person))
        .order_by(AccountSpender.id)
    ).all()
    spent = spent_by(session, one.id, [row.person_id for row in rows])
    return [Spender(row.person, row.limit, spent.get(row.person_id, NOTHING)) for row in rows]


def spent_by(session: Session, account_id: int, person_ids: Sequence[int]) -> Mapping[int, Decimal]:
    """Give what people have spent from an account: their charges, reversals taken off, and what is held for their bookings."""
    counts = or_(Charge.status.in_((*PENDING, "final")), Charge.final_at.is_not(None))
    charged = session.execute(
        select(Charge.person_id, func.sum(ChargeShare.amount))
        .join(ChargeShare, ChargeShare.charge_id == Charge.id)
        .where(ChargeShare.account_id == account_id, Charge.person_id.in_(person_ids), counts)
        .group_by(Charge.person_id)
    ).all()
    held = session.execute(
        select(Hold.person_id, func.sum(Hold.amount))
        .where(Hold.account_id == account_id, Hold.person_id.in_(person_ids), Hold.status == "open")
        .group_by(Hold.person_id)
    ).all()
    found: dict[int, Decimal] = {}
    for person_id, amount in (*charged, *held):
        found[person_id] = found.get(person_id, NOTHING) + amount
    return found


def pending_on(session: Session, account_ids: Iterable[int]) -> Mapping[int, Decimal]:
    """Give what charges not yet in the ledger will take from accounts."""
    rows = session.execute(
        select(ChargeShare.account_id, func.sum(ChargeShare.amount))
        .join(Charge, Charge.id == ChargeShare.charge_id)
        .where(ChargeShare.account_id.in_(list(account_ids)), Charge.status.in_(PENDING))
        .group_by(ChargeShare.account_id)
    )
    return {row[0]: row[1] for row in rows}


def free_on(session: Session, one: Account) -> Decimal:
    """Give what may still be spent: the balance and the credit limit, less what is held and what is charged but not yet posted."""
    return one.balance + one.credit_limit - one.held - pending_on(session, [one.id]).get(one.id, NOTHING)


def why_not(session: Session, one: Account, person: Viewer, amount: Decimal, *, provider_id: int, now: datetime) -> list[Refusal]:
    """Give every reason why a person may not spend an amount from an account with a provider; none means that she may."""
    found = _standing(session, one, person, provider_id, now)
    if NOT_YOURS in found:
        return found
    if one.needs_hold and free_on(session, one) < amount:
        found.append(NOT_ENOUGH)
    limit = session.scalar(
        select(AccountSpender.limit).where(AccountSpender.account_id == one.id, AccountSpender.person_id == person.person_id)
    )
    if limit is not None and spent_by(session, one.id, [person.person_id]).get(person.person_id, NOTHING) + amount > limit:
        found.append(OVER_LIMIT)
    return found


def _standing(session: Session, one: Account, person: Viewer, provider_id: int, now: datetime) -> list[Refusal]:
    """Give the reasons that have nothing to do with the amount."""
    if one.kind not in PAYERS or not may_spend(session, one, person):
        return [NOT_YOURS]
    today = now.astimezone(zone(one.organisation.time_zone)).date()
    found = []
    if one.kind in ("prepaid", "credit") and one.organisation_id != provider_id:
        found.append(ELSEWHERE)
    if not one.is_valid_on(today):
        found.append(EXPIRED)
    return found


def may_spend(session: Session, one: Account, person: Viewer) -> bool:
    """Say whether the account is a person's to spend from at all, whatever the amount and the day."""
    if one.group_id is not None and one.group_id in person.pi_group_ids:
        return True
    belongs = one.group_id in person.group_ids if one.group_id is not None else one.holder_id == person.organisation_id
    if one.quota_mode == "shared":
        return belongs
    where = (AccountSpender.account_id == one.id, AccountSpender.person_id == person.person_id)
    return belongs and session.scalar(select(AccountSpender.id).where(*where)) is not None


def payable_by(session: Session, person: Viewer, *, provider_id: int | None = None, now: datetime) -> list[Account]:
    """Give the accounts a person may pay from (with a provider), in order of name: for the choice on a booking.

    What an organisation is to settle is no choice: it is where a charge goes for which nobody named an account.
    """
    mine = or_(Account.group_id.in_(person.group_ids), (Account.group_id.is_(None)) & (Account.holder_id == person.organisation_id))
    rows = session.scalars(
        select(Account)
        .where(mine, Account.kind.in_(PAYERS), Account.is_active)
        .options(joinedload(Account.organisation))
        .order_by(Account.name, Account.id)
        .limit(200)
    ).all()
    opened = [one for one in rows if not HOUSE.match(one.number)]
    return [one for one in opened if not _standing(session, one, person, provider_id or one.organisation_id, now)]


def standing_of(session: Session, one: Account, person: Viewer) -> tuple[Decimal | None, Decimal]:
    """Give a person's own limit on an account, None where there is none, and what she has spent of it."""
    where = (AccountSpender.account_id == one.id, AccountSpender.person_id == person.person_id)
    limit = session.scalar(select(AccountSpender.limit).where(*where))
    return limit, spent_by(session, one.id, [person.person_id]).get(person.person_id, NOTHING)
