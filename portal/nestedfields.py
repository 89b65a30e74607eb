"""Forms of parts within parts: for every part its inputs in order, with their labels and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.errors import Sentence


@dataclass(frozen=True, slots=True)
class Asks:
    """One input of a part: how it is asked for (text, number, money, clock, tick, ticks, select, code, codes, one, many), and its choices.

    "one" is a part of its own inside, "many" a list of parts; both name the part. Inputs `behind` are folded away until they are used.
    """

    key: str
    look: str
    label: Sentence
    choices: Mapping[str, Sentence] | None = None
    part: str = ""
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its title, what the button says that adds one, and its inputs."""

    title: Sentence
    add: Sentence
    asks: tuple[Asks, ...]


Parts = Mapping[str, Part]
