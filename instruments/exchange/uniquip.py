"""UNIQUIP: the table in which British universities publish their equipment (equipment.data.ac.uk; fields after PIDINST)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from instruments.catalogue import Instrument
from instruments.exchange.sheets import csv_pieces
from instruments.exchange.vocabulary import Vocabulary

COLUMNS = (
    "type",
    "institutionID",
    "name",
    "description",
    "manufacturer",
    "model",
    "commissionedDate",
    "measuredVariables",
    "subject",
    "contactName",
    "contactEmail",
    "managingDepartment",
    "webpage",  # ours: the landing page, which the table itself has no column for
)


def write_uniquip(rows: Iterable[Instrument], words: Vocabulary, address_of: Callable[[Instrument], str]) -> Iterator[str]:
    """Write instruments as UNIQUIP CSV, piece by piece; `address_of` gives an instrument's landing page."""
    return csv_pieces(COLUMNS, (uniquip_row(row, words, address_of(row)) for row in rows))


def uniquip_row(row: Instrument, words: Vocabulary, landing_page: str) -> list[str]:
    """Give one instrument in the order of COLUMNS; name and description, which must be there, are never empty."""
    name = row.name_en or row.name_zh
    subjects = [words.name("subject", code).en for code in row.subjects or ()]
    return [
        "equipment",
        f"{row.organisation.code}/{row.inner_id}",
        name,
        describe(row) or name,
        row.manufacturer,
        row.model,
        row.commissioned,
        words.category_name(row.category_code).en,
        "; ".join(subjects),
        row.contact,
        row.email,
        row.department,
        landing_page,
    ]


def describe(row: Instrument) -> str:
    """Put what is said of an instrument's abilities into one text."""
    return "\n".join(text for text in (row.functions, row.specifications, row.services) if text)
