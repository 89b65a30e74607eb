"""Use a voucher on charges: each reserves its part of the quota, under the voucher's lock, in the claim being prepared for its provider.

Order of locks, here and in claiming: the voucher, the charges, the accounts.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refusal, Refused, Sentence
from instruments.money import yuan
from instruments.programmes import ineligible_services
from instruments.timespan import zone
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.charges import Charge, seen_charge
from scheduling.accounting.claims import OPEN_TO_FIRM, STATUSES, Claim, VoucherUse, claim, left_on, seen_claim
from scheduling.accounting.related import are_related
from scheduling.accounting.subsidies import most_subsidy
from scheduling.accounting.vouchers import Voucher, acts_for, check_voucher, locked_voucher, today_of

NOT_OURS = Refusal("not_ours", Sentence("这笔收费不是贵单位的。", "This charge is not your organisation's."))
NOT_FINAL = Refusal("not_final", Sentence("这笔收费尚未入账，或已撤销。", "This charge is not final yet, or was taken back."))
OTHER_YEAR = Refusal("wrong_year", Sentence("这笔收费不属于创新券的年度。", "This charge is of another year than the voucher."))
EXPIRED = Refusal("expired", Sentence("创新券已过有效期。", "The voucher has expired."))
USED = Refusal("used", Sentence("这笔收费已使用过创新券。", "A voucher is used on this charge already."))
RELATED = Refusal("related", Sentence("与服务方为关联方，不予支持。", "Services between related parties are not supported."))
NO_SERVICE = Sentence("请选择服务类别。", "Choose the kind of service.")


def use_voucher(
    session: Session, voucher_id: int, charge_id: int, *, viewer: Viewer, now: datetime, amount: Decimal | None = None, service: str = ""
) -> VoucherUse:
    """Use a voucher on a charge of the firm: it joins the claim being prepared for that provider, and the quota is reserved.

    `service` is a reason code of ineligible_services, or "" for one that counts. Raises Refused with every reason.
    """
    one = locked_voucher(session, voucher_id, viewer)
    check_firm(viewer, one)
    check_voucher(one, "granted")
    charge = seen_charge(session, charge_id, viewer)
    wanted = _amount_of(charge, amount)
    refusals = _refusals(session, one, charge, service, now)
    if refusals:
        raise Refused(refusals)
    draft = _draft(session, one, charge.organisation_id, viewer, now)
    _reserve(session, one, draft, draft.amount + wanted)
    made = VoucherUse(
        claim_id=draft.id, charge_id=charge.id, amount=wanted, service=service, used_by=viewer.person_id, used_at=now, released_at=None
    )
    session.add(made)
    session.flush()  # the index answers here: a charge is claimed once
    return made


def check_firm(viewer: Viewer, one: Voucher) -> None:
    """Refuse whoever does not belong to the voucher's firm."""
    if not acts_for(viewer, one.organisation_id):
        raise Forbidden


def _amount_of(charge: Charge, amount: Decimal | None) -> Decimal:
    total = charge.total or NOTHING
    wanted = total if amount is None else yuan(amount)
    if amount is not None and not 0 < wanted <= total:
        raise Invalid("amount", Sentence("金额须大于零，且不超过这笔收费。", "The amount is above zero and not more than the charge."))
    return wanted


def _refusals(session: Session, one: Voucher, charge: Charge, service: str, now: datetime) -> list[Refusal]:
    """Give every reason why a voucher may not be used on a charge, apart from the quota."""
    found, scheme = [], one.programme.scheme
    if charge.user_organisation_id != one.organisation_id:
        found.append(NOT_OURS)
    if not is_final(charge):
        found.append(NOT_FINAL)
    if charge.used_at.astimezone(zone(one.organisation.time_zone)).year != one.year:
        found.append(OTHER_YEAR)
    if today_of(one.organisation, now) > one.valid_until:
        found.append(EXPIRED)
    if service and service not in ineligible_services():
        raise Invalid("service", NO_SERVICE)
    if service in scheme.ineligible:
        words = ineligible_services()[service]
        found.append(Refusal(f"ineligible:{service}", Sentence(f"{words.zh}不予支持。", f"Not supported: {words.en}.")))
    if "related" in scheme.ineligible and are_related(session, one.organisation_id, charge.organisation_id):
        found.append(RELATED)
    if session.scalar(select(VoucherUse.id).where(VoucherUse.charge_id == charge.id, VoucherUse.released_at.is_(None))):
        found.append(USED)
    return found


def is_final(charge: Charge) -> bool:
    """Say whether a charge stands in the ledger and was not taken back."""
    return charge.status == "final" and charge.reverses_id is None and (charge.total or NOTHING) > 0


def _draft(session: Session, one: Voucher, provider_id: int, viewer: Viewer, now: datetime) -> Claim:
    same = (Claim.voucher_id == one.id, Claim.organisation_id == provider_id, Claim.status.in_(OPEN_TO_FIRM))
    found = session.scalar(select(Claim).where(*same).order_by(Claim.id.desc()).execution_options(populate_existing=True))
    if found is None:
        found = Claim(voucher_id=one.id, organisation_id=provider_id, status="draft", made_by=viewer.person_id, made_at=now, amount=NOTHING)
        session.add(found)
        session.flush()  # its use needs the id
    return found


def _reserve(session: Session, one: Voucher, of: Claim, amount: Decimal) -> None:
    """Set what a claim asks and keeps of the quota; refused where the voucher has not so much left."""
    wanted, left = most_subsidy(one.programme.scheme, "user", amount), left_on(session, one, without=of.id)
    if wanted > left:
        zh = f"超出创新券的额度：还可使用 ¥{left:,.2f}，此次需要 ¥{wanted:,.2f}。"
        en = f"That is over the voucher's quota: ¥{left:,.2f} is left, this claim takes ¥{wanted:,.2f}."
        raise Refused([Refusal("over_quota", Sentence(zh, en), {"left": str(left)})])
    of.amount, of.reserved = amount, wanted
    session.flush()


def locked_claim(session: Session, claim_id: int, viewer: Viewer) -> Claim:
    """Lock a claim's voucher and read the claim as it now is; one the viewer may not see is not found."""
    seen = seen_claim(session, claim_id, viewer)
    session.execute(select(Voucher.id).where(Voucher.id == seen.voucher_id).with_for_update())
    return claim(session, claim_id)


def check_claim(one: Claim, *wanted: str) -> None:
    """Refuse a step that does not follow from the state the claim is in."""
    if one.status not in wanted:
        status = STATUSES[one.status]
        zh = f"该兑付申请目前为“{status.zh}”，不能这样操作。"
        raise OutOfOrder(Sentence(zh, f"This claim is now: {status.en.lower()}. That step does not follow."))


def claim_of_firm(session: Session, claim_id: int, viewer: Viewer) -> Claim:
    """Lock a claim that the firm may still change."""
    one = locked_claim(session, claim_id, viewer)
    check_firm(viewer, one.voucher)
    check_claim(one, *OPEN_TO_FIRM)
    return one


def release_use(session: Session, claim_id: int, use_id: int, *, viewer: Viewer, now: datetime) -> Claim:
    """Take a charge out of a claim that is not handed in; its part of the quota is free again."""
    one = claim_of_firm(session, claim_id, viewer)
    use = next((use for use in one.live_uses if use.id == use_id), None)
    if use is None:
        raise NotFound
    use.released_at = now
    _reserve(session, one.voucher, one, one.amount - use.amount)
    return claim(session, claim_id)
