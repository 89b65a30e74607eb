"""Fill in one fact for many uses at once, where drafts of service records lack it: which uses those are, and the filling itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer, managed_by
from instruments.catalogue import Instrument
from instruments.errors import Changed, Forbidden, Invalid, PortalError, Sentence
from instruments.people import Person
from scheduling.chosen import Chosen, Left, Taken, not_there
from scheduling.returning.facts import Facts, ReturnFacts, check_facts, facts_of
from scheduling.returning.formats import format_of
from scheduling.returning.generating import locked_organisation, refresh_uses
from scheduling.returning.returns import Return, ReturnRow
from scheduling.usage import UsageRecord, may_see_use

KIND, MOST, MOST_CHOICES = "service_records", 500, 50
# Which field of a service record a fact is for.
FIELD_OF: Mapping[str, str] = {
    "content": "serviceContent", "project": "subjectName", "income": "subjectIncome", "area": "subjectArea", "tax_record": "taxRecord",
}  # fmt: skip
CHANGED = Sentence("他人刚刚改过，未填写；请重新查看。", "Somebody changed it meanwhile, so it was left; look again.")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a fact is lacking: in which draft (None: all), and of which instrument, person or project alone."""

    fact: str
    return_id: int | None = None
    instrument_id: int | None = None
    person_id: int | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class LackingUse:
    """A use that lacks a fact, what stands there now, and the version of what is noted about it (0: nothing)."""

    use: UsageRecord
    was: str
    version: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow down what is lacking: what it goes by (instrument_id, person_id, project), its value, name and how many uses."""

    by: str
    value: Any
    name: Any
    count: int


def label_of(fact: str) -> Sentence:
    """Name a fact as the return names its field; Invalid for one there is not."""
    if fact not in FIELD_OF:
        raise Invalid("fact", Sentence("请从列表中选择要补充的内容。", "Choose from the list what is to be filled in."))
    return format_of(KIND).field(FIELD_OF[fact]).label


def lacking(session: Session, scope: Scope, viewer: Viewer, *, limit: int = MOST) -> tuple[list[LackingUse], int]:
    """Give the uses whose rows in drafts lack a fact, of instruments the viewer manages, by start; and how many there are in all."""
    label_of(scope.fact)
    total = session.scalar(_lacking(scope, viewer).with_only_columns(func.count(UsageRecord.id.distinct()))) or 0
    asked = select(UsageRecord).where(UsageRecord.id.in_(_lacking(scope, viewer).with_only_columns(UsageRecord.id)))
    asked = asked.options(joinedload(UsageRecord.instrument), joinedload(UsageRecord.person))
    uses = session.scalars(asked.order_by(UsageRecord.start_at, UsageRecord.id).limit(limit)).all()
    return with_facts(session, uses, scope.fact), total


def with_facts(session: Session, uses: Sequence[UsageRecord], fact: str) -> list[LackingUse]:
    """Give uses with what is noted for a fact; one statement."""
    noted = facts_of(session, uses) if uses else {}
    return [LackingUse(use, getattr(noted[use.id], fact) if use.id in noted else "", _version(noted.get(use.id), use)) for use in uses]


def _version(noted: ReturnFacts | None, use: UsageRecord) -> int:
    return noted.version if noted is not None and noted.usage_id == use.id else 0


def _lacking(scope: Scope, viewer: Viewer) -> Select[UsageRecord]:
    conditions: list[ColumnElement[bool]] = [managed_by(viewer), Return.state == "draft", Return.kind == KIND, _lacks(scope.fact)]
    for column, value in (
        (Return.id, scope.return_id), (UsageRecord.instrument_id, scope.instrument_id), (UsageRecord.person_id, scope.person_id),
        (UsageRecord.project, scope.project),
    ):  # fmt: skip
        if value is not None:
            conditions.append(column == value)
    joined = select(UsageRecord).join(ReturnRow, ReturnRow.usage_id == UsageRecord.id).join(ReturnRow.of)
    return joined.join(UsageRecord.instrument).where(*conditions)


def _lacks(fact: str) -> ColumnElement[bool]:
    """Give the condition on ReturnRow for a fact that is wrong or, where every use may have one, empty."""
    field = FIELD_OF[fact]
    is_wrong = and_(ReturnRow.is_wrong, cast(ReturnRow.problems, Text).like(f'%"{field}"%'))
    return is_wrong if fact == "tax_record" else or_(is_wrong, ReturnRow.data[field].as_string() == "")


def choices(session: Session, scope: Scope, viewer: Viewer) -> list[Choice]:
    """Give the instruments, people and projects of what is lacking, the most first, at most fifty of each; three statements."""
    whole = Scope(scope.fact, scope.return_id)
    count = func.count(UsageRecord.id.distinct())
    found: list[Choice] = []
    for by, key, thing in (
        ("instrument_id", Instrument.id, Instrument), ("person_id", Person.id, Person), ("project", UsageRecord.project, UsageRecord.project)
    ):  # fmt: skip
        asked = _lacking(whole, viewer).join(UsageRecord.person)
        asked = asked.where(UsageRecord.project != "") if by == "project" else asked
        rows = session.execute(asked.with_only_columns(key, count).group_by(key).order_by(count.desc(), key).limit(MOST_CHOICES)).all()
        names = _names(session, thing, [value for value, _ in rows]) if by != "project" else {value: value for value, _ in rows}
        found += [Choice(by, value, names[value], many) for value, many in rows]
    return found


def _names(session: Session, thing: Any, ids: Sequence[Any]) -> dict[Any, Any]:
    rows: Sequence[Any] = session.scalars(select(thing).where(thing.id.in_(ids))).all() if ids else ()
    return {one.id: one for one in rows}


def check_value(session: Session, fact: str, value: str) -> str:
    """Check what is to be filled in; Invalid for nothing at all and for what cannot be."""
    label_of(fact)
    if not value.strip():
        raise Invalid("value", Sentence("请填写内容。", "Say what is to be filled in."))
    try:
        check_facts(session, _with(Facts(), fact, value))
    except Invalid as error:
        raise Invalid("value", error.sentence) from error
    return value.strip()


def uses_chosen(session: Session, chosen: Sequence[Chosen], viewer: Viewer) -> list[UsageRecord]:
    """Get the chosen uses the viewer may see, by start; Invalid for none chosen or too many."""
    if not chosen:
        raise Invalid("chosen", Sentence("请先勾选使用记录。", "Tick some uses first."))
    if len(chosen) > MOST:
        raise Invalid("chosen", Sentence(f"一次最多填写 {MOST} 条，请分次进行。", f"At most {MOST} at once. Do it in several goes."))
    asked = select(UsageRecord).where(UsageRecord.id.in_([one.id for one in chosen]))
    asked = asked.options(joinedload(UsageRecord.instrument), joinedload(UsageRecord.person)).order_by(UsageRecord.start_at, UsageRecord.id)
    return [one for one in session.scalars(asked) if not viewer.is_anonymous and may_see_use(viewer, one)]


def fill(session: Session, fact: str, value: str, chosen: Sequence[Chosen], *, viewer: Viewer, now: datetime) -> Taken:
    """Fill a fact in for the chosen uses, as their instruments' manager; drafts that hold them are made anew. At most five hundred.

    What somebody else changed since the viewer looked is left as it is and named. What it was before stays in the audit log.
    """
    value, versions = check_value(session, fact, value), {one.id: one.version for one in chosen}
    uses = uses_chosen(session, chosen, viewer)
    for owner_id in sorted({one.owner_id for one in uses}):
        locked_organisation(session, owner_id)
    noted, taken = facts_of(session, uses), Taken()  # under the lock
    for one in uses:
        try:
            _check(one, noted.get(one.id), versions[one.id], viewer)
        except PortalError as error:
            taken.left.append(Left(one.id, error.sentence))
        else:
            _note(session, one, noted.get(one.id), fact, value, viewer.person_id, now)
            taken.done.append(one.id)
    session.flush()
    refresh_uses(session, taken.done)
    known = {one.id for one in uses}
    taken.left += not_there(one for one in versions if one not in known)
    return taken


def _with(known: Facts, fact: str, value: str) -> Facts:
    changed: dict[str, Any] = {fact: value}
    return replace(known, **changed)


def _check(one: UsageRecord, noted: ReturnFacts | None, version: int | None, viewer: Viewer) -> None:
    if not viewer.may_manage(one.instrument):
        raise Forbidden
    if version is not None and version != _version(noted, one):
        raise Changed(CHANGED)


def _note(session: Session, one: UsageRecord, noted: ReturnFacts | None, fact: str, value: str, by: int, now: datetime) -> None:
    known = Facts() if noted is None else Facts(**{field.name: getattr(noted, field.name) for field in fields(Facts)})
    wanted = _with(known, fact, value)
    if noted is None or noted.usage_id != one.id:
        noted = ReturnFacts(usage_id=one.id)
        session.add(noted)
    for field in fields(Facts):
        setattr(noted, field.name, getattr(wanted, field.name))
    noted.noted_by, noted.noted_at = by, now
