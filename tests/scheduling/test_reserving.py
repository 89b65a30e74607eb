"""Book and request: one verb for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from instruments.access import ANONYMOUS
from instruments.closures import close
from instruments.errors import Forbidden, Invalid, NotFound, Refused, Taken
from instruments.qualifications import grant_qualification
from instruments.rulebooks import publish_rules
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from scheduling.reserving import MOST_AT_ONCE, Wish, book

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24}}
HELD_OPEN = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}


def refused(kind=Refused):
    return pytest.raises(kind)


def codes(caught):
    return [refusal.code for refusal in caught.value.refusals]


@pytest.fixture
def count(session):
    return lambda: session.scalar(select(func.count(Booking.id)))


class TestBook:
    def test_a_free_time_is_confirmed(self, a_booking, a_span, a_viewer, now):
        viewer = a_viewer()
        made = a_booking(viewer=viewer, note="  两个样品 ")
        assert (made.status, made.holds, made.lane, made.person_id) == ("confirmed", True, 1, viewer.person_id)
        assert (made.span, made.occupied) == (a_span(), a_span())
        assert (made.note, made.audience, made.version, made.sequence, made.created_at) == ("两个样品", "academic", 1, 0, now)

    def test_a_taken_time_is_refused(self, a_booking, an_instrument, count):
        instrument = an_instrument()
        a_booking(instrument=instrument)
        with refused(Taken) as caught:
            a_booking(instrument=instrument)
        assert codes(caught) == ["taken"]
        assert count() == 1

    def test_a_booking_that_touches_another_is_accepted(self, a_booking, an_instrument, a_span):
        instrument = an_instrument()
        for after in (2, 1, 3):
            assert a_booking(instrument=instrument, span=a_span(after)).status == "confirmed"

    def test_set_up_and_clean_up_are_held_too(self, a_booking, an_instrument, a_span):
        instrument = an_instrument(setup_minutes=30, cleanup_minutes=15, step_minutes=15)
        made = a_booking(instrument=instrument, span=a_span(2))
        assert made.occupied == made.span.widened(timedelta(minutes=30), timedelta(minutes=15))
        with refused(Taken):
            a_booking(instrument=instrument, span=a_span(3.5))
        a_booking(instrument=instrument, span=a_span(3.75))

    def test_every_lane_can_be_taken_once(self, a_booking, an_instrument):
        instrument = an_instrument(lanes=3)
        assert [a_booking(instrument=instrument).lane for _ in range(3)] == [1, 2, 3]
        with refused(Taken):
            a_booking(instrument=instrument)

    def test_it_may_last_for_weeks_over_midnights_and_weekends(self, a_booking, an_instrument, a_span):
        assert a_booking(span=a_span(1, 24 * 92)).status == "confirmed"

    def test_a_closure_refuses_with_its_reason(self, session, a_booking, an_instrument, a_span, now):
        instrument = an_instrument()
        close(session, instrument, a_span(1, 4), kind="fault", reason="真空泵故障", time_zone="Asia/Shanghai", now=now, by=None)
        session.flush()
        with refused() as caught:
            a_booking(instrument=instrument, span=a_span(2))
        assert codes(caught) == ["closed"]
        assert "真空泵故障" in caught.value.sentence.zh

    def test_every_reason_is_told_at_once_and_that_it_is_taken_first(self, a_booking, an_instrument, a_span):
        rules = [{"kind": "longest", "parameters": {"minutes": 30}}, {"kind": "notice", "parameters": {"minutes": 600}}]
        instrument = an_instrument()
        a_booking(instrument=instrument)
        strict = an_instrument(rules=rules, sharing_mode="internal")
        with refused() as caught:
            a_booking(instrument=strict)
        assert codes(caught) == ["sharing", "longest", "notice"]

    def test_the_rules_in_force_when_it_starts_count(self, session, a_booking, an_instrument, a_span, now):
        instrument = an_instrument()
        tomorrow = [{"kind": "longest", "parameters": {"minutes": 60}}]
        publish_rules(session, instrument, tomorrow, valid_from=now + timedelta(days=1), by=None, now=now)
        session.flush()
        assert a_booking(instrument=instrument, span=a_span(2, 3)).status == "confirmed"
        with refused() as caught:
            a_booking(instrument=instrument, span=a_span(26, 3))
        assert codes(caught) == ["longest"]


class TestRequest:
    def test_what_needs_approval_waits_and_holds_its_time(self, a_booking, an_instrument, now):
        instrument = an_instrument(rules=[APPROVAL])
        made = a_booking(instrument=instrument)
        assert (made.status, made.holds) == ("requested", True)
        with refused(Taken):
            a_booking(instrument=instrument)

    def test_where_requests_do_not_hold_the_time_several_may_wait(self, a_booking, an_instrument):
        instrument = an_instrument(rules=[HELD_OPEN])
        assert [a_booking(instrument=instrument).holds for _ in range(2)] == [False, False]

    def test_it_lapses_after_the_hours_set_or_when_it_would_begin(self, a_booking, an_instrument, a_span, now):
        instrument = an_instrument(rules=[APPROVAL])
        assert a_booking(instrument=instrument, span=a_span(48)).expires_at == now + timedelta(hours=24)
        assert a_booking(instrument=instrument, span=a_span(2)).expires_at == now + timedelta(hours=2)

    def test_it_says_why_it_must_be_approved(self, a_booking, an_instrument):
        made = a_booking(instrument=an_instrument(rules=[APPROVAL]))
        assert "A manager approves" in made.approval_reasons
        assert "管理员审批" in made.approval_reasons

    def test_the_manager_need_not_ask_herself(self, a_booking, an_instrument, a_manager):
        instrument = an_instrument(rules=[APPROVAL], needs_qualification=True)
        assert a_booking(instrument=instrument, viewer=a_manager(instrument)).status == "confirmed"


class TestQualified:
    @pytest.fixture
    def trained(self, session, an_instrument, a_viewer, now):
        instrument, viewer = an_instrument(needs_qualification=True), a_viewer()

        def make(**changes):
            values = {"grade": 1, "expires_on": None, "by": None, "now": now}
            grant_qualification(session, viewer.person_id, instrument.id, **values | changes)
            session.flush()
            return {"instrument": instrument, "viewer": viewer}

        return make

    def test_who_is_qualified_may_book(self, a_booking, trained):
        assert a_booking(**trained()).status == "confirmed"

    def test_who_is_not_may_not(self, a_booking, an_instrument):
        with refused() as caught:
            a_booking(instrument=an_instrument(needs_qualification=True))
        assert codes(caught) == ["qualification"]

    def test_it_must_hold_to_the_end_of_the_use(self, a_booking, trained, a_span):
        person = trained(expires_on=date(2026, 11, 24))
        until_midnight = TimeSpan(datetime(2026, 11, 24, 14, 0, tzinfo=UTC), datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
        assert a_booking(**person, span=until_midnight).status == "confirmed"
        with refused() as caught:
            a_booking(**person, span=TimeSpan(until_midnight.end, until_midnight.end + timedelta(hours=1)))
        assert codes(caught) == ["qualification"]

    def test_a_low_grade_does_not_make_a_manager_smaller(self, session, a_booking, an_instrument, a_manager, now):
        instrument = an_instrument(rules=[{"kind": "qualification", "parameters": {"grade": 3}}])
        manager = a_manager(instrument)
        grant_qualification(session, manager.person_id, instrument.id, grade=1, expires_on=None, by=None, now=now)
        session.flush()
        assert a_booking(instrument=instrument, viewer=manager).status == "confirmed"


class TestQuota:
    rules = [{"kind": "quota", "parameters": {"most": 2, "of": "hours", "per": "person", "period": "day"}}]

    def test_what_was_booked_before_counts(self, a_booking, an_instrument, a_viewer, a_span):
        instrument, viewer = an_instrument(rules=self.rules), a_viewer()
        a_booking(instrument=instrument, viewer=viewer, span=a_span(1, 2))
        with refused() as caught:
            a_booking(instrument=instrument, viewer=viewer, span=a_span(4, 1))
        assert codes(caught) == ["quota"]
        assert a_booking(instrument=instrument, span=a_span(4, 1)).status == "confirmed"

    def test_what_was_cancelled_does_not(self, session, a_booking, an_instrument, a_viewer, a_span):
        instrument, viewer = an_instrument(rules=self.rules), a_viewer()
        first = a_booking(instrument=instrument, viewer=viewer, span=a_span(1, 2))
        first.status, first.holds = "cancelled", False
        session.flush()
        assert a_booking(instrument=instrument, viewer=viewer, span=a_span(4, 2)).status == "confirmed"

    def test_a_group_shares_its_quota(self, a_booking, an_instrument, a_viewer, a_person, a_group, a_span):
        quota = {"kind": "quota", "parameters": {"most": 1, "of": "bookings", "per": "group", "period": "week"}}
        instrument, one, two = an_instrument(rules=[quota]), a_person(), a_person()
        group = a_group(one, two)
        a_booking(instrument=instrument, viewer=a_viewer(person=one), group_id=group.id)
        with refused() as caught:
            a_booking(instrument=instrument, viewer=a_viewer(person=two), group_id=group.id, span=a_span(4))
        assert codes(caught) == ["quota"]


class TestSeveral:
    @pytest.fixture
    def two(self, an_instrument):
        return an_instrument(name_zh="甲", name_en="First"), an_instrument(name_zh="乙", name_en="Second", rules=[APPROVAL])

    def test_all_are_booked_in_one_bundle(self, session, two, a_viewer, a_span, now):
        made = book(session, Wish(tuple(one.id for one in two), a_span()), viewer=a_viewer(), now=now)
        assert [one.status for one in made] == ["confirmed", "requested"]
        assert len({one.bundle for one in made}) == 1
        assert made[0].bundle

    def test_or_none_and_the_refusal_names_the_instrument(self, session, two, a_booking, a_viewer, a_span, now, count):
        a_booking(instrument=two[1])
        with refused(Taken) as caught:
            book(session, Wish(tuple(one.id for one in two), a_span()), viewer=a_viewer(), now=now)
        (refusal,) = caught.value.refusals
        assert (refusal.sentence.zh, refusal.sentence.en) == ("乙：该时段已被占用。", "Second: This time is taken.")
        assert refusal.allowed == {"instrument": str(two[1].id)}
        assert count() == 1

    def test_one_named_twice_is_booked_once(self, session, two, a_viewer, a_span, now):
        assert len(book(session, Wish((two[0].id, two[0].id), a_span()), viewer=a_viewer(), now=now)) == 1


class TestBadWishes:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"mode": "asleep"}, "mode"),
            ({"mode": ""}, "mode"),
            ({"purpose": "war"}, "purpose"),
            ({"note": "x" * 501}, "note"),
            ({"note": "a\x00b"}, "note"),
            ({"group_id": 999_999}, "group"),
            ({"instrument_ids": ()}, "instruments"),
            ({"instrument_ids": tuple(range(1, MOST_AT_ONCE + 2))}, "instruments"),
        ],
    )
    def test_what_no_rule_need_be_asked_about_is_refused_with_its_field(self, session, an_instrument, a_viewer, a_span, now, changes, field):
        wish = replace(Wish((an_instrument().id,), a_span()), **changes)
        with pytest.raises(Invalid) as caught:
            book(session, wish, viewer=a_viewer(), now=now)
        assert caught.value.field == field

    @pytest.mark.parametrize(
        ("start", "end", "field"),
        [
            (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 3, 3, 0, 1, tzinfo=UTC), "end"),
            (datetime(2126, 12, 1, tzinfo=UTC), datetime(2126, 12, 2, tzinfo=UTC), "start"),
            (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC), "start"),
            (datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC), "start"),
            (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), "end"),
        ],
    )
    def test_times_out_of_all_bounds_are_refused_before_they_cost_anything(self, session, an_instrument, a_viewer, now, start, end, field):
        with pytest.raises(Invalid) as caught:
            book(session, Wish((an_instrument().id,), TimeSpan(start, end)), viewer=a_viewer(), now=now)
        assert caught.value.field == field

    def test_nobody_books_without_a_name(self, session, an_instrument, a_span, now):
        with pytest.raises(Forbidden):
            book(session, Wish((an_instrument().id,), a_span()), viewer=ANONYMOUS, now=now)

    @pytest.mark.parametrize("publication", ["draft", "submitted", "refused", "suspended", "retired"])
    def test_an_instrument_not_published_is_not_told_of(self, a_booking, an_instrument, publication):
        with pytest.raises(NotFound):
            a_booking(instrument=an_instrument(publication=publication))

    def test_its_manager_is_told_that_it_is_not_open(self, a_booking, an_instrument, a_manager):
        instrument = an_instrument(publication="draft")
        with refused() as caught:
            a_booking(instrument=instrument, viewer=a_manager(instrument))
        assert codes(caught) == ["not_published"]

    def test_an_unknown_instrument_is_not_found(self, session, a_viewer, a_span, now):
        with pytest.raises(NotFound):
            book(session, Wish((999_999,), a_span()), viewer=a_viewer(), now=now)


def test_a_booking_costs_the_same_statements_whatever_the_history(session, an_instrument, a_viewer, a_span, now):
    quota = {"kind": "quota", "parameters": {"most": 500}}
    instrument, viewer = an_instrument(rules=[quota]), a_viewer()
    session.flush()

    def statements(span):
        seen = []
        listen = (session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        event.listen(*listen)
        session.expunge_all()
        book(session, Wish((instrument.id,), span), viewer=viewer, now=now)
        event.remove(*listen)
        return len(seen)

    first = statements(a_span(1))
    for after in range(2, 42):
        book(session, Wish((instrument.id,), a_span(after)), viewer=viewer, now=now)
    assert statements(a_span(50)) == first
    assert first <= 12
