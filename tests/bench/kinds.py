"""Real kinds of instrument for the bench: Chinese name, English name, class, maker, model."""

from __future__ import annotations

import json

from portal.demo.population import DATA

ROWS = json.loads((DATA / "instruments.json").read_text(encoding="utf-8"))
KINDS = [(row["name_zh"], row["name_en"], row["category_code"], row["manufacturer"], row["model"]) for row in ROWS]
