"""The glossary: plain, short, in order, and never at odds with methods or constants."""

from __future__ import annotations

import re

import pytest

from pcs_dash.hubs.rules import default_rules
from pcs_dash.measures.glossary import TERMS, Term, meaning
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.constants import IMPLAUSIBLE_PATIENTS_PER_FTE_GP, PATIENTS_PER_WTE_RULE
from pcs_dash.tables.paths import ROOT


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.word)
def test_each_is_short_and_a_sentence(term: Term) -> None:
    assert 20 < len(term.meaning) < 330
    assert term.meaning.endswith(".")
    assert meaning(term.word.upper()) == term.meaning


def test_no_word_stands_for_two_things() -> None:
    words = [word.casefold() for term in TERMS for word in (term.word, *term.also)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.word)
def test_its_numbers_are_those_of_the_methods(term: Term) -> None:
    methods = (ROOT / "docs" / "methods.md").read_text("utf-8")
    # What an LSOA is, and counting to a hundred, need no source there.
    known = {"LSOA": {"1,500"}, "Confidence interval": {"100", "95"}, "Practice": {"81110"}}
    for number in re.findall(r"\d[\d,]*(?:\.\d+)?", term.meaning):
        bare = number.strip(",")
        assert bare in known.get(term.word, set()) or re.search(
            rf"(?<![\d,]){re.escape(bare)}(?![\d])", methods
        ), bare


def test_thresholds_are_those_the_code_uses(dataset) -> None:
    assert f"{IMPLAUSIBLE_PATIENTS_PER_FTE_GP:,}" in meaning("Implausible FTE")
    assert f"{PATIENTS_PER_WTE_RULE:,}" in meaning("Benchmark")
    rules = {rule.name: rule for rule in default_rules(dataset.published)}
    assert f"{rules['Hub'].lower:,.0f}" in meaning("Hub")
    band = rules["PCN or locality"]
    assert f"{band.lower:,.0f} to {band.upper:,.0f}" in meaning("PCN")


def test_the_gp_definitions_are_all_explained() -> None:
    text = meaning("GP definitions").casefold()
    for definition in GP_DEFINITIONS.values():
        assert definition.label.casefold().split(" gps")[0] in text
