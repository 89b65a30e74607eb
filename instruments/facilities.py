"""Facilities (设施/中心): a centre or a large facility that instruments belong to."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from instruments.database import Base, Key
from instruments.people import Organisation


class Facility(Base):
    """A centre, key laboratory or large facility of an organisation; codes as in the code lists."""

    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[str] = mapped_column(String(2), default="1")
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    level: Mapped[str] = mapped_column(String(40), default="")
    purpose: Mapped[str] = mapped_column(String(40), default="")
    construction: Mapped[str] = mapped_column(String(40), default="")
    established: Mapped[str] = mapped_column(String(10), default="")
    area_m2: Mapped[int | None]
    accreditation: Mapped[str] = mapped_column(String(200), default="")
    department: Mapped[str] = mapped_column(String(200), default="")
    chief_scientist: Mapped[str] = mapped_column(String(100), default="")
    head: Mapped[str] = mapped_column(String(100), default="")
    about_zh: Mapped[str] = mapped_column(String(1000), default="")
    about_en: Mapped[str] = mapped_column(String(1000), default="")
    website: Mapped[str] = mapped_column(String(200), default="")

    organisation: Mapped[Organisation] = relationship()
