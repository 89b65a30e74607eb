import csv
import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.exchange.fields import FIELDS
from instruments.exchange.jsonld import jsonld
from instruments.exchange.national import national
from instruments.exchange.pidinst import pidinst
from instruments.exchange.sheets import write_csv, write_xlsx
from instruments.exchange.uniquip import COLUMNS, write_uniquip
from instruments.exchange.written import Writer
from instruments.people import Organisation

from .conftest import DATA

PAGE = "https://portal.example/instruments/1"
FULL = {
    "name_zh": "场发射扫描电子显微镜", "name_en": "Field emission SEM", "department": "分析测试中心", "category_code": "010102", "source": "purchased",
    "customs_supervised": True, "customs_declaration": "021020261001234567", "customs_item": "01", "customs_imported_on": date(2016, 9, 1),
    "original_value": Decimal("644900.05"), "country": "JP", "manufacturer": "JEOL", "model": "JEOL JSM-7900F", "commissioned": "2016-10",
    "accepted_on": date(2016, 11, 2), "is_dedicated": True, "specifications": "分辨率 0.6 nm\r\n加速电压 30 kV", "functions": "形貌观察", "services": "无",
    "achievements": "论文 12 篇", "subjects": ["150", "430", "230"], "condition": "normal", "requirements": "样品须干燥", "fees": "面议",
    "service_url": "https://example.org/sem", "sharing_mode": "none", "sharing_reason": "特殊用途", "sharing_approval": "晋科〔2026〕1号",
    "self_operated": False, "sample_service": True, "needs_qualification": True, "funds": [{"kind": "central", "amount": "500000.00"}, {"kind": "own"}],
    "province": "山西省", "city": "140100", "county": "小店区", "street": "坞城路92号", "building": "理科楼", "room": "115", "longitude": -112.5,
    "latitude": 37.75, "contact": "电镜室", "phone": "+86 351 7010000", "email": "sem@example.org", "address": "太原市坞城路92号", "postal_code": "030006",
    "raw": {"original_value": "64.49万", "column: 备注": "=1+1"},
}  # fmt: skip


@pytest.fixture
def a_full_instrument(session, words, an_organisation, a_facility, now):
    """An instrument with something in every field a list may hold."""
    owner = an_organisation(name_zh="汾河大学", name_en="Fenhe University", website="https://fenhe.example")
    row = Instrument(inner_id="2016-0012", organisation=owner, facility=a_facility(organisation=owner), created_at=now, **FULL)
    row.aliases = [InstrumentAlias(text="SEM"), InstrumentAlias(text="电镜; 扫描")]
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def written(session, words, tmp_path):
    """Write every instrument into a file, as its organisation would."""

    def make(kind="csv", language="zh", public=False):
        rows = session.scalars(select(Instrument).order_by(Instrument.id)).all()
        writer, path = Writer(words, language, is_public=public), tmp_path / f"out-{language}.{kind}"
        if kind == "xlsx":
            write_xlsx(rows, writer, path)
        else:
            path.write_text("".join(write_csv(rows, writer)), encoding="utf-8", newline="")
        return path

    return make


KINDS = [(kind, language) for kind in ("csv", "xlsx") for language in ("zh", "en")]


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_what_goes_out_and_comes_back_is_unchanged(a_full_instrument, written, do_import, kind, language):
    done = do_import(written(kind, language))
    assert done.outcomes[0].changes == {}
    assert done.counts == {"unchanged": 1}


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_what_was_imported_goes_out_and_comes_back_unchanged(do_import, written, kind, language):
    do_import(DATA / "messy-list.csv")
    do_import(DATA / "western-cp1252.csv")
    done = do_import(written(kind, language))
    assert [outcome.changes for outcome in done.outcomes if outcome.changes] == []
    assert done.counts == {"unchanged": 14}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_taken_to_another_portal_brings_everything_along(a_full_instrument, written, do_import, session, the_instrument, kind):
    path = written(kind)
    kept = {key: value for key, value in FULL.items() if key not in ("specifications", "fees")}
    session.delete(a_full_instrument)
    session.flush()
    assert do_import(path).counts == {"created": 1}
    found = the_instrument(inner_id="2016-0012")
    assert {key: getattr(found, key) for key in kept} == {**kept, "services": "", "raw": found.raw}
    assert found.specifications == FULL["specifications"].replace("\r\n", "\n")
    assert found.raw.items() >= FULL["raw"].items()
    assert found.facility_id is not None
    assert [alias.text for alias in found.aliases] == ["SEM", "电镜; 扫描"]


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60) | st.sampled_from(
    [
        "=1+1",
        "'=1",
        "－",
        "/",
        "无",
        "2015.6",
        "FEI Talos",
        "ＪＥＭ",
        "a\nb",
        " x ",
        "免费",
        "1,5",
        "\tx",
        "@me",
        "-",
        "''+",
        "0",
        "是",
        "a;b；c",
    ]
)
TEXT_FIELDS = [
    "name_en",
    "department",
    "manufacturer",
    "model",
    "specifications",
    "services",
    "requirements",
    "fees",
    "sharing_reason",
    "room",
    "contact",
]
TEXT_FIELDS += ["phone", "email", "address", "postal_code", "service_url", "city", "commissioned", "source", "condition", "country"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, TEXTS)), st.dictionaries(st.sampled_from(["model", "column: x"]), TEXTS))
def test_whatever_was_typed_goes_out_and_comes_back_unchanged(session, a_full_instrument, written, do_import, texts, raw):
    with session.begin_nested() as savepoint:
        for key, text in texts.items():
            column = Instrument.__table__.c[key]
            setattr(a_full_instrument, key, text[: column.type.length])
        a_full_instrument.raw = raw
        session.flush()
        done = do_import(written("csv"))
        assert done.outcomes[0].changes == {}
        assert done.counts == {"unchanged": 1}
        savepoint.rollback()


def cells_of(path):
    if path.suffix == ".xlsx":
        cells = (cell.value for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row)
        return [cell.replace("_x000D_", "\r") if isinstance(cell, str) else cell for cell in cells]
    return [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) for cell in row]


def formulas_in(path):
    """The cells a spreadsheet program would compute."""
    return [
        cell for cell in cells_of(path) if isinstance(cell, str) and cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", " =1"])
def test_no_cell_of_an_export_is_a_formula(a_full_instrument, written, session, kind, text):
    """Promise 12: texts that a spreadsheet program would compute begin with an apostrophe."""
    a_full_instrument.name_zh = a_full_instrument.model = a_full_instrument.contact = text
    session.flush()
    path = written(kind)
    guarded = [cell for cell in cells_of(path) if isinstance(cell, str) and cell.startswith("'")]
    assert sum(cell.strip("'").strip() == text.strip() for cell in guarded) >= 3
    assert formulas_in(path) == []


def test_without_the_apostrophe_there_would_be_formulas(a_full_instrument, written, session, monkeypatch):
    """The negative control of promise 12."""
    monkeypatch.setattr("instruments.exchange.sheets.neutralise", lambda text: text)
    a_full_instrument.name_zh = "=1+1"
    session.flush()
    assert "=1+1" in formulas_in(written("csv"))


def test_numbers_are_numbers_in_a_workbook(a_full_instrument, written):
    sheet = openpyxl.load_workbook(written("xlsx")).active
    header = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, header.index("原值(元)") + 1).value == 644900.05
    assert sheet.cell(2, header.index("经度") + 1).value == -112.5


def test_a_public_list_leaves_out_what_is_not_public(a_full_instrument, written):
    text = written("csv", "en", public=True).read_text(encoding="utf-8")
    assert "Field emission SEM" in text
    for secret in ("64.49万", "021020261001234567", "晋科〔2026〕1号", "Central government", "Draft"):
        assert secret not in text
        assert secret in written("csv", "en").read_text(encoding="utf-8")


def test_raw_texts_too_long_for_a_cell_are_shortened_without_breaking(a_full_instrument, written, session, do_import):
    a_full_instrument.raw = {"column: a": "x" * 40_000, "column: b": "kept"}
    session.flush()
    path = written("xlsx")
    assert any(isinstance(cell, str) and cell.startswith('{"column: b"') for cell in cells_of(path))
    assert do_import(path).counts == {"unchanged": 1}


def test_a_list_is_written_piece_by_piece(a_full_instrument, words):
    pieces = list(write_csv([a_full_instrument] * 500, Writer(words, is_public=False)))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 80_000
    assert len(list(csv.reader(io.StringIO("".join(pieces))))) == 501


def test_every_column_of_the_register_that_a_list_can_set_goes_out(words):
    written_out = {field.attribute for field in Writer(words, is_public=False).fields}
    assert {field.attribute for field in FIELDS} == written_out


def test_uniquip_has_its_columns_and_no_formula(a_full_instrument, words, session):
    a_full_instrument.name_en = "=1+1"
    rows = list(csv.DictReader(io.StringIO("".join(write_uniquip([a_full_instrument], words, lambda row: PAGE)).lstrip("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["type"] == "equipment"
    assert rows[0]["institutionID"] == f"{a_full_instrument.organisation.code}/2016-0012"
    assert rows[0]["name"] == "'=1+1"
    assert rows[0]["manufacturer"] == "JEOL"
    assert rows[0]["commissionedDate"] == "2016-10"
    assert rows[0]["measuredVariables"] == "Scanning electron microscope"
    assert rows[0]["subject"].startswith("Chemistry; ")
    assert rows[0]["description"]


def test_a_uniquip_list_comes_in(a_full_instrument, words, do_import, tmp_path, the_instrument):
    path = tmp_path / "uniquip.csv"
    path.write_text("".join(write_uniquip([a_full_instrument], words, lambda row: PAGE)), encoding="utf-8", newline="")
    from instruments.exchange.owners import Whose

    done = do_import(path, whose=Whose(a_full_instrument.organisation_id))
    assert done.counts == {"created": 1}  # under the number UNIQUIP gives it
    found = the_instrument(inner_id=f"{a_full_instrument.organisation.code}/2016-0012")
    assert (found.name_en, found.manufacturer, found.commissioned) == ("Field emission SEM", "JEOL", "2016-10")


def test_pidinst_gives_what_is_mandatory(a_full_instrument, words):
    described = pidinst(a_full_instrument, PAGE, words)
    assert described["Identifier"] == {"identifierValue": PAGE, "identifierType": "URL"}
    assert described["SchemaVersion"] == "1.0"
    assert described["LandingPage"] == PAGE
    assert described["Name"] == "Field emission SEM"
    assert described["Owner"][0]["ownerName"] == "Fenhe University"
    assert described["Manufacturer"] == [{"manufacturerName": "JEOL"}]
    assert described["Date"] == [{"dateValue": "2016-10", "dateType": "Commissioned"}]
    assert described["InstrumentType"][0]["instrumentTypeName"] == "Scanning electron microscope"
    assert described["AlternateIdentifier"][0] == {"alternateIdentifierValue": "2016-0012", "alternateIdentifierType": "InventoryNumber"}
    assert json.loads(json.dumps(described)) == described


def test_pidinst_of_a_bare_instrument_is_still_whole(session, words, an_instrument):
    row = an_instrument(manufacturer="", name_en="", model="", commissioned="", category_code=None)
    described = pidinst(row, PAGE, words)
    assert described["Manufacturer"] == [{"manufacturerName": ":unkn"}]
    assert described["Name"] == row.name_zh
    assert set(described) == {"Identifier", "SchemaVersion", "LandingPage", "Name", "Owner", "Manufacturer", "AlternateIdentifier"}


def test_json_ld_describes_a_product_of_the_organisation(a_full_instrument, words):
    described = jsonld(a_full_instrument, PAGE, words, image=f"{PAGE}/photo", booking_page=f"{PAGE}/book")
    assert (described["@context"], described["@type"], described["@id"]) == ("https://schema.org", "IndividualProduct", PAGE)
    assert described["name"] == "场发射扫描电子显微镜"
    assert described["alternateName"] == ["Field emission SEM", "SEM", "电镜; 扫描"]
    assert described["offers"]["seller"]["alternateName"] == "Fenhe University"
    assert described["offers"]["url"] == f"{PAGE}/book"
    assert "" not in described.values()


def test_the_national_fields_are_in_national_units_and_words(a_full_instrument, words):
    fields = national(a_full_instrument, words)
    assert fields["worth"] == "64.49"
    assert fields["instrSource"] == "购置"
    assert (fields["shareMode"], fields["status"], fields["type"], fields["instrSupervise"]) == ("不共享", "正常", "专用", "是")
    assert (fields["instrBelongsType"], fields["instrBelongsName"], fields["city"]) == ("1", "分析测试中心", "太原市")
    assert fields["subject"] == "150,430,230"
    assert fields["funds"][0] == {"kind": "中央财政资金", "amount": "500000.00"}
    assert {field.national for field in FIELDS if field.national} <= set(fields)


def test_the_national_fields_come_in_again(a_full_instrument, words, do_import, session, an_organisation):
    fields = national(a_full_instrument, words)
    flat = {key: value for key, value in fields.items() if isinstance(value, str) and key not in ("instrBelongsType", "subject")}
    done = do_import([list(flat), list(flat.values())])
    assert set(done.outcomes[0].changes) <= {"original_value", "raw"}  # 万元 with two places is coarser than yuan
    assert session.scalar(select(Organisation.name_zh)) == "汾河大学"
