"""Lists of instruments on the pages: uploading one, saying what its columns are, looking at it, watching it come in; and lists to take away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.errors import Invalid, NotFound, OutOfOrder, Sentence
from instruments.exchange import runs
from instruments.exchange.encodings import ENCODINGS
from instruments.exchange.fields import TARGETS
from instruments.exchange.mappings import check_targets, recall, remember
from instruments.exchange.planning import ACTIONS
from instruments.exchange.reports import KINDS, report
from instruments.exchange.runs import STATUSES, ImportRun
from instruments.exchange.tables import Table, open_table
from instruments.exchange.textlists import DELIMITERS
from portal import clock, importruns
from portal.auth import needs, viewer
from portal.exports import csv_attachment, export, uniquip
from portal.importform import UploadForm, chosen_layout, upload_form, whose_rows
from portal.importpages import columns_of, group_issues, issues_of, tried
from portal.language import current_language, name, t
from portal.links import LARGEST_KEY
from portal.transactions import reading, writing

exchange = Blueprint("exchange", __name__)
exchange.get("/instruments/export.<any(csv, xlsx, json):kind>")(export)
exchange.get("/instruments/uniquip.csv")(uniquip)

RECENT = 20
TOO_LATE = Sentence("这份列表已经开始处理，各列不能再改。", "This list is on its way already; its columns cannot be changed any more.")
may_import = needs(lambda who: who.is_province_admin or who.administers_any)
may_read = needs(lambda who: who.is_province_admin or who.administers_any or who.is_auditor)


@exchange.get("/manage/import")
@may_read
def upload() -> str:
    """Offer to upload a list, and show the lists of late."""
    return _upload_page(upload_form())


@exchange.post("/manage/import")
@may_import
def receive() -> Any:
    """Take a list in, look whether it can be read, and go on to its columns."""
    form = upload_form()
    if not form.validate_on_submit():
        return _upload_page(form), 422
    path, digest, size = importruns.keep(form.file.data.stream)
    try:
        table = open_table(path)
        with writing() as session:
            run = ImportRun(
                file_name=(form.file.data.filename or "list")[-200:], stored_as=path.name, sha256=digest, size=size, created_at=clock.now(),
                started_by=viewer().person_id, **whose_rows(form.organisation.data),
            )  # fmt: skip
            session.add(run)
            _take_layout(run, table)
            run.targets = list(recall(session, run.organisation_id, table.headers, table.samples()))
            session.flush()
            return redirect(url_for("exchange.columns", run_id=run.id))
    except Invalid as error:
        path.unlink(missing_ok=True)
        form.file.errors = [*form.file.errors, t(error.sentence.zh, error.sentence.en)]
        return _upload_page(form), 422
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@exchange.route("/manage/import/<int:run_id>/columns", methods=["GET", "POST"])
@may_import
def columns(run_id: int) -> Any:
    """Show each column with what it is taken for, and let a person choose otherwise."""
    with reading() as session:
        run = _own_run(session, run_id)
        path, layout, chosen = importruns.stored_file(run), run.layout, list(run.targets)
    if request.method == "GET":
        return _columns_page(run, open_table(path, layout), chosen)
    try:
        table = open_table(path, chosen_layout(layout))
        is_read_anew = table.layout != layout or "again" in request.form
        targets = [] if is_read_anew else [request.form.get(f"column{at}", "") for at in range(len(table.headers))]
        with writing() as session:
            run = _own_run(session, run_id)
            if run.status != "uploaded":
                raise OutOfOrder(TOO_LATE)
            _take_layout(run, table)
            if is_read_anew:
                run.targets = list(recall(session, run.organisation_id, table.headers, table.samples()))
                return redirect(url_for("exchange.columns", run_id=run_id))
            run.targets = list(check_targets(table.headers, targets, needs_organisation=run.organisation_id is None))
            remember(session, run.organisation_id, table.headers, run.targets)
    except Invalid as error:
        return _columns_page(run, open_table(path, layout), chosen, error=error.sentence), 422
    return redirect(url_for("exchange.preview", run_id=run_id))


@exchange.get("/manage/import/<int:run_id>/preview")
@may_import
def preview(run_id: int) -> str:
    """Show what would become of the first rows; nothing is written."""
    with reading() as session:
        run = _own_run(session, run_id)
        check_targets(run.headers, run.targets, needs_organisation=run.organisation_id is None)
        rows = tried(session, run, importruns.stored_file(run))
        counts = Counter(row.outcome.action for row in rows)
        return render_template("exchange/preview.html", run=run, rows=rows, counts=counts, actions=ACTIONS, whose=_whose_words(run))


@exchange.post("/manage/import/<int:run_id>/run")
@may_import
def run(run_id: int) -> Any:
    """Send the list on its way: for real, or dry."""
    with writing() as session:
        found = _own_run(session, run_id)
        importruns.stored_file(found)
        check_targets(found.headers, found.targets, needs_organisation=found.organisation_id is None)
        sent = runs.submit(session, found, is_dry=request.form.get("dry") == "yes", now=clock.now())
        return redirect(url_for("exchange.show", run_id=sent.id))


@exchange.get("/manage/import/<int:run_id>")
@may_read
def show(run_id: int) -> Any:
    """Show how far a list has come, and in the end what became of its rows."""
    with reading() as session:
        found = _seen_run(session, run_id)
        if found.status == "uploaded":
            return redirect(url_for("exchange.columns", run_id=run_id))
        kind = request.args.get("kind", "") if request.args.get("kind") in KINDS else ""
        after = min(max(request.args.get("after", 0, type=int), 0), LARGEST_KEY)
        issues, after = issues_of(session, found, kind, after) if kind else ([], 0)
        groups = [] if found.is_open else group_issues(session, found)
        return render_template(
            "exchange/run.html",
            run=found,
            groups=groups,
            issues=issues,
            after=after,
            kind=kind,
            kinds=KINDS,
            statuses=STATUSES,
            whose=_whose_words(found),
        )


@exchange.get("/manage/import/<int:run_id>/progress")
@may_read
def progress(run_id: int) -> Response:
    """Give the part of the page that shows how far a list has come; when it has ended, the page is loaded anew."""
    with reading() as session:
        found = _seen_run(session, run_id)
        response = Response(render_template("exchange/progress.html", run=found, statuses=STATUSES))
    if not found.is_open:
        response.headers["HX-Refresh"] = "true"
    return response


@exchange.get("/manage/import/<int:run_id>/report.csv")
@may_read
def report_table(run_id: int) -> Response:
    """Give every row, warning and refusal as a table to keep."""
    with reading() as session:
        found = _seen_run(session, run_id)
        title = t("导入报告 {name}.csv", "import report {name}.csv", name=found.file_name.rpartition(".")[0] or found.file_name)
        return csv_attachment(report(session, found, current_language()), title, f"import-{run_id}.csv")


def _upload_page(form: UploadForm) -> str:
    with reading() as session:
        query = select(ImportRun).options(joinedload(ImportRun.organisation)).order_by(ImportRun.id.desc()).limit(RECENT)
        return render_template("exchange/upload.html", form=form, runs=session.scalars(query.where(_visible())).all(), statuses=STATUSES)


def _visible() -> Any:
    who = viewer()
    if who.is_province_admin or any(grant.role == "auditor" and grant.organisation_id is None for grant in who.grants):
        return ImportRun.id.is_not(None)
    audited = [grant.organisation_id for grant in who.grants if grant.role == "auditor" and grant.organisation_id]
    return or_(ImportRun.started_by == who.person_id, ImportRun.organisation_id.in_([*who.administered_organisation_ids, *audited]))


def _whose_words(run: ImportRun) -> str:
    return name(run.organisation) if run.organisation else t("按列表中写的单位", "as the list says")


def _own_run(session: Session, run_id: int) -> ImportRun:
    """Get a run whose list the reader may import."""
    found = _seen_run(session, run_id)
    if not viewer().may_administer(found.organisation_id):
        raise NotFound
    return found


def _seen_run(session: Session, run_id: int) -> ImportRun:
    found = session.scalar(select(ImportRun).options(joinedload(ImportRun.organisation)).where(ImportRun.id == run_id, _visible()))
    if found is None:
        raise NotFound
    return found


def _take_layout(run: ImportRun, table: Table) -> None:
    layout = table.layout
    run.sheet, run.header_row, run.encoding, run.delimiter = layout.sheet[:100], layout.header_row, layout.encoding, layout.delimiter
    run.headers, run.rows = list(table.headers), table.estimate


def _columns_page(run: ImportRun, table: Table, targets: Sequence[str], error: Sentence | None = None) -> str:
    given = [request.form.get(f"column{at}", target) for at, target in enumerate(targets)]
    return render_template(
        "exchange/columns.html", run=run, table=table, columns=columns_of(table, given), targets=TARGETS, encodings=ENCODINGS, delimiters=DELIMITERS,
        error=error, whose=_whose_words(run),
    )  # fmt: skip
