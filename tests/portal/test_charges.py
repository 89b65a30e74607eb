"""Charges on pages: the manager confirms, the user looks, accepts or objects, and the books follow; in both languages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from scheduling.accounting.accounts import Account
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import confirm_charge


@pytest.fixture
def user(a_person):
    return a_person()


@pytest.fixture
def leader(a_person):
    return a_person()


@pytest.fixture
def group(a_group, user, leader):
    return a_group(user, pi=leader)


@pytest.fixture
def grant(an_account, group):
    return an_account(group=group)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def manager(a_person, a_manager, instrument):
    """The manager as a person to log in with."""
    person = a_person(organisation=instrument.organisation)
    a_manager(instrument, person=person)
    return person


@pytest.fixture
def drafted(a_charge, instrument, user, grant, group):
    def make(**changes):
        return a_charge(**{"instrument": instrument, "person": user, "accounts": [grant], "group_id": group.id} | changes)

    return make


@pytest.fixture
def reviewed(session, drafted, manager, a_viewer, now):
    def make(**changes):
        one = drafted(**changes)
        confirm_charge(session, one.id, viewer=a_viewer(person=manager), now=now)
        return one

    return make


def reread(session, kind, key):
    session.expire_all()
    return session.get(kind, key)


def test_a_manager_confirms_and_the_user_accepts(session, drafted, manager, user, as_person, grant):
    one = drafted()
    keep, ask = as_person(manager), as_person(user)
    assert str(one.id) in keep("GET", "/charges?whose=managed&status=draft").text
    assert keep("POST", f"/charges/{one.id}/confirm").status_code == 302
    assert reread(session, Charge, one.id).status == "review"
    assert "¥120.00" in ask("GET", "/charges").text
    assert ask("POST", f"/charges/{one.id}/accept").status_code == 302
    assert reread(session, Charge, one.id).status == "final"
    assert reread(session, Account, grant.id).balance == 880


def test_a_pi_disputes_her_members_charge_and_the_manager_adjusts_it(session, reviewed, manager, leader, as_person):
    one = reviewed()
    lead, keep = as_person(leader), as_person(manager)
    assert lead("POST", f"/charges/{one.id}/dispute", **{"dispute-reason": ""}).status_code == 422
    assert lead("POST", f"/charges/{one.id}/dispute", **{"dispute-reason": "多算了半小时"}).status_code == 302
    assert "多算了半小时" in keep("GET", f"/charges/{one.id}").text
    assert keep("POST", f"/charges/{one.id}/answer", answer="减半小时", adjustment="-30").status_code == 302
    found = reread(session, Charge, one.id)
    assert (found.status, found.total) == ("review", 90)


@pytest.mark.parametrize("amount", ["abc", "NaN", "1e400", "-200"])
def test_a_line_that_cannot_be_is_told_on_the_page(session, drafted, manager, as_person, amount):
    one = drafted()
    answer = as_person(manager)("POST", f"/charges/{one.id}/lines", label="优惠", amount=amount, reason="老用户")
    assert answer.status_code == 422
    assert "优惠" in answer.text
    assert reread(session, Charge, one.id).total == 120


def test_an_open_price_is_set_by_a_line_with_its_reason(session, drafted, manager, as_person):
    one = drafted(is_open=True)
    keep = as_person(manager)
    assert keep("POST", f"/charges/{one.id}/lines", label="特殊样品", amount="300", reason="").status_code == 422
    assert keep("POST", f"/charges/{one.id}/lines", label="特殊样品", amount="300", reason="面议").status_code == 302
    assert reread(session, Charge, one.id).total == 300


def test_a_page_seen_before_somebody_changed_it_confirms_nothing(session, drafted, manager, as_person):
    one = drafted()
    keep, seen = as_person(manager), str(one.version)
    keep("POST", f"/charges/{one.id}/lines", label="优惠", amount="-20", reason="老用户")
    assert keep("POST", f"/charges/{one.id}/confirm", version=seen).status_code == 409
    assert reread(session, Charge, one.id).status == "draft"


def test_a_posted_charge_is_taken_back(session, reviewed, manager, user, as_person, grant):
    one = reviewed()
    as_person(user)("POST", f"/charges/{one.id}/accept")
    answer = as_person(manager)("POST", f"/charges/{one.id}/reverse", **{"reverse-reason": "误收"})
    assert answer.status_code == 302
    assert reread(session, Account, grant.id).balance == 1000
    back = session.scalars(select(Charge).where(Charge.reverses_id == one.id)).one()
    assert answer.location.endswith(f"/charges/{back.id}")


def test_the_user_divides_payment_over_two_accounts(session, reviewed, user, as_person, an_account, group, grant):
    one, other = reviewed(), an_account(group=group)
    ask = as_person(user)
    parts = {"account0": str(grant.id), "percent0": "30", "account1": str(other.id), "percent1": "60"}
    assert ask("POST", f"/charges/{one.id}/payers", **parts).status_code == 422
    assert ask("POST", f"/charges/{one.id}/payers", **parts | {"percent1": "70"}).status_code == 302
    ask("POST", f"/charges/{one.id}/accept")
    assert [reread(session, Account, each.id).balance for each in (grant, other)] == [964, 916]


def test_a_foreign_account_cannot_be_chosen(reviewed, user, as_person, an_account):
    one, foreign = reviewed(), an_account()
    assert as_person(user)("POST", f"/charges/{one.id}/payers", account0=str(foreign.id)).status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_has_its_page_in_both_languages(session, drafted, reviewed, manager, user, as_person, language):
    charges = [drafted(), drafted(is_open=True), reviewed(), reviewed(amount="60.00")]
    ask = as_person(user)
    ask("POST", f"/charges/{charges[3].id}/dispute", **{"dispute-reason": "不对"})
    for send in (ask, as_person(manager)):
        for one in charges:
            assert send("GET", f"/charges/{one.id}?lang={language}").status_code == 200
        assert send("GET", f"/charges?lang={language}").status_code == 200


def test_what_nobody_objects_to_is_on_the_books_after_the_review(session, reviewed, tick, now):
    one = reviewed()
    tick("charges", now + timedelta(days=6))
    assert reread(session, Charge, one.id).status == "review"
    tick("charges", now + timedelta(days=8))
    assert reread(session, Charge, one.id).status == "final"


def test_a_charge_is_worked_on_over_the_api(session, an_api, manager, user, instrument, grant):
    keep, ask = an_api(manager), an_api(user)
    body = {
        "instrument": str(instrument.id),
        "person": user.email,
        "label": "前处理",
        "amount": "50.00",
        "reason": "样品特殊",
        "account": str(grant.id),
    }
    made = keep("POST", "/charges", body, **{"Idempotency-Key": "k1"})
    assert (made.status_code, made.json["total"], made.json["status"]) == (201, "50.00", "draft")
    assert keep("POST", "/charges", body, **{"Idempotency-Key": "k1"}).json["id"] == made.json["id"]
    one = made.json["id"]
    assert ask("POST", f"/charges/{one}/confirm", {}).status_code == 403
    assert keep("POST", f"/charges/{one}/lines", {"label": "优惠", "amount": "-10", "reason": "老用户"}).json["total"] == "40.00"
    assert keep("POST", f"/charges/{one}/confirm", {}).json["status"] == "review"
    assert ask("POST", f"/charges/{one}/dispute", {"reason": "不对"}).json["status"] == "disputed"
    assert keep("POST", f"/charges/{one}/answer", {"reason": "减", "adjustment": "-5"}).json["total"] == "35.00"
    assert ask("POST", f"/charges/{one}/payers", {"shares": [{"account": str(grant.id), "percent": "99.99"}]}).status_code == 422
    assert ask("POST", f"/charges/{one}/accept", {}).json["status"] == "final"
    assert ask("POST", f"/charges/{one}/dispute", {"reason": "不对"}).status_code == 409
    assert keep("POST", f"/charges/{one}/reverse", {"reason": "误收"}).json["total"] == "-35.00"
    found = ask("GET", "/charges?limit=1").json
    assert (found["total"], len(found["items"]), ask("GET", f"/charges?cursor={found['next']}").json["items"][0]["id"]) == (2, 1, one)


@pytest.mark.parametrize("amount", ["NaN", "1e400", "-5", "1.234", ""])
def test_an_amount_that_cannot_be_is_refused_by_the_api(an_api, manager, user, instrument, amount):
    body = {"instrument": str(instrument.id), "person": user.email, "label": "前处理", "amount": amount, "reason": "x"}
    assert an_api(manager)("POST", "/charges", body).status_code == 422


def test_a_stranger_finds_no_charge(drafted, a_person, as_person, an_api):
    one, stranger = drafted(), a_person()
    assert as_person(stranger)("GET", f"/charges/{one.id}").status_code == 404
    assert an_api(stranger)("GET", f"/charges/{one.id}").status_code == 404
    assert an_api(stranger)("GET", "/charges").json["total"] == 0


def test_the_total_is_what_the_lines_say_to_the_fen(drafted):
    one = drafted(amount="100.01")
    assert sum((line.amount for line in one.lines), Decimal(0)) == one.total
