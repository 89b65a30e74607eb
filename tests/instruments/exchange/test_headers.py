import pytest

from instruments.exchange.fields import BY_KEY, FIELDS, TARGETS
from instruments.exchange.headers import guess, is_known


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("cname", "name_zh"),
        ("仪器名称", "name_zh"),
        ("* 仪器名称", "name_zh"),
        ("1、仪器名称", "name_zh"),
        ("仪器名称（中文）", "name_zh"),
        ("儀器名稱", "name_zh"),
        ("装置名", "name_zh"),
        ("ename", "name_en"),
        ("instrCategory", "category_code"),
        ("worth", "original_value_wan"),
        ("原值(万元)", "original_value_wan"),
        ("原值（万元）", "original_value_wan"),
        ("设备原值(元)", "original_value"),
        ("original_value_cny", "original_value"),
        ("原值", "original_value_any"),
        ("Original value", "original_value_any"),
        ("beginDate", "commissioned"),
        ("购置日期(年月)", "commissioned"),
        ("规格型号", "model"),
        ("型番", "model"),
        ("メーカー", "manufacturer"),
        ("country_of_origin", "country"),
        ("sharing_mode_text", "sharing"),
        ("存放地点", "location"),
        ("收费标准 校内", "fees_internal"),
        ("price_external", "fees_external"),
        ("organisation_name", "organisation"),
        ("insCode", "organisation_code"),
        ("institutionID", "inner_id"),
        ("资产编号", "inner_id"),
    ],
)
def test_headers_people_write_are_known(header, field):
    assert guess([header]) == [field]
    assert is_known(header)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_header_we_write_is_known(language):
    written = [each for each in FIELDS if each.is_exported and each.kind != "shown"]
    assert guess([each.label.in_language(language) for each in written]) == [each.key for each in written]


def test_every_national_name_is_known():
    national = [each for each in FIELDS if each.national and each.key != "is_dedicated"]
    assert guess([each.national for each in national]) == [each.key for each in national]


def test_a_name_is_of_the_language_of_its_cells():
    assert guess(["Name"], [["扫描电镜"], ["色谱仪"]]) == ["name_zh"]
    assert guess(["Name"], [["SEM"], ["GC"]]) == ["name_en"]


def test_a_category_column_of_codes_is_one_of_codes():
    assert guess(["仪器分类"], [["010101"], ["010201"]]) == ["category_code"]
    assert guess(["仪器分类"], [["扫描电镜"]]) == ["category"]


def test_a_type_that_is_not_about_use_is_kept():
    assert guess(["type"], [["equipment"]]) == ["keep"]
    assert guess(["type"], [["通用"]]) == ["is_dedicated"]


def test_of_two_columns_for_one_field_the_better_one_has_it():
    assert guess(["购置日期", "启用日期"]) == ["keep", "commissioned"]


def test_numberings_are_left_out_and_unknown_columns_kept():
    assert guess(["序号", "备注", "发布状态"]) == ["leave", "keep", "leave"]


def test_an_empty_column_is_left_out():
    assert guess(["", ""], [["", "x"]]) == ["leave", "keep"]


def test_every_guess_can_be_chosen_by_hand():
    assert set(BY_KEY) - {"publication"} | {"keep", "leave"} == set(TARGETS)
