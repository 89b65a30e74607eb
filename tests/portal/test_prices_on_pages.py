"""Prices on pages: beside the form while a time is chosen, on the booking, and on the instrument's own page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.costsheets import read_cost_sheet, sheet_json
from instruments.tariffs import publish_tariff
from scheduling.bookingquotes import quote_of
from tests.fixtures.pageforms import read_form
from tests.fixtures.tariffs import HOUR, HOURLY

SPEC = {
    "rates": [HOUR, {"code": "samples", "name_en": "Samples", "unit": "sample", "prices": [{"amount": "30"}]}],
    "options": [{"code": "gold", "name_en": "Gold coating", "prices": [{"amount": "80"}]}],
}
SHEET = {"original_value": "2000000", "years": "10", "hours": "1600", "labour": "40"}
TOMORROW = "?start=2026-11-24T09:00&end=2026-11-24T11:00"


@pytest.fixture
def hers(client, log_in, a_person):
    return log_in(client, a_person(language="en"))


@pytest.fixture
def rated(an_instrument, a_tariff):
    def make(spec=SPEC, **version):
        instrument = an_instrument()
        a_tariff(instrument, spec=spec, **version)
        return instrument

    return make


def test_the_price_stands_beside_the_form_line_by_line(hers, rated):
    page = hers.get(f"/instruments/{rated(HOURLY).id}/book{TOMORROW}").text
    assert all(text in page for text in ("Instrument time", "2 h × ¥100.00", "¥200.00", "Total"))


def test_it_follows_what_is_filled_in(hers, rated):
    instrument = rated()
    form = read_form(hers.get(f"/instruments/{instrument.id}/book{TOMORROW}").text, "wish")
    sent = form.fields | {"quantity-sample": "3", "options": "gold"}
    page = hers.post(f"/instruments/{instrument.id}/quote", data=sent).text
    assert all(text in page for text in ("Gold coating", "¥90.00", "¥370.00"))


def test_what_is_booked_is_what_was_shown(hers, session, rated):
    instrument = rated()
    form = read_form(hers.get(f"/instruments/{instrument.id}/book{TOMORROW}").text, "wish")
    answer = hers.post(f"/instruments/{instrument.id}/book", data=form.fields | {"quantity-sample": "3", "options": "gold"})
    page = hers.get(answer.headers["Location"]).text
    assert "¥370.00" in page
    assert quote_of(session, int(answer.headers["Location"].rpartition("/")[2].partition("?")[0])).options == ["gold"]


def test_a_number_that_is_none_is_told(hers, rated):
    instrument = rated()
    form = read_form(hers.get(f"/instruments/{instrument.id}/book{TOMORROW}").text, "wish")
    for number in ("three", "NaN", "-1"):
        answer = hers.post(f"/instruments/{instrument.id}/book", data=form.fields | {"quantity-sample": number})
        assert (answer.status_code, "quantity is a number" in answer.text or "number that can be" in answer.text) == (422, True)


def test_an_option_nobody_offers_is_refused(hers, rated):
    instrument = rated()
    form = read_form(hers.get(f"/instruments/{instrument.id}/book{TOMORROW}").text, "wish")
    assert hers.post(f"/instruments/{instrument.id}/book", data=form.fields | {"options": "silver"}).status_code == 422


def test_a_price_a_manager_sets_is_said_so(hers, rated):
    page = hers.get(
        f"/instruments/{rated({'rates': [{**HOUR, 'prices': [{'kind': 'range', 'low': '50', 'high': '80'}]}]}).id}/book{TOMORROW}"
    ).text
    assert "¥100.00 to ¥160.00, set by a manager" in page


def test_without_rates_no_price_is_shown(hers, an_instrument):
    assert "price-total" not in hers.get(f"/instruments/{an_instrument().id}/book{TOMORROW}").text


def test_an_alternative_says_what_it_costs(hers, rated, a_booking, a_span):
    instrument = rated(HOURLY)
    a_booking(instrument=instrument, span=a_span(24, 2))
    assert "this instrument, ¥200.00" in hers.get(f"/instruments/{instrument.id}/book{TOMORROW}").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_reads_the_rates_the_approval_and_the_costs_behind_them(client, rated, now, language):
    instrument = rated(approval="校发〔2026〕12号", approved_on=now.date(), cost_sheet=sheet_json(read_cost_sheet(SHEET)))
    page = client.get(f"/instruments/{instrument.id}?lang={language}").text
    words = {"zh": ("收费标准", "机时", "每小时 ¥165.00"), "en": ("Rates", "Instrument time", "What an hour costs: ¥165.00")}[language]
    assert all(text in page for text in (*words, "¥100.00", "校发〔2026〕12号"))


def test_who_is_logged_in_sees_which_price_is_hers(client, log_in, a_person, rated):
    instrument = rated({"rates": [{**HOUR, "prices": [{"amount": "200"}, {"audiences": ["internal"], "amount": "50"}]}]})
    page = log_in(client, a_person(language="en", organisation=instrument.organisation)).get(f"/instruments/{instrument.id}").text
    assert "Own organisation (you)" in page


def test_a_change_to_come_is_told_with_its_day(client, session, an_instrument, a_tariff, now):
    instrument = an_instrument()
    tariff = a_tariff(instrument)
    dearer = {"rates": [{**HOUR, "prices": [{"amount": "130"}]}]}
    publish_tariff(session, tariff, dearer, valid_from=now + timedelta(days=30), by=None, now=now)
    session.commit()
    page = client.get(f"/instruments/{instrument.id}?lang=en").text
    assert "From Wed 23 Dec" in page
    assert "¥130.00" in page


def test_an_instrument_without_rates_has_no_table(client, an_instrument):
    assert 'id="rates"' not in client.get(f"/instruments/{an_instrument().id}").text
