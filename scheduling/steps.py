"""Which steps a person may take with a booking at this moment: what a page offers. The verbs check the same again."""

from __future__ import annotations

from datetime import datetime, timedelta

from instruments.access import Viewer
from scheduling.bookings import STEPS, Booking, may_change
from scheduling.desk import EARLY

TARGETS = {
    "move": "moved",
    "cancel": "cancelled",
    "approve": "confirmed",
    "decline": "declined",
    "start": "running",
    "finish": "finished",
    "no_show": "no_show",
}
FOR_MANAGERS = frozenset({"approve", "decline", "no_show"})
BESIDE_THE_INSTRUMENT = frozenset({"start", "finish"})


def open_steps(one: Booking, viewer: Viewer, now: datetime) -> frozenset[str]:
    """Give the steps that follow from the booking's state, are this person's to take, and come at the right time."""
    following = STEPS.get(one.status, frozenset())
    return frozenset(
        step
        for step, target in TARGETS.items()
        if target in following and _is_hers(step, one, viewer) and _is_timely(step, one, viewer, now)
    )


def _is_hers(step: str, one: Booking, viewer: Viewer) -> bool:
    if step in FOR_MANAGERS:
        return viewer.may_manage(one.instrument)
    if step in BESIDE_THE_INSTRUMENT:
        return one.person_id == viewer.person_id or viewer.may_manage(one.instrument)
    return may_change(viewer, one)


def _is_timely(step: str, one: Booking, viewer: Viewer, now: datetime) -> bool:
    if step == "move":
        return now < one.start_at or viewer.may_manage(one.instrument)
    if step == "cancel":
        return now < one.start_at + timedelta(minutes=1) or viewer.may_manage(one.instrument)
    if step == "start":
        return one.start_at - EARLY <= now < one.end_at
    if step == "approve":
        return now < one.end_at
    return step != "no_show" or now >= one.start_at
