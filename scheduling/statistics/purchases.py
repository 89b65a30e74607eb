"""Purchase review (查重评议): before something is bought, what comparable instruments there are, how busy they are, and an opinion that stays.

Source: 财科教〔2019〕1号: purchases from 2,000,000 yuan of central money are reviewed; comparable instruments that average 1,200 hours a year are
saturated. Both limits are settings (thresholds.py). A draft may be changed; an opinion given keeps its figures, and the database keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.classification import category, is_code
from instruments.codes import entry
from instruments.database import Base, Key, attach
from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.money import yuan
from instruments.people import Organisation, Person
from scheduling.locks import take_locks
from scheduling.statistics.periods import this_year

VERDICTS = {
    "buy": Sentence("建议购置", "Buy"),
    "share": Sentence("建议共享现有仪器，不购置", "Share what there is, do not buy"),
    "conditions": Sentence("附条件购置", "Buy on conditions"),
}
LONGEST = 4000
MOST_CHOSEN = 100
NUMBERS = 0x50524556  # "PREV": the numbers of a year are given one at a time


class PurchaseReview(Base):
    """What one organisation means to buy, and the opinion on it. `figures` are those the opinion rests on, as they were when it was given."""

    __tablename__ = "purchase_review"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    category_code: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    words: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(40), default="")
    price: Mapped[Decimal]
    is_central: Mapped[bool] = mapped_column(default=False)
    need: Mapped[str] = mapped_column(Text, default="")
    chosen: Mapped[list[int]] = mapped_column(JSON, default=list)
    verdict: Mapped[str] = mapped_column(String(12), default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    given_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()
    maker: Mapped[Person] = relationship(foreign_keys=[made_by])
    giver: Mapped[Person | None] = relationship(foreign_keys=[given_by])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("price > 0", name="price"),
        CheckConstraint("(given_at IS NULL) = (number IS NULL) AND (given_at IS NULL) = (given_by IS NULL)", name="given"),
        CheckConstraint("given_at IS NULL OR (verdict IN ('buy', 'share', 'conditions') AND opinion <> '')", name="verdict"),
        Index(None, "given_at"),
    )

    @property
    def is_given(self) -> bool:
        """Say whether the opinion stands."""
        return self.given_at is not None


MESSAGE = "an opinion that was given is never changed"
_STOP = f"WHEN OLD.given_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
SQLITE = tuple(f"CREATE TRIGGER purchase_review_{step.lower()} BEFORE {step} ON purchase_review {_STOP}" for step in ("UPDATE", "DELETE"))
POSTGRESQL = (
    f"CREATE FUNCTION keep_purchase_review() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
    "CREATE TRIGGER purchase_review_keep BEFORE UPDATE OR DELETE ON purchase_review FOR EACH ROW "
    "WHEN (OLD.given_at IS NOT NULL) EXECUTE FUNCTION keep_purchase_review()",
    "CREATE TRIGGER purchase_review_stay BEFORE TRUNCATE ON purchase_review FOR EACH STATEMENT EXECUTE FUNCTION keep_purchase_review()",
)
for _statement in SQLITE:
    attach(PurchaseReview, _statement, "sqlite")
for _statement in POSTGRESQL:
    attach(PurchaseReview, _statement, "postgresql")
attach(PurchaseReview, "DROP FUNCTION IF EXISTS keep_purchase_review()", "postgresql", moment="after_drop")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be bought: price in yuan, a class or words to find comparable instruments by, the city to measure distances from."""

    title: str
    price: Decimal
    category_code: str = ""
    words: str = ""
    city: str = ""
    is_central: bool = False
    need: str = ""


def seen_organisations(viewer: Viewer) -> tuple[int, ...] | None:
    """Give the organisations whose reviews a viewer reads; None means all of them."""
    if viewer.is_province_admin or viewer.may_audit(None):
        return None
    audited = tuple(one.organisation_id for one in viewer.grants if one.role == "auditor" and one.organisation_id)
    return viewer.administered_organisation_ids + audited


def seen_review(session: Session, review_id: int, viewer: Viewer) -> PurchaseReview:
    """Get a review the viewer may read; any other is not found."""
    loaded = joinedload(PurchaseReview.organisation), joinedload(PurchaseReview.giver), joinedload(PurchaseReview.maker)
    found = session.get(PurchaseReview, review_id, options=loaded)
    ids = seen_organisations(viewer)
    if found is None or (ids is not None and found.organisation_id not in ids):
        raise NotFound
    return found


def page_of_reviews(session: Session, viewer: Viewer, *, before: int | None = None, limit: int = 50) -> tuple[Sequence[PurchaseReview], int | None]:
    """Give a page of the reviews a viewer may read, the newest first, and the number of the last where more follow; one statement."""
    ids = seen_organisations(viewer)
    wanted = select(PurchaseReview).options(joinedload(PurchaseReview.organisation)).order_by(PurchaseReview.id.desc()).limit(limit + 1)
    if ids is not None:
        wanted = wanted.where(PurchaseReview.organisation_id.in_(ids))
    if before is not None:
        wanted = wanted.where(PurchaseReview.id < before)
    rows = session.scalars(wanted).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def count_reviews(session: Session, viewer: Viewer) -> int:
    """Count the reviews a viewer may read; one statement."""
    ids, wanted = seen_organisations(viewer), select(func.count(PurchaseReview.id))
    return session.scalar(wanted if ids is None else wanted.where(PurchaseReview.organisation_id.in_(ids))) or 0


def begin_review(session: Session, organisation_id: int, wanted: Wanted, *, viewer: Viewer, now: datetime) -> PurchaseReview:
    """Begin a review of what an organisation means to buy, as its administrator or the province's."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden if viewer.may_audit(organisation_id) else NotFound
    if session.get(Organisation, organisation_id) is None:
        raise NotFound
    made = PurchaseReview(organisation_id=organisation_id, made_by=viewer.person_id, made_at=now)
    _describe(session, made, wanted)
    session.add(made)
    session.flush()
    return made


def describe(session: Session, review_id: int, wanted: Wanted, *, viewer: Viewer, version: int) -> PurchaseReview:
    """Say anew what is to be bought, while no opinion is given."""
    found = _open(session, review_id, viewer, version)
    _describe(session, found, wanted)
    return found


def note_opinion(
    session: Session, review_id: int, chosen: Collection[int], verdict: str, opinion: str, *, viewer: Viewer, version: int
) -> PurchaseReview:
    """Keep what the reviewer thinks so far."""
    found = _open(session, review_id, viewer, version)
    _think(found, chosen, verdict, opinion)
    return found


def give_opinion(
    session: Session, review_id: int, chosen: Collection[int], verdict: str, opinion: str, figures: Mapping[str, Any], *, viewer: Viewer,
    now: datetime, version: int,
) -> PurchaseReview:  # fmt: skip
    """Give the opinion: it gets its number, and stays with the figures it rests on."""
    found = _open(session, review_id, viewer, version)
    _think(found, chosen, verdict, opinion)
    if not found.verdict:
        raise Invalid("verdict", Sentence("请选择结论。", "Choose a conclusion."))
    if not found.opinion:
        raise Invalid("opinion", Sentence("请写明评议意见。", "Write the opinion."))
    with session.no_autoflush:  # a row half given is none
        number = _next_number(session, this_year(now))
    found.number, found.figures, found.given_by, found.given_at = number, dict(figures), viewer.person_id, now
    session.flush()
    return found


def _open(session: Session, review_id: int, viewer: Viewer, version: int) -> PurchaseReview:
    found = seen_review(session, review_id, viewer)
    if not viewer.may_administer(found.organisation_id):
        raise Forbidden
    if found.is_given:
        raise OutOfOrder(Sentence("意见已出具，不能再更改。", "The opinion was given; it cannot be changed any more."))
    if found.version != version:
        raise Changed(Sentence("该评议刚刚被他人修改，请刷新后再改。", "Somebody has just changed this review. Reload and change it again."))
    return found


def _describe(session: Session, one: PurchaseReview, wanted: Wanted) -> None:
    title = wanted.title.strip()
    if not title or len(title) > 200:
        raise Invalid("title", Sentence("请填写拟购仪器名称（不超过 200 字）。", "Give a name of at most 200 characters."))
    if not wanted.category_code and not wanted.words.strip():
        raise Invalid("words", Sentence("请填写仪器分类或检索词，以便查找同类仪器。", "Give a class or words to find comparable instruments by."))
    if wanted.category_code:
        if not is_code(wanted.category_code):
            raise Invalid("category", Sentence("仪器分类代码为 6 位数字。", "A category code has six digits."))
        category(session, wanted.category_code)
    if wanted.city:
        entry(session, "city", wanted.city)
    price = yuan(wanted.price, "price")
    if price <= 0:
        raise Invalid("price", Sentence("预算须大于零。", "The price is above zero."))
    if len(wanted.words) > 200 or len(wanted.need) > LONGEST:
        raise Invalid("need", Sentence(f"最多 {LONGEST} 个字符。", f"At most {LONGEST} characters."))
    one.title, one.price, one.is_central, one.need = title, price, wanted.is_central, wanted.need.strip()
    one.category_code, one.words, one.city = wanted.category_code or None, wanted.words.strip(), wanted.city


def _think(one: PurchaseReview, chosen: Collection[int], verdict: str, opinion: str) -> None:
    if verdict and verdict not in VERDICTS:
        raise Invalid("verdict", Sentence("请选择结论。", "Choose a conclusion."))
    if len(opinion) > LONGEST:
        raise Invalid("opinion", Sentence(f"意见不超过 {LONGEST} 字。", f"An opinion has at most {LONGEST} characters."))
    if len(chosen) > MOST_CHOSEN:
        raise Invalid("chosen", Sentence(f"最多选 {MOST_CHOSEN} 台。", f"Choose at most {MOST_CHOSEN}."))
    one.chosen, one.verdict, one.opinion = sorted(set(chosen)), verdict, opinion.strip()


def _next_number(session: Session, year: int) -> str:
    """Give the next number of a year; two given at once get theirs one after the other."""
    take_locks(session, [year], NUMBERS)
    last = session.scalar(select(func.max(PurchaseReview.number)).where(PurchaseReview.number.startswith(f"{year}-", autoescape=True)))
    return f"{year}-{int(last[5:]) + 1 if last else 1:05}"
