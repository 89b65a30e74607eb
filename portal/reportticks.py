"""The tick of saved reports: what is due is made and sent once, with the rights its owner has now; whoever lost them is told on her page only."""

from __future__ import annotations

from datetime import datetime
from threading import Event

import structlog
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, PortalError
from instruments.timespan import zone
from portal.links import outside_path, outside_url
from portal.outbox import attach, enqueue
from portal.savedfiles import ReportFile, make_file
from portal.savedreports import MOST_TRIES, SavedReport, claim_due, pause_report, settle
from portal.stopping import KIND, letter_key, stop_url
from portal.transactions import reading, writing

MOST_ATTACHED = 5_000_000  # bytes; mail servers commonly refuse 10 MB, and base64 adds a third
log = structlog.get_logger()


def reports(now: datetime, stop: Event) -> None:
    """Make and send the saved reports that are due, one after another."""
    while not stop.is_set():
        with writing() as session:
            claimed = claim_due(session, now=now)
            if claimed is not None:
                _give_up(session, claimed[0], now)
        if claimed is None:
            return
        _send(*claimed, now)


def _give_up(session: Session, report_id: int, now: datetime) -> None:
    """Pause a report that could not be made so often that trying again is no use."""
    one = session.get_one(SavedReport, report_id)
    if one.attempts > MOST_TRIES:
        pause_report(one, "failed", now=now)


def _send(report_id: int, due: datetime, now: datetime) -> None:
    try:
        with reading() as session:
            one = session.get(SavedReport, report_id)
            if one is None or one.due_at != due:
                return
            file = make_file(session, one, due, now=now)
    except Forbidden:
        _pause(report_id, due, now)
        return
    except PortalError as error:
        log.warning("report_not_made", id=report_id, error=error.sentence.en)
        return
    with writing() as session:
        if settle(session, report_id, due, now=now):
            write_report_letter(session, session.get_one(SavedReport, report_id), due, file, now)


def _pause(report_id: int, due: datetime, now: datetime) -> None:
    with writing() as session:
        one = session.get(SavedReport, report_id)
        if one is not None and one.due_at == due:
            pause_report(one, "no_role", now=now)


def write_report_letter(session: Session, one: SavedReport, due: datetime, file: ReportFile, now: datetime) -> None:
    """Write the letter in the transaction that notes the report as sent: both happen, or neither."""
    key, is_attached = letter_key(one.id, due), len(file.content) <= MOST_ATTACHED
    on = due.astimezone(zone(one.time_zone)).date().isoformat()
    context = {
        "report": one.name, "period": file.period, "is_attached": is_attached, "page": outside_path,
        "file_url": outside_url("saved.file", saved_id=one.id, on=on), "stop_url": stop_url(one.id),
    }  # fmt: skip
    enqueue(session, to=one.person, kind=KIND, context=context, now=now, language=one.language, key=key)
    if is_attached:
        attach(session, key, file.name, file.media_type, file.content)
