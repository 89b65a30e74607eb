"""Every kind of column, by examples and by whatever a machine can think of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import clean
from instruments.exchange.fields import BY_KEY, FIELDS
from instruments.exchange.headers import guess
from instruments.exchange.lines import Line
from instruments.exchange.readings import Unreadable
from instruments.exchange.rows import Columns, read_row
from instruments.exchange.tables import open_table
from instruments.exchange.values import READERS, Surroundings, read_cell
from instruments.exchange.vocabulary import Vocabulary
from instruments.money import MOST

WORDS = Vocabulary(
    categories={"010102": Sentence("扫描电镜", "Scanning electron microscope"), "010199": Sentence("其他", "Other")},
    category_codes={"扫描电镜": "010102"},
    names={},
    codes={
        "country": {"中国": "CN", "日本": "JP", "japan": "JP", "jpn": "JP"},
        "city": {"太原市": "140100", "taiyuan": "140100"},
        "subject": {
            "150": "150",
            "化学": "150",
            "180": "180",
            "生物学": "180",
            "230": "230",
            "畜牧、兽医科学": "230",
            "110": "110",
            "120": "120",
        },
        "fund": {"中央财政资金": "central", "单位自有资金": "own"},
        "condition": {"正常": "normal"},
    },
)
AROUND = Surroundings(WORDS, date(2026, 11, 23))


def read(key, text):
    return read_cell(text, BY_KEY[key], AROUND)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("country", "中国", "CN"),
        ("country", "Japan", "JP"),
        ("city", "太原", "140100"),
        ("city", "太原市", "140100"),
        ("category_code", "010102", "010102"),
        ("category", "扫描电镜", "010102"),
        ("condition", "正常", "normal"),
        ("is_dedicated", "专用", True),
        ("is_dedicated", "通用仪器", False),
        ("customs_supervised", "是", True),
        ("needs_qualification", "无", False),
        ("subjects", "150 化学; 180 生物学", ["150", "180"]),
        ("subjects", "化学,生物学", ["150", "180"]),
        ("subjects", "230 畜牧、兽医科学", ["230"]),
        ("funds", "中央财政资金 120.50；单位自有资金", [{"kind": "central", "amount": "120.50"}, {"kind": "own"}]),
        ("longitude", "112.55", 112.55),
        ("email", "sem@example.org", "sem@example.org"),
        ("service_url", "https://example.org/sem?id=1", "https://example.org/sem?id=1"),
        ("aliases", "SEM；电镜", ["SEM", "电镜"]),
    ],
)
def test_a_cell_that_is_clear_needs_no_word(key, text, value):
    reading = read(key, text)
    assert reading.value == value
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("country", "日本（进口）", "JP"),
        ("country", "日本产", "JP"),
        ("category_code", "010102 (instrCategory)", "010102"),
        ("category_code", "０１０１０２", "010102"),
        ("city", "山口県", "山口県"),
        ("inner_id", "２０１６００１２", "20160012"),
        ("department", "分析\n测试中心", "分析测试中心"),
        ("name_zh", "走査電子顕微鏡システム", "走査電子顕微鏡システム"),
        ("subjects", "150; 180; 230; 110; 120", ["150", "180", "230", "110"]),
    ],
)
def test_a_cell_that_was_changed_or_doubtful_is_told(key, text, value):
    reading = read(key, text)
    assert reading.value == value
    assert reading.warnings


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("country", "火星"),
        ("category_code", "F2004048 (仪器编号)"),
        ("category_code", "999999"),
        ("category", "其他"),
        ("category", "電子顕微鏡 / SEM"),
        ("condition", "不错"),
        ("is_dedicated", "equipment"),
        ("sample_service", "也许"),
        ("funds", "彩票"),
        ("longitude", "东经112度"),
        ("longitude", "200"),
        ("latitude", "nan"),
        ("email", "ask at the desk"),
        ("email", "a@b.cn; c@d.cn"),
        ("service_url", "javascript:alert(1)"),
        ("service_url", "www.example.org"),
        ("service_url", "https://example.org/" + "x" * 200),
        ("customs_declaration", "0" * 19),
        ("accepted_on", "2015"),
        ("model", "/"),
        ("model", "不详"),
        ("raw", "[1, 2]"),
        ("raw", "{broken"),
    ],
)
def test_a_cell_that_says_nothing_usable_is_left_out_and_told(key, text):
    reading = read(key, text)
    assert not reading.value
    assert reading.warnings


@pytest.mark.parametrize("text", ["1.40246E+07", "1E+12", "x" * 61])
def test_a_number_that_is_not_the_whole_number_keeps_the_row_out(text):
    with pytest.raises(Unreadable):
        read("inner_id", text)


def test_a_long_text_is_cut_and_told():
    reading = read("functions", "形" * 400)
    assert len(reading.value) == 300
    assert "Longer than 300" in reading.warnings[0].en


def test_every_kind_of_field_has_its_reader():
    assert {field.kind for field in FIELDS} - {"shown"} <= set(READERS)


ODD = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120) | st.from_regex(
    r"[0-9.,万元年月日/\-~ ()（）]{1,20}", fullmatch=True
)
FIELD = st.sampled_from([field for field in FIELDS if field.kind != "shown"])


@settings(max_examples=400)
@given(FIELD, ODD)
def test_whatever_a_cell_holds_it_is_read_into_what_its_column_can_store(field, text):
    text = clean(text)
    if not text:
        return
    try:
        reading = read_cell(text, field, AROUND)
    except Unreadable:
        return
    column = Instrument.__table__.c.get(field.attribute)
    length = getattr(getattr(column, "type", None), "length", None)
    if isinstance(reading.value, str) and length:
        assert len(reading.value) <= length
    if isinstance(reading.value, Decimal):
        assert abs(reading.value) <= MOST
    assert reading.value is not None or reading.warnings
    assert all(warning.zh and warning.en for warning in reading.warnings)


@settings(max_examples=100)
@given(st.lists(ODD, min_size=1, max_size=12), st.lists(st.sampled_from([*BY_KEY, "keep", "leave"]), min_size=1, max_size=10, unique=True))
def test_whatever_a_row_holds_it_comes_in_or_is_told_why_not(cells, targets):
    targets = [target for target in targets if target != "publication"] or ["name_zh"]
    draft = read_row(Line(7, tuple(clean(cell) for cell in cells)), Columns(tuple(targets), tuple(targets)), AROUND)
    assert draft.is_refused or any(draft.names)
    assert all(note.row == 7 and note.reason.zh and note.reason.en for note in draft.notes)


PIECES = [
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"PK\x03\x04",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\r\n",
    b"\n",
    b"\0",
    "仪器名称".encode(),
    "电镜".encode("gbk"),
    b"\xe9",
    b"a,b\n",
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=20).map(b"".join))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "list"
    path.write_bytes(content)
    refusal = refusal_of(path)
    assert refusal is None or (refusal.zh and refusal.en)


def refusal_of(path: Path) -> Sentence | None:
    """Read a file as far as its columns; anything but a sentence that refuses it is an error."""
    try:
        table = open_table(path)
        guess(table.headers, table.samples())
    except Invalid as error:
        return error.sentence
    return None
