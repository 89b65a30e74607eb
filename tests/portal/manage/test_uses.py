"""The manager's pages about uses: confirm, record, correct, problems, sheets, results, settings."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from instruments.roles import grant
from scheduling.results import Result
from scheduling.usage import UsageRecord
from scheduling.usageproblems import open_problem
from scheduling.usepolicy import policy_of

HOUR = timedelta(hours=1)


def uses(session):
    session.commit()
    return session.scalars(select(UsageRecord).order_by(UsageRecord.id)).all()


class TestManaging:
    def test_a_use_is_confirmed(self, a_keeper_browser, post_form, a_usage, session):
        browser, _, instrument = a_keeper_browser
        record = a_usage(instrument=instrument)
        assert "Confirm" in browser.get("/manage/uses").text
        assert post_form(browser, f"/manage/uses/{record.id}/confirm", version=str(record.version)).status_code == 302
        assert uses(session)[0].status == "confirmed"
        assert "Nothing to confirm" in browser.get("/manage/uses").text
        assert post_form(browser, f"/manage/uses/{record.id}/reopen", reason="wrong time").status_code == 302
        assert uses(session)[0].status == "recorded"

    def test_with_a_problem_it_is_not_until_that_is_resolved(self, a_keeper_browser, post_form, a_usage, session, now):
        browser, _, instrument = a_keeper_browser
        record = a_usage(instrument=instrument)
        problem = open_problem(session, "disagreement", instrument_id=instrument.id, usage_id=record.id, now=now)
        problem_id = problem.id
        assert "Resolve" in browser.get("/manage/uses").text
        refused = post_form(browser, f"/manage/uses/{record.id}/confirm")
        assert (refused.status_code, "Resolve the problems" in refused.text) == (409, True)
        assert post_form(browser, f"/manage/problems/{problem_id}/resolve", accepted="1", reason=" ").status_code == 422
        assert post_form(browser, f"/manage/problems/{problem_id}/resolve", accepted="1", reason="checked").status_code == 302
        assert "No problems" in browser.get("/manage/problems").text
        assert "checked" in browser.get("/manage/problems?show=resolved").text
        assert post_form(browser, f"/manage/uses/{record.id}/confirm").status_code == 302

    def test_a_past_use_is_written_down(self, a_keeper_browser, fill_in, a_person, session):
        browser, _, instrument = a_keeper_browser
        person = a_person(email="user@example.org")
        session.commit()
        sent = fill_in(
            browser, f"/manage/instruments/{instrument.id}/uses/new", "record", person="user@example.org", start="2026-11-20T09:00",
            end="2026-11-20T11:30", samples="4", quantities="nitrogen=2.5",
        )  # fmt: skip
        assert sent.status_code == 302, sent.text
        (record,) = uses(session)
        assert (record.person_id, record.effective_minutes, record.samples, record.quantities) == (person.id, 150, 4, {"nitrogen": "2.5"})

    def test_a_sample_service_is_written_down(self, a_keeper_browser, fill_in, a_person, session):
        browser, _, instrument = a_keeper_browser
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
    def test_what_cannot_be_is_told_beside_its_field(self, a_keeper_browser, fill_in, a_person, session, changes, words):
        browser, _, instrument = a_keeper_browser
        a_person(email="user@example.org")
        form = {"person": "user@example.org", "start": "2026-11-20T09:00", "end": "2026-11-20T10:00"} | changes
        refused = fill_in(browser, f"/manage/instruments/{instrument.id}/uses/new", "record", **form)
        assert refused.status_code == 422
        assert words in refused.text
        assert uses(session) == []

    def test_somebody_walks_on_and_is_ended(self, a_keeper_browser, post_form, a_person, session, now, clock_at):
        browser, _, instrument = a_keeper_browser
        a_person(email="user@example.org")
        path = f"/manage/instruments/{instrument.id}/walk-on"
        assert post_form(browser, path, person="nobody@example.org", mode="self", purpose="research").status_code == 422
        assert post_form(browser, path, person="user@example.org", mode="assisted", purpose="research").status_code == 302
        (record,) = uses(session)
        assert (record.status, record.mode, record.start_source) == ("running", "assisted", "manager")
        with clock_at(now + 5 * HOUR):
            assert "Ended at" in browser.get("/manage/uses?show=running").text
            assert post_form(browser, f"/manage/uses/{record.id}/end", ended_at="2026-11-23T10:00").status_code == 302
        (record,) = uses(session)
        assert (record.status, record.end_at, record.effective_minutes) == ("recorded", now + HOUR, 60)

    def test_a_record_is_corrected_with_a_reason(self, a_keeper_browser, fill_in, a_usage, session):
        browser, _, instrument = a_keeper_browser
        record = a_usage(instrument=instrument, samples=1)
        path = f"/manage/uses/{record.id}/correct"
        assert fill_in(browser, path, "correct", samples="2").status_code == 422
        sent = fill_in(browser, path, "correct", samples="2", fault_minutes="15", effective_minutes="", reason="miscounted")
        assert sent.status_code == 302, sent.text
        old, new = uses(session)
        assert (old.status, new.replaces_id, new.samples, new.effective_minutes) == ("void", old.id, 2, 45)
        assert "miscounted" in browser.get(sent.location).text

    def test_what_was_no_use_becomes_void(self, a_keeper_browser, fill_in, a_usage, session):
        browser, _, instrument = a_keeper_browser
        record = a_usage(instrument=instrument)
        assert fill_in(browser, f"/manage/uses/{record.id}/correct", "void", reason="a slip").status_code == 302
        assert uses(session)[0].status == "void"
        assert "a slip" in browser.get(f"/usage/{record.id}").text

    def test_the_code_is_drawn_for_printing(self, a_keeper_browser):
        browser, _, instrument = a_keeper_browser
        page = browser.get(f"/manage/instruments/{instrument.id}/code").text
        assert "<svg" in page
        assert f"http://localhost/instruments/{instrument.id}/use?at=" in page


class TestSheets:
    HEADER = "仪器编号,使用者邮箱,开始时间,结束时间,使用方式,样品数\n"

    def look(self, browser, post_form, rows, header=HEADER):
        return post_form(browser, "/manage/uses/sheets", file=(io.BytesIO((header + rows).encode()), "uses.csv"))

    def test_every_row_is_looked_at_then_recorded_and_reported(self, a_keeper_browser, post_form, a_person, a_usage, session):
        browser, _, instrument = a_keeper_browser
        a_person(email="user@example.org")
        number = instrument.inner_id
        rows = (
            f"{number},user@example.org,2026-11-20 09:00,2026-11-20 10:00,,\n{number},user@example.org,2026/11/20 09:30,2026/11/20 11:00,,\n"
            f"{number},nobody@example.org,2026-11-19 09:00,2026-11-19 10:00,,\nQ9,user@example.org,2026-11-19 09:00,2026-11-19 10:00,,\n"
            f"{number},user@example.org,2026-11-18 09:00,2026-11-18 10:00,送样检测,5\n{number},user@example.org,later,2026-11-18 10:00,,\n"
            f"{number},user@example.org,2027-11-18 09:00,2027-11-18 10:00,,\n"
        )
        page = self.look(browser, post_form, rows)
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
        done = post_form(browser, "/manage/uses/sheets/record", sheet=sheet)
        assert done.status_code == 200
        assert [(record.mode, record.samples, record.provenance) for record in uses(session)] == [
            ("self", 0, "import"),
            ("sample", 5, "import"),
        ]
        again = self.look(browser, post_form, rows)
        assert again.text.count("recorded already") >= 2
        assert "Record these" not in again.text

    def test_a_workbook_with_real_times_is_read_as_well(self, a_keeper_browser, post_form, a_person, session):
        browser, _, instrument = a_keeper_browser
        a_person(email="user@example.org")
        book, file = openpyxl.Workbook(), io.BytesIO()
        book.active.append(["Instrument number", "User e-mail", "Start", "End", "Samples", "Mode"])
        book.active.append(
            [instrument.inner_id, "user@example.org", datetime(2026, 11, 20, 9), datetime(2026, 11, 20, 10, 30), 4, "Assisted"]  # noqa: DTZ001 - a cell has no zone
        )
        book.save(file)
        page = post_form(browser, "/manage/uses/sheets", file=(io.BytesIO(file.getvalue()), "uses.xlsx"))
        sheet = page.text.partition('name="sheet" value="')[2].partition('"')[0]
        assert sheet, page.text
        post_form(browser, "/manage/uses/sheets/record", sheet=sheet)
        (record,) = uses(session)
        assert (record.effective_minutes, record.samples, record.mode) == (90, 4, "assisted")
        assert record.start_at.isoformat() == "2026-11-20T01:00:00+00:00"

    def test_a_sheet_is_somebodys_own_and_recorded_once(self, a_keeper_browser, post_form, a_person, session):
        browser, _, _ = a_keeper_browser
        gone = post_form(browser, "/manage/uses/sheets/record", sheet="0" * 32)
        assert (gone.status_code, "upload it again" in gone.text) == (422, True)
        assert post_form(browser, "/manage/uses/sheets/record", sheet="../../etc/passwd").status_code == 422

    def test_a_sheet_without_a_needed_column_is_refused(self, a_keeper_browser, post_form):
        refused = self.look(a_keeper_browser[0], post_form, "1,2\n", header="使用者邮箱,开始时间\n")
        assert refused.status_code == 422
        assert "lacks these columns: Instrument number, End" in refused.text

    def test_the_empty_sheet_can_be_filled_in(self, a_keeper_browser, post_form):
        sheet = a_keeper_browser[0].get("/manage/uses/sheet.csv")
        assert sheet.text.startswith("\ufeffInstrument number,User e-mail,Start,End")

    def test_a_row_beyond_the_back_fill_period_is_refused(self, a_keeper_browser, post_form, a_person):
        browser, _, instrument = a_keeper_browser
        a_person(email="user@example.org")
        page = self.look(browser, post_form, f"{instrument.inner_id},user@example.org,2026-08-01 09:00,2026-08-01 10:00,,\n")
        assert "last 92 days" in page.text


class TestResults:
    def test_a_publication_is_tied_and_taken_off(self, a_keeper_browser, fill_in, post_form, session):
        browser, _, instrument = a_keeper_browser
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

    def test_a_training_says_how_many(self, a_keeper_browser, fill_in):
        browser, _, instrument = a_keeper_browser
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
