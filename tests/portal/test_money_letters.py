"""Who is told what of money: each letter arrives by the wire, once, in the reader's language, with nothing in it that is not hers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from instruments.access import load_viewer
from instruments.roles import grant
from portal import clock, moneynotices
from portal.moneynotices import answered_notice, claim_notice, disputed_notice, spend_notice, statements_notice, voucher_notice
from scheduling.accounting import claiming
from scheduling.accounting.approvals import decide_spend
from scheduling.accounting.charging import accept, confirm_charge
from scheduling.accounting.claims import claim
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.disputes import answer_dispute, dispute
from scheduling.accounting.holds import Hold
from scheduling.accounting.vouchers import refuse_voucher
from scheduling.usageproblems import open_problem, resolve_problem
from tests.fixtures.letters import method_of, text_of
from tests.fixtures.ticks import at_once

EVIL = "too much\r\nBcc: all@example.org\r\n\r\n.\r\nSubject: another"
HOUR = timedelta(hours=1)


def plain(letter) -> str:
    return text_of(letter).replace("\r\n", "\n")


def is_harmless(letter) -> bool:
    text = plain(letter)
    return (
        letter["Bcc"] is None
        and str(letter["Subject"]).isprintable()
        and not [line for line in text.splitlines() if line.startswith(("Bcc", "Subject"))]
        and not [word for word in ("{", "None", "\n\n\n") if word in text]
    )


@pytest.fixture
def reviewed(session, a_charge, a_manager, an_instrument, now):
    """A charge put to its user; what `a_charge` takes changes it."""
    usual = an_instrument()

    def make(*, instrument=None, at=None, **changes):
        one = a_charge(instrument=instrument or usual, **changes)
        return confirm_charge(session, one.id, viewer=a_manager(instrument or usual), now=at or now)

    return make


class TestChargesToLookAt:
    def test_a_person_hears_in_the_evening_once_of_all_charges_of_the_day(
        self, app: Flask, tick: Callable, by_wire: Callable, letters: Callable, reviewed, a_person, now: datetime
    ) -> None:
        person, other = a_person(language="en", name="Ada"), a_person(language="zh")
        made = [reviewed(person=person, amount=f"{number}0.00") for number in (1, 2, 3)]
        theirs = reviewed(person=other, amount="77.00")
        tick("to-review", now + 10 * HOUR)
        assert letters() == []  # 19:00: the day is not over
        with clock.freeze(now + timedelta(hours=11, minutes=6)):
            at_once(app, "to-review")
        found = by_wire(now + 12 * HOUR)
        assert set(found) == {person.email, other.email}
        assert found[person.email]["Subject"] == "Charges to look at: 3"
        assert found[other.email]["Subject"] == "1 笔收费待您核对"
        text = plain(found[person.email])
        assert all(f"http://localhost/charges/{one.id}\n" in text for one in made)
        assert "¥20.00" in text
        assert "Mon 30 Nov" in text  # until when
        assert f"/charges/{theirs.id}\n" not in text
        assert "77" not in text
        assert all(is_harmless(letter) for letter in found.values())
        tick("to-review", now + 20 * HOUR)
        assert by_wire(now + 21 * HOUR) == {}

    def test_the_next_day_is_another_letter_and_a_charge_is_told_once(self, tick, by_wire, reviewed, a_person, now) -> None:
        person = a_person(language="en")
        first = reviewed(person=person)
        tick("to-review", now + 12 * HOUR)
        assert set(by_wire(now + 12 * HOUR)) == {person.email}
        second = reviewed(person=person, at=now + 13 * HOUR)
        tick("to-review", now + 36 * HOUR)
        text = plain(by_wire(now + 36 * HOUR)[person.email])
        assert f"/charges/{second.id}\n" in text
        assert f"/charges/{first.id}\n" not in text

    def test_what_is_accepted_meanwhile_or_costs_nothing_is_not_told(self, tick, session, letters, reviewed, a_person, now) -> None:
        person = a_person()
        one = reviewed(person=person)
        accept(session, one.id, viewer=load_viewer(session, person), now=now)
        reviewed(person=person, amount="0.00")
        tick("to-review", now + 12 * HOUR)
        assert letters() == []

    def test_a_storm_is_one_letter_that_says_how_many_more(self, tick, by_wire, reviewed, a_person, now, monkeypatch) -> None:
        monkeypatch.setattr("portal.moneynotices.LISTED", 2)
        monkeypatch.setitem(moneynotices.WORDS, "listed", 2)
        person = a_person(language="en")
        for _ in range(5):
            reviewed(person=person)
        tick("to-review", now + 12 * HOUR)
        text = plain(by_wire(now + 12 * HOUR)[person.email])
        assert text.count("/charges/") == 2
        assert "And 3 more" in text


class TestObjections:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_managers_hear_of_an_objection_and_the_payers_side_of_the_answer(
        self, session, tell, by_wire, a_person, a_group, an_instrument, a_manager, a_charge, language, now
    ) -> None:
        instrument, person, pi = an_instrument(), a_person(language=language), a_person(language=language)
        group = a_group(person, pi=pi)
        manager = a_manager(instrument, person=a_person(language=language, organisation=instrument.organisation))
        one = a_charge(instrument=instrument, person=person, group_id=group.id)
        confirm_charge(session, one.id, viewer=manager, now=now)
        tell(disputed_notice, dispute(session, one.id, EVIL, viewer=load_viewer(session, person), now=now), now)
        found = by_wire(now)
        (to,) = found
        assert session.get_one(type(person), manager.person_id).email == to
        text = plain(found[to])
        assert "> too much\n> Bcc: all@example.org" in text
        assert person.name in text
        assert f"http://localhost/charges/{one.id}" in text
        answered = answer_dispute(session, one.id, "half of it", viewer=manager, now=now, adjustment=Decimal("-60.00"))
        tell(answered_notice, answered, now)
        told = by_wire(now)
        assert set(told) == {person.email, pi.email}
        assert "¥60.00" in plain(told[pi.email])
        assert "> half of it" in plain(told[pi.email])
        assert all(is_harmless(letter) for letter in (*found.values(), *told.values()))
        tell(answered_notice, answered, now)
        assert by_wire(now) == {}

    def test_the_page_and_the_api_both_tell(self, session, by_wire, as_person, an_api, a_person, reviewed, an_instrument, a_manager, now) -> None:
        instrument, person = an_instrument(), a_person()
        keeper = a_person(organisation=instrument.organisation)
        a_manager(instrument, person=keeper)
        first, second = reviewed(instrument=instrument, person=person), reviewed(instrument=instrument, person=person)
        assert as_person(person)("POST", f"/charges/{first.id}/dispute", **{"dispute-reason": "两次"}).status_code == 302
        assert keeper.email in by_wire(now)
        assert an_api(person)("POST", f"/charges/{second.id}/dispute", {"reason": "两次"}).status_code == 200
        assert keeper.email in by_wire(now)
        assert as_person(keeper)("POST", f"/charges/{first.id}/answer", answer="维持").status_code == 302
        assert set(by_wire(now)) == {person.email}
        assert an_api(keeper)("POST", f"/charges/{second.id}/answer", {"reason": "维持"}).status_code == 200
        assert set(by_wire(now)) == {person.email}


@pytest.fixture
def asked(session, a_group, a_person, an_account, an_instrument, a_tariff, a_booking, a_viewer, a_span):
    """`asked(user, pi, 2)` books twice above the account's threshold; gives the holds."""

    def make(user, pi, count=1, at=None):
        group = a_group(user, pi=pi)
        account, instrument = an_account(group=group, approve_above=Decimal(50)), an_instrument()
        a_tariff(instrument)
        for number in range(count):
            span, viewer = a_span(24 + 2 * number), a_viewer(person=user)
            a_booking(instrument=instrument, viewer=viewer, group_id=group.id, account_id=account.id, span=span)
        return list(session.scalars(select(Hold).order_by(Hold.id)))

    return make


class TestSpends:
    def test_the_pi_is_asked_once_for_what_was_booked_at_once(self, app, session, by_wire, tick, asked, a_person, letters, now) -> None:
        user, pi = a_person(name="Li\r\nBcc: x"), a_person(language="en")
        asked(user, pi, 3)
        session.commit()
        with clock.freeze(now + timedelta(minutes=1)):
            at_once(app, "spends")
        found = by_wire(now + timedelta(minutes=2))
        assert set(found) == {pi.email}
        text = plain(found[pi.email])
        assert text.count("¥100.00") == 3
        assert "http://localhost/accounts" in text
        assert is_harmless(found[pi.email])
        tick("spends", now + HOUR)
        assert len(letters()) == 1

    def test_what_is_decided_before_is_not_asked(self, session, tick, letters, asked, a_person, now) -> None:
        pi = a_person()
        (hold,) = asked(a_person(), pi)
        decide_spend(session, hold.id, approve=True, viewer=load_viewer(session, pi), now=now)
        tick("spends", now + timedelta(minutes=1))
        assert letters() == []

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_who_booked_hears_the_answer_and_her_calendar_of_a_refusal(self, session, tell, by_wire, asked, a_person, language, now) -> None:
        user, pi = a_person(language=language), a_person(name="PI Wang")
        first, second = asked(user, pi, 2)
        who = load_viewer(session, pi)
        tell(spend_notice, decide_spend(session, first.id, approve=True, viewer=who, now=now), now, actor=who)
        letter = by_wire(now)[user.email]
        assert "PI Wang" in plain(letter)
        assert str(letter["Subject"]).startswith("支出已批准" if language == "zh" else "Spend approved")
        tell(spend_notice, decide_spend(session, second.id, approve=False, viewer=who, now=now, reason=EVIL), now, actor=who)
        refusal = by_wire(now)[user.email]
        assert method_of(refusal) == "CANCEL"
        assert "> too much" in plain(refusal)
        assert is_harmless(letter)
        assert is_harmless(refusal)

    def test_deciding_on_the_page_tells(self, session, by_wire, as_person, asked, a_person, now) -> None:
        user, pi = a_person(), a_person()
        (hold,) = asked(user, pi)
        assert as_person(pi)("POST", f"/accounts/spends/{hold.id}/refuse", reason="先讨论").status_code == 302
        assert set(by_wire(now)) == {user.email}


class TestStatements:
    def test_each_who_answers_gets_one_letter_with_her_own_statements(
        self, session, tell, by_wire, a_person, a_group, an_account, an_instrument, a_charge_of_october, closing, letters, now
    ) -> None:
        instrument, home = an_instrument(), an_instrument().organisation
        pi, other = a_person(language="en", organisation=home), a_person(language="zh", organisation=home)
        mine = [an_account(group=a_group(pi=pi, organisation=home), name=f"Grant {number}") for number in (1, 2)]
        theirs = an_account(group=a_group(pi=other, organisation=home), name="别人的")
        for account in (*mine, theirs):
            a_charge_of_october(instrument=instrument, accounts=[account], amount="123.45")
        made = closing(instrument.organisation)
        closed = session.scalars(select(PeriodClose)).one()
        tell(statements_notice, closed, now)
        found = by_wire(now)
        text = plain(found[pi.email])
        for one in made:
            is_hers = one.account_id in {account.id for account in mine}
            assert (f"{one.number}  {one.account_name}" in text) is is_hers
            assert (f"http://localhost/statements/{one.id}\n" in text) is is_hers
        assert "October 2026" in text
        assert "123.45" not in text
        assert "2026年10月" in plain(found[other.email])
        assert all(is_harmless(letter) for letter in found.values())
        count = len(letters())
        tell(statements_notice, closed, now)
        assert by_wire(now) == {}
        assert len(letters()) == count

    def test_a_firm_without_administrators_leaves_it_to_the_keeper(
        self, session, tell, by_wire, a_keeper, an_account, an_instrument, a_charge_of_october, closing, now
    ) -> None:
        instrument = an_instrument()
        account = an_account(kind="credit", organisation=instrument.organisation, balance="0")
        a_charge_of_october(instrument=instrument, accounts=[account])
        closing(instrument.organisation)
        tell(statements_notice, session.scalars(select(PeriodClose)).one(), now)
        keepers = set(by_wire(now))
        assert keepers
        boss = a_keeper(account.holder)
        assert session.get_one(PeriodClose, 1).statements == 1
        assert boss.email not in keepers

    def test_closing_on_the_page_tells(self, session, by_wire, as_person, a_person, a_group, an_account, an_instrument, a_charge_of_october, now):
        instrument, pi = an_instrument(), a_person()
        keeper = a_person(organisation=instrument.organisation)
        grant(session, keeper, "organisation_admin", organisation=instrument.organisation, now=now)
        a_charge_of_october(instrument=instrument, accounts=[an_account(group=a_group(pi=pi))])
        keep = as_person(keeper)
        for _ in range(2):
            answer = keep("POST", "/statements/close", organisation=str(instrument.organisation_id), month="2026-10")
            assert answer.status_code == 302
        assert set(by_wire(now)) == {pi.email}


class TestProblems:
    def test_managers_hear_in_the_evening_once_of_the_days_problems(
        self, app, session, tick, by_wire, letters, an_instrument, a_manager, a_person, a_usage, now
    ) -> None:
        first, second = an_instrument(), an_instrument()
        manager = a_person(language="en", organisation=first.organisation)
        a_manager(first, second, person=manager)
        uses = [a_usage(instrument=first, person=a_person(name="Wang\nBcc: x")), a_usage(instrument=second)]
        for one in uses:
            open_problem(session, "clock", instrument_id=one.instrument_id, usage_id=one.id, now=now)
        open_problem(session, "disagreement", instrument_id=first.id, now=now)
        tick("problems", now + 10 * HOUR)
        assert letters() == []
        with clock.freeze(now + timedelta(hours=11, minutes=6)):
            at_once(app, "problems")
        letter = by_wire(now + 12 * HOUR)[manager.email]
        assert letter["Subject"] == "New problems about uses: 3"
        assert "Clock not to be trusted" in plain(letter)
        assert "Differs from the readings" in plain(letter)
        assert "http://localhost/manage/problems" in plain(letter)
        assert is_harmless(letter)
        tick("problems", now + 20 * HOUR)
        assert by_wire(now + 21 * HOUR) == {}

    def test_one_that_is_resolved_by_the_evening_is_not_told(self, session, tick, letters, an_instrument, a_manager, now) -> None:
        instrument = an_instrument()
        manager = a_manager(instrument)
        one = open_problem(session, "disagreement", instrument_id=instrument.id, now=now)
        resolve_problem(session, one.id, viewer=manager, now=now, resolution="accepted", reason="ok")
        tick("problems", now + 12 * HOUR)
        assert letters() == []


class TestVouchers:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_applicant_hears_what_was_decided(self, session, tell, by_wire, a_voucher, of_firm, province, language, now) -> None:
        of_firm.language = language
        tell(voucher_notice, a_voucher("60000.00"), now)
        letter = by_wire(now)[of_firm.email]
        assert "¥60,000.00" in plain(letter)
        assert is_harmless(letter)
        refused = refuse_voucher(session, a_voucher(granted=False, year=2027).id, EVIL, viewer=province, now=now)
        tell(voucher_notice, refused, now)
        letter = by_wire(now)[of_firm.email]
        assert "> too much" in plain(letter)
        assert is_harmless(letter)

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_a_claims_way_is_told_to_whom_it_concerns(self, session, tell, by_wire, a_claim, a_keeper, of_firm, province, language, now) -> None:
        of_firm.language = language
        one = a_claim(until="submitted")
        keeper = a_keeper(one.organisation)
        tell(claim_notice, one, now)
        assert keeper.email in by_wire(now)
        tell(claim_notice, claiming.send_back(session, one.id, EVIL, viewer=keeper, now=now), now)
        ((to, letter),) = by_wire(now).items()
        assert to == of_firm.email
        assert "> too much" in plain(letter)
        assert is_harmless(letter)
        claiming.submit(session, one.id, viewer=load_viewer(session, of_firm), now=now)
        tell(claim_notice, claiming.confirm_claim(session, one.id, viewer=keeper, now=now), now)
        found = by_wire(now)
        assert set(found) == {of_firm.email, province.email}
        tell(claim_notice, claiming.settle_claim(session, one.id, "BANK-7", viewer=province, now=now), now)
        (letter,) = by_wire(now).values()
        assert "BANK-7" in plain(letter)
        assert "¥12,000.00" in plain(letter)
        tell(claim_notice, claim(session, one.id), now)
        assert by_wire(now) == {}

    def test_the_pages_tell(self, by_wire, session, as_person, a_claim, a_voucher, a_person, a_keeper, of_firm, province, now) -> None:
        voucher = a_voucher(granted=False)
        boss = session.get_one(type(of_firm), province.person_id)
        ask = as_person(boss)
        assert ask("POST", f"/province/vouchers/{voucher.id}/grant", amount="1000").status_code == 302
        assert set(by_wire(now)) == {of_firm.email}
        one = a_claim("500.00", voucher=voucher, until="submitted")
        keeper = session.get_one(type(of_firm), a_keeper(one.organisation).person_id)
        assert as_person(keeper)("POST", f"/claims/{one.id}/vouch").status_code == 302
        assert set(by_wire(now)) == {of_firm.email, boss.email}
        assert ask("POST", f"/province/claims/{one.id}/settle", reference="B-1").status_code == 302
        assert set(by_wire(now)) == {of_firm.email}


def test_who_is_shut_out_gets_no_letter(session, tick, letters, reviewed, a_person, now) -> None:
    person = a_person()
    reviewed(person=person)
    person.status = "disabled"
    tick("to-review", now + 12 * HOUR)
    assert letters() == []
