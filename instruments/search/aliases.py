"""Words that mean the same (扫描电镜 = SEM = scanning electron microscope) and makers in both languages (Zeiss = 蔡司).

Shipped as data, kept in a table that an administrator extends. They are applied to what is typed, so a new word counts at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column, validates

from instruments import data
from instruments.database import Base, Key
from instruments.errors import Invalid, NotFound, Sentence
from instruments.search.pinyin import syllables_of
from instruments.search.tokens import fold, key_of, runs

KINDS = ("term", "maker")


class SearchAlias(Base):
    """One word of a group of words that mean the same; `reading` is its pinyin, syllables apart."""

    __tablename__ = "search_alias"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="term")
    group_key: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String(80))
    reading: Mapped[str] = mapped_column(String(500), default="")
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("group_key", "text"),)

    @validates("text")
    def _read(self, _name: str, text: str) -> str:
        self.reading = reading(text)
        return text


@dataclass(frozen=True, slots=True)
class Synonyms:
    """A group of words that mean the same; narrower groups are kinds of it."""

    key: str
    kind: str
    texts: tuple[str, ...]
    narrower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A word that may be proposed while somebody types."""

    group: str
    text: str
    key: str
    reading: str
    initials: str


@dataclass(frozen=True)
class Thesaurus:
    """All groups, by key and by word."""

    groups: Mapping[str, Synonyms] = field(default_factory=dict)
    by_word: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headings: tuple[Heading, ...] = ()
    longest: int = 0

    def groups_of(self, word: str) -> tuple[Synonyms, ...]:
        """Give the groups a word (letters and digits alone) belongs to."""
        return tuple(self.groups[key] for key in self.by_word.get(word, ()))

    def kinds_of(self, group: Synonyms) -> tuple[Synonyms, ...]:
        """Give the narrower groups of one."""
        return tuple(self.groups[key] for key in group.narrower if key in self.groups)


def seed_aliases(session: Session) -> int:
    """Add the shipped words that are not there yet, leave the others as they are, and give how many were added."""
    known = set(session.execute(select(SearchAlias.group_key, SearchAlias.text)))
    missing = [row for row in _shipped() if (row["group_key"], row["text"]) not in known]
    if missing:
        session.execute(insert(SearchAlias), missing)
    return len(missing)


def _shipped() -> list[dict[str, Any]]:
    shipped = data.read("search_terms.json")
    return [
        {"kind": kind, "group_key": group["key"], "text": text, "reading": reading(text), "active": True}
        for kind, groups in (("term", shipped["terms"]), ("maker", shipped["makers"]))
        for group in groups
        for text in group["terms"]
    ]


def add_alias(session: Session, text: str, *, like: str, kind: str = "term") -> SearchAlias:
    """Let a word mean the same as another; if that one is new too, both begin a group."""
    text, like = _clean("text", text), _clean("like", like)
    if kind not in KINDS:
        raise Invalid("kind", Sentence("没有这种类别。", "There is no such kind."))
    group = session.scalar(select(SearchAlias.group_key).where(SearchAlias.text == like, SearchAlias.kind == kind).order_by(SearchAlias.id))
    if group is None:
        group = f"own-{key_of(like)}"[:60]
        session.add(SearchAlias(kind=kind, group_key=group, text=like))
    found = session.scalar(select(SearchAlias).where(SearchAlias.group_key == group, SearchAlias.text == text))
    if found is None:
        found = SearchAlias(kind=kind, group_key=group, text=text)
        session.add(found)
    found.active = True
    session.flush()  # the next word may refer to this one
    return found


def retire_alias(session: Session, alias_id: int) -> SearchAlias:
    """Let a word mean nothing more than itself; seeding does not bring it back."""
    found = session.get(SearchAlias, alias_id)
    if found is None:
        raise NotFound
    found.active = False
    return found


def load_thesaurus(session: Session) -> Thesaurus:
    """Read all groups; one statement."""
    columns = select(SearchAlias.group_key, SearchAlias.kind, SearchAlias.text, SearchAlias.reading).where(SearchAlias.active)
    rows = [tuple(row) for row in session.execute(columns.order_by(SearchAlias.id))]
    narrower = {group["key"]: tuple(group.get("narrower", ())) for group in data.read("search_terms.json")["terms"]}
    texts: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for group, kind, text, _ in rows:
        texts.setdefault(group, []).append(text)
        kinds[group] = kind
    by_word: dict[str, tuple[str, ...]] = {}
    for group, _, text, _ in rows:
        word = key_of(text)
        if word and group not in by_word.get(word, ()):
            by_word[word] = (*by_word.get(word, ()), group)
    return Thesaurus(
        groups={key: Synonyms(key, kinds[key], tuple(words), narrower.get(key, ())) for key, words in texts.items()},
        by_word=by_word,
        headings=_headings(rows),
        longest=max((len(word) for word in by_word if not word.isascii()), default=0),
    )


def _headings(rows: Sequence[tuple[Any, ...]]) -> tuple[Heading, ...]:
    return tuple(
        Heading(group, text, key_of(text), read.replace(" ", ""), "".join(syllable[0] for syllable in read.split()))
        for group, _, text, read in rows
    )


def reading(text: str) -> str:
    """Give the pinyin of a text's Chinese characters, syllables apart; empty when something else stands between them."""
    parts = list(runs(fold(text)))
    return " ".join(syllables_of(parts[0].text))[:500] if len(parts) == 1 and parts[0].is_han else ""


def words_in(run: str, thesaurus: Thesaurus, others: Iterable[str] = ()) -> list[str]:
    """Cut a Chinese run before and after the known words in it, the longest first; a cut never leaves a single character."""
    known = thesaurus.by_word.keys() | set(others)
    pieces, rest, at = [], 0, 0
    while at < len(run):
        longest = max((n for n in range(2, min(thesaurus.longest, len(run) - at) + 1) if run[at : at + n] in known), default=0)
        if longest:
            pieces += [run[rest:at], run[at : at + longest]]
            rest = at = at + longest
        else:
            at += 1
    pieces = [piece for piece in (*pieces, run[rest:]) if piece]
    return [run] if any(len(piece) == 1 for piece in pieces) else pieces


def _clean(name: str, text: str) -> str:
    text = text.strip()
    if not text or len(text) > 80 or not key_of(text):
        raise Invalid(name, Sentence("请填写 1 至 80 字的词。", "Give a word of 1 to 80 characters."))
    return text
