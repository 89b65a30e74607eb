"""Uses on the pages: at the instrument, one's own, rated; and the manager's side: confirm, record, correct, problems, sheets, results."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.access import load_viewer
from instruments.roles import grant
from portal.jobs import run_once
from portal.qrmarks import mark_of
from scheduling.checkin import check_in
from scheduling.results import Result
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem, open_problem
from scheduling.usepolicy import policy_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def post(csrf_of):
    """`post(browser, path, **form)` sends a form as a browser does."""

    def send(browser, path, **form):
        return browser.post(path, data={"csrf_token": csrf_of(browser)} | form)

    return send


@pytest.fixture
def user(client, log_in, a_person):
    """Somebody logged in, with her browser."""
    person = a_person(language="en")
    return log_in(client, person), person


@pytest.fixture
def keeper(a_browser, log_in, a_person, an_instrument, session, now):
    """A manager logged in, her instrument, and her browser."""
    instrument = an_instrument()
    person = a_person(organisation=instrument.organisation, language="en")
    grant(session, person, "manager", instrument=instrument, now=now)
    return log_in(a_browser(), person), person, instrument


def uses(session):
    session.commit()
    return session.scalars(select(UsageRecord).order_by(UsageRecord.id)).all()


class TestAtTheInstrument:
    def test_the_code_leads_to_one_large_button(self, app, user, post, an_instrument, session, now, clock_at):
        browser, person = user
        instrument = an_instrument()
        session.commit()
        with app.app_context():
            mark = mark_of(instrument.id)
        page = browser.get(f"/instruments/{instrument.id}/use?at={mark}")
        assert page.status_code == 200
        assert mark in page.text
        begun = post(browser, f"/instruments/{instrument.id}/use", at=mark, mode="self", purpose="research", project="alloy")
        assert begun.status_code == 302
        assert "You are using it" in browser.get(begun.location).text
        (record,) = uses(session)
        assert (record.start_source, record.person_id, record.status) == ("qr", person.id, "running")
        with clock_at(now + HOUR):
            ended = post(browser, f"/usage/{record.id}/end", at=mark, samples="3", fault_minutes="10", outcome="ok", content="fracture")
        assert ended.status_code == 302
        (record,) = uses(session)
        assert (record.end_source, record.effective_minutes, record.samples, record.outcome) == ("qr", 50, 3, "ok")
        assert "To be confirmed" in browser.get(ended.location).text

    def test_a_mark_of_ones_own_is_not_the_code(self, user, post, an_instrument, session):
        browser, _ = user
        post(browser, f"/instruments/{an_instrument().id}/use", at="f" * 20, mode="self", purpose="research")
        assert uses(session)[0].start_source == "web"

    def test_a_booking_that_is_due_is_begun(self, user, post, a_booking, session, clock_at):
        browser, person = user
        booked = a_booking(viewer=load_viewer(session, person))
        with clock_at(booked.start_at):
            assert "Your booking" in browser.get(f"/instruments/{booked.instrument_id}/use").text
            post(browser, f"/instruments/{booked.instrument_id}/use")
        assert uses(session)[0].booking_id == booked.id

    def test_why_not_is_told(self, user, post, an_instrument):
        browser, _ = user
        refused = post(browser, f"/instruments/{an_instrument(needs_qualification=True).id}/use", mode="self", purpose="research")
        assert refused.status_code == 422
        assert "Book it" in refused.text

    def test_who_else_uses_it_is_not_named(self, user, an_instrument, a_viewer, a_person, session, now):
        browser, _ = user
        instrument = an_instrument(phone="0351-7")
        check_in(session, instrument.id, viewer=a_viewer(person=a_person(name="秘密人")), source="web", now=now)
        page = browser.get(f"/instruments/{instrument.id}/use").text
        assert "Somebody is using it" in page
        assert "秘密人" not in page

    @pytest.mark.parametrize(
        "form", [{"samples": "-1"}, {"samples": "1e400"}, {"fault_minutes": "NaN"}, {"outcome": "x"}, {"content": "x" * 501}]
    )
    def test_what_cannot_be_is_refused_and_the_use_goes_on(self, user, post, an_instrument, session, now, clock_at, form):
        browser, _ = user
        post(browser, f"/instruments/{an_instrument().id}/use", mode="self", purpose="research")
        with clock_at(now + HOUR):
            assert post(browser, f"/usage/{uses(session)[0].id}/end", **form).status_code == 422
        assert uses(session)[0].status == "running"


class TestMine:
    def test_an_empty_list_says_what_to_do(self, user):
        assert "No uses yet" in user[0].get("/usage").text

    def test_her_uses_are_listed_and_rated(self, user, post, a_usage, session):
        browser, person = user
        record = a_usage(person=person)
        assert "Rate it" in browser.get("/usage").text
        assert post(browser, f"/usage/{record.id}/rate", rating="satisfied", comment="fine").status_code == 302
        assert uses(session)[0].rating == "satisfied"
        assert "Satisfied" in browser.get("/usage").text

    def test_without_a_choice_nothing_is_rated(self, user, post, a_usage):
        browser, person = user
        refused = post(browser, f"/usage/{a_usage(person=person).id}/rate")
        assert refused.status_code == 422
        assert "Choose how satisfied" in refused.text

    def test_a_pi_sees_those_of_her_group(self, user, a_usage, a_person, a_group):
        browser, pi = user
        student = a_person(name="学生甲")
        group = a_group(student, pi=pi)
        a_usage(person=student, group_id=group.id)
        assert "学生甲" not in browser.get("/usage").text
        assert "学生甲" in browser.get("/usage?whose=groups").text

    def test_pages_are_turned_by_key(self, user, a_usage, an_instrument, a_manager, a_past_span):
        browser, person = user
        instrument = an_instrument()
        manager = a_manager(instrument)
        for number in range(27):
            a_usage(person=person, instrument=instrument, manager=manager, span=a_past_span(2 * number + 2, 1))
        first = browser.get("/usage")
        assert "25 of 27 shown" in first.text
        following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert browser.get(following).text.count('<th scope="row">') == 2
        assert browser.get("/usage?cursor=nonsense").status_code == 422


class TestManaging:
    def test_a_use_is_confirmed(self, keeper, post, a_usage, session):
        browser, _, instrument = keeper
        record = a_usage(instrument=instrument)
        assert "Confirm" in browser.get("/manage/uses").text
        assert post(browser, f"/manage/uses/{record.id}/confirm", version=str(record.version)).status_code == 302
        assert uses(session)[0].status == "confirmed"
        assert "Nothing to confirm" in browser.get("/manage/uses").text
        assert post(browser, f"/manage/uses/{record.id}/reopen", reason="wrong time").status_code == 302
        assert uses(session)[0].status == "recorded"

    def test_with_a_problem_it_is_not_until_that_is_resolved(self, keeper, post, a_usage, session, now):
        browser, _, instrument = keeper
        record = a_usage(instrument=instrument)
        problem = open_problem(session, "disagreement", instrument_id=instrument.id, usage_id=record.id, now=now)
        problem_id = problem.id
        assert "Resolve" in browser.get("/manage/uses").text
        refused = post(browser, f"/manage/uses/{record.id}/confirm")
        assert (refused.status_code, "Resolve the problems" in refused.text) == (409, True)
        assert post(browser, f"/manage/problems/{problem_id}/resolve", accepted="1", reason=" ").status_code == 422
        assert post(browser, f"/manage/problems/{problem_id}/resolve", accepted="1", reason="checked").status_code == 302
        assert "No problems" in browser.get("/manage/problems").text
        assert "checked" in browser.get("/manage/problems?show=resolved").text
        assert post(browser, f"/manage/uses/{record.id}/confirm").status_code == 302

    def test_a_past_use_is_written_down(self, keeper, fill_in, a_person, session):
        browser, _, instrument = keeper
        person = a_person(email="user@example.org")
        session.commit()
        sent = fill_in(
            browser, f"/manage/instruments/{instrument.id}/uses/new", "record", person="user@example.org", start="2026-11-20T09:00",
            end="2026-11-20T11:30", samples="4", quantities="nitrogen=2.5",
        )  # fmt: skip
        assert sent.status_code == 302, sent.text
        (record,) = uses(session)
        assert (record.person_id, record.effective_minutes, record.samples, record.quantities) == (person.id, 150, 4, {"nitrogen": "2.5"})

    def test_a_sample_service_is_written_down(self, keeper, fill_in, a_person, session):
        browser, _, instrument = keeper
        a_person(email="user@example.org")
        path = f"/manage/instruments/{instrument.id}/uses/new?kind=sample"
        times = {"person": "user@example.org", "start": "2026-11-20T09:00", "end": "2026-11-20T11:30"}
        assert fill_in(browser, path, "record", **times).status_code == 422
        assert fill_in(browser, path, "record", **times, samples="12", content="XRD", effective_minutes="90").status_code == 302
        (record,) = uses(session)
        assert (record.mode, record.samples, record.effective_minutes, record.occupies) == ("sample", 12, 90, False)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"person": "nobody@example.org"}, "register first"), ({"end": "2026-11-20T08:00"}, "must come after"),
            ({"end": "2026-12-20T08:00"}, "future"), ({"start": "2025-11-20T09:00"}, "last 92 days"), ({"quantities": "x"}, "nitrogen=2.5"),
            ({"start": "soon"}, "day and a time"), ({"fault_minutes": "99"}, "took longer"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_told_beside_its_field(self, keeper, fill_in, a_person, session, changes, words):
        browser, _, instrument = keeper
        a_person(email="user@example.org")
        form = {"person": "user@example.org", "start": "2026-11-20T09:00", "end": "2026-11-20T10:00"} | changes
        refused = fill_in(browser, f"/manage/instruments/{instrument.id}/uses/new", "record", **form)
        assert refused.status_code == 422
        assert words in refused.text
        assert uses(session) == []

    def test_somebody_walks_on_and_is_ended(self, keeper, post, a_person, session, now, clock_at):
        browser, _, instrument = keeper
        a_person(email="user@example.org")
        path = f"/manage/instruments/{instrument.id}/walk-on"
        assert post(browser, path, person="nobody@example.org", mode="self", purpose="research").status_code == 422
        assert post(browser, path, person="user@example.org", mode="assisted", purpose="research").status_code == 302
        (record,) = uses(session)
        assert (record.status, record.mode, record.start_source) == ("running", "assisted", "manager")
        with clock_at(now + 5 * HOUR):
            assert "Ended at" in browser.get("/manage/uses?show=running").text
            assert post(browser, f"/manage/uses/{record.id}/end", ended_at="2026-11-23T10:00").status_code == 302
        (record,) = uses(session)
        assert (record.status, record.end_at, record.effective_minutes) == ("recorded", now + HOUR, 60)

    def test_a_record_is_corrected_with_a_reason(self, keeper, fill_in, a_usage, session):
        browser, _, instrument = keeper
        record = a_usage(instrument=instrument, samples=1)
        path = f"/manage/uses/{record.id}/correct"
        assert fill_in(browser, path, "correct", samples="2").status_code == 422
        sent = fill_in(browser, path, "correct", samples="2", fault_minutes="15", effective_minutes="", reason="miscounted")
        assert sent.status_code == 302, sent.text
        old, new = uses(session)
        assert (old.status, new.replaces_id, new.samples, new.effective_minutes) == ("void", old.id, 2, 45)
        assert "miscounted" in browser.get(sent.location).text

    def test_what_was_no_use_becomes_void(self, keeper, fill_in, a_usage, session):
        browser, _, instrument = keeper
        record = a_usage(instrument=instrument)
        assert fill_in(browser, f"/manage/uses/{record.id}/correct", "void", reason="a slip").status_code == 302
        assert uses(session)[0].status == "void"
        assert "a slip" in browser.get(f"/usage/{record.id}").text

    def test_the_code_is_drawn_for_printing(self, keeper):
        browser, _, instrument = keeper
        page = browser.get(f"/manage/instruments/{instrument.id}/code").text
        assert "<svg" in page
        assert f"http://localhost/instruments/{instrument.id}/use?at=" in page


class TestSheets:
    HEADER = "仪器编号,使用者邮箱,开始时间,结束时间,使用方式,样品数\n"

    def look(self, browser, post, rows, header=HEADER):
        return post(browser, "/manage/uses/sheets", file=(io.BytesIO((header + rows).encode()), "uses.csv"))

    def test_every_row_is_looked_at_then_recorded_and_reported(self, keeper, post, a_person, a_usage, session):
        browser, _, instrument = keeper
        a_person(email="user@example.org")
        number = instrument.inner_id
        rows = (
            f"{number},user@example.org,2026-11-20 09:00,2026-11-20 10:00,,\n{number},user@example.org,2026/11/20 09:30,2026/11/20 11:00,,\n"
            f"{number},nobody@example.org,2026-11-19 09:00,2026-11-19 10:00,,\nQ9,user@example.org,2026-11-19 09:00,2026-11-19 10:00,,\n"
            f"{number},user@example.org,2026-11-18 09:00,2026-11-18 10:00,送样检测,5\n{number},user@example.org,later,2026-11-18 10:00,,\n"
            f"{number},user@example.org,2027-11-18 09:00,2027-11-18 10:00,,\n"
        )
        page = self.look(browser, post, rows)
        assert page.status_code == 200, page.text
        assert uses(session) == []
        for words in (
            "Record these 2 rows",
            "recorded for that time",
            "nobody with this address",
            "None of the instruments",
            "in the future",
        ):
            assert words in page.text
        sheet = page.text.partition('name="sheet" value="')[2].partition('"')[0]
        done = post(browser, "/manage/uses/sheets/record", sheet=sheet)
        assert done.status_code == 200
        assert [(record.mode, record.samples, record.provenance) for record in uses(session)] == [
            ("self", 0, "import"),
            ("sample", 5, "import"),
        ]
        again = self.look(browser, post, rows)
        assert again.text.count("recorded already") >= 2
        assert "Record these" not in again.text

    def test_a_sheet_is_somebodys_own_and_recorded_once(self, keeper, post, a_person, session):
        browser, _, _ = keeper
        gone = post(browser, "/manage/uses/sheets/record", sheet="0" * 32)
        assert (gone.status_code, "upload it again" in gone.text) == (422, True)
        assert post(browser, "/manage/uses/sheets/record", sheet="../../etc/passwd").status_code == 422

    def test_a_sheet_without_a_needed_column_is_refused(self, keeper, post):
        refused = self.look(keeper[0], post, "1,2\n", header="使用者邮箱,开始时间\n")
        assert refused.status_code == 422
        assert "lacks these columns: Instrument number, End" in refused.text

    def test_the_empty_sheet_can_be_filled_in(self, keeper, post):
        sheet = keeper[0].get("/manage/uses/sheet.csv")
        assert sheet.text.startswith("\ufeffInstrument number,User e-mail,Start,End")

    def test_a_row_beyond_the_back_fill_period_is_refused(self, keeper, post, a_person):
        browser, _, instrument = keeper
        a_person(email="user@example.org")
        page = self.look(browser, post, f"{instrument.inner_id},user@example.org,2026-08-01 09:00,2026-08-01 10:00,,\n")
        assert "last 92 days" in page.text


class TestResults:
    def test_a_publication_is_tied_and_taken_off(self, keeper, fill_in, post, session):
        browser, _, instrument = keeper
        path = f"/manage/instruments/{instrument.id}/results"
        assert "No results yet" in browser.get(path).text
        sent = fill_in(
            browser, path, "result", what="publication-core", title="A fracture", year="2026", identifier="https://doi.org/10.1/AB"
        )
        assert sent.status_code == 302, sent.text
        assert "A fracture" in browser.get(path).text
        session.commit()
        assert session.scalars(select(Result)).one().identifier == "10.1/ab"
        assert (
            fill_in(browser, path, "result", what="publication-core", title="Again", year="2026", identifier="10.1/ab").status_code == 409
        )

    def test_a_training_says_how_many(self, keeper, fill_in):
        browser, _, instrument = keeper
        path = f"/manage/instruments/{instrument.id}/results"
        assert fill_in(browser, path, "result", what="training-guided", title="Course", year="2026").status_code == 422
        assert (
            fill_in(browser, path, "result", what="training-guided", title="Course", year="2026", people="12", who="students").status_code
            == 302
        )
        assert "12 people" in browser.get(path).text


class TestPolicy:
    def test_the_organisations_administrator_sets_it(self, a_browser, log_in, a_person, an_organisation, fill_in, session, now):
        organisation = an_organisation()
        person = a_person(language="en")
        grant(session, person, "organisation_admin", organisation=organisation, now=now)
        browser = log_in(a_browser(), person)
        path = f"/manage/use-policy/{organisation.id}"
        assert fill_in(browser, path, "policy", backfill_days="-1").status_code == 422
        assert fill_in(browser, path, "policy", backfill_days="30", automatic_from_value="500000").status_code == 302
        session.commit()
        policy = policy_of(session, organisation.id)
        assert (policy.backfill_days, str(policy.automatic_from_value), policy.walk_on) == (30, "500000.00", False)


def test_the_tick_puts_what_nobody_ended_into_the_queue(app, session, an_instrument, a_viewer, now, clock_at):
    check_in(session, an_instrument().id, viewer=a_viewer(), source="web", now=now)
    session.commit()
    with clock_at(now + 25 * HOUR):
        run_once(app, "unended")
        run_once(app, "unended")
    session.commit()
    assert [problem.kind for problem in session.scalars(select(UsageProblem))] == ["no_end"]
