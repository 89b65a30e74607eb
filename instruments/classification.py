"""The classification of research instruments: six-digit codes in three levels, 15 classes, 93 groups, 631 kinds.

Source: the national platform's list of categories. The first two digits are the class, the next two the group, the last two the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import CheckConstraint, ForeignKey, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments import data
from instruments.database import Base
from instruments.errors import NotFound, Sentence


class Category(Base):
    """One place in the classification."""

    __tablename__ = "category"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("category.code"), index=True)
    level: Mapped[int]
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 3", name="level"),)


def seed_categories(session: Session) -> int:
    """Add the categories that are not there yet, leave the others as they are, and give how many were added."""
    known = set(session.scalars(select(Category.code)))
    missing = [
        {"code": row["code"], "parent_code": row["parent"], "level": row["level"], "name_zh": row["zh"], "name_en": row["en"]}
        for row in sorted(data.read("classes.json"), key=lambda row: (row["level"], row["code"]))
        if row["code"] not in known
    ]
    if missing:
        session.execute(insert(Category), missing)
    return len(missing)


def category(session: Session, code: str) -> Category:
    """Get a category by its code."""
    found = session.get(Category, code) if is_code(code) else None
    if found is None:
        raise NotFound(Sentence(f"没有代码为“{code[:20]}”的仪器分类。", f"There is no instrument category with the code “{code[:20]}”."))
    return found


def children(session: Session, code: str | None = None) -> Sequence[Category]:
    """Give the categories right below one, by code; below None are the 15 classes."""
    return session.scalars(select(Category).where(Category.parent_code == code).order_by(Category.code)).all()


def category_path(session: Session, code: str) -> tuple[Category, ...]:
    """Give the way from the class down to a category, itself last."""
    last = category(session, code)
    above = {row.code: row for row in session.scalars(select(Category).where(Category.code.in_(codes_above(code))))}
    return (*(above[code] for code in codes_above(code) if code in above), last)


def codes_below(session: Session, code: str) -> Sequence[str]:
    """Give the codes of a category and of all below it, in order."""
    prefix = prefix_of(code)
    return session.scalars(select(Category.code).where(Category.code.startswith(prefix, autoescape=True)).order_by(Category.code)).all()


def is_code(code: str) -> bool:
    """Say whether a text has the form of a category code."""
    return len(code) == 6 and code.isascii() and code.isdigit()


def level_of(code: str) -> int:
    """Give the level of a code: 1 class, 2 group, 3 kind."""
    if code.endswith("0000"):
        return 1
    return 2 if code.endswith("00") else 3


def prefix_of(code: str) -> str:
    """Give the digits that a category's code shares with all below it: 010000 -> 01, 010200 -> 0102."""
    return code[: 2 * level_of(code)]


@lru_cache(maxsize=2_000)
def codes_above(code: str) -> tuple[str, ...]:
    """Give the codes above one, the class first: 010201 -> 010000, 010200."""
    return tuple(code[:digits].ljust(6, "0") for digits in range(2, 2 * level_of(code), 2))


def is_below(code: str, top: str) -> bool:
    """Say whether a code is another one or lies below it."""
    return code.startswith(prefix_of(top))
