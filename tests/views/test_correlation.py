"""The correlation and how sure it is: one Question, one figure, on page, slide and everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import compared_measures, correlation, how_sure
from pcs_dash.views.answer import Beside, Chart, MapBlock, Table, Text
from pcs_dash.views.content import build_deck
from pcs_dash.views.map_spec import map_view
from pcs_dash.views.question import Question, ask
from pcs_dash.views.story import SavedView, Story

REGION = "Mid and South Essex"


@pytest.fixture
def asked(dataset: Dataset):
    def make(area: str, switches: dict[str, str] | None = None, **options: str) -> Question:
        return ask(dataset, find_area(area), switches, options=options)

    return make


def by_hand(practices: pd.DataFrame, fte: str = "gp_fte_fully_qualified") -> float:
    """Spearman's rho of patients per FTE GP with the score, from the raw columns."""
    doctors = practices[fte].to_numpy(float)
    keep = doctors > 0
    ratios = practices["patients"].to_numpy(float)[keep] / doctors[keep]
    return float(stats.spearmanr(practices["imd_score"].to_numpy(float)[keep], ratios).statistic)


def midranks(values: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """The patients below each value and half of those at it."""
    return np.array([lists[values < v].sum() + lists[values == v].sum() / 2 for v in values])


def row_of(chart: Chart, area: str) -> float | None:
    (place,) = [i for i, name in enumerate(chart.categories) if name.startswith(f"{area} (n = ")]
    return chart.series[0].values[place]


def flat(blocks) -> list:
    """Blocks with those that stand side by side taken out of their columns."""
    found: list = []
    for block in blocks:
        found += [b for c in block.columns for b in c] if isinstance(block, Beside) else [block]
    return found


def section(view, question: Question, key: str) -> list:
    (found,) = [part for part in view.answer(question).sections if part.key == key]
    return flat(found.blocks(question))


def one(blocks, kind: type):
    return next(block for block in blocks if isinstance(block, kind))


@pytest.mark.parametrize(("exclude", "r"), [("false", 0.192), ("true", 0.180)])
def test_implausible_fte_is_left_out_everywhere_or_nowhere(
    dataset: Dataset, asked, exclude: str, r: float
) -> None:
    """The headline, the row among the areas, the page's section and the slide: one figure."""
    own = find_area(REGION).select(dataset.practices)
    counted = own[~own["flag_low_fte"].astype(bool)] if exclude == "true" else own
    assert by_hand(counted) == pytest.approx(r, abs=0.0005)
    question = asked(REGION, {"exclude": exclude})
    headline = correlation.answer(question).figures[0]
    assert headline.value == f"{r:.2f}"
    on_page = one(section(correlation.VIEW, question, "sure"), Chart)
    story = Story("S", (SavedView("correlation", "sure", switches={"exclude": exclude}),))
    on_slide = one(build_deck(dataset, story, area=find_area(REGION)).slides[0].blocks, Chart)
    assert row_of(on_page, REGION) == row_of(on_slide, REGION) == pytest.approx(by_hand(counted))
    assert on_page.highlight.startswith(f"{REGION} (n = ")


def test_the_ways_are_the_same_whatever_is_left_out(dataset: Dataset, asked) -> None:
    rows = one(how_sure.answer(asked(REGION)).front, Table).frame.set_index("way")
    left_out = one(how_sure.answer(asked(REGION, {"exclude": "true"})).front, Table).frame
    pd.testing.assert_frame_equal(rows, left_out.set_index("way"))
    own = find_area(REGION).select(dataset.practices)
    plausible = own[~own["flag_low_fte"].astype(bool)]
    assert rows.loc["Permanent GPs", "rho"] == pytest.approx(by_hand(own, "gp_fte_permanent"))
    assert rows.loc["Fully qualified GPs, implausible left out", "rho"] == pytest.approx(
        by_hand(plausible)
    )
    assert len(rows) == 12


def test_how_sure_follows_the_pair_that_was_asked(dataset: Dataset, asked) -> None:
    """GPs counted otherwise change nothing in a figure of nurses, so those are no ways."""
    chosen = {"x": "imd2019_share_quintile_1", "y": "nurse_fte_per_10000", "weighted": "true"}
    question = asked("essex", **chosen)
    table = one(how_sure.answer(question).front, Table).frame
    assert table["way"].tolist() == ["All practices", "All practices, weighted"]
    headline = correlation.answer(question)
    assert headline.figures[0].label == "Weighted Spearman's rho"
    assert f"{table['rho'].iloc[1]:.2f}" == headline.figures[0].value
    chart = one(how_sure.answer(question).front, Chart)
    assert f"{row_of(chart, 'Essex'):.2f}" == headline.figures[0].value
    assert "by their list size" in chart.alt
    own = find_area("essex").select(dataset.practices)
    mix = own[[f"imd2019_patients_quintile_{q}" for q in range(1, 6)]].to_numpy(float)
    nurses = own["nurse_fte"].to_numpy(float) / own["patients"].to_numpy(float)
    keep = np.isfinite(nurses)
    lists = own["patients"].to_numpy(float)[keep]
    known = np.cov(
        midranks((mix[:, 0] / mix.sum(axis=1))[keep], lists),
        midranks(nurses[keep], lists),
        aweights=lists,
    )
    expected = known[0, 1] / np.sqrt(known[0, 0] * known[1, 1])
    assert table["rho"].iloc[1] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("area", "says"),
    [
        (
            "thurrock",
            "In Thurrock 1 of 6 ways of counting it shows evidence of a correlation (p < 0.05)",
        ),
        ("essex", "All 12 ways of counting it in Essex agree on a positive correlation"),
        (REGION, "All 12 ways of counting it in Mid and South Essex agree on a positive"),
        ("redbridge-district", "Only 1 practice has both figures"),
    ],
)
def test_the_verdict_counts_the_intervals(asked, area: str, says: str) -> None:
    assert says in how_sure.answer(asked(area)).message.finding


def test_marks_are_the_practices_with_both_figures_and_lines_run_over_them(asked) -> None:
    question = asked("essex")
    chart = one(correlation.answer(question).front, Chart)
    marks = [series for series in chart.series if not series.line]
    lines = [series for series in chart.series if series.line]
    # Seven places, and those at the edge.
    assert len({(series.colour, series.shape) for series in marks}) == len(marks) == 8
    assert marks[-1].name.startswith("Beyond the edge: F81006 25,088; F81121 14,882")
    codes = [code for series in marks for code in series.codes]
    known = question.practices["gp_fte_fully_qualified"].fillna(0) > 0
    assert sorted(codes) == sorted(question.practices.index[known])
    first = marks[0]
    practice = question.practices.loc[first.codes[0]]
    assert first.values[0] == pytest.approx(
        practice["patients"] / practice["gp_fte_fully_qualified"]
    )
    assert first.x[0] == pytest.approx(practice["imd_score"])
    # Lines are of the figures as they are, not of where the chart ends.
    real = question.practices.loc[codes]
    fit = stats.linregress(
        [x for series in marks for x in series.x], real["patients"] / real["gp_fte_fully_qualified"]
    )
    start, end = lines[0].x
    assert lines[0].values == pytest.approx(
        (fit.intercept + fit.slope * start, fit.intercept + fit.slope * end)
    )
    assert chart.reference == question.benchmark.value


def test_the_map_counts_each_practice_of_the_area_once(dataset: Dataset, asked) -> None:
    question = asked("thurrock", {"exclude": "true"})
    shown = one(section(correlation, question, "map"), MapBlock)
    content, legends, note = map_view(dataset, shown.spec, "test")
    assert sum(legends[0].counts or []) == len(question.practices) == 26
    drawn = [letter for letter in content["marks"]["letters"] if letter != "-"]
    assert len(drawn) == 26
    assert "thirds of this area's practices" in note


def test_a_practice_without_a_place_keeps_its_mark(asked) -> None:
    question = asked("thurrock")
    practices = question.practices.assign(place=None)
    values = compared_measures.asked(question)
    from pcs_dash.views.by_place import NOWHERE, place_series

    (only,) = place_series(practices, values.x_values, values.y_values)
    assert only.name == NOWHERE
    assert len(only.values) == 26


def test_three_coefficients_are_those_of_scipy(asked) -> None:
    question = asked("essex")
    table = one(section(correlation.VIEW, question, "coefficients"), Table)
    pair = compared_measures.asked(question)
    both = pd.DataFrame({"x": pair.x_values, "y": pair.y_values}).dropna()
    for name, method in (("spearmanr", 0), ("kendalltau", 1), ("pearsonr", 2)):
        expected = getattr(stats, name)(both["x"], both["y"]).statistic
        assert table.rows[method][1] == f"{expected:.2f}".replace("-", "−")
    # Two or three practices carry Pearson's r, so that no interval of it holds.
    assert [row[2] for row in table.rows][2] == "no interval"
    reasons = [block.said for block in section(correlation.VIEW, question, "coefficients")[1:2]]
    assert "fewer than 4 of the 204 practices carry the figure" in reasons[0]


def test_what_is_allowed_for_can_be_chosen(asked) -> None:
    said = one(section(correlation.VIEW, asked("essex"), "given"), Text).said
    assert said.finding.startswith("Once share aged 65 and over, hypertension, diabetes are")
    question = asked("essex", given="prev_ob")
    assert "Once obesity is" in one(section(correlation.VIEW, question, "given"), Text).said.finding
    nothing = section(correlation.VIEW, asked("essex", given=""), "given")
    assert nothing[0].kind == "info"


def test_influence_holds_every_practice_with_its_name(asked) -> None:
    question = asked("thurrock")
    table = one(section(correlation.VIEW, question, "influence"), Table)
    code = table.frame["code"].iloc[0]
    others = question.practices.drop(index=code)
    assert table.frame["coefficient_without"].iloc[0] == pytest.approx(by_hand(others))
    assert table.rows[0][1] == question.practices.loc[code, "practice_name"]
    assert set(table.frame["flagged"]) <= {"yes", "no"}
    assert table.file is not None
    assert table.file.index.name == "practice_code"


def test_one_practice_is_told_and_not_measured(asked) -> None:
    question = asked("redbridge-district")
    answer = correlation.answer(question)
    assert [figure.value for figure in answer.figures] == ["no figure", "1"]
    for part in answer.sections:
        assert flat(part.blocks(question))
    chart = one(answer.front, Chart)
    assert not any(series.line for series in chart.series)
