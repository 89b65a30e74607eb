"""The registry of rule kinds, how a rule book is read, and how all its rules judge one Ask at once.

A new kind is one class (kind, title, labels, typed parameters, sentence, check) named in KINDS; forms, pages, the API and mail follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from instruments.catalogue import Instrument
from instruments.errors import Invalid, Refusal, Sentence
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
class Judgement:
    """What the rules say of one Ask: all refusals, why approval is needed, warnings; and how a request would wait."""

    refusals: tuple[Refusal, ...] = ()
    approvals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
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
                    f"第 {position} 条:没有“{shape.kind[:40]}”这种规则。", f"Entry {position}: there is no rule called “{shape.kind[:40]}”."
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
            "entries", Sentence(f"规则应为列表,且不超过 {MOST_ENTRIES} 条。", f"A rule book is a list of at most {MOST_ENTRIES} entries.")
        )
    return [read_entry(one, position) for position, one in enumerate(raw, 1)]


def with_defaults(entries: Sequence[Entry], instrument: Instrument) -> list[Entry]:
    """Add the default rules of kinds the book does not name itself."""
    named = {entry.rule.kind for entry in entries}
    added = [Entry(rule, Who(), When(), "refuse") for rule in default_rules(instrument) if rule.kind not in named]
    return [*entries, *added]


def judge(ask: Ask, entries: Sequence[Entry]) -> Judgement:
    """Ask every rule and collect all answers; no rule stops another."""
    refusals = [refusal for rule in STANDING if (refusal := rule(ask))]
    approvals: list[Refusal] = []
    warnings: list[Refusal] = []
    heap = {"refuse": refusals, "approve": approvals, "warn": warnings}
    for entry in with_defaults(entries, ask.instrument):
        if not entry.who.concerns(ask) or not entry.when.part_of(ask.span, ask.tz, ask.holidays):
            continue
        found = entry.rule.check(ask, entry.when)
        if found is not None:
            (approvals if isinstance(entry.rule, Approval) and entry.effect != "warn" else heap[entry.effect]).append(found)
    policies = [found.allowed for found in approvals if found.code == "approval"]
    return Judgement(
        _distinct(refusals),
        _distinct(approvals),
        _distinct(warnings),
        holds_slot=all(bool(policy["holds_slot"]) for policy in policies),
        decide_within_hours=min((int(policy["decide_within_hours"]) for policy in policies), default=72),
    )


def _distinct(found: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Drop repetitions: a standing rule and an entry may say the same."""
    seen: dict[tuple[str, str], Refusal] = {}
    for refusal in found:
        seen.setdefault((refusal.code, refusal.sentence.en), refusal)
    return tuple(seen.values())
