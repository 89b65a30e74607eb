"""Organisations, groups and people. What a person may do is in access.py; how a person proves who she is, in the portal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.database import Base, Key
from instruments.errors import Invalid, NotFound, OutOfOrder, Sentence

ORGANISATION_KINDS = {
    "university": Sentence("高等院校", "University"),
    "institute": Sentence("科研院所", "Research institute"),
    "hospital": Sentence("医疗机构", "Hospital"),
    "enterprise": Sentence("企业", "Enterprise"),
    "public": Sentence("其他公共机构", "Other public body"),
}
ACADEMIC_KINDS = frozenset({"university", "institute", "hospital"})
PERSON_STATUSES = {
    "unconfirmed": Sentence("邮箱待确认", "E-mail not confirmed"),
    "waiting": Sentence("待单位审核", "Waiting for the organisation"),
    "active": Sentence("正常", "Active"),
    "refused": Sentence("未通过审核", "Refused"),
    "disabled": Sentence("已停用", "Disabled"),
}


class Organisation(Base):
    """A managing organisation (管理单位): owns instruments, employs people; or a firm whose people book."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(40), default="")
    time_zone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    website: Mapped[str] = mapped_column(String(200), default="")
    mail_domain: Mapped[str] = mapped_column(String(200), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Group(Base):
    """A research group (课题组) of an organisation; its members book on its account."""

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    is_active: Mapped[bool] = mapped_column(default=True)

    organisation: Mapped[Organisation] = relationship()


class Person(Base):
    """A person with an address; sample people are invented."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    phone: Mapped[str] = mapped_column(String(40), default="")
    status: Mapped[str] = mapped_column(String(20), default="active")
    status_note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"), Index(None, "status", "organisation_id"))


class GroupMember(Base):
    """A person's place in a group; a PI answers for the group."""

    __tablename__ = "group_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    is_pi: Mapped[bool] = mapped_column(default=False)

    group: Mapped[Group] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("group_id", "person_id"),)


def organisation_by_code(session: Session, code: str) -> Organisation:
    """Find an organisation by its platform code."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound(Sentence(f"没有代码为“{code[:40]}”的单位。", f"There is no organisation with the code “{code[:40]}”."))
    return found


def person_by_email(session: Session, email: str) -> Person | None:
    """Find a person by address, or None; letter case does not matter."""
    return session.scalar(select(Person).where(Person.email == email.strip().lower()))


def clean_email(email: str) -> str:
    """Check and lower an address; refuse what cannot be one."""
    email = email.strip().lower()
    local, at, domain = email.partition("@")
    if (
        not at
        or not local
        or "." not in domain
        or len(email) > 254
        or any(c.isspace() or ord(c) < 33 or c in '<>",;:\\()[]' for c in email)
    ):
        raise Invalid("email", Sentence("请填写有效的邮箱地址。", "Please give a valid e-mail address."))
    return email


def add_person(
    session: Session, *, email: str, name: str, organisation: Organisation, now: datetime, language: str = "zh", status: str = "active"
) -> Person:
    """Add a person; an address belongs to one person only."""
    email = clean_email(email)
    if person_by_email(session, email):
        raise Invalid("email", Sentence("该邮箱已注册。", "This address is registered already."))
    name = name.strip()
    if not name or len(name) > 100:
        raise Invalid("name", Sentence("请填写姓名(不超过 100 字)。", "Please give a name of at most 100 characters."))
    person = Person(email=email, name=name, organisation=organisation, language=language, status=status, created_at=now)
    session.add(person)
    session.flush()  # callers hand the new id on
    return person


def admit(person: Person) -> None:
    """Let a waiting or disabled person in."""
    if person.status not in ("waiting", "disabled", "refused"):
        raise OutOfOrder(Sentence("此人不在待审核状态。", "This person is not waiting to be admitted."))
    person.status, person.status_note = "active", ""


def refuse(person: Person, note: str) -> None:
    """Refuse a waiting person, with a reason."""
    if person.status != "waiting":
        raise OutOfOrder(Sentence("此人不在待审核状态。", "This person is not waiting to be admitted."))
    person.status, person.status_note = "refused", note


def disable(person: Person, note: str) -> None:
    """Shut a person out; bookings stay for the record."""
    person.status, person.status_note = "disabled", note


def join(session: Session, group: Group, person: Person, *, is_pi: bool = False) -> GroupMember:
    """Put a person into a group, or change whether she is a PI of it."""
    member = session.scalar(select(GroupMember).where(GroupMember.group_id == group.id, GroupMember.person_id == person.id))
    if member is None:
        member = GroupMember(group=group, person=person, is_pi=is_pi)
        session.add(member)
    member.is_pi = is_pi
    return member
