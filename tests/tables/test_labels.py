"""A group is its code: spellings are one, namesakes are two, and no label stands for both."""

from __future__ import annotations

import pandas as pd

from pcs_dash.tables.labels import labels_by_code


def labels(*rows: tuple[str | None, str | None]) -> list[str | None]:
    table = pd.DataFrame(rows, columns=["code", "name"], dtype="str")
    made = labels_by_code(table["code"], table["name"])
    assert made.name == "name"
    return made.astype(object).where(made.notna(), None).tolist()


def test_spellings_of_one_code_are_one() -> None:
    assert labels(
        ("U12553", "Aegros Health Pcn"), ("U12553", "AEGROS HEALTH PCN"),
        ("U12553", "AEGROS  HEALTH PCN "),
    ) == ["AEGROS HEALTH PCN"] * 3  # fmt: skip


def test_two_codes_of_one_name_are_two() -> None:
    assert labels(("U41025", "GRAND UNION PCN"), ("U09187", "Grand Union PCN")) == [
        "GRAND UNION PCN (U41025)",
        "Grand Union PCN (U09187)",
    ]


def test_without_a_code_the_name_is_the_key() -> None:
    assert labels((None, "Stour Estuary"), (None, "STOUR  ESTUARY"), (None, None), (None, " ")) == [
        "STOUR ESTUARY", "STOUR ESTUARY", None, None,
    ]  # fmt: skip
    assert labels((None, "Grays"), ("U68127", "GRAYS")) == ["Grays (no code)", "GRAYS (U68127)"]


def test_without_a_name_the_code_is_the_label() -> None:
    assert labels(("U1", None), ("U2", "North"), ("U1", None)) == ["U1", "North", "U1"]


def test_nothing_is_no_group() -> None:
    assert labels() == []
    assert labels((None, None)) == [None]
