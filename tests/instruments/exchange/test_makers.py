import pytest

from instruments.exchange.makers import names_several, read_model, split_maker


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("BD FACSAria", ("BD", "FACSAria")),
        ("FEI Talos F200X", ("FEI", "Talos F200X")),
        ("岛津LC-20A", ("岛津", "LC-20A")),
        ("varian 400MHz", ("varian", "400MHz")),
        ("Thermo Finnigan Trace GC/MS", ("Thermo Finnigan", "Trace GC/MS")),
        ("Bruker・D8 VENTURE", ("Bruker", "D8 VENTURE")),
    ],
)
def test_a_maker_before_the_model_is_parted_off(text, parted):
    assert split_maker(text) == parted


@pytest.mark.parametrize("text", ["JEM-2100HR", "FEIX 200", "Bruker", "PHILIPSEN 2", "GC 7890B", "7000D"])
def test_what_only_looks_like_a_maker_is_left_alone(text):
    assert split_maker(text) is None


def test_the_maker_is_proposed_and_told():
    reading = read_model("FEI Talos F200X")
    assert reading.value == "Talos F200X"
    assert reading.also == {"manufacturer": "FEI"}
    assert reading.warnings


def test_a_list_that_gives_the_maker_keeps_its_model():
    reading = read_model("FEI Talos F200X", is_maker_given=True)
    assert reading.value == "FEI Talos F200X"
    assert not reading.also


@pytest.mark.parametrize("text", ["DeltaPlus; EA 1108", "LEICA UC7/ FC7", "UC7、FC7", "A1\nB2", "A1 和 B2"])
def test_several_models_in_one_cell_are_noticed(text):
    assert names_several(text)
    assert "Several models" in read_model(text).warnings[-1].en


@pytest.mark.parametrize("text", ["Trace GC/MS", "AXIS SUPRA", "EPR 32/", "LC-20A"])
def test_one_model_is_one(text):
    assert not names_several(text)


def test_full_width_letters_in_a_model_are_made_narrow_and_told():
    reading = read_model("ＪＥＭ－２１００")
    assert reading.value == "JEM-2100"
    assert "full-width" in reading.warnings[0].en
