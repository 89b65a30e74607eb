"""Subsidies: what a party gets for an eligible amount. min(cap, sum over brackets of percent x the part of the amount in the bracket)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from instruments.errors import Invalid, OutOfOrder, Sentence
from instruments.money import FEN, yuan
from instruments.programmes import Party, Scheme
from scheduling.accounting.accounts import NOTHING

WITHOUT_PERCENT = Sentence(
    "该方案有一档的补助比例尚未填写，请管理员先填写，再结算。",
    "One bracket of this programme has no percent yet. An administrator fills it in before anything is settled.",
)


@dataclass(frozen=True, slots=True)
class SubsidyLine:
    """The part of an amount in one bracket: from where to where, how much of it counts, at which percent, and what is paid of it."""

    above: Decimal
    until: Decimal | None
    part: Decimal
    percent: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Subsidy:
    """Lines by bracket and their sum; `total` is at most the cap."""

    lines: tuple[SubsidyLine, ...]
    total: Decimal
    is_capped: bool


def party_of(scheme: Scheme, party: str) -> Party:
    """Give the terms of one side; Invalid where the programme has none for it."""
    found = {"provider": scheme.provider, "user": scheme.user}.get(party)
    if found is None:
        raise Invalid("party", Sentence("该方案不补助这一方。", "This programme gives nothing to that side."))
    return found


def subsidy(scheme: Scheme, party: str, eligible: Decimal) -> Subsidy:
    """Compute what a party gets for an eligible amount; OutOfOrder where a bracket it reaches has no percent yet."""
    return _worked_out(party_of(scheme, party), eligible, None)


def most_subsidy(scheme: Scheme, party: str, eligible: Decimal) -> Decimal:
    """Give the most it could be, a percent not filled in counting as 100."""
    return _worked_out(party_of(scheme, party), eligible, Decimal(100)).total


def _worked_out(terms: Party, eligible: Decimal, unknown: Decimal | None) -> Subsidy:
    eligible = yuan(eligible)
    if eligible < 0:
        raise Invalid("amount", Sentence("金额不能为负。", "This amount cannot be below zero."))
    lines = tuple(_lines(terms, eligible, unknown))
    added = sum((line.amount for line in lines), NOTHING)
    is_capped = terms.cap is not None and added > terms.cap
    return Subsidy(lines, terms.cap if is_capped and terms.cap is not None else added, is_capped)


def _lines(terms: Party, eligible: Decimal, unknown: Decimal | None) -> Iterator[SubsidyLine]:
    ends: list[Decimal | None] = [*(one.above for one in terms.brackets[1:]), None]
    for bracket, until in zip(terms.brackets, ends, strict=True):
        part = (eligible if until is None else min(eligible, until)) - bracket.above
        if part <= 0:
            return
        percent = bracket.percent if bracket.percent is not None else unknown
        if percent is None:
            raise OutOfOrder(WITHOUT_PERCENT)
        amount = (part * percent / 100).quantize(FEN, rounding=ROUND_HALF_UP)
        yield SubsidyLine(bracket.above, until, part, percent, amount)
