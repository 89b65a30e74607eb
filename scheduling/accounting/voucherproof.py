"""Prove the vouchers: nothing claimed beyond a grant, claims equal their uses, and the ledger paid what the claims say. Part of check_books (proof)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from scheduling.accounting.claims import COUNTED, Claim, VoucherUse
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction
from scheduling.accounting.vouchers import Voucher


def _quotas() -> tuple[str, str, Select[Any]]:
    """What claims keep or were paid of a voucher is not more than was granted."""
    kept = (
        select(Claim.voucher_id, func.sum(Claim.reserved).label("amount"))
        .where(Claim.status.in_(COUNTED))
        .group_by(Claim.voucher_id)
        .subquery()
    )
    wrong = select(Voucher.id).join(kept, kept.c.voucher_id == Voucher.id).where(kept.c.amount > func.coalesce(Voucher.granted, 0))
    return "quotas of vouchers", "voucher", wrong.order_by(Voucher.id)


def _uses() -> tuple[str, str, Select[Any]]:
    """A claim that counts is the sum of its uses; of one that came to nothing no use counts."""
    uses = (
        select(VoucherUse.claim_id, func.sum(VoucherUse.amount).label("amount"))
        .where(VoucherUse.released_at.is_(None))
        .group_by(VoucherUse.claim_id)
        .subquery()
    )
    counts = Claim.status.in_(COUNTED)
    wrong = or_(and_(counts, Claim.amount != func.coalesce(uses.c.amount, 0)), and_(~counts, uses.c.claim_id.is_not(None)))
    return "uses of vouchers", "claim", select(Claim.id).outerjoin(uses, uses.c.claim_id == Claim.id).where(wrong).order_by(Claim.id)


def _posted(noun: str) -> Any:
    """What the ledger moved on the voucher's account for each claim or voucher."""
    return (
        select(LedgerTransaction.noun_id.label("of"), LedgerEntry.account_id, func.sum(LedgerEntry.amount).label("amount"))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.noun == noun)
        .group_by(LedgerTransaction.noun_id, LedgerEntry.account_id)
        .subquery()
    )


def _paid() -> tuple[str, str, Select[Any]]:
    """What the ledger took from a voucher for a claim is what the claim was paid."""
    taken = _posted("claim")
    wrong = (
        select(Claim.id)
        .join(Voucher, Voucher.id == Claim.voucher_id)
        .outerjoin(taken, and_(taken.c.of == Claim.id, taken.c.account_id == Voucher.account_id))
        .where(func.coalesce(taken.c.amount, 0) != -func.coalesce(Claim.paid, 0))
        .order_by(Claim.id)
    )
    return "claims in the ledger", "claim", wrong


def _granted() -> tuple[str, str, Select[Any]]:
    """A voucher's account received what was granted, as long as it is not closed."""
    given = _posted("voucher")
    wrong = (
        select(Voucher.id)
        .outerjoin(given, and_(given.c.of == Voucher.id, given.c.account_id == Voucher.account_id))
        .where(Voucher.status == "granted", func.coalesce(given.c.amount, 0) != Voucher.granted)
        .order_by(Voucher.id)
    )
    return "grants of vouchers", "voucher", wrong


Look = Callable[[], tuple[str, str, Select[Any]]]
VOUCHER_LOOKS: tuple[Look, ...] = (_quotas, _uses, _paid, _granted)
