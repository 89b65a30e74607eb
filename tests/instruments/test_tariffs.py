"""Tariffs: versions in force from an instant on, instruments that charge by them; the past is never rewritten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Changed, Invalid, OutOfOrder
from instruments.tariffs import (
    found_tariff,
    publish_tariff,
    rates_of,
    tariffs_of,
    use_tariff,
    users_of,
    versions_at,
    versions_of_tariff,
    withdraw_tariff,
)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OLD, NEW = {"price": "100.00"}, {"price": "120.00"}


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def tariff(instrument, a_tariff):
    return a_tariff(instrument, spec=OLD)


@pytest.fixture
def publish(session, tariff, now):
    def make(spec, valid_from, **more):
        version = publish_tariff(session, tariff, spec, valid_from=valid_from, by=None, now=now, **more)
        session.flush()
        return version

    return make


def spec_at(session, instrument, at):
    version = versions_at(session, [instrument.id], at).get(instrument.id)
    return version.spec if version else None


def test_each_version_is_in_force_until_the_next(session, instrument, publish, now):
    publish(NEW, now + DAY)
    assert [spec_at(session, instrument, at) for at in (now, now + DAY - SECOND, now + DAY)] == [OLD, OLD, NEW]


def test_before_the_first_version_nothing_is_charged(session, instrument, tariff, now):
    assert spec_at(session, instrument, now - 20 * 365 * DAY) is None


def test_an_instrument_without_a_tariff_has_no_version(session, an_instrument, now):
    assert versions_at(session, [an_instrument().id], now) == {}


def test_a_tariff_that_says_nothing_yet_charges_nothing(session, an_instrument, a_tariff, now):
    instrument = an_instrument()
    a_tariff(instrument, spec=None)
    assert spec_at(session, instrument, now) is None


def test_of_two_versions_from_one_instant_the_newer_holds_and_both_are_kept(session, instrument, tariff, publish, now):
    publish(OLD, now + DAY)
    publish(NEW, now + DAY)
    assert spec_at(session, instrument, now + DAY) == NEW
    assert [one.number for one in versions_of_tariff(session, tariff)] == [3, 2, 1]


def test_rates_do_not_change_the_past(publish, now):
    with pytest.raises(Invalid) as caught:
        publish(NEW, now - SECOND)
    assert caught.value.field == "valid_from"
    assert publish(NEW, now).number == 2


def test_rates_for_a_far_future_are_refused(publish, now):
    with pytest.raises(Invalid):
        publish(NEW, now + 2000 * DAY)


def test_whoever_started_from_an_older_version_is_told(publish, now):
    publish(NEW, now, seen=1)
    with pytest.raises(Changed):
        publish(OLD, now + DAY, seen=1)


def test_an_approval_too_long_to_keep_is_refused(publish, now):
    with pytest.raises(Invalid) as caught:
        publish(NEW, now, approval="x" * 301)
    assert caught.value.field == "approval"


def test_a_version_not_in_force_yet_may_be_taken_back_once(session, instrument, publish, now):
    coming = publish(NEW, now + DAY)
    withdraw_tariff(coming, now=now)
    session.flush()
    assert spec_at(session, instrument, now + 2 * DAY) == OLD
    with pytest.raises(OutOfOrder):
        withdraw_tariff(coming, now=now)


def test_a_version_in_force_stays(session, tariff, now):
    with pytest.raises(OutOfOrder):
        withdraw_tariff(versions_of_tariff(session, tariff)[0], now=now)


def test_an_instrument_may_change_its_tariff_and_give_it_up(session, instrument, tariff, a_tariff, now):
    other = a_tariff(organisation=instrument.organisation, spec=NEW)
    use_tariff(session, instrument, other, valid_from=now + DAY, by=None, now=now)
    use_tariff(session, instrument, None, valid_from=now + 2 * DAY, by=None, now=now)
    session.flush()
    instants = (now, now + DAY, now + 2 * DAY)
    assert [spec_at(session, instrument, at) for at in instants] == [OLD, NEW, None]
    rates = rates_of(session, [instrument.id], *instants)[instrument.id]
    assert [found.spec if (found := rates.at(at)) else None for at in instants] == [OLD, NEW, None]
    assert [[one.id for one in users_of(session, tariff, at)] for at in instants] == [[instrument.id], [], []]


def test_what_an_instrument_charges_by_is_replaced_from_the_same_instant(session, instrument, tariff, now):
    for one in (None, tariff):
        use_tariff(session, instrument, one, valid_from=now + DAY, by=None, now=now)
        session.flush()
    assert spec_at(session, instrument, now + DAY) == OLD


def test_a_stretch_knows_every_version_within_it_and_the_one_before(session, instrument, publish, now):
    for days in range(1, 6):
        publish({"day": days}, now + days * DAY)
    rates = rates_of(session, [instrument.id], now + 2 * DAY, now + 4 * DAY)[instrument.id]
    assert [version.spec["day"] for _, version in rates.rows] == [2, 3, 4]
    assert rates.at(now + 3 * DAY).spec == {"day": 3}


def test_an_instrument_does_not_change_what_it_charged_by(session, instrument, tariff, now):
    with pytest.raises(Invalid) as caught:
        use_tariff(session, instrument, None, valid_from=now - SECOND, by=None, now=now)
    assert caught.value.field == "valid_from"


def test_only_a_tariff_of_the_same_organisation_in_use_may_be_used(session, instrument, tariff, a_tariff, now):
    laid_aside = a_tariff(organisation=instrument.organisation)
    laid_aside.is_active = False
    for wrong in (a_tariff(), laid_aside):
        with pytest.raises(Invalid) as caught:
            use_tariff(session, instrument, wrong, valid_from=now, by=None, now=now)
        assert caught.value.field == "tariff"


def test_one_tariff_serves_many_instruments(session, an_instrument, an_organisation, a_tariff, now):
    home = an_organisation()
    many = [an_instrument(organisation=home) for _ in range(3)]
    tariff = a_tariff(*many, spec=NEW)
    assert {version.tariff_id for version in versions_at(session, [one.id for one in many], now).values()} == {tariff.id}
    assert [one.id for one in users_of(session, tariff, now)] == [one.id for one in many]
    assert tariffs_of(session, [home.id]) == [tariff]


@pytest.mark.parametrize(("names", "field"), [((" ", ""), "name_zh"), (("电镜", "x" * 101), "name_en"), (("电\x00镜", ""), "name_zh")])
def test_a_tariff_needs_a_name_that_can_be_kept(session, an_organisation, now, names, field):
    with pytest.raises(Invalid) as caught:
        found_tariff(session, an_organisation(), *names, now=now)
    assert caught.value.field == field
