"""A saved report as a file: made with the rights its owner has when it is made, in the language she chose."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.errors import Forbidden, Sentence
from instruments.timespan import zone
from portal.charts import Chart
from portal.exports import CSV, XLSX
from portal.formats import HOME, money, when
from portal.language import in_language, name, say, t
from portal.pages import portal_name
from portal.paper import Paper, PaperPart
from portal.paperparts import bars, by_month, definitions_part, figure_table, first_sentence, left_out
from portal.paperpdf import paper_pdf
from portal.reportfiles import csv_pieces, write_book
from portal.savedreports import SavedReport, may_save, period_of
from portal.statisticsform import QUOTAS, SHOWN, Wanted, read_wanted
from portal.wholereports import NOT_ADDED, whole_report, with_rest
from scheduling.statistics.labels import labels
from scheduling.statistics.reports import BY, Report
from scheduling.statistics.scope import THRESHOLD, has_instruments

TYPES = {"csv": CSV, "xlsx": XLSX, "pdf": "application/pdf"}
MOST_ROWS, MOST_ON_PAPER, ACROSS = 10_000, 300, 6


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file that was made: its name, media type, content, and the report's time in words."""

    name: str
    media_type: str
    content: bytes
    period: str


def wanted_of(one: SavedReport, now: datetime) -> Wanted:
    """Read what a report asks for."""
    return read_wanted({key: str(value) for key, value in one.given.items()}, now)


def filter_words(session: Session, given: Mapping[str, object]) -> list[tuple[Sentence, str]]:
    """Name the filters of a report, in the reader's language; one statement for each that names a thing."""
    found = []
    for key in ("organisation", "facility", "category", "city"):
        if given.get(key):
            value = str(given[key])
            found.append((BY[key], say(labels(session, key, [value])[value])))
    least = str(given.get("least") or int(THRESHOLD))
    if least != "all":
        found.append((Sentence("原值不低于", "Original value from"), money(Decimal(least))))
    if given.get("quota") in QUOTAS and given["quota"]:  # what is none of them narrows nothing
        found.append((Sentence("定额", "Quota"), say(QUOTAS[str(given["quota"])])))
    return found


def check_rights(session: Session, one: SavedReport, *, now: datetime) -> Viewer:
    """Give its owner as she may look now; Forbidden where she may not look at any of it."""
    who, wanted = load_viewer(session, one.person), wanted_of(one, now)
    if one.person.status != "active" or not may_save(who) or not has_instruments(session, wanted.scope, wanted.period, who):
        raise Forbidden
    return who


def make_file(session: Session, one: SavedReport, on: datetime, *, now: datetime) -> ReportFile:
    """Make the report of a time, with the figures and the rights there are now."""
    who, wanted = check_rights(session, one, now=now), wanted_of(one, now)
    day: date = on.astimezone(zone(one.time_zone)).date()
    most = MOST_ON_PAPER if one.format == "pdf" else MOST_ROWS
    found = whole_report(session, period_of(one.span, day), wanted.by, wanted.scope, viewer=who, most=most)
    with in_language(one.language):
        title = f"{one.name} {say(found.period.title)}"
        return ReportFile(f"{title}.{one.format}", TYPES[one.format], _content(one, found, now), say(found.period.title))


def _content(one: SavedReport, found: Report, now: datetime) -> bytes:
    if one.format == "pdf":
        return paper_pdf(report_paper(found, one.name, name(one.person.organisation), now))
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        path = Path(folder) / "report"
        if one.format == "csv":
            path.write_text("".join(csv_pieces(with_rest(found), NOT_ADDED)), "utf-8", newline="")
        else:
            write_book(with_rest(found), path, NOT_ADDED)
        return path.read_bytes()


def report_paper(found: Report, title: str, owner: str, now: datetime) -> Paper:
    """Write a report of any time and dimension for paper, in the reader's language: each group of figures with a chart beside it."""
    preliminary = t("数据截至 {at}，可能还会变化。", "As of {at}; figures may still change.", at=when(now, HOME))
    state = t("按公布时的数据。", "As published.") if found.is_published else preliminary
    parts = [part for code, (words, codes) in SHOWN.items() for part in _tables(found, code, say(words), codes)]
    if found.by != "network":
        parts.insert(0, PaperPart("chart", t("按{by}", "By {by}", by=say(BY[found.by]).lower()), chart=_chart(found)))
    codes = dict.fromkeys(code for _, some in SHOWN.values() for code in some if code != "instruments")
    foot = f"{portal_name()} · {title} · {when(now, HOME)}"
    first = first_sentence(found.total, say(found.period.title))
    return Paper(title, f"{owner} · {say(found.period.title)}", first, state, (*parts, definitions_part(list(codes))), foot)


def _tables(found: Report, code: str, title: str, codes: Sequence[str]) -> Iterator[PaperPart]:
    """Give a group of figures as tables that a sheet is wide enough for."""
    for first in range(0, len(codes), ACROSS):
        some, is_first = codes[first : first + ACROSS], first == 0
        heading = title if is_first else t("{title}（续）", "{title} (continued)", title=title)
        yield PaperPart(f"{code}-{first}", heading, table=figure_table(found, some, MOST_ON_PAPER), notes=left_out(found, MOST_ON_PAPER))


def _chart(found: Report) -> Chart:
    if found.by == "month":
        return by_month(found)
    return bars(found, "sharing_rate", Sentence(f"按{BY[found.by].zh}：共享率", f"Sharing rate by {BY[found.by].en.lower()}"))
