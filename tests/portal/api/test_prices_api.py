"""Prices over the API: quotes with their lines, bookings that keep them, rates of an instrument; and no price from outside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from instruments.tariffs import use_tariff
from tests.fixtures.tariffs import HOUR

SPEC = {
    "rates": [HOUR, {"code": "samples", "name_en": "Samples", "unit": "sample", "prices": [{"amount": "30"}]}],
    "options": [{"code": "gold", "name_en": "Gold coating", "prices": [{"amount": "80"}]}],
}
TIME = {"start": "2026-11-24T09:00:00+08:00", "end": "2026-11-24T11:00:00+08:00"}


@pytest.fixture
def rated(an_instrument, a_tariff):
    def make(spec=SPEC, **changes):
        instrument = an_instrument(**changes)
        a_tariff(instrument, spec=spec)
        return instrument

    return make


@pytest.fixture
def ask(an_api, a_person):
    """`ask(path, body)` posts as a researcher and gives the answer."""
    call = an_api(a_person())

    def send(path, body=None, method="POST"):
        return call(method, path, body)

    return send


def test_a_quote_has_lines_that_make_its_total(ask, rated):
    answer = ask(f"/instruments/{rated().id}/quote", TIME | {"samples": 2, "items": ["gold"]}).json
    assert (answer["total"], answer["currency"]) == ("340.00", "CNY")
    assert sum(Decimal(line["amount"]) for line in answer["lines"]) == Decimal(answer["total"])
    assert answer["lines"][0] == {
        "code": "rate:time", "label": {"zh": "机时", "en": "Instrument time"}, "quantity": "2", "unit": {"zh": "小时", "en": "h"}, "rate": "100",
        "amount": "200.00",
    }  # fmt: skip


def test_without_rates_there_is_no_price(ask, an_instrument):
    answer = ask(f"/instruments/{an_instrument().id}/quote", TIME).json
    assert (answer["lines"], answer["total"], answer["notes"]) == ([], None, [])


def test_what_a_manager_must_price_says_so(ask, rated):
    answer = ask(f"/instruments/{rated({'rates': [{**HOUR, 'prices': [{'kind': 'request'}]}]}).id}/quote", TIME).json
    assert answer["total"] is None
    assert answer["notes"]


def test_alternatives_have_their_totals(ask, rated, a_booking, a_span):
    instrument = rated()
    a_booking(instrument=instrument, span=a_span(24, 2))
    answer = ask(f"/instruments/{instrument.id}/quote", TIME).json
    assert answer["refusals"][0]["code"] == "taken"
    assert {one["total"] for one in answer["alternatives"]} == {"200.00"}


def test_a_booking_keeps_its_quote_and_shows_it(ask, rated):
    made = ask("/bookings", TIME | {"instrument": str(rated().id), "quantities": {"sample": "1.5"}, "items": ["gold"]}).json
    quote = made["quote"]
    assert (quote["total"], quote["items"], quote["quantities"]) == ("325.00", ["gold"], {"sample": "1.5"})
    assert ask(f"/bookings/{made['id']}", method="GET").json["quote"] == quote
    assert ask("/bookings?mine=true", method="GET").json["items"][0]["quote"] == quote


def test_a_booking_without_rates_has_no_quote(ask, an_instrument):
    assert ask("/bookings", TIME | {"instrument": str(an_instrument().id)}).json["quote"] is None


def test_a_booking_that_moves_is_priced_anew(ask, rated):
    made = ask("/bookings", TIME | {"instrument": str(rated().id), "samples": 1}).json
    moved = ask(f"/bookings/{made['id']}", {"end": "2026-11-24T12:00:00+08:00"}, method="PATCH").json
    assert (moved["quote"]["total"], moved["quote"]["quantities"]) == ("330.00", {"sample": "1"})


@pytest.mark.parametrize("field", ["price", "total", "amount", "lines", "quote", "rate", "tariff_version_id"])
def test_a_price_from_outside_is_refused(ask, rated, field):
    instrument = rated()
    for path, body in ((f"/instruments/{instrument.id}/quote", TIME), ("/bookings", TIME | {"instrument": str(instrument.id)})):
        assert ask(path, body | {field: "0.01"}).status_code == 422
    assert ask("/bookings?mine=true", method="GET").json["total"] == 0


@pytest.mark.parametrize(
    "wrong", [{"items": ["silver"]}, {"samples": -1}, {"quantities": {"sample": "NaN"}}, {"quantities": {"sample": "1e400"}}]
)
def test_what_no_use_has_is_refused(ask, rated, wrong):
    instrument = rated()
    assert ask(f"/instruments/{instrument.id}/quote", TIME | wrong).status_code == 422
    assert ask("/bookings", TIME | {"instrument": str(instrument.id)} | wrong).status_code == 422


def test_everybody_reads_the_rates_of_an_instrument(client, session, rated, now):
    instrument = rated({"rates": [{**HOUR, "prices": [{"amount": "200"}, {"audiences": ["internal"], "amount": "50"}]}]})
    answer = client.get(f"/api/v1/instruments/{instrument.id}").json
    (row,) = answer["rates"]
    assert (row["label"]["en"], row["unit"]["en"], row["modes"]) == ("Instrument time", "h", None)
    assert {tuple(one["audiences"]): one["price"]["en"] for one in row["prices"]} == {
        ("group", "academic", "enterprise", "other"): "¥200.00", ("internal",): "¥50.00",
    }  # fmt: skip
    assert answer["rate_rules"]
    use_tariff(session, instrument, None, valid_from=now, by=None, now=now)
    session.commit()
    assert client.get(f"/api/v1/instruments/{instrument.id}").json["rates"] == []


def test_an_account_that_is_not_the_caller_s_is_refused(ask, rated):
    instrument = rated()
    assert ask(f"/instruments/{instrument.id}/quote", TIME | {"account": "987654"}).json["field"] == "account"
    refused = ask("/bookings", TIME | {"instrument": str(instrument.id), "account": "987654"})
    assert (refused.status_code, [one["code"] for one in refused.json["refusals"]]) == (422, ["account_not_yours"])
    assert ask("/bookings?mine=true", method="GET").json["total"] == 0


def test_quotes_of_bookings_are_listed_page_by_page(ask, an_api, a_person, rated, an_instrument):
    instrument = rated()
    for hour in (9, 10, 11):
        times = {"start": f"2026-11-25T{hour:02d}:00:00+08:00", "end": f"2026-11-25T{hour + 1:02d}:00:00+08:00"}
        assert ask("/bookings", times | {"instrument": str(instrument.id), "samples": hour}).status_code == 201
    ask("/bookings", TIME | {"instrument": str(an_instrument().id)})
    first = ask("/quotes?mine=true&limit=2", method="GET").json
    second = ask(f"/quotes?mine=true&limit=2&cursor={first['next']}", method="GET").json
    assert ([one["total"] for one in first["items"] + second["items"]], first["total"]) == (["370.00", "400.00", "430.00"], 3)
    assert second["next"] is None
    assert an_api(a_person())("GET", "/quotes").json["items"] == []


def test_a_quote_may_be_asked_by_naming_the_instrument(ask, rated, an_instrument):
    instrument = rated()
    assert ask("/quotes", TIME | {"instrument": str(instrument.id)}).json == ask(f"/instruments/{instrument.id}/quote", TIME).json
    assert ask("/quotes", TIME | {"instrument": str(an_instrument(publication="draft").id)}).status_code == 404
    assert ask("/quotes", TIME | {"instrument": str(instrument.id), "total": "1"}).status_code == 422
