"""API tokens: shown once, kept as a hash, revocable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, ForeignKey, String, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column

from instruments.database import Base, Key
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import Person
from portal.auth.secret import digest, new_secret

PREFIX = "ip_"
SHOWN = len(PREFIX) + 6
MOST_TOKENS = 50
LIVES_DAYS = (30, 90, 365)


class ApiToken(Base):
    """One program's right to act for a person."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    prefix: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


def create(session: Session, person_id: int, label: str, *, now: datetime, days: int | None = None) -> str:
    """Make a token and give it; it cannot be shown again. `days` None means until it is revoked."""
    return make(session, person_id, label, now=now, days=days)[1]


def make(session: Session, person_id: int, label: str, *, now: datetime, days: int | None = None) -> tuple[ApiToken, str]:
    """Make a token and give what is kept of it beside the token itself."""
    label = label.strip()
    if not label or len(label) > 100:
        raise Invalid("label", Sentence("请为令牌起个名字（不超过 100 字）。", "Please give the token a name of at most 100 characters."))
    if len(live_tokens(session, person_id, now)) >= MOST_TOKENS:
        raise Invalid("label", Sentence("令牌太多，请先撤销不用的。", "There are too many tokens; please revoke some first."))
    token = new_secret(PREFIX)
    expires_at = None if days is None else now + timedelta(days=days)
    kept = ApiToken(
        person_id=person_id, token_hash=digest(token), prefix=token[:SHOWN], label=label, created_at=now, expires_at=expires_at
    )  # fmt: skip
    session.add(kept)
    return kept, token


def live_tokens(session: Session, person_id: int, now: datetime) -> Sequence[ApiToken]:
    """List a person's tokens that still work, the newest first."""
    return session.scalars(select(ApiToken).where(ApiToken.person_id == person_id, *_is_live(now)).order_by(ApiToken.id.desc())).all()


def revoke(session: Session, person_id: int, token_id: int, *, now: datetime) -> None:
    """Make one of a person's own tokens worthless."""
    found = session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.person_id == person_id))
    if found is None:
        raise NotFound
    found.revoked_at = found.revoked_at or now


def person_of_token(session: Session, token: str, now: datetime) -> tuple[ApiToken, Person] | None:
    """Find the active person behind a living token; one statement."""
    found = session.execute(_OF_TOKEN, {"hash": digest(token), "now": now}).first()
    return (found[0], found[1]) if found else None


def _is_live(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    return ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)


# Asked for every call, so built once.
_OF_TOKEN = (
    select(ApiToken, Person)
    .join(Person, Person.id == ApiToken.person_id)
    .join(Person.organisation)
    .options(contains_eager(Person.organisation))
    .where(ApiToken.token_hash == bindparam("hash"), Person.status == "active", *_is_live(bindparam("now")))
)
