"""How long the pages of statistics take over what has been counted, as they are asked for: whole pages, of administrators, a manager, everybody."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Organisation, Person
from instruments.roles import grant
from portal import clock, create_app
from portal.auth import sessions
from portal.config import Settings
from tests.bench.figures import YEAR

ROUNDS = 12
AT = datetime(YEAR, 12, 31, 4, tzinfo=UTC)
DESK = f"/manage/statistics?span=year&year={YEAR}"
MONTH = f"/manage/statistics/instruments/7/months/{YEAR}-06"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page, and who asks for it."""

    name: str
    who: str
    path: str


PAGES = (
    Asked("everybody's statistics", "everybody", f"/statistics?year={YEAR}"),
    Asked("GET /statistics by organisation", "province", f"/api/v1/statistics?year={YEAR}&by=organisation"),
    *(Asked(f"desk by {by}", "province", f"{DESK}&by={by}") for by in ("organisation", "category", "city", "instrument", "month")),
    Asked("desk against the year before", "province", f"{DESK}&by=organisation&against={YEAR - 1}"),
    Asked("how it is spread", "province", f"/manage/statistics/spread?span=year&year={YEAR}"),
    Asked("kinds of use, whose people where", "province", f"/manage/statistics/kinds?span=year&year={YEAR}"),
    Asked("the instruments of one kind", "province", f"/manage/statistics/kinds/mode/sample?span=year&year={YEAR}"),
    Asked("why sharing changed", "province", f"/manage/statistics/changes?span=q2&year={YEAR}"),
    Asked("an instrument's months", "province", f"/manage/statistics/instruments/7?span=year&year={YEAR}"),
    Asked("its days", "province", MONTH),
    Asked("the rows of a day", "province", f"/manage/statistics/instruments/7/days/{YEAR}-06-03"),
    Asked("what needs attention", "province", "/attention"),
    Asked("those below their quota", "province", "/attention/below_quota"),
    Asked("home of the province's administrator", "province", "/province"),
    Asked("home of an organisation's administrator", "organisation", "/organisation"),
    Asked("desk of an organisation by instrument", "organisation", f"{DESK}&by=instrument"),
    Asked("figures of a manager of 200 instruments", "manager", f"/manage/figures?year={YEAR}"),
)


def read_pages(engine: Engine) -> Iterator[str]:
    """Ask for each page, and give p50 and p95 in ms with the number of its statements."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, clock.freeze(AT):
        settings = Settings(data_dir=Path(folder), database_url="sqlite://", secret_key="bench only", base_url="http://localhost", sample=False)
        app = create_app(settings, engine)
        with Session(engine) as session:
            tokens = _tokens(session)
            session.commit()
        for asked in PAGES:
            client = app.test_client()
            if asked.who in tokens:
                with client.session_transaction() as cookie:
                    cookie["_user_id"] = tokens[asked.who]
            yield _measured(engine, client, asked)


def _tokens(session: Session) -> dict[str, str]:
    """Log in an administrator of the province, one of an organisation, and a manager of all its instruments."""
    organisation, people = session.get_one(Organisation, 8), [session.get_one(Person, number) for number in (1, 2, 3)]
    grant(session, people[0], "province_admin", now=AT)
    grant(session, people[1], "organisation_admin", now=AT, organisation=organisation)
    for instrument in session.query(Instrument).where(Instrument.organisation_id == organisation.id):
        grant(session, people[2], "manager", now=AT, instrument=instrument)
    names = ("province", "organisation", "manager")
    return {
        name: sessions.begin(session, person, now=AT, user_agent="bench", address="127.0.0.1")
        for name, person in zip(names, people, strict=True)
    }


def _measured(engine: Engine, client: FlaskClient, asked: Asked) -> str:
    took, said, answer = [], 0, client.get(asked.path)

    def count(*details: object) -> None:
        nonlocal said
        said += not str(details[2]).startswith(("PRAGMA", "BEGIN"))

    event.listen(engine, "before_cursor_execute", count)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(asked.path)
        took.append((time.perf_counter() - began) * 1000)
    event.remove(engine, "before_cursor_execute", count)
    p95 = statistics.quantiles(took, n=20)[18]
    return f"page, {asked.name}: {statistics.median(took):.0f} / {p95:.0f} ms, {said // ROUNDS} statements ({answer.status_code})"
