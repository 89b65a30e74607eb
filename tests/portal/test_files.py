"""Photos and documents: taken by what they are, written anew, and given out so that no browser runs them."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib

import pytest
from flask import Flask
from PIL import Image

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound
from portal import contents, files
from portal.files import clean_stem, send_document, send_photo, store_document, store_photo

OOXML = {"[Content_Types].xml": "<Types/>"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def a_picture(kind="JPEG", size=(400, 300), mode="RGB", **more):
    into = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else (200, 30, 30, 0)[: len(mode)]).save(into, kind, **more)
    return into.getvalue()


def a_package(parts):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return into.getvalue()


DEEP = a_package(OOXML | {"word/document.xml": "0" * 30_000_000})
MANY = a_package(OOXML | {f"word/{i}": "" for i in range(5000)})


def a_swollen_png(width, height):
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.fixture
def instrument(portal_settings):
    """An instrument that needs no database, within a portal that has a place for files."""
    app = Flask("files")
    app.extensions["settings"] = portal_settings
    with app.test_request_context("/"):
        yield Instrument(photo="", documents=[])


@pytest.fixture
def stored(portal_settings):
    return lambda name: (portal_settings.data_dir / "files" / name[:2] / name).read_bytes()


@pytest.fixture
def keep(instrument, now):
    """`keep(bytes, "name.pdf")` stores a document of the instrument."""

    def store(content, file_name="a.pdf", **more):
        return store_document(instrument, io.BytesIO(content), file_name=file_name, title=more.pop("title", "手册"), now=now, **more)

    return store


class TestPhoto:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
    def test_it_is_kept_as_webp_in_two_sizes(self, instrument, stored, kind):
        store_photo(instrument, io.BytesIO(a_picture(kind, (2000, 1500))))
        large = Image.open(io.BytesIO(stored(instrument.photo)))
        small = Image.open(io.BytesIO(stored(instrument.photo.replace(".", "-small."))))
        assert (large.format, small.format) == ("WEBP", "WEBP")
        assert (large.size, small.size) == ((1600, 1200), (320, 240))

    def test_what_the_camera_wrote_into_it_is_gone_and_it_stands_upright(self, instrument, stored):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned by a quarter
        exif[0x8825] = {1: "N", 2: (37.0, 52.0, 0.0)}
        exif[0x010E] = "secret words"
        store_photo(instrument, io.BytesIO(a_picture("JPEG", (400, 300), exif=exif)))
        content = stored(instrument.photo)
        kept = Image.open(io.BytesIO(content))
        assert kept.size == (300, 400)
        assert not kept.getexif()
        assert b"secret words" not in content

    @pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA"])
    def test_one_can_see_through_nothing(self, instrument, stored, mode):
        into = io.BytesIO()
        Image.new("RGBA", (40, 30), (0, 0, 0, 0)).convert(mode).save(into, "PNG")
        store_photo(instrument, io.BytesIO(into.getvalue()))
        assert Image.open(io.BytesIO(stored(instrument.photo))).mode == "RGB"

    def test_the_same_photo_twice_is_one_file(self, portal_settings, instrument):
        for _ in range(2):
            store_photo(instrument, io.BytesIO(a_picture()))
        assert len([path for path in (portal_settings.data_dir / "files").rglob("*") if path.is_file()]) == 2

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"not a picture", b"\xff\xd8\xff\xe0 broken", a_picture()[:300], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7",
            a_picture("BMP"), a_picture("TIFF"), a_swollen_png(400, 300), a_swollen_png(0x7FFFFFFF, 0x7FFFFFFF),
        ],
        ids=["empty", "text", "broken", "cut", "svg", "pdf", "bmp", "tiff", "too-little-data", "largest"],
    )  # fmt: skip
    def test_what_is_no_whole_picture_is_refused(self, instrument, content):
        with pytest.raises(Invalid) as refused:
            store_photo(instrument, io.BytesIO(content))
        assert refused.value.field == "photo"
        assert instrument.photo == ""

    @pytest.mark.parametrize(("width", "height"), [(4000, 2501), (60_000, 60_000), (16_001, 10)])
    def test_one_that_would_need_too_much_memory_is_refused_before_it_is_unpacked(self, instrument, monkeypatch, width, height):
        monkeypatch.setattr(Image.Image, "load", lambda _self: pytest.fail("it was unpacked"))
        with pytest.raises(Invalid, match="too large"):
            store_photo(instrument, io.BytesIO(a_swollen_png(width, height)))

    def test_a_photo_from_a_good_camera_is_taken(self, instrument, stored):
        store_photo(instrument, io.BytesIO(a_picture("JPEG", (6000, 4000))))
        assert Image.open(io.BytesIO(stored(instrument.photo))).size == (1600, 1067)

    def test_a_file_that_is_too_large_is_not_read_to_its_end(self, instrument, monkeypatch):
        monkeypatch.setattr(files, "LARGEST_PHOTO", files.MEGABYTE)
        stream = io.BytesIO(bytes(5 * files.MEGABYTE))
        with pytest.raises(Invalid, match="1 MB"):
            store_photo(instrument, stream)
        assert stream.tell() <= files.MEGABYTE + 1


class TestDocument:
    @pytest.mark.parametrize(
        ("content", "name", "ending"),
        [
            (b"%PDF-1.7\n...", "手册.pdf", "pdf"),
            (a_package(OOXML | {"word/document.xml": "<w/>"}), "a.docx", "docx"),
            (a_package(OOXML | {"xl/workbook.xml": "<x/>"}), "a.xlsx", "xlsx"),
            (a_package(OOXML | {"ppt/presentation.xml": "<p/>"}), "a.pptx", "pptx"),
            (a_package({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}), "a.odt", "odt"),
            (OLE + "WordDocument".encode("utf-16-le"), "a.doc", "doc"),
            (OLE + "Workbook".encode("utf-16-le"), "a.xls", "xls"),
            ("样品登记\n干燥".encode(), "a.txt", "txt"),
            ("样品,数量\n".encode("gb18030"), "a.csv", "csv"),
            (b"<script>alert(1)</script>", "page.html", "txt"),
            (b"%PDF-1.7\n...", "trick.exe", "pdf"),
        ],
    )
    def test_its_kind_is_what_its_bytes_say(self, keep, content, name, ending):
        document = keep(content, name)
        assert document.file_name.endswith(f".{ending}")
        assert document.media_type == contents.MEDIA_TYPES[ending]
        assert document.size == len(content)

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"MZ\x90\x00\x03\x00\x00\x00", b"\x7fELF\x02\x01\x01\x00", a_package({"a.txt": "a"}), b"PK\x03\x04 broken", OLE,
            a_package({"mimetype": "application/zip", "a": "b"}), bytes(range(1, 32)), "名".encode("utf-16"), b"GIF89a\x00\x00\x00",
        ],
        ids=["empty", "exe", "elf", "zip", "broken", "ole", "other", "control", "utf16", "gif"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, keep, instrument, content):
        with pytest.raises(Invalid) as refused:
            keep(content)
        assert refused.value.field == "file"
        assert instrument.documents == []

    @pytest.mark.parametrize(
        "content",
        [
            a_package(OOXML | {"word/document.xml": "", "word/vbaProject.bin": "x"}),
            a_package({"mimetype": "application/vnd.oasis.opendocument.text", "Basic/script-lc.xml": ""}),
            OLE + "WordDocument_VBA_PROJECT".encode("utf-16-le"),
        ],
        ids=["docm", "odt", "doc"],
    )
    def test_macros_are_refused(self, keep, content):
        with pytest.raises(Invalid, match="macros"):
            keep(content)

    @pytest.mark.parametrize("content", [DEEP, MANY], ids=["deep", "many"])
    def test_a_small_file_that_swells_is_refused_without_unpacking_it(self, keep, monkeypatch, content):
        monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
        with pytest.raises(Invalid, match="unpacks"):
            keep(content)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_a_picture_is_written_anew(self, keep, stored, kind):
        content = a_picture(kind) + b"<?php hidden ?>"
        assert b"hidden" not in stored(keep(content, "scan").stored_as)

    def test_a_title_is_made_from_the_name_where_none_is_given(self, keep):
        assert keep(b"%PDF-1.7", "操作规程 2026.pdf", title=" ").title == "操作规程 2026"

    def test_there_is_an_end_to_how_many(self, keep, monkeypatch):
        monkeypatch.setattr(files, "MOST_DOCUMENTS", 1)
        keep(b"%PDF-1.7")
        with pytest.raises(Invalid, match="at most 1"):
            keep(b"%PDF-1.7")


class TestNames:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("手册.pdf", "手册"), ("../../etc/passwd", "passwd"), ("C:\\Users\\a\\b.doc", "b"), ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie x=1"),
            ('"quoted".pdf', "quoted"), ("", "document"), ("...", "document"), ("\u202egnp.exe", "gnp"), ("长" * 300 + ".pdf", "长" * 120),
        ],
    )  # fmt: skip
    def test_a_name_is_cleaned_of_what_makes_trouble(self, given, kept):
        assert clean_stem(given) == kept


def test_a_file_kept_again_counts_as_new(keep, portal_settings):
    path = portal_settings.data_dir / "files" / (name := keep(b"%PDF-1.7 text").stored_as)[:2] / name
    os.utime(path, (0, 0))
    keep(b"%PDF-1.7 text")
    assert path.stat().st_mtime > 0


class TestSending:
    def test_a_document_is_saved_and_never_shown(self, keep):
        response = send_document(keep(b"%PDF-1.7 text", "操作规程.pdf"))
        response.close()
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "%E6%93%8D" in response.headers["Content-Disposition"]
        assert response.mimetype == "application/pdf"
        assert "sandbox" in response.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("name", ["../../secret-key", "/etc/passwd", "", "ab/cd.pdf", "0" * 40 + ".pdf", "0" * 40])
    def test_only_names_we_gave_are_looked_for(self, keep, name):
        document = keep(b"%PDF-1.7")
        document.stored_as = name
        with pytest.raises(NotFound):
            send_document(document)

    def test_an_instrument_without_photo_has_none_to_send(self, instrument):
        with pytest.raises(NotFound):
            send_photo(instrument, is_small=False, is_public=True)

    @pytest.mark.parametrize(("is_public", "control"), [(True, "immutable"), (False, "no-store")])
    def test_only_a_public_photo_is_kept_by_browsers(self, instrument, is_public, control):
        store_photo(instrument, io.BytesIO(a_picture()))
        response = send_photo(instrument, is_small=True, is_public=is_public)
        response.close()
        assert response.mimetype == "image/webp"
        assert control in response.headers["Cache-Control"]
