"""Random histories: everything that may happen to two instruments of a facility around a moment at which clocks or calendars do something odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.classification import Category
from instruments.closures import Closure, close, lift, lift_day
from instruments.editing import edit
from instruments.errors import PortalError
from instruments.facilities import Facility
from instruments.holidays import clear_day, set_day
from instruments.opening import AROUND_THE_CLOCK, OpeningHours, set_hours
from instruments.people import Organisation, Person
from instruments.publication import STEPS, step
from instruments.roles import grant
from instruments.standing import PastStanding
from instruments.timespan import TimeSpan
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.correcting import correct_use, entry_of, with_span
from scheduling.statistics.figures import (
    FIGURES,
    SHAPE,
    DayFigure,
    DayUse,
    MonthFigure,
    MonthUse,
    YearFigure,
    YearPeople,
    YearUse,
)
from scheduling.statistics.keeping import note_new_day, rebuild, waiting_notes, work_off
from scheduling.statistics.people import home_of, unpack
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem, open_problem, resolve_problem, void
from scheduling.using import Noted, new_use
from tests.fixtures.moves import move
from tests.scheduling.statistics.slowly import Figures, Slowly

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFICE = tuple((weekday, 480, 1080) for weekday in range(5))
NIGHTS = tuple((weekday, 1320, 1320 + 480) for weekday in range(7))
PLANS = (AROUND_THE_CLOCK, OFFICE, NIGHTS, ((5, 60, 200), (6, 100, 1440)), ())


@dataclass(frozen=True, slots=True)
class World:
    """A place and a time: from when on things happen, and what time it is."""

    zone: str
    since: datetime
    now: datetime


WORLDS = {
    "the clocks go back in Berlin": World("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, 7, tzinfo=UTC)),
    "the clocks go forward in Berlin, and a month ends": World(
        "Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 4, 1, 7, tzinfo=UTC)
    ),
    "half an hour is told twice on Lord Howe": World(
        "Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 4, 6, 7, tzinfo=UTC)
    ),
    "half an hour is left out on Lord Howe": World(
        "Australia/Lord_Howe", datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 5, 7, tzinfo=UTC)
    ),
    "a midnight comes twice in St. John's": World(
        "America/St_Johns", datetime(2010, 11, 5, tzinfo=UTC), datetime(2010, 11, 9, 7, tzinfo=UTC)
    ),
    "a year ends in Shanghai": World("Asia/Shanghai", datetime(2027, 12, 30, tzinfo=UTC), datetime(2028, 1, 2, 7, tzinfo=UTC)),
    "a leap day in Shanghai": World("Asia/Shanghai", datetime(2028, 2, 28, tzinfo=UTC), datetime(2028, 3, 2, 7, tzinfo=UTC)),
}
NUMBER = st.integers(0, 99)
AT = st.integers(0, 3 * 96)  # quarters of an hour since things begin
SECOND = st.sampled_from((0, 0, 0, 1, 29, 54))
LENGTH = st.sampled_from((1, 15, 30, 60, 95, 180, 600, 1440, 2 * 1440 + 7))


class History(RuleBasedStateMachine):
    """Each rule is something that happens; afterwards the figures are those of the slow way, and those of a rebuild."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.connection = engine.connect()
        self.everything = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)

    def teardown(self) -> None:
        self.session.close()
        self.everything.rollback()
        self.connection.close()

    @initialize(world=st.sampled_from(sorted(WORLDS)), plan=st.sampled_from(PLANS), phased=st.booleans())
    def begin(self, world, plan, phased):
        self.world = WORLDS[world]
        self.now, ago = self.world.now, self.world.since - DAY // 2
        self.homes = [Organisation(code=f"H{number}", name_zh=f"第{number}大学", kind="university") for number in range(2)]
        self.people = [Person(email=f"p{n}@example.org", name="某", organisation=self.homes[n % 2], created_at=ago) for n in range(3)]
        self.session.add_all([*self.homes, *self.people, Category(code="010101", level=1, name_zh="显微镜")])
        self.session.flush()
        self.facilities = [Facility(name_zh="中心", organisation=self.homes[0]) for _ in range(2)]
        self.session.add_all(self.facilities)
        self.session.flush()
        self.instruments = [self._instrument(number, ago, plan) for number in range(2)]
        for instrument in self.instruments:
            grant(self.session, self.people[0], "manager", now=ago, instrument=instrument)
        self.session.flush()
        self.viewers = [load_viewer(self.session, person) for person in self.people]
        if phased:
            self.publish(0, 0, 0, "suspend")
        note_new_day(self.session, now=self.now)

    def _instrument(self, number, ago, plan):
        made = Instrument(
            organisation=self.homes[0], facility=self.facilities[0], inner_id=f"I{number}", name_zh="显微镜", category_code="010101",
            original_value=Decimal(1_000_000), country="JP", manufacturer="JEOL", model="X", commissioned="2018-05", contact="某",
            publication="published", published_at=ago + 30 * MINUTE, created_at=ago, time_zone=self.world.zone, lanes=1 + number,
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        set_hours(self.session, made, plan, valid_from=date(2010, 1, 1), now=ago, by=None, on_holidays=("closed", "as_usual")[number])
        return made

    def at(self, quarter, second=0):
        return self.world.since + quarter * 15 * MINUTE + second * timedelta(seconds=1)

    def pick(self, table, number, *where):
        rows = self.session.scalars(select(table).where(*where).order_by(table.id)).all()
        return rows[number % len(rows)] if rows else None

    def attempt(self, verb: Callable[[], Any]) -> None:
        """Do something; where it is refused, nothing has happened."""
        try:
            with self.session.begin_nested():
                verb()
                self.session.flush()
        except (PortalError, DBAPIError):
            self.session.expire_all()

    # Uses

    @rule(
        number=NUMBER, at=AT, second=SECOND, length=LENGTH, effective=st.sampled_from((None, None, 0, 7, 61, 1000)), person=st.integers(0, 2),
        mode=st.sampled_from(("self", "assisted", "sample", "maintenance")), purpose=st.sampled_from(("research", "teaching")),
        samples=st.integers(0, 3), rating=st.sampled_from(("", "satisfied", "fair")),
    )  # fmt: skip
    def use(self, number, at, second, length, effective, person, mode, purpose, samples, rating):
        start = self.at(at, second)
        end = start + length * MINUTE + number % 3 * timedelta(seconds=40)
        one = new_use(self.instruments[number % 2], self.viewers[person], start, Noted("web", None, start), start)
        one.occupies, one.mode, one.purpose, one.samples, one.rating = False, mode, purpose, samples, rating
        if end <= self.now:
            one.end_at, one.end_source, one.status, one.effective_minutes = end, "web", "recorded", effective
        self.attempt(lambda: self.session.add(one))

    @rule(number=NUMBER, length=LENGTH)
    def end_a_use(self, number, length):
        one = self.pick(UsageRecord, number, UsageRecord.status == "running")
        if one is not None:
            one.end_at, one.end_source, one.status = (
                min(one.start_at + length * MINUTE, max(self.now, one.start_at + MINUTE)),
                "web",
                "recorded",
            )

    @rule(number=NUMBER, what=st.sampled_from(("effective_minutes", "samples", "runs")), amount=st.integers(0, 99))
    def describe_a_use(self, number, what, amount):
        one = self.pick(UsageRecord, number, UsageRecord.status == "recorded")
        if one is not None:
            setattr(one, what, amount)

    @rule(number=NUMBER, to=st.sampled_from(("confirmed", "rated", "otherwise", "longer")))
    def change_a_use(self, number, to):
        one = self.pick(UsageRecord, number, UsageRecord.status == "recorded")
        if one is not None:
            changes = {"confirmed": ("status", to), "rated": ("rating", "very_satisfied"), "otherwise": ("purpose", "other")}
            setattr(one, *changes.get(to, ("end_at", one.end_at + 10 * MINUTE)))

    @rule(number=NUMBER)
    def void_a_use(self, number):
        one = self.pick(UsageRecord, number, UsageRecord.status == "recorded")
        if one is not None:
            void(self.session, one, "误登", self.people[0].id, self.now)

    @rule(number=NUMBER, shift=st.integers(-300, 300))
    def correct_a_use(self, number, shift):
        one = self.pick(UsageRecord, number, UsageRecord.status == "recorded")
        if one is not None:
            entry = with_span(entry_of(one), one.start_at + shift * MINUTE, one.end_at + shift * MINUTE)
            self.attempt(lambda: correct_use(self.session, one.id, entry, viewer=self.viewers[0], now=self.now, reason="更正"))

    @rule(number=NUMBER)
    def find_a_problem(self, number):
        one = self.pick(UsageRecord, number, UsageRecord.status == "recorded")
        if one is not None:
            open_problem(self.session, "disagreement", instrument_id=one.instrument_id, usage_id=one.id, now=self.now)
        else:
            open_problem(self.session, "unmatched", instrument_id=self.instruments[0].id, now=self.now)

    @rule(number=NUMBER)
    def resolve_a_problem(self, number):
        one = self.pick(UsageProblem, number, UsageProblem.resolved_at.is_(None), UsageProblem.usage_id.is_not(None))
        if one is not None:
            self.attempt(
                lambda: resolve_problem(self.session, one.id, viewer=self.viewers[0], now=self.now, resolution="accepted", reason="核对")
            )

    # Bookings and charges

    @rule(
        number=NUMBER, at=AT, length=LENGTH, person=st.integers(0, 2), warning=st.integers(-60, 60),
        status=st.sampled_from(("confirmed", "confirmed", "cancelled", "requested", "no_show", "finished")),
    )  # fmt: skip
    def book(self, number, at, length, person, warning, status):
        start, instrument = self.at(at), self.instruments[number % 2]
        one = Booking(
            instrument_id=instrument.id, lane=1, person_id=self.people[person].id, start_at=start, end_at=start + length * MINUTE,
            occupied_from=start, occupied_until=start + length * MINUTE, holds=status not in ("cancelled", "requested"), status=status,
            audience="internal" if person % 2 == 0 else "academic", created_at=start - 5 * DAY, changed_at=start - warning * HOUR,
        )  # fmt: skip
        self.attempt(lambda: self.session.add(one))

    @rule(number=NUMBER, status=st.sampled_from(("cancelled", "no_show", "finished", "moved")), warning=st.integers(-60, 60))
    def step_a_booking(self, number, status, warning):
        one = self.pick(Booking, number, Booking.status == "confirmed")
        if one is not None:
            one.status, one.holds, one.changed_at = status, status not in ("cancelled", "moved"), one.start_at - warning * HOUR

    @rule(number=NUMBER, fen=st.integers(0, 99_999), of=st.sampled_from(("use", "booking", "manual")), at=AT, is_final=st.booleans())
    def charge(self, number, fen, of, at, is_final):
        instrument, usage, booking = self.instruments[number % 2], None, None
        if of == "use":
            usage = self.pick(UsageRecord, number, UsageRecord.instrument_id == instrument.id)
        if of == "booking":
            booking = self.pick(Booking, number, Booking.instrument_id == instrument.id)
        used_at = usage.start_at if usage else booking.start_at if booking else self.at(at)
        one = Charge(
            usage_id=usage.id if usage else None, booking_id=booking.id if booking else None, kind="use" if usage else "manual",
            organisation_id=self.homes[0].id, user_organisation_id=self.homes[number % 2].id if number % 5 else None, instrument_id=instrument.id,
            person_id=self.people[0].id, used_at=used_at, total=Decimal(fen) / 100, made_at=used_at, status="draft",
        )  # fmt: skip
        if is_final:
            one.status, one.final_at = "final", self.now
        self.attempt(lambda: self.session.add(one))

    @rule(number=NUMBER)
    def finalise_a_charge(self, number):
        one = self.pick(Charge, number, Charge.status == "draft", Charge.total.is_not(None))
        if one is not None:
            one.status, one.final_at = "final", self.now

    @rule(number=NUMBER)
    def reverse_a_charge(self, number):
        one = self.pick(Charge, number, Charge.status == "final", Charge.reverses_id.is_(None))
        if one is not None:
            one.status = "reversed"
            kept = ("usage_id", "booking_id", "kind", "organisation_id", "user_organisation_id", "instrument_id", "person_id", "used_at")
            self.session.flush()
            same = {name: getattr(one, name) for name in kept}
            self.session.add(Charge(**same, total=-one.total, made_at=self.now, status="final", final_at=self.now, reverses_id=one.id))

    # The register

    @rule(
        number=NUMBER, at=AT, second=SECOND, length=LENGTH, kind=st.sampled_from(("fault", "maintenance", "teaching")), zone=st.booleans(),
        repeats=st.sampled_from(("", "", "daily", "weekly", "monthly")), every=st.integers(1, 2), days=st.integers(0, 9),
    )  # fmt: skip
    def close(self, number, at, second, length, kind, zone, repeats, every, days):
        target = (*self.instruments, *self.facilities)[number % 4]
        start = self.at(at, second)
        span = TimeSpan(start, start + length * MINUTE + number % 2 * timedelta(seconds=30))
        self.attempt(
            lambda: close(
                self.session, target, span, kind=kind, reason="维护", time_zone=self.world.zone if zone else "Asia/Shanghai", now=self.now, by=None,
                repeats=repeats, repeat_every=every, repeat_until=(start + days * DAY).date() if repeats else None,
            )
        )  # fmt: skip

    @rule(number=NUMBER, at=AT, second=SECOND)
    def lift_a_closure(self, number, at, second):
        one = self.pick(Closure, number)
        if one is not None:
            self.attempt(lambda: lift(self.session, one, now=self.at(at, second)))

    @rule(number=NUMBER, at=AT)
    def lift_a_day(self, number, at):
        one = self.pick(Closure, number, Closure.repeats != "")
        if one is not None:
            self.attempt(lambda: lift_day(self.session, one, self.at(at).date(), now=self.world.since))

    @rule(number=NUMBER, at=AT, plan=st.sampled_from(PLANS), on_holidays=st.sampled_from(("closed", "as_usual")))
    def plan(self, number, at, plan, on_holidays):
        instrument, today = self.instruments[number % 2], self.at(at)
        self.attempt(
            lambda: set_hours(self.session, instrument, plan, valid_from=today.date(), now=today - DAY, by=None, on_holidays=on_holidays)
        )

    @rule(number=NUMBER)
    def take_a_plan_back(self, number):
        one = self.pick(OpeningHours, number, OpeningHours.valid_from > date(2010, 1, 1))
        if one is not None:
            self.session.delete(one)

    @rule(at=AT, is_workday=st.booleans(), worked_as=st.integers(0, 6), clears=st.integers(0, 3))
    def keep_a_holiday(self, at, is_workday, worked_as, clears):
        day = self.at(at).date()
        if clears:
            set_day(self.session, day, is_workday=is_workday, worked_as=worked_as, name_zh="某节", name_en="")
        else:
            clear_day(self.session, day)

    @rule(number=NUMBER, at=AT, second=SECOND, name=st.sampled_from(sorted(STEPS)))
    def publish(self, number, at, second, name):
        instrument = self.instruments[number % 2]
        last = max((phase.at for phase in instrument.phases), default=self.world.since)
        self.attempt(lambda: step(instrument, name, now=max(self.at(at, second), last), note="说明"))

    @rule(number=NUMBER, at=AT, lanes=st.integers(1, 4))
    def change_the_places(self, number, at, lanes):
        self.attempt(lambda: edit(self.session, self.instruments[number % 2], {"lanes": lanes}, now=self.at(at)))

    @rule(number=NUMBER, at=AT, second=SECOND)
    def move_to_another_facility(self, number, at, second):
        instrument = self.instruments[number % 2]
        earlier = self.session.scalars(select(PastStanding.until_at).where(PastStanding.instrument_id == instrument.id)).all()
        move(self.session, instrument, at=max([self.at(at, second), *earlier]), facility_id=(*(one.id for one in self.facilities), None)[number % 3])

    @rule(number=NUMBER, at=AT, second=SECOND)
    def date_a_move_otherwise(self, number, at, second):
        instrument = self.instruments[number % 2]
        moves = self.session.scalars(select(PastStanding).where(PastStanding.instrument_id == instrument.id).order_by(PastStanding.id)).all()
        if moves:
            moves[-1].until_at = max([self.at(at, second), *(one.until_at for one in moves[:-1])])

    @rule(number=NUMBER)
    def take_a_move_back(self, number):
        one = self.pick(PastStanding, number)
        if one is not None:
            self.session.delete(one)

    @precondition(lambda self: self.now < self.world.now + 2 * DAY)
    @rule(hours=st.integers(1, 30))
    def time_goes_by(self, hours):
        self.now += hours * HOUR
        note_new_day(self.session, now=self.now)

    # What must always hold

    @invariant()
    def the_figures_are_right(self):
        self.the_figures_are_those_of_the_slow_way()
        self.a_rebuild_gives_the_same_rows()

    def the_figures_are_those_of_the_slow_way(self):
        self.session.flush()
        while work_off(self.session, now=self.now):
            pass
        assert waiting_notes(self.session) == 0
        for instrument in self.instruments:
            wanted = Slowly(self.connection, instrument.id, since=self.world.since - DAY, now=self.now)
            for table, figures, shape in (
                (DayFigure, wanted.days, ()), (MonthFigure, wanted.months(wanted.days), ()), (YearFigure, wanted.years(wanted.days), ()),
                (DayUse, wanted.shapes, SHAPE), (MonthUse, wanted.months(wanted.shapes), SHAPE), (YearUse, wanted.years(wanted.shapes), SHAPE),
            ):  # fmt: skip
                assert (table.__name__, _without_zeros(self._kept(table, instrument, shape))) == (table.__name__, _without_zeros(figures))
            assert self._users_kept(instrument) == {(day.replace(day=1), *who) for day, *who in wanted.users}

    def _users_kept(self, instrument):
        return {
            (row.starts_on.replace(month=number + 1), person, *home_of(home))
            for row in self._rows(YearPeople, instrument)
            for person, home, months in zip(*unpack(row.who), strict=True)
            for number in range(12)
            if months >> number & 1
        }

    def a_rebuild_gives_the_same_rows(self):
        before = {table: sorted(map(tuple, self.session.execute(select(table.__table__)))) for table in FIGURES}
        rebuild(self.session, [one.id for one in self.instruments], now=self.now)
        for table, rows in before.items():
            assert sorted(map(tuple, self.session.execute(select(table.__table__)))) == rows

    def rows_kept(self) -> int:
        """Count the rows of all figures."""
        return sum(len(self.session.execute(select(table.__table__)).all()) for table in FIGURES)

    def _rows(self, table, instrument):
        return self.session.execute(select(table.__table__).where(table.instrument_id == instrument.id)).all()

    def _kept(self, table, instrument, shape) -> Figures:
        named = (row._asdict() for row in self._rows(table, instrument))
        return {
            (row["starts_on"], *(row[name] for name in shape)): Counter(
                {name: value for name, value in row.items() if name not in ("instrument_id", "starts_on", *shape)}
            )
            for row in named
        }


def _without_zeros(figures: Figures) -> dict[Any, dict[str, int]]:
    told = {key: {name: value for name, value in counts.items() if value} for key, counts in figures.items()}
    return {key: counts for key, counts in sorted(told.items(), key=str) if counts}
