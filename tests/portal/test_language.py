"""The reader's language: which one is chosen, and how a text is picked. tests/test_writing.py walks every text."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask, g
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired

from instruments.errors import Sentence
from portal import language
from portal.language import current_language, in_language, lazy_t, name, other_language_url, other_name, say, t


@pytest.fixture
def reading() -> Flask:
    """A small application that only knows languages."""
    app = Flask("reading")
    app.secret_key = "for tests"
    language.init_language(app)
    app.add_url_rule("/instruments/<int:id>", "show", lambda id: t("你好", "Hello"))
    app.add_url_rule("/bookings/<int:id>/cancel", "cancel", lambda id: t("已取消", "Cancelled"), methods=["POST"])
    app.add_url_rule("/me/<choice>", "me", lambda choice: setattr(g, "viewer", SimpleNamespace(language=choice)) or current_language())
    app.add_url_rule("/data", "data", lambda: {"a": 1})
    return app


def spoken(app: Flask, url: str = "/instruments/1", accept: str = "", cookie: str = "") -> str:
    """Ask for a page as a browser would, and give the language it came in."""
    client = app.test_client()
    if cookie:
        client.set_cookie("language", cookie)
    return client.get(url, headers={"Accept-Language": accept}).text


class TestWhoseLanguage:
    def test_the_address_wins_over_everything(self, reading: Flask) -> None:
        assert spoken(reading, "/me/zh?lang=en", accept="zh", cookie="zh") == "en"

    def test_the_persons_choice_wins_over_cookie_and_browser(self, reading: Flask) -> None:
        assert spoken(reading, "/me/en", accept="zh-CN", cookie="zh") == "en"

    def test_a_person_without_a_choice_reads_what_the_browser_asks_for(self, reading: Flask) -> None:
        assert spoken(reading, "/me/none", accept="en-GB") == "en"

    def test_the_cookie_wins_over_the_browser(self, reading: Flask) -> None:
        assert spoken(reading, accept="zh-CN", cookie="en") == "Hello"

    @pytest.mark.parametrize(
        ("accept", "text"),
        [
            ("zh-CN,zh;q=0.9,en;q=0.8", "你好"),
            ("zh-TW", "你好"),
            ("zh-Hans-CN", "你好"),
            ("en-US,zh;q=0.5", "Hello"),
            ("en-GB,en", "Hello"),
            ("fr,en;q=0.3", "Hello"),
            ("zh;q=0.2,en;q=0.7", "Hello"),
        ],
    )
    def test_the_browsers_first_known_language_is_taken(self, reading: Flask, accept: str, text: str) -> None:
        assert spoken(reading, accept=accept) == text

    @pytest.mark.parametrize("accept", ["", "fr,de;q=0.5", "*", "x" * 500, ";;;,,,q=", "en;q=abc"])
    def test_a_browser_that_asks_for_nothing_known_gets_the_portals_language(self, reading: Flask, accept: str) -> None:
        assert spoken(reading, accept=accept) in ("你好", "Hello")
        reading.config["PORTAL_LANGUAGE"] = "en"
        assert spoken(reading, accept="fr") == "Hello"

    @pytest.mark.parametrize("asked", ["fr", "", "ZH", "zh'--", "../zh", "\x00"])
    def test_an_unknown_language_in_the_address_or_cookie_is_as_none(self, reading: Flask, asked: str) -> None:
        client = reading.test_client()
        client.set_cookie("language", "xx")
        answer = client.get("/instruments/1", query_string={"lang": asked}, headers={"Accept-Language": "en"})
        assert answer.text == "Hello"
        assert "Set-Cookie" not in answer.headers

    def test_what_the_address_asked_for_is_remembered(self, reading: Flask) -> None:
        client = reading.test_client()
        cookie = client.get("/instruments/1?lang=en").headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert client.get("/instruments/1", headers={"Accept-Language": "zh"}).text == "Hello"

    def test_a_page_says_its_language_and_what_it_depends_on(self, reading: Flask) -> None:
        answer = reading.test_client().get("/instruments/1?lang=en")
        assert answer.headers["Content-Language"] == "en"
        assert {"cookie", "accept-language"} <= {each.lower() for each in answer.vary}

    def test_two_requests_in_one_application_context_are_read_apart(self, reading: Flask) -> None:
        with reading.app_context():
            assert spoken(reading, accept="zh") == "你好"
            assert spoken(reading, accept="en") == "Hello"


class TestWithoutARequest:
    def test_a_letter_is_written_in_the_language_of_its_reader(self, reading: Flask) -> None:
        with reading.test_request_context(headers={"Accept-Language": "zh"}):
            with in_language("en"):
                assert t("您好", "Dear reader") == "Dear reader"
            assert t("您好", "Dear reader") == "您好"

    def test_a_letter_inside_another_gives_the_outer_its_language_back(self) -> None:
        with in_language("en"):
            with in_language("zh"):
                assert current_language() == "zh"
            assert current_language() == "en"

    def test_an_error_on_the_way_gives_the_language_back(self) -> None:
        with pytest.raises(RuntimeError), in_language("en"):
            raise RuntimeError
        assert current_language() == "zh"

    def test_a_language_that_is_not_spoken_is_refused(self) -> None:
        with pytest.raises(ValueError, match="speaks"), in_language("fr"):
            pass

    def test_work_without_a_reader_speaks_the_portals_language(self, reading: Flask) -> None:
        assert current_language() == "zh"
        reading.config["PORTAL_LANGUAGE"] = "en"
        with reading.app_context():
            assert current_language() == "en"


class TestTexts:
    def test_values_are_filled_in(self) -> None:
        with in_language("en"):
            assert t("共 {n} 台", "{n} instruments", n=3) == "3 instruments"

    def test_braces_in_a_value_stay_as_they_are(self) -> None:
        with in_language("en"):
            assert t("{a} 的预约", "Booking of {a}", a="{b}{0.__class__}") == "Booking of {b}{0.__class__}"

    def test_a_text_without_values_may_hold_braces(self) -> None:
        with in_language("en"):
            assert t("{开始}", "{from}") == "{from}"

    def test_a_label_made_at_import_time_is_picked_when_shown(self) -> None:
        label = lazy_t("姓名", "Name")
        with in_language("en"):
            assert str(label) == "Name"
        with in_language("zh"):
            assert str(label) == "姓名"

    def test_a_sentence_is_said_in_the_readers_language(self) -> None:
        sentence = Sentence("此时段已被占用。", "This time has been taken.")
        with in_language("en"):
            assert say(sentence) == "This time has been taken."

    @pytest.mark.parametrize(
        ("zh", "en", "language", "first", "second"),
        [
            ("扫描电镜", "SEM", "zh", "扫描电镜", "SEM"),
            ("扫描电镜", "SEM", "en", "SEM", "扫描电镜"),
            ("扫描电镜", "", "en", "扫描电镜", ""),
            ("", "SEM", "zh", "SEM", ""),
            ("SEM", "SEM", "zh", "SEM", ""),
            (None, None, "en", "", ""),
        ],
    )
    def test_a_name_falls_back_to_the_other_language(self, zh: str, en: str, language: str, first: str, second: str) -> None:
        instrument = SimpleNamespace(name_zh=zh, name_en=en)
        with in_language(language):
            assert (name(instrument), other_name(instrument)) == (first, second)

    def test_a_person_has_one_name(self) -> None:
        assert name(SimpleNamespace(name="王晓研")) == "王晓研"

    def test_the_form_librarys_own_messages_follow(self, reading: Flask) -> None:
        class Form(FlaskForm):
            class Meta:
                csrf = False

            title = StringField(validators=[DataRequired()])

        for accept, message in (("zh-CN", "该字段是必填字段。"), ("en", "This field is required.")):
            with reading.test_request_context(headers={"Accept-Language": accept}):
                form = Form()
                assert not form.validate()
                assert form.errors["title"] == [message]


class TestTheOtherLanguage:
    def test_it_is_the_same_page_with_the_same_query(self, reading: Flask) -> None:
        with reading.test_request_context("/instruments/1?q=%E8%B4%A8%E8%B0%B1&city=a&city=b&lang=zh"):
            assert other_language_url() == "/instruments/1?q=%E8%B4%A8%E8%B0%B1&city=a&city=b&lang=en"

    def test_a_page_that_only_takes_a_form_leads_to_the_front_page(self, reading: Flask) -> None:
        with reading.test_request_context("/bookings/1/cancel?lang=en", method="POST"):
            assert other_language_url() == "/?lang=zh"

    def test_a_portal_under_a_path_stays_under_it(self, reading: Flask) -> None:
        with reading.test_request_context("/instruments/1?lang=en", base_url="https://example.org/portal"):
            assert other_language_url() == "/portal/instruments/1?lang=zh"
