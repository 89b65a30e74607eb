"""Many things chosen for the same step, taken in one transaction: each by itself, so that one that cannot be does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from instruments.errors import Invalid, NotFound, PortalError, Sentence

MOST = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing that was chosen, with the version the person saw (None: nothing is compared)."""

    id: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """One thing for which the step could not be taken, and why."""

    id: int
    why: Sentence


@dataclass
class Taken:
    """For which things the step was taken, and for which not."""

    done: list[int] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def check_chosen(chosen: Sequence[Chosen]) -> dict[int, int | None]:
    """Give the versions by id; Invalid for none at all, or for more than one transaction should hold."""
    if not chosen:
        raise Invalid("chosen", Sentence("请先勾选要确认的记录。", "Tick what is to be confirmed first."))
    if len(chosen) > MOST:
        raise Invalid("chosen", Sentence(f"一次最多确认 {MOST} 条，请分次进行。", f"At most {MOST} at once. Do it in several goes."))
    return {one.id: one.version for one in chosen}


def take_each(session: Session, ids: Iterable[int], step: Callable[[int], object]) -> Taken:
    """Take a step for each in a savepoint of its own; what cannot be is named with its reason."""
    taken = Taken()
    for one in ids:
        try:
            with session.begin_nested():
                step(one)
        except PortalError as error:
            taken.left.append(Left(one, error.sentence))
        else:
            taken.done.append(one)
    return taken


def not_there(ids: Iterable[int]) -> list[Left]:
    """Name what is not there, or not the viewer's to see."""
    return [Left(one, NotFound().sentence) for one in ids]
