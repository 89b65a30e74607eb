"""Two languages everywhere: no bare words in a template, and every text written twice, in Chinese and in English.

Every check is a function of source text, so that each can also be shown a bad example and must notice it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[1]
FLOORS = ("instruments", "scheduling", "portal")
TWO_TEXTS = {"t", "lazy_t", "Sentence"}
SPOKEN_ATTRIBUTES = {"title", "placeholder", "alt", "label", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext"}
CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")
SILENT_TAGS = {"script", "style", "code", "pre", "kbd", "samp"}  # what machines read is the same in every language
LETTER = re.compile(r"[^\W\d_]")
# Tags of languages are not words, and the switch shows the name of the language that is not spoken now.
TAG_OF_A_LANGUAGE = re.compile(r"(zh|en)(-\w+)*")
SWITCH = ("English", "中文")
# A few English words in a row, begun with a capital: not a list of classes, not a name of anything.
WORDS = re.compile(r"[A-Z][a-z']+ .*[a-z]{2}")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
HOLE = "0"  # what an expression will fill; no letter, and as good as any in the name of a tag

Pair = tuple[int, list[str] | None, list[str] | None]  # line, Chinese, English; None where the source alone does not say
ENVIRONMENT = Environment(autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])


def templates() -> Mapping[str, str]:
    files = sorted(file for kind in ("*.html", "*.txt") for file in (ROOT / "templates").rglob(kind))
    # what stands before the subject of a letter is never sent
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8").removeprefix("Subject: ") for file in files}


def programs() -> Mapping[str, str]:
    files = [file for floor in FLOORS for file in sorted((ROOT / floor).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def complaints_about_template(source: str) -> list[str]:
    found = [complaint for line, zh, en in pairs_in_template(source) for complaint in complaints_about_pair(line, zh, en)]
    return found + bare_words(source) + words_in_expressions(source)


def complaints_about_program(source: str) -> list[str]:
    return [complaint for line, zh, en in pairs_in_program(source) for complaint in complaints_about_pair(line, zh, en)]


def complaints_about_pair(line: int, zh: list[str] | None, en: list[str] | None) -> list[str]:
    """Two texts, one Chinese and one English; the same text twice is a proper noun, an abbreviation, or nothing at all."""
    if zh == [] or en == []:
        return [f"line {line}: two texts are needed, Chinese and English"]
    if zh == en or (zh, en) == ([SWITCH[0]], [SWITCH[1]]):
        return []
    wordless = not any(LETTER.search(text) for texts in (zh, en) for text in texts or HOLE)
    found = [f"line {line}: an empty text" for texts in (zh, en) if texts and not wordless and not all(text.strip() for text in texts)]
    found += [f"line {line}: not Chinese: {text!r}" for text in zh or () if has_words(text) and not CJK.search(text)]
    return found + [f"line {line}: not English: {text!r}" for text in en or () if CJK.search(text)]


def has_words(text: str) -> bool:
    return bool(LETTER.search(re.sub(r"{.*?}", "", text))) and not TAG_OF_A_LANGUAGE.fullmatch(text)


def pairs_in_program(source: str) -> Iterator[Pair]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or any(isinstance(argument, ast.Starred) for argument in node.args):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if {"zh", "en"} <= set(named):
            yield node.lineno, texts_of(named["zh"]), texts_of(named["en"])
        elif ast.unparse(node.func).split(".")[-1] in TWO_TEXTS and None not in named:
            given = [texts_of(argument) for argument in node.args]
            yield (node.lineno, given[0], given[1]) if len(given) == 2 else (node.lineno, [], [])


def texts_of(node: ast.expr) -> list[str] | None:
    """Every text an expression may give, with holes for what is filled in; None where it is not written here."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)]
        case ast.IfExp(body=body, orelse=orelse):
            either = texts_of(body), texts_of(orelse)
            return None if None in either else [text for texts in either for text in texts or ()]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first, second = texts_of(left), texts_of(right)
            return None if first is None or second is None else [one + other for one in first for other in second]
    return None


def pairs_in_template(source: str) -> Iterator[Pair]:
    for node in ENVIRONMENT.parse(source).find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name in TWO_TEXTS:
            given = [template_texts(argument) for argument in node.args]
            yield (node.lineno, given[0], given[1]) if len(given) == 2 else (node.lineno, [], [])


def template_texts(node: nodes.Expr) -> list[str] | None:
    match node:
        case nodes.Const(value=str(text)):
            return [text]
        case nodes.CondExpr(expr1=first, expr2=nodes.Expr() as second):
            either = template_texts(first), template_texts(second)
            return None if None in either else [text for texts in either for text in texts or ()]
        case nodes.Concat(nodes=parts):
            return ["".join((template_texts(part) or ["{}"])[0] for part in parts)]
    return None


def words_in_expressions(source: str) -> list[str]:
    """Texts written in an expression that do not pass through t()."""
    tree = ENVIRONMENT.parse(source)
    calls = [node for node in tree.find_all(nodes.Call) if isinstance(node.node, nodes.Name) and node.node.name in TWO_TEXTS]
    translated = {id(text) for call in calls for text in call.find_all(nodes.Const)}
    return [
        f"line {node.lineno}: not through t(): {node.value!r}"
        for node in tree.find_all(nodes.Const)
        if id(node) not in translated and isinstance(node.value, str) and (CJK.search(node.value) or WORDS.match(node.value))
    ]


def bare_words(source: str) -> list[str]:
    """Words between the tags, or in an attribute that is read out or shown, that stand in the template itself."""
    reader = BareWords()
    reader.feed(without_expressions(source))
    reader.close()
    return reader.found


def without_expressions(source: str) -> str:
    """The template with holes for its expressions and nothing for its statements and comments, line by line where it was."""
    kept, inside = [], ""
    for _, kind, text in ENVIRONMENT.lex(source):
        if kind.endswith("_begin"):
            inside = kind
        if kind == "data":
            kept.append(text)
        else:
            kept.append(HOLE if kind == "variable_begin" else "")
            kept.append("\n" * text.count("\n") if inside else "")
        if kind.endswith("_end"):
            inside = ""
    return "".join(kept)


class BareWords(HTMLParser):
    """Collects letters that are not in a tag, and those in attributes that people hear or see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT_TAGS
        self._look_at(attrs)

    def _look_at(self, attrs: list[tuple[str, str | None]]) -> None:
        for attribute, value in attrs:
            is_button = attribute == "value" and ("type", "submit") in attrs
            if (attribute in SPOKEN_ATTRIBUTES or is_button) and LETTER.search(value or ""):
                self.found.append(f"line {self.getpos()[0]}: {attribute}={value!r} is not through t()")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT_TAGS

    def handle_data(self, data: str) -> None:
        # A macro may hold attributes alone.
        self._look_at(ATTRIBUTE.findall(data))
        data = ATTRIBUTE.sub("", data)
        if not self._silent and LETTER.search(data):
            self.found.append(f"line {self.getpos()[0]}: bare words: {' '.join(data.split())!r}")


def test_every_template_speaks_both_languages() -> None:
    assert [f"{path}: {complaint}" for path, source in templates().items() for complaint in complaints_about_template(source)] == []


def test_every_text_in_the_programs_is_in_both_languages() -> None:
    assert [f"{path}: {complaint}" for path, source in programs().items() for complaint in complaints_about_program(source)] == []


def test_scripts_hold_no_words_of_their_own() -> None:
    scripts = sorted((ROOT / "portal" / "static" / "js").rglob("*.js"))
    assert scripts
    assert [file.name for file in scripts if CJK.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "bad",
    [
        "<p>Free</p>",
        "<p>空闲</p>",
        "<code>run.py</code> starts it",
        '{% macro described() %} title="Free"{% endmacro %}',
        "<title>{{ name }} - portal</title>",
        '{% if free %}<a title="Free">{{ x }}</a>{% endif %}',
        '<img src="a.png" alt="微镜">',
        '<input placeholder="{{ x }} kg">',
        '<input type="submit" value="Send">',
        '{{ t("Free", "Free time") }}',
        '{{ t("空闲", "空闲 time") }}',
        '{{ t("空闲", "") }}',
        '{{ t("空闲") }}',
        '{{ t("空闲" if x else "Free", "free" if x else "Free") }}',
        '{{ badge("空闲") }}',
        '{{ badge("Free until noon") }}',
        '{% set title = "空闲" %}',
    ],
)
def test_a_template_in_one_language_is_noticed(bad: str) -> None:
    assert complaints_about_template(bad) != []


@pytest.mark.parametrize(
    "good",
    [
        '<p class="free">{{ t("空闲", "Free") }}</p>',
        '<a title="{{ t("空闲", "Free") }}" href="/free">·</a>',
        '{{ t("ORCID", "ORCID") }}',
        '{{ t("zh-CN", "en") }}',
        '{{ t("English", "中文") }}',
        '{{ t("还有 {n} 个", "{n} more", n=3) }}',
        '{{ badge(t("空闲", "Free"), "free btn btn-sm") }}{# free #}{% include "free.html" %}',
        '<code>run.py</code>',
        '{% macro described() %} aria-invalid="true" id="{{ x }}-error"{% endmacro %}',
        '<h{{ level }}>{{ t("空闲", "Free") }}</h{{ level }}>',
        '<script type="application/ld+json">{"name": "x"}</script><b>{{ free }}</b>',
    ],
)
def test_a_template_in_both_languages_is_fine(good: str) -> None:
    assert complaints_about_template(good) == []


@pytest.mark.parametrize(
    "bad",
    [
        't("Free", "Free time")',
        'lazy_t("空闲", "空")',
        'Sentence("空闲")',
        'Sentence(zh="", en="Free")',
        'Refusal("taken", errors.Sentence(zh=f"{n} 点", en=f"{n} 点"), t("Taken", "It is taken"))',
        'BadSetting(zh="Free", en="It is free")',
        't("空闲" if x else "Free", "free" if x else "Free")',
        't("空闲" + "时间", "free" + " 时间")',
        't("空闲", "Free", n)',
    ],
)
def test_a_program_in_one_language_is_noticed(bad: str) -> None:
    assert complaints_about_program(bad) != []


def test_a_program_in_both_languages_is_fine() -> None:
    good = """
t("空闲", "Free")
lazy_t("PIDINST", "PIDINST")
Sentence(f"{name} 空闲", f"{name} is free")
Sentence(zh="空闲", en="free" if x else "not free")
Sentence(*both)
Sentence("", "")
t(" ", ", ")
t(sentence.zh, sentence.en)
"""
    assert complaints_about_program(good) == []


def test_the_line_of_a_bare_word_is_told() -> None:
    assert bare_words('{% set x =\n 1 %}\n{#\n#}<p>\n{{ f(\n1) }}</p><p>Free</p>') == ["line 6: bare words: 'Free'"]
