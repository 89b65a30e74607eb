"""Promise 5: a retry never doubles. One Idempotency-Key sent many times at once makes one booking, one answer and one letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.outbox import OutboxMessage
from scheduling.bookings import Booking
from tests.torture._arena import BACKENDS, arena, race, wish

TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


def check(backend: str, clients: int) -> None:
    """Send one key many times at once, in one person's name, then once more after the portal was killed."""
    with arena(backend, people=1, instruments=1) as one:
        one.tokens = [one.tokens[1]]
        api, body = f"{one.portal.url}/api/v1/bookings", wish(one.instruments[0], TOMORROW, 60)
        headers = {"Idempotency-Key": "the-same-key"}
        outcome = race(one, clients, lambda number, http, seen: seen.add(http.post(api, json=body, headers=headers)))
        ids = {content.get("id") for _, content in outcome.answers}
        print(f"{backend}: {clients} times the same key: {dict(outcome.statuses)}, {len(ids)} booking")
        assert dict(outcome.statuses) == {201: clients}, f"not every repeat got the first answer: {outcome.statuses}"
        assert len(ids) == 1, f"one key made {len(ids)} bookings"
        one.portal.kill()
        one.portal.start()
        again = race(one, 1, lambda number, http, seen: seen.add(http.post(api, json=body, headers=headers)))
        assert {content["id"] for _, content in again.answers} == ids, "after a crash the retry gave another booking"
        with Session(one.engine) as session:
            assert session.scalar(select(func.count(Booking.id))) == 1, "more than one booking"
            letters = session.scalar(select(func.count(OutboxMessage.id)).where(OutboxMessage.kind == "booking-confirmed"))
            assert letters == 1, f"{letters} letters for one booking"


def run(quick: bool) -> None:
    """Repeat on both databases."""
    for backend in BACKENDS:
        check(backend, 20 if quick else 50)
