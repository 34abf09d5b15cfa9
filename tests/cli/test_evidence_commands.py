"""The commands correlate, inequality, specifications and sentence, run as a user runs them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from pcs_dash.__main__ import main
from pcs_dash.measures.practice_measures import deprivation_measure
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset, build_practices
from pcs_dash.tables.errors import UserError
from pcs_dash.views import compared_measures
from pcs_dash.views.question import ask


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


def test_the_imd_edition_asked_for_is_used_or_refused(
    capsys: pytest.CaptureFixture[str], dataset: Dataset
) -> None:
    found = answer(capsys, "correlate", "--area", "Essex", "--imd", "2019")
    practices = find_area("Essex").select(dataset.practices)
    mix = practices[[f"imd2019_patients_quintile_{quintile}" for quintile in range(1, 6)]]
    share = mix.iloc[:, 0] / mix.sum(axis=1)
    ratio = practices["patients"] / practices["gp_fte_fully_qualified"]
    assert isinstance(found, dict)
    assert found["x"] == "imd2019_share_quintile_1"
    assert found["coefficient"] == pytest.approx(spearmanr(share, ratio, nan_policy="omit")[0])
    for refused, said in (
        (("correlate", "--imd", "2019", "--x", "imd_score"), "--x imd2019_share_quintile_1"),
        (("inequality", "--level", "practice", "--imd-edition", "2019"), "level quintile"),
    ):
        assert main([*refused]) == 2
        assert said in capsys.readouterr().err
    pair = compared_measures.asked(ask(dataset, find_area("Thurrock"), {"imd": "2019"}))
    assert (pair.x.key, pair.edition) == ("imd2019_share_quintile_1", "IMD 2019")
    bare = dataset.practices.drop(columns=list(mix.columns))
    with pytest.raises(UserError, match=r"by IMD 2019 .* There is: Deprivation score \(IMD 2025"):
        deprivation_measure(bare, "2019")


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
