"""The fields of a person's own pages."""

from __future__ import annotations

from wtforms import PasswordField, RadioField, SelectField, StringField, TelField
from wtforms.validators import Optional

from portal.auth.fields import CodeForm, NewPasswordForm
from portal.auth.tokens import LIVES_DAYS
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t

PASSWORD_NOW = lazy_t("当前密码", "Your password now")


class ProfileForm(Form):
    """Asks for what a person may change about herself."""

    name = StringField(lazy_t("姓名", "Name"), [Required(), AtMost(100)], render_kw={"autocomplete": "name"})
    phone = TelField(lazy_t("电话", "Telephone"), [Optional(), AtMost(40)], render_kw={"autocomplete": "tel"})
    language = RadioField(lazy_t("语言", "Language"), [Required()], choices=options([("zh", "中文"), ("en", "English")]))


class ProofForm(Form):
    """Asks for the password again, before a step that a stolen telephone must not take."""

    keep_spaces = ("current",)
    current = PasswordField(PASSWORD_NOW, [Required(), AtMost(1000)], render_kw={"autocomplete": "current-password"})


class PasswordForm(ProofForm, NewPasswordForm):
    """Asks for the old password and a new one."""

    keep_spaces = ("current", "password", "again")


class TotpForm(CodeForm, ProofForm):
    """Asks for a first code, to see that the app works."""


class TokenForm(Form):
    """Asks what a token is for and how long it lives."""

    label = StringField(lazy_t("用途", "What it is for"), [Required(), AtMost(100)])
    days = SelectField(
        lazy_t("有效期", "Works for"), [Required()], coerce=int,
        choices=options((days, lazy_t("{n} 天", "{n} days", n=days)) for days in LIVES_DAYS), default=LIVES_DAYS[1],
    )  # fmt: skip
