"""What is known of a use beside its times: minutes, samples, runs and other quantities, how it came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from instruments.errors import Invalid, Sentence
from scheduling.bookings import LONGEST
from scheduling.usage import OUTCOMES, UsageRecord

MOST_MINUTES = int(LONGEST.total_seconds() // 60)
MOST_PIECES, MOST_QUANTITY, MOST_CODES = 1_000_000, Decimal(10**9), 40
LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Particulars:
    """Minutes before, after and lost to faults; minutes that count, where they are stated; what was made, and how it came out."""

    startup_minutes: int = 0
    post_minutes: int = 0
    fault_minutes: int = 0
    effective_minutes: int | None = None
    samples: int = 0
    runs: int = 0
    quantities: tuple[tuple[str, Decimal], ...] = ()
    options: tuple[str, ...] = ()
    content: str = ""
    project: str = ""
    outcome: str = ""


NOTHING = Particulars()


def describe(one: UsageRecord, known: Particulars) -> None:
    """Check and write the particulars of a use; its effective minutes follow once it has ended."""
    for name in ("startup_minutes", "post_minutes", "fault_minutes"):
        setattr(one, name, _count(name, getattr(known, name), MOST_MINUTES))
    for name in ("samples", "runs"):
        setattr(one, name, _count(name, getattr(known, name), MOST_PIECES))
    one.quantities = read_quantities(known.quantities)
    one.options = _codes("options", known.options)
    one.content, one.project = _text("content", known.content, 500), _text("project", known.project, 200)
    if known.outcome not in OUTCOMES:
        raise Invalid("outcome", Sentence("请从列表中选择使用结果。", "Choose the outcome from the list."))
    one.outcome = known.outcome
    one.effective_minutes = _effective(one, known)


def particulars_of(one: UsageRecord) -> Particulars:
    """Read back the particulars of a use, the effective minutes as stated."""
    counted = _counted(one)
    stated = one.effective_minutes if one.effective_minutes != counted else None
    quantities = tuple((code, Decimal(amount)) for code, amount in one.quantities.items())
    return Particulars(
        one.startup_minutes, one.post_minutes, one.fault_minutes, stated, one.samples, one.runs, quantities, tuple(one.options),
        one.content, one.project, one.outcome,
    )  # fmt: skip


def _counted(one: UsageRecord) -> int | None:
    """Give used + start-up + post-processing - faults in minutes (教高司条函[2000]010号), or None while it runs."""
    used = one.used_minutes
    return None if used is None else used + one.startup_minutes + one.post_minutes - one.fault_minutes


def _effective(one: UsageRecord, known: Particulars) -> int | None:
    counted = _counted(one)
    if counted is not None and counted < 0:
        raise Invalid("fault_minutes", Sentence("故障时间超过了使用时间。", "The faults took longer than the use."))
    stated = known.effective_minutes
    if stated is None:
        return counted
    stated = _count("effective_minutes", stated, MOST_MINUTES)
    if one.occupies and counted is not None and stated > counted + one.fault_minutes:
        raise Invalid("effective_minutes", Sentence("有效机时超过了使用时间。", "More minutes count than were used."))
    return stated


def read_quantities(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, str]:
    """Check quantities by unit code: finite, not negative, six places at most; give them as they are kept."""
    found: dict[str, str] = {}
    for code, amount in pairs:
        (name,) = _codes("quantities", (code,))
        if not amount.is_finite() or not 0 <= amount <= MOST_QUANTITY or amount != round(amount, 6):
            raise Invalid("quantities", Sentence(f"“{name}”的数量不正确。", f"The quantity of “{name}” cannot be right."))
        found[name] = format(amount.normalize(), "f")
    if len(found) > MOST_CODES:
        raise Invalid("quantities", Sentence(f"数量最多 {MOST_CODES} 项。", f"At most {MOST_CODES} quantities."))
    return found


def _codes(field: str, codes: Iterable[str]) -> list[str]:
    found = [code.strip() for code in codes]
    if len(found) > MOST_CODES or any(not code or len(code) > LONGEST_CODE or not code.isprintable() for code in found):
        raise Invalid(field, Sentence("项目代码不正确。", "There is no such item."))
    return found


def _count(field: str, value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise Invalid(field, Sentence(f"应为 0 到 {most} 之间的整数。", f"This is a whole number from 0 to {most}."))
    return value


def _text(field: str, text: str, most: int) -> str:
    text = text.strip()
    if len(text) > most or "\x00" in text:
        raise Invalid(field, Sentence(f"不超过 {most} 字。", f"At most {most} characters, please."))
    return text


def changed_particulars(one: UsageRecord, changes: Mapping[str, object]) -> Particulars:
    """Give a use's particulars with some of them changed by name."""
    known = particulars_of(one)
    return Particulars(**{name: changes.get(name, getattr(known, name)) for name in Particulars.__dataclass_fields__})  # type: ignore[arg-type]  # names of the same class
