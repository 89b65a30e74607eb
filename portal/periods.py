"""Close a month of an organisation, or another cycle: what must be done first, the closing, and the journal for the finance office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, PortalError, Refused, Sentence
from instruments.people import Organisation
from portal import clock
from portal.auth import login_required, viewer
from portal.cycles import short, within
from portal.errors import status_of
from portal.exports import csv_attachment
from portal.journalfiles import journal_csv
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.monthclose import close_month
from portal.transactions import reading, writing
from scheduling.accounting.closingcycles import cycle_of
from scheduling.accounting.cycles import LENGTHS, Cycle
from scheduling.accounting.periods import check_list, closed_months, month_to_close
from scheduling.accounting.statementlist import administered_by
from scheduling.accounting.statements import read_month

MOST_ORGANISATIONS = 500


def may_close() -> bool:
    """Say whether the viewer looks after some organisation's books, or reads them."""
    who = viewer()
    return who.is_province_admin or who.administers_any or who.is_auditor


@login_required
def close() -> Any:
    """Show what is open in the cycle to close, and close it."""
    if not may_close():
        raise NotFound
    if request.method == "GET":
        return _page()
    if not (viewer().is_province_admin or viewer().administers_any):
        raise Forbidden
    with reading() as session:
        organisation_id, month = organisation_asked(session, request.form).id, read_month(request.form.get("month", ""))
    if not viewer().may_administer(organisation_id):
        raise Forbidden
    try:
        with writing() as session:
            made = close_month(session, organisation_id, month, viewer=viewer())
            count, cycle = made.statements, made.cycle
    except (Refused, OutOfOrder, Invalid) as error:
        return _page(error, status_of(error))
    flash(_closed(count) if cycle.months == 1 else _closed_cycle(count), "success")
    return redirect(url_for("statements.mine", organisation=organisation_id, month=cycle.first.strftime("%Y-%m")))


def _closed(count: int) -> str:
    english = "The month is closed, with 1 statement." if count == 1 else "The month is closed, with {n} statements."
    return t("已结账，生成 {n} 张结算单。", english, n=count)


def _closed_cycle(count: int) -> str:
    english = "The period is closed, with 1 statement." if count == 1 else "The period is closed, with {n} statements."
    return t("已结账，生成 {n} 张结算单。", english, n=count)


@login_required
def journal() -> Response:
    """Give the journal of an organisation's month, or of so many from it on, as CSV for a finance system."""
    if not may_close():
        raise NotFound
    months = _months(request.args.get("months", ""))
    cycle = Cycle(read_month(request.args.get("month", "")), months)
    with reading() as session:
        one = organisation_asked(session, request.args)
        name = f"journal-{one.id}-{cycle.code}.csv"
        title = t("凭证明细 {code} {month}.csv", "Journal {code} {month}.csv", code=one.code, month=cycle.code)
        return csv_attachment(journal_csv(session, one, cycle), title, name)


def _months(text: str) -> int:
    known = {str(months): months for months in LENGTHS}
    if text and text not in known:
        raise Invalid("months", Sentence("请填写 1、3、6 或 12 个月。", "Give 1, 3, 6 or 12 months."))
    return known.get(text, 1)


def _page(error: PortalError | None = None, status: int = 200) -> Any:
    with reading() as session:
        one = organisation_asked(session, request.values)
        asked = request.values.get("month", "").strip()
        cycle = cycle_of(session, one.id, read_month(asked) if asked else month_to_close(session, one, clock.now()))
        refusals = [say(refusal.sentence) for refusal in error.refusals] if isinstance(error, Refused) else []
        return render_template(
            "statements/close.html", one=one, organisations=organisations_to_close(session, viewer()), cycle=cycle, lengths=LENGTHS, short=short,
            within=within,
            checks=check_list(session, one, cycle.first, with_books=False), is_over=clock.now() >= cycle.span(one.time_zone).end,
            links=_links(), closed=closed_months(session, one.id), refusals=refusals, complaint=say(error.sentence) if error and not refusals else "",
            may_close=viewer().may_administer(one.id),
        ), status  # fmt: skip


def _links() -> dict[str, str]:
    """Lead from each line of the check list to where it is dealt with."""
    states = {"drafts": "draft", "disputes": "disputed", "review": "review"}
    lists = {code: url_for("charges.mine", whose="managed", status=status) for code, status in states.items()}
    return lists | {"problems": url_for("manage.problems"), "unconfirmed": url_for("manage.uses")}


def organisation_asked(session: Session, values: Any) -> Organisation:
    """Give the organisation that was asked for, or the first of the viewer's; one that is not hers is not found."""
    asked = values.get("organisation", "").strip()
    ids = administered_by(viewer())
    if asked:
        number = organisation_id_of(asked)
        found = session.get(Organisation, number) if ids is None or number in ids else None
    else:
        found = next(iter(organisations_to_close(session, viewer())), None)
    if found is None:
        raise NotFound
    return found


def organisation_id_of(text: str) -> int:
    """Read an organisation's number from an address."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_KEY):
        raise Invalid("organisation", Sentence("没有这个单位。", "There is no such organisation."))
    return int(text)


def organisations_to_close(session: Session, who: Viewer) -> Sequence[Organisation]:
    """Give the organisations to choose from, the viewer's own first where she has one."""
    ids = administered_by(who)
    asked = select(Organisation).order_by(Organisation.id != who.organisation_id, Organisation.code).limit(MOST_ORGANISATIONS)
    return session.scalars(asked if ids is None else asked.where(Organisation.id.in_(ids))).all()
