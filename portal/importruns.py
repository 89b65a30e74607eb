"""Lists of instruments on their way in: kept as files, gone through in batches in the background or at the command line.

A batch and its part of the record are one transaction, so a run killed at any moment goes on where it stopped, and nothing is done twice.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Event
from typing import IO

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from instruments.errors import Invalid, Sentence
from instruments.exchange import runs
from instruments.exchange.importing import batches, carry_out
from instruments.exchange.lines import MOST_BYTES
from instruments.exchange.owners import Whose, read_owners
from instruments.exchange.planning import Planner
from instruments.exchange.reports import note_batch
from instruments.exchange.rows import Columns
from instruments.exchange.runs import ImportRun
from instruments.exchange.tables import Table, open_table
from instruments.exchange.values import Surroundings
from instruments.exchange.vocabulary import read_vocabulary
from instruments.timespan import zone
from portal import clock
from portal.config import settings
from portal.formats import HOME
from portal.transactions import is_contended, reading, writing

GONE = Sentence("上传的文件已被清理，请重新上传。", "The uploaded file has been cleared away. Please upload it again.")
TOO_OFTEN = Sentence(
    "处理多次中断，请联系管理员，或分成几份重新上传。",
    "The work broke off too often. Ask the operator, or split the list and upload it again.",
)
TRIES = 5
log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker has taken the run over."""


def folder() -> Path:
    """Give the folder of the uploaded lists."""
    path = settings().data_dir / "imports"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(stream: IO[bytes]) -> tuple[Path, str, int]:
    """Keep an uploaded file under a name of our own; give its path, SHA-256 and size. Invalid when it is too large."""
    path, digest, size = folder() / secrets.token_hex(16), hashlib.sha256(), 0
    try:
        with path.open("xb") as kept:
            while chunk := stream.read(1 << 16):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise Invalid("file", Sentence(f"文件超过 {MOST_BYTES >> 20} MB。", f"The file is larger than {MOST_BYTES >> 20} MB."))
                digest.update(chunk)
                kept.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, digest.hexdigest(), size


def stored_file(run: ImportRun) -> Path:
    """Give the file of a run; Invalid when it has been cleared away."""
    path = folder() / run.stored_as
    if not run.stored_as or not path.is_file():
        raise Invalid("file", GONE)
    return path


def new_planner(table: Table, targets: tuple[str, ...], whose: Whose) -> Planner:
    """Make what goes through a list, knowing the words and the organisations of the register."""
    today = clock.now().astimezone(zone(HOME)).date()
    with reading() as session:
        around = Surroundings(read_vocabulary(session), today)
        return Planner(Columns(table.headers, targets, is_strict=table.kind == "csv"), around, whose, read_owners(session))


def work(_now: datetime, stop: Event) -> None:
    """Go through the lists that wait, one after the other."""
    owner = secrets.token_hex(8)
    while not stop.is_set():
        with writing() as session:
            run = runs.claim(session, owner, now=clock.now())
            if run is None:
                return
            if run.claims > runs.MOST_CLAIMS:
                runs.finish(run, now=clock.now(), problem=TOO_OFTEN)
                continue
            run_id = run.id
        go_on(run_id, owner, stop)


def go_on(run_id: int, owner: str, stop: Event, tell: Callable[[int], None] | None = None) -> None:
    """Take a claimed run to its end, or to the point where it is asked to stop or somebody else has it; `tell` hears how many rows are done."""
    for tries in range(1, TRIES + 1):
        try:
            _go_through(run_id, owner, stop, tell or (lambda _done: None))
        except LeaseLost:
            log.info("import_taken_over", run=run_id)
        except Invalid as error:
            _end(run_id, owner, error.sentence)
        except Exception as error:
            if not _came_second(error) or tries == TRIES:
                _release(run_id, owner)
                raise
            continue  # from the record on: what was planned holds ids that were rolled back
        return


def _came_second(error: Exception) -> bool:
    """Say whether somebody else has just written the same: planned anew, the rows are other ones."""
    return is_contended(error) or isinstance(error, IntegrityError | StaleDataError)


def _go_through(run_id: int, owner: str, stop: Event, tell: Callable[[int], None]) -> None:
    with reading() as session:
        run = session.get_one(ImportRun, run_id)
        targets, whose, done = tuple(run.targets), run.whose, run.done
    table = open_table(stored_file(run), run.layout)
    planner = new_planner(table, targets, whose)
    rows = table.rows()
    for lines in batches(islice(rows, done)):
        planner.read(lines)  # dealt with before: only remembered
    for lines in batches(rows):
        drafts = planner.read(lines)
        with writing(actor_id=run.started_by) as session:
            held = runs.hold(session, run_id, owner, now=clock.now())
            if held is None or held.done != done:
                raise LeaseLost
            outcomes = planner.plan(session, drafts)
            if not held.is_dry:
                carry_out(session, outcomes, now=clock.now())
            note_batch(session, held, outcomes)
            done += len(lines)
            if stop.is_set():
                runs.let_go(held)
        tell(done)
        if stop.is_set():
            return
    _end(run_id, owner)


def _end(run_id: int, owner: str, problem: Sentence | None = None) -> None:
    with writing() as session:
        held = runs.hold(session, run_id, owner, now=clock.now())
        if held is not None:
            held.rows = held.done if problem is None else held.rows
            runs.finish(held, now=clock.now(), problem=problem)
            log.info("import_ended", run=run_id, status=held.status, **held.counts)


def _release(run_id: int, owner: str) -> None:
    with writing() as session:
        held = runs.hold(session, run_id, owner, now=clock.now())
        if held is not None:
            runs.let_go(held)


def prune(now: datetime) -> None:
    """Clear away files and records that are not needed any more."""
    with writing() as session:
        files = runs.prune(session, now=now)
    for name in files:
        (folder() / name).unlink(missing_ok=True)
