"""Lists brought in at the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from instruments.audit import AuditEntry
from instruments.catalogue import Instrument
from instruments.codes import seed_codes
from instruments.errors import Invalid, NotFound
from instruments.exchange.mappings import remember
from instruments.exchange.runs import ImportRun
from portal import importruns
from portal.commands.import_instruments import run

DATA = Path(__file__).parents[1] / "data"
MESSY = DATA / "messy-list.csv"
SUMS = ("read", "created", "updated", "unchanged", "refused")


@pytest.fixture
def bring_in(app, session, categories, capsys):
    """Run the command as JSON; give its exit code and what it printed."""
    seed_codes(session)

    def call(file, *, organisation=None, dry_run=False, report=None, as_json=True):
        session.commit()
        session.expire_all()
        capsys.readouterr()
        code = run(app, str(file), organisation, dry_run, str(report) if report else None, as_json)
        out = capsys.readouterr().out
        return code, json.loads(out) if as_json else out

    return call


def sums(told):
    return tuple(told[key] for key in SUMS)


def test_read_is_created_updated_unchanged_and_refused(bring_in):
    code, told = bring_in(MESSY)
    assert code == 0
    assert sums(told) == (12, 11, 0, 0, 1)
    assert (told["encoding"], told["delimiter"], told["header_row"], told["dry_run"]) == ("utf-8-sig", ",", 2, False)
    refusal = next(issue for issue in told["issues"] if issue["kind"] == "refused")
    assert (refusal["row"], refusal["column"], refusal["reason"]["en"]) == (13, "仪器名称", "There is no name of the instrument")
    assert {"header": "原值", "field": "original_value_any"} in told["columns"]


def test_the_same_list_again_changes_nothing(bring_in, session):
    bring_in(MESSY)
    entries = session.scalar(select(func.count(AuditEntry.id)))
    versions = session.execute(select(Instrument.id, Instrument.version).order_by(Instrument.id)).all()
    assert sums(bring_in(MESSY)[1]) == (12, 0, 0, 11, 1)
    session.expire_all()
    assert session.scalar(select(func.count(AuditEntry.id))) == entries
    assert session.execute(select(Instrument.id, Instrument.version).order_by(Instrument.id)).all() == versions


def test_a_dry_run_tells_the_changes_and_writes_nothing_at_all(bring_in, session):
    code, told = bring_in(MESSY, dry_run=True)
    assert (code, sums(told)) == (0, (12, 11, 0, 0, 1))
    assert any(
        issue["kind"] == "change" and issue["field"] == "original_value" and issue["value"] == "3900000.00" for issue in told["issues"]
    )
    assert session.scalar(select(func.count(Instrument.id))) == 0
    assert session.scalar(select(func.count(ImportRun.id))) == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_report_has_every_row(bring_in, tmp_path, dry_run):
    report = tmp_path / "report.csv"
    bring_in(MESSY, report=report, dry_run=dry_run)
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["行"]) for row in rows if row["结果"] in ("新增", "未导入")} == set(range(3, 15))


def test_what_is_told_in_words_says_where_to_find_the_rest(bring_in):
    _, out = bring_in(MESSY, as_json=False)
    assert "read 12 = created 11 + updated 0 + unchanged 0 + refused 1" in out
    assert "There is no name of the instrument" in out
    assert "--report" in out
    assert "columns kept only as notes: 备注" in out


def test_all_rows_go_under_the_organisation_that_is_named(bring_in, an_organisation, session):
    chosen = an_organisation(code="FH", name_zh="汾河大学")
    assert sums(bring_in(MESSY, organisation="FH")[1]) == (12, 11, 0, 0, 1)
    assert set(session.scalars(select(Instrument.organisation_id))) == {chosen.id}


def test_columns_chosen_before_are_remembered(bring_in, an_organisation, session):
    chosen = an_organisation(code="FH")
    told = bring_in(MESSY, organisation="FH", dry_run=True)[1]
    targets = [column["field"] if column["header"] != "原值" else "original_value_wan" for column in told["columns"]]
    remember(session, chosen.id, [column["header"] for column in told["columns"]], targets)
    assert {"header": "原值", "field": "original_value_wan"} in bring_in(MESSY, organisation="FH", dry_run=True)[1]["columns"]


def test_a_list_of_which_nothing_can_come_in_is_an_error(bring_in, tmp_path, capsys):
    path = tmp_path / "list.csv"
    path.write_text("单位名称,仪器名称,型号\n汾河大学,,GC\n", encoding="utf-8")
    code, told = bring_in(path)
    assert (code, sums(told)) == (1, (1, 0, 0, 0, 1))


def test_what_cannot_be_read_is_told_in_one_sentence(bring_in, tmp_path):
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(Invalid, match="broken"):
        bring_in(broken)
    with pytest.raises(Invalid, match="no file"):
        bring_in(tmp_path / "none.csv")
    with pytest.raises(NotFound, match="no organisation"):
        bring_in(MESSY, organisation="NOPE")


def test_a_list_that_names_no_organisation_needs_one(bring_in, tmp_path, an_organisation):
    an_organisation(code="FH")
    path = tmp_path / "list.csv"
    path.write_text("仪器名称,型号\n色谱,GC\n", encoding="utf-8")
    with pytest.raises(Invalid, match="organisation"):
        bring_in(path)
    assert sums(bring_in(path, organisation="FH")[1]) == (1, 1, 0, 0, 0)


def test_a_report_that_cannot_be_written_leaves_the_register_alone(bring_in, tmp_path, session):
    with pytest.raises(OSError, match="No such file"):
        bring_in(MESSY, report=tmp_path / "nowhere" / "report.csv")
    assert session.scalar(select(func.count(Instrument.id))) == 0


def test_an_import_killed_at_the_command_line_is_completed_by_the_next(bring_in, session, monkeypatch):
    small, carried_out = importruns.batches, importruns.carry_out
    monkeypatch.setattr(importruns, "batches", lambda lines: small(lines, 5))
    calls = []

    def stops(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return carried_out(*args, **kwargs)

    monkeypatch.setattr(importruns, "carry_out", stops)
    with pytest.raises(KeyboardInterrupt):
        bring_in(MESSY)
    session.expire_all()
    assert session.scalar(select(func.count(Instrument.id))) == 5
    assert sums(bring_in(MESSY)[1]) == (12, 6, 0, 5, 1)
