"""Lists on the pages: uploaded, understood, looked at, brought in by the background work, reported; and lists to take away."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from instruments.audit import AuditEntry
from instruments.catalogue import Instrument
from instruments.codes import seed_codes
from instruments.exchange.mappings import ImportMapping
from instruments.exchange.runs import KEEP_FILES, LEASE, MOST_CLAIMS, ImportIssue, ImportRun
from instruments.people import Organisation
from instruments.roles import grant
from instruments.search.index import is_complete, rebuild_index
from portal import importruns

DATA = Path(__file__).parents[1] / "data"
MESSY = DATA / "messy-list.csv"


@pytest.fixture
def words(session, categories):
    seed_codes(session)
    session.flush()


@pytest.fixture
def an_admin(session, a_person, an_organisation, now):
    """An organisation's administrator."""

    def make(organisation=None):
        home = organisation or an_organisation(name_zh="汾河大学", name_en="Fenhe University")
        person = a_person(organisation=home, language="en")
        grant(session, person, "organisation_admin", organisation=home, now=now)
        session.flush()
        return person

    return make


@pytest.fixture
def a_province_admin(session, a_person, now):
    person = a_person(language="en")
    grant(session, person, "province_admin", now=now)
    session.flush()
    return person


@pytest.fixture
def uploaded(client, csrf_of, words):
    """Upload a list as the one who is logged in; give the answer."""

    def send(content, name="list.csv", organisation=0, **more):
        data = content.read_bytes() if isinstance(content, Path) else content
        form = {"csrf_token": csrf_of(client), "file": (io.BytesIO(data), name), "organisation": str(organisation)} | more
        return client.post("/manage/import", data=form, content_type="multipart/form-data")

    return send


@pytest.fixture
def sent(client, csrf_of, uploaded):
    """Upload a list and send it on its way; give the run's id."""

    def send(content, organisation=0, dry="no", name="list.csv"):
        run_id = run_of(uploaded(content, name, organisation))
        page = client.get(f"/manage/import/{run_id}/columns")
        assert client.post(f"/manage/import/{run_id}/columns", data=chosen(page, csrf_of(client))).status_code == 302
        answer = client.post(f"/manage/import/{run_id}/run", data={"csrf_token": csrf_of(client), "dry": dry})
        assert answer.status_code == 302
        return run_of(answer)

    return send


def run_of(answer):
    assert answer.status_code == 302, answer.text
    return int(answer.location.split("/manage/import/")[1].split("/")[0])


def chosen(page, token, **changes):
    """The form of the columns as it stands on the page."""
    form = {"csrf_token": token}
    for part in page.text.split("<select")[1:]:
        name = part.partition('name="')[2].partition('"')[0]
        option = part.partition(" selected>")[0].rpartition("<option")[2]
        form[name] = option.partition('value="')[2].partition('"')[0] or part.partition(" selected>")[2].partition("<")[0]
    form["header_row"] = page.text.partition('name="header_row"')[2].partition('value="')[2].partition('"')[0]
    return form | changes


def the_run(session, run_id):
    session.expire_all()
    return session.get_one(ImportRun, run_id)


def test_a_province_brings_a_messy_list_in(client, log_in, a_province_admin, sent, tick, session, now):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    waiting = client.get(f"/manage/import/{run_id}").text
    assert "Waiting its turn" in waiting
    assert f"/manage/import/{run_id}/progress" in waiting
    tick("imports", now)
    run = the_run(session, run_id)
    assert (run.status, run.counts) == ("done", {"read": 12, "created": 11, "updated": 0, "unchanged": 0, "refused": 1})
    assert session.scalar(select(func.count(Instrument.id))) == 11
    page = client.get(f"/manage/import/{run_id}").text
    assert "What became of the list" in page
    assert "There is no name of the instrument" in page


def test_the_whole_way_in_both_languages(client, log_in, a_province_admin, uploaded):
    log_in(client, a_province_admin)
    run_id = run_of(uploaded(MESSY))
    for address in ("/manage/import", f"/manage/import/{run_id}/columns", f"/manage/import/{run_id}/preview"):
        for language in ("zh", "en"):
            assert client.get(f"{address}?lang={language}").status_code == 200
    assert "这些列是什么" in client.get(f"/manage/import/{run_id}/columns?lang=zh").text


def test_the_columns_are_guessed_and_shown_with_samples(client, log_in, a_province_admin, uploaded):
    log_in(client, a_province_admin)
    page = client.get(f"/manage/import/{run_of(uploaded(MESSY))}/columns")
    form = chosen(page, "")
    assert form["column3"] == "name_zh"
    assert form["column10"] == "original_value_any"
    assert form["column19"] == "keep"
    assert form["encoding"] == "utf-8-sig"
    assert form["header_row"] == "2"
    assert "场发射扫描电子显微镜" in page.text


def test_a_choice_of_columns_is_remembered(client, log_in, csrf_of, a_province_admin, uploaded, session):
    log_in(client, a_province_admin)
    run_id = run_of(uploaded(MESSY))
    form = chosen(client.get(f"/manage/import/{run_id}/columns"), csrf_of(client), column10="original_value_wan", column19="leave")
    assert client.post(f"/manage/import/{run_id}/columns", data=form).status_code == 302
    again = chosen(client.get(f"/manage/import/{run_of(uploaded(MESSY))}/columns"), "")
    assert (again["column10"], again["column19"]) == ("original_value_wan", "leave")
    assert session.scalar(select(func.count(ImportMapping.id))) == 1


@pytest.mark.parametrize(
    ("changes", "words_en"),
    [
        ({"column4": "name_zh"}, "Two columns"),
        ({"column3": "leave", "column4": "leave"}, "holds the name"),
        ({"column0": "leave"}, "names the organisation"),
        ({"column3": "<script>"}, "upload it again"),
        ({"header_row": "0"}, "from 1 to 1000"),
    ],
)
def test_a_choice_that_cannot_work_is_told(client, log_in, csrf_of, a_province_admin, uploaded, changes, words_en):
    log_in(client, a_province_admin)
    run_id = run_of(uploaded(MESSY))
    form = chosen(client.get(f"/manage/import/{run_id}/columns"), csrf_of(client), **changes)
    answer = client.post(f"/manage/import/{run_id}/columns?lang=en", data=form)
    assert answer.status_code == 422
    assert words_en in answer.text


def test_the_reading_of_a_file_can_be_chosen(client, log_in, csrf_of, a_province_admin, uploaded, session):
    log_in(client, a_province_admin)
    run_id = run_of(uploaded("名稱;單位\n電子顯微鏡;北方大學\n".encode("utf-16")))
    form = chosen(client.get(f"/manage/import/{run_id}/columns"), csrf_of(client), header_row="2", again="yes")
    assert client.post(f"/manage/import/{run_id}/columns", data=form).status_code == 302
    run = the_run(session, run_id)
    assert (run.encoding, run.delimiter, run.header_row) == ("utf-16", ";", 2)
    assert run.headers == ["電子顯微鏡", "北方大學"]
    form = chosen(client.get(f"/manage/import/{run_id}/columns"), csrf_of(client), encoding="utf-8-sig", again="yes")
    assert client.post(f"/manage/import/{run_id}/columns", data=form).status_code == 422


def test_the_sheet_can_be_chosen(client, log_in, csrf_of, a_province_admin, uploaded, tmp_path, session):
    book = openpyxl.Workbook()
    book.active.append(["仪器名称", "型号"])
    book.active.append(["电镜", "A"])
    other = book.create_sheet("第二页")
    other.append(["仪器名称", "型号", "单位"])
    other.append(["色谱", "B", "汾河大学"])
    book.save(tmp_path / "list.xlsx")
    log_in(client, a_province_admin)
    run_id = run_of(uploaded(tmp_path / "list.xlsx", "list.xlsx"))
    page = client.get(f"/manage/import/{run_id}/columns")
    assert chosen(page, "")["sheet"] == "第二页"
    client.post(f"/manage/import/{run_id}/columns", data=chosen(page, csrf_of(client), sheet="Sheet", again="yes"))
    assert the_run(session, run_id).headers == ["仪器名称", "型号"]


def test_the_preview_shows_the_first_rows_and_writes_nothing(client, log_in, a_province_admin, uploaded, session):
    log_in(client, a_province_admin)
    run_id = run_of(uploaded(MESSY))
    page = client.get(f"/manage/import/{run_id}/preview").text
    assert "Quanta 250 FEG" in page
    assert "3900000.00" in page
    assert "There is no name of the instrument" in page
    assert session.scalar(select(func.count(Instrument.id))) == 0


def test_a_trial_reports_every_row_and_change_and_writes_nothing(client, log_in, csrf_of, a_province_admin, sent, tick, session, now):
    log_in(client, a_province_admin)
    run_id = sent(MESSY, dry="yes")
    tick("imports", now)
    run = the_run(session, run_id)
    assert (run.counts["created"], run.counts["refused"]) == (11, 1)
    assert session.scalar(select(func.count(Instrument.id))) == 0
    assert session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.noun == "instrument")) == 0
    page = client.get(f"/manage/import/{run_id}").text
    assert "What the trial showed" in page
    real = run_of(client.post(f"/manage/import/{run_id}/run", data={"csrf_token": csrf_of(client), "dry": "no"}))
    assert real != run_id
    tick("imports", now)
    assert the_run(session, real).counts["created"] == 11
    assert the_run(session, run_id).is_dry


def test_the_report_holds_every_row(client, log_in, a_province_admin, sent, tick, now):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    tick("imports", now)
    answer = client.get(f"/manage/import/{run_id}/report.csv?lang=en")
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="import-{run_id}.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    told = [row for row in rows if row["Outcome"] in ("Created", "Refused")]
    assert sorted({int(row["Row"]) for row in told}) == list(range(3, 15))
    code = next(row for row in rows if row["Column"] == "分类号")
    assert (code["Row"], code["Value"], code["Outcome"]) == ("6", "F2004048 (仪器编号)", "Warning")


def test_issues_are_paged_by_kind(client, log_in, a_province_admin, sent, tick, now):
    log_in(client, a_province_admin)
    rows = "".join(f"汾河大学,仪器{n},约{n}万\n" for n in range(1, 131))
    run_id = sent(("单位名称,仪器名称,原值(元)\n" + rows).encode())
    tick("imports", now)
    first = client.get(f"/manage/import/{run_id}?kind=warning").text
    assert "Next page" in first
    assert client.get(f"/manage/import/{run_id}?kind=nonsense&after=x").status_code == 200


def test_the_same_list_again_changes_nothing(client, log_in, a_province_admin, sent, tick, session, now):
    log_in(client, a_province_admin)
    sent(MESSY)
    tick("imports", now)
    before = (
        session.execute(select(Instrument.id, Instrument.version).order_by(Instrument.id)).all(),
        session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.noun.in_(["instrument", "organisation"]))),
    )
    run_id = sent(MESSY)
    tick("imports", now)
    assert the_run(session, run_id).counts == {"read": 12, "created": 0, "updated": 0, "unchanged": 11, "refused": 1}
    after = (
        session.execute(select(Instrument.id, Instrument.version).order_by(Instrument.id)).all(),
        session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.noun.in_(["instrument", "organisation"]))),
    )
    assert after == before


def test_what_came_in_is_found_by_search(client, log_in, a_province_admin, an_instrument, sent, tick, session, now):
    log_in(client, a_province_admin)
    sent(MESSY)
    tick("imports", now)
    for row in session.scalars(select(Instrument)):
        row.publication = "published"
    session.commit()
    assert is_complete(session)


def test_every_change_is_in_the_name_of_who_sent_the_list(client, log_in, a_province_admin, sent, tick, session, now):
    log_in(client, a_province_admin)
    sent(MESSY)
    tick("imports", now)
    actors = set(session.scalars(select(AuditEntry.actor_id).where(AuditEntry.noun == "instrument")))
    assert actors == {a_province_admin.id}


class Killed(BaseException):
    """The process is gone."""


def test_an_import_killed_half_way_goes_on_where_it_stopped(client, log_in, a_province_admin, sent, tick, session, now, monkeypatch):
    """Promise 18: a batch and its part of the record are one transaction."""
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    small, carried_out = importruns.batches, importruns.carry_out
    monkeypatch.setattr(importruns, "batches", lambda lines: small(lines, 4))
    calls = []

    def dies_in_the_second(*args, **kwargs):
        calls.append(1)
        done = carried_out(*args, **kwargs)
        if len(calls) == 2:
            raise Killed
        return done

    monkeypatch.setattr(importruns, "carry_out", dies_in_the_second)
    with pytest.raises(Killed):
        tick("imports", now)
    run = the_run(session, run_id)
    assert (run.status, run.done, run.created) == ("running", 4, 4)
    assert session.scalar(select(func.count(Instrument.id))) == 4
    tick("imports", now + timedelta(seconds=5))  # its lease still holds
    assert the_run(session, run_id).done == 4
    tick("imports", now + LEASE + timedelta(seconds=1))
    assert the_run(session, run_id).counts == {"read": 12, "created": 11, "updated": 0, "unchanged": 0, "refused": 1}
    assert session.scalar(select(func.count(ImportIssue.id)).where(ImportIssue.kind == "created")) == 11


def test_an_import_that_breaks_off_again_and_again_is_given_up(client, log_in, a_province_admin, sent, tick, session, now, monkeypatch):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)

    def breaks(*args, **kwargs):
        raise RuntimeError("always")

    monkeypatch.setattr(importruns, "carry_out", breaks)
    for _ in range(MOST_CLAIMS):
        with pytest.raises(RuntimeError, match="always"):
            tick("imports", now)
    tick("imports", now)
    assert the_run(session, run_id).status == "failed"
    assert "broke off too often" in client.get(f"/manage/import/{run_id}").text


def test_a_worker_that_was_overtaken_writes_nothing(client, log_in, a_province_admin, sent, tick, session, now, app, monkeypatch):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    read_rows = importruns.new_planner

    def overtaken(*args):
        other = session.get_one(ImportRun, run_id)
        other.lease_owner = "somebody else"
        session.commit()
        return read_rows(*args)

    monkeypatch.setattr(importruns, "new_planner", overtaken)
    tick("imports", now)
    assert session.scalar(select(func.count(Instrument.id))) == 0
    assert the_run(session, run_id).status == "running"


def test_a_file_that_went_away_stops_the_run_in_words(client, log_in, a_province_admin, sent, tick, session, now, app):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    with app.app_context():
        importruns.stored_file(the_run(session, run_id)).unlink()
    tick("imports", now)
    assert the_run(session, run_id).status == "failed"
    assert "cleared away" in client.get(f"/manage/import/{run_id}").text


def test_old_files_are_cleared_away_and_the_record_stays(client, log_in, a_province_admin, sent, tick, session, now, app):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    tick("imports", now)
    with app.app_context():
        path = importruns.stored_file(the_run(session, run_id))
    tick("prune", now + timedelta(days=1))
    assert path.is_file()
    tick("prune", now + KEEP_FILES + timedelta(hours=1))
    assert not path.exists()
    assert client.get(f"/manage/import/{run_id}").status_code == 200


def test_an_organisation_imports_its_own_rows_only(client, log_in, an_admin, sent, tick, session, now):
    admin = an_admin()
    log_in(client, admin)
    run_id = sent(MESSY, organisation=admin.organisation_id)
    tick("imports", now)
    assert the_run(session, run_id).counts == {"read": 12, "created": 6, "updated": 0, "unchanged": 0, "refused": 6}
    assert set(session.scalars(select(Instrument.organisation_id))) == {admin.organisation_id}
    assert session.scalar(select(func.count(Organisation.id))) == 1


def test_an_organisation_cannot_import_for_another(client, log_in, an_admin, an_organisation, uploaded, session):
    other = an_organisation()
    log_in(client, an_admin())
    for organisation in (other.id, 0, "x"):
        assert uploaded(MESSY, organisation=organisation).status_code == 422
    assert session.scalar(select(func.count(ImportRun.id))) == 0


def test_lists_of_others_are_not_found(client, log_in, csrf_of, an_admin, an_organisation, uploaded):
    admin = an_admin()
    log_in(client, admin)
    run_id = run_of(uploaded(MESSY, organisation=admin.organisation_id))
    log_in(client, an_admin(an_organisation()))
    for address in ("", "/columns", "/preview", "/progress", "/report.csv"):
        assert client.get(f"/manage/import/{run_id}{address}").status_code == 404
    token = csrf_of(client)
    assert client.post(f"/manage/import/{run_id}/run", data={"csrf_token": token}).status_code == 404
    assert client.post(f"/manage/import/{run_id}/columns", data={"csrf_token": token}).status_code == 404
    assert client.get("/manage/import/999999").status_code == 404


def test_researchers_and_managers_do_not_import(client, log_in, a_person, an_instrument, a_manager, uploaded):
    assert client.get("/manage/import").status_code == 302
    manager = a_person()
    a_manager(an_instrument(), person=manager)
    for person in (a_person(), manager):
        log_in(client, person)
        assert client.get("/manage/import").status_code == 403
        assert uploaded(MESSY).status_code == 403


def test_an_auditor_reads_and_does_not_write(client, log_in, a_person, session, now, a_province_admin, sent, tick, uploaded):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    tick("imports", now)
    auditor = a_person()
    grant(session, auditor, "auditor", now=now)
    log_in(client, auditor)
    assert client.get("/manage/import").status_code == 200
    assert client.get(f"/manage/import/{run_id}").status_code == 200
    assert client.get(f"/manage/import/{run_id}/report.csv").status_code == 200
    assert uploaded(MESSY).status_code == 403


@pytest.mark.parametrize(
    ("content", "words_en"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 broken", "broken"),
        (b"a,b\x00\n", "NUL"),
        (b"%PDF-1.4", "no list"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, "old Excel"),
    ],
)
def test_a_broken_file_is_told_beside_its_field(client, log_in, a_province_admin, uploaded, session, app, content, words_en):
    log_in(client, a_province_admin)
    answer = uploaded(content)
    assert answer.status_code == 422
    assert words_en in answer.text
    assert session.scalar(select(func.count(ImportRun.id))) == 0
    with app.app_context():
        assert list(importruns.folder().iterdir()) == []


def test_a_form_without_a_file_is_told(client, log_in, csrf_of, a_province_admin, words):
    log_in(client, a_province_admin)
    answer = client.post("/manage/import", data={"csrf_token": csrf_of(client), "organisation": "0"}, content_type="multipart/form-data")
    assert (answer.status_code, "Please choose a file" in answer.text) == (422, True)


def test_a_file_beyond_the_bound_is_told(client, log_in, a_province_admin, uploaded, monkeypatch):
    monkeypatch.setattr(importruns, "MOST_BYTES", 100)
    log_in(client, a_province_admin)
    answer = uploaded(MESSY)
    assert (answer.status_code, "larger than" in answer.text) == (422, True)


def test_a_list_on_its_way_is_not_changed_any_more(client, log_in, csrf_of, a_province_admin, sent):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    form = chosen(client.get(f"/manage/import/{run_id}/columns"), csrf_of(client))
    assert client.post(f"/manage/import/{run_id}/columns", data=form).status_code == 409
    assert client.post(f"/manage/import/{run_id}/run", data={"csrf_token": csrf_of(client), "dry": "no"}).status_code == 409


def test_the_progress_asks_for_the_page_anew_when_it_has_ended(client, log_in, a_province_admin, sent, tick, now):
    log_in(client, a_province_admin)
    run_id = sent(MESSY)
    under_way = client.get(f"/manage/import/{run_id}/progress")
    assert "HX-Refresh" not in under_way.headers
    assert "every 2s" in under_way.text
    tick("imports", now)
    assert client.get(f"/manage/import/{run_id}/progress").headers["HX-Refresh"] == "true"


HOSTILE = '<script>alert(1)</script>,"\'><img src=x onerror=alert(2)>",{{7*7}}'


def test_texts_of_a_list_do_no_harm_on_any_page(client, log_in, a_province_admin, sent, uploaded, tick, now):
    """Promise 12."""
    log_in(client, a_province_admin)
    content = f"仪器名称,型号,单位\n{HOSTILE}\n".encode()
    run_id = sent(content, name="<b>x.csv")
    tick("imports", now)
    again = run_of(uploaded(content, "<b>x.csv"))
    for address in ("", f"/{run_id}", f"/{run_id}?kind=warning", f"/{again}/columns", f"/{again}/preview"):
        text = client.get(f"/manage/import{address}").text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>x" not in text
        assert "49" not in text.partition("</script>")[2].partition("alert(1)")[0]
    report = client.get(f"/manage/import/{run_id}/report.csv")
    assert report.mimetype == "text/csv"
    assert "\n" not in report.headers["Content-Disposition"]


def test_a_search_is_taken_away_as_a_list(client, an_instrument, words, session):
    an_instrument(name_zh="气相色谱仪", name_en="Gas chromatograph", inner_id="GC-1")
    an_instrument(name_zh="草稿仪器", name_en="Draft one", publication="draft")
    rebuild_index(session)
    answer = client.get("/instruments/export.csv?lang=en")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=\"instruments.csv\"; filename*=UTF-8''instruments.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [row["Name (English)"] for row in rows] == ["Gas chromatograph"]
    assert "Original texts" not in rows[0]
    chinese = client.get("/instruments/export.xlsx?lang=zh")
    assert chinese.headers["Content-Disposition"].endswith("filename*=UTF-8''%E4%BB%AA%E5%99%A8%E5%88%97%E8%A1%A8.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(chinese.data)).active
    assert [cell.value for cell in sheet[2]][:3] == [rows[0]["Organisation code"], sheet.cell(2, 2).value, "GC-1"]


def test_a_search_is_taken_away_as_uniquip(client, an_instrument, words, session):
    row = an_instrument(name_en="Gas chromatograph")
    rebuild_index(session)
    rows = list(csv.DictReader(io.StringIO(client.get("/instruments/uniquip.csv").text.lstrip("\ufeff"))))
    assert rows[0]["name"] == "Gas chromatograph"
    assert rows[0]["webpage"] == f"http://localhost/instruments/{row.id}"


def test_who_manages_takes_everything_away(client, log_in, an_admin, an_instrument, words):
    admin = an_admin()
    an_instrument(organisation=admin.organisation, publication="draft", inner_id="mine", raw={"model": "=1+1"})
    an_instrument(inner_id="of others", publication="draft")
    assert client.get("/instruments/export.csv?scope=managed").status_code == 403
    log_in(client, admin)
    rows = list(csv.DictReader(io.StringIO(client.get("/instruments/export.csv?scope=managed&lang=en").text.lstrip("\ufeff"))))
    assert [row["Inner id"] for row in rows] == ["mine"]
    assert json.loads(rows[0]["Original texts"]) == {"model": "=1+1"}
    assert rows[0]["Publication"] == "Draft"


def test_what_was_taken_away_comes_back_unchanged(client, log_in, a_province_admin, sent, tick, session, now):
    log_in(client, a_province_admin)
    sent(MESSY)
    tick("imports", now)
    for kind in ("csv", "xlsx"):
        taken = client.get(f"/instruments/export.{kind}?scope=managed").data
        run_id = sent(taken, name=f"back.{kind}")
        tick("imports", now)
        assert the_run(session, run_id).counts == {"read": 11, "created": 0, "updated": 0, "unchanged": 11, "refused": 0}


def test_anybody_takes_only_so_much(client, log_in, a_person, an_instrument, words, session, monkeypatch):
    monkeypatch.setattr("portal.exports.MOST_FOR_ANYBODY", 1)
    an_instrument()
    an_instrument()
    rebuild_index(session)
    assert client.get("/instruments/export.csv").status_code == 422
    log_in(client, a_person())
    assert client.get("/instruments/export.csv").status_code == 200


def test_there_are_no_other_kinds_of_list(client):
    assert client.get("/instruments/export.exe").status_code == 404


def test_the_national_fields_are_taken_away_by_who_manages(client, log_in, an_admin, an_instrument, words):
    admin = an_admin()
    assert client.get("/instruments/export.json").status_code == 403
    log_in(client, admin)
    assert client.get("/instruments/export.json?scope=managed").json == []
    an_instrument(organisation=admin.organisation, name_zh="气相色谱仪", inner_id="GC-1")
    (fields,) = client.get("/instruments/export.json?scope=managed").json
    assert (fields["cname"], fields["innerId"], fields["worth"]) == ("气相色谱仪", "GC-1", "200.00")
