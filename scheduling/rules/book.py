"""The registry of rule kinds, how a rule book is read, and how all its rules judge one Ask at once.

A new kind is one class (kind, title, labels, typed parameters, sentence, check) named in KINDS; forms, pages, the API and mail follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from instruments.catalogue import Instrument
from instruments.errors import Invalid, Refusal, Sentence
from instruments.timespan import minus
from scheduling.rules.base import Ask, Effect, Rule, Strict, When, Who
from scheduling.rules.persons import Approval, AudienceRule, NoShow, QualificationRule
from scheduling.rules.quotas import Quota
from scheduling.rules.standing import STANDING, default_rules
from scheduling.rules.times import Horizon, Longest, Notice, OpenHours, Shortest, TimeGrid

KINDS: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (Notice, Horizon, Shortest, Longest, TimeGrid, OpenHours, AudienceRule, QualificationRule, Approval, Quota, NoShow)
}
EFFECTS: dict[str, Sentence] = {
    "refuse": Sentence("不允许", "Refuse"),
    "approve": Sentence("须经审批", "Ask for approval"),
    "warn": Sentence("仅提醒", "Only warn"),
}
MOST_ENTRIES = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a rule book, read and checked."""

    rule: Rule
    who: Who
    when: When
    effect: Effect


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry that concerns the asker says of her Ask: kept (found is None), or broken, and what that leads to."""

    entry: Entry
    found: Refusal | None

    @property
    def leads_to(self) -> Effect:
        """Say what a breach leads to; what asks for approval never refuses."""
        return "approve" if isinstance(self.entry.rule, Approval) and self.entry.effect != "warn" else self.entry.effect


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of one Ask: all refusals, why approval is needed, warnings; and how a request would wait.

    `answers` tells it entry by entry, the kept ones too; `standing` holds the refusals that come from no entry.
    """

    refusals: tuple[Refusal, ...] = ()
    approvals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    standing: tuple[Refusal, ...] = ()
    answers: tuple[Answer, ...] = ()
    holds_slot: bool = True
    decide_within_hours: int = 72

    @property
    def needs_approval(self) -> bool:
        """Say whether a manager must decide."""
        return bool(self.approvals)


class _EntryShape(Strict):
    kind: str
    parameters: dict[str, Any]
    who: Who = Who()
    when: When = When()
    effect: Effect = "refuse"


def read_entry(raw: object, position: int = 1) -> Entry:
    """Read one entry; what cannot be expressed is refused with the place and the reason."""
    try:
        shape = _EntryShape.model_validate(raw)
        if shape.kind not in KINDS:
            raise Invalid(
                "kind",
                Sentence(
                    f"第 {position} 条：没有“{shape.kind[:40]}”这种规则。", f"Entry {position}: there is no rule called “{shape.kind[:40]}”."
                ),
            )
        return Entry(KINDS[shape.kind].model_validate(shape.parameters), shape.who, shape.when, shape.effect)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        zh, en = (
            f"第 {position} 条规则的“{place}”填写不正确。",
            f"Entry {position}: the value of “{place}” cannot be right ({first['msg']}).",
        )
        raise Invalid(place or "entries", Sentence(zh, en)) from error


def read_entries(raw: object) -> list[Entry]:
    """Read a whole rule book."""
    if not isinstance(raw, list | tuple) or len(raw) > MOST_ENTRIES:
        raise Invalid(
            "entries", Sentence(f"规则应为列表，且不超过 {MOST_ENTRIES} 条。", f"A rule book is a list of at most {MOST_ENTRIES} entries.")
        )
    return [read_entry(one, position) for position, one in enumerate(raw, 1)]


def with_defaults(entries: Sequence[Entry], instrument: Instrument) -> list[Entry]:
    """Add the default rules that hold where the book says nothing for everybody at any time about their matter."""
    named = {entry.rule.kind for entry in entries if entry.who == Who() and entry.when.is_always}
    return [*entries, *(default for default in _defaults(instrument) if default.rule.kind not in named)]


def _defaults(instrument: Instrument) -> list[Entry]:
    return [Entry(rule, Who(), When(), "refuse") for rule in default_rules(instrument)]


def judge(ask: Ask, entries: Sequence[Entry]) -> Judgement:
    """Ask every rule and collect all answers; no rule stops another."""
    standing = tuple(refusal for rule in STANDING if (refusal := rule(ask)))
    answers = _answers(ask, [entry for entry in entries if entry.who.concerns(ask)])
    # Nobody asks herself for approval.
    approvals = () if ask.is_manager else _found(answers, "approve")
    policies = [found.allowed for found in approvals if found.code == Approval.kind]
    return Judgement(
        _distinct([*standing, *_found(answers, "refuse")]),
        approvals,
        _found(answers, "warn"),
        standing,
        tuple(answers),
        holds_slot=all(bool(policy["holds_slot"]) for policy in policies),
        decide_within_hours=min((int(policy["decide_within_hours"]) for policy in policies), default=72),
    )


def _answers(ask: Ask, entries: Sequence[Entry]) -> list[Answer]:
    """Ask the entries about the time they mean, and the defaults about what is left of it."""
    meant = [(entry, entry.when.part_of(ask.span, ask.tz, ask.holidays)) for entry in entries]
    answers = [Answer(entry, entry.rule.check(ask, entry.when) if parts else None) for entry, parts in meant]
    for default in _defaults(ask.instrument):
        spoken_for = [part for entry, parts in meant if entry.rule.kind == default.rule.kind for part in parts]
        if not spoken_for:
            answers.append(Answer(default, default.rule.check(ask, When())))
        elif isinstance(default.rule, OpenHours) and (rest := minus([ask.span], spoken_for)):
            found = (default.rule.check(replace(ask, span=part), When()) for part in rest)
            answers.append(Answer(default, next((one for one in found if one), None)))
    return answers


def _found(answers: Sequence[Answer], effect: Effect) -> tuple[Refusal, ...]:
    return _distinct(answer.found for answer in answers if answer.found is not None and answer.leads_to == effect)


def _distinct(found: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Drop repetitions: a standing rule and an entry may say the same."""
    seen: dict[tuple[str, str], Refusal] = {}
    for refusal in found:
        seen.setdefault((refusal.code, refusal.sentence.en), refusal)
    return tuple(seen.values())
