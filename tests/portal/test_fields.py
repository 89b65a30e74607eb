"""Fields of forms as HTML."""

from __future__ import annotations

import re

import pytest
from flask import Flask, g, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from instruments.access import ANONYMOUS
from portal.fields import field_errors, field_kind, form_errors_of, may_be_empty
from portal.language import in_language
from tests.portal.look.site import make_site


class Span(Form):
    """A part of a form."""

    hour = IntegerField("Hour", [DataRequired()])


class Sheet(Form):
    """One field of each kind."""

    title = StringField("Title", [DataRequired(), Length(max=5)], description="As on the door.")
    note = TextAreaField("Note", [Optional()])
    kind = SelectField("Kind", choices=[SelectChoice("a", "A")])
    mode = RadioField("Mode", choices=[SelectChoice("1", "One"), SelectChoice("2", "Two")])
    agree = BooleanField("I agree", [DataRequired()])
    token = HiddenField("Token", [DataRequired()])
    spans = FieldList(FormField(Span), min_entries=1)


@pytest.fixture(scope="module")
def site() -> Flask:
    """The small site of the look."""
    return make_site()


def written(site: Flask, what: str, form: Form) -> str:
    """Write a part of a form, for an English reader."""
    with site.test_request_context("/"), in_language("en"):
        g.viewer = ANONYMOUS
        source = '{% from "macros/forms.html" import field, form_errors, button, submit %}' + what
        return re.sub(r"\s+", " ", render_template_string(source, form=form))


def refused(**data: str) -> Sheet:
    """A form that was sent with something missing."""
    form = Sheet(MultiDict(data))
    assert not form.validate()
    return form


class TestField:
    def test_its_label_hint_and_input_belong_together(self, site: Flask) -> None:
        html = written(site, "{{ field(form.title) }}", Sheet())
        assert '<label for="title">Title</label>' in html
        assert 'aria-describedby="title-hint"' in html
        assert '<p class="field-hint" id="title-hint">As on the door.</p>' in html
        assert "aria-invalid" not in html
        assert "required" in html

    def test_its_error_is_beside_it_and_tied_to_it(self, site: Flask) -> None:
        html = written(site, "{{ field(form.title) }}", refused(title="too long a title"))
        assert 'aria-describedby="title-hint title-error"' in html
        assert 'aria-invalid="true"' in html
        assert 'class="form-control is-invalid"' in html
        assert re.search(r'<p class="field-error" id="title-error"><span>.+5.+</span></p>', html)

    def test_what_was_typed_comes_back_as_text_only(self, site: Flask) -> None:
        assert "&#34;&gt;&lt;script" in written(site, "{{ field(form.title) }}", refused(title='"><script>'))

    def test_attributes_and_classes_are_passed_on(self, site: Flask) -> None:
        html = written(site, "{{ field(form.title, classes='short', attributes={'autocomplete': 'off'}) }}", Sheet())
        assert 'class="form-control short"' in html
        assert 'autocomplete="off"' in html

    def test_only_what_may_stay_empty_says_so(self, site: Flask) -> None:
        assert "(optional)" in written(site, "{{ field(form.note) }}", Sheet())
        assert "(optional)" not in written(site, "{{ field(form.note, optional=false) }}", Sheet())
        assert [name for name in ("title", "note", "kind", "mode") if may_be_empty(Sheet()[name])] == ["note"]

    def test_a_box_to_tick_stands_before_its_words(self, site: Flask) -> None:
        html = written(site, "{{ field(form.agree) }}", refused())
        assert re.search(r'<input[^>]*aria-describedby="agree-error"[^>]*> <label for="agree">I agree</label>', html)
        assert "form-control" not in html

    def test_a_group_of_choices_has_one_legend_and_a_label_each(self, site: Flask) -> None:
        html = written(site, "{{ field(form.mode) }}", Sheet())
        assert "<legend>Mode</legend>" in html
        assert re.findall(r'<label for="mode-\d">(\w+)</label>', html) == ["One", "Two"]

    def test_a_hidden_field_is_only_itself(self, site: Flask) -> None:
        assert re.fullmatch(r"\s*<input[^>]*type=\"hidden\"[^>]*>\s*", written(site, "{{ field(form.token) }}", Sheet()))

    def test_a_list_is_a_select(self, site: Flask) -> None:
        assert '<select class="form-select"' in written(site, "{{ field(form.kind) }}", Sheet())
        assert [field_kind(each) for each in Sheet()][:6] == ["plain", "plain", "plain", "choices", "tick", "hidden"]


class TestSummary:
    def test_it_lists_what_is_wrong_with_a_link_to_each_field(self, site: Flask) -> None:
        html = written(site, "{{ form_errors(form) }}", refused(kind="a", mode="1"))
        assert re.findall(r'<a href="#([\w-]+)">([\w ]+)</a>', html) == [("title", "Title"), ("agree", "I agree"), ("spans-0-hour", "Hour")]
        assert 'role="alert"' in html

    def test_what_is_wrong_with_no_field_is_said_without_a_link(self) -> None:
        form = refused(kind="a", mode="1")
        form.form_errors.append("Somebody was faster.")
        found = form_errors_of(form)
        assert found[0] == ("", "", "Somebody was faster.")
        assert ("", "", "This field is required.") in found

    def test_a_part_speaks_for_itself(self) -> None:
        form = refused(kind="a", mode="1")
        assert field_errors(form.spans) == []
        assert field_errors(form.spans[0].form.hour) != []

    def test_a_form_without_errors_has_no_summary(self, site: Flask) -> None:
        assert written(site, "{{ form_errors(form) }}", Sheet()).strip() == ""


class TestButton:
    def test_a_button_is_a_form_of_its_own_with_its_token_and_question(self, site: Flask) -> None:
        html = written(site, "{{ button('/cancel', 'Cancel', 'danger', confirm='Really?', values={'version': 3}) }}", Sheet())
        assert re.search(
            r'<form[^>]* method="post" action="/cancel" data-confirm="Really\?" data-confirm-yes="Cancel" data-confirm-no="No, go back">',
            html,
        )
        assert 'name="csrf_token"' in html
        assert '<input type="hidden" name="version" value="3">' in html
