"""The entries of a rule book as cards of a form: made from the kinds' own parameters, read back, each mistake beside its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

from instruments.errors import Invalid, Sentence
from instruments.qualifications import GRADES
from portal.language import say, t
from portal.manage.hoursform import clock_of, read_clock
from scheduling.bookings import MODES, PURPOSES
from scheduling.rules.base import When, Who
from scheduling.rules.book import EFFECTS, KINDS, MOST_ENTRIES, Entry
from scheduling.rules.persons import AUDIENCE_WORDS
from scheduling.rules.quotas import PARTIES, PERIODS
from scheduling.rules.words import say_entry

WORKS_BY_ITSELF = frozenset({"approval", "no_show"})  # kinds whose breach leads to nothing one could choose
UNITS = {"hours": Sentence("小时", "hours"), "bookings": Sentence("次预约", "bookings")}
HOLIDAYS = {
    "all": Sentence("不论是否节假日", "Holidays or not"),
    "only": Sentence("仅节假日", "Only on holidays"),
    "not": Sentence("节假日除外", "Except on holidays"),
}
LISTS: Mapping[str, Mapping[Any, Sentence]] = {
    "allowed": AUDIENCE_WORDS, "audiences": AUDIENCE_WORDS, "modes": MODES, "purposes": PURPOSES, "per": PARTIES, "period": PERIODS,
    "of": UNITS, "holidays": HOLIDAYS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a card: its name in the form, its label, how it is asked for (number, tick, select, ticks), and what it takes."""

    name: str
    label: str
    look: str
    choices: Sequence[tuple[str, str]] = ()
    least: int | None = None
    most: int | None = None


@dataclass
class Card:
    """One entry as it was typed: `values` by the names of the inputs, a list where several may be ticked; `errors` likewise."""

    kind: str
    values: dict[str, Any]
    errors: dict[str, Sentence] = field(default_factory=dict)
    entry: Entry | None = None

    @property
    def title(self) -> str:
        """Name the kind."""
        return say(KINDS[self.kind].title)

    @property
    def sentence(self) -> str:
        """Say the entry in words, where it can be read."""
        return say(say_entry(self.entry)) if self.entry else ""

    @property
    def is_narrowed(self) -> bool:
        """Say whether it concerns some people or some times only, or one of those inputs is wrong."""
        if self.entry is not None:
            return self.entry.who != Who() or not self.entry.when.is_always
        return any(name.startswith(("who-", "when-")) for name in self.errors)

    @property
    def has_effect(self) -> bool:
        """Say whether one may choose what a breach leads to."""
        return self.kind not in WORKS_BY_ITSELF


def inputs_of(kind: str) -> list[Input]:
    """Give the inputs of a kind's own parameters."""
    rule = KINDS[kind]
    return [
        _input(f"p-{name}", say(rule.labels.get(name, Sentence(name, name))), name, known) for name, known in rule.model_fields.items()
    ]  # fmt: skip


def who_inputs() -> list[Input]:
    """Give the inputs that say whom an entry concerns."""
    labels = {
        "audiences": t("人员", "People"), "modes": t("使用方式", "Mode of use"), "purposes": t("用途", "Purpose"),
        "grade_from": t("资格等级从", "Grade from"), "grade_below": t("资格等级低于", "Grade below"),
    }  # fmt: skip
    return [_input(f"who-{name}", labels[name], name, known) for name, known in Who.model_fields.items()]


def _input(name: str, label: str, key: str, known: Any) -> Input:
    kind = known.annotation
    if kind is bool:
        return Input(name, label, "tick")
    if "grade" in key:
        return Input(name, label, "select", _grades(key))
    if get_origin(kind) is tuple:
        return Input(name, label, "ticks", [(str(one), say(words)) for one, words in LISTS[key].items()])
    if get_origin(kind) is Literal:
        return Input(name, label, "select", [(str(one), say(LISTS[key][one])) for one in get_args(kind)])
    bounds = {type(one).__name__: one for one in known.metadata}
    least = getattr(bounds.get("Ge"), "ge", None)
    most = getattr(bounds.get("Le"), "le", None) or (bounds["Lt"].lt - 1 if "Lt" in bounds else None)
    return Input(name, label, "number", least=least, most=most)


def _grades(key: str) -> list[tuple[str, str]]:
    words = [(str(grade), f"{grade} - {say(sentence)}") for grade, sentence in GRADES.items()]
    if key == "grade_below":
        return [*words, ("5", t("不限", "any"))]
    if key == "grade":
        return words
    return [("0", t("不限", "any") if key == "grade_from" else t("不允许", "nobody")), *words]


def weekday_choices() -> list[tuple[str, str]]:
    """Name the weekdays, shortly."""
    zh, en = "一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return [(str(day), t(f"周{zh[day]}", en[day])) for day in range(7)]


def holiday_choices() -> list[tuple[str, str]]:
    """Name what an entry may say of holidays."""
    return [(key, say(words)) for key, words in HOLIDAYS.items()]


def effect_choices() -> list[tuple[str, str]]:
    """Name what a breach may lead to."""
    return [(key, say(words)) for key, words in EFFECTS.items()]


def kind_choices() -> list[tuple[str, str]]:
    """Name the kinds of rule."""
    return [(kind, say(rule.title)) for kind, rule in KINDS.items()]


def card_of(entry: Entry) -> Card:
    """Write an entry as a card."""
    values = {f"p-{name}": _typed(value) for name, value in entry.rule.model_dump().items()}
    values |= {f"who-{name}": _typed(value) for name, value in entry.who.model_dump().items()}
    when = entry.when
    has_band = (when.from_minute, when.until_minute) != (0, 1440)
    values |= {
        "when-weekdays": [str(day) for day in when.weekdays], "when-holidays": when.holidays,
        "when-from": clock_of(when.from_minute) if has_band else "", "when-until": clock_of(when.until_minute) if has_band else "",
        "effect": entry.effect,
    }  # fmt: skip
    return Card(entry.rule.kind, values, entry=entry)


def new_card(kind: str) -> Card:
    """Make an empty card; parameters with a usual value have it."""
    defaults = {f"p-{name}": _typed(known.default) for name, known in KINDS[kind].model_fields.items() if not known.is_required()}
    who = {f"who-{name}": _typed(known.default) for name, known in Who.model_fields.items()}
    empty = {f"p-{name}": "" for name, known in KINDS[kind].model_fields.items() if known.is_required()}
    when = {"when-weekdays": [], "when-holidays": "all", "when-from": "", "when-until": "", "effect": "refuse"}
    card = Card(kind, {**empty, **defaults, **who, **when})
    check_card(card)
    card.errors = {}  # what is still to be filled in is no mistake yet
    return card


def _typed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value if isinstance(value, bool) else str(value)


def read_cards(sent: MultiDict[str, str]) -> list[Card]:
    """Read the cards that were sent, in their order; a kind nobody knows is passed over."""
    count = sent.get("cards", "")
    number = min(int(count), MOST_ENTRIES) if count.isascii() and count.isdigit() and len(count) < 4 else 0
    return [_read_card(sent, place) for place in range(number) if sent.get(f"c{place}-kind") in KINDS]


def _read_card(sent: MultiDict[str, str], place: int) -> Card:
    kind = sent[f"c{place}-kind"]
    card = Card(kind, {})
    for one in [*inputs_of(kind), *who_inputs()]:
        card.values[one.name] = _sent(sent, f"c{place}-{one.name}", one.look)
    card.values["when-weekdays"] = sent.getlist(f"c{place}-when-weekdays")[:7]
    for name in ("when-holidays", "when-from", "when-until", "effect"):
        card.values[name] = sent.get(f"c{place}-{name}", "").strip()[:20]
    card.values["effect"] = card.values["effect"] if card.values["effect"] in EFFECTS else "refuse"
    check_card(card)
    return card


def _sent(sent: MultiDict[str, str], name: str, look: str) -> Any:
    if look == "tick":
        return name in sent
    return sent.getlist(name)[:20] if look == "ticks" else sent.get(name, "").strip()[:20]


def check_card(card: Card) -> None:
    """Read a card as an entry, or note what is wrong beside each input."""
    known = KINDS[card.kind].model_fields
    parameters = {
        key[2:]: value for key, value in card.values.items() if key.startswith("p-") and (value != "" or known[key[2:]].is_required())
    }  # fmt: skip
    who = {key[4:]: value for key, value in card.values.items() if key.startswith("who-") and value != ""}
    rule, whom, when = _model(card, KINDS[card.kind], parameters, "p-"), _model(card, Who, who, "who-"), _when(card)
    if rule is not None and whom is not None and when is not None:
        card.entry = Entry(rule, whom, when, card.values["effect"])  # type: ignore[arg-type]  # of these classes, and among EFFECTS


def _when(card: Card) -> BaseModel | None:
    first, last = _minute(card, "when-from", 0), _minute(card, "when-until", 1440)
    if first is None or last is None:
        return None
    first %= 1440
    values = {
        "weekdays": card.values["when-weekdays"], "holidays": card.values["when-holidays"] or "all",
        "from_minute": first, "until_minute": last if last > first else last + 1440,
    }  # fmt: skip
    return _model(card, When, values, "when-")


def _minute(card: Card, name: str, otherwise: int) -> int | None:
    text = card.values[name]
    if not text:
        return otherwise
    try:
        return read_clock(text)
    except Invalid as error:
        card.errors[name] = error.sentence
        return None


def _model(card: Card, model: type[BaseModel], values: Mapping[str, Any], prefix: str) -> BaseModel | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for found in error.errors():
            name = str(found["loc"][0]) if found["loc"] else "from"
            card.errors.setdefault(prefix + name, _sentence(found))
        return None


def _sentence(found: Mapping[str, Any]) -> Sentence:
    """Say what is wrong with a value, in both languages."""
    bounds = found.get("ctx", {})
    if found["type"] == "missing" or found.get("input") == "":
        return Sentence("请填写此项。", "Please fill this in.")
    if found["type"] == "greater_than_equal":
        return Sentence(f"不能小于 {bounds['ge']}。", f"At least {bounds['ge']}, please.")
    if found["type"] in ("less_than_equal", "less_than"):
        most = bounds["le"] if "le" in bounds else bounds["lt"] - 1
        return Sentence(f"不能大于 {most}。", f"At most {most}, please.")
    if found["type"].startswith("int"):
        return Sentence("请填写整数。", "Please give a whole number.")
    if found["type"] == "too_short":
        return Sentence("请至少选择一项。", "Please choose one at least.")
    return Sentence("请从列表中选择。", "Please choose from the list.")


def as_raw(entry: Entry) -> dict[str, Any]:
    """Write an entry as it is stored; what is as usual is left out."""
    raw: dict[str, Any] = {"kind": entry.rule.kind, "parameters": entry.rule.model_dump(mode="json")}
    who, when = entry.who.model_dump(mode="json", exclude_defaults=True), entry.when.model_dump(mode="json", exclude_defaults=True)
    raw |= {"who": who} if who else {}
    raw |= {"when": when} if when else {}
    return raw | ({"effect": entry.effect} if entry.effect != "refuse" else {})
