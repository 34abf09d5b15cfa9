"""The merge of two people's changes to one plan."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.plan import MAX_NAME_LENGTH, Plan
from pcs_dash.store.database import Database
from pcs_dash.store.documents import ConflictError
from pcs_dash.store.plan_library import PlanLibrary, three_way_merge
from pcs_dash.tables.errors import UserError

Document = dict[str, Any]
CODES = [f"F8{n:04d}" for n in range(8)]


def hub(id: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    fields = {"id": id, "name": name or f"Hub {id}", "colour": "#0072b2", "note": ""}
    return {**fields, "locked": False, **more}


def plan(assignment: dict[str, str], *hubs: dict[str, Any], **more: Any) -> Document:
    """A plan document; the hubs it needs are made unless given."""
    given_ids = {item["id"] for item in hubs}
    made = [hub(id) for id in sorted(set(assignment.values()) - given_ids)]
    return {"version": 1, "hubs": [*hubs, *made], "assignment": assignment, **more}


BASE = plan({"A": "h1", "B": "h1", "C": "h2"}, hub("h1", "North"), hub("h2", "South"))


def changed(document: Document, **assignment: str | None) -> Document:
    result = copy.deepcopy(document)
    for code, id in assignment.items():
        if id is None:
            result["assignment"].pop(code, None)
        else:
            result["assignment"][code] = id
    return result


def with_hub(document: Document, id: str, **fields: Any) -> Document:
    """The document with fields of a hub changed, or with a new hub at the end."""
    result = copy.deepcopy(document)
    for item in result["hubs"]:
        if item["id"] == id:
            item.update(fields)
            return result
    result["hubs"].append(hub(id, **fields))
    return result


def without_hub(document: Document, id: str) -> Document:
    result = copy.deepcopy(document)
    result["hubs"] = [item for item in result["hubs"] if item["id"] != id]
    result["assignment"] = {c: held for c, held in result["assignment"].items() if held != id}
    return result


def hubs_of(document: Document) -> dict[str, Any]:
    return {item["id"]: item for item in document["hubs"]}


def test_changes_to_different_practices_and_hubs_are_both_kept() -> None:
    mine = with_hub(changed(BASE, A="h2", D="h1"), "h1", name="North (new)")
    theirs = with_hub(changed(BASE, B=None), "h2", colour="#ff0000", note="Theirs")
    result = three_way_merge(BASE, mine, theirs)
    assert result.conflicts == ()
    assert result.notes == ()
    assert result.document["assignment"] == {"A": "h2", "C": "h2", "D": "h1"}
    assert hubs_of(result.document) == {
        "h1": hub("h1", "North (new)"),
        "h2": hub("h2", "South", colour="#ff0000", note="Theirs"),
    }


def test_both_moving_one_practice_is_a_conflict_in_words() -> None:
    mine, theirs = changed(BASE, A="h2"), changed(BASE, A=None)
    result = three_way_merge(BASE, mine, theirs)
    (conflict,) = result.conflicts
    assert conflict.key == "practice:A"
    assert (conflict.base, conflict.mine, conflict.theirs) == ("h1", "h2", None)
    assert conflict.taken == "theirs"
    assert conflict.text == (
        "Practice A: in 'South' in yours, in no hub in theirs (both were changed)."
    )
    assert "A" not in result.document["assignment"]
    chosen = three_way_merge(BASE, mine, theirs, choices={"practice:A": "mine"})
    assert chosen.document["assignment"]["A"] == "h2"
    assert chosen.conflicts[0].taken == "mine"


def test_both_changing_one_field_of_a_hub_is_a_conflict_of_that_field_only() -> None:
    mine = with_hub(BASE, "h1", name="Mine", colour="#111111")
    theirs = with_hub(BASE, "h1", name="Theirs", locked=True)
    result = three_way_merge(BASE, mine, theirs)
    assert [conflict.key for conflict in result.conflicts] == ["hub:h1:name"]
    assert hubs_of(result.document)["h1"] == hub("h1", "Theirs", colour="#111111", locked=True)
    chosen = three_way_merge(BASE, mine, theirs, choices={"hub:h1:name": "mine"})
    assert hubs_of(chosen.document)["h1"]["name"] == "Mine"


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    both = with_hub(changed(BASE, A="h2", B=None), "h3", name="New")
    both["assignment"]["D"] = "h3"
    result = three_way_merge(BASE, both, copy.deepcopy(both))
    assert (result.document, result.conflicts, result.notes) == (both, (), ())


def test_hubs_that_both_added_under_one_id_stay_two() -> None:
    mine = changed(with_hub(BASE, "h3", name="Hub 3"), A="h3")
    theirs = changed(with_hub(BASE, "h3", name="Hub 3"), B="h3")
    result = three_way_merge(BASE, mine, theirs)
    assert result.conflicts == ()
    assert result.document["assignment"] == {"A": "h4", "B": "h3", "C": "h2"}
    assert hubs_of(result.document)["h3"]["name"] == "Hub 3"
    assert hubs_of(result.document)["h4"]["name"] == "Hub 3 (2)"
    assert result.notes == ("Both versions have a hub 'Hub 3'; yours is 'Hub 3 (2)' now.",)


def test_empty_hubs_that_both_added_with_different_names_stay_two() -> None:
    result = three_way_merge(
        BASE, with_hub(BASE, "h3", name="Mine"), with_hub(BASE, "h3", name="Theirs")
    )
    assert (result.conflicts, result.notes) == ((), ())
    names = {id: item["name"] for id, item in hubs_of(result.document).items()}
    assert names == {"h1": "North", "h2": "South", "h3": "Theirs", "h4": "Mine"}


def test_a_hub_deleted_by_one_and_untouched_by_the_other_goes() -> None:
    result = three_way_merge(BASE, changed(BASE, C="h1"), without_hub(BASE, "h2"))
    # C: mine moved it, theirs lost it with its hub: a conflict about C alone.
    assert [conflict.key for conflict in result.conflicts] == ["practice:C"]
    assert set(hubs_of(result.document)) == {"h1"}
    assert three_way_merge(BASE, without_hub(BASE, "h2"), BASE).document == without_hub(BASE, "h2")


@pytest.mark.parametrize("deleter", ["mine", "theirs"])
def test_a_hub_deleted_by_one_and_filled_by_the_other_stays_unless_chosen(deleter: str) -> None:
    deleted, filled = without_hub(BASE, "h2"), changed(BASE, D="h2")
    keeper = "theirs" if deleter == "mine" else "mine"
    mine, theirs = (deleted, filled) if deleter == "mine" else (filled, deleted)
    result = three_way_merge(BASE, mine, theirs)
    (conflict,) = result.conflicts
    assert (conflict.key, conflict.taken) == ("hub:h2", keeper)
    assert "South" in conflict.text
    assert result.document["assignment"] == {"A": "h1", "B": "h1", "D": "h2"}
    assert "h2" in hubs_of(result.document)
    chosen = three_way_merge(BASE, mine, theirs, choices={"hub:h2": deleter})  # type: ignore[dict-item]
    assert set(hubs_of(chosen.document)) == {"h1"}
    assert chosen.document["assignment"] == {"A": "h1", "B": "h1"}
    assert chosen.notes == ("Practice D is in no hub now: its hub was deleted.",)


def test_a_hub_deleted_by_one_and_renamed_by_the_other_stays() -> None:
    result = three_way_merge(BASE, with_hub(BASE, "h2", name="New"), without_hub(BASE, "h2"))
    assert [(c.key, c.taken) for c in result.conflicts] == [("hub:h2", "mine")]
    assert hubs_of(result.document)["h2"]["name"] == "New"


@pytest.mark.parametrize("locker", ["mine", "theirs"])
def test_moving_into_or_out_of_a_hub_that_the_other_locked_is_a_conflict(locker: str) -> None:
    locked, moved = with_hub(BASE, "h1", locked=True), changed(BASE, A="h2", D="h1", C=None)
    mine, theirs = (locked, moved) if locker == "mine" else (moved, locked)
    result = three_way_merge(BASE, mine, theirs)
    assert [conflict.key for conflict in result.conflicts] == ["practice:A", "practice:D"]
    assert all("locked" in conflict.text for conflict in result.conflicts)
    for code in ("A", "D"):
        assert result.document["assignment"].get(code) == theirs["assignment"].get(code)
    assert "C" not in result.document["assignment"]


def test_one_name_for_two_hubs_stays_with_theirs() -> None:
    mine = with_hub(with_hub(BASE, "h1", name="Centre"), "h3", name="centre (2)")
    theirs = with_hub(BASE, "h2", name="CENTRE")
    result = three_way_merge(BASE, mine, theirs)
    names = {id: item["name"] for id, item in hubs_of(result.document).items()}
    assert names["h2"] == "CENTRE"
    assert names["h1"] == "Centre (2)"
    assert names["h3"] == "centre (2) (2)"
    Plan.from_dict(result.document)
    long = "x" * MAX_NAME_LENGTH
    result = three_way_merge(BASE, with_hub(BASE, "h1", name=long), with_hub(BASE, "h2", name=long))
    Plan.from_dict(result.document)


def test_other_keys_are_merged_whole() -> None:
    base, mine, theirs = (BASE | {"title": t, "area": a} for t, a in ("aA", "bA", "cB"))
    result = three_way_merge(base, mine, theirs)
    assert [(c.key, c.mine, c.theirs) for c in result.conflicts] == [("plan:title", "b", "c")]
    assert (result.document["title"], result.document["area"]) == ("c", "B")
    added = three_way_merge(BASE, BASE | {"new": 1}, BASE)
    assert added.document == BASE | {"new": 1}
    assert three_way_merge(BASE | {"old": 1}, BASE, BASE | {"old": 1}).document == BASE


@pytest.mark.parametrize(
    "document", [{}, {"hubs": [], "assignment": []}, {"hubs": [{}], "assignment": {}}, {"hubs": 3}]
)
def test_what_is_no_plan_is_refused(document: Document) -> None:
    with pytest.raises(UserError, match="not a plan"):
        three_way_merge(BASE, document, BASE)


@st.composite
def plans(draw: st.DrawFn, hub_ids: tuple[str, ...] = ("h1", "h2", "h3", "h4")) -> Document:
    ids = draw(st.lists(st.sampled_from(hub_ids), unique=True, min_size=1))
    names = draw(
        st.lists(st.sampled_from("NSEWCX"), unique=True, min_size=len(ids), max_size=len(ids))
    )
    hubs = [
        hub(id, name, note=draw(st.sampled_from("pq")), locked=draw(st.booleans()))
        for id, name in zip(ids, names, strict=True)
    ]
    assignment = draw(st.dictionaries(st.sampled_from(CODES), st.sampled_from(ids)))
    return {"version": 1, "hubs": hubs, "assignment": dict(sorted(assignment.items()))}


@given(plans(), plans())
@settings(max_examples=50)
def test_where_one_side_changed_nothing_the_other_stands(base: Document, other: Document) -> None:
    for mine, theirs in ((base, other), (other, base), (other, other)):
        result = three_way_merge(base, mine, theirs)
        assert result.document == other
        assert (result.conflicts, result.notes) == ((), ())


@given(plans(), plans(), plans())
@settings(max_examples=70)
def test_a_merge_is_a_plan_and_alters_none_of_the_three(
    base: Document, mine: Document, theirs: Document
) -> None:
    before = copy.deepcopy((base, mine, theirs))
    result = three_way_merge(base, mine, theirs)
    Plan.from_dict(result.document)
    assert (base, mine, theirs) == before


@given(plans(), plans(), plans())
@settings(max_examples=70)
def test_a_practice_moved_by_one_side_moves_and_by_both_is_reported(
    base: Document, mine: Document, theirs: Document
) -> None:
    # Hub by hub identity is the subject of other tests: here nobody adds a hub or locks one.
    known = set(hubs_of(base))
    for side in (base, mine, theirs):
        side["assignment"] = {c: id for c, id in side["assignment"].items() if id in known}
        side["hubs"] = [{**item, "locked": False} for item in base["hubs"]]
    result = three_way_merge(base, mine, theirs)
    reported = {conflict.key.removeprefix("practice:") for conflict in result.conflicts}
    for code in CODES:
        b, m, t = (side["assignment"].get(code) for side in (base, mine, theirs))
        merged = result.document["assignment"].get(code)
        # The definition, spelt out.
        assert (code in reported) == (m not in (b, t) and t != b)
        assert merged == (t if m == b or code in reported else m)


@given(plans(), plans(), plans())
@settings(max_examples=70)
def test_choosing_mine_everywhere_keeps_every_change_of_mine(
    base: Document, mine: Document, theirs: Document
) -> None:
    for side in (mine, theirs):  # no hub added under an id that the other uses
        side["hubs"] = [item for item in side["hubs"] if item["id"] in hubs_of(base)]
        held = hubs_of(side)
        side["assignment"] = {c: id for c, id in side["assignment"].items() if id in held}
    keys = {conflict.key for conflict in three_way_merge(base, mine, theirs).conflicts}
    # A choice can bring up a conflict that wasn't there: a hub deleted by theirs, filled by mine.
    keys |= {f"hub:{id}" for id in hubs_of(base)}
    result = three_way_merge(base, mine, theirs, choices=dict.fromkeys(keys, "mine"))
    for code in CODES:
        m = mine["assignment"].get(code)
        if m != base["assignment"].get(code):
            assert result.document["assignment"].get(code) == m


def test_two_people_merge_and_save(database: Database) -> None:
    library = PlanLibrary(database)
    id = library.create(BASE, name="Shared", author="Ann").id
    library.save(id, 1, changed(BASE, A="h2"), name="Shared", author="Ann")
    mine = changed(BASE, B="h2")
    with pytest.raises(ConflictError) as caught:
        library.save(id, 1, mine, name="Shared", author="Bob")
    theirs = caught.value.theirs.version
    merged = library.merge(id, caught.value.based_on_version, mine, theirs_version=theirs)
    assert merged.conflicts == ()
    saved = library.save(id, theirs, merged.document, name="Shared", author="Bob")
    assert saved.document["assignment"] == {"A": "h2", "B": "h2", "C": "h2"}
