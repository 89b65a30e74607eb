"""What came of an instrument: publications, patents, prizes, trained people; written down here and counted in the statistics."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from instruments.errors import Forbidden, Invalid, NotFound, PortalError
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, say, t
from portal.manage.blueprint import inspected, manage
from portal.transactions import reading, writing
from portal.useform import words_of
from scheduling.results import FIRST_YEAR, KINDS, LEVELS, MOST_PEOPLE, WHO, ResultEntry, ResultTie, add_result, remove_result, ties_of

KIND_AND_LEVEL = [
    (f"{kind}-{level}", lazy_t(f"{KINDS[kind].zh}：{words.zh}", f"{KINDS[kind].en}: {words.en}"))
    for kind, levels in LEVELS.items()
    for level, words in levels.items()
]


class ResultForm(Form):
    """What came of it, as it is written down."""

    what = SelectField(lazy_t("类别与级别", "Kind and level"), choices=options(KIND_AND_LEVEL))
    title = StringField(lazy_t("名称", "Title"), [Required(), AtMost(500)])
    year = IntegerField(lazy_t("年份", "Year"), [NumberRange(FIRST_YEAR, 2200)])
    month = IntegerField(lazy_t("月份", "Month"), [Optional(), NumberRange(1, 12)])
    authors = StringField(lazy_t("作者或获得者", "Authors or recipients"), [AtMost(300)])
    place = StringField(lazy_t("刊物或授予单位", "Journal or awarding body"), [AtMost(300)])
    identifier = StringField(lazy_t("DOI 或编号", "DOI or number"), [AtMost(200)])
    people = IntegerField(lazy_t("培训人数", "People trained"), [Optional(), NumberRange(1, MOST_PEOPLE)])
    who = SelectField(lazy_t("培训对象", "Who was trained"), choices=words_of(WHO), default="")

    def entry(self) -> ResultEntry:
        """Give what was written down."""
        kind, _, level = (self.what.data or "").partition("-")
        return ResultEntry(
            kind, level, self.title.data or "", self.year.data or 0, self.month.data, self.authors.data or "", self.place.data or "",
            self.identifier.data or "", self.people.data or 0, self.who.data or "",
        )  # fmt: skip


@manage.route("/instruments/<int:instrument_id>/results", methods=["GET", "POST"])
def results(instrument_id: int) -> Any:
    """Show what came of an instrument, and write down what is new."""
    form = ResultForm()
    if not form.is_submitted():
        form.year.data = clock.now().year
        return _page(instrument_id, form)
    try:
        if not form.validate():
            return _page(instrument_id, form)
        with writing() as session:
            add_result(session, instrument_id, form.entry(), viewer=viewer(), now=clock.now())
    except Invalid as error:
        form.refuse(error)
        return _page(instrument_id, form)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, form, error=error)
    flash(t("已登记。", "Written down."), "success")
    return redirect(url_for("manage.results", instrument_id=instrument_id))


@manage.post("/instruments/<int:instrument_id>/results/<int:tie_id>/remove")
def take_result_off(instrument_id: int, tie_id: int) -> Any:
    """Take a result off an instrument."""
    try:
        with writing() as session:
            tie = session.get(ResultTie, tie_id)
            if tie is None or tie.instrument_id != instrument_id:
                raise NotFound
            remove_result(session, tie_id, viewer=viewer(), now=clock.now(), reason=t("由管理员取消登记", "taken off by the manager"))
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(instrument_id, ResultForm(None), error=error)
    flash(t("已取消登记。", "Taken off."), "success")
    return redirect(url_for("manage.results", instrument_id=instrument_id))


def _page(instrument_id: int, form: ResultForm, *, error: PortalError | None = None) -> Any:
    with reading() as session:
        instrument = inspected(session, instrument_id)
        content = render_template(
            "usage/results.html",
            instrument=instrument,
            ties=ties_of(session, instrument_id),
            form=form,
            kinds=KINDS,
            levels=LEVELS,
            who=WHO,
            may_change=viewer().may_manage(instrument),
            error=say(error.sentence) if error else "",
        )
    return content, status_of(error) if error else 422 if form.is_submitted() else 200
