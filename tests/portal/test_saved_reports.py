"""Saved reports: sent once when they are due, with the rights their owner has then, and stopped by whoever may stop them."""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, func, inspect, select

from instruments.access import load_viewer
from instruments.errors import Invalid
from instruments.roles import RoleGrant, grant
from instruments.timespan import TimeSpan
from portal import clock, outbox, reportticks, savedreports
from portal.logs import set_up_logs
from portal.outbox import OutboxFile
from portal.savedreports import MOST_EACH, MOST_TRIES, SavedReport, next_due, period_of, save_report, stop_token
from scheduling.statistics.keeping import work_off
from tests.fixtures.letters import text_of
from tests.fixtures.routes import UNSAFE, addresses
from tests.fixtures.ticks import at_once
from tests.portal.papers import written

HOUR = timedelta(hours=1)
DUE = datetime(2026, 12, 4, 23, tzinfo=UTC)  # 5 December, 7 in the morning in Taiyuan
FIELDS = {
    "name": "每月共享", "given": {"by": "instrument", "least": "all"}, "span": "last_month", "format": "csv", "language": "zh",
    "schedule": "monthly", "day": 5,
}  # fmt: skip


def local(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def ours(session, an_organisation, an_instrument, a_person, a_usage, now):
    """An organisation with a microscope used for two hours in November; another's spectrometer was used too."""
    ours = an_organisation(name_zh="汾河大学", name_en="Fenhe")
    for organisation, day in ((ours, 18), (an_organisation(), 19)):
        instrument = an_instrument(organisation=organisation, name_zh=f"仪器{day}", name_en=f"Instrument {day}")
        a_usage(instrument=instrument, person=a_person(), span=TimeSpan(local(day, 9), local(day, 11)))
    session.flush()
    while work_off(session, now=now):
        session.flush()
    return ours


@pytest.fixture
def administrator(session, ours, a_person, now):
    person = a_person(organisation=ours, language="en")
    grant(session, person, "organisation_admin", organisation=ours, now=now)
    session.flush()
    return person


@pytest.fixture
def saved(session, administrator, now):
    """`saved(format="pdf")` saves a report of hers."""

    def make(**changes):
        one = save_report(session, administrator, FIELDS | changes, viewer=load_viewer(session, administrator), now=now)
        session.commit()
        return one

    return make


@pytest.fixture
def token_of(app):
    """`token_of(7)` gives the secret of the link that stops a report."""

    def find(report_id):
        with app.app_context():
            return stop_token(report_id)

    return find


@pytest.fixture
def hers(a_browser, log_in, administrator):
    return log_in(a_browser(), administrator)


def now_is(session, one):
    key = inspect(one).identity
    session.expire_all()
    return session.get(SavedReport, key)


def attachment_of(letter):
    (part,) = letter.iter_attachments()
    return part


def get(browser, path):
    return browser.get(path)


def form(**changes):
    return {
        "name": "Monthly", "by": "organisation", "span": "last_month", "format": "xlsx", "language": "en", "schedule": "monthly", "day": "1",
    } | changes  # fmt: skip


class TestWhen:
    @pytest.mark.parametrize(
        ("schedule", "after", "expected"),
        [
            ("monthly", datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 5)),
            ("monthly", DUE, date(2027, 1, 5)),
            ("monthly", DUE - timedelta(seconds=1), date(2026, 12, 5)),
            ("quarterly", datetime(2026, 11, 23, tzinfo=UTC), date(2027, 1, 5)),
            ("yearly", datetime(2026, 1, 4, tzinfo=UTC), date(2026, 1, 5)),
            ("yearly", datetime(2026, 1, 6, tzinfo=UTC), date(2027, 1, 5)),
        ],
    )  # fmt: skip
    def test_it_comes_on_its_day_at_seven_by_her_clock(self, saved, schedule, after, expected):
        at = next_due(saved(schedule=schedule), after) + 8 * HOUR
        assert (at.date(), at.hour) == (expected, 7)

    def test_her_clock_is_her_organisations(self, session, saved, ours):
        ours.time_zone = "Asia/Urumqi"
        assert next_due(saved(), datetime(2026, 11, 23, tzinfo=UTC)) == datetime(2026, 12, 5, 1, tzinfo=UTC)

    def test_one_that_is_only_kept_never_comes(self, saved):
        assert saved(schedule="never").due_at is None

    @pytest.mark.parametrize(
        ("span", "on", "first", "months"),
        [
            ("so_far", date(2026, 3, 5), date(2026, 1, 1), 3),
            ("so_far", date(2026, 1, 5), date(2026, 1, 1), 1),
            ("last_month", date(2026, 1, 31), date(2025, 12, 1), 1),
            ("last_quarter", date(2026, 1, 1), date(2025, 10, 1), 3),
            ("last_quarter", date(2026, 6, 30), date(2026, 1, 1), 3),
            ("last_year", date(2026, 6, 30), date(2025, 1, 1), 12),
        ],
    )
    def test_a_kind_of_time_is_read_from_the_day(self, span, on, first, months):
        found = period_of(span, on)
        assert (found.first, found.months) == (first, months)


class TestSending:
    def test_it_arrives_through_a_real_conversation_with_its_file(self, token_of, saved, tick, by_wire, administrator, session):
        one = saved()
        tick("reports", DUE)
        letter = by_wire(DUE)[administrator.email]
        assert letter["Subject"] == "每月共享 2026-11"
        assert token_of(one.id) in text_of(letter)
        part = attachment_of(letter)
        assert (part.get_content_type(), part.get_filename()) == ("text/csv", "每月共享 2026-11.csv")
        rows = list(csv.DictReader(io.StringIO(part.get_payload(decode=True).decode())))
        assert [(row["label_en"], row["effective_minutes"]) for row in rows] == [("Instrument 18", "120"), ("Total", "120")]
        assert now_is(session, one).sent_at == DUE
        assert now_is(session, one).due_at == DUE + timedelta(days=31)

    @pytest.mark.parametrize(("format", "reads"), [
        ("xlsx", lambda data: load_workbook(io.BytesIO(data)).worksheets[0]["B4"].value),
        ("pdf", lambda data: "Instrument 18" if "Instrument 18" in written(data) else ""),
    ])  # fmt: skip
    def test_each_format_can_be_read(self, saved, tick, by_wire, administrator, format, reads):
        saved(format=format, language="en")
        tick("reports", DUE)
        part = attachment_of(by_wire(DUE)[administrator.email])
        assert reads(part.get_payload(decode=True)) == "Instrument 18"

    def test_before_its_time_nothing_is_sent(self, saved, tick, letters):
        saved()
        tick("reports", DUE - timedelta(seconds=1))
        assert letters() == []

    def test_several_workers_send_it_once(self, app, session, saved, letters):
        for _ in range(3):
            saved()
        session.commit()
        with clock.freeze(DUE):
            at_once(app, "reports")
        assert len(letters()) == 3
        assert len({row.key for row in letters()}) == 3

    def test_whoever_dies_while_making_it_leaves_it_to_the_next(self, saved, tick, letters, monkeypatch):
        saved()
        with monkeypatch.context() as patch:

            def killed(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(reportticks, "write_report_letter", killed)
            with pytest.raises(KeyboardInterrupt):
                tick("reports", DUE)
        assert letters() == []
        tick("reports", DUE + timedelta(minutes=1))
        assert letters() == []  # the lease still runs
        tick("reports", DUE + savedreports.LEASE)
        tick("reports", DUE + savedreports.LEASE)
        assert len(letters()) == 1

    def test_without_the_noting_it_would_be_sent_again(self, saved, tick, letters, monkeypatch, session):
        one = saved()
        monkeypatch.setattr(reportticks, "settle", lambda *_, **__: True)
        tick("reports", DUE)
        tick("reports", DUE + savedreports.LEASE)
        assert now_is(session, one).due_at == DUE
        assert len(letters()) == 1  # even then the letter's key is known already

    def test_one_that_cannot_be_made_is_paused_in_the_end(self, saved, tick, session, letters, monkeypatch):
        one = saved()

        def broken(*_: object, **__: object) -> None:
            raise Invalid("by", savedreports.SPANS["so_far"])

        monkeypatch.setattr(reportticks, "make_file", broken)
        for tries in range(MOST_TRIES + 1):
            tick("reports", DUE + tries * savedreports.LEASE)
        assert now_is(session, one).pause == "failed"
        assert letters() == []

    def test_a_large_one_is_a_link_that_asks_for_a_login(self, saved, tick, by_wire, administrator, monkeypatch, client, hers):
        one = saved()
        monkeypatch.setattr(reportticks, "MOST_ATTACHED", 10)
        tick("reports", DUE)
        letter = by_wire(DUE)[administrator.email]
        assert list(letter.iter_attachments()) == []
        path = f"/reports/{one.id}/file?on=2026-12-05"
        assert path in text_of(letter).replace("\n", "")
        assert client.get(path).status_code == 302
        assert "Instrument 18" in hers.get(path).text

    def test_the_file_is_forgotten_a_day_after_it_is_sent(self, saved, tick, by_wire, session):
        saved()
        tick("reports", DUE)
        by_wire(DUE)
        for after, left in ((timedelta(hours=23), 1), (timedelta(days=1, seconds=1), 0)):
            outbox.prune(session, now=DUE + after)
            assert session.scalar(select(func.count()).select_from(OutboxFile)) == left


class TestRights:
    def test_who_lost_her_role_gets_nothing_and_is_told_why_on_her_page(self, saved, tick, session, letters, administrator, hers):
        one = saved()
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == administrator.id))
        tick("reports", DUE)
        assert letters() == []
        assert now_is(session, one).pause == "no_role"
        page = hers.get("/reports")
        assert "You may no longer read these figures" in page.text
        assert hers.get(f"/reports/{one.id}/file").status_code == 403

    def test_who_now_answers_for_others_gets_only_theirs(self, saved, tick, session, letters, administrator, an_organisation, now):
        one = saved(given={"by": "instrument", "least": "all", "organisation": str(administrator.organisation_id)})
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == administrator.id))
        grant(session, administrator, "organisation_admin", organisation=an_organisation(), now=now)
        tick("reports", DUE)
        assert letters() == []
        assert now_is(session, one).pause == "no_role"

    def test_who_may_not_log_in_any_more_gets_nothing(self, saved, tick, session, letters, administrator):
        one = saved()
        administrator.status = "disabled"
        tick("reports", DUE)
        assert letters() == []
        assert now_is(session, one).pause == "no_role"

    def test_a_report_is_its_owners_alone(self, post_form, saved, a_browser, log_in, a_province_admin):
        one = saved()
        other = log_in(a_browser(), a_province_admin())
        for method, path in (("get", ""), ("get", "/file"), ("post", "/pause"), ("post", "/delete")):
            assert (post_form if method == "post" else get)(other, f"/reports/{one.id}{path}").status_code == 404


class TestOnHerPage:
    def test_she_saves_what_the_desk_shows_and_sees_when_it_comes(self, post_form, hers, session, ours):
        desk = hers.get("/manage/statistics?by=category&least=all").text
        assert "/reports/new?" in desk
        address = f"/reports/new?by=category&least=all&organisation={ours.id}"
        assert "Fenhe" in hers.get(address).text
        assert post_form(hers, address, **form(by="category")).status_code == 302
        (one,) = session.scalars(select(SavedReport)).all()
        assert one.given == {"by": "category", "least": "all", "organisation": str(ours.id)}
        page = hers.get("/reports").text
        assert "Monthly" in page
        assert "Tue 1 Dec, 07:00" in page

    @pytest.mark.parametrize("wrong", [{"name": ""}, {"day": "29"}, {"day": "0"}, {"span": "x"}, {"format": "exe"}, {"by": "person"}, {"name": "x" * 101}])
    def test_what_cannot_be_meant_is_refused(self, post_form, hers, session, wrong):
        assert post_form(hers, "/reports/new", **form(**wrong)).status_code == 422
        assert session.scalar(select(func.count()).select_from(SavedReport)) == 0

    def test_twenty_are_enough(self, post_form, hers, saved, session):
        for _ in range(MOST_EACH):
            saved()
        answer = post_form(hers, "/reports/new", **form())
        assert answer.status_code == 422
        assert "20 reports at most" in answer.text

    def test_she_changes_pauses_resumes_and_deletes_it(self, post_form, hers, saved, session):
        one = saved()
        post_form(hers, f"/reports/{one.id}", **form(name="Changed", schedule="yearly"))
        assert now_is(session, one).name == "Changed"
        post_form(hers, f"/reports/{one.id}/pause")
        assert now_is(session, one).due_at is None
        assert "You have paused it" in hers.get("/reports").text
        post_form(hers, f"/reports/{one.id}/resume")
        assert now_is(session, one).due_at is not None
        post_form(hers, f"/reports/{one.id}/delete")
        assert now_is(session, one) is None

    def test_who_has_no_desk_finds_nothing(self, post_form, a_browser, log_in, a_person):
        browser = log_in(a_browser(), a_person())
        assert browser.get("/reports").status_code == 404
        assert post_form(browser, "/reports/new", **form()).status_code == 404


class TestStopping:
    def test_the_link_asks_first_and_then_stops_it(self, token_of, post_form, saved, client, session):
        one = saved()
        address = f"/reports/{one.id}/stop/{token_of(one.id)}"
        assert "Stop the report" in client.get(f"{address}?lang=en").text
        assert now_is(session, one).paused_at is None
        assert "is not sent any more" in post_form(client, f"{address}?lang=en").text
        assert now_is(session, one).pause == "unsubscribed"

    def test_any_other_link_stops_nothing(self, token_of, post_form, saved, client, session):
        one, other = saved(), saved()
        for token in ("x", token_of(other.id), "中文"):
            assert post_form(client, f"/reports/{one.id}/stop/{token}").status_code == 404
        assert now_is(session, one).paused_at is None


LONG_HOST = "https://instruments.department-of-science-and-technology.shanxi.example.org"
BY_ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def by_https(app):
    """The portal has a public address, longer than a line of mail likes."""
    app.extensions["settings"] = replace(app.extensions["settings"], base_url=LONG_HOST)


class TestStoppingFromTheMailProgram:
    def test_the_letter_tells_mail_programs_where_one_click_stops_it(self, by_https, token_of, saved, tick, by_wire, mailbox, administrator):
        one = saved()
        tick("reports", DUE)
        letter = by_wire(DUE)[administrator.email]
        address = f"{LONG_HOST}/reports/{one.id}/stop/{token_of(one.id)}"
        assert letter["List-Unsubscribe"] == f"<{address}>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        # as it crosses the wire: in one piece, not as encoded words, which mail programs do not undo here
        assert f"List-Unsubscribe: <{address}>\r\n".encode() in mailbox.raw[0]
        assert address in text_of(letter)

    def test_without_https_no_click_is_promised(self, saved, tick, by_wire, administrator):
        saved()
        tick("reports", DUE)
        letter = by_wire(DUE)[administrator.email]
        assert "/stop/" in letter["List-Unsubscribe"]
        assert letter["List-Unsubscribe-Post"] is None

    def test_a_letter_that_is_of_no_series_says_nothing_of_stopping(self, by_https, write_letters, by_wire, now):
        write_letters()
        (letter,) = by_wire(now).values()
        assert (letter["List-Unsubscribe"], letter["List-Unsubscribe-Post"]) == (None, None)

    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
    def test_a_mail_programs_click_stops_it_without_login_or_form(self, saved, tick, by_wire, administrator, client, session, kind):
        one = saved()
        tick("reports", DUE)
        letter = by_wire(DUE)[administrator.email]
        path = urlsplit(letter["List-Unsubscribe"].strip("<>")).path
        assert client.get(path).status_code == 200
        assert now_is(session, one).paused_at is None  # a program that only follows links stops nothing
        answer = client.post(path, data=BY_ONE_CLICK, content_type=kind)
        assert (answer.status_code, now_is(session, one).pause) == (200, "unsubscribed")
        tick("reports", DUE + timedelta(days=40))
        assert by_wire(DUE + timedelta(days=40)) == {}

    def test_clicking_twice_says_the_same_and_keeps_the_first_time(self, token_of, saved, client, session):
        one = saved()
        path = f"/reports/{one.id}/stop/{token_of(one.id)}"
        first = client.post(path, data=BY_ONE_CLICK).status_code, now_is(session, one).paused_at
        with clock.freeze(DUE):
            assert (client.post(path, data=BY_ONE_CLICK).status_code, now_is(session, one).paused_at) == first

    @pytest.mark.parametrize("form", [{}, {"List-Unsubscribe": "x"}, {"List-Unsubscribe": "one-click "}])
    def test_any_other_form_that_is_not_ours_is_refused(self, token_of, saved, client, session, form):
        one = saved()
        assert client.post(f"/reports/{one.id}/stop/{token_of(one.id)}", data=form).status_code == 400
        assert now_is(session, one).paused_at is None

    def test_the_click_opens_nothing_else(self, app, token_of, saved, hers, session):
        one, other = saved(), saved()
        for token in ("x", token_of(other.id)):
            assert hers.post(f"/reports/{one.id}/stop/{token}", data=BY_ONE_CLICK).status_code == 404
        for method, path in addresses(app, UNSAFE):
            if "/stop/" not in path:
                assert hers.open(path, method=method, data=BY_ONE_CLICK).status_code == 400, path
        assert now_is(session, one).paused_at is None

    def test_the_address_is_in_no_log(self, by_https, token_of, saved, tick, by_wire, mailbox, client, monkeypatch):
        root, written = logging.getLogger(), io.StringIO()
        before, level = list(root.handlers), root.level
        try:
            set_up_logs(level=logging.DEBUG, stream=written)
            one = saved()
            tick("reports", DUE)
            mailbox.answers["RCPT"] = ["550 no such user"]
            by_wire(DUE)
            path = f"/reports/{one.id}/stop/{token_of(one.id)}"
            client.get(path)
            client.post(path, data=BY_ONE_CLICK)
        finally:
            root.handlers[:], root.level = before, level
        assert f"/reports/{one.id}/stop/***" in written.getvalue()
        assert token_of(one.id) not in written.getvalue()
