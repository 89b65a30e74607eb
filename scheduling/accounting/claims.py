"""Claims on a voucher: the charges it is used on, the documents, how far it is, and what of the quota is left. Verbs: claiming.

draft -> submitted (by the firm, with contract, payment proof and result report) -> confirmed (by the provider) -> settled (by the province);
submitted or confirmed -> returned with remarks -> submitted again; any open one -> withdrawn, and the province may refuse it for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from instruments.access import Viewer, managed_by
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import NotFound, Sentence
from instruments.people import Organisation
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.charges import Charge
from scheduling.accounting.vouchers import Voucher, may_see_voucher

STATUSES = {
    "draft": Sentence("准备中", "Being prepared"),
    "submitted": Sentence("待服务方确认", "Waits for the provider"),
    "confirmed": Sentence("待审核", "Waits for the province"),
    "settled": Sentence("已兑付", "Settled"),
    "returned": Sentence("已退回补充", "Sent back"),
    "refused": Sentence("未通过", "Refused"),
    "withdrawn": Sentence("已撤回", "Withdrawn"),
}
OPEN = ("draft", "submitted", "confirmed", "returned")
OPEN_TO_FIRM = ("draft", "returned")
COUNTED = (*OPEN, "settled")  # against the voucher
DOCUMENT_KINDS = {
    "contract": Sentence("服务合同", "Contract"),
    "payment": Sentence("付款凭证", "Payment proof"),
    "report": Sentence("结果报告", "Result report"),
}
MOST_DOCUMENTS = 20


class Claim(Base):
    """A firm's claim for what it paid one provider. `amount` is eligible, `reserved` counts against the voucher, `paid` is what it came to."""

    __tablename__ = "claim"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    status: Mapped[str] = mapped_column(String(10), default="draft")
    amount: Mapped[Decimal] = mapped_column(default=NOTHING)
    reserved: Mapped[Decimal] = mapped_column(default=NOTHING)
    paid: Mapped[Decimal | None]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reference: Mapped[str] = mapped_column(String(80), default="")
    remarks: Mapped[str] = mapped_column(String(500), default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    voucher: Mapped[Voucher] = relationship()
    organisation: Mapped[Organisation] = relationship()
    uses: Mapped[list[VoucherUse]] = relationship(order_by="VoucherUse.id", viewonly=True)
    documents: Mapped[list[ClaimDocument]] = relationship(order_by="ClaimDocument.id", viewonly=True)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND amount >= 0", name="amounts"),
        CheckConstraint("(status = 'settled') = (paid IS NOT NULL)", name="paid"),
        CheckConstraint("paid IS NULL OR (paid >= 0 AND paid <= amount AND paid = reserved)", name="paid_amount"),
        CheckConstraint("status NOT IN ('returned', 'refused') OR remarks <> ''", name="remarks"),
        Index(
            "uq_claim_draft", "voucher_id", "organisation_id", unique=True,
            sqlite_where=text("status = 'draft'"), postgresql_where=text("status = 'draft'"),
        ),
        Index(None, "organisation_id", "status"),
        Index(None, "status", "id"),
    )  # fmt: skip

    @property
    def live_uses(self) -> list[VoucherUse]:
        """Give the uses that count."""
        return [use for use in self.uses if use.released_at is None]


class VoucherUse(Base):
    """A voucher used on a charge: how much of it is claimed, and which kind of service it was ("" for one that counts)."""

    __tablename__ = "voucher_use"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    amount: Mapped[Decimal]
    service: Mapped[str] = mapped_column(String(20), default="")
    used_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    charge: Mapped[Charge] = relationship()

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index(
            "uq_voucher_use_charge", "charge_id", unique=True,
            sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL"),
        ),
    )  # fmt: skip


class ClaimDocument(Base):
    """A contract, payment proof or result report of a claim; the bytes lie in the data directory."""

    __tablename__ = "claim_document"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    stored_as: Mapped[str] = mapped_column(String(100), index=True)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("kind IN ('contract', 'payment', 'report')", name="kind"),)


_WHOLE = (
    joinedload(Claim.voucher).joinedload(Voucher.programme), joinedload(Claim.voucher).joinedload(Voucher.organisation),
    joinedload(Claim.organisation), selectinload(Claim.documents),
    selectinload(Claim.uses).joinedload(VoucherUse.charge).joinedload(Charge.instrument),
    selectinload(Claim.uses).joinedload(VoucherUse.charge).joinedload(Charge.person),
)  # fmt: skip


def claim(session: Session, claim_id: int) -> Claim:
    """Get a claim with its voucher, uses and documents by id."""
    found = session.scalar(select(Claim).where(Claim.id == claim_id).options(*_WHOLE).execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def is_provider(viewer: Viewer, one: Claim) -> bool:
    """Say whether the viewer answers for the provider: its administrator, or the manager of every instrument concerned."""
    own = replace(viewer, grants=tuple(grant for grant in viewer.grants if grant.role != "province_admin"))
    instruments = [use.charge.instrument for use in one.live_uses]
    return own.may_administer(one.organisation_id) or bool(instruments and all(own.may_manage(each) for each in instruments))


def may_see_claim(viewer: Viewer, one: Claim) -> bool:
    """Say whether a claim is the viewer's to see: the firm's people, the provider once it is handed in, the province, auditors."""
    if may_see_voucher(viewer, one.voucher):
        return True
    return one.submitted_at is not None and (is_provider(viewer, one) or viewer.may_audit(one.organisation_id))


def seen_claim(session: Session, claim_id: int, viewer: Viewer) -> Claim:
    """Get a claim the viewer may see; any other is not found."""
    found = claim(session, claim_id)
    if viewer.is_anonymous or not may_see_claim(viewer, found):
        raise NotFound
    return found


def claims_of(session: Session, voucher_id: int) -> Sequence[Claim]:
    """Give the claims on a voucher, the newest first."""
    return session.scalars(select(Claim).where(Claim.voucher_id == voucher_id).options(*_WHOLE).order_by(Claim.id.desc())).all()


def claims_to_confirm(session: Session, viewer: Viewer, *, limit: int = 100) -> Sequence[Claim]:
    """Give what was claimed for the services of the viewer's organisations and instruments, what waits for her first."""
    provided = _provided_to(viewer)
    waits = (Claim.status == "submitted").desc()
    asked = select(Claim).where(provided, Claim.submitted_at.is_not(None)).options(*_WHOLE).order_by(waits, Claim.id.desc())
    return [one for one in session.scalars(asked.limit(limit)).all() if may_see_claim(viewer, one)]


def _provided_to(viewer: Viewer) -> Any:
    if viewer.is_province_admin or viewer.may_audit(None):
        return Claim.id.is_not(None)
    own = [grant.organisation_id for grant in viewer.grants if grant.role in ("organisation_admin", "auditor") and grant.organisation_id]
    managed = (
        select(VoucherUse.claim_id)
        .join(Charge, Charge.id == VoucherUse.charge_id)
        .join(Instrument, Instrument.id == Charge.instrument_id)
        .where(managed_by(viewer))
    )
    return or_(Claim.organisation_id.in_(own), Claim.id.in_(managed))


def claims_to_review(session: Session, *, limit: int = 100) -> Sequence[Claim]:
    """Give what the providers confirmed and the province has not decided, the longest waiting first."""
    asked = select(Claim).where(Claim.status == "confirmed").options(*_WHOLE)
    return session.scalars(asked.order_by(Claim.confirmed_at, Claim.id).limit(limit)).all()


def reserved_on(session: Session, voucher_ids: Iterable[int], *, without: int | None = None) -> dict[int, Decimal]:
    """Give what claims keep or were paid of vouchers, by voucher id; `without` leaves one claim out."""
    counted = (Claim.voucher_id.in_(list(voucher_ids)), Claim.status.in_(COUNTED), Claim.id != (without or 0))
    rows = session.execute(select(Claim.voucher_id, func.sum(Claim.reserved)).where(*counted).group_by(Claim.voucher_id)).all()
    return {row[0]: row[1] for row in rows}


def left_on(session: Session, one: Voucher, *, without: int | None = None) -> Decimal:
    """Give what can still be claimed on a voucher."""
    return (one.granted or NOTHING) - reserved_on(session, [one.id], without=without).get(one.id, NOTHING)


def charges_to_claim(session: Session, one: Voucher, viewer: Viewer, *, limit: int = 200) -> Sequence[Charge]:
    """Give the firm's final charges no voucher is used on, as far as the viewer may see them, the newest first."""
    used = select(VoucherUse.charge_id).where(VoucherUse.released_at.is_(None))
    asked = (
        select(Charge)
        .where(Charge.user_organisation_id == one.organisation_id, Charge.status == "final", Charge.total > 0, Charge.id.not_in(used))
        .options(joinedload(Charge.instrument), joinedload(Charge.person), joinedload(Charge.organisation))
        .order_by(Charge.used_at.desc(), Charge.id.desc())
    )
    if one.organisation_id not in viewer.administered_organisation_ids:
        asked = asked.where(or_(Charge.person_id == viewer.person_id, Charge.group_id.in_(viewer.pi_group_ids)))
    return session.scalars(asked.limit(limit)).all()
