"""Every GeoPackage that the app writes opens in QGIS in the colours of its page."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from pcs_dash.hubs.contiguity import Neighbours
from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.measures import catchments
from pcs_dash.official.any_area import find_area
from pcs_dash.render.geo_files import plan_geopackage
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.answer import File
from pcs_dash.views.catchment_maps import HIDDEN_COLOUR, catchment_file
from pcs_dash.views.getting_there import VIEW
from pcs_dash.views.question import ask


@pytest.fixture(scope="module")
def written(
    dataset: Dataset, thurrock: pd.DataFrame, thurrock_neighbours: Neighbours,
    provenance: Provenance,
) -> dict[str, bytes]:  # fmt: skip
    plan = plan_from_column(thurrock, "pcn").unassign([thurrock.index[0]])
    model = catchments.modelled(dataset.practices, dataset.lsoas)
    rows = catchments.catchment_rows(model, ["F81110"], dataset.lsoas, threshold=5)
    asked = ask(dataset, find_area("Thurrock"), options={"around": "F81110"})
    reach = next(each for each in VIEW.answer(asked).sections if each.key == "reach")
    (steps,) = (block for block in reach.blocks(asked) if isinstance(block, File))
    return {
        "plan": plan_geopackage(plan, thurrock, provenance, neighbours=thurrock_neighbours),
        "catchment": catchment_file(rows, dataset.lsoas, thurrock.loc[["F81110"]], []),
        "steps": steps.made(),
    }


@pytest.mark.parametrize("name", ["plan", "catchment", "steps"])
def test_every_layer_is_coloured_by_a_field_it_has(
    written: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(written[name])
    drawn = {str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None}
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")
    assert set(styles.index) == drawn
    assert styles["useAsDefault"].all()
    for layer, text in styles["styleQML"].items():
        renderer = ElementTree.fromstring(text).find("renderer-v2")
        assert renderer is not None
        fields = gpd.read_file(path, layer=layer)[renderer.get("attr")]
        named = [each.get("value") for each in renderer.iter("category")]
        # What no category names has the colour of everything else, which only then is there.
        assert set(fields.dropna()) <= set(named) or "" in named
        assert ("" in named) or fields.notna().all()


def test_colours_are_those_of_the_page_and_few_patients_have_no_class(
    written: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(written["catchment"])
    layer = gpd.read_file(path, layer="catchment")
    assert (layer["share_class"].isna() == layer["share_per_cent"].isna()).all()
    assert layer["share_class"].isna().any()
    shown = layer.dropna(subset="share_class").set_index("share_class")["share_per_cent"]
    assert shown["5% to 10%"].between(5, 10).all()
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")
    red, green, blue = bytes.fromhex(HIDDEN_COLOUR[1:])
    assert f'v="{red},{green},{blue},255"' in styles.at["catchment", "styleQML"]


def test_there_is_one_writer_of_them() -> None:
    sources = {path: path.read_text("utf-8") for path in (ROOT / "pcs_dash").rglob("*.py")}
    writers = [path.name for path, text in sources.items() if "write_dataframe(" in text]
    assert writers == ["geopackage.py"]
