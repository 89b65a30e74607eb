"""schema.org JSON-LD, by which search engines understand an instrument's page."""

from __future__ import annotations

from typing import Any

from instruments.catalogue import Instrument
from instruments.exchange.uniquip import describe
from instruments.exchange.vocabulary import Vocabulary


def jsonld(row: Instrument, landing_page: str, words: Vocabulary, *, image: str = "", booking_page: str = "") -> dict[str, Any]:
    """Describe an instrument as a schema.org product that its organisation offers for use; addresses are full ones."""
    others = [name for name in (row.name_en if row.name_zh else "", *(alias.text for alias in row.aliases)) if name]
    category = words.category_name(row.category_code)
    described = {
        "@context": "https://schema.org",
        "@type": "IndividualProduct",
        "@id": landing_page,
        "url": landing_page,
        "name": row.name_zh or row.name_en,
        "alternateName": others,
        "description": describe(row),
        "image": image,
        "category": " / ".join(dict.fromkeys(text for text in (category.zh, category.en) if text)),
        "sku": row.inner_id,
        "model": row.model,
        "manufacturer": {"@type": "Organization", "name": row.manufacturer} if row.manufacturer else None,
        "countryOfOrigin": row.country,
        "purchaseDate": row.commissioned,
        "additionalProperty": _property("technical specifications", row.specifications),
        "offers": _offer(row, booking_page),
    }
    return _without_empty(described)


def _offer(row: Instrument, booking_page: str) -> dict[str, Any]:
    place = {
        "@type": "PostalAddress",
        "addressRegion": row.province,
        "streetAddress": " ".join(filter(None, (row.street, row.building, row.room))),
    }
    owner = row.organisation
    seller = {"@type": "Organization", "name": owner.name_zh, "alternateName": owner.name_en, "url": owner.website}
    offer = {
        "@type": "Offer",
        "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut",
        "url": booking_page,
        "description": row.fees,
        "seller": _without_empty(seller),
        "availableAtOrFrom": {"@type": "Place", "address": _without_empty(place)},
    }
    return _without_empty(offer)


def _without_empty(described: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if value}


def _property(name: str, value: str) -> dict[str, str] | None:
    return {"@type": "PropertyValue", "name": name, "value": value} if value else None
