"""Registering an instrument and changing what the register says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.editing import edit as change
from instruments.editing import problems, register, snapshot
from instruments.errors import Changed, Forbidden, Invalid, NotFound, Sentence
from instruments.fields import BY_NAME
from instruments.people import Organisation
from instruments.publication import missing_fields
from portal import clock
from portal.auth import viewer
from portal.language import name, t
from portal.manage.blueprint import inspected, manage, managed
from portal.manage.instrumentform import GROUPS, HINTS, NEEDED, Choices, InstrumentForm, make_form, proposed_categories, read_choices
from portal.transactions import reading, writing

MOST_ORGANISATIONS = 1000


@manage.route("/instruments/new", methods=["GET", "POST"])
def new() -> Any:
    """Register an instrument as a draft; for those who administer its organisation."""
    with reading() as session:
        owners = _owners(session)
        owner = _chosen_owner(owners)
        choices = read_choices(session, owner)
        form = make_form(choices, None, values=_usual(owner) if request.method == "GET" else None)
        wrong = _wrong(session, form, Instrument(organisation_id=owner.id, publication="draft")) if request.method == "POST" else []
    if request.method == "POST" and not wrong:
        with writing() as session:
            made = register(session, session.get_one(Organisation, owner.id), form.values(), now=clock.now())
        flash(t("已保存为草稿。填写完整后即可提交审核。", "Saved as a draft. Submit it once everything is filled in."), "success")
        return redirect(url_for("manage.publication", instrument_id=made.id))
    content = render_template("manage/new.html", owners=owners, owner=owner, **_shown(form, choices))
    return content, 422 if wrong else 200


def _owners(session: Session) -> list[Organisation]:
    """Give the organisations the viewer may register instruments for; who has none is Forbidden."""
    ids = viewer().administered_organisation_ids
    if not viewer().is_province_admin and not ids:
        raise Forbidden
    query = select(Organisation).where(Organisation.is_active).order_by(Organisation.name_zh, Organisation.id).limit(MOST_ORGANISATIONS)
    found = list(session.scalars(query if viewer().is_province_admin else query.where(Organisation.id.in_(ids))))
    if not found:
        raise NotFound(Sentence("没有可以登记仪器的单位。", "There is no organisation to register instruments for."))
    return found


def _chosen_owner(owners: list[Organisation]) -> Organisation:
    wanted = request.values.get("organisation", "")
    if not wanted:
        return next((one for one in owners if one.id == viewer().organisation_id), owners[0])
    found = next((one for one in owners if str(one.id) == wanted), None)
    if found is None:
        raise NotFound
    return found


def _usual(owner: Organisation) -> dict[str, Any]:
    """Fill in what most new instruments have in common."""
    return {
        "country": "CN", "sharing_mode": "external", "accepts_bookings": True, "self_operated": True, "step_minutes": 30, "lanes": 1,
        "setup_minutes": 0, "cleanup_minutes": 0, "time_zone": owner.time_zone, "city": owner.city,
    }  # fmt: skip


@manage.route("/instruments/<int:instrument_id>", methods=["GET", "POST"])
def edit(instrument_id: int) -> Any:
    """Show and change the fields of an instrument."""
    if request.method == "POST":
        return _save(instrument_id)
    with reading() as session:
        instrument = inspected(session, instrument_id)
        choices = read_choices(session, instrument.organisation)
        return _edit_page(instrument, make_form(choices, instrument), choices)


def _save(instrument_id: int) -> Any:
    with writing() as session:
        instrument = managed(session, instrument_id)
        choices = read_choices(session, instrument.organisation)
        form = make_form(choices, instrument)
        seen = form.seen_values()
        if _wrong(session, form, instrument):
            return _edit_page(instrument, form, choices, seen=seen), 422
        try:
            changed = change(session, instrument, form.values(), seen=seen, now=clock.now())
        except Changed as error:
            return _conflict_page(instrument, choices, form, seen, error), 409
    flash(t("已保存。", "Saved.") if changed else t("没有改动。", "Nothing was changed."), "success" if changed else "plain")
    return redirect(url_for("manage.edit", instrument_id=instrument_id))


def _wrong(session: Session, form: InstrumentForm, instrument: Instrument) -> list[Invalid]:
    """Show everything that is wrong beside its field, and give it."""
    found = problems(session, instrument, form.values())
    for error in found:
        form.refuse(_with_proposals(session, form, error) if error.field == "category_code" else error)
    return found


def _with_proposals(session: Session, form: InstrumentForm, error: Invalid) -> Invalid:
    """Name the categories that may be meant."""
    found = proposed_categories(session, form.category_code.data or "")
    zh, en = "；".join(f"{one.code} {one.name_zh}" for one in found), "; ".join(f"{one.code} {name(one)}" for one in found)
    if not found:
        return error
    return Invalid(error.field, Sentence(f"{error.sentence.zh}您是指：{zh}？", f"{error.sentence.en} Did you mean {en}?"))


def _edit_page(instrument: Instrument, form: InstrumentForm, choices: Choices, *, seen: Mapping[str, Any] | None = None, **more: Any) -> str:
    # What the person saw first is what her changes are compared with, however often the form comes back.
    form.seen.data = json.dumps(seen or snapshot(instrument), ensure_ascii=False)
    missing = set(missing_fields(instrument)) if instrument.publication in ("draft", "refused") else set()
    return render_template(
        "manage/edit.html", instrument=instrument, may_change=viewer().may_manage(instrument), missing=missing, **_shown(form, choices, missing), **more
    )


def _conflict_page(instrument: Instrument, choices: Choices, form: InstrumentForm, seen: Mapping[str, Any], error: Changed) -> str:
    """Show what somebody else has changed. What both changed stays as the person wrote it; what only the other changed is taken over."""
    mine = {field: value for field, value in form.values().items() if field not in error.changes or error.changes[field][1] != seen.get(field)}
    merged = make_form(choices, instrument, values=snapshot(instrument) | mine)
    conflicts = [
        (BY_NAME[field].label, _in_words(field, theirs, choices), _in_words(field, yours, choices), yours != seen.get(field))
        for field, (theirs, yours) in error.changes.items()
    ]
    return _edit_page(instrument, merged, choices, conflicts=conflicts)


def _in_words(field: str, value: Any, choices: Choices) -> str:
    """Write a stored value as a person reads it."""
    if isinstance(value, bool):
        return t("是", "yes") if value else t("否", "no")
    if field == "funds":
        return "; ".join(f"{choices.funds.get(row['kind'], row['kind'])} {row.get('amount', '')}".strip() for row in value or [])
    words = dict(choices.categories) if field == "category_code" else dict(choices.by_field.get(field, ()))
    texts = [words.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
    return t("，", ", ").join(texts) or t("（空）", "(empty)")


def _shown(form: InstrumentForm, choices: Choices, missing: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    """Give the template the groups: their fields, how many are filled in, and whether one is open."""
    groups = []
    for key, title, names in GROUPS:
        fields = [form[field] for field in names if field in form]
        is_open = key == "essentials" or any(one.errors for one in fields) or not missing.isdisjoint(names)
        filled = sum(_is_filled(one) for one in fields)
        groups.append({"key": key, "title": title, "fields": fields, "is_open": is_open, "filled": filled})
    return {"form": form, "groups": groups, "categories": choices.categories, "funds": choices.funds, "needed": NEEDED, "hints": HINTS}


def _is_filled(field: Any) -> bool:
    if field.short_name == "funds":
        return any(row.form.used.data for row in field)
    return field.data not in (None, "", [], False)
