"""Whose instruments a list speaks of: the organisation of each row, found by code or name, or made known on the way."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.errors import Sentence
from instruments.exchange.cells import fold
from instruments.exchange.drafts import Draft
from instruments.facilities import Facility
from instruments.people import Organisation

KIND_WORDS = (
    ("university", ("大学", "大學", "学院", "學院", "universit", "college", "école", "polytechni", "institute of technology")),
    ("hospital", ("医院", "醫院", "病院", "hospital", "clinic")),
    ("enterprise", ("公司", "集团", "株式会社", "inc.", "ltd", "llc", "gmbh", "corp")),
    ("institute", ("研究", "科学院", "中央研究院", "institut", "laborator", "academy", "centre", "center")),
)
NOBODY = Sentence("没有写明管理单位", "The row does not name an organisation")
AMBIGUOUS = Sentence("有几个单位同名，请填写单位代码", "Several organisations bear this name; give the organisation's code")
UNKNOWN = Sentence("没有登记这个单位", "No such organisation is registered")
FOREIGN = Sentence(
    "这一行属于其他单位，您只能导入本单位的仪器；如都属于本单位，请将该列设为“不导入此列”",
    "The row belongs to another organisation, and you import for your own; if all rows are yours, leave this column out",
)
TAKEN_OVER = Sentence(
    "按所选单位导入，原写单位保留在原文中", "Imported under the chosen organisation; the one named here is kept as raw text"
)
NO_FACILITY = Sentence("本单位没有登记这个设施，未采用", "The organisation has no such facility; not taken")


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom the rows may belong to: one chosen organisation for all (`id`), rows that name another one being refused or taken along; or whoever
    they name, and those not registered yet may be made known."""

    id: int | None = None
    refuse_others: bool = False
    may_create: bool = False


@dataclass(slots=True)
class Owner:
    """An organisation as a list needs it; `id` is None until it is made known."""

    id: int | None
    code: str
    name_zh: str
    name_en: str = ""
    time_zone: str = "Asia/Shanghai"
    city: str = ""

    @property
    def key(self) -> str:
        """Give what tells it from the others, registered or not."""
        return self.code


@dataclass(slots=True)
class Owners:
    """Every organisation by code and name, those met on the way included."""

    by_id: dict[int, Owner] = field(default_factory=dict)
    by_code: dict[str, Owner] = field(default_factory=dict)
    by_name: dict[str, list[Owner]] = field(default_factory=dict)
    facilities: dict[tuple[int, str], int] = field(default_factory=dict)

    def find(self, draft: Draft, whose: Whose) -> Owner | None:
        """Find the owner of a row; None when the row is refused, which the draft then says."""
        named = self._named(draft)
        if whose.id is not None:
            return self._chosen(draft, named, whose)
        if isinstance(named, Owner):
            if named.id is None:
                _tell(draft, _made_known(named))
            return named
        if named == UNKNOWN and whose.may_create and draft.organisation:
            found = self._make_known(draft)
            _tell(draft, _made_known(found))
            return found
        _tell(draft, named, is_refusal=True)
        return None

    def facility(self, owner: Owner, draft: Draft) -> int | None:
        """Find the facility a row names, which must be the owner's."""
        if not draft.facility:
            return None
        found = self.facilities.get((owner.id, fold(draft.facility))) if owner.id is not None else None
        if found is None:
            draft.tell("facility", draft.facility, NO_FACILITY)
            draft.raw["facility"] = draft.facility
        return found

    def add(self, owner: Owner) -> None:
        """Take an organisation into the lists."""
        if owner.id is not None:
            self.by_id[owner.id] = owner
        self.by_code[fold(owner.code)] = owner
        for name in dict.fromkeys((fold(owner.name_zh), fold(owner.name_en))):
            if name:
                self.by_name.setdefault(name, []).append(owner)

    def _named(self, draft: Draft) -> Owner | Sentence:
        if draft.organisation_code:
            return self.by_code.get(fold(draft.organisation_code), UNKNOWN)
        if not draft.organisation:
            return NOBODY
        found = self.by_name.get(fold(draft.organisation), [])
        if len(found) > 1:
            return AMBIGUOUS
        by_code = self.by_code.get(fold(draft.organisation)) or self.by_code.get(fold(_code_for(draft.organisation)))
        return found[0] if found else by_code or UNKNOWN

    def _chosen(self, draft: Draft, named: Owner | Sentence, whose: Whose) -> Owner | None:
        chosen = self.by_id[whose.id or 0]
        if named == NOBODY or named is chosen:
            return chosen
        if whose.refuse_others:
            _tell(draft, FOREIGN, is_refusal=True)
            return None
        _tell(draft, TAKEN_OVER)
        draft.raw["organisation"] = draft.organisation or draft.organisation_code
        return chosen

    def _make_known(self, draft: Draft) -> Owner:
        name = draft.organisation[:200]
        owner = Owner(None, _code_for(draft.organisation), name, name if name.isascii() else "", city=draft.city[:40])
        self.add(owner)
        return owner


def read_owners(session: Session) -> Owners:
    """Read every organisation and facility; two statements."""
    owners = Owners()
    query = select(Organisation.id, Organisation.code, Organisation.name_zh, Organisation.name_en, Organisation.time_zone)
    for row in session.execute(query):
        owners.add(Owner(*row))
    for facility in session.execute(select(Facility.id, Facility.organisation_id, Facility.name_zh, Facility.name_en)):
        for name in (facility.name_en, facility.name_zh):
            if name:
                owners.facilities[(facility.organisation_id, fold(name))] = facility.id
    return owners


def register(session: Session, owner: Owner) -> None:
    """Make an organisation known that a list named: inactive, until an administrator has looked at it."""
    row = Organisation(
        code=owner.code, name_zh=owner.name_zh, name_en=owner.name_en, kind=_kind_of(owner.name_zh), city=owner.city, is_active=False
    )
    session.add(row)
    session.flush()  # its instruments need the id
    owner.id = row.id


def _code_for(name: str) -> str:
    """Give the code under which a list makes an organisation known: the same at every import, even after it was renamed here."""
    return f"NEW-{base64.b32encode(hashlib.sha256(fold(name).encode()).digest()).decode()[:10]}"


def _kind_of(name: str) -> str:
    folded = fold(name)
    return next((kind for kind, words in KIND_WORDS if any(word in folded for word in words)), "public")


def _made_known(owner: Owner) -> Sentence:
    return Sentence(
        f"新单位，以代码 {owner.code} 登记为未启用，请管理员核对",
        f"A new organisation, registered under the code {owner.code} and not active yet; an administrator should look at it",
    )


def _tell(draft: Draft, reason: Any, *, is_refusal: bool = False) -> None:
    by_code = bool(draft.organisation_code)
    draft.tell(
        "organisation_code" if by_code else "organisation", draft.organisation_code or draft.organisation, reason, is_refusal=is_refusal
    )
