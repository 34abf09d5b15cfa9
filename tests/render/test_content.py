"""What the slides say, against figures computed from the definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pcs_dash.measures.correlation import correlate_practices
from pcs_dash.measures.words import correlation_words
from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Bullets, Chart, MapBlock, Table
from pcs_dash.views.content import build_deck
from pcs_dash.views.costs import option_rows
from pcs_dash.views.deck import Deck
from pcs_dash.views.question import ask
from pcs_dash.views.story import SavedView, Story, ready_made

from .conftest import MADE


def cell(table: Table, row: str, column: int = 1) -> str:
    return next(cells for cells in table.rows if cells[0] == row)[column]


def table_of(deck: Deck, slide: int) -> Table:
    return next(block for block in deck.slides[slide].blocks if isinstance(block, Table))


def test_key_figures_are_sums_over_sums(dataset: Dataset, deck: Deck) -> None:
    own = dataset.practices[dataset.practices["sub_icb_code"] == "07G"]
    patients, fte = own["patients"].to_numpy(float), own["gp_fte_fully_qualified"].to_numpy(float)
    known = ~np.isnan(fte)
    ratio = patients[known].sum() / fte[known].sum()
    table = table_of(deck, 0)
    assert cell(table, "Patients per FTE GP") == f"{ratio:,.0f}"
    assert cell(table, "Patients") == f"{patients.sum():,.0f}"
    assert cell(table, "FTE GPs to add to reach it") == (
        f"{patients[known].sum() / 2258 - fte[known].sum():+.1f}"
    )
    above = (patients[known] / fte[known] > 2258).sum()
    assert cell(table, "Practices above the benchmark") == f"{above} of {known.sum()}"


@pytest.mark.parametrize("definition", ["all", "permanent", "fully_qualified"])
def test_options_cost_and_gain_by_the_definition(dataset: Dataset, definition: str) -> None:
    settings = ask(dataset, find_area("Southend"), {"gp": definition})
    own = settings.practices
    fte, patients = own[f"gp_fte_{definition}"], own["patients"]
    found = option_rows(settings)
    assert ("England" in found.index) == (definition == "fully_qualified")
    for option, row in found.iterrows():
        gap = (patients / row["benchmark"] - fte).dropna()
        assert row["net"] == pytest.approx(gap.sum()), option
        assert row["gross"] == pytest.approx(gap[gap > 0].sum())
        assert row["helped"] == (gap > 0).sum()
        assert row["patients"] == patients[gap.index][gap > 0].sum()
        assert (row["space_low"], row["space_high"]) == (
            pytest.approx(80 * row["gross"]),
            pytest.approx(100 * row["gross"]),
        )
        # Nobody is above the benchmark once the gross addition is made.
        after = patients / np.maximum(fte, patients / row["benchmark"])
        assert (after.dropna() <= row["benchmark"] * 1.000001).all()


def test_every_slide_has_source_period_definition_notes_and_link(deck: Deck) -> None:
    for slide in deck.slides[:-1]:
        assert "31 December 2025" in slide.footer
        assert "Fully qualified GPs" in slide.footer
        assert "area=thurrock" in slide.link
        notes = "\n".join(slide.notes)
        assert "GPs counted: Fully qualified GPs" in notes
        assert slide.link in notes
    last = table_of(deck, -1)
    terms = {row[0] for row in last.rows}
    assert {"GPs counted", "Benchmark", "Rules"} <= terms
    rules = next(row[1] for row in last.rows if row[0] == "Rules")
    assert all(name in rules for name in ("Hub", "PCN or locality"))


def test_the_presenter_s_words_and_highlight_are_kept(deck: Deck) -> None:
    assert deck.slides[0].text == "A line of <b>my own</b>"
    first = deck.slides[0].blocks[0]
    assert isinstance(first, MapBlock)
    assert first.spec.highlight == "F81010"


def test_the_plan_stands_beside_today_s_pcns(deck: Deck) -> None:
    table = table_of(deck, 5)
    assert table.columns == ("Measure", "Today's PCNs", "<i>Mine</i> & $more$")
    assert cell(table, "Practices in no group", 2) == "3 of 26"
    hubs = table_of(deck, 6)
    own = deck.question.practices
    shown = [int(row[2].replace(",", "")) for row in hubs.rows]
    assert sum(shown) == own["patients"].sum()
    assert hubs.rows[-1][0] == "In no group"


def test_no_claim_goes_beyond_its_interval(dataset: Dataset) -> None:
    for name in ("Thurrock", "Southend"):
        area = find_area(name)
        deck = build_deck(dataset, ready_made(area), area=area, made=MADE)
        said = deck.slides[3].message
        assert "no evidence of an association" in said
        assert "That is not the same as evidence of none" in said
        asked = deck.slides[8].blocks[0]
        assert isinstance(asked, Bullets)
        assert any("no evidence" in item for item in asked.items)


@pytest.mark.parametrize(
    "name", ["Essex", "Southend-on-Sea (district)", "Redbridge", "Uttlesford", "Maldon"]
)
def test_any_area_makes_a_report(dataset: Dataset, name: str) -> None:
    area = find_area(name)
    deck = build_deck(dataset, ready_made(area), area=area, made=MADE)
    assert len(deck.slides) == 10
    for slide in deck.slides:
        for block in slide.blocks:
            if isinstance(block, Table):
                assert all(len(row) == len(block.columns) for row in block.rows)
                said = {word for row in block.rows for text in row for word in text.split()}
                assert not said & {"nan", "inf", "None", "<NA>", "nan%"}
        assert not {"nan", "inf", "nan%"} & set(slide.message.split())


def test_switches_change_every_figure(dataset: Dataset) -> None:
    area = find_area("Basildon and Brentwood")
    switches = {"gp": "All GPs", "imd": "IMD 2019", "benchmark": "own", "own": "2000",
                "exclude": "true"}  # fmt: skip
    deck = build_deck(dataset, ready_made(area, switches=switches), area=area, made=MADE)
    own = dataset.practices[dataset.practices["sub_icb_code"] == "99E"]
    kept = own[~own["flag_low_fte"] & own["gp_fte_all"].notna()]
    assert len(kept) < len(own)
    ratio = kept["patients"].sum() / kept["gp_fte_all"].sum()
    assert cell(table_of(deck, 0), "Patients per FTE GP") == f"{ratio:,.0f}"
    assert "left out" in deck.slides[0].footer
    assert "IMD 2019" in deck.slides[2].footer
    assert any(term == "Left out" for term, _ in deck.definitions)


@pytest.mark.parametrize(
    ("switches", "says"),
    [
        ({"gp": "half"}, "no GP definition 'half'"),
        ({"imd": "2030"}, "no IMD edition"),
        ({"benchmark": "moon"}, "no benchmark 'moon'"),
        ({"benchmark": "england", "gp": "all"}, "no benchmark 'england' for all GPs"),
        ({"benchmark": "own", "own": "many"}, "no number"),
        ({"benchmark": "own", "own": "nan"}, "can't be right"),
        ({"exclude": "perhaps"}, "true or false"),
    ],
)
def test_a_switch_that_names_nothing_is_told_with_its_view(
    dataset: Dataset, switches: dict[str, str], says: str
) -> None:
    story = Story("Mine", (SavedView(), SavedView(switches=switches)))
    with pytest.raises(UserError, match=f"^View 2 of the story 'Mine': .*{says}"):
        build_deck(dataset, story, area=find_area("Thurrock"), made=MADE)


def test_a_story_without_views_still_states_its_terms(dataset: Dataset) -> None:
    deck = build_deck(dataset, Story("Empty"), area=find_area("Thurrock"), made=MADE)
    assert [slide.heading for slide in deck.slides] == ["Definitions, rules and sources"]


@pytest.mark.parametrize(
    "key",
    ["icb-qks", "icb-qh8", "sub-icb-91q", "district-e07000107", "district-e07000107+e07000109"],
)
def test_slides_of_official_data_for_loaded_areas(
    key: str, england_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))
    area = find_area(key)
    story = Story("Lists", tuple(SavedView(topic=topic) for topic in ("lists", "catchment")))
    deck = build_deck(dataset_for(area), story, area=area, made=MADE)
    assert deck.slides[0].message.startswith(
        f"From May 2025 to March 2026 the lists of {area.name} grew by"
    )
    assert "80% of the patients of" in deck.slides[1].message


def test_the_correlation_follows_what_its_page_was_asked(dataset: Dataset) -> None:
    area = find_area("essex")
    chosen = {"x": "imd2019_share_quintile_1", "y": "nurse_fte_per_10000", "weighted": "true"}
    view = SavedView(page="correlation", area="essex", options=chosen)
    slide = build_deck(dataset, Story("S", (view,)), area=area).slides[0]
    said = correlation_words(
        correlate_practices(
            area.select(dataset.practices), chosen["x"], chosen["y"], weighted=True
        ),
        place="Essex",
        x=chosen["x"],
        y=chosen["y"],
        date=dataset.workforce_period,
    )
    assert slide.message == f"{said.finding} {said.caution}".strip()
    chart = slide.blocks[0]
    assert isinstance(chart, Chart)
    assert chart.value_title == "FTE nurses per 10,000 patients"
    assert slide.figures[0][0] == "Weighted Spearman's rho"
    assert "weighted=true" in slide.link


def test_what_the_correlation_does_not_know_is_what_it_begins_with(dataset: Dataset) -> None:
    area = find_area("essex")
    views = (
        SavedView(page="correlation", options={"x": "nothing", "y": "imd_score"}),
        SavedView(page="correlation"),
    )
    deck = build_deck(dataset, Story("S", views), area=area)
    assert deck.slides[0].message == deck.slides[1].message
