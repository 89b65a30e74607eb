"""Lists in which many rows are ticked for one step: what was ticked, and how it is told for which rows the step could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import request

from instruments.errors import Invalid, Sentence
from portal.language import say, t
from portal.links import LARGEST_KEY
from scheduling.chosen import Chosen, Taken

MOST_READ = 200


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row for which the step could not be taken: what it is, its page ("" where the reader has none), and why."""

    about: str
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said after the step: one sentence, and the rows it could not be taken for."""

    said: str
    left: Sequence[LeftRow]
    is_any_done: bool


def chosen_in_form(name: str = "chosen", most: int = MOST_READ) -> list[Chosen]:
    """Read the rows that were ticked, or all of the page where that button was pressed; each is its id and the version that was seen."""
    sent = request.form.getlist("on_page" if request.form.get("all") else name)[: most + 1]
    return list(dict.fromkeys(_read(text) for text in sent))


def _read(text: str) -> Chosen:
    key, compares, version = text.partition(":")
    is_number = key.isascii() and key.isdigit() and len(key) < 20 and int(key) <= LARGEST_KEY
    if not is_number or (compares and not (version.isascii() and version.isdigit() and len(version) < 10)):
        raise Invalid("chosen", Sentence("请从列表中勾选。", "Tick rows of the list."))
    return Chosen(int(key), int(version) if compares else None)


def answer_of(taken: Taken, row: Callable[[int], tuple[str, str]], *, all_done: str = "", some_done: str = "") -> Answer:
    """Say how many were confirmed (or what else was done) and which were not; `row` gives what a row is and its page."""
    done, left = len(taken.done), len(taken.left)
    if not left:
        return Answer(all_done or t("已确认 {n} 条。", "{n} confirmed.", n=done), (), True)
    said = some_done or t("已确认 {done} 条，{left} 条未确认：", "{done} confirmed, {left} not:", done=done, left=left)
    return Answer(said, [LeftRow(*row(one.id), say(one.why)) for one in taken.left], done > 0)
