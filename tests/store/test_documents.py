"""Saving as versions: what comes back, who wins when two save, what a search finds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from pcs_dash.store.checks import MAX_DOCUMENT_BYTES, MAX_NAME, MAX_NOTE
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.documents import ConflictError, DeletedError, Entry, NotFoundError, StoryLibrary
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.errors import UserError

DOCUMENT = {"version": 1, "hubs": [{"id": "h1", "name": "North"}], "assignment": {"F81010": "h1"}}
RULES = [{"name": "size", "threshold": 30000, "source": "Strategy", "date": "2016-01-01"}]
# Names as people may type them, on purpose or in malice.
HOSTILE = [
    "'; DROP TABLE documents; --",
    "<script>alert(1)</script> ${x}",
    "100% _under_ /slash/ \\back\\",
    " leading and trailing ",
    "Ysbyty Ŵyr 漢字 🏥 \u202eright to left",
    "line\nbreak\ttab\x1b[31m",
    'O\'Brien "quoted"',
]


@pytest.fixture
def library(database: Database) -> PlanLibrary:
    return PlanLibrary(database)


def numbers(library: PlanLibrary, id: int) -> list[int]:
    return [entry.version for entry in library.versions(id)]


def test_everything_given_comes_back(library: PlanLibrary) -> None:
    before = datetime.now(UTC)
    made = library.create(
        DOCUMENT,
        name="North and south",
        note="First\nsketch",
        author="Ann",
        data_period="31 December 2025",
        data_fingerprint="31 December 2025#00ff",
        rules=RULES,
        list_sizes={"F81010": 9001},
    )
    saved = library.open(made.id)
    assert saved == made
    assert (saved.name, saved.note, saved.author) == ("North and south", "First\nsketch", "Ann")
    assert (saved.data_period, saved.data_fingerprint) == (
        "31 December 2025",
        "31 December 2025#00ff",
    )
    assert (saved.rules, saved.list_sizes, saved.document) == (RULES, {"F81010": 9001}, DOCUMENT)
    assert (saved.version, saved.latest_version, saved.based_on) == (1, 1, None)
    assert saved.deleted_at is None
    # UTC whatever the zone of the server (the tests' server keeps Tokyo's).
    assert saved.saved_at.utcoffset() == timedelta(0)
    assert before <= saved.saved_at <= datetime.now(UTC)


def test_the_list_agrees_with_what_opens(library: PlanLibrary) -> None:
    made = library.create(DOCUMENT, name="A", note="n", author="Ann", data_period="p")
    saved = library.save(made.id, 1, {}, name="B", author="Bob")
    (entry,) = library.entries()
    assert {f.name: getattr(saved, f.name) for f in fields(Entry)} == vars(entry)
    assert library.versions(made.id)[0] == entry


def test_every_save_is_a_version_and_older_ones_still_open(library: PlanLibrary) -> None:
    id = library.create({"step": 1}, name="Plan", author="Ann").id
    for step in (2, 3):
        saved = library.save(id, step - 1, {"step": step}, name=f"Plan {step}", author="Bob")
        assert (saved.version, saved.latest_version, saved.based_on) == (step, step, step - 1)
    assert numbers(library, id) == [3, 2, 1]
    assert [library.open(id, version).document["step"] for version in (1, 2, 3)] == [1, 2, 3]
    assert library.open(id, 1).author == "Ann"
    assert library.open(id).document == {"step": 3}
    assert [entry.name for entry in library.entries()] == ["Plan 3"]
    assert library.open(id).created_at == library.open(id, 1).saved_at


def test_delete_hides_and_undelete_brings_back(library: PlanLibrary) -> None:
    kept = library.create({}, name="Kept").id
    gone = library.create({"a": 1}, name="Gone").id
    library.delete(gone, author="Ann")
    assert [entry.id for entry in library.entries()] == [kept]
    (entry,) = library.entries(deleted=True)
    assert (entry.id, entry.deleted_by) == (gone, "Ann")
    assert library.open(gone).document == {"a": 1}
    with pytest.raises(DeletedError, match=r"deleted by Ann .* Undo the delete"):
        library.save(gone, 1, {"a": 2}, name="Gone")
    assert numbers(library, gone) == [1]
    library.undelete(gone)
    assert {entry.id for entry in library.entries()} == {kept, gone}
    assert library.save(gone, 1, {"a": 2}, name="Gone").version == 2


def test_the_second_of_two_savers_is_told_and_nothing_is_overwritten(url: str) -> None:
    with open_database(url) as one, open_database(url) as two:
        ann, bob = PlanLibrary(one), PlanLibrary(two)
        id = ann.create({"v": 0}, name="Shared").id
        theirs = ann.save(id, 1, {"v": "Ann's"}, name="Shared", author="Ann")
        with pytest.raises(ConflictError) as caught:
            bob.save(id, 1, {"v": "Bob's"}, name="Shared", author="Bob")
        conflict = caught.value
        assert conflict.theirs == theirs
        assert (conflict.id, conflict.based_on_version) == (id, 1)
        assert "Ann saved version 2 of the plan 'Shared'" in str(conflict)
        assert isinstance(conflict, UserError)
        assert numbers(bob, id) == [2, 1]
        # The two ways on: a copy, or a merge saved on top of theirs.
        copy = bob.create({"v": "Bob's"}, name="Shared (Bob's)", author="Bob")
        assert copy.id != id
        assert bob.save(id, 2, {"v": "both"}, name="Shared", author="Bob").version == 3
        assert ann.open(id, 2).document == {"v": "Ann's"}


def test_of_many_savers_at_once_exactly_one_gets_through(url: str) -> None:
    savers, rounds = 6, 4
    with open_database(url) as first:
        id = PlanLibrary(first).create({"by": None}, name="Shared").id
    databases = [open_database(url) for _ in range(savers)]
    barrier = threading.Barrier(savers)

    def save(number: int, base: int) -> str:
        barrier.wait()
        try:
            PlanLibrary(databases[number]).save(id, base, {"by": number}, name="Shared")
        except ConflictError as conflict:
            return f"lost to {conflict.theirs.document['by']}"
        return f"won {number}"

    with ThreadPoolExecutor(savers) as pool:
        for base in range(1, rounds + 1):
            outcome = list(pool.map(save, range(savers), [base] * savers))
            (winner,) = [line.removeprefix("won ") for line in outcome if line.startswith("won")]
            assert outcome.count(f"lost to {winner}") == savers - 1
            assert PlanLibrary(databases[0]).open(id).document == {"by": int(winner)}
    assert numbers(PlanLibrary(databases[0]), id) == list(range(rounds + 1, 0, -1))
    for database in databases:
        database.close()


def test_saving_the_very_same_again_is_the_same_save(library: PlanLibrary) -> None:
    # The answer to the first attempt was lost; the browser sends it once more.
    content: dict[str, Any] = {"name": "Plan", "author": "Ann", "rules": RULES}
    id = library.create({"a": 0}, name="Plan").id
    first = library.save(id, 1, {"a": 1}, **content)
    assert library.save(id, 1, {"a": 1}, **content) == first
    assert numbers(library, id) == [2, 1]
    with pytest.raises(ConflictError):
        library.save(id, 1, {"a": 1}, **(content | {"author": "Bob"}))
    library.save(id, 2, {"a": 2}, **content)
    with pytest.raises(ConflictError):
        library.save(id, 1, {"a": 2}, **content)


@pytest.mark.parametrize("based_on", [0, -1, 2, 99, 2**40])
def test_a_base_that_is_not_the_latest_version_is_a_conflict(
    library: PlanLibrary, based_on: int
) -> None:
    id = library.create({"a": 1}, name="Plan").id
    with pytest.raises(ConflictError):
        library.save(id, based_on, {"a": 2}, name="Plan")
    assert numbers(library, id) == [1]


@pytest.mark.parametrize("id", [0, -1, 12345, 2**31, 2**70])
def test_what_is_not_there_is_not_found(library: PlanLibrary, id: int) -> None:
    for attempt in (
        lambda: library.open(id),
        lambda: library.versions(id),
        lambda: library.save(id, 1, {}, name="x"),
        lambda: library.delete(id),
        lambda: library.undelete(id),
    ):
        with pytest.raises(NotFoundError, match=f"id {id} "):
            attempt()


def test_a_version_that_is_not_there_is_not_found(library: PlanLibrary) -> None:
    id = library.create({}, name="x").id
    for version in (0, -1, 2, 2**70):
        with pytest.raises(NotFoundError, match=f"no version {version}"):
            library.open(id, version)


def test_stories_and_plans_do_not_mix(database: Database) -> None:
    plans, stories = PlanLibrary(database), StoryLibrary(database)
    plan = plans.create({}, name="A").id
    story = stories.create({"slides": []}, name="A").id
    assert [entry.id for entry in plans.entries()] == [plan]
    assert [entry.id for entry in stories.entries()] == [story]
    with pytest.raises(NotFoundError, match="no story"):
        stories.save(plan, 1, {}, name="A")
    with pytest.raises(NotFoundError, match="no plan"):
        plans.delete(story)
    assert plans.find("A").id == plan


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_is_stored_as_typed_and_found(library: PlanLibrary, name: str) -> None:
    library.create({}, name="Another")
    made = library.create({"name": name}, name=name, note=name, author=name)
    saved = library.open(made.id)
    assert (saved.name, saved.note, saved.author, saved.document) == (name,) * 3 + ({"name": name},)
    assert [entry.id for entry in library.entries(name)] == [made.id]
    assert library.find(name).id == made.id
    assert library.count() == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "name is empty"),
        ({"name": " \n"}, "name is empty"),
        ({"name": "x" * (MAX_NAME + 1)}, "name has 201 characters. Shorten it to 200"),
        ({"name": "nul\0"}, "name holds a character"),
        ({"name": "half \ud83c"}, "name holds a character"),
        ({"name": "x", "note": "x" * (MAX_NOTE + 1)}, "note has 5,001"),
        ({"name": "x", "author": "x" * 201}, "author has 201"),
        ({"name": "x", "data_period": "x" * 201}, "data period has 201"),
        ({"name": "x", "rules": [{"name": "x" * 200_000}]}, "table of rules takes"),
    ],
)
def test_limits_are_told_and_nothing_is_saved(
    library: PlanLibrary, given: dict[str, Any], message: str
) -> None:
    id = library.create({}, name="Before").id
    with pytest.raises(UserError, match=message):
        library.create({}, **given)
    with pytest.raises(UserError, match=message):
        library.save(id, 1, {}, **given)
    assert (library.count(), numbers(library, id)) == (1, [1])


def test_text_at_the_limit_is_kept(library: PlanLibrary) -> None:
    # Characters outside the basic plane: the limits count characters, whatever their bytes.
    made = library.create({}, name="🏥" * MAX_NAME, note="🏥" * MAX_NOTE, author="ﷺ" * MAX_NAME)
    assert library.open(made.id) == made


def test_a_document_beyond_the_limit_is_refused(library: PlanLibrary) -> None:
    with pytest.raises(UserError, match="more than the 2,000,000"):
        library.create({"x": "y" * MAX_DOCUMENT_BYTES}, name="Big")
    largest = {"x": "y" * (MAX_DOCUMENT_BYTES - len('{"x":""}'))}
    assert library.open(library.create(largest, name="Big").id).document == largest


def test_what_json_cannot_say_is_our_fault_not_saved(library: PlanLibrary) -> None:
    with pytest.raises(ValueError, match="JSON"):
        library.create({"x": float("nan")}, name="x")
    assert library.count() == 0


# Any JSON: every character but what JSON itself can't hold, numbers that survive a round trip.
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared_library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with open_database(tmp_path_factory.mktemp("any") / "plans.sqlite") as database:
        yield PlanLibrary(database)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
@settings(max_examples=40)
def test_any_json_document_comes_back(shared_library: PlanLibrary, document: dict) -> None:
    assert shared_library.open(shared_library.create(document, name="x").id).document == document


def test_nul_and_half_characters_inside_a_document_come_back(library: PlanLibrary) -> None:
    document = {"nul\0": "\0", "half": "\ud83c", "whole": "🏥", "float": 0.1 + 0.2, "big": 2**60}
    assert library.open(library.create(document, name="x").id).document == document


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["Émile's plan", "North 100%", "South_east"]),
        ("NORTH", ["North 100%"]),
        ("éMILE", ["Émile's plan"]),
        ("ÉMILE plan", ["Émile's plan"]),
        ("plan north", []),
        ("ann", ["North 100%"]),
        ("sketch  the", ["South_east"]),
        ("%", ["North 100%"]),
        ("_", ["South_east"]),
        ("STRASSE", ["South_east"]),
        ("/", []),
    ],
)
def test_search_looks_for_every_word_in_name_author_and_note(
    library: PlanLibrary, search: str, found: list[str]
) -> None:
    library.create({"in the document": "nowhere"}, name="Émile's plan")
    library.create({}, name="North 100%", author="Ann")
    library.create({}, name="South_east", note="The first sketch, Straße")
    assert sorted(entry.name for entry in library.entries(search)) == sorted(found)
    assert library.count(search) == len(found)


def test_search_follows_the_latest_version(library: PlanLibrary) -> None:
    id = library.create({}, name="Old name").id
    library.save(id, 1, {}, name="New name")
    assert library.count("old") == 0
    assert library.count("new") == 1


def test_too_long_a_search_is_refused(library: PlanLibrary) -> None:
    with pytest.raises(UserError, match="search has 201"):
        library.entries("x" * 201)


def test_the_last_saved_comes_first_and_pages_join_up(library: PlanLibrary) -> None:
    ids = [library.create({}, name=f"Plan {number}").id for number in range(5)]
    library.save(ids[1], 1, {}, name="Plan 1 again")
    order = [ids[1], ids[4], ids[3], ids[2], ids[0]]
    assert [entry.id for entry in library.entries()] == order
    pages = [library.entries(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [entry.id for page in pages for entry in page] == order


def test_find_takes_an_id_or_a_name(library: PlanLibrary) -> None:
    north = library.create({}, name="North").id
    lower = library.create({}, name="north").id
    digits = library.create({}, name="777").id
    assert library.find(str(north)).name == "North"
    assert library.find("North").id == north
    assert library.find("north").id == lower
    assert library.find("777").id == digits
    with pytest.raises(UserError, match=f"2 of .* named 'NORTH'. Give an id: {north}, {lower}"):
        library.find("NORTH")
    with pytest.raises(NotFoundError, match="'Nort'"):
        library.find("Nort")
    for wrong in ("²", "9" * 30, "-1", "", "x" * 500):
        with pytest.raises(NotFoundError):
            library.find(wrong)


def test_a_deleted_document_is_found_by_its_id_only(library: PlanLibrary) -> None:
    id = library.create({}, name="Gone").id
    library.delete(id)
    assert library.find(str(id)).deleted_at is not None
    with pytest.raises(NotFoundError):
        library.find("Gone")


def test_a_version_cannot_be_orphaned(database: Database) -> None:
    id = PlanLibrary(database).create({}, name="x").id
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.writing() as session:
        session.execute(text("DELETE FROM documents WHERE id = :id"), {"id": id})
    assert PlanLibrary(database).open(id).name == "x"
