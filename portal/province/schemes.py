"""Evaluation schemes: what they say, and a form for a new version; what would change is shown before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.evaluationschemes import Change, NewVersion, add_shipped, add_version, changes, schemes, versions
from instruments.evaluationterms import Terms, missing, read_terms, stored
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.evaluationwords import WORDS, curve_words
from portal.language import t
from portal.province.blueprint import province
from portal.transactions import reading, writing
from portal.vouchers import reasons, text_in_form

CURVE_FIELDS = {"linear": ("full", "most"), "pieces": ("each", "per", "most"), "rank": ("most",), "steps": ()}
SPARE_STEPS = 2


@province.get("/schemes")
def scheme_list() -> str:
    """List the evaluation schemes."""
    with reading() as session:
        return render_template("evaluations/schemes.html", rows=[(one, missing(one.terms)) for one in schemes(session)], **WORDS)


@province.post("/schemes/shipped")
def add_schemes() -> Response:
    """Add the shipped schemes that are not there yet."""
    with writing() as session:
        added = add_shipped(session, now=clock.now())
    flash(t("已添加 {n} 个方案。", "{n} schemes were added.", n=len(added)), "success" if added else "plain")
    return redirect(url_for("province.scheme_list"))


@province.get("/schemes/<int:scheme_id>")
def scheme(scheme_id: int) -> str:
    """Show a scheme and its versions, with the form for a new one."""
    return _page(scheme_id)


@province.post("/schemes/<int:scheme_id>", endpoint="new_scheme_version")
def make_version(scheme_id: int) -> Any:
    """Show what a new version would change, or make it."""
    try:
        with reading() as session:
            newest = versions(session, scheme_id)[0].terms
        wanted = _read(newest)
        if request.form.get("step") != "make":
            return _page(scheme_id, told=changes(newest, wanted.terms), is_ready=True)
        after = text_in_form("after")
        with writing() as session:
            number = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
            add_version(session, scheme_id, wanted, after=number, viewer=viewer(), now=clock.now())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(scheme_id, error), status_of(error)
    flash(t("新版本已建立。", "The new version is made."), "success")
    return redirect(url_for("province.scheme", scheme_id=scheme_id))


def _read(old: Terms) -> NewVersion:
    terms = stored(old)
    terms["least_value"] = _sent("least_value")
    for part in terms["parts"]:
        part["weight"] = _sent(f"weight-{part['code']}")
        for item in part["items"]:
            item["weight"] = _sent(f"inner-{item['code']}") if part["adds"] == "weights" else item["weight"]
            _read_curve(item["code"], item["curve"])
    mark = "least" if old.grading == "cuts" else "until"
    for grade in terms["grades"][:-1]:
        grade[mark] = _sent(f"grade-{grade['code']}")
    years = [_year(name) for name in ("first_year", "last_year")]
    if years[0] is None:
        raise Invalid("first_year", Sentence("请填写起始年度。", "Give the first year."))
    return NewVersion(read_terms(terms), years[0], years[1], text_in_form("source"), text_in_form("reason"))


def _read_curve(code: str, curve: dict[str, Any]) -> None:
    for name in CURVE_FIELDS[curve["kind"]]:
        sent = _sent(f"{name}-{code}")
        curve[name] = "1" if name == "per" and sent is None else sent
    if curve["kind"] == "steps":
        pairs = [(_sent(f"least-{code}-{row}"), _sent(f"points-{code}-{row}")) for row in range(len(curve["steps"]) + SPARE_STEPS)]
        curve["steps"] = [{"least": least, "points": points or "0"} for least, points in pairs if least is not None]


def _sent(name: str) -> str | None:
    return text_in_form(name).strip()[:40] or None


def _year(name: str) -> int | None:
    text = text_in_form(name).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid(name, Sentence("请填写四位年份。", "Give a year of four digits."))
    return int(text)


def _given(newest: Any) -> dict[str, str]:
    """Give what stands in the form: what was sent, or the newest version."""
    if request.method == "POST":
        return {key: value for key, value in request.form.items() if key not in ("step", "csrf_token")}
    found = {key: "" if value is None else str(value) for key, value in _fields(newest.terms)}
    return found | {"first_year": str(newest.first_year), "last_year": str(newest.last_year or ""), "source": newest.source, "reason": ""}


def _fields(terms: Terms) -> Iterator[tuple[str, Any]]:
    yield "least_value", terms.least_value
    for part in terms.parts:
        yield f"weight-{part.code}", part.weight
        for item in part.items:
            yield f"inner-{item.code}", item.weight
            for name in CURVE_FIELDS[item.curve.kind]:
                yield f"{name}-{item.code}", getattr(item.curve, name)
            for row, step in enumerate(item.curve.steps):
                yield f"least-{item.code}-{row}", step.least
                yield f"points-{item.code}-{row}", step.points
    for grade in terms.grades:
        yield f"grade-{grade.code}", grade.least if terms.grading == "cuts" else grade.until


def _page(scheme_id: int, error: PortalError | None = None, *, told: list[Change] | None = None, is_ready: bool = False) -> str:
    with reading() as session:
        found = versions(session, scheme_id)
        return render_template(
            "evaluations/scheme.html", newest=found[0], terms=found[0].terms, versions=found, given=_given(found[0]), told=told or [],
            is_ready=is_ready, missing=missing(found[0].terms), curve_fields=CURVE_FIELDS, spare=SPARE_STEPS, curve_words=curve_words,
            problems=reasons(error), **WORDS,
        )  # fmt: skip
