"""The price of an hour in the search: chosen on the page and over the API, and no statement more for it."""

from __future__ import annotations

import pytest

from instruments.search import Query, find, rebuild_index
from scheduling.pricebands import refresh_prices


@pytest.fixture
def priced(session, an_instrument, a_tariff, now):
    """Thirty instruments at 100 yuan an hour for everybody, and one without rates."""
    made = [an_instrument() for _ in range(30)]
    for one in made:
        a_tariff(one)
    an_instrument()
    rebuild_index(session)
    refresh_prices(session, now=now)
    session.commit()
    return made


def test_a_search_costs_as_many_statements_with_a_price_as_without(session, priced, statements):
    find(session, Query())  # reads the index once
    counts = []
    for query, total in ((Query(), 31), (Query(price="to100"), 30)):
        with statements() as seen:
            assert find(session, query).total == total
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_page_and_the_api_offer_it_and_choose_by_it(priced, a_browser):
    browser = a_browser()
    page = browser.get("/instruments?lang=en").text
    assert "What an hour costs you" in page
    assert "On request or not published" in page
    chosen = browser.get("/instruments?price=request&lang=en").text
    assert "Up to ¥100" in chosen
    found = browser.get("/api/v1/instruments?price=to100").json
    assert found["total"] == 30
    assert {value["value"]: value["count"] for value in found["facets"]["price"]} == {"to100": 30, "request": 1}
    assert browser.get("/api/v1/instruments?price=cheap").status_code == 422
    assert browser.get("/instruments?price=cheap").status_code == 422


def test_rates_published_on_the_page_are_found_at_once(session, an_instrument, a_tariff, a_manager, a_person, as_person, a_browser):
    browser = a_browser()
    one = an_instrument()
    tariff = a_tariff(organisation=one.organisation)
    manager = a_person(organisation=one.organisation)
    a_manager(one, person=manager)
    rebuild_index(session)
    session.commit()
    assert browser.get("/api/v1/instruments?price=to100").json["total"] == 0
    assert as_person(manager)("POST", f"/manage/instruments/{one.id}/rates", tariff=str(tariff.id)).status_code == 303
    assert browser.get("/api/v1/instruments?price=to100").json["total"] == 1
