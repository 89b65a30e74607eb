"""Evaluation schemes by form: made empty or as a copy, edited wholly, every mistake beside its field, and nothing typed is lost."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from werkzeug.datastructures import MultiDict

from instruments.evaluationschemes import NewVersion, add_version, schemes, version_for
from instruments.evaluationterms import missing, read_terms, stored
from portal.language import in_language
from portal.province.schemeform import data_of, form_of, new_of, place_words, read_form, rearranged
from portal.security import csrf_check
from scheduling.evaluations.freezing import freeze, grade, lines_of
from scheduling.evaluations.rounds import begin
from tests.fixtures.pageforms import read_form as read_page
from tests.portal.schemeforms import A_SCHEME, A_VERSION, SHIPPED, form_of_shipped, sent


@pytest.fixture
def made_scheme(session):
    """The newest version of a scheme, as it now is in the database."""

    def find(code):
        session.rollback()
        return next(one for one in schemes(session) if one.scheme.code == code)

    return find


@pytest.fixture
def edit(town):
    return f"/province/schemes/{town.id('scheme')}/edit"


@pytest.fixture
def province(app, town, ask, monkeypatch):
    """What the province's administrator is answered; no form needs its hidden field, and changes are kept."""
    monkeypatch.setattr(csrf_check, "protect", lambda: None)

    def send(method, path, form=None, lang="zh"):
        return ask("province_admin", town, method, path.partition("?")[0], form, {"lang": lang} | dict(parse_qsl(path.partition("?")[2])))

    return send


def offered(answer):
    """The form of a page as a browser would send it, ticks included."""
    ticked = re.findall(r'type="checkbox" id="[^"]*" name="([^"]*)" value="1" checked', answer.text)
    return read_page(answer.text, "scheme").fields | dict.fromkeys(ticked, "1")


class TestForm:
    @pytest.mark.parametrize("code", sorted(SHIPPED))
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_what_is_shipped_comes_back_as_it_is(self, lang, code):
        with in_language(lang):
            form = read_form(MultiDict(form_of_shipped(code)))
            form.check()
        assert form.errors == {}
        assert stored(form.terms) == stored(read_terms(SHIPPED[code]))

    def test_parts_indicators_steps_and_grades_are_added_moved_and_removed(self):
        with in_language("zh"):
            form = form_of(None, is_new=True)
            for step in ("add:parts", "add:parts.1.items", "add:parts.1.items.1.curve.steps", "add:grades", "add:tie_break", "up:grades.4", "remove:parts.0"):
                assert rearranged(form, step)
        assert [len(part["items"]) for part in form.raw["parts"]] == [2]
        assert len(form.raw["parts"][0]["items"][1]["curve"]["steps"]) == 1
        assert (len(form.raw["grades"]), form.raw["grades"][3]["title_zh"], len(form.raw["tie_break"])) == (5, "", 1)
        codes = [part["code"] for part in form.raw["parts"]] + [item["code"] for item in form.raw["parts"][0]["items"]]
        assert len(set(codes)) == len(codes) == 3

    @pytest.mark.parametrize("step", ["remove:parts.9", "add:nothing", "up:parts.x", "remove:of", "add:parts.0.items.0.curve.steps.0.least"])
    def test_a_button_there_is_not_changes_nothing(self, step):
        with in_language("zh"):
            form = form_of(None, is_new=True)
            before = sent(form.raw)
            rearranged(form, step)
        assert sent(form.raw) == before

    def test_what_another_way_of_scoring_had_typed_is_kept_but_not_stored(self):
        with in_language("zh"):
            form = read_form(MultiDict(form_of_shipped("national-2026", **{"parts.1.items.0.curve.full": "2000", "parts.1.items.0.curve.kind": "rank"})))
            item = form.raw["parts"][1]["items"][0]
            names = {one.name: one for one in form.group().shown[-3].items[1].shown[-1].items[0].shown[-1].shown}
        assert names["parts.1.items.0.curve.full"].asks.look == "code"  # carried along unseen
        assert item["curve"]["full"] == "2000"
        assert "full" not in data_of(form.raw)["parts"][1]["items"][0]["curve"]

    def test_an_indicator_brings_its_name(self):
        with in_language("zh"):
            raw = form_of(None, is_new=True).raw
            raw["parts"][0]["items"] = [new_of("item") | {"input": "sharing_rate"}]
            form = read_form(MultiDict(sent(raw)))
        assert form.raw["parts"][0]["items"][0]["title_zh"] == "共享率"

    def test_where_two_versions_differ_is_said_in_words(self):
        terms = read_terms(SHIPPED["moe-2000"])
        with in_language("zh"):
            assert place_words([terms], "parts.hours.weight") == "使用机时，权重" or place_words([terms], "parts.hours.weight").endswith("，权重")
        with in_language("en"):
            assert place_words([terms], "grades.good.least") == "Good, Total from"


MISTAKES = [
    ({"parts.0.weight": "0.9"}, "多了 0.55", "0.55 too much"),
    ({"parts.0.weight": "1,5"}, "这不是数字", "This is no number"),
    ({"parts.0.weight": "999999999999"}, "数字太大", "too large"),
    ({"least_value": "-5"}, "不能小于 0", "cannot be below 0"),
    ({"parts.0.items.0.curve.full": "0"}, "必须大于 0", "must be above 0"),
    ({"parts.0.items.0.input": "moonlight"}, "没有这个指标", "no such indicator"),
    ({"parts.0.items.0.input": ""}, "请填写此项", "Please fill this in"),
    ({"parts.4.items.0.curve.steps.1.least": "0.1"}, "比上一级更大", "Steps rise"),
    ({"grades.1.least": "95"}, "与上一等级重叠", "overlaps the grade before"),
    ({"last_year": "2020"}, "早于起始年度", "ends before it begins"),
    ({"first_year": "soon"}, "四位年份", "four digits"),
    ({"n:grades": "0"}, "至少需要一项", "At least one is needed"),
    ({"n:parts": "0"}, "至少需要一项", "At least one is needed"),
    ({"name_en": ""}, "请填写名称", "Give it a name"),
    ({"code": "Big One"}, "小写字母", "small letter"),
    ({"code": "moe-2000"}, "已有方案使用", "has this code already"),
]  # fmt: skip


class TestNewScheme:
    def test_one_is_made_from_nothing_by_pressing_buttons(self, province, made_scheme, town):
        form = offered(province("GET", "/province/schemes/new"))
        form |= {"name_zh": "共享评价", "name_en": "Sharing", "code": "sharing", "full": "100", "least_value": "300000"}
        form |= {"parts.0.title_zh": "共享", "parts.0.title_en": "Sharing", "parts.0.weight": "60", "parts.0.items.0.input": "sharing_rate"}
        form |= {"parts.0.items.0.curve.full": "0.1", "grades.0.least": "90", "grades.1.least": "75", "grades.2.least": "60"}
        form = offered(province("POST", "/province/schemes/new", form | {"do": "add:parts"}))
        assert (form["parts.0.weight"], form["name_zh"]) == ("60", "共享评价")
        form |= {"parts.1.title_zh": "运行", "parts.1.title_en": "Running", "parts.1.weight": "40", "parts.1.items.0.input": "effective_hours"}
        form |= {"parts.1.items.0.curve.kind": "steps"}
        form = offered(province("POST", "/province/schemes/new", form | {"do": "add:parts.1.items.0.curve.steps"}))
        form |= {"parts.1.items.0.curve.steps.0.least": "1000", "parts.1.items.0.curve.steps.0.points": "100"}
        looked = province("POST", "/province/schemes/new", form | {"do": "look"})
        assert (looked.status_code, "填写完整" in looked.text) == (200, True)
        made = province("POST", "/province/schemes/new", form | {"do": "make"})
        assert made.status_code == 303
        terms = made_scheme("sharing").terms
        assert missing(terms) == []
        assert [part.title_zh for part in terms.parts] == ["共享", "运行"]
        assert [item.title_zh for part in terms.parts for item in part.items] == ["共享率", "平均有效机时"]

    def test_a_copy_begins_with_what_is_copied(self, province, made_scheme, town):
        version = made_scheme("national-2026")
        page = province("GET", f"/province/schemes/new?from={version.id}")
        form = offered(page)
        assert "为底稿" in page.text
        answer = province("POST", "/province/schemes/new", form | {"do": "make", "name_zh": "省级考核", "name_en": "Province", "code": "prov"})
        assert answer.status_code == 303
        assert made_scheme("prov").terms == version.terms
        assert province("GET", "/province/schemes/new?from=99999999").status_code == 404
        for wrong in ("x", "1" * 5000, "99999999999999999999"):
            assert province("GET", f"/province/schemes/new?from={wrong}").status_code == 404

    def test_one_with_a_weight_left_open_is_a_draft_that_refuses_to_grade(self, province, made_scheme, town):
        form = A_SCHEME | {"parts.0.weight": ""}
        looked = province("POST", "/province/schemes/new", form | {"do": "look"}).text
        assert "只能保存为草稿" in looked
        assert province("POST", "/province/schemes/new", form).status_code == 303
        assert "草稿，缺 1 项" in province("GET", "/province/schemes").text

    def test_each_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(self, province, town):
        for wrong, zh, en in MISTAKES:
            for lang, said in (("zh", zh), ("en", en)):
                answer = province("POST", "/province/schemes/new", A_SCHEME | wrong, lang)
                assert answer.status_code == 422, wrong
                assert answer.text.count(said) >= 2, wrong  # in the list at the top, and beside the field
                form = read_page(answer.text, "scheme").fields
                typed = A_SCHEME | {key: text for key, text in wrong.items() if text != "moonlight"}  # which no list offers
                kept = {key: text for key, text in typed.items() if key in form and key not in ("do", *wrong)}
                assert {key: form[key] for key in kept} == kept, wrong
                assert len(kept) > (10 if any(key.startswith("n:") for key in wrong) else 100)

    def test_text_full_of_markup_is_only_text(self, province, town):
        hostile = "<script>alert(1)</script>"
        answer = province("POST", "/province/schemes/new", A_SCHEME | {"parts.0.title_zh": hostile, "name_zh": hostile, "do": "look"})
        assert hostile not in answer.text


class TestNewVersion:
    def test_what_would_change_is_shown_before_it_is_made(self, province, town, edit):
        looked = province("POST", edit, A_VERSION | {"do": "look"}).text
        assert "权重：0.35 → 0.40" in looked
        assert province("POST", edit, A_VERSION).status_code == 303
        page = province("GET", edit.removesuffix("/edit")).text
        assert "第 2 版" in page
        assert "机时更重要" in page

    def test_two_at_once_do_not_overwrite_each_other(self, province, town, edit):
        assert province("POST", edit, A_VERSION).status_code == 303
        again = province("POST", edit, A_VERSION | {"reason": "也很重要", "parts.0.weight": "0.40"})
        assert again.status_code == 409
        assert "也很重要" in again.text

    def test_one_without_a_reason_is_refused_beside_it(self, province, town, edit):
        answer = province("POST", edit, A_VERSION | {"reason": ""})
        assert answer.status_code == 422
        assert answer.text.count("请说明修改理由") >= 2

    def test_the_form_as_it_is_offered_changes_nothing(self, province, town, edit):
        form = offered(province("GET", edit))
        assert "没有改动" in province("POST", edit, form | {"do": "look"}).text

    def test_an_older_version_can_be_taken_up_again(self, province, made_scheme, town, edit):
        first = made_scheme("moe-2000")
        province("POST", edit, A_VERSION)
        form = offered(province("GET", f"{edit}?from={first.id}"))
        assert (form["parts.0.weight"], form["after"]) == ("0.35", "2")

    def test_what_a_frozen_round_rests_on_stays_when_a_version_is_added(self, session, shipped_schemes, of_province, a_round, now):
        freeze(session, a_round.id, viewer=of_province, now=now)
        grade(session, a_round.id, viewer=of_province, now=now)
        before = [(line.subject_id, line.score, line.grade) for line in lines_of(session, a_round)]
        raw = form_of(read_terms(SHIPPED["moe-2000"])).raw
        raw["parts"][0]["weight"], raw["parts"][1]["weight"] = "0.05", "0.50"
        wanted = NewVersion(read_terms(data_of(raw)), 2020, None, "", "改")
        scheme_id = shipped_schemes["moe-2000"].id
        add_version(session, scheme_id, wanted, after=1, viewer=of_province, now=now)
        grade(session, a_round.id, viewer=of_province, now=now)
        assert [(line.subject_id, line.score, line.grade) for line in lines_of(session, a_round)] == before
        assert begin(session, scheme_id, 2025, organisation_id=None, viewer=of_province, now=now).scheme_version.number == 2
        assert version_for(session, scheme_id, 2025).number == 2
