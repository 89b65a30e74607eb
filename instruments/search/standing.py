"""How a person stands to all instruments at once, which says what she would pay for an hour of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Self

from instruments.access import Viewer, outside_audience
from instruments.search.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether instruments are of her groups, of her organisation, or seen from outside."""

    group_ids: tuple[int, ...]
    organisation_id: int
    outside: str

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        """Take what matters of a viewer; it agrees with audience_of."""
        return cls(viewer.group_ids, viewer.organisation_id, outside_audience(viewer))

    def paying(self, snapshot: Snapshot, band: str) -> int:
        """Give the instruments of which an hour costs her so much."""
        groups = reduce(or_, (snapshot.having("group", group) for group in self.group_ids), 0)
        own = snapshot.having("organisation", self.organisation_id) & ~groups
        rest = snapshot.everything & ~(groups | own)
        parts = ((groups, "group"), (own, "internal"), (rest, self.outside))
        return reduce(or_, (ids & snapshot.having("price", (audience, band)) for ids, audience in parts if ids), 0)
