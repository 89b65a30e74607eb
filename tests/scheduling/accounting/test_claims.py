"""A voucher is used on charges and claimed: every refusal in its sentence, every step in its order, the money once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused
from instruments.roles import grant
from scheduling.accounting.accounts import account
from scheduling.accounting.claiming import (
    add_document,
    confirm_claim,
    refuse_claim,
    remove_document,
    send_back,
    settle_claim,
    submit,
    withdraw_claim,
)
from scheduling.accounting.claims import Claim, charges_to_claim, claim, claims_to_confirm, claims_to_review, left_on, seen_claim
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.proof import check_books
from scheduling.accounting.redeeming import release_use, use_voucher
from scheduling.accounting.related import relate
from tests.fixtures.vouchers import PAPER, TERMS


def refused_codes(call):
    with pytest.raises(Refused) as refused:
        call()
    assert all(refusal.sentence.zh and refusal.sentence.en for refusal in refused.value.refusals)
    return [refusal.code for refusal in refused.value.refusals]


@pytest.fixture
def use(session, buyer, now):
    def make(voucher, charge, *, viewer=buyer, at=now, **changes):
        return use_voucher(session, voucher.id, charge.id, viewer=viewer, now=at, **changes)

    return make


def test_uses_for_one_provider_join_one_claim_and_reserve_the_quota(session, use, a_voucher, a_final_charge, an_instrument):
    """70,000 eligible: 50,000 at 100 % and 20,000 at 40 % reserve 58,000 of 100,000."""
    one = a_voucher("100000.00")
    first, second = use(one, a_final_charge("40000.00")), use(one, a_final_charge("30000.00"))
    elsewhere = use(one, a_final_charge("5000.00", instrument=an_instrument()), amount=Decimal("2000"))
    assert first.claim_id == second.claim_id != elsewhere.claim_id
    draft = claim(session, first.claim_id)
    assert (draft.amount, draft.reserved) == (Decimal("70000.00"), Decimal("58000.00"))
    assert left_on(session, one) == Decimal("40000.00")


def test_over_the_quota_is_refused_and_part_of_the_charge_may_be_claimed(session, use, a_voucher, a_final_charge):
    one, charge = a_voucher("10000.00"), a_final_charge("12000.00")
    assert refused_codes(lambda: use(one, charge)) == ["over_quota"]
    use(one, charge, amount=Decimal("10000"))
    assert left_on(session, one) == 0


@pytest.mark.parametrize("amount", ["0", "-5", "12000.01", "NaN", "1e400"])
def test_an_amount_that_is_not_of_the_charge_is_refused(use, a_voucher, a_final_charge, amount):
    with pytest.raises(Invalid):
        use(a_voucher(), a_final_charge("12000.00"), amount=Decimal(amount))


def test_another_year_an_expired_voucher_and_a_charge_used_already_are_refused(use, a_programme, a_voucher, a_final_charge, now):
    one, charge = a_voucher(), a_final_charge()
    last_year = a_final_charge(used_at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))  # 23:59 on New Year's Eve in Shanghai
    assert refused_codes(lambda: use(one, last_year)) == ["wrong_year"]
    assert refused_codes(lambda: use(one, charge, at=datetime(2027, 4, 1, tzinfo=UTC))) == ["expired"]
    use(one, a_final_charge(used_at=datetime(2025, 12, 31, 16, tzinfo=UTC)))  # midnight: the year has begun
    use(one, charge)
    assert refused_codes(lambda: use(a_voucher(), charge)) == ["used"]


@pytest.mark.parametrize("service", TERMS["ineligible"])
def test_services_that_do_not_count_are_refused_by_their_reason_code(use, a_voucher, a_final_charge, service):
    assert refused_codes(lambda: use(a_voucher(), a_final_charge(), service=service)) == [f"ineligible:{service}"]


def test_a_service_the_programme_does_not_leave_out_counts_and_an_unknown_one_is_refused(use, a_programme, a_voucher, a_final_charge):
    one = a_voucher(programme=a_programme(ineligible=["medical"]))
    assert use(one, a_final_charge(), service="filming").service == "filming"
    with pytest.raises(Invalid):
        use(one, a_final_charge(), service="parties")


def test_related_parties_are_refused(session, use, a_voucher, a_final_charge, a_firm, an_instrument, province):
    one, own = a_voucher(), a_final_charge(instrument=an_instrument(organisation=a_firm))
    assert refused_codes(lambda: use(one, own)) == ["related"]
    charge = a_final_charge()
    relate(session, charge.organisation, a_firm, "控股", viewer=province)
    assert refused_codes(lambda: use(one, charge)) == ["related"]


def test_a_charge_that_is_not_final_or_not_the_firms_is_refused(
    session, use, a_voucher, a_charge, a_final_charge, of_firm, a_person, a_viewer
):
    one = a_voucher()
    assert refused_codes(lambda: use(one, a_charge(person=of_firm))) == ["not_final"]
    other = a_person()
    with pytest.raises(NotFound):
        use(one, a_final_charge(person=other))
    with pytest.raises(NotFound):
        use(one, a_final_charge(), viewer=a_viewer())


def test_a_voucher_not_granted_yet_cannot_be_used(use, a_voucher, a_final_charge):
    with pytest.raises(OutOfOrder):
        use(a_voucher(granted=False), a_final_charge())


def test_a_claim_is_settled_from_the_voucher_once_with_its_lines(session, a_voucher, a_claim, province, now):
    """80,000: 50,000 at 100 % and 30,000 at 40 % pay 62,000 of 100,000."""
    one = a_voucher("100000.00")
    made = a_claim("80000.00", voucher=one)
    settled = settle_claim(session, made.id, " T-2026-1 ", viewer=province, now=now)
    assert (settled.status, settled.paid, settled.reference) == ("settled", Decimal("62000.00"), "T-2026-1")
    assert [line["amount"] for line in settled.lines] == ["50000.00", "12000.00"]
    assert (account(session, one.account_id).balance, left_on(session, one)) == (Decimal("38000.00"), Decimal("38000.00"))
    with pytest.raises(OutOfOrder):
        settle_claim(session, made.id, "T-2026-1", viewer=province, now=now)
    assert all(finding.is_right for finding in check_books(session))


def test_nothing_is_settled_while_the_percent_it_needs_is_empty(session, a_programme, a_voucher, a_claim, province, now):
    brackets = [{"above": "0", "percent": "100"}, {"above": "50000", "percent": None}]
    one = a_voucher("100000.00", programme=a_programme(user={"brackets": brackets, "cap": "200000"}))
    made = a_claim("60000.00", voucher=one)
    with pytest.raises(OutOfOrder) as refused:
        settle_claim(session, made.id, "T-1", viewer=province, now=now)
    assert "percent" in refused.value.sentence.en
    one.programme.terms = one.programme.terms | {"user": {"brackets": [brackets[0], {"above": "50000", "percent": "50"}], "cap": "200000"}}
    session.flush()
    assert settle_claim(session, made.id, "T-1", viewer=province, now=now).paid == Decimal("55000.00")


def test_a_claim_is_handed_in_with_all_three_documents(session, use, a_voucher, a_final_charge, buyer, now):
    made = use(a_voucher(), a_final_charge()).claim_id
    for kind in ("contract", "payment"):
        add_document(session, made, kind, PAPER, viewer=buyer, now=now)
    with pytest.raises(Invalid) as refused:
        submit(session, made, viewer=buyer, now=now)
    assert refused.value.sentence.en == "Still missing: result report."
    with pytest.raises(Invalid):
        add_document(session, made, "selfie", PAPER, viewer=buyer, now=now)
    report = add_document(session, made, "report", PAPER, viewer=buyer, now=now)
    remove_document(session, made, report.id, viewer=buyer)
    with pytest.raises(NotFound):
        remove_document(session, made, report.id, viewer=buyer)
    add_document(session, made, "report", PAPER, viewer=buyer, now=now)
    assert submit(session, made, viewer=buyer, now=now).status == "submitted"
    with pytest.raises(OutOfOrder):
        add_document(session, made, "report", PAPER, viewer=buyer, now=now)


def test_steps_out_of_order_are_refused(session, a_claim, a_keeper, buyer, province, now):
    draft, confirmed = a_claim(until="draft"), a_claim()
    keeper = a_keeper(draft.organisation)
    for step in (
        lambda: settle_claim(session, draft.id, "T", viewer=province, now=now),
        lambda: refuse_claim(session, draft.id, "x", viewer=province, now=now),
    ):
        with pytest.raises(OutOfOrder):
            step()
    with pytest.raises(NotFound):  # not the provider's to know of yet
        confirm_claim(session, draft.id, viewer=keeper, now=now)
    with pytest.raises(OutOfOrder):
        confirm_claim(session, confirmed.id, viewer=keeper, now=now)
    withdraw_claim(session, draft.id, viewer=buyer, now=now)
    for step in (
        lambda: submit(session, draft.id, viewer=buyer, now=now),
        lambda: withdraw_claim(session, draft.id, viewer=buyer, now=now),
        lambda: submit(session, confirmed.id, viewer=buyer, now=now),
    ):
        with pytest.raises(OutOfOrder):
            step()


def test_a_claim_is_sent_back_with_remarks_and_handed_in_again(session, a_claim, a_keeper, buyer, province, now):
    made = a_claim(until="submitted")
    keeper = a_keeper(made.organisation)
    with pytest.raises(Invalid):
        send_back(session, made.id, "", viewer=keeper, now=now)
    assert send_back(session, made.id, "合同缺页", viewer=keeper, now=now).remarks == "合同缺页"
    submit(session, made.id, viewer=buyer, now=now)
    confirm_claim(session, made.id, viewer=keeper, now=now)
    with pytest.raises(Forbidden):
        send_back(session, made.id, "x", viewer=keeper, now=now)
    assert send_back(session, made.id, "发票不清", viewer=province, now=now).status == "returned"
    submit(session, made.id, viewer=buyer, now=now)
    confirm_claim(session, made.id, viewer=keeper, now=now)
    assert settle_claim(session, made.id, "T", viewer=province, now=now).paid == Decimal("12000.00")


def test_what_is_refused_or_given_up_frees_the_quota_and_the_charge(session, use, a_voucher, a_claim, a_final_charge, buyer, province, now):
    one = a_voucher("20000.00")
    made = a_claim(voucher=one)
    charge = made.uses[0].charge
    refuse_claim(session, made.id, "不属实", viewer=province, now=now)
    session.flush()
    assert left_on(session, one) == Decimal("20000.00")
    again = use(one, charge)
    second = use(one, a_final_charge("3000.00"))
    assert release_use(session, again.claim_id, second.id, viewer=buyer, now=now).amount == Decimal("12000.00")
    assert left_on(session, one) == Decimal("8000.00")
    assert [found.id for found in charges_to_claim(session, one, buyer)] == [second.charge_id]


def test_a_charge_taken_back_meanwhile_is_not_paid(session, a_claim, a_keeper, province, now):
    made = a_claim()
    reverse_charge(session, made.uses[0].charge_id, "重复收费", viewer=a_keeper(made.organisation), now=now)
    assert refused_codes(lambda: settle_claim(session, made.id, "T", viewer=province, now=now)) == ["not_final"]


def test_each_side_takes_its_own_steps_alone(session, a_claim, a_manager, a_viewer, buyer, province, now):
    made = a_claim(until="submitted")
    manager = a_manager(made.uses[0].charge.instrument)
    for stranger in (province, buyer):
        with pytest.raises(Forbidden):
            confirm_claim(session, made.id, viewer=stranger, now=now)
    with pytest.raises(NotFound):
        confirm_claim(session, made.id, viewer=a_viewer(), now=now)
    assert [one.id for one in claims_to_confirm(session, manager)] == [made.id]
    confirm_claim(session, made.id, viewer=manager, now=now)
    session.flush()
    assert [one.id for one in claims_to_review(session)] == [made.id]
    with pytest.raises(Forbidden):
        settle_claim(session, made.id, "T", viewer=manager, now=now)
    with pytest.raises(Forbidden):
        withdraw_claim(session, made.id, viewer=manager, now=now)


def test_a_provider_sees_a_claim_once_it_is_handed_in_and_an_auditor_reads_it(session, a_claim, a_keeper, a_person, now):
    draft = a_claim(until="draft")
    keeper = a_keeper(draft.organisation)
    with pytest.raises(NotFound):
        seen_claim(session, draft.id, keeper)
    person = a_person()
    grant(session, person, "auditor", now=now)
    session.flush()
    auditor = load_viewer(session, person)
    assert seen_claim(session, draft.id, auditor).id == draft.id
    with pytest.raises(Forbidden):
        submit(session, draft.id, viewer=auditor, now=now)


class TestRaces:
    """Several claims want the last of a quota at once."""

    @pytest.fixture
    def session(self, clean_engine):
        with Session(clean_engine, expire_on_commit=False) as session:
            yield session

    def test_the_last_of_a_quota_is_reserved_once(self, session, clean_engine, a_voucher, a_final_charge, an_instrument, buyer, now):
        one = a_voucher("12000.00")
        charges = [a_final_charge("12000.00", instrument=an_instrument()) for _ in range(4)]
        session.commit()

        def take(charge):
            with Session(clean_engine, expire_on_commit=False) as own:
                try:
                    use_voucher(own, one.id, charge.id, viewer=buyer, now=now + timedelta(hours=1))
                    own.commit()
                except (Refused, DBAPIError) as error:
                    own.rollback()
                    return error
                return None

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(take, charges))
        assert answers.count(None) == 1
        assert [error.refusals[0].code for error in answers if error is not None] == ["over_quota"] * 3
        assert session.scalars(select(Claim.reserved).where(Claim.voucher_id == one.id)).all() == [Decimal("12000.00")]
