"""Vouchers over the API: listed to who may see them, applied for once."""

from __future__ import annotations

import pytest


@pytest.fixture
def api(an_api, of_firm):
    return an_api(of_firm)


def asked(programme, **changes):
    return {"programme": str(programme.id), "year": 2026, "amount": "50000.00", "plan": "检测新材料"} | changes


def test_a_firm_applies_and_reads_its_vouchers(api, an_api, a_programme, a_person, province, session):
    one = a_programme()
    made = api("POST", "/vouchers", asked(one))
    assert made.status_code == 201
    assert (made.json["status"], made.json["asked"], made.json["granted"], made.json["left"]) == ("applied", "50000.00", None, None)
    assert [found["id"] for found in api("GET", "/vouchers").json["items"]] == [made.json["id"]]
    assert api("GET", "/vouchers?status=granted").json == {"items": [], "next": None}
    assert an_api(a_person())("GET", "/vouchers").json["items"] == []


def test_what_is_left_is_told(api, a_claim, a_voucher):
    a_claim("12000.00", voucher=a_voucher("100000.00"))
    (found,) = api("GET", "/vouchers?status=granted").json["items"]
    assert (found["granted"], found["left"], found["currency"]) == ("100000.00", "88000.00", "CNY")


def test_applying_again_is_refused_and_a_repeat_of_the_same_call_is_not(api, a_programme):
    one = a_programme()
    first = api("POST", "/vouchers", asked(one), **{"Idempotency-Key": "a"})
    assert api("POST", "/vouchers", asked(one), **{"Idempotency-Key": "a"}).json == first.json
    again = api("POST", "/vouchers", asked(one))
    assert again.status_code == 422
    assert [refusal["code"] for refusal in again.json["refusals"]] == ["already"]


@pytest.mark.parametrize(
    "changes",
    [{"amount": "200000.01"}, {"amount": "NaN"}, {"amount": "1e400"}, {"amount": 5}, {"year": 2031}, {"plan": " "}, {"price": "1"}],
)
def test_what_cannot_be_right_is_refused(api, a_programme, changes):
    assert api("POST", "/vouchers", asked(a_programme(), **changes)).status_code == 422


def test_a_programme_that_is_closed_or_not_there_is_told(api, a_programme):
    assert api("POST", "/vouchers", asked(a_programme(is_open=False))).status_code == 409
    assert api("POST", "/vouchers", asked(a_programme()) | {"programme": "987654"}).status_code == 404


def test_vouchers_are_paged_newest_first(api, a_programme):
    made = [api("POST", "/vouchers", asked(a_programme())).json["id"] for _ in range(3)]
    first = api("GET", "/vouchers?limit=2").json
    rest = api("GET", f"/vouchers?limit=2&cursor={first['next']}").json
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
