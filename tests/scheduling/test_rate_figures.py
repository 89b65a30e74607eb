"""The figures of history a price may depend on: earlier hours and yuan of a person or group in a cycle, and hours without a pause."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scheduling.changing import cancel
from scheduling.rates import price_span
from tests.fixtures.tariffs import HOUR, HOURLY

DAY_CAP = {**HOURLY, "caps": [{"code": "day", "brackets": [{"above": "300"}], "cycle": {"every": "day"}}]}
MONTHLY_TIERS = {
    "rates": [
        {**HOUR, "tiers_by": "cycle", "cycle": {"every": "month"}, "prices": [{"amount": "100", "tiers": [{"above": "5", "amount": "60"}]}]}
    ]
}


@pytest.fixture
def viewer(a_viewer):
    return a_viewer()


@pytest.fixture
def priced(session, viewer, now):
    """What a span of an instrument costs the viewer."""

    def find(instrument, span, **changes):
        values = {"audience": "other", "mode": "self", "purpose": "research", "person_id": viewer.person_id, "group_id": None, "now": now}
        return price_span(session, instrument, span, **values | changes)[1]

    return find


def test_earlier_hours_of_the_cycle_count_and_later_ones_do_not(an_instrument, a_tariff, a_booking, viewer, priced, a_span):
    instrument = an_instrument()
    a_tariff(instrument, spec=MONTHLY_TIERS)
    a_booking(instrument=instrument, viewer=viewer, span=a_span(10, 4))
    assert priced(instrument, a_span(20, 2)).total == Decimal("160.00")
    assert priced(instrument, a_span(1, 2)).total == Decimal("200.00")


def test_a_use_of_counts_instead_of_its_booking_and_for_its_effective_time(
    an_instrument, a_tariff, a_booking, a_use_of, viewer, priced, a_span
):
    instrument = an_instrument()
    a_tariff(instrument, spec=MONTHLY_TIERS)
    a_use_of(a_booking(instrument=instrument, viewer=viewer, span=a_span(10, 4)), effective_minutes=300)
    assert priced(instrument, a_span(20, 2)).total == Decimal("120.00")


def test_what_was_cancelled_does_not_count(session, an_instrument, a_tariff, a_booking, viewer, priced, a_span, now):
    instrument = an_instrument()
    a_tariff(instrument, spec=MONTHLY_TIERS)
    gone = a_booking(instrument=instrument, viewer=viewer, span=a_span(10, 8))
    cancel(session, gone.id, viewer=viewer, now=now)
    session.flush()
    assert priced(instrument, a_span(20, 2)).total == Decimal("200.00")


def test_another_month_or_another_person_begins_anew(an_instrument, a_tariff, a_booking, a_viewer, viewer, priced, a_span):
    instrument = an_instrument()
    a_tariff(instrument, spec=MONTHLY_TIERS)
    a_booking(instrument=instrument, viewer=viewer, span=a_span(10, 8))
    assert priced(instrument, a_span(24 * 20, 2)).total == Decimal("200.00")
    assert priced(instrument, a_span(20, 2), person_id=a_viewer().person_id).total == Decimal("200.00")


def test_a_daily_cap_takes_in_what_was_quoted_before(an_instrument, a_tariff, a_booking, viewer, priced, a_span):
    instrument = an_instrument()
    a_tariff(instrument, spec=DAY_CAP)
    a_booking(instrument=instrument, viewer=viewer, span=a_span(1, 2))
    assert priced(instrument, a_span(4, 2)).total == Decimal("100.00")
    assert priced(instrument, a_span(28, 2)).total == Decimal("200.00")


def test_a_cycle_may_run_across_all_instruments_of_the_tariff_and_of_a_group(
    an_instrument, a_tariff, a_group, a_person, a_booking, a_viewer, priced, a_span
):
    one, home = an_instrument(), None
    home = one.organisation
    two, elsewhere = an_instrument(organisation=home), an_instrument(organisation=home)
    cycle = {"every": "month", "across": True, "per": "group"}
    spec = {"rates": [{**MONTHLY_TIERS["rates"][0], "cycle": cycle}]}
    a_tariff(one, two, spec=spec)
    a_tariff(elsewhere, spec=spec)
    person, colleague = a_person(), a_person()
    group = a_group(person, colleague)
    a_booking(instrument=two, viewer=a_viewer(person=colleague), span=a_span(2, 5), group_id=group.id)
    assert priced(one, a_span(20), person_id=person.id, group_id=group.id).total == Decimal("60.00")
    assert priced(elsewhere, a_span(20), person_id=person.id, group_id=group.id).total == Decimal("100.00")
    assert priced(one, a_span(20), person_id=person.id).total == Decimal("100.00")


def test_consecutive_hours_go_on_over_bookings_that_touch(an_instrument, a_tariff, a_booking, viewer, priced, a_span):
    instrument = an_instrument()
    tiers = [{"above": "2", "amount": "10"}]
    a_tariff(instrument, spec={"rates": [{**HOUR, "tiers_by": "consecutive", "prices": [{"amount": "100", "tiers": tiers}]}]})
    a_booking(instrument=instrument, viewer=viewer, span=a_span(1, 1))
    a_booking(instrument=instrument, viewer=viewer, span=a_span(2, 1))
    assert priced(instrument, a_span(3, 2)).total == Decimal("20.00")
    assert priced(instrument, a_span(4, 2)).total == Decimal("200.00")
