"""Close a month of an organisation: what must be done first, the closing, and the journal for the finance office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, PortalError, Refused, Sentence
from instruments.people import Organisation
from portal import clock
from portal.auth import login_required, viewer
from portal.errors import status_of
from portal.exports import csv_attachment
from portal.journalfiles import journal_csv
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.monthclose import close_month
from portal.transactions import reading, writing
from scheduling.accounting.periods import check_list, closed_months, month_to_close
from scheduling.accounting.statementlist import administered_by
from scheduling.accounting.statements import month_span, read_month

MOST_ORGANISATIONS = 500


def may_close() -> bool:
    """Say whether the viewer looks after some organisation's months, or reads them."""
    who = viewer()
    return who.is_province_admin or who.administers_any or who.is_auditor


@login_required
def close() -> Any:
    """Show what is open in the month to close, and close it."""
    if not may_close():
        raise NotFound
    if request.method == "GET":
        return _page()
    if not (viewer().is_province_admin or viewer().administers_any):
        raise Forbidden
    with reading() as session:
        organisation_id, month = _organisation(session, request.form).id, read_month(request.form.get("month", ""))
    if not viewer().may_administer(organisation_id):
        raise Forbidden
    try:
        with writing() as session:
            made = close_month(session, organisation_id, month, viewer=viewer())
    except (Refused, OutOfOrder, Invalid) as error:
        return _page(error, status_of(error))
    one = made.statements == 1
    english = "The month is closed, with 1 statement." if one else "The month is closed, with {n} statements."
    flash(t("已结账，生成 {n} 张结算单。", english, n=made.statements), "success")
    return redirect(url_for("statements.mine", organisation=organisation_id, month=month.strftime("%Y-%m")))


@login_required
def journal() -> Response:
    """Give the journal of an organisation's month as CSV for a finance system."""
    if not may_close():
        raise NotFound
    month = read_month(request.args.get("month", ""))
    with reading() as session:
        one = _organisation(session, request.args)
        name = f"journal-{one.id}-{month:%Y-%m}.csv"
        title = t("凭证明细 {code} {month}.csv", "Journal {code} {month}.csv", code=one.code, month=f"{month:%Y-%m}")
        return csv_attachment(journal_csv(session, one, month), title, name)


def _page(error: PortalError | None = None, status: int = 200) -> Any:
    with reading() as session:
        one = _organisation(session, request.values)
        following = month_to_close(session, one, clock.now())
        asked = request.values.get("month", "").strip()
        month: date = read_month(asked) if asked else following
        refusals = [say(refusal.sentence) for refusal in error.refusals] if isinstance(error, Refused) else []
        return render_template(
            "statements/close.html", one=one, organisations=_mine(session, viewer()), month=month, following=following,
            checks=check_list(session, one, month, with_books=False), is_over=clock.now() >= month_span(month, one.time_zone).end,
            links=_links(), closed=closed_months(session, one.id), refusals=refusals, complaint=say(error.sentence) if error and not refusals else "",
            may_close=viewer().may_administer(one.id),
        ), status  # fmt: skip


def _links() -> dict[str, str]:
    """Lead from each line of the check list to where it is dealt with."""
    states = {"drafts": "draft", "disputes": "disputed", "review": "review"}
    lists = {code: url_for("charges.mine", whose="managed", status=status) for code, status in states.items()}
    return lists | {"problems": url_for("manage.problems"), "unconfirmed": url_for("manage.uses")}


def _organisation(session: Session, values: Any) -> Organisation:
    """Give the organisation that was asked for, or the first of the viewer's; one that is not hers is not found."""
    asked = values.get("organisation", "").strip()
    ids = administered_by(viewer())
    if asked:
        number = organisation_id_of(asked)
        found = session.get(Organisation, number) if ids is None or number in ids else None
    else:
        found = next(iter(_mine(session, viewer())), None)
    if found is None:
        raise NotFound
    return found


def organisation_id_of(text: str) -> int:
    """Read an organisation's number from an address."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_KEY):
        raise Invalid("organisation", Sentence("没有这个单位。", "There is no such organisation."))
    return int(text)


def _mine(session: Session, who: Viewer) -> Sequence[Organisation]:
    """Give the organisations to choose from, the viewer's own first where she has one."""
    ids = administered_by(who)
    asked = select(Organisation).order_by(Organisation.id != who.organisation_id, Organisation.code).limit(MOST_ORGANISATIONS)
    return session.scalars(asked if ids is None else asked.where(Organisation.id.in_(ids))).all()
