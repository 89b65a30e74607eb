"""What the national side asks about a use and the portal has no other place for: what was done, for which project, the tax record number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.codes import CodeEntry
from instruments.database import Base, Key
from instruments.errors import Changed, Invalid, Sentence
from instruments.people import Organisation
from scheduling.usage import UsageRecord, check_use_manager, seen_use

LENGTHS = {"content": 500, "project": 200, "income": 100, "tax_record": 40}


class ReturnFacts(Base):
    """Facts about one use for its service record; empty ones leave what the use itself says."""

    __tablename__ = "return_facts"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    usage_id: Mapped[int] = mapped_column(ForeignKey("usage_record.id"), unique=True)
    content: Mapped[str] = mapped_column(String(500), default="")
    project: Mapped[str] = mapped_column(String(200), default="")
    income: Mapped[str] = mapped_column(String(100), default="")
    area: Mapped[str] = mapped_column(String(40), default="")
    tax_record: Mapped[str] = mapped_column(String(40), default="")
    has_agreement: Mapped[bool] = mapped_column(default=False)
    noted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is noted; `area` is a code of the list of subjects."""

    content: str = ""
    project: str = ""
    income: str = ""
    area: str = ""
    tax_record: str = ""
    has_agreement: bool = False


def facts_of(session: Session, uses: Iterable[UsageRecord]) -> Mapping[int, ReturnFacts]:
    """Give what is noted about uses, by usage id; a corrected use keeps what was noted about the record it replaces. One statement."""
    known = {one.id: one.replaces_id for one in uses}
    ids = [*known, *(old for old in known.values() if old is not None)]
    rows = session.scalars(select(ReturnFacts).where(ReturnFacts.usage_id.in_(ids)).execution_options(populate_existing=True))
    noted = {row.usage_id: row for row in rows}
    found = {new: noted.get(new) or noted.get(old or 0) for new, old in known.items()}
    return {usage_id: row for usage_id, row in found.items() if row is not None}


def note_facts(
    session: Session, usage_id: int, facts: Facts, *, viewer: Viewer, now: datetime, version: int | None = None
) -> ReturnFacts:  # fmt: skip
    """Note what the national side asks about a use, as its instrument's manager or the organisation's administrator.

    A version of what was noted (0: nothing) other than the one the person saw is told as a change.
    """
    one = seen_use(session, usage_id, viewer)
    check_use_manager(viewer, one)
    check_facts(session, facts)
    session.execute(select(Organisation.id).where(Organisation.id == one.owner_id).with_for_update(key_share=True))  # as who fills in many does
    found = session.scalar(select(ReturnFacts).where(ReturnFacts.usage_id == one.id).execution_options(populate_existing=True))
    if version is not None and version != (found.version if found else 0):
        raise Changed(
            Sentence("他人刚刚改过这些内容，请重新打开后再填写。", "Somebody has changed this meanwhile. Open it again, then fill it in."), {}
        )
    if found is None:
        found = ReturnFacts(usage_id=one.id)
        session.add(found)
    found.content, found.project, found.income, found.area = (
        text.strip() for text in (facts.content, facts.project, facts.income, facts.area)
    )
    found.tax_record, found.has_agreement = facts.tax_record.strip(), facts.has_agreement
    found.noted_by, found.noted_at = viewer.person_id, now
    session.flush()
    return found


def check_facts(session: Session, facts: Facts) -> None:
    """Check what is to be noted; Invalid, with its field, for what is too long or not on its list."""
    for name, most in LENGTHS.items():
        text = getattr(facts, name)
        if len(text.strip()) > most or "\x00" in text:
            raise Invalid(name, Sentence(f"不超过 {most} 字。", f"At most {most} characters, please."))
    area = facts.area.strip()
    if area and session.scalar(select(CodeEntry.id).where(CodeEntry.list_name == "subject", CodeEntry.code == area[:40])) is None:
        raise Invalid("area", Sentence("请从列表中选择学科。", "Choose a subject from the list."))
