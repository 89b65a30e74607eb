"""The mother of every form: spaces trimmed, texts bounded, messages in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, FieldList, FormField, SelectChoice, ValidationError

from instruments.errors import Invalid
from portal.language import current_language, lazy_t, say, t

WTFORMS_LANGUAGES = {"zh": ["zh"], "en": ["en"]}


class Form(FlaskForm):
    """A form of ours; the forged-form check has been made before any view runs."""

    class Meta(FlaskForm.Meta):
        """Speaks the reader's language."""

        csrf = False
        cache_translations = False

        @property
        def locales(self) -> list[str]:
            """Give the languages for the messages of the form library."""
            return WTFORMS_LANGUAGES[current_language()]

        def get_translations(self, form: FlaskForm) -> Any:
            """Use the form library's own messages, whose language is the reader's."""
            return super(FlaskForm.Meta, self).get_translations(form)

        def bind_field(self, form: FlaskForm, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Trim spaces from every text, except where a form says that they count."""
            keep = getattr(form, "keep_spaces", ())
            is_single = not issubclass(unbound_field.field_class, FieldList | FormField)
            if is_single and unbound_field.kwargs.get("filters") is None and options.get("name") not in keep:
                options["filters"] = [trimmed]
            return super().bind_field(form, unbound_field, options)

    def refuse(self, error: Invalid) -> None:
        """Show what a domain call refused beside its field, or at the top where the form has no such field."""
        field = self._fields.get(error.field)
        if field is None:
            self.form_errors.append(say(error.sentence))
        else:
            field.errors = [*field.errors, say(error.sentence)]

    def first_error(self) -> str:
        """Give the first complaint, for pages that show one line."""
        return next((str(message) for messages in self.errors.values() for message in _flat(messages)), "")


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Make what a SelectField or RadioField offers from pairs of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]


def trimmed(value: Any) -> Any:
    """Take spaces from both ends of a text."""
    return value.strip() if isinstance(value, str) else value


class Required:
    """Ask for something to be filled in, in the reader's words."""

    field_flags = {"required": True}

    def __init__(self, message: Any = None) -> None:
        self.message = message or lazy_t("请填写此项。", "Please fill this in.")

    def __call__(self, form: Form, field: Field) -> None:
        """Complain when nothing is there."""
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            raise ValidationError(str(self.message))


class AtMost:
    """Bound the length of a text, and tell the browser."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Form, field: Field) -> None:
        """Complain when it is too long, or holds a NUL."""
        if field.data and len(field.data) > self.most:
            raise ValidationError(t("最多 {n} 个字符。", "At most {n} characters.", n=self.most))
        if field.data and "\x00" in field.data:
            raise ValidationError(t("文字中含有不可见字符。", "The text holds characters that cannot be seen."))


def _flat(messages: Any) -> Iterable[Any]:
    return (inner for message in messages for inner in (message if isinstance(message, list | tuple) else [message]))
