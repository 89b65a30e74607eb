"""A chart as SVG for a page made for paper: presentation attributes only, so that no style and no script is needed."""

from __future__ import annotations

from markupsafe import Markup

from portal.chartmarks import Area, Drawing, Mark, Stroke, drawing_of
from portal.charts import Chart
from portal.language import current_language


def chart_svg(chart: Chart) -> Markup:
    """Draw a chart as SVG; every word in it is escaped."""
    found: Drawing = drawing_of(chart)
    head = Markup(
        '<svg class="paper-chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}" lang="{}">'
    ).format(_short(found.width), _short(found.height), found.summary, "zh-CN" if current_language() == "zh" else "en")
    return head + Markup("").join(_svg(mark) for mark in found.marks) + Markup("</svg>")


def _svg(mark: Mark) -> Markup:
    if isinstance(mark, Stroke):
        dash = Markup(' stroke-dasharray="{}"').format(" ".join(map(_short, mark.dash))) if mark.dash else ""
        return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
            _short(mark.x1), _short(mark.y1), _short(mark.x2), _short(mark.y2), mark.colour, _short(mark.width), dash
        )
    if isinstance(mark, Area):
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in mark.points)
        return Markup('<polygon points="{}" fill="{}" stroke="{}" stroke-width="0.6"/>').format(points, mark.fill, mark.outline)
    return Markup('<text x="{}" y="{}" text-anchor="{}" font-size="{}" fill="{}">{}</text>').format(
        _short(mark.x), _short(mark.y), mark.anchor, _short(mark.size), mark.colour, mark.text
    )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
