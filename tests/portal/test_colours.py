"""What is written can be read: WCAG 2.2 contrasts of the colours in tokens.css, computed, by day and by night."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "portal" / "static" / "css"
READABLE, VISIBLE = 4.5, 3.0
TEXTS = [
    ("ink", "paper"),
    ("ink", "mist"),
    ("ink", "accent-soft"),
    ("ink", "warn-soft"),
    ("ink", "stop-soft"),
    ("quiet", "paper"),
    ("quiet", "mist"),
    ("accent", "paper"),
    ("accent", "mist"),
    ("accent", "accent-soft"),
    ("accent-strong", "paper"),
    ("accent-strong", "accent-soft"),
    ("warn", "paper"),
    ("warn", "warn-soft"),
    ("stop", "paper"),
    ("stop", "mist"),
    ("stop", "stop-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-stop", "stop"),
    ("on-busy", "busy"),
    ("on-mine", "mine"),
    ("on-hold", "hold"),
    ("on-hold", "hold-stripe"),
]
EDGES = [("edge", "paper"), ("edge", "mist"), ("accent", "paper"), ("stop", "paper"), ("mine", "paper")]
EDGES += [(f"chart-{number}", "paper") for number in range(1, 7)]


def colours(scheme: str) -> dict[str, str]:
    """Read the colours of a scheme; at night those of the day hold where nothing else is said."""
    day, _, night = (CSS / "tokens.css").read_text().partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", day))
    return found | (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", night.partition("\n}\n")[0])) if scheme == "night" else {})


def luminance(colour: str) -> float:
    """Compute the relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["day", "night"])
class TestContrast:
    @pytest.mark.parametrize(("text", "ground"), TEXTS)
    def test_text_can_be_read(self, scheme: str, text: str, ground: str) -> None:
        known = colours(scheme)
        assert contrast(known[text], known[ground]) >= READABLE

    @pytest.mark.parametrize(("edge", "ground"), EDGES)
    def test_the_edges_of_fields_and_buttons_can_be_seen(self, scheme: str, edge: str, ground: str) -> None:
        known = colours(scheme)
        assert contrast(known[edge], known[ground]) >= VISIBLE


class TestTheSheets:
    def test_the_formula_is_the_standards(self) -> None:
        assert round(contrast("#000000", "#ffffff"), 1) == 21.0
        assert round(contrast("#777777", "#ffffff"), 2) == 4.48

    def test_the_night_has_colours_of_its_own(self) -> None:
        day, night = colours("day"), colours("night")
        assert len(day) > 20
        assert all(day[key] != night[key] for key in ("paper", "ink", "accent", "busy", "mine", "hold"))

    def test_every_other_sheet_takes_its_colours_from_the_tokens(self) -> None:
        sheets = [file for file in CSS.glob("*.css") if file.name not in ("tokens.css", "print.css")]
        assert len(sheets) >= 5
        assert {file.name: re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])", file.read_text()) for file in sheets} == {
            file.name: [] for file in sheets
        }

    def test_no_sheet_loads_anything_from_elsewhere_or_from_inside(self) -> None:
        for file in CSS.glob("*.css"):
            assert not re.search(r"url\(\s*[\"']?(data:|https?:|//)|@import", file.read_text()), file.name

    def test_templates_hold_no_styles_or_scripts_of_their_own(self) -> None:
        templates = CSS.parents[2] / "templates"
        pattern = re.compile(r"<style|\sstyle=|\son[a-z]+=[\"']|<script(?![^>]*(\bsrc=|application/ld\+json))|javascript:", re.IGNORECASE)
        assert [str(file) for file in sorted(templates.rglob("*.html")) if pattern.search(file.read_text())] == []
