"""Which column is taken for what: guessed, chosen by a person, and remembered for the next list with the same header."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key
from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import fold
from instruments.exchange.fields import KEEP, LEAVE, TARGETS
from instruments.exchange.headers import guess


class ImportMapping(Base):
    """What an organisation (or the province: none) chose for a header."""

    __tablename__ = "import_mapping"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    header_key: Mapped[str] = mapped_column(String(90), unique=True)
    targets: Mapped[list[str]] = mapped_column(JSON)


def recall(session: Session, organisation_id: int | None, headers: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> tuple[str, ...]:
    """Give what was chosen for this header before, or else the guess."""
    found = session.scalar(select(ImportMapping.targets).where(ImportMapping.header_key == _key(organisation_id, headers)))
    if found and len(found) == len(headers) and all(target in TARGETS for target in found):
        return tuple(found)
    return tuple(guess(headers, samples))


def remember(session: Session, organisation_id: int | None, headers: Sequence[str], targets: Sequence[str]) -> None:
    """Keep a choice for the next time; the same choice again changes nothing."""
    found = session.scalar(select(ImportMapping).where(ImportMapping.header_key == _key(organisation_id, headers)))
    if found is None:
        session.add(ImportMapping(organisation_id=organisation_id, header_key=_key(organisation_id, headers), targets=list(targets)))
    elif found.targets != list(targets):
        found.targets = list(targets)


def check_targets(headers: Sequence[str], targets: Sequence[str], *, needs_organisation: bool) -> tuple[str, ...]:
    """Give the choice back when a list can be read with it; Invalid, saying what is missing or chosen twice."""
    if len(targets) != len(headers) or any(target not in TARGETS for target in targets):
        raise Invalid(
            "targets", Sentence("列的对应关系与文件不符，请重新上传。", "The choice does not fit the file. Please upload it again.")
        )
    twice = [target for target, times in Counter(targets).items() if times > 1 and target not in (KEEP, LEAVE)]
    if twice:
        label = TARGETS[twice[0]]
        raise Invalid(
            "targets", Sentence(f"有两列都对应“{label.zh}”，请只选一列。", f"Two columns are taken for “{label.en}”. Choose one.")
        )
    if not {"name_zh", "name_en"} & set(targets):
        raise Invalid("targets", Sentence("请指出哪一列是仪器名称。", "Say which column holds the name of the instrument."))
    if needs_organisation and not {"organisation", "organisation_code"} & set(targets):
        raise Invalid(
            "targets",
            Sentence("请指出哪一列是管理单位，或选择一个单位。", "Say which column names the organisation, or choose one for all rows."),
        )
    return tuple(targets)


def _key(organisation_id: int | None, headers: Sequence[str]) -> str:
    digest = hashlib.sha256("\x1f".join(fold(header) for header in headers).encode()).hexdigest()
    return f"{organisation_id or 0}:{digest}"
