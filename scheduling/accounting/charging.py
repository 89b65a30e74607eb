"""Charge: make the draft, set a price by hand, confirm, accept, and post what nobody objected to in time.

Order of locks: the charge, then every account concerned at once, in order of id. Each verb may be repeated; what is done stays done once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Changed, Forbidden, Invalid, OutOfOrder, Sentence
from instruments.money import yuan
from instruments.people import Organisation, Person
from instruments.tariffs import TariffVersion
from scheduling.accounting.accounts import NOTHING, open_credit_of
from scheduling.accounting.charges import OUTLINE, STATUSES, Charge, ChargeLine, ChargeShare, is_of_payer, read_anew, seen_outline
from scheduling.accounting.finalising import finalise_all, settle_holds
from scheduling.accounting.reviews import review_days
from scheduling.accounting.splits import WHOLE, check_whole, split_amount
from scheduling.bookings import Booking
from scheduling.deciding import check_reason
from scheduling.locks import take_locks
from scheduling.pricing.lines import Priced
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem, open_problems_of, refuse_problems


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be charged, to whom and for what; `shares` are (account id, percent), none where nobody has said who pays."""

    kind: str
    instrument: Instrument
    person: Person
    used_at: datetime
    priced: Priced
    version: TariffVersion | None = None
    usage: UsageRecord | None = None
    booking: Booking | None = None
    group_id: int | None = None
    user_organisation_id: int | None = None
    quote_total: Decimal | None = None
    shares: tuple[tuple[int, Decimal], ...] = ()
    reason: str = ""


def add_charge(session: Session, bill: Bill, *, now: datetime) -> Charge:
    """Make the draft of a charge; for the same use (or the same kind for a booking) there is one, however often it is asked for."""
    take_locks(session, [bill.instrument.id])
    known = live_charge(session, bill)
    if known is not None:
        return known
    made = Charge(
        kind=bill.kind, usage_id=bill.usage.id if bill.usage else None, booking_id=bill.booking.id if bill.booking else None,
        instrument_id=bill.instrument.id, organisation_id=bill.instrument.organisation_id,
        user_organisation_id=bill.user_organisation_id or bill.person.organisation_id, person_id=bill.person.id, group_id=bill.group_id,
        used_at=bill.used_at, status="draft", tariff_version_id=bill.version.id if bill.version else None, total=bill.priced.total,
        quote_total=bill.quote_total, made_at=now, reason=bill.reason,
    )  # fmt: skip
    session.add(made)
    session.flush()  # lines and shares need its id
    _add_lines(session, made, bill.priced)
    if bill.shares:
        check_whole([percent for _, percent in bill.shares], "shares")
        add_shares(session, made, bill.shares)
    if made.total is not None:
        settle_holds(session, [made], now)
    return read_anew(session, made)


def add_shares(session: Session, one: Charge, shares: Sequence[tuple[int, Decimal]]) -> None:
    """Write who pays which part of a charge, to the fen; `shares` are (account id, percent)."""
    amounts = split_amount(one.total or NOTHING, [percent for _, percent in shares])
    session.add_all(
        ChargeShare(charge_id=one.id, account_id=account_id, percent=percent, amount=amount)
        for (account_id, percent), amount in zip(shares, amounts, strict=True)
    )
    session.flush()


def live_charge(session: Session, bill: Bill) -> Charge | None:
    """Find the charge there is already for the same thing."""
    if bill.usage is not None:
        same = Charge.usage_id == bill.usage.id
    elif bill.booking is not None:
        same = (Charge.booking_id == bill.booking.id) & (Charge.kind == bill.kind) & Charge.usage_id.is_(None)
    else:
        return None
    return session.scalar(select(Charge).where(same, Charge.status != "reversed", Charge.reverses_id.is_(None)))


def _add_lines(session: Session, one: Charge, priced: Priced) -> None:
    session.add_all(
        ChargeLine(
            charge_id=one.id, position=position, code=line.code[:60], label_zh=line.label.zh[:300], label_en=line.label.en[:300],
            quantity=str(line.quantity)[:40], unit_zh=line.unit.zh[:60], unit_en=line.unit.en[:60], rate=line.rate, amount=line.amount,
        )
        for position, line in enumerate(priced.lines, 1)
    )  # fmt: skip
    session.flush()


def _share_out(session: Session, one: Charge) -> None:
    """Divide a changed total among who pays, to the fen."""
    session.flush()
    shares = session.scalars(select(ChargeShare).where(ChargeShare.charge_id == one.id).order_by(ChargeShare.id)).all()
    for share, amount in zip(shares, split_amount(one.total or NOTHING, [share.percent for share in shares]), strict=True):
        share.amount = amount
    session.flush()


def locked_charge(session: Session, charge_id: int, viewer: Viewer, *, version: int | None = None) -> Charge:
    """Lock a charge the viewer may see and read it as it now is; a version other than the one the person saw is told as a change."""
    seen_outline(session, charge_id, viewer)
    lock = select(Charge).where(Charge.id == charge_id).options(*OUTLINE).with_for_update(key_share=True, of=Charge)
    one = session.scalars(lock.execution_options(populate_existing=True)).one()
    check_version(one, version)
    return one


def check_version(one: Charge, version: int | None) -> None:
    """Tell a version other than the one the person saw as a change; without one nothing is compared."""
    if version is not None and one.version != version:
        status = STATUSES[one.status]
        raise Changed(
            Sentence(
                f"该收费已被他人更改，现为“{status.zh}”。请刷新后重试。",
                f"Somebody changed this charge meanwhile; it is now: {status.en.lower()}. Reload and try again.",
            ),
            {"status": (one.status, None)},
        )


def check_charge_manager(viewer: Viewer, one: Charge) -> None:
    """Refuse whoever does not manage the instrument; to people who may not see the charge it is not there."""
    if not viewer.may_manage(one.instrument):
        raise Forbidden


def check_status(one: Charge, *wanted: str) -> None:
    """Refuse a step that does not follow from the state the charge is in."""
    if one.status not in wanted:
        status = STATUSES[one.status]
        raise OutOfOrder(
            Sentence(
                f"该收费目前为“{status.zh}”，不能这样操作。",
                f"This charge is now: {status.en.lower()}. That step does not follow.",
            )
        )


def add_manual_line(
    session: Session, charge_id: int, label: str, amount: Decimal, *, reason: str, viewer: Viewer, now: datetime, version: int | None = None
) -> Charge:
    """Add a line of the manager's own to a draft, with its reason: the price where the rates leave it open, a rebate, an extra."""
    one = locked_charge(session, charge_id, viewer, version=version)
    check_charge_manager(viewer, one)
    check_status(one, "draft")
    add_line(session, one, label, amount, reason=reason, by=viewer.person_id)
    return read_anew(session, one)


def add_line(session: Session, one: Charge, label: str, amount: Decimal, *, reason: str, by: int) -> None:
    """Write a reasoned line under a locked charge and add everything up again; a total below zero is refused."""
    amount, label, reason = yuan(amount), label.strip(), check_reason(reason, needed=True)
    if not label or len(label) > 300 or "\x00" in label:
        raise Invalid("label", Sentence("请填写项目名称(不超过 300 字)。", "Say what the line is for, in at most 300 characters."))
    amounts = session.scalars(select(ChargeLine.amount).where(ChargeLine.charge_id == one.id)).all()
    total = sum(amounts, NOTHING) + amount
    if total < 0:
        raise Invalid("amount", Sentence("合计不能为负。", "The total cannot be below zero."))
    session.add(
        ChargeLine(
            charge_id=one.id, position=len(amounts) + 1, code="manual", label_zh=label, label_en=label, quantity="1", amount=amount, by=by, reason=reason
        )
    )  # fmt: skip
    one.total = total
    _share_out(session, one)


def confirm_charge(session: Session, charge_id: int, *, viewer: Viewer, now: datetime, version: int | None = None) -> Charge:
    """Confirm a draft, as the instrument's manager; the user may then look at it. Confirming again changes nothing.

    Refused while a problem of the use is open or no price is set. A charge of nothing, or without time for review, is final at once.
    """
    one = locked_charge(session, charge_id, viewer)
    problems = open_problems_of(session, [one.usage_id]) if one.usage_id is not None else {}
    known = Reviewable(problems, {one.organisation_id: review_days(session, one.organisation_id)})
    if begin_review(session, one, known, viewer=viewer, now=now, version=version):
        end_review_or_wait(session, [one], now)
    return read_anew(session, one)


@dataclass(frozen=True, slots=True)
class Reviewable:
    """What was read for locked charges: the open problems of each use, and the days for review by organisation."""

    problems: Mapping[int, Sequence[UsageProblem]]
    days: Mapping[int, int]


def begin_review(
    session: Session, one: Charge, known: Reviewable, *, viewer: Viewer, now: datetime, version: int | None = None
) -> bool:  # fmt: skip
    """Confirm a locked draft and name who pays, where nobody has; False for one that is confirmed already."""
    check_charge_manager(viewer, one)
    if one.confirmed_at is not None and one.status != "reversed":
        return False
    check_version(one, version)
    check_status(one, "draft")
    if one.total is None:
        raise Invalid("amount", Sentence("价格待定，请先添加一行并说明原因。", "The price is open: add a line with its reason first."))
    if one.usage is not None and one.usage.status == "void":
        raise OutOfOrder(Sentence("该使用记录已作废，不能收费。", "This use was declared void; it cannot be charged."))
    refuse_problems(known.problems.get(one.usage_id or 0, ()))
    days = known.days[one.organisation_id]
    one.status, one.confirmed_at, one.confirmed_by, one.review_until = "review", now, viewer.person_id, now + timedelta(days=days)
    session.flush()
    _name_a_payer(session, one, now)
    return True


def end_review_or_wait(session: Session, charges: Sequence[Charge], now: datetime) -> None:
    """Make those final at once that cost nothing or have no time for review; what is held for the others counts as charged from here on."""
    at_once = [one for one in charges if not one.total or one.review_until == now]
    if at_once:
        finalise_all(session, at_once, now)
    waiting = [one for one in charges if one not in at_once]
    if waiting:
        settle_holds(session, waiting, now)


def _name_a_payer(session: Session, one: Charge, now: datetime) -> None:
    """Where nobody has named an account, the user's organisation owes it to the provider."""
    if one.shares or not one.total:
        return
    holder = session.get_one(Organisation, one.user_organisation_id or one.person.organisation_id)
    due = open_credit_of(session, one.organisation_id, holder, now)
    add_shares(session, one, [(due.id, WHOLE)])


def accept(session: Session, charge_id: int, *, viewer: Viewer, now: datetime) -> Charge:
    """Accept a charge as who uses or pays, without waiting for the end of the review; accepting again changes nothing."""
    one = locked_charge(session, charge_id, viewer)
    if not is_of_payer(viewer, one):
        raise Forbidden
    if one.status == "final":
        return one
    check_status(one, "review")
    one.accepted_by = viewer.person_id
    finalise_all(session, [one], now)
    return read_anew(session, one)


def finalise_due(session: Session, *, now: datetime, most: int = 100) -> list[Charge]:
    """Post the charges whose time for review is over; several processes may do this at once. As many statements for all as for one."""
    due = session.scalars(
        select(Charge)
        .where(Charge.status == "review", Charge.review_until <= now)
        .options(joinedload(Charge.instrument))
        .order_by(Charge.id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True, of=Charge)
        .execution_options(populate_existing=True)
    ).all()
    finalise_all(session, due, now)
    return [read_anew(session, one) for one in due]
