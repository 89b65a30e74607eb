"""Promise 12, for what people send in and what goes out to them: addresses, forms and calls full of hostile texts, and every letter.

Nothing of it depends on the kind of database, so one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.publication import STEPS
from portal import delivery, evaluationnotices, letters, moneynotices, notices
from portal.outbox import OutboxMessage, enqueue
from portal.reportticks import write_report_letter
from portal.savedfiles import ReportFile
from scheduling.accounting.claims import STATUSES as CLAIM_STATUSES
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.usageproblems import KINDS as PROBLEMS
from tests.fixtures.asking import Ask
from tests.fixtures.queries import Watched, WatchedRequest
from tests.fixtures.town import ROLES, Town
from tests.portal.poison import SCRIPT, WHOLE, harm_in_letter
from tests.portal.policies import IN
from tests.portal.test_hostile import harm_in, spoil
from tests.portal.walking import address, form_of, lines_for, routes

ON_ONE = pytest.mark.parametrize("backend", ["sqlite"])
LETTERS = Path(__file__).parents[2] / "templates" / "mail"
TEXTS = (f"={WHOLE}", f"javascript:{SCRIPT}", f"//example.org/\"'><x-hostile>{SCRIPT}")
# Who may do most comes first: each route is tried by one of them.
ABLE = ("province_admin", "organisation_admin", "manager", "owner", "researcher", "anonymous")
MANY = frozenset({"GET", "POST", "PUT", "PATCH"})


def able_to(app: Flask, town: Town, methods: frozenset[str]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Give (role, method, address, form) for every route, as the first of those whom it lets in."""
    for route, rule in routes(app, sorted(methods)):
        if "admin_" in route and "admin_person." not in route:
            continue  # all tables of the register share their views
        for line in lines_for(route):
            role = next((role for role in (*ABLE, *ROLES) if line.policy[role] == IN), None)
            if role:
                yield role, route.split()[0], address(app, town, rule, line), form_of(town, line)


def asked_by(send: Callable[[], Any]) -> set[str]:
    """Give the names a request was asked for."""
    Watched.asked = set()
    send()
    return Watched.asked - {"csrf_token"}


@ON_ONE
@pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples:DeprecationWarning")
class TestWhatIsSentIn:
    @pytest.fixture(autouse=True)
    def watched(self, app: Flask, undone: None) -> None:
        app.request_class = WatchedRequest
        app.testing = False  # what crashes is seen like any other harm

    def test_no_address_writes_into_its_page(self, app: Flask, town: Town, ask: Ask) -> None:
        found, tries = set(), 0
        for role, method, url, _ in able_to(app, town, frozenset({"GET"})):
            names = asked_by(lambda: ask(role, town, method, url))  # noqa: B023  # called at once
            path, _, given = url.partition("?")
            for number, name in enumerate(sorted(names)):
                query = dict(parse_qsl(given)) | {name: TEXTS[number % len(TEXTS)]}
                found |= {(path, name, harm) for harm in harm_in(ask(role, town, method, path, query=query))}
                tries += 1
        assert found == set()
        assert tries > 200

    def test_no_form_and_no_call_writes_into_its_answer(self, app: Flask, town: Town, ask: Ask) -> None:
        found, echoed = set(), set()
        for role, method, url, form in able_to(app, town, MANY - {"GET"}):
            names = asked_by(lambda: ask(role, town, method, url, form)) | {"note", "reason", "name"}  # noqa: B023  # called at once
            for sent in (dict.fromkeys(names, TEXTS[0]), dict.fromkeys(names, TEXTS[1]) | form):
                answer = ask(role, town, method, url, sent)
                found |= {(method, url, harm) for harm in harm_in(answer)}
                echoed |= {url} if "marker=1" in answer.text else set()
        assert found == set()
        assert len(echoed) > 15

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_what_is_not_there_is_not_repeated(self, town: Town, ask: Ask, method: str) -> None:
        for path in ("/", "/instruments/", "/api/v1/instruments/", "/calendars/feeds/", "/reset/", "/static/", "/admin/"):
            answer = ask("province_admin", town, method, path + SCRIPT)
            assert answer.status_code in (400, 404, 405)
            assert harm_in(answer) == []


def tell_everything(session: Session, town: Town, now: datetime) -> None:
    """Write every kind of letter there is."""
    things, actor = town.things, load_viewer(session, town.people["province_admin"])
    for kind in notices.CALENDAR:
        notices.notice(session, things["booking"], kind, now, actor=actor, reason=WHOLE, before=things["booking"])
    notices.notice(session, things["request"], "requested", now, actor=actor)
    notices.unstarted_notice(session, town.people["manager"], [things["late_booking"]], day="x", now=now)
    for kind in ("asked", "granted", "refused", "revoked"):
        notices.qualification_notice(session, things["asked"], kind, now)
    for kind in ("admitted", "refused", "disabled"):
        notices.person_notice(session, town.people["owner"], kind, now)
    notices.waiting_notice(session, town.people["waiting"], now)
    for step in STEPS:
        notices.instrument_notice(session, things["instrument"], step, now)
    context = {"login_url": "/", "reset_url": "/", "url": "/", "days": 3, "hours": 3, "at": now}
    for kind in ("already-registered", "confirm", "invitation", "password-changed", "reset"):
        enqueue(session, to=town.people["owner"], kind=kind, context=context, now=now)
    tell_of_money(session, town, now)
    tell_of_reports(session, town, now)
    for kind in ("evaluation-begun", "evaluation-graded", "evaluation-published"):
        evaluationnotices.round_notice(session, things["evaluation_graded"], kind, now)
    evaluationnotices.appeal_notice(session, things["appeal"], now)


def tell_of_money(session: Session, town: Town, now: datetime) -> None:
    """Write every kind of letter about money."""
    things, owner = town.things, [town.people["owner"]]
    moneynotices.disputed_notice(session, things["disputed_charge"], now)
    moneynotices.answered_notice(session, things["disputed_charge"], now)
    moneynotices.statements_notice(session, session.scalars(select(PeriodClose)).one(), now)
    moneynotices.voucher_notice(session, things["voucher_applied"], now)
    moneynotices.claim_notice(session, things["claim_submitted"], now)
    gathered = {
        "spend-to-approve": {"holds": [things["spend"]], "first": things["spend"]},
        "charges-to-review": {"charges": [things["charge"]], "count": 1},
        "problems-open": {"problems": [things["problem"]], "waiting": 2, "kinds": PROBLEMS},
        "claim-moved": {"one": things["claim_submitted"], "status": CLAIM_STATUSES["submitted"]},
    }
    for kind, context in gathered.items():
        moneynotices.tell(session, owner, kind, "x", context, now)


def tell_of_reports(session: Session, town: Town, now: datetime) -> None:
    """Send the saved report of the town with a file of a hostile name."""
    one = town.things["saved"]
    file = ReportFile(f"{one.name}.csv", "text/csv", b"key", one.name)
    write_report_letter(session, one, now, file, now)


@pytest.fixture
def written_kinds(session: Session) -> Callable[[], set[str]]:
    """`written_kinds()` gives the kinds of the letters that were written."""
    return lambda: set(session.scalars(select(OutboxMessage.kind)))


@pytest.fixture
def sent(app: Flask, town: Town, session: Session, now: datetime) -> Callable[[], list[bytes]]:
    """`sent()` spoils the town, writes every letter and sends it; gives those that went out."""

    def send() -> list[bytes]:
        with app.app_context():
            spoil(town, session, now)
            tell_everything(session, town, now)
            session.commit()
            while delivery.deliver():
                pass
        return [file.read_bytes() for file in (app.extensions["settings"].data_dir / "mail").glob("*.eml")]

    return send


@ON_ONE
class TestLetters:
    def test_no_letter_has_a_header_or_a_line_that_came_in_with_a_text(self, sent: Any, session: Session) -> None:
        letters_sent = sent()
        assert [harm for letter in letters_sent for harm in harm_in_letter(letter, 1)] == []
        assert len(letters_sent) > 25

    def test_every_kind_of_letter_was_written(self, sent: Any, written_kinds: Callable[[], set[str]]) -> None:
        sent()
        assert written_kinds() >= {file.stem for file in LETTERS.glob("*.txt")}

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            (b"Auto-Submitted: auto-generated", b"Auto-Submitted: auto-generated\r\nX-Hostile: 1"),
            (b"Subject: ", b"Subject: =?utf-8?q?=E2=80=AE?= "),
        ],
        ids=["a header too many", "a subject turned around"],
    )
    def test_what_is_wrong_with_a_letter_is_seen(self, sent: Any, good: bytes, bad: bytes) -> None:
        letter = next(letter for letter in sent() if good in letter)
        assert harm_in_letter(letter, 1) == []
        assert len(harm_in_letter(letter.replace(good, bad, 1), 1)) == 1

    def test_a_letter_that_keeps_the_lines_of_a_name_is_seen(self, sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(letters, "one_line", lambda text: text)
        monkeypatch.setattr(letters, "several_lines", lambda text: text)
        assert any("a line of its own" in harm for letter in sent() for harm in harm_in_letter(letter, 1))
