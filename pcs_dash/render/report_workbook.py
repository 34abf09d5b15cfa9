"""The tables of a report as an Excel workbook: measures by place, district, PCN and practice, the
plan's hubs, options, definitions, rules and sources.

Figures are numbers with a format, not text; text is text even where it looks like a formula.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from pcs_dash.hubs.plan import UNASSIGNED, plan_from_column
from pcs_dash.hubs.summary import summarise_hubs, verdict_column
from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import QUINTILE_LABELS, group_quintile_shares
from pcs_dash.measures.register import HUB_MEASURES, PER_GP, REGISTER, Measure, own
from pcs_dash.measures.workforce import GP_DEFINITIONS, summarise
from pcs_dash.render.column_labels import BOUND
from pcs_dash.render.hub_colours import as_wide_as_a_page, mark_hubs
from pcs_dash.render.paper_text import printable
from pcs_dash.scenarios.project import FIGURES, OTHERS
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.travel.minutes import LIMITS
from pcs_dash.views import getting_there, plan_ahead
from pcs_dash.views.costs import NOT_IN_THE_DATA, option_rows
from pcs_dash.views.deck import Deck, Slide, sources, views_text
from pcs_dash.views.practices import practice_rows
from pcs_dash.views.question import Question
from pcs_dash.views.report_links import LONGEST_IN_OFFICE
from pcs_dash.views.team import staff_label

Rows = list[tuple[object, ...]]
_HEAD = Font(name="Arial", size=11, bold=True, color="FFFFFF")
_BODY = Font(name="Arial", size=11)
_BOLD = Font(name="Arial", size=11, bold=True)
_TITLE = Font(name="Arial", size=16, bold=True)
_BLUE = PatternFill("solid", fgColor="005EB8")
_WHOLE, _TWO, _SHARE, _SIGNED = "#,##0", "#,##0.00", "0.0%", REGISTER["fte_gap"].number_format

# Columns of `workforce.summarise` in the order shown.
_KEYS = (
    "practices", "patients", "practices_without_fte", "patients_in_ratio", "fte_gp",
    "patients_per_fte_gp", "gps_per_1000", "gps_per_10000", "fte_gap", "below_4500",
    "below_2_5_wte", "single_handed", "share_gps_55_plus", "share_gps_60_plus", "nurse_fte",
    "practices_without_nurse_figure", "direct_care_fte", "practices_without_direct_care_figure",
    "flagged_low_fte", "imd_score",
)  # fmt: skip
# Figures of the years ahead, each with both ends.
_BANDED = tuple(name + end for name in FIGURES for end in ("", "_low", "_high"))
_LONG = ("fte_gap", "nurse_fte", "direct_care_fte", "imd_score")


def _heading(key: str) -> str:
    measure = REGISTER[key]
    note = " (all GPs)" if measure.unit == "share" else ""
    return f"{measure.long if key in _LONG else measure.label}{note}"


def to_xlsx(deck: Deck) -> bytes:
    """The workbook's bytes. Sheets: About, Places, Districts, PCNs, Practices, Hubs, Plan, Options,
    Definitions, Rules, Sources; with a plan ahead also What happens, Years
    ahead and Assumptions, with minutes Getting there. A missing figure is an empty cell, never 0.
    """
    book = Workbook()
    about = book.active
    assert about is not None
    _about(about, deck)
    practices = deck.question.practices
    for title, column, head in (
        ("Places", "place", "Sub-ICB place"),
        ("Districts", "district", "District"),
        ("PCNs", "pcn", "PCN"),
    ):
        keys = practices[column].astype(object).where(practices[column].notna(), "No PCN")
        _measures(book, deck, title, head, keys)
    _practices(book, deck)
    names = practices["practice_name"]
    plan = deck.plan if deck.plan is not None else plan_from_column(practices, "pcn")
    name = deck.plan_name or ("The plan" if deck.plan is not None else "Today's PCNs")
    _hubs(book, deck, plan, name)
    _sheet(
        book,
        "Plan",
        f"{name}: which practice belongs to which hub",
        ["Practice code", "Practice", "Hub"],
        [
            (code, names[str(code)], None if pd.isna(hub) else hub)
            for code, hub in plan.to_series(practices.index).items()
        ],
    )
    colours = {_shown(hub.name): hub.colour for hub in plan.hubs}
    for sheet in ("Hubs", "Plan"):
        mark_hubs(book[sheet], 3, "Hub", colours)
    _options(book, deck)
    _years_ahead(book, deck)
    _getting_there(book, deck)
    _sheet(book, "Definitions", "What the words mean", ["Term", "Meaning"], _definitions(deck))
    _rules(book, deck)
    _sheet(
        book, "Sources", "Where the figures come from",
        ["Title", "Publisher", "Period", "Licence"], sources(),
    )  # fmt: skip
    book.properties.creator = "pcs_dash"
    book.properties.title = printable(deck.title)
    book.properties.created = datetime(deck.made.year, deck.made.month, deck.made.day)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _options(book: Workbook, deck: Deck) -> None:
    options = option_rows(deck.question).reset_index()
    _sheet(
        book,
        "Options",
        f"What reaching each benchmark costs and gains. {NOT_IN_THE_DATA}",
        [
            "Option",
            PER_GP.label,
            "FTE GPs to add over the whole area",
            "FTE GPs to add so that no practice is above it",
            f"{PER_GP.label} then",
            "Practices that gain",
            "Patients there",
            "Space, m², from",
            "Space, m², to",
        ],
        options.itertuples(index=False, name=None),
        [None, _WHOLE, _SIGNED, _SIGNED, _WHOLE, _WHOLE, _WHOLE, _WHOLE, _WHOLE],
    )


def _slides_of(deck: Deck, key: str) -> list[tuple[Slide, Question]]:
    """The slides of a view, the first of each time it is shown, and what it is asked there."""
    told: dict[int, tuple[Slide, Question]] = {}
    for slide in deck.slides:
        if slide.view is not None and slide.view.topic == key and slide.question:
            told.setdefault(id(slide.view), (slide, slide.question))
    return list(told.values())


def _getting_there(book: Workbook, deck: Deck) -> None:
    """The minutes of each slide of them, by quintile, place and district."""
    rows = Rows()
    for slide, question in _slides_of(deck, getting_there.VIEW.key):
        label, table = getting_there.for_workbook(question)
        rows += [(slide.heading, label, *row) for row in table.itertuples(index=False, name=None)]
    if not rows:
        return
    limits = [
        head for limit in LIMITS for head in (f"Beyond {limit} minutes", f"Share beyond {limit}")
    ]
    _sheet(
        book, "Getting there", "Minutes to a practice, summed over registered patients",
        ["Slide", "Minutes", "By", "Group", "Patients", "Patients without minutes",
         "Half within, minutes", "Nine in ten within, minutes", *limits],
        rows,
        [*[None] * 4, _WHOLE, _WHOLE, "0.0", "0.0", *(_WHOLE, "0%") * len(LIMITS)],
    )  # fmt: skip


def _years_ahead(book: Workbook, deck: Deck) -> None:
    """What each plan ahead of the story takes to happen, its figures by year, what it assumes."""
    told = _slides_of(deck, plan_ahead.VIEW.key)
    if not told:
        return
    happens, years, assumed, sites = Rows(), Rows(), Rows(), Rows()
    for slide, question in told:
        said, figures, assumptions, premises = plan_ahead.for_workbook(question)
        happens += [(slide.heading, sentence) for sentence in said]
        figures = figures[["case", "year", "group", "practices", *_BANDED, *OTHERS]]
        for rows, table in ((years, figures), (assumed, assumptions), (sites, premises)):
            rows += [(slide.heading, *row) for row in table.itertuples(index=False, name=None)]
    _sheet(book, "What happens", "What is taken to happen", ["Slide", "Change"], happens)
    _sheet(
        book, "Years ahead", "Low and high: 95% of the draws, in which other staff don't vary",
        ["Slide", "Case", "Year", "Area", REGISTER["practices"].label,
         *(head for name in FIGURES for head in (REGISTER[name].label, "Low", "High")),
         *map(staff_label, OTHERS)],
        years,
        [*[None] * 4, _WHOLE, *(form for form in (_WHOLE, "0.0", _WHOLE) for _ in range(3)),
         *["0.0"] * len(OTHERS)],
    )  # fmt: skip
    _sheet(
        book, "Assumptions", "What the years ahead rest on",
        ["Slide", "Assumption", "Of", "Low", "Central", "High", "Unit", "Typed in", "Source"],
        assumed,
        [None, None, None, _TWO, _TWO, _TWO],
    )  # fmt: skip
    if sites:
        _sheet(
            book, "Sites", "Who has the premises of practices that merge or close, from which year",
            ["Slide", "Year", "Premises of", "Are a site of"],
            sites,
        )  # fmt: skip


def _rules(book: Workbook, deck: Deck) -> None:
    _sheet(
        book,
        "Rules",
        "Rules that the hubs are judged by",
        ["Rule", "Measure", "At least", "At most", "Unit", "Source", "Date", "On"],
        [
            (r.name, r.measure, r.lower, r.upper, r.unit, r.source, r.date, "yes" if r.on else "no")
            for r in deck.rules
        ],
        [None, None, BOUND, BOUND],
    )


def _definitions(deck: Deck) -> list[tuple[str, str]]:
    found = list(deck.definitions)
    found += [
        (f"GP definition: {item.label}", f"{item.meaning} ({item.source_column})")
        for item in GP_DEFINITIONS.values()
    ]
    found += [(f"Hubs: {item.label}", item.definition) for item in HUB_MEASURES.values()]
    return found


def _about(sheet: Any, deck: Deck) -> None:
    sheet.title = "About"
    question, held = deck.question, deck.question.benchmark
    of = f" ({held.period})" if held.period else ""
    lines = (
        ("Area", question.area.title),
        ("Made", deck.made_text),
        ("Data", question.basis),
        ("GP definition", f"{question.definition.label}: {question.definition.meaning}"),
        ("Benchmark", f"{held.label}, {numbers.number(held.value)} patients per FTE GP{of}"),
        ("Deprivation", f"IMD {question.edition}"),
        ("Plan", deck.plan_name or ("given" if deck.plan is not None else "Today's PCNs")),
        ("Rules", "; ".join(rule.label for rule in deck.rules if rule.on)),
        ("Opens in the app", deck.link),
        ("Opens the whole story", deck.story_link or "The story is too long for a link."),
        *_other_bases(deck),
        ("Missing figures", "An empty cell is a missing figure, never 0."),
        ("Attribution", ATTRIBUTION),
    )
    _text(sheet.cell(1, 1), deck.title, _TITLE)
    for row, (term, meaning) in enumerate(lines, start=3):
        _text(sheet.cell(row, 1), term, _BOLD)
        _text(sheet.cell(row, 2), meaning, _BODY)
        if meaning.startswith(("http://", "https://")) and len(meaning) <= LONGEST_IN_OFFICE:
            sheet.cell(row, 2).hyperlink = meaning
        sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 22
    sheet.column_dimensions["B"].width = 110


def _other_bases(deck: Deck) -> list[tuple[str, str]]:
    """Where views have other definitions, that the tables follow the first."""
    if len(deck.bases) < 2:
        return []
    return [
        ("Which views", f"The tables of this workbook follow {views_text(deck.bases[0].views)}."),
        *(
            (f"Not in the tables: {views_text(basis.views).lower()}", " ".join(basis.lines))
            for basis in deck.bases[1:]
        ),
    ]


def _measures(book: Workbook, deck: Deck, title: str, head: str, keys: pd.Series) -> None:
    """One row a group and a last row for the whole area, which the groups add up to."""
    question, practices = deck.question, deck.question.practices
    whole = pd.Series(f"{question.area.name}, all practices", index=practices.index)
    definition, benchmark = question.definition.key, question.benchmark.value
    table = pd.concat(
        [
            summarise(practices, by, definition=definition, benchmark=benchmark)
            for by in (keys, whole)
        ]
    )
    shares = pd.concat(
        [group_quintile_shares(practices, by, question.edition) for by in (keys, whole)]
    )
    rows = pd.concat([table[[*_KEYS]], shares.reindex(table.index)], axis=1)
    _sheet(
        book,
        title,
        f"{question.area.name} by {head}: {question.basis}",
        [head, *map(_heading, _KEYS), *_quintile_heads(question.edition)],
        rows.itertuples(name=None),
        [None, *(REGISTER[key].number_format for key in _KEYS), *[_SHARE] * 5],
    )


def _quintile_heads(edition: str) -> list[str]:
    return [f"Patients in IMD {edition} quintile {label}" for label in QUINTILE_LABELS.values()]


def _practices(book: Workbook, deck: Deck) -> None:
    question, practices = deck.question, deck.question.practices
    table = practice_rows(question)
    shares = group_quintile_shares(practices, practices.index.to_series(), question.edition)
    skip = {"practices", "practices_without_fte", "patients_in_ratio"}
    kept = [key for key in _KEYS if key not in skip and not key.startswith("practices_")]
    own = practices.loc[table.index]
    rows = pd.concat(
        [
            own[["practice_name", "postcode", "district", "place", "pcn"]],
            table[kept],
            own[[item.column for item in GP_DEFINITIONS.values()]],
            shares.reindex(own.index),
            table["flags"],
        ],
        axis=1,
    )
    _sheet(
        book,
        "Practices",
        f"Practices of {question.area.name}: {question.basis}",
        [
            "Practice code", "Practice", "Postcode", "District", "Sub-ICB place", "PCN",
            *map(_heading, kept),
            *(f"FTE: {item.label}" for item in GP_DEFINITIONS.values()),
            *_quintile_heads(question.edition),
            "Beware",
        ],
        rows.itertuples(name=None),
        [*[None] * 6, *(REGISTER[key].number_format for key in kept), *[_TWO] * 3, *[_SHARE] * 5],
    )  # fmt: skip


def _hubs(book: Workbook, deck: Deck, plan: Any, name: str) -> None:
    question = deck.question
    summary = summarise_hubs(
        plan,
        question.with_own_figures,
        definition=question.definition.key,
        benchmark=question.benchmark,
        rules=deck.rules,
        edition=question.edition,
        journeys=question.journeys,
    )
    measures = HUB_MEASURES | own(summary.columns)
    # Contiguity needs the map; the app shows it.
    keys = [key for key in measures if key not in ("pieces", "contiguous")]
    on = [rule for rule in deck.rules if rule.on]
    rows = summary[[*keys, *map(verdict_column, on)]].rename(index={UNASSIGNED: "In no hub"})
    _sheet(
        book,
        "Hubs",
        f"{name}: {question.basis}",
        [
            "Hub",
            *(_with_unit(measures[key]) for key in keys),
            *(f"Rule: {rule.label}" for rule in on),
        ],
        rows.itertuples(name=None),
        [None, *(measures[key].number_format for key in keys)],
    )


def _with_unit(measure: Measure) -> str:
    """The label, and the unit where neither it nor the form of the figures says it."""
    label, unit = measure.label, measure.unit
    told = measure.kind != "number" or unit in ("share", "yes/no")
    if told or any(word.lower() in label.lower() for word in unit.split()):
        return label
    return f"{label} ({unit})"


# --- cells ---


def _sheet(
    book: Workbook,
    title: str,
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    patterns: Sequence[str | None] = (),
) -> None:
    """Caption in row 1, headings in row 3, then the rows; headings stay in sight."""
    sheet = book.create_sheet(title)
    _text(sheet.cell(1, 1), caption, _BOLD)
    widths = [min(len(head), 24) for head in heads]
    for column, head in enumerate(heads, start=1):
        cell = sheet.cell(3, column)
        _text(cell, head, _HEAD)
        cell.fill = _BLUE
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    last = 3
    for last, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            pattern = patterns[column - 1] if column <= len(patterns) else None
            shown = _cell(sheet.cell(last, column), value, pattern)
            widths[column - 1] = min(max(widths[column - 1], shown), 60)
    for column, wide in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = max(10, wide + 2)
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(heads))}{last}"
    as_wide_as_a_page(sheet, 3)


def _cell(cell: Any, value: Any, pattern: str | None) -> int:
    """Write a value; returns about how many characters wide it shows. Missing: nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return 0
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, (int, float)):
        cell.value, cell.font = value, _BODY
        if pattern:
            cell.number_format = pattern
        return len(f"{value:,.1f}")
    _text(cell, value, _BODY)
    if len(str(value)) > 60:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return len(str(value))


def _shown(text: Any) -> str:
    return printable(text)[:32_000]


def _text(cell: Any, text: Any, font: Font) -> None:
    """Text that stays text: Excel is told not to read "=..." as a formula, nor "1-2" as a date."""
    cell.value = _shown(text)
    cell.data_type = "s"
    cell.quotePrefix = cell.value.startswith(("=", "+", "-", "@"))
    cell.font = font
