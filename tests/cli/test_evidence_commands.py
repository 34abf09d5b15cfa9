"""The commands correlate, inequality, specifications and sentence, run as a user runs them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from pcs_dash.__main__ import main
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import build_practices


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    assert main([*arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_correlate_prints_one_object_with_the_definition(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answer(
        capsys, "correlate", "--area", "mid and south essex", "--x", "imd_score",
        "--y", "patients_per_fte_gp",
    )  # fmt: skip
    practices = find_area("Mid and South Essex").select(build_practices()[0])
    ratio = practices["patients"] / practices["gp_fte_fully_qualified"]
    assert isinstance(found, dict)
    assert found["n"] == 143
    rho = spearmanr(practices["imd_score"], ratio).statistic
    assert found["coefficient"] == pytest.approx(rho)
    assert found["ci_low"] < found["coefficient"] < found["ci_high"]
    assert found["method"] == "spearman"
    assert found["gp_definition"] == "fully_qualified"
    assert "weak evidence" in found["sentence"]


def test_correlate_by_pearson_keeps_its_keys_without_an_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rank = answer(capsys, "correlate", "--area", "Thurrock")
    found = answer(capsys, "correlate", "--area", "Thurrock", "--method", "pearson")
    assert isinstance(found, dict)
    assert isinstance(rank, dict)
    assert list(found) == list(rank)
    practices = find_area("Thurrock").select(build_practices()[0])
    ratio = practices["patients"] / practices["gp_fte_fully_qualified"]
    assert found["coefficient"] == pytest.approx(np.corrcoef(practices["imd_score"], ratio)[0, 1])
    assert found["ci_low"] is found["ci_high"] is None
    assert "fewer than 3 of the 26 practices carry" in found["reason"]
    assert 0.05 < found["p_value"] <= 1


def test_correlate_leaves_flagged_practices_out_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answer(capsys, "correlate", "--method", "spearman", "--weighted", "--exclude-flagged")
    assert isinstance(found, dict)
    assert (found["n"], found["n_flagged_left_out"]) == (201, 3)
    assert found["weighted"] is True


def test_inequality_prints_sii_and_rii(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(
        capsys, "inequality", "--area", "Essex", "--level", "practice",
        "--measure", "fte_gp_per_10000",
    )  # fmt: skip
    assert isinstance(found, dict)
    assert found["sii_low"] < found["sii"] < found["sii_high"]
    assert found["rii_low"] < found["rii"] < found["rii_high"]
    assert found["rii"] == pytest.approx((found["intercept"] + found["sii"]) / found["intercept"])
    assert found["n"] == 204
    quintile = answer(capsys, "inequality", "--area", "Thurrock")
    assert isinstance(quintile, dict)
    assert (quintile["level"], quintile["n_groups"]) == ("quintile", 5)
    assert "no evidence" in quintile["sentence"]


def test_specifications_print_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "specifications", "--area", "Thurrock")
    assert isinstance(found, list)
    assert len(found) == 96
    assert {"coefficient", "ci_low", "ci_high", "n", "level", "gp_definition"} <= set(found[0])


def test_sentence_prints_paragraphs_or_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sentence", "--area", "Thurrock"]) == 0
    text = capsys.readouterr().out
    assert "no evidence of an association" in text
    assert "2,780 patients per FTE GP" in text
    assert "31 December 2025" in text
    found = answer(capsys, "sentence", "--area", "Redbridge", "--gp-definition", "all")
    assert isinstance(found, list)
    assert [row["topic"] for row in found] == ["benchmark", "correlation", "gradient", "quintiles"]


@pytest.mark.parametrize("command", ["correlate", "inequality", "specifications", "sentence"])
def test_an_unknown_area_is_the_users_to_mend(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--area", "Narnia"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Narnia" in printed.err
    assert "Mid and South Essex" in printed.err


def test_an_unknown_measure_names_the_menu(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["correlate", "--y", "shoe_size"]) == 2
    assert "fte_gp_per_10000" in capsys.readouterr().err
