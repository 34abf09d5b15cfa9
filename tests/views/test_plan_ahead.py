"""Plan ahead: the view's figures are those of the engine, and it claims no more than its draws."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook

from pcs_dash.measures.workforce import summarise
from pcs_dash.official.any_area import find_area
from pcs_dash.render.report_workbook import to_xlsx
from pcs_dash.scenarios.changes import Close, Homes, Leave, Scenario
from pcs_dash.scenarios.premises import read_premises
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views import closing_minutes
from pcs_dash.views.answer import Answer, Chart, Table, Text
from pcs_dash.views.content import build_deck
from pcs_dash.views.plan_ahead import (
    OPTIONS,
    VIEW,
    for_workbook,
    premises_ahead,
    scenario_of,
)
from pcs_dash.views.question import Question, ask
from pcs_dash.views.scenario_words import to_text
from pcs_dash.views.story import SavedView, Story

STILL = {"homes": "none", "leave": "none", "join": "no"}


def asked(dataset: Dataset, area: str = "Thurrock", **options: str) -> Question:
    return ask(dataset, find_area(area), options=options)


def tables(answer: Answer) -> dict[str, Table]:
    return {block.caption: block for block in answer.front if isinstance(block, Table)}


def blocks(question: Question, key: str) -> list[Any]:
    answer = VIEW.answer(question)
    (section,) = [item for item in answer.sections if item.key == key]
    return list(section.blocks(question))


def test_nothing_assumed_is_today_in_every_year(dataset: Dataset) -> None:
    question = asked(dataset, **STILL)
    answer = VIEW.answer(question)
    (table,) = tables(answer).values()
    own = summarise(question.practices).iloc[0]
    assert set(table.frame["patients_per_fte_gp"]) == {own["patients_per_fte_gp"]}
    assert set(table.frame["patients_per_fte_gp_high"]) == {own["patients_per_fte_gp"]}
    assert [figure.value for figure in answer.figures[:2]] == ["2,780", "2,780"]
    said, table = blocks(question, "assumptions")
    assert "rest on no assumption" in said.said
    # What staff and space rest on stays.
    assert set(table.frame["of_what"]) == {"Staff and space"}


def test_the_scenario_is_what_the_options_say(dataset: Dataset) -> None:
    question = asked(dataset, homes="built", leave="retirement", close="F81110", staff="0.5")
    found = scenario_of(question, 2025)
    homes = [change for change in found.changes if isinstance(change, Homes)]
    assert sum(change.a_year for change in homes) == 7_460
    assert Leave(year=2026, ages="retirement") in found.changes
    assert Close(year=2027, practice="F81110", staff_follow=0.5) in found.changes
    assert found.years == 10


def test_the_message_compares_draw_by_draw(dataset: Dataset) -> None:
    worse = VIEW.answer(asked(dataset, close="F81110", years="5"))
    better = VIEW.answer(asked(dataset, recruit="20", years="5"))
    assert "in 2030" in worse.message.finding
    assert " more (" in worse.message.finding
    assert " fewer (" in better.message.finding
    assert "more or fewer" not in worse.message.finding + better.message.finding
    # One recruit and half of the staff that follow about make up for a practice that closes.
    even = asked(dataset, close="F81110", staff="0.5", recruit="1", years="15", homes="needed")
    assert "it could be more or fewer" in VIEW.answer(even).message.finding
    assert "no forecast" in worse.message.caution
    # What is switched off is not decided; what happens elsewhere changes nothing here.
    off = {"kind": "close", "from": 2027, "practice": "F81110", "on": False}
    elsewhere = {"kind": "staff", "from": 2027, "role": "gp", "fte": 2, "where": "F81003"}
    for change, told in ((off, "With what is decided"), (elsewhere, "as many.")):
        document = {"version": 1, "name": "x", "years": 5, "changes": [change]}
        text = to_text(Scenario.from_dict(document))
        said = VIEW.answer(asked(dataset, scenario=text)).message.finding
        assert (told in said) is (change is elsewhere)


def test_the_chart_has_doing_nothing_beside_what_is_decided(dataset: Dataset) -> None:
    alone = VIEW.answer(asked(dataset)).front[0]
    decided = VIEW.answer(asked(dataset, recruit="5")).front[0]
    assert isinstance(alone, Chart)
    assert isinstance(decided, Chart)
    names = [series.name for series in decided.series if not series.dash]
    assert names == ["Nothing is done", "With what is decided", "England"]
    assert [series.name for series in alone.series if not series.dash] == names[::2]
    assert decided.series[0].values == alone.series[0].values


def test_groups_add_up_to_the_area(dataset: Dataset) -> None:
    question = asked(dataset, "Mid and South Essex", close="F81110")
    (table,) = blocks(question, "groups")
    (years,) = tables(VIEW.answer(question)).values()
    last = years.frame.iloc[-1]
    assert len(table.frame) == 5
    assert table.frame["patients_then"].sum() == pytest.approx(last["patients"])
    gap = last["patients"] / question.benchmark.value - last["fte_gp"]
    assert table.frame["gap"].sum() == pytest.approx(gap)
    for name in ("patients_then", "decided", "gap"):
        assert (table.frame[f"{name}_low"] < table.frame[name]).all()
        assert (table.frame[name] < table.frame[f"{name}_high"]).all()
    # The band of the whole area's gap holds it, and is no 0.
    (shown,) = [one for one in VIEW.answer(question).figures if one.label.startswith("FTE GPs to")]
    low, high = (float(end.replace("−", "-").replace("+", "")) for end in shown.note.split(" to "))
    assert low < gap < high


def test_small_practices_and_pcns_outside_their_band_are_counted(dataset: Dataset) -> None:
    """In Thurrock today, from the tables themselves; the one that closes is one less."""
    question = asked(dataset, years="5", close="F81110", **STILL)
    table, _ = blocks(question, "small")
    own = question.practices
    lists = own.groupby(own["pcn"].astype("object"))["patients"].sum()
    today = [
        len(own),
        (own["patients"] < 4_500).sum(),
        (own["gp_fte_fully_qualified"] < 2.5).sum(),
        (own["gp_headcount_permanent"] == 1).sum(),
        (~lists.between(30_000, 50_000)).sum(),
    ]
    assert [row[1] for row in table.rows] == [str(count) for count in today]
    assert table.rows[0][2:] == (str(len(own)), str(len(own) - 1))


def test_a_practice_on_the_map_has_its_band(dataset: Dataset) -> None:
    (after,) = blocks(asked(dataset, years="5"), "map")
    (before,) = blocks(asked(dataset, years="5", map_of="before"), "map")
    assert all(" (" in told for told in after.spec.notes.values())
    assert not any(" (" in told for told in before.spec.notes.values())


def test_what_it_takes_by_hand(dataset: Dataset) -> None:
    """Today's Thurrock at 1,800 patients a GP: 190,486 / 1,800 - 68.52 = 37.3 FTE, at 90 m2 and
    2,300 pounds 7.7 million; 95% of what lies between 80 and 100 m2 is between 82.2 and 97.8.
    """
    (table,) = blocks(asked(dataset, **STILL), "takes")
    (row,) = [row for row in table.rows if "1,800" in row[1]]
    gap, metres, pounds = row[2:]
    assert gap == "+37.3"
    assert metres.startswith(f"{(190_486 / 1_800 - 68.518562) * 90:,.0f} (3,0")
    assert pounds.startswith("7.72 (7.0")


def test_those_who_take_the_patients_are_named(dataset: Dataset) -> None:
    table = blocks(asked(dataset, close="F81110"), "takers")[0]
    # The list of Tilbury Health Centre in the workforce file.
    assert table.frame["patients_moved"].sum() == pytest.approx(12_219)
    before_after, losers = blocks(asked(dataset, close="F81110"), "takers")[2:4]
    walk = next(row for row in before_after.rows if row[0] == "On foot, modelled: all")
    assert int(walk[3].replace(",", "")) > int(walk[2].replace(",", ""))
    assert losers.frame["added"].is_monotonic_decreasing


MERGE = {"kind": "merge", "from": 2027, "practices": ["F81110", "F81206", "F81010"]}


def test_a_merged_practice_stands_at_each_site_that_stays(dataset: Dataset) -> None:
    """Those whose premises stay have nowhere farther to go; the others go to the nearest."""
    for sites, gone in ((["F81110", "F81206"], {"F81010"}), (MERGE["practices"], set())):
        document = {"version": 1, "name": "x", "years": 5, "changes": [MERGE | {"sites": sites}]}
        question = asked(dataset, scenario=to_text(Scenario.from_dict(document)))
        (shown,) = blocks(question, "map")
        before = set(blocks(question.with_options({"map_of": "before"}), "map")[0].spec.notes)
        assert before - set(shown.spec.notes) == gone
        told = shown.spec.notes["F81206"]
        assert told.endswith("as a site of Tilbury Health Centre")
        # One practice, one figure.
        figure = shown.spec.notes["F81110"]
        assert told.startswith(figure)
        table, *rest = blocks(question, "takers")
        far = table.frame.set_index("practice_code")["km"]
        assert (far > 0).to_dict() == {code: code in gone for code in MERGE["practices"]}
        if not gone:
            assert "nobody has farther" in rest[0].said
            continue
        walk = next(row for row in rest[1].rows if row[0] == "On foot, modelled: all")
        assert int(walk[3].replace(",", "")) > int(walk[2].replace(",", ""))


def test_premises_follow_what_is_decided_year_by_year(dataset: Dataset) -> None:
    """Rooms of a practice that closes fall away in its year; those of sites that stay do not."""
    premises = read_premises(
        b"practice_code,site,m2,rooms\nF81110,Main,900,10\nF81206,Main,500,6\n"
        b"F81010,Main,400,5\nF81010,Branch,100,1\nF81088,Main,200,3\n", "mine.csv",
    )  # fmt: skip
    merge = MERGE | {"sites": ["F81110", "F81206"]}
    close = {"kind": "close", "from": 2029, "practice": "F81110"}
    for changes, rooms in (
        ([], [25, 25, 25, 25]),
        ([MERGE | {"sites": MERGE["practices"]}], [25, 25, 25, 25]),
        ([merge], [25, 25, 19, 19]),
        ([close], [25, 25, 25, 25, 15]),
        ([merge, close | {"premises": "F81088"}], [25, 25, 19, 19, 19]),
    ):
        document = {"version": 1, "name": "x", "years": 5, "changes": changes}
        question = asked(dataset, scenario=to_text(Scenario.from_dict(document)))
        year, table, years, fallen = premises_ahead(question, premises)
        assert years["rooms"].to_list()[: len(rooms)] == rooms, changes
        assert year == 2030
        assert len(fallen) == len(premises) - years["sites"].iloc[-1]
        last = years.iloc[-1]
        for name in ("rooms_needed", "rooms_short"):
            assert table.loc[table["rooms"].notna(), name].sum() == pytest.approx(last[name])
        assert (table["rooms_short_low"] <= table["rooms_short"]).all()


def test_every_assumption_has_its_source(dataset: Dataset) -> None:
    tornado, table = blocks(asked(dataset), "assumptions")
    assert table.frame["source"].str.len().gt(10).all()
    assert len(tornado.categories) == 4
    (one,) = tornado.series
    assert all(low <= one.values[0] <= high for low, high in zip(one.low, one.high, strict=True))


def test_inequality_today_is_that_of_the_page(dataset: Dataset) -> None:
    from pcs_dash.measures.inequality import area_inequality

    question = asked(dataset, "Essex", years="5")
    said, fifths, table = blocks(question, "inequality")
    found = area_inequality(question.practices)
    now = found.index
    most = found.groups["patients_per_fte_gp"].iloc[0]
    assert fifths.rows[0][1].startswith(f"{most:,.0f} (")
    assert table.rows[0][1] == f"{now.sii:,.0f}".replace("-", "−")
    assert table.rows[1][1:] == table.rows[2][1:]
    assert table.rows[0][1] != table.rows[1][1]
    # Nothing is claimed of which end has more where the interval over practices has both.
    interval, drawn = (table.rows[2][place].replace("−", "-").split(" to ") for place in (2, 3))
    ends = [float(end.replace(",", "")) for end in (*interval, *drawn)]
    told = all(end < 0 for end in ends) or all(end > 0 for end in ends)
    assert told is ("can't be told" not in said.said)


def test_more_people_need_more_appointments_than_fewer_gps_can_give(dataset: Dataset) -> None:
    """Homes and leavers both widen the gap; what recruits give is theirs times 175."""
    said, appointments, roles, staff, space, networks = blocks(asked(dataset, years="5"), "team")
    assert "short of today's balance" in said.said
    assert [row[1] for row in appointments.rows[1:]] == ["0", "0", "0", "0"]
    assert staff.rows[0][1] == f"{10_000 / 2_780.1:.2f}"
    assert space.rows[0][1] == f"{190_486 / 1_750 * 120:,.0f}"
    assert "September 2022" in networks.said
    # All that is drawn has its band: nurses, direct care and others are not, nor are trainees.
    assert [" to " in row[3] for row in appointments.rows] == [True, True, False, False, False]
    assert [" to " in row[3] for row in roles.rows] == [*[True] * 7, False, True, *[False] * 4]
    assert all(" to " in row[3] for row in (*staff.rows, *space.rows))
    assert roles.rows[3][:2] == ("GP partners", "37.8")
    still = asked(dataset, years="5", recruit="10", **STILL)
    _, given, *_ = blocks(still, "team")
    assert given.rows[1][1:] == ("0", "0", "+1,750")


def test_excluded_practices_are_in_no_year(dataset: Dataset) -> None:
    question = ask(dataset, find_area("Essex"), {"exclude": "true"}, options=STILL)
    (table,) = tables(VIEW.answer(question)).values()
    assert set(table.frame["practices"]) == {len(question.practices)}
    assert len(question.excluded) > 0


def test_a_practice_of_elsewhere_does_not_close_here(dataset: Dataset) -> None:
    with pytest.raises(UserError, match="no practice F81003 in Thurrock"):
        VIEW.answer(asked(dataset, close="F81003"))


def test_the_options_are_those_of_an_address() -> None:
    keys = [option.key for option in OPTIONS]
    assert keys == [
        "years", "homes", "leave", "join", "recruit", "close", "staff", "scenario", "against",
        "map_of", "at", "posts", "a_practice", "aim",
        "sites", "sites_aim", "sites_how", "sites_within",
    ]  # fmt: skip


def test_posts_go_where_the_gap_is_and_what_is_left_is_said(dataset: Dataset) -> None:
    question = asked(dataset, posts="3", a_practice="1", **STILL)
    said, table, _ = blocks(question, "placing")
    assert table.frame["posts"].to_list() == [1, 1, 1]
    gaps = table.file["fte_gap"].clip(lower=0).sort_values(ascending=False)
    largest_first = gaps.sub(1).where(gaps.index.isin(gaps.index[:3]), gaps)
    assert table.file["left"].max() == pytest.approx(largest_first.max())
    assert table.file["left"].sum() == pytest.approx(largest_first.sum())
    assert said.said.startswith("3 FTE GPs in 3 practices")
    assert f"{(table.file['left'] > 0).sum()} practices would still be short" in said.said
    (told,) = blocks(asked(dataset, posts="many"), "placing")
    assert "must be a whole number" in told.said


def test_a_story_keeps_what_is_asked() -> None:
    view = SavedView(page="plan_ahead", options={"close": "F81110", "years": "15"})
    assert view.topic == VIEW.key
    assert SavedView.from_dict(view.to_dict()).options == view.options


def test_a_workbook_has_every_change_and_assumption_with_its_source(dataset: Dataset) -> None:
    area = find_area("Thurrock")
    merge = MERGE | {"sites": ["F81110", "F81206"]}
    leave = {"kind": "leave", "from": 2026}
    document = {"version": 1, "name": "x", "years": 5, "changes": [leave, merge]}
    options = {"scenario": to_text(Scenario.from_dict(document))}
    view = SavedView(page="plan_ahead", topic="plan_ahead", options=options)
    deck = build_deck(dataset, Story("Ahead", (view,)), area=area)
    _, *projected = deck.slides[0].figures
    assert len(projected) == 3
    assert all(label.endswith(")") and " to " in label for label, _ in projected)
    book = load_workbook(io.BytesIO(to_xlsx(deck)))
    rows = list(book["Assumptions"].iter_rows(min_row=4, values_only=True))
    asked_for = asked(dataset, **options)
    said, figures, assumed, _ = for_workbook(asked_for)
    assert [row[1] for row in rows] == assumed["label"].to_list()
    assert all(row[-1] for row in rows)
    # What staff and space rest on is there as well as what patients and GPs do.
    assert {row[6] for row in rows} >= {"minutes", "per cent of FTE a year"}
    happens = list(book["What happens"].iter_rows(min_row=4, values_only=True))
    assert [row[1] for row in happens] == list(said)
    years = list(book["Years ahead"].iter_rows(min_row=4, values_only=True))
    heads = [cell.value for cell in book["Years ahead"][3]]
    assert heads[5:8] == ["Patients", "Low", "High"]
    assert [row[11] for row in years] == pytest.approx(figures["patients_per_fte_gp"].to_list())
    assert all(row[6] <= row[5] <= row[7] for row in years)
    sites = [row[2:] for row in book["Sites"].iter_rows(min_row=4, values_only=True)]
    assert [[name.rpartition("(")[2].strip(")") for name in names] for names in sites] == [
        ["F81010", "given up"],
        ["F81110", "F81110"],
        ["F81206", "F81110"],
    ]


def test_people_of_a_small_area_are_told_only_where_they_were_counted(dataset: Dataset) -> None:
    """Without residents the model takes all small areas for equal: that number is no count."""
    question = asked(dataset)
    made = question.readers.registered(dataset)
    assert made.equal
    for equal in (True, False):
        found = replace(made, equal=equal)
        told = replace(question, readers=replace(question.readers, registered=lambda _, f=found: f))
        _, losers, note = closing_minutes.blocks(told, Close(year=2027, practice="F81110"))
        assert isinstance(losers, Table)
        assert isinstance(note, Text)
        assert ("people" in losers.frame) is not equal
        assert ("people" in losers.file) is not equal
        assert ("Patients (modelled)" in [c.label for c in losers.on_page]) is not equal
        assert ("taken to hold about the same number" in str(note.said)) is equal
    assert losers.frame["people"].min() >= 5
