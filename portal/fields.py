"""How a WTForms field becomes HTML: its kind, its attributes, its errors. The macros in templates/macros/forms.html write them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from wtforms import BooleanField, Field, Form
from wtforms.fields.choices import SelectFieldBase
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget


def init_fields(app: Flask) -> None:
    """Give the templates the functions the form macros call."""
    app.jinja_env.globals.update(
        field_kind=field_kind,
        field_attributes=field_attributes,
        field_errors=field_errors,
        form_errors_of=form_errors_of,
        may_be_empty=may_be_empty,
    )


def field_kind(field: Field) -> str:
    """Say how to set a field: hidden, tick (one box beside its words), choices (a group) or plain (label above input)."""
    if isinstance(field.widget, HiddenInput):
        return "hidden"
    if isinstance(field.widget, CheckboxInput):
        return "tick"
    return "choices" if isinstance(field.widget, ListWidget) else "plain"


def field_attributes(field: Field, hint: str = "", classes: str = "", extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the attributes of the input: its look, and its hint and error tied to it for those who hear the page."""
    look = {"plain": "form-select" if field.widget.__class__.__name__ == "Select" else "form-control"}.get(field_kind(field), "")
    described = [f"{field.id}-{part}" for part, there in (("hint", hint or field.description), ("error", field_errors(field))) if there]
    attributes: dict[str, Any] = {**(extra or {})}
    own = (field.render_kw or {}).get("class", "")
    attributes["class"] = " ".join(part for part in (look, classes, own, "is-invalid" if field_errors(field) and look else "") if part)
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if field_errors(field):
        attributes["aria-invalid"] = "true"
    return {key: value for key, value in attributes.items() if value != ""}


def may_be_empty(field: Field) -> bool:
    """Say whether an input of one's own words may stay empty; a list to choose from says so itself, with Optional()."""
    return not field.flags.required and not isinstance(field, SelectFieldBase | BooleanField)


def field_errors(field: Field) -> list[str]:
    """Give the sentences said about a field itself; those about parts of it stand beside the parts."""
    return [str(error) for error in field.errors if not isinstance(error, dict | list | tuple)]


def form_errors_of(form: Form) -> list[tuple[str, str, str]]:
    """Give every error of a form and of the forms inside it: (id of the field or '', its label, the sentence)."""
    whole = [("", "", str(error)) for error in getattr(form, "form_errors", ())]
    return whole + [found for field in form for found in _errors_within(field)]


def _errors_within(field: Field) -> Iterator[tuple[str, str, str]]:
    label = "" if field_kind(field) == "hidden" else str(field.label.text)
    for error in field_errors(field):
        yield ("" if not label else field.id, label, error)
    inside = getattr(field, "entries", None) or getattr(field, "form", None) or ()
    for part in inside:
        yield from _errors_within(part)
