"""Accounts on pages and over the API: opened and filled by their keeper, shared out by the PI, spent from by members."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal import files
from scheduling.accounting.accounts import Account, open_credit_of
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.divisions import division_of, history_of
from scheduling.accounting.evidence import DepositDocument
from scheduling.accounting.holds import Hold
from scheduling.bookings import Booking

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def home(an_organisation):
    return an_organisation()


@pytest.fixture
def user(a_person, home):
    return a_person(organisation=home)


@pytest.fixture
def leader(a_person, home):
    return a_person(organisation=home)


@pytest.fixture
def group(a_group, user, leader, home):
    return a_group(user, pi=leader, organisation=home)


@pytest.fixture
def keeper(an_organisation_admin, home):
    return an_organisation_admin(home)


def reread(session, kind, key):
    session.expire_all()
    return session.get(kind, key)


def test_a_keeper_opens_a_grant_and_records_a_transfer(session, keeper, group, as_person):
    keep = as_person(keeper)
    opened = keep("POST", "/accounts/new", kind="grant", group=str(group.id), name="自然科学基金", quota_mode="shared", is_active="y")
    one = session.scalars(select(Account).where(Account.group_id == group.id)).one()
    assert (opened.status_code, opened.location) == (302, f"/accounts/{one.id}")
    money = {"direction": "deposit", "amount": "1000", "reference": "BANK-1", "moved_on": "2026-11-20"}
    assert keep("POST", f"/accounts/{one.id}/transfers", **money).status_code == 302
    assert keep("POST", f"/accounts/{one.id}/transfers", **money).status_code == 422
    assert reread(session, Account, one.id).balance == 1000
    assert keep("POST", f"/accounts/{one.id}/transfers", **money | {"direction": "refund", "amount": "2000"}).status_code == 422
    assert "BANK-1" in keep("GET", f"/accounts/{one.id}").text


def test_the_books_own_accounts_stand_apart_from_those_people_pay_from(session, keeper, user, group, home, an_account, as_person, now):
    opened, owed = an_account(group=group, name="自然科学基金"), open_credit_of(session, home.id, home, now)
    session.commit()
    page = as_person(keeper)("GET", "/accounts").text
    answered, _, of_books = page.partition("由系统记账的账户")
    assert opened.name in answered
    assert owed.number not in answered
    assert owed.number in of_books
    assert owed.number not in as_person(user)("GET", "/accounts").text


def test_a_keeper_without_accounts_is_led_to_opening_one(keeper, as_person):
    page = as_person(keeper)("GET", "/accounts").text
    assert "还没有账户" in page
    assert page.count('href="/accounts/new"') == 2


def test_a_prepaid_account_of_a_firm_is_found_by_its_code(session, keeper, an_organisation, as_person):
    firm, keep = an_organisation(kind="enterprise"), as_person(keeper)
    wanted = {"kind": "prepaid", "name": "预付", "quota_mode": "shared", "is_active": "y"}
    assert keep("POST", "/accounts/new", **wanted, holder="NOBODY").status_code == 422
    assert keep("POST", "/accounts/new", **wanted, holder=firm.code).status_code == 302
    assert session.scalars(select(Account.kind).where(Account.holder_id == firm.id)).all() == ["prepaid"]


@pytest.mark.parametrize("terms", [
    {"name": ""}, {"approve_above": "NaN"}, {"approve_above": "-1"}, {"valid_from": "2026-12-01", "valid_until": "2026-11-01"}, {"credit_limit": "1e400"},
])  # fmt: skip
def test_terms_that_cannot_be_are_told_on_the_form(keeper, group, an_account, as_person, terms):
    one = an_account(group=group)
    values = {"name": "经费", "quota_mode": "shared", "is_active": "y"}
    assert as_person(keeper)("POST", f"/accounts/{one.id}/edit", **values | terms).status_code == 422


def test_a_keeper_changes_the_terms(session, keeper, group, an_account, as_person):
    one = an_account(group=group)
    values = {"name": "经费二", "quota_mode": "fixed", "needs_hold": "y", "approve_above": "500", "valid_until": "2027-12-31"}
    assert as_person(keeper)("POST", f"/accounts/{one.id}/edit", **values).status_code == 302
    found = reread(session, Account, one.id)
    assert (found.name, found.quota_mode, found.needs_hold, found.approve_above, found.is_active) == (
        "经费二",
        "fixed",
        True,
        Decimal(500),
        False,
    )


def test_a_pi_lets_a_member_spend_up_to_a_limit_and_takes_her_off_again(group, user, leader, a_person, an_account, as_person):
    one, stranger = an_account(group=group), a_person()
    lead, path = as_person(leader), f"/accounts/{one.id}/spenders"
    assert lead("POST", path, email=user.email, limit="500").status_code == 302
    page = lead("GET", f"/accounts/{one.id}").text
    assert user.email in page
    assert "¥500.00" in page
    assert lead("POST", path, email=stranger.email, limit="500").status_code == 422
    assert lead("POST", path, email="nobody@example.org", limit="").status_code == 422
    assert lead("POST", path, email=user.email, limit="NaN").status_code == 422
    assert lead("POST", f"{path}/{user.id}/remove").status_code == 302
    assert user.email not in lead("GET", f"/accounts/{one.id}").text


def test_a_member_sees_what_she_may_spend_and_not_the_groups_money(group, user, an_account, as_person):
    one = an_account(group=group, balance="12345.67")
    ask = as_person(user)
    for page in (ask("GET", "/accounts").text, ask("GET", f"/accounts/{one.id}").text):
        assert one.name in page
        assert "12,345.67" not in page


@pytest.mark.parametrize("step", ["approve", "refuse"])
def test_a_pi_decides_on_a_spend(session, group, leader, an_account, a_tariff, an_instrument, a_booking, a_viewer, user, as_person, step):
    instrument = an_instrument()
    a_tariff(instrument)
    watched = an_account(group=group, approve_above=Decimal(50))
    booking = a_booking(instrument=instrument, viewer=a_viewer(person=user), group_id=group.id, account_id=watched.id)
    hold = session.scalars(select(Hold)).one()
    lead = as_person(leader)
    assert "¥100.00" in lead("GET", "/accounts").text
    assert lead("POST", f"/accounts/spends/{hold.id}/{step}", reason="先讨论").status_code == 302
    assert reread(session, Booking, booking.id).status == ("confirmed" if step == "approve" else "cancelled")
    assert lead("POST", f"/accounts/spends/{hold.id}/{step}", reason="先讨论").status_code == 409


def test_income_is_divided_on_a_page(session, keeper, home, as_person, now):
    keep, path = as_person(keeper), f"/organisation/{home.id}/income"
    assert keep("GET", "/organisation/income").location.endswith(path)
    assert keep("POST", path, to_instrument="80", to_management="19.99", review_days="3").status_code == 422
    assert keep("POST", path, to_instrument="80", to_management="20", review_days="93").status_code == 422
    assert keep("POST", path, to_instrument="80", to_management="20", review_days="3").status_code == 302
    session.expire_all()
    assert division_of(session, home.id, at=now) == {"instrument": 80, "management": 20}


def test_one_instruments_income_is_divided_on_its_page(session, keeper, home, an_instrument, a_manager, a_person, as_person, now):
    one = an_instrument(organisation=home)
    keep, path = as_person(keeper), f"/manage/instruments/{one.id}/income"
    assert "单位的比例" in keep("GET", path).text
    assert keep("POST", path, to_instrument="80", to_management="19.99").status_code == 422
    assert keep("POST", path, to_instrument="80", to_management="20", valid_from="2026-11-22").status_code == 422
    assert keep("POST", path, to_instrument="80", to_management="20").status_code == 303
    assert keep("POST", path, to_organisation="100", valid_from="2026-12-01").status_code == 303
    page = keep("GET", path).text
    assert "单独分配" in page
    assert "管理费 20.00%" in page
    assert "即将生效" in page
    assert "管理费 20.00%" in keep("GET", f"/organisation/{home.id}/income").text
    session.expire_all()
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert division_of(session, home.id, one.id, at=december - timedelta(hours=9)) == {"instrument": 80, "management": 20}
    assert division_of(session, home.id, one.id, at=december) == {"organisation": 100}
    coming = history_of(session, home.id, one.id, now=now)[0].division.id
    assert keep("POST", f"{path}/{coming}/withdraw").status_code == 303
    assert keep("POST", path, clear="1").status_code == 303
    session.expire_all()
    assert division_of(session, home.id, one.id, at=december) == {"instrument": 100}
    assert keep("POST", path, clear="1").status_code == 409
    manager = a_person(organisation=home)
    a_manager(one, person=manager)
    look = as_person(manager)
    assert "由单位管理员设置" in look("GET", path).text
    assert look("POST", path, to_instrument="100").status_code == 403


class TestEvidence:
    """What the keeper saw of a transfer: kept by what it is, shown to who may see the account."""

    MONEY = {"amount": "1000", "reference": "BANK-1", "moved_on": "2026-11-20", "direction": "deposit"}

    @pytest.fixture
    def one(self, an_account, group):
        return an_account(group=group, balance="0")

    def test_it_comes_with_the_transfer_or_later_and_stays(self, session, one, keeper, as_person):
        keep = as_person(keeper)
        assert keep("POST", f"/accounts/{one.id}/transfers", **self.MONEY, file=(io.BytesIO(PDF), "../../回单.pdf")).status_code == 302
        kept = session.scalars(select(DepositDocument)).one()
        path = f"/accounts/{one.id}/deposits/{kept.deposit_id}"
        assert keep("POST", f"{path}/documents", file=(io.BytesIO(PDF), "b.pdf")).status_code == 302
        assert "2 份凭证" in keep("GET", f"/accounts/{one.id}").text
        with keep("GET", f"{path}/documents/{kept.id}") as given:
            assert (given.status_code, given.data, given.mimetype) == (200, PDF, "application/pdf")
        assert given.headers["Content-Disposition"].startswith("attachment")
        assert "/" not in kept.file_name
        assert given.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in given.headers["Content-Security-Policy"]

    @pytest.mark.parametrize(("content", "name"), [(b"MZ\x90\x00\x03", "a.pdf"), (b"\x89PNG\r\n\x1a\n", "a.png"), (b"", "a.pdf")])
    def test_it_is_taken_by_its_content_alone(self, session, one, keeper, as_person, content, name):
        keep = as_person(keeper)
        refused = keep("POST", f"/accounts/{one.id}/transfers", **self.MONEY, file=(io.BytesIO(content), name))
        assert refused.status_code == 422
        assert session.scalars(select(Deposit)).all() == []  # the transfer is recorded with its evidence, or not at all
        assert keep("POST", f"/accounts/{one.id}/transfers", **self.MONEY).status_code == 302
        path = f"/accounts/{one.id}/deposits/{session.scalars(select(Deposit.id)).one()}"
        assert keep("POST", f"{path}/documents", file=(io.BytesIO(content), name)).status_code == 422
        assert keep("POST", f"{path}/documents").status_code == 422

    def test_there_is_an_end_to_how_many(self, session, one, keeper, pay_in, as_person, monkeypatch):
        monkeypatch.setattr("scheduling.accounting.evidence.MOST_DOCUMENTS", 1)
        path, keep = f"/accounts/{one.id}/deposits/{pay_in(one, '5').id}/documents", as_person(keeper)
        assert keep("POST", path, file=(io.BytesIO(PDF), "a.pdf")).status_code == 302
        assert keep("POST", path, file=(io.BytesIO(PDF), "b.pdf")).status_code == 422

    def test_the_pi_reads_it_and_a_member_who_only_spends_does_not(self, session, one, keeper, leader, user, pay_in, an_account, as_person):
        made = pay_in(one, "5")
        path = f"/accounts/{one.id}/deposits/{made.id}"
        as_person(keeper)("POST", f"{path}/documents", file=(io.BytesIO(PDF), "a.pdf"))
        kept = session.scalars(select(DepositDocument.id)).one()
        lead, member = as_person(leader), as_person(user)
        with lead("GET", f"{path}/documents/{kept}") as given:
            assert given.status_code == 200
        assert "添加凭证文件" not in lead("GET", path).text
        assert lead("POST", f"{path}/documents", file=(io.BytesIO(PDF), "b.pdf")).status_code == 403
        assert [member("GET", each).status_code for each in (path, f"{path}/documents/{kept}")] == [404, 404]
        elsewhere = an_account(group=one.group)
        assert lead("GET", f"/accounts/{elsewhere.id}/deposits/{made.id}/documents/{kept}").status_code == 404

    def test_its_file_is_not_swept_away(self, session, one, keeper, pay_in, as_person, app, now):
        path = f"/accounts/{one.id}/deposits/{pay_in(one, '5').id}/documents"
        as_person(keeper)("POST", path, file=(io.BytesIO(PDF), "a.pdf"))
        with app.app_context():
            assert files.prune(now + timedelta(days=400)) == 0
        kept = session.scalars(select(DepositDocument.id)).one()
        with as_person(keeper)("GET", f"{path}/{kept}") as given:
            assert given.status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_are_there_in_both_languages(group, keeper, leader, user, home, an_account, as_person, language):
    one = an_account(group=group, approve_above=Decimal(50), needs_hold=True)
    for person in (keeper, leader, user):
        for path in ("/accounts", f"/accounts/{one.id}"):
            assert as_person(person)("GET", f"{path}?lang={language}").status_code == 200
    for path in ("/accounts/new", f"/accounts/{one.id}/edit", f"/accounts/{one.id}/transfers", f"/organisation/{home.id}/income"):
        assert as_person(keeper)("GET", f"{path}?lang={language}").status_code == 200


def test_an_account_is_opened_and_filled_over_the_api(an_api, keeper, user, group):
    keep = an_api(keeper)
    made = keep("POST", "/accounts", {"kind": "grant", "name": "基金", "group": str(group.id), "number": "52072345"})
    assert (made.status_code, made.json["number"], made.json["balance"]) == (201, "52072345", "0.00")
    path = f"/accounts/{made.json['id']}"
    money = {"amount": "250.50", "reference": "BANK-1", "moved_on": "2026-11-20"}
    assert keep("POST", f"{path}/deposits", money).json["balance"] == "250.50"
    assert keep("POST", f"{path}/deposits", money).status_code == 422
    assert keep("POST", f"{path}/deposits", money | {"refund": True, "amount": "0.50"}).json["balance"] == "250.00"
    mine = an_api(user)("GET", "/accounts").json
    assert [(one["number"], one["balance"]) for one in mine["items"]] == [("52072345", None)]
    assert an_api(user)("POST", "/accounts", {"kind": "grant", "name": "基金"}).status_code == 403


@pytest.mark.parametrize(
    "changes", [{"amount": "NaN"}, {"amount": "1e400"}, {"amount": "-1"}, {"moved_on": "2026-02-30"}, {"balance": "1"}]
)
def test_a_deposit_that_cannot_be_is_refused_by_the_api(an_api, keeper, group, an_account, changes):
    body = {"amount": "10", "reference": "R", "moved_on": "2026-11-20"} | changes
    assert an_api(keeper)("POST", f"/accounts/{an_account(group=group).id}/deposits", body).status_code == 422
