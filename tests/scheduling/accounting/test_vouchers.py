"""A firm applies for a voucher, the province grants or refuses, and what is left goes back after the last day."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refused
from scheduling.accounting.accounts import account, outside_of
from scheduling.accounting.claiming import close_voucher, settle_claim
from scheduling.accounting.proof import check_books
from scheduling.accounting.related import are_related, relate, relations, unrelate
from scheduling.accounting.spenders import payable_by
from scheduling.accounting.vouchers import (
    Application,
    apply_for,
    grant_voucher,
    refuse_voucher,
    seen_voucher,
    vouchers_of,
    withdraw,
)

AFTER = datetime(2027, 4, 1, 1, tzinfo=UTC)  # 90 days after 2026 end on 31 March


def asked(year=2026, amount="50000", plan="检测"):
    return Application(year, Decimal(amount), plan)


def codes(refused):
    return [refusal.code for refusal in refused.value.refusals]


def test_what_is_granted_lies_on_an_account_nobody_spends_from(session, a_voucher, buyer, province, now):
    one = a_voucher("80000.00", granted=False)
    assert (one.status, one.number[:6], one.valid_until.isoformat()) == ("applied", "V2026-", "2027-03-31")
    grant_voucher(session, one.id, Decimal("60000"), viewer=province, now=now, note="首年减半")
    account_of = account(session, one.account_id)
    assert (one.status, one.granted, account_of.kind, account_of.balance) == (
        "granted",
        Decimal("60000.00"),
        "voucher",
        Decimal("60000.00"),
    )
    assert outside_of(session, one.programme.organisation_id, now).balance == Decimal("-60000.00")
    assert account_of not in payable_by(session, buyer, now=now)
    assert all(finding.is_right for finding in check_books(session))


@pytest.mark.parametrize("amount", ["0", "-1", "200000.01", "NaN", "1e400"])
def test_an_amount_that_is_none_or_over_the_quota_is_refused(session, a_programme, buyer, now, amount):
    with pytest.raises(Invalid) as refused:
        apply_for(session, a_programme().id, asked(amount=amount), viewer=buyer, now=now)
    assert refused.value.field == "amount"


def test_more_than_the_quota_is_not_granted_either(session, a_voucher, province, now):
    with pytest.raises(Invalid):
        grant_voucher(session, a_voucher(granted=False).id, Decimal("200000.01"), viewer=province, now=now)


def test_a_university_another_year_and_a_second_application_are_refused(session, a_programme, a_voucher, a_viewer, buyer, now):
    one = a_programme()
    with pytest.raises(Refused) as refused:
        apply_for(session, one.id, asked(2029), viewer=a_viewer(), now=now)
    assert codes(refused) == ["applicant", "wrong_year"]
    a_voucher(programme=one)
    with pytest.raises(Refused) as refused:
        apply_for(session, one.id, asked(), viewer=buyer, now=now)
    assert codes(refused) == ["already"]
    assert apply_for(session, one.id, asked(2027), viewer=buyer, now=now).year == 2027
    with pytest.raises(Refused) as refused:
        apply_for(session, a_programme().id, asked(), viewer=buyer, now=AFTER)
    assert codes(refused) == ["expired"]


def test_a_closed_programme_takes_no_applications_and_a_subsidy_has_no_vouchers(session, a_programme, buyer, now):
    with pytest.raises(OutOfOrder):
        apply_for(session, a_programme(is_open=False).id, asked(), viewer=buyer, now=now)
    with pytest.raises(NotFound):
        apply_for(session, a_programme(kind="subsidy").id, asked(), viewer=buyer, now=now)
    with pytest.raises(Invalid):
        apply_for(session, a_programme().id, asked(plan=" "), viewer=buyer, now=now)


def test_a_refusal_has_its_reason_and_the_firm_may_apply_again(session, a_programme, a_voucher, province, now):
    programme = a_programme()
    one = a_voucher(granted=False, programme=programme)
    with pytest.raises(Invalid):
        refuse_voucher(session, one.id, " ", viewer=province, now=now)
    refuse_voucher(session, one.id, "用途不明", viewer=province, now=now)
    session.flush()
    assert (one.status, one.reason) == ("refused", "用途不明")
    with pytest.raises(OutOfOrder):
        grant_voucher(session, one.id, Decimal(1), viewer=province, now=now)
    assert a_voucher(granted=False, programme=programme).status == "applied"


def test_only_the_province_decides_and_only_the_firm_withdraws(session, a_voucher, a_viewer, buyer, province, now):
    one = a_voucher(granted=False)
    for step in (
        lambda who: grant_voucher(session, one.id, Decimal(1), viewer=who, now=now),
        lambda who: refuse_voucher(session, one.id, "x", viewer=who, now=now),
    ):
        with pytest.raises(Forbidden):
            step(buyer)
        with pytest.raises(NotFound):
            step(a_viewer())
    with pytest.raises(Forbidden):
        withdraw(session, one.id, viewer=province, now=now)
    assert withdraw(session, one.id, viewer=buyer, now=now).status == "withdrawn"


def test_a_voucher_is_seen_by_its_firm_and_the_province_alone(session, a_voucher, a_viewer, buyer, province):
    one = a_voucher()
    assert [found.id for found in vouchers_of(session, buyer)] == [one.id]
    assert [found.id for found in vouchers_of(session, province, status="granted")] == [one.id]
    assert vouchers_of(session, a_viewer()) == []
    with pytest.raises(NotFound):
        seen_voucher(session, one.id, a_viewer())


def test_what_is_left_goes_back_once_the_last_day_is_over(session, a_claim, a_voucher, province, buyer, now):
    one = a_voucher("100000.00")
    claim = a_claim("30000.00", voucher=one)
    for moment in (now, AFTER):  # it can still be used; and then a claim is still open
        with pytest.raises(OutOfOrder):
            close_voucher(session, one.id, viewer=province, now=moment)
    settle_claim(session, claim.id, "T-1", viewer=province, now=AFTER)
    with pytest.raises(Forbidden):
        close_voucher(session, one.id, viewer=buyer, now=AFTER)
    assert close_voucher(session, one.id, viewer=province, now=AFTER).status == "closed"
    assert account(session, one.account_id).balance == 0
    assert outside_of(session, one.programme.organisation_id, now).balance == 0
    assert all(finding.is_right for finding in check_books(session))


def test_related_parties_are_noted_once_by_the_province(session, an_organisation, buyer, province):
    first, second = an_organisation(), an_organisation()
    assert are_related(session, first.id, first.id)
    with pytest.raises(Forbidden):
        relate(session, first, second, "控股", viewer=buyer)
    made = relate(session, second, first, "控股", viewer=province)
    assert are_related(session, first.id, second.id)
    assert are_related(session, second.id, first.id)
    assert [one.id for one in relations(session, second.id)] == [made.id]
    with pytest.raises(Invalid):
        relate(session, first, second, "控股", viewer=province)
    unrelate(session, made.id, viewer=province)
    assert not are_related(session, first.id, second.id)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE voucher SET granted = 100", "quotas of vouchers"),
        ("UPDATE voucher SET granted = granted + 1", "grants of vouchers"),
        ("UPDATE claim SET amount = amount + 1", "uses of vouchers"),
        ("UPDATE claim SET paid = paid - 1, reserved = reserved - 1", "claims in the ledger"),
    ],
)
def test_a_row_that_was_tampered_with_is_named(session, a_claim, a_voucher, province, now, statement, name):
    one = a_voucher()
    settle_claim(session, a_claim("12000.00", voucher=one).id, "T-1", viewer=province, now=now)
    session.flush()
    assert all(finding.is_right for finding in check_books(session))
    session.execute(text(statement))
    wrong = [finding for finding in check_books(session) if not finding.is_right]
    assert name in [finding.name for finding in wrong]
