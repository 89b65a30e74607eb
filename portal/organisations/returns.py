"""The organisation's desk for returns: what is due, making one, signing it, the figures that are typed, and the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange, Optional

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, PortalError, Sentence
from instruments.people import Organisation
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import viewer
from portal.errors import status_of
from portal.forms import Form, options
from portal.language import lazy_t, name, say, t
from portal.organisations.blueprint import organisations
from portal.returnfiles import return_file
from portal.returns import WORDS, return_page
from portal.transactions import reading, writing
from portal.vouchers import answered, text_in_form
from scheduling.returning.formats import ReturnFormat, format_of, formats
from scheduling.returning.generating import check_signer, generate, locked_return, refill
from scheduling.returning.lateness import Standing, deadlines, due_on, has_to_report, standing_of
from scheduling.returning.periods import Period, last_over, read_period
from scheduling.returning.returns import (
    Return,
    WantedReturns,
    page_of_returns,
    reads_returns_of,
    rows_of_instrument,
    seen_return,
    signs_for,
)
from scheduling.returning.steps import sign
from scheduling.returning.typed import MOST, type_figures, typed_figures

SIGNED = Sentence("该报送已签发，不能再修改数据。", "This return is signed; its figures stay as they are.")
ROWS = 25
PERIODS_BACK = {"quarter": 8, "year": 3, "school_year": 3}
MOST_ORGANISATIONS = 500


class MakeForm(Form):
    """What to make: a kind and a period, for one of the viewer's organisations."""

    organisation = SelectField(lazy_t("单位", "Organisation"), coerce=int, choices=[])
    what = SelectField(lazy_t("报送内容", "Return"), choices=[])


@organisations.get("/returns")
def returns() -> str:
    """Show what is due, and list the returns the viewer may read."""
    return _list()


@organisations.post("/returns")
def make_return() -> Any:
    """Make a return, or its draft anew."""
    kind, _, text = request.form.get("what", "").partition(":")
    try:
        period, organisation_id = read_period(format_of(kind).period, text), _chosen(request.form.get("organisation", ""))
        with writing() as session:
            made = generate(session, organisation_id, kind, period, viewer=viewer(), now=clock.now())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _list(error), status_of(error)
    flash(t("已生成，请核对后签发。", "It is made. Look at it, then sign."), "success")
    return redirect(url_for("organisations.return_", return_id=made.id))


def _chosen(text: str) -> int:
    ids = viewer().administered_organisation_ids
    if not text and ids:
        return ids[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound
    return int(text)


@organisations.get("/returns/<int:return_id>", endpoint="return_")
def show_return(return_id: int) -> str:
    """Show a return: what is wrong, its rows, and what the reader can do."""
    return return_page(return_id)


@organisations.post("/returns/<int:return_id>/sign")
def sign_return(return_id: int) -> Any:
    """Sign a draft as the organisation's administrator."""

    def do(session: Session) -> None:
        nothing = request.form.get("nothing") == "yes"
        sign(
            session,
            return_id,
            digest=text_in_form("digest"),
            note=text_in_form("note"),
            nothing_to_report=nothing,
            viewer=viewer(),
            now=clock.now(),
        )

    said = t("已签发，等待省级审核。", "Signed; the province reviews it next.")
    return answered(do, said, url_for("organisations.return_", return_id=return_id), lambda error: return_page(return_id, error))


@organisations.get("/returns/<int:return_id>/return.<any(json,xlsx):kind>")
def return_export(return_id: int, kind: str) -> Response:
    """Give a return as a file in the national field names."""
    return return_file(return_id, kind)


@organisations.route("/returns/<int:return_id>/figures/<int:instrument_id>", methods=["GET", "POST"])
def return_figures(return_id: int, instrument_id: int) -> Any:
    """Show and type the figures of an instrument that the portal does not know."""
    with reading() as session:
        one, instrument = _row_of(session, return_id, instrument_id)
        form = _figures_form(session, one, instrument_id)
    if request.method == "POST":
        check_signer(viewer(), one.organisation_id)
        try:
            if form.validate():
                _save(return_id, instrument_id, form)
                flash(t("已保存，报送草稿已更新。", "Saved; the draft is made anew."), "success")
                return redirect(url_for("organisations.return_", return_id=return_id))
        except (Invalid, OutOfOrder) as error:
            form.refuse(error if isinstance(error, Invalid) else Invalid("", error.sentence))
    with reading() as session:
        one, instrument = _row_of(session, return_id, instrument_id)
        rows = rows_of_instrument(session, one, instrument_id)
        content = render_template(
            "returns/figures.html", one=one, instrument=instrument, form=form, row=rows[0], figures=one.layout.typed,
            typed=typed_figures(session, one.kind, one.period, [instrument_id]).get(instrument_id, {}),
            may_type=signs_for(viewer(), one.organisation_id) and one.state == "draft", **WORDS,
        )  # fmt: skip
    return content, 422 if form.is_submitted() else 200


def _row_of(session: Session, return_id: int, instrument_id: int) -> tuple[Return, Instrument]:
    one = seen_return(session, return_id, viewer())
    instrument = session.get(Instrument, instrument_id)
    if instrument is None or not one.layout.typed or not rows_of_instrument(session, one, instrument_id):
        raise NotFound
    return one, instrument


def _figures_form(session: Session, one: Return, instrument_id: int) -> Form:
    typed = typed_figures(session, one.kind, one.period, [instrument_id]).get(instrument_id, {})
    fields = {
        field.name: IntegerField(say(field.label), [Optional(), NumberRange(0, MOST)], default=typed[field.name].value if field.name in typed else None)
        for field in one.layout.typed
    }  # fmt: skip
    return type("FiguresForm", (Form,), fields)()


def _save(return_id: int, instrument_id: int, form: Form) -> None:
    with writing() as session:
        one = locked_return(session, return_id, viewer())
        if one.state != "draft":
            raise OutOfOrder(SIGNED)
        values = {field.name: form[field.name].data for field in one.layout.typed}
        type_figures(session, instrument_id, one.kind, one.period, values, viewer=viewer(), now=clock.now())
        refill(session, one, one.organisation, now=clock.now())


def _list(error: PortalError | None = None) -> str:
    key, who = key_of(request.args.get("cursor"), int), viewer()
    with reading() as session:
        page = page_of_returns(session, WantedReturns(), viewer=who, limit=ROWS, before=key[0] if key else None)
        mine = _mine(session)
        return render_template(
            "returns/list.html", rows=page.returns, total=page.total, next=cursor_of(page.next) if page.next else None,
            due=[each for one in mine[:1] for each in _due(session, one)], form=_make_form(mine), mine=mine,
            problems=[say(error.sentence)] if error else [], reads_all=reads_returns_of(who) is None, **WORDS,
        )  # fmt: skip


def _mine(session: Session) -> list[Organisation]:
    ids = viewer().administered_organisation_ids
    asked = select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.code).limit(MOST_ORGANISATIONS)
    return list(session.scalars(asked))


def _kinds_for(one: Organisation) -> list[ReturnFormat]:
    return [layout for layout in formats().values() if layout.only in ("", one.kind)]


def _due(session: Session, one: Organisation) -> Iterator[tuple[ReturnFormat, Period, Standing, Any]]:
    """Give how the organisation stands with the last period of each kind it has to report."""
    days, now = deadlines(session), clock.now()
    for layout in _kinds_for(one):
        if not has_to_report(session, one, layout.kind):
            continue
        period = last_over(layout.period, now, one.time_zone)
        yield layout, period, standing_of(session, one, layout.kind, period, now=now), due_on(period, days[layout.kind])


def _make_form(mine: list[Organisation]) -> MakeForm:
    form, now = MakeForm(), clock.now()
    form.organisation.choices = options((one.id, name(one)) for one in mine)
    choices = []
    for layout in {layout.kind: layout for one in mine for layout in _kinds_for(one)}.values():
        period = last_over(layout.period, now, mine[0].time_zone)
        for _ in range(PERIODS_BACK[layout.period]):
            choices.append((f"{layout.kind}:{period.code}", f"{say(layout.name)} {say(period.name)}"))
            period = period.before
    form.what.choices = options(choices)
    return form
