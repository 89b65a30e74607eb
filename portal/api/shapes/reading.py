"""Batches of readings that gateways send, and what became of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from portal.api.shapes.basics import In
from portal.api.shapes.kinds import Id, Instant
from scheduling.gateways import LONGEST_CHANNEL, MOST_WATTS
from scheduling.readings import LONGEST_BATCH_NAME, MOST_READINGS

Channel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]+$", max_length=LONGEST_CHANNEL)]


class PowerIn(In):
    """What a power meter read, in watts."""

    kind: Literal["power"]
    channel: Channel
    at: Instant
    watts: Annotated[float, Field(ge=0, le=MOST_WATTS, allow_inf_nan=False)]


class CardIn(In):
    """A card was put in or taken out."""

    kind: Literal["card"]
    channel: Channel
    at: Instant
    card: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:-]+$", max_length=64)]
    event: Literal["in", "out"]


ReadingIn = Annotated[PowerIn | CardIn, Field(discriminator="kind")]


class BatchIn(In):
    """One batch of a gateway: sent again under the same name until it is answered. Signed in X-Signature."""

    gateway: Id
    batch: Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=LONGEST_BATCH_NAME)]
    sent_at: Instant
    readings: Annotated[list[ReadingIn], Field(max_length=MOST_READINGS)]


class BatchOut(BaseModel):
    """How many readings were new, were known already, and were not kept because their time cannot be right."""

    received: int
    new: int
    known: int
    refused: int
    drift_seconds: int
    unassigned: list[str]
