"""Purchase reviews: what is to be bought, what comparable instruments there are, and the opinion, numbered and printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from instruments.access import Viewer
from instruments.classification import Category
from instruments.codes import entries
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.money import yuan
from instruments.people import Organisation
from portal import clock
from portal.auth import viewer
from portal.auth.current import ask_to_log_in
from portal.errors import status_of
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, name, say, t
from portal.links import LARGEST_KEY
from portal.manage.instrumentform import category_code
from portal.pages import here_with
from portal.transactions import reading, writing
from scheduling.statistics.comparables import concluded, figures_for
from scheduling.statistics.purchases import (
    LONGEST,
    MOST_CHOSEN,
    VERDICTS,
    PurchaseReview,
    Wanted,
    begin_review,
    describe,
    give_opinion,
    note_opinion,
    page_of_reviews,
    seen_organisations,
    seen_review,
)

purchases = Blueprint("purchases", __name__, url_prefix="/purchase-reviews")
MOST_ORGANISATIONS = 500


@purchases.before_request
def _administrators_only() -> Any:
    if viewer().is_anonymous:
        return ask_to_log_in()
    check_reviewer(viewer(), is_change=request.method not in ("GET", "HEAD"))
    return None


def check_reviewer(who: Viewer, *, is_change: bool = False) -> None:
    """Let administrators in, and auditors to read; for all others there are no reviews."""
    if who.administers_any or who.is_province_admin:
        return
    if not who.is_auditor:
        raise NotFound
    if is_change:
        raise Forbidden


class WantedForm(Form):
    """What is to be bought."""

    organisation = SelectField(lazy_t("申购单位", "Organisation"), coerce=int, choices=[])
    title = StringField(lazy_t("拟购仪器", "Instrument to be bought"), [Required(), AtMost(200)])
    price = StringField(lazy_t("预算（元）", "Price (yuan)"), [Required(), AtMost(20)])
    is_central = BooleanField(lazy_t("使用中央财政资金", "Paid from central money"))
    category_code = StringField(lazy_t("仪器分类", "Class"), [AtMost(200)])
    words = StringField(lazy_t("检索词", "Words to search by"), [AtMost(200)])
    city = SelectField(lazy_t("安置地市", "City where it will stand"), choices=[])
    need = TextAreaField(lazy_t("用途与需求", "What it is needed for"), [AtMost(LONGEST)], render_kw={"rows": 4})

    def wanted(self) -> Wanted:
        """Give what was filled in; Invalid for an amount that cannot be one."""
        return Wanted(
            self.title.data or "", yuan(self.price.data or "", "price"), category_code(self.category_code.data), self.words.data or "",
            self.city.data or "", bool(self.is_central.data), self.need.data or "",
        )  # fmt: skip


@purchases.get("")
def mine() -> str:
    """List the reviews the viewer may read, the newest first."""
    asked = request.args.get("cursor", "")
    before = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None
    with reading() as session:
        rows, following = page_of_reviews(session, viewer(), before=before)
        return render_template(
            "purchases/mine.html", rows=rows, verdicts=VERDICTS, next_url=here_with(cursor=following) if following else None,
            may_begin=viewer().administers_any or viewer().is_province_admin,
        )  # fmt: skip


@purchases.route("/new", methods=["GET", "POST"])
def new() -> Any:
    """Begin a review."""
    if not (viewer().administers_any or viewer().is_province_admin):
        raise Forbidden
    with reading() as session:
        form = _form(session, None)
        categories = _categories(session)
    if form.validate_on_submit():
        try:
            with writing() as session:
                made = begin_review(session, form.organisation.data, form.wanted(), viewer=viewer(), now=clock.now())
            return redirect(url_for("purchases.show", review_id=made.id))
        except Invalid as error:
            form.refuse(error)
    return render_template("purchases/edit.html", form=form, one=None, categories=categories), 422 if form.is_submitted() else 200


@purchases.route("/<int:review_id>/edit", methods=["GET", "POST"])
def edit(review_id: int) -> Any:
    """Say anew what is to be bought, while no opinion is given."""
    with reading() as session:
        one = seen_review(session, review_id, viewer())
        if not viewer().may_administer(one.organisation_id):
            raise Forbidden
        form, categories = _form(session, one), _categories(session)
    if form.validate_on_submit():
        try:
            with writing() as session:
                describe(session, review_id, form.wanted(), viewer=viewer(), version=_version())
            return redirect(url_for("purchases.show", review_id=review_id))
        except Invalid as error:
            form.refuse(error)
    return render_template("purchases/edit.html", form=form, one=one, categories=categories), 422 if form.is_submitted() else 200


@purchases.get("/<int:review_id>")
def show(review_id: int) -> Any:
    """Show a review: the comparable instruments with their figures, and the opinion or the form for it."""
    return _page(review_id)


@purchases.post("/<int:review_id>/opinion")
def opinion(review_id: int) -> Any:
    """Keep what the reviewer thinks so far, or give the opinion."""
    form = request.form
    chosen = {int(one) for one in form.getlist("chosen")[: MOST_CHOSEN + 1] if one.isascii() and one.isdecimal() and int(one[:20]) <= LARGEST_KEY}
    verdict, text = form.get("verdict", "")[:20], form.get("opinion", "").replace("\x00", "").strip()
    try:
        with writing() as session:
            if "give" in form:
                one = seen_review(session, review_id, viewer())
                figures = figures_for(session, one, viewer=viewer(), now=clock.now())
                figures |= {"concluded": concluded(figures, chosen)}
                give_opinion(session, review_id, chosen, verdict, text, figures, viewer=viewer(), now=clock.now(), version=_version())
            else:
                note_opinion(session, review_id, chosen, verdict, text, viewer=viewer(), version=_version())
    except Invalid as error:
        return _page(review_id, {"chosen": chosen, "verdict": verdict, "opinion": text}, error)
    flash(t("意见已出具。", "The opinion is given.") if "give" in form else t("已保存。", "Saved."), "success")
    return redirect(url_for("purchases.show", review_id=review_id))


@purchases.get("/<int:review_id>/paper")
def paper(review_id: int) -> Any:
    """Show the opinion as it is printed."""
    with reading() as session:
        one = seen_review(session, review_id, viewer())
        if not one.is_given:
            raise NotFound
        return render_template("purchases/paper.html", one=one, **_shown(session, one, one.figures), now=clock.now())


def _page(review_id: int, typed: Mapping[str, Any] | None = None, error: PortalError | None = None) -> Any:
    with reading() as session:
        one = seen_review(session, review_id, viewer())
        thought = typed or {"chosen": set(one.chosen), "verdict": one.verdict, "opinion": one.opinion}
        figures = figures_shown(session, one, thought["chosen"])
        return render_template(
            "purchases/show.html", one=one, thought=thought, complaint=say(error.sentence) if error else "",
            may_think=not one.is_given and viewer().may_administer(one.organisation_id), **_shown(session, one, figures),
        ), status_of(error) if error else 200  # fmt: skip


def figures_shown(session: Session, one: PurchaseReview, chosen: Collection[int]) -> Mapping[str, Any]:
    """Give what an opinion rests on, as it was given; of a draft as it is now, with what follows from those chosen, or from all."""
    if one.is_given:
        return one.figures
    found = figures_for(session, one, viewer=viewer(), now=clock.now())
    return found | {"concluded": concluded(found, chosen or [row["id"] for row in found["rows"]])}


def _shown(session: Session, one: PurchaseReview, figures: Mapping[str, Any]) -> dict[str, Any]:
    found = session.get(Category, one.category_code) if one.category_code else None
    cities = {entry.code: entry.name for entry in entries(session, "city", with_retired=True)}
    return {
        "figures": figures, "category": found, "city": cities.get(one.city), "verdicts": VERDICTS, "in_words": _in_words,
        "at": datetime.fromisoformat,
    }  # fmt: skip


def _in_words(pair: Sequence[str]) -> str:
    """Give the text of the reader's language from what was kept in both."""
    return say(Sentence(*pair))


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _form(session: Session, one: PurchaseReview | None) -> WantedForm:
    known = {} if one is None else {
        "organisation": one.organisation_id, "title": one.title, "price": str(one.price), "is_central": one.is_central,
        "category_code": one.category_code or "", "words": one.words, "city": one.city, "need": one.need,
    }  # fmt: skip
    form = WantedForm(None if not request.form else request.form, **known)
    form.organisation.choices = options((row.id, name(row)) for row in _organisations(session, one))
    form.city.choices = options([("", t("（未填）", "(none)")), *((entry.code, name(entry)) for entry in entries(session, "city"))])
    return form


def _organisations(session: Session, one: PurchaseReview | None) -> list[Organisation]:
    ids = (one.organisation_id,) if one is not None else seen_organisations(viewer())
    if one is None and not viewer().is_province_admin:
        ids = viewer().administered_organisation_ids
    asked = select(Organisation).order_by(Organisation.id != viewer().organisation_id, Organisation.code).limit(MOST_ORGANISATIONS)
    return list(session.scalars(asked if ids is None else asked.where(Organisation.id.in_(ids))))


def _categories(session: Session) -> list[Category]:
    return list(session.scalars(select(Category).order_by(Category.code)))
