"""The reader's language: which one is chosen, and that every text is there in both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, g
from flask_wtf import FlaskForm
from jinja2 import nodes
from wtforms import StringField
from wtforms.validators import DataRequired

from instruments.errors import Sentence
from portal import language
from portal.language import current_language, in_language, lazy_t, name, other_language_url, other_name, say, t

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = sorted(file for floor in ("instruments", "scheduling", "portal") for file in (ROOT / floor).rglob("*.py"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z\u3400-\u9fff]+")
ABBREVIATION = re.compile(r"[A-Z][A-Z0-9.+-]*")
LANGUAGE_CODE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
SEEN_OR_HEARD = {"title", "aria-label", "placeholder", "alt", "label", "data-confirm", "data-confirm-yes", "data-confirm-no", "data-chosen"}


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


class Words(HTMLParser):
    """Collects the words a template writes for everybody, whatever language they read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._note(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in SEEN_OR_HEARD or (key == "value" and tag in ("button", "option")):
                self._note(value or "")

    def _note(self, text: str) -> None:
        self.found += [word for word in WORD.findall(text) if not ABBREVIATION.fullmatch(word)]


def bare_words(source: str) -> list[str]:
    """Give the words of a template that stand outside t()."""
    env = Flask("lexer").jinja_env
    parts = []
    for _, token, value in env.lex(source):
        if token == "data":
            parts.append(value)
        elif token == "variable_begin":
            parts.append("\N{OBJECT REPLACEMENT CHARACTER}")
    parser = Words()
    parser.feed("".join(parts))
    parser.close()
    return parser.found


def pairs_in_template(source: str) -> Iterator[tuple[str, str]]:
    """Give the two texts of every t() in a template."""
    for call in Flask("parser").jinja_env.parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and all(isinstance(each, nodes.Const) for each in call.args):
            yield tuple(each.value for each in call.args)  # type: ignore[misc]  # its length is checked by the caller


def pairs_in_source(source: str) -> Iterator[tuple[str, str]]:
    """Give the two texts of every t(), lazy_t() and Sentence() in a Python file."""
    for call in ast.walk(ast.parse(source)):
        called = getattr(getattr(call, "func", None), "id", "")
        if isinstance(call, ast.Call) and called in ("t", "lazy_t", "Sentence"):
            by_name = {each.arg: each.value for each in call.keywords}
            given = [*call.args, *(by_name[key] for key in ("zh", "en") if key in by_name)][:2]
            texts = [_constant(each) for each in given]
            if len(texts) == 2 and None not in texts:
                yield texts[0], texts[1]  # type: ignore[misc]  # None was looked for


def _constant(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(each.value for each in node.values if isinstance(each, ast.Constant))
    return None


def is_complete(zh: str, en: str) -> bool:
    """Say whether the first text is Chinese and the second is not; names and signs may be the same in both."""
    zh, en = (re.sub(r"\{.*?\}", "", text) for text in (zh, en))
    if (zh, en) in (("English", "中文"), ("", "")) or zh == en or (LANGUAGE_CODE.fullmatch(zh) and LANGUAGE_CODE.fullmatch(en)):
        return True
    return not CHINESE.search(en) and (bool(CHINESE.search(zh)) or not WORD.search(zh + en))


class TestEveryTextIsThereInBoth:
    @pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
    def test_a_template_writes_no_words_of_its_own(self, file: Path) -> None:
        assert bare_words(file.read_text()) == []

    @pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
    def test_a_template_gives_chinese_first_and_english_second(self, file: Path) -> None:
        assert [pair for pair in pairs_in_template(file.read_text()) if len(pair) != 2 or not is_complete(*pair)] == []

    def test_the_program_gives_chinese_first_and_english_second(self) -> None:
        wrong = [(file.name, *pair) for file in SOURCES for pair in pairs_in_source(file.read_text()) if not is_complete(*pair)]
        assert wrong == []

    def test_scripts_hold_no_words_for_readers(self) -> None:
        scripts = sorted((ROOT / "portal" / "static" / "js").glob("*.js"))
        assert scripts
        assert [file.name for file in scripts if CHINESE.search(file.read_text())] == []

    def test_the_check_itself_finds_what_it_looks_for(self) -> None:
        assert bare_words('<p>{{ t("好", "Good") }} Bad</p><a title="无">{# no #}</a><input value="ok">') == ["Bad", "无"]
        assert bare_words('<p class="x">CSV &amp; XLSX 12:00 {{ words }}</p>') == []
        assert list(pairs_in_template('{{ t("好", "Good") }}')) == [("好", "Good")]
        assert list(pairs_in_source('t("好", "Good"); Sentence(zh=f"{a} 好", en="Good"); t(a, b)')) == [("好", "Good"), (" 好", "Good")]
        assert not is_complete("Good", "好")
        assert not is_complete("好", "好的")
        assert not is_complete("Good", "Better")
        assert is_complete("；", "; ")
        assert is_complete("XRD", "XRD")
