"""What deserves attention, for whoever administers an organisation or the province, and for auditors: counts, lists, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.access import Viewer
from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.errors import NotFound
from instruments.exchange.sheets import csv_pieces
from instruments.people import Organisation
from portal import clock
from portal.auth import viewer
from portal.auth.current import ask_to_log_in
from portal.exports import csv_attachment
from portal.language import name, say, t
from portal.links import outside_url
from portal.organisations.blueprint import my_organisation_ids
from portal.pages import here_with
from portal.periods import organisation_id_of
from portal.transactions import reading
from scheduling.returning.overdue import overdue_returns
from scheduling.statistics.attention import ALL, all_marked, count_marked, kind_of, look_at, page_of_marked
from scheduling.statistics.marks import Kind, Look
from scheduling.statistics.periods import FIRST_YEAR, LAST_YEAR, this_year

attention = Blueprint("attention", __name__, url_prefix="/attention")
MOST_ORGANISATIONS = 500
# Where what is found can be mended; everything else is looked into on the page of the instrument's figures.
MENDED_AT = {"no_rates": "manage.instrument_rates", "late": "manage.publication"}
SEEN_AT = {"problems": "manage.problems", "by_hand": "manage.uses"}


@attention.before_request
def _administrators_only() -> Any:
    if viewer().is_anonymous:
        return ask_to_log_in()
    check_looker(viewer())
    return None


def check_looker(who: Viewer) -> None:
    """Let administrators and auditors look; for all others there is nothing."""
    if not (who.administers_any or who.is_province_admin or who.is_auditor):
        raise NotFound


@attention.get("")
def show() -> str:
    """Count the instruments of each kind."""
    with reading() as session:
        look = _look(session)
        return render_template(
            "attention/show.html", look=look, counted=count_marked(session, look), returns_url=_returns_url(),
            overdue=overdue_returns(session, asked_ids(_organisation()), now=clock.now()), **_choices(session),
        )  # fmt: skip


@attention.get("/<code>")
def marked(code: str) -> str:
    """List the instruments of one kind, each with its figures and where it can be mended."""
    kind = kind_of(code)
    with reading() as session:
        look = _look(session)
        page = page_of_marked(session, kind, look, cursor=request.args.get("cursor", "")[:60])
        return render_template(
            "attention/marked.html", look=look, kind=kind, page=page, address_of=lambda one: address_of(kind, one),
            next_url=here_with(cursor=page.next) if page.next else None, publications=PUBLICATIONS, **_choices(session),
        )  # fmt: skip


@attention.get("/list.csv")
def list_csv() -> Response:
    """Give the lists of every kind, or of one, as CSV."""
    code = request.args.get("kind", "")
    kinds = [kind_of(code)] if code else list(ALL.values())
    with reading() as session:
        look = _look(session)
        title = t("需关注的仪器 {year}.csv", "Instruments that need attention {year}.csv", year=look.year)
        return csv_attachment(csv_pieces(_headers(), _cells(session, kinds, look)), title, f"attention-{look.year}.csv")


def _headers() -> list[str]:
    return [
        t("事项", "Matter"), t("单位", "Organisation"), t("设施/中心", "Facility"), t("单位内部编号", "Inner id"), t("仪器", "Instrument"),
        t("型号", "Model"), t("说明", "Figures"), t("地址", "Address"),
    ]  # fmt: skip


def _cells(session: Session, kinds: Sequence[Kind], look: Look) -> Iterator[tuple[str, ...]]:
    for kind, row in all_marked(session, kinds, look):
        one = row.instrument
        yield (
            say(kind.title), name(one.organisation), name(one.facility) if one.facility else "", one.inner_id, name(one), one.model,
            say(row.words), outside_url("instruments.show", instrument_id=one.id),
        )  # fmt: skip


def address_of(kind: Kind, one: Instrument) -> str:
    """Give the page where an instrument marked with a kind can be mended or looked into."""
    if kind.code in MENDED_AT:
        return url_for(MENDED_AT[kind.code], instrument_id=one.id)
    return url_for(SEEN_AT.get(kind.code, "manage.figures"), instrument=one.id)


def _returns_url() -> str:
    who = viewer()
    return url_for("province.returns" if who.is_province_admin or who.may_audit(None) else "organisations.returns")


def count_for_home(session: Session, ids: Sequence[int] | None) -> int:
    """Count all that is marked this year of some organisations (None: of all), and the returns they owe, for a home page."""
    counted = count_marked(session, look_at(session, mine_of(ids), now=clock.now()))
    return sum(one.count for one in counted) + sum(one.count for one in overdue_returns(session, ids, now=clock.now()))


def mine_of(ids: Sequence[int] | None) -> ColumnElement[bool]:
    """Give the condition on Instrument for those of some organisations; None means all."""
    return true() if ids is None else Instrument.organisation_id.in_(ids)


def _look(session: Session) -> Look:
    year = request.args.get("year", type=int)
    chosen = year if year is not None and FIRST_YEAR <= year < LAST_YEAR else this_year(clock.now())
    return look_at(session, mine_of(asked_ids(_organisation())), now=clock.now(), year=min(chosen, this_year(clock.now())))


def _organisation() -> str:
    return request.args.get("organisation", "").strip()


def asked_ids(asked: str) -> Sequence[int] | None:
    """Give the organisations to look at: one that was asked for, or all of the viewer's; one that is not hers is not found."""
    ids = my_organisation_ids(viewer())
    if not asked:
        return ids
    number = organisation_id_of(asked)
    if ids is not None and number not in ids:
        raise NotFound
    return (number,)


def _choices(session: Session) -> dict[str, Any]:
    ids = my_organisation_ids(viewer())
    known = select(Organisation).where(Organisation.id.in_(select(Instrument.organisation_id))).order_by(Organisation.code)
    shown = session.scalars((known if ids is None else known.where(Organisation.id.in_(ids))).limit(MOST_ORGANISATIONS)).all()
    now = this_year(clock.now())
    return {"organisations": shown, "years": range(now, now - 6, -1), "organisation": request.args.get("organisation", "")}
