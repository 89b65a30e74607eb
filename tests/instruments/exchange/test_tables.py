import io
from itertools import count

import pytest

from instruments.errors import Invalid
from instruments.exchange import lines, tables
from instruments.exchange.tables import Layout, open_table

HEADER = "仪器名称,规格型号,原值(万元)"
NUMBERS = count(1)


@pytest.fixture
def a_list(tmp_path):
    def make(text, **chosen):
        path = tmp_path / f"list{next(NUMBERS)}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_table(path, Layout(**chosen))

    return make


def test_rows_are_numbered_as_a_spreadsheet_program_does(a_list):
    table = a_list(f"{HEADER}\n电镜,A,1\n\n色谱,B,2\n")
    assert table.headers == ("仪器名称", "规格型号", "原值(万元)")
    assert [(row.number, row.cells[0]) for row in table.rows()] == [(2, "电镜"), (4, "色谱")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(a_list, delimiter):
    table = a_list(f"{HEADER}\n电镜,A,1\n色谱,B,2\n".replace(",", delimiter))
    assert table.layout.delimiter == delimiter
    assert len(table.headers) == 3


def test_commas_inside_quoted_cells_do_not_mislead(a_list):
    table = a_list('name;model;notes\n"SEM, TEM, and more";"A,B,C,D";"x,y"\n"a,b";c;d\n')
    assert table.layout.delimiter == ";"


def test_titles_above_the_header_are_passed_over(a_list):
    table = a_list(f"大型仪器一览表,,\n2026年,,\n{HEADER}\n电镜,A,1\n")
    assert table.layout.header_row == 3
    assert table.count() == 1


def test_a_list_in_words_we_do_not_know_still_has_its_header(a_list):
    table = a_list("Liste der Apparate,,\nApparat,Baujahr,Raum\nMikroskop,2015,12\n")
    assert table.headers == ("Apparat", "Baujahr", "Raum")


def test_the_header_may_be_chosen(a_list):
    assert a_list(f"{HEADER}\na,b,c\nd,e,f\n", header_row=2).headers == ("a", "b", "c")


def test_line_breaks_trailing_rows_and_columns(a_list):
    table = a_list(HEADER + ",,\n" + '"扫描\r\n电镜",A,1,,\n,,,,\n,,,,\n')
    (row,) = table.rows()
    assert row.cells == ("扫描\n电镜", "A", "1")


def test_only_a_header_is_a_list_without_rows(a_list):
    assert a_list(HEADER).count() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n,,\n", "No header"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old Excel file"),
        (b"<html><table>", "no list"),
        (b"%PDF-1.7 ...", "no list"),
        (b"a,b\x00c\n", "NUL"),
        (b"PK\x03\x04broken", "broken"),
        (f'{HEADER}\n"电镜,A,1\n色谱,B,2\n'.encode(), "never closed"),
        ((HEADER + "\n" + ",".join(["x"] * 300)).encode(), "200 columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(a_list, content, words):
    with pytest.raises(Invalid, match=words):
        a_list(content)


def test_a_cell_without_end_is_refused(a_list):
    with pytest.raises(Invalid, match="never closed"):
        a_list(f'{HEADER}\n"' + "x" * 200_000 + '",A,1\n')


def test_a_list_has_its_bounds(a_list, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    table = a_list(f"{HEADER}\n" + "电镜,A,1\n" * 4)
    with pytest.raises(Invalid, match="more than"):
        table.count()


def test_a_very_long_list_is_refused_before_it_is_read(a_list):
    content = io.StringIO()
    content.write(HEADER + "\n")
    content.write("a,b,c\n" * (lines.MOST_ROWS + 60))
    with pytest.raises(Invalid, match="100,000 rows"):
        a_list(content.getvalue())


def test_a_file_beyond_the_bound_is_refused(a_list, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 20)
    with pytest.raises(Invalid, match="larger than"):
        a_list(f"{HEADER}\n")


@pytest.mark.parametrize("chosen", [{"delimiter": "|"}, {"encoding": "utf-7"}])
def test_what_was_not_offered_cannot_be_chosen(a_list, chosen):
    with pytest.raises(Invalid):
        a_list(f"{HEADER}\n", **chosen)


def test_a_list_is_read_piece_by_piece(a_list):
    table = a_list(f"{HEADER}\n" + "电镜,A,1\n" * 50_000)
    rows = table.rows()
    assert next(rows).number == 2
