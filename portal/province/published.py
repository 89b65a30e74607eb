"""Years that stay as they were published: which are, publishing one, and what has been corrected since."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from instruments.errors import Forbidden, NotFound
from portal import clock
from portal.auth import viewer
from portal.forms import AtMost, Form
from portal.language import lazy_t, t
from portal.province.blueprint import province
from portal.transactions import reading, writing
from scheduling.statistics.keeping import waiting_notes
from scheduling.statistics.periods import this_year, year
from scheduling.statistics.publishing import PublishedYear, corrections, publish_year, published_years
from scheduling.statistics.quantities import COUNTS, MONEY, TITLES
from scheduling.statistics.reports import BY

BACK = 6  # years that may still be published
MOST_SHOWN = 200


class PublishForm(Form):
    """Which year is published, and what is said about it."""

    year = SelectField(lazy_t("年度", "Year"), coerce=int)
    note = StringField(lazy_t("说明", "Note"), [AtMost(500)])


@province.route("/published-years", methods=["GET", "POST"])
def published_list() -> Any:
    """List the years whose figures are published, and publish one, for good."""
    if request.method == "POST" and not viewer().is_province_admin:
        raise Forbidden
    now, form = clock.now(), PublishForm()
    with reading() as session:
        known, waiting = published_years(session), waiting_notes(session)
    there, last = {one.year for one in known}, this_year(now) - 1
    ready = [number for number in range(last, last - BACK, -1) if number not in there]
    form.year.choices = [(number, str(number)) for number in ready]
    if form.validate_on_submit():
        return _publish(form)
    page = render_template("province/published.html", years=known, ready=ready, waiting=waiting, form=form)
    return page, 422 if form.is_submitted() else 200


def _publish(form: PublishForm) -> Response:
    with writing() as session:
        publish_year(session, form.year.data, viewer=viewer(), now=clock.now(), note=form.note.data or "")
    flash(t("{year} 年的数据已公布。", "The figures of {year} are published.", year=form.year.data), "success")
    return redirect(url_for("province.published_list"))


@province.get("/published-years/<int:number>")
def published_corrections(number: int) -> str:
    """Show what has been corrected since a year was published, by organisation or another dimension."""
    by = request.args.get("by", "organisation")
    by = by if by in BY else "organisation"
    with reading() as session:
        one = session.get(PublishedYear, number)
        if one is None:
            raise NotFound
        found = corrections(session, year(number), by)
    return render_template(
        "province/published_year.html", one=one, by=by, dimensions=BY, found=found[:MOST_SHOWN], total=len(found), titles=TITLES, money=MONEY,
        counts=COUNTS,
    )  # fmt: skip
