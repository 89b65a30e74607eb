"""A page offers exactly the steps the verbs let through."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Forbidden, OutOfOrder
from scheduling.bookings import STATUSES
from scheduling.changing import cancel, move
from scheduling.deciding import approve, decline
from scheduling.desk import finish, mark_no_show, start
from scheduling.steps import TARGETS, open_steps

MINUTE = timedelta(minutes=1)
MOMENTS = (-600, -15, -14, 0, 1, 59, 60, 300)  # minutes after its start; it lasts an hour


@pytest.fixture
def verbs(session):
    """Each step as the verb that takes it, undone again."""

    def took(step, one, viewer, now):
        known = {"viewer": viewer, "now": now}
        with session.begin_nested() as attempt:
            verb = {
                "move": lambda: move(session, one.id, one.span.moved_to(now + timedelta(days=5)), **known),
                "cancel": lambda: cancel(session, one.id, reason="x", **known),
                "approve": lambda: approve(session, one.id, **known),
                "decline": lambda: decline(session, one.id, reason="x", **known),
                "start": lambda: start(session, one.id, **known),
                "finish": lambda: finish(session, one.id, **known),
                "no_show": lambda: mark_no_show(session, one.id, **known),
            }[step]
            try:
                verb()
            except (Forbidden, OutOfOrder):
                return False
            finally:
                attempt.rollback()
        return True

    return took


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("who", ["herself", "her PI", "the manager", "an auditor"])
def test_the_steps_offered_are_those_that_work(
    session, a_booking, an_instrument, a_person, a_viewer, a_group, a_manager, an_auditor_of_all, verbs, status, who
):
    instrument = an_instrument(step_minutes=1)
    student, pi = a_person(), a_person()
    group = a_group(student, pi=pi)
    one = a_booking(instrument=instrument, viewer=a_viewer(person=student), group_id=group.id)
    one.status, one.holds = status, status in ("confirmed", "running", "finished", "no_show", "requested")
    session.flush()
    auditor = an_auditor_of_all()
    session.flush()
    viewer = {
        "herself": a_viewer(person=student), "her PI": a_viewer(person=pi), "the manager": a_manager(instrument), "an auditor": a_viewer(person=auditor),
    }[who]  # fmt: skip
    for minutes in MOMENTS:
        now = one.start_at + minutes * MINUTE
        offered = open_steps(one, viewer, now)
        assert offered == {step for step in TARGETS if verbs(step, one, viewer, now)}, (minutes, offered)
