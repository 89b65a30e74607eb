import pytest

from instruments.errors import Invalid
from instruments.exchange.encodings import ENCODINGS, check, detect

CHINESE = "仪器名称,型号,原值（万元）\n场发射扫描电子显微镜,JSM-7900F,390\n气相色谱仪,GC9890A,12\n"
MIXED = CHINESE + "走査電子顕微鏡,ﾊﾞｲﾎﾟｰﾗ,1\n立式五軸綜合加工機,,2\n傅立葉變換紅外光譜儀,™,3\n"
WESTERN = "organisation;name;city\nCIC biomaGUNE;MRI 7 T;San Sebastián\nUniversität;Gerät für Größe;Köln\n"


@pytest.fixture
def a_file(tmp_path):
    def make(content, name="list.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize(
    ("content", "codec"),
    [
        (CHINESE.encode(), "utf-8-sig"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "utf-16"),
        (CHINESE.encode("gbk"), "gb18030"),
        (MIXED.encode("gb18030"), "gb18030"),
        (WESTERN.encode("cp1252"), "cp1252"),
        ("name,µm\nlaser,±5 °C “best”\n".encode("cp1252"), "cp1252"),
        (b"name,model\nplain,ASCII\n", "utf-8-sig"),
    ],
)
def test_the_encoding_is_found(a_file, content, codec):
    assert detect(a_file(content)) == codec


def test_a_single_accented_letter_is_not_taken_for_chinese(a_file):
    content = "name,city\nMRI,San Sebastián\n".encode("cp1252")
    assert content.decode("gb18030")  # it could be
    assert detect(a_file(content)) == "cp1252"


def test_an_accent_far_down_the_file_is_found(a_file):
    assert detect(a_file(b"name,city\n" + b"plain,text\n" * 60_000 + "x,Köln\n".encode("cp1252"))) == "cp1252"


def test_a_character_across_two_pieces_of_the_file_is_read(a_file):
    assert detect(a_file(b"a" * ((1 << 18) - 1) + "电".encode())) == "utf-8-sig"
    assert detect(a_file(b"a" * ((1 << 18) - 1) + "电镜".encode("gbk") * 50)) == "gb18030"


def test_a_damaged_utf8_file_is_not_taken_for_chinese(a_file):
    content = CHINESE.encode()
    with pytest.raises(Invalid, match="Read as UTF-8, the file is broken at byte 14"):
        detect(a_file(content[:13] + b"\xff" + content[13:]))


@pytest.mark.parametrize(
    "content",
    [
        b"name,model\n\x00\x01\x02\n",
        "儀器名稱,型號\n掃描式電子顯微鏡,X\n".encode("big5"),
        bytes(range(128, 256)) * 20,
        "電子顕微鏡,装置\n".encode("cp932"),
    ],
)
def test_a_text_that_makes_no_sense_is_refused_with_one_sentence(a_file, content):
    with pytest.raises(Invalid, match=r"[Ss]ave it as CSV"):
        detect(a_file(content))


@pytest.mark.parametrize("codec", list(ENCODINGS))
def test_an_encoding_chosen_by_hand_is_checked(a_file, codec):
    assert check(a_file("電子".encode(codec) if codec != "cp1252" else b"abc"), codec) == codec


def test_a_wrong_choice_is_refused_with_the_place(a_file):
    with pytest.raises(Invalid, match="byte"):
        check(a_file(b"name\n" + "电镜".encode("gbk")), "utf-8-sig")


def test_an_encoding_nobody_offered_is_refused(a_file):
    with pytest.raises(Invalid):
        check(a_file(b"abc"), "utf-7")
