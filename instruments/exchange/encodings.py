"""Which encoding a text file is written in: told by its mark, or found by decoding strictly, in order, and by what comes out."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from instruments.errors import Invalid, Sentence

ENCODINGS = {
    "utf-8-sig": Sentence("UTF-8", "UTF-8"),
    "utf-16": Sentence("UTF-16", "UTF-16"),
    "gb18030": Sentence("GB18030 / GBK", "GB18030 / GBK"),
    "cp1252": Sentence("西欧 (Windows-1252)", "Western European (Windows-1252)"),
    "big5": Sentence("Big5(繁体)", "Big5 (traditional Chinese)"),
    "cp932": Sentence("Shift JIS(日文)", "Shift JIS (Japanese)"),
}
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK = 1 << 18
ENOUGH = 20_000  # characters beyond ASCII, to judge a text by
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")


def detect(path: Path) -> str:
    """Give the codec a text file is to be read with; Invalid where none gives a sensible text."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        nul = any(b"\0" in chunk for chunk in iter(lambda: file.read(CHUNK), b""))
    marked = next((codec for mark, codec in MARKS if start.startswith(mark)), None)
    if marked:
        return check(path, marked)
    if nul:
        raise Invalid(
            "file",
            Sentence(
                "文件中含有空字节，不是文本表格。请另存为 CSV(UTF-8)或 XLSX。",
                "The file holds NUL bytes, so it is no text. Save it as CSV (UTF-8) or XLSX.",
            ),
        )
    return _by_trial(path)


def check(path: Path, codec: str) -> str:
    """Give the codec back when the whole file can be read with it; Invalid with the place where it cannot."""
    if codec not in ENCODINGS:
        raise Invalid("encoding", Sentence("没有这种编码可选。", "There is no such encoding to choose."))
    _, fault = _decoded(path, codec)
    if fault is not None:
        name = ENCODINGS[codec]
        raise Invalid(
            "file",
            Sentence(
                f"按 {name.zh} 读取时，第 {fault + 1} 字节处有误。请另存为 CSV(UTF-8)或 XLSX。",
                f"Read as {name.en}, the file is broken at byte {fault + 1}. Save it as CSV (UTF-8) or XLSX.",
            ),
        )
    return codec


def _by_trial(path: Path) -> str:
    _, fault = _decoded(path, "utf-8-sig")
    if fault is None:
        return "utf-8-sig"
    if _is_damaged_utf8(path):
        check(path, "utf-8-sig")
    beyond, fault = _decoded(path, "gb18030")
    if fault is None and _is_chinese(beyond):
        return "gb18030"
    _, fault = _decoded(path, "cp1252")
    if fault is None and _is_western(path):
        return "cp1252"
    raise Invalid(
        "file",
        Sentence(
            "无法确定文件的编码（不是 UTF-8、GB18030 或 Windows-1252）。请在下方选择编码，或另存为 CSV(UTF-8)或 XLSX。",
            "The encoding of the file cannot be told (it is not UTF-8, GB18030 or Windows-1252). Choose the encoding, or save it as CSV (UTF-8) or XLSX.",
        ),
    )


def _decoded(path: Path, codec: str) -> tuple[str, int | None]:
    """Decode strictly, chunk by chunk: the characters beyond ASCII (some thousands of them) and the byte at which it fails, or None."""
    decoder, room, at = codecs.getincrementaldecoder(codec)(), ENOUGH, 0
    kept: list[str] = []
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return "".join(kept), at - waiting + error.start
            if room > 0:
                kept.append("".join(_BEYOND_ASCII.findall(text))[:room])
                room -= len(kept[-1])
            if not chunk:
                return "".join(kept), None
            at += len(chunk)


def _is_damaged_utf8(path: Path) -> bool:
    # A UTF-8 text with a bad byte must not pass for Chinese: most of it still decodes.
    text = path.read_bytes().decode("utf-8", "replace")
    beyond = "".join(_BEYOND_ASCII.findall(text))
    return len(beyond) >= 20 and beyond.count("\ufffd") * 4 < len(beyond)


def _is_chinese(beyond: str) -> bool:
    """Say whether the characters read as GB18030 are mostly the common ones; Western letters read so give rare ones."""
    return sum(_weight(char) for char in beyond) >= 0.6 * len(beyond)


def _weight(char: str) -> float:
    try:
        lead = char.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0.0
    return 1.0 if lead < 0xD8 else 0.3  # from D8 on come the characters of the second, rarer level


def _is_western(path: Path) -> bool:
    data = path.read_bytes()
    runs = _HIGH_RUNS.findall(data)
    high = sum(map(len, runs))
    return high <= 2 * len(runs) and high * 4 <= len(data)
