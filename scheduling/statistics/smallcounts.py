"""Small counts of people, kept from being read, and from being computed out of what is shown beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from instruments.errors import Sentence
from scheduling.statistics.breakdown import Exchange

SMALL = 5
HIDDEN = Sentence("不显示", "not shown")
WHY = Sentence(
    "人数很少时不显示：否则可能看出某一个人。", "Where there are few people the number is not shown: it could tell of a single person."
)
WHY_HIDDEN = Sentence(
    "另有一个很小的数不显示；若显示此数，两数相减即可得出。",
    "A very small number beside it is not shown; with this one it could be computed.",
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of people as everybody may see it: the number, or None with what stands in its place and why."""

    value: int | None
    instead: Sentence = HIDDEN
    why: Sentence = WHY


def fewer_than(least: int) -> Sentence:
    """Say what stands in the place of a small number."""
    return Sentence(f"少于 {least}", f"fewer than {least}")


def is_small(count: int, least: int = SMALL) -> bool:
    """Say whether a number of people is too small to be shown; none at all tells of nobody."""
    return 0 < count < least


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a total as everybody may see them, by key, and the total."""

    total: Count
    parts: Mapping[str, Count]


def shown_parts(parts: Mapping[str, int], total: int, *, least: int = SMALL) -> Parts:
    """Give the parts of a total as everybody may see them.

    Small parts are hidden, and after them the smallest of the others, until what is left of the total when all shown parts are taken off says
    no more of a small part than that it is small; where even hiding all of them does not help, the total is hidden too.
    Example, least 5, total 40: 30, 8, 2 -> 30, hidden, fewer than 5; with the 8 shown, 40 - 30 - 8 would be the 2.
    """
    few = {key for key, count in parts.items() if is_small(count, least)}
    rest, others = sorted((key for key, count in parts.items() if count and key not in few), key=lambda key: (parts[key], key)), set[str]()

    def left() -> int:
        return total - sum(count for key, count in parts.items() if key not in few | others)

    while few and rest and not _is_vague(left(), len(few), len(others), least):
        others.add(rest.pop(0))
    small, beside = Count(None, fewer_than(least)), Count(None, HIDDEN, WHY_HIDDEN)
    is_shown = not is_small(total, least) and (not few or _is_vague(left(), len(few), len(others), least))
    return Parts(
        Count(total) if is_shown else small if is_small(total, least) else beside,
        {key: small if key in few else beside if key in others else Count(count) for key, count in parts.items()},
    )


def _is_vague(left: int, few: int, others: int, least: int) -> bool:
    """Say whether the sum of hidden parts leaves each small one anything from 1 up to the limit. People in several parts only blur it."""
    most = least - 1
    lowest = 1 if others else left - (few - 1) * most
    highest = left - (few - 1) - others * least
    return left <= 0 or (lowest <= 1 and highest >= most)


def shown_pair(users: int, outside: int, *, least: int = SMALL) -> tuple[Count, Count]:
    """Give a number of people and of those from outside; the latter only where neither it nor the difference is small."""
    if is_small(users, least):
        return Count(None, fewer_than(least)), Count(None, HIDDEN)
    if is_small(outside, least):
        return Count(users), Count(None, fewer_than(least))
    return Count(users), Count(None, HIDDEN, WHY_HIDDEN) if is_small(users - outside, least) else Count(outside)


def shown_exchanges(
    pairs: Iterable[Exchange], owners: Mapping[str, int], shown: Mapping[str, Count], *, least: int = SMALL
) -> tuple[Exchange, ...]:
    """Leave out the pairs that are small, or would let a small one be computed out of the users of their owner.

    `owners` are the users of each owner as they are, `shown` as everybody sees them beside; the pairs are those with most people.
    """
    kept: dict[int, list[Exchange]] = {}
    for one in pairs:
        count = shown.get(str(one.owner_id))
        if not is_small(one.users, least) and count is not None and count.value is not None:
            kept.setdefault(one.owner_id, []).append(one)
    for owner_id, some in kept.items():
        some.sort(key=lambda one: -one.users)
        while some and is_small(owners[str(owner_id)] - sum(one.users for one in some), least):
            some.pop()
    return tuple(sorted((one for some in kept.values() for one in some), key=lambda one: (-one.users, one.user_id, one.owner_id)))
