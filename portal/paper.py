"""What a printed report holds, in the reader's language: a page made for paper and the PDF are two ways of writing the same."""

from __future__ import annotations

from dataclasses import dataclass

from portal.charts import Chart

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PaperTable:
    """Rows under heads; the first column names, the others are figures. `is_text`: all columns are texts. The total stands last."""

    heads: Row
    rows: tuple[Row, ...]
    total: Row | None = None
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class PaperPart:
    """One part: a heading, sentences, a chart, a table, and notes under it in small letters."""

    code: str
    title: str
    sentences: tuple[str, ...] = ()
    chart: Chart | None = None
    table: PaperTable | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A report: its title, whose it is, the sentence that comes first, how final it is, its parts, and the line at the foot."""

    title: str
    owner: str
    first: str
    state: str
    parts: tuple[PaperPart, ...]
    foot: str
