"""The quote as pages and the API show it: each rule with a tick or the reason, the alternatives, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.access import Viewer
from instruments.errors import Refused, Sentence
from portal import clock
from portal.errors import alternative_json, refusal_json
from portal.language import name, say, t
from portal.transactions import reading
from scheduling.alternatives import alternatives
from scheduling.bookings import Booking
from scheduling.cases import Case
from scheduling.quoting import Quote, quote
from scheduling.reserving import Wish
from scheduling.rules.book import Answer
from scheduling.rules.persons import Approval, NoShow
from scheduling.rules.words import say_entry

__all__ = ["Check", "Quote", "checks", "quote", "quote_json", "with_alternatives"]

CURRENCY = "CNY"
FREE = Sentence("该时段空闲。", "The time is free.")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule beside the form: state 'ok', 'refuses' or 'warns', the rule in words, and the reason where it is not kept."""

    state: str
    text: str
    reason: str = ""


def checks(found: Quote) -> list[Check]:
    """Give every rule that concerns the asker with what it says of the wish, what speaks against it first."""
    several = len(found.cases) > 1
    every = [check for case in found.cases for check in _checks_of(case, f"{name(case.instrument)}{t('：', ': ')}" if several else "")]
    order = {"refuses": 0, "warns": 1, "ok": 2}
    return sorted(every, key=lambda check: order[check.state])


def _checks_of(case: Case, prefix: str) -> Iterator[Check]:
    taken = [refusal for refusal in case.refusals if refusal.code == "taken"]
    yield Check("refuses" if taken else "ok", prefix + say(taken[0].sentence if taken else FREE))
    for refusal in case.judgement.standing:
        yield Check("refuses", prefix + say(refusal.sentence))
    for answer in case.judgement.answers:
        # What happens to those who do not come is no question before they book.
        if not isinstance(answer.entry.rule, NoShow):
            yield _check_of(answer, prefix, case)


def _check_of(answer: Answer, prefix: str, case: Case) -> Check:
    text = prefix + say(say_entry(answer.entry))
    is_waived = answer.leads_to == "approve" and not case.judgement.approvals
    if answer.found is None or is_waived:
        return Check("ok", text)
    state = "refuses" if answer.leads_to == "refuse" else "warns"
    # An entry that asks for approval says so itself.
    return Check(state, text, "" if isinstance(answer.entry.rule, Approval) else say(answer.found.sentence))


def with_alternatives(error: Refused, wish: Wish, viewer: Viewer, moved: Booking | None = None) -> Refused:
    """Give the same refusal with times that would work, read in a transaction of their own after the one that failed."""
    with reading() as session:
        found: Sequence[Any] = alternatives(session, wish, viewer=viewer, now=clock.now(), moved=moved)
    return type(error)(error.refusals, found)


def quote_json(found: Quote) -> dict[str, Any]:
    """Give a quote as the API does: amounts as strings, every refusal and every alternative."""
    return {
        "lines": list(found.lines),
        "total": None if found.total is None else f"{found.total:.2f}",
        "currency": CURRENCY,
        "refusals": [refusal_json(one) for one in found.refusals],
        "approvals": [refusal_json(one) for one in found.approvals],
        "warnings": [refusal_json(one) for one in found.warnings],
        "alternatives": [alternative_json(one) for one in found.alternatives],
    }
