"""Batches of gateways, and the switched-on intervals made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.access import Grant, Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from scheduling.gateways import Device, Gateway, add_gateway, assign, renew_key
from scheduling.matching import to_match
from scheduling.readings import AHEAD, MOST_READINGS, OLDEST, Reading, Sample, take_batch
from scheduling.switchedon import DIP, SILENCE, SwitchedOn, spells, work_off

ON, OFF = 400_000, 3_000  # milliwatts
MINUTE = timedelta(minutes=1)


@pytest.fixture
def instrument(an_instrument: Any) -> Any:
    return an_instrument()


@pytest.fixture
def keeper(instrument: Any) -> Viewer:
    return Viewer(person_id=1, grants=(Grant("organisation_admin", organisation_id=instrument.organisation_id),))


@pytest.fixture
def gateway(session: Session, instrument: Any, keeper: Viewer, now: datetime) -> Gateway:
    return add_gateway(session, instrument.organisation_id, "Basement", viewer=keeper, now=now)


def power(at: datetime, value: int = ON, channel: str = "A1") -> Sample:
    return Sample(channel, "power", at, value)


def a_run(start: datetime, minutes: int, every: int = 1) -> list[Sample]:
    """An hour of a running instrument and its end: on, on, ..., off."""
    return [power(start + minute * MINUTE) for minute in range(0, minutes, every)] + [power(start + minutes * MINUTE, OFF)]


class Sender:
    """A gateway's own numbering of its batches."""

    def __init__(self, session: Session, gateway: Gateway) -> None:
        self.session, self.gateway, self.sent = session, gateway, 0

    def __call__(self, samples: Sequence[Sample], now: datetime, **changes: Any) -> Any:
        self.sent += 1
        values = {"name": f"b{self.sent}", "digest": f"d{self.sent}", "sent_at": now} | changes
        return take_batch(self.session, self.gateway, values["name"], values["digest"], samples, sent_at=values["sent_at"], now=now)


@pytest.fixture
def send(session: Session, gateway: Gateway) -> Sender:
    return Sender(session, gateway)


def intervals(session: Session) -> list[tuple[datetime, datetime, bool]]:
    work_off(session)
    session.flush()
    rows = session.scalars(select(SwitchedOn).order_by(SwitchedOn.start_at))
    return [(one.start_at, one.end_at, one.is_closed) for one in rows]


class TestBatches:
    def test_a_batch_is_kept_and_its_channel_noted_until_somebody_says_whose_it_is(
        self, session: Session, send: Sender, now: datetime
    ) -> None:
        taken = send(a_run(now - 60 * MINUTE, 10), now)
        assert (taken.received, taken.new, taken.known, taken.refused, taken.unassigned) == (11, 11, 0, 0, ("A1",))
        assert session.scalars(select(Device)).one().instrument_id is None

    def test_a_repeat_gets_the_first_answer_and_adds_nothing(self, session: Session, send: Sender, now: datetime) -> None:
        samples = a_run(now - 60 * MINUTE, 10)
        first = send(samples, now)
        assert send(samples, now + MINUTE, name="b1", digest="d1") == first
        assert session.scalar(select(func.count()).select_from(Reading)) == 11

    def test_the_same_name_with_other_content_is_refused(self, send: Sender, now: datetime) -> None:
        send(a_run(now - 60 * MINUTE, 10), now)
        with pytest.raises(OutOfOrder):
            send(a_run(now - 60 * MINUTE, 11), now, name="b1", digest="other")

    def test_a_batch_replayed_after_days_is_refused(self, send: Sender, now: datetime) -> None:
        samples = a_run(now - 60 * MINUTE, 10)
        send(samples, now)
        with pytest.raises(OutOfOrder):
            send(samples, now + timedelta(days=2), name="b1", digest="d1")

    def test_readings_known_already_are_counted_and_not_doubled(self, session: Session, send: Sender, now: datetime) -> None:
        send(a_run(now - 60 * MINUTE, 10), now)
        taken = send(a_run(now - 60 * MINUTE, 12), now)
        assert (taken.new, taken.known) == (2, 11)  # the off at minute 10 stays what it was
        assert session.scalar(select(func.count()).select_from(Reading)) == 13

    def test_a_reading_of_a_wrong_clock_is_told_and_not_kept(self, send: Sender, now: datetime) -> None:
        taken = send([power(now + AHEAD + MINUTE), power(now - OLDEST - MINUTE), power(now)], now)
        assert (taken.new, taken.refused) == (1, 2)

    def test_the_drift_of_the_gateways_clock_is_noted(self, send: Sender, now: datetime) -> None:
        assert send([power(now)], now, sent_at=now + timedelta(seconds=95)).drift_seconds == 95

    def test_a_batch_too_large_or_without_a_fit_name_is_refused(self, send: Sender, now: datetime) -> None:
        with pytest.raises(Invalid):
            send([power(now)] * (MOST_READINGS + 1), now)
        for name in ("", "x" * 65, "a\nb", "批"):
            with pytest.raises(Invalid):
                send([power(now)], now, name=name)

    def test_an_empty_batch_is_a_sign_of_life(self, send: Sender, now: datetime) -> None:
        assert send([], now).new == 0


class TestKeeping:
    def test_only_who_administers_the_organisation_keeps_its_gateways(self, session: Session, gateway: Gateway, now: datetime) -> None:
        stranger = Viewer(person_id=9, grants=(Grant("organisation_admin", organisation_id=gateway.organisation_id + 1),))
        with pytest.raises(Forbidden):
            add_gateway(session, gateway.organisation_id, "Mine", viewer=stranger, now=now)
        with pytest.raises(NotFound):
            renew_key(session, gateway.id, viewer=stranger)

    def test_a_channel_goes_only_to_an_instrument_of_the_same_organisation(
        self, session: Session, send: Sender, keeper: Viewer, an_instrument: Any, an_organisation: Any, now: datetime
    ) -> None:
        send([power(now)], now)
        device = session.scalars(select(Device)).one()
        other = an_instrument(organisation=an_organisation())
        both = Viewer(person_id=1, grants=(*keeper.grants, Grant("organisation_admin", organisation_id=other.organisation_id)))
        with pytest.raises(NotFound):
            assign(session, device.id, other.id, viewer=both)

    @pytest.mark.parametrize("changes", [{"lane": 2}, {"lane": 0}, {"on_above_watts": 0}, {"on_above_watts": 10**9}])
    def test_a_channel_needs_a_position_that_is_there_and_a_sensible_threshold(
        self, session: Session, send: Sender, keeper: Viewer, instrument: Any, now: datetime, changes: dict[str, int]
    ) -> None:
        send([power(now)], now)
        with pytest.raises(Invalid):
            assign(session, session.scalars(select(Device)).one().id, instrument.id, viewer=keeper, **changes)


class TestIntervals:
    def test_a_run_is_one_interval_from_the_first_on_to_the_first_off(self, session: Session, send: Sender, now: datetime) -> None:
        start = now - 60 * MINUTE
        send(a_run(start, 30), now)
        assert intervals(session) == [(start, start + 30 * MINUTE, True)]

    def test_a_dip_does_not_end_it_and_a_pause_does(self, session: Session, send: Sender, now: datetime) -> None:
        start = now - 120 * MINUTE
        send(a_run(start, 10) + a_run(start + 13 * MINUTE, 10) + a_run(start + 60 * MINUTE, 10), now)
        assert intervals(session) == [(start, start + 23 * MINUTE, True), (start + 60 * MINUTE, start + 70 * MINUTE, True)]

    def test_silence_ends_it_at_the_last_that_was_heard(self, session: Session, send: Sender, now: datetime) -> None:
        start = now - 120 * MINUTE
        send(a_run(start, 10)[:-1], now)
        assert intervals(session) == [(start, start + 9 * MINUTE, False)]

    def test_late_readings_join_what_silence_had_parted(self, session: Session, send: Sender, now: datetime) -> None:
        run = a_run(now - 120 * MINUTE, 60)
        send(run[:15] + run[40:], now)
        assert len(intervals(session)) == 2
        send(run[15:40], now)
        assert intervals(session) == [(now - 120 * MINUTE, now - 60 * MINUTE, True)]

    def test_another_threshold_makes_other_intervals(
        self, session: Session, send: Sender, keeper: Viewer, instrument: Any, now: datetime
    ) -> None:
        send(a_run(now - 60 * MINUTE, 30), now)
        intervals(session)
        assign(session, session.scalars(select(Device)).one().id, instrument.id, on_above_watts=500, viewer=keeper)
        session.flush()
        assert intervals(session) == []

    def test_each_card_has_its_own_time(self, session: Session, send: Sender, now: datetime) -> None:
        times = [now - timedelta(hours=hours) for hours in (6, 5, 4, 1)]
        cards = zip(times, (1, 1, 0, 0), ("x", "y", "x", "y"), strict=True)
        send([Sample("D1", "card", at, value, card) for at, value, card in cards], now)
        assert intervals(session) == [(times[0], times[2], True), (times[1], times[3], True)]

    def test_only_what_is_over_and_belongs_to_an_instrument_is_matched(
        self, session: Session, send: Sender, keeper: Viewer, instrument: Any, now: datetime
    ) -> None:
        send(a_run(now - 120 * MINUTE, 30) + [power(now - minute * MINUTE) for minute in range(5)], now)
        intervals(session)
        assert to_match(session, now=now, most=9) == []
        assign(session, session.scalars(select(Device)).one().id, instrument.id, viewer=keeper)
        session.flush()
        assert [one.end_at for one in to_match(session, now=now, most=9)] == [now - 90 * MINUTE]
        assert len(to_match(session, now=now + SILENCE["power"] + MINUTE, most=9)) == 2

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
    @given(day=st.lists(st.tuples(st.integers(0, 600), st.booleans()), max_size=60, unique_by=lambda pair: pair[0]), seed=st.integers())
    def test_the_order_and_the_cutting_into_batches_do_not_matter(
        self, session: Session, send: Sender, now: datetime, day: list[tuple[int, bool]], seed: int
    ) -> None:
        start = now - timedelta(hours=12)
        chance, channel = random.Random(seed), f"C{send.sent}"
        samples = [power(start + minute * MINUTE, ON if is_on else OFF, channel) for minute, is_on in day]
        shuffled = chance.sample(samples, len(samples))
        while shuffled:
            count = chance.randint(1, 10)
            send(shuffled[:count], now)
            shuffled = shuffled[count:]
            work_off(session)
            session.flush()
        rows = session.scalars(select(SwitchedOn).join(SwitchedOn.device).where(Device.channel == channel).order_by(SwitchedOn.start_at))
        at_once = spells(
            ((one.at, one.value == ON) for one in sorted(samples, key=lambda one: one.at)), silence=SILENCE["power"], dip=DIP["power"]
        )
        assert [(one.start_at, one.end_at, one.is_closed) for one in rows] == [(one.start, one.end, one.is_closed) for one in at_once]
