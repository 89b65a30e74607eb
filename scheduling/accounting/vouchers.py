"""Vouchers (创新券): a firm applies for a year, the province grants an amount or refuses with a reason.

applied -> granted | refused | withdrawn; granted -> closed, when what is left goes back to the programme after the last day.
The amount granted lies on an account of kind "voucher" that nobody spends from directly: it pays claims alone (claiming).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refusal, Refused, Sentence
from instruments.money import yuan
from instruments.people import Organisation, Person
from instruments.programmes import Programme, programme
from instruments.timespan import zone
from scheduling.accounting.accounts import Account, account, house_account, lock_accounts, outside_of
from scheduling.accounting.ledger import post
from scheduling.deciding import check_reason

STATUSES = {
    "applied": Sentence("待审批", "Waiting for the province"),
    "granted": Sentence("已发放", "Granted"),
    "refused": Sentence("未批准", "Not granted"),
    "withdrawn": Sentence("已撤回", "Withdrawn"),
    "closed": Sentence("已结束", "Closed"),
}
LIVE = ("applied", "granted", "closed")
NO_APPLICANT = Refusal("applicant", Sentence("贵单位不属于该方案的支持对象。", "This programme is not for organisations of your kind."))
OTHER_YEAR = Refusal("wrong_year", Sentence("该方案不含这一年度。", "The programme does not run in that year."))
OVER = Refusal("expired", Sentence("该年度的申请期限已过。", "The time to apply for that year is over."))
ALREADY = Refusal("already", Sentence("贵单位该年度已申请过。", "Your organisation has applied for that year already."))


class Voucher(Base):
    """A firm's voucher of a programme for a year: what was asked, what was granted, and until which day it can be used and claimed."""

    __tablename__ = "voucher"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    year: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default="applied")
    asked: Mapped[Decimal]
    plan: Mapped[str] = mapped_column(String(1000), default="")
    granted: Mapped[Decimal | None]
    valid_until: Mapped[date]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    applied_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    programme: Mapped[Programme] = relationship()
    organisation: Mapped[Organisation] = relationship()
    applicant: Mapped[Person] = relationship(foreign_keys=[applied_by])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("status NOT IN ('granted', 'closed') OR (granted > 0 AND account_id IS NOT NULL)", name="granted"),
        CheckConstraint("status <> 'refused' OR reason <> ''", name="reason"),
        Index(
            "uq_voucher_year", "programme_id", "organisation_id", "year", unique=True,
            sqlite_where=text("status IN ('applied', 'granted', 'closed')"),
            postgresql_where=text("status IN ('applied', 'granted', 'closed')"),
        ),
        Index(None, "status", "id"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Application:
    """What a firm asks for: how much, for which year, and what for."""

    year: int
    amount: Decimal
    plan: str


def acts_for(viewer: Viewer, organisation_id: int) -> bool:
    """Say whether the viewer belongs to a firm, or administers it."""
    return not viewer.is_anonymous and organisation_id in (viewer.organisation_id, *viewer.administered_organisation_ids)


def may_see_voucher(viewer: Viewer, one: Voucher) -> bool:
    """Say whether a voucher is the viewer's to see: the firm's people, the province, auditors."""
    return acts_for(viewer, one.organisation_id) or viewer.is_province_admin or viewer.may_audit(one.organisation_id)


def seen_voucher(session: Session, voucher_id: int, viewer: Viewer) -> Voucher:
    """Get a voucher the viewer may see; any other is not found."""
    whole = (
        joinedload(Voucher.programme).joinedload(Programme.organisation),
        joinedload(Voucher.organisation),
        joinedload(Voucher.applicant),
    )
    found = session.scalar(select(Voucher).where(Voucher.id == voucher_id).options(*whole).execution_options(populate_existing=True))
    if found is None or not may_see_voucher(viewer, found):
        raise NotFound
    return found


def locked_voucher(session: Session, voucher_id: int, viewer: Viewer) -> Voucher:
    """Lock a voucher the viewer may see until the transaction ends, and read it as it now is."""
    seen_voucher(session, voucher_id, viewer)
    session.execute(select(Voucher.id).where(Voucher.id == voucher_id).with_for_update())
    return seen_voucher(session, voucher_id, viewer)


def vouchers_of(session: Session, viewer: Viewer, *, status: str = "", before: int | None = None, limit: int = 50) -> Sequence[Voucher]:
    """Give the vouchers a viewer may see, the newest first; `before` is the id the last page ended with."""
    asked = select(Voucher).options(joinedload(Voucher.programme), joinedload(Voucher.organisation))
    if not (viewer.is_province_admin or viewer.may_audit(None)):
        own = [viewer.organisation_id, *viewer.administered_organisation_ids]
        own += [grant.organisation_id for grant in viewer.grants if grant.role == "auditor" and grant.organisation_id]
        asked = asked.where(Voucher.organisation_id.in_(own))
    if status:
        asked = asked.where(Voucher.status == status)
    if before is not None:
        asked = asked.where(Voucher.id < before)
    return session.scalars(asked.order_by(Voucher.id.desc()).limit(limit)).all()


def apply_for(session: Session, programme_id: int, application: Application, *, viewer: Viewer, now: datetime) -> Voucher:
    """Apply for the viewer's own organisation; Refused with every reason where it may not, Invalid for an amount over the quota."""
    found = programme(session, programme_id)
    if found.kind != "voucher":
        raise NotFound
    if not found.is_open:
        raise OutOfOrder(Sentence("该方案目前不接受申请。", "This programme takes no applications at present."))
    firm = session.get_one(Organisation, viewer.organisation_id)
    refusals = _refusals(session, found, firm, application.year, now)
    if refusals:
        raise Refused(refusals)
    made = Voucher(
        number=uuid4().hex, programme=found, organisation=firm, year=application.year, status="applied", asked=_within(found, application.amount),
        plan=_plan(application.plan), valid_until=found.scheme.last_day(application.year), applied_by=viewer.person_id, applied_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()  # the index answers here: one voucher of a programme per firm and year; the number needs the id
    made.number = f"V{made.year}-{made.id:06d}"
    return made


def _refusals(session: Session, one: Programme, firm: Organisation, year: int, now: datetime) -> list[Refusal]:
    found = []
    if firm.kind not in one.scheme.applicants:
        found.append(NO_APPLICANT)
    if not one.scheme.covers(year):
        found.append(OTHER_YEAR)
    elif one.scheme.last_day(year) < today_of(firm, now):
        found.append(OVER)
    same = (Voucher.programme_id == one.id, Voucher.organisation_id == firm.id, Voucher.year == year, Voucher.status.in_(LIVE))
    if session.scalar(select(Voucher.id).where(*same)):
        found.append(ALREADY)
    return found


def _within(one: Programme, amount: Decimal) -> Decimal:
    amount, quota = yuan(amount), one.scheme.quota
    if amount <= 0:
        raise Invalid("amount", Sentence("金额须大于零。", "The amount must be above zero."))
    if quota is not None and amount > quota:
        zh = f"超过该方案每家企业每年的额度 ¥{quota:,.2f}。"
        raise Invalid("amount", Sentence(zh, f"That is over the programme's quota of ¥{quota:,.2f} per firm and year."))
    return amount


def _plan(words: str) -> str:
    words = words.strip()
    if not words or len(words) > 1000 or "\x00" in words:
        raise Invalid("plan", Sentence("请说明用途(不超过 1000 字)。", "Say what it is for, in at most 1000 characters."))
    return words


def today_of(organisation: Organisation, now: datetime) -> date:
    """Give the day it is where an organisation is."""
    return now.astimezone(zone(organisation.time_zone)).date()


def check_voucher(one: Voucher, wanted: str) -> None:
    """Refuse a step that does not follow from the state the voucher is in."""
    if one.status != wanted:
        status = STATUSES[one.status]
        zh = f"该创新券目前为“{status.zh}”，不能这样操作。"
        raise OutOfOrder(Sentence(zh, f"This voucher is now: {status.en.lower()}. That step does not follow."))


def withdraw(session: Session, voucher_id: int, *, viewer: Viewer, now: datetime) -> Voucher:
    """Take an application back before it is decided."""
    one = locked_voucher(session, voucher_id, viewer)
    if not acts_for(viewer, one.organisation_id):
        raise Forbidden
    check_voucher(one, "applied")
    one.status, one.decided_by, one.decided_at = "withdrawn", viewer.person_id, now
    return one


def grant_voucher(session: Session, voucher_id: int, amount: Decimal, *, viewer: Viewer, now: datetime, note: str = "") -> Voucher:
    """Grant an amount within the quota, as the province: it goes onto the voucher's account."""
    one = _to_decide(session, voucher_id, viewer)
    amount, keeper = _within(one.programme, amount), one.programme.organisation_id
    if keeper is None:
        raise OutOfOrder(Sentence("请先为该方案选择主管单位。", "Choose the body that keeps the programme's money first."))
    filled, outside = _account_of(session, one, keeper, now), outside_of(session, keeper, now)
    post(
        session, key=f"voucher/{one.id}/grant", kind="voucher", entries=[(filled, amount), (outside, -amount)], at=now, by=viewer.person_id,
        reason=note.strip(), noun="voucher", noun_id=one.id,
    )  # fmt: skip
    one.status, one.granted, one.account_id, one.reason = "granted", amount, filled.id, check_reason(note, needed=False)
    one.decided_by, one.decided_at = viewer.person_id, now
    session.flush()
    return one


def _to_decide(session: Session, voucher_id: int, viewer: Viewer) -> Voucher:
    one = locked_voucher(session, voucher_id, viewer)
    if not viewer.is_province_admin:
        raise Forbidden
    check_voucher(one, "applied")
    return one


def _account_of(session: Session, one: Voucher, keeper: int, now: datetime) -> Account:
    name = f"创新券 Voucher {one.number}"
    made = house_account(session, f"VOU-{one.id}", "voucher", name, organisation_id=keeper, now=now, holder_id=one.organisation_id)
    made.quota_mode, made.valid_until = "fixed", one.valid_until  # nobody is on its list: only claims are paid from it
    session.flush()
    return made


def refuse_voucher(session: Session, voucher_id: int, reason: str, *, viewer: Viewer, now: datetime) -> Voucher:
    """Refuse an application, as the province, with the reason the firm reads."""
    one = _to_decide(session, voucher_id, viewer)
    one.status, one.reason = "refused", check_reason(reason, needed=True)
    one.decided_by, one.decided_at = viewer.person_id, now
    return one


def return_rest(session: Session, one: Voucher, *, viewer: Viewer, now: datetime) -> None:
    """Give what is left of a locked voucher back to its programme and close it; whether claims are open is asked before."""
    check_voucher(one, "granted")
    if one.account_id is None:
        raise OutOfOrder(STATUSES[one.status])
    outside = outside_of(session, account(session, one.account_id).organisation_id, now)
    spent = lock_accounts(session, [one.account_id, outside.id])[one.account_id]
    left = spent.balance
    if left:
        entries = [(spent, -left), (outside, left)]
        key = f"voucher/{one.id}/rest"
        post(session, key=key, kind="voucher", entries=entries, at=now, by=viewer.person_id, noun="voucher", noun_id=one.id)
    one.status = "closed"
    session.flush()
