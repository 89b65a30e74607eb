"""Letters from templates/mail/: the first line is the subject, the rest the text, in the language of whoever reads it.

What is put into a template becomes one line without control characters, so that no name or note can start a line of its own;
a note of several lines goes through |quoted, which marks each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from jinja2 import Environment
from jinja2.runtime import Undefined

from portal.language import in_language
from scheduling.ical import one_line, several_lines

LONGEST_SUBJECT = 200
SUBJECT = "Subject: "


class Verbatim(str):
    """Text that has been made harmless already and keeps its line breaks."""


def render(kind: str, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Write the letter templates/mail/<kind>.txt and give (subject, text)."""
    with in_language(language):
        written = _environment().get_template(f"mail/{kind}.txt").render(context)
    first, _, rest = written.partition("\n")
    if not first.startswith(SUBJECT):
        raise ValueError(f"The first line of mail/{kind}.txt must begin with {SUBJECT!r}.")
    return one_line(first.removeprefix(SUBJECT))[:LONGEST_SUBJECT], rest.strip() + "\n"


def quoted(text: str) -> Verbatim:
    """Mark each line of somebody's words, as mail does."""
    return Verbatim("\n".join(f"> {line}".rstrip() for line in several_lines(text).split("\n")))


def _environment() -> Environment:
    """Give the portal's templates, for plain text."""
    known = current_app.extensions.get("letters")
    if known is None:
        known = current_app.extensions["letters"] = current_app.jinja_env.overlay(autoescape=False, finalize=_harmless, trim_blocks=True)
        known.filters = {**known.filters, "quoted": quoted}
    environment: Environment = known
    return environment


def _harmless(value: Any) -> str:
    if isinstance(value, Verbatim | Undefined):
        return str(value)
    return "" if value is None else one_line(str(value))
