"""Passwords: argon2id, a few honest rules, and the same work for an account that does not exist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key
from instruments.errors import Invalid, Sentence
from instruments.people import Person
from portal.auth import sessions
from portal.auth.common_passwords import COMMON

SHORTEST, LONGEST = 10, 200
# RFC 9106 with 46 MiB and one lane: about 50 ms here, and eight logins at once still fit a small machine.
hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
NOBODYS_HASH = hasher.hash("nobody's password")


class Credential(Base):
    """How a person proves who she is: a password, and perhaps an app on her telephone."""

    __tablename__ = "credential"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="", info={"secret": True})
    password_changed_at: Mapped[datetime | None]
    totp_secret: Mapped[str] = mapped_column(String(64), default="", info={"secret": True})
    totp_enabled_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(Key, default=0)
    recovery_hashes: Mapped[list[Any]] = mapped_column(JSON, default=list, info={"secret": True})

    @property
    def has_totp(self) -> bool:
        """Say whether a code is asked for beside the password."""
        return self.totp_enabled_at is not None


def credential_of(session: Session, person_id: int) -> Credential:
    """Give a person's credential, made empty where there is none yet."""
    found = session.get(Credential, person_id)
    if found is None:
        found = Credential(person_id=person_id, password_hash="", totp_secret="", totp_last_step=0, recovery_hashes=[])
        session.add(found)
    return found


def check_password(password: str, email: str) -> None:
    """Refuse a password that is too short, too well known, or the person's own address."""
    if len(password) < SHORTEST:
        raise _bad(f"密码至少 {SHORTEST} 个字符。", f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise _bad(f"密码最多 {LONGEST} 个字符。", f"A password has at most {LONGEST} characters.")
    plain = password.strip().lower()
    if plain in (email, email.partition("@")[0]):
        raise _bad("密码不能是您的邮箱。", "The password must not be your e-mail address.")
    if plain in COMMON or len(set(plain)) < 4:
        raise _bad("这个密码太常见，容易被猜到。", "This password is too well known; it would be guessed.")


def hash_password(password: str) -> str:
    """Give the argon2id hash of a password; slow on purpose, so never inside a transaction that writes."""
    return hasher.hash(password)


def set_password_hash(session: Session, person: Person, password_hash: str, *, now: datetime, but: int | None = None) -> None:
    """Store a new password, and end the person's other logins."""
    credential = credential_of(session, person.id)
    credential.password_hash, credential.password_changed_at = password_hash, now
    sessions.end_all(session, person.id, now=now, but=but)


def set_password(session: Session, person: Person, password: str, *, now: datetime) -> None:
    """Check and store a new password, for work outside requests: the sample, the command line, tests."""
    check_password(password, person.email)
    set_password_hash(session, person, hash_password(password), now=now)


def is_password(password_hash: str | None, password: str) -> bool:
    """Say whether the password fits; without a hash the same work is done, so that time does not tell who has an account."""
    try:
        return hasher.verify(password_hash or NOBODYS_HASH, password[: LONGEST + 1]) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Say whether the hash was made with weaker settings than today's."""
    return hasher.check_needs_rehash(password_hash)


def _bad(zh: str, en: str) -> Invalid:
    return Invalid("password", Sentence(zh, en))
