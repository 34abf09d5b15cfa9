"""How far the modelled length of the way lies from published road distances, in Essex.

    python -m benchmarks.travel_error IoD2019_barriers_underlying_indicators.csv.gz

The published one (IoD 2019) is the mean road distance to a GP surgery over an LSOA's people.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.measures.gravity import distance_km
from pcs_dash.tables.dataset import build_dataset
from pcs_dash.travel.minutes import factors, placed

PUBLISHED = "Road distance to a GP surgery indicator (km)"


def compared(published: pd.Series, straight: pd.Series, detour: float) -> dict[str, float]:
    """Both in km by LSOA: ratios of road over straight line, and the error of the model."""
    both = pd.concat([straight.rename("line"), published.rename("road")], axis=1, join="inner")
    both = both.dropna()
    ratio = both["road"] / both["line"]
    off = (detour * both["line"] - both["road"]).abs()
    far = both["line"] > 1
    return {
        "LSOAs": len(both),
        "r": both["road"].corr(both["line"]),
        "ratio, median": ratio.median(),
        "ratio, upper quartile": ratio.quantile(0.75),
        "ratio of sums, over 1 km": both.loc[far, "road"].sum() / both.loc[far, "line"].sum(),
        "ratio of sums, up to 1 km": both.loc[~far, "road"].sum() / both.loc[~far, "line"].sum(),
        "error in km, median": off.median(),
        "error over road, median": (off / both["road"]).median(),
        "error over road, nine in ten": (off / both["road"]).quantile(0.9),
    }


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("published", help="the file of the IoD 2019")
    path = parser.parse_args().published
    dataset = build_dataset()
    points, practices = placed(dataset), dataset.practices.dropna(subset=["easting"])
    line = pd.Series(distance_km(points, practices).min(axis=1), points.index)
    road = pd.read_csv(path, encoding="utf-8-sig").set_index("LSOA code (2011)")[PUBLISHED]
    for name, value in compared(road, line, factors()["detour"].central).items():
        print(f"{name:30}{value:10.3f}")


if __name__ == "__main__":
    main()
