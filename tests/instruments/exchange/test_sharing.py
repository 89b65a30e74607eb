import pytest

from instruments.exchange.sharing import read_sharing

WRITTEN = [
    ("学外利用: 可", "external", {}),
    ("学外利用：不可", "internal", {}),
    ("学外利用: 要相談", "external", {}),
    ("委託及自行操作", None, {"self_operated": True, "sample_service": True}),
    ("自主上机", None, {"self_operated": True}),
    ("委托测试", None, {"self_operated": False, "sample_service": True}),
    ("仅限校内使用", "internal", {}),
    ("对外开放，可送样", "external", {"self_operated": False, "sample_service": True}),
    ("需經考核均可開放自行操作", None, {"self_operated": True, "needs_qualification": True}),
    ("user self-service after training", None, {"self_operated": True, "needs_qualification": True}),
    ("设备专用，不共享", "none", {}),
]


@pytest.mark.parametrize(("text", "mode", "also"), WRITTEN)
def test_a_text_about_sharing_is_read_and_told(text, mode, also):
    reading = read_sharing(text)
    assert reading.value == mode
    assert dict(reading.also) == also
    assert reading.warnings


@pytest.mark.parametrize("text", ["外部共享", "Shared with everybody", "external", "外部共享 "])
def test_the_register_s_own_words_need_no_word(text):
    reading = read_sharing(text)
    assert reading.value == "external"
    assert reading.warnings == ()


def test_what_asks_first_is_told_to_be_checked():
    assert "please check" in read_sharing("学外利用: 要相談").warnings[0].en


def test_other_texts_set_nothing():
    reading = read_sharing("三号楼")
    assert reading.value is None
    assert not reading.also
    assert reading.warnings
