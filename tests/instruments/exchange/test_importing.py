from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select

from instruments.audit import AuditEntry
from instruments.catalogue import Instrument
from instruments.exchange.owners import Whose
from instruments.people import Organisation

from .conftest import DATA

MESSY = DATA / "messy-list.csv"
HEADER = ["单位代码", "仪器编号", "仪器名称", "规格型号", "原值(元)"]


@contextmanager
def counted(session):
    """Note the statements that are sent."""
    seen = []

    def listener(connection, cursor, statement, *rest):
        seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", listener)
    yield seen
    event.remove(session.get_bind(), "before_cursor_execute", listener)


def state(session):
    """Everything a second import must leave alone."""
    rows = session.execute(select(Instrument.id, Instrument.version, Instrument.raw).order_by(Instrument.id)).all()
    return rows, session.scalar(select(func.count(AuditEntry.id)))


def test_every_row_of_a_messy_list_comes_in_or_is_told(do_import, session):
    done = do_import(MESSY)
    assert done.counts == {"created": 11, "refused": 1}
    assert done.reasons(13)[-1] == "There is no name of the instrument"
    assert session.scalar(select(func.count(Instrument.id))) == 11


def test_the_same_list_twice_changes_nothing(do_import, session):
    do_import(MESSY)
    before = state(session)
    assert do_import(MESSY).counts == {"unchanged": 11, "refused": 1}
    assert state(session) == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_the_same_list_in_another_encoding_changes_nothing(do_import, a_file, messy_rows, encoding):
    do_import(MESSY)
    assert do_import(a_file(messy_rows, encoding=encoding)).counts == {"unchanged": 11, "refused": 1}


def test_the_same_list_as_a_workbook_changes_nothing(do_import, a_file, messy_rows):
    do_import(MESSY)
    assert do_import(a_file(messy_rows, xlsx=True)).counts == {"unchanged": 11, "refused": 1}


def test_the_same_list_in_small_batches_gives_the_same(do_import, session):
    do_import(MESSY, batch=1)
    before = state(session)
    assert do_import(MESSY, batch=3).counts == {"unchanged": 11, "refused": 1}
    assert state(session) == before


def test_a_western_list_comes_in(do_import, the_instrument):
    done = do_import(DATA / "western-cp1252.csv")
    assert done.counts == {"created": 3}
    found = the_instrument(name_en="MRI 7 T")
    assert found.building == "Sótano 2"
    assert found.city == "San Sebastián"
    assert the_instrument(name_en="PET-CT").original_value == Decimal("1234567.50")


def test_what_was_read_stands_beside_what_was_written(do_import, the_instrument):
    do_import(MESSY)
    found = the_instrument(name_zh="场发射扫描电子显微镜")
    assert (found.manufacturer, found.model) == ("FEI", "Quanta 250 FEG")
    assert found.original_value == Decimal("3900000.00")
    assert found.commissioned == "2017"
    assert found.raw == {"model": "FEI Quanta 250 FEG", "original_value": "390万", "commissioned": "2017-", "column: 备注": "型号里带厂家"}


def test_each_messy_value_is_told_with_row_column_value_and_reason(do_import):
    done = do_import(MESSY)
    note = next(note for outcome in done.outcomes for note in outcome.notes if note.field == "category_code")
    assert (note.row, note.column, note.value) == (6, "分类号", "F2004048 (仪器编号)")
    assert "asset number" in note.reason.en
    assert not note.is_refusal


def test_the_realities_of_the_register_s_page(do_import, the_instrument):
    do_import(MESSY)
    servo = the_instrument(model="E45.105")
    assert (servo.category_code, servo.original_value, servo.commissioned) == ("010102", Decimal("644900.00"), "2015-04-09")
    assert (servo.country, servo.sharing_mode, servo.services, servo.city) == ("CN", "external", "", "140200")
    chromatograph = the_instrument(model="LC-20A")
    assert (chromatograph.manufacturer, chromatograph.original_value, chromatograph.commissioned) == (
        "岛津",
        Decimal("800000.00"),
        "2015-04-09",
    )
    assert chromatograph.fees == "校内 inside: 免费 free; 校外 outside: 不提供 not offered"
    assert chromatograph.sample_service
    japanese = the_instrument(name_zh="透過型電子顕微鏡 (HITACHI H7650)")
    assert (japanese.commissioned, japanese.city, japanese.sharing_mode, japanese.fees) == ("2023", "北海道", "external", "")
    wide = the_instrument(model="JEM-2100")
    assert (wide.name_zh, wide.original_value, wide.commissioned, wide.category_code) == (
        "扫描电镜（带能谱）",
        Decimal("1360000.00"),
        "2015-06",
        "010102",
    )
    assert len(wide.specifications) <= 500 < len(wide.raw["specifications"])


def test_imported_instruments_are_drafts(do_import, session):
    do_import(MESSY)
    assert set(session.scalars(select(Instrument.publication))) == {"draft"}


def test_organisations_nobody_knew_are_registered_but_not_active(do_import, session):
    done = do_import(MESSY)
    found = {row.name_zh: row for row in session.scalars(select(Organisation))}
    assert set(found) == {"汾河大学", "晋阳理工大学", "北方工業大学 機器分析センター", "Lake University"}
    assert not any(row.is_active for row in found.values())
    assert found["晋阳理工大学"].city == "140200"
    assert any("not active yet" in reason for reason in done.reasons(3, "organisation"))


def test_organisations_are_found_by_name_or_code(do_import, an_organisation, session):
    an_organisation(code="FH", name_zh="汾河大学")
    an_organisation(code="X1", name_zh="西山大学", name_en="West Hill University")
    rows = [["单位名称", "仪器名称"], ["汾河大学", "a"], ["fh", "b"], ["west hill  university", "c"], ["东山大学", "d"]]
    done = do_import(rows, whose=Whose())
    assert done.counts == {"created": 3, "refused": 1}
    assert done.reasons(5, "organisation") == ["No such organisation is registered"]
    assert session.scalar(select(func.count(Organisation.id))) == 2


def test_two_organisations_of_one_name_are_not_guessed_at(do_import, an_organisation):
    an_organisation(code="A", name_zh="同名大学")
    an_organisation(code="B", name_zh="同名大学")
    done = do_import([["单位名称", "仪器名称"], ["同名大学", "a"]])
    assert "Several organisations" in done.reasons(2, "organisation")[0]


def test_all_rows_may_be_put_under_one_organisation(do_import, an_organisation, session):
    chosen = an_organisation(name_zh="汾河大学")
    done = do_import(MESSY, whose=Whose(chosen.id))
    assert done.counts == {"created": 11, "refused": 1}
    assert set(session.scalars(select(Instrument.organisation_id))) == {chosen.id}
    assert not any("chosen organisation" in reason for reason in done.reasons(3))
    assert any("chosen organisation" in reason for reason in done.reasons(8))


def test_an_organisation_s_own_list_must_not_hold_others_rows(do_import, an_organisation, session):
    own = an_organisation(name_zh="汾河大学")
    an_organisation(name_zh="晋阳理工大学")
    done = do_import(MESSY, whose=Whose(own.id, refuse_others=True))
    assert done.counts == {"created": 6, "refused": 6}
    assert "belongs to another organisation" in done.reasons(8, "organisation")[0]
    assert set(session.scalars(select(Instrument.organisation_id))) == {own.id}


def test_a_row_without_an_organisation_is_refused(do_import):
    assert do_import([["单位名称", "仪器名称"], ["", "a"]]).reasons(2) == ["The row does not name an organisation"]


def test_rows_without_a_number_are_found_again_even_when_they_are_alike(do_import, session):
    rows = [["单位名称", "仪器名称", "型号"], ["汾河大学", "色谱", "GC"], ["汾河大学", "色谱", "GC"], ["汾河大学", "色谱", "LC"]]
    do_import(rows)
    numbers = session.scalars(select(Instrument.inner_id)).all()
    assert len(set(numbers)) == 3
    assert all(number.startswith("AUTO-") for number in numbers)
    assert do_import(rows).counts == {"unchanged": 3}


def test_a_number_twice_in_a_list_is_refused_the_second_time(do_import, an_organisation):
    an_organisation(code="A")
    an_organisation(code="B")
    done = do_import([HEADER, ["A", "1", "x", "", ""], ["A", "1", "y", "", ""], ["B", "1", "z", "", ""]])
    assert done.counts == {"created": 2, "refused": 1}
    assert done.reasons(3, "inner_id") == ["The same instrument as in row 2 (the same number)"]


def test_a_changed_list_updates_field_by_field(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "色谱", "GC", "800000"]])
    before = the_instrument(inner_id="1")
    before.publication = "published"
    done = do_import([HEADER, ["A", "1", "气相色谱", "GC", "900000"]])
    assert done.counts == {"updated": 1}
    assert done.outcomes[0].changes == {
        "name_zh": ("色谱", "气相色谱"),
        "original_value": (Decimal("800000.00"), Decimal("900000.00")),
    }
    after = the_instrument(inner_id="1")
    assert (after.name_zh, after.original_value, after.publication) == ("气相色谱", Decimal("900000.00"), "published")


def test_an_empty_cell_takes_nothing_away(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "色谱", "GC", "800000"]])
    assert do_import([HEADER, ["A", "1", "色谱", "", ""]]).counts == {"unchanged": 1}
    assert the_instrument(inner_id="1").model == "GC"


def test_an_instrument_missing_from_a_list_stays(do_import, an_organisation, session):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "x", "", ""], ["A", "2", "y", "", ""]])
    do_import([HEADER, ["A", "1", "x", "", ""]])
    assert session.scalar(select(func.count(Instrument.id))) == 2


def test_what_was_corrected_by_hand_survives_the_same_list(do_import, the_instrument):
    do_import(MESSY)
    found = the_instrument(model="Quanta 250 FEG")
    found.model, found.manufacturer, found.original_value = "Quanta 250", "Thermo Fisher", Decimal("3950000.00")
    assert do_import(MESSY).counts == {"unchanged": 11, "refused": 1}
    assert (found.model, found.manufacturer, found.original_value) == ("Quanta 250", "Thermo Fisher", Decimal("3950000.00"))


def test_a_new_text_in_the_list_is_taken_over_the_correction(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "x", "", "136万"]])
    the_instrument(inner_id="1").original_value = Decimal("1360001.00")
    assert do_import([HEADER, ["A", "1", "x", "", "140万"]]).counts == {"updated": 1}
    found = the_instrument(inner_id="1")
    assert found.original_value == Decimal("1400000.00")
    assert found.raw == {"original_value": "140万"}


def test_a_clean_value_forgets_the_old_raw_text(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "x", "", "136万"]])
    do_import([HEADER, ["A", "1", "x", "", "1500000"]])
    assert the_instrument(inner_id="1").raw == {}


def test_a_dry_run_shows_the_changes_and_writes_nothing(do_import, an_organisation, session):
    an_organisation(code="A")
    done = do_import([HEADER, ["A", "1", "x", "", "136万"], ["A", "1", "x", "", ""]], dry=True)
    assert done.counts == {"created": 1, "refused": 1}
    assert done.outcomes[0].changes["original_value"] == (None, Decimal("1360000.00"))
    assert session.scalar(select(func.count(Instrument.id))) == 0


def test_a_dry_run_of_a_messy_list_foretells_the_real_one(do_import, session):
    foretold = do_import(MESSY, dry=True)
    assert session.scalar(select(func.count(Organisation.id))) == 0
    done = do_import(MESSY)
    assert foretold.counts == done.counts
    assert [outcome.inner_id for outcome in foretold.outcomes] == [outcome.inner_id for outcome in done.outcomes]


def test_headings_and_repeated_headers_inside_a_list_are_told(do_import, an_organisation):
    an_organisation(code="A")
    rows = [HEADER, ["化学学院"] * 5, ["A", "1", "x", "", ""], HEADER, ["A", "2", "y", "", ""]]
    done = do_import(rows)
    assert done.counts == {"created": 2, "refused": 2}
    assert "a heading" in done.reasons(2)[0]
    assert "repeats the header" in done.reasons(4)[0]


def test_a_row_with_a_cell_too_many_is_refused(do_import, an_organisation):
    an_organisation(code="A")
    done = do_import([HEADER, ["A", "1", "x", "GC", "1", "surplus"]])
    assert "shifted" in done.reasons(2)[0]


def test_a_number_shortened_by_a_spreadsheet_is_refused(do_import, an_organisation):
    an_organisation(code="A")
    assert "last digits are gone" in do_import([HEADER, ["A", "1.40246E+07", "x", "", ""]]).reasons(2, "inner_id")[0]


def test_facilities_are_found_in_the_organisation(do_import, an_organisation, a_facility, the_instrument):
    home = an_organisation(code="A")
    centre = a_facility(organisation=home, name_zh="分析测试中心")
    rows = [["单位代码", "仪器编号", "仪器名称", "所属设施"], ["A", "1", "x", "分析测试中心"], ["A", "2", "y", "别的中心"]]
    done = do_import(rows)
    assert the_instrument(inner_id="1").facility_id == centre.id
    assert the_instrument(inner_id="2").facility_id is None
    assert the_instrument(inner_id="2").raw["facility"] == "别的中心"
    assert "no such facility" in done.reasons(3, "facility")[0]


def test_other_names_are_added_and_kept(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    head = ["单位代码", "仪器编号", "仪器名称", "别名"]
    do_import([head, ["A", "1", "扫描电镜", "SEM; 电镜"]])
    assert do_import([head, ["A", "1", "扫描电镜", "SEM;钨灯丝电镜"]]).counts == {"updated": 1}
    assert [alias.text for alias in the_instrument(inner_id="1").aliases] == ["SEM", "电镜", "钨灯丝电镜"]
    assert do_import([head, ["A", "1", "扫描电镜", "SEM"]]).counts == {"unchanged": 1}


def test_every_change_is_in_the_audit_log(do_import, an_organisation, session):
    an_organisation(code="A")
    do_import([HEADER, ["A", "1", "色谱", "GC", "800000"]])
    do_import([HEADER, ["A", "1", "色谱", "LC", "800000"]])
    entries = session.scalars(select(AuditEntry).where(AuditEntry.noun == "instrument").order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == ["insert", "update"]
    assert (entries[1].before["model"], entries[1].after["model"]) == ("GC", "LC")


@pytest.mark.parametrize("count", [1, 40])
def test_a_batch_costs_the_same_statements_whatever_its_size(do_import, an_organisation, session, count):
    an_organisation(code="A")
    rows = [HEADER, *(["A", str(number), "x", "", ""] for number in range(count))]
    do_import(rows)
    with counted(session) as seen:
        do_import(rows)
    assert len([text for text in seen if "FROM instrument \n" in text]) == 1


def test_a_list_written_by_hostile_hands_does_no_harm(do_import, an_organisation, the_instrument):
    an_organisation(code="A")
    hostile = ["A", "1", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "1e999"]
    done = do_import([HEADER, hostile, ["A", "2\u200b", "'; DROP TABLE instrument; --", "{{7*7}}", "NaN"]])
    assert done.counts == {"created": 2}
    found = the_instrument(inner_id="1")
    assert (found.name_zh, found.model, found.original_value) == (hostile[2], hostile[3], None)
