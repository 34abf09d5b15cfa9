"""The tables that an area is in: the embedded ones, or those of the official data loaded."""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd

from pcs_dash.official.area_dataset import dataset_of, listed_practices, practices_of
from pcs_dash.official.loaded_areas import (
    OfficialArea,
    find_large_area,
    find_loaded_area,
    loaded_areas,
    near_names,
    plain_name,
)
from pcs_dash.tables.areas import Area, all_areas, embedded_area, slug
from pcs_dash.tables.dataset import Dataset, build_dataset, build_practices
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.sources import WORKFORCE_PERIOD


def dataset_for(area: Area) -> Dataset:
    """The data set that holds an area; UserError where the loaded data can't be read."""
    if isinstance(area, OfficialArea):
        return dataset_of(area)
    return build_dataset()


def practices_for(area: Area) -> tuple[pd.DataFrame, str]:
    """The practices of that data set (of all Essex, or of whole ICBs), and the period of their
    GP figures; quicker than `dataset_for` for an embedded area.
    """
    if isinstance(area, OfficialArea):
        return practices_of(area)
    return build_practices()[0], WORKFORCE_PERIOD


def every_practice() -> pd.DataFrame:
    """Every practice that is known, with names, networks and places: the embedded ones and, where
    they are loaded, those of all England.
    """
    embedded = build_practices()[0]
    loaded = listed_practices()
    return pd.concat([embedded, loaded[~loaded.index.isin(embedded.index)]])


def find_area(text: str) -> Area:
    """The area of that name, label or key; case does not matter, `&` is `and`.

    An embedded area wins over a loaded one, which its key (`icb-qh8`) or label names. Raises
    UserError, which lists the names, when there is none.
    """
    embedded = embedded_area(text)
    if embedded is not None:
        return embedded
    loaded = find_loaded_area(text)
    if loaded is not None:
        return loaded
    if find_large_area(text) is not None:
        raise UserError(
            f"{text.strip()} is too large for this. The page 'England' shows it by area; figures "
            f'of it as a whole: `python -m pcs_dash metrics --area "{text.strip()}"`. Here, '
            "choose an ICB, a sub-ICB location, districts or a set of them ('A + B')."
        )
    if "+" in text or ";" in text:
        raise UserError(
            f"There is no set of areas called '{text}'. Join names or keys of one kind of the "
            "data loaded, such as 'Castle Point + Basildon'; without official data "
            "(`python -m pcs_dash update`) there are single areas only."
        )
    near = near_names(text)
    meant = f" Did you mean, of the data loaded: {'; '.join(near)}?" if near else ""
    names = ", ".join(dict.fromkeys(area.name for area in all_areas()))
    raise UserError(f"There is no area called '{text}'.{meant} Choose one of: {names}.")


def near_areas(text: str, most: int = 6) -> list[Area]:
    """The areas whose names hold the text, then those whose names are spelt most like it."""
    areas = (*all_areas(), *loaded_areas())
    wanted = plain_name(text.replace("-", " "))
    holding = [area for area in areas if wanted and wanted in plain_name(area.name)]
    names = list(dict.fromkeys(plain_name(area.name) for area in areas))
    spelt = get_close_matches(wanted, names, n=most, cutoff=0)
    like = sorted(
        (area for area in areas if plain_name(area.name) in spelt),
        key=lambda area: spelt.index(plain_name(area.name)),
    )
    return list(dict.fromkeys([*holding, *like]))[:most]


def find_any_area(text: str) -> Area:
    """As `find_area`, England and the regions of the data loaded too: for figures of a whole,
    where no map of single LSOAs has to be drawn.
    """
    if slug(text) not in {area.key for area in all_areas()}:
        large = find_large_area(text)
        if large is not None:
            return large
    return find_area(text)
