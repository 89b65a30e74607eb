"""The instruments themselves (single sets, 单台套), their alias names, photos and documents; fields as in the national register."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.database import Base, Key
from instruments.errors import NotFound, Sentence
from instruments.facilities import Facility
from instruments.people import Organisation

SHARING_MODES = {
    "external": Sentence("外部共享", "Shared with everybody"),
    "internal": Sentence("内部共享", "Shared inside the organisation"),
    "none": Sentence("不共享", "Not shared"),
}
PUBLICATIONS = {
    "draft": Sentence("草稿", "Draft"),
    "submitted": Sentence("已提交，待审核", "Submitted, waiting for audit"),
    "published": Sentence("已发布", "Published"),
    "refused": Sentence("已退回", "Sent back"),
    "suspended": Sentence("暂停开放", "Suspended"),
    "retired": Sentence("已退役", "Retired"),
}


class Instrument(Base):
    """One instrument. Money in yuan; `commissioned` keeps the precision it was given ("2016", "2016-10", "2016-10-05")."""

    __tablename__ = "instrument"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    inner_id: Mapped[str] = mapped_column(String(60))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), index=True)
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    name_en: Mapped[str] = mapped_column(String(200), default="")
    department: Mapped[str] = mapped_column(String(200), default="")
    category_code: Mapped[str | None] = mapped_column(ForeignKey("category.code"), index=True)
    source: Mapped[str] = mapped_column(String(40), default="")
    customs_supervised: Mapped[bool] = mapped_column(default=False)
    customs_declaration: Mapped[str] = mapped_column(String(18), default="")
    customs_item: Mapped[str] = mapped_column(String(2), default="")
    customs_imported_on: Mapped[date | None]
    original_value: Mapped[Decimal | None]
    country: Mapped[str] = mapped_column(String(40), default="")
    manufacturer: Mapped[str] = mapped_column(String(200), default="")
    model: Mapped[str] = mapped_column(String(200), default="")
    commissioned: Mapped[str] = mapped_column(String(10), default="")
    accepted_on: Mapped[date | None]
    is_dedicated: Mapped[bool] = mapped_column(default=False)
    specifications: Mapped[str] = mapped_column(String(500), default="")
    functions: Mapped[str] = mapped_column(String(300), default="")
    services: Mapped[str] = mapped_column(String(200), default="")
    achievements: Mapped[str] = mapped_column(String(500), default="")
    subjects: Mapped[list[str]] = mapped_column(JSON, default=list)
    condition: Mapped[str] = mapped_column(String(40), default="")
    requirements: Mapped[str] = mapped_column(String(500), default="")
    fees: Mapped[str] = mapped_column(String(500), default="")
    service_url: Mapped[str] = mapped_column(String(150), default="")
    sharing_mode: Mapped[str] = mapped_column(String(20), default="external")
    sharing_reason: Mapped[str] = mapped_column(String(500), default="")
    sharing_approval: Mapped[str] = mapped_column(String(200), default="")
    funds: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    province: Mapped[str] = mapped_column(String(40), default="")
    city: Mapped[str] = mapped_column(String(40), default="")
    county: Mapped[str] = mapped_column(String(60), default="")
    street: Mapped[str] = mapped_column(String(200), default="")
    building: Mapped[str] = mapped_column(String(100), default="")
    room: Mapped[str] = mapped_column(String(60), default="")
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    contact: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    photo: Mapped[str] = mapped_column(String(100), default="")
    raw: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    time_zone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    lanes: Mapped[int] = mapped_column(default=1)
    setup_minutes: Mapped[int] = mapped_column(default=0)
    cleanup_minutes: Mapped[int] = mapped_column(default=0)
    step_minutes: Mapped[int] = mapped_column(default=30)
    self_operated: Mapped[bool] = mapped_column(default=True)
    sample_service: Mapped[bool] = mapped_column(default=False)
    needs_qualification: Mapped[bool] = mapped_column(default=False)
    accepts_bookings: Mapped[bool] = mapped_column(default=True)

    publication: Mapped[str] = mapped_column(String(20), default="draft")
    publication_note: Mapped[str] = mapped_column(String(500), default="")
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    is_exempt: Mapped[bool] = mapped_column(default=False)
    exemption_reason: Mapped[str] = mapped_column(String(500), default="")
    exemption_status: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime]
    schedule_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()
    facility: Mapped[Facility | None] = relationship()
    aliases: Mapped[list[InstrumentAlias]] = relationship(cascade="all, delete-orphan", order_by="InstrumentAlias.id")
    phases: Mapped[list[PublicationPhase]] = relationship(cascade="all, delete-orphan", order_by="PublicationPhase.id")
    documents: Mapped[list[Document]] = relationship(cascade="all, delete-orphan", order_by="Document.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("organisation_id", "inner_id"),
        Index(None, "publication", "category_code"),
        CheckConstraint("name_zh <> '' OR name_en <> ''", name="has_a_name"),
        CheckConstraint("lanes BETWEEN 1 AND 500", name="lanes"),
        CheckConstraint("setup_minutes BETWEEN 0 AND 10080 AND cleanup_minutes BETWEEN 0 AND 10080", name="buffers"),
        CheckConstraint("step_minutes BETWEEN 1 AND 1440", name="step"),
    )

    @property
    def is_published(self) -> bool:
        """Say whether everybody may see it."""
        return self.publication == "published"


class InstrumentAlias(Base):
    """Another name people use for one instrument."""

    __tablename__ = "instrument_alias"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    text: Mapped[str] = mapped_column(String(200))


class PublicationPhase(Base):
    """From when an instrument has been in a state of publication; the steps are in publication.py, and statistics read them."""

    __tablename__ = "publication_phase"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    at: Mapped[datetime]
    publication: Mapped[str] = mapped_column(String(20))


class Document(Base):
    """A file for the users of an instrument (manual, form, sample conditions); the bytes lie in the data directory."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    stored_as: Mapped[str] = mapped_column(String(100))
    about: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime]


def instrument(session: Session, instrument_id: int) -> Instrument:
    """Get an instrument by id."""
    found = session.get(Instrument, instrument_id)
    if found is None:
        raise NotFound
    return found


def columns_of(row: Any) -> dict[str, Any]:
    """Give a mapped row's column values by name."""
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
