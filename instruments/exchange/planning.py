"""What a list would change: each row matched with the instrument it means, and compared field by field. Nothing is written here."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, selectinload

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from instruments.exchange.cells import clean
from instruments.exchange.drafts import Draft, Note, Stated
from instruments.exchange.lines import Line
from instruments.exchange.owners import Owner, Owners, Whose
from instruments.exchange.rows import Columns, read_row
from instruments.exchange.values import Surroundings

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"
ACTIONS = {
    CREATED: Sentence("新增", "Created"),
    UPDATED: Sentence("更新", "Updated"),
    UNCHANGED: Sentence("未变", "Unchanged"),
    REFUSED: Sentence("未导入", "Refused"),
}


@dataclass(slots=True)
class Outcome:
    """What becomes of one row: the action, the instrument meant, and its changes as {attribute: (before, after)}."""

    row: int
    action: str
    notes: list[Note]
    inner_id: str = ""
    name: str = ""
    owner: Owner | None = None
    instrument: Instrument | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    new_aliases: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Planner:
    """Goes through a list batch by batch, and remembers which instruments it has met."""

    columns: Columns
    around: Surroundings
    whose: Whose
    owners: Owners
    met: dict[tuple[str, str], int] = field(default_factory=dict)
    alike: Counter[bytes] = field(default_factory=Counter)

    def read(self, lines: Iterable[Line]) -> list[tuple[Draft, Owner | None]]:
        """Read lines into drafts and find their owners, before any transaction; lines are read once, in order."""
        return [self._draft(line) for line in lines]

    def plan(self, session: Session, drafts: Sequence[tuple[Draft, Owner | None]]) -> list[Outcome]:
        """Say for each draft what would become of it; a constant number of statements."""
        keys = [(owner.id, number) for draft, owner in drafts if owner and owner.id is not None for number in _numbers(draft)]
        known = _known_instruments(session, keys)
        return [self._outcome(draft, owner, known) for draft, owner in drafts]

    def _draft(self, line: Line) -> tuple[Draft, Owner | None]:
        draft = read_row(line, self.columns, self.around)
        owner = None if draft.is_refused else self.owners.find(draft, self.whose)
        if owner is not None:
            if not draft.inner_id:
                self._derive_inner_id(draft)
            first = self.met.setdefault((owner.key, draft.inner_id), draft.row)
            if first != draft.row:
                draft.tell("inner_id", draft.inner_id, _met_before(first), is_refusal=True)
        return draft, owner

    def _derive_inner_id(self, draft: Draft) -> None:
        """Make a number from what the row says, the same at every import of the same row."""
        digest = hashlib.sha256("\x1f".join(draft.likeness).encode()).digest()
        self.alike[digest] += 1
        times = self.alike[digest]
        draft.inner_id = f"AUTO-{base64.b32encode(digest).decode()[:14]}" + (f"-{times}" if times > 1 else "")
        draft.tell("inner_id", "", _derived(draft.inner_id, times))

    def _outcome(self, draft: Draft, owner: Owner | None, known: dict[tuple[int, str], Instrument]) -> Outcome:
        name = next(filter(None, draft.names), "")
        if owner is None or draft.is_refused:
            return Outcome(draft.row, REFUSED, draft.notes, draft.inner_id, name, owner)
        found = next(
            (known[(owner.id, number)] for number in _numbers(draft) if owner.id is not None and (owner.id, number) in known), None
        )
        facility_id = self.owners.facility(owner, draft)
        stated = [*draft.stated, *([Stated("facility_id", facility_id)] if facility_id else [])]
        changes = _values(stated) if found is None else _differences(found, stated, draft.raw)
        if found is None:
            changes = {key: (None, value) for key, value in (changes | {"raw": draft.raw}).items()}
        aliases = [alias for alias in draft.aliases if found is None or alias not in {known.text for known in found.aliases}]
        action = CREATED if found is None else UPDATED if changes or aliases else UNCHANGED
        inner_id = draft.inner_id if found is None else found.inner_id
        return Outcome(draft.row, action, draft.notes, inner_id, name, owner, found, changes, aliases)


def _numbers(draft: Draft) -> list[str]:
    """Give the numbers under which the instrument may be known: as it was written, which an export repeats, and as it was read."""
    return list(dict.fromkeys(number for number in (draft.inner_id_as_written, draft.inner_id) if number))


def _known_instruments(session: Session, keys: Sequence[tuple[int | None, str]]) -> dict[tuple[int, str], Instrument]:
    if not keys:
        return {}
    query = (
        select(Instrument)
        .where(tuple_(Instrument.organisation_id, Instrument.inner_id).in_(keys))
        .options(selectinload(Instrument.aliases))
        .execution_options(populate_existing=True)
    )
    return {(row.organisation_id, row.inner_id): row for row in session.scalars(query)}


def _values(stated: Sequence[Stated]) -> dict[str, Any]:
    """Give the values for a new instrument: a proposal never beats what is stated."""
    proposed = {one.attribute: one.value for one in stated if one.is_proposed}
    return proposed | {one.attribute: one.value for one in stated if not one.is_proposed}


def _differences(found: Instrument, stated: Sequence[Stated], raw: dict[str, str]) -> dict[str, tuple[Any, Any]]:
    """Compare with the instrument as it is; a cell that says what it said last time changes nothing, whatever was corrected by hand since."""
    changes: dict[str, tuple[Any, Any]] = {}
    kept = dict(found.raw or {})
    surely = {one.attribute for one in stated if not one.is_proposed}
    for one in stated:
        before = getattr(found, one.attribute)
        is_old_news = bool(one.raws) and _is_told_before(found, kept, one)
        is_beaten = one.is_proposed and (one.attribute in surely or (before not in (None, "") and not isinstance(before, bool)))
        if not (is_old_news or is_beaten or _same(before, one.value)):
            changes[one.attribute] = (before, one.value)
            kept.pop(one.attribute, None)
    now = kept | {key: text for key, text in raw.items() if not _says(getattr(found, key, None), text)}
    if now != (found.raw or {}):
        changes["raw"] = (dict(found.raw or {}), now)
    return changes


def _is_told_before(found: Instrument, kept: dict[str, str], one: Stated) -> bool:
    """Say whether a cell says what it said at the last import (and something came of it), or what the register says already."""
    if all(kept.get(key) == text for key, text in one.raws.items()):
        return getattr(found, one.attribute) not in (None, "")
    return all(_says(getattr(found, key, None), text) for key, text in one.raws.items())


def _says(value: Any, text: str) -> bool:
    """Say whether a value, written out, is the text."""
    return value is not None and clean(str(value)).split() == text.split()


def _same(before: Any, after: Any) -> bool:
    """Say whether two values say the same; how a text is spaced and broken into lines does not count."""
    if isinstance(before, str) and isinstance(after, str):
        return clean(before).split() == clean(after).split()
    return bool(before == after)


def _met_before(row: int) -> Sentence:
    return Sentence(f"与第 {row} 行是同一台仪器（编号相同）", f"The same instrument as in row {row} (the same number)")


def _derived(inner_id: str, times: int) -> Sentence:
    zh = "" if times == 1 else f"（相同的第 {times} 行）"
    en = "" if times == 1 else f" (the {times}th row that is alike)"
    return Sentence(
        f"没有编号，按单位、名称、型号和地点编为 {inner_id}{zh}",
        f"There is no number; made {inner_id} from organisation, name, model and place{en}",
    )
