"""Code lists: the values a field may have, in both languages, which an administrator can correct, extend and retire.

They are seeded from the data files; what an administrator has changed is never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, and_, func, insert, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments import data
from instruments.database import Base, Key
from instruments.errors import Invalid, NotFound, Sentence

LISTS = {
    "source": Sentence("仪器来源", "Source"),
    "instrument_type": Sentence("通用或专用", "General or dedicated"),
    "sharing_mode": Sentence("共享模式", "Sharing mode"),
    "condition": Sentence("运行状态", "Condition over the year"),
    "fund": Sentence("资金来源", "Funds"),
    "country": Sentence("国家和地区", "Countries and regions"),
    "city": Sentence("地市", "Cities"),
    "subject": Sentence("学科领域", "Subjects"),
    "facility_kind": Sentence("设施类别", "Kind of facility"),
    "facility_purpose": Sentence("设施用途", "Purpose of the facility"),
    "facility_construction": Sentence("建设状态", "State of construction"),
    "facility_level": Sentence("中心级别", "Level of the centre"),
    "service_way": Sentence("服务方式", "Way of service"),
    "service_type": Sentence("服务类型", "Type of service"),
    "service_direction": Sentence("服务用途", "Purpose of service"),
    "comment": Sentence("服务评价", "Rating of the service"),
    "audit_state": Sentence("上报审核状态", "State of the national audit"),
}
FILES = {"country": "countries.json", "city": "cities.json", "subject": "subjects.json"}


class CodeEntry(Base):
    """One value of a code list; `other_codes` are further codes by which the same value is known."""

    __tablename__ = "code_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    list_name: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    other_codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("list_name", "code"),)

    @property
    def name(self) -> Sentence:
        """Give its name in both languages; a missing English name is the Chinese one."""
        return Sentence(self.name_zh, self.name_en or self.name_zh)


def seed_codes(session: Session) -> int:
    """Add the values that are not there yet, leave the others as they are, and give how many were added."""
    known = set(session.execute(select(CodeEntry.list_name, CodeEntry.code)))
    missing = [row for row in _shipped() if (row["list_name"], row["code"]) not in known]
    if missing:
        session.execute(insert(CodeEntry), missing)
    return len(missing)


def _shipped() -> Iterator[dict[str, Any]]:
    lists = data.read("lists.json") | {name: data.read(file) for name, file in FILES.items()}
    for name, rows in lists.items():
        for position, row in enumerate(rows):
            others = [row[key] for key in ("alpha3", "numeric") if key in row]
            yield {
                "list_name": name,
                "code": row["code"],
                "name_zh": row["zh"],
                "name_en": row["en"],
                "other_codes": others,
                "position": position,
                "active": True,
            }


def entries(session: Session, list_name: str, *, with_retired: bool = False) -> Sequence[CodeEntry]:
    """Give the values of a list in their order."""
    query = select(CodeEntry).where(CodeEntry.list_name == _known(list_name)).order_by(CodeEntry.position, CodeEntry.code)
    return session.scalars(query if with_retired else query.where(CodeEntry.active)).all()


def entry(session: Session, list_name: str, code: str) -> CodeEntry:
    """Get one value, retired or not."""
    found = session.scalar(select(CodeEntry).where(CodeEntry.list_name == _known(list_name), CodeEntry.code == code))
    if found is None:
        title = LISTS[list_name]
        raise NotFound(Sentence(f"“{title.zh}”中没有代码“{code[:40]}”。", f"There is no code “{code[:40]}” in the list “{title.en}”."))
    return found


def entry_names(session: Session, list_name: str) -> dict[str, Sentence]:
    """Give the names by code, of retired values too: old records still carry them."""
    return {found.code: found.name for found in entries(session, list_name, with_retired=True)}


def names_of(session: Session, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Sentence]:
    """Give the names of some values by (list, code), in one statement; what is not in a list is left out."""
    by_list: dict[str, set[str]] = {}
    for list_name, code in wanted:
        by_list.setdefault(list_name, set()).add(code)
    if not by_list:
        return {}
    where = [and_(CodeEntry.list_name == list_name, CodeEntry.code.in_(codes)) for list_name, codes in by_list.items()]
    return {(found.list_name, found.code): found.name for found in session.scalars(select(CodeEntry).where(or_(*where)))}


def codes_by_text(session: Session, list_name: str) -> dict[str, str]:
    """Give each code by every text that means it, in small letters: its codes and its names in both languages."""
    meaning: dict[str, str] = {}
    for found in entries(session, list_name, with_retired=True):
        for text in (found.name_en, found.name_zh, *found.other_codes, found.code):
            if text:
                meaning[text.casefold()] = found.code
    return meaning


def add(session: Session, list_name: str, code: str, *, name_zh: str, name_en: str = "") -> CodeEntry:
    """Add a value at the end of a list; a code is used once, for ever."""
    code = _short("code", code, 40)
    if session.scalar(select(CodeEntry.id).where(CodeEntry.list_name == _known(list_name), CodeEntry.code == code)):
        raise Invalid("code", Sentence(f"代码“{code}”已存在。", f"The code “{code}” is taken."))
    last = session.scalar(select(func.max(CodeEntry.position)).where(CodeEntry.list_name == list_name))
    added = CodeEntry(
        list_name=list_name,
        code=code,
        other_codes=[],
        active=True,
        position=0 if last is None else last + 1,
        name_zh=_short("name_zh", name_zh, 200),
        name_en=_at_most("name_en", name_en, 200),
    )
    session.add(added)
    session.flush()  # the next one is placed behind it
    return added


def rename(session: Session, list_name: str, code: str, *, name_zh: str, name_en: str = "") -> CodeEntry:
    """Give a value other names; what carries its code shows them at once."""
    found = entry(session, list_name, code)
    found.name_zh, found.name_en = _short("name_zh", name_zh, 200), _at_most("name_en", name_en, 200)
    return found


def retire(session: Session, list_name: str, code: str) -> CodeEntry:
    """Offer a value no more; old records keep it."""
    found = entry(session, list_name, code)
    found.active = False
    return found


def restore(session: Session, list_name: str, code: str) -> CodeEntry:
    """Offer a retired value again."""
    found = entry(session, list_name, code)
    found.active = True
    return found


def _known(list_name: str) -> str:
    if list_name not in LISTS:
        raise NotFound(Sentence("没有这个代码表。", "There is no such code list."))
    return list_name


def _short(field: str, text: str, most: int) -> str:
    if not text.strip():
        raise Invalid(field, Sentence("此项必填。", "This is needed."))
    return _at_most(field, text, most)


def _at_most(field: str, text: str, most: int) -> str:
    text = text.strip()
    if len(text) > most:
        raise Invalid(field, Sentence(f"不超过 {most} 字。", f"At most {most} characters."))
    return text
