"""Object to a charge, answer an objection, take a charge back, and say who pays it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.errors import Forbidden, Invalid, OutOfOrder, Refused, Sentence
from instruments.money import yuan
from scheduling.accounting.accounts import NOTHING, account, lock_accounts
from scheduling.accounting.charges import Charge, ChargeDispute, ChargeLine, ChargeShare, charge, is_of_payer
from scheduling.accounting.charging import add_line, check_charge_manager, check_status, locked_charge
from scheduling.accounting.finalising import finalise_all, posting_key
from scheduling.accounting.ledger import post, posting
from scheduling.accounting.reviews import review_days
from scheduling.accounting.spenders import why_not
from scheduling.accounting.splits import check_whole, split_amount
from scheduling.deciding import check_reason

# Whoever is not content with two answers talks to the organisation; the charge is not held up for ever.
MOST_DISPUTES = 2
MOST_PAYERS = 10


def dispute(session: Session, charge_id: int, reason: str, *, viewer: Viewer, now: datetime) -> Charge:
    """Object to a charge under review, as who uses or pays, with a reason; it is not posted before it is answered."""
    one = locked_charge(session, charge_id, viewer)
    if not is_of_payer(viewer, one):
        raise Forbidden
    check_status(one, "review")
    if len(one.disputes) >= MOST_DISPUTES:
        raise OutOfOrder(
            Sentence("该收费的异议已答复两次，请联系管理单位。", "This charge was answered twice; please talk to the organisation.")
        )
    session.add(ChargeDispute(charge_id=one.id, by=viewer.person_id, at=now, reason=check_reason(reason, needed=True)))
    one.status = "disputed"
    session.flush()
    return charge(session, charge_id)


def answer_dispute(
    session: Session,
    charge_id: int,
    answer: str,
    *,
    viewer: Viewer,
    now: datetime,
    adjustment: Decimal = NOTHING,
    version: int | None = None,
) -> Charge:
    """Answer an objection, as the manager: uphold the charge, or adjust it by a line that says why.

    The user may look at it once more; the second answer makes the charge final.
    """
    one = locked_charge(session, charge_id, viewer, version=version)
    check_charge_manager(viewer, one)
    check_status(one, "disputed")
    answer, adjustment = check_reason(answer, needed=True), yuan(adjustment, "adjustment")
    if adjustment:
        add_line(session, one, "异议调整 Adjustment after an objection", adjustment, reason=answer, by=viewer.person_id)
    last = session.scalars(select(ChargeDispute).where(ChargeDispute.charge_id == one.id).order_by(ChargeDispute.id.desc()).limit(1)).one()
    last.answer, last.answered_by, last.answered_at, last.outcome = answer, viewer.person_id, now, "adjusted" if adjustment else "upheld"
    one.status, one.review_until = "review", now + timedelta(days=review_days(session, one.organisation_id))
    session.flush()
    if len(one.disputes) >= MOST_DISPUTES or one.review_until <= now or not one.total:
        finalise_all(session, [one], now)
    return charge(session, charge_id)


def reverse_charge(session: Session, charge_id: int, reason: str, *, viewer: Viewer, now: datetime) -> Charge:
    """Take a charge back, as the manager, with a reason. A posted one is reversed by a charge of its own, which is given; reversing again gives it again.

    A draft or one under review has posted nothing: it comes to nothing, and is itself given.
    """
    one = locked_charge(session, charge_id, viewer)
    check_charge_manager(viewer, one)
    reason = check_reason(reason, needed=True)
    if one.reverses_id is not None:
        raise OutOfOrder(Sentence("冲销记录本身不能再撤销。", "A reversal is not itself reversed; charge again instead."))
    if one.status == "reversed":
        return session.scalar(select(Charge).where(Charge.reverses_id == one.id)) or one
    if one.final_at is None:
        one.status, one.reason = "reversed", reason
        session.flush()
        return charge(session, charge_id)
    one.status = "reversed"
    session.flush()
    return charge(session, _reversal(session, one, reason, viewer, now).id)


def _reversal(session: Session, one: Charge, reason: str, viewer: Viewer, now: datetime) -> Charge:
    """Post a charge backwards, onto the same accounts, whatever the division of income is by now."""
    made = Charge(
        usage_id=one.usage_id, booking_id=one.booking_id, kind=one.kind, organisation_id=one.organisation_id,
        user_organisation_id=one.user_organisation_id, instrument_id=one.instrument_id, person_id=one.person_id, group_id=one.group_id,
        used_at=one.used_at, status="draft", tariff_version_id=one.tariff_version_id, total=-(one.total or NOTHING), made_at=now,
        confirmed_at=now, confirmed_by=viewer.person_id, reverses_id=one.id, reason=reason,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its lines need its id
    _mirror(session, one, made, reason, viewer.person_id)
    posted = posting(session, posting_key(one.id))
    if posted is not None:
        entries = [(entry.account_id, -entry.amount) for entry in posted.entries]
        post(
            session, key=posting_key(made.id), kind="reversal", entries=entries, at=now, by=viewer.person_id, reason=reason, noun="charge",
            noun_id=made.id,
        )  # fmt: skip
    made.status, made.final_at = "final", now
    session.flush()
    return made


def _mirror(session: Session, one: Charge, made: Charge, reason: str, by: int) -> None:
    lines = [
        {
            "charge_id": made.id, "position": line.position, "code": f"reversal:{line.code}"[:60], "label_zh": line.label_zh, "label_en": line.label_en,
            "quantity": line.quantity, "unit_zh": line.unit_zh, "unit_en": line.unit_en, "rate": line.rate, "amount": -line.amount, "by": by,
            "reason": reason,
        }
        for line in one.lines
    ]  # fmt: skip
    shares = [
        {"charge_id": made.id, "account_id": share.account_id, "percent": share.percent, "amount": -share.amount} for share in one.shares
    ]
    for table, rows in ((ChargeLine, lines), (ChargeShare, shares)):
        if rows:
            session.execute(insert(table), rows)


def set_payers(
    session: Session, charge_id: int, shares: Sequence[tuple[int, Decimal]], *, viewer: Viewer, now: datetime, version: int | None = None
) -> Charge:
    """Say which accounts pay which percent, before the charge is final: as who uses or pays, or as the manager for her.

    The person charged must be free to spend from each, or the viewer herself where she is on the paying side (a PI for her member).
    """
    one = locked_charge(session, charge_id, viewer, version=version)
    if not is_of_payer(viewer, one):
        check_charge_manager(viewer, one)
    check_status(one, "draft", "review")
    percents = [yuan(percent, "percent") for _, percent in shares]
    ids = [account_id for account_id, _ in shares]
    if not 1 <= len(ids) <= MOST_PAYERS or len(set(ids)) != len(ids):
        raise Invalid("shares", Sentence("请选择 1 到 10 个不同的账户。", "Choose one to ten different accounts."))
    check_whole(percents)
    spender = viewer if is_of_payer(viewer, one) else load_viewer(session, one.person)
    _check_accounts(session, one, list(zip(ids, percents, strict=True)), spender, now)
    for old in session.scalars(select(ChargeShare).where(ChargeShare.charge_id == one.id)):
        session.delete(old)
    session.flush()  # an account pays one share only: the old go first
    amounts = split_amount(one.total or NOTHING, percents)
    session.add_all(
        ChargeShare(charge_id=one.id, account_id=account_id, percent=percent, amount=amount)
        for account_id, percent, amount in zip(ids, percents, amounts, strict=True)
    )
    session.flush()
    return charge(session, charge_id)


def _check_accounts(session: Session, one: Charge, shares: Sequence[tuple[int, Decimal]], spender: Viewer, now: datetime) -> None:
    paid_now = {share.account_id: share.amount for share in one.shares}
    amounts = split_amount(one.total or NOTHING, [percent for _, percent in shares])
    lock_accounts(session, [account_id for account_id, _ in shares])
    refusals = []
    for (account_id, _), amount in zip(shares, amounts, strict=True):
        more = amount - paid_now.get(account_id, NOTHING)
        refusals += why_not(session, account(session, account_id), spender, more, provider_id=one.organisation_id, now=now)
    if refusals:
        raise Refused(refusals)
