"""Subsidies of a programme and year: each organisation's lines, what counts and why not the rest, approved once, and to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, NotFound, OutOfOrder, PortalError, Sentence
from instruments.exchange.cells import neutralise
from instruments.programmes import PARTIES, Programme, programme
from instruments.timespan import zone
from portal import clock
from portal.auth import viewer
from portal.evaluations import ROWS, next_of, offset_of
from portal.exports import XLSX, attachment, csv_attachment
from portal.language import say, t
from portal.province.blueprint import province
from portal.reportfiles import OPTIONS
from portal.transactions import reading
from portal.vouchers import answered, reasons, text_in_form
from scheduling.accounting.awards import Award, approve_award, award, awards_of, reason_words
from scheduling.accounting.charges import KINDS

HEAD = (
    Sentence("单位", "Organisation"), Sentence("费用类别", "Kind of charge"), Sentence("是否计入", "Does it count"), Sentence("笔数", "Charges"),
    Sentence("金额（元）", "Amount (yuan)"), Sentence("计入金额（元）", "Eligible (yuan)"), Sentence("补助（元）", "Subsidy (yuan)"),
    Sentence("封顶", "At the cap"),
)  # fmt: skip


@province.get("/programmes/<int:programme_id>/subsidies")
def subsidies(programme_id: int) -> Any:
    """Show the subsidies of a year, of one side."""
    return _page(programme_id)


@province.get("/programmes/<int:programme_id>/subsidies.<any(csv,xlsx):kind>")
def subsidy_export(programme_id: int, kind: str) -> Response:
    """Give the subsidies of a year as a file, a line for each kind and reason."""
    with reading() as session:
        one = programme(session, programme_id)
        found = award(session, programme_id, _year(one, request.args.get("year", "")), _party(one, request.args.get("party", "")))
    title, plain = f"{one.code}-{found.year}-{found.party}.{kind}", f"subsidies.{kind}"
    if kind == "csv":
        return csv_attachment(_csv(found), title, plain)
    return attachment(lambda path: _book(found, path), XLSX, title, plain)


@province.post("/programmes/<int:programme_id>/subsidies")
def approve_subsidies(programme_id: int) -> Any:
    """Approve the subsidies of a year: they stay as they are now."""

    def do(session: Session) -> None:
        year, party = _year(programme(session, programme_id), text_in_form("year")), text_in_form("party")
        approve_award(session, programme_id, year, party, viewer=viewer(), now=clock.now())

    asked = {"year": text_in_form("year")[:4], "party": text_in_form("party")[:10]}
    back = url_for("province.subsidies", programme_id=programme_id, **asked)
    return answered(do, t("已批准，数据不再变动。", "Approved; the figures stay as they are."), back, lambda error: _page(programme_id, error))


def _page(programme_id: int, error: PortalError | None = None) -> str:
    values = request.values if error is not None else request.args
    with reading() as session:
        one, offset, found = programme(session, programme_id), offset_of(), None
        party = _party(one, values.get("party", ""))
        try:
            found = award(session, programme_id, _year(one, values.get("year", "")), party)
        except (Invalid, OutOfOrder) as refused:
            error = error or refused
        units = found.units if found else ()
        return render_template(
            "evaluations/subsidies.html", one=one, found=found, party=party, parties=_sides(one), years=_years(one), units=units[offset : offset + ROWS],
            next=next_of(offset, len(units)), approved=awards_of(session, programme_id), kinds=KINDS, reason_words=reason_words,
            may_approve=found is not None and found.approved_at is None and found.period.is_over(clock.now().astimezone(zone("Asia/Shanghai")).date()),
            problems=reasons(error), party_names=PARTIES,
        )  # fmt: skip


def _sides(one: Programme) -> list[str]:
    return [party for party in PARTIES if getattr(one.scheme, party) is not None]


def _party(one: Programme, asked: str) -> str:
    return asked if asked in _sides(one) else _sides(one)[0]


def _years(one: Programme) -> range:
    return range(one.scheme.first_year, min(one.scheme.last_year, clock.now().year + 1) + 1)


def _year(one: Programme, asked: str) -> int:
    if not asked:
        return min(max(clock.now().year, one.scheme.first_year), one.scheme.last_year)
    if not (asked.isascii() and asked.isdigit() and len(asked) == 4):
        raise NotFound
    return int(asked)


def _rows(found: Award) -> Iterator[list[str | int | Decimal]]:
    for unit in found.units:
        for line in unit.lines:
            yield [say(unit.name), say(KINDS[line.kind]), say(reason_words(line.reason)), line.count, line.amount, "", "", ""]
        capped = t("是", "yes") if unit.is_capped else ""
        yield [say(unit.name), t("合计", "Total"), "", "", "", unit.eligible, unit.subsidy, capped]


def _csv(found: Award) -> Iterator[str]:
    for row in ([say(words) for words in HEAD], *_rows(found)):
        line = io.StringIO()
        csv.writer(line).writerow([neutralise(cell) if isinstance(cell, str) else cell for cell in row])
        yield line.getvalue()


def _book(found: Award, path: Path) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        page, bold = book.add_worksheet(t("补助", "Subsidies")), book.add_format({"bold": True})
        for number, words in enumerate(HEAD):
            page.write_string(0, number, say(words), bold)
        for at, row in enumerate(_rows(found), 1):
            for number, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(at, number, neutralise(cell))
                else:
                    page.write_number(at, number, float(cell))
        page.set_column(0, 7, 18)
