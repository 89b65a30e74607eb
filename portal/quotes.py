"""The quote as pages show it: each rule with a tick or the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from instruments.errors import Sentence
from portal.language import name, say
from scheduling.cases import Case
from scheduling.quoting import Quote
from scheduling.rules.book import Answer
from scheduling.rules.persons import NoShow, QualificationRule
from scheduling.rules.quotas import Quota
from scheduling.rules.times import OpenHours
from scheduling.rules.words import say_entry

# The reason these give says more than the rule itself.
SAY_MORE = (Quota, QualificationRule, OpenHours)
FREE = Sentence("该时段空闲。", "The time is free.")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule beside the form: state 'ok', 'refuses' or 'warns', the rule in words, and the reason where it is not kept."""

    state: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks of one instrument under its name, what speaks against it first."""

    title: str
    checks: tuple[Check, ...]

    @property
    def is_kept(self) -> bool:
        """Say whether every rule is kept."""
        return all(check.state == "ok" for check in self.checks)


def checked(found: Quote) -> list[Checked]:
    """Give every rule that concerns the asker with what it says of the wish, instrument by instrument."""
    order = {"refuses": 0, "warns": 1, "ok": 2}
    return [Checked(name(case.instrument), tuple(sorted(_checks_of(case), key=lambda check: order[check.state]))) for case in found.cases]


def _checks_of(case: Case) -> Iterator[Check]:
    taken = [refusal for refusal in case.refusals if refusal.code == "taken"]
    yield Check("refuses" if taken else "ok", say(taken[0].sentence if taken else FREE))
    for refusal in case.judgement.standing:
        yield Check("refuses", say(refusal.sentence))
    for answer in case.judgement.answers:
        # What happens to those who do not come is no question before they book.
        if not isinstance(answer.entry.rule, NoShow):
            yield _check_of(answer, case)


def _check_of(answer: Answer, case: Case) -> Check:
    text = say(say_entry(answer.entry))
    is_waived = answer.leads_to == "approve" and not case.judgement.approvals
    if answer.found is None or is_waived:
        return Check("ok", text)
    state = "refuses" if answer.leads_to == "refuse" else "warns"
    return Check(state, text, say(answer.found.sentence) if isinstance(answer.entry.rule, SAY_MORE) else "")
