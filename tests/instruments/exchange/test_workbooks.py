import resource
import subprocess
import sys
import zipfile
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import xlsxwriter

from instruments.errors import Invalid
from instruments.exchange import workbooks, zipguard
from instruments.exchange.tables import Layout, open_table

HEADER = ["仪器名称", "规格型号", "原值(万元)"]
NUMBERS = count(1)
A_DAY = datetime.fromisoformat("2015-06-01")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def a_workbook(tmp_path):
    """Make a workbook; `fill` gets the library's own book."""

    def make(fill):
        path = tmp_path / f"list{next(NUMBERS)}.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            fill(book)
        return path

    return make


def sheet_of(rows, name=None):
    def fill(book):
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)

    return fill


def cells(path, **chosen):
    return [row.cells for row in open_table(path, Layout(**chosen)).rows()]


def test_numbers_come_out_as_they_are_shown(a_workbook):
    path = a_workbook(sheet_of([HEADER, ["电镜", 1260, 64.49], ["色谱", 14602413.0, True]]))
    assert cells(path) == [("电镜", "1260", "64.49"), ("色谱", "14602413", "TRUE")]


def test_dates_come_out_as_exactly_as_they_are_shown(a_workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["仪器名称", "启用日期"])
        for at, form in enumerate(["yyyy-mm-dd", 'yyyy"年"m"月"', "yyyy", "d/m/yy", "yyyy-mm-dd hh:mm"], 1):
            sheet.write(at, 0, form)
            sheet.write_datetime(at, 1, A_DAY, book.add_format({"num_format": form}))

    assert [row[1] for row in cells(a_workbook(fill))] == ["2015-06-01", "2015-06", "2015", "2015-06-01", "2015-06-01"]


def test_merged_cells_are_filled(a_workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "学校大型仪器表")
        sheet.write_row(1, 0, ["管理单位", *HEADER])
        sheet.merge_range(2, 0, 4, 0, "化学学院")
        for row in (2, 3, 4):
            sheet.write_row(row, 1, [f"仪器{row}", "X", row])

    table = open_table(a_workbook(fill))
    assert table.layout.header_row == 2
    assert [row.cells[:2] for row in table.rows()] == [("化学学院", "仪器2"), ("化学学院", "仪器3"), ("化学学院", "仪器4")]


def test_a_header_of_two_rows_is_read_as_one(a_workbook):
    def fill(book):
        sheet = book.add_worksheet()
        for column, text in enumerate(["仪器名称", "规格型号"]):
            sheet.merge_range(0, column, 1, column, text)
        sheet.merge_range(0, 2, 0, 3, "收费标准")
        sheet.write_row(1, 2, ["校内", "校外"])
        sheet.write_row(2, 0, ["电镜", "X", "100", "300"])

    table = open_table(a_workbook(fill))
    assert table.headers == ("仪器名称", "规格型号", "收费标准 校内", "收费标准 校外")
    assert table.count() == 1


def test_the_sheet_with_the_list_is_chosen(a_workbook):
    def fill(book):
        book.add_worksheet("说明").write(0, 0, "请填写第二页")
        sheet = book.add_worksheet("清单")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["电镜", "X", 1])
        book.add_worksheet("空")

    path = a_workbook(fill)
    table = open_table(path)
    assert table.layout.sheet == "清单"
    assert table.sheets == ("说明", "清单", "空")
    assert open_table(path, Layout(sheet="说明")).layout.sheet == "说明"
    with pytest.raises(Invalid, match="no such sheet"):
        open_table(path, Layout(sheet="别的"))


def test_gaps_and_trailing_cells_do_not_count(a_workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["电镜", "X", 1])
        sheet.write_row(50, 0, ["色谱", "Y", 2])
        sheet.write_blank(900, 90, None, book.add_format({"bold": True}))

    assert [row.number for row in open_table(a_workbook(fill)).rows()] == [2, 51]


def test_a_cell_at_the_far_corner_is_no_trap(a_workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["电镜", "X", 1])
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(Invalid, match="200 columns"):
        open_table(a_workbook(fill)).count()


def test_a_guarded_text_is_read_as_it_was(a_workbook):
    assert cells(a_workbook(sheet_of([HEADER, ["'=1+1", "A", 1]])))[0][0] == "=1+1"


def rewritten(path, part, content):
    """Copy a workbook with one part replaced."""
    target = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, content if item.filename == part else old.read(item))
    return target


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<worksheet>",
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>',
        b'<worksheet><sheetData><row r="x"><c r="!!"/></row></sheetData></worksheet>',
    ],
)
def test_a_broken_sheet_is_refused_in_one_sentence(a_workbook, content):
    path = rewritten(a_workbook(sheet_of([HEADER, ["电镜", "X", 1]])), SHEET, content)
    with pytest.raises(Invalid, match=r"broken|No header"):
        open_table(path).count()


def test_a_cut_off_file_is_refused(a_workbook):
    path = a_workbook(sheet_of([HEADER, ["电镜", "X", 1]]))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Invalid, match="broken"):
        open_table(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(Invalid, match="broken"):
        open_table(path)


def test_too_many_cells_are_refused_before_they_are_read(a_workbook, monkeypatch):
    monkeypatch.setattr(zipguard, "MOST_CELLS", 5)
    with pytest.raises(Invalid, match="too large"):
        open_table(a_workbook(sheet_of([HEADER, ["电镜", "X", 1], ["色谱", "Y", 2]])))


def test_too_many_merged_cells_are_refused(a_workbook, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_MERGES", 1)

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for row in (1, 3, 5):
            sheet.merge_range(row, 0, row + 1, 0, "x")

    with pytest.raises(Invalid, match="merged"):
        open_table(a_workbook(fill))


BOMB = """
import resource, sys
from pathlib import Path
from instruments.errors import Invalid
from instruments.exchange.tables import open_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_table(Path(sys.argv[1]))
except Invalid as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error.sentence.en)
"""


@pytest.mark.parametrize("inside", [b"\0" * 2**20, b'<row r="1"><c r="A1"><v>1</v></c></row>' * 26_000])
def test_a_zip_bomb_is_refused_without_growing(a_workbook, tmp_path, inside):
    """Promise 17: a small file that unpacks to far more takes at most 100 MB."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(a_workbook(sheet_of([HEADER]))) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as new:
        for item in old.infolist():
            if item.filename != SHEET:
                new.writestr(item.filename, old.read(item))
        with new.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(300):
                sheet.write(inside)
    assert path.stat().st_size < 6 * 2**20
    ran = subprocess.run([sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    grown, _, sentence = ran.stdout.partition(" ")
    assert sentence.startswith("Unpacked, the workbook is too large")
    assert int(grown) < 100 * 1024


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(a_workbook):
    """The archive stops at the size it declared: what lies beyond is never read."""
    path = a_workbook(sheet_of([HEADER, ["电镜", "X", 1]]))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    content = path.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Invalid, match="broken"):
        open_table(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
