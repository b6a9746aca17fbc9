import pytest
from program import answer, lanewise, refusal


def test_explain_json():
    assert answer("explain", "(8,1,6,1) + (7,1,5)") == {"ok": True, "shape": [8, 7, 6, 5], "error": None, "warnings": []}
    assert answer("explain", "(64,100) @ (100,1000) + (64,1)")["shape"] == [64, 1000]


def test_a_clash_is_explained():
    clash = answer("explain", "(5,3) + (5,)", code=1)
    assert not clash["ok"] and clash["shape"] is None
    assert "axis 1" in clash["error"] and "(5, 1)" in clash["error"]


def test_a_rank_1_array_meets_a_column():
    warned = answer("explain", "(4,) + (4,1)")
    assert warned["shape"] == [4, 4] and len(warned["warnings"]) == 1


@pytest.mark.parametrize("wrong", ["", "(3", "(3) +", "(3) & (4)", "(-1) + (2)", "(99999999999999999999)"])
def test_expressions_that_cannot_be_read(wrong):
    refusal("explain", wrong, code=2)


def test_cost_of_the_textbook_network():
    cost = answer("cost", "100-64-32-1", "--samples", 10000, "--dtype", "float64")
    total = cost["total"]
    assert total["multiply_adds"] == 84_800_000 and total["flops"] == 169_600_000
    assert total["activation_bytes"] == 7_760_000 and total["activation_and_z_bytes"] == 15_520_000
    assert total["parameters"] == 100 * 64 + 64 + 64 * 32 + 32 + 32 + 1
    assert sum(layer["flops"] for layer in cost["layers"]) == total["flops"] and len(cost["layers"]) == 3


def test_cost_as_text():
    text = lanewise("cost", "100-64-32-1", "--samples", 10000, "--dtype", "float64").stdout
    for figure in ("84.8 M", "169.6 M", "7.76 MB", "15.52 MB"):
        assert figure in text


@pytest.mark.parametrize("wrong", [["100"], ["100-0-1"], ["100-x"], ["-"], ["1-1", "--samples", "0"],
                                   ["1-1", "--dtype", "int8"], ["99999999999-99999999999"]])
def test_wrong_networks(wrong):
    refusal("cost", *wrong, code=2)
