"""Names are labels, codes are keys: one label for each group, and no label for two."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import pandas as pd


def name_key(name: str) -> str:
    """What makes two names the same: case, width and runs of spaces don't count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def labels_by_code(codes: pd.Series, names: pd.Series) -> pd.Series:
    """`names` with one label for each group; missing where a row has neither code nor name.

    A group is its code or, where a row has none, its name. Its label is the most frequent spelling
    of its name (the first in the alphabet of several), without a name the code. Groups of one name
    have their codes behind it: "GRAND UNION PCN (U09187)".
    """
    made = group_labels(_texts(codes), _texts(names))
    return pd.Series(made, index=names.index, name=names.name, dtype="str")


def group_labels(codes: Sequence[str], names: Sequence[str]) -> list[str | None]:
    """`labels_by_code` of plain texts, "" where missing."""
    pairs = list(zip(codes, names, strict=True))
    # No code has a space in front: a name never passes for one.
    groups = [code or (f" {name_key(name)}" if name else "") for code, name in pairs]
    spellings: dict[str, Counter[str]] = {group: Counter() for group in groups if group}
    for group, name in zip(groups, names, strict=True):
        if group and name:
            spellings[group][name] += 1
    label = {
        group: min(found, key=lambda name: (-found[name], name)) if found else group
        for group, found in spellings.items()
    }
    bearers = Counter(map(name_key, label.values()))
    for group, name in label.items():
        if bearers[name_key(name)] > 1:
            label[group] = f"{name} ({'no code' if group.startswith(' ') else group})"
    return [label.get(group) for group in groups]


def _texts(column: pd.Series) -> list[str]:
    """Texts without runs of spaces, "" where missing."""
    return ["" if pd.isna(value) else " ".join(str(value).split()) for value in column]
