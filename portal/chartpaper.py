"""A chart in a PDF: the marks of portal/chartmarks.py drawn by reportlab."""

from __future__ import annotations

from typing import Any

from reportlab.graphics.shapes import Drawing, Line, Polygon, String
from reportlab.lib import colors
from reportlab.pdfbase.pdfmetrics import stringWidth

from portal.chartmarks import Area, Mark, Stroke, Words, drawing_of
from portal.charts import Chart
from portal.pdfpages import runs


def chart_on_paper(chart: Chart, wide: float) -> Drawing:
    """Draw a chart as wide as the page allows."""
    found = drawing_of(chart)
    drawn = Drawing(found.width, found.height)
    for mark in found.marks:
        for shape in _shapes(mark, found.height):
            drawn.add(shape)
    scale = wide / found.width
    drawn.scale(scale, scale)
    drawn.width, drawn.height = wide, found.height * scale
    return drawn


def _shapes(mark: Mark, high: float) -> list[Any]:
    """Turn a mark over: on a PDF's sheet y goes up."""
    if isinstance(mark, Stroke):
        look: dict[str, Any] = {"strokeColor": colors.HexColor(mark.colour), "strokeWidth": mark.width}
        return [Line(mark.x1, high - mark.y1, mark.x2, high - mark.y2, strokeDashArray=list(mark.dash) or None, **look)]
    if isinstance(mark, Area):
        points = [number for x, y in mark.points for number in (x, high - y)]
        return [Polygon(points, fillColor=colors.HexColor(mark.fill), strokeColor=colors.HexColor(mark.outline), strokeWidth=0.6)]
    return _strings(mark, high)


def _strings(mark: Words, high: float) -> list[Any]:
    """Write a text run by run, each in the font that has it."""
    found = [(font, text, stringWidth(text, font, mark.size)) for font, text in runs(mark.text)]
    whole = sum(wide for _, _, wide in found)
    x = mark.x - {"start": 0.0, "middle": whole / 2, "end": whole}[mark.anchor]
    shapes = []
    for font, text, wide in found:
        shapes.append(String(x, high - mark.y, text, fontName=font, fontSize=mark.size, fillColor=colors.HexColor(mark.colour)))
        x += wide
    return shapes
