"""The slides of the evidence pages and of the pages of official data, against raw figures."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pptx import Presentation
from pypdf import PdfReader

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.measures import catchments
from pcs_dash.measures.inequality import quintile_table
from pcs_dash.measures.specification import specification_curve
from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.render.report_files import make
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views import catchment_maps, places
from pcs_dash.views.answer import Chart, MapBlock, Table
from pcs_dash.views.as_data import answer_as_data
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Slide
from pcs_dash.views.map_spec import map_view
from pcs_dash.views.question import ask
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.story import SavedView, Story, ready_made

Make = Callable[..., Slide]
EVIDENCE = ("inequality", "pattern", "survives", "then_now", "plan_ahead")


def one(dataset: Dataset, topic: str, area: str = "Thurrock", **given: object) -> Slide:
    view = SavedView(page=VIEWS[topic].page, topic=topic, **given)  # type: ignore[arg-type]
    deck = build_deck(dataset, Story("One", (view,)), area=find_area(area))
    return deck.slides[0]


def block(slide: Slide, kind: type) -> object:
    return next(item for item in slide.blocks if isinstance(item, kind))


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "nothing"))


@pytest.fixture
def loaded(england_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))


@pytest.mark.parametrize("topic", EVIDENCE)
@pytest.mark.parametrize("area", ["Thurrock", "Essex", "redbridge-district"])
def test_every_evidence_slide_says_what_it_rests_on(
    dataset: Dataset, topic: str, area: str
) -> None:
    slide = one(dataset, topic, area)
    assert slide.message
    assert "31 December 2025" in slide.footer
    assert "Fully qualified GPs" in slide.footer
    assert any("Opens this view" in note for note in slide.notes)
    assert f"/{places.sheet_of(VIEWS[topic].page, topic).path}?" in slide.link


def test_bars_of_inequality_are_sums_over_sums_with_the_intervals_of_the_page(
    dataset: Dataset,
) -> None:
    own = find_area("Essex").select(dataset.practices)
    fte = own["gp_fte_permanent"].to_numpy(float)
    known = ~np.isnan(fte)
    mix = own[[f"imd2019_patients_quintile_{q}" for q in range(1, 6)]].to_numpy(float)
    weights = mix / mix.sum(axis=1, keepdims=True)
    patients = own["patients"].to_numpy(float)[:, None] * weights
    doctors = fte[:, None] * weights
    by_hand = patients[known].sum(axis=0) / doctors[known].sum(axis=0)
    slide = one(dataset, "inequality", "Essex", switches={"gp": "permanent", "imd": "2019"})
    chart = block(slide, Chart)
    assert isinstance(chart, Chart)
    assert chart.series[0].values == pytest.approx(tuple(by_hand), rel=0.02)
    table = quintile_table(own, definition="permanent", edition="2019").table
    assert chart.series[0].low == pytest.approx(tuple(table["patients_per_fte_gp_low"]))
    assert chart.bounds is not None
    assert chart.bounds[0] == 0
    assert chart.bounds[1] >= max(value for value in chart.series[0].high if value is not None)
    assert slide.figures[0] == ("Most deprived fifth", f"{chart.series[0].values[0]:,.0f}")


def test_a_place_of_one_practice_gets_a_sentence_instead_of_a_chart(dataset: Dataset) -> None:
    slide = one(dataset, "inequality", "redbridge-district")
    assert slide.blocks == ()
    assert "Choose a larger area" in slide.message


def test_the_clusters_follow_the_options(dataset: Dataset) -> None:
    by_practice = block(one(dataset, "pattern"), MapBlock)
    assert isinstance(by_practice, MapBlock)
    assert by_practice.spec.ground is None
    assert by_practice.spec.marks is not None
    by_lsoa = one(dataset, "pattern", options={"pattern": "deprivation", "statistic": "getis"})
    shown = block(by_lsoa, MapBlock)
    assert isinstance(shown, MapBlock)
    assert shown.spec.marks is None
    assert shown.spec.ground is not None
    assert "high values together" in shown.spec.ground.colours
    content, legends, note = map_view(dataset, shown.spec, "test")
    own = find_area("Thurrock").select(dataset.lsoas)
    assert sum(legends[0].counts or []) == len(own)
    assert "chance alone" in note
    assert len(content["fill"]["letters"]) == len(dataset.lsoas)


def test_every_way_of_measuring_is_a_dot(dataset: Dataset) -> None:
    slide = one(dataset, "survives")
    chart = block(slide, Chart)
    assert isinstance(chart, Chart)
    plain = specification_curve(find_area("Thurrock").select(dataset.practices))
    dots = sorted(
        value
        for series in chart.series
        if not series.line
        for value in series.values
        if value is not None
    )
    assert len(dots) == int(dict(slide.figures)["Ways of measuring"])
    # Raw lists are among them, the need-adjusted ones come on top.
    for value in plain["coefficient"].dropna():
        assert np.isclose(dots, value).any()


def test_then_and_now_is_of_thurrock_whatever_the_area(dataset: Dataset) -> None:
    here, there = one(dataset, "then_now"), one(dataset, "then_now", "Harlow (district)")
    assert here.message == there.message
    assert here.figures == there.figures
    own = find_area("Thurrock").select(dataset.practices)
    both = own[["imd_score"]].assign(y=own["patients"] / own["gp_fte_fully_qualified"])
    both = both.replace([np.inf, -np.inf], np.nan).dropna()
    rho = float(np.corrcoef(both["imd_score"].rank(), both["y"].rank())[0, 1])
    assert dict(here.figures)["Spearman's rho, Thurrock"] == f"{rho:.2f}"
    # A slide has room for a few figures: those that can be compared, and what changed most.
    table = block(here, Table)
    assert isinstance(table, Table)
    rows = [(alike, *(float(re.sub("[,%]| .*", "", cell)) for cell in (then, now)))
            for name, then, now, alike in table.rows if "rank" not in name]  # fmt: skip
    apart = [
        ("yes no".index(alike), -max(now, then) / (min(now, then) or 1e-9))
        for alike, then, now in rows
    ]
    # What is written is rounded.
    assert [one for one, _ in apart] == sorted(one for one, _ in apart)
    others = [by for one, by in apart if one]
    assert all(by <= 0.95 * after for by, after in pairwise(others))


# --- official data ------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["england", "lists"])
def test_what_is_not_loaded_is_said_with_the_view_and_where_to_load_it(
    dataset: Dataset, topic: str
) -> None:
    with pytest.raises(UserError, match=r"View 1 of the story 'One'.*Data and methods"):
        one(dataset, topic)


def test_a_catchment_without_registrations_is_called_modelled(dataset: Dataset) -> None:
    slide = one(dataset, "catchment")
    assert slide.heading.endswith("(modelled)")
    assert slide.message.startswith("Modelled: ")
    assert "modelled" in slide.footer
    shown = block(slide, MapBlock)
    assert isinstance(shown, MapBlock)
    assert shown.spec.ground is not None
    assert shown.spec.ground.title.endswith("(modelled)")


@pytest.mark.usefixtures("loaded")
def test_the_catchment_is_that_of_the_published_file(dataset: Dataset, official: Path) -> None:
    code = "F81010"
    slide = one(
        dataset, "catchment",
        options={"whose": catchments.PRACTICE, "practice": code},
    )  # fmt: skip
    own: dict[str, int] = defaultdict(int)
    all_there: dict[str, int] = defaultdict(int)
    named = "registrations/gp-reg-pat-prac-lsoa-all-2023-07.csv.gz"
    with gzip.open(official / named, "rt", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            count = int(row["NUMBER_OF_PATIENTS"])
            all_there[row["LSOA_CODE"]] += count
            if row["PRACTICE_CODE"] == code:
                own[row["LSOA_CODE"]] += count
    assert dict(slide.figures)["Patients"] == f"{sum(own.values()):,}"
    table = block(slide, Table)
    assert isinstance(table, Table)
    names = dataset.lsoas["lsoa11nm"]
    for name, patients, share, *_ in table.rows:
        # Beyond the embedded area an LSOA has only its code, and who else lives there is not kept.
        known = names.index[names == name]
        lsoa = known[0] if len(known) else name
        assert patients == f"{own[lsoa]:,}"
        there = f"{100 * own[lsoa] / all_there[lsoa]:.0f}%"
        assert share == (there if len(known) else "no figure")
        assert own[lsoa] >= 5


@pytest.mark.parametrize("what", catchment_maps.MAPS)
@pytest.mark.parametrize("whose", [catchments.PCN, catchments.HUB])
@pytest.mark.usefixtures("loaded")
def test_every_catchment_map_is_drawn(dataset: Dataset, what: str, whose: str) -> None:
    slide = one(
        dataset, "catchment", plan=plan_from_column(dataset.practices, "pcn"),
        options={"whose": whose, "catchment-map": what},
    )  # fmt: skip
    shown = block(slide, MapBlock)
    assert isinstance(shown, MapBlock)
    content, legends, _ = map_view(dataset, shown.spec, "test")
    assert legends
    assert sum(legends[0].counts or []) > 0
    assert len(content["marks"]["letters"]) == len(dataset.practices)


@pytest.mark.usefixtures("loaded")
def test_list_sizes_are_those_of_the_files(dataset: Dataset, official: Path) -> None:
    slide = one(
        dataset, "lists",
        options={"trend-by": "Practice", "trend-in": "Patients", "trend-to": "January 2026"},
    )  # fmt: skip
    sums = {}
    codes = set(find_area("Thurrock").select(dataset.practices).index)
    for month in ("2025-05", "2026-01"):
        name = f"registrations/gp-reg-pat-prac-all-{month}.csv.gz"
        with gzip.open(official / name, "rt", encoding="utf-8-sig") as stream:
            sums[month] = {
                row["CODE"]: int(row["NUMBER_OF_PATIENTS"])
                for row in csv.DictReader(stream)
                if row["CODE"] in codes
            }
    whole = {month: sum(lists.values()) for month, lists in sums.items()}
    change = whole["2026-01"] - whole["2025-05"]
    assert dict(slide.figures)["Patients, Jan 2026"] == f"{whole['2026-01']:,}"
    assert dict(slide.figures)["Change"] == f"{change:+,}".replace("-", "−")
    chart = block(slide, Chart)
    assert isinstance(chart, Chart)
    for name, value in zip(chart.categories, chart.series[0].values, strict=True):
        code = name.rpartition("(")[2].rstrip(")")
        assert value == sums["2026-01"][code] - sums["2025-05"][code]


@pytest.mark.usefixtures("loaded")
def test_the_measure_of_quality_follows_the_options(dataset: Dataset) -> None:
    rating = one(dataset, "quality")
    assert "CQC rating" in rating.heading
    assert isinstance(rating.blocks[1], Table)
    points = one(dataset, "quality", options={"quality": "qof_per_cent"})
    assert "QOF achievement" in points.message
    assert "QOF achievement, 2022-23" in points.footer
    assert isinstance(points.blocks[1], Chart)


@pytest.mark.usefixtures("loaded")
def test_england_marks_the_area_and_ranks_it(dataset: Dataset) -> None:
    slide = one(
        dataset, "england", "Mid and South Essex",
        options={"england-measure": "patients_per_practice"},
    )  # fmt: skip
    assert slide.heading == "England: patients per practice"
    shown = block(slide, MapBlock)
    assert isinstance(shown, MapBlock)
    content, legends, _ = map_view(dataset, shown.spec, "test")
    assert sum(legends[0].counts or []) == 42
    assert len(content["fill"]["letters"]) == 42
    chart = block(slide, Chart)
    assert isinstance(chart, Chart)
    place = chart.categories.index("Mid and South Essex")
    assert chart.series[0].colours[place] != chart.series[0].colours[0]
    values = chart.series[0].values
    assert list(values) == sorted((v for v in values if v is not None), reverse=True)


@pytest.mark.parametrize(
    "topic", ["england", "catchment", "lists", "quality", "options", "hubs", "where"]
)
@pytest.mark.usefixtures("loaded")
def test_a_loaded_area_without_gp_figures_has_its_slides(topic: str) -> None:
    area = find_area("icb-qks")
    own = dataset_for(area)
    view = SavedView(page=VIEWS[topic].page, topic=topic, area=area.key)
    if topic == "where":
        with pytest.raises(UserError, match="No GP figures"):
            build_deck(own, Story("One", (view,)), area=area)
        return
    deck = build_deck(own, Story("One", (view,)), area=area)
    assert deck.slides[0].message
    assert "31 December 2025" not in deck.slides[0].footer


@pytest.mark.usefixtures("loaded")
def test_the_ready_made_story_without_gp_figures_is_of_what_there_is() -> None:
    area = find_area("icb-qks")
    own = dataset_for(area)
    story = ready_made(area, has_gps=own.has_gps)
    assert [view.topic for view in story.views] == ["deprivation", "options", "hubs"]
    deck = build_deck(own, story, area=area)
    assert all(slide.message for slide in deck.slides[: len(story.views)])
    assert len(ready_made(area).views) == 9


@pytest.mark.parametrize("kind", [".pptx", ".pdf"])
@pytest.mark.usefixtures("loaded")
def test_paper_of_what_has_no_boundaries_and_of_answers_without_a_picture(kind: str) -> None:
    """Practices are drawn where outlines are not loaded; without minutes there are words alone."""
    area = find_area("icb-qks")
    loaded = dataset_for(area)
    own = replace(loaded, lsoas=loaded.lsoas.assign(geometry=None))
    views = (
        SavedView(page=VIEWS[topic].page, topic=topic, area=area.key)
        for topic in ("deprivation", "getting_there", "options", "quality")
    )
    deck = build_deck(own, Story("Without boundaries", tuple(views)), area=area)
    assert deck.slides[1].blocks == ()
    made = io.BytesIO(make(deck, kind))
    if kind == ".pptx":
        told = ["\n".join(shape.text_frame.text for shape in page.shapes if shape.has_text_frame)
                for page in Presentation(made).slides]  # fmt: skip
    else:
        told = [page.extract_text() for page in PdfReader(made).pages]
    assert sum("No minutes are known" in text for text in told) == 1
    assert len(told) >= 1 + len(deck.slides)


# Refused where there is nothing at all to say.
NEED_FILES = ("plan_ahead", "similar", "staff")


@pytest.mark.parametrize("topic", sorted(set(VIEWS) - set(NEED_FILES)))
@pytest.mark.usefixtures("loaded")
def test_without_gp_figures_nothing_is_counted_of_them(topic: str) -> None:
    """Not "0 of 0 practices", and not 0.0 more GPs: in no sentence, table or alt text."""
    area, view = find_area("icb-qks"), VIEWS[topic]
    question = ask(dataset_for(area), area)
    told = json.dumps(answer_as_data(view, question, view.answer(question)), ensure_ascii=False)
    assert not re.findall(r".{30}\b(?:0 of 0|0\.0 (?:more )?FTE|0 practices with|nan)\b.{30}", told)
