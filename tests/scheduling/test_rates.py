"""What a use costs by the rates in force: wishes, bookings with their stored quotes, uses, cancelled and missed bookings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from instruments.errors import Invalid
from instruments.tariffs import publish_tariff, use_tariff
from scheduling.bookingquotes import BookingQuote, quote_of, quotes_of
from scheduling.changing import cancel, move
from scheduling.quoting import quote, quote_move
from scheduling.rates import price_cancel, price_missed, price_span, price_usage
from scheduling.reserving import Wish, book
from tests.fixtures.tariffs import HOUR, HOURLY

DAY = timedelta(days=1)
BY_AUDIENCE = {"rates": [{**HOUR, "prices": [{"amount": "200"}, {"audiences": ["internal"], "amount": "50"}]}]}
WITH_SAMPLES = {
    "rates": [HOUR, {"code": "samples", "name_en": "Samples", "unit": "sample", "prices": [{"amount": "30"}]}],
    "options": [{"code": "gold", "name_en": "Gold coating", "prices": [{"amount": "80"}]}],
}
DAY_CAP = {**HOURLY, "caps": [{"code": "day", "brackets": [{"above": "300"}], "cycle": {"every": "day"}}]}
MONTHLY_TIERS = {
    "rates": [
        {**HOUR, "tiers_by": "cycle", "cycle": {"every": "month"}, "prices": [{"amount": "100", "tiers": [{"above": "5", "amount": "60"}]}]}
    ]
}
MISSED = {
    **HOURLY,
    "late_cancel": [{"code": "late", "name_en": "Late", "hours": 24, "percent": "50"}],
    "no_show": [{"code": "absent", "name_en": "No-show", "percent": "100"}],
}


def twice(spec):
    """The same at double the price by the hour."""
    return {**spec, "rates": [{**HOUR, "prices": [{"amount": "200"}]}]}


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


class TestAWish:
    def test_costs_the_hours_booked(self, an_instrument, a_tariff, priced, a_span):
        instrument = an_instrument()
        a_tariff(instrument)
        found = priced(instrument, a_span(1, 3))
        assert (found.total, [(str(line.quantity), line.amount) for line in found.lines]) == (Decimal("300.00"), [("3", Decimal("300.00"))])

    def test_of_an_instrument_without_rates_has_no_price(self, session, an_instrument, viewer, a_span, now):
        found = quote(session, Wish((an_instrument().id,), a_span()), viewer=viewer, now=now)
        assert (found.prices, found.lines, found.total) == ((None,), (), None)

    def test_costs_what_its_audience_pays(self, session, an_instrument, a_tariff, a_viewer, a_span, now):
        instrument = an_instrument()
        a_tariff(instrument, spec=BY_AUDIENCE)
        wish = Wish((instrument.id,), a_span(1, 2))
        for viewer, total in ((a_viewer(organisation=instrument.organisation), 100), (a_viewer(), 400)):
            assert quote(session, wish, viewer=viewer, now=now).total == total

    def test_counts_samples_and_options(self, session, an_instrument, a_tariff, viewer, a_span, now):
        instrument = an_instrument()
        a_tariff(instrument, spec=WITH_SAMPLES)
        wish = Wish((instrument.id,), a_span(), quantities=(("sample", Decimal(4)),), options=("gold",))
        assert quote(session, wish, viewer=viewer, now=now).total == Decimal("300.00")

    def test_with_an_option_the_tariff_does_not_have_is_refused(self, session, an_instrument, a_tariff, viewer, a_span, now):
        instrument = an_instrument()
        a_tariff(instrument, spec=WITH_SAMPLES)
        for verb in (quote, book):
            with pytest.raises(Invalid) as caught:
                verb(session, Wish((instrument.id,), a_span(), options=("silver",)), viewer=viewer, now=now)
            assert caught.value.field == "options"

    def test_of_several_has_each_option_where_it_is_known(self, session, an_instrument, a_tariff, viewer, a_span, now):
        one, other, free = (an_instrument() for _ in range(3))
        a_tariff(one, spec=WITH_SAMPLES)
        a_tariff(other)
        wish = Wish((one.id, other.id, free.id), a_span(), quantities=(("sample", Decimal(1)),), options=("gold",))
        assert quote(session, wish, viewer=viewer, now=now).total == Decimal("310.00")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-1", "1e400", "1000001"])
    def test_with_a_number_no_use_has_is_refused(self, session, an_instrument, viewer, a_span, now, number):
        wish = Wish((an_instrument().id,), a_span(), quantities=(("sample", Decimal(number)),))
        with pytest.raises(Invalid) as caught:
            quote(session, wish, viewer=viewer, now=now)
        assert caught.value.field == "quantities"

    def test_for_several_instruments_adds_up_and_a_manager_s_price_leaves_it_open(
        self, session, an_instrument, a_tariff, viewer, a_span, now
    ):
        one, two, asks, free = (an_instrument() for _ in range(4))
        a_tariff(one)
        a_tariff(two, spec=twice(HOURLY))
        a_tariff(asks, spec={"rates": [{**HOUR, "prices": [{"kind": "request"}]}]})
        for instruments, total in (((one, two, free), 300), ((one, asks), None), ((free,), None)):
            wish = Wish(tuple(instrument.id for instrument in instruments), a_span())
            assert quote(session, wish, viewer=viewer, now=now).total == total

    def test_has_alternatives_with_their_totals(self, session, an_instrument, a_tariff, a_booking, viewer, a_span, now):
        instrument, other = an_instrument(), an_instrument()
        a_tariff(instrument, spec=WITH_SAMPLES)
        a_tariff(other, spec=twice(HOURLY))
        a_booking(instrument=instrument)
        wish = Wish((instrument.id,), a_span(), quantities=(("sample", Decimal(1)),), options=("gold",))
        found = quote(session, wish, viewer=viewer, now=now).alternatives
        assert {one.total for one in found if one.instrument is instrument} == {Decimal("210.00")}
        assert {one.total for one in found if one.instrument is other} == {Decimal("200.00")}


class TestWhichVersion:
    @pytest.fixture
    def change(self, session, an_instrument, a_tariff, now):
        """An instrument whose price doubles tomorrow."""

        def make(lock):
            instrument = an_instrument()
            tariff = a_tariff(instrument, spec={**HOURLY, "price_lock": lock})
            publish_tariff(session, tariff, {**twice(HOURLY), "price_lock": lock}, valid_from=now + DAY, by=None, now=now)
            session.flush()
            return instrument

        return make

    @pytest.mark.parametrize(("lock", "total"), [("booking", 100), ("use", 200)])
    def test_is_that_of_the_booking_or_of_the_use_as_set(self, change, priced, a_span, lock, total):
        assert priced(change(lock), a_span(30)).total == total

    @pytest.mark.parametrize(("lock", "total"), [("booking", 100), ("use", 200)])
    def test_a_use_of_is_charged_by_the_same(self, session, change, a_booking, a_use_of, a_span, now, lock, total):
        booking = a_booking(instrument=change(lock), span=a_span(30))
        assert price_usage(session, a_use_of(booking), now=now + 2 * DAY)[1].total == total

    def test_an_instrument_that_gives_up_its_tariff_is_free_from_then_on(self, session, an_instrument, a_tariff, priced, a_span, now):
        instrument = an_instrument()
        a_tariff(instrument, spec={**HOURLY, "price_lock": "use"})
        use_tariff(session, instrument, None, valid_from=now + DAY, by=None, now=now)
        session.flush()
        assert priced(instrument, a_span(1)).total == 100
        assert priced(instrument, a_span(30)) is None


class TestABooking:
    def test_keeps_what_it_was_quoted(self, session, an_instrument, a_tariff, a_booking, a_span, now):
        instrument = an_instrument()
        tariff = a_tariff(instrument, spec=WITH_SAMPLES)
        quantities = (("sample", Decimal("2.5")),)
        booking = a_booking(instrument=instrument, span=a_span(1, 2), quantities=quantities, options=("gold",))
        kept = quote_of(session, booking.id)
        assert (kept.total, kept.version.tariff_id, kept.made_at) == (Decimal("355.00"), tariff.id, now)
        assert (kept.quantities, kept.options, kept.shares, kept.account_id) == ({"sample": "2.5"}, ["gold"], [], None)
        assert kept.price.total == sum(line.amount for line in kept.price.lines)
        assert quotes_of(session, [booking.id]) == {booking.id: kept}

    def test_without_rates_keeps_nothing(self, session, a_booking):
        a_booking()
        assert session.scalars(select(BookingQuote)).all() == []

    def test_of_several_keeps_one_quote_each(self, session, an_instrument, a_tariff, viewer, a_span, now):
        one, two = an_instrument(), an_instrument()
        a_tariff(one)
        made = book(session, Wish((one.id, two.id), a_span()), viewer=viewer, now=now)
        assert [quotes_of(session, [booking.id]).keys() == {booking.id} for booking in made] == [True, False]

    def test_that_moves_is_priced_anew_with_what_was_told_of_it(self, session, an_instrument, a_tariff, a_booking, viewer, a_span, now):
        instrument = an_instrument()
        a_tariff(instrument, spec=WITH_SAMPLES)
        old = a_booking(instrument=instrument, viewer=viewer, quantities=(("sample", Decimal(1)),), options=("gold",))
        assert quote_move(session, old, a_span(5, 3), viewer=viewer, now=now).total == Decimal("410.00")
        new = move(session, old.id, a_span(5, 3), viewer=viewer, now=now)
        kept = quote_of(session, new.id)
        assert (kept.total, kept.quantities, kept.options) == (Decimal("410.00"), {"sample": "1"}, ["gold"])
        assert quote_of(session, old.id).total == Decimal("210.00")

    def test_that_moves_where_its_options_are_unknown_loses_them(self, session, an_instrument, a_tariff, a_booking, viewer, a_span, now):
        one, other = an_instrument(), an_instrument()
        a_tariff(one, spec=WITH_SAMPLES)
        a_tariff(other)
        old = a_booking(instrument=one, viewer=viewer, options=("gold",), quantities=(("sample", Decimal(1)),))
        assert quote_of(session, move(session, old.id, a_span(5), viewer=viewer, now=now, instrument_id=other.id).id).total == 100

    @pytest.mark.parametrize("spec", [HOURLY, MONTHLY_TIERS, DAY_CAP], ids=["hourly", "tiers", "cap"])
    def test_costs_the_same_statements_whatever_the_history(self, session, an_instrument, a_tariff, viewer, a_span, now, spec):
        rated, free = an_instrument(), an_instrument()
        a_tariff(rated, spec=spec)

        def statements(instrument, span):
            seen = []
            listen = (session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
            event.listen(*listen)
            session.expunge_all()
            book(session, Wish((instrument.id,), span), viewer=viewer, now=now)
            event.remove(*listen)
            return len(seen)

        first = statements(rated, a_span(1))
        for after in range(2, 22):
            book(session, Wish((rated.id,), a_span(after)), viewer=viewer, now=now)
        assert statements(rated, a_span(50)) == first
        assert first - statements(free, a_span(50)) <= 4

    def test_of_an_instrument_without_rates_asks_for_them_once(self, session, an_instrument, viewer, a_span, now):
        instrument, seen = an_instrument(), []
        listen = (session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        event.listen(*listen)
        book(session, Wish((instrument.id,), a_span()), viewer=viewer, now=now)
        event.remove(*listen)
        about_money = [text for text in seen if "tariff" in text or "quote" in text or "usage" in text or "charge" in text]
        assert len(about_money) == 1


class TestAUse:
    def test_is_priced_with_its_samples_and_the_options_of_its_booking(self, session, an_instrument, a_tariff, a_booking, a_use_of, now):
        instrument = an_instrument()
        a_tariff(instrument, spec=WITH_SAMPLES)
        use = a_use_of(a_booking(instrument=instrument, quantities=(("sample", Decimal(9)),), options=("gold",)), samples=2)
        version, found = price_usage(session, use, now=now)
        assert (found.total, version.number) == (Decimal("240.00"), 1)

    def test_without_rates_has_no_price(self, session, a_booking, a_use_of, now):
        assert price_usage(session, a_use_of(a_booking()), now=now) == (None, None)

    def test_an_overrun_costs_more_only_if_somebody_wanted_the_time(
        self, session, an_instrument, a_tariff, a_booking, a_use_of, a_span, now
    ):
        fee = {"code": "over", "name_en": "Overrun", "on": "overrun", "only_if_wanted": True, "prices": [{"amount": "70"}]}
        instrument = an_instrument()
        a_tariff(instrument, spec={**HOURLY, "fees": [fee]})
        use = a_use_of(a_booking(instrument=instrument, span=a_span(1)), until=a_span(1).end + timedelta(minutes=30))
        assert price_usage(session, use, now=now)[1].total == Decimal("100.00")
        a_booking(instrument=instrument, span=a_span(2))
        assert price_usage(session, use, now=now)[1].total == Decimal("170.00")


class TestABookingThatCameToNothing:
    @pytest.fixture
    def instrument(self, an_instrument, a_tariff):
        instrument = an_instrument()
        a_tariff(instrument, spec=MISSED)
        return instrument

    @pytest.mark.parametrize(("after_hours", "total"), [(10, "100.00"), (30, "0.00")])
    def test_costs_half_when_cancelled_within_a_day(self, session, instrument, a_booking, viewer, a_span, now, after_hours, total):
        booking = a_booking(instrument=instrument, viewer=viewer, span=a_span(after_hours, 2))
        cancel(session, booking.id, viewer=viewer, now=now)
        assert price_cancel(session, booking)[1].total == Decimal(total)

    def test_costs_less_as_far_as_others_use_the_time(self, session, instrument, a_booking, viewer, a_span, now):
        booking = a_booking(instrument=instrument, viewer=viewer, span=a_span(10, 2))
        cancel(session, booking.id, viewer=viewer, now=now)
        session.flush()
        a_booking(instrument=instrument, span=a_span(11, 5))
        assert price_cancel(session, booking)[1].total == Decimal("50.00")

    def test_costs_all_of_it_when_nobody_came(self, session, instrument, a_booking, a_span):
        assert price_missed(session, a_booking(instrument=instrument, span=a_span(10, 2)))[1].total == Decimal("200.00")

    def test_costs_nothing_without_rates(self, session, a_booking):
        assert (price_cancel(session, a_booking()), price_missed(session, a_booking())) == ((None, None), (None, None))
