"""PIDINST 1.0: the metadata by which a research instrument is identified for good (RDA recommendation, doi:10.15497/RDA00070)."""

from __future__ import annotations

from typing import Any

from instruments.catalogue import Instrument
from instruments.exchange.uniquip import describe
from instruments.exchange.vocabulary import Vocabulary

UNKNOWN = ":unkn"  # DataCite's word for "known to exist, value unknown"; a manufacturer must be given


def pidinst(row: Instrument, landing_page: str, words: Vocabulary) -> dict[str, Any]:
    """Describe an instrument with the recommendation's property names; its landing page is its identifier.

    Properties 1 to 6 are mandatory: Identifier, SchemaVersion, LandingPage, Name, Owner, Manufacturer.
    """
    owner: dict[str, Any] = {"ownerName": row.organisation.name_en or row.organisation.name_zh}
    if row.email:
        owner["ownerContact"] = row.email
    if row.organisation.website:
        owner["ownerIdentifier"] = {"ownerIdentifierValue": row.organisation.website, "ownerIdentifierType": "URL"}
    described = {
        "Identifier": {"identifierValue": landing_page, "identifierType": "URL"},
        "SchemaVersion": "1.0",
        "LandingPage": landing_page,
        "Name": row.name_en or row.name_zh,
        "Owner": [owner],
        "Manufacturer": [{"manufacturerName": row.manufacturer or UNKNOWN}],
        "Model": {"modelName": row.model} if row.model else None,
        "Description": describe(row),
        "InstrumentType": _types(row, words),
        "Date": [{"dateValue": row.commissioned, "dateType": "Commissioned"}] if row.commissioned else [],
        "RelatedIdentifier": _related(row),
        "AlternateIdentifier": [{"alternateIdentifierValue": row.inner_id, "alternateIdentifierType": "InventoryNumber"}],
    }
    return {key: value for key, value in described.items() if value}


def _types(row: Instrument, words: Vocabulary) -> list[dict[str, Any]]:
    if not row.category_code:
        return []
    identifier = {
        "instrumentTypeIdentifierValue": row.category_code,
        "instrumentTypeIdentifierType": "Chinese national instrument classification",
    }
    return [{"instrumentTypeName": words.category_name(row.category_code).en, "instrumentTypeIdentifier": identifier}]


def _related(row: Instrument) -> list[dict[str, str]]:
    if not row.service_url:
        return []
    return [{"relatedIdentifierValue": row.service_url, "relatedIdentifierType": "URL", "relationType": "IsDescribedBy"}]
