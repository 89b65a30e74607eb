"""Promise 12: no script, formula or header gets through. Hostile texts stand wherever a text can, and every page, list and calendar is read.

What a page makes of a text does not depend on where the text was kept, so the pages are walked on one database; lists and calendars on both.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments import audit
from instruments.database import Base
from instruments.exchange import cells, sheets
from instruments.people import Person
from instruments.search.index import rebuild_index
from portal import importruns
from portal.exports import XLSX
from portal.security import POLICY
from tests.fixtures.asking import Ask
from tests.fixtures.town import ROLES, Town
from tests.portal.poison import (
    HEADER,
    WHOLE,
    harm_in_calendar,
    harm_in_cells,
    harm_in_csv,
    harm_in_page,
    harm_in_workbook,
    poison,
    read_page,
)
from tests.portal.walking import pages

# The register's form of a person is made by Flask-Admin, which knows no other choices yet.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Passing SelectField choices as tuples:DeprecationWarning", "ignore:Yielding raw tuples from iter:DeprecationWarning"
)
ON_ONE = pytest.mark.parametrize("backend", ["sqlite"])
LISTS = (
    "/instruments/export.csv", "/instruments/export.xlsx", "/instruments/uniquip.csv", "/instruments/export.csv?scope=managed",
    "/instruments/export.xlsx?scope=managed", "/instruments/export.json?scope=managed", "/admin/audit_entry/export/csv/",
)  # fmt: skip
# Those whose pages show the most; a page is made of the same things before and after.
SEEING = ("province_admin", "organisation_admin", "manager", "owner", "anonymous")
Seen = tuple[str, str, Any]


def spoil(town: Town, session: Session, now: datetime) -> None:
    """Put hostile texts into the whole town, and into the list somebody uploaded."""
    assert poison(session, now) > 1000
    rebuild_index(session)
    session.commit()
    written = io.StringIO()
    csv.writer(written).writerows([f"={row}{column}{WHOLE}" for column in range(3)] for row in range(4))
    (importruns.folder() / "town-uploaded").write_text(written.getvalue(), encoding="utf-8", newline="")


@pytest.fixture
def spoilt(app: Flask, town: Town, session: Session, now: datetime) -> Town:
    """The town with hostile texts in it."""
    with app.app_context():
        spoil(town, session, now)
    return town


def walked(app: Flask, town: Town, ask: Ask, session: Session, roles: Iterable[str] = ROLES) -> Iterator[Seen]:
    """Give (role, route, answer) for every page of these roles, those of one row of the register too."""
    for role in roles:
        for route, url in pages(app, town, role):
            yield role, route, ask(role, town, "GET", url + _row_of(session, route))


def _row_of(session: Session, route: str) -> str:
    name, _, view = route.removeprefix("GET admin_").partition(".")
    if not route.startswith("GET admin_") or view not in ("details_view", "edit_view"):
        return ""
    (key,) = Base.metadata.tables[name].primary_key.columns
    return f"?id={session.scalar(select(key).limit(1))}"


def harm_in(answer: Any, entries: int | None = None) -> list[str]:
    """Everything that is wrong with one answer; `entries` are those its calendar should have, where that is known."""
    found = [f"answered {answer.status_code}"] if answer.status_code >= 500 else []
    found += harm_in_headers(answer)
    if answer.mimetype == "text/html":
        found += harm_in_page(answer.text)
    elif answer.mimetype == "text/csv":
        found += harm_in_csv(answer.data)
    elif answer.mimetype == XLSX:
        found += harm_in_workbook(answer.data)
    elif answer.mimetype == "text/calendar":
        found += harm_in_calendar(answer.data, entries_in(answer) if entries is None else entries)
    return found


def harm_in_headers(answer: Any) -> list[str]:
    """Headers that should not be there, and policies that are not."""
    named = answer.headers.get("Content-Security-Policy", "")
    strict = named in (POLICY, "default-src 'none'; sandbox") and "unsafe" not in named
    found = [] if strict and answer.headers["X-Content-Type-Options"] == "nosniff" else [f"the policy {named!r}"]
    there = answer.headers.get("Location", "/")
    found += [f"leads to {there}"] if not there.startswith("/") or there.startswith("//") else []
    return found + [f"a header {name}" for name, _ in answer.headers if name.lower() == HEADER.lower()]


def entries_in(answer: Any) -> int:
    return answer.data.count(b"\r\nBEGIN:VEVENT\r\n") if answer.mimetype == "text/calendar" else 0


@ON_ONE
def test_a_hostile_text_stays_a_text_on_every_page_for_everybody(app: Flask, town: Town, ask: Ask, session: Session, now: datetime) -> None:
    made_of: dict[str, set[tuple[str, str]]] = defaultdict(set)
    entries: dict[tuple[str, str], int] = {}
    audit.watch(session, actor_id=town.id("manager"), now=now)
    town.people["owner"].phone = "0351-9"  # so that the log has a line
    for role, route, answer in walked(app, town, ask, session, SEEING):
        made_of[route] |= read_page(answer.text).made_of if answer.mimetype == "text/html" else set()
        entries[role, route] = entries_in(answer)
    made_of["GET audit.list"].add(("a", "rel"))  # to the second page, which the log then has
    with app.app_context():
        spoil(town, session, now)
    app.testing = False  # a page that crashes is seen like any other harm
    found, hostile = set(), set()
    for role, route, answer in walked(app, town, ask, session):
        found |= {(route, harm) for harm in harm_in(answer, entries.get((role, route)))}
        if answer.mimetype == "text/html" and role in SEEING:
            found |= {(route, f"new: {part}") for part in read_page(answer.text).made_of - made_of[route]}
            hostile |= {route} if "marker=1" in answer.text else set()
    assert found == set()
    assert len(hostile) > 60  # pages on which a hostile text stands


def test_no_list_has_a_formula_and_no_calendar_a_line_too_many(app: Flask, town: Town, ask: Ask, session: Session, now: datetime) -> None:
    calendars = [f"/calendars/instruments/{town.id('instrument')}.ics", f"/calendars/feeds/{town.texts['feed']}.ics"]
    entries = {url: entries_in(ask("owner", town, "GET", url)) for url in calendars}
    assert all(entries.values())
    with app.app_context():
        spoil(town, session, now)
    answers = {url: ask("province_admin", town, "GET", url) for url in (*LISTS, *calendars)}
    assert {url: answer.status_code for url, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert all(
        "marker=1" in answer.text for url, answer in answers.items() if url.startswith("/instruments") and answer.mimetype == "text/csv"
    )
    assert {url: harm for url, answer in answers.items() if (harm := harm_in(answer, entries.get(url)))} == {}
    for word in ("marker", "=1", "<script>"):
        assert harm_in(ask("anonymous", town, "GET", "/instruments", query={"q": word})) == []


class TestWhatIsSeen:
    """Each kind of harm, done on purpose, is seen."""

    @ON_ONE
    def test_a_text_that_is_not_escaped(
        self, app: Flask, spoilt: Town, ask: Ask, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = session.scalars(select(Person.name).where(Person.id == spoilt.id("owner"))).one()
        monkeypatch.setitem(app.view_functions, "help.show", lambda: render_template_string("<p>{{ name }}</p>", name=name))
        assert harm_in(ask("anonymous", spoilt, "GET", "/help")) == []
        monkeypatch.setitem(app.view_functions, "help.show", lambda: render_template_string("<p>{{ name|safe }}</p>", name=name))
        assert any("<x-hostile" in harm for harm in harm_in(ask("anonymous", spoilt, "GET", "/help")))

    @pytest.mark.parametrize(
        "page",
        [
            "<script>1</script>", "<style>a{}</style>", "<p style='color:red'>", "<p onclick=x>", "<a href=' java\tscript:x'>", "<iframe srcdoc=x>",
            "<p>7777777</p>",
        ],
    )  # fmt: skip
    def test_a_page_with_a_script_or_a_style_of_its_own(self, page: str) -> None:
        assert harm_in_page("<p>&lt;script&gt;</p><script src='/a.js'></script>") == []
        assert len(harm_in_page(page)) == 1

    @ON_ONE
    def test_a_page_that_allows_what_stands_in_it(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(app.view_functions, "help.show", lambda: ("", {"Content-Security-Policy": "script-src 'unsafe-inline'"}))
        assert harm_in(app.test_client().get("/help")) == ["""the policy "script-src 'unsafe-inline'\""""]

    @ON_ONE
    def test_a_list_whose_cells_are_as_they_were_written(self, spoilt: Town, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "neutralise", lambda text: text)
        for url in LISTS[:2]:
            assert len(harm_in(ask("province_admin", spoilt, "GET", url))) > 10

    @pytest.mark.parametrize("text", ["=1", "+1", "-a", "@a", "\t1", "\r1", " =1", "＝1", "＋1", "－1", "＠1"])
    def test_each_beginning_of_a_formula(self, text: str) -> None:
        assert harm_in_cells(iter([cells.neutralise(text)])) == []
        assert harm_in_cells(iter([text])) == [text]
