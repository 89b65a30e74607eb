"""Claim what a voucher was used on: documents and the firm's hand-in, the provider's confirmation, the province's settlement.

The voucher's lock is held throughout. A step out of order is refused; nothing is paid twice, because the ledger's key is the claim.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused, Sentence
from scheduling.accounting.accounts import account, outside_of
from scheduling.accounting.charges import Charge
from scheduling.accounting.claims import DOCUMENT_KINDS, MOST_DOCUMENTS, OPEN, Claim, ClaimDocument, is_provider, left_on
from scheduling.accounting.evidence import StoredFile
from scheduling.accounting.ledger import post
from scheduling.accounting.redeeming import EXPIRED, NOT_FINAL, check_claim, check_firm, claim_of_firm, is_final, locked_claim
from scheduling.accounting.subsidies import subsidy
from scheduling.accounting.vouchers import Voucher, locked_voucher, return_rest, today_of
from scheduling.deciding import check_reason


def add_document(session: Session, claim_id: int, kind: str, file: StoredFile, *, viewer: Viewer, now: datetime) -> ClaimDocument:
    """Put a document to a claim that is not handed in."""
    one = claim_of_firm(session, claim_id, viewer)
    if kind not in DOCUMENT_KINDS:
        raise Invalid("kind", Sentence("请选择材料类别。", "Choose what kind of document it is."))
    if len(one.documents) >= MOST_DOCUMENTS:
        raise Invalid("file", Sentence(f"最多 {MOST_DOCUMENTS} 份材料。", f"A claim has at most {MOST_DOCUMENTS} documents."))
    made = ClaimDocument(
        claim_id=one.id, kind=kind, file_name=file.file_name, media_type=file.media_type, size=file.size, stored_as=file.stored_as,
        added_by=viewer.person_id, added_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def remove_document(session: Session, claim_id: int, document_id: int, *, viewer: Viewer) -> None:
    """Take a document away from a claim that is not handed in."""
    one = claim_of_firm(session, claim_id, viewer)
    found = next((document for document in one.documents if document.id == document_id), None)
    if found is None:
        raise NotFound
    session.delete(found)
    session.flush()


def submit(session: Session, claim_id: int, *, viewer: Viewer, now: datetime) -> Claim:
    """Hand a claim in: charges, contract, payment proof and result report are all there, and the voucher has not expired."""
    one = claim_of_firm(session, claim_id, viewer)
    if not one.live_uses:
        raise Invalid("charges", Sentence("请先选择要兑付的收费。", "Choose the charges to claim first."))
    missing = [words for kind, words in DOCUMENT_KINDS.items() if kind not in {document.kind for document in one.documents}]
    if missing:
        zh, en = "、".join(words.zh for words in missing), ", ".join(words.en.lower() for words in missing)
        raise Invalid("documents", Sentence(f"还缺：{zh}。", f"Still missing: {en}."))
    if today_of(one.voucher.organisation, now) > one.voucher.valid_until:
        raise Refused([EXPIRED])
    _check_charges(session, one)
    one.status, one.submitted_by, one.submitted_at, one.remarks = "submitted", viewer.person_id, now, ""
    return one


def _check_charges(session: Session, one: Claim) -> None:
    """Refuse a claim one of whose charges was taken back since."""
    ids = [use.charge_id for use in one.live_uses]
    locked = session.scalars(
        select(Charge).where(Charge.id.in_(ids)).order_by(Charge.id).with_for_update().execution_options(populate_existing=True)
    )
    if not all(is_final(charge) for charge in locked):
        raise Refused([NOT_FINAL])


def confirm_claim(session: Session, claim_id: int, *, viewer: Viewer, now: datetime) -> Claim:
    """Confirm, as the provider, that these services were given and paid for."""
    one = locked_claim(session, claim_id, viewer)
    if not is_provider(viewer, one):
        raise Forbidden
    check_claim(one, "submitted")
    _check_charges(session, one)
    one.status, one.confirmed_by, one.confirmed_at = "confirmed", viewer.person_id, now
    return one


def send_back(session: Session, claim_id: int, remarks: str, *, viewer: Viewer, now: datetime) -> Claim:
    """Send a claim back to the firm with remarks: the provider what waits for it, the province what the provider confirmed."""
    one = locked_claim(session, claim_id, viewer)
    if not (viewer.is_province_admin if one.status == "confirmed" else is_provider(viewer, one)):
        raise Forbidden
    check_claim(one, "submitted", "confirmed")
    one.status, one.remarks = "returned", check_reason(remarks, needed=True)
    one.decided_by, one.decided_at, one.confirmed_by, one.confirmed_at = viewer.person_id, now, None, None
    return one


def withdraw_claim(session: Session, claim_id: int, *, viewer: Viewer, now: datetime) -> Claim:
    """Give a claim up, as the firm: the quota and the charges are free again."""
    one = locked_claim(session, claim_id, viewer)
    check_firm(viewer, one.voucher)
    check_claim(one, *OPEN)
    return _end(one, "withdrawn", viewer, now)


def refuse_claim(session: Session, claim_id: int, remarks: str, *, viewer: Viewer, now: datetime) -> Claim:
    """Refuse a confirmed claim for good, as the province, with the reason."""
    one = locked_claim(session, claim_id, viewer)
    if not viewer.is_province_admin:
        raise Forbidden
    check_claim(one, "confirmed")
    one.remarks = check_reason(remarks, needed=True)
    return _end(one, "refused", viewer, now)


def _end(one: Claim, status: str, viewer: Viewer, now: datetime) -> Claim:
    for use in one.live_uses:
        use.released_at = now
    one.status, one.decided_by, one.decided_at = status, viewer.person_id, now
    return one


def settle_claim(session: Session, claim_id: int, reference: str, *, viewer: Viewer, now: datetime) -> Claim:
    """Pay a confirmed claim out of its voucher, as the province, with the transfer's reference; never more than the voucher has left."""
    one = locked_claim(session, claim_id, viewer)
    if not viewer.is_province_admin:
        raise Forbidden
    check_claim(one, "confirmed")
    reference = reference.strip()
    if not 0 < len(reference) <= 80 or "\x00" in reference:
        raise Invalid("reference", Sentence("请填写转账凭证号(不超过 80 字)。", "Give the transfer's reference, at most 80 characters."))
    _check_charges(session, one)
    found = subsidy(one.voucher.programme.scheme, "user", one.amount)
    paid = min(found.total, left_on(session, one.voucher, without=one.id))
    _pay_out(session, one, paid, reference, viewer, now)
    one.status, one.paid, one.reserved, one.reference = "settled", paid, paid, reference
    one.lines = [{"part": str(line.part), "percent": str(line.percent), "amount": str(line.amount)} for line in found.lines]
    one.decided_by, one.decided_at = viewer.person_id, now
    session.flush()
    return one


def _pay_out(session: Session, one: Claim, paid: Decimal, reference: str, viewer: Viewer, now: datetime) -> None:
    if one.voucher.account_id is None:
        raise OutOfOrder(Sentence("该创新券尚未发放。", "The voucher is not granted."))
    spent = account(session, one.voucher.account_id)
    outside = outside_of(session, spent.organisation_id, now)
    if paid:
        post(
            session, key=f"claim/{one.id}", kind="voucher", entries=[(spent, -paid), (outside, paid)], at=now, by=viewer.person_id,
            reason=reference, noun="claim", noun_id=one.id,
        )  # fmt: skip


def close_voucher(session: Session, voucher_id: int, *, viewer: Viewer, now: datetime) -> Voucher:
    """Close a voucher after its last day, as the province: what is left goes back. Refused while a claim is open."""
    one = locked_voucher(session, voucher_id, viewer)
    if not viewer.is_province_admin:
        raise Forbidden
    if today_of(one.organisation, now) <= one.valid_until:
        raise OutOfOrder(Sentence("创新券仍在有效期内。", "The voucher can still be used."))
    if session.scalar(select(Claim.id).where(Claim.voucher_id == one.id, Claim.status.in_(OPEN)).limit(1)):
        raise OutOfOrder(Sentence("还有未办结的兑付申请。", "A claim on it is still open."))
    return_rest(session, one, viewer=viewer, now=now)
    return one
