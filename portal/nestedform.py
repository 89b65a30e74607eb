"""A form of parts within parts laid out for a page: inputs, lists with their buttons, and what is folded away or not asked for now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from instruments.errors import Sentence
from portal.language import say, t
from portal.nestedfields import Asks, Parts
from portal.nestedraw import MOST_ITEMS, Raw, list_at

STEP = re.compile(r"(add|remove|up|down):([a-z_]+(?:\.[0-9]{1,2}\.[a-z_]+|\.[a-z_]+){0,6}(?:\.[0-9]{1,2})?)")
NOT_ASKED = Asks("", "code", Sentence("", ""))


@dataclass
class Input:
    """One input: its name in the form, how it is asked for, what stands in it, what may be chosen, and what is wrong with it."""

    name: str
    asks: Asks
    value: Any
    choices: Sequence[tuple[str, str]] = ()
    error: str = ""


@dataclass
class Many:
    """A list of parts, with the words of the button that adds one."""

    name: str
    label: str
    add: str
    items: list[Group]
    error: str = ""


@dataclass
class Group:
    """One part: its inputs and lists, and those folded away (open where they are used)."""

    name: str
    title: str
    shown: list[Input | Many | Group] = field(default_factory=list)
    behind: list[Input | Many | Group] = field(default_factory=list)
    is_open: bool = False
    error: str = ""


def _as_asked(_raw: Raw, _part: str, asks: Asks) -> str:
    return "behind" if asks.behind else "shown"


@dataclass(frozen=True)
class Layout:
    """How a form is laid out: its parts, what is wrong by place, what an input offers, whether something folded away is used, and
    where an input of a part goes: shown, behind, or hidden, which keeps what was typed without asking for it."""

    parts: Parts
    errors: Mapping[str, str]
    choices: Callable[[Asks], Sequence[tuple[str, str]]]
    is_used: Callable[[Any, Asks], bool]
    placed: Callable[[Raw, str, Asks], str] = _as_asked

    def group(self, raw: Raw, part: str, path: str, title: str) -> Group:
        """Lay out a part."""
        group = Group(path.rstrip("."), title, error=self.errors.get(path.rstrip("."), ""))
        for asks in self.parts[part].asks:
            place, name = self.placed(raw, part, asks), path + asks.key
            if place == "hidden":
                group.shown += self._kept(raw[asks.key], asks, name)
                continue
            (group.behind if place == "behind" else group.shown).append(self._element(raw, asks, name))
            if place == "behind" and (self.is_used(raw[asks.key], asks) or any(each.startswith(name) for each in self.errors)):
                group.is_open = True
        return group

    def _element(self, raw: Raw, asks: Asks, name: str) -> Input | Many | Group:
        if asks.look == "one":
            return self.group(raw[asks.key], asks.part, f"{name}.", say(asks.label))
        if asks.look == "many":
            title = say(self.parts[asks.part].title)
            items = [self.group(one, asks.part, f"{name}.{place}.", _titled(title, place, one)) for place, one in enumerate(raw[asks.key])]
            return Many(name, say(asks.label), say(self.parts[asks.part].add), items, self.errors.get(name, ""))
        return Input(name, asks, raw[asks.key], self.choices(asks), self.errors.get(name, ""))

    def _kept(self, value: Any, asks: Asks, name: str) -> Iterator[Input]:
        """Carry along what was typed where it is not asked for now."""
        if asks.look == "many":
            yield Input(f"n:{name}", NOT_ASKED, str(len(value)))
            for place, one in enumerate(value):
                for inner in self.parts[asks.part].asks:
                    yield from self._kept(one[inner.key], inner, f"{name}.{place}.{inner.key}")
        elif asks.look == "one":
            for inner in self.parts[asks.part].asks:
                yield from self._kept(value[inner.key], inner, f"{name}.{inner.key}")
        elif asks.look != "tick" or value:
            for each in value if isinstance(value, list) else ["1" if value is True else value]:
                yield Input(name, NOT_ASKED, each)


def _titled(title: str, place: int, raw: Raw) -> str:
    own = own_name(raw)
    return f"{title} {place + 1}{t('：', ': ')}{own}" if own else f"{title} {place + 1}"


def own_name(raw: Raw) -> str:
    """Give the name that was typed for a part, in the reader's language where there is one in it."""
    zh, en = raw.get("name_zh", "") or raw.get("title_zh", ""), raw.get("name_en", "") or raw.get("title_en", "")
    return say(Sentence(zh or en, en or zh))


def rearrange(parts: Parts, raw: Raw, root: str, step: str, new: Callable[[str], Raw]) -> bool:
    """Add (what `new` gives for the part), take away or move a part as a button says; False where the button says something else."""
    found = STEP.fullmatch(step)
    if found is None:
        return False
    verb, places = found[1], found[2].split(".")
    items, part = list_at(parts, raw, places if verb == "add" else places[:-1], root)
    if items is None:
        return False
    if verb == "add":
        if len(items) < MOST_ITEMS:
            items.append(new(part))
    elif places[-1].isdigit() and int(places[-1]) < len(items):
        item = items.pop(int(places[-1]))
        if verb != "remove":
            items.insert(max(0, int(places[-1]) + (1 if verb == "down" else -1)), item)
    return True
