"""The people of the sample province: the logins that the start prints, and colleagues who use the instruments beside them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.facilities import Facility
from instruments.people import Group, Organisation, Person, join
from instruments.roles import grant
from portal.auth.credentials import hash_password, set_password_hash
from portal.demo.characters import began

# address: (name, organisation, language)
LOGINS: dict[str, tuple[str, str, str]] = {
    "researcher@example.org": ("李晓晨", "SX-FHLG", "zh"),
    "researcher2@example.org": ("Zhao Yuanhang", "SX-PYDX", "en"),
    "pi@example.org": ("王文博", "SX-FHLG", "zh"),
    "firm@example.org": ("陈立新", "SX-YLXC", "zh"),
    "manager@example.org": ("张敏", "SX-FHLG", "zh"),
    "orgadmin@example.org": ("刘建国", "SX-FHLG", "zh"),
    "admin@example.org": ("赵志远", "SX-SJFX", "zh"),
    "auditor@example.org": ("孙静", "SX-SJFX", "zh"),
}
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = ("子涵", "雨桐", "浩然", "欣怡", "志强", "秀兰", "建华", "晓燕", "海涛", "丽娜", "国栋", "玉梅", "俊杰", "思远", "文静", "春晖")
COLLEAGUES = 8
DATA = Path(__file__).parent


@dataclass
class Population:
    """Who was made, by what they are needed for."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    facilities: dict[str, Facility] = field(default_factory=dict)
    groups: dict[str, list[Group]] = field(default_factory=dict)
    logins: dict[str, Person] = field(default_factory=dict)
    users: list[Viewer] = field(default_factory=list)
    group_of: dict[int, int] = field(default_factory=dict)


def populate(session: Session, *, now: datetime) -> Population:
    """Make organisations, facilities, groups, colleagues and the people who log in, with their roles."""
    chance = random.Random(20)
    made = Population()
    for row in json.loads((DATA / "organisations.json").read_text(encoding="utf-8")):
        _add_organisation(session, made, row)
    session.flush()  # people point at organisations by id
    colleagues = [person for code in made.organisations for person in _add_colleagues(session, made, code, chance, now)]
    for email, (name, code, language) in LOGINS.items():
        made.logins[email] = _add_person(session, made, email, name, code, now, language)
    session.flush()  # groups and roles point at people by id
    _join_groups(session, made, colleagues)
    _grant_roles(session, made, now)
    session.flush()  # viewers are read from the database
    made.users = [load_viewer(session, person) for person in colleagues]
    return made


def _add_organisation(session: Session, made: Population, row: dict[str, Any]) -> None:
    code = row["code"]
    organisation = Organisation(
        code=code, name_zh=row["name_zh"], name_en=row["name_en"], kind=row["kind"], city=row["city"], is_sample=True,
        mail_domain="example.org" if code == "SX-FHLG" else "",
    )  # fmt: skip
    session.add(organisation)
    made.organisations[code], made.weights[code] = organisation, row["weight"]
    if row["facility_zh"]:
        made.facilities[code] = Facility(
            organisation=organisation, kind="1", name_zh=row["facility_zh"], name_en=row["facility_en"], established="2012",
            about_zh="示例设施,面向全省开放。", about_en="A sample facility, open to the whole province.",
        )  # fmt: skip
        session.add(made.facilities[code])
    made.groups[code] = [
        Group(organisation=organisation, name_zh=f"{row['name_zh'][:2]}{topic_zh}课题组", name_en=f"{topic_en} Group")
        for topic_zh, topic_en in (("材料", "Materials"), ("环境与生命", "Environment and Life"))
    ]
    session.add_all(made.groups[code])


def _add_colleagues(session: Session, made: Population, code: str, chance: random.Random, now: datetime) -> list[Person]:
    people: list[Person] = []
    for number in range(COLLEAGUES):
        name = chance.choice(FAMILY) + chance.choice(GIVEN)
        people.append(_add_person(session, made, f"{code.lower()}.{number + 1}@example.org", name, code, now, "zh"))
    return people


def _add_person(session: Session, made: Population, email: str, name: str, code: str, now: datetime, language: str) -> Person:
    person = Person(
        email=email,
        name=name,
        organisation=made.organisations[code],
        language=language,
        status="active",
        created_at=began(now) - timedelta(days=10),
    )
    session.add(person)
    return person


def _join_groups(session: Session, made: Population, colleagues: list[Person]) -> None:
    codes = {organisation.id: code for code, organisation in made.organisations.items()}
    for number, person in enumerate(colleagues):
        group = made.groups[codes[person.organisation_id]][number % 2]
        join(session, group, person, is_pi=number % COLLEAGUES < 2)
        made.group_of[person.id] = group.id
    home, away = made.groups["SX-FHLG"][0], made.groups["SX-PYDX"][0]
    firm = made.groups["SX-YLXC"][0]
    for name, group, is_pi in (("pi", home, True), ("researcher", home, False), ("researcher2", away, False), ("firm", firm, True)):
        person = made.logins[f"{name}@example.org"]
        join(session, group, person, is_pi=is_pi)
        made.group_of[person.id] = group.id


def _grant_roles(session: Session, made: Population, now: datetime) -> None:
    home = made.organisations["SX-FHLG"]
    grant(session, made.logins["manager@example.org"], "manager", facility=made.facilities["SX-FHLG"], now=now)
    grant(session, made.logins["orgadmin@example.org"], "organisation_admin", organisation=home, now=now)
    grant(session, made.logins["admin@example.org"], "province_admin", now=now)
    grant(session, made.logins["auditor@example.org"], "auditor", now=now)


def set_passwords(session: Session, people: Population, passwords: dict[str, str], *, now: datetime) -> None:
    """Give the sample logins their passwords."""
    for email, person in people.logins.items():
        set_password_hash(session, person, hash_password(passwords[email]), now=now)
