"""Registering an instrument and changing its fields: every value checked, nothing of somebody else's overwritten unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.classification import Category
from instruments.codes import CodeEntry
from instruments.errors import Changed, Invalid, Sentence
from instruments.facilities import Facility
from instruments.fields import BY_NAME, FIELDS, check
from instruments.lanes import note_lanes
from instruments.people import Group, Organisation

CHANGED = Sentence("您填写期间，他人修改了该仪器。", "Somebody else changed this instrument while you were filling in the form.")
SETTLED = Sentence("内部编号是再次导入的依据，提交后不能更改。", "The inner id ties the instrument to later imports; it stays once submitted.")
NAMELESS = Sentence("请填写中文或英文名称。", "Please give a name, in Chinese or in English.")
UNKNOWN = Sentence("请从列表中选择。", "Please choose from the list.")
Values = Mapping[str, Any]


def register(session: Session, organisation: Organisation, values: Values, *, now: datetime) -> Instrument:
    """Register an instrument as a draft; Invalid for a value that cannot be, or an inner id that is taken."""
    instrument = Instrument(organisation=organisation, organisation_id=organisation.id, created_at=now, publication="draft")
    clean = _all_checked(session, instrument, {"inner_id": "", "name_zh": "", "name_en": "", **values})
    with session.no_autoflush:
        _write(instrument, clean)
        session.add(instrument)
    session.flush()  # callers hand the new id on
    return instrument


def edit(
    session: Session, instrument: Instrument, values: Values, *, now: datetime, seen: Values | None = None, version: int | None = None
) -> list[str]:
    """Change fields and give the names of those that changed.

    `seen` is the snapshot the person started from, `version` the version. What somebody else has changed since then is Changed, with
    {name: (as it is stored now, as wanted)}; with a version alone, every field in which the two differ.
    """
    clean = _all_checked(session, instrument, values)
    stored, wanted = snapshot(instrument), {name: _told(value) for name, value in clean.items()}
    conflicts = _conflicts(stored, wanted, seen, is_old=version is not None and version != instrument.version)
    if conflicts:
        raise Changed(CHANGED, conflicts)
    changed = [name for name in wanted if wanted[name] != stored[name]]
    lanes = instrument.lanes
    _write(instrument, {name: clean[name] for name in changed})
    if instrument.lanes != lanes:
        note_lanes(session, instrument, lanes, now=now)
    if changed:
        instrument.schedule_version += 1  # raises the version too, whichever table the change is in
    return changed


def snapshot(instrument: Instrument) -> dict[str, Any]:
    """Give every field as JSON can hold it: what a form showed, and what to compare with later."""
    return {field.name: _told(_value_of(instrument, field.name)) for field in FIELDS}


def problems(session: Session, instrument: Instrument, values: Values) -> list[Invalid]:
    """Give everything that is wrong with some values for an instrument, at once."""
    return _checked(session, instrument, values)[1]


def _all_checked(session: Session, instrument: Instrument, values: Values) -> dict[str, Any]:
    clean, wrong = _checked(session, instrument, values)
    if wrong:
        raise wrong[0]
    return clean


def _checked(session: Session, instrument: Instrument, values: Values) -> tuple[dict[str, Any], list[Invalid]]:
    clean: dict[str, Any] = {}
    wrong: list[Invalid] = []
    for name, value in values.items():
        try:
            clean[name] = check(name, value)
        except Invalid as error:
            wrong.append(Invalid(name, error.sentence))
    with session.no_autoflush:
        wrong += [error for error in _unknown_codes(session, instrument, clean) if error]
        wrong += [Invalid(name, sentence) for name, sentence in _contradictions(session, instrument, clean)]
    return clean, wrong


def _unknown_codes(session: Session, instrument: Instrument, clean: Values) -> Iterable[Invalid | None]:
    """Look up what must be known: codes, the category, the facility and the group of the same organisation. What is stored may stay."""
    category = clean.get("category_code")
    if category and category != instrument.category_code and session.get(Category, category) is None:
        yield Invalid("category_code", Sentence("没有这个仪器分类。", "There is no such category."))
    for name, owner in (("facility_id", Facility), ("group_id", Group)):
        key = clean.get(name)
        if key is not None and key != getattr(instrument, name):
            found = session.get(owner, key)
            if found is None or found.organisation_id != instrument.organisation_id:  # type: ignore[attr-defined]  # both have one
                yield Invalid(name, UNKNOWN)
    new = {name: [code for code in _codes(name, clean[name]) if code not in _codes(name, _value_of(instrument, name))] for name in _coded(clean)}
    known = _known_codes(session, {code for codes in new.values() for code in codes})
    for name, codes in new.items():
        if any((BY_NAME[name].list_name, code) not in known for code in codes):
            yield Invalid(name, UNKNOWN)


def _coded(clean: Values) -> list[str]:
    return [name for name in clean if BY_NAME[name].list_name]


def _codes(name: str, value: Any) -> list[str]:
    if name == "funds":
        return [str(row.get("kind", "")) for row in value or ()]
    return [code for code in (value if isinstance(value, list) else [value]) if code]


def _known_codes(session: Session, codes: set[str]) -> set[tuple[str, str]]:
    if not codes:
        return set()
    rows = session.execute(select(CodeEntry.list_name, CodeEntry.code).where(CodeEntry.code.in_(sorted(codes)), CodeEntry.active))
    return {(row.list_name, row.code) for row in rows}


def _contradictions(session: Session, instrument: Instrument, clean: Values) -> Iterable[tuple[str, Sentence]]:
    """Give what is wrong with the values taken together."""
    whole = {name: clean.get(name, _value_of(instrument, name)) for name in ("name_zh", "name_en", "longitude", "latitude", "inner_id")}
    if not whole["name_zh"] and not whole["name_en"]:
        yield "name_zh", NAMELESS
    if (whole["longitude"] is None) != (whole["latitude"] is None):
        yield "longitude", Sentence("经度和纬度须同时填写。", "Longitude and latitude go together.")
    if "inner_id" in clean and clean["inner_id"] != instrument.inner_id:
        yield from _wrong_inner_id(session, instrument, clean["inner_id"])


def _wrong_inner_id(session: Session, instrument: Instrument, inner_id: str) -> Iterable[tuple[str, Sentence]]:
    same = Instrument.organisation_id == instrument.organisation_id, Instrument.inner_id == inner_id
    if not inner_id:
        yield "inner_id", Sentence("请填写单位内部编号。", "Please give the inner id.")
    elif instrument.publication != "draft":
        yield "inner_id", SETTLED
    elif session.scalar(select(Instrument.id).where(*same)) is not None:
        yield "inner_id", Sentence("本单位已有该编号的仪器。", "The organisation has an instrument with this id already.")


def _conflicts(stored: Values, wanted: Values, seen: Values | None, *, is_old: bool) -> dict[str, tuple[Any, Any]]:
    before = {**stored, **seen} if seen is not None else {} if is_old else stored
    theirs = [name for name in wanted if name not in before or before[name] != stored[name]]
    return {name: (stored[name], wanted[name]) for name in theirs if stored[name] != wanted[name]}


def _value_of(instrument: Instrument, name: str) -> Any:
    if name == "aliases":
        return [alias.text for alias in instrument.aliases]
    return getattr(instrument, name)


def _told(value: Any) -> Any:
    """Write a value as JSON can hold it."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def _write(instrument: Instrument, clean: Values) -> None:
    for name, value in clean.items():
        if name == "aliases":
            kept = {alias.text: alias for alias in instrument.aliases}
            instrument.aliases = [kept.get(text) or InstrumentAlias(text=text) for text in value]
        else:
            setattr(instrument, name, value)
