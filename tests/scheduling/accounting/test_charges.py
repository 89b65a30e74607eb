"""A charge on its way: draft, confirmed, looked at, disputed, posted, reversed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, Refused
from scheduling.accounting.accounts import Account
from scheduling.accounting.charges import ChargePolicy
from scheduling.accounting.charging import accept, add_manual_line, confirm_charge, finalise_due
from scheduling.accounting.disputes import answer_dispute, dispute, reverse_charge, set_payers
from scheduling.accounting.proof import check_books
from scheduling.accounting.spenders import free_on, spent_by

DAY = timedelta(days=1)


@pytest.fixture
def user(a_person):
    return a_person()


@pytest.fixture
def viewer(session, user, group):
    return load_viewer(session, user)


@pytest.fixture
def group(a_group, user, a_person):
    return a_group(user, pi=a_person())


@pytest.fixture
def grant(an_account, group):
    return an_account(group=group)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def manager(a_manager, instrument):
    return a_manager(instrument)


@pytest.fixture
def drafted(a_charge, instrument, user, grant):
    def make(**changes):
        return a_charge(**{"instrument": instrument, "person": user, "accounts": [grant]} | changes)

    return make


def wrong(session):
    session.flush()
    return [finding for finding in check_books(session) if not finding.is_right]


def income(session, instrument):
    return session.scalar(select(Account.balance).where(Account.instrument_id == instrument.id))


def test_a_charge_is_confirmed_accepted_and_posted(session, drafted, grant, instrument, manager, viewer, now):
    one = drafted()
    assert (one.status, one.total, [line.amount for line in one.lines]) == ("draft", 120, [120])
    assert free_on(session, grant) == 880
    one = confirm_charge(session, one.id, viewer=manager, now=now)
    assert (one.status, one.review_until, grant.balance) == ("review", now + 7 * DAY, 1000)
    one = accept(session, one.id, viewer=viewer, now=now)
    assert (one.status, one.final_at, grant.balance, income(session, instrument)) == ("final", now, 880, 120)
    assert (free_on(session, grant), spent_by(session, grant.id, [viewer.person_id])) == (880, {viewer.person_id: 120})
    assert wrong(session) == []


def test_every_step_may_be_repeated(session, drafted, grant, manager, viewer, now):
    one = drafted()
    for _ in range(3):
        confirm_charge(session, one.id, viewer=manager, now=now)
    for _ in range(3):
        accept(session, one.id, viewer=viewer, now=now)
    confirm_charge(session, one.id, viewer=manager, now=now)
    assert grant.balance == 880
    assert wrong(session) == []


def test_a_use_is_charged_once(session, a_charge, a_booking, grant):
    booking = a_booking()
    values = {"instrument": booking.instrument, "person": booking.person, "booking": booking, "kind": "no_show", "accounts": [grant]}
    assert a_charge(**values) is a_charge(**values)


def test_silence_is_acceptance_after_the_review(session, drafted, grant, manager, now):
    one = drafted()
    confirm_charge(session, one.id, viewer=manager, now=now)
    assert finalise_due(session, now=now + 7 * DAY - timedelta(seconds=1)) == []
    assert [found.id for found in finalise_due(session, now=now + 7 * DAY)] == [one.id]
    assert finalise_due(session, now=now + 8 * DAY) == []
    assert grant.balance == 880


@pytest.mark.parametrize("days", [0, 30])
def test_an_organisation_sets_the_time_for_review(session, drafted, instrument, manager, now, days):
    session.add(ChargePolicy(organisation_id=instrument.organisation_id, review_days=days))
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    assert (one.status, one.review_until) == ("review" if days else "final", now + days * DAY)


def test_a_free_use_is_final_at_once_and_posts_nothing(session, drafted, grant, manager, now):
    assert confirm_charge(session, drafted(amount="0.00").id, viewer=manager, now=now).status == "final"
    assert grant.balance == 1000
    assert wrong(session) == []


def test_an_open_price_needs_a_line_with_its_reason(session, drafted, manager, grant, now):
    one = drafted(is_open=True)
    with pytest.raises(Invalid):
        confirm_charge(session, one.id, viewer=manager, now=now)
    with pytest.raises(Invalid) as caught:
        add_manual_line(session, one.id, "特殊样品", Decimal("300"), reason=" ", viewer=manager, now=now)
    assert caught.value.field == "reason"
    one = add_manual_line(session, one.id, "特殊样品", Decimal("300"), reason="面议", viewer=manager, now=now)
    (line,) = one.lines
    assert (one.total, line.by, line.reason, one.shares[0].amount) == (300, manager.person_id, "面议", 300)
    assert confirm_charge(session, one.id, viewer=manager, now=now).status == "review"


@pytest.mark.parametrize("amount", ["NaN", "1e400", "-120.01"])
def test_a_line_that_cannot_be_is_refused(session, drafted, manager, now, amount):
    one = drafted()
    with pytest.raises(Invalid):
        add_manual_line(session, one.id, "折扣", Decimal(amount), reason="x", viewer=manager, now=now)
    assert [line.amount for line in one.lines] == [120]


def test_a_confirmed_charge_takes_no_more_lines(session, drafted, manager, now):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    with pytest.raises(OutOfOrder):
        add_manual_line(session, one.id, "折扣", Decimal("-20"), reason="x", viewer=manager, now=now)


def test_without_an_account_the_users_organisation_owes_it(session, drafted, user, manager, viewer, now):
    one = confirm_charge(session, drafted(accounts=[]).id, viewer=manager, now=now)
    (share,) = one.shares
    assert (share.account.kind, share.account.holder_id, share.amount) == ("credit", user.organisation_id, 120)
    accept(session, one.id, viewer=viewer, now=now)
    assert share.account.balance == -120
    assert wrong(session) == []


def test_payment_is_shared_to_the_fen(session, drafted, an_account, group, manager, viewer, now):
    payers = [an_account(group=group) for _ in range(3)]
    one = drafted(amount="100.01", accounts=payers, percents=["33.33", "33.33", "33.34"])
    confirm_charge(session, one.id, viewer=manager, now=now)
    accept(session, one.id, viewer=viewer, now=now)
    assert sum(1000 - payer.balance for payer in payers) == Decimal("100.01")
    assert wrong(session) == []


@pytest.mark.parametrize("percents", [["50", "49.99"], ["100", "1"], ["120", "-20"]])
def test_shares_that_do_not_make_100_are_refused(session, drafted, an_account, group, viewer, now, percents):
    one = drafted()
    shares = [(an_account(group=group).id, Decimal(percent)) for percent in percents]
    with pytest.raises(Invalid):
        set_payers(session, one.id, shares, viewer=viewer, now=now)


def test_the_user_chooses_who_pays_while_she_looks_at_it(session, drafted, grant, an_account, group, manager, viewer, now):
    other = an_account(group=group)
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    set_payers(session, one.id, [(grant.id, Decimal("25")), (other.id, Decimal("75"))], viewer=viewer, now=now)
    accept(session, one.id, viewer=viewer, now=now)
    assert (grant.balance, other.balance) == (970, 910)
    with pytest.raises(OutOfOrder):
        set_payers(session, one.id, [(grant.id, Decimal("100"))], viewer=viewer, now=now)


def test_nobody_pays_from_an_account_that_is_not_hers(session, drafted, an_account, viewer, now):
    one, foreign = drafted(), an_account()
    with pytest.raises(Refused) as caught:
        set_payers(session, one.id, [(foreign.id, Decimal("100"))], viewer=viewer, now=now)
    assert [refusal.code for refusal in caught.value.refusals] == ["account_not_yours"]


def test_an_objection_is_answered_and_the_charge_upheld(session, drafted, manager, viewer, grant, now):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    one = dispute(session, one.id, "仪器中途故障", viewer=viewer, now=now)
    assert one.status == "disputed"
    assert finalise_due(session, now=now + 30 * DAY) == []
    one = answer_dispute(session, one.id, "故障时间已扣除", viewer=manager, now=now + DAY)
    assert (one.status, one.review_until, one.disputes[0].outcome) == ("review", now + 8 * DAY, "upheld")
    assert accept(session, one.id, viewer=viewer, now=now + DAY).total == 120


def test_an_objection_is_answered_by_an_adjustment(session, drafted, manager, viewer, grant, now):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    dispute(session, one.id, "多算了半小时", viewer=viewer, now=now)
    one = answer_dispute(session, one.id, "减半小时", viewer=manager, now=now, adjustment=Decimal("-30"))
    assert ([line.amount for line in one.lines], one.lines[-1].reason, one.disputes[0].outcome) == ([120, -30], "减半小时", "adjusted")
    accept(session, one.id, viewer=viewer, now=now)
    assert grant.balance == 910
    assert wrong(session) == []


def test_the_second_answer_is_the_last(session, drafted, manager, viewer, grant, now):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    for _ in range(2):
        dispute(session, one.id, "不同意", viewer=viewer, now=now)
        one = answer_dispute(session, one.id, "维持", viewer=manager, now=now)
    assert (one.status, grant.balance) == ("final", 880)


def test_a_posted_charge_is_reversed_by_one_of_its_own(session, drafted, grant, instrument, manager, viewer, now):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    accept(session, one.id, viewer=viewer, now=now)
    back = reverse_charge(session, one.id, "误收", viewer=manager, now=now + DAY)
    assert (back.total, back.status, back.reverses_id, [line.amount for line in back.lines]) == (-120, "final", one.id, [-120])
    assert (one.status, grant.balance, income(session, instrument)) == ("reversed", 1000, 0)
    assert spent_by(session, grant.id, [viewer.person_id]) == {viewer.person_id: 0}
    assert reverse_charge(session, one.id, "误收", viewer=manager, now=now + DAY) is back
    with pytest.raises(OutOfOrder):
        reverse_charge(session, back.id, "再撤", viewer=manager, now=now + DAY)
    assert wrong(session) == []


def test_a_draft_that_is_taken_back_posts_nothing_and_may_be_charged_again(session, a_charge, a_booking, a_manager, now):
    booking = a_booking()
    values = {"instrument": booking.instrument, "person": booking.person, "booking": booking, "kind": "no_show"}
    first = a_charge(**values)
    assert reverse_charge(session, first.id, "误收", viewer=a_manager(booking.instrument), now=now).status == "reversed"
    assert a_charge(**values).id != first.id
    assert wrong(session) == []


@pytest.mark.parametrize(
    "step", [confirm_charge, lambda s, i, **k: reverse_charge(s, i, "x", **k), lambda s, i, **k: answer_dispute(s, i, "x", **k)]
)
def test_only_the_manager_decides(session, drafted, viewer, now, step):
    with pytest.raises(Forbidden):
        step(session, drafted().id, viewer=viewer, now=now)


@pytest.mark.parametrize("step", [accept, lambda s, i, **k: dispute(s, i, "x", **k)])
def test_the_manager_does_not_answer_for_the_user(session, drafted, manager, now, step):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    with pytest.raises(Forbidden):
        step(session, one.id, viewer=manager, now=now)


def test_a_stranger_sees_no_charge(session, drafted, a_viewer, now):
    with pytest.raises(NotFound):
        accept(session, drafted().id, viewer=a_viewer(), now=now)


def test_who_saw_an_older_state_is_told(session, drafted, manager, now):
    one = drafted()
    seen = one.version
    add_manual_line(session, one.id, "折扣", Decimal("-20"), reason="优惠", viewer=manager, now=now)
    with pytest.raises(Changed):
        confirm_charge(session, one.id, viewer=manager, now=now, version=seen)


@pytest.mark.parametrize("statement", [
    "UPDATE charge SET total = 1", "UPDATE charge SET person_id = 0", "UPDATE charge SET status = 'draft'", "DELETE FROM charge",
    "UPDATE charge_line SET amount = 1", "DELETE FROM charge_line", "UPDATE charge_share SET amount = 1", "DELETE FROM charge_share",
    "INSERT INTO charge_line (charge_id, position, code, label_zh, label_en, quantity, unit_zh, unit_en, amount, reason)"
    " SELECT id, 9, 'x', 'x', 'x', '1', '', '', 1, '' FROM charge",
])  # fmt: skip
def test_the_database_itself_keeps_a_final_charge(session, drafted, manager, viewer, now, statement):
    one = confirm_charge(session, drafted().id, viewer=manager, now=now)
    accept(session, one.id, viewer=viewer, now=now)
    with pytest.raises(DBAPIError, match=r"never edited|never deleted|append-only"), session.begin_nested():
        session.execute(text(statement))


def test_a_manual_line_without_a_reason_is_refused_by_the_database_too(session, drafted):
    values = "1, 9, 'manual', 'x', 'x', '1', '', '', 1, ''"
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(
            text(
                f"INSERT INTO charge_line (charge_id, position, code, label_zh, label_en, quantity, unit_zh, unit_en, amount, reason)"
                f" SELECT id, {values[3:]} FROM charge WHERE id = {drafted().id}"
            )
        )
